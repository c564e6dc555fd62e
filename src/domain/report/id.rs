//! Identifiers of reports: the source's own ids, and tracking numbers that can be read over the
//! telephone.

use std::fmt;
use std::sync::Arc;

use crate::i18n::Message;
use crate::message;

/// A report's id within its jurisdiction: 1 to 64 printable characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ReportId(Arc<str>);

impl ReportId {
    /// Longest id, in characters.
    pub const CHARS_MAX: usize = 64;

    /// An empty id, for a report whose fields are about to be read.
    pub(super) fn blank() -> Self {
        Self(Arc::default())
    }

    /// An id that no source gave, for a report that is only counted.
    pub(in crate::domain) fn unlisted(text: &str) -> Self {
        Self(text.into())
    }

    /// Checks an id that a source gave.
    ///
    /// # Errors
    /// The id is empty, too long, or has control characters or spaces at its ends.
    pub fn new(text: &str) -> Result<Self, Message> {
        let n = Self::CHARS_MAX;
        if text.is_empty() || text.chars().count() > n {
            return Err(message!(
                "doit avoir de 1 à {n} caractères",
                "must have 1 to {n} characters"
            ));
        }
        if text.trim() != text || text.chars().any(char::is_control) {
            return Err(message!(
                "contient un caractère de contrôle, ou une espace au début ou à la fin",
                "contains a control character, or a space at its start or end"
            ));
        }
        Ok(Self(text.into()))
    }

    /// The id's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ReportId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Twenty-three characters that are not confused with one another when read or spoken: at most one
/// of 0 O Q D, of 1 I L, of 5 S, of 2 Z, of 6 G, of 8 B and of U V Y.
const ALPHABET: &[u8; 23] = b"23456789ACEFHJKMNPRTVWX";
const RANDOM_SIGNS: usize = 7;

/// Number of possible beginnings of a tracking number: its first three characters.
pub const BEGINNINGS: u64 = 23u64.pow(3);

/// The tracking number whose first three characters are given by `beginning` (below
/// [`BEGINNINGS`]) and whose other characters are given by `random`.
pub fn tracking_number_beginning(beginning: u64, random: u64) -> ReportId {
    let rests = (ALPHABET.len() as u64).pow(RANDOM_SIGNS as u32) / BEGINNINGS;
    tracking_number(beginning % BEGINNINGS + BEGINNINGS * (random % rests))
}

/// Makes a tracking number such as `4RX-7KM-PH` from `random`: seven characters (23^7 = 3.4 billion
/// numbers) and a check character. Because 23 is prime, the weighted sum detects every single wrong
/// character and every exchange of two characters (the method of ISBN-10).
pub fn tracking_number(random: u64) -> ReportId {
    let mut rest = random % (ALPHABET.len() as u64).pow(RANDOM_SIGNS as u32);
    let mut digits = [0usize; RANDOM_SIGNS + 1];
    for digit in &mut digits[..RANDOM_SIGNS] {
        *digit = (rest % ALPHABET.len() as u64) as usize;
        rest /= ALPHABET.len() as u64;
    }
    digits[RANDOM_SIGNS] = check_digit(&digits[..RANDOM_SIGNS]);
    let signs = digits.map(|digit| ALPHABET[digit] as char);
    let text: String = signs[..3].iter().chain(&['-']).chain(&signs[3..6]).chain(&['-']).collect();
    ReportId((text + &signs[6..].iter().collect::<String>()).into())
}

fn check_digit(digits: &[usize]) -> usize {
    digits.iter().enumerate().map(|(i, digit)| (i + 1) * digit).sum::<usize>() % ALPHABET.len()
}

/// The result of reading a text as a tracking number.
#[derive(Debug, PartialEq, Eq)]
pub enum TrackingText {
    /// A tracking number, in its canonical spelling.
    Valid(ReportId),
    /// Eight characters of the alphabet with a wrong check character: a typing error.
    Mistyped,
    /// Not a tracking number; perhaps a source's own id.
    Other,
}

/// Reads a tracking number in upper or lower case, with any separators or none.
pub fn read_tracking(text: &str) -> TrackingText {
    let digits: Option<Vec<usize>> = text
        .chars()
        .filter(|c| !matches!(c, '-' | ' ' | '.' | '\u{2011}'))
        .map(|c| ALPHABET.iter().position(|sign| *sign as char == c.to_ascii_uppercase()))
        .collect();
    match digits {
        Some(digits) if digits.len() == RANDOM_SIGNS + 1 => {
            if check_digit(&digits[..RANDOM_SIGNS]) != digits[RANDOM_SIGNS] {
                return TrackingText::Mistyped;
            }
            let base = ALPHABET.len() as u64;
            let random =
                digits[..RANDOM_SIGNS].iter().rev().fold(0, |n, digit| n * base + *digit as u64);
            TrackingText::Valid(tracking_number(random))
        }
        _ => TrackingText::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip_however_typed() {
        for random in [0, 1, 42, 3_404_825_446, u64::MAX] {
            let id = tracking_number(random);
            assert_eq!(id.as_str().len(), 10);
            for typed in [
                id.to_string(),
                id.as_str().to_lowercase().replace('-', ""),
                id.as_str().replace('-', " "),
            ] {
                assert_eq!(read_tracking(&typed), TrackingText::Valid(id.clone()), "{typed}");
            }
        }
        assert_eq!(read_tracking("101000295613"), TrackingText::Other);
    }

    #[test]
    fn every_single_error_and_swap_is_caught() {
        let signs: Vec<char> =
            tracking_number(1_234_567_890).as_str().replace('-', "").chars().collect();
        let mistyped =
            |s: &[char]| read_tracking(&s.iter().collect::<String>()) == TrackingText::Mistyped;
        let mut caught = 0;
        for i in 0..signs.len() {
            for other in ALPHABET.iter().map(|c| *c as char).filter(|c| *c != signs[i]) {
                let mut wrong = signs.clone();
                wrong[i] = other;
                assert!(mistyped(&wrong), "{wrong:?}");
                caught += 1;
            }
            for j in i + 1..signs.len() {
                let mut wrong = signs.clone();
                wrong.swap(i, j);
                assert!(wrong == signs || mistyped(&wrong), "{wrong:?}");
            }
        }
        assert_eq!(caught, 8 * 22);
    }

    #[test]
    fn numbers_of_one_beginning_begin_alike() {
        let one = tracking_number_beginning(77, 123_456);
        let other = tracking_number_beginning(77, 9_876_543_210);
        assert_eq!(one.as_str()[..3], other.as_str()[..3]);
        assert!(
            one != other && one.as_str()[..3] != tracking_number_beginning(78, 0).as_str()[..3]
        );
        assert_eq!(read_tracking(one.as_str()), TrackingText::Valid(one));
    }

    #[test]
    fn ids_of_sources_are_checked() {
        assert!(ReportId::new("26-120591").is_ok());
        for bad in ["", " x", "a\u{0}b", &"9".repeat(65)] {
            assert!(ReportId::new(bad).is_err(), "{bad:?}");
        }
    }
}
