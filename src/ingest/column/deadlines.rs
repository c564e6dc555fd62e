//! Names of columns whose times are planned or promised and have not come: `Estimated completion`,
//! `date limite de clôture`, `Abschluss bis`.

/// Beginnings of words that say so by themselves, without accents, in English, French, German,
/// Spanish, Italian, Portuguese, Dutch and Polish.
const PLANNED: &str = "\
    estimat estimad estime stimat forecast schedul anticipat expect deadlin planned \
    promis prognos previs prevu planifi echeanc butoir voraussicht geplant \
    erwartet planmass spatest zieldatum zieltermin solldatum solltermin zielende \
    abschlusstermin erledigungstermin fertigstellungstermin streef verwacht beoogd gepland \
    voorziene uiterst uiterlijk planowan przewidywan szacowan oczekiwan zakladan prognoz \
    pronostic prognost plazo vencimento termijn eta";

/// Beginnings of words that say so beside a word for an end.
const PLANNED_END: &str = "\
    limit delai objectif objective objetivo obiettivo goal target cible visee ziel maxim massim \
    tope propos tentativ committed commitment compromet compromis programad programmat programmed \
    programmee projected projetad attendu desir souhait gewunscht gewenst desej desead pozadan";

/// Whole words that do, among them abbreviations.
const SHORT: &str = "exp sched gepl vorauss plan planning termin estim programme";

/// English words for an end behind `est`, which is French for `is`.
const ENGLISH_ENDS: &str = "close closing closure completion completed resolution resolve end \
                            finish fix";

/// Words before the day until which something is to be done, behind a word for an end.
const UNTIL: &str = "by bis until before within avant antes entro ate voor vor tegen przed";

/// Words that may follow these.
const DAYS: &str = "date datum day time de the dt le la data fecha dia datetime";

/// Beginnings of words by which an end was asked for.
const ASKED: [&str; 3] = ["requested", "wanted", "needed"];

/// What the words of a name say beside those here.
#[derive(Debug, Clone, Copy)]
pub struct NamedTimes {
    /// Some word is one for an end.
    pub ends: bool,
    /// Some word is one for a day or a time.
    pub dates: bool,
    /// Some word is one for a beginning or a change.
    pub begins_or_changes: bool,
}

fn begins(list: &str, word: &str) -> bool {
    list.split_whitespace().any(|stem| word.starts_with(stem))
}

fn lists(list: &str, word: &str) -> bool {
    list.split_whitespace().any(|known| known == word)
}

/// Is a word one of those that say by themselves that a time is planned?
fn is_planned(word: &str) -> bool {
    match word.len() {
        // `eta` is no beginning of `etat`.
        0..=3 => word == "eta",
        _ => begins(PLANNED, word) && !word.starts_with("eta"),
    }
}

/// Do the words of a name, folded, say that its times are planned?
pub fn says_planned(words: &[&str], named: NamedTimes) -> bool {
    if words.iter().any(|word| is_planned(word)) {
        return true;
    }
    // `date limite`: in French and its neighbours a limit beside a day is one.
    let is_limit =
        |word: &&&str| ["limit", "delai", "objectif"].iter().any(|s| word.starts_with(s));
    if named.dates && words.iter().any(|word| is_limit(&word)) {
        return true;
    }
    let is_until = |(at, word): (usize, &&str)| {
        at > 0 && lists(UNTIL, word) && words.iter().skip(at + 1).all(|word| lists(DAYS, word))
    };
    if !named.begins_or_changes && words.iter().enumerate().any(is_until) {
        return true;
    }
    let is_estimated =
        words.iter().zip(words.iter().skip(1)).any(|(a, b)| *a == "est" && lists(ENGLISH_ENDS, b));
    let is_end_planned = |word: &&str| begins(PLANNED_END, word) || lists(SHORT, word);
    let is_asked = words.iter().rev().skip(1).any(|word| ASKED.contains(word));
    named.ends && (words.iter().any(is_end_planned) || is_asked || is_estimated)
}

#[cfg(test)]
mod tests {
    use crate::ingest::column::words::{Concept, NameWords};

    #[test]
    fn planned_ends_in_eight_languages_are_no_ends() {
        for name in [
            "Estimated completion",
            "Est. Close Date",
            "Scheduled completion date",
            "Forecast resolution",
            "closure_forecast",
            "Promised completion",
            "Projected end",
            "Goal close date",
            "Close by",
            "Resolve_By_Date",
            "Requested completion date",
            "ETA",
            "Date limite de clôture",
            "Délai de résolution",
            "date butoir de fermeture",
            "Date de fin prévisionnelle",
            "Clôture souhaitée",
            "geplantes Ende",
            "Voraussichtliches Ende",
            "Erledigung geplant",
            "Abschluss bis",
            "Erledigung spätestens",
            "Abschluss Termin",
            "Fecha límite de resolución",
            "Fecha estimada de cierre",
            "Cierre programado",
            "Chiusura stimata",
            "Fine prevista",
            "Chiusura entro",
            "data limite de conclusão",
            "Conclusão estimada",
            "streefdatum afhandeling",
            "Afhandeling uiterlijk voor",
            "geplande sluiting",
            "planowane zamknięcie",
            "Termin zakończenia",
            "Przewidywana data zakończenia",
        ] {
            assert!(NameWords::of(name).has(Concept::Expected), "{name}");
        }
        for name in [
            "Closed",
            "Closed date",
            "Date de fermeture",
            "Date closed",
            "Created by",
            "Opened by date",
            "Erledigt am",
            "Abschlussdatum",
            "Fecha de cierre",
            "fechamento do chamado",
            "Data zamknięcia",
            "Afgehandeld op",
            "Etat",
            "Est fermé",
            "est_clos",
            "OBJECTID",
            "Latest closed date",
            "Termin zgłoszenia",
            "Speed limit",
            "East",
            "est",
        ] {
            assert!(!NameWords::of(name).has(Concept::Expected), "{name}");
        }
    }
}
