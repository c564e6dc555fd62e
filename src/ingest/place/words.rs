//! What a text without coordinates says in a column of places: that there is no place, or an
//! address.

use crate::domain::fold;
use crate::ingest::column::words::{Concept, NameWords};
use crate::ingest::numbers::is_absent;
use crate::ingest::place::text::{is_empty_geometry, is_geometry};

/// Words and phrases by which sources say that a place is not known or not published, without
/// accents, in the languages of the sources.
const NO_PLACE: [&str; 52] = [
    "unknown",
    "unk",
    "undefined",
    "unspecified",
    "not specified",
    "not available",
    "not provided",
    "not known",
    "not geocoded",
    "no location",
    "no coordinates",
    "no geometry",
    "missing",
    "empty",
    "withheld",
    "redacted",
    "confidential",
    "inconnu",
    "inconnue",
    "non disponible",
    "non precise",
    "non localise",
    "non geolocalise",
    "manquant",
    "vide",
    "unbekannt",
    "nicht bekannt",
    "nicht verfugbar",
    "keine angabe",
    "keine koordinaten",
    "leer",
    "desconocido",
    "desconocida",
    "no disponible",
    "sin datos",
    "sin coordenadas",
    "sconosciuto",
    "sconosciuta",
    "non disponibile",
    "non specificato",
    "desconhecido",
    "desconhecida",
    "nao disponivel",
    "nao informado",
    "sem coordenadas",
    "onbekend",
    "niet beschikbaar",
    "leeg",
    "nieznany",
    "nieznana",
    "nieznane",
    "brak danych",
];

/// Signs that no address has.
const NO_ADDRESS: [char; 8] = ['{', '}', '[', ']', '=', '@', '|', '\\'];

/// Does a cell of a place say that there is none: empty, `N/A`, or a word such as `unknown`?
pub fn is_no_place(text: &str) -> bool {
    is_absent(text) || is_no_place_word(text)
}

/// Is it a word or phrase for a place that is not known?
pub fn is_no_place_word(text: &str) -> bool {
    let text = text.trim_matches(|c: char| !c.is_alphanumeric());
    let may_be = text.len() <= 24 && text.starts_with(char::is_alphabetic);
    may_be && !text.bytes().any(|b| b.is_ascii_digit()) && NO_PLACE.contains(&&*fold(text))
}

/// Is the text plainly an address or the name of a place: with a word of three letters or more, and
/// nothing that coordinates are written with?
pub fn is_address(text: &str) -> bool {
    let is_geometry = is_geometry(text) || is_empty_geometry(text);
    let has_sign = text.contains(NO_ADDRESS) || text.contains("://") || is_geometry;
    if has_sign || is_no_place(text) {
        return false;
    }
    let is_edge = |c: char| ",;:()\"'«»".contains(c);
    let in_word = |c: char| c.is_alphabetic() || "'’-".contains(c);
    let words = text.split([' ', '\t', '\n', '\r', '/']).map(|word| word.trim_matches(is_edge));
    let words = words.map(|word| word.trim_end_matches('.'));
    let mut words = words.filter(|word| {
        let letters = word.chars().filter(|c| c.is_alphabetic()).count();
        letters >= 3 && word.chars().all(in_word)
    });
    let is_label = |word: &str| {
        NameWords::of(word).has_any(&[Concept::Latitude, Concept::Longitude, Concept::Point])
    };
    words.any(|word| !is_label(word)) && decimals(text) < 2
}

/// How many numbers of the text have three decimals or more, as coordinates have.
pub fn decimals(text: &str) -> usize {
    let numbers = text.split(|c: char| !(c.is_ascii_digit() || ".,".contains(c)));
    let is_exact = |number: &&str| {
        let behind = number.trim_end_matches(['.', ',']).rsplit_once(['.', ',']);
        behind.is_some_and(|(before, behind)| !before.is_empty() && behind.len() >= 3)
    };
    numbers.filter(is_exact).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_without_coordinates() {
        for text in ["unknown", "Inconnue", " UNBEKANNT ", "(não disponível)", "N/A", ""] {
            assert!(is_no_place(text), "{text}");
            assert!(!is_address(text), "{text}");
        }
        for text in [
            "12 Main St",
            "Bahnhofplatz",
            "Rue de l'Église / 3e Avenue",
            "Parc (arrière)",
            "100 Elm Street\nSpringfield, MA",
            "Kanalgasse 7.5",
        ] {
            assert!(is_address(text) && !is_no_place(text), "{text}");
        }
        for text in [
            "8FVC9G8F+6X",
            "u33dc0",
            "33UUU9029819737",
            "///filled.count.soap",
            "POLYGON ((0 0, 1 1, 1 0))",
            "{\"a\": 1}",
            "https://maps.app.goo.gl/abc",
            "lat 52.5 long",
            "rechts 3386000.123 hoch 5811000.456",
            "B 12",
        ] {
            assert!(!is_address(text) && !is_no_place(text), "{text}");
        }
    }
}
