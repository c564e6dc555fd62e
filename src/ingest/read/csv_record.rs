//! The records of a CSV text, split into cells (RFC 4180), and what is done about its quotes that
//! are not closed.

use std::io::Read;
use std::ops::{Range, RangeInclusive};

use memchr::{memchr, memchr2};

use crate::i18n::Message;
use crate::ingest::read::csv_line::{cells_of, line_end, part, split_line};
use crate::ingest::read::open_quotes::{FarEnd, LinesAhead, SomeLines, open_cell};
use crate::ingest::read::{ROW_BYTES_MAX, unreadable};

/// Bytes that are read at once.
pub(super) const CHUNK: usize = 1 << 18;
/// Cells beyond the widest row of the table after which a record of several lines is none.
const CELLS_BEYOND_MAX: usize = 8;

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

#[derive(Default)]
struct Split {
    /// Where the next record begins.
    next: usize,
    /// Text follows a closing quote.
    is_malformed: bool,
    /// The input ends within quotes, or the record has several lines and far too many cells.
    is_unclosed: bool,
    /// Where the last quote is that text follows, from the start of the text.
    malformed: u64,
    /// The first cell that has line ends: its number, and where the quote is that closes it.
    spanning: Option<(usize, u64)>,
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
    /// Bytes of the text before the buffer.
    before: u64,
    /// What was seen of the lines ahead.
    pub(super) ahead: LinesAhead,
    is_at_end: bool,
    line: u64,
    /// The byte between cells.
    pub delimiter: u8,
    /// Each record is one cell that holds the text of all.
    pub is_wrapped: bool,
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
            before: 0,
            ahead: LinesAhead::default(),
            is_at_end: false,
            line: 1,
            delimiter: b',',
            is_wrapped: false,
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
        let text = part(&self.buffer, self.start..);
        let whole = if self.is_at_end { text.len() } else { text.len().min(CHUNK) };
        let split = text.get(..whole).unwrap_or_default().split(|b| *b == self.line_end);
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
        self.ranges.iter().map(|range| self.text.get(range.clone()).unwrap_or_default())
    }

    /// Splits the next record that is not blank; `None` at the end. `wants` are the numbers of
    /// cells that a record may have, 0 where it is not known.
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
            if part(&self.buffer, self.start..end).iter().all(u8::is_ascii_whitespace)
                && memchr(self.delimiter, part(&self.buffer, self.start..end)).is_none()
            {
                (self.start, self.line) = (next, self.line + 1);
                continue;
            }
            if memchr(b'"', part(&self.buffer, self.start..end)).is_none() {
                self.split_plain(end);
                (self.start, self.line) = (next, self.line + 1);
                return Ok(Some(Record { line, has_open_quote: false, is_too_long: false }));
            }
            if !self.is_wrapped {
                return self.split_quoted(wants).map(Some);
            }
            let record = self.split_quoted(&(1..=1))?;
            if let Some(first) = self.ranges.first().cloned()
                && self.ranges.get(1..).unwrap_or_default().iter().all(Range::is_empty)
            {
                (self.text, self.ranges) = split_line(part(&self.text, first), self.delimiter);
            }
            return Ok(Some(record));
        }
    }

    fn split_plain(&mut self, end: usize) {
        self.text.clear();
        self.ranges.clear();
        self.text.extend_from_slice(part(&self.buffer, self.start..end));
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
        let (end, next) = self.line_at(self.start)?;
        if self.is_known_open(end, next, wants) {
            return Ok(self.take_line(end, next));
        }
        let split = self.split(None, *wants.end())?;
        let (end, next) = self.line_at(self.start)?;
        if split.cut.is_some() {
            let lines = lines_between(
                &self.buffer,
                self.before,
                (self.line_end, self.delimiter),
                next..split.next,
            );
            if !self.ahead.most_fit(lines, wants) {
                return self.pass_long_record(split);
            }
        }
        let count = self.ranges.len();
        let is_bad = split.is_malformed || (*wants.end() > 0 && !wants.contains(&count));
        if split.line_ends > 0 || split.is_unclosed || split.cut.is_some() {
            let far = self.far_end(&split);
            let (cell, until) = split.spanning.unwrap_or((count, self.before + split.next as u64));
            if self.swallows(end, next, far, is_bad, wants) {
                let cells_after = count.saturating_sub(cell + 1);
                self.ahead.keep(self.before + next as u64, until, FarEnd { cells_after, ..far });
                return Ok(self.take_line(end, next));
            }
        } else if is_bad && !wants.contains(&count) {
            let literal = part(&self.buffer, self.start..end);
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

    /// The first line alone is the record, its open quote a character.
    fn take_line(&mut self, end: usize, next: usize) -> Record {
        let line = self.line;
        (self.text, self.ranges) = split_line(part(&self.buffer, self.start..end), self.delimiter);
        (self.start, self.line) = (next, line + 1);
        Record { line, has_open_quote: true, is_too_long: false }
    }

    /// How the record goes on of which this is the first split.
    fn far_end(&self, split: &Split) -> FarEnd {
        FarEnd {
            cells_after: 0,
            malformed: split.malformed,
            is_unclosed: split.is_unclosed,
            is_cut: split.cut.is_some(),
            next: self.before + split.next as u64,
        }
    }

    /// Has the first line a quote that is not closed, by what was seen before of the lines ahead?
    fn is_known_open(&mut self, end: usize, next: usize, wants: &RangeInclusive<usize>) -> bool {
        let begins = self.before + next as u64;
        let Some(far) = self.ahead.seen(begins).filter(|_| *wants.end() > 0) else { return false };
        let line = part(&self.buffer, self.start..end);
        let Some((cells, is_malformed)) = open_cell(line, self.delimiter) else { return false };
        if far.is_cut && !self.ahead.is_judged(begins) {
            let lines = lines_between(
                &self.buffer,
                self.before,
                (self.line_end, self.delimiter),
                next..(far.next - self.before) as usize,
            );
            if !self.ahead.most_fit(lines, wants) {
                return false;
            }
        }
        let is_bad = is_malformed
            || far.malformed >= begins
            || !wants.contains(&(cells + 1 + far.cells_after));
        self.swallows(end, next, far, is_bad, wants)
    }

    /// Would a record that begins with this line swallow rows after it? `is_bad` is a record that
    /// is none of the table: malformed, or of another width.
    fn swallows(
        &mut self,
        end: usize,
        next: usize,
        far: FarEnd,
        is_bad: bool,
        wants: &RangeInclusive<usize>,
    ) -> bool {
        if far.is_unclosed || far.is_cut {
            return true;
        }
        let fits = wants.contains(&cells_of(part(&self.buffer, self.start..end), self.delimiter));
        let lines = lines_between(
            &self.buffer,
            self.before,
            (self.line_end, self.delimiter),
            next..(far.next - self.before) as usize,
        );
        match (is_bad, fits) {
            (true, true) => true,
            (true, false) => self.ahead.any_fits(lines, wants),
            // A cell of several lines, each of which is as wide as the table, is none.
            (false, true) => *wants.end() > 2 && self.ahead.all_fit(lines, wants),
            (false, false) => false,
        }
    }

    /// Passes over the rest of a record that is longer than [`ROW_BYTES_MAX`], in parts of that
    /// length.
    fn pass_long_record(&mut self, mut split: Split) -> Result<Record, Message> {
        let line = self.line;
        while let Some(cut) = split.cut {
            self.line += split.line_ends;
            self.start = split.next;
            self.compact();
            split = self.split(Some(cut), 0)?;
        }
        self.ranges.clear();
        (self.start, self.line) = (split.next, self.line + 1 + split.line_ends);
        Ok(Record { line, has_open_quote: split.is_unclosed, is_too_long: true })
    }

    /// Splits what begins at `start` into cells, as far as [`ROW_BYTES_MAX`]; `within` is where the
    /// part before it was cut, and `widest` the cells that a row has at most, 0 where that is not
    /// known.
    fn split(&mut self, mut within: Option<CutIn>, widest: usize) -> Result<Split, Message> {
        self.text.clear();
        self.ranges.clear();
        let next = self.start;
        let mut split = Split { next, ..Split::default() };
        let is_whole = within.is_none();
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
            let beyond = self.ranges.len().saturating_sub(widest);
            let is_none = widest > 0 && is_whole && split.line_ends > 0;
            split.is_unclosed |= is_none && beyond > CELLS_BEYOND_MAX;
            if split.is_unclosed || split.cut.is_some() {
                self.ranges.push(from..self.text.len());
                split.next = at;
                self.ahead.examine(at - self.start);
                return Ok(split);
            }
            if split.line_ends > 0 && split.spanning.is_none() {
                split.spanning = Some((self.ranges.len(), self.before + at as u64));
            }
            let is_end = self.byte(at)? != Some(self.delimiter);
            if is_end && self.text.len() > from && self.text.ends_with(b"\r") {
                self.text.pop();
            }
            self.ranges.push(from..self.text.len());
            if is_end {
                split.next = (at + 1).min(self.buffer.len());
                self.ahead.examine(at - self.start);
                return Ok(split);
            }
            at += 1;
        }
    }

    /// Copies a cell without quotes; where its delimiter or line end is.
    fn plain(&mut self, from: usize, split: &mut Split) -> Result<usize, Message> {
        let mut at = from;
        loop {
            let found = memchr2(self.delimiter, self.line_end, part(&self.buffer, at..));
            let end = found.map_or(self.buffer.len(), |found| at + found);
            self.text.extend_from_slice(part(&self.buffer, at..end));
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
            let found = memchr(b'"', part(&self.buffer, at..));
            let end = found.map_or(self.buffer.len(), |found| at + found);
            let part = part(&self.buffer, at..end);
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
                    split.malformed = self.before + at as u64;
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
        Ok(self.buffer.get(at).copied())
    }

    /// End of the line that begins at `from`, without its line end, and where the next begins. A
    /// line longer than [`ROW_BYTES_MAX`] may be cut.
    fn line_at(&mut self, from: usize) -> Result<(usize, usize), Message> {
        let mut searched = from;
        loop {
            if let Some(found) = memchr(self.line_end, part(&self.buffer, searched..)) {
                let end = searched + found;
                let cr = end > from && self.buffer.get(end - 1) == Some(&b'\r');
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
            let found = memchr(self.line_end, part(&self.buffer, self.start..));
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
            self.before += self.start as u64;
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

/// Lines of a buffer that begins at `before`; `signs` are the line end and the delimiter.
fn lines_between(buffer: &[u8], before: u64, signs: (u8, u8), at: Range<usize>) -> SomeLines<'_> {
    let text = buffer.get(at.start.min(at.end)..at.end).unwrap_or_default();
    SomeLines { at: before + at.start as u64, text, line_end: signs.0, delimiter: signs.1 }
}
