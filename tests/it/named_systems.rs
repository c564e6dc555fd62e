//! Projected coordinates whose system is named by their columns, or by a column of its own.

use crate::common::{Folder, run};
use crate::place_columns::exported;

/// Forty requests with projected coordinates around a point.
fn table(names: [&str; 2], point: [f64; 2], more: [&str; 2]) -> String {
    let rows = (10..50).map(|n| {
        let [x, y] = point.map(|number| number + f64::from(n));
        format!("V{n};2025-03-02 08:{n};Kuil;Open;{x:.1};{y:.1};{}\n", more[1])
    });
    let [x, y] = names;
    let header = format!("nummer;aangemaakt;categorie;status;{x};{y};{}\n", more[0]);
    header + &rows.collect::<String>()
}

fn import(folder: &Folder, text: &str, zone: &str) -> (Option<i32>, String) {
    let file = folder.with("a.csv", text);
    let city = ["--jurisdiction", "valmeer.example", "--time-zone", zone];
    let output = run(folder, &[&["import", file.to_str().unwrap()][..], &city].concat());
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(said).unwrap())
}

type Layout = ([&'static str; 2], [f64; 2], &'static str, &'static str, [f64; 2]);

/// Names of the columns, a point, the time zone, the system, and the point in degrees.
const LAYOUTS: [Layout; 17] = [
    (
        ["X Lambert 72", "Y Lambert 72"],
        [148_900.0, 170_750.0],
        "Europe/Brussels",
        "EPSG:31370",
        [4.352, 50.847],
    ),
    (["x_l93", "y_l93"], [648_237.0, 6_862_272.0], "Europe/Paris", "EPSG:2154", [2.294, 48.858]),
    (
        ["Rechtswert", "Hochwert"],
        [3_456_500.0, 5_431_000.0],
        "Europe/Berlin",
        "EPSG:31467",
        [8.404, 49.014],
    ),
    (
        ["UTM32N Ost", "UTM32N Nord"],
        [456_400.0, 5_429_400.0],
        "Europe/Berlin",
        "EPSG:25832",
        [8.404, 49.014],
    ),
    (["X_RD", "Y_RD"], [121_000.0, 487_000.0], "Europe/Amsterdam", "EPSG:28992", [4.89, 52.37]),
    (
        ["MTM8_X", "MTM8_Y"],
        [294_352.3, 5_031_850.9],
        "America/Toronto",
        "EPSG:32188",
        [-73.633, 45.426],
    ),
    (
        ["Easting (British National Grid)", "Northing (British National Grid)"],
        [530_268.0, 179_640.0],
        "Europe/London",
        "EPSG:27700",
        [-0.125, 51.501],
    ),
    (
        ["PUWG 1992 Easting", "PUWG 1992 Northing"],
        [637_000.0, 486_000.0],
        "Europe/Warsaw",
        "EPSG:2180",
        [21.0, 52.23],
    ),
    (["LV95 E", "LV95 N"], [2_600_000.0, 1_200_000.0], "Europe/Zurich", "EPSG:2056", [7.44, 46.95]),
    (
        ["Y (PL-2000)", "X (PL-2000)"],
        [7_501_000.0, 5_788_000.0],
        "Europe/Warsaw",
        "EPSG:2178 yx",
        [21.015, 52.229],
    ),
    (
        ["GK-Y", "GK-X"],
        [3_456_500.0, 5_431_000.0],
        "Europe/Berlin",
        "EPSG:31467 yx",
        [8.404, 49.014],
    ),
    (["Y_LV03", "X_LV03"], [600_000.0, 200_000.0], "Europe/Zurich", "EPSG:21781 yx", [7.44, 46.95]),
    (["X_CC47", "Y_CC47"], [1_700_000.0, 6_200_000.0], "Europe/Paris", "EPSG:3947", [3.0, 47.0]),
    (
        ["SWEREF 99 13 30 E", "SWEREF 99 13 30 N"],
        [150_000.0, 6_164_000.0],
        "Europe/Stockholm",
        "EPSG:3008",
        [13.5, 55.6],
    ),
    (
        ["MGA2020 Z50 Easting", "MGA2020 Z50 Northing"],
        [392_000.0, 6_465_000.0],
        "Australia/Perth",
        "EPSG:7850",
        [115.86, -31.95],
    ),
    (
        ["X ETRS89 H30", "Y ETRS89 H30"],
        [440_300.0, 4_474_250.0],
        "Europe/Madrid",
        "EPSG:25830",
        [-3.704, 40.416],
    ),
    (
        ["Easting EPSG:31370", "Northing EPSG:31370"],
        [148_900.0, 170_750.0],
        "Europe/Brussels",
        "EPSG:31370",
        [4.352, 50.847],
    ),
];

#[test]
fn the_names_of_the_columns_say_the_system() {
    for (names, point, zone, code, [lon, lat]) in LAYOUTS {
        let folder = Folder::new("systems");
        let (status, said) = import(&folder, &table(names, point, ["", ""]), zone);
        assert_eq!(status, Some(0), "{names:?}: {said}");
        assert!(said.contains(&format!("read in {code}, as '")), "{names:?}: {said}");
        let rows = exported(&folder);
        let number = |name: &str| rows[0][name].parse::<f64>().unwrap();
        let (east, north) = (number("lon"), number("lat"));
        assert!((east - lon).abs() < 0.01 && (north - lat).abs() < 0.01, "{code}: {east} {north}");
    }
}

#[test]
fn a_column_of_its_own_names_the_system() {
    for (name, value) in [
        ("CRS", "EPSG:31370"),
        ("srid", "31370"),
        ("position_srid", "31370"),
        ("Projection", "Lambert 72"),
    ] {
        let folder = Folder::new("systems");
        let text = table(["X", "Y"], [148_900.0, 170_750.0], [name, value]);
        let (status, said) = import(&folder, &text, "Europe/Brussels");
        assert_eq!(status, Some(0), "{name}: {said}");
        assert!(said.contains("EPSG:31370"), "{name}: {said}");
    }
}

#[test]
fn a_column_of_zones_names_the_system() {
    for (name, value) in [("UTM Zone", "31"), ("Zone", "31U"), ("huso", "31")] {
        let folder = Folder::new("systems");
        let text = table(["Easting", "Northing"], [628_800.0, 5_803_900.0], [name, value]);
        let (status, said) = import(&folder, &text, "Europe/Amsterdam");
        assert_eq!(status, Some(0), "{name}: {said}");
        assert!(said.contains("EPSG:25831"), "{name}: {said}");
    }
}

#[test]
fn the_system_of_each_record_is_read() {
    let record = |n: u32| {
        format!(
            r#"{{"id":{n},"creationDate":"2024-03-05T07:{n}:00Z","category":"Kuil","status":"open",
            "location":{{"coordinates":{{"x":{}.5,"y":170750.2,"srid":31370}}}}}}"#,
            148_900 + n
        )
    };
    let records = (10..50).map(record).collect::<Vec<_>>().join(",");
    let folder = Folder::new("systems");
    let file = folder.with("a.json", format!(r#"{{"incidents":[{records}]}}"#));
    let city = ["--jurisdiction", "valmeer.example", "--time-zone", "Europe/Brussels"];
    let output = run(&folder, &[&["import", file.to_str().unwrap()][..], &city].concat());
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("EPSG:31370"), "{said}");
}

#[test]
fn a_projection_may_have_its_north_first() {
    let folder = Folder::new("systems");
    let text = table(["X PUWG 1992", "Y PUWG 1992"], [486_000.0, 637_000.0], ["", ""]);
    let (status, said) = import(&folder, &text, "Europe/Warsaw");
    assert_eq!(status, Some(2), "{said}");
    assert!(said.contains("(EPSG:2180, EPSG:2180 yx)"), "{said}");
    let file = folder.file("a.csv");
    let arguments = ["import", file.to_str().unwrap(), "--projection", "EPSG:2180 yx"];
    let city = ["--jurisdiction", "valmeer.example", "--time-zone", "Europe/Warsaw"];
    let output = run(&folder, &[&arguments[..], &city].concat());
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let rows = exported(&folder);
    assert!(rows[0]["lon"].starts_with("21.0") && rows[0]["lat"].starts_with("52.2"), "{rows:?}");
}

#[test]
fn what_the_names_leave_open_is_asked_with_the_candidates() {
    for (names, point, zone, candidates) in [
        (
            ["Rechtswert", "Hochwert"],
            [390_000.0, 5_820_000.0],
            "Europe/Berlin",
            "EPSG:25832, EPSG:25833",
        ),
        (
            ["X (MTM 7/8)", "Y (MTM 7/8)"],
            [294_352.3, 5_031_850.9],
            "America/Toronto",
            "EPSG:32187, EPSG:32188",
        ),
        // The numbers are of another system than the name.
        (["X Lambert 93", "Y Lambert 93"], [148_900.0, 170_750.0], "Europe/Brussels", "not known:"),
        (
            ["X State Plane", "Y State Plane"],
            [902_000.0, 1_020_000.0],
            "America/Chicago",
            "not known:",
        ),
    ] {
        let folder = Folder::new("systems");
        let (status, said) = import(&folder, &table(names, point, ["", ""]), zone);
        assert_eq!(status, Some(2), "{names:?}: {said}");
        assert!(said.contains(candidates) && said.contains("--projection"), "{names:?}: {said}");
    }
}
