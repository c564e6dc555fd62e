//! References of Ordnance Survey's National Grid, such as `ST 5839 7114`: two letters for a square
//! of 100 km, then the digits of the easting and of the northing within it. Only a column that is
//! named after them is read so, because keys are written in the same way.

use crate::ingest::column::words::split;

/// Words of names of such columns.
const NAMES: [&str; 8] = [
    "gridref",
    "gridreference",
    "osgr",
    "ngr",
    "osgridref",
    "osgridreference",
    "osref",
    "gridrefs",
];

/// Longest reference with its blanks, in bytes.
const REFERENCE_BYTES_MAX: usize = 20;

/// The EPSG code of the British National Grid.
pub const BRITISH_GRID: u32 = 27_700;

/// Easting and northing in metres of the middle of the square that a reference of 2 to 10 digits
/// names; `None` where the text is none.
pub fn os_grid(text: &str) -> Option<(f64, f64)> {
    if text.len() > REFERENCE_BYTES_MAX || !text.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    let signs: Vec<u8> = text.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
    let [first, second, digits @ ..] = signs.as_slice() else { return None };
    let is_even = digits.len().is_multiple_of(2) && (2..=10).contains(&digits.len());
    if !is_even || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let [first, second] = [first, second].map(|letter| square(*letter));
    let (first, second) = (first?, second?);
    // The squares of the first letter have sides of 500 km; that of S begins at the origin.
    let east = (first % 5 * 5 + second % 5).checked_sub(10)?;
    let north = 19_u32.checked_sub(first / 5 * 5)?.checked_sub(second / 5)?;
    if east > 6 || north > 12 {
        return None;
    }
    let half = digits.len() / 2;
    let unit = 10_f64.powi(5 - half as i32);
    let metres = |digits: &[u8]| {
        let number = digits.iter().fold(0.0, |sum, b| sum * 10.0 + f64::from(b - b'0'));
        // A reference of five digits each is a metre wide: its corner is its point.
        number * unit + if half == 5 { 0.0 } else { unit / 2.0 }
    };
    let of_square = |squares: u32| f64::from(squares) * 100_000.0;
    Some((
        of_square(east) + metres(digits.get(..half).unwrap_or_default()),
        of_square(north) + metres(digits.get(half..).unwrap_or_default()),
    ))
}

/// The number of a letter among the 25 of the grid, which has no I.
fn square(letter: u8) -> Option<u32> {
    match letter.to_ascii_uppercase() {
        letter @ b'A'..=b'H' => Some(u32::from(letter - b'A')),
        letter @ b'J'..=b'Z' => Some(u32::from(letter - b'A') - 1),
        _ => None,
    }
}

/// Is a column of this name one of references of the grid?
pub fn names_grid(name: &str) -> bool {
    let words = split(name);
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    let is_grid = has(&["grid"]) && has(&["ref", "reference", "references"]);
    is_grid || has(&NAMES)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The ordnance datum of the mountain Ben Nevis and other published references.
    #[test]
    fn references_of_all_lengths_are_squares() {
        for (text, at) in [
            ("ST 5839 7114", (358_395.0, 171_145.0)),
            ("NN 16670 71280", (216_670.0, 771_280.0)),
            ("TQ3080", (530_500.0, 180_500.0)),
            ("tq 302 796", (530_250.0, 179_650.0)),
            ("SU 3 1", (435_000.0, 115_000.0)),
            ("HP 62 13", (462_500.0, 1_213_500.0)),
            ("SV 9 1", (95_000.0, 15_000.0)),
        ] {
            assert_eq!(os_grid(text), Some(at), "{text}");
        }
        for text in ["ST", "ST 583 7114", "SI 5839 7114", "ST 5839 711A", "AA 1234", "12 3456", ""]
        {
            assert_eq!(os_grid(text), None, "{text}");
        }
        assert!(
            ["Grid Ref", "OS Grid Reference", "NGR", "OSGR", "gridref"].into_iter().all(names_grid)
        );
        assert!(["Ref", "Grid", "Reference"].into_iter().all(|name| !names_grid(name)));
    }
}
