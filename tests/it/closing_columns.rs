//! Columns of closing times by their names, and by where they have values.

use crate::common::Folder;
use crate::place_columns::{exported, import};

/// Thirty requests, of which each third is closed and has a time in a column of this name; of the
/// others each `every`th has one.
fn table(name: &str, every: u32) -> String {
    let row = |n: u32| {
        let is_closed = n.is_multiple_of(3);
        let (status, has_time) = match is_closed {
            true => ("Closed", true),
            false => ("Open", every > 0 && n.is_multiple_of(every)),
        };
        let time = if has_time { "2025-03-09 10:00:00" } else { "" };
        format!("B{n},2025-03-02 08:{n}:00,Kuil,{status},52.1{n},5.2{n},{time}\n")
    };
    let rows: String = (10..40).map(row).collect();
    format!("case no,opened,category,status,lat,lon,{name}\n{rows}")
}

#[test]
fn closing_times_of_usual_names_are_read() {
    for name in [
        "gereeddatum",
        "Datum gereed",
        "Afgemeld op",
        "Einddatum",
        "Datum oplossing",
        "Behoben am",
        "Beendet",
        "Fertiggestellt am",
        "Traité le",
        "Date de réalisation",
        "Fecha de solución",
        "Data evasione",
        "Data término",
        "dt_fim",
        "Data wykonania",
        "Date Cleared",
        "Fixed Date",
        "Repaired On",
        "Finalised Date",
    ] {
        let folder = Folder::new("closings");
        let (code, _, said) = import(&folder, "a.csv", table(name, 0));
        assert_eq!(code, Some(0), "{name}: {said}");
        let ended = exported(&folder).into_iter().filter(|one| !one["closed_datetime"].is_empty());
        assert_eq!(ended.count(), 10, "{name}: {said}");
    }
}

#[test]
fn times_that_are_there_just_where_the_status_is_closed_are_a_doubt() {
    for name in ["Date d'intervention", "Data do Parecer", "Zeitpunkt Haken", "tijdstip haak"] {
        let (code, _, said) = import(&Folder::new("closings"), "a.csv", table(name, 0));
        assert_eq!(code, Some(2), "{name}: {said}");
        assert!(said.contains(&format!("closed: perhaps '{name}'")), "{name}: {said}");
        // Where other requests have the time, too, it is another one.
        let folder = Folder::new("closings");
        let (code, _, said) = import(&folder, "a.csv", table(name, 2));
        assert_eq!(code, Some(0), "{name}: {said}");
        assert!(exported(&folder).iter().all(|one| one["closed_datetime"].is_empty()), "{said}");
    }
    // A planned or a changed time is what its name says.
    for name in ["Due date", "Last change", "Date de prise en charge prévue"] {
        let (code, _, said) = import(&Folder::new("closings"), "a.csv", table(name, 0));
        assert_eq!(code, Some(0), "{name}: {said}");
    }
}

#[test]
fn reasons_in_a_column_of_their_own_are_those_of_the_closing() {
    for (name, words) in [
        ("Closure reason", ["Duplicate case", "Invalid", "Service provided"]),
        ("closing_code", ["Dup", "Rejected", "Done"]),
        ("Outcome", ["Closed - Duplicate", "Closed - Denied", "Closed - Work completed"]),
        ("Motif de clôture", ["Doublon", "Refusée", "Travaux réalisés"]),
        ("Abschlussgrund", ["Doppelt gemeldet", "Abgelehnt", "Repariert"]),
        ("Motivo de cierre", ["Duplicado", "Rechazada", "Resuelto"]),
        ("Esito", ["Duplicata", "Respinta", "Eseguita"]),
        ("Reden sluiting", ["Dubbele melding", "Afgewezen", "Opgelost"]),
        ("Powód zamknięcia", ["Duplikat", "Odrzucone", "Wykonano"]),
    ] {
        let row = |n: u32| {
            let (status, word) = match n % 4 {
                3 => ("Open", ""),
                kind => ("Closed", words[kind as usize]),
            };
            format!("B{n},2025-03-02 08:{n}:00,Kuil,{status},52.1{n},5.2{n},{word}\n")
        };
        let rows: String = (12..44).map(row).collect();
        let text = format!("case no,opened,category,status,lat,lon,{name}\n{rows}");
        let folder = Folder::new("closings");
        let (code, _, said) = import(&folder, "a.csv", &text);
        assert_eq!(code, Some(0), "{name}: {said}");
        let count = |reason: &str| {
            exported(&folder).iter().filter(|one| one["closed_reason"] == reason).count()
        };
        let counts = ["duplicate", "refused", "done", ""].map(count);
        assert_eq!(counts, [8; 4], "{name}: {said}");
    }
}
