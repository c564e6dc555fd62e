//! What columns of cities' own layouts are taken for: ids beside numbers of rows, times of changes,
//! parts of addresses, and levels of categories.

use std::fmt::Write;

use crate::ingest::column::words::{Concept, NameWords};
use crate::ingest::recognition::recognised::Recognition;
use crate::ingest::recognition::tests::recognised;

/// What a file of these names is recognised as, of which `line` writes each of 60 rows.
pub fn of_rows(names: &str, line: impl Fn(usize) -> String) -> Recognition {
    let mut text = format!("{names}\n");
    for n in 0..60 {
        let _ = writeln!(text, "{}", line(n));
    }
    recognised("words.csv", &text)
}

fn field<'a>(found: &'a Recognition, name: &str) -> Option<&'a str> {
    found.columns.iter().find(|column| column.name == name)?.field
}

const DAY: &str = "2026-03-02 08:15";

#[test]
fn a_number_without_a_gap_is_the_citys_own_unless_it_counts_rows() {
    for (name, first) in [("Case Number", 26000), ("ID", 700), ("Case Number", 1), ("ID", 1)] {
        let names = format!("OBJECTID,{name},Created,Category");
        let found = of_rows(&names, |n| {
            format!("{},{},{DAY},{}", n + 1, first + n, ["Hole", "Lamp", "Bin"][n % 3])
        });
        assert_eq!(field(&found, name), Some("id"), "{name} {first}");
        assert_eq!(field(&found, "OBJECTID"), None, "{name} {first}");
    }
}

#[test]
fn a_year_is_not_joined_with_a_number_that_does_not_begin_again() {
    let found = of_rows("ano,processo_numero,data,categoria", |n| {
        format!("2026,{},{DAY},{}", 8_126_000_000_u64 + n as u64, ["a", "b", "c"][n % 3])
    });
    assert_eq!(field(&found, "processo_numero"), Some("id"));
    assert_eq!(found.keys("id"), ["processo_numero"]);
}

#[test]
fn times_of_changes_in_eight_languages() {
    for name in [
        "Date de mise à jour",
        "Mise à jour",
        "Mis à jour le",
        "Dernière mise à jour",
        "Date de la dernière mise à jour",
        "geaendert_am",
        "GEAENDERT",
        "bearbeitet am",
        "Letzte Änderung",
        "EditDate",
        "LAST_EDITED_DATE",
        "Última actualización",
        "Fecha de modificación",
        "Actualizada el",
        "Data ultimo aggiornamento",
        "Data ultima modifica",
        "Última atualização",
        "Data de alteração",
        "Laatst gewijzigd",
        "Bijgewerkt op",
        "Datum aangepast",
        "Data modyfikacji",
        "Ostatnia aktualizacja",
        "Zmodyfikowano",
    ] {
        let words = NameWords::of(name);
        let others = [Concept::Created, Concept::Closed, Concept::Expected];
        assert!(words.has(Concept::Updated) && !words.has_any(&others), "{name}: {words:?}");
    }
}

#[test]
fn parts_of_addresses_are_read_together() {
    let kinds = ["Hole", "Lamp", "Bin"];
    for (names, cells, keys) in [
        ("Address Number,Address Line 1", "61.0,Elm St", "address_number+address_line_1"),
        ("Block/Address,Street", "3700 BLOCK,ELM ST", "block_address+street"),
        (
            "STREET_NUM,STREET_DIR,STREET_NAME,STREET_TYPE",
            "12,N,ELM,ST",
            "street_num+street_dir+street_name+street_type",
        ),
        (
            "Intersection Street 1,Intersection Street 2",
            "Elm St,Oak Ave",
            "intersection_street_1+intersection_street_2",
        ),
    ] {
        let names = format!("Case ID,Created,Category,{names}");
        let found = of_rows(&names, |n| format!("C-{n},{DAY},{},{cells}", kinds[n % 3]));
        let read = found.keys("address");
        let plain = |key: &String| key.replace([' ', '/'], "_");
        assert_eq!(read.first().map(plain).as_deref(), Some(keys), "{names}: {read:?}");
    }
}

#[test]
fn addresses_are_known_by_their_names_or_values() {
    let kinds = ["Hole", "Lamp", "Bin"];
    for name in ["Morada", "Adreça", "Emplacement", "Localização", "Localisation", "ADDRESS1"] {
        let names = format!("Case ID,Created,Category,{name}");
        let found = of_rows(&names, |n| format!("C-{n},{DAY},{},{n} rue Neuve", kinds[n % 3]));
        assert_eq!(field(&found, name), Some("address"), "{name}");
    }
    let found = of_rows("Case ID,Created,Category,OBJECTDESC", |n| {
        format!("C-{n},{DAY},{},{} Cedar Ln", kinds[n % 3], 100 + n)
    });
    assert_eq!(field(&found, "OBJECTDESC"), Some("address"));
    let found = of_rows("Case ID,Created,Category,Device Type,Site Used", |n| {
        let device = ["desktop", "mobile"][n % 2];
        format!("C-{n},{DAY},{},{device},citysite", kinds[n % 3])
    });
    assert_eq!(field(&found, "Site Used"), None);
    assert_eq!(field(&found, "Device Type"), Some("channel"));
}

#[test]
fn the_finer_level_is_the_service() {
    let coarse = |n: usize| ["Roads", "Waste"][n % 6 / 3];
    let fine = |n: usize| ["Hole", "Lamp", "Kerb", "Bin", "Litter", "Dump"][n % 6];
    for (first, second) in
        [("Type", "Description"), ("Type", "Details"), ("Tipologia", "Sottotipologia")]
    {
        let names = format!("Case ID,Created,{first},{second}");
        let found = of_rows(&names, |n| format!("C-{n},{DAY},{},{}", coarse(n), fine(n)));
        assert_eq!(field(&found, second), Some("category"), "{second}");
        assert_eq!(field(&found, first), Some("hint"), "{first}");
    }
    // Texts of any kind stay texts.
    let found = of_rows("Case ID,Created,Type,Description", |n| {
        format!("C-{n},{DAY},{},{}", fine(n), ["please", "fix it"][n % 4 / 2])
    });
    assert_eq!(field(&found, "Type"), Some("category"));
}

#[test]
fn names_beside_codes_are_the_services() {
    let found = of_rows("REQUESTID,PROBLEMCODE,DESCRIPTION,DATETIMEINIT", |n| {
        format!("{},P00{},{},{DAY}", 5000 + 2 * n, n % 3, ["Hole", "Lamp", "Bin"][n % 3])
    });
    assert_eq!(field(&found, "DESCRIPTION"), Some("category"));
}

#[test]
fn topics_that_are_called_areas_are_groups() {
    let coarse = |n: usize| ["Roads", "Waste"][n % 6 / 3];
    let fine = |n: usize| ["Hole", "Lamp", "Kerb", "Bin", "Litter", "Dump"][n % 6];
    let place = |n: usize| ["Norte", "Sur", "Centro", "Oeste"][n % 4];
    let found = of_rows("Folio,Fecha de apertura,Sector,Subtema,Localidad", |n| {
        format!("F{n},{DAY},{},{},{}", coarse(n), fine(n), place(n))
    });
    assert_eq!(field(&found, "Subtema"), Some("category"));
    assert_eq!(field(&found, "Sector"), Some("hint"));
    assert_eq!(field(&found, "Localidad"), Some("area"));
    let found = of_rows("SR Number,Created Date,Area,Sub-Area,SR Type", |n| {
        let nature = ["Request for Service", "Complaint", "General Information"][n % 5 % 3];
        format!("1-{n},{DAY},{},{},{nature}", coarse(n), fine(n))
    });
    assert_eq!(field(&found, "Sub-Area"), Some("category"));
    assert_eq!(field(&found, "Area"), Some("hint"));
    // Areas of the city come with every category.
    let found = of_rows("Case ID,Created,Area,Category", |n| {
        format!("C-{n},{DAY},{},{}", place(n / 6), fine(n))
    });
    assert_eq!(field(&found, "Area"), Some("area"));
}
