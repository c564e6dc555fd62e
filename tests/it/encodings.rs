//! Encodings of one byte that differ in few characters: the language of the file decides.

use encoding_rs::{Encoding, WINDOWS_1250, WINDOWS_1252};

use crate::common::{Folder, done, run};
use crate::place_columns::{CITY, exported, import};

/// A file of forty requests in this encoding.
fn file(header: &str, row: &str, encoding: &'static Encoding) -> Vec<u8> {
    let rows: String = (10..50).map(|n| row.replace('#', &n.to_string()) + "\n").collect();
    let (bytes, _, is_lossy) = {
        let text = format!("{header}\n{rows}");
        let (bytes, name, is_lossy) = encoding.encode(&text);
        (bytes.into_owned(), name, is_lossy)
    };
    assert!(!is_lossy);
    bytes
}

#[test]
fn files_of_western_languages_are_windows_1252_and_the_summary_says_why() {
    for (header, row, address, language) in [
        (
            "folio;fecha;tipo;estado;calle;barrio",
            "F#;2025-03-02 08:#;Señalización;Abierto;Calle Núñez #;Peñón",
            "Calle Núñez 10",
            "Spanish",
        ),
        (
            "protocolo;data de abertura;assunto;situacao;rua;bairro",
            "P#;2025-03-02 08:#;Iluminação;Aberto;Rua São João #;Brás",
            "Rua São João 10",
            "Portuguese",
        ),
        (
            "numéro;date de création;catégorie;état;adresse;quartier",
            "N#;2025-03-02 08:#;Éclairage;Créé;# rue de la Forêt;Saint-Éloi",
            "10 rue de la Forêt",
            "French",
        ),
    ] {
        let folder = Folder::new("encodings");
        let (code, summary, said) = import(&folder, "a.csv", file(header, row, WINDOWS_1252));
        assert_eq!(code, Some(0), "{header}: {said}");
        assert_eq!(summary["read_as"], "CSV, windows-1252", "{header}");
        let note = format!("are {language}; --encoding names another");
        assert!(summary["notes"].to_string().contains(&note), "{}", summary["notes"]);
        let rows = exported(&folder);
        assert!(rows.iter().any(|row| row["address"] == address), "{rows:?}");
    }
}

#[test]
fn a_polish_file_keeps_its_encoding_and_the_option_decides() {
    let header = "numer;data zgloszenia;kategoria;stan;ulica;dzielnica";
    let row = "N#;2025-03-02 08:#;Oświetlenie;Otwarte;ulica Łąkowa #;Śródmieście";
    let bytes = file(header, row, WINDOWS_1250);
    let folder = Folder::new("encodings");
    let (code, summary, said) = import(&folder, "a.csv", &bytes);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(summary["read_as"], "CSV, windows-1250");
    assert!(exported(&folder).iter().any(|row| row["address"] == "ulica Łąkowa 10"));
    let file = folder.file("a.csv");
    let arguments = ["inspect", file.to_str().unwrap(), "--encoding", "windows-1252"];
    let said = done(&folder, &arguments);
    assert!(said.contains("windows-1252") && !said.contains("names another"), "{said}");
    let said = done(&folder, &arguments[..2]);
    assert!(said.contains("encoding windows-1250"), "{said}");
}

#[test]
fn names_of_columns_of_dos_and_old_macs_are_read() {
    let header = "Numéro;Date de création;Catégorie;Statut";
    let row = "N#;2025-03-02 08:#;Nid-de-poule;Ouvert";
    let text = String::from_utf8(file(header, row, encoding_rs::UTF_8)).unwrap();
    // The byte of é in code page 850, and in Mac Roman.
    for (byte, name, encoding) in [(0x82, "cp850", "IBM850"), (0x8e, "mac-roman", "macintosh")] {
        let bytes = text.chars().map(|c| if c == 'é' { byte } else { c as u8 });
        let bytes: Vec<u8> = bytes.collect();
        let (code, summary, said) = import(&Folder::new("encodings"), "a.csv", &bytes);
        assert_eq!(code, Some(0), "{said}");
        assert_eq!(summary["read_as"], format!("CSV, {encoding}"), "{said}");
        // As it is named.
        let folder = Folder::new("encodings");
        let file = folder.with("a.csv", &bytes);
        let said = done(&folder, &["inspect", file.to_str().unwrap(), "--encoding", name]);
        assert!(
            said.contains("Catégorie -> category") && !said.contains("names another"),
            "{said}"
        );
    }
    // In the wrong one, they are named for what they are.
    let bytes = text.chars().map(|c| if c == 'é' { 0x82 } else { c as u8 });
    let folder = Folder::new("encodings");
    let file = folder.with("a.csv", bytes.collect::<Vec<u8>>());
    let arguments = ["import", file.to_str().unwrap(), "--encoding", "windows-1252"];
    let output = run(&folder, &[&arguments[..], &CITY].concat());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("'Numéro' in CP850"), "{said}");
}
