//! Names of columns of closing times that say the end of a request by a noun for the work: `Date de
//! traitement`, `Data evasione`. Without a word for a day such a column may hold anything.

/// Nouns for what was done, without accents, in English, French, German, Spanish, Italian,
/// Portuguese, Dutch and Polish.
const DONE: &str = "\
    fix repair rectification fulfilment fulfillment clearance finish \
    traitement realisation solution achevement bearbeitungsende fertigstellung fertigstellungs \
    behebung behebungs losung beendigung solucao terminacion evasione soluzione ultimazione \
    oplossing gereedmelding wykonania zalatwienia usuniecia realizacji realizacja abated abatement \
    atencion";

/// Do the words of a name, beside one for a day, say that its times are ends?
pub fn says_done(words: &[&str], has_date: bool) -> bool {
    has_date && words.iter().any(|word| DONE.split_whitespace().any(|done| done == *word))
}

#[cfg(test)]
mod tests {
    use crate::ingest::column::words::{Concept, NameWords};

    #[test]
    fn ends_in_eight_languages() {
        for name in [
            "Fixed On",
            "Date Repaired",
            "Rectified Date",
            "Finalised",
            "date_cleared",
            "Date of Completion",
            "Traité le",
            "Date de traitement",
            "date_realisation",
            "Résolue le",
            "Behoben am",
            "Beendet",
            "Fertiggestellt am",
            "Enddatum",
            "Datum der Fertigstellung",
            "Finalizado el",
            "Fecha de solución",
            "fecha_termino",
            "Data evasione",
            "Risolta il",
            "dt_fim",
            "Concluído em",
            "gereeddatum",
            "Einddatum",
            "Afgemeld op",
            "Opgelost",
            "Data wykonania",
            "Zamknięto",
        ] {
            let words = NameWords::of(name);
            assert!(words.has(Concept::Closed) && !words.has(Concept::Expected), "{name}");
        }
        for name in [
            "Traitement",
            "Solution",
            "Termin realizacji",
            "Date prévue de traitement",
            "geplande oplossing datum",
            "Planowana data wykonania",
        ] {
            let words = NameWords::of(name);
            assert!(!words.has(Concept::Closed) || words.has(Concept::Expected), "{name}");
        }
    }
}
