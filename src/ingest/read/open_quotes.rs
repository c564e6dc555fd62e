//! What was seen of a table after a line with a quote that is not closed in it. Every such line
//! needs a look ahead, as far as the next quote that closes; what is kept of the look serves the
//! lines in between, so that the work stays linear in the length of the table.

use std::ops::RangeInclusive;

use memchr::memchr;

use crate::ingest::read::ROW_BYTES_MAX;
use crate::ingest::read::csv_line::cells_of;

/// Lines by which it is decided whether a quote that is far from its end is closed at all.
const JUDGED_LINES: usize = 1_000;

/// How a record goes on after the first of its cells that has line ends within quotes.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct FarEnd {
    /// Its cells after that cell.
    pub(super) cells_after: usize,
    /// Where its last malformed quote is, 0 where there is none.
    pub(super) malformed: u64,
    /// The input ends within quotes, or the record has far too many cells.
    pub(super) is_unclosed: bool,
    /// The record goes on after [`ROW_BYTES_MAX`].
    pub(super) is_cut: bool,
    /// Where the next record begins.
    pub(super) next: u64,
}

/// What is known of the lines ahead. Positions are in bytes from the start of the text.
#[derive(Debug, Default)]
pub(super) struct LinesAhead {
    /// From `from` to `until`, no quote closes a cell that was opened before.
    from: u64,
    until: u64,
    end: FarEnd,
    /// Up to here, the lines were found to be rows of the table.
    judged: u64,
    /// The last line that was found to be as wide as the table.
    fitting: u64,
    /// All lines from the first to the second position are as wide as the table.
    all_fit: (u64, u64),
    /// Bytes that were looked at.
    #[cfg(test)]
    pub(super) examined: u64,
}

/// Lines of a table: a part of its text, where it begins, and how its lines are split.
#[derive(Clone, Copy)]
pub(super) struct SomeLines<'a> {
    pub(super) text: &'a [u8],
    pub(super) at: u64,
    pub(super) line_end: u8,
    pub(super) delimiter: u8,
}

impl<'a> SomeLines<'a> {
    /// The lines with their positions.
    fn each(self) -> impl Iterator<Item = (u64, &'a [u8])> {
        let mut at = self.at;
        self.text.split(move |b| *b == self.line_end).map(move |line| {
            let begins = at;
            at += line.len() as u64 + 1;
            (begins, line.strip_suffix(b"\r").unwrap_or(line))
        })
    }

    fn fits(self, line: &[u8], wants: &RangeInclusive<usize>) -> bool {
        wants.contains(&cells_of(line, self.delimiter))
    }
}

impl LinesAhead {
    /// Keeps that no quote closes from `from` to `until`, and how the record goes on there.
    pub(super) fn keep(&mut self, from: u64, until: u64, end: FarEnd) {
        (self.from, self.until, self.end) = (from, until, end);
    }

    /// How a record goes on with an open quote in the line that ends at `next`; `None` where that
    /// was not seen.
    pub(super) fn seen(&self, next: u64) -> Option<FarEnd> {
        let is_near = !self.end.is_cut || next < self.from + ROW_BYTES_MAX as u64 / 2;
        (self.from <= next && next <= self.until && is_near).then_some(self.end)
    }

    /// Were the lines at this position found to be rows?
    pub(super) fn is_judged(&self, next: u64) -> bool {
        next < self.judged
    }

    /// Counts bytes that were looked at.
    #[cfg(test)]
    pub(super) fn examine(&mut self, bytes: usize) {
        self.examined += bytes as u64;
    }

    /// Bytes that were looked at are counted in tests alone.
    #[cfg(not(test))]
    #[allow(clippy::unused_self)]
    pub(super) fn examine(&mut self, _bytes: usize) {}

    /// Is any of the lines as wide as the table?
    pub(super) fn any_fits(&mut self, lines: SomeLines<'_>, wants: &RangeInclusive<usize>) -> bool {
        let end = lines.at + lines.text.len() as u64;
        if *wants.end() <= 1 {
            return false;
        }
        if lines.at <= self.fitting && self.fitting < end {
            return true;
        }
        let found = lines.each().find(|(_, line)| lines.fits(line, wants));
        self.examine(
            found.map_or(lines.text.len(), |(at, line)| (at - lines.at) as usize + line.len()),
        );
        self.fitting = found.map_or(self.fitting, |(at, _)| at);
        found.is_some()
    }

    /// Are all lines as wide as the table?
    pub(super) fn all_fit(&mut self, lines: SomeLines<'_>, wants: &RangeInclusive<usize>) -> bool {
        let lines = SomeLines { text: lines.text.trim_ascii_end(), ..lines };
        let end = lines.at + lines.text.len() as u64;
        let (from, to) = self.all_fit;
        let known = if from <= lines.at && to == end { end } else { lines.at };
        let rest = SomeLines {
            text: lines.text.get((known - lines.at) as usize..).unwrap_or_default(),
            at: known,
            ..lines
        };
        self.examine(rest.text.len());
        let fit = known == end || rest.each().all(|(_, line)| lines.fits(line, wants));
        if fit {
            self.all_fit = (if known > lines.at { from } else { lines.at }, end);
        }
        fit
    }

    /// Are most of the first lines as wide as the table? Then they are rows, and no part of a cell.
    pub(super) fn most_fit(&mut self, lines: SomeLines<'_>, wants: &RangeInclusive<usize>) -> bool {
        let (mut all, mut fit, mut end) = (0, 0, lines.at);
        let filled = lines.each().filter(|(_, line)| !line.trim_ascii().is_empty());
        for (at, line) in filled.take(JUDGED_LINES) {
            all += 1;
            fit += usize::from(lines.fits(line, wants));
            end = at + line.len() as u64;
        }
        self.examine((end - lines.at) as usize);
        let are_rows = *wants.end() > 1 && fit * 2 > all;
        if are_rows {
            self.judged = end;
        }
        are_rows
    }
}

/// Of a line in which a quoted cell is not closed: its cells before that one, and whether it has a
/// malformed quote. `None` where all its quotes are closed.
pub(super) fn open_cell(line: &[u8], delimiter: u8) -> Option<(usize, bool)> {
    let (mut at, mut cells, mut is_malformed) = (0, 0, false);
    loop {
        if line.get(at) == Some(&b'"') {
            at += 1;
            loop {
                let Some(found) = line.get(at..).and_then(|rest| memchr(b'"', rest)) else {
                    return Some((cells, is_malformed));
                };
                at += found;
                if line.get(at + 1) == Some(&b'"') {
                    at += 2;
                    continue;
                }
                let rest = line.get(at + 1..).unwrap_or_default();
                let blank = |b: &&u8| matches!(b, b' ' | b'\t' | b'\r') && **b != delimiter;
                match rest.iter().find(|b| !blank(b)) {
                    None => return None,
                    Some(b) if *b == delimiter => break,
                    Some(_) => (at, is_malformed) = (at + 1, true),
                }
            }
        }
        at += memchr(delimiter, line.get(at..).unwrap_or_default())? + 1;
        cells += 1;
    }
}
