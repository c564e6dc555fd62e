//! What a column's name says about the column, by the words that it is made of.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::domain::fold;
pub use crate::ingest::column::concepts::Concept;
use crate::ingest::column::concepts::WORDS;
use crate::ingest::column::deadlines::{NamedTimes, says_planned};
use crate::ingest::column::ends::says_done;
use crate::ingest::column::question_names::telling_words;
use crate::ingest::reference_system::words::is_system;

/// What the words of a name mean.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NameWords {
    /// The concepts, each once, in the order of the name.
    pub concepts: Vec<Concept>,
    /// Words that no list has.
    pub unknown: u32,
    /// A program named the column: `_id`, `*id`, `:id`.
    pub is_technical: bool,
    /// The name is the word for an area and nothing else.
    pub is_bare_area: bool,
    /// It names a service and no request: its key is the code of a category.
    pub is_service: bool,
    /// It names who did something: `Closed By`, `Créée par`.
    pub is_agent: bool,
}

impl NameWords {
    /// Reads a name as its source writes it: split at signs and at `camelCase`, words written
    /// together (`SERVICEREQUESTID`, `Erstellungsdatum`) cut where the lists have all their parts.
    pub fn of(name: &str) -> Self {
        let is_technical = name.starts_with(['_', '*', ':']);
        let is_bare_area = fold(name) == "area";
        let mut words = Self { is_technical, is_bare_area, ..Self::default() };
        let parts = telling_words(name, &split(&with_number(name)));
        let says_service = |word: &str| SERVICES.iter().any(|stem| word.starts_with(stem));
        let says_request = REQUESTS.iter().any(|stem| parts.contains(stem));
        words.is_agent = says_agent(&parts);
        words.is_service = !says_request && parts.split(' ').any(says_service);
        for word in parts.split(' ').filter(|word| !word.is_empty()) {
            if word.chars().all(|c| c.is_ascii_digit()) {
                continue;
            }
            match concept(word).map(|one| vec![one]).or_else(|| compound(word)) {
                Some(concepts) => {
                    for concept in concepts {
                        if !words.has(concept) {
                            words.concepts.push(concept);
                        }
                    }
                }
                None => words.unknown += 1,
            }
        }
        if words.has_any(&[Concept::East, Concept::North]) {
            let named = parts.split(' ').filter(|word| concept(word).is_none() && is_system(word));
            words.unknown = words.unknown.saturating_sub(named.count() as u32);
        }
        words.add_planned(&parts);
        words
    }

    /// Adds what the words say together about times that are planned.
    fn add_planned(&mut self, parts: &str) {
        let named = NamedTimes {
            ends: self.has(Concept::Closed),
            dates: self.has(Concept::Date),
            begins_or_changes: self.has_any(&[Concept::Created, Concept::Updated]),
        };
        let parts: Vec<&str> = parts.split(' ').filter(|word| !word.is_empty()).collect();
        let named = NamedTimes { ends: named.ends || self.add_done(&parts, named), ..named };
        if !self.has(Concept::Expected) && says_planned(&parts, named) {
            self.concepts.push(Concept::Expected);
            self.unknown = self.unknown.saturating_sub(1);
        }
    }

    /// Adds the end that the words say together; does a name without a word for one have it now?
    fn add_done(&mut self, parts: &[&str], named: NamedTimes) -> bool {
        let is_done = !named.ends && says_done(parts, named.dates);
        if is_done {
            self.concepts.push(Concept::Closed);
            self.unknown = self.unknown.saturating_sub(1);
        }
        is_done
    }

    /// Does the name have a word of this kind?
    pub fn has(&self, concept: Concept) -> bool {
        self.concepts.contains(&concept)
    }

    /// Does it have a word of one of these kinds?
    pub fn has_any(&self, concepts: &[Concept]) -> bool {
        concepts.iter().any(|concept| self.has(*concept))
    }
}

/// Words behind which the name of a person is, at the end of a name such as `Closed By`, and words
/// for people.
const BY: [&str; 8] = ["by", "par", "von", "durch", "por", "door", "przez", "da"];
const PEOPLE: [&str; 12] = [
    "username",
    "userid",
    "employee",
    "staff",
    "operator",
    "operateur",
    "bearbeiter",
    "sachbearbeiter",
    "mitarbeiter",
    "operador",
    "operatore",
    "medewerker",
];

/// Do the words of a name say who did something?
fn says_agent(words: &str) -> bool {
    let last = words.split(' ').rfind(|word| !word.is_empty()).unwrap_or_default();
    let has_more = words.split(' ').filter(|word| !word.is_empty()).count() > 1;
    (has_more && BY.contains(&last)) || words.split(' ').any(|word| PEOPLE.contains(&word))
}

/// Beginnings of words for a service of the city, and parts of words for a request.
const SERVICES: [&str; 4] = ["serv", "svc", "dienst", "prob"];
const REQUESTS: [&str; 7] = ["req", "case", "call", "demand", "solicit", "anfrag", "richiest"];

/// Signs for a number, longer ones first.
const NUMBER_SIGNS: [&str; 5] = ["n.º", "n.°", "nº", "n°", "№"];

/// The name with the word `no` in place of a sign for a number: `N°`, `Case #`.
pub fn with_number(name: &str) -> String {
    let mut text = name.trim().to_owned();
    for sign in NUMBER_SIGNS {
        text = text.replace(sign, " no ").replace(&sign.replace('n', "N"), " no ");
    }
    if let Some(rest) = text.strip_suffix('#').or_else(|| text.strip_prefix('#')) {
        text = format!("{rest} no");
    }
    match text.strip_prefix("N.") {
        Some(rest) if rest.is_empty() || rest.starts_with(' ') => format!("no {rest}"),
        _ => text,
    }
}

/// The folded words of a name.
pub fn split(name: &str) -> Vec<String> {
    let (mut words, mut word) = (Vec::new(), String::new());
    let mut was_lower = false;
    for c in name.chars() {
        if !c.is_alphanumeric() || (c.is_uppercase() && was_lower) {
            words.push(std::mem::take(&mut word));
        }
        if c.is_alphanumeric() {
            word.push(c);
        }
        was_lower = c.is_lowercase();
    }
    words.push(word);
    words.iter().filter(|word| !word.is_empty()).map(|word| fold(word)).collect()
}

static CONCEPTS: LazyLock<HashMap<&str, Concept>> = LazyLock::new(|| {
    // Collected from the last entry to the first, because a later insertion replaces an earlier.
    let entries = WORDS.iter().rev();
    entries
        .flat_map(|(concept, list)| list.split_whitespace().map(|word| (word, *concept)))
        .collect()
});

/// Longest word that is cut into listed words, in bytes: it bounds the work for one name.
const COMPOUND_MAX: usize = 40;

/// Letters that name an axis at the end of a word.
const AXES: [&str; 2] = ["x", "y"];

fn concept(word: &str) -> Option<Concept> {
    CONCEPTS.get(word).copied()
}

/// The parts of a word that consists of listed words only, see [`parts`]; `None` also where they
/// contradict each other, as in `longest`.
fn compound(word: &str) -> Option<Vec<Concept>> {
    if word.len() > COMPOUND_MAX {
        return None;
    }
    let found = parts(word)?;
    let has = |concepts: [Concept; 2]| found.iter().any(|one| concepts.contains(one));
    let is_both =
        has([Concept::Latitude, Concept::Longitude]) && has([Concept::East, Concept::North]);
    (!is_both).then_some(found)
}

/// The parts of a word that consists of listed words only, the longest first; `None` where a part
/// is not listed. A single letter is a part at the end only, as in `coordx`, and only if it is the
/// name of an axis.
fn parts(word: &str) -> Option<Vec<Concept>> {
    if word.is_empty() {
        return Some(Vec::new());
    }
    let cuts = word.char_indices().map(|(at, c)| at + c.len_utf8()).collect::<Vec<_>>();
    cuts.into_iter().rev().find_map(|cut| {
        let (first, rest) = word.split_at(cut);
        let wanted = if rest.is_empty() { 1 } else { 2 };
        if first.chars().count() < wanted || (first.len() == 1 && !AXES.contains(&first)) {
            return None;
        }
        let mut found = vec![concept(first)?];
        found.extend(parts(rest)?);
        Some(found)
    })
}

#[cfg(test)]
mod tests {
    use Concept::{Address, Closed, Created, Date, East, Id, Longitude, North, Number, Request};

    use super::*;

    #[test]
    fn names_are_split_at_signs_capitals_and_between_listed_words() {
        for (name, concepts) in [
            ("SERVICEREQUESTID", vec![Request, Id]),
            ("DATETIMECLOSED", vec![Date, Closed]),
            ("dateCreated", vec![Date, Created]),
            ("Erstellungsdatum", vec![Created, Date]),
            ("Vorgangsnummer", vec![Request, Number]),
            ("Fecha de cierre", vec![Date, Request, Closed]),
            ("Data zamknięcia", vec![Date, Closed]),
            ("Straße", vec![Address]),
            ("SRX", vec![Request, East]),
            ("Längengrad", vec![Longitude]),
            ("Endereço", vec![Address]),
            ("meldingsnummer", vec![Request, Number]),
            ("N°", vec![Number]),
            ("Nº de dossier", vec![Number, Request]),
            ("Case #", vec![Request, Number]),
            ("N. pratica", vec![Number, Request]),
            ("N", vec![North]),
            ("Work order", vec![Request]),
            ("WORKORDERNUMBER", vec![Request, Number]),
            ("Zaaknummer", vec![Request, Number]),
        ] {
            let words = NameWords { concepts, ..NameWords::default() };
            assert_eq!(NameWords::of(name), words, "{name}");
        }
        assert!(NameWords::of("_id").is_technical && !NameWords::of("id").is_technical);
        assert_eq!(NameWords::of("platform").concepts, []);
        // `unidad` and `e`, `long` and `est`.
        assert_eq!(NameWords::of("dienste").concepts, []);
        assert_eq!(NameWords::of("longest").concepts, []);
        assert_eq!(NameWords::of("flux_capacitor").unknown, 2);
    }
}
