//! What the values of a sample say about their column.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;

use jiff::tz::TimeZone;

use crate::domain::fold;
use crate::ingest::column::key_names::is_braced_key;
use crate::ingest::numbers::{degrees, grouped, is_absent, is_exact, is_grouped, is_rounded};
use crate::ingest::place::os_grid::os_grid;
use crate::ingest::place::parted_degrees::parted_degrees;
use crate::ingest::place::text::{
    PlaceText, is_empty_geometry, is_geometry, place_text, text_around_place,
};
use crate::ingest::place::words::{decimals, is_address, is_no_place_word};
use crate::ingest::recognition::guesses::{channel_of_words, nature_of_words};
use crate::ingest::status::words::status_of_words;
use crate::ingest::time::calendars::is_ordinal;
use crate::ingest::time::no_time::{is_filler_date, is_no_time_number, is_word};
use crate::ingest::time::of_day::{ClockStyle, is_clock_on_filler_day, is_midnight, time_of_day};
use crate::ingest::time::reader::{DateOrder, TimeReader};
use crate::ingest::time::style::TimeStyle;
use crate::ingest::time::zone_words::ZoneMeanings;

/// Distinct values that are kept of a column.
const DISTINCT_MAX: usize = 2_000;

/// Examples that are shown of a column.
const EXAMPLES: usize = 3;

/// Longest example, in characters.
const EXAMPLE_CHARS: usize = 40;

/// Longest word of a vocabulary of a short sample, in characters.
const WORD_CHARS: usize = 80;

/// Bare numbers are times of requests only within these seconds of 1970: 1980 to 2100.
const RECENT: Range<i64> = 315_532_800..4_102_444_800;

/// Styles of [`ColumnSample::hour_numbers`].
const HOUR_NUMBERS: [ClockStyle; 3] =
    [ClockStyle::Digits, ClockStyle::Dotted, ClockStyle::Fraction];

/// Values of columns that answer yes or no, or say a side of a street.
const FLAGS: [&str; 29] = [
    "y", "n", "yes", "no", "true", "false", "t", "f", "0", "1", "oui", "non", "ja", "nein", "nee",
    "si", "sim", "nao", "tak", "nie", "e", "s", "w", "ne", "nw", "se", "sw", "o", "x",
];

/// Counts over the values of one column.
#[derive(Debug, Clone, Default)]
pub struct ColumnSample {
    /// Values that are present: neither empty, nor a sign or a date that means no value.
    pub filled: u32,
    /// Distinct values with their counts, up to [`DISTINCT_MAX`].
    pub distinct: HashMap<String, u32>,
    /// The first few distinct values, shortened.
    pub examples: Vec<String>,
    /// Values that are read as a time and are not a bare number.
    pub times: u32,
    /// Bare numbers that are read as a time.
    pub number_times: u32,
    /// Texts without a digit.
    pub words: u32,
    /// Numbers that stand for no time in a column of times: 0 and -1.
    pub no_times: u32,
    /// The first number that a spreadsheet has rounded: `1.01E+11`.
    pub rounded: Option<String>,
    /// Times that are wall clocks without an offset, or days.
    pub local_times: u32,
    /// Times that are days without a time.
    pub days: u32,
    /// Numbers.
    pub numbers: u32,
    /// Numbers within ±90.
    pub latitudes: u32,
    /// Numbers within ±180.
    pub longitudes: u32,
    /// Degrees with their minutes, and perhaps seconds, without a sign of their units, see
    /// [`parted_degrees`]: `44 58.2964`. Such texts are counted as others, too.
    pub parted_degrees: u32,
    /// References of the British grid: `ST 5839 7114`. Such texts are counted as others, too.
    pub grid_references: u32,
    /// Numbers with four decimals or more.
    pub precise: u32,
    /// Texts that hold a place.
    pub places: u32,
    /// Of these, the ones that are no addresses of a grid of streets, such as `50 S 40 W`.
    pub exact_places: u32,
    /// Of these, the ones with an address around the place: `12 rue X (46.81, -71.21)`.
    pub places_at_addresses: u32,
    /// Texts that are plainly an address or the name of a place.
    pub addresses: u32,
    /// Words for a place that is not known.
    pub unknown_places: u32,
    /// Geometries without coordinates, such as `POINT EMPTY`, which are no values.
    pub empty_places: u32,
    /// Texts with two numbers of three decimals or more, and geometries, that are not read as a
    /// place.
    pub coordinates: u32,
    /// Texts of JSON: an object or an array.
    pub containers: u32,
    /// Web addresses.
    pub links: u32,
    /// Times of day without a date.
    pub hours: u32,
    /// Numbers that may be times of day: by digits (`0830`), with a point (`8.30`), as the part of
    /// a day (`0.354`).
    pub hour_numbers: [u32; 3],
    /// Times that are midnight.
    pub midnights: u32,
    /// Times of day on the day that a spreadsheet writes where there is none.
    pub hours_on_filler_days: u32,
    /// Integers that are one more than the integer of the row before; the first counts when it is 0
    /// or 1.
    pub counted: u32,
    /// For each filled row of the sample: its number, and a hash of the value.
    pub cells: Vec<(u32, u64)>,
    /// The first of the filled values is 0 or 1.
    counts_from_start: bool,
    last_integer: Option<i64>,
}

impl ColumnSample {
    /// Looks at a cell.
    pub fn add(&mut self, row: u32, cell: &str, clocks: &[TimeReader; 2]) {
        let text = cell.trim();
        let is_container = text.starts_with(['{', '[']) && !is_braced_key(text);
        if is_empty_geometry(text) {
            self.empty_places += 1;
            return;
        }
        if is_absent(text) || (is_container && place_text(text) == Some(PlaceText::Nothing)) {
            return;
        }
        if is_filler_date(text) {
            self.hours_on_filler_days += u32::from(is_clock_on_filler_day(text));
            self.show(text);
            return;
        }
        self.filled += 1;
        self.words += u32::from(is_word(text));
        self.no_times += u32::from(is_no_time_number(text));
        if self.rounded.is_none() && is_rounded(text) {
            self.rounded = Some(text.to_owned());
        }
        self.cells.push((row, hash(text)));
        self.containers += u32::from(is_container);
        self.links += u32::from(text.starts_with("http://") || text.starts_with("https://"));
        self.hours += u32::from(time_of_day(text, ClockStyle::Plain).is_some());
        for (count, style) in self.hour_numbers.iter_mut().zip(HOUR_NUMBERS) {
            *count += u32::from(time_of_day(text, style).is_some());
        }
        let integer = text.parse::<i64>().ok();
        let before =
            if self.filled == 1 { integer.map(|n| n.clamp(0, 1) - 1) } else { self.last_integer };
        self.counted += u32::from(integer.is_some() && integer == before.map(|n| n + 1));
        self.counts_from_start |= self.filled == 1 && matches!(integer, Some(0 | 1));
        self.last_integer = integer;
        if let Some(count) = self.distinct.get_mut(text) {
            *count += 1;
        } else if self.distinct.len() < DISTINCT_MAX {
            self.distinct.insert(text.to_owned(), 1);
            self.show(text);
        }
        let read = clocks.iter().find_map(|clock| clock.read(text).ok());
        if let Some((time, format)) = read {
            let is_digits = text.bytes().all(|b| b.is_ascii_digit() || b".,".contains(&b));
            // Keys are written so, too: `2026-147`.
            let is_number = is_digits || is_ordinal(text);
            self.times += u32::from(!is_number);
            self.number_times += u32::from(is_number && RECENT.contains(&time.second()));
            self.days += u32::from(time.day_only().is_some());
            self.midnights += u32::from(is_midnight(text));
            let style = TimeStyle::of(text, format, time.day_only().is_some());
            self.local_times += u32::from(!style.has_zone());
        }
        let has_digits = text.bytes().any(|b| b.is_ascii_digit());
        self.grid_references += u32::from(has_digits && os_grid(text).is_some());
        self.parted_degrees += u32::from(has_digits && parted_degrees(text).is_some());
        let number = if has_digits { degrees(text) } else { None };
        if let Some(number) = number {
            self.latitudes += u32::from(number.abs() <= 90.0);
            self.longitudes += u32::from(number.abs() <= 180.0);
            let decimals = text.rsplit_once(['.', ',']).map_or(0, |(_, behind)| behind.len());
            self.precise += u32::from(decimals >= 4);
        } else if read.is_none() {
            self.place(text, has_digits);
        }
        self.numbers += u32::from(has_digits && (number.is_some() || grouped(text).is_some()));
    }

    /// Looks at a text that is neither a number nor a time as a place.
    fn place(&mut self, text: &str, has_digits: bool) {
        let is_place = has_digits
            && match place_text(text) {
                // A point whose system the text does not name.
                Some(PlaceText::Pair(..)) if is_geometry(text) || text.starts_with('{') => true,
                // One projected coordinate with points of thousands: `121.400,25`.
                Some(PlaceText::Pair(..)) if is_grouped(text) => false,
                Some(PlaceText::Pair(a, b)) => {
                    let has_decimals = a.fract() != 0.0 || b.fract() != 0.0 || text.contains('.');
                    a.abs() <= 180.0 && b.abs() <= 180.0 && has_decimals
                }
                other => other.is_some(),
            };
        if is_place {
            self.places += 1;
            self.exact_places += u32::from(is_exact(text));
            let has_brackets = text.contains('(') && text_around_place(text).is_some();
            self.places_at_addresses += u32::from(has_brackets);
        } else if is_no_place_word(text) {
            self.unknown_places += 1;
        } else if is_address(text) {
            self.addresses += 1;
        } else {
            self.coordinates += u32::from(is_geometry(text) || decimals(text) >= 2);
        }
    }

    /// Keeps a value as an example.
    fn show(&mut self, text: &str) {
        if self.examples.len() < EXAMPLES {
            let example = shortened(text);
            if !self.examples.contains(&example) {
                self.examples.push(example);
            }
        }
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
    /// sample may be distinct, a fifth of a long one. Fewer than 20 rows do not show words that
    /// come again from others: there, short texts are words.
    pub fn is_vocabulary(&self) -> bool {
        let most = match self.filled {
            0..20 => self.filled,
            20..50 => self.filled.div_ceil(2),
            _ => (self.filled / 5).max(30),
        };
        let is_short = |word: &String| word.chars().count() <= WORD_CHARS;
        let are_short = self.filled >= 20 || self.distinct.keys().all(is_short);
        self.filled > 0 && self.distinct.len() <= (most.max(1) as usize).min(500) && are_short
    }

    /// Are the values only yes and no, or the points of the compass: no word of any field?
    pub fn are_flags(&self) -> bool {
        self.distinct.keys().all(|word| FLAGS.contains(&fold(word).as_str()))
    }

    /// Are the values codes of one or two signs?
    pub fn are_codes(&self) -> bool {
        self.distinct.keys().all(|word| word.chars().count() <= 2)
    }

    /// Do the values look like keys: one or two short words with a digit, of which those outside a
    /// list of their own have three signs or more?
    pub fn are_keys(&self, is_listed: bool) -> bool {
        let is_key = |text: &str| {
            let length = text.chars().count();
            let fits = (if is_listed { 1 } else { 3 }..=40).contains(&length);
            fits && !is_word(text) && text.split_whitespace().count() <= 2
        };
        let keys = self.distinct.iter().filter(|(text, _)| is_key(text)).map(|(_, count)| count);
        let counted: u32 = self.distinct.values().sum();
        f64::from(keys.sum::<u32>()) >= 0.95 * f64::from(counted.max(1))
            && self.share(self.links.max(self.containers)) < 0.5
            && (self.rounded.is_some() || self.share(self.precise) < 0.5)
    }

    /// Are the values the numbers of the rows, from 0 or 1? Numbers without a gap that begin
    /// elsewhere are the source's own.
    pub fn are_row_numbers(&self) -> bool {
        self.filled > 2 && self.counts_from_start && self.share(self.counted) >= 0.99
    }

    /// Does each value of this column nearly always come with the same value of `other`?
    pub fn determines(&self, other: &Self) -> bool {
        let others: HashMap<u32, u64> = other.cells.iter().copied().collect();
        let mut pairs: HashMap<u64, HashMap<u64, u32>> = HashMap::new();
        let mut both = 0;
        for (row, value) in &self.cells {
            if let Some(found) = others.get(row) {
                *pairs.entry(*value).or_default().entry(*found).or_default() += 1;
                both += 1;
            }
        }
        let usual: u32 = pairs.values().filter_map(|with| with.values().max()).sum();
        both * 2 > self.filled && f64::from(usual) >= 0.9 * f64::from(both)
    }

    /// The filled rows of the sample whose values are of this kind.
    pub fn rows_where(&self, is: impl Fn(&str) -> bool) -> HashSet<u32> {
        let words = self.distinct.keys().filter(|text| is(text)).map(|text| hash(text));
        let words: HashSet<u64> = words.collect();
        let rows = self.cells.iter().filter(|(_, value)| words.contains(value));
        rows.map(|(row, _)| *row).collect()
    }

    /// The texts of the filled rows of the sample.
    pub fn texts(&self) -> HashMap<u32, &str> {
        let by_hash: HashMap<u64, &str> =
            self.distinct.keys().map(|text| (hash(text), text.as_str())).collect();
        let rows = self.cells.iter();
        rows.filter_map(|(row, value)| Some((*row, *by_hash.get(value)?))).collect()
    }

    /// Are the values times of day? Numbers are, where the name says it.
    pub fn are_hours(&self, says_hour: bool) -> bool {
        if self.filled == 0 {
            return says_hour && self.hours_on_filler_days > 0;
        }
        let numbers = self.hour_numbers.iter().max().copied().unwrap_or(0);
        self.share(self.hours) >= 0.9 || (says_hour && self.share(self.hours + numbers) >= 0.9)
    }

    /// The part of the values that are words for the nature of a request: complaint, question.
    pub fn natures(&self) -> f64 {
        self.known_words(|word| nature_of_words(word).is_some())
    }

    /// The part of the values whose words are a status.
    pub fn statuses(&self) -> f64 {
        self.known_words(|word| status_of_words(word).is_some())
    }

    /// The part of the values whose words are a channel. Sentences are no names of channels.
    pub fn channels(&self) -> f64 {
        let is_name = |word: &str| word.split_whitespace().count() <= 4;
        self.known_words(|word| is_name(word) && channel_of_words(word).is_some())
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
        zones: ZoneMeanings { takes_usual: true, ..ZoneMeanings::default() },
    })
}

/// A hash of a value; two values of a sample that share one are unlikely.
fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

fn shortened(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(EXAMPLE_CHARS) {
        Some((at, _)) => format!("{}…", line.get(..at).unwrap_or_default()),
        None => line,
    }
}
