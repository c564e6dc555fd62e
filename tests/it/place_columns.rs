//! Columns of places as cities write them: addresses with and without their places, pairs, labels
//! and links of every spelling, and columns of places that are not understood.

use serde_json::Value;

use crate::common::{Folder, done, run};

pub const CITY: [&str; 4] =
    ["--jurisdiction", "valmeer.example", "--time-zone", "Europe/Amsterdam"];

/// What an import did: exit status, summary as JSON, and everything it printed.
pub fn import(
    folder: &Folder,
    name: &str,
    content: impl AsRef<[u8]>,
) -> (Option<i32>, Value, String) {
    import_as(&CITY, folder, name, content)
}

/// The same into another city.
pub fn import_as(
    city: &[&str],
    folder: &Folder,
    name: &str,
    content: impl AsRef<[u8]>,
) -> (Option<i32>, Value, String) {
    let file = folder.with(name, content);
    let arguments = ["import", file.to_str().unwrap(), "--summary", "json"];
    let output = run(folder, &[&arguments[..], city].concat());
    let out = String::from_utf8_lossy(&output.stdout).into_owned();
    let summary = out.lines().find_map(|line| serde_json::from_str(line).ok());
    let said = format!("{out}{}", String::from_utf8_lossy(&output.stderr));
    assert!(!said.contains("panicked"), "{said}");
    (output.status.code(), summary.unwrap_or_default(), said)
}

/// A table of sixty requests with one more column, whose cells `cell` writes.
fn table(column: &str, cell: impl Fn(u32) -> String) -> String {
    let rows = (10..70).map(|n| {
        let cell = cell(n).replace('"', "\"\"");
        format!("V{n},2025-03-02 08:{}:00,Kuil,Open,\"{cell}\"\n", n % 60)
    });
    format!("nummer,aangemaakt,categorie,status,{column}\n{}", rows.collect::<String>())
}

/// The reports of the city as a table.
pub fn exported(folder: &Folder) -> Vec<std::collections::HashMap<String, String>> {
    let text = done(folder, &["export", "--format", "csv", "--jurisdiction", CITY[1]]);
    let mut table = csv::Reader::from_reader(text.as_bytes());
    table.deserialize().map(Result::unwrap).collect()
}

#[test]
fn places_beside_addresses_are_read_and_addresses_alone_are_kept() {
    for (column, every) in [
        ("Location", 20),
        ("Location 1", 4),
        ("Adresse", 2),
        ("Geocoded Address", 1),
        ("Standort", 10),
    ] {
        // So many rows in twenty have a place; of the last kind all but one.
        let has_place = |n: u32| if every == 1 { n != 20 } else { n.is_multiple_of(every) };
        let text = table(column, |n| match has_place(n) {
            true => format!("{n} Main St\nSpringfield, MA\n(52.1{n}, 5.2{n})"),
            false => format!("{n} Main St\nSpringfield, MA"),
        });
        let folder = Folder::new("places");
        let (code, summary, said) = import(&folder, "a.csv", &text);
        assert_eq!(code, Some(0), "{column}: {said}");
        let placed = (10..70).filter(|n| has_place(*n)).count() as u64;
        assert_eq!((&summary["added"], &summary["refused"]), (&60.into(), &0.into()), "{said}");
        assert_eq!(summary["without_position"], 60 - placed, "{column}: {said}");
        let reasons = &summary["without_position_by_reason"];
        assert_eq!(reasons["with an address alone"], 60 - placed, "{column}: {said}");
        assert_eq!(summary["places_beside_addresses"], placed, "{column}: {said}");
        let reports = exported(&folder);
        assert_eq!(reports.iter().filter(|one| !one["lat"].is_empty()).count() as u64, placed);
        let is_kept = |one: &std::collections::HashMap<String, String>| {
            one["address"].ends_with("Main St, Springfield, MA")
        };
        assert!(reports.iter().all(is_kept), "{column}: {:?}", reports[0]);
        // The mapping that inspect writes reads the same.
        let file = folder.file("a.csv");
        let inspect = ["inspect", file.to_str().unwrap(), "--output", "a.toml"];
        let text = done(&folder, &[&inspect[..], &CITY].concat());
        assert!(text.contains("point and address"), "{text}");
        let again = ["import", file.to_str().unwrap(), "--mapping", "a.toml"];
        let text = done(&folder, &again);
        assert!(text.contains("60 unchanged, 0 refused"), "{text}");
        assert!(text.contains(&format!("{placed} row")) && text.contains("beside their address"));
    }
}

#[test]
fn pairs_labels_and_links_are_places() {
    let comma = |n: u32| (format!("52,1{n}"), format!("5,2{n}"));
    let point = |n: u32| (format!("52.1{n}"), format!("5.2{n}"));
    type Cell = Box<dyn Fn(u32) -> String>;
    let with = |format: &'static str, is_comma: bool| -> Cell {
        Box::new(move |n| {
            let (lat, lon) = if is_comma { comma(n) } else { point(n) };
            format.replace("{lat}", &lat).replace("{lon}", &lon)
        })
    };
    for (column, cell) in [
        ("Koordinaten", with("{lat}; {lon}", true)),
        ("Coordonnées", with("{lat} {lon}", true)),
        ("coordenadas", with("{lat}/{lon}", true)),
        ("GPS", with("{lat}/{lon}", false)),
        ("Position", with("lat: {lat}, lon: {lon}", false)),
        ("posizione geo", with("Latitude={lat} Longitude={lon}", false)),
        ("coords", with("Breite {lat} Länge {lon}", true)),
        ("geom", with("N {lat} E {lon}", false)),
        ("współrzędne", with("{lat}° N, {lon}° E", false)),
        ("Map link", with("https://maps.example/?q={lat},{lon}", false)),
        ("url", with("https://www.google.com/maps/@{lat},{lon},17z", false)),
        ("where", with("https://www.openstreetmap.org/#map=17/{lat}/{lon}", false)),
        ("coordinates", with("https://osm.example/?mlat={lat}&mlon={lon}", false)),
        ("ponto", with("geo:{lat},{lon}", false)),
    ] {
        let folder = Folder::new("places");
        let (code, summary, said) = import(&folder, "a.csv", table(column, cell));
        assert_eq!((code, &summary["without_position"]), (Some(0), &0.into()), "{column}: {said}");
        let reports = exported(&folder);
        let at = reports.iter().find(|one| one["service_request_id"] == "V35").unwrap();
        assert_eq!((&*at["lat"], &*at["lon"]), ("52.135", "5.235"), "{column}");
    }
}

#[test]
fn words_among_places_are_counted_or_refused() {
    for (word, refused) in
        [("unknown", 0), ("Unbekannt", 0), ("non géolocalisé", 0), ("over there", 20)]
    {
        let folder = Folder::new("places");
        let text = table("geom", |n| match n % 3 {
            0 => word.to_owned(),
            _ => format!("POINT (5.2{n} 52.1{n})"),
        });
        let (code, summary, said) = import(&folder, "a.csv", &text);
        assert_eq!(code, Some(if refused > 0 { 3 } else { 0 }), "{said}");
        assert_eq!(
            (&summary["refused"], &summary["added"]),
            (&refused.into(), &(60 - refused).into())
        );
        if refused == 0 {
            let reason = format!("marked '{word}'");
            assert_eq!(summary["without_position_by_reason"][&reason], 20, "{said}");
        } else {
            assert_eq!(summary["refusals"][0]["field"], "point", "{said}");
        }
    }
    // Latitudes and longitudes alike.
    let text = table("lat", |n| if n % 2 == 0 { "unknown".into() } else { format!("52.1{n}") });
    let text = text.lines().enumerate().map(|(n, line)| match n {
        0 => format!("{line},lon\n"),
        n if n % 2 == 1 => format!("{line},unknown\n"),
        n => format!("{line},5.2{n}\n"),
    });
    let folder = Folder::new("places");
    let (_, summary, said) = import(&folder, "a.csv", text.collect::<String>());
    assert_eq!(
        (&summary["added"], &summary["without_position"]),
        (&60.into(), &30.into()),
        "{said}"
    );
}

#[test]
fn columns_of_places_that_are_not_understood_are_doubts() {
    for (column, cell) in [
        ("coordinates", "8FVC9G8F+6X"),
        ("Koordinaten", "33UUU9029819737"),
        ("geom", "POLYGON ((5.1 52.1, 5.2 52.1, 5.2 52.2, 5.1 52.1))"),
        ("the_geom", "{\"type\":\"Polygon\",\"coordinates\":[[[5.1,52.1],[5.2,52.1],[5.2,52.2]]]}"),
        ("position", "https://maps.app.goo.gl/abc"),
        ("gps", "///filled.count.soap"),
        ("Location", "R 3386000.123 H 5811000.456"),
        ("Lat/Lon", "U 52-8 A 5-2"),
    ] {
        let folder = Folder::new("places");
        let text = table(column, |n| format!("{cell}{}", if n % 2 == 0 { "" } else { " " }));
        let (code, _, said) = import(&folder, "a.csv", &text);
        assert_eq!(code, Some(2), "{column}: {said}");
        assert!(said.contains(column) && said.contains("not read as places"), "{column}: {said}");
        assert!(!folder.file("city.db").exists());
        let mapping = std::fs::read_to_string(folder.file("a.mapping.toml")).unwrap();
        assert!(mapping.contains("undecided = [\"point\"]"), "{mapping}");
        let file = folder.file("a.csv");
        let text = done(&folder, &["inspect", file.to_str().unwrap()]);
        assert!(text.contains("ambiguous: point: perhaps"), "{text}");
    }
    // Plain addresses and empty columns are none.
    for (column, cell) in [("position", "Corner of Main and Elm"), ("geom", ""), ("Ort", "Park")] {
        let folder = Folder::new("places");
        let (code, summary, said) = import(&folder, "a.csv", table(column, |_| cell.into()));
        assert_eq!((code, &summary["added"]), (Some(0), &60.into()), "{column}: {said}");
    }
}

#[test]
fn one_zero_coordinate_is_no_place_far_from_the_equator() {
    let folder = Folder::new("places");
    let text = table("lat_lon", |n| match n % 10 {
        0 => format!("0, 5.2{n}"),
        1 => format!("52.1{n}, 0.0"),
        _ => format!("52.1{n}, 5.2{n}"),
    });
    let (code, summary, said) = import(&folder, "a.csv", &text);
    assert_eq!((code, &summary["without_position"]), (Some(0), &12.into()), "{said}");
    let reasons = &summary["without_position_by_reason"];
    assert_eq!(reasons["at latitude 0 or longitude 0, far from the city"], 12, "{said}");
    // A city on the meridian of Greenwich has places of longitude 0.
    let folder = Folder::new("places");
    let text = table("lat_lon", |n| match n % 10 {
        0 => format!("51.4{n}, 0"),
        _ => format!("51.4{n}, -0.0{n}"),
    });
    let (_, summary, said) = import(&folder, "a.csv", &text);
    assert_eq!(summary["without_position"], 0, "{said}");
}
