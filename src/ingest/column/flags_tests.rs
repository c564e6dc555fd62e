//! Columns that say the status by yes and no, by a sign, a letter or an outcome.

use crate::domain::Status::{Closed, Open};
use crate::ingest::column::flags::{StatusByName, status_by_name};
use crate::ingest::column::values::{ColumnSample, clocks};

/// What a column of sixty rows says, whose cells are these in turn.
fn found(name: &str, cells: &[&str]) -> Option<StatusByName> {
    let (mut values, clocks) = (ColumnSample::default(), clocks());
    for row in 0..60 {
        values.add(row, cells[row as usize % cells.len()], &clocks);
    }
    status_by_name(name, &values, 60)
}

/// What a word means in such a column.
fn read_as(found: &StatusByName, word: &str) -> Option<crate::domain::Status> {
    found.words.iter().find(|(known, _)| known == word).map(|(_, status)| *status)
}

#[test]
fn yes_means_what_the_name_says() {
    for (name, yes, no, meaning) in [
        ("Resolved", "Yes", "No", Closed),
        ("Completed?", "Y", "N", Closed),
        ("is_closed", "true", "false", Closed),
        ("isClosed", "1", "0", Closed),
        ("Request closed (Y/N)", "Y", "N", Closed),
        ("Case resolved yes/no", "yes", "no", Closed),
        ("Work completed", "T", "F", Closed),
        ("Is Open", "TRUE", "FALSE", Open),
        ("Still open?", "Yes", "No", Open),
        ("Unresolved", "Yes", "No", Open),
        ("Not closed", "1.0", "0.0", Open),
        ("Traité", "oui", "non", Closed),
        ("Problème résolu", "O", "N", Closed),
        ("Ouvert", "vrai", "faux", Open),
        ("Non résolu", "oui", "non", Open),
        ("Erledigt", "ja", "nein", Closed),
        ("Meldung abgeschlossen", "WAHR", "FALSCH", Closed),
        ("Noch offen", "J", "N", Open),
        ("Cerrado", "sí", "no", Closed),
        ("Resuelto", "S", "N", Closed),
        ("Abierto", "verdadero", "falso", Open),
        ("Chiusa", "sì", "no", Closed),
        ("properties.resolved", "true", "false", Closed),
        ("Aperto", "VERO", "FALSO", Open),
        ("Concluído", "Sim", "Não", Closed),
        ("Aberto", "1", "0", Open),
        ("Afgehandeld", "ja", "nee", Closed),
        ("Onopgelost", "waar", "onwaar", Open),
        ("Zamknięte", "tak", "nie", Closed),
        ("Czy otwarte", "PRAWDA", "FAŁSZ", Open),
    ] {
        let said = found(name, &[yes, no, no]).unwrap_or_else(|| panic!("{name}"));
        assert!(said.certainty >= 0.7, "{name}: {said:?}");
        let words = [yes, no].map(|word| read_as(&said, &crate::domain::fold(word)));
        let other = if meaning == Open { Closed } else { Open };
        assert_eq!(words, [Some(meaning), Some(other)], "{name}");
        assert_eq!(said.empty, None, "{name}");
    }
}

#[test]
fn an_empty_cell_is_the_contrary_of_the_only_sign() {
    for (name, sign, empty) in [
        ("Closed", "X", Open),
        ("Closed", "✓", Open),
        ("Fermé", "x", Open),
        ("Erledigt", "ja", Open),
        ("Abierto", "X", Closed),
        ("Open", "yes", Closed),
    ] {
        let said = found(name, &[sign, ""]).unwrap();
        assert_eq!(said.empty, Some(empty), "{name} {sign}");
        assert_ne!(read_as(&said, &sign.to_lowercase()), Some(empty), "{name} {sign}");
    }
    // Without a row that lacks it, with a second word, or where the only word is no: nothing.
    for cells in [&["X"][..], &["Yes", "No", ""], &["No", ""]] {
        assert_eq!(found("Closed", cells).unwrap().empty, None, "{cells:?}");
    }
}

#[test]
fn letters_are_the_initials_of_the_name_s_words() {
    for (name, open, closed) in [
        ("Open/Closed", "O", "C"),
        ("Status (O=open, C=closed)", "O", "C"),
        ("Ouvert / Fermé", "O", "F"),
        ("Offen oder erledigt", "O", "E"),
        ("Abierto/Cerrado", "A", "C"),
        ("Aperto-Chiuso", "a", "c"),
        ("Aberto/Fechado", "A", "F"),
        ("Open/Gesloten", "o", "g"),
        ("Otwarte/Zamknięte", "O", "Z"),
        ("Status", "O", "C"),
        ("Statut", "O", "C"),
    ] {
        let said = found(name, &[open, closed, closed]).unwrap_or_else(|| panic!("{name}"));
        let words = [open, closed].map(|word| read_as(&said, &word.to_lowercase()));
        assert_eq!(words, [Some(Open), Some(Closed)], "{name}");
    }
    // A letter that the name does not explain.
    for (name, cells) in [
        ("Status", &["A", "B"][..]),
        ("Status", &["O", "O"]),
        ("Status", &["O", "C", "P", "R"]),
        ("Open/Closed", &["A", "B"]),
    ] {
        assert_eq!(found(name, cells), None, "{name} {cells:?}");
    }
}

#[test]
fn outcomes_are_statuses_where_most_of_their_words_are() {
    for (name, words) in [
        ("Resolution", &["Resolved", "Unable to locate", "Open", "Referred"][..]),
        ("Disposition", &["Completed", "Unfounded", "Pending"]),
        ("Outcome", &["Fixed", "Not fixed - no access", "Open"]),
        ("Résultat", &["Traité", "En cours", "Sans suite"]),
        ("Ergebnis", &["Behoben", "Unbegründet", "Offen"]),
        ("Resultado", &["Resuelto", "No procede", "Pendiente"]),
        ("Esito", &["Risolto", "Infondata", "In corso"]),
        ("Open/Closed", &["Open", "Closed"]),
        ("Closed", &["Not closed", "Closed"]),
    ] {
        let said = found(name, words).unwrap_or_else(|| panic!("{name}"));
        assert!(said.certainty >= 0.7, "{name}");
    }
    assert!(found("Resolution", &["Resolved", "Blue", "Green", "Grey"]).unwrap().certainty < 0.7);
}

#[test]
fn what_may_mean_something_else_is_a_doubt_or_nothing() {
    // Few words are yes or no; some are not known.
    assert!(found("Resolved", &["Yes", "Maybe", "Later", "Never"]).unwrap().certainty < 0.7);
    assert!(found("Resolved", &["Yes", "No", "Unknown"]).unwrap().certainty >= 0.7);
    for name in ["Road closed", "Closed on time", "Open data", "Survey completed", "Date closed"] {
        assert!(found(name, &["Yes", "No"]).unwrap().certainty < 0.7, "{name}");
    }
    for (name, cells) in [
        ("Urgent", &["Yes", "No"][..]),
        ("Reopened", &["Yes", "No"]),
        ("New", &["Yes", "No"]),
        ("Email sent", &["Yes", "No"]),
        ("Duplicate", &["Y", "N"]),
        ("Closed", &["Main St", "Oak St", "Elm St"]),
        ("Resolution", &["Blue", "Green"]),
        ("Resolution ID", &["Resolved", "Open"]),
        ("Street", &["Open", "Closed"]),
        ("Due closed", &["Yes", "No"]),
    ] {
        assert_eq!(found(name, cells), None, "{name}");
    }
}
