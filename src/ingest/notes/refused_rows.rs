//! The rows of a source that were refused, as a CSV file that can be corrected and imported again:
//! the columns of the source as they are, behind columns with the reasons, which readers pass over.

use std::borrow::Cow;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::domain::{defused, restored};
use crate::error::{Error, Refusal, Result};
use crate::ingest::read::{Cells, REFUSED_COLUMNS, SourceColumns, read_as_column};
use crate::message;

/// A row as it stands in its source.
#[derive(Debug, Clone, Copy)]
pub struct OriginalRow<'a> {
    /// Its number, counted from 1 for the first row under the header.
    pub ordinal: u64,
    /// The columns of the source, as far as they are known.
    pub columns: &'a SourceColumns,
    /// Its cells.
    pub cells: &'a Cells,
    /// Its text, where it has no cells.
    pub record: &'a str,
    /// How the source is read.
    pub reading: &'a SourceReading,
}

/// How a source is read, as far as the file of its refused rows must be read alike.
#[derive(Debug, Clone, Default)]
pub struct SourceReading {
    /// The byte between the cells of a table, where it was named.
    pub delimiter: Option<u8>,
    /// What all rows together decided, such as `date_order=dmy`.
    pub decided: Vec<String>,
    /// Columns by which the layout is known, and which no row has a cell for.
    pub empty_columns: Vec<String>,
}

/// The file of refused rows, created at the first refusal.
#[derive(Debug)]
pub struct RefusedRows {
    path: PathBuf,
    table: Option<csv::Writer<File>>,
    header: Vec<String>,
}

impl RefusedRows {
    /// A file at this path, which is not created yet.
    pub fn new(path: PathBuf) -> Self {
        Self { path, table: None, header: Vec::new() }
    }

    /// One line for a refused row; nothing for a row that was taken. `line` is where it begins.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&mut self, line: u64, refusals: &[Refusal], row: OriginalRow<'_>) -> Result<()> {
        if refusals.is_empty() {
            return Ok(());
        }
        let header = row.header();
        if self.table.is_none() {
            self.table = Some(self.create(&header, row.reading.delimiter)?);
        } else if header.len() > self.header.len() {
            self.widen(&header, row.reading.delimiter)?;
        }
        self.header = header;
        if let Some(table) = &mut self.table {
            write_safe(table, row.line(line, refusals).iter().map(String::as_str))?;
            table.flush().map_err(Error::internal)?;
        }
        Ok(())
    }

    /// The path of the file; `None` while no row was refused.
    pub fn path(&self) -> Option<&Path> {
        self.table.as_ref().map(|_| self.path.as_path())
    }

    /// Begins the file with a mark of UTF-8, by which spreadsheets and `--encoding` go.
    fn create(&self, header: &[String], delimiter: Option<u8>) -> Result<csv::Writer<File>> {
        let mut file = File::create(&self.path).map_err(|error| self.unwritable(&error))?;
        file.write_all(b"\xef\xbb\xbf").map_err(|error| self.unwritable(&error))?;
        let mut builder = csv::WriterBuilder::new();
        let mut table = builder.delimiter(delimiter.unwrap_or(b',')).from_writer(file);
        write_safe(&mut table, header.iter().map(String::as_str))?;
        Ok(table)
    }

    /// Writes the file again under a header with more columns, which the source showed only now.
    fn widen(&mut self, header: &[String], delimiter: Option<u8>) -> Result<()> {
        let before = std::fs::read(&self.path).map_err(|error| self.unwritable(&error))?;
        let before = before.get(3..).unwrap_or_default();
        let mut builder = csv::ReaderBuilder::new();
        let mut lines = builder.delimiter(delimiter.unwrap_or(b',')).from_reader(before);
        let mut table = self.create(header, delimiter)?;
        for line in lines.records() {
            let line = line.map_err(Error::internal)?;
            let missing = header.len().saturating_sub(line.len());
            let cells = line.iter().map(restored);
            let cells = cells.chain(std::iter::repeat_n(Cow::Borrowed(""), missing));
            write_safe(&mut table, cells)?;
        }
        self.table = Some(table);
        Ok(())
    }

    fn unwritable(&self, error: &std::io::Error) -> Error {
        let message = message!("ne peut pas être écrit : {error}", "cannot be written: {error}");
        Refusal::new("--refused", self.path.display(), message).into()
    }
}

/// Writes a record without cells that a spreadsheet would calculate.
fn write_safe<T: AsRef<str>>(
    table: &mut csv::Writer<File>,
    cells: impl Iterator<Item = T>,
) -> Result<()> {
    for cell in cells {
        table.write_field(defused(cell.as_ref()).as_bytes()).map_err(Error::internal)?;
    }
    table.write_record(None::<&[u8]>).map_err(Error::internal)
}

impl OriginalRow<'_> {
    /// The names of the reasons' columns and of the source's own.
    fn header(&self) -> Vec<String> {
        let reasons = REFUSED_COLUMNS.iter().map(|name| (*name).to_owned());
        let read_as = read_as_column(&self.reading.decided);
        let names = self.reading.empty_columns.iter().chain(self.columns.names()).cloned();
        reasons.chain([read_as]).chain(names).collect()
    }

    /// Its line in the file of refused rows. A row of more cells than the header has cannot be
    /// written under it: its cells stand together in the column of the record, too.
    fn line(&self, line: u64, refusals: &[Refusal]) -> Vec<String> {
        let joined =
            |part: fn(&Refusal) -> &str| refusals.iter().map(part).collect::<Vec<_>>().join(" | ");
        let width = self.columns.len();
        let all = self.cells.iter().map(Option::unwrap_or_default);
        let record = match self.cells.len() > width {
            true => all.collect::<Vec<_>>().join(","),
            false => self.record.to_owned(),
        };
        let reasons = [
            self.ordinal.to_string(),
            line.to_string(),
            joined(|refusal| &refusal.field),
            joined(|refusal| &refusal.value),
            joined(|refusal| &refusal.message.en),
            joined(|refusal| &refusal.message.fr),
            record,
            String::new(),
        ];
        let empty = self.reading.empty_columns.iter().map(|_| String::new());
        let cell = |column: usize| self.cells.get(column).unwrap_or_default().to_owned();
        reasons.into_iter().chain(empty).chain((0..width).map(cell)).collect()
    }
}
