//! Files of invented cities in several languages: what their columns are taken for.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::ingest::read::{Input, ReadOptions};
use crate::ingest::recognition::Recognition;

fn recognised(name: &str, text: &str) -> Recognition {
    static FILES: AtomicU32 = AtomicU32::new(0);
    let number = FILES.fetch_add(1, Ordering::Relaxed);
    let name = format!("pointchaud-{}-{number}-{name}", std::process::id());
    let path = std::env::temp_dir().join(name);
    std::fs::write(&path, text).unwrap();
    let input = Input::open(&path, &ReadOptions::default()).unwrap();
    let recognition = Recognition::of(&input).unwrap();
    std::fs::remove_file(&path).unwrap();
    recognition
}

/// Columns and the field each is read as.
fn fields(recognition: &Recognition) -> Vec<(&str, &str)> {
    let columns = recognition.columns.iter();
    columns.filter_map(|column| Some((column.name.as_str(), column.field?))).collect()
}

/// The header, then the row 40 times; `#` is the number of the row from 10 and `~` a word that
/// changes from row to row.
fn table(header: &str, row: &str) -> String {
    let words = ["alfa", "beta", "gama"];
    let line = |n: usize| row.replace('#', &n.to_string()).replace('~', words[n % 3]);
    let rows: Vec<String> = (10..50).map(line).collect();
    format!("{header}\n{}\n", rows.join("\n"))
}

/// Headers of one layout in eight languages, each with a row.
const LANGUAGES: [(&str, &str); 8] = [
    (
        "TICKETID,DATECREATED,DATECLOSED,PROBLEMTYPE,TICKETSTATUS,STREETADDRESS,LAT,LNG",
        "T-#,2025-03-02 08:#:00,2025-03-04 09:#:00,~,Open,# Elm St,44.1#,-80.2#",
    ),
    (
        "Référence;Date de création;Date de clôture;Catégorie;État;Adresse;Latitude;Longitude",
        "S#;2025-03-02T08:#:00Z;;~;En cours;# rue Neuve;46,1#;4,2#",
    ),
    (
        "Meldungsnummer;Eingangsdatum;Abschlussdatum;Kategorie;Status;Straße;Breitengrad;\
         Längengrad",
        "#1;02.03.2025 08:#;04.03.2025 09:#;~;Erledigt;Gasse #;48,1#;9,2#",
    ),
    (
        "Folio,Fecha de apertura,Fecha de cierre,Tipo,Estado,Dirección,Latitud,Longitud",
        "F#,2025-03-02 08:#,2025-03-04 08:#,~,Cerrado,Calle #,40.1#,-3.2#",
    ),
    (
        "Numero segnalazione,Data inserimento,Data chiusura,Categoria,Stato,Indirizzo,\
         Latitudine,Longitudine",
        "#,2025-03-02 08:#,2025-03-04 08:#,~,Chiuso,Via #,45.1#,9.2#",
    ),
    (
        "protocolo;data_abertura;data_encerramento;assunto;situacao;endereco;latitude;longitude",
        "#/2025;2025-03-02 08:#;2025-03-04 08:#;~;Encerrado;Rua #;-25,1#;-49,2#",
    ),
    (
        "meldingsnummer;aanmaakdatum;datum afhandeling;categorie;status;adres;breedtegraad;\
         lengtegraad",
        "#;2025-03-02 08:#;2025-03-04 08:#;~;Gesloten;Straat #;52,1#;5,2#",
    ),
    (
        "Numer zgłoszenia;Data utworzenia;Data zamknięcia;Kategoria;Stan;Ulica;\
         Szerokość;Długość",
        "#;2025-03-02 08:#;2025-03-04 08:#;~;Zamknięte;Nowa #;50,1#;19,2#",
    ),
];

#[test]
fn layouts_in_eight_languages_are_recognised_by_names_and_values() {
    for (header, row) in LANGUAGES {
        let found = recognised("city.csv", &table(header, row));
        let taken: Vec<&str> = fields(&found).iter().map(|(_, field)| *field).collect();
        let wanted = "id requested closed category status address lat lon";
        assert_eq!(taken.join(" "), wanted, "{header}: {:?}", found.columns);
        assert!(found.is_sure(), "{header}: {:?}", found.doubts);
        assert!(
            found
                .columns
                .iter()
                .all(|column| !column.examples.is_empty() || header.contains("clôture"))
        );
        let profile = found.profile().unwrap();
        assert_eq!(profile.columns.len(), 8, "{header}");
        assert_eq!(found.needs_time_zone, !row.contains("00Z"), "{header}");
    }
}

#[test]
fn values_contradict_names_and_speak_where_names_are_silent() {
    // `lat` holds projected numbers, and `where` places.
    let row = "#,2025-03-02T08:#:00Z,~,9144#.5,Closed,\"1 A St (44.5#, -80.25)\"";
    let found = recognised("a.csv", &table("id,opened,type,lat,progress,where", row));
    assert_eq!(
        fields(&found),
        [("id", "id"), ("opened", "requested"), ("type", "category"), ("where", "point")]
    );
    let text = table("id,opened,type,progress", "#,2025-03-02T08:#:00Z,~,~")
        .replace(",alfa\n", ",Open\n")
        .replace(",beta\n", ",Closed\n")
        .replace(",gama\n", ",In progress\n");
    assert!(fields(&recognised("b.csv", &text)).contains(&("progress", "status")));
    let projected = recognised(
        "c.csv",
        &table("id,opened,type,X,Y", "#,2025-03-02T08:#:00Z,~,3003#.5,50401#.25"),
    );
    assert!(fields(&projected).ends_with(&[("X", "x"), ("Y", "y")]), "{:?}", projected.columns);
}

#[test]
fn what_is_not_sure_is_not_taken() {
    let doubts = |header: &str, row: &str| {
        let found = recognised("city.csv", &table(header, row));
        assert!(!found.is_sure(), "{header}");
        let said: Vec<&str> = found.doubts.iter().map(|doubt| doubt.en.as_str()).collect();
        let mapping = found.mapping(None, None);
        assert!(said.iter().all(|doubt| mapping.contains(doubt)), "{mapping}");
        said.join("; ")
    };
    let said = doubts("id,created,opened,type", "#,2025-03-02 08:#,2025-03-03 08:#,~");
    assert_eq!(said, "requested: 'created' or 'opened'");
    let said = doubts("id,foo,type", "#,bar,~");
    assert!(said.contains("requested"), "{said}");
    let said = doubts("id,created,bar", "#,2025-03-02 08:#,~");
    assert!(said.contains("category"), "{said}");
    let said = doubts("id,created,type,lat", "#,2025-03-02 08:#,~,44.5#");
    assert_eq!(said, "'lat' without 'lon'");
    // Two unnamed columns of degrees may be a place.
    let said = doubts("id,created,type,u,v", "#,2025-03-02 08:#,~,44.51#1,20.22#1");
    assert!(said.contains("perhaps 'u'"), "{said}");
}

#[test]
fn periods_repeated_names_and_numbers_are_not_times() {
    let found = recognised(
        "city.csv",
        &table(
            "id,year,created,type,ward,postcode,created",
            "#,2025,2025-03-02T08:#:00Z,~,#,750#,2025-03-02T09:#:00Z",
        ),
    );
    let taken = fields(&found);
    assert!(found.is_sure(), "{:?}", found.doubts);
    assert_eq!(taken.iter().filter(|(_, field)| *field == "requested").count(), 1);
    assert!(taken.contains(&("ward", "area")) && taken.contains(&("postcode", "zipcode")));
    assert!(!taken.iter().any(|(name, _)| *name == "year"));
}

#[test]
fn a_mapping_is_well_formed_whatever_the_names_are() {
    for name in ["a\"b\\c", "tab\there", "Парк", "", "日付", "a+b", "\u{7f}"] {
        let quoted = format!("\"{}\"", name.replace('"', "\"\""));
        let header = format!("id,created,type,{quoted}");
        let found = recognised("city.csv", &table(&header, "#,2025-03-02 08:#,~,x"));
        let profile = found.profile().unwrap();
        assert_eq!(profile.columns["requested"], ["created"], "{name}");
        let named = found.mapping(Some("a\"b"), Some("Europe/Paris"));
        assert!(crate::ingest::Profile::parse(&named).is_ok(), "{named}");
    }
}
