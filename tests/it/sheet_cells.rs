//! Cells of workbooks that say less or other than they seem to: formulas without a computed value,
//! and dates whose day and month a spreadsheet has exchanged.

use crate::common::Folder;
use crate::place_columns::{exported, import};
use crate::readers::{sheet_row, workbook_of};

const HEADER: [&str; 5] = ["nummer", "aangemaakt", "categorie", "lat", "lon"];

#[test]
fn formulas_without_a_value_are_counted_by_column() {
    let names = [&HEADER[..], &["status", "note"]].concat();
    let mut sheet = sheet_row(1, &names);
    for row in 2..32 {
        let (number, lat) = (format!("V{row}"), format!("52.1{row:02}"));
        let cells = [&*number, "2025-03-02 08:00:00", "Kuil", &lat, "5.2"];
        let (status, note) = (
            format!(r#"<c r="F{row}"><f>IF(A{row}="x","Open","Closed")</f><v></v></c>"#),
            match row {
                2 => r#"<c r="G2" t="str"><f>A2</f></c>"#.to_owned(),
                _ => format!(r#"<c r="G{row}" t="str"><f>A{row}</f><v>text</v></c>"#),
            },
        );
        let row = sheet_row(row, &cells);
        sheet += &row.replace("</row>", &format!("{status}{note}</row>"));
    }
    let folder = Folder::new("cells");
    let (code, summary, said) = import(&folder, "a.xlsx", workbook_of(&[("All", &sheet)]));
    assert_eq!(code, Some(0), "{said}");
    let notes = summary["notes"].to_string();
    assert!(notes.contains("31 cell(s) with a formula"), "{notes}");
    assert!(notes.contains("'status' (30), 'note' (1)"), "{notes}");
    // A workbook without such cells says nothing of them.
    let plain = sheet.replace("<v></v>", "<v>Open</v>").replace("<f>A2</f>", "");
    let plain = plain.replace("\"><f>IF", "\" t=\"str\"><f>IF");
    let (code, summary, said) =
        import(&Folder::new("cells"), "a.xlsx", workbook_of(&[("All", &plain)]));
    assert_eq!(code, Some(0), "{said}");
    assert!(!summary["notes"].to_string().contains("formula"), "{}", summary["notes"]);
}

#[test]
fn dates_whose_day_and_month_were_exchanged_are_a_doubt() {
    let table = |date: &dyn Fn(u32) -> String| {
        let row = |n: u32| format!("V{n},{},Kuil,52.1{n},5.2{n}\n", date(n));
        format!("{}\n{}", HEADER.join(","), (10..40).map(row).collect::<String>())
    };
    let day = |n: u32| n - 9;
    // As a program writes them that reads the day first, of dates that have the month first.
    let exchanged = table(&|n| match day(n) {
        day @ 1..=12 => format!("2025-{day:02}-03 08:00:00"),
        day => format!("03/{day}/2025 08:00"),
    });
    let (code, _, said) = import(&Folder::new("cells"), "a.csv", &exchanged);
    assert!(
        code == Some(2) && said.contains("probably exchanged day and month"),
        "{code:?} {said}"
    );
    // Dates that were left alone, and dates that somebody vouches for.
    let whole = table(&|n| match n % 2 {
        0 => format!("2025-03-{:02} 08:00:00", day(n)),
        _ => format!("03/{:02}/2025 08:00", day(n)),
    });
    let folder = Folder::new("cells");
    let (code, _, said) = import(&folder, "a.csv", &whole);
    assert_eq!((code, exported(&folder).len()), (Some(0), 30), "{said}");
    let folder = Folder::new("cells");
    let file = folder.with("a.csv", &exchanged);
    let city = crate::place_columns::CITY;
    let arguments = ["import", file.to_str().unwrap(), "--date-order", "mdy"];
    crate::common::done(&folder, &[&arguments[..], &city].concat());
    assert_eq!(exported(&folder).len(), 30);
}
