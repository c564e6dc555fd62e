//! Columns of which a part of the cells are places: points among empty geometries, lines, words and
//! addresses, and points in a system that no text names.

use crate::common::{Folder, run};
use crate::place_columns::{exported, import, import_as};

/// A table of forty requests with one more column; `cell` writes its cells.
fn table(column: &str, cell: impl Fn(u32) -> String) -> String {
    let row = |n: u32| format!("M{n},2025-03-02 08:{n}:00,Kuil,Open,\"{}\"\n", cell(n));
    format!(
        "nummer,aangemaakt,categorie,status,{column}\n{}",
        (10..50).map(row).collect::<String>()
    )
}

#[test]
fn a_part_of_places_makes_a_column_one_of_places() {
    let point = |n: u32| format!("POINT (5.2{n} 52.1{n})");
    let pair = |n: u32| format!("52.1{n}, 5.2{n}");
    type Cell = fn(u32) -> String;
    let street: Cell = |n| format!("Dorpsstraat {n}");
    // The other cells, the place of the rest, every how many are others; then how many rows are
    // refused, and the reason of those without a position.
    let empty = "at 0, 0 or an empty geometry";
    let alone = "with an address alone";
    let empty_point: Cell = |_| "POINT EMPTY".to_owned();
    let empty_line: Cell = |_| "srid=4326;LineString Z Empty".to_owned();
    let line: Cell = |n| format!("LINESTRING (5.2 52.1, 5.{n} 52.2)");
    let words: Cell = |_| "zie opmerkingen".to_owned();
    let short: Cell = |n| format!("M{n}");
    for column in ["location", "Standort", "adresse", "locatie melding"] {
        for (other, keeps_pairs, every, refused, reason) in [
            (empty_point, false, 3, 0, empty),
            (empty_line, false, 2, 0, empty),
            (line, false, 4, 10, ""),
            (words, true, 4, 0, alone),
            (street, true, 2, 0, alone),
            (street, false, 4, 0, alone),
            (short, true, 5, 0, alone),
        ] {
            let is_other = |n: u32| match every {
                // Two thirds of the rows.
                3 => !n.is_multiple_of(3),
                _ => n.is_multiple_of(every),
            };
            let place = |n| if keeps_pairs { pair(n) } else { point(n) };
            let text = table(column, |n| if is_other(n) { other(n) } else { place(n) });
            let folder = Folder::new("mixed");
            let (code, summary, said) = import(&folder, "a.csv", &text);
            let wanted = if refused > 0 { 3 } else { 0 };
            assert_eq!((code, &summary["refused"]), (Some(wanted), &refused.into()), "{said}");
            let others = (10..50).filter(|n| is_other(*n)).count() as u64;
            assert_eq!(summary["without_position"], others - refused, "{column}: {said}");
            if refused == 0 {
                assert_eq!(summary["without_position_by_reason"][reason], others, "{said}");
            }
            let reports = exported(&folder);
            let placed = reports.iter().filter(|one| one["lat"].starts_with("52.1")).count();
            assert_eq!(placed as u64, 40 - others, "{column}");
            let is_geometry = |text: &str| text.contains("POINT") || text.contains("52.1");
            assert!(reports.iter().all(|one| !is_geometry(&one["address"])), "{column}");
        }
    }
}

#[test]
fn a_column_of_lines_alone_and_one_of_empty_points_are_no_addresses() {
    let text = table("location", |n| format!("LINESTRING (5.2 52.1, 5.{n} 52.2)"));
    let (code, _, said) = import(&Folder::new("mixed"), "a.csv", &text);
    assert!(code == Some(2) && said.contains("point: perhaps 'location'"), "{said}");
    let text = table("location", |_| "POINT EMPTY".to_owned());
    let folder = Folder::new("mixed");
    let (code, summary, said) = import(&folder, "a.csv", &text);
    assert_eq!((code, &summary["without_position"]), (Some(0), &40.into()), "{said}");
    assert!(exported(&folder).iter().all(|one| one["address"].is_empty()), "{said}");
}

/// Points of WKT and GeoJSON in metres: the system is asked for, and the one that is given is used.
#[test]
fn points_of_no_named_system_are_read_in_the_declared_one() {
    let metres = |n: u32| (155_000 + 10 * n, 463_000 + 10 * n);
    let wkt = table("geom", |n| format!("POINT ({} {})", metres(n).0, metres(n).1));
    let json = table("shape", |n| {
        let (x, y) = metres(n);
        format!("{{\"\"type\"\": \"\"Point\"\", \"\"coordinates\"\": [{x}, {y}]}}")
    });
    // No system is usual in this zone.
    let city = ["--jurisdiction", "valmeer.example", "--time-zone", "Europe/Rome"];
    for text in [wkt, json] {
        let folder = Folder::new("mixed");
        let (code, _, said) = import_as(&city, &folder, "a.csv", &text);
        assert!(code == Some(2) && said.contains("--projection"), "{said}");
        let file = folder.file("a.csv");
        let arguments = ["import", file.to_str().unwrap(), "--projection", "EPSG:28992"];
        let output = run(&folder, &[&arguments[..], &city].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let reports = exported(&folder);
        let is_near = |one: &std::collections::HashMap<String, String>| {
            one["lat"].starts_with("52.1") && one["lon"].starts_with("5.3")
        };
        assert!(reports.len() == 40 && reports.iter().all(is_near), "{:?}", reports[0]);
    }
}
