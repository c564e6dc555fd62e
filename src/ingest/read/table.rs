//! What every table has, of CSV or of a sheet: a width, columns without a name, repeated headers
//! and rows of totals.

use crate::domain::fold;
use crate::error::Refusal;
use crate::i18n::Message;
use crate::ingest::read::row::Row;
use crate::message;

/// The first words of a row of totals, in the languages of the sources.
const TOTALS: [&str; 10] = [
    "total",
    "totaux",
    "grand total",
    "total general",
    "summe",
    "gesamt",
    "gesamtsumme",
    "totale",
    "totaal",
    "suma",
];
/// Filled cells that a row of totals may have.
const TOTALS_CELLS_MAX: usize = 3;

/// Does the row consist of lines of `-`, `=` or `_`, as reports of databases rule under a header?
fn is_ruler(row: &Row) -> bool {
    let is_line = |cell: &str| cell.len() > 2 && cell.bytes().all(|b| b"-=_".contains(&b));
    let filled = || row.cells.iter().flatten().map(str::trim).filter(|cell| !cell.is_empty());
    filled().count() > 1 && filled().all(is_line)
}

/// Longest text of a title that is shown, in characters.
const TITLE_CHARS_MAX: usize = 60;

/// What people should know of rows above a header; `titles` are their texts.
pub fn titles_note(titles: &[String], count: u64) -> Option<Message> {
    let shown = titles.iter().map(|title| {
        let cut: String = title.chars().take(TITLE_CHARS_MAX).collect();
        format!("'{cut}'")
    });
    let shown = shown.collect::<Vec<_>>().join(", ");
    let shown = if shown.is_empty() { shown } else { format!(": {shown}") };
    let lines = if count == 1 { "line" } else { "lines" };
    let (ligne, lue) = if count == 1 { ("ligne", "lue") } else { ("lignes", "lues") };
    (count > 0).then(|| {
        message!(
            "{count} {ligne} au-dessus de l’en-tête non {lue}{shown}",
            "{count} {lines} above the header not read{shown}"
        )
    })
}

/// What people should know of rows that end before the last columns.
pub fn short_rows_note(count: u64) -> Option<Message> {
    let (rows, end) = if count == 1 { ("row", "ends") } else { ("rows", "end") };
    let (lignes, s) =
        if count == 1 { ("ligne s’arrête", "ses") } else { ("lignes s’arrêtent", "leurs") };
    (count > 0).then(|| {
        message!(
            "{count} {lignes} avant la ou les dernières colonnes, comme la plupart des lignes du \
             fichier : {s} cellules manquantes sont lues comme vides",
            "{count} {rows} {end} before the last column(s), as most rows of the file do: the \
             missing cells are read as empty"
        )
    })
}

/// The header of a table, by which its rows are checked.
pub struct TableShape {
    names: Vec<String>,
    /// Columns up to the last one that has a name.
    named: usize,
    /// Cells that a row has at least: up to the last column with a name, unless most rows of the
    /// table are shorter.
    least: usize,
}

/// Short rows from which the rows of a table are taken as cut after their last filled cells.
const SHORT_ROWS_MIN: usize = 2;

impl TableShape {
    /// The shape of a table with this header.
    pub fn of(names: &[String]) -> Self {
        let named = names.iter().rposition(|name| !name.trim().is_empty()).map_or(0, |at| at + 1);
        Self { names: names.to_vec(), named, least: named }
    }

    /// Lets rows lack their last cells where most of the first rows do, as some programs write a
    /// table; `widths` are those of the first rows. Rows that are shorter than most short ones, or
    /// that have half of the columns at most, are refused all the same.
    pub fn allow_short(&mut self, widths: &[usize]) {
        let mut short: Vec<usize> = widths.iter().copied().filter(|w| *w < self.named).collect();
        short.sort_unstable();
        let is_usual = short.len() >= SHORT_ROWS_MIN && short.len() * 2 > widths.len();
        // A tenth of the short rows may be broken ones.
        if let Some(least) = short.get(short.len() / 10)
            && is_usual
            && *least * 2 > self.named
        {
            self.least = *least;
        }
    }

    /// Cells that a row has at least.
    pub fn width_min(&self) -> usize {
        match self.least < self.named {
            true => self.least,
            false => self.width(),
        }
    }

    /// Adds the missing cells of a row, as empty ones; true where cells of columns with a name were
    /// missing.
    pub fn fill_short(&self, row: &mut Row) -> bool {
        let is_short = row.cells.len() < self.named;
        if is_short {
            (row.cells.len()..self.width()).for_each(|_| row.cells.push(""));
        }
        is_short
    }

    /// How many columns the header has.
    pub fn width(&self) -> usize {
        self.names.len()
    }

    /// Refuses a row that is none of this table: of another number of columns, the header again, a
    /// row of totals. Empty cells beyond the header and missing cells of columns without a name
    /// are let go, and so are missing cells where most rows lack them.
    pub fn check(&self, row: &mut Row) {
        if row.refusal.is_some() {
            return;
        }
        let (has, wants) = (row.cells.len(), self.width());
        let is_blank = |cell: Option<&str>| cell.is_none_or(|cell| cell.trim().is_empty());
        let beyond = row.cells.iter().skip(wants).all(is_blank);
        if (has < wants && has < self.least) || !beyond {
            let message = message!(
                "la ligne a {has} colonnes ; l’en-tête en a {wants}",
                "the row has {has} columns; the header has {wants}"
            );
            row.refusal = Some(Refusal::new("row", has, message));
            return;
        }
        row.cells.truncate(wants);
        let named = row.cells.iter().zip(&self.names).filter(|(_, name)| !name.is_empty());
        let mut same =
            named.map(|(cell, name)| cell.is_some_and(|cell| cell.trim() == name.trim()));
        if self.named > 1 && is_ruler(row) {
            let message = message!("est un filet", "is a ruled line");
            row.refusal = Some(Refusal::new("row", "", message));
        } else if self.named > 1 && same.all(|same| same) {
            let message = message!("répète l’en-tête", "repeats the header");
            row.refusal = Some(Refusal::new("row", "", message));
        } else if let Some(word) = self.totals(row) {
            let message = message!("est une ligne de totaux", "is a row of totals");
            row.refusal = Some(Refusal::new("row", word, message));
        }
    }

    fn totals(&self, row: &Row) -> Option<String> {
        let mut filled = row.cells.iter().flatten().filter(|cell| !cell.trim().is_empty());
        let first = filled.next()?;
        let few = filled.count() < TOTALS_CELLS_MAX && self.named > TOTALS_CELLS_MAX;
        let word = if few { fold(first.trim().trim_end_matches(':')) } else { return None };
        TOTALS.contains(&word.trim()).then(|| first.to_owned())
    }
}
