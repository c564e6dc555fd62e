//! What the values of a sample say about their column.

use std::collections::HashMap;

use jiff::tz::TimeZone;

use crate::ingest::guesses::channel_of_words;
use crate::ingest::mapping::says_offset;
use crate::ingest::numbers::{degrees, grouped, is_absent};
use crate::ingest::place_text::{PlaceText, place_text};
use crate::ingest::status_words::status_of_words;
use crate::ingest::times::{DateOrder, TimeReader};

/// Distinct values that are kept of a column.
const DISTINCT_MAX: usize = 2_000;

/// Examples that are shown of a column.
const EXAMPLES: usize = 3;

/// Longest example, in characters.
const EXAMPLE_CHARS: usize = 40;

/// Counts over the values of one column.
#[derive(Debug, Clone, Default)]
pub struct ColumnSample {
    /// Values that are present: neither empty nor a sign for nothing.
    pub filled: u32,
    /// Distinct values with their counts, up to [`DISTINCT_MAX`].
    pub distinct: HashMap<String, u32>,
    /// The first few distinct values, shortened.
    pub examples: Vec<String>,
    /// Values that are read as a time and are not a bare number.
    pub times: u32,
    /// Bare numbers that are read as a time.
    pub number_times: u32,
    /// Times that are wall clocks without an offset, or days.
    pub local_times: u32,
    /// Numbers.
    pub numbers: u32,
    /// Numbers within ±90.
    pub latitudes: u32,
    /// Numbers within ±180.
    pub longitudes: u32,
    /// Numbers with four decimals or more.
    pub precise: u32,
    /// Texts that hold a place.
    pub places: u32,
}

impl ColumnSample {
    /// Looks at a cell.
    pub fn add(&mut self, cell: &str, clocks: &[TimeReader; 2]) {
        let text = cell.trim();
        if is_absent(text) {
            return;
        }
        self.filled += 1;
        if let Some(count) = self.distinct.get_mut(text) {
            *count += 1;
        } else if self.distinct.len() < DISTINCT_MAX {
            self.distinct.insert(text.to_owned(), 1);
            if self.examples.len() < EXAMPLES {
                self.examples.push(shortened(text));
            }
        }
        let read = clocks.iter().find_map(|clock| clock.read(text).ok());
        if let Some((time, format)) = read {
            let is_number = text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
            self.times += u32::from(!is_number);
            self.number_times += u32::from(is_number);
            self.local_times += u32::from(time.day_only().is_some() || !says_offset(text, format));
        }
        let has_digits = text.bytes().any(|b| b.is_ascii_digit());
        let number = if has_digits { degrees(text) } else { None };
        if let Some(number) = number {
            self.latitudes += u32::from(number.abs() <= 90.0);
            self.longitudes += u32::from(number.abs() <= 180.0);
            let decimals = text.rsplit_once(['.', ',']).map_or(0, |(_, behind)| behind.len());
            self.precise += u32::from(decimals >= 4);
        } else if has_digits && read.is_none() {
            let place = place_text(text);
            let is_place = match place {
                Some(PlaceText::Pair(a, b)) => {
                    a.abs() <= 180.0 && b.abs() <= 180.0 && text.contains('.')
                }
                other => other.is_some(),
            };
            self.places += u32::from(is_place);
        }
        self.numbers += u32::from(has_digits && (number.is_some() || grouped(text).is_some()));
    }

    /// The part of the filled values that `count` is, from 0 to 1.
    pub fn share(&self, count: u32) -> f64 {
        f64::from(count) / f64::from(self.filled.max(1))
    }

    /// The part of the filled values that are distinct.
    pub fn uniqueness(&self) -> f64 {
        match self.distinct.len() >= DISTINCT_MAX {
            true => 1.0,
            false => self.distinct.len() as f64 / f64::from(self.filled.max(1)),
        }
    }

    /// Are the values a few words that come again and again? Half as many as the rows of a short
    /// sample may be distinct, a fifth of a long one.
    pub fn is_vocabulary(&self) -> bool {
        let most = if self.filled < 50 { self.filled.div_ceil(2) } else { self.filled / 5 };
        self.filled > 0 && self.distinct.len() <= (most.max(1) as usize).min(500)
    }

    /// The part of the values whose words tell a status.
    pub fn statuses(&self) -> f64 {
        self.known_words(|word| status_of_words(word).is_some())
    }

    /// The part of the values whose words tell a channel.
    pub fn channels(&self) -> f64 {
        self.known_words(|word| channel_of_words(word).is_some())
    }

    fn known_words(&self, known: impl Fn(&str) -> bool) -> f64 {
        let counts = self.distinct.iter().filter(|(word, _)| known(word)).map(|(_, count)| count);
        self.share(counts.sum())
    }

    /// Words of a status column that no list has, the most frequent first.
    pub fn unknown_statuses(&self) -> Vec<(&str, u32)> {
        let unknown = self.distinct.iter().filter(|(word, _)| status_of_words(word).is_none());
        let mut unknown: Vec<_> = unknown.map(|(word, count)| (word.as_str(), *count)).collect();
        unknown.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        unknown
    }
}

/// Readers of times in both orders of day and month: the order is decided later, by all rows.
pub fn clocks() -> [TimeReader; 2] {
    [DateOrder::DayFirst, DateOrder::MonthFirst].map(|order| TimeReader {
        zone: TimeZone::UTC,
        utc_suffix_is_local: false,
        order: Some(order),
        formats: Vec::new(),
    })
}

fn shortened(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(EXAMPLE_CHARS) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}
