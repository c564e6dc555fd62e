//! What an import did with a file, as text or as JSON.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use crate::cli::notes::{self, counted};
use crate::cli::{city, recognised};
use crate::domain::{JurisdictionId, RepeatRule};
use crate::error::{Error, Refusal};
use crate::i18n::Message;
use crate::ingest::{Notes, RefusalKind, SourceFile, status_word};
use crate::place::BBox;
use crate::usecase::Summary;

/// Names and words of one kind that are shown.
const WORDS: usize = 12;
/// Kinds of refusals that are shown as text.
const KINDS: usize = 20;

/// What was done with a file.
pub struct FileSummary {
    /// What the file is called.
    pub file: String,
    /// The city that its reports are filed under.
    pub jurisdiction: JurisdictionId,
    /// Its rows.
    pub counts: Summary,
    /// What was noticed in it.
    pub noticed: Notes,
    /// How long it took.
    pub seconds: f64,
    /// The file of refused rows, if any row was refused.
    pub refused: Option<PathBuf>,
    /// It was read to its end.
    pub is_finished: bool,
    /// Nothing was written into the store.
    pub is_dry_run: bool,
    /// From what the city was concluded.
    pub city_notes: Vec<Message>,
    /// The extent that was learned from the city's reports, where it is another than before.
    pub learned_extent: Option<BBox>,
}

/// The mapping of a file of refused rows whose source was recognised by its columns.
pub fn mapping_of_refused(refused: &Path) -> PathBuf {
    refused.with_extension("mapping.toml")
}

/// Prints, as one line of JSON, why a command imported nothing.
pub fn print_error(error: &Error) {
    let refused = error.refusals.iter().map(|Refusal { field, value, message }| {
        json!({ "field": field, "value": value, "reason": message.en })
    });
    let refused: Vec<Value> = refused.collect();
    println!("{}", json!({ "error": error.message.en, "refused": refused }));
}

/// Prints, as `text` or `json`, that a file has no rows.
pub fn print_no_rows(file: &str, format: &str) {
    match format {
        "json" => println!("{}", json!({ "file": file, "rows": 0, "added": 0, "refused": 0 })),
        _ => println!("{file}: the file has no rows"),
    }
}

impl FileSummary {
    /// Why `--strict` does not import the file: rows that are refused, lie outside the city or lack
    /// the id that others have, status words that are not known, an incomplete file. Empty where
    /// there is no reason.
    pub fn strict_reasons(&self, source: &SourceFile) -> Vec<String> {
        let mut reasons = Vec::new();
        let Summary { refused, outside, .. } = self.counts;
        if refused > 0 {
            reasons.push(format!("{} refused", counted(refused, "row")));
        }
        if outside > 0 {
            reasons.push(format!("{} outside the city's extent", counted(outside, "row")));
        }
        let unknown = Notes::sorted(&self.noticed.statuses, false);
        if !unknown.is_empty() {
            let shown = unknown.iter().take(WORDS).map(|(word, _)| format!("'{word}'"));
            let (count, words) = (unknown.len() as u64, shown.collect::<Vec<_>>().join(", "));
            reasons.push(format!("{} not known: {words}", counted(count, "status word")));
        }
        if self.noticed.has_ids && self.noticed.without_id > 0 {
            let rows = counted(self.noticed.without_id, "row");
            reasons.push(format!("{rows} without an id, though others have one"));
        }
        if !self.noticed.late_columns.is_empty() {
            let names = self.noticed.late_columns.join("', '");
            reasons.push(format!("values in columns that are left out: '{names}'"));
        }
        reasons.extend(source.incomplete().map(|why| why.en));
        reasons
    }

    /// Prints it as `text` or `json`.
    pub fn print(&self, source: &SourceFile, format: &str) {
        match format {
            "json" => println!("{}", self.json(source)),
            _ => self.print_text(source),
        }
    }

    fn print_text(&self, source: &SourceFile) {
        let (profile, id) = (&source.profile().name, &self.jurisdiction);
        println!("{}: profile {profile}, jurisdiction {id}", self.file);
        if self.is_dry_run {
            println!("  only read: nothing is written into the store");
        }
        for note in &self.city_notes {
            println!("  {note}");
        }
        println!("  read as {}", source.described());
        match source.recognition() {
            Some(recognition) => recognised::print(recognition),
            None => print_left_out(source),
        }
        self.print_counts();
        self.print_places();
        self.print_repeats(source.repeats());
        self.print_refused();
        notes::print(&self.noticed);
        for note in source.reading_notes() {
            println!("  {note}");
        }
        if let Some(extent) = &self.learned_extent {
            println!("  the city's extent, learned from its reports: {}", city::edges(extent));
        }
    }

    fn print_counts(&self) {
        let Summary { rows, resumed, counts, refused, services, .. } = &self.counts;
        let (seconds, rate) = (self.seconds, *rows as f64 / self.seconds.max(1e-3));
        println!("  {} in {seconds:.1} s ({rate:.0} rows/s)", counted(*rows, "row"));
        let empty = self.noticed.empty_rows;
        if empty > 0 {
            println!("  {} passed over", counted(empty, "empty row"));
        }
        match self.is_dry_run {
            false => println!(
                "  {} added, {} updated, {} unchanged, {refused} refused",
                counts.added, counts.updated, counts.unchanged
            ),
            true => println!(
                "  would be: {} added, {} updated, {} unchanged, {refused} refused",
                counts.added, counts.updated, counts.unchanged
            ),
        }
        if counts.older > 0 {
            println!("  {} older than what is stored, and not written", counts.older);
        }
        if *resumed > 0 {
            println!("  {} written by an earlier, interrupted run", counted(*resumed, "row"));
        }
        if self.counts.callers > 0 {
            let reports = counted(self.counts.callers, "report");
            println!("  {reports} of further callers, as duplicates");
        }
        if *services > 0 {
            let verb = if self.is_dry_run { "would be added" } else { "added" };
            println!("  {} {verb} to the catalogue", counted(*services, "service"));
        }
        let ungrouped = &self.noticed.ungrouped;
        if !ungrouped.is_empty() {
            let shown = ungrouped.iter().take(WORDS).map(|name| format!("'{name}'"));
            let shown = shown.collect::<Vec<_>>().join(", ");
            let more = match ungrouped.len().saturating_sub(WORDS) {
                0 => String::new(),
                more => format!("; {more} more"),
            };
            println!("    of no known group, so among other requests: {shown}{more}");
        }
        match (self.noticed.without_id, self.noticed.has_ids) {
            (0, _) => {}
            (count, true) => println!(
                "  {} without an id, though others have one: named by the contents (row-…)",
                counted(count, "row")
            ),
            (_, false) => println!(
                "  no column of ids: each row is named by its contents, so a row that changes \
                 becomes another report"
            ),
        }
    }

    fn print_places(&self) {
        let Summary { unlocated, approximate, outside, .. } = &self.counts;
        println!(
            "  {unlocated} without a position, {approximate} at a default point, \
             {outside} outside the city's extent"
        );
        let shown = self
            .noticed
            .outside
            .iter()
            .map(|(row, at)| format!("row {row} at {:.5}, {:.5}", at.lat(), at.lon()));
        let shown = shown.collect::<Vec<_>>().join("; ");
        if *outside > 0 && !shown.is_empty() {
            println!("    outside, by latitude and longitude: {shown}");
        }
        let no_place = &self.noticed.no_place;
        if !no_place.is_empty() {
            let shown = no_place.iter().map(|(why, count)| format!("{count} {}", why.shown().en));
            println!("    without a position: {}", shown.collect::<Vec<_>>().join(", "));
        }
    }

    fn print_repeats(&self, rule: RepeatRule) {
        let taken = match rule {
            RepeatRule::Newest => "the newest update of each id is taken",
            RepeatRule::Last => "the last row of each id is taken",
            RepeatRule::First | RepeatRule::Refuse => "the first row of each id is taken",
        };
        let by_order = match self.counts.repeated_without_time {
            0 => String::new(),
            count => format!("; {count} without update times: the last row"),
        };
        if self.counts.repeated > 0 {
            let verb = if self.counts.repeated == 1 { "repeats" } else { "repeat" };
            println!("  {} {verb} an id: {taken}{by_order}", counted(self.counts.repeated, "row"));
        }
    }

    /// Refusals by field and reason; a row may have several.
    fn print_refused(&self) {
        let Some(path) = &self.refused else { return };
        let kinds = self.noticed.refusals.sorted();
        let all = kinds.iter().map(|kind| kind.count).sum::<u64>() + self.noticed.refusals.others;
        let several = if all > self.counts.refused { " (some rows have several)" } else { "" };
        println!("  refused, by field and reason{several}:");
        for RefusalKind { field, reason, count, examples } in kinds.iter().take(KINDS) {
            let examples: Vec<String> = examples.iter().map(|text| format!("'{text}'")).collect();
            let examples = match examples.is_empty() {
                true => String::new(),
                false => format!(" ({})", examples.join(", ")),
            };
            println!("    {count} {field}: {}{examples}", reason.en);
        }
        let more = kinds.iter().skip(KINDS).map(|kind| kind.count).sum::<u64>();
        match more + self.noticed.refusals.others {
            0 => {}
            more => println!("    {more} for other reasons"),
        }
        println!(
            "  refused rows, each with its row, line and reason: {}; corrected, it is imported by \
             the same command",
            path.display()
        );
    }

    /// The summary as one object; counts are numbers of rows.
    fn json(&self, source: &SourceFile) -> Value {
        let Summary { rows, resumed, counts, repeated, refused, .. } = &self.counts;
        let Summary { unlocated, approximate, outside, services, .. } = &self.counts;
        let kind = |kind: &RefusalKind| {
            json!({ "field": kind.field, "reason": kind.reason.en, "count": kind.count,
                    "examples": kind.examples })
        };
        let kinds: Vec<Value> = self.noticed.refusals.sorted().into_iter().map(kind).collect();
        let no_place = self.noticed.no_place.iter();
        let no_place: Map<String, Value> =
            no_place.map(|(why, count)| (why.shown().en, json!(count))).collect();
        let times = self.noticed.times.iter();
        let times: Map<String, Value> =
            times.map(|(format, count)| (format.shown(), json!(count))).collect();
        let mut summary = json!({
            "file": self.file,
            "profile": source.profile().name,
            "jurisdiction": self.jurisdiction.as_str(),
            "city_notes": self.city_notes.iter().map(|note| &note.en).collect::<Vec<_>>(),
            "learned_extent": self.learned_extent.map(|b| [b.west, b.south, b.east, b.north]),
            "read_as": source.described(),
            "columns": columns(source),
            "date_order": source.in_force("date_order"),
            "point_order": source.in_force("point_order"),
            "projection": source.in_force("projection"),
            "negate": source.in_force("negate"),
            "notes": self.noticed.sentences.iter().chain(&source.reading_notes())
                .map(|note| &note.en).collect::<Vec<_>>(),
            "incomplete": source.incomplete().map(|why| why.en),
            "dry_run": self.is_dry_run,
            "finished": self.is_finished,
            "seconds": self.seconds,
            "strict_reasons": self.strict_reasons(source),
            "rows": rows,
            "added": counts.added,
            "updated": counts.updated,
            "unchanged": counts.unchanged,
            "older": counts.older,
            "repeated": repeated,
            "resumed": resumed,
            "refused": refused,
            "refusals": kinds,
            "refused_rows": self.refused.as_ref().map(|path| path.display().to_string()),
            "without_position": unlocated,
            "without_position_by_reason": no_place,
            "places_beside_addresses": self.noticed.places_at_addresses,
            "at_default_point": approximate,
            "outside_extent": outside,
            "outside_extent_rows": self.noticed.outside.iter().map(|(row, at)| {
                json!({ "row": row, "longitude": at.lon(), "latitude": at.lat() })
            }).collect::<Vec<_>>(),
            "empty_rows": self.noticed.empty_rows,
            "rows_without_id": self.noticed.without_id,
            "services_without_group": self.noticed.ungrouped,
            "further_callers": self.counts.callers,
            "services_added": services,
            "times": times,
            "times_that_stand_for_none": self.noticed.counts_of_no_times(),
            "exchanged_coordinates": self.noticed.exchanged,
        });
        summary["rows_with_entities"] = self.noticed.rows_with_entities.into();
        if let (Some(all), Value::Object(statuses)) =
            (summary.as_object_mut(), self.json_words(source))
        {
            all.extend(statuses);
        }
        summary
    }

    /// Of [`Self::json`]: what was concluded of statuses, the words of statuses and
    /// channels, and the columns that are not read.
    fn json_words(&self, source: &SourceFile) -> Value {
        let noted = |words, known| {
            let words = Notes::sorted(words, known).into_iter();
            let words = words.map(|(word, noted)| {
                json!({ "word": word, "count": noted.count, "read_as": noted.read_as })
            });
            words.collect::<Vec<Value>>()
        };
        let without = self.noticed.without_status.iter().map(|one| {
            json!({ "reason": one.reason().en, "count": one.count,
                    "read_as": status_word(one.taken.0, one.taken.1) })
        });
        let not_kept = self.noticed.closings_not_kept.iter();
        let not_kept: Map<String, Value> =
            not_kept.map(|(status, count)| (status.to_string(), json!(count))).collect();
        json!({
            "without_status": without.collect::<Vec<_>>(),
            "closed_by_closing_time": self.noticed.closed_by_time,
            "closing_times_not_kept": not_kept,
            "status_words": noted(&self.noticed.statuses, true),
            "status_words_not_known": noted(&self.noticed.statuses, false),
            "columns_left_out": left_out(source),
            "channel_words": noted(&self.noticed.channels, true),
            "channel_words_not_known": noted(&self.noticed.channels, false),
        })
    }
}

/// What each column was recognised as, with the certainty from 0 to 1; of a profile or a mapping,
/// the names of columns that each field is read from.
fn columns(source: &SourceFile) -> Value {
    let Some(recognition) = source.recognition() else {
        return json!(source.profile().columns);
    };
    let columns = recognition.columns.iter().map(|column| {
        json!({ "name": column.name, "field": column.field, "examples": column.examples,
                "certainty": column.field.and(column.guess).map(|guess| guess.1) })
    });
    columns.collect()
}

/// The columns that are not read: of a built-in profile or a mapping, those that it does not name;
/// else those that were recognised as no field.
fn left_out(source: &SourceFile) -> Vec<String> {
    match source.recognition() {
        Some(recognition) => {
            let is_beside = |key: &str| recognition.field_beside(key).is_some();
            let left = recognition
                .columns
                .iter()
                .filter(|one| one.field.is_none() && !one.joined && !is_beside(one.bare_key()));
            left.map(|column| column.name.clone()).collect()
        }
        None => source.columns_left_out().unwrap_or_default(),
    }
}

fn print_left_out(source: &SourceFile) {
    let left = left_out(source);
    if !left.is_empty() {
        let shown = left.iter().map(|name| format!("'{name}'")).collect::<Vec<_>>().join(", ");
        println!("  {} left out: {shown}", counted(left.len() as u64, "column"));
    }
}
