//! The records of a CSV text, split into cells (RFC 4180), and what is done about its quotes that
//! are not closed.

use std::io::Read;
use std::ops::{Range, RangeInclusive};

use memchr::{memchr, memchr2};

use crate::i18n::Message;
use crate::ingest::read::{ROW_BYTES_MAX, unreadable};

/// Bytes that are read at once.
pub(super) const CHUNK: usize = 1 << 18;
/// Lines by which it is decided whether a quote that is far from its end is closed at all.
const JUDGED_LINES: usize = 1_000;

/// A record, whose cells are in its [`RecordText`].
pub struct Record {
    /// Line in which it begins, from 1.
    pub line: u64,
    /// It has a quote that is not closed, which was taken as a character.
    pub has_open_quote: bool,
    /// It is longer than [`ROW_BYTES_MAX`] and has no cells.
    pub is_too_long: bool,
}

/// Where the cells of a record were cut, because it is longer than [`ROW_BYTES_MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CutIn {
    /// In a cell without quotes.
    Plain,
    /// In a cell within quotes.
    Quotes,
}

/// How the cells of a record were split.
struct Split {
    /// Where the next record begins.
    next: usize,
    /// Text follows a closing quote.
    is_malformed: bool,
    /// The input ends within quotes.
    is_unclosed: bool,
    /// The record goes on after [`ROW_BYTES_MAX`].
    cut: Option<CutIn>,
    /// Line ends within quotes.
    line_ends: u64,
}

/// Reads records from a text. Memory: twice [`ROW_BYTES_MAX`] at most.
pub struct RecordText<R> {
    input: R,
    /// What was read and not yet passed: from `start` on.
    buffer: Vec<u8>,
    start: usize,
    is_at_end: bool,
    line: u64,
    /// The byte between cells.
    pub delimiter: u8,
    /// The byte between lines: a carriage return alone in files of old.
    line_end: u8,
    text: Vec<u8>,
    ranges: Vec<Range<usize>>,
}

impl<R: Read> RecordText<R> {
    /// Begins to read.
    ///
    /// # Errors
    /// The input cannot be read.
    pub fn new(input: R) -> Result<Self, Message> {
        let mut text = Self {
            input,
            buffer: Vec::new(),
            start: 0,
            is_at_end: false,
            line: 1,
            delimiter: b',',
            line_end: b'\n',
            text: Vec::new(),
            ranges: Vec::new(),
        };
        text.fill()?;
        if text.buffer.starts_with(b"\xef\xbb\xbf") {
            text.start = 3;
        }
        text.line_end = line_end(&text.buffer);
        Ok(text)
    }

    /// The first lines, as many as have been read at once, without one that is cut.
    pub fn sample(&self, lines: usize) -> Vec<Vec<u8>> {
        let text = &self.buffer[self.start..];
        let whole = if self.is_at_end { text.len() } else { text.len().min(CHUNK) };
        let split = text[..whole].split(|b| *b == self.line_end);
        let first = split.take(lines).map(|line| line.trim_ascii_end().to_vec());
        let mut first: Vec<Vec<u8>> = first.collect();
        let is_cut = !self.is_at_end && self.buffer.len() >= CHUNK;
        if is_cut && (2..lines).contains(&first.len()) {
            first.pop();
        }
        first
    }

    /// Passes over one line.
    ///
    /// # Errors
    /// The input cannot be read.
    pub fn skip_line(&mut self) -> Result<(), Message> {
        let (_, next) = self.line_at(self.start)?;
        self.start = next;
        self.line += 1;
        Ok(())
    }

    /// The cells of the record that was read last.
    pub fn cells(&self) -> impl Iterator<Item = &[u8]> {
        self.ranges.iter().map(|range| &self.text[range.clone()])
    }

    /// Splits the next record that is not blank; `None` at the end. `wants` are the numbers of cells
    /// that a record may have, 0 where it is not known.
    ///
    /// # Errors
    /// The input cannot be read.
    pub fn next(&mut self, wants: &RangeInclusive<usize>) -> Result<Option<Record>, Message> {
        loop {
            self.compact();
            let (end, next) = self.line_at(self.start)?;
            if end == self.start && next == self.start {
                return Ok(None);
            }
            let line = self.line;
            if end - self.start > ROW_BYTES_MAX {
                return self.pass_long_line().map(Some);
            }
            if self.buffer[self.start..end].iter().all(u8::is_ascii_whitespace)
                && memchr(self.delimiter, &self.buffer[self.start..end]).is_none()
            {
                (self.start, self.line) = (next, self.line + 1);
                continue;
            }
            if memchr(b'"', &self.buffer[self.start..end]).is_none() {
                self.split_plain(end);
                (self.start, self.line) = (next, self.line + 1);
                return Ok(Some(Record { line, has_open_quote: false, is_too_long: false }));
            }
            return self.split_quoted(wants).map(Some);
        }
    }

    fn split_plain(&mut self, end: usize) {
        self.text.clear();
        self.ranges.clear();
        self.text.extend_from_slice(&self.buffer[self.start..end]);
        let mut from = 0;
        for at in memchr::memchr_iter(self.delimiter, &self.text) {
            self.ranges.push(from..at);
            from = at + 1;
        }
        self.ranges.push(from..self.text.len());
    }

    /// Splits a record with quotes and moves past it. Where a quote is not closed, only the first
    /// line is the record, and the quote a character of it.
    fn split_quoted(&mut self, wants: &RangeInclusive<usize>) -> Result<Record, Message> {
        let line = self.line;
        let split = self.split(None)?;
        let (end, next) = self.line_at(self.start)?;
        if split.cut.is_some() && !self.most_lines_fit(next, split.next, wants) {
            return self.pass_long_record(split);
        }
        let is_unclosed = split.is_unclosed || split.cut.is_some();
        let (count, is_known) = (self.ranges.len(), *wants.end() > 0);
        let is_bad = is_unclosed || split.is_malformed || (is_known && !wants.contains(&count));
        if split.line_ends > 0 || is_unclosed {
            let (text, ranges) = split_line(&self.buffer[self.start..end], self.delimiter);
            let fits = wants.contains(&ranges.len());
            let swallows = match (is_bad, fits) {
                (true, true) => true,
                (true, false) => is_unclosed || self.lines_fit(next, split.next, wants, true),
                // A cell of several lines, each of which is as wide as the table, is none.
                (false, true) => *wants.end() > 2 && self.lines_fit(next, split.next, wants, false),
                (false, false) => false,
            };
            if swallows {
                (self.text, self.ranges) = (text, ranges);
                (self.start, self.line) = (next, self.line + 1);
                return Ok(Record { line, has_open_quote: true, is_too_long: false });
            }
        } else if is_bad && !wants.contains(&count) {
            let literal = &self.buffer[self.start..end];
            if wants.contains(&literal.split(|b| *b == self.delimiter).count()) {
                self.split_plain(end);
            }
        }
        let is_too_long = split.next - self.start > ROW_BYTES_MAX;
        if is_too_long {
            self.ranges.clear();
        }
        (self.start, self.line) = (split.next, self.line + 1 + split.line_ends);
        Ok(Record { line, has_open_quote: false, is_too_long })
    }

    /// Are the lines from `from` to `to` as wide as the table: one of them, or all?
    fn lines_fit(&self, from: usize, to: usize, wants: &RangeInclusive<usize>, any: bool) -> bool {
        let text = self.buffer[from..to].trim_ascii_end();
        let mut lines = text.split(|b| *b == self.line_end);
        let fits = |line: &[u8]| wants.contains(&cells_of(line, self.delimiter));
        if any { *wants.end() > 1 && lines.any(fits) } else { lines.all(fits) }
    }

    /// Are most of the first lines from `from` to `to` as wide as the table? Then they are rows,
    /// and no part of a cell.
    fn most_lines_fit(&self, from: usize, to: usize, wants: &RangeInclusive<usize>) -> bool {
        let lines = self.buffer[from.min(to)..to].split(|b| *b == self.line_end);
        let filled = lines.filter(|line| !line.trim_ascii().is_empty()).take(JUDGED_LINES);
        let (mut all, mut fit) = (0, 0);
        for line in filled {
            all += 1;
            fit += usize::from(wants.contains(&cells_of(line, self.delimiter)));
        }
        *wants.end() > 1 && fit * 2 > all
    }

    /// Passes over the rest of a record that is longer than [`ROW_BYTES_MAX`], in parts of that
    /// length.
    fn pass_long_record(&mut self, mut split: Split) -> Result<Record, Message> {
        let line = self.line;
        while let Some(cut) = split.cut {
            self.line += split.line_ends;
            self.start = split.next;
            self.compact();
            split = self.split(Some(cut))?;
        }
        self.ranges.clear();
        (self.start, self.line) = (split.next, self.line + 1 + split.line_ends);
        Ok(Record { line, has_open_quote: split.is_unclosed, is_too_long: true })
    }

    /// Splits what begins at `start` into cells, as far as [`ROW_BYTES_MAX`]; `within` is where the
    /// part before it was cut.
    fn split(&mut self, mut within: Option<CutIn>) -> Result<Split, Message> {
        self.text.clear();
        self.ranges.clear();
        let next = self.start;
        let mut split =
            Split { next, is_malformed: false, is_unclosed: false, cut: None, line_ends: 0 };
        let mut at = self.start;
        loop {
            let from = self.text.len();
            let cell = match within.take() {
                Some(cut) => cut,
                None if self.byte(at)? == Some(b'"') => {
                    at += 1;
                    CutIn::Quotes
                }
                None => CutIn::Plain,
            };
            at = match cell {
                CutIn::Quotes => self.quoted(at, &mut split)?,
                CutIn::Plain => self.plain(at, &mut split)?,
            };
            if split.is_unclosed || split.cut.is_some() {
                self.ranges.push(from..self.text.len());
                split.next = at;
                return Ok(split);
            }
            let is_end = self.byte(at)? != Some(self.delimiter);
            if is_end && self.text.len() > from && self.text.ends_with(b"\r") {
                self.text.pop();
            }
            self.ranges.push(from..self.text.len());
            if is_end {
                split.next = (at + 1).min(self.buffer.len());
                return Ok(split);
            }
            at += 1;
        }
    }

    /// Copies a cell without quotes; where its delimiter or line end is.
    fn plain(&mut self, from: usize, split: &mut Split) -> Result<usize, Message> {
        let mut at = from;
        loop {
            let found = memchr2(self.delimiter, self.line_end, &self.buffer[at..]);
            let end = found.map_or(self.buffer.len(), |found| at + found);
            self.text.extend_from_slice(&self.buffer[at..end]);
            at = end;
            if found.is_none() && at - self.start > ROW_BYTES_MAX {
                split.cut = Some(CutIn::Plain);
                return Ok(at);
            }
            if found.is_some() || !self.fill()? {
                return Ok(at);
            }
        }
    }

    /// Copies a cell within quotes, from after the opening one; where its delimiter or line end
    /// is. A quote closes where a delimiter or a line end follows; any other is a character.
    fn quoted(&mut self, from: usize, split: &mut Split) -> Result<usize, Message> {
        let mut at = from;
        loop {
            if at - self.start > ROW_BYTES_MAX {
                split.cut = Some(CutIn::Quotes);
                return Ok(at);
            }
            let found = memchr(b'"', &self.buffer[at..]);
            let end = found.map_or(self.buffer.len(), |found| at + found);
            let part = &self.buffer[at..end];
            split.line_ends += memchr::memchr_iter(self.line_end, part).count() as u64;
            self.text.extend_from_slice(part);
            at = end;
            if found.is_none() {
                if at - self.start <= ROW_BYTES_MAX && !self.fill()? {
                    split.is_unclosed = true;
                    return Ok(at);
                }
                continue;
            }
            if self.byte(at + 1)? == Some(b'"') {
                self.text.push(b'"');
                at += 2;
                continue;
            }
            let mut after = at + 1;
            while matches!(self.byte(after)?, Some(b' ' | b'\t' | b'\r'))
                && self.byte(after)? != Some(self.delimiter)
                && self.byte(after)? != Some(self.line_end)
            {
                after += 1;
            }
            match self.byte(after)? {
                None => return Ok(after),
                Some(b) if b == self.delimiter || b == self.line_end => return Ok(after),
                Some(_) => {
                    split.is_malformed = true;
                    self.text.push(b'"');
                    at += 1;
                }
            }
        }
    }

    /// The byte at an index of the buffer, which is filled as far; `None` after the last.
    fn byte(&mut self, at: usize) -> Result<Option<u8>, Message> {
        while at >= self.buffer.len() {
            if !self.fill()? {
                return Ok(None);
            }
        }
        Ok(Some(self.buffer[at]))
    }

    /// End of the line that begins at `from`, without its line end, and where the next begins. A
    /// line longer than [`ROW_BYTES_MAX`] may be cut.
    fn line_at(&mut self, from: usize) -> Result<(usize, usize), Message> {
        let mut searched = from;
        loop {
            if let Some(found) = memchr(self.line_end, &self.buffer[searched..]) {
                let end = searched + found;
                let cr = end > from && self.buffer[end - 1] == b'\r';
                return Ok((end - usize::from(cr), end + 1));
            }
            searched = self.buffer.len();
            if searched - from > ROW_BYTES_MAX || !self.fill()? {
                return Ok((self.buffer.len(), self.buffer.len()));
            }
        }
    }

    /// Passes over a line that is longer than [`ROW_BYTES_MAX`].
    fn pass_long_line(&mut self) -> Result<Record, Message> {
        self.ranges.clear();
        loop {
            let found = memchr(self.line_end, &self.buffer[self.start..]);
            self.start = found.map_or(self.buffer.len(), |found| self.start + found + 1);
            self.compact();
            if found.is_some() || !self.fill()? {
                break;
            }
        }
        self.line += 1;
        Ok(Record { line: self.line - 1, has_open_quote: false, is_too_long: true })
    }

    /// Forgets what was passed, once it is most of the buffer.
    fn compact(&mut self) {
        if self.start > self.buffer.len() / 2 && self.start >= CHUNK / 2 {
            self.buffer.drain(..self.start);
            self.start = 0;
        }
    }

    /// Reads more; false at the end of the input.
    fn fill(&mut self) -> Result<bool, Message> {
        if self.is_at_end {
            return Ok(false);
        }
        let mut part = (&mut self.input).take(CHUNK as u64);
        let read = part.read_to_end(&mut self.buffer).map_err(unreadable)?;
        self.is_at_end = read == 0;
        Ok(read > 0)
    }
}

/// The byte between the lines of a text: a carriage return where most line ends outside of quotes
/// are one without a line feed.
fn line_end(text: &[u8]) -> u8 {
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
fn cells_of(line: &[u8], delimiter: u8) -> usize {
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
            let end = memchr(delimiter, &line[at..]).map_or(line.len(), |found| at + found);
            text.extend_from_slice(&line[at..end]);
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
        text.extend_from_slice(&line[at..at + found]);
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
