//! Columns of numbers that are no keys of requests: of assets, people, places and houses. Two
//! months of one city are imported one after the other.

use crate::common::{Folder, done, run};

const CITY: [&str; 4] = ["--jurisdiction", "valmeer.example", "--time-zone", "Europe/Amsterdam"];

/// Imports both months and returns what the second import said, and the exported table.
fn months(names: &str, row: impl Fn(u32, u32) -> String) -> (String, String) {
    let folder = Folder::new("keys");
    let mut said = String::new();
    for month in [3, 4] {
        let rows: String = (0..30).map(|n| row(month, n) + "\n").collect();
        let file = folder.with(&format!("{month}.csv"), format!("{names}\n{rows}"));
        let arguments = [&["import", file.to_str().unwrap()][..], &CITY].concat();
        let output = run(&folder, &arguments);
        said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert_eq!(output.status.code(), Some(0), "{names}: {said}");
    }
    (said, done(&folder, &["export", "--format", "csv", "--jurisdiction", CITY[1]]))
}

/// Time, category and place of a row.
fn rest(month: u32, n: u32) -> String {
    let category = ["Kuil", "Lamp", "Afval"][n as usize % 3];
    format!("2025-{month:02}-{:02} 08:{n:02}:00,{category},52.1{n:02},5.2{n:02}", n % 28 + 1)
}

#[test]
fn the_number_beside_a_street_is_a_house_s_and_overwrites_nothing() {
    for names in [
        "Street,Number",
        "Straße,Nr",
        "Rue,N°",
        "Calle,Núm.",
        "Via,Numero",
        "Logradouro,Nº",
        "Straat,Nummer",
        "Ulica,Nr",
        "Carrer,Número",
        "street_name,No.",
    ] {
        let names = format!("opened,category,lat,lon,{names}");
        let (said, table) = months(&names, |month, n| {
            let place = rest(month, n);
            format!("{place},Kerklaan,{}", n * 7 % 30 + 1)
        });
        assert!(said.contains("30 added, 0 updated"), "{names}: {said}");
        assert!(table.contains(",Kerklaan 8,"), "{names}: {table}");
    }
}

#[test]
fn keys_of_other_things_and_people_overwrite_nothing() {
    for name in [
        "Hydrant Number",
        "Light Pole ID",
        "PARCELID",
        "applicant_id",
        "Mobile Number",
        "Numéro de compteur",
        "Référence du bâtiment",
        "Laternennummer",
        "Número de contenedor",
        "Codice cassonetto",
        "Número do imóvel",
        "Perceelnummer",
        "Numer latarni",
    ] {
        let row = |month, n| format!("{},{}", 700 + 13 * n, rest(month, n));
        let (said, _) = months(&format!("{name},opened,category,lat,lon"), row);
        assert!(said.contains("30 added, 0 updated"), "{name}: {said}");
        // Beside a plain id, that is the key, though it is a number from 1.
        for id in ["ID", "No", "Ref"] {
            let row = |month, n| {
                format!("{},{},{}", n + 1 + (month - 3) * 30, 700 + 13 * n, rest(month, n))
            };
            let (said, table) = months(&format!("{id},{name},opened,category,lat,lon"), row);
            assert!(said.contains("30 added, 0 updated"), "{id} {name}: {said}");
            assert!(table.contains("\n60,") && table.contains("\n1,"), "{id} {name}: {table}");
        }
    }
}

#[test]
fn a_plain_id_is_better_than_an_order_s_and_an_unknown_number_is_a_doubt() {
    let row = |month, n| format!("{},{},{}", n + 1 + (month - 3) * 30, 900 + n, rest(month, n));
    for name in ["Work Order Number", "Auftragsnummer", "Nº de orden"] {
        let (said, table) = months(&format!("ID,{name},opened,category,lat,lon"), row);
        assert!(said.contains("30 added, 0 updated") && table.contains("\n60,"), "{name}: {said}");
    }
    let folder = Folder::new("keys");
    for name in ["Zorg number", "Numéro de bouton"] {
        let rows: String = (0..30).map(|n| format!("{},{}\n", rest(3, n), 900 + n)).collect();
        let file = folder.with("a.csv", format!("opened,category,lat,lon,{name}\n{rows}"));
        let output = run(&folder, &[&["import", file.to_str().unwrap()][..], &CITY].concat());
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert!(output.status.code() == Some(2), "{name}: {said}");
        assert!(said.contains(&format!("id: perhaps '{name}'")), "{name}: {said}");
    }
}

#[test]
fn a_table_of_counts_is_a_question() {
    for name in ["Number of requests", "Count", "Anzahl Meldungen", "Nombre de demandes", "Aantal"]
    {
        let folder = Folder::new("keys");
        let import = |names: &str, row: &dyn Fn(u32) -> String, more: &[&str]| {
            let rows: String = (0..30).map(|n| row(n) + "\n").collect();
            let file = folder.with("a.csv", format!("{names}\n{rows}"));
            let arguments = [&["import", file.to_str().unwrap()][..], &CITY, more].concat();
            let output = run(&folder, &arguments);
            let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
            (output.status.code(), said)
        };
        let names = format!("opened,category,lat,lon,{name}");
        let several = |n: u32| format!("{},{}", rest(3, n), 1 + n % 4);
        let (code, said) = import(&names, &several, &[]);
        assert_eq!(code, Some(2), "{name}: {said}");
        assert!(said.contains(&format!("callers: '{name}' has values")), "{name}: {said}");
        // One request in each row, or ids: no question.
        let (code, said) = import(&names, &|n| format!("{},1", rest(3, n)), &["--dry-run"]);
        assert_eq!(code, Some(0), "{name}: {said}");
        let with_id = |n: u32| format!("{},K{n}", several(n));
        let (code, said) = import(&format!("{names},case no"), &with_id, &["--dry-run"]);
        assert_eq!(code, Some(0), "{name}: {said}");
    }
}
