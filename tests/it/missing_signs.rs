//! Longitudes and latitudes without their minus sign: named before an import, never moved in
//! silence.

use crate::common::{Folder, done, run};

/// Forty requests around a place, each with its cells for the place.
fn table(columns: &str, cell: impl Fn(f64) -> String) -> String {
    let rows = (10..50).map(|n| {
        let place = cell(f64::from(n) / 1000.0);
        format!("V{n};2025-03-02 08:{n};Kuil;Open;{place}\n")
    });
    format!("nummer;aangemaakt;categorie;status;{columns}\n{}", rows.collect::<String>())
}

/// Exit status and what is printed.
fn import(folder: &Folder, text: &str, zone: &str, more: &[&str]) -> (Option<i32>, String) {
    let file = folder.with("a.csv", text);
    let city = ["--jurisdiction", "city.example", "--time-zone", zone];
    let output = run(folder, &[&["import", file.to_str().unwrap()][..], &city, more].concat());
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(said).unwrap())
}

/// The first place of the city.
fn first_place(folder: &Folder) -> (f64, f64) {
    let text = done(folder, &["export", "--format", "csv", "--jurisdiction", "city.example"]);
    let mut table = csv::Reader::from_reader(text.as_bytes());
    let mut rows: Vec<std::collections::HashMap<String, String>> =
        table.deserialize().map(Result::unwrap).collect();
    rows.sort_by_key(|row| row["service_request_id"].clone());
    (rows[0]["lon"].parse().unwrap(), rows[0]["lat"].parse().unwrap())
}

#[test]
fn a_sign_that_all_rows_lack_stops_the_import_and_is_added_where_somebody_says_so() {
    type City<'a> = (&'a str, &'a str, (f64, f64), [f64; 2]);
    let cities: [City<'_>; 4] = [
        ("America/Toronto", "lon", (71.2, 46.8), [-71.21, 46.81]),
        ("Australia/Sydney", "lat", (151.2, 33.8), [151.21, -33.81]),
        ("America/Sao_Paulo", "lon,lat", (46.6, 23.5), [-46.61, -23.51]),
        ("America/Los_Angeles", "lon", (122.4, 37.7), [-122.41, 37.71]),
    ];
    for (zone, word, (lon, lat), [east, north]) in cities {
        for columns in ["lat;lon", "point", "Location", "geom"] {
            let text = table(columns, |d| match columns {
                "lat;lon" => format!("{:.3};{:.3}", lat + d, lon + d),
                "point" => format!("{:.3}, {:.3}", lat + d, lon + d),
                "Location" => format!("12 Main St ({:.3}, {:.3})", lat + d, lon + d),
                _ => format!("POINT ({:.3} {:.3})", lon + d, lat + d),
            });
            let folder = Folder::new("signs");
            let (code, said) = import(&folder, &text, zone, &[]);
            assert_eq!(code, Some(2), "{zone} {columns}: {said}");
            let option = format!("--negate {word} adds it");
            assert!(said.contains(&option) && said.contains("a minus sign"), "{said}");
            let (code, said) = import(&folder, &text, zone, &["--negate", word]);
            assert_eq!(code, Some(0), "{zone} {columns}: {said}");
            let (long, lat) = first_place(&folder);
            assert!((long - east).abs() < 1e-6 && (lat - north).abs() < 1e-6, "{long} {lat}");
        }
    }
}

#[test]
fn places_that_are_right_are_kept_as_they_are() {
    let text = table("lat;lon", |d| format!("{:.3};{:.3}", 46.8 + d, 71.2 + d));
    let folder = Folder::new("signs");
    let (code, said) = import(&folder, &text, "America/Toronto", &["--negate", "none"]);
    assert_eq!(code, Some(0), "{said}");
    assert!((first_place(&folder).0 - 71.21).abs() < 1e-6);
    // Another city's file of the same hemisphere, and one on both sides of 0.
    for (zone, lon) in [("Europe/Amsterdam", 71.2), ("Europe/London", -0.03)] {
        let text = table("lat;lon", |d| format!("{:.3};{:.3}", 51.4 + d, lon + d));
        let (code, said) = import(&Folder::new("signs"), &text, zone, &[]);
        assert_eq!(code, Some(0), "{zone}: {said}");
    }
    let (code, said) = import(&folder, &text, "America/Toronto", &["--negate", "east"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(
        said.contains("'--negate': 'east' must be one of: lon | lat | lon,lat | none"),
        "{said}"
    );
}

#[test]
fn the_extent_of_a_known_city_shows_it_too_and_a_mapping_says_it() {
    let folder = Folder::new("signs");
    let add = ["city", "add", "city.example", "--time-zone", "UTC"];
    done(&folder, &[&add[..], &["--extent", "-71.6,46.5,-70.9,47.1"]].concat());
    let text = table("lat;lon", |d| format!("{:.3};{:.3}", 46.8 + d, 71.2 + d));
    let (code, said) = import(&folder, &text, "UTC", &[]);
    assert!(code == Some(2) && said.contains("--negate lon"), "{said}");
    let file = folder.file("a.csv");
    done(&folder, &["inspect", file.to_str().unwrap(), "--output", "a.toml"]);
    let mapping = std::fs::read_to_string(folder.file("a.toml")).unwrap();
    std::fs::write(folder.file("a.toml"), format!("negate = \"lon\"\n{mapping}")).unwrap();
    let (code, said) = import(&folder, &text, "UTC", &["--mapping", "a.toml"]);
    assert_eq!(code, Some(0), "{said}");
    assert!((first_place(&folder).0 + 71.21).abs() < 1e-6);
}

#[test]
fn a_single_row_without_its_sign_lies_outside_the_city() {
    for zone in ["America/Toronto", "UTC"] {
        let text = table("lat;lon", |d| {
            let lon = if d == 0.03 { 71.2 } else { -71.2 };
            format!("{:.3};{:.3}", 46.8 + d, lon + d)
        });
        let folder = Folder::new("signs");
        let (code, said) = import(&folder, &text, zone, &[]);
        assert_eq!(code, Some(0), "{said}");
        assert!(said.contains("1 outside"), "{said}");
    }
}

#[test]
fn inspect_says_it_before_the_import() {
    let folder = Folder::new("signs");
    let text = table("lat;lon", |d| format!("{:.3};{:.3}", 46.8 + d, 71.2 + d));
    let file = folder.with("a.csv", &text);
    let arguments = ["inspect", file.to_str().unwrap(), "--time-zone", "America/Toronto"];
    let said = done(&folder, &arguments);
    assert!(said.contains("not decided") && said.contains("--negate lon"), "{said}");
}
