//! What was noticed while rows were read: how times were written, and which words no profile knew.

use std::collections::{BTreeMap, HashMap};

use crate::domain::{Channel, ClosedReason, Status};
use crate::i18n::Message;
use crate::ingest::notes::refusal_counts::RefusalCounts;
use crate::ingest::time::style::TimeStyle;
use crate::message;
use crate::place::Position;

/// Distinct words of a field that are kept; further ones are counted together.
const WORDS_MAX: usize = 1_000;

/// Unknown words of accuracies that are shown.
const ACCURACIES: usize = 8;

/// A word of the source that its profile does not translate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotedWord {
    /// How often it came.
    pub count: u64,
    /// What it was read as, in this service's words: `open`, `closed:duplicate`, `import`.
    pub read_as: String,
    /// A list of usual words has it; otherwise it was not known at all.
    pub known: bool,
}

/// Why a row has no place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum NoPlace {
    /// The source has no column for it.
    NoColumn,
    /// The cells are empty.
    Empty,
    /// A cell holds an address and no place beside it.
    Address,
    /// A cell holds a word for a place that is not known, such as `#N/A` or `unknown`.
    Marked(String),
    /// The place is 0, 0 or an empty geometry.
    Zero,
    /// One coordinate is 0, which is far from the other places.
    OneZero,
    /// There are projected coordinates alone, of a projection that is not known.
    NoProjection,
}

impl NoPlace {
    /// What people are shown, after a count.
    pub fn shown(&self) -> Message {
        match self {
            Self::NoColumn => message!("sans colonne de lieu", "no column of places"),
            Self::Empty => message!("cellule vide", "empty cell"),
            Self::Address => message!("à l’adresse seule", "with an address alone"),
            Self::Marked(word) => message!("marquées « {word} »", "marked '{word}'"),
            Self::Zero => message!("à 0, 0 ou géométrie vide", "at 0, 0 or an empty geometry"),
            Self::OneZero => message!(
                "à la latitude ou à la longitude 0, loin de la ville",
                "at latitude 0 or longitude 0, far from the city"
            ),
            Self::NoProjection => message!("projection inconnue", "projection not known"),
        }
    }
}

/// Rows without a status of which one thing was concluded for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WithoutStatus {
    /// The word of the cell that means none, such as `N/A`, or an empty one; `None` where the
    /// source has no column of statuses.
    pub cell: Option<String>,
    /// What the rows were read as, with the reason of a closing.
    pub taken: (Status, Option<ClosedReason>),
    /// How many they are.
    pub count: u64,
}

impl WithoutStatus {
    /// Why there is no status, after a count of rows.
    pub fn reason(&self) -> Message {
        match self.cell.as_deref() {
            None => message!("sans colonne d’états", "without a column of statuses"),
            Some("") => message!("à l’état vide", "with an empty status"),
            Some(word) => message!("à l’état « {word} »", "with the status '{word}'"),
        }
    }
}

/// What was noticed in a file.
#[derive(Debug, Clone, Default)]
pub struct Notes {
    /// Times by the way they were written.
    pub times: BTreeMap<TimeStyle, u64>,
    /// Of each field of times: how many say their zone, and how many are wall clocks without one.
    pub zones: BTreeMap<&'static str, [u64; 2]>,
    /// Words of the status column that the profile does not translate.
    pub statuses: HashMap<String, NotedWord>,
    /// Words of the channel column that the profile does not translate.
    pub channels: HashMap<String, NotedWord>,
    /// Words of the column of accuracies that no list has, read as approximate.
    pub accuracies: HashMap<String, NotedWord>,
    /// Texts of columns of later times that mean none: `Pending`, 01/01/1900.
    pub no_times: HashMap<String, NotedWord>,
    /// Rows whose status was concluded from their closing time alone.
    pub closed_by_time: u64,
    /// Rows without a status, by the reason and by what they were read as.
    pub without_status: Vec<WithoutStatus>,
    /// Closing times that are not kept, because the row's status is not closed, by that status.
    pub closings_not_kept: Vec<(Status, u64)>,
    /// Rows whose longitude and latitude were exchanged, as declared by `--fix-swapped`.
    pub exchanged: u64,
    /// Rows whose place is written beside an address, in a column of both.
    pub places_at_addresses: u64,
    /// Rows of whose texts some had entities of HTML, such as `&amp;`, which were decoded.
    pub rows_with_entities: u64,
    /// Rows whose closing was read as the second of an hour that came twice.
    pub repeated_hour: u64,
    /// Why admitted rows have no place.
    pub no_place: BTreeMap<NoPlace, u64>,
    /// Rows without any value, which are passed over.
    pub empty_rows: u64,
    /// Admitted rows without an id in a source that has a column of ids.
    pub without_id: u64,
    /// The source has a column of ids.
    pub has_ids: bool,
    /// Columns that are left out, without a value in the sample and with some in later rows.
    pub late_columns: Vec<String>,
    /// The first few rows whose places lie outside the city's extent: number and place.
    pub outside: Vec<(u64, Position)>,
    /// Names of new services that no group has a word of.
    pub ungrouped: Vec<String>,
    /// What was refused, by field and reason.
    pub refusals: RefusalCounts,
    /// Sentences about how the whole file is read, French and English.
    pub sentences: Vec<Message>,
}

impl Notes {
    /// The texts of [`Self::no_times`] with their counts.
    pub fn counts_of_no_times(&self) -> BTreeMap<&str, u64> {
        self.no_times.iter().map(|(text, noted)| (text.as_str(), noted.count)).collect()
    }

    /// Counts a time of a field.
    pub(in crate::ingest) fn time(&mut self, field: &'static str, style: TimeStyle) {
        *self.times.entry(style).or_default() += 1;
        let [zoned, local] = self.zones.entry(field).or_default();
        *zoned += u64::from(style.has_zone());
        *local += u64::from(style.is_wall_clock());
    }

    /// Adds a sentence about words of the column of accuracies that are not known.
    pub(in crate::ingest) fn say_accuracies(&mut self) {
        let unknown = Self::sorted(&self.accuracies, false);
        let shown = |open: &str, close: &str| {
            let shown = unknown.iter().take(ACCURACIES);
            let shown = shown.map(|(word, noted)| format!("{open}{word}{close} ({})", noted.count));
            shown.collect::<Vec<_>>().join(", ")
        };
        let (fr, en) = (shown("« ", " »"), shown("'", "'"));
        if !unknown.is_empty() {
            self.sentences.push(message!(
                "accuracy : mots inconnus, lus comme des lieux approximatifs : {fr} ; [accuracy] \
                 d’un fichier de --mapping les explique",
                "accuracy: words not known, read as approximate places: {en}; [accuracy] in a \
                 --mapping file explains them"
            ));
        }
    }

    /// Adds a sentence about each column that has times with a zone and times without.
    pub(in crate::ingest) fn say_zones(&mut self, zone: &str) {
        for (field, [zoned, local]) in &self.zones {
            if *zoned > 0 && *local > 0 {
                self.sentences.push(message!(
                    "{field} : {zoned} heures avec Z, un décalage ou un fuseau, {local} sans : \
                     ces dernières sont lues à l’heure locale de {zone}",
                    "{field}: {zoned} times with Z, an offset or a zone, {local} without: those \
                     are read as local time of {zone}"
                ));
            }
        }
    }

    /// Counts a row whose status is missing or not known. `cell` is its text,
    /// `None` where there was none; `taken` is the status and reason that it was given.
    pub fn no_status(&mut self, cell: Option<&str>, taken: (Status, Option<ClosedReason>)) {
        let is_same = |one: &&mut WithoutStatus| one.cell.as_deref() == cell && one.taken == taken;
        match self.without_status.iter_mut().find(is_same) {
            Some(same) => same.count += 1,
            None => {
                let cell = cell.map(str::to_owned);
                self.without_status.push(WithoutStatus { cell, taken, count: 1 });
            }
        }
    }

    /// Counts a closing time that is not kept for this status.
    pub fn closing_not_kept(&mut self, status: Status) {
        match self.closings_not_kept.iter_mut().find(|(known, _)| *known == status) {
            Some((_, count)) => *count += 1,
            None => self.closings_not_kept.push((status, 1)),
        }
    }

    /// Counts a word of a field.
    pub fn word(
        words: &mut HashMap<String, NotedWord>,
        word: &str,
        read_as: impl FnOnce() -> String,
        known: bool,
    ) {
        if let Some(noted) = words.get_mut(word) {
            noted.count += 1;
        } else if words.len() < WORDS_MAX {
            words.insert(word.to_owned(), NotedWord { count: 1, read_as: read_as(), known });
        } else {
            // Further words are counted together by what they are read as.
            let read_as = read_as();
            let others = format!("{} ({read_as})", if known { "…" } else { "…?" });
            let noted = NotedWord { count: 0, read_as, known };
            words.entry(others).or_insert(noted).count += 1;
        }
    }

    /// Words that a list of usual words has, or those that none has: the most frequent first.
    pub fn sorted(words: &HashMap<String, NotedWord>, known: bool) -> Vec<(&str, &NotedWord)> {
        let wanted = words.iter().filter(|(_, noted)| noted.known == known);
        let mut wanted: Vec<_> = wanted.map(|(word, noted)| (word.as_str(), noted)).collect();
        wanted.sort_by(|a, b| b.1.count.cmp(&a.1.count).then(a.0.cmp(b.0)));
        wanted
    }
}

/// A status as profiles write it.
pub fn status_word(status: Status, reason: Option<ClosedReason>) -> String {
    match reason {
        Some(reason) if status == Status::Closed => format!("{status}:{reason}"),
        _ => status.to_string(),
    }
}

/// A channel as profiles write it.
pub fn channel_word(channel: Channel) -> String {
    channel.to_string()
}
