//! A sheet of an Excel workbook (.xlsx), row by row. A thread reads the sheet ahead of the rows by
//! a bounded number. What the first reading to the end finds is kept: a sheet may have a million
//! empty rows under its last filled one, which are passed over once.

use std::borrow::Cow;
use std::collections::{BTreeMap, VecDeque};
use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock};

use calamine::{DataRef, Reader, SheetVisible, Xlsx, XlsxCellReader, open_workbook};

use crate::domain::restored;
use crate::i18n::Message;
use crate::ingest::read::ahead::{AheadRow, RowSender, RowsAhead};
use crate::ingest::read::header::{LOOK_ROWS, rows_above_header};
use crate::ingest::read::own_table::is_own_export;
use crate::ingest::read::refused_header::refused_header;
use crate::ingest::read::row::{COLUMNS_MAX, Row, RowReader, SourceColumns};
use crate::ingest::read::table::{TableShape, titles_note};
use crate::message;

fn damaged(error: impl std::fmt::Display) -> Message {
    message!("est un classeur illisible : {error}", "is a workbook that cannot be read: {error}")
}

/// Filled cells that the header of a table has, at least.
const TABLE_CELLS_MIN: usize = 3;

/// Columns of formulas without a value that are named.
const FORMULA_COLUMNS: usize = 12;

/// Bytes of rows that are kept of a sheet that was read to its end.
const KEPT_BYTES_MAX: usize = 8 << 20;

/// An open workbook, with its table of texts, which takes long to read and much memory.
type Workbook = Xlsx<BufReader<File>>;
/// The open workbook between two readings of its sheet.
type SpareWorkbook = Arc<Mutex<Option<Workbook>>>;

/// A sheet of a workbook, which is read several times.
pub struct Sheet {
    /// Its name.
    pub name: String,
    /// What is known once it was read to its end.
    known: Arc<OnceLock<WholeSheet>>,
    spare: SpareWorkbook,
}

/// A sheet that was read to its end.
#[derive(Debug, Default)]
pub(super) struct WholeSheet {
    /// The last row with a filled cell.
    pub(super) last: u64,
    /// All rows with a filled cell, where they take no more than [`KEPT_BYTES_MAX`].
    pub(super) rows: Option<Vec<AheadRow>>,
    /// Cells of each column that have a formula and no value, as programs write them that do not
    /// compute.
    pub(super) formulas: EmptyFormulas,
}

/// By column, counted from 0: cells with a formula and no value.
type EmptyFormulas = BTreeMap<usize, u64>;

impl Sheet {
    fn of(name: &str) -> Self {
        Self { name: name.to_owned(), known: Arc::default(), spare: SpareWorkbook::default() }
    }

    /// The sheet with its workbook, which the first reading goes on with.
    fn within(self, workbook: Workbook) -> Self {
        Self { spare: Arc::new(Mutex::new(Some(workbook))), ..self }
    }

    /// The sheet to read: the one named, else the only visible one that holds a table, else the
    /// only one that is not empty.
    ///
    /// # Errors
    /// There is no such sheet, several hold tables, or the workbook cannot be read.
    pub fn choose(path: &Path, named: Option<&str>) -> Result<Self, Message> {
        let mut workbook: Workbook = open_workbook(path).map_err(damaged)?;
        let names = workbook.sheet_names();
        if let Some(named) = named {
            let found = names.iter().find(|name| *name == named);
            return found.map(|name| Self::of(name).within(workbook)).ok_or_else(|| {
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
            let sheet = Self::of(&name);
            match sheet.look(&mut workbook)? {
                SheetLook::Empty => {}
                SheetLook::Text => filled.push(sheet),
                SheetLook::Table => tables.push(sheet),
            }
        }
        let mut found = if tables.is_empty() { filled } else { tables };
        match found.pop() {
            None => Err(message!("est vide", "is empty")),
            Some(only) if found.is_empty() => Ok(only.within(workbook)),
            Some(last) => {
                let names = found.iter().chain([&last]).map(|sheet| sheet.name.as_str());
                let names = names.collect::<Vec<_>>().join("', '");
                Err(message!(
                    "a plusieurs feuilles remplies : '{names}' (--sheet en choisit une)",
                    "has several sheets with data: '{names}' (--sheet chooses one)"
                ))
            }
        }
    }

    /// What is known of the sheet once it was read to its end.
    pub(super) fn whole(&self) -> Option<&WholeSheet> {
        self.known.get()
    }

    /// Looks at the first rows, and keeps them where there are no others.
    fn look(&self, workbook: &mut Workbook) -> Result<SheetLook, Message> {
        // Sheets of charts have no cells.
        let Ok(mut cells) = workbook.worksheet_cells_reader(&self.name) else {
            return Ok(SheetLook::Empty);
        };
        let mut kept = RowsKept::default();
        let mut widths: Vec<usize> = Vec::new();
        let mut formulas = EmptyFormulas::new();
        let is_whole = each_row(&mut cells, None, &mut formulas, &mut |row| {
            widths.push(row.cells.iter().flatten().count());
            kept.add(&row);
            widths.len() < LOOK_ROWS
        })?;
        if is_whole {
            self.known.get_or_init(|| kept.into_whole(formulas));
        }
        let widest = widths.iter().copied().max().unwrap_or_default();
        let rows = widths.iter().filter(|width| **width * 2 > widest).count();
        Ok(match (widest, rows) {
            (0, _) => SheetLook::Empty,
            (TABLE_CELLS_MIN.., 2..) => SheetLook::Table,
            _ => SheetLook::Text,
        })
    }
}

/// The rows of a sheet that were read so far, as long as they are few.
#[derive(Default)]
struct RowsKept {
    rows: Vec<AheadRow>,
    bytes: usize,
    last: u64,
}

impl RowsKept {
    fn add(&mut self, row: &AheadRow) {
        let text: usize = row.cells.iter().flatten().map(String::len).sum();
        self.bytes += text + row.cells.len() * size_of::<Option<String>>();
        self.last = self.last.max(row.number);
        match self.bytes <= KEPT_BYTES_MAX {
            true => self.rows.push(row.clone()),
            false => self.rows = Vec::new(),
        }
    }

    fn into_whole(self, formulas: EmptyFormulas) -> WholeSheet {
        let is_all = self.bytes <= KEPT_BYTES_MAX;
        WholeSheet { last: self.last, rows: is_all.then_some(self.rows), formulas }
    }
}

/// What the first rows of a sheet look like.
enum SheetLook {
    Empty,
    /// A cover or a note: no row of several cells with another one below it.
    Text,
    Table,
}

/// The rows of a sheet: read ahead, or kept of an earlier reading.
enum SheetRows {
    Ahead(RowsAhead),
    Kept { known: Arc<OnceLock<WholeSheet>>, next: usize },
}

impl SheetRows {
    fn of(path: &Path, sheet: &Sheet) -> Self {
        let known = sheet.known.clone();
        if sheet.whole().is_some_and(|whole| whole.rows.is_some()) {
            return Self::Kept { known, next: 0 };
        }
        let (path, name, spare) = (path.to_owned(), sheet.name.clone(), sheet.spare.clone());
        Self::Ahead(RowsAhead::start(move |sender| {
            let taken = spare.lock().ok().and_then(|mut spare| spare.take());
            let mut workbook =
                taken.map_or_else(|| open_workbook(&path).map_err(damaged), Ok::<Workbook, _>)?;
            send_rows(&mut workbook, &name, &known, sender)?;
            if let Ok(mut spare) = spare.lock() {
                *spare = Some(workbook);
            }
            Ok(())
        }))
    }

    fn next(&mut self) -> Result<Option<AheadRow>, Message> {
        match self {
            Self::Ahead(rows) => rows.next(),
            Self::Kept { known, next } => {
                let rows = known.get().and_then(|whole| whole.rows.as_deref());
                let row = rows.unwrap_or_default().get(*next);
                *next += 1;
                row.map(|row| within_columns(row.clone())).transpose()
            }
        }
    }
}

/// Reads the rows of a sheet.
pub struct SheetReader {
    rows: SheetRows,
    /// Rows that were read to find the header.
    ahead: VecDeque<AheadRow>,
    columns: SourceColumns,
    shape: TableShape,
    /// Texts of the rows above the header.
    titles: Vec<String>,
    /// Columns in front of the source's own, in a file of refused rows.
    passed: usize,
    /// A spreadsheet saved a table of this program: an apostrophe is before what begins a formula.
    is_own: bool,
    /// What is known of the sheet once it was read to its end.
    known: Arc<OnceLock<WholeSheet>>,
}

impl SheetReader {
    /// Reads the header: the first row, or the one below the rows of titles.
    ///
    /// # Errors
    /// The workbook cannot be read.
    pub fn open(path: &Path, sheet: &Sheet) -> Result<Self, Message> {
        let mut rows = SheetRows::of(path, sheet);
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
        let is_own = read_as.is_some() || is_own_export(&names);
        if is_own {
            names.iter_mut().for_each(|name| *name = restored(name).into_owned());
        }
        let mut columns = SourceColumns::of_header(names.iter().map(String::as_str));
        columns.read_as = read_as;
        let (shape, known) = (TableShape::of(&names), sheet.known.clone());
        Ok(Self { rows, ahead, columns, shape, titles, passed, is_own, known })
    }

    /// How many cells have a formula without a value, by column; `None` where none has.
    fn formulas_note(&self) -> Option<Message> {
        let names = self.columns.names();
        let of = |(column, count): (&usize, &u64)| {
            let name = column.checked_sub(self.passed).and_then(|column| names.get(column));
            (name.map_or_else(|| format!("{}", column + 1), String::clone), *count)
        };
        let all: Vec<(String, u64)> = self.known.get()?.formulas.iter().map(of).collect();
        let total: u64 = all.iter().map(|(_, count)| count).sum();
        let shown = |open: &str, close: &str| {
            let shown = all.iter().take(FORMULA_COLUMNS);
            let shown = shown.map(|(name, count)| format!("{open}{name}{close} ({count})"));
            let more = (all.len() > FORMULA_COLUMNS).then(|| "…".to_owned());
            shown.chain(more).collect::<Vec<_>>().join(", ")
        };
        let (fr, en) = (shown("« ", " »"), shown("'", "'"));
        (total > 0).then(|| {
            message!(
                "{total} cellule(s) avec une formule sans valeur calculée, lues comme vides : \
                 {fr} ; enregistrez le classeur avec un tableur pour les calculer",
                "{total} cell(s) with a formula and no computed value, read as empty: {en}; save \
                 the workbook with a spreadsheet program to compute them"
            )
        })
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
        for cell in cells.iter().map(|cell| cell.as_deref().unwrap_or_default()) {
            row.cells.push(&if self.is_own { restored(cell) } else { Cow::Borrowed(cell) });
        }
        // Empty cells at the end of a row are not in the file.
        (cells.len()..self.shape.width()).for_each(|_| row.cells.push(""));
        self.shape.check(row);
        Ok(true)
    }

    fn bytes_read(&self) -> u64 {
        0
    }

    fn notes(&self) -> Vec<Message> {
        let titles = titles_note(&self.titles, self.titles.len() as u64);
        titles.into_iter().chain(self.formulas_note()).collect()
    }
}

/// Sends every row with a filled cell. After the last one, what was read is `known`.
fn send_rows(
    workbook: &mut Workbook,
    sheet: &str,
    known: &OnceLock<WholeSheet>,
    sender: &RowSender,
) -> Result<(), Message> {
    let mut cells = workbook.worksheet_cells_reader(sheet).map_err(damaged)?;
    let (mut kept, mut failed) = (RowsKept::default(), None);
    let last = known.get().map(|whole| whole.last);
    let mut formulas = EmptyFormulas::new();
    let is_whole = each_row(&mut cells, last, &mut formulas, &mut |row| {
        kept.add(&row);
        match within_columns(row) {
            Ok(row) => sender.send(row),
            Err(message) => {
                failed = Some(message);
                false
            }
        }
    })?;
    if let Some(message) = failed {
        return Err(message);
    }
    if is_whole {
        known.get_or_init(|| kept.into_whole(formulas));
    }
    Ok(())
}

/// Gives every row with a filled cell to `take`, up to the row `last` where it is known. False
/// where `take` wants no more before the end. Of a row of more than [`COLUMNS_MAX`] columns, one
/// more than these is given. `formulas` counts those without a value.
fn each_row(
    cells: &mut XlsxCellReader<'_, BufReader<File>>,
    last: Option<u64>,
    formulas: &mut EmptyFormulas,
    take: &mut dyn FnMut(AheadRow) -> bool,
) -> Result<bool, Message> {
    let mut row = AheadRow::default();
    while let Some(cell) = cells.next_cell_with_formula_metadata().map_err(damaged)? {
        let (number, column) = cell.pos;
        let (number, column) = (u64::from(number) + 1, (column as usize).min(COLUMNS_MAX));
        if last.is_some_and(|last| number > last) {
            break;
        }
        let text = text(&cell.value);
        if text.is_empty() {
            if cell.formula.is_some() {
                *formulas.entry(column).or_default() += 1;
            }
            continue;
        }
        if number != row.number {
            let next = AheadRow { number, ..AheadRow::default() };
            let full = std::mem::replace(&mut row, next);
            if !full.cells.is_empty() && !take(full) {
                return Ok(false);
            }
        }
        if row.cells.len() <= column {
            row.cells.resize(column + 1, None);
        }
        if let Some(cell) = row.cells.get_mut(column) {
            *cell = Some(text);
        }
    }
    if !row.cells.is_empty() {
        take(row);
    }
    Ok(true)
}

fn within_columns(row: AheadRow) -> Result<AheadRow, Message> {
    if row.cells.len() > COLUMNS_MAX {
        return Err(message!(
            "a plus de {COLUMNS_MAX} colonnes",
            "has more than {COLUMNS_MAX} columns"
        ));
    }
    Ok(row)
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
