//! Files of unknown layout: from a sample of rows, which column is which field of a report. The
//! result is a mapping file, with what could not be decided.

use std::fmt::Write;
use std::time::{Duration, Instant};

use crate::error::Result;
use crate::i18n::Message;
use crate::ingest::column_guess::{Column, Guess, SURE};
use crate::ingest::column_values::{ColumnSample, clocks};
use crate::ingest::column_words::NameWords;
use crate::ingest::profile::Profile;
use crate::ingest::read::{Input, Row, SourceColumns};
use crate::message;

/// Rows of the sample.
const SAMPLE_ROWS: u32 = 2_000;

/// Longest time for reading the sample.
const SAMPLE_TIME: Duration = Duration::from_secs(2);

/// Two columns for one field whose certainties are as close as this leave it open.
const CLOSE: f64 = 0.05;

/// The name of profiles made here. Files read with one have no city of their own.
pub const RECOGNISED: &str = "recognised";

/// Fields of which a wrong choice among several columns would be a wrong fact about every report.
const SINGLE: [&str; 10] =
    ["requested", "closed", "updated", "category", "status", "lat", "lon", "x", "y", "parent"];

/// What one column was taken for.
#[derive(Debug, Clone)]
pub struct RecognisedColumn {
    /// Its name as the source writes it.
    pub name: String,
    /// The field it is read as; `None` where it is left out.
    pub field: Option<&'static str>,
    /// The field that it most likely is, with the certainty from 0 to 1.
    pub guess: Option<Guess>,
    /// A few of its values.
    pub examples: Vec<String>,
    /// A person said what it is.
    pub is_declared: bool,
    /// The name as profiles write it.
    pub(super) key: String,
    /// Its times have no offset from UTC.
    is_local_time: bool,
}

/// What a sample says about the columns of a file.
#[derive(Debug, Clone)]
pub struct Recognition {
    /// Rows of the sample.
    pub rows: u32,
    /// Every column, in the order of the file.
    pub columns: Vec<RecognisedColumn>,
    /// Why the columns cannot be used without a decision; empty where they can.
    pub doubts: Vec<Message>,
    /// Words of the status column that are not known, with their counts in the sample.
    pub unknown_statuses: Vec<(String, u32)>,
    /// Some times that are read have no offset: the city's time zone matters.
    pub needs_time_zone: bool,
    /// Every row without a category gets one that a person named.
    pub(super) has_default_category: bool,
    values: Vec<ColumnSample>,
}

impl Recognition {
    /// Reads a sample of the input and decides.
    ///
    /// # Errors
    /// The input cannot be read.
    pub fn of(input: &Input) -> Result<Self> {
        let (columns, values, rows) = sample(input)?;
        let mut found: Vec<RecognisedColumn> = Vec::with_capacity(values.len());
        for (number, values) in values.iter().enumerate() {
            let words = NameWords::of(&columns.names()[number]);
            let column = Column { words: &words, values, rows };
            let key = columns.folded()[number].clone();
            // A mapping finds the first of several columns of one name.
            let is_named = !key.is_empty() && found.iter().all(|other| other.key != key);
            found.push(RecognisedColumn {
                name: columns.names()[number].clone(),
                field: None,
                guess: if is_named { column.guess() } else { None },
                examples: values.examples.clone(),
                is_declared: false,
                key,
                is_local_time: values.local_times > 0,
            });
        }
        let mut recognition = Self {
            rows,
            columns: found,
            doubts: Vec::new(),
            unknown_statuses: Vec::new(),
            needs_time_zone: false,
            has_default_category: false,
            values,
        };
        recognition.only_time();
        recognition.decide();
        Ok(recognition)
    }

    /// Gives the columns their fields and collects the doubts, anew after a person declared some.
    pub(super) fn decide(&mut self) {
        self.columns.iter_mut().for_each(|column| column.field = None);
        self.doubts.clear();
        self.choose();
        self.check();
        self.note_words();
    }

    /// Can the file be imported without a decision of its owner?
    pub fn is_sure(&self) -> bool {
        self.doubts.is_empty()
    }

    /// The columns read as a field.
    fn of_field(&self, field: &str) -> impl Iterator<Item = &RecognisedColumn> {
        self.columns.iter().filter(move |column| column.field == Some(field))
    }

    fn has(&self, field: &str) -> bool {
        self.of_field(field).next().is_some()
    }

    /// The only column of times is the beginning of the requests, whatever its name.
    fn only_time(&mut self) {
        const TIMES: [&str; 4] = ["requested", "updated", "closed", "expected"];
        let guesses = self.columns.iter_mut().filter_map(|column| column.guess.as_mut());
        let mut times: Vec<&mut Guess> =
            guesses.filter(|(field, _)| TIMES.contains(field)).collect();
        if let [(field, certainty)] = times.as_mut_slice()
            && *field == "requested"
            && *certainty >= 0.4
        {
            *certainty = certainty.max(0.75);
        }
    }

    /// Gives each field its most certain column. Texts of places are tried in turn, so that every
    /// one of them is used.
    fn choose(&mut self) {
        let mut order: Vec<usize> = (0..self.columns.len()).collect();
        let certainty = |column: &RecognisedColumn| column.guess.map_or(0.0, |guess| guess.1);
        // The sort is stable: of two equal columns the first is taken.
        order.sort_by(|a, b| certainty(&self.columns[*b]).total_cmp(&certainty(&self.columns[*a])));
        for number in order {
            let Some((field, certainty)) = self.columns[number].guess else { continue };
            if certainty < SURE {
                continue;
            }
            let taken = self.of_field(field).next();
            let (rival, name) = (taken.map(|c| (c.name.clone(), c.guess)), &self.columns[number]);
            match rival {
                Some((other, Some((_, best)))) if field != "point" && !name.is_declared => {
                    let is_open = best < 1.0 && best - certainty < CLOSE;
                    if SINGLE.contains(&field) && is_open {
                        let name = &name.name;
                        self.doubts.push(message!(
                            "{field} : « {other} » ou « {name} »",
                            "{field}: '{other}' or '{name}'"
                        ));
                    }
                }
                _ => self.columns[number].field = Some(field),
            }
        }
        // With names of categories, codes are not needed.
        if self.has("category") {
            let codes = self.columns.iter_mut().filter(|c| c.field == Some("service"));
            codes.filter(|column| !column.is_declared).for_each(|column| column.field = None);
        }
    }

    /// The field's most certain column below [`SURE`], for the sentence about it.
    fn likely(&self, field: &str) -> Option<&RecognisedColumn> {
        let certainty = |column: &&RecognisedColumn| column.guess.map_or(0.0, |guess| guess.1);
        let unsure = self.columns.iter().filter(|column| column.field.is_none());
        unsure
            .rev()
            .filter(|column| column.guess.is_some_and(|guess| guess.0 == field))
            .max_by(|a, b| certainty(a).total_cmp(&certainty(b)))
    }

    /// Collects why the columns chosen are not enough.
    fn check(&mut self) {
        let mut doubts = Vec::new();
        let unsure = |field: &str, doubts: &mut Vec<Message>| {
            let likely = self.likely(field);
            doubts.extend(likely.map(|RecognisedColumn { name, .. }| {
                message!("{field} : peut-être « {name} »", "{field}: perhaps '{name}'")
            }));
            likely.is_some()
        };
        let has_category = self.has_default_category || self.has("category") || self.has("service");
        let lacks_category = !has_category && !unsure("category", &mut doubts);
        let lacks_time = !self.has("requested") && !unsure("requested", &mut doubts);
        if !self.has("id") {
            unsure("id", &mut doubts);
        }
        for (first, second) in [("lat", "lon"), ("x", "y")] {
            let has_other = self.has("point") || (first == "x" && self.has("lat"));
            for (field, other) in [(first, second), (second, first)] {
                let is_lone = self.has(other) && !self.has(field);
                if !self.has(field) && !has_other && !unsure(field, &mut doubts) && is_lone {
                    doubts.push(message!(
                        "« {other} » sans « {field} »",
                        "'{other}' without '{field}'"
                    ));
                }
            }
        }
        if lacks_category {
            doubts.push(message!(
                "aucune colonne de catégorie : choisissez-en une, ou donnez une catégorie à toutes \
                 les lignes ([defaults] category)",
                "no column of categories: choose one, or give one category to every row \
                 ([defaults] category)"
            ));
        }
        if lacks_time {
            doubts.push(message!(
                "aucune colonne de l’heure de la demande (requested)",
                "no column of the time of the request (requested)"
            ));
        }
        self.doubts.extend(doubts);
    }

    fn note_words(&mut self) {
        const TIMES: [Option<&str>; 4] =
            [Some("requested"), Some("updated"), Some("closed"), Some("expected")];
        (self.unknown_statuses, self.needs_time_zone) = (Vec::new(), false);
        for (column, values) in self.columns.iter().zip(&self.values) {
            if column.field == Some("status") {
                let unknown = values.unknown_statuses().into_iter();
                self.unknown_statuses =
                    unknown.map(|(word, count)| (word.to_owned(), count)).collect();
            }
            self.needs_time_zone |= column.is_local_time && TIMES.contains(&column.field);
        }
    }

    /// The mapping file, which `import --mapping` takes. What is not sure stands in comments.
    pub fn mapping(&self, jurisdiction: Option<&str>, time_zone: Option<&str>) -> String {
        let mut text = format!(
            "# Written by pointchaud from a sample of {} rows: which column is which field.\n\
             # Lines behind # are not in force.\n",
            self.rows
        );
        for doubt in &self.doubts {
            let _ = writeln!(text, "# Not sure: {}", one_line(&doubt.en));
        }
        let _ = writeln!(text, "name = \"{RECOGNISED}\"");
        for (key, value, example) in [
            ("jurisdiction", jurisdiction, "city.example"),
            ("time_zone", time_zone, "America/Toronto"),
        ] {
            let _ = match value {
                Some(value) => writeln!(text, "{key} = {}", quoted(value)),
                None => writeln!(text, "# {key} = \"{example}\""),
            };
        }
        text.push_str("\n[columns]\n");
        let mut written: Vec<&str> = Vec::new();
        for column in &self.columns {
            let Some((field, certainty)) = column.guess else { continue };
            let (key, percent) = (quoted(&column.key), (certainty * 100.0).round());
            if column.field.is_none() {
                let _ = writeln!(text, "# {field} = [{key}]  # {percent} %");
            } else if !written.contains(&field) {
                written.push(field);
                let keys: Vec<String> = self.of_field(field).map(|c| quoted(&c.key)).collect();
                let _ = writeln!(text, "{field} = [{}]  # {percent} %", keys.join(", "));
            }
        }
        if !self.unknown_statuses.is_empty() {
            text.push_str("\n[status]\n");
            for (word, _) in self.unknown_statuses.iter().take(50) {
                let _ = writeln!(text, "# {} = \"open\"", quoted(word));
            }
        }
        text
    }

    /// The profile that the mapping describes.
    ///
    /// # Errors
    /// The mapping is not well formed.
    pub fn profile(&self) -> std::result::Result<Profile, String> {
        Profile::parse(&self.mapping(None, None))
    }
}

/// The columns, what the sample says about each, and the rows of the sample.
fn sample(input: &Input) -> Result<(SourceColumns, Vec<ColumnSample>, u32)> {
    let (mut rows, clocks, began) = (input.rows()?, clocks(), Instant::now());
    let mut values: Vec<ColumnSample> = Vec::new();
    let (mut row, mut count) = (Row::default(), 0);
    while count < SAMPLE_ROWS && began.elapsed() < SAMPLE_TIME && rows.next(&mut row)? {
        if row.refusal.take().is_some() {
            continue;
        }
        count += 1;
        for (number, cell) in row.cells.iter().enumerate() {
            if values.len() <= number {
                values.resize_with(number + 1, ColumnSample::default);
            }
            if let Some(cell) = cell {
                values[number].add(cell, &clocks);
            }
        }
    }
    let columns = rows.columns().clone();
    values.resize_with(columns.len(), ColumnSample::default);
    Ok((columns, values, count))
}

/// A string of TOML.
pub(super) fn quoted(text: &str) -> String {
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
