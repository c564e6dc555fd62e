//! The first file of a city, of which the store knows nothing: what is far away or exchanged, what
//! is no row, and what is no table.

use serde_json::Value;

use crate::common::{Folder, done, run};
use crate::readers::{sheet_row, workbook_of};

const HEADER: &str = "meldingsnummer,aanmaakdatum,categorie,status,breedtegraad,lengtegraad";
const CITY: [&str; 4] = ["--jurisdiction", "valmeer.example", "--time-zone", "Europe/Amsterdam"];

/// A row of the request of this number at a place.
fn row(number: u32, lat: &str, lon: &str) -> String {
    format!("V{number},2025-03-02 08:{}:00,Kuil,Open,{lat},{lon}\n", number % 60)
}

/// Forty rows of the city; every n-th has latitude and longitude exchanged.
fn rows(exchanged_every: u32) -> String {
    let place = |number: u32| (format!("52.1{number}"), format!("5.2{number}"));
    let one = |number: u32| {
        let (lat, lon) = place(number);
        match exchanged_every > 0 && number.is_multiple_of(exchanged_every) {
            true => row(number, &lon, &lat),
            false => row(number, &lat, &lon),
        }
    };
    (10..50).map(one).collect()
}

/// The exit status of an import, its summary as JSON (`Null` without one), and what it said.
fn import(folder: &Folder, text: &str, more: &[&str]) -> (Option<i32>, Value, String) {
    let file = folder.with("first.csv", text);
    let arguments = ["import", file.to_str().unwrap(), "--summary", "json"];
    let output = run(folder, &[&arguments[..], more].concat());
    let (out, error) = (String::from_utf8_lossy(&output.stdout), output.stderr);
    let summary = out.lines().find_map(|line| serde_json::from_str(line).ok());
    let said = format!("{out}{}", String::from_utf8_lossy(&error));
    (output.status.code(), summary.unwrap_or_default(), said)
}

#[test]
fn rows_far_from_all_others_are_counted_as_outside_at_the_first_import() {
    let far = [("0.001", "0.001"), ("40.7128", "-74.006"), ("52.15", "-5.2"), ("-52.1", "5.2")];
    let far: String =
        far.iter().zip(100..).map(|((lat, lon), number)| row(number, lat, lon)).collect();
    let text = format!("{HEADER}\n{}{far}", rows(0));
    let folder = Folder::new("first");
    let (_, dry, _) = import(&folder, &text, &[&CITY[..], &["--dry-run"]].concat());
    let (code, summary, said) = import(&folder, &text, &CITY);
    assert_eq!(code, Some(0), "{said}");
    for (name, count) in [("added", 44), ("refused", 0), ("outside_extent", 4)] {
        assert_eq!(summary[name], count, "{name}: {said}");
        assert_eq!(dry[name], count, "{name}");
    }
    assert_eq!(summary["outside_extent_rows"][0]["row"], 41);
    assert_eq!(summary["outside_extent_rows"][1]["longitude"], -74.006);
    let (_, _, said) = import(&Folder::new("first"), &text, &[&CITY[..], &["--strict"]].concat());
    assert!(said.contains("nothing was imported (--strict)"), "{said}");
    // The second import of the same file counts the same against the extent that was learned.
    assert_eq!(import(&folder, &text, &CITY).1["outside_extent"], 4);
}

#[test]
fn exchanged_coordinates_are_refused_at_the_first_import_or_exchanged_again() {
    for (every, refused) in [(1, 40), (10, 4), (3, 13), (2, 20)] {
        let folder = Folder::new("first");
        let text = format!("{HEADER}\n{}", rows(every));
        let (code, summary, said) = import(&folder, &text, &CITY);
        assert_eq!(code, Some(if refused == 40 { 1 } else { 3 }), "{said}");
        assert_eq!((&summary["refused"], &summary["outside_extent"]), (&refused.into(), &0.into()));
        assert!(said.contains("--fix-swapped"), "{said}");
        let is_store = folder.file("city.db").exists();
        assert_eq!(is_store, refused < 40, "a file without a good row makes no store");
        assert!(!is_store || done(&folder, &["check"]).contains("valmeer.example"));
        let (code, summary, said) =
            import(&folder, &text, &[&CITY[..], &["--fix-swapped"]].concat());
        assert_eq!((code, &summary["refused"]), (Some(0), &0.into()), "{said}");
        let table = done(&folder, &["export", "--format", "csv", "--jurisdiction", CITY[1]]);
        assert_eq!(table.matches(",52.1").count() + table.matches(",5.2").count(), 80, "{table}");
    }
}

/// Where the times have offsets and the zone is not known, only one kind being rare decides.
#[test]
fn exchanged_halves_of_a_city_without_a_zone_are_an_error() {
    let text = format!("{HEADER}\n{}", rows(2)).replace(":00,Kuil", ":00Z,Kuil");
    let (code, _, said) = import(&Folder::new("first"), &text, &CITY[..2]);
    assert!(code == Some(2) && said.contains("exchanged in some of the rows"), "{code:?} {said}");
    let text = format!("{HEADER}\n{}", rows(10)).replace(":00,Kuil", ":00Z,Kuil");
    let (_, summary, said) = import(&Folder::new("first"), &text, &CITY[..2]);
    assert_eq!(summary["refused"], 4, "{said}");
}

#[test]
fn the_order_of_pairs_follows_the_time_zone() {
    let header = HEADER.replace("breedtegraad,lengtegraad", "locatie");
    for (first, second) in [("52.1", "5.2"), ("5.2", "52.1")] {
        let pair = |number: u32| format!("\"{first}{number}, {second}{number}\"");
        let rows: String = (10..50)
            .map(|n| format!("V{n},2025-03-02 08:{n}:00,Kuil,Open,{}\n", pair(n)))
            .collect();
        let folder = Folder::new("first");
        let (_, summary, said) = import(&folder, &format!("{header}\n{rows}"), &CITY);
        assert_eq!((&summary["added"], &summary["refused"]), (&40.into(), &0.into()), "{said}");
        let west = summary["learned_extent"][0].as_f64().unwrap();
        assert!((5.0..5.3).contains(&west), "{said}");
    }
}

#[test]
fn empty_rows_are_passed_over_and_counted_apart() {
    let text = format!("{HEADER}\n,,,,,\n{}\n ,\" \",,,,\n,,\n{}", rows(0), row(99, "52.1", "5.2"));
    let folder = Folder::new("first");
    let (code, summary, said) = import(&folder, &text, &CITY);
    assert_eq!(code, Some(0), "{said}");
    for (name, count) in [("rows", 41), ("added", 41), ("refused", 0), ("empty_rows", 3)] {
        assert_eq!(summary[name], count, "{name}: {said}");
    }
    let file = folder.file("first.csv");
    let output = done(&folder, &[&["import", file.to_str().unwrap()][..], &CITY[..]].concat());
    assert!(output.contains("  3 empty rows passed over"), "{output}");
    // The numbers of rows count them.
    let bad = format!("{HEADER}\n,,,,,\n{}V9,whenever,Kuil,Open,52.1,5.2\n", rows(0));
    import(&folder, &bad, &CITY);
    let refused = std::fs::read_to_string(folder.file("first.refused.csv")).unwrap();
    assert!(refused.contains("\n42,43,"), "{refused}");
}

#[test]
fn rows_without_an_id_among_others_are_counted_and_are_the_same_the_next_time() {
    let nameless = |text: &str| text.replace("V60", "").replace("V61", "").replace("V62", "-");
    let extra: String = (60..63).map(|number| row(number, "52.11", "5.21")).collect();
    let text = nameless(&format!("{HEADER}\n{}{extra}", rows(0)));
    let folder = Folder::new("first");
    let (code, summary, said) = import(&folder, &text, &CITY);
    assert_eq!((code, &summary["rows_without_id"]), (Some(0), &3.into()), "{said}");
    let file = folder.file("first.csv");
    let output = done(&folder, &[&["import", file.to_str().unwrap()][..], &CITY[..]].concat());
    assert!(output.contains("0 added, 0 updated, 43 unchanged"), "{output}");
    assert!(output.contains("3 rows without an id, though others have one"), "{output}");
    let (code, _, said) =
        import(&Folder::new("first"), &text, &[&CITY[..], &["--strict"]].concat());
    assert!(code == Some(1) && said.contains("nothing was imported"), "{said}");
}

#[test]
fn a_file_of_which_every_row_is_refused_adds_no_service() {
    let folder = Folder::new("first");
    let (_, summary, _) = import(&folder, &format!("{HEADER}\n{}", rows(0)), &CITY);
    assert_eq!(summary["services_added"], 1);
    let bad =
        format!("{HEADER}\n{}", rows(0)).replace("Kuil", "Lantaarn").replace("2025-", "1925-");
    let (code, summary, said) = import(&folder, &bad, &CITY);
    assert_eq!((code, &summary["services_added"]), (Some(1), &0.into()), "{said}");
    let file = folder.file("first.csv");
    let output = run(&folder, &[&["import", file.to_str().unwrap()][..], &CITY[..]].concat());
    assert!(!String::from_utf8_lossy(&output.stdout).contains("to the catalogue"));
    // A good row of the category adds it.
    let mixed = bad + "Z1,2025-03-02 08:00:00,Lantaarn,Open,52.1,5.2\n";
    assert_eq!(import(&folder, &mixed, &CITY).1["services_added"], 1);
    let text = format!("{HEADER}\n{}", rows(0)).replace("Kuil", "Xyzzy").replace(",V", ",W");
    let (_, summary, _) = import(&Folder::new("first"), &text, &CITY);
    assert_eq!(summary["services_without_group"], serde_json::json!(["Xyzzy"]));
}

#[test]
fn everything_that_is_missing_is_named_at_once() {
    let row = |n: u32| format!("{n},0{}/03/2025,Hole,9144{n}.5,50401{n}.5\n", n % 9 + 1);
    let text = format!("id,created,type,X,Y\n{}", (10..50).map(row).collect::<String>());
    let (code, _, said) = import(&Folder::new("first"), &text, &[]);
    assert_eq!(code, Some(2));
    for option in ["--jurisdiction", "--time-zone", "--date-order", "--projection"] {
        assert!(said.contains(&format!("'{option}' is missing")), "{option}: {said}");
    }
    let (_, _, said) = import(&Folder::new("first"), &text, &CITY);
    assert!(said.contains("--date-order dmy") && said.contains("--projection EPSG"), "{said}");
    assert!(!said.contains("()"), "{said}");
}

#[test]
fn titles_above_a_table_are_skipped_and_named() {
    for titles in ["311 requests\nprinted 2026-10-01\n", "311 requests,,,,,\n\"to, day\",x,,,,\n\n"]
    {
        let header = format!("{HEADER},a,b,c");
        let rows = rows(0).replace('\n', ",1,2,3\n");
        let folder = Folder::new("first");
        let (code, summary, said) = import(&folder, &format!("{titles}{header}\n{rows}"), &CITY);
        assert_eq!((code, &summary["added"]), (Some(0), &40.into()), "{said}");
        let file = folder.file("first.csv");
        let output = done(&folder, &[&["import", file.to_str().unwrap()][..], &CITY[..]].concat());
        assert!(output.contains("above the header not read: '311 requests"), "{output}");
    }
}

#[test]
fn the_only_sheet_with_a_table_is_read_and_several_are_listed() {
    let table = |first: u64| {
        let mut rows = sheet_row(1, &HEADER.split(',').collect::<Vec<_>>());
        for number in 0..20_u64 {
            let (id, lat) = (format!("V{}", first + number), format!("52.1{}", number + 10));
            let day = format!("2025-03-02T08:{}:00", number + 10);
            rows += &sheet_row(number + 2, &[&id, &day, "Kuil", "Open", &lat, "5.21"]);
        }
        rows
    };
    let cover = sheet_row(1, &["Open data"]) + &sheet_row(3, &["Printed", "2026-10-01"]);
    let import = |sheets: &[(&str, &str)], more: &[&str]| {
        let folder = Folder::new("first");
        let file = folder.with("book.xlsx", workbook_of(sheets));
        let output =
            run(&folder, &[&["import", file.to_str().unwrap()][..], &CITY[..], more].concat());
        String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
    };
    let (one, other) = (table(0), table(100));
    let said = import(&[("Cover", &cover), ("Data", &one), ("Empty", "")], &[]);
    assert!(said.contains("sheet 'Data'") && said.contains("20 added"), "{said}");
    let sheets = [("Cover", cover.as_str()), ("2024", &one), ("2025", &other)];
    let said = import(&sheets, &[]);
    assert!(said.contains("'2024', '2025' (--sheet chooses one)"), "{said}");
    let said = import(&sheets, &["--sheet", "2025"]);
    assert!(said.contains("20 added"), "{said}");
}

#[test]
fn what_is_no_table_of_requests_is_named_and_leaves_no_mapping() {
    let page = "<!DOCTYPE html>\n<html><head><title>Please sign in</title></head></html>";
    for (text, code, words) in [
        (HEADER.to_owned(), 1, "the file has no rows"),
        (format!("{HEADER}\n,,,,,\n"), 1, "the file has no rows"),
        ("lorem ipsum\ndolor sit amet\nconsectetur\n".repeat(9), 2, "No column is recognised"),
        ("a,b,c\n1,2,3\n4,5,6\n".to_owned(), 2, "No column is recognised (3: 'a', 'b', 'c')"),
        (
            r#"{"error":{"code":400,"message":"Bad query"}}"#.into(),
            2,
            "server, not the data: 'Bad query'",
        ),
        (r#"{"message":"Not found","errorCode":"x"}"#.into(), 2, "not the data: 'Not found'"),
        (r#"[{"code":404,"description":"no such city"}]"#.into(), 2, "'no such city'"),
        (page.to_owned(), 2, "an HTML page ('Please sign in'), not the data"),
    ] {
        let folder = Folder::new("first");
        let file = folder.with("first.csv", text);
        let file = file.to_str().unwrap();
        let output = run(&folder, &[&["import", file][..], &CITY[..]].concat());
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert!(output.status.code() == Some(code) && said.contains(words), "{words}: {said}");
        run(&folder, &["inspect", file]);
        let kept: Vec<String> = std::fs::read_dir(&folder.0)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.ends_with(".toml"))
            .collect();
        // Of a table without rows the columns can be described, of anything else nothing.
        let expected: &[&str] = if code == 1 { &["first.mapping.toml"] } else { &[] };
        assert_eq!(kept, expected, "{words}");
    }
}

#[test]
fn what_is_said_of_times_is_true() {
    let folder = Folder::new("first");
    let rows: String = (10..30)
        .map(|n| format!("V{n},0{m}/0{m}/2025 08:{n}:00,Kuil,Open,52.1{n},5.2{n}\n", m = n % 9 + 1))
        .collect();
    let (_, summary, said) = import(&folder, &format!("{HEADER}\n{rows}"), &CITY);
    assert_eq!(summary["times"]["05/05/2026 14:05 (local)"], 20, "{said}");
    let more = format!("{HEADER}\n{rows}V99,13/02/2025 08:00:00,Kuil,Open,52.1,5.2\n");
    let (_, summary, said) = import(&folder, &more, &CITY);
    assert_eq!(summary["times"], serde_json::json!({ "27/05/2026 14:05 (local)": 21 }), "{said}");
    let file = folder.with("no-times.csv", "nummer,categorie,status\n1,Kuil,Open\n2,Kuil,Open\n");
    let output = run(&folder, &["inspect", file.to_str().unwrap()]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("no column of times was recognised"), "{said}");
    assert!(!said.contains("has an offset"), "{said}");
}
