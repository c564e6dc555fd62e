//! What a city answers to whom: its snapshots and its stored rows as a view sees them.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::domain::{
    Change, ContentPolicy, FieldChange, PublicRules, ReportId, ReportTime, ShownTexts,
    StoredReport, StoredUpdate, TextDecision, View, Visibility,
};
use crate::error::{Error, Result};
use crate::index::{Snapshot, SnapshotReader};
use crate::store::Reader;
use crate::usecase::public_index::{NEVER_READ, PublicIndexes, PublicSource, is_listed};
use crate::usecase::reports::StoredIncident;
use crate::usecase::{App, City};

/// The author of changes that a source made.
const IMPORT: &str = "import";

/// Whom a crew assigned may be an employee, whose name is for crews.
fn hide_assignee(view: View, stored: &mut StoredReport) {
    if view != View::Crew && stored.assigned_here {
        stored.report.assignee = None;
    }
}

impl City {
    /// Reads the newest snapshot of the index that answers a view.
    pub fn snapshots(&self, view: View) -> SnapshotReader {
        match (view, &*self.shown.load()) {
            (View::Crew, _) | (_, None) => self.crew_snapshots().clone(),
            (public, Some(readers)) => readers.of(public).clone(),
        }
    }

    /// The rules by which the public sees its reports; `None` where everything is exact.
    pub fn public_rules(&self) -> Option<Arc<PublicRules>> {
        self.shown.load().as_ref().map(|readers| readers.rules.clone())
    }

    /// The rules that hold for a view.
    pub(super) fn rules(&self, view: View) -> Option<Arc<PublicRules>> {
        self.public_rules().filter(|_| view != View::Crew)
    }

    fn source<'a>(&'a self, reader: &'a Reader) -> PublicSource<'a> {
        PublicSource {
            id: self.id(),
            catalogue: self.catalogue(),
            zone: self.zone(),
            now: self.now().as_second(),
            numbers: &self.counted_numbers,
            reader,
        }
    }

    /// A number by which answers to this view differ from answers to others and under other rules;
    /// `None` for the public where every service is shown as by default. Crews always have their
    /// own answers: they also read texts that wait for a person.
    pub fn view_number(&self, view: View) -> Option<i64> {
        match view {
            View::Crew => Some(-1),
            View::Listed | View::Counted => Some(self.public_rules()?.fingerprint()),
        }
    }

    /// As [`Self::view_number`], for answers without texts: `None` where all views see the same.
    pub fn index_number(&self, view: View) -> Option<i64> {
        self.public_rules().and_then(|_| self.view_number(view))
    }

    /// What the public reads of the texts of the reports of a service.
    pub(super) fn contents_of(&self, service: &str) -> ContentPolicy {
        let rules = self.public_rules();
        rules.map_or_else(ContentPolicy::default, |rules| rules.contents_of(service))
    }

    /// Runs a function with what the public reads of the texts of a report.
    fn with_texts<T>(
        &self,
        (id, service): (&ReportId, &str),
        run: impl FnOnce(&ShownTexts<'_>) -> T,
    ) -> T {
        let decision = |text: &str| -> Option<TextDecision> { self.reviews.of(id, text) };
        run(&ShownTexts { policy: self.contents_of(service), decision: &decision })
    }

    /// A stored report as a view reads it; `None` where it is not listed.
    pub fn seen(&self, view: View, mut stored: StoredReport) -> Option<StoredReport> {
        if view == View::Crew {
            return Some(stored);
        }
        hide_assignee(view, &mut stored);
        if let Some(rules) = self.public_rules() {
            let crew = self.crew_snapshots().load();
            let is_listed = |id: &ReportId| is_listed(&rules, &crew, id.as_str());
            stored.report = rules.report(stored.report, is_listed)?;
        }
        let (id, service) = (stored.report.id.clone(), stored.report.service.clone());
        let report = (&id, service.as_str());
        stored.held = self.with_texts(report, |texts| texts.report(&mut stored.report));
        Some(stored)
    }

    /// A report as its own sender reads it: everything but a parent that is not listed.
    pub fn filed(&self, view: View, mut stored: StoredReport) -> StoredReport {
        if let Some(rules) = self.rules(view) {
            let crew = self.crew_snapshots().load();
            let parent = stored.report.parent.take();
            stored.report.parent = parent.filter(|id| is_listed(&rules, &crew, id.as_str()));
        }
        stored
    }

    /// An update as a view reads it; `None` where its report is not listed. Words and photos are
    /// left out where the service is not exact, and words that wait for a person.
    fn seen_update(&self, crew: &Snapshot, mut update: StoredUpdate) -> Option<StoredUpdate> {
        let service = crew.service_code(crew.service(crew.find(update.report.as_str())?));
        match self.public_rules().map_or(Visibility::Exact, |rules| rules.of(service)) {
            Visibility::Exact => (),
            Visibility::Street => {
                (update.update.description, update.update.media) = (None, Vec::new());
            }
            Visibility::Cell | Visibility::Hidden => return None,
        }
        let id = update.report.clone();
        self.with_texts((&id, service), |texts| texts.update(&mut update.update));
        Some(update)
    }

    /// The changes of a report that a view reads in its history. `stored` is as the store has it,
    /// or as the view reads it. Whom a crew assigned is for crews.
    pub fn seen_history(
        &self,
        view: View,
        stored: &StoredReport,
        mut changes: Vec<FieldChange>,
    ) -> Vec<FieldChange> {
        if view == View::Crew {
            return changes;
        }
        let is_assignment = |change: &FieldChange| change.field == "assignee";
        let by_crew = |change: &FieldChange| is_assignment(change) && change.author != IMPORT;
        if changes.iter().any(by_crew) {
            for change in changes.iter_mut().filter(|change| is_assignment(change)) {
                (change.before, change.after) = (None, None);
            }
        }
        if let Some(rules) = self.public_rules() {
            let crew = self.crew_snapshots().load();
            changes = rules.history(&stored.report, changes, |id| is_listed(&rules, &crew, id));
        }
        let report = (&stored.report.id, stored.report.service.as_str());
        let policy_of = |service: &str| self.contents_of(service);
        self.with_texts(report, |texts| texts.history(&mut changes, policy_of));
        changes
    }

    /// An incident as a view reads it; `member` is a report of it that the view sees, and stands
    /// for the original where that is not listed.
    pub fn seen_incident(
        &self,
        view: View,
        member: StoredReport,
        mut found: StoredIncident,
    ) -> StoredIncident {
        let Some(rules) = self.rules(view) else {
            let members = found.members.into_iter();
            found.members = members.filter_map(|one| self.seen(view, one)).collect();
            return found;
        };
        let whole = found.members.len();
        let original = found.members.first().map(|one| one.report.id.clone());
        found.members = found.members.into_iter().filter_map(|one| self.seen(view, one)).collect();
        if found.members.first().map(|one| &one.report.id) != original.as_ref() {
            // Without its original the rest would tell that there is one.
            return StoredIncident { members: vec![member], reports: 1, changes: Vec::new() };
        }
        found.reports -= whole - found.members.len();
        let crew = self.crew_snapshots().load();
        let is_listed = |id: &ReportId| is_listed(&rules, &crew, id.as_str());
        found.changes.retain(|change| {
            let ids = |one: &'_ crate::domain::IncidentMember| {
                [Some(one.id.clone()), one.before.clone(), one.after.clone()]
            };
            let mut all = change.members.iter().flat_map(ids).flatten();
            is_listed(&change.incident) && all.all(|id| is_listed(&id))
        });
        found
    }

    /// Applies changes that the crews' index has to the public ones. Where that fails they are
    /// built anew at the next poll.
    pub(super) fn apply_to_public(&self, changes: &[Change], reader: &Reader) {
        let crew = self.crew_snapshots().load();
        self.with_public(|public| public.apply(&self.source(reader), changes, &crew));
    }

    /// Reads what the public indexes lack, after the crews' index.
    pub(super) fn read_on_public(&self, reader: &Reader) {
        let crew = self.crew_snapshots().load();
        self.with_public(|public| public.read_on(&self.source(reader), &crew));
    }

    fn with_public(&self, change: impl FnOnce(&mut PublicIndexes) -> Result<()>) {
        let mut slot = self.public.lock().unwrap_or_else(|poison| poison.into_inner());
        let Some(public) = slot.as_mut() else { return };
        if let Err(error) = change(public) {
            super::city::log_index_error(&error);
            // They are built anew at the next poll.
            self.policies_read.store(NEVER_READ, Ordering::Release);
        }
    }

    /// Runs one merge of segments of a public index if one is due. Returns whether it did.
    pub(super) fn merge_public(&self) -> bool {
        let lock = || self.public.lock().unwrap_or_else(|poison| poison.into_inner());
        for number in 0..2 {
            let due = lock().as_mut().and_then(|public| {
                let job = public.part(number)?.next_merge()?;
                Some((job, public.readers().rules))
            });
            let Some((job, rules)) = due else { continue };
            let merged = job.run();
            if let Some(public) = lock().as_mut()
                // They may have been built anew meanwhile.
                && Arc::ptr_eq(&public.readers().rules, &rules)
                && let Some(index) = public.part(number)
            {
                index.finish_merge(merged);
            }
            return true;
        }
        false
    }

    /// Builds the public indexes where the city's policies changed, or where its cells are of
    /// yesterday. Nothing waits while they are built but the next call.
    ///
    /// # Errors
    /// The store.
    pub(super) fn refresh_public(&self, reader: &Reader) -> Result<()> {
        let crew = self.crew_snapshots().load();
        let read = self.policies_read.swap(crew.revision(), Ordering::AcqRel);
        let refreshed = self.refresh_from(&crew, read, reader);
        refreshed.inspect_err(|_| self.policies_read.store(NEVER_READ, Ordering::Release))
    }

    fn refresh_from(&self, crew: &Snapshot, read: u64, reader: &Reader) -> Result<()> {
        if read != crew.revision() {
            self.reviews.read_on(self.id(), reader)?;
        }
        let has_public = self.shown.load().is_some();
        if read == crew.revision() && !has_public {
            return Ok(());
        }
        let table = reader.visibility(self.id())?;
        if table.is_default() {
            self.shown.store(None);
            *self.public.lock().unwrap_or_else(|poison| poison.into_inner()) = None;
            return Ok(());
        }
        if read != crew.revision() {
            self.reload_catalogue(reader)?;
        }
        let is_current = {
            let slot = self.public.lock().unwrap_or_else(|poison| poison.into_inner());
            slot.as_ref().is_some_and(|public| public.is_current(&self.source(reader), &table))
        };
        if is_current && read != NEVER_READ {
            return Ok(());
        }
        let mut built = PublicIndexes::build(&self.source(reader), table, crew)?;
        // From here on commits wait; those since the snapshot are read now.
        self.while_no_commit(|| {
            built.read_on(&self.source(reader), &self.crew_snapshots().load())?;
            self.shown.store(Some(Arc::new(built.readers())));
            *self.public.lock().unwrap_or_else(|poison| poison.into_inner()) = Some(built);
            Ok(())
        })
    }
}

impl App {
    /// The existing reports with these ids as a view reads them, in the order of the ids; those
    /// that it does not see are left out.
    ///
    /// # Errors
    /// The store.
    pub fn stored(&self, city: &City, view: View, ids: &[&str]) -> Result<Vec<StoredReport>> {
        let found = self.reader().get_many(city.id(), ids)?.into_iter();
        Ok(found.filter_map(|stored| city.seen(view, stored)).collect())
    }

    /// The updates of a city in a range of instants as a view reads them, oldest first: `limit` of
    /// them after the first `skip`; of one report, or of all. Those of reports that are not listed
    /// are left out; words and photos are, where the service is not exact or a person has to read
    /// them first.
    ///
    /// # Errors
    /// The store.
    pub fn updates(
        &self,
        (city, view): (&City, View),
        of: Option<&str>,
        range: (ReportTime, ReportTime),
        page: (usize, usize),
    ) -> Result<Vec<StoredUpdate>> {
        if view == View::Crew {
            return self.reader().updates(city.id(), of, range, page, None);
        }
        let crew = city.crew_snapshots().load();
        let seen = |one: StoredUpdate| city.seen_update(&crew, one);
        self.reader().updates(city.id(), of, range, page, Some(&seen))
    }

    /// How many duplicates each of these reports has that a view sees.
    ///
    /// # Errors
    /// The store.
    pub fn children_counts(&self, city: &City, view: View, ids: &[&str]) -> Result<Vec<u64>> {
        if city.rules(view).is_none() {
            return self.reader().children_counts(city.id(), ids);
        }
        let count = |id: &&str| {
            let (children, _) = self.reader().children(city.id(), id)?;
            let seen = children.into_iter().filter_map(|child| city.seen(view, child));
            Ok::<u64, Error>(seen.count() as u64)
        };
        ids.iter().map(count).collect()
    }
}
