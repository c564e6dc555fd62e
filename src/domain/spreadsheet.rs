//! Texts in CSV that a spreadsheet would take for formulas.
//!
//! A spreadsheet that opens a CSV file calculates each cell that begins with `=`, `+`, `-` or `@`,
//! and a formula can send the table to a server elsewhere. A tab, a line end or a semicolon may
//! begin a new cell, too, where a spreadsheet reads the file with another delimiter. An apostrophe
//! in front makes such a cell a text in every spreadsheet. A text that has apostrophes there
//! already receives one more, so that [`restored`] is the exact inverse of [`defused`].

use std::borrow::Cow;

/// What formulas begin with; the full-width signs count as the plain ones in some spreadsheets.
const SIGNS: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

/// May a new cell begin after this byte?
const fn is_separator(byte: u8) -> bool {
    matches!(byte, b';' | b'\t' | b'\r' | b'\n')
}

/// The text as a cell of CSV that no spreadsheet calculates. Signed numbers stay numbers.
pub fn defused(text: &str) -> Cow<'_, str> {
    if is_harmless(text) || !parts(text).any(is_formula) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 2);
    for part in parts(text) {
        if is_formula(part) {
            safe.push('\'');
        }
        safe.push_str(part.1);
    }
    Cow::Owned(safe)
}

/// The text of a cell that [`defused`] made: its exact inverse for every text. Only for files that
/// this program wrote: a cell of another file may begin with an apostrophe of its own. So may one
/// of an export of an earlier version, which defused nothing and looks like ours: there a text that
/// began with an apostrophe and a formula loses the apostrophe.
pub fn restored(cell: &str) -> Cow<'_, str> {
    if is_harmless(cell) || !parts(cell).any(|part| bare(part).is_some()) {
        return Cow::Borrowed(cell);
    }
    parts(cell).map(|part| bare(part).unwrap_or(part.1)).collect::<String>().into()
}

/// The part without the apostrophe that [`defused`] put before it; `None` where it did not.
fn bare((is_first, part): (bool, &str)) -> Option<&str> {
    part.strip_prefix('\'').filter(|bare| is_formula((is_first, bare)))
}

/// Is it clear from the first byte, and from there being no separator, that nothing is to be done?
fn is_harmless(text: &str) -> bool {
    // The last is the first byte of the full-width signs.
    let may_begin = |byte: &u8| b"'=+-@\t\r\n\xef".contains(byte);
    let bytes = text.as_bytes();
    // Without a branch for each byte the compiler looks at many of them at a time.
    let has_separator = bytes.iter().fold(false, |found, byte| found | is_separator(*byte));
    !has_separator && !bytes.first().is_some_and(may_begin)
}

/// What may become cells of their own, each with the separator behind it, and whether it is the
/// first.
fn parts(text: &str) -> impl Iterator<Item = (bool, &str)> {
    let parts = text.split_inclusive(|c: char| u8::try_from(c).is_ok_and(is_separator));
    parts.enumerate().map(|(n, part)| (n == 0, part))
}

/// Would a spreadsheet calculate this part, if the apostrophes in front were not there?
fn is_formula((is_first, part): (bool, &str)) -> bool {
    let bare = part.trim_start_matches('\'');
    match bare.chars().next() {
        Some(sign) if SIGNS.contains(&sign) => !is_number(bare),
        // Spreadsheets pass over white space at the start of a cell.
        Some(space) => is_first && matches!(space, '\t' | '\r' | '\n'),
        None => false,
    }
}

/// Is it a number with its sign, such as a longitude?
fn is_number(part: &str) -> bool {
    let number = part.trim_end_matches(|c: char| u8::try_from(c).is_ok_and(is_separator));
    let digits = number.strip_prefix(['+', '-']).unwrap_or_default();
    digits.bytes().any(|byte| byte.is_ascii_digit())
        && digits.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b','))
}

#[cfg(test)]
mod tests {
    use rand::seq::IndexedRandom;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    #[test]
    fn what_begins_a_formula_gets_an_apostrophe() {
        for (text, cell) in [
            ("=1+1", "'=1+1"),
            ("+1 418 555-0100", "'+1 418 555-0100"),
            ("-cmd|' /C calc'!A0", "'-cmd|' /C calc'!A0"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t'=1"),
            ("\r=1", "'\r'=1"),
            ("＝1", "'＝1"),
            ("＠x", "'＠x"),
            ("－1", "'－1"),
            ("'=1", "''=1"),
            ("''＋1", "'''＋1"),
            ("trou;=HYPERLINK(\"http://x\")", "trou;'=HYPERLINK(\"http://x\")"),
            ("deux\n=1\r\n-x", "deux\n'=1\r\n'-x"),
            ("-", "'-"),
            ("-1+1", "'-1+1"),
        ] {
            assert_eq!(defused(text), cell);
            assert_eq!(restored(cell), text);
        }
    }

    #[test]
    fn other_texts_and_numbers_stay_as_they_are() {
        for text in [
            "",
            "-71.2079",
            "+5",
            "-71,2079",
            "46.8;-71.2",
            "'",
            "'été",
            "l'école",
            "a=b",
            "x - y",
            "2026-10-01",
            "1;2",
            "deux\nlignes",
            "\u{fffd}",
            "10 €",
        ] {
            assert_eq!(defused(text), text);
            assert_eq!(restored(text), text);
        }
        assert_eq!(restored("'-71.2"), "'-71.2", "no apostrophe of ours is before a number");
    }

    #[test]
    fn every_text_comes_back_also_with_apostrophes_of_its_own() {
        let mut rng = ChaCha8Rng::seed_from_u64(11);
        let starts = ["", "'", "''", "'''", "\t", "\r\n", "'\t", "\t'", ";'", ";", "\n''"];
        let signs = ["", "=", "+", "-", "@", "＝", "＋", "－", "＠", "=x", "-1", "'=1", "-1;=2"];
        let mut cells = std::collections::HashMap::new();
        let mut check = |text: String| {
            let cell = defused(&text).into_owned();
            assert_eq!(restored(&cell), text, "{cell:?}");
            // Two texts never share a cell.
            let other = cells.insert(cell.clone(), text.clone());
            assert!(other.is_none_or(|other| other == text), "{cell:?}");
        };
        for start in starts {
            for sign in signs {
                for end in starts {
                    check(format!("{start}{sign}{end}"));
                    check(format!("{start}{sign}{end}{sign}"));
                }
            }
        }
        // Any characters at all.
        for _ in 0..20_000 {
            let length = rng.random_range(0..12);
            let start = starts.choose(&mut rng).copied().unwrap_or_default();
            let any = (0..length).map(|_| rng.random::<char>());
            check(format!("{start}{}", any.collect::<String>()));
        }
    }

    #[test]
    fn any_text_comes_back_and_no_cell_begins_a_formula() {
        let signs: Vec<char> = "'=+-@＝－1.,; \t\r\na\"é".chars().collect();
        let mut rng = ChaCha8Rng::seed_from_u64(10);
        let mut changed = 0;
        for _ in 0..50_000 {
            let length = rng.random_range(0..9);
            let text: String = (0..length).filter_map(|_| signs.choose(&mut rng)).collect();
            let cell = defused(&text);
            assert_eq!(restored(&cell), text);
            changed += usize::from(cell != text);
            for part in cell.split([';', '\t', '\r', '\n']) {
                let is_number = part.chars().skip(1).all(|c| ",.".contains(c) || c.is_numeric());
                assert!(!part.starts_with(&SIGNS[..]) || is_number && part.len() > 1, "{text:?}");
            }
        }
        assert!(changed > 10_000, "{changed}");
    }
}
