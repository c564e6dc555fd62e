//! Words of column names that name a reference system of coordinates.

/// Words of names of reference systems, without numbers: `X Lambert 72` is a coordinate.
const SYSTEMS: [&str; 40] = [
    "lambert",
    "gauss",
    "gauß",
    "kruger",
    "krueger",
    "gk",
    "utm",
    "rd",
    "rijksdriehoek",
    "mtm",
    "osgb",
    "bng",
    "british",
    "national",
    "grid",
    "puwg",
    "plane",
    "stateplane",
    "spcs",
    "etrs",
    "wgs",
    "nad",
    "lv",
    "mn",
    "sweref",
    "rgf",
    "epsg",
    "l",
    "itm",
    "nztm",
    "cc",
    "cs",
    "mga",
    "gda",
    "sirgas",
    "mgi",
    "m",
    "h",
    "pl",
    "ch",
];

/// Is a word of a name the name of a reference system, with or without its number and hemisphere?
pub fn is_system(word: &str) -> bool {
    let stem = word.trim_end_matches(['n', 's']).trim_end_matches(|c: char| c.is_ascii_digit());
    let is_numbered = stem.len() < word.len();
    SYSTEMS.contains(&word) || (is_numbered && SYSTEMS.contains(&stem))
}
