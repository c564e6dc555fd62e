//! CSV in, row by row. A quote that is never closed does not swallow the rows after it: the row
//! that contains it is read again with the quote as a plain character.

use std::cell::Cell;
use std::io::Read;
use std::rc::Rc;

use crate::domain::restored;
use crate::error::Refusal;
use crate::i18n::Message;
use crate::ingest::read::csv_delimiter::{LineStyle, separator_line, whole_records, wrapped_note};
use crate::ingest::read::csv_line::split_line;
use crate::ingest::read::csv_record::RecordText;
use crate::ingest::read::header::{LOOK_ROWS, rows_above_header};
use crate::ingest::read::json::too_long;
use crate::ingest::read::own_table::is_own_export;
use crate::ingest::read::refused_header::refused_header;
use crate::ingest::read::row::{COLUMNS_MAX, Row, RowReader, SourceColumns};
use crate::ingest::read::table::{BrokenRows, TableShape, short_rows_note, titles_note};
use crate::message;

/// An open table.
pub struct CsvReader<R> {
    text: RecordText<R>,
    bytes: Rc<Cell<u64>>,
    columns: SourceColumns,
    shape: TableShape,
    /// Lines of quotes that are not closed: the first, and how many there were.
    open_quotes: Option<(u64, u64)>,
    /// Lines above the header that have a text, and how many there are in all.
    titles: (Vec<String>, u64),
    /// Columns in front of the source's own, in a file of refused rows.
    passed: usize,
    /// Rows without their last cells.
    short_rows: u64,
    /// Rows in two parts.
    broken: BrokenRows,
    /// Each row is in quotes as a whole.
    is_wrapped: bool,
    /// This program wrote the table: cells that begin a formula have an apostrophe before it.
    is_own: bool,
}

impl<R: Read> CsvReader<R> {
    /// Reads the header. Where `delimiter` is not given, it is found from the content; `bytes`
    /// counts what has been read of the file.
    ///
    /// # Errors
    /// The file cannot be read, or has too many columns.
    pub fn open(input: R, bytes: Rc<Cell<u64>>, delimiter: Option<u8>) -> Result<Self, Message> {
        let mut text = RecordText::new(input)?;
        let lines = text.sample(LOOK_ROWS);
        let named = lines.first().and_then(|line| separator_line(line));
        let above = usize::from(named.is_some());
        let lines = lines.get(above.min(lines.len())..).unwrap_or_default();
        let style = LineStyle::of(lines, delimiter.or(named))?;
        let delimiter = style.delimiter;
        (text.delimiter, text.is_wrapped) = (delimiter, style.is_wrapped);
        let records = whole_records(lines);
        let records: Vec<_> = records.iter().map(|record| style.unwrapped(record)).collect();
        let rows: Vec<Vec<String>> = records.iter().map(|one| texts(one, delimiter)).collect();
        let above_header = rows_above_header(&rows);
        let titles = records.get(..above_header).unwrap_or_default();
        let title_lines = titles.iter().map(|one| 1 + memchr::memchr_iter(b'\n', one).count());
        let title_lines = title_lines.sum::<usize>();
        let titles = titles.iter().filter_map(|line| title(line, delimiter)).collect();
        let skipped = above + title_lines;
        for _ in 0..skipped {
            text.skip_line()?;
        }
        let mut names = Vec::new();
        if text.next(&(0..=0))?.is_some() {
            names = text.cells().map(|cell| String::from_utf8_lossy(cell).into_owned()).collect();
        }
        let refused = refused_header(&names);
        let (passed, read_as) = refused.map_or((0, None), |(passed, as_)| (passed, Some(as_)));
        names.drain(..passed);
        let is_own = read_as.is_some() || is_own_export(&names);
        if is_own {
            names.iter_mut().for_each(|name| *name = restored(name).into_owned());
        }
        if names.len() > COLUMNS_MAX {
            let has = names.len();
            return Err(message!(
                "a {has} colonnes ; {COLUMNS_MAX} au plus",
                "has {has} columns; {COLUMNS_MAX} at most"
            ));
        }
        let mut columns = SourceColumns::of_header(names.iter().map(String::as_str));
        columns.read_as = read_as;
        let mut shape = TableShape::of(&names);
        shape.allow_short(&widths_below(&records, &rows, above_header + 1, passed));
        Ok(Self {
            text,
            bytes,
            columns,
            shape,
            open_quotes: None,
            titles: (titles, title_lines as u64),
            passed,
            short_rows: 0,
            broken: BrokenRows::default(),
            is_wrapped: style.is_wrapped,
            is_own,
        })
    }

    fn fill(&mut self, row: &mut Row) {
        for (column, cell) in self.text.cells().skip(self.passed).enumerate() {
            match std::str::from_utf8(cell) {
                Ok(text) => {
                    if memchr::memchr(0, cell).is_some() {
                        let name = self.columns.names().get(column).map_or("?", String::as_str);
                        let text = text.replace('\0', "␀");
                        let message = message!("contient un octet nul", "contains a NUL byte");
                        row.refusal.get_or_insert_with(|| Refusal::new(name, &text, message));
                    }
                    match self.is_own {
                        true => row.cells.push(&restored(text)),
                        false => row.cells.push(text),
                    }
                }
                Err(_) => {
                    let text = String::from_utf8_lossy(cell);
                    let name = self.columns.names().get(column).map_or("?", String::as_str);
                    let message = message!("n’est pas de l’UTF-8", "is not UTF-8");
                    row.refusal.get_or_insert_with(|| Refusal::new(name, &text, message));
                    row.cells.push(&text);
                }
            }
        }
    }
}

impl<R: Read> RowReader for CsvReader<R> {
    fn columns(&self) -> &SourceColumns {
        &self.columns
    }

    fn next(&mut self, row: &mut Row) -> Result<bool, Message> {
        row.clear();
        let wants = self.shape.width();
        let widths = self.shape.width_min() + self.passed..=wants + self.passed;
        let Some(record) = self.text.next(&widths)? else { return Ok(false) };
        row.number = record.line;
        if record.is_too_long {
            row.refusal = Some(if record.has_open_quote { never_closed() } else { too_long() });
            return Ok(true);
        }
        self.fill(row);
        if record.has_open_quote {
            let (_, count) = self.open_quotes.get_or_insert((record.line, 0));
            *count += 1;
            if !(self.shape.width_min()..=wants).contains(&row.cells.len()) {
                row.refusal.get_or_insert_with(never_closed);
            }
        }
        self.broken.add(row.cells.len(), row.number, &self.shape);
        self.shape.check(row);
        if row.refusal.is_none() && self.shape.fill_short(row) {
            self.short_rows += 1;
        }
        Ok(true)
    }

    fn bytes_read(&self) -> u64 {
        self.bytes.get()
    }

    fn notes(&self) -> Vec<Message> {
        let mut notes = Vec::new();
        notes.extend(titles_note(&self.titles.0, self.titles.1));
        if let Some((line, count)) = self.open_quotes {
            notes.push(open_quotes_note(line, count));
        }
        notes.extend(short_rows_note(self.short_rows));
        notes.extend(self.broken.note());
        notes.extend(self.is_wrapped.then(wrapped_note));
        notes
    }
}

/// How many cells the first rows have, from the row `first` on, without the columns `passed`.
/// After a quote that is not closed among the first lines, what is a row is not known.
fn widths_below(
    records: &[Vec<u8>],
    rows: &[Vec<String>],
    first: usize,
    passed: usize,
) -> Vec<usize> {
    let is_whole = |record: &[u8]| memchr::memchr_iter(b'"', record).count().is_multiple_of(2);
    let known = records.iter().zip(rows).skip(first);
    let known = known.take_while(|(record, _)| is_whole(record));
    let filled = known.filter(|(_, row)| row.iter().any(|cell| !cell.is_empty()));
    filled.map(|(_, row)| row.len().saturating_sub(passed)).collect()
}

/// The cells of a line.
fn texts(line: &[u8], delimiter: u8) -> Vec<String> {
    let (text, cells) = split_line(line, delimiter);
    let cells = cells
        .into_iter()
        .map(|at| String::from_utf8_lossy(text.get(at).unwrap_or_default()).trim().to_owned());
    cells.collect()
}

/// The refusal of a row with a quote that is not closed.
fn never_closed() -> Refusal {
    Refusal::new("\"", "", message!("n’est pas refermé", "is not closed"))
}

/// The sentence on quotes that are opened and not closed, the first of them in `line`.
fn open_quotes_note(line: u64, count: u64) -> Message {
    if count == 1 {
        return message!(
            "1 guillemet ouvert sans être refermé, à la ligne {line} : pris pour un caractère",
            "1 quote opened and not closed, in line {line}: taken as a character"
        );
    }
    message!(
        "{count} guillemets ouverts sans être refermés, le premier à la ligne {line} : pris pour \
         des caractères",
        "{count} quotes opened and not closed, the first in line {line}: taken as characters"
    )
}

/// The text of a line above the header.
fn title(line: &[u8], delimiter: u8) -> Option<String> {
    let cells = texts(line, delimiter);
    let cells: Vec<String> = cells.into_iter().filter(|cell| !cell.is_empty()).collect();
    Some(cells.join(" ")).filter(|title| !title.is_empty())
}
