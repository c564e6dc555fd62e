//! Files of unknown layout: from a sample of rows, which column is which field of a report. The
//! result is a mapping file, with what could not be decided.

#![expect(
    clippy::indexing_slicing,
    reason = "columns and their samples have one entry for each number of a column"
)]

use crate::domain::{Nature, fold};
use crate::error::Result;
use crate::i18n::Message;
use crate::ingest::column::flags::status_by_name;
use crate::ingest::column::guess::{Column, Guess, SURE};
use crate::ingest::column::member_names::common_object;
use crate::ingest::column::owners::without_owners;
use crate::ingest::column::same::say_the_same;
use crate::ingest::column::sample::sample;
use crate::ingest::column::values::ColumnSample;
use crate::ingest::column::words::{Concept, NameWords};
use crate::ingest::read::Input;
use crate::ingest::recognition::guesses::nature_of_words;
use crate::ingest::time::zone_words::{NamedZone, named_zone};
use crate::message;

/// Two columns for one field whose certainties are as close as this leave it open.
const CLOSE: f64 = 0.05;

/// Fields of which a wrong choice among several columns would be a wrong fact about every report.
const SINGLE: [&str; 9] =
    ["requested", "closed", "updated", "status", "lat", "lon", "x", "y", "parent"];

/// What one column was recognised as.
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
    /// It is read together with another column: a part of a date, or the time of day of a day.
    pub joined: bool,
    /// A person said what it is.
    pub is_declared: bool,
    /// Some of its places are written after an address, which is read as the report's address.
    pub has_addresses: bool,
    /// It is a place, and its name says that it is that of a person or an office.
    pub(in crate::ingest) is_of_others: bool,
    /// The name as profiles write it.
    pub(in crate::ingest) key: String,
    /// The name without the object in which most columns lie.
    pub(in crate::ingest) bare: String,
    /// Its times have no offset from UTC.
    is_local_time: bool,
    /// A number that a spreadsheet has rounded.
    pub(in crate::ingest) rounded: Option<String>,
}

impl RecognisedColumn {
    /// The name as profiles write it.
    pub fn bare_key(&self) -> &str {
        &self.key
    }

    /// Reads the year's column, with those of the month and the day, as this field.
    pub(in crate::ingest) fn take_whole_date(&mut self, field: &'static str) {
        (self.field, self.guess) = (Some(field), Some((field, 0.9)));
        self.is_local_time = true;
    }
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
    /// The field of each doubt.
    pub(in crate::ingest) doubted: Vec<&'static str>,
    /// Words of the status column that are not known, with their counts in the sample.
    pub unknown_statuses: Vec<(String, u32)>,
    /// What the words of the nature column mean.
    pub(in crate::ingest) natures: Vec<(String, Nature)>,
    /// Alternatives of a field that are not one column: `a+b` joins two.
    pub(in crate::ingest) more: Vec<(&'static str, String)>,
    /// Some times that are read have no offset: the city's time zone matters.
    pub needs_time_zone: bool,
    /// The category of every row without one, as a person named it.
    pub(in crate::ingest) default_category: Option<String>,
    pub(in crate::ingest) values: Vec<ColumnSample>,
    /// For each column the next coarser level by its name, and how many levels it is away.
    pub(in crate::ingest) above: Vec<Option<(usize, u32)>>,
}

impl Recognition {
    /// Reads a sample of the input and decides.
    ///
    /// # Errors
    /// The input cannot be read.
    pub fn of(input: &Input) -> Result<Self> {
        let (columns, values, rows) = sample(input)?;
        let mut found: Vec<RecognisedColumn> = Vec::with_capacity(values.len());
        let has_name = |number: &usize| !columns.folded()[*number].is_empty();
        let first = (0..values.len()).find(|n| has_name(n) && values[*n].filled > 0);
        let object = common_object(columns.names(), &values);
        for (number, values) in values.iter().enumerate() {
            let (whole, is_first) = (&columns.names()[number], first == Some(number));
            let name = whole.strip_prefix(&*object).unwrap_or(whole);
            let words = NameWords::of(name);
            let is_object = object.starts_with(&format!("{whole}."));
            let column = Column { name, words: &words, values, rows, is_first };
            let key = columns.folded()[number].clone();
            // A mapping finds the first of several columns of one name.
            let is_named =
                !key.is_empty() && !is_object && found.iter().all(|other| other.key != key);
            let guess = if is_named { column.guess() } else { None };
            let (guess, is_of_others) = without_owners(guess, name, values.filled > 0);
            found.push(RecognisedColumn {
                name: whole.clone(),
                field: None,
                guess,
                examples: values.examples.clone(),
                joined: false,
                is_declared: false,
                has_addresses: values.places_at_addresses > 0
                    || (values.exact_places > 0
                        && values.exact_places < values.filled
                        && column.names_address()),
                is_of_others,
                key,
                bare: name.to_owned(),
                is_local_time: is_local_time(&columns.folded()[number], values),
                rounded: values.rounded.clone(),
            });
        }
        let mut recognition = Self {
            rows,
            columns: found,
            doubts: Vec::new(),
            doubted: Vec::new(),
            unknown_statuses: Vec::new(),
            natures: Vec::new(),
            more: Vec::new(),
            needs_time_zone: false,
            default_category: None,
            values,
            above: Vec::new(),
        };
        recognition.find();
        recognition.assign();
        Ok(recognition)
    }

    /// Looks at columns beside each other for what the name and the values of one do not say.
    fn find(&mut self) {
        self.only_time();
        self.prefer_status_columns();
        self.prefer_first_status();
        self.prefer_finer_times();
        self.check_ends();
        self.find_ends();
        self.take_only_beginning();
        self.prefer_finer_areas();
        self.pair_coordinates();
        self.pair_others();
        self.drop_parts_of_places();
        self.find_accuracy();
        self.rank_names_of_parents();
        self.offer_names_of_lists();
        self.find_ids();
        self.find_counts();
        self.find_addresses();
        self.rank_sites();
        self.rank_levels();
        self.find_groups();
    }

    /// Gives the columns their fields and collects the doubts, anew after a person declared some.
    pub(in crate::ingest) fn assign(&mut self) {
        for column in &mut self.columns {
            (column.field, column.joined) = (None, false);
        }
        (self.doubts, self.doubted) = (Vec::new(), Vec::new());
        (self.more, self.natures) = (Vec::new(), Vec::new());
        let values = std::mem::take(&mut self.values);
        self.choose(&values);
        self.drop_centres();
        self.choose_category(&values);
        self.join_dates(&values);
        self.join_hours(&values);
        self.join_houses(&values);
        self.join_years(&values);
        self.keep_addresses();
        self.join_sites(&values);
        self.join_reasons(&values);
        self.check();
        self.note_words(&values);
        self.values = values;
    }

    /// Can the file be imported without a decision of its owner?
    pub fn is_sure(&self) -> bool {
        self.doubts.is_empty()
    }

    /// Is any column one of requests: their time, category, key, status or place?
    pub fn finds_something(&self) -> bool {
        const FIELDS: [&str; 8] =
            ["requested", "category", "service", "status", "point", "lat", "x", "closed"];
        FIELDS.iter().any(|field| self.has(field))
    }

    /// Is any column read as a time?
    pub fn has_times(&self) -> bool {
        ["requested", "updated", "closed", "expected"].iter().any(|field| self.has(field))
    }

    /// The columns read as a field.
    fn of_field(&self, field: &str) -> impl Iterator<Item = &RecognisedColumn> {
        self.columns.iter().filter(move |column| column.field == Some(field))
    }

    pub(in crate::ingest) fn has(&self, field: &str) -> bool {
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

    /// A column of statuses is better than one that says the status by its name; so is a closing
    /// time, where the name leaves a doubt.
    fn prefer_status_columns(&mut self) {
        let by_name = |number: usize| {
            status_by_name(&self.columns[number].bare, &self.values[number], self.rows).is_some()
        };
        let guess_of = |number: &usize| self.columns[*number].guess;
        let is_sure = |field: &str, number: &usize| {
            guess_of(number).is_some_and(|(of, certainty)| of == field && certainty >= SURE)
        };
        let statuses = || (0..self.columns.len()).filter(|n| guess_of(n).is_some_and(is_status));
        let is_own = |number: &usize| !by_name(*number) && is_sure("status", number);
        let has_status = statuses().any(|number| is_own(&number));
        let has_closing = (0..self.columns.len())
            .any(|n| is_sure("closed", &n) && !self.columns[n].examples.is_empty());
        let dropped: Vec<usize> = statuses()
            .filter(|n| by_name(*n) && (has_status || (has_closing && !is_sure("status", n))))
            .collect();
        for number in dropped {
            let column = &mut self.columns[number];
            let words = NameWords::of(&column.bare);
            let is_answer = words.has(Concept::Answer) || words.has(Concept::Outcome);
            column.guess = is_answer.then_some(("notice", SURE + 0.02));
        }
    }

    /// Gives each field its most certain column. Texts of places are tried in turn, so that every
    /// one of them is used.
    fn choose(&mut self, values: &[ColumnSample]) {
        let mut order: Vec<usize> = (0..self.columns.len()).collect();
        let certainty = |column: &RecognisedColumn| column.guess.map_or(0.0, |guess| guess.1);
        // The sort is stable: of two equal columns the first is taken.
        order.sort_by(|a, b| certainty(&self.columns[*b]).total_cmp(&certainty(&self.columns[*a])));
        for number in order {
            let Some((field, certainty)) = self.columns[number].guess else { continue };
            if certainty < SURE || field == "category" {
                continue;
            }
            let name = &self.columns[number];
            let taken = self.columns.iter().position(|column| column.field == Some(field));
            let rival = taken.map(|taken| (taken, self.columns[taken].guess));
            match rival {
                Some((taken, Some((_, best)))) if field != "point" && !name.is_declared => {
                    // A column without a value is no rival of one that has some.
                    let is_open =
                        best < 1.0 && best - certainty < CLOSE && !name.examples.is_empty();
                    // Beside degrees, projected coordinates are not needed.
                    let is_needed =
                        !["x", "y"].contains(&field) || !self.has("lat") || !self.has("lon");
                    if SINGLE.contains(&field)
                        && is_open
                        && is_needed
                        && !say_the_same(&values[taken], &values[number])
                    {
                        let (other, name) = (&self.columns[taken].name, &name.name);
                        let doubt = message!(
                            "{field} : « {other} » ou « {name} »",
                            "{field}: '{other}' or '{name}'"
                        );
                        self.doubt(field, doubt);
                    }
                }
                _ => self.columns[number].field = Some(field),
            }
        }
    }

    /// The columns of a field as a mapping lists them: the first with a value counts.
    pub(in crate::ingest) fn keys(&self, field: &str) -> Vec<String> {
        // A column that is joined with others is not read alone.
        let own = self.of_field(field).filter(|column| !column.joined);
        let own = own.map(|column| column.key.clone());
        let more = self.more.iter().filter(|(of, _)| *of == field).map(|(_, key)| key.clone());
        // A day with its time of day is better than the day alone.
        let (before, behind): (Vec<_>, Vec<_>) = more.partition(|key| key.contains('+'));
        before.into_iter().chain(own).chain(behind).collect()
    }

    /// The field's most certain column below [`SURE`], for the sentence about it.
    pub(in crate::ingest) fn likely(&self, field: &str) -> Option<&RecognisedColumn> {
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
        let unsure = |field: &'static str, doubts: &mut Vec<(&'static str, Message)>| {
            let likely = self.likely(field).filter(|column| self.may_ask(column));
            doubts.extend(likely.map(|column| (field, column.perhaps(field))));
            likely.is_some()
        };
        let has_category =
            self.default_category.is_some() || self.has("category") || self.has("service");
        let lacks_category = !has_category && !unsure("category", &mut doubts);
        let lacks_time = !self.has("requested") && !unsure("requested", &mut doubts);
        for field in ["id", "status", "closed"] {
            if !self.has(field) {
                unsure(field, &mut doubts);
            }
        }
        for (first, second) in [("lat", "lon"), ("x", "y")] {
            let has_other = self.has("point") || (first == "x" && self.has("lat"));
            for (field, other) in [(first, second), (second, first)] {
                let is_lone = self.has(other) && !self.has(field);
                if !self.has(field) && !has_other && !unsure(field, &mut doubts) && is_lone {
                    let doubt =
                        message!("« {other} » sans « {field} »", "'{other}' without '{field}'");
                    doubts.push((field, doubt));
                }
            }
        }
        if lacks_time || lacks_category {
            let field = if lacks_time { "requested" } else { "category" };
            doubts.extend(self.garbled_name().map(|doubt| (field, doubt)));
        }
        doubts.extend(self.place_not_understood().map(|doubt| ("point", doubt)));
        doubts.extend(self.address_of_others().map(|doubt| ("address", doubt)));
        doubts.extend(self.rows_of_several().map(|doubt| ("callers", doubt)));
        doubts.extend(self.rounded_ids().map(|doubt| ("id", doubt)));
        if lacks_category {
            let doubt = message!(
                "aucune colonne de catégorie ; « [defaults] category » en donne une à toutes les \
                 lignes",
                "no column of categories; '[defaults] category' gives one to every row"
            );
            doubts.push(("category", doubt));
        }
        if lacks_time {
            let none = || {
                message!(
                    "aucune colonne de l’heure de la demande (requested)",
                    "no column of the time of the request (requested)"
                )
            };
            doubts.push(("requested", self.time_not_understood().unwrap_or_else(none)));
        }
        for (field, doubt) in doubts {
            self.doubt(field, doubt);
        }
    }

    pub(in crate::ingest) fn doubt(&mut self, field: &'static str, doubt: Message) {
        self.doubts.push(doubt);
        self.doubted.push(field);
    }

    /// The first field that is not sure, and why.
    pub fn first_doubt(&self) -> Option<(&'static str, &Message)> {
        Some((*self.doubted.first()?, self.doubts.first()?))
    }

    /// Columns that a field may be read from, with their numbers: the one that is taken, those that
    /// it most likely is, then those that are left out.
    pub fn candidates(&self, field: &str) -> Vec<(usize, &RecognisedColumn)> {
        let rank = |column: &RecognisedColumn| match column.guess {
            _ if column.field == Some(field) => 2.0,
            Some((guessed, certainty)) if guessed == field => 1.0 + certainty,
            _ => 0.0,
        };
        let mut offered: Vec<(usize, &RecognisedColumn)> = self
            .columns
            .iter()
            .enumerate()
            .filter(|(_, column)| rank(column) > 0.0 || column.field.is_none())
            .filter(|(_, column)| !column.key.is_empty() && !column.examples.is_empty())
            .collect();
        offered.sort_by(|a, b| rank(b.1).total_cmp(&rank(a.1)));
        offered
    }

    /// Reads a field from this column, or from none, as the owner of the file says. What was in
    /// doubt about the field is decided.
    pub fn decide(&mut self, field: &'static str, column: Option<usize>) {
        for (number, known) in self.columns.iter_mut().enumerate() {
            if Some(number) == column {
                (known.field, known.guess) = (Some(field), Some((field, 1.0)));
            } else if known.field == Some(field) {
                known.field = None;
            }
        }
        self.more.retain(|(of, _)| *of != field);
        let mut fields = self.doubted.iter();
        self.doubts.retain(|_| fields.next() != Some(&field));
        self.doubted.retain(|of| *of != field);
    }

    fn note_words(&mut self, values: &[ColumnSample]) {
        const TIMES: [Option<&str>; 4] =
            [Some("requested"), Some("updated"), Some("closed"), Some("expected")];
        (self.unknown_statuses, self.needs_time_zone) = (Vec::new(), false);
        for (column, values) in self.columns.iter().zip(values) {
            if column.field == Some("status") {
                let by_name = status_by_name(&column.bare, values, self.rows);
                let by_name = by_name.map(|found| found.words).unwrap_or_default();
                let is_known = |word: &str| by_name.iter().any(|(known, _)| *known == fold(word));
                let unknown = values.unknown_statuses().into_iter();
                self.unknown_statuses = unknown
                    .filter(|(word, _)| !is_known(word))
                    .map(|(word, count)| (word.to_owned(), count))
                    .collect();
            }
            if column.field == Some("nature") {
                let known = |word: &String| Some((word.clone(), nature_of_words(word)?));
                self.natures = values.distinct.keys().filter_map(known).collect();
                self.natures.sort();
            }
            self.needs_time_zone |= column.is_local_time && TIMES.contains(&column.field);
        }
    }
}

/// Have the times of a column no offset? Those of one named after UTC have one, unless they are
/// days.
fn is_local_time(name: &str, values: &ColumnSample) -> bool {
    let is_utc = values.days == 0 && named_zone(name) == Some(NamedZone::Utc);
    values.local_times > 0 && !is_utc
}

fn is_status((field, _): Guess) -> bool {
    field == "status"
}
