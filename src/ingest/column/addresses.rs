//! Names of columns of streets, of house numbers and of whole addresses, and texts that are house
//! numbers.

use crate::ingest::column::keys::{KeyOf, key_of};
use crate::ingest::column::words::{Concept, NameWords, split};

/// Words for a street, without accents, in English, French, German, Spanish, Catalan, Italian,
/// Portuguese, Dutch and Polish.
const STREETS: &str = "\
    street streetname rue voie strasse strassenname gasse calle carrer via strada rua logradouro \
    straat straatnaam ulica ulicy ulice road roadname";

/// Words for an address.
const ADDRESSES: &str = "\
    address addr adresse anschrift direccion direccio indirizzo endereco morada adres location \
    ubicacion lokalizacja adreca emplacement localizacao localizacion localitzacio \
    localizzazione localisation address1 addr1 adresse1 ortsangabe";

/// Words for an address that lacks nothing.
const WHOLE: &str = "\
    full complete formatted complet completa completo vollstandig vollstandige volledig volledige \
    pelny pelna intera intero whole";

/// Words for a house number.
const HOUSES: &str = "\
    housenumber houseno hausnummer hausnr hnr huisnummer huisnr altura civico civique portal \
    streetnumber streetno streetnr domu casa porta puerta";

/// Codes of languages, which say in which one a street's name is.
const LANGUAGES: &str = "fr en de nl es it pt pl ca";

/// Words for a part of a street's name that is before it or behind it: its direction, its kind.
const PARTS: &str = "\
    dir direction prefix predir postdir suffix sfx type typ tipo type1 suffixe richtung";

/// Words for kinds of streets in texts of addresses, in the same languages.
const KINDS: &str = "\
    street st avenue ave av road rd lane ln drive dr boulevard blvd bd court ct way terrace \
    parkway pkwy highway hwy rue allee impasse chemin quai cours strasse str gasse calle avenida \
    carrer passeig via viale corso largo rua travessa alameda straat laan ulica ul aleja";

/// Longest text of an address, in characters and in words.
const ADDRESS_CHARS_MAX: usize = 120;
const ADDRESS_WORDS_MAX: usize = 12;

/// Longest number of a house, in digits.
const HOUSE_DIGITS_MAX: usize = 5;

fn lists(list: &str, word: &str) -> bool {
    list.split_whitespace().any(|known| known == word)
}

/// Does the name say that a column of addresses has the streets alone: `street_name`,
/// `addr:street`, but not `Street Address`?
pub fn names_street(name: &str) -> bool {
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
        lists(STREETS, word) || lists(LANGUAGES, word) || (concepts.unknown == 0 && is_of_street)
    };
    words.iter().any(|word| lists(STREETS, word)) && words.iter().all(is_known) && !is_whole
}

/// How surely the column of this name has the addresses, from 0 to 1: a whole address is better
/// than its street, and that is better than a place of any kind, such as the town (`Ort`). Words
/// that no list has take off more.
pub fn address_certainty(name: &str) -> f64 {
    let words = split(name);
    let has = |list: &str| words.iter().any(|word| lists(list, word));
    // `PROBADDRESS`
    let is_compound = |word: &String| {
        ADDRESSES.split_whitespace().any(|known| known.len() > 5 && word.ends_with(known))
    };
    match () {
        () if names_street(name) => 0.79,
        () if has(WHOLE) => 0.96,
        // `Location Description`
        () if NameWords::of(name).has(Concept::Text) => 0.75,
        () if has(ADDRESSES) || words.iter().any(is_compound) => 0.88,
        () if NameWords::of(name).unknown == 0 => 0.78,
        () => 0.865,
    }
}

/// Does the name say that the column has house numbers?
pub fn names_house(name: &str) -> bool {
    let (words, concepts) = (split(name), NameWords::of(name));
    let is_place = |word: &String| lists(STREETS, word) || lists(ADDRESSES, word);
    let is_of_street = || concepts.has(Concept::Number) && words.iter().any(is_place);
    concepts.has(Concept::House) || words.iter().any(|word| lists(HOUSES, word)) || is_of_street()
}

/// Does the name say that the column has a part of streets' names: `STREET_DIR`, `Tipo de vía`?
pub fn names_street_part(name: &str) -> bool {
    let words = split(name);
    let has = |list: &str| words.iter().any(|word| lists(list, word));
    let is_known = |word: &String| {
        let is_listed = lists(STREETS, word) || lists(PARTS, word);
        is_listed || NameWords::of(word).concepts == [Concept::Request]
    };
    has(STREETS) && has(PARTS) && words.iter().all(is_known)
}

/// An address of several cells: a house or a block of houses with its street, else two streets,
/// which are an intersection. A number that a program wrote with a decimal is that of a house.
pub fn joined_address(parts: &[&str]) -> String {
    let whole = |part: &&str| part.strip_suffix(".0").map_or(*part, str::trim).to_owned();
    let has_house = parts.iter().any(|part| is_house(part));
    match has_house {
        true => parts.iter().map(whole).collect::<Vec<_>>().join(" "),
        false => parts.join(" / "),
    }
}

/// Is the text the number of a house, perhaps with a needless decimal, or of a block: `3700 BLOCK`?
pub fn is_house(text: &str) -> bool {
    let text = text.trim();
    let lower = text.to_ascii_lowercase();
    let block = lower.strip_suffix(" block").or_else(|| lower.strip_suffix(" blk"));
    is_house_number(text)
        || text.strip_suffix(".0").is_some_and(is_house_number)
        || block.is_some_and(is_house_number)
}

/// Is the text plainly an address: does it have a word for a street, and a number of a house?
pub fn is_street_address(text: &str) -> bool {
    let words = split(text);
    let is_street = |word: &String| {
        lists(KINDS, word)
            || ["strasse", "str", "straat", "weg", "gasse", "platz", "laan", "plein"]
                .iter()
                .any(|end| word.len() > end.len() + 2 && word.ends_with(end))
    };
    // `WEST 181 STREET` is a street, and `31 Rue Neuve` a house in one.
    let is_ordinal = |at: usize| {
        let kind = words.get(at + 1).is_some_and(|next| lists(KINDS, next));
        kind && words.iter().skip(at + 2).all(|word| word.len() <= 2)
    };
    let mut numbers = words.iter().enumerate().filter(|(_, word)| is_house_number(word));
    let has_number = numbers.any(|(at, _)| !is_ordinal(at));
    let is_short = text.chars().count() <= ADDRESS_CHARS_MAX && words.len() <= ADDRESS_WORDS_MAX;
    is_short && has_number && words.len() >= 2 && words.iter().any(is_street)
}

/// Is the name a word for a number and nothing else, which beside streets is that of a house?
pub fn names_number(name: &str) -> bool {
    let concepts = NameWords::of(name);
    concepts.has(Concept::Number)
        && concepts.unknown == 0
        && concepts.concepts.iter().all(|one| [Concept::Number, Concept::Request].contains(one))
        && key_of(name) == KeyOf::Plain
}

/// Is the text the number of a house, such as `12`, `12 bis`, `12-14` or `3/5A`?
pub fn is_house_number(text: &str) -> bool {
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
        for name in ["Address Number", "STREET_NUM", "location.address.number"] {
            assert!(names_house(name), "{name}");
        }
        for name in ["STREET_DIR", "STREET_TYPE", "Tipo de vía", "TIPO_VIA"] {
            assert!(names_street_part(name) && !names_street(name), "{name}");
        }
        for name in ["Nombre de vía", "location.address.streetNameFr"] {
            assert!(names_street(name) && !names_street_part(name), "{name}");
        }
        assert!(!names_street_part("Type"));
        for (parts, address) in [
            (&["61.0", "Main St"][..], "61 Main St"),
            (&["3700 BLOCK", "BROADWAY AVE"], "3700 BLOCK BROADWAY AVE"),
            (&["12", "N", "Elm", "ST"], "12 N Elm ST"),
            (&["Elm St", "Oak Ave"], "Elm St / Oak Ave"),
        ] {
            assert_eq!(joined_address(parts), address);
        }
        for text in ["12 Elm St", "Hauptstraße 5", "Calle Mayor, 7", "rue Neuve 3", "Via Roma 49"]
        {
            assert!(is_street_address(text), "{text}");
        }
        for text in ["31 Rue de Wattignies", "2250 11TH STREET N", "Kanalweg 5, 76131 Karlsruhe"] {
            assert!(is_street_address(text), "{text}");
        }
        for text in ["Pothole", "12", "Lamp 12", "181 STREET", "WEST 227 STREET", "5 AVE NW"] {
            assert!(!is_street_address(text), "{text}");
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
