//! Where the lines of a table end, and the cells of one line, in which a quote that does not close
//! is a character.

use std::ops::Range;
use std::slice::SliceIndex;

use memchr::memchr;

/// A part of some bytes; nothing where it goes beyond them.
pub(super) fn part<R: SliceIndex<[u8], Output = [u8]>>(bytes: &[u8], range: R) -> &[u8] {
    bytes.get(range).unwrap_or_default()
}

/// The byte between the lines of a text: a carriage return where most line ends outside of quotes
/// are one without a line feed.
pub(super) fn line_end(text: &[u8]) -> u8 {
    if memchr(b'\r', text).is_none() {
        return b'\n';
    }
    let (mut in_quotes, mut returns, mut feeds) = (false, 0_u32, 0_u32);
    for (at, byte) in text.iter().enumerate() {
        match byte {
            b'"' => in_quotes = !in_quotes,
            _ if in_quotes => {}
            b'\n' => feeds += 1,
            b'\r' if text.get(at + 1).is_some_and(|next| *next != b'\n') => returns += 1,
            _ => {}
        }
    }
    let is_return = returns > feeds || memchr(b'\n', text).is_none();
    if is_return { b'\r' } else { b'\n' }
}

/// How many cells a line has.
pub(super) fn cells_of(line: &[u8], delimiter: u8) -> usize {
    match memchr(b'"', line) {
        Some(_) => split_line(line, delimiter).1.len(),
        None => memchr::memchr_iter(delimiter, line).count() + 1,
    }
}

/// Splits one line into cells: their text and where each lies in it. A quote that does not close in
/// the line is a character.
pub fn split_line(line: &[u8], delimiter: u8) -> (Vec<u8>, Vec<Range<usize>>) {
    let (mut text, mut ranges) = (Vec::with_capacity(line.len()), Vec::new());
    let mut at = 0;
    loop {
        let from = text.len();
        at = match line.get(at) {
            Some(b'"') => closed_cell(line, at, delimiter, &mut text),
            _ => None,
        }
        .unwrap_or_else(|| {
            let end = memchr(delimiter, line.get(at..).unwrap_or_default())
                .map_or(line.len(), |found| at + found);
            text.extend_from_slice(line.get(at..end).unwrap_or_default());
            end
        });
        ranges.push(from..text.len());
        if at >= line.len() {
            return (text, ranges);
        }
        at += 1;
    }
}

/// Copies the quoted cell that begins at `from`; where it ends, or `None` where it is not closed.
fn closed_cell(line: &[u8], from: usize, delimiter: u8, text: &mut Vec<u8>) -> Option<usize> {
    let (mut at, begun) = (from + 1, text.len());
    while let Some(found) = line.get(at..).and_then(|rest| memchr(b'"', rest)) {
        text.extend_from_slice(line.get(at..at + found).unwrap_or_default());
        at += found + 1;
        match line.get(at) {
            None => return Some(at),
            Some(b) if *b == delimiter => return Some(at),
            Some(b'"') => at += 1,
            Some(_) => {}
        }
        text.push(b'"');
    }
    text.truncate(begun);
    None
}
