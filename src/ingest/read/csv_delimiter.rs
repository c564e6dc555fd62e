//! What separates the cells of a table, found from its first lines.

use crate::error::{Error, Refusal};
use crate::i18n::Message;
use crate::ingest::read::csv_line::split_line;
use crate::message;

/// Delimiters that are tried first.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];
/// Delimiters that are tried where none of the usual ones splits the lines: among them the
/// separators of ASCII and of Hive.
const RARE_DELIMITERS: [u8; 4] = [b'^', b'~', 0x1f, 0x01];
/// Lines over which a quoted cell may go on, for the delimiter to be found.
const JOINED_MAX: usize = 20;
/// Of ten lines, so many agree at least.
const AGREE: usize = 9;

/// How the lines of a table are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LineStyle {
    /// The byte between cells.
    pub(super) delimiter: u8,
    /// Each row is in quotes as a whole: one cell that holds the text of all.
    pub(super) is_wrapped: bool,
}

impl LineStyle {
    /// The style of a table with these first lines; `named` is a delimiter that was given.
    ///
    /// # Errors
    /// The cells seem to be separated by a character that is not tried.
    pub(super) fn of(lines: &[Vec<u8>], named: Option<u8>) -> Result<Self, Message> {
        let records = whole_records(lines);
        let tried = named.map_or_else(|| DELIMITERS.to_vec(), |named| vec![named]);
        let wrapped = tried.iter().filter_map(|d| Some((wrapped_width(&records, *d)?, *d)));
        // Of equals the first: `max_by_key` gives the last.
        let wrapped = Vec::from_iter(wrapped).into_iter().rev().max_by_key(|(width, _)| *width);
        if let Some((_, delimiter)) = wrapped {
            return Ok(Self { delimiter, is_wrapped: true });
        }
        let usual = || likely_delimiter(&records, &DELIMITERS);
        let delimiter =
            named.or_else(usual).or_else(|| likely_delimiter(&records, &RARE_DELIMITERS));
        match (delimiter, unknown_delimiter(lines)) {
            (Some(delimiter), _) => Ok(Self { delimiter, is_wrapped: false }),
            (None, Some(unknown)) => Err(unknown_delimiter_words(unknown)),
            (None, None) => Ok(Self { delimiter: b',', is_wrapped: false }),
        }
    }

    /// The record as a line of cells: without the quotes around all of it.
    pub(super) fn unwrapped(self, record: &[u8]) -> Vec<u8> {
        let inner = if self.is_wrapped { content_of(record, self.delimiter) } else { None };
        inner.unwrap_or_else(|| record.to_vec())
    }
}

/// What people should know of a table whose rows are in quotes as a whole.
pub(super) fn wrapped_note() -> Message {
    message!(
        "chaque ligne est entièrement entre guillemets : lue sans eux",
        "each line is in quotes as a whole: read without them"
    )
}

/// The text within the quotes around a whole record; `None` where there are several cells.
fn content_of(record: &[u8], delimiter: u8) -> Option<Vec<u8>> {
    if record.first() != Some(&b'"') {
        return None;
    }
    let (text, cells) = split_line(record.trim_ascii_end(), delimiter);
    let (first, others) = cells.split_first()?;
    let is_alone = first.len() > 1 && others.iter().all(std::ops::Range::is_empty);
    is_alone.then(|| text.get(first.clone()).unwrap_or_default().to_vec())
}

/// How many cells the records have within the quotes around each of them, where nearly all have
/// such quotes and the header, with or without them, is as wide.
fn wrapped_width(records: &[Vec<u8>], delimiter: u8) -> Option<usize> {
    let width = |line: &[u8]| split_line(line, delimiter).1.len();
    let mut filled = records.iter().filter(|record| !record.is_empty());
    let header = filled.next()?;
    let rows: Vec<Option<usize>> =
        filled.map(|row| content_of(row, delimiter).map(|inner| width(&inner))).collect();
    let header = content_of(header, delimiter).map_or_else(|| width(header), |inner| width(&inner));
    let alike = rows.iter().filter(|found| **found == Some(header)).count();
    (header > 1 && alike > 0 && alike * 10 >= rows.len() * AGREE).then_some(header)
}

/// The delimiter that a first line `sep=;` names, as Excel writes it.
pub(super) fn separator_line(line: &[u8]) -> Option<u8> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    match line.to_ascii_lowercase().strip_prefix(b"sep=") {
        Some([delimiter]) => Some(*delimiter),
        _ => None,
    }
}

/// The lines with those joined over which a quoted cell goes on, which says nothing of delimiters.
/// A quote that does not close within [`JOINED_MAX`] lines joins none.
pub(super) fn whole_records(lines: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let (mut records, mut at) = (Vec::with_capacity(lines.len()), 0);
    while at < lines.len() {
        let (mut quotes, mut joined) = (0, 1);
        for (number, line) in
            lines.get(at..).unwrap_or_default().iter().take(JOINED_MAX).enumerate()
        {
            quotes += memchr::memchr_iter(b'"', line).count();
            if quotes.is_multiple_of(2) {
                joined = number + 1;
                break;
            }
        }
        records.push(lines.get(at..at + joined).unwrap_or_default().join(&b'\n'));
        at += joined;
    }
    records
}

/// The delimiter that splits most of the records alike, and of those the one with most columns;
/// `None` where none splits any.
fn likely_delimiter(records: &[Vec<u8>], tried: &[u8]) -> Option<u8> {
    let score = |delimiter: &u8| {
        let widths: Vec<usize> =
            records.iter().map(|line| split_line(line, *delimiter).1.len()).collect();
        let alike = |width: usize| widths.iter().filter(|other| **other == width).count();
        let best = widths.iter().filter(|width| **width > 1).max_by_key(|width| alike(**width));
        let best = best.copied().unwrap_or_default();
        let share = 4 * alike(best) / widths.len().max(1);
        (if best > 1 { share + 1 } else { 0 }, best)
    };
    // Of equals the first: `max_by_key` gives the last.
    let likely = tried.iter().rev().max_by_key(|delimiter| score(delimiter));
    likely.copied().filter(|delimiter| score(delimiter).0 > 0)
}

/// A sign that comes several times in the header, and as often in nearly all lines.
fn unknown_delimiter(lines: &[Vec<u8>]) -> Option<char> {
    let texts = lines.iter().map(|line| String::from_utf8_lossy(line).into_owned());
    let texts: Vec<String> = texts.filter(|line| !line.trim().is_empty()).collect();
    let (header, rows) = texts.split_first()?;
    let times = |text: &str, sign: char| text.chars().filter(|c| *c == sign).count();
    let is_sign = |c: &char| !c.is_alphanumeric() && !c.is_whitespace() && !"\"'-_".contains(*c);
    let separates = |sign: &char| {
        let count = times(header, *sign);
        let alike = rows.iter().filter(|row| times(row, *sign) == count).count();
        count > 1 && alike > 0 && alike * 10 >= rows.len() * AGREE
    };
    header.chars().filter(is_sign).find(separates)
}

fn unknown_delimiter_words(sign: char) -> Message {
    if sign.is_ascii() && !sign.is_ascii_control() {
        return message!(
            "ses colonnes semblent séparées par « {sign} » : ajoutez --delimiter '{sign}'",
            "its columns seem to be separated by '{sign}': add --delimiter '{sign}'"
        );
    }
    message!(
        "ses colonnes semblent séparées par « {sign} », qui n’est pas lu : remplacez-le dans le \
         fichier par un point-virgule ou une tabulation (--delimiter ne prend qu’un caractère \
         ASCII)",
        "its columns seem to be separated by '{sign}', which is not read: replace it in the file \
         by a semicolon or a tab (--delimiter takes one ASCII character alone)"
    )
}

/// The byte between cells that an option names.
///
/// # Errors
/// It is not one character of ASCII, or has another meaning in CSV.
pub fn byte_of_delimiter(given: char) -> Result<u8, Error> {
    u8::try_from(given).ok().filter(u8::is_ascii).filter(|b| !b"\"\r\n".contains(b)).ok_or_else(
        || {
            let message = message!(
                "n’est pas un séparateur possible : un seul caractère ASCII",
                "cannot be a delimiter: one ASCII character alone"
            );
            Refusal::new("--delimiter", given, message).into()
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn style(text: &str) -> Result<LineStyle, String> {
        let lines: Vec<Vec<u8>> = text.lines().map(|line| line.as_bytes().to_vec()).collect();
        LineStyle::of(&lines, None).map_err(|message| message.en)
    }

    #[test]
    fn rows_in_quotes_as_a_whole_are_told_from_a_single_column() {
        for (text, delimiter) in [
            ("\"a,b,c\"\n\"1,2,3\"\n\"4,\"\"5, 6\"\",7\"", b','),
            ("a,b,c\n\"1,2,3\"\n\"4,5,6\"", b','),
            ("\"a;b;c\"\n\"1;2,5;3\"\n\"4;5,5;6\"", b';'),
            ("\"a\tb\"\n\"1\t2\"", b'\t'),
            ("\"a,b,c\",,\n\"1,2,3\",,", b','),
        ] {
            assert_eq!(style(text), Ok(LineStyle { delimiter, is_wrapped: true }), "{text}");
        }
        for text in [
            "\"address\"\n\"1 Elm, Springfield\"\n\"2 Elm, Springfield\"",
            "\"a\",\"b\"\n\"1\",\"2\"",
            "a,b\n\"1, x\",2",
        ] {
            let found = style(text).unwrap();
            assert!(!found.is_wrapped && found.delimiter == b',', "{text}");
        }
    }

    #[test]
    fn rare_delimiters_are_found_and_others_are_named() {
        for (sign, delimiter) in [("^", b'^'), ("~", b'~'), ("\u{1f}", 0x1f), (",", b',')] {
            let text = "id,time,kind\n1,10:00:00,a b\n2,11:00:00,c".replace(',', sign);
            assert_eq!(style(&text), Ok(LineStyle { delimiter, is_wrapped: false }), "{text}");
        }
        for (sign, word) in [("#", "--delimiter '#'"), ("§", "replace it"), ("¦", "replace it")] {
            let text = "id,time,kind\n1,10:00:00,a b\n2,11:00:00,c".replace(',', sign);
            let said = style(&text).unwrap_err();
            assert!(said.contains(word) && said.contains(&format!("'{sign}'")), "{said}");
        }
        assert!(style("notes\nfine (today)\nbad (yesterday)").is_ok());
    }
}
