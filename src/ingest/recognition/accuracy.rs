//! Columns that say how exactly places are known: `location_type`, `Geocode Quality`, by their
//! values.

use crate::domain::Accuracy;
use crate::i18n::Message;
use crate::ingest::column::values::ColumnSample;
use crate::ingest::column::words::split;
use crate::ingest::place::accuracy_words::{AccuracyWord, accuracy_of_words};
use crate::ingest::recognition::places::PLACES;
use crate::ingest::recognition::recognised::Recognition;
use crate::message;

/// Certainty of a column whose values say how exactly places are known.
const BY_VALUES: f64 = 0.85;

/// The part of the values that are words for it, at least: under a name that says it, and under
/// any other.
const KNOWN_MIN: f64 = 0.8;
const KNOWN_UNNAMED_MIN: f64 = 0.95;

/// Distinct words of such a column, at most.
const WORDS_MAX: usize = 24;

/// Beginnings of words of names for how a place was found and how exactly, without accents.
const NAMES: &str = "\
    geocod geokod georef geolocal accura precis genauig lagegenau exactitu nauwkeur dokladn \
    matchtype matchlevel matchcode addrtype locname locator qualit calidad kwalit jakosc";

/// Words that are shown.
const SHOWN: usize = 6;

impl Recognition {
    /// Reads the column whose values say how exactly the places are known, where the file has
    /// places. Under any name one word must say it plainly, as `Centroid` and `Rooftop` do.
    pub fn find_accuracy(&mut self) {
        let is_place = |(field, _): &(&str, f64)| PLACES.contains(field);
        if !self.columns.iter().any(|column| column.guess.as_ref().is_some_and(is_place)) {
            return;
        }
        for (column, values) in self.columns.iter_mut().zip(&self.values) {
            let may_be = column.guess.is_none_or(|(field, _)| !PLACES.contains(&field));
            if may_be && !column.key.is_empty() && say_accuracy(&column.bare, values) {
                column.guess = Some(("accuracy", BY_VALUES));
            }
        }
    }

    /// The words of the column that is read as the accuracy, each with what it says.
    pub fn accuracies(&self) -> Vec<(String, Accuracy)> {
        let pairs = self.columns.iter().zip(&self.values);
        let read = pairs.filter(|(column, _)| column.field == Some("accuracy"));
        let words = read.flat_map(|(_, values)| values.distinct.keys());
        let mut known: Vec<(String, Accuracy)> = words
            .filter_map(|word| Some((word.clone(), accuracy_of_words(word)?.accuracy)))
            .collect();
        known.sort();
        known
    }

    /// Which words of that column are read as approximate places.
    pub fn accuracies_in_words(&self) -> Option<Message> {
        let name = &self.columns.iter().find(|one| one.field == Some("accuracy"))?.name;
        let all = self.accuracies();
        let is_approximate =
            |(_, accuracy): &&(String, Accuracy)| *accuracy == Accuracy::Approximate;
        let words: Vec<&str> =
            all.iter().filter(is_approximate).map(|(word, _)| word.as_str()).take(SHOWN).collect();
        if words.is_empty() {
            return None;
        }
        let (fr, en) = (words.join(" », « "), words.join("', '"));
        Some(message!(
            "lieux approximatifs d’après « {name} » : « {fr} »",
            "approximate places by '{name}': '{en}'"
        ))
    }
}

/// Do the values of a column of this name say how exactly places are known?
fn say_accuracy(name: &str, values: &ColumnSample) -> bool {
    let distinct = values.distinct.len();
    if values.filled == 0 || distinct > WORDS_MAX || (values.filled > 20 && !values.is_vocabulary())
    {
        return false;
    }
    let letters: String = split(name).concat();
    let is_named = NAMES.split_whitespace().any(|stem| letters.contains(stem));
    let (mut known, mut is_plain) = (0, false);
    for (word, count) in &values.distinct {
        if let Some(AccuracyWord { is_plain: plain, .. }) = accuracy_of_words(word) {
            known += count;
            is_plain |= plain;
        }
    }
    let least = if is_named { KNOWN_MIN } else { KNOWN_UNNAMED_MIN };
    values.share(known) >= least && (is_named || is_plain)
}
