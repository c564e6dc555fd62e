//! Statuses that a column says by yes and no, a mark, a letter or an outcome, through the program.

use crate::common::{Folder, done, run};

const CITY: [&str; 4] = ["--jurisdiction", "valmeer.example", "--time-zone", "Europe/Amsterdam"];

/// Sixty rows whose last columns, named `names`, are these cells in turn.
fn table(names: &str, cells: &[&str]) -> String {
    let row = |n: usize| {
        let cells = cells[n % cells.len()];
        format!("V{n},2025-03-02 08:{n:02}:00,Kuil,52.1{n:02},5.2{n:02},{cells}\n")
    };
    format!("id,created,category,lat,lon,{names}\n{}", (0..60).map(row).collect::<String>())
}

/// Imports a file: the exit status, what was said, and how many reports are open and closed.
fn import(text: &str) -> (Option<i32>, String, [usize; 2]) {
    let folder = Folder::new("statuses");
    let file = folder.with("first.csv", text);
    let output = run(&folder, &[&["import", file.to_str().unwrap()][..], &CITY].concat());
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8(said).unwrap();
    let table = match output.status.code() {
        Some(0) => done(&folder, &["export", "--format", "csv", "--jurisdiction", CITY[1]]),
        _ => String::new(),
    };
    let count = |word: &str| table.matches(&format!(",{word},")).count();
    (output.status.code(), said, [count("open"), count("closed")])
}

#[test]
fn yes_and_no_marks_letters_and_outcomes_are_read_and_said() {
    for (names, cells, open) in [
        ("Resolved", &["Yes", "No", "No"][..], 40),
        ("Completed?", &["Y", "N", "N"], 40),
        ("Is Open", &["TRUE", "FALSE", "FALSE"], 20),
        ("Closed", &["X", "", ""], 40),
        ("Open", &["x", "", ""], 20),
        ("Open/Closed", &["O", "C", "C"], 20),
        ("Resolution", &["Resolved", "Unable to locate", "Open"], 20),
        ("Disposition", &["Completed", "Unfounded", "Open"], 20),
        ("Outcome", &["Fixed", "Rejected", "Open"], 20),
        ("Erledigt", &["ja", "nein", "nein"], 40),
        ("Traité", &["oui", "non", "non"], 40),
        ("Ouvert", &["vrai", "faux", "faux"], 20),
        ("Cerrado", &["sí", "no", "no"], 40),
        ("Chiuso", &["1", "0", "0"], 40),
        ("Resolvido", &["Sim", "Não", "Não"], 40),
        ("Gesloten", &["ja", "nee", "nee"], 40),
        ("Zamknięte", &["tak", "nie", "nie"], 40),
        ("Resolved", &["Yes", "No", "Unknown"], 40),
        // A status column beside it wins, whatever yes says.
        ("Resolved,Status", &["Yes,Open", "No,Open", "No,Closed"], 40),
        ("Status,Outcome", &["Open,Fixed", "Closed,Fixed", "Closed,Open"], 20),
    ] {
        let (code, said, counts) = import(&table(names, cells));
        assert_eq!((code, counts), (Some(0), [open, 60 - open]), "{names}: {said}");
        assert!(!said.contains("every request counts as open"), "{names}: {said}");
    }
    let (_, said, _) = import(&table("Is Open", &["TRUE", "FALSE"]));
    let line = "statuses read by the name of the column 'Is Open': 'false' = closed, 'true' = open";
    assert_eq!(said.matches(line).count(), 1, "{said}");
}

#[test]
fn a_column_that_may_say_the_status_is_a_doubt() {
    for (names, cells) in [
        ("Status", &["Y", "N"][..]),
        ("Status", &["1", "2", "3"]),
        ("Status", &["A", "B"]),
        ("Road closed", &["Yes", "No"]),
        ("Date closed", &["X", ""]),
        // Zeros may be no, or the times of ends that have not come; days among them are no words.
        ("closed", &["0", ""]),
        ("Gesloten", &["0"]),
        ("closed", &["1", "0", "20250302"]),
        ("Resolved", &["1", "0", "1", "0", "45718"]),
    ] {
        let (code, said, _) = import(&table(names, cells));
        assert_eq!(code, Some(2), "{names} {cells:?}: {said}");
        assert!(said.contains(&format!("status: perhaps '{names}'")), "{names}: {said}");
    }
    // Beside a closing time it is none.
    let (code, said, counts) =
        import(&table("Road closed,Closed date", &["Yes,", "No,2025-04-01 10:00:00"]));
    assert_eq!((code, counts), (Some(0), [30, 30]), "{said}");
}

#[test]
fn the_mapping_has_the_words_and_can_be_changed() {
    let folder = Folder::new("statuses");
    let file = folder.with("first.csv", table("Closed", &["X", ""]));
    let file = file.to_str().unwrap();
    done(&folder, &[&["inspect", file, "--output", "m.toml"][..], &CITY].concat());
    let mapping = std::fs::read_to_string(folder.file("m.toml")).unwrap();
    let statuses = "[status]\n\"x\" = \"closed\"\n\n[defaults]\nstatus = \"open\"\n";
    assert!(mapping.contains(statuses), "{mapping}");
    let changed = mapping.replace("\"x\" = \"closed\"", "\"x\" = \"closed:refused\"");
    std::fs::write(folder.file("m.toml"), changed).unwrap();
    done(&folder, &["import", file, "--mapping", "m.toml"]);
    let text = done(&folder, &["export", "--format", "csv", "--jurisdiction", CITY[1]]);
    assert_eq!(text.matches(",refused,").count(), 30, "{text}");
    // A doubt leaves the words as comments, for the owner to put in force.
    let file = folder.with("doubt.csv", table("Road closed", &["Yes", "No"]));
    let file = file.to_str().unwrap();
    done(&folder, &[&["inspect", file, "--output", "d.toml"][..], &CITY].concat());
    let mapping = std::fs::read_to_string(folder.file("d.toml")).unwrap();
    assert!(mapping.contains("undecided = [\"status\"]"), "{mapping}");
    assert!(mapping.contains("# \"yes\" = \"closed\"\n"), "{mapping}");
}

#[test]
fn who_closed_a_request_is_neither_when_nor_how_far_it_is() {
    for name in ["Closed By", "Fermé par", "Geschlossen von", "Cerrado por", "Gesloten door"] {
        for cells in [&["Ada", "Jan", "Zoé"][..], &["Ada", "", ""], &[""]] {
            let (code, said, open) = import(&table(name, cells));
            assert_eq!((code, open), (Some(0), [60, 0]), "{name}: {said}");
            assert!(said.contains(&format!("{name} -> left out")), "{name}: {said}");
            assert!(said.contains("every request counts as open"), "{name}: {said}");
        }
    }
    // A closing time beside it is read.
    let cells = ["2025-03-05 09:00,Ada", ",", ","];
    let (code, said, open) = import(&table("Closed,Closed By", &cells));
    assert_eq!((code, open), (Some(0), [40, 20]), "{said}");
}

#[test]
fn pairs_of_outcomes_and_outcomes_that_are_denied() {
    for (name, cells, open) in [
        ("Outcome", &["Completed", "Cancelled"][..], 0),
        ("Disposition", &["Completed", "Canceled", "Completed"], 0),
        ("Ergebnis", &["Erledigt", "Storniert"], 0),
        ("Résultat", &["Terminé", "Annulé"], 0),
        ("Outcome", &["Fixed", "Not fixed - no access", "Fixed"], 20),
        ("Esito", &["Risolto", "Non risolto - nessun accesso", "Risolto"], 20),
    ] {
        let (code, said, counts) = import(&table(name, cells));
        assert_eq!((code, counts), (Some(0), [open, 60 - open]), "{name}: {said}");
        for word in cells.iter() {
            assert!(said.contains(&format!("'{word}' read as ")), "{name} {word}: {said}");
        }
    }
}

/// A word for a part of a country, too: codes of two letters are one, numbers are none.
#[test]
fn numbers_of_states_are_a_doubt() {
    for name in ["StateCode", "state", "estado_codigo"] {
        let row = |n: u32| format!("B{n},2025-03-02 08:{n}:00,Kuil,52.1{n},5.2{n},{}\n", n % 2);
        let rows: String = (10..40).map(row).collect();
        let text = format!("case no,opened,category,lat,lon,{name}\n{rows}");
        let folder = crate::common::Folder::new("states");
        let (code, _, said) = crate::place_columns::import(&folder, "a.csv", &text);
        assert!(code == Some(2) && said.contains("status: perhaps"), "{name}: {said}");
    }
}
