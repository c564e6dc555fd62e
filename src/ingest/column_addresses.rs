//! Names of columns of streets, of house numbers and of whole addresses, and texts that are house
//! numbers.

use crate::ingest::column_keys::{KeyOf, key_of};
use crate::ingest::column_words::{Concept, NameWords, split};

/// Words for a street, without accents, in English, French, German, Spanish, Catalan, Italian,
/// Portuguese, Dutch and Polish.
const STREETS: &str = "\
    street streetname rue voie strasse strassenname gasse calle carrer via strada rua logradouro \
    straat straatnaam ulica ulicy ulice road roadname";

/// Words for an address.
const ADDRESSES: &str = "\
    address addr adresse anschrift direccion direccio indirizzo endereco morada adres location \
    ubicacion lokalizacja";

/// Words for an address that lacks nothing.
const WHOLE: &str = "\
    full complete formatted complet completa completo vollstandig vollstandige volledig volledige \
    pelny pelna intera intero whole";

/// Words for a house number.
const HOUSES: &str = "\
    housenumber houseno hausnummer hausnr hnr huisnummer huisnr altura civico civique portal \
    streetnumber streetno streetnr domu casa porta puerta";

/// Longest number of a house, in digits.
const HOUSE_DIGITS_MAX: usize = 5;

fn lists(list: &str, word: &str) -> bool {
    list.split_whitespace().any(|known| known == word)
}

/// Does the name say that a column of addresses has the streets alone: `street_name`,
/// `addr:street`, but not `Street Address`?
pub(super) fn names_street(name: &str) -> bool {
    let words = split(name);
    let is_whole = words
        .iter()
        .zip(words.iter().skip(1))
        .any(|(a, b)| lists(STREETS, a) && lists(ADDRESSES, b));
    // `via` is Italian for a street, and a word for a channel.
    let of_streets = [Concept::Address, Concept::Name, Concept::Request, Concept::Channel];
    let is_known = |word: &String| {
        let concepts = NameWords::of(word);
        let is_of_street = concepts.concepts.iter().all(|one| of_streets.contains(one));
        lists(STREETS, word) || (concepts.unknown == 0 && is_of_street)
    };
    words.iter().any(|word| lists(STREETS, word)) && words.iter().all(is_known) && !is_whole
}

/// How surely the column of this name has the addresses, from 0 to 1: a whole address is better
/// than its street, and that is better than a place of any kind, such as the town (`Ort`). Words
/// that no list has take off more.
pub(super) fn address_certainty(name: &str) -> f64 {
    let words = split(name);
    let has = |list: &str| words.iter().any(|word| lists(list, word));
    // `PROBADDRESS`
    let is_compound = |word: &String| {
        ADDRESSES.split_whitespace().any(|known| known.len() > 5 && word.ends_with(known))
    };
    match () {
        () if names_street(name) => 0.79,
        () if has(WHOLE) => 0.96,
        () if has(ADDRESSES) || words.iter().any(is_compound) => 0.88,
        () if NameWords::of(name).unknown == 0 => 0.78,
        () => 0.865,
    }
}

/// Does the name say that the column has house numbers?
pub(super) fn names_house(name: &str) -> bool {
    let (words, concepts) = (split(name), NameWords::of(name));
    let is_of_street =
        || concepts.has(Concept::Number) && words.iter().any(|word| lists(STREETS, word));
    concepts.has(Concept::House) || words.iter().any(|word| lists(HOUSES, word)) || is_of_street()
}

/// Is the name a word for a number and nothing else, which beside streets is that of a house?
pub(super) fn names_number(name: &str) -> bool {
    let concepts = NameWords::of(name);
    concepts.has(Concept::Number)
        && concepts.unknown == 0
        && concepts.concepts.iter().all(|one| [Concept::Number, Concept::Request].contains(one))
        && key_of(name) == KeyOf::Plain
}

/// Is the text the number of a house, such as `12`, `12 bis`, `12-14` or `3/5A`?
pub(super) fn is_house_number(text: &str) -> bool {
    let text = text.trim();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let rest = text.get(digits..).unwrap_or_default().trim_start();
    let is_suffix = |rest: &str| {
        let mut letters = rest.chars().filter(|c| c.is_alphabetic());
        let is_short = letters.next().is_none() || letters.next().is_none();
        is_short || ["bis", "ter", "quater"].contains(&rest.to_lowercase().as_str())
    };
    let is_plain = rest.chars().all(|c| c.is_alphanumeric() || "-/. ".contains(c));
    (1..=HOUSE_DIGITS_MAX).contains(&digits)
        && rest.len() <= 8
        && rest.bytes().filter(u8::is_ascii_digit).count() < HOUSE_DIGITS_MAX
        && is_plain
        && !rest.starts_with('.')
        && is_suffix(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_of_streets_and_houses() {
        for name in ["street_name", "addr:street", "Straße", "Calle", "domicilio_calle", "Via"] {
            assert!(names_street(name), "{name}");
        }
        for name in [
            "Street Address",
            "Adresse",
            "street_number",
            "Ort",
            "STREETADDRESS",
            "Road condition",
            "Street Light Type",
        ] {
            assert!(!names_street(name), "{name}");
        }
        for name in ["street_number", "Hausnummer", "Haus-Nr.", "altura", "Numéro de voie"] {
            assert!(names_house(name), "{name}");
        }
        for name in ["Number", "N°", "Nr.", "Número"] {
            assert!(names_number(name) && !names_house(name), "{name}");
        }
        for name in ["Case Number", "Number of floors", "Numéro de lampe", "Street"] {
            assert!(!names_number(name), "{name}");
        }
        let order = ["Full address", "Address", "street_name", "Ort"].map(address_certainty);
        assert!(order.windows(2).all(|pair| pair[0] > pair[1]), "{order:?}");
        for text in ["1", "12", "12a", "12 bis", "12-14", "3/5A", "104 B", "99999"] {
            assert!(is_house_number(text), "{text}");
        }
        for text in ["", "x", "100000", "24.5", "2024-00153", "1st Street", "6e Rue", "12 abc"] {
            assert!(!is_house_number(text), "{text}");
        }
    }
}
