//! A latitude and a longitude after their names: `lat: 52.5, lon: 13.4`.

use std::ops::Range;

use crate::ingest::column::words::{Concept, NameWords};
use crate::ingest::numbers::degrees;

/// What a text with names says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Labelled {
    /// Longitude and latitude.
    LonLat(f64, f64),
    /// Two numbers after a word for places, such as `GPS`, which names no order.
    Pair(f64, f64),
}

/// Reads numbers after the names of a latitude and a longitude in any order, or after both, as in
/// `lat/lon: 52.5, 13.4`. `pair` reads two numbers. `None` where the text has any other word.
pub fn labelled(text: &str, pair: impl Fn(&str) -> Option<(f64, f64)>) -> Option<Labelled> {
    let mut labels: Vec<(Concept, Range<usize>)> = Vec::new();
    let mut begin = 0;
    for word in words(text) {
        let concepts = NameWords::of(text.get(word.clone()).unwrap_or_default()).concepts;
        match concepts.as_slice() {
            [concept @ (Concept::Latitude | Concept::Longitude)] => labels.push((*concept, word)),
            [Concept::Point] if labels.is_empty() => begin = word.end,
            _ => return None,
        }
    }
    let value =
        |from: usize, to: usize| text.get(from..to).unwrap_or_default().trim_matches(is_edge);
    match labels.as_slice() {
        [] if begin > 0 => {
            let (first, second) = pair(value(begin, text.len()))?;
            Some(Labelled::Pair(first, second))
        }
        [(one, first), (other, second)] if one != other => {
            let is_before_both = value(begin, first.start).is_empty();
            let values = (value(first.end, second.start), value(second.end, text.len()));
            let numbers = match values {
                ("", both) => pair(both)?,
                (one, other) => (degrees(one)?, degrees(other)?),
            };
            let (a, b) = numbers;
            is_before_both.then_some(match one {
                Concept::Latitude => Labelled::LonLat(b, a),
                _ => Labelled::LonLat(a, b),
            })
        }
        _ => None,
    }
}

/// Signs between a name and its number, and between the two.
fn is_edge(c: char) -> bool {
    c.is_whitespace() || ":=,;|/&()[]{}\"'".contains(c)
}

/// Where the words of two letters or more are: a single one is a hemisphere.
fn words(text: &str) -> Vec<Range<usize>> {
    let (mut words, mut from) = (Vec::new(), None);
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        match (c.is_alphabetic(), from) {
            (true, None) => from = Some(at),
            (false, Some(begun)) => {
                if text.get(begun..at).unwrap_or_default().chars().count() > 1 {
                    words.push(begun..at);
                }
                from = None;
            }
            _ => {}
        }
    }
    words
}
