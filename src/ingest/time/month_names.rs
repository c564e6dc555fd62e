//! Names of months and weekdays in English, French, German, Spanish, Italian, Portuguese, Dutch
//! and Polish, by their beginnings.

/// Beginnings of the months' names and abbreviations, without accents, each with its number. No
/// beginning of one month begins a name of another.
const MONTHS: [(&str, i8); 48] = [
    ("jan", 1),
    ("gen", 1),
    ("ene", 1),
    ("sty", 1),
    ("feb", 2),
    ("fev", 2),
    ("lut", 2),
    ("lute", 2),
    ("mar", 3),
    ("mrz", 3),
    ("maer", 3),
    ("maa", 3),
    ("mrt", 3),
    ("apr", 4),
    ("avr", 4),
    ("abr", 4),
    ("kwi", 4),
    ("may", 5),
    ("mai", 5),
    ("maj", 5),
    ("mei", 5),
    ("mag", 5),
    ("jun", 6),
    ("juin", 6),
    ("giu", 6),
    ("cze", 6),
    ("jul", 7),
    ("juil", 7),
    ("lug", 7),
    ("lip", 7),
    ("aug", 8),
    ("aou", 8),
    ("ago", 8),
    ("sie", 8),
    ("sep", 9),
    ("set", 9),
    ("wrz", 9),
    ("oct", 10),
    ("okt", 10),
    ("ott", 10),
    ("out", 10),
    ("paz", 10),
    ("nov", 11),
    ("lis", 11),
    ("dec", 12),
    ("dez", 12),
    ("dic", 12),
    ("gru", 12),
];

/// Beginnings of the weekdays' names and abbreviations, without accents.
const WEEKDAYS: [&str; 49] = [
    "mon", "tue", "wed", "thu", "fri", "sat", "sun", // en
    "lun", "mar", "mer", "jeu", "ven", "sam", "dim", // fr
    "mo", "di", "mi", "do", "fr", "sa", "so", // de
    "lun", "mie", "jue", "vie", "sab", "dom", "gio", // es, it
    "seg", "ter", "qua", "qui", "sex", "sab", "dom", // pt
    "ma", "wo", "vr", "za", "zo", "don", "zon", // nl
    "pon", "wto", "sro", "czw", "pia", "sob", "nie", // pl
];

/// Words between the parts of a date, without accents.
const FILLERS: [&str; 22] = [
    "de", "of", "the", "del", "den", "der", "le", "el", "il", "at", "a", "um", "om", "o", "as",
    "alle", "las", "dia", "am", "den", "godz", "les",
];

/// The month that a lower-case word without accents names.
pub fn month(word: &str) -> Option<i8> {
    MONTHS.iter().find(|(stem, _)| word.starts_with(stem)).map(|(_, month)| *month)
}

/// Is the lower-case word without accents a weekday, or a word that joins the parts of a date?
pub fn is_filler(word: &str) -> bool {
    FILLERS.contains(&word) || WEEKDAYS.iter().any(|stem| word.starts_with(stem))
}
