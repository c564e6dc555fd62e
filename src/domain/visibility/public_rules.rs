//! What the public sees of a report. Every index and every row that the public is answered from
//! passes through this object, and through nothing else.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::domain::catalogue::{Catalogue, ServiceCode};
use crate::domain::report::change::IndexedFields;
use crate::domain::report::details::Details;
use crate::domain::report::id::ReportId;
use crate::domain::report::record::Report;
use crate::domain::report::stored::FieldChange;
use crate::domain::report::text_sketch::TextSketch;
use crate::domain::street::street;
use crate::domain::visibility::merged_cells::{MergedCells, center};
use crate::domain::visibility::policy::{ContentPolicy, TextPolicy, Visibility};
use crate::domain::visibility::table::VisibilityTable;
use crate::place::{H3Cell, Position};

/// The resolution of the cells at whose centres reports of `street` are shown: about 15,000 m²,
/// with corners 76 m from the centre.
const STREET_RESOLUTION: u8 = 10;

/// For whom an answer is computed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum View {
    /// The public, in answers that list single reports: those of `exact` and `street`.
    #[default]
    Listed,
    /// The public, in answers that only count: also reports of `cell`, each at the centre of a
    /// cell that stands for several.
    Counted,
    /// Crews: everything.
    Crew,
}

impl View {
    /// The view of an answer that only counts, for the same reader.
    #[must_use]
    pub fn counted(self) -> Self {
        if self == Self::Crew { Self::Crew } else { Self::Counted }
    }
}

/// The beginning of the ids of reports that are only counted. No sender's id has it: it is a
/// control character.
const COUNTED: char = '\u{1}';

/// Is this the id that a report has where it is only counted? It is random, leads to no report,
/// and is in no answer.
pub fn is_counted_id(id: &str) -> bool {
    id.starts_with(COUNTED)
}

/// Names of the fields whose changes the public sees in the history of a report that is or was of
/// a service that is not exact.
const PLAIN_HISTORY: [&str; 3] = ["status", "closed_reason", "closed_datetime"];

/// The rules of a city at one moment.
pub struct PublicRules {
    table: VisibilityTable,
    catalogue: Arc<Catalogue>,
    cells: HashMap<ServiceCode, MergedCells>,
    zone: TimeZone,
    /// Makes the ids of reports that are only counted.
    numbers: RandomState,
}

impl PublicRules {
    /// The rules of a table. `cells` are those of each service of `cell`; one without any is
    /// counted without a place. Days are those of `zone`; `numbers` make the ids of reports that
    /// are only counted.
    pub fn new(
        table: VisibilityTable,
        catalogue: Arc<Catalogue>,
        cells: HashMap<ServiceCode, MergedCells>,
        zone: TimeZone,
        numbers: RandomState,
    ) -> Self {
        Self { table, catalogue, cells, zone, numbers }
    }

    /// The rules of a table for lists alone: nothing is counted by them.
    pub fn of_lists(table: VisibilityTable, catalogue: Arc<Catalogue>) -> Self {
        Self::new(table, catalogue, HashMap::new(), TimeZone::UTC, RandomState::new())
    }

    /// The table.
    pub fn table(&self) -> &VisibilityTable {
        &self.table
    }

    /// The catalogue by which the groups of services were known.
    pub fn catalogue(&self) -> &Arc<Catalogue> {
        &self.catalogue
    }

    /// The policy of a service.
    pub fn of(&self, service: &str) -> Visibility {
        self.table.of(service, &self.catalogue)
    }

    /// What the public reads and sees of the texts and photos of a service.
    pub fn contents_of(&self, service: &str) -> ContentPolicy {
        self.table.contents_of(service, &self.catalogue)
    }

    /// The id under which a report is counted where it is not listed.
    pub fn counted_id(&self, id: &ReportId) -> ReportId {
        let number = |part: u8| self.numbers.hash_one((part, id.as_str()));
        ReportId::unlisted(&format!("{COUNTED}{:016x}{:016x}", number(0), number(1)))
    }

    /// A number that differs between rules with other policies or other cells: part of the ETags of
    /// public answers.
    pub fn fingerprint(&self) -> i64 {
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        let mut add = |text: &str| {
            for byte in text.bytes().chain([0]) {
                hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
            }
        };
        for (code, policy) in self.table.lines() {
            add(code);
            add(policy.as_str());
        }
        for (what, code, policy) in self.table.content_lines() {
            [what, code, policy].into_iter().for_each(&mut add);
        }
        let mut services: Vec<&ServiceCode> = self.cells.keys().collect();
        services.sort_by_key(|code| code.as_str());
        for service in services {
            add(service.as_str());
            self.cells[service].dense().iter().for_each(|cell| add(&cell.to_string()));
        }
        (hash >> 1).cast_signed()
    }

    /// Where a report of this service is shown or counted.
    fn place(&self, service: &ServiceCode, at: Position) -> Option<Position> {
        match self.of(service.as_str()) {
            Visibility::Exact => Some(at),
            Visibility::Street => center(H3Cell::of(at.lon(), at.lat(), STREET_RESOLUTION)?),
            Visibility::Cell => self.cells.get(service)?.place(at),
            Visibility::Hidden => None,
        }
    }

    /// Where a report of this service at this position is shown in lists; `None` where none is
    /// listed.
    pub fn listed_place(&self, service: &ServiceCode, at: Position) -> Option<Position> {
        let is_listed = self.of(service.as_str()).is_listed();
        if is_listed { self.place(service, at) } else { None }
    }

    /// The indexed fields of a report as public lists have them; `None` where it is not listed. Its
    /// parent is kept if `is_listed` says that it is listed too.
    pub fn listed(
        &self,
        mut fields: IndexedFields,
        is_listed: impl Fn(&ReportId) -> bool,
    ) -> Option<IndexedFields> {
        let policy = self.of(fields.service.as_str());
        if !policy.is_listed() {
            return None;
        }
        fields.parent = fields.parent.filter(is_listed);
        let texts = self.contents_of(fields.service.as_str()).texts;
        if policy == Visibility::Street {
            fields.position = fields.position.and_then(|at| self.place(&fields.service, at));
        }
        if policy == Visibility::Street || texts > TextPolicy::Checked {
            // The words would let a guess of the text be tested.
            fields.sketch = TextSketch { words: 0, streets: fields.sketch.streets };
        }
        Some(fields)
    }

    /// The indexed fields of a report as public counts have them; `None` where it is hidden.
    pub fn counted(
        &self,
        mut fields: IndexedFields,
        is_listed: impl Fn(&ReportId) -> bool,
    ) -> Option<IndexedFields> {
        match self.of(fields.service.as_str()) {
            Visibility::Exact | Visibility::Street => self.listed(fields, is_listed),
            Visibility::Hidden => None,
            Visibility::Cell => {
                fields.id = self.counted_id(&fields.id);
                fields.position = fields.position.and_then(|at| self.place(&fields.service, at));
                (fields.area, fields.sketch) = (None, TextSketch::default());
                // That it is a duplicate is kept, of which report is not.
                fields.parent = fields.parent.map(|parent| self.counted_id(&parent));
                fields.requested = self.day(fields.requested);
                fields.day_only = true;
                fields.closed = fields.closed.map(|second| self.day(second));
                fields.closed_day_only = fields.closed.is_some();
                Some(fields)
            }
        }
    }

    /// The first second of the day of a second.
    fn day(&self, second: i64) -> i64 {
        let begin = |at: Timestamp| {
            let date = at.to_zoned_datetime(self.zone.clone()).date();
            date.to_zoned_datetime(self.zone.clone()).ok()
        };
        let begun = Timestamp::from_second(second).ok().and_then(begin);
        begun.map_or(second - second.rem_euclid(86_400), |begun| begun.timestamp().as_second())
    }

    /// A report as the public reads it; `None` where it is not listed. Its parent is kept if
    /// `is_listed` says that it is listed too.
    pub fn report(
        &self,
        mut report: Report,
        is_listed: impl Fn(&ReportId) -> bool,
    ) -> Option<Report> {
        let policy = self.of(report.service.as_str());
        if !policy.is_listed() {
            return None;
        }
        report.parent = report.parent.filter(is_listed);
        if policy == Visibility::Street {
            report.position = report.position.and_then(|at| self.place(&report.service, at));
            report.address = report.address.as_deref().and_then(street).map(str::to_owned);
            report.description = report.description.filter(|text| !names_a_number(text));
            report.source_status = None;
            report.details = report.details.and_then(|details| {
                let kept = Details { expected: details.expected, ..Details::default() };
                (!kept.is_empty()).then(|| Box::new(kept))
            });
        }
        Some(report)
    }

    /// The changes of a report that the public reads in its history. Where the report is or was of
    /// a service that is not exact, they are those of its status alone.
    pub fn history(
        &self,
        report: &Report,
        mut changes: Vec<FieldChange>,
        is_listed: impl Fn(&str) -> bool,
    ) -> Vec<FieldChange> {
        let is_exact = |code: &str| self.of(code) == Visibility::Exact;
        let was_exact = |change: &FieldChange| {
            let values = [&change.before, &change.after].into_iter().flatten();
            change.field != "service_code" || values.map(String::as_str).all(is_exact)
        };
        if !is_exact(report.service.as_str()) || !changes.iter().all(was_exact) {
            changes.retain(|change| PLAIN_HISTORY.contains(&change.field.as_str()));
        }
        changes.retain(|change| {
            let values = [&change.before, &change.after].into_iter().flatten();
            change.field != "parent_service_request_id"
                || values.map(String::as_str).all(&is_listed)
        });
        changes
    }
}

/// Does a text have a digit? It may be a house number.
fn names_a_number(text: &str) -> bool {
    text.chars().any(char::is_numeric)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Nature;

    /// Rules for services of each policy; six reports of `cell` are at one place.
    fn rules() -> PublicRules {
        let mut catalogue = Catalogue::default();
        let mut table = VisibilityTable::default();
        for policy in Visibility::ALL {
            catalogue.add(catalogue.adopt(policy.as_str(), None, Nature::Intervention));
            table.set(policy.as_str(), *policy);
        }
        let six = (0..6).map(|sender| (place(), sender));
        let cells = HashMap::from([(service("cell"), MergedCells::of(six, 5))]);
        let zone = TimeZone::get("America/Toronto").unwrap();
        PublicRules::new(table, Arc::new(catalogue), cells, zone, RandomState::new())
    }

    fn place() -> Position {
        Position::new(-71.208_123_4, 46.813_912_3).unwrap()
    }

    fn service(code: &str) -> ServiceCode {
        ServiceCode::new(code).unwrap()
    }

    fn fields(code: &str) -> IndexedFields {
        let id = ReportId::new("101-000").unwrap();
        let sketch = TextSketch::of(Some("12 rue Cartier"), Some("porte brisée"), code);
        let fields = IndexedFields::new(id, service(code), 1_790_012_345, Some(place()));
        IndexedFields { sketch, area: Some("Montcalm".into()), ..fields }
    }

    #[test]
    fn a_counted_report_keeps_no_number_no_hour_and_no_place_of_its_own() {
        let counted = rules().counted(fields("cell"), |_| true).unwrap();
        assert!(is_counted_id(counted.id.as_str()) && !counted.id.as_str().contains("101-000"));
        assert!(counted.position != Some(place()) && counted.position.is_some());
        assert!(counted.day_only && (counted.requested - 4 * 3_600).rem_euclid(86_400) == 0);
        assert_eq!((counted.area, counted.sketch), (None, TextSketch::default()));
        assert_eq!(rules().listed(fields("cell"), |_| true), None);
    }

    #[test]
    fn each_policy_shows_no_more_than_it_says() {
        let rules = rules();
        assert_eq!(rules.listed(fields("exact"), |_| true), Some(fields("exact")));
        let street = rules.listed(fields("street"), |_| true).unwrap();
        assert!(street.position != Some(place()) && street.sketch.words == 0);
        assert_eq!(rules.counted(fields("street"), |_| true), Some(street));
        let none =
            [rules.listed(fields("hidden"), |_| true), rules.counted(fields("hidden"), |_| true)];
        assert_eq!(none, [None, None]);
        // A service of which the group is not known may be in one that is hidden.
        assert_eq!(rules.listed(fields("unknown"), |_| true), None);
    }

    #[test]
    fn other_policies_make_another_fingerprint() {
        let (one, same) = (rules(), rules());
        assert_eq!(one.fingerprint(), same.fingerprint());
        let mut table = one.table().clone();
        table.set("exact", Visibility::Street);
        let zone = TimeZone::UTC;
        let catalogue = one.catalogue().clone();
        let other = PublicRules::new(table, catalogue, HashMap::new(), zone, RandomState::new());
        assert_ne!(one.fingerprint(), other.fingerprint());
    }

    #[test]
    fn the_history_of_a_report_that_was_hidden_tells_its_status_alone() {
        let change = |field: &str, before: &str, after: &str| FieldChange {
            revision: 2,
            at: String::new(),
            author: "api".into(),
            field: field.into(),
            before: Some(before.into()),
            after: Some(after.into()),
        };
        let (rules, mut report) = (rules(), Report::blank());
        report.service = service("exact");
        let changes = vec![
            change("address", "12 rue Cartier", "14 rue Cartier"),
            change("status", "open", "closed"),
        ];
        let names = |changes: Vec<FieldChange>| -> Vec<String> {
            rules.history(&report, changes, |_| true).into_iter().map(|one| one.field).collect()
        };
        assert_eq!(names(changes.clone()), ["address", "status"]);
        let moved = [changes, vec![change("service_code", "hidden", "exact")]].concat();
        assert_eq!(names(moved), ["status"]);
    }
}
