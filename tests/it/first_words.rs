//! Words of a first file that are mistaken easily: whose place a column has, ends that are planned,
//! zones in names and behind times, texts of another encoding, rows without their minus sign.

use std::collections::HashMap;

use crate::common::{Folder, run};
use crate::place_columns::exported;

const CITY: &str = "valmeer.example";

type Rows = Vec<HashMap<String, String>>;

/// Imports a file into a city of this zone: the exit status, what was said, and the rows.
fn import_in(zone: &str, text: &str, more: &[&str]) -> (Option<i32>, String, Rows) {
    let folder = Folder::new("words");
    let file = folder.with("a.csv", text);
    let city = ["--jurisdiction", CITY, "--time-zone", zone];
    let output = run(&folder, &[&["import", file.to_str().unwrap()][..], &city, more].concat());
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8(said).unwrap();
    let rows = match output.status.code() {
        Some(0 | 3) => exported(&folder),
        _ => Vec::new(),
    };
    (output.status.code(), said, rows)
}

/// Sixty rows; `more` gives the cells behind the category, of columns of these names.
fn table(names: &str, more: impl Fn(u32) -> String) -> String {
    let row = |n: u32| format!("V{n},2025-07-02 08:{n:02}:00,Kuil,{}\n", more(n));
    format!("id,created,category,{names}\n{}", (0..60).map(row).collect::<String>())
}

fn import(names: &str, more: impl Fn(u32) -> String) -> (Option<i32>, String, Rows) {
    import_in("Europe/Amsterdam", &table(names, more), &[])
}

#[test]
fn addresses_of_people_and_offices_are_not_published() {
    for name in [
        "Caller Address",
        "complainant_street",
        "CustomerAddress",
        "Owner Address",
        "Adresse de l'usager",
        "Adresse du plaignant",
        "Adresse de correspondance",
        "Anschrift Antragsteller",
        "Dirección del solicitante",
        "Indirizzo del richiedente",
        "Endereço do requerente",
        "Adres indiener",
        "Adres zgłaszającego",
    ] {
        let names = format!("{name},lat,lon");
        let (code, said, rows) = import(&names, |n| format!("{n} Kerkstraat,52.1{n},5.2{n}"));
        assert_eq!((code, rows.len()), (Some(0), 60), "{name}: {said}");
        assert!(rows.iter().all(|row| row["address"].is_empty()), "{name}");
        assert!(said.contains(&format!("'{name}' left out")), "{name}: {said}");
        // Alone, it is a question.
        let (code, said, _) = import(name, |n| format!("{n} Kerkstraat"));
        assert_eq!(code, Some(2), "{name}: {said}");
        assert!(said.contains(&format!("perhaps '{name}'")), "{name}: {said}");
    }
    let (_, _, rows) = import("Caller Address,Address,lat,lon", |n| {
        format!("{n} Kerkstraat,{n} Dorpsstraat,52.1{n},5.2{n}")
    });
    assert!(rows.iter().all(|row| row["address"].contains("Dorpsstraat")));
}

#[test]
fn places_of_people_and_offices_are_no_places_of_reports() {
    for [lat, lon] in [
        ["caller_latitude", "caller_longitude"],
        ["inspector lat", "inspector lon"],
        ["warehouse latitude", "warehouse longitude"],
        ["latitude du demandeur", "longitude du demandeur"],
        ["Breitengrad Kunde", "Längengrad Kunde"],
        ["latitud del vecino", "longitud del vecino"],
        ["breedtegraad melder", "lengtegraad melder"],
    ] {
        let (code, said, _) = import(&format!("{lat},{lon}"), |n| format!("52.1{n},5.2{n}"));
        assert_eq!(code, Some(2), "{lat}: {said}");
        assert!(said.contains("a person or an office"), "{lat}: {said}");
        let names = format!("{lat},{lon},lat,lon");
        let (code, said, rows) = import(&names, |n| format!("48.1{n},2.2{n},52.1{n},5.2{n}"));
        assert_eq!(code, Some(0), "{lat}: {said}");
        assert!(rows.iter().all(|row| row["lat"].starts_with("52.")), "{lat}");
    }
    for name in ["Council Member", "commissioner council", "raadslid wijk"] {
        let (code, said, rows) =
            import(&format!("{name},lat,lon"), |n| format!("Carl,52.1{n},5.2{n}"));
        assert_eq!((code, rows.len()), (Some(0), 60), "{name}: {said}");
        let areas = rows.iter().filter(|row| row["area"] == "Carl").count();
        assert_eq!(areas, if name.ends_with("wijk") { 60 } else { 0 }, "{name}: {said}");
    }
}

#[test]
fn planned_ends_close_nothing() {
    for name in [
        "Estimated close date",
        "Forecast completion",
        "Complete by",
        "Promised completion date",
        "Date de fin prévisionnelle",
        "Clôture souhaitée",
        "Erledigung bis",
        "Fecha máxima de cierre",
        "Chiusura stimata",
        "Previsão de encerramento",
        "Uiterste datum afhandeling",
        "Przewidywane zakończenie",
    ] {
        let names = format!("{name},lat,lon");
        let (code, said, rows) =
            import(&names, |n| format!("2025-07-09 10:{n:02}:00,52.1{n},5.2{n}"));
        assert_eq!(code, Some(0), "{name}: {said}");
        for row in rows {
            assert_eq!((row["status"].as_str(), row["closed_datetime"].as_str()), ("open", ""));
            assert!(row["expected_datetime"].starts_with("2025-07-09"), "{name}");
        }
    }
}

/// The places may lie far from the time zone.
const ANYWHERE: [&str; 2] = ["--negate", "none"];

#[test]
fn columns_named_after_a_zone_are_of_it() {
    let text =
        |name: &str| table("lat,lon", |n| format!("52.1{n},5.2{n}")).replacen("created", name, 1);
    for name in
        ["opened_utc", "Opened (UTC)", "OpenedDateUTC", "Datum GMT", "Créée (UTC)", "Created Z"]
    {
        let (code, said, rows) = import_in("Europe/Amsterdam", &text(name), &[]);
        assert_eq!(code, Some(0), "{name}: {said}");
        assert!(rows.iter().all(|row| row["requested_datetime"].contains("T08:")), "{name}");
        assert!(said.contains("read as UTC, as the name says"), "{name}: {said}");
    }
    for (name, zone, hour) in [
        ("Created (EST)", "America/Toronto", Some("T12:")),
        ("Created (EST)", "Europe/Amsterdam", None),
        ("created_cet", "Europe/Amsterdam", Some("T06:")),
        ("Opened (PST)", "America/Chicago", None),
        ("Created (UTC+2)", "Europe/Amsterdam", None),
    ] {
        let (code, said, rows) = import_in(zone, &text(name), &ANYWHERE);
        match hour {
            Some(hour) => {
                assert_eq!(code, Some(0), "{name}: {said}");
                assert!(rows[0]["requested_datetime"].contains(hour), "{name} {zone}");
            }
            None => assert!(code == Some(2) && said.contains("[zones]"), "{name} {zone}: {said}"),
        }
    }
}

#[test]
fn abbreviations_are_first_those_of_the_city() {
    let text = |word: &str| {
        let text = table("lat,lon", |n| format!("52.1{n},5.2{n}"));
        text.replace(":00,Kuil", &format!(":00 {word},Kuil"))
    };
    for (word, zone, hour) in [
        ("CST", "Asia/Shanghai", Some("T00:")),
        ("CDT", "America/Havana", Some("T12:")),
        ("CST", "America/Chicago", Some("T14:")),
        ("IST", "Asia/Kolkata", Some("T02:")),
        ("AEST", "Australia/Sydney", Some("T22:")),
        ("CEST", "America/Toronto", Some("T06:")),
        ("BST", "Asia/Dhaka", None),
        ("EST", "Australia/Sydney", None),
        ("MST", "Asia/Kuala_Lumpur", None),
        ("AST", "Asia/Riyadh", None),
    ] {
        let (code, said, rows) = import_in(zone, &text(word), &ANYWHERE);
        match hour {
            Some(hour) => {
                assert_eq!(code, Some(0), "{word} {zone}: {said}");
                assert!(rows[0]["requested_datetime"].contains(hour), "{word} {zone}: {rows:?}");
            }
            None => assert!(code == Some(2) && said.contains("[zones]"), "{word} {zone}: {said}"),
        }
    }
    let folder = Folder::new("words");
    let mapping = folder.with(
        "m.toml",
        "[zones]\nest = \"Australia/Brisbane\"\n[columns]\nid = [\"id\"]\n\
         requested = [\"created\"]\ncategory = [\"category\"]\nlat = [\"lat\"]\nlon = [\"lon\"]\n",
    );
    let more = [&["--mapping", mapping.to_str().unwrap()][..], &ANYWHERE].concat();
    let (code, said, rows) = import_in("Australia/Sydney", &text("EST"), &more);
    assert_eq!(code, Some(0), "{said}");
    assert!(rows[0]["requested_datetime"].contains("T22:"), "{rows:?}");
}

#[test]
fn texts_of_another_encoding_are_named_and_close_nothing() {
    for (word, note) in [
        ("Ã€ rÃ©gler", "probably 'À régler' in UTF-8"),
        ("Ë fermer", "probably 'À fermer' in Mac Roman"),
        ("· fermer", "probably 'À fermer' in CP850"),
        ("Erledigt Ã¼ber", "probably 'Erledigt über' in UTF-8"),
    ] {
        let (code, said, rows) = import("status,lat,lon", |n| {
            let word = if n % 3 == 0 { word } else { "Nouveau" };
            format!("{word},52.1{n},5.2{n}")
        });
        assert_eq!(code, Some(0), "{word}: {said}");
        assert!(rows.iter().all(|row| row["status"] == "open"), "{word}");
        assert!(said.contains(note), "{word}: {said}");
        assert!(said.contains("status words not known"), "{word}: {said}");
    }
}

#[test]
fn a_part_of_the_rows_without_their_sign_lies_outside_the_city() {
    for (zone, lon, lat) in [
        ("America/Winnipeg", -97.1, 49.9),
        ("America/Bogota", -74.0, 4.7),
        ("America/Lima", -77.0, -12.0),
    ] {
        for every in [2, 3, 10] {
            let names = "lat,lon";
            let text = table(names, |n| {
                let (x, y) = (lon + f64::from(n % 8) * 0.01, lat + f64::from(n / 8) * 0.01);
                let x = if n % every == 0 { -x } else { x };
                format!("{y:.4},{x:.4}")
            });
            let (code, said, _) = import_in(zone, &text, &[]);
            assert_eq!(code, Some(0), "{zone} {every}: {said}");
            let outside = format!("{} outside the city's extent", 60 / every);
            assert!(said.contains(&outside), "{zone} {every}: {said}");
            assert!(said.contains("a minus sign is probably missing"), "{zone}: {said}");
            let extent = said.lines().find(|line| line.contains("learned from its reports"));
            let edges = extent.unwrap_or_default().rsplit(": ").next().unwrap_or_default();
            let edges: Vec<f64> =
                edges.split(',').filter_map(|edge| edge.trim().parse().ok()).collect();
            assert!(edges.len() == 4 && edges[2] < 0.0, "{zone} {every}: {extent:?}");
        }
    }
}
