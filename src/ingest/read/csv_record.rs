//! The records of a CSV text, split into cells (RFC 4180), and what is done about its quotes that
//! are not closed.

use std::io::Read;
use std::ops::Range;

use memchr::{memchr, memchr2};

use crate::i18n::Message;
use crate::ingest::read::{ROW_BYTES_MAX, unreadable};

/// Bytes that are read at once.
const CHUNK: usize = 1 << 18;

/// A record, whose cells are in its [`RecordText`].
pub struct Record {
    /// Line in which it begins, from 1.
    pub line: u64,
    /// It has a quote that is not closed, which was taken as a character.
    pub has_open_quote: bool,
    /// It is longer than [`ROW_BYTES_MAX`] and has no cells.
    pub is_too_long: bool,
}

/// How the cells of a record were split.
struct Split {
    /// Where the next record begins.
    next: usize,
    /// Text follows a closing quote.
    is_malformed: bool,
    /// The input ends, or [`ROW_BYTES_MAX`] is reached, within quotes.
    is_unclosed: bool,
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

    /// The first lines, as many as have been read at once.
    pub fn sample(&self, lines: usize) -> Vec<Vec<u8>> {
        let text = &self.buffer[self.start..];
        let whole = if self.is_at_end { text.len() } else { text.len().min(CHUNK) };
        let split = text[..whole].split(|b| *b == self.line_end);
        split.take(lines).map(|line| line.trim_ascii_end().to_vec()).collect()
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

    /// Splits the next record that is not blank; `None` at the end. `wants` is the number of cells
    /// of a record, 0 where it is not known.
    ///
    /// # Errors
    /// The input cannot be read.
    pub fn next(&mut self, wants: usize) -> Result<Option<Record>, Message> {
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
            let has_open_quote = self.split_quoted(wants)?;
            return Ok(Some(Record { line, has_open_quote, is_too_long: false }));
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

    /// Splits a record with quotes and moves past it; true where a quote is not closed. Then only
    /// the first line is the record, and the quote a character of it.
    fn split_quoted(&mut self, wants: usize) -> Result<bool, Message> {
        let split = self.split()?;
        let (end, next) = self.line_at(self.start)?;
        let count = self.ranges.len();
        let is_bad = split.is_unclosed || split.is_malformed || (wants > 0 && count != wants);
        if split.line_ends > 0 || split.is_unclosed {
            let (text, ranges) = split_line(&self.buffer[self.start..end], self.delimiter);
            let fits = ranges.len() == wants;
            let swallows = match (is_bad, fits) {
                (true, true) => true,
                (true, false) => split.is_unclosed || self.lines_fit(next, split.next, wants, true),
                // A cell of several lines, each of which is as wide as the table, is none.
                (false, true) => wants > 2 && self.lines_fit(next, split.next, wants, false),
                (false, false) => false,
            };
            if swallows {
                (self.text, self.ranges) = (text, ranges);
                (self.start, self.line) = (next, self.line + 1);
                return Ok(true);
            }
        } else if is_bad && count != wants {
            let line = &self.buffer[self.start..end];
            let literal = line.split(|b| *b == self.delimiter).count();
            if literal == wants {
                self.split_plain(end);
            }
        }
        (self.start, self.line) = (split.next, self.line + 1 + split.line_ends);
        Ok(false)
    }

    /// Are the lines from `from` to `to` as wide as the table: one of them, or all?
    fn lines_fit(&self, from: usize, to: usize, wants: usize, any: bool) -> bool {
        let text = self.buffer[from..to].trim_ascii_end();
        let mut lines = text.split(|b| *b == self.line_end);
        let fits = |line: &[u8]| split_line(line, self.delimiter).1.len() == wants;
        if any { wants > 1 && lines.any(fits) } else { lines.all(fits) }
    }

    /// Splits what begins at `start` into cells.
    fn split(&mut self) -> Result<Split, Message> {
        self.text.clear();
        self.ranges.clear();
        let mut split =
            Split { next: self.start, is_malformed: false, is_unclosed: false, line_ends: 0 };
        let mut at = self.start;
        loop {
            let from = self.text.len();
            if self.byte(at)? == Some(b'"') {
                at = self.quoted(at + 1, &mut split)?;
                if split.is_unclosed {
                    self.ranges.push(from..self.text.len());
                    split.next = at;
                    return Ok(split);
                }
            } else {
                at = self.plain(at)?;
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
    fn plain(&mut self, from: usize) -> Result<usize, Message> {
        let mut at = from;
        loop {
            let found = memchr2(self.delimiter, self.line_end, &self.buffer[at..]);
            let end = found.map_or(self.buffer.len(), |found| at + found);
            self.text.extend_from_slice(&self.buffer[at..end]);
            at = end;
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
            let found = memchr(b'"', &self.buffer[at..]);
            let end = found.map_or(self.buffer.len(), |found| at + found);
            let part = &self.buffer[at..end];
            split.line_ends += memchr::memchr_iter(self.line_end, part).count() as u64;
            self.text.extend_from_slice(part);
            at = end;
            if found.is_none() {
                if at - self.start > ROW_BYTES_MAX || !self.fill()? {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The cells of all records, their lines, and the lines of open quotes.
    fn records(text: &str, wants: usize) -> (Vec<Vec<String>>, Vec<u64>, Vec<u64>) {
        let mut reader = RecordText::new(text.as_bytes()).unwrap();
        let (mut all, mut lines, mut open) = (Vec::new(), Vec::new(), Vec::new());
        while let Some(record) = reader.next(wants).unwrap() {
            let cells = reader.cells().map(|cell| String::from_utf8_lossy(cell).into_owned());
            all.push(cells.collect());
            lines.push(record.line);
            open.extend(record.has_open_quote.then_some(record.line));
        }
        (all, lines, open)
    }

    #[test]
    fn quotes_line_ends_and_lines_are_counted_as_they_stand() {
        let text =
            "a,\"b \"\"c\"\", d\",e\r\n\r\n1,\"two\r\nlines\",\"\"\r\n2,5\" pipe,\"x\" \r\n3,,";
        let (all, lines, open) = records(text, 3);
        assert_eq!(all[0], ["a", "b \"c\", d", "e"]);
        assert_eq!(all[1], ["1", "two\r\nlines", ""]);
        assert_eq!(all[2], ["2", "5\" pipe", "x"]);
        assert_eq!(all[3], ["3", "", ""]);
        assert_eq!((lines, open), (vec![1, 3, 5, 6], vec![]));
        assert_eq!(records("a,b\rc,d\r", 2).0, [["a", "b"], ["c", "d"]]);
    }

    #[test]
    fn an_open_quote_swallows_no_row() {
        for orphan in ["\"open", "\"", "x,\"open", "\"open \"word\" more"] {
            for later in
                ["", "7,\"fine, too\",z\n", "8,y,5\"\n", "9,\"a \"\"b\"\"\",c\n", "3,\"\",\n"]
            {
                let first = if orphan.starts_with('x') { "" } else { "x," };
                let text = format!("1,{first}{orphan}\n2,b,c\n3,d,e\n{later}4,f,g\n");
                let (all, _, open) = records(&text, 3);
                let ids: Vec<&str> = all.iter().map(|cells| cells[0].as_str()).collect();
                let mut wanted = vec!["1", "2", "3"];
                wanted.extend(later.get(..1));
                wanted.push("4");
                assert_eq!(ids, wanted, "{text}");
                assert_eq!(open, [1], "{text}");
                assert!(all.iter().all(|cells| cells.len() == 3), "{text}: {all:?}");
            }
        }
        // An open quote in a row that is too short does not swallow the others either.
        let (all, _, open) = records("1,\"x\n2,b,c\n3,d,e\n", 3);
        assert_eq!((all.len(), open), (3, vec![1]));
    }

    #[test]
    fn a_cell_of_several_lines_stays_one() {
        let (all, _, open) = records("1,\"a, b\nc\",z\n2,\"x, y, z\nw\",z\n", 3);
        assert_eq!((all.len(), open.len()), (2, 0));
        let (all, _, open) = records("1,x,\"Hello,\nwe came, twice\nbye\"\n", 3);
        assert_eq!((all.len(), open.len()), (1, 0));
    }

    #[test]
    fn a_row_that_is_too_long_is_passed() {
        let long = "x".repeat(ROW_BYTES_MAX + CHUNK);
        let text = format!("1,a\n2,{long}\n3,c\n4,\"{long}\n5,d\n");
        let mut reader = RecordText::new(text.as_bytes()).unwrap();
        let mut seen = Vec::new();
        while let Some(record) = reader.next(2).unwrap() {
            seen.push((record.line, record.is_too_long));
        }
        assert_eq!(seen, [(1, false), (2, true), (3, false), (4, true), (5, false)]);
    }
}
