//! Columns that say how far a request is without the words of a status: by yes and no (`Resolved`),
//! by a mark (`Closed`: X), by a letter (`Open/Closed`: O, C), or by an outcome (`Disposition`).

use crate::domain::{Status, fold};
use crate::ingest::column::percent::percentages;
use crate::ingest::column::values::ColumnSample;
use crate::ingest::column::words::{Concept, NameWords, split};
use crate::ingest::status::words::status_of_words;

/// Words for yes and no in English, French, German, Dutch, Spanish, Italian, Portuguese and Polish,
/// with the numbers that programs write for them. No word is both.
const YES_NO: [(&str, &str); 24] = [
    ("yes", "no"),
    ("y", "n"),
    ("true", "false"),
    ("t", "f"),
    ("1", "0"),
    ("1.0", "0.0"),
    ("-1", "0"),
    ("on", "off"),
    ("oui", "non"),
    ("o", "n"),
    ("vrai", "faux"),
    ("ja", "nein"),
    ("j", "n"),
    ("wahr", "falsch"),
    ("ja", "nee"),
    ("waar", "onwaar"),
    ("si", "no"),
    ("s", "n"),
    ("verdadero", "falso"),
    ("vero", "falso"),
    ("v", "f"),
    ("sim", "nao"),
    ("tak", "nie"),
    ("prawda", "falsz"),
];

/// Signs by which a row is marked; rows without the sign are empty.
const MARKS: [&str; 6] = ["x", "✓", "✔", "☑", "*", "+"];

/// Beginnings of words for a request that is not closed yet.
const OPEN: [&str; 7] = ["open", "ouvert", "offen", "abiert", "apert", "abert", "otwart"];

/// Beginnings that turn a word into its contrary, as in `unresolved`.
const CONTRARY: [&str; 5] = ["un", "in", "non", "nie", "on"];

/// Words that deny the next one.
const NEGATIONS: [&str; 8] = ["not", "no", "non", "pas", "nicht", "niet", "nie", "nao"];

/// Words of a name that do not change what the others say, each between blanks.
const NEUTRAL: &str = " is are was has have been it flag indicator ind bool boolean yn tf y n j s \
                       still now currently fully est a ete ist wurde noch esta e foi ha stato czy \
                       jest encore toujours aun ancora ainda nog jeszcze work job task item ticket \
                       travaux arbeit trabajo lavoro trabalho probleme problema probleem oder ou o \
                       or und et ";

/// Certainty of yes and no under a name that says it alone, and under one with other words, which
/// may speak of something else: `Road closed`.
const BY_NAME: [f64; 2] = [0.74, 0.5];

/// Certainty of a column of outcomes whose words are mostly those of statuses, and of one of which
/// some are.
const OUTCOMES: [f64; 2] = [0.8, 0.6];

/// How a column says the status of its rows.
#[derive(Debug, Clone, PartialEq)]
pub struct StatusByName {
    /// From 0 to 1.
    pub certainty: f64,
    /// What its words mean that are no words of statuses, folded.
    pub words: Vec<(String, Status)>,
    /// The status of rows whose cell is empty, where the only other value is one sign.
    pub empty: Option<Status>,
}

/// How a column says the status, by its name and its values in a sample of `rows` rows; `None`
/// where it says none in these ways.
pub fn status_by_name(name: &str, values: &ColumnSample, rows: u32) -> Option<StatusByName> {
    let concepts = NameWords::of(name);
    let of_other = [Concept::Expected, Concept::Updated, Concept::Period, Concept::Id];
    let is_id = concepts.has(Concept::Id) && !split(name).iter().any(|word| word == "ticket");
    if values.filled == 0 || concepts.has_any(&of_other[..3]) || is_id {
        return None;
    }
    if let Some(words) = percentages(name, values) {
        return Some(StatusByName { certainty: BY_NAME[0], words, empty: None });
    }
    let sense = sense(name);
    if let Some(words) = letters(&sense, &concepts, values) {
        return Some(StatusByName { certainty: OUTCOMES[0], words, empty: None });
    }
    if let (Some(yes), true) = (sense.yes(), sense.stated) {
        let found = by_yes_and_no(yes, sense.is_sure, values, rows);
        if found.is_some() {
            return found;
        }
    }
    outcomes(&sense, &concepts, values)
}

/// What the words of a name say about yes in its column.
#[derive(Debug, Default)]
struct Sense {
    /// Initials of words for open and for closed.
    initials: [Vec<char>; 2],
    /// Some word is denied.
    is_denied: bool,
    /// No other word is in the name.
    is_sure: bool,
    /// Some word says open or closed.
    stated: bool,
}

impl Sense {
    /// The status that yes means; `None` where the name says both or nothing.
    fn yes(&self) -> Option<Status> {
        let [open, closed] = &self.initials;
        match (open.is_empty(), closed.is_empty()) {
            (true, false) if self.is_denied => Some(Status::Open),
            (true, false) => Some(Status::Closed),
            (false, true) if self.is_denied => Some(Status::Closed),
            (false, true) => Some(Status::Open),
            _ => None,
        }
    }
}

fn sense(name: &str) -> Sense {
    // Of a member of a nested record, its own name.
    let own = name.rsplit('.').find(|part| !part.trim().is_empty()).unwrap_or(name);
    let words = split(own);
    let says_yes = words.iter().any(|word| YES_NO.iter().any(|(yes, _)| yes == word));
    let mut sense = Sense { is_sure: true, ..Sense::default() };
    for word in &words {
        let is_answer = says_yes && YES_NO.iter().any(|(yes, no)| yes == word || no == word);
        let initial = || word.chars().next();
        if is_answer || NEUTRAL.contains(&format!(" {word} ")) {
        } else if NEGATIONS.contains(&word.as_str()) {
            sense.is_denied = true;
        } else if let Some(is_closed) = end_of_word(word) {
            sense.stated = true;
            let [open, closed] = &mut sense.initials;
            if is_closed { closed } else { open }.extend(initial());
        } else {
            let concepts = NameWords::of(word).concepts;
            let neutral = [Concept::Request, Concept::Status, Concept::State, Concept::Code];
            sense.is_sure &= !concepts.is_empty() && concepts.iter().all(|c| neutral.contains(c));
        }
    }
    sense
}

/// Does a word of a name say that something is closed, or that it is open?
fn end_of_word(word: &str) -> Option<bool> {
    let is_closed = |word: &str| {
        status_of_words(word) == Some((Status::Closed, None))
            || NameWords::of(word).concepts == [Concept::Closed]
    };
    if OPEN.iter().any(|stem| word.starts_with(stem)) {
        return Some(false);
    }
    let contrary = |prefix: &str| word.strip_prefix(prefix).is_some_and(is_closed);
    if CONTRARY.iter().any(|prefix| contrary(prefix)) {
        return Some(false);
    }
    is_closed(word).then_some(true)
}

/// The values are initials of the name's words for open and closed, or O and C under a name for a
/// status, beside words of statuses.
fn letters(
    sense: &Sense,
    concepts: &NameWords,
    values: &ColumnSample,
) -> Option<Vec<(String, Status)>> {
    let [mut open, mut closed] = sense.initials.clone();
    if concepts.has(Concept::Status) && open.is_empty() && closed.is_empty() {
        (open, closed) = (vec!['o'], vec!['c']);
    }
    let is_apart = !open.iter().any(|letter| closed.contains(letter));
    if open.is_empty() || closed.is_empty() || !is_apart || sense.is_denied {
        return None;
    }
    let of_letter = |word: &str| {
        let word = fold(word);
        let mut letters = word.chars();
        let letter = letters.next().filter(|_| letters.next().is_none())?;
        let is = |list: &[char]| list.contains(&letter);
        match (is(&open), is(&closed)) {
            (true, _) => Some((word, Status::Open)),
            (_, true) => Some((word, Status::Closed)),
            _ => None,
        }
    };
    let mut found: Vec<(String, Status)> =
        values.distinct.keys().filter_map(|word| of_letter(word)).collect();
    found.sort();
    found.dedup();
    let other = |word: &&String| of_letter(word).is_none() && status_of_words(word).is_none();
    let others: u32 =
        values.distinct.iter().filter(|(word, _)| other(word)).map(|(_, count)| count).sum();
    // Both letters: one alone may be the first of another word.
    let is_both = found.iter().any(|one| one.1 == Status::Open)
        && found.iter().any(|one| one.1 == Status::Closed);
    (is_both && values.share(others) <= 0.1).then_some(found)
}

/// The other of open and closed.
fn other(status: Status) -> Status {
    if status == Status::Open { Status::Closed } else { Status::Open }
}

fn by_yes_and_no(
    yes: Status,
    is_sure: bool,
    values: &ColumnSample,
    rows: u32,
) -> Option<StatusByName> {
    let (mut words, mut known, mut distinct) = (Vec::new(), 0, Vec::new());
    for (word, count) in &values.distinct {
        let word = fold(word);
        let pairs = YES_NO.iter().filter(|(yes, no)| *yes == word || *no == word);
        let before = words.len();
        // Later rows may have the other word of the pair.
        words.extend(pairs.flat_map(|(is, not)| [(*is, yes), (*not, other(yes))]));
        let mark = MARKS.iter().find(|mark| **mark == word);
        words.extend(mark.map(|mark| (*mark, yes)));
        known += if words.len() > before { *count } else { 0 };
        if !distinct.contains(&word) {
            distinct.push(word);
        }
    }
    // Other words, such as Unknown, are listed as not known; where most are, it is a doubt.
    let is_mostly_known = values.share(known) >= 0.5;
    // With times among them it may be a column of ends; so may one of zeros alone.
    let is_zero = distinct.iter().all(|word| word.starts_with('0'));
    let may_be_end = is_zero || values.times + values.number_times > 0;
    if values.share(known) < 0.1 || !values.is_vocabulary() {
        return None;
    }
    words.sort();
    words.dedup();
    let is_one_sign = distinct.len() == 1 && values.filled < rows && {
        let said =
            words.iter().find(|(word, _)| distinct.first().is_some_and(|first| first == word));
        said.is_some_and(|(_, status)| *status == yes)
    };
    let [sure, doubted] = BY_NAME;
    Some(StatusByName {
        certainty: if !is_sure || !is_mostly_known || may_be_end { doubted } else { sure },
        words: words.into_iter().map(|(word, status)| (word.to_owned(), status)).collect(),
        empty: is_one_sign.then(|| other(yes)),
    })
}

/// Words of a status under a name for an outcome or for an end.
fn outcomes(sense: &Sense, concepts: &NameWords, values: &ColumnSample) -> Option<StatusByName> {
    let is_end = concepts.has(Concept::Closed) || (sense.stated && sense.is_sure);
    let is_named = concepts.has(Concept::Outcome) || is_end;
    // A status column has its own rule; a text is not a word, and a time is another column.
    let of_other = [Concept::Status, Concept::State, Concept::Date, Concept::Text];
    if !is_named || concepts.has_any(&of_other) || !values.is_vocabulary() {
        return None;
    }
    let is_short = |word: &String| word.split_whitespace().count() <= 6;
    if values.distinct.len() < 2 || !values.distinct.keys().all(is_short) {
        return None;
    }
    let certainty = match values.statuses() {
        0.6.. => OUTCOMES[0],
        0.2.. => OUTCOMES[1],
        _ => return None,
    };
    Some(StatusByName { certainty, words: Vec::new(), empty: None })
}
