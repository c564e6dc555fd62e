//! A day in one column and its time of day in another.

#![expect(
    clippy::indexing_slicing,
    reason = "columns and their samples have one entry for each number of a column"
)]

use crate::i18n::Message;
use crate::ingest::column::hour_names::names_hour_of;
use crate::ingest::column::values::ColumnSample;
use crate::ingest::column::words::{Concept, NameWords};
use crate::ingest::recognition::recognised::{RecognisedColumn, Recognition};
use crate::message;

/// The times that a day and a time of day make, and the words by which a column says which it is.
const ENDS: [(&str, Concept); 2] = [("requested", Concept::Created), ("closed", Concept::Closed)];

impl Recognition {
    /// A day in one column and the time of day in another are one time. A column that is named
    /// after the time of day, and of whose values too few are one, is a doubt.
    pub fn join_hours(&mut self, values: &[ColumnSample]) {
        for (field, concept) in ENDS {
            let Some(day) = self.day_of(field, values) else { continue };
            let fits = |number: &usize| self.may_be_clock(*number, field, concept, values);
            let clocks = || (0..self.columns.len()).filter(fits);
            let is_named =
                |number: usize| names_hour_of(&self.columns[number].bare, &self.columns[day].bare);
            let is_clock = |number: &usize| values[*number].are_hours(is_named(*number));
            if let Some(hour) = clocks().find(is_clock) {
                let both = format!("{}+{}", self.columns[day].key, self.columns[hour].key);
                self.more.push((field, both));
                self.columns[hour].joined = true;
                continue;
            }
            let named = clocks().find(|number| is_named(*number));
            let is_open = !self.columns[day].is_declared;
            if let Some(hour) = named.filter(|hour| is_open && !self.columns[*hour].is_declared) {
                let doubt = self.clock_not_understood(field, day, hour);
                self.doubt(field, doubt);
            }
        }
    }

    /// The column of a time whose values are days.
    fn day_of(&self, field: &str, values: &[ColumnSample]) -> Option<usize> {
        (0..self.columns.len()).find(|number| {
            let sample = &values[*number];
            let days = sample.days + sample.midnights;
            self.columns[*number].field == Some(field) && sample.share(days) >= 0.9
        })
    }

    /// May the column have the times of day of this field's days?
    fn may_be_clock(
        &self,
        number: usize,
        field: &str,
        concept: Concept,
        values: &[ColumnSample],
    ) -> bool {
        let others = [Concept::Closed, Concept::Updated, Concept::Expected, Concept::Created];
        let (column, words) = (&self.columns[number], NameWords::of(&self.columns[number].bare));
        let is_left = column.field.is_none() && !column.joined && !column.key.is_empty();
        let has_values = values[number].filled + values[number].hours_on_filler_days > 0;
        let is_of = words.has(concept) || (field == "requested" && !words.has_any(&others));
        is_left && has_values && is_of
    }

    fn clock_not_understood(&self, field: &str, day: usize, hour: usize) -> Message {
        let (day, hour) = (&self.columns[day].name, &self.columns[hour]);
        let example = hour.examples.first().map_or("", String::as_str);
        let name = &hour.name;
        message!(
            "{field} : le jour est dans « {day} », l’heure peut-être dans « {name} », dont des \
             valeurs comme « {example} » ne sont pas lues comme des heures",
            "{field}: the day is in '{day}', the time of day perhaps in '{name}', of which values \
             such as '{example}' are not read as times of day"
        )
    }

    /// Why the file has no time of its requests, where a column is named after one.
    pub fn time_not_understood(&self) -> Option<Message> {
        const OTHERS: [Concept; 10] = [
            Concept::Closed,
            Concept::Updated,
            Concept::Expected,
            Concept::Id,
            Concept::Number,
            Concept::Category,
            Concept::Status,
            Concept::Group,
            Concept::Channel,
            Concept::Period,
        ];
        let has_digits = |text: &String| text.bytes().any(|b| b.is_ascii_digit());
        let named = |concept| {
            let is_named = |column: &&RecognisedColumn| {
                let words = NameWords::of(&column.bare);
                let is_other = words.has_any(&OTHERS) || words.is_agent;
                words.has(concept) && !is_other && column.examples.iter().any(has_digits)
            };
            self.columns.iter().find(is_named)
        };
        let column = named(Concept::Created).or_else(|| named(Concept::Date))?;
        let (name, example) = (&column.name, column.examples.iter().find(|text| has_digits(text))?);
        Some(message!(
            "requested : peut-être « {name} », dont des valeurs comme « {example} » ne sont pas \
             lues comme des heures ; « time_formats » d’un fichier de --mapping en dit la forme",
            "requested: perhaps '{name}', of which values such as '{example}' are not read as \
             times; 'time_formats' in a --mapping file declares how they are written"
        ))
    }
}
