//! Columns of coordinates named X and Y: points of thousands, degrees of few decimals, columns that
//! are filled late, and places on another continent than the city's time zone.

use crate::common::{Folder, run};
use crate::place_columns::{exported, import};

/// A table of so many requests with two columns of coordinates, whose cells `cell` writes.
fn table(names: [&str; 2], rows: u32, cell: impl Fn(u32) -> [String; 2]) -> String {
    let rows = (0..rows).map(|n| {
        let [x, y] = cell(n);
        let (hour, minute) = (n / 60 % 24, n % 60);
        format!("V{n};2025-03-02 {hour:02}:{minute:02}:00;Kuil;Open;{x};{y}\n")
    });
    let rows = rows.collect::<String>();
    format!("nummer;aangemaakt;categorie;status;{};{}\n{rows}", names[0], names[1])
}

fn first_place(folder: &Folder) -> [f64; 2] {
    let reports = exported(folder);
    let first = reports.iter().find(|one| one["service_request_id"] == "V0").unwrap();
    [&first["lon"], &first["lat"]].map(|text| text.parse().unwrap())
}

fn assert_near(found: [f64; 2], wanted: [f64; 2], what: &str) {
    let near = found.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 2e-3);
    assert!(near, "{what}: {found:?}, not {wanted:?}");
}

#[test]
fn points_of_thousands_make_no_pair_of_one_coordinate() {
    for (names, x, y) in [
        (["X RD", "Y RD"], "12#.#00,25", "48#.300,75"),
        (["RD-X", "RD-Y"], "121.4#0", "487.3#0"),
        (["x_rd", "y_rd"], "121.4#0", "487.3#0,5"),
    ] {
        let text = table(names, 30, |n| {
            let digit = (n % 3).to_string();
            [x.replace('#', &digit), y.replace('#', &digit)]
        });
        let folder = Folder::new("thousands");
        let (code, summary, said) = import(&folder, "a.csv", &text);
        assert_eq!((code, &summary["without_position"]), (Some(0), &0.into()), "{said}");
        let [lon, lat] = first_place(&folder);
        assert!((4.6..5.1).contains(&lon) && (52.2..52.5).contains(&lat), "{names:?} {lon} {lat}");
    }
}

#[test]
fn degrees_of_few_decimals_are_places() {
    for (names, decimals) in [
        (["X", "Y"], 4),
        (["X", "Y"], 3),
        (["coord_x", "coord_y"], 4),
        (["POINT_X", "POINT_Y"], 5),
        (["Easting", "Northing"], 4),
        (["Coordenada X", "Coordenada Y"], 3),
    ] {
        // As spreadsheets write numbers: without the zeros at the end.
        let number = |value: f64| {
            let text = format!("{value:.decimals$}");
            text.trim_end_matches('0').to_owned()
        };
        let text = table(names, 40, |n| {
            let off = f64::from(n) * 0.00137;
            [number(5.101 + off), number(52.101 + off)]
        });
        let folder = Folder::new("degrees");
        let (code, summary, said) = import(&folder, "a.csv", &text);
        assert_eq!((code, &summary["without_position"]), (Some(0), &0.into()), "{names:?} {said}");
        assert_near(first_place(&folder), [5.101, 52.101], names[0]);
    }
}

#[test]
fn few_decimals_and_two_units_are_doubts() {
    let coarse = |n: u32| [format!("5.{}", n % 9 + 1), format!("52.{}", n % 9 + 1)];
    let mixed = |n: u32| match n % 2 {
        0 => [format!("5.1{n:02}3"), format!("52.1{n:02}3")],
        _ => [format!("1214{n:02}"), format!("4873{n:02}")],
    };
    let numbers = |n: u32| [n.to_string(), (n + 3).to_string()];
    for (cell, code) in [
        (&coarse as &dyn Fn(u32) -> [String; 2], Some(2)),
        (&mixed, Some(2)),
        // Whole numbers are sheets or blocks, and no coordinates.
        (&numbers, Some(0)),
    ] {
        let folder = Folder::new("doubts");
        let (found, _, said) = import(&folder, "a.csv", table(["X", "Y"], 40, cell));
        assert_eq!(found, code, "{said}");
    }
}

#[test]
fn columns_that_are_filled_late_are_read_or_named() {
    let degrees = |n: u32| [format!("5.1{n:04}"), format!("52.1{n:04}")];
    let empty = || [String::new(), String::new()];
    for from in [2_100, 5_200] {
        let text = table(["X", "Y"], 5_400, |n| if n < from { empty() } else { degrees(n) });
        let folder = Folder::new("late");
        let (code, summary, said) = import(&folder, "a.csv", &text);
        assert_eq!((code, &summary["without_position"]), (Some(0), &from.into()), "{said}");
    }
    let text = table(["Voortgangscode", "Rest"], 2_300, |n| match n {
        0..2_200 => empty(),
        _ => ["gesloten".to_owned(), String::new()],
    });
    let folder = Folder::new("late");
    let (code, _, said) = import(&folder, "a.csv", &text);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("'Voortgangscode' ('gesloten')"), "{said}");
    let file = folder.with("b.csv", &text);
    let city = ["--jurisdiction", "b.example", "--time-zone", "Europe/Amsterdam", "--strict"];
    let output = run(&folder, &[&["import", file.to_str().unwrap()][..], &city].concat());
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn places_on_another_continent_are_a_doubt() {
    let file =
        table(["Longitude", "Latitude"], 30, |n| [format!("121.4{n:02}1"), format!("25.0{n:02}1")]);
    let folder = Folder::new("far");
    let (code, _, said) = import(&folder, "a.csv", &file);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("Europe/Amsterdam") && said.contains("extent"), "{said}");
}
