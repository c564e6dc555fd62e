//! Names of columns that hold times of day.

use crate::ingest::column::words::{Concept, NameWords, split};

/// Words for the time of day, without accents.
const HOURS: [&str; 20] = [
    "time",
    "hour",
    "clock",
    "heure",
    "horaire",
    "uhrzeit",
    "zeit",
    "uhr",
    "hora",
    "horario",
    "ora",
    "orario",
    "tijd",
    "tijdstip",
    "tijdstippen",
    "uur",
    "godzina",
    "godz",
    "czas",
    "hhmm",
];

/// Does a name say that its column holds times of day, and nothing of another kind, such as a
/// duration?
pub fn names_hour(name: &str) -> bool {
    are_hour_words(&split(name))
}

/// Does the name say it of the same time as the name of the day, as `TIME OCC` beside `DATE OCC`?
pub fn names_hour_of(name: &str, day: &str) -> bool {
    let (mut words, of_day) = (split(name), split(day));
    words.retain(|word| HOURS.contains(&word.as_str()) || !of_day.contains(word));
    are_hour_words(&words)
}

fn are_hour_words(words: &[String]) -> bool {
    let hour = words.iter().position(|word| HOURS.contains(&word.as_str()));
    let others = words.iter().enumerate().filter(|(at, _)| Some(*at) != hour);
    let neutral =
        [Concept::Created, Concept::Closed, Concept::Date, Concept::Request, Concept::Period];
    let is_neutral = |word: &String| {
        let concepts = NameWords::of(word).concepts;
        // `call` and `local` are words of requests and of zones.
        matches!(word.as_str(), "local" | "locale") || {
            !concepts.is_empty() && concepts.iter().all(|concept| neutral.contains(concept))
        }
    };
    hour.is_some() && others.map(|(_, word)| word).all(is_neutral)
}
