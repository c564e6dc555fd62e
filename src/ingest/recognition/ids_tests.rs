//! Which columns are recognised as ids, and which are doubts.

use std::fmt::Write;

use crate::ingest::recognition::recognised::Recognition;
use crate::ingest::recognition::tests::recognised;

/// What a file of these names is recognised as, of which `line` writes each of `count` rows.
fn of_rows(names: &str, count: usize, line: impl Fn(usize) -> String) -> Recognition {
    let mut text = format!("{names}\n");
    for n in 0..count {
        let _ = writeln!(text, "{}", line(n));
    }
    recognised("ids.csv", &text)
}

/// The column that is read as the id.
fn id_of(found: &Recognition) -> Option<&str> {
    found.columns.iter().find(|column| column.field == Some("id")).map(|column| &*column.name)
}

fn said(found: &Recognition) -> String {
    found.doubts.iter().map(|doubt| doubt.en.as_str()).collect::<Vec<_>>().join("; ")
}

fn category(n: usize) -> &'static str {
    ["Hole", "Lamp", "Bin"][n * n % 3]
}

#[test]
fn names_of_ids_in_eight_languages_are_known_where_values_are_unique() {
    for name in [
        "N°",
        "Nº",
        "N° de demande",
        "N.º expediente",
        "Nr",
        "Nr.",
        "No.",
        "N.",
        "Case #",
        "Expediente",
        "Núm. expediente",
        "Zaaknummer",
        "zaaknr",
        "Meldingsnummer",
        "Sygnatura",
        "Znak sprawy",
        "Numer",
        "Codice",
        "Codice segnalazione",
        "Código da solicitação",
        "WO #",
        "Work order",
        "WorkOrder",
        "Work Order No",
        "Ticket",
        "Aktenzeichen",
        "Geschäftszeichen",
        "Vorgangsnummer",
        "Protocolo",
        "Referencia",
        "Riferimento",
        "Pratica",
        "Processo",
        "Dossier",
    ] {
        for count in [8, 60] {
            for start in ["", "WX-2025/"] {
                let row = |n: usize| {
                    let (key, day) = (4000 + 7 * n, n % 28 + 1);
                    format!("{start}{key},2025-03-{day:02} 08:{:02}:00,{}", n % 60, category(n))
                };
                let found = of_rows(&format!("{name},created,category"), count, row);
                assert_eq!(id_of(&found), Some(name), "{count}: {:?}", found.columns);
                assert!(found.is_sure(), "{name}: {}", said(&found));
            }
        }
    }
}

#[test]
fn codes_of_services_are_no_ids() {
    for (names, code) in [("code,created,category", 0), ("service code,created,category", 0)] {
        let row = |n: usize| format!("C{},2025-03-02 08:{n:02},{}", n * n % 3 + code, category(n));
        let found = of_rows(names, 60, row);
        assert_eq!(id_of(&found), None, "{names}");
        assert!(!said(&found).contains("id: "), "{names}: {}", said(&found));
    }
    // Codes that go with their categories one by one, under names of keys.
    for name in ["problem id", "service_id", "request id", "ServiceNumber"] {
        let row = |n: usize| format!("2025-03-02 08:{n:02},S10{},{}", n * n % 3, category(n));
        let found = of_rows(&format!("created,{name},category"), 60, row);
        assert_eq!((id_of(&found), said(&found).as_str()), (None, ""), "{name}");
    }
}

#[test]
fn a_key_that_comes_again_is_a_doubt_and_an_id_beside_its_changes() {
    for name in [
        "Case Number",
        "id",
        "Ticket",
        "Request ID",
        "Numéro de demande",
        "Meldungsnummer",
        "Folio",
        "Numero segnalazione",
        "Protocolo",
        "Zaaknummer",
        "Numer sprawy",
        "Ref",
    ] {
        for start in ["", "C-"] {
            // Twelve requests, each in five rows.
            let key = |n: usize| format!("{start}{}", 8100 + 13 * (n % 12));
            let begun = |n: usize| format!("2025-03-{:02} 08:00:00", n % 12 + 1);
            let changed = |n: usize| format!("2025-04-{:02} 09:{n:02}:00", n / 12 + 1);
            let found = of_rows(&format!("{name},created,category"), 60, |n| {
                format!("{},{},{}", key(n), begun(n), category(n % 12))
            });
            assert_eq!(id_of(&found), None, "{name}");
            assert_eq!(said(&found), format!("id: perhaps '{name}'"));
            let found = of_rows(&format!("{name},created,updated,category"), 60, |n| {
                format!("{},{},{},{}", key(n), begun(n), changed(n), category(n % 12))
            });
            assert_eq!(id_of(&found), Some(name), "{:?}", found.columns);
            assert!(found.is_sure(), "{name}: {}", said(&found));
            // Rows of one key that begin at different times are different requests.
            let found = of_rows(&format!("{name},created,updated,category"), 60, |n| {
                format!("{},2025-03-02 08:{n:02}:00,{},{}", key(n), changed(n), category(n % 12))
            });
            assert_eq!(said(&found), format!("id: perhaps '{name}'"));
        }
    }
    // A name for a request alone says it in the first column, beside its category.
    for (name, start) in [("Expediente", "E-"), ("Dossier", ""), ("Work order", "WO")] {
        let found = of_rows(&format!("{name},created,category"), 60, |n| {
            let key = 8100 + n % 12;
            format!("{start}{key},2025-03-02 08:{n:02}:00,{}", category(n % 12))
        });
        assert_eq!(said(&found), format!("id: perhaps '{name}'"));
    }
    // Beside an id, the keys of other things are none.
    let found = of_rows("id,Call number,created,category", 60, |n| {
        format!("{},{},2025-03-02 08:{n:02}:00,{}", 500 + n, 8100 + n % 12, category(n))
    });
    assert_eq!((id_of(&found), said(&found).as_str()), (Some("id"), ""));
}

#[test]
fn a_first_column_of_keys_under_an_unknown_name_is_a_doubt_without_another_id() {
    for (name, start) in [("Laufzettel", ""), ("Kürzel", "K-"), ("fiche", "2025/"), ("xyz", "SR ")]
    {
        let row = |n: usize| format!("{start}{},2025-03-02 08:{n:02},{}", 310 + 3 * n, category(n));
        let found = of_rows(&format!("{name},created,category"), 40, row);
        assert_eq!(said(&found), format!("id: perhaps '{name}'"));
        let found = of_rows(&format!("{name},created,category,Ticket"), 40, |n| {
            format!("{},T{n:03}", row(n))
        });
        assert_eq!((id_of(&found), said(&found).as_str()), (Some("Ticket"), ""));
    }
    // Words, measures and addresses are no keys.
    for value in ["word", "~ Elm Street West", "12.3456~"] {
        let found = of_rows("xyz,created,category", 40, |n| {
            let value = value.replace('~', &n.to_string());
            format!("{value},2025-03-02 08:{n:02},{}", category(n))
        });
        assert!(!said(&found).contains("id: "), "{value}: {}", said(&found));
    }
}

#[test]
fn ids_that_a_spreadsheet_has_rounded_are_a_doubt() {
    for (name, example) in [
        ("Case Number", "1.01E+11"),
        ("Ticket", "2.02503E+13"),
        ("Meldungsnummer", "\"1,01E+11\""),
        ("id", "3E+12"),
        ("Expediente", "1.01e+11"),
    ] {
        let plain = example.trim_matches('"');
        for every in [1, 4] {
            let row = |n: usize| {
                let id = match n % every {
                    0 => example.to_owned(),
                    _ => (101_000_000 + n).to_string(),
                };
                format!("{id},2025-03-02 08:{n:02}:00,{}", category(n))
            };
            let found = of_rows(&format!("{name},created,category"), 40, row);
            let sentence = format!("'{name}' has values such as '{plain}', which a spreadsheet");
            assert!(said(&found).contains(&sentence), "{every}: {}", said(&found));
        }
    }
    let found = of_rows("id,created,category", 40, |n| {
        format!("1E{n:02},2025-03-02 08:{n:02}:00,{}", category(n))
    });
    assert!(found.is_sure(), "{}", said(&found));
}
