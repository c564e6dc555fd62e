//! Columns of a first file that are not filled as their name says: empty for a long time, with
//! words or dates that stand for nothing.

use serde_json::Value;

use crate::common::{Folder, done, run};

const CITY: [&str; 4] = ["--jurisdiction", "valmeer.example", "--time-zone", "Europe/Amsterdam"];

/// Imports a file: the exit status, the summary, what was said, and the exported table.
fn import(text: &str) -> (Option<i32>, Value, String, String) {
    let folder = Folder::new("columns");
    let file = folder.with("first.csv", text);
    let arguments = ["import", file.to_str().unwrap(), "--summary", "json"];
    let output = run(&folder, &[&arguments[..], &CITY[..]].concat());
    let (out, error) = (String::from_utf8_lossy(&output.stdout), output.stderr);
    let summary = out.lines().find_map(|line| serde_json::from_str(line).ok());
    let said = format!("{out}{}", String::from_utf8_lossy(&error));
    let table = match output.status.code() {
        Some(0 | 3) => done(&folder, &["export", "--format", "csv", "--jurisdiction", CITY[1]]),
        _ => String::new(),
    };
    (output.status.code(), summary.unwrap_or_default(), said, table)
}

/// Rows of a city; `more` gives the cells behind the category.
fn rows(count: u32, more: impl Fn(u32) -> String) -> String {
    let row = |n: u32| {
        let (day, hour, minute) = (n / 1200 % 28 + 1, n / 60 % 20, n % 60);
        format!("V{n},2025-03-{day:02} {hour:02}:{minute:02}:00,Kuil,{}\n", more(n))
    };
    (0..count).map(row).collect()
}

#[test]
fn a_column_that_is_empty_in_the_sample_is_read_where_it_has_values() {
    for (names, place) in [
        ("status,closed_at,lat,lon", "52.11,5.21"),
        ("Statut,Date de fermeture,Latitude,Longitude", "52.11,5.21"),
        ("Status,Abschlussdatum,Breitengrad,Längengrad", "\"52,11\",\"5,21\""),
        ("estado solicitud,fecha_cierre,latitud,longitud", "52.11,5.21"),
        ("status,afgehandeld,coordinates,note", "\"52.11, 5.21\",x"),
    ] {
        let more = |n: u32| match n < 2_100 {
            true => ",,,".to_owned(),
            false => format!("closed,2025-04-01 10:00:00,{place}"),
        };
        let text = format!("ticket id,created_at,category,{names}\n{}", rows(2_120, more));
        let (code, summary, said, table) = import(&text);
        assert_eq!((code, &summary["added"]), (Some(0), &2_120.into()), "{names}: {said}");
        assert_eq!(summary["without_position"], 2_100, "{names}: {said}");
        assert_eq!(table.matches("2025-04-01T08:00:00Z").count(), 20, "{names}: {said}");
        assert_eq!(table.matches(",closed,").count(), 20, "{names}");
    }
}

#[test]
fn what_stands_for_no_closing_is_none_and_counted() {
    for (name, filler) in [
        ("Date Completed", "Pending"),
        ("Date Completed", "01/01/1900"),
        ("Closed Date", "0001-01-01 00:00:00"),
        ("Closed Date", "9999-12-31"),
        ("closed_at", "31/12/9999 23:59"),
        ("Date de fermeture", "En cours"),
        ("Erledigt am", "noch offen"),
        ("Fecha de cierre", "1899-12-30T00:00:00.000"),
        ("Data zamknięcia", "w toku"),
        ("Closed", "1970-01-01"),
    ] {
        for every in [2, 3, 10] {
            let more = |n: u32| match n.is_multiple_of(every) {
                true => format!("{filler},52.1{n},5.2{n}"),
                false => format!("2025-04-01 10:00:00,52.1{n},5.2{n}"),
            };
            let text = format!("id,created,category,{name},lat,lon\n{}", rows(60, more));
            let (code, summary, said, table) = import(&text);
            assert_eq!((code, &summary["added"]), (Some(0), &60.into()), "{filler}: {said}");
            let open = 60 / every;
            assert_eq!(summary["times_that_stand_for_none"][filler], open, "{filler}: {said}");
            assert_eq!(table.matches(",open,").count() as u32, open, "{filler}");
            assert_eq!(table.matches(",closed,").count() as u32, 60 - open, "{filler}");
        }
    }
}

#[test]
fn zeros_in_a_column_of_closings_are_none_and_counted() {
    for (name, time) in [
        ("closed", "20250401"),
        ("closed", "2025-04-01T10:00:00Z"),
        ("Closed", "1743501600"),
        ("closed_at", "1743501600000"),
        ("Closed Date", "45748.5"),
        ("Date de fermeture", "45748"),
        ("Erledigt", "24.04.2025 10:00"),
        ("Fecha de cierre", "2025-04-01 10:00:00"),
    ] {
        for filler in ["0", "-1", "0.0", "00/00/0000", "1/0/1900"] {
            // Half of the rows, and nearly all.
            for [closed, of] in [[1, 2], [1, 15]] {
                let more = |n: u32| {
                    let end = if n % of < closed { time } else { filler };
                    format!("{end},52.1{n},5.2{n}")
                };
                let text = format!("id,created,category,{name},lat,lon\n{}", rows(60, more));
                let (code, summary, said, table) = import(&text);
                let what = format!("{name} {time} {filler}: {said}");
                assert_eq!((code, &summary["added"]), (Some(0), &60.into()), "{what}");
                let open = 60 - 60 / of * closed;
                assert_eq!(summary["times_that_stand_for_none"][filler], open, "{what}");
                assert_eq!(table.matches(",open,").count() as u32, open, "{what}");
                assert_eq!(table.matches(",closed,").count() as u32, 60 - open, "{what}");
                assert!(!said.contains("status words"), "{what}");
            }
        }
    }
}

#[test]
fn a_closing_that_is_no_time_and_no_filler_is_refused() {
    let more = |n: u32| match n {
        7 => "2025-13-45,52.1,5.2".to_owned(),
        8 => "Done,52.1,5.2".to_owned(),
        _ => format!("2025-04-01 10:00:00,52.1{n},5.2{n}"),
    };
    let text = format!("id,created,category,Closed Date,lat,lon\n{}", rows(60, more));
    let (code, summary, said, table) = import(&text);
    assert_eq!((code, &summary["refused"]), (Some(3), &1.into()), "{said}");
    // A word that says so closes a request without a time.
    assert_eq!(table.matches(",closed,").count(), 59, "{said}");
}

#[test]
fn ids_that_a_spreadsheet_has_rounded_are_said_whatever_the_mapping_says() {
    let folder = Folder::new("rounded");
    let row = |n: u32| format!("{n}.01E+11,2025-03-02 08:{n:02}:00,Kuil\n");
    let text = format!("Zaaknummer,created,category\n{}", (1..9).map(row).collect::<String>());
    let file = folder.with("ids.csv", text);
    let arguments = [&["import", file.to_str().unwrap()][..], &CITY].concat();
    let output = run(&folder, &arguments);
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("'Zaaknummer' has values such as '1.01E+11'"), "{said}");
    // The owner may take them all the same.
    let said = done(&folder, &[&arguments[..], &["--mapping", "ids.mapping.toml"]].concat());
    assert!(said.contains("id: values such as '1.01E+11' were rounded"), "{said}");
    assert!(said.contains("8 added"), "{said}");
}

#[test]
fn an_import_of_keys_that_come_again_stops_or_keeps_the_last_change() {
    let cells = |n: u32| {
        let (case, day) = (n % 12 + 1, n / 12 + 1);
        (case, format!("C-10{case},2025-03-{case:02} 08:00:00,Kuil"), day)
    };
    let row = |n: u32| cells(n).1 + "\n";
    let text = format!("Zaaknummer,created,category\n{}", (0..60).map(row).collect::<String>());
    let (code, _, said, _) = import(&text);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("id: perhaps 'Zaaknummer'"), "{said}");
    let row = |n: u32| {
        let (case, start, day) = cells(n);
        let status = if day == 5 && case <= 3 { "Closed" } else { "Open" };
        format!("{start},2025-04-{day:02} 09:00:00,{status}\n")
    };
    let rows: String = (0..60).map(row).collect();
    let (code, summary, said, table) =
        import(&format!("Zaaknummer,created,category,updated,status\n{rows}"));
    assert_eq!((code, &summary["added"]), (Some(0), &12.into()), "{said}");
    assert_eq!(table.matches(",closed,").count(), 3, "{table}");
}

#[test]
fn codes_beside_names_are_no_categories() {
    let names = ["Kuil in de weg", "Graffiti", "Zwerfvuil"];
    for (columns, codes) in [
        ("category,category_name", ["1", "2", "3"]),
        ("categorie,categorie_naam", ["A10", "B20", "C30"]),
        ("Type,Type Label", ["KU", "GR", "ZV"]),
        ("category_name,category", ["07", "08", "11"]),
    ] {
        let is_first = columns.starts_with("category_name");
        let row = |n: usize| {
            let (code, name) = (codes[n % 3], names[n % 3]);
            let both = if is_first { format!("{name},{code}") } else { format!("{code},{name}") };
            format!("V{n},2025-03-02 08:{n}:00,{both},52.1{n},5.2{n}\n")
        };
        let rows: String = (10..50).map(row).collect();
        let text = format!("ticket id,created_at,{columns},lat,lon\n{rows}");
        let (code, _, said, table) = import(&text);
        assert_eq!(code, Some(0), "{columns}: {said}");
        for name in names {
            assert!(table.matches(name).count() >= 13, "{columns} {name}: {said}");
        }
    }
}

#[test]
fn a_column_whose_name_differs_in_signs_alone_is_a_column_of_its_own() {
    for (columns, yes, no) in [
        ("closed,Closed?", "TRUE", "FALSE"),
        ("resolved,Resolved (y/n)", "yes", "no"),
        ("Fermé,fermé ?", "oui", "non"),
    ] {
        let word = |n: u32| if n.is_multiple_of(2) { yes } else { no };
        let text = format!(
            "ticket id,created_at,category,{columns},lat,lon\n{}",
            rows(60, |n| format!(",{},52.1{n},5.2{n}", word(n)))
        );
        let (code, _, said, table) = import(&text);
        assert_eq!(code, Some(0), "{columns}: {said}");
        assert_eq!(table.matches(",closed,").count(), 30, "{columns}: {said}");
    }
}

/// Québec has services of the same codes, with other names.
#[test]
fn categories_of_another_city_keep_their_names() {
    let names = ["Lampadaire", "Déneigement", "Autre", "Nid de poule", "Graffiti"];
    let row =
        |n: usize| format!("V{n},2025-03-02 08:{n}:00,{},52.1{n},5.2{n}\n", names[n % names.len()]);
    let rows: String = (10..50).map(row).collect();
    let (code, _, said, table) = import(&format!("ticket id,created_at,category,lat,lon\n{rows}"));
    assert_eq!(code, Some(0), "{said}");
    for name in names {
        assert_eq!(table.matches(&format!(",{name},")).count(), 8, "{name}: {table}");
    }
}
