//! Whether the words of a column are parts of the city, by the places of their rows and by what
//! the words are.

#![expect(
    clippy::indexing_slicing,
    reason = "columns and their samples have one entry for each number of a column"
)]

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::domain::Catalogue;
use crate::ingest::catalogue;
use crate::ingest::column::guess::SURE;
use crate::ingest::column::words::split;
use crate::ingest::numbers::{degrees, grouped};
use crate::ingest::recognition::recognised::Recognition;

/// Rows with a place, and rows beside the number of different words, that show something.
const ROWS_MIN: usize = 20;
const FREE_MIN: usize = 10;

/// How much of the spread of all places is within the words, where these are parts of the city, at
/// most, and where they are not, at least. It is 1 if the words have nothing to do with places.
const WITHIN_PARTS: f64 = 0.6;
const WITHIN_OTHERS: f64 = 0.85;

/// The part of the words that are of one kind, at least.
const WORDS_MIN: f64 = 0.6;

/// Words of the names of parts of a city, without accents, in the languages of the sources.
const SIDES: &str = "\
    north south east west northeast northwest southeast southwest central downtown uptown midtown \
    ward district zone area sector region borough precinct quadrant side hills heights village \
    nord sud est ouest centre ville ost west mitte innenstadt altstadt norte sur sul este oeste \
    centro noreste noroeste sureste suroeste ovest noord zuid oost centrum polnoc poludnie wschod \
    zachod srodmiescie";

static GROUPS: LazyLock<Option<Catalogue>> = LazyLock::new(|| catalogue::builtin(false).ok());

impl Recognition {
    /// Are the words of a column parts of the city? The places of their rows say it, else the words
    /// themselves; `None` where neither does.
    pub fn are_parts_of_city(&self, at: usize) -> Option<bool> {
        self.are_together(at).or_else(|| self.are_words_of_parts(at))
    }

    /// Do the rows of each word lie together?
    fn are_together(&self, at: usize) -> Option<bool> {
        let places = self.sample_places();
        let words = self.values[at].texts();
        let placed: Vec<(&str, [f64; 2])> =
            words.iter().filter_map(|(row, word)| Some((*word, *places.get(row)?))).collect();
        let mut groups: HashMap<&str, Vec<[f64; 2]>> = HashMap::new();
        for (word, place) in &placed {
            groups.entry(word).or_default().push(*place);
        }
        let free = placed.len().saturating_sub(groups.len());
        if placed.len() < ROWS_MIN || groups.len() < 2 || free < FREE_MIN {
            return None;
        }
        let all = spread(placed.iter().map(|(_, place)| *place));
        let within: f64 = groups.values().map(|group| spread(group.iter().copied())).sum();
        if all <= 0.0 {
            return None;
        }
        let share = within / all * (placed.len() - 1) as f64 / free as f64;
        match share {
            ..=WITHIN_PARTS => Some(true),
            WITHIN_OTHERS.. => Some(false).filter(|_| self.are_words_of_parts(at) != Some(true)),
            _ => None,
        }
    }

    /// The places of the sample's rows, in the unit of their columns.
    fn sample_places(&self) -> HashMap<u32, [f64; 2]> {
        let of = |wanted: &str| {
            self.columns.iter().position(|column| {
                column.guess.is_some_and(|(field, sure)| field == wanted && sure >= SURE)
            })
        };
        let pair = of("lon").zip(of("lat")).or_else(|| of("x").zip(of("y")));
        let Some((east, north)) = pair else { return HashMap::new() };
        let number = |text: &str| degrees(text).or_else(|| grouped(text)).filter(|n| *n != 0.0);
        let (easts, norths) = (self.values[east].texts(), self.values[north].texts());
        let places = easts
            .iter()
            .filter_map(|(row, east)| Some((*row, [number(east)?, number(norths.get(row)?)?])));
        places.collect()
    }

    /// Are most of the words names of sides or numbers, as parts of a city have, and not those of
    /// what requests are about?
    pub fn are_words_of_parts(&self, at: usize) -> Option<bool> {
        let words = &self.values[at].distinct;
        let share = |is: &dyn Fn(&String) -> bool| {
            words.keys().filter(|word| is(word)).count() as f64 / words.len().max(1) as f64
        };
        let is_side = |word: &String| {
            let parts = split(word);
            let is_one = |part: &String| {
                SIDES.split_whitespace().any(|side| side == part)
                    || part.bytes().all(|b| b.is_ascii_digit())
            };
            parts.iter().any(is_one)
        };
        let groups = GROUPS.as_ref()?;
        let last = groups.groups().last().map_or("", |group| group.code.as_str());
        let is_topic = |word: &String| groups.guess_group(word) != last;
        match (share(&is_side), share(&is_topic)) {
            (WORDS_MIN.., _) => Some(true),
            (_, WORDS_MIN..) => Some(false),
            _ => None,
        }
    }
}

/// The sum of the squared distances of places from their middle.
fn spread(places: impl Iterator<Item = [f64; 2]> + Clone) -> f64 {
    let count = places.clone().count().max(1) as f64;
    let [x, y] = places.clone().fold([0.0, 0.0], |[x, y], place| [x + place[0], y + place[1]]);
    let middle = [x / count, y / count];
    places.map(|place| (place[0] - middle[0]).powi(2) + (place[1] - middle[1]).powi(2)).sum()
}

#[cfg(test)]
mod tests {
    use crate::ingest::recognition::words_tests::of_rows;

    fn parts(words: &[&str], place: impl Fn(usize) -> f64) -> Option<bool> {
        let found = of_rows("id,created,type,lat,lon,area", |n| {
            let word = words[n % words.len()];
            let at = place(n);
            format!("{n},2025-03-01 10:00,Kind {},{:.4},{:.4},{word}", n % 5, 52.0 + at, 5.0 + at)
        });
        found.are_parts_of_city(5)
    }

    #[test]
    fn parts_of_the_city_lie_together_and_topics_do_not() {
        let scattered = |n: usize| (n * 7 % 40) as f64 / 100.0;
        let by_word = |n: usize| (n % 4) as f64 / 10.0 + (n % 7) as f64 / 1_000.0;
        let topics = ["Roads", "Parks", "Water", "Waste"];
        let names = ["Alba", "Brena", "Corva", "Delm"];
        assert_eq!(parts(&names, by_word), Some(true));
        assert_eq!(parts(&topics, scattered), Some(false));
        assert_eq!(parts(&["North", "South", "East", "West"], scattered), Some(true));
    }
}
