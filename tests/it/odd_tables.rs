//! Tables as some programs write them: without the empty cells at the end of their rows, with cells
//! longer than a row may be, and workbooks with a million empty rows.

use crate::common::{Folder, run};
use crate::place_columns::{CITY, exported, import};
use crate::readers::{sheet_row, workbook_of};

const HEADER: &str = "case_id,opened,category,lat,lon,street,closed";

fn row(number: usize) -> String {
    format!("T{number},2026-10-01T10:{number}:00Z,Pothole,46.8{number},-71.2{number},Elm {number}")
}

/// Requests of which each ends as the function says.
fn table(header: &str, end: impl Fn(usize) -> String) -> String {
    let rows = (10..50).map(|n| format!("{}{}\n", row(n), end(n)));
    format!("{header}\n{}", rows.collect::<String>())
}

/// The table with a comma in each cell of a street.
fn with_commas(mut text: String) -> String {
    for n in 10..50 {
        text = text.replace(&format!("Elm {n}"), &format!("\"Elm, {n}\""));
    }
    text
}

#[test]
fn rows_without_their_empty_last_cells_are_read() {
    let closed = |n: usize| format!(",2026-10-02T10:{n}:00Z");
    for (name, text, refused, short) in [
        ("all.csv", table(HEADER, |_| String::new()), 0, 40),
        ("two.csv", table(&format!("{HEADER},closed_by"), |_| String::new()), 0, 40),
        ("some.csv", table(HEADER, |n| if n % 4 == 0 { closed(n) } else { String::new() }), 0, 30),
        (
            "ends.csv",
            table(&format!("{HEADER},closed_by"), |n| match n % 5 {
                0 => closed(n) + ",crew",
                1 => closed(n),
                _ => String::new(),
            }),
            0,
            32,
        ),
        ("commas.csv", with_commas(table(HEADER, |_| String::new())), 0, 40),
        ("semicolons.csv", table(HEADER, |_| String::new()).replace(',', ";"), 0, 40),
        // Nearly all are whole: the others are broken.
        ("broken.csv", table(HEADER, |n| if n == 20 { String::new() } else { closed(n) }), 1, 0),
        ("cut.csv", table(HEADER, |_| String::new()) + "T9,2026-10-01T10:00:00Z\n", 1, 40),
    ] {
        let folder = Folder::new("odd-tables");
        let (code, summary, said) = import(&folder, name, &text);
        let added = if name == "broken.csv" { 39 } else { 40 };
        assert_eq!(summary["added"], added, "{name}: {said}");
        assert_eq!(summary["refused"], refused, "{name}: {said}");
        assert_eq!(code, Some(if refused > 0 { 3 } else { 0 }), "{name}: {said}");
        let note = format!("{short} rows end before the last column(s)");
        assert_eq!(summary.to_string().contains(&note), short > 0, "{name}: {summary}");
    }
}

#[test]
fn rows_that_are_far_too_short_are_refused_all_the_same() {
    let folder = Folder::new("odd-tables");
    // Every row was put into quotes as a whole, as spreadsheets do with a file they misread.
    let rows: String = (10..50).map(|n| format!("\"{}\"\n", row(n))).collect();
    let file = folder.with("quoted.csv", format!("{HEADER}\n{rows}"));
    let output = run(&folder, &[&["import", file.to_str().unwrap()][..], &CITY].concat());
    assert_ne!(output.status.code(), Some(0));
}

#[test]
fn a_row_with_a_cell_of_more_than_16_mib_of_lines_is_refused_alone() {
    for (at, cell) in [(5, "x\n"), (5, "on Elm, at 5\n"), (2, "a\n")] {
        let folder = Folder::new("odd-tables");
        let mut lines: Vec<String> = (10..50).map(|n| row(n) + ",2026-10-03T10:00:00Z").collect();
        let mut cells: Vec<String> = lines[20].split(',').map(str::to_owned).collect();
        cells[at] = format!("\"{}\"", cell.repeat((18 << 20) / cell.len()));
        lines[20] = cells.join(",");
        let (code, summary, said) =
            import(&folder, "long.csv", format!("{HEADER}\n{}\n", lines.join("\n")));
        assert_eq!((code, &summary["refused"]), (Some(3), &1.into()), "{at} {cell:?}: {said}");
        assert_eq!(summary["added"], 39, "{at} {cell:?}: {said}");
        let refused = std::fs::read_to_string(folder.file("long.refused.csv")).unwrap();
        assert!(refused.contains("is longer than 16 MiB") && refused.len() < 4_000);
    }
}

#[test]
fn empty_rows_of_a_workbook_change_nothing() {
    let cells = |line: &str| line.split(',').map(str::to_owned).collect::<Vec<_>>();
    let sheet_of = |first: u64, rows: &[String]| {
        let rows = rows.iter().zip(first..).map(|(line, number)| {
            let cells = cells(line);
            sheet_row(number, &Vec::from_iter(cells.iter().map(String::as_str)))
        });
        rows.collect::<String>()
    };
    let lines: Vec<String> = (10..50).map(row).collect();
    let header = sheet_row(1, &Vec::from_iter(HEADER.split(',')));
    let empty = |from: u64, to: u64| {
        (from..to).map(|n| format!(r#"<row r="{n}"><c r="A{n}"/></row>"#)).collect::<String>()
    };
    for sheet in [
        header.clone() + &sheet_of(2, &lines) + &empty(42, 90_000),
        header.clone() + &empty(2, 60_000) + &sheet_of(60_000, &lines),
        header.clone()
            + &sheet_of(2, &lines[..20])
            + &empty(22, 60_000)
            + &sheet_of(60_000, &lines[20..]),
    ] {
        let folder = Folder::new("odd-tables");
        let (code, summary, said) = import(&folder, "a.xlsx", workbook_of(&[("All", &sheet)]));
        assert_eq!((code, &summary["added"]), (Some(0), &40.into()), "{said}");
        assert_eq!(exported(&folder).len(), 40);
    }
}
