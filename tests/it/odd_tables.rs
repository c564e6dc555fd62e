//! Tables as some programs write them: without the empty cells at the end of their rows, with cells
//! longer than a row may be, and workbooks with a million empty rows.

use crate::common::{Folder, run};
use crate::place_columns::{CITY, exported, import};
use crate::readers::{sheet_row, workbook_of};

const HEADER: &str = "case_id,opened,category,lat,lon,street,closed";

fn row(number: usize) -> String {
    format!("T{number},2026-10-01T10:{number}:00Z,Pothole,52.1{number},5.2{number},Elm {number}")
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
fn rows_broken_by_line_ends_without_quotes_are_refused_and_named() {
    let closed = |n: usize| format!(",2026-10-02T10:{n}:00Z");
    let whole = table(HEADER, closed);
    let short = table(HEADER, |_| String::new());
    for (text, at, every) in [
        // Of whole rows, and of rows without their last cell.
        (&whole, "Poth", 1),
        (&whole, "Poth", 7),
        (&whole, "Elm", 1),
        (&whole, "Elm", 7),
        (&short, "Poth", 7),
        (&short, "Poth", 1),
    ] {
        let lines = text.lines().enumerate().map(|(n, line)| match n > 0 && n % every == 0 {
            true => line.replacen(at, &format!("{at}\n"), 1),
            false => line.to_owned(),
        });
        let broken = if every == 1 { 40 } else { 5 };
        let lines: Vec<String> = lines.collect();
        let folder = Folder::new("odd-tables");
        let (code, summary, said) = import(&folder, "broken.csv", lines.join("\n"));
        if every == 1 {
            assert_ne!(code, Some(0), "{at}: {said}");
            assert!(summary["added"].as_u64().unwrap_or_default() == 0, "{at}: {said}");
            continue;
        }
        assert_eq!(code, Some(3), "{at}: {said}");
        assert_eq!(summary["added"], 40 - broken, "{at}: {said}");
        assert_eq!(summary["refused"], 2 * broken, "{at}: {said}");
        let named = text == &whole;
        assert_eq!(said.contains("5 rows seem broken in two by a line end"), named, "{at}: {said}");
        let refused = crate::common::refused_rows(&folder, "broken.refused.csv");
        assert!(refused.starts_with("8,row,") && refused.contains("\n9,row,"), "{refused}");
    }
}

#[test]
fn rows_in_quotes_as_a_whole_are_read() {
    let quoted = |text: &str| {
        let lines = text.lines().map(|line| format!("\"{}\"", line.replace('"', "\"\"")));
        lines.collect::<Vec<_>>().join("\r\n")
    };
    let text = with_commas(table(HEADER, |_| ",2026-10-03T10:00:00Z".to_owned()));
    let (header, rows) = text.split_once('\n').unwrap();
    let folder = Folder::new("odd-tables");
    import(&folder, "plain.csv", &text);
    let wanted = exported(&folder);
    for (name, text) in [
        ("all.csv", quoted(&text)),
        ("rows.csv", format!("{header}\n{}", quoted(rows))),
        ("tails.csv", quoted(&text).replace("\r\n", ",,\r\n")),
        ("semicolons.csv", quoted(&text.replace(',', ";").replace("Elm;", "Elm,"))),
        ("title.csv", format!("sep=,\n{}", quoted(&text))),
    ] {
        let folder = Folder::new("odd-tables");
        let (code, summary, said) = import(&folder, name, text);
        assert_eq!((code, &summary["added"]), (Some(0), &40.into()), "{name}: {said}");
        assert!(said.contains("each line is in quotes as a whole"), "{name}: {said}");
        assert_eq!(exported(&folder), wanted, "{name}");
    }
}

#[test]
fn rare_delimiters_are_read_or_named() {
    let text = table(HEADER, |_| ",2026-10-03T10:00:00Z".to_owned());
    for sign in ["^", "~", "\u{1f}", "#", "§", "¦"] {
        let folder = Folder::new("odd-tables");
        let text = text.replace(',', sign);
        let (code, summary, said) = import(&folder, "a.csv", &text);
        if ["#", "§", "¦"].contains(&sign) {
            assert_eq!(code, Some(2), "{said}");
            let named = said.contains(&format!("separated by '{sign}'"));
            assert!(named && said.contains("--delimiter"), "{said}");
        } else {
            assert_eq!((code, &summary["added"]), (Some(0), &40.into()), "{sign:?}: {said}");
        }
    }
    let folder = Folder::new("odd-tables");
    let file = folder.with("a.csv", text.replace(',', "#"));
    let arguments = ["import", file.to_str().unwrap(), "--delimiter", "#"];
    let output = run(&folder, &[&arguments[..], &CITY].concat());
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

#[test]
fn rows_of_totals_within_a_table_are_refused_as_such() {
    let rows: Vec<String> = (10..50).map(|n| row(n) + ",2026-10-02T10:00:00Z").collect();
    for label in [
        "Total,1,,,,,",
        ",,Subtotal,,,12,",
        ",,Pothole Total,12,,,",
        "Sous-total,,,,,12,",
        ",Sous-total Voirie,12,,,,",
        "Zwischensumme,,,,,\"1.234,5\",",
        "Totale parziale:,,,,,12,",
        "Suma częściowa,12",
        "Gesamtergebnis,,,,,,12",
        ",Sub-Total (Ward 3),,,,12,,",
    ] {
        let mut lines = rows.clone();
        lines.insert(20, label.to_owned());
        let folder = Folder::new("odd-tables");
        let text = format!("{HEADER}\n{}\n", lines.join("\n"));
        let (code, summary, said) = import(&folder, "a.csv", text);
        assert_eq!((code, &summary["added"]), (Some(3), &40.into()), "{label}: {said}");
        assert_eq!(summary["refusals"][0]["reason"], "is a row of totals", "{label}: {said}");
        let refused = crate::common::refused_rows(&folder, "a.refused.csv");
        assert!(refused.starts_with("22,row,"), "{label}: {refused}");
    }
    // Requests whose category or street has such a word.
    for (category, street) in
        [("Total failure", "1"), ("Sum", "2"), ("Pothole", "Total"), ("Summe", "")]
    {
        let cells = format!("T9,2026-10-01T10:00:00Z,{category},,,{street},");
        let folder = Folder::new("odd-tables");
        let text = format!("{HEADER}\n{}\n{cells}\n", rows.join("\n"));
        let (code, summary, said) = import(&folder, "a.csv", text);
        assert_eq!((code, &summary["added"]), (Some(0), &41.into()), "{category}: {said}");
    }
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
