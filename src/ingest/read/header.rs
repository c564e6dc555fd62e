//! Where the header of a table is: below titles of few or several cells, and above the rows whose
//! cells have numbers and dates.

use crate::ingest::column::words::{Concept, NameWords};

/// Title rows that may precede the header.
pub const TITLES_MAX: usize = 8;
/// Rows from which the header is found.
pub const LOOK_ROWS: usize = 50;

/// The first rows of a table, as texts of cells.
pub type FirstRows = [Vec<String>];

/// How many of the first rows are above the header.
pub fn rows_above_header(rows: &FirstRows) -> usize {
    let widest = rows.iter().map(|row| filled(row)).max().unwrap_or_default();
    if widest <= 2 {
        return 0;
    }
    let few = rows.iter().take_while(|row| is_title(filled(row), widest)).count();
    let few = if few <= TITLES_MAX { few } else { 0 };
    few.max(above_typed_rows(rows, widest).unwrap_or_default())
}

/// Is a row of so many filled cells at the start of a table of this width a title above its
/// header?
fn is_title(filled: usize, widest: usize) -> bool {
    filled <= 1 || filled * 4 <= widest
}

fn filled(row: &[String]) -> usize {
    row.iter().filter(|cell| !cell.trim().is_empty()).count()
}

fn has_digit(cell: &str) -> bool {
    cell.bytes().any(|b| b.is_ascii_digit())
}

/// Of the rows above the first one with numbers and dates where most others have them, the header
/// is among the widest the one with most words that names of columns have; of equals the first, for
/// a second row of names is none. `None` where no column has numbers or dates.
fn above_typed_rows(rows: &FirstRows, widest: usize) -> Option<usize> {
    let lower = rows.get(rows.len().min(TITLES_MAX + 1).min(rows.len() / 2)..).unwrap_or_default();
    let lower: Vec<&Vec<String>> = lower.iter().filter(|row| filled(row) * 2 > widest).collect();
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let is_typed = |column: &usize| {
        let cells = lower.iter().filter_map(|row| row.get(*column));
        let cells: Vec<&String> = cells.filter(|cell| !cell.trim().is_empty()).collect();
        let typed = cells.iter().filter(|cell| has_digit(cell)).count();
        typed > 0 && typed * 2 >= cells.len()
    };
    let typed: Vec<usize> = (0..columns).filter(is_typed).collect();
    let has_data = |row: &[String]| {
        let found = typed.iter().filter(|column| row.get(**column).is_some_and(|c| has_digit(c)));
        filled(row) * 2 > widest && found.count() * 2 > typed.len()
    };
    let first = rows.iter().position(|row| !typed.is_empty() && has_data(row))?;
    let above = rows.get(..first.min(TITLES_MAX + 1)).unwrap_or_default();
    let most = above.iter().map(|row| filled(row)).max().filter(|most| *most > 1)?;
    let wide = above.iter().enumerate().filter(|(_, row)| filled(row) * 5 >= most * 4);
    // Of equals the first: `max_by_key` gives the last.
    wide.rev().max_by_key(|(_, row)| words_of_names(row)).map(|(number, _)| number)
}

/// How many of these texts have a word that names of columns have.
pub fn words_of_names(row: &[String]) -> usize {
    let is_name = |cell: &&String| {
        let words = NameWords::of(cell);
        // Words such as `of` and `city` are in titles, too.
        words.concepts.iter().any(|concept| *concept != Concept::Request) && words.unknown <= 1
    };
    row.iter().filter(is_name).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn above(lines: &[&str]) -> usize {
        let cells = |line: &&str| line.split(';').map(str::to_owned).collect();
        rows_above_header(&lines.iter().map(cells).collect::<Vec<Vec<String>>>())
    }

    #[test]
    fn the_header_is_above_the_rows_with_numbers_and_dates() {
        let header = "id;created;category;status";
        let rows = ["1;2025-03-02;Pothole;open", "2;2025-03-03;Light;closed"];
        let with = |titles: &[&str]| above(&[titles, &[header][..], &rows].concat());
        for (titles, count) in [
            (&[][..], 0),
            (&["City of Valmeer"], 1),
            (&["City of Valmeer;Public works;2025-03-31"], 1),
            (&["City of Valmeer;Public works;2025-03-31;"], 1),
            (&["City of Valmeer;Public works;March;Page 1"], 1),
            (&["City;Department;Date;", "", "Valmeer;Public works;2025-03-31;"], 3),
            (&["Export;from;the portal;", ";;;"], 2),
            (&["Valmeer;Openbare werken;Maart 2025;v2"], 1),
        ] {
            assert_eq!(with(titles), count, "{titles:?}");
        }
        // Names that no list has, names with numbers, and no row at all.
        assert_eq!(above(&["qa;qb;qc", "1;2;x", "2;3;y"]), 0);
        assert_eq!(above(&["2019;2020;2021", "1;2;3", "4;5;6"]), 0);
        assert_eq!(above(&[header]), 0);
        // A second row of names is none.
        assert_eq!(above(&[header, "numéro;créé;catégorie;état", rows[0], rows[1]]), 0);
        // Rows without any number.
        assert_eq!(above(&["kind;state;street", "Hole;Open;Elm", "Light;Closed;Main"]), 0);
    }
}
