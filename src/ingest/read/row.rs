//! One row of any source: named cells of text, and where the row lies in its file.

use std::collections::HashMap;
use std::ops::Range;

use crate::error::Refusal;
use crate::i18n::Message;
use crate::ingest::profile::document::column_name;
use crate::ingest::read::layout::RecordLayout;

/// Columns that a source may have.
pub const COLUMNS_MAX: usize = 4_096;

/// The columns of a source. A column keeps its number: a source that finds new columns while it
/// is read, such as JSON, appends them.
#[derive(Debug, Clone, Default)]
pub struct SourceColumns {
    names: Vec<String>,
    folded: Vec<String>,
    by_name: HashMap<String, usize>,
    derived: Vec<bool>,
    /// Of a file of refused rows: what its source was read as.
    pub read_as: Option<Vec<String>>,
}

impl SourceColumns {
    /// Columns named as in a header row.
    pub fn of_header<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut columns = Self::default();
        for name in names {
            columns.push(name, false);
        }
        columns
    }

    fn push(&mut self, name: &str, derived: bool) -> usize {
        let number = self.names.len();
        self.folded.push(self.key_of(name));
        self.by_name.entry(name.to_owned()).or_insert(number);
        self.names.push(name.to_owned());
        self.derived.push(derived);
        number
    }

    /// The name as profiles write it. Of columns whose names differ in signs or case alone, such as
    /// `closed` and `Closed?`, the later ones have a number behind it: `closed_2`.
    fn key_of(&self, name: &str) -> String {
        let key = column_name(name);
        let is_free = |key: &String| key.is_empty() || !self.folded.contains(key);
        if self.by_name.contains_key(name) || is_free(&key) {
            return key;
        }
        let mut numbered = (2..).map(|number| format!("{key}_{number}"));
        numbered.find(is_free).unwrap_or_default()
    }

    /// The number of the column of this name, appended where it is new; `None` where the file has
    /// [`COLUMNS_MAX`] already. `derived` marks a column that repeats a part of another column,
    /// such as a member of a nested object.
    pub fn number_of(&mut self, name: &str, derived: bool) -> Option<usize> {
        match self.by_name.get(name) {
            Some(number) => Some(*number),
            None if self.len() >= COLUMNS_MAX => None,
            None => Some(self.push(name, derived)),
        }
    }

    /// Names as the source writes them; members of nested objects are joined by dots.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Names as profiles write them, see [`column_name`].
    pub fn folded(&self) -> &[String] {
        &self.folded
    }

    /// Does the column repeat a part of another column?
    pub fn is_derived(&self, column: usize) -> bool {
        self.derived.get(column).copied().unwrap_or_default()
    }

    /// How many columns there are.
    pub fn len(&self) -> usize {
        self.names.len()
    }
}

/// The cells of one row, by column number; all texts share one buffer, which is used again for the
/// next row.
#[derive(Debug, Clone, Default)]
pub struct Cells {
    text: String,
    ranges: Vec<Option<Range<usize>>>,
}

impl Cells {
    /// Removes all cells and keeps the memory.
    pub fn clear(&mut self) {
        self.text.clear();
        self.ranges.clear();
    }

    /// Appends a cell.
    pub fn push(&mut self, text: &str) {
        let start = self.text.len();
        self.text.push_str(text);
        self.ranges.push(Some(start..self.text.len()));
    }

    /// Removes the cells from this column on.
    pub fn truncate(&mut self, columns: usize) {
        self.ranges.truncate(columns);
    }

    /// Writes the cell of a column.
    pub fn set(&mut self, column: usize, text: &str) {
        let start = self.text.len();
        self.text.push_str(text);
        if self.ranges.len() <= column {
            self.ranges.resize(column + 1, None);
        }
        if let Some(range) = self.ranges.get_mut(column) {
            *range = Some(start..self.text.len());
        }
    }

    /// The text of a column; `None` where the row does not have it.
    pub fn get(&self, column: usize) -> Option<&str> {
        self.text.get(self.ranges.get(column)?.clone()?)
    }

    /// One more than the last column that the row has.
    pub fn len(&self) -> usize {
        self.ranges.len()
    }

    /// The cells in the order of the columns.
    pub fn iter(&self) -> impl Iterator<Item = Option<&str>> {
        (0..self.len()).map(|column| self.get(column))
    }
}

/// A row as its reader found it.
#[derive(Debug, Clone, Default)]
pub struct Row {
    /// Line of a text where the row begins, row of a sheet, or number of a record; from 1.
    pub number: u64,
    /// Its cells.
    pub cells: Cells,
    /// Why the row cannot be taken as one, such as a wrong number of columns.
    pub refusal: Option<Refusal>,
    /// The record as the file has it, where it was refused and has no cells.
    pub record: String,
}

impl Row {
    /// Is there no value in any of its cells?
    pub fn is_empty(&self) -> bool {
        let is_read = self.refusal.is_none() || self.cells.len() > 0;
        let mut filled = self.cells.iter().flatten().filter(|cell| !cell.trim().is_empty());
        is_read && self.record.is_empty() && filled.next().is_none()
    }

    /// Makes room for the next row.
    pub fn clear(&mut self) {
        self.cells.clear();
        self.refusal = None;
        self.record.clear();
    }
}

/// Reads a source row by row. Memory is bounded by the longest row that the reader accepts.
pub trait RowReader {
    /// The columns found so far.
    fn columns(&self) -> &SourceColumns;

    /// Reads the next row into `row`; false at the end.
    ///
    /// # Errors
    /// The source cannot be read further; rows before have been given.
    fn next(&mut self, row: &mut Row) -> Result<bool, Message>;

    /// How much of the file has been read, in bytes.
    fn bytes_read(&self) -> u64;

    /// What people should know of how the rows were read so far.
    fn notes(&self) -> Vec<Message> {
        Vec::new()
    }

    /// How the records are laid out, once one was read; `None` for tables.
    fn layout(&self) -> Option<&RecordLayout> {
        None
    }
}
