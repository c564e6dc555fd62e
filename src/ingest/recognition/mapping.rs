//! The mapping file of a recognised file, and what it says about statuses.

#![expect(
    clippy::indexing_slicing,
    reason = "columns and their samples have one entry for each number of a column"
)]

use std::fmt::Write;

use crate::domain::{Status, fold};
use crate::i18n::Message;
use crate::ingest::column::flags::{StatusByName, status_by_name};
use crate::ingest::profile::document::Profile;
use crate::ingest::recognition::recognised::Recognition;
use crate::message;

/// The name of profiles made here. Files read with one have no city of their own.
pub const RECOGNISED: &str = "recognised";

/// Words of a status column that a mapping file lists.
const WORDS_MAX: usize = 50;

/// What its owner said about a file beside its columns, in the words of the options of `import`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Declared<'a> {
    /// The jurisdiction of its reports.
    pub jurisdiction: Option<&'a str>,
    /// The zone of times without an offset.
    pub time_zone: Option<&'a str>,
    /// The order of day and month.
    pub date_order: Option<&'a str>,
    /// The projection of `x` and `y`.
    pub projection: Option<&'a str>,
    /// The degrees that lack a minus sign.
    pub negate: Option<&'a str>,
    /// Which of the rows of one id wins.
    pub repeats: Option<&'a str>,
    /// How the ids of rows are taken.
    pub ids: Option<&'a str>,
}

impl Recognition {
    /// The mapping file, which `import --mapping` takes, with what is declared. What is not sure is
    /// written in comments.
    pub fn mapping(&self, declared: &Declared<'_>) -> String {
        let mut text = format!(
            "# Written by pointchaud from a sample of {} rows: which column is which field.\n\
             # Lines after # are not in force.\n",
            self.rows
        );
        for doubt in &self.doubts {
            let _ = writeln!(text, "# Not sure: {}", one_line(&doubt.en));
        }
        let _ = writeln!(text, "name = \"{RECOGNISED}\"");
        let open = |field: &&&str| self.columns.iter().all(|column| column.field != Some(**field));
        let open: Vec<String> = self.doubted.iter().filter(open).map(|one| quoted(one)).collect();
        if !open.is_empty() {
            let _ = writeln!(text, "undecided = [{}]  # each wants columns", open.join(", "));
        }
        for (key, value, example) in [
            ("jurisdiction", declared.jurisdiction, Some("city.example")),
            ("time_zone", declared.time_zone, Some("America/Toronto")),
            ("date_order", declared.date_order, None),
            ("projection", declared.projection, None),
            ("negate", declared.negate, None),
            ("repeats", declared.repeats, None),
            ("ids", declared.ids, None),
        ] {
            let _ = match (value, example) {
                (Some(value), _) => writeln!(text, "{key} = {}", quoted(value)),
                (None, Some(example)) => writeln!(text, "# {key} = \"{example}\""),
                (None, None) => Ok(()),
            };
        }
        if self.is_of_arcgis() {
            text.push_str(
                "times_in = \"UTC\"  # as ArcGIS exports; \"local\" is the city's time\n",
            );
        }
        if self.has_centres() {
            text.push_str("approximate = true  # places of areas, not of requests\n");
        }
        text.push_str("\n[columns]\n");
        let mut written: Vec<&str> = Vec::new();
        for column in &self.columns {
            let Some((guessed, certainty)) = column.guess else { continue };
            let percent = (certainty * 100.0).round();
            let Some(field) = column.field else {
                let _ = writeln!(text, "# {guessed} = [{}]  # {percent} %", quoted(&column.key));
                continue;
            };
            if !written.contains(&field) {
                written.push(field);
                let keys: Vec<String> = self.keys(field).iter().map(|key| quoted(key)).collect();
                let _ = writeln!(text, "{field} = [{}]  # {percent} %", keys.join(", "));
            }
        }
        for (field, note) in [("address", "beside their places"), ("closure", "how they ended")] {
            if !self.has(field) && self.more.iter().any(|(of, _)| *of == field) {
                let keys: Vec<String> = self.keys(field).iter().map(|key| quoted(key)).collect();
                let _ = writeln!(text, "{field} = [{}]  # {note}", keys.join(", "));
            }
        }
        self.write_statuses(&mut text);
        write_words(&mut text, "accuracy", &self.accuracies());
        write_words(&mut text, "nature", &self.natures);
        text
    }

    /// How the column that is read as the status says it by its name; of a column in doubt, where
    /// none is read.
    fn status_by_name(&self) -> Option<StatusByName> {
        let number = (0..self.columns.len()).find(|n| self.columns[*n].field == Some("status"));
        let number = number.or_else(|| {
            let likely = self.likely("status").filter(|_| self.doubted.contains(&"status"))?;
            self.columns.iter().position(|column| column.key == likely.key)
        })?;
        status_by_name(&self.columns[number].bare, &self.values[number], self.rows)
    }

    /// Writes `[status]` and `[defaults]`. The words of a column in doubt are comments.
    fn write_statuses(&self, text: &mut String) {
        let by_name = self.status_by_name();
        let sign = if self.has("status") { "" } else { "# " };
        let words = by_name.as_ref().map_or(&[][..], |found| &found.words);
        if !words.is_empty() || !self.unknown_statuses.is_empty() {
            text.push_str("\n[status]\n");
        }
        for (word, status) in words {
            let _ = writeln!(text, "{sign}{} = \"{status}\"", quoted(word));
        }
        for (word, _) in self.unknown_statuses.iter().take(WORDS_MAX) {
            let _ = writeln!(text, "# {} = \"open\"", quoted(word));
        }
        let empty = by_name.and_then(|found| self.of_empty_cells(found.empty));
        if empty.is_some() || self.default_category.is_some() {
            text.push_str("\n[defaults]\n");
        }
        if let Some(status) = empty {
            let _ = writeln!(text, "{sign}status = \"{status}\"");
        }
        if let Some(category) = &self.default_category {
            let _ = writeln!(text, "category = {}", quoted(category));
        }
    }

    /// The status of rows with an empty cell. Where empty is open, a closing time says more.
    fn of_empty_cells(&self, empty: Option<Status>) -> Option<Status> {
        empty.filter(|status| *status == Status::Closed || !self.has("closed"))
    }

    /// Which words of the status column are read by the column's name, and as what; `None` where
    /// none are.
    pub fn statuses_by_name(&self) -> Option<Message> {
        let column = self.columns.iter().find(|column| column.field == Some("status"))?;
        let StatusByName { words, empty, .. } = self.status_by_name()?;
        let number = self.columns.iter().position(|one| one.key == column.key)?;
        let has = |word: &str| self.values[number].distinct.keys().any(|known| fold(known) == word);
        let words: Vec<&(String, Status)> = words.iter().filter(|(word, _)| has(word)).collect();
        if words.is_empty() {
            return None;
        }
        let shown = |open: &str, close: &str, empty_word: &str| {
            let words =
                words.iter().map(|(word, status)| format!("{open}{word}{close} = {status}"));
            let empty = self.of_empty_cells(empty);
            let empty = empty.map(|status| format!("{empty_word} = {status}"));
            words.chain(empty).collect::<Vec<_>>().join(", ")
        };
        let (fr, en) = (shown("« ", " »", "cellule vide"), shown("'", "'", "empty cell"));
        let name = &column.name;
        Some(message!(
            "états lus d’après le nom de la colonne « {name} » : {fr}",
            "statuses read by the name of the column '{name}': {en}"
        ))
    }

    /// The profile that the mapping describes.
    ///
    /// # Errors
    /// The mapping is not well formed.
    pub fn profile(&self) -> std::result::Result<Profile, String> {
        Profile::parse(&self.mapping(&Declared::default()))
    }
}

/// Writes a table of words, each with what it means.
fn write_words(text: &mut String, table: &str, words: &[(String, impl std::fmt::Display)]) {
    if !words.is_empty() {
        let _ = writeln!(text, "\n[{table}]");
    }
    for (word, meaning) in words {
        let _ = writeln!(text, "{} = \"{meaning}\"", quoted(word));
    }
}

/// A string of TOML.
pub fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => {
                let _ = write!(quoted, "\\u{:04X}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// The text without line breaks and other control characters, for a comment.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
