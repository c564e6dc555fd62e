//! A sheet of an Excel workbook (.xlsx), row by row. A thread reads the sheet ahead of the rows by
//! a bounded number.

use std::collections::VecDeque;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use calamine::{DataRef, Reader, SheetVisible, Xlsx, open_workbook};

use crate::i18n::Message;
use crate::ingest::read::ahead::{AheadRow, RowSender, RowsAhead};
use crate::ingest::read::header::{LOOK_ROWS, rows_above_header};
use crate::ingest::read::refused_header::refused_header;
use crate::ingest::read::row::{COLUMNS_MAX, Row, RowReader, SourceColumns};
use crate::ingest::read::table::{TableShape, titles_note};
use crate::message;

fn damaged(error: impl std::fmt::Display) -> Message {
    message!("est un classeur illisible : {error}", "is a workbook that cannot be read: {error}")
}

/// Filled cells that the header of a table has, at least.
const TABLE_CELLS_MIN: usize = 3;

/// The name of the sheet to read: the one named, else the only visible one that holds a table, else
/// the only one that is not empty.
///
/// # Errors
/// There is no such sheet, several hold tables, or the workbook cannot be read.
pub fn choose(path: &Path, named: Option<&str>) -> Result<String, Message> {
    let mut workbook: Xlsx<BufReader<File>> = open_workbook(path).map_err(damaged)?;
    let names = workbook.sheet_names();
    if let Some(named) = named {
        return names.iter().find(|name| *name == named).cloned().ok_or_else(|| {
            let names = names.join(", ");
            message!(
                "n’a pas de feuille « {named} » ; il y a {names}",
                "has no sheet '{named}'; there is {names}"
            )
        });
    }
    let sheets = workbook.sheets_metadata().iter();
    let visible = sheets.filter(|sheet| sheet.visible == SheetVisible::Visible);
    let visible: Vec<String> = visible.map(|sheet| sheet.name.clone()).collect();
    let (mut filled, mut tables) = (Vec::new(), Vec::new());
    for name in names.into_iter().filter(|name| visible.contains(name)) {
        match look(&mut workbook, &name)? {
            SheetLook::Empty => {}
            SheetLook::Text => filled.push(name),
            SheetLook::Table => tables.push(name),
        }
    }
    let found = if tables.is_empty() { &filled } else { &tables };
    match found.as_slice() {
        [] => Err(message!("est vide", "is empty")),
        [only] => Ok(only.clone()),
        several => {
            let names = several.join("', '");
            Err(message!(
                "a plusieurs feuilles remplies : '{names}' (--sheet en choisit une)",
                "has several sheets with data: '{names}' (--sheet chooses one)"
            ))
        }
    }
}

/// What the first rows of a sheet look like.
enum SheetLook {
    Empty,
    /// A cover or a note: no row of several cells with another one below it.
    Text,
    Table,
}

fn look(workbook: &mut Xlsx<BufReader<File>>, name: &str) -> Result<SheetLook, Message> {
    // Sheets of charts have no cells.
    let Ok(mut cells) = workbook.worksheet_cells_reader(name) else { return Ok(SheetLook::Empty) };
    let mut widths: Vec<(u32, usize)> = Vec::new();
    while let Some(cell) = cells.next_cell().map_err(damaged)? {
        if text(cell.get_value()).is_empty() {
            continue;
        }
        let (row, _) = cell.get_position();
        let is_full = widths.len() == LOOK_ROWS;
        match widths.last_mut() {
            Some((last, width)) if *last == row => *width += 1,
            _ if is_full => break,
            _ => widths.push((row, 1)),
        }
    }
    let widest = widths.iter().map(|(_, width)| *width).max().unwrap_or_default();
    let rows = widths.iter().filter(|(_, width)| width * 2 > widest).count();
    Ok(match (widest, rows) {
        (0, _) => SheetLook::Empty,
        (TABLE_CELLS_MIN.., 2..) => SheetLook::Table,
        _ => SheetLook::Text,
    })
}

/// Reads the rows of a sheet.
pub struct SheetReader {
    rows: RowsAhead,
    /// Rows that were read to find the header.
    ahead: VecDeque<AheadRow>,
    columns: SourceColumns,
    shape: TableShape,
    /// Texts of the rows above the header.
    titles: Vec<String>,
    /// Columns in front of the source's own, in a file of refused rows.
    passed: usize,
}

impl SheetReader {
    /// Reads the header: the first row, or the one below the rows of titles.
    ///
    /// # Errors
    /// The workbook cannot be read.
    pub fn open(path: &Path, sheet: &str) -> Result<Self, Message> {
        let (path, sheet) = (path.to_owned(), sheet.to_owned());
        let mut rows = RowsAhead::start(move |sender| send_rows(&path, &sheet, sender));
        let mut ahead = VecDeque::new();
        while ahead.len() < LOOK_ROWS
            && let Some(row) = rows.next()?
        {
            ahead.push_back(row);
        }
        let cells = |row: &AheadRow| {
            row.cells.iter().map(|cell| cell.clone().unwrap_or_default()).collect()
        };
        let first: Vec<Vec<String>> = ahead.iter().map(cells).collect();
        let titles = ahead.drain(..rows_above_header(&first));
        let titles =
            titles.map(|row| row.cells.into_iter().flatten().collect::<Vec<_>>().join(" "));
        let titles: Vec<String> = titles.collect();
        let names = ahead.pop_front().map(|row| row.cells).unwrap_or_default();
        let mut names: Vec<String> = names.into_iter().map(Option::unwrap_or_default).collect();
        let refused = refused_header(&names);
        let (passed, read_as) = refused.map_or((0, None), |(passed, as_)| (passed, Some(as_)));
        names.drain(..passed);
        let mut columns = SourceColumns::of_header(names.iter().map(String::as_str));
        columns.read_as = read_as;
        Ok(Self { rows, ahead, columns, shape: TableShape::of(&names), titles, passed })
    }
}

impl RowReader for SheetReader {
    fn columns(&self) -> &SourceColumns {
        &self.columns
    }

    fn next(&mut self, row: &mut Row) -> Result<bool, Message> {
        row.clear();
        let read = match self.ahead.pop_front() {
            Some(read) => Some(read),
            None => self.rows.next()?,
        };
        let Some(AheadRow { number, cells, .. }) = read else { return Ok(false) };
        row.number = number;
        let cells = cells.get(self.passed..).unwrap_or_default();
        cells.iter().for_each(|cell| row.cells.push(cell.as_deref().unwrap_or_default()));
        // Empty cells at the end of a row are not in the file.
        (cells.len()..self.shape.width()).for_each(|_| row.cells.push(""));
        self.shape.check(row);
        Ok(true)
    }

    fn bytes_read(&self) -> u64 {
        0
    }

    fn notes(&self) -> Vec<Message> {
        Vec::from_iter(titles_note(&self.titles, self.titles.len() as u64))
    }
}

/// Sends every row with a filled cell.
fn send_rows(path: &Path, sheet: &str, sender: &RowSender) -> Result<(), Message> {
    let mut workbook: Xlsx<BufReader<File>> = open_workbook(path).map_err(damaged)?;
    let mut cells = workbook.worksheet_cells_reader(sheet).map_err(damaged)?;
    let mut row = AheadRow::default();
    while let Some(cell) = cells.next_cell().map_err(damaged)? {
        let text = text(cell.get_value());
        let (number, column) = cell.get_position();
        let (number, column) = (u64::from(number) + 1, column as usize);
        if text.is_empty() {
            continue;
        }
        if column >= COLUMNS_MAX {
            return Err(message!(
                "a plus de {COLUMNS_MAX} colonnes",
                "has more than {COLUMNS_MAX} columns"
            ));
        }
        if number != row.number {
            let next = AheadRow { number, ..AheadRow::default() };
            let full = std::mem::replace(&mut row, next);
            if !full.cells.is_empty() && !sender.send(full) {
                return Ok(());
            }
        }
        if row.cells.len() <= column {
            row.cells.resize(column + 1, None);
        }
        row.cells[column] = Some(text);
    }
    if !row.cells.is_empty() {
        sender.send(row);
    }
    Ok(())
}

/// The text of a cell; times as ISO 8601 without an offset, days without a time of day.
fn text(cell: &DataRef<'_>) -> String {
    match cell {
        DataRef::Empty => String::new(),
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) => number.to_string(),
        DataRef::String(text) => text.trim().to_owned(),
        DataRef::SharedString(text) => text.trim().to_owned(),
        DataRef::Bool(truth) => truth.to_string(),
        DataRef::DateTime(time) if time.is_datetime() => {
            let (year, month, day, hour, minute, second, _) = time.to_ymd_hms_milli();
            let date = format!("{year:04}-{month:02}-{day:02}");
            let is_day = time.as_f64().fract() == 0.0;
            if is_day { date } else { format!("{date}T{hour:02}:{minute:02}:{second:02}") }
        }
        DataRef::DateTime(time) => time.as_f64().to_string(),
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::Error(error) => error.to_string(),
    }
}
