//! Names of two columns that differ in the words for the east and the north alone, whatever their
//! other words: `rdx` and `rdy`, `XL93` and `YL93`, `Koord_Rechts` and `Koord_Hoch`.

use crate::domain::fold;
use crate::ingest::column::words::split;

/// Words for the east and the north, or the longitude and the latitude, without accents.
const SIDES: [[&str; 2]; 26] = [
    ["x", "y"],
    ["e", "n"],
    ["o", "n"],
    ["est", "nord"],
    ["ost", "nord"],
    ["east", "north"],
    ["este", "norte"],
    ["oost", "noord"],
    ["rechts", "hoch"],
    ["rw", "hw"],
    ["abscisse", "ordonnee"],
    ["abscissa", "ordinata"],
    ["abscisa", "ordenada"],
    ["abscissa", "ordenada"],
    ["abszisse", "ordinate"],
    ["lon", "lat"],
    ["lng", "lat"],
    ["longi", "lati"],
    ["lambda", "phi"],
    ["ol", "nb"],
    ["oosterlengte", "noorderbreedte"],
    ["lengte", "breedte"],
    ["laenge", "breite"],
    ["lange", "breite"],
    ["dl", "szer"],
    ["dlug", "szer"],
];

/// A name as it is compared.
pub struct CoordinateName {
    /// Its letters and digits.
    letters: String,
    /// Its words.
    words: Vec<String>,
}

impl CoordinateName {
    /// Of a name as its source writes it.
    pub fn of(name: &str) -> Self {
        let letters = fold(name).chars().filter(|c| c.is_alphanumeric()).collect();
        Self { letters, words: split(name) }
    }

    /// Is this the east of two coordinates of which `other` is the north?
    pub fn is_east_of(&self, other: &Self) -> bool {
        SIDES.iter().any(|[east, north]| self.is_mirrored([east, north], other))
    }

    fn is_mirrored(&self, [east, north]: [&str; 2], other: &Self) -> bool {
        let (mine, theirs) = (self.letters.as_str(), other.letters.as_str());
        let length = mine.len() + north.len();
        if length != theirs.len() + east.len() {
            return false;
        }
        // One letter is a word, or the beginning or the end of one.
        let is_word = || self.words.iter().any(|word| word == east);
        mine.match_indices(east).any(|(at, _)| {
            let (before, behind) = (
                mine.get(..at).unwrap_or_default(),
                mine.get(at + east.len()..).unwrap_or_default(),
            );
            let is_side = east.len() > 1 || before.is_empty() || behind.is_empty() || is_word();
            is_side
                && theirs.strip_prefix(before).and_then(|rest| rest.strip_prefix(north))
                    == Some(behind)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_a_pair_differ_in_their_side_alone() {
        let is_pair = |a: &str, b: &str| CoordinateName::of(a).is_east_of(&CoordinateName::of(b));
        for (east, north) in [
            ("X", "Y"),
            ("rdx", "rdy"),
            ("osx", "osy"),
            ("XL93", "YL93"),
            ("X93", "Y93"),
            ("L93X", "L93Y"),
            ("Huso30X", "Huso30Y"),
            ("COORX", "COORY"),
            ("SPX", "SPY"),
            ("EASTINGS_M", "NORTHINGS_M"),
            ("OS Eastings", "OS Northings"),
            ("Ostwert", "Nordwert"),
            ("RW", "HW"),
            ("Koord_Rechts", "Koord_Hoch"),
            ("Koord_O", "Koord_N"),
            ("Abscisse", "Ordonnée"),
            ("E32", "N32"),
            ("NB/OL OL", "NB/OL NB"),
            ("Longi", "Lati"),
            ("Dł. geogr.", "Szer. geogr."),
            ("X du lieu (L93)", "Y du lieu (L93)"),
            ("WGS84_Laenge", "WGS84_Breite"),
        ] {
            assert!(is_pair(east, north) && !is_pair(north, east), "{east} {north}");
        }
        for (one, other) in [
            ("max_size", "may_size"),
            ("x", "x"),
            ("Text", "Teyt"),
            ("rdx", "osy"),
            ("East", "Northing"),
            ("Cost", "Fee"),
        ] {
            assert!(!is_pair(one, other), "{one} {other}");
        }
    }
}
