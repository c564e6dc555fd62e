//! What every table has, of CSV or of a sheet: a width, columns without a name, repeated headers
//! and rows of totals.

use crate::domain::fold;
use crate::error::Refusal;
use crate::i18n::Message;
use crate::ingest::read::row::Row;
use crate::message;

/// Words of a row of totals, in the languages of the sources and as spreadsheets write them.
const TOTALS: [&str; 29] = [
    "total",
    "totals",
    "totaux",
    "grand total",
    "total general",
    "subtotal",
    "subtotals",
    "sub total",
    "sum",
    "sous total",
    "sous totaux",
    "somme",
    "summe",
    "gesamt",
    "gesamtsumme",
    "gesamtergebnis",
    "ergebnis",
    "zwischensumme",
    "teilsumme",
    "totale",
    "subtotale",
    "totale parziale",
    "totaal",
    "subtotaal",
    "eindtotaal",
    "suma",
    "razem",
    "suma czesciowa",
    "soma",
];
/// Filled cells that a row of totals may have in a table of few columns.
const TOTALS_CELLS_MAX: usize = 3;

/// Is the text that of a row of totals: one of its words, with a group before or after it, such as
/// `Pothole Total`?
fn is_totals_label(cell: &str) -> bool {
    let text = fold(cell.trim()).replace(['-', ':', '.', '='], " ");
    let words: Vec<&str> = text.split_whitespace().collect();
    let is_word = |part: &[&str]| TOTALS.contains(&part.join(" ").as_str());
    (1..=words.len().min(2)).any(|n| {
        is_word(words.get(..n).unwrap_or_default())
            || is_word(words.get(words.len() - n..).unwrap_or_default())
    })
}

/// Is the text a count or a sum, and neither a day nor a time?
fn is_count(cell: &str) -> bool {
    let number = cell.trim_start_matches(['+', '-']).trim_end_matches('%').trim_end();
    let is_separator = |c: char| " .,'\u{a0}\u{202f}".contains(c);
    let groups = || number.split(is_separator);
    let digits: usize = groups().map(str::len).sum();
    let is_digits =
        groups().all(|group| !group.is_empty() && group.bytes().all(|b| b.is_ascii_digit()));
    // The groups between the first and the last are of thousands, unlike those of a day.
    let inner = groups().skip(1).take(groups().count().saturating_sub(2));
    let is_day = digits == 8 && groups().count() == 1 && number.starts_with(['1', '2']);
    is_digits && digits <= 9 && !is_day && inner.into_iter().all(|group| group.len() == 3)
}

/// Does the row consist of lines of `-`, `=` or `_`, as reports of databases rule under a header?
fn is_ruler(row: &Row) -> bool {
    let is_line = |cell: &str| cell.len() > 2 && cell.bytes().all(|b| b"-=_".contains(&b));
    let filled = || row.cells.iter().flatten().map(str::trim).filter(|cell| !cell.is_empty());
    filled().all(is_line) && filled().count() > 1
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

/// Counts rows that seem to be the two parts of one, broken by a line end without quotes: together
/// they are as wide as the table.
#[derive(Debug, Default)]
pub struct BrokenRows {
    before: Option<(usize, u64)>,
    first: u64,
    count: u64,
}

impl BrokenRows {
    /// Looks at a row of so many cells at this line.
    pub fn add(&mut self, cells: usize, line: u64, shape: &TableShape) {
        let is_short = |cells: usize| cells < shape.named;
        let is_rest = |before: usize| {
            let joined = (before + cells).saturating_sub(1);
            is_short(before) && (joined == shape.named || joined == shape.width())
        };
        match self.before.take() {
            Some((before, at)) if is_short(cells) && is_rest(before) => {
                self.first = if self.count == 0 { at } else { self.first };
                self.count += 1;
            }
            _ => self.before = Some((cells, line)),
        }
    }

    /// What people should know of them.
    pub fn note(&self) -> Option<Message> {
        let Self { first, count, .. } = self;
        let (rows, seem) = if *count == 1 { ("row", "seems") } else { ("rows", "seem") };
        let (lignes, semblent) =
            if *count == 1 { ("ligne semble", "coupée") } else { ("lignes semblent", "coupées") };
        (*count > 0).then(|| {
            message!(
                "{count} {lignes} {semblent} en deux par une fin de ligne sans guillemets, à \
                 partir de la ligne {first} : les parties trop courtes sont refusées",
                "{count} {rows} {seem} broken in two by a line end without quotes, from line \
                 {first} on: parts that are too short are refused"
            )
        })
    }
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
    /// that have two thirds of the columns at most, are refused all the same: the two parts of a
    /// row that a line end without quotes has broken are never both taken as rows. Where such parts
    /// are many, no row may be short.
    pub fn allow_short(&mut self, widths: &[usize]) {
        let is_short = |width: &usize| *width < self.named && *width * 3 > self.named * 2;
        let mut short: Vec<usize> = widths.iter().copied().filter(is_short).collect();
        short.sort_unstable();
        let parts = widths.iter().filter(|width| **width * 3 <= self.named * 2).count();
        let is_usual = short.len() >= SHORT_ROWS_MIN
            && short.len() * 2 > widths.len()
            && parts * 3 <= short.len();
        // A tenth of the short rows may be broken ones.
        if let Some(least) = short.get(short.len() / 10).filter(|_| is_usual) {
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
        if let Some(word) = self.totals(row) {
            let message = message!("est une ligne de totaux", "is a row of totals");
            row.refusal = Some(Refusal::new("row", word, message));
            return;
        }
        let (has, wants) = (row.cells.len(), self.width());
        let is_blank = |cell: Option<&str>| cell.is_none_or(|cell| cell.trim().is_empty());
        let beyond = row.cells.iter().skip(wants).all(is_blank);
        if (has < wants && has < self.least) || !beyond {
            let ending = if has == 1 { "" } else { "s" };
            let message = message!(
                "la ligne a {has} colonne{ending} ; l’en-tête en a {wants}",
                "the row has {has} column{ending}; the header has {wants}"
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
        }
    }

    /// The label of a row of totals: few cells are filled, and beside the label there are counts
    /// alone, so no time, no place in words and no id of letters.
    fn totals(&self, row: &Row) -> Option<String> {
        let filled = || row.cells.iter().flatten().map(str::trim).filter(|cell| !cell.is_empty());
        // No more cells are counted than it takes to know that they are not few.
        let few = filled().take(self.named.div_ceil(2).max(TOTALS_CELLS_MAX + 1)).count();
        let is_few = few <= TOTALS_CELLS_MAX || few * 2 < self.named;
        if !is_few || self.named <= TOTALS_CELLS_MAX {
            return None;
        }
        let texts = filled().filter(|cell| !is_count(cell)).take(2).count();
        let first = filled().next()?;
        let alone = fold(first.trim_end_matches(':'));
        if few <= TOTALS_CELLS_MAX && TOTALS.contains(&alone.trim()) {
            let is_bare = |cell: &str| is_count(cell) || !cell.bytes().any(|b| b.is_ascii_digit());
            return filled().all(is_bare).then(|| first.to_owned());
        }
        let label = filled().find(|cell| !is_count(cell)).filter(|_| texts == 1)?;
        is_totals_label(label).then(|| label.to_owned())
    }
}
