//! Which of several keys is the request's: that of its source, not the number that a program gave a
//! row or a record; and keys of a year and a number.

use std::fmt::Write;

use crate::common::Folder;
use crate::place_columns::{exported, import};

/// Thirty rows whose key columns `cells` writes.
fn table(names: &str, cells: impl Fn(u32) -> String) -> String {
    let mut text = format!("{names},opened,category,status,lat,lon\n");
    for n in 1..=30 {
        let (category, day) = (["Kuil", "Lamp", "Afval"][n as usize % 3], n % 28 + 1);
        let keys = cells(n);
        let _ = writeln!(text, "{keys},2025-03-{day:02} 08:{n:02}:00,{category},Open,52.1{n},5.2");
    }
    text
}

/// The ids that were stored.
fn ids(name: &str, text: &str) -> Vec<String> {
    let folder = Folder::new("keys");
    let (code, _, said) = import(&folder, name, text);
    assert_eq!(code, Some(0), "{text}: {said}");
    let mut ids: Vec<String> =
        exported(&folder).into_iter().map(|row| row["service_request_id"].clone()).collect();
    ids.sort();
    ids
}

#[test]
fn a_source_s_own_key_is_better_than_numbers_of_rows_and_records() {
    let guid = |n: u32| format!("{{{n:08X}-AAAA-4BBB-8CCC-{n:012X}}}");
    for names in ["OBJECTID,GlobalID", "FID,globalid", "ESRI_OID,GlobalID", "ObjectID,GLOBALID"] {
        let found = ids("a.csv", &table(names, |n| format!("{n},{}", guid(n))));
        assert!(found.contains(&guid(7)), "{names}: {found:?}");
    }
    let found = ids("a.csv", &table("number,sys_id", |n| format!("CS{n:07},{:032x}", n * 99_999)));
    assert!(found.contains(&"CS0000007".to_owned()), "{found:?}");
}

#[test]
fn the_id_of_a_feature_is_better_than_numbers_of_rows() {
    let features: Vec<String> = (1..=30)
        .map(|n: u32| {
            format!(
                r#"{{"type":"Feature","id":{},"geometry":{{"type":"Point",
                "coordinates":[5.2,52.1{n}]}},"properties":{{"OBJECTID":{n},"Soort":"Kuil",
                "Aangemaakt":"2025-03-02T08:{n:02}:00","Status":"Open"}}}}"#,
                20_000 + n * 3
            )
        })
        .collect();
    let text = format!(r#"{{"type":"FeatureCollection","features":[{}]}}"#, features.join(","));
    let found = ids("a.geojson", &text);
    assert_eq!(found[0], "20003", "{found:?}");
}

#[test]
fn words_of_several_languages_name_keys() {
    for name in [
        "#",
        "Radicado",
        "Número PQRS",
        "Núm. sugerencia",
        "num_intervention",
        "Auftrag",
        "Confirmation",
        "No. radicación",
    ] {
        let found = ids("a.csv", &table(name, |n| (10_000 + n).to_string()));
        assert_eq!(found[0], "10001", "{name}: {found:?}");
    }
}

#[test]
fn a_number_that_begins_again_is_a_key_with_its_year() {
    for names in ["Année,N°", "Year,No", "Jahr,Nr", "Año,Número"] {
        // The second half of the rows is of another year.
        let of_year = |n: u32| if n <= 15 { (2024, n) } else { (2025, n - 15) };
        let found = ids("a.csv", &table(names, |n| format!("{},{}", of_year(n).0, of_year(n).1)));
        assert_eq!((&*found[0], found.len()), ("2024-1", 30), "{names}: {found:?}");
    }
    // One year after the other.
    let folder = Folder::new("keys");
    for (year, month) in [(2024, "03"), (2025, "04")] {
        let text = table("Année,N°", |n| format!("{year},{n}"))
            .replace("2025-03", &format!("{year}-{month}"));
        let (code, summary, said) = import(&folder, "a.csv", &text);
        assert_eq!((code, &summary["added"]), (Some(0), &30.into()), "{said}");
    }
    // Keys that do not begin again stay as they are.
    let found = ids("a.csv", &table("Année,N°", |n| format!("2025,{}", 10_000 + n)));
    assert_eq!(found[0], "10001", "{found:?}");
}
