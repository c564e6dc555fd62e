//! Names of columns of times with a word for an end that is not the request's: `Road closure end`,
//! `Permit Closed Date`, `Fin de garantie`; and names that are a word for an end and nothing else.

use crate::ingest::column::ends::says_done;
use crate::ingest::column::words::{Concept, NameWords, split};

/// Beginnings of words for what else ends, closes or is completed, without accents, in English,
/// French, German, Spanish, Italian, Portuguese, Dutch and Polish.
const OTHERS: &str = "\
    road lane highway bridge traffic sidewalk detour contract permit licen warrant guarant office \
    meeting inspect photo image picture video construct project questionnaire survey submission \
    registration subscription season school shift tender auction election campaign consultation \
    hearing appeal lease insurance moratorium festival appointment interview training payment \
    invoice budget \
    route chaussee circulation contrat permis autorisation garantie bureau reunion visite travaux \
    chantier projet formulaire enquete sondage inscription saison bail assurance abonnement \
    paiement facture deviation arrete \
    sperrung vollsperrung strassensperrung strassen fahrbahn vertrag genehmigung erlaubnis lizenz \
    gewahrleistung sitzung besprechung begehung inspektion baustelle bauarbeit bauphase bauende \
    massnahme projekt formular umfrage anmeldung schule schicht \
    corte carretera calzada trafico contrato permiso oficina inspeccion visita imagen proyecto \
    formulario encuesta inscripcion temporada escuela \
    strada contratto permesso garanzia ufficio riunione ispezione sopralluogo immagine lavori \
    cantiere progetto modulo sondaggio stagione scuola \
    garantia estrada rodovia escritorio reuniao inspecao vistoria projeto inquerito \
    wegafsluiting contract vergunning kantoor vergadering inspectie keuring werkzaamheden enquete \
    seizoen \
    drogi droga umow zezwolen pozwolen gwarancj biur spotkan inspekcj kontrol zdjec robot budow \
    ankiet";

/// Whole words for it, among them beginnings of other words.
const SHORT: &str = "\
    form forms works foto fotos bau arbeiten obra obras via vias weg wegen werken prac session \
    sessions trabajos trabalhos saisie eingabe";

/// Words for a street, which closes where a word for a closing is beside it.
const STREETS: &str = "street rue strasse calle rua straat ulica ulicy park store shop";
const CLOSINGS: &str = "\
    closure closing fermeture sperrung cierre clausura chiusura encerramento afsluiting sluiting \
    zamkniecie zamkniecia";

/// Words for an end or a beginning of anything, such as those of a form that was filled in.
const ENDS: &str = "end ended ending fin ende fine fim einde eind koniec finish stop";
const STARTS: &str = "start started begin beginning debut inicio inizio beginn anfang poczatek";

/// Words for a time that is planned, beside which no such noun says an end.
const PLANNED: &str = "termin planowana planowany geplant prevue prevu";

fn lists(list: &str, word: &str) -> bool {
    list.split_whitespace().any(|known| known == word)
}

fn begins(list: &str, word: &str) -> bool {
    list.split_whitespace().any(|stem| word.starts_with(stem))
}

/// Does the name, which has a word for an end, say that something else than the request ends?
pub fn names_end_of_other(name: &str) -> bool {
    let words = split(name);
    let has = |list: &str| words.iter().any(|word| lists(list, word));
    let is_other = |word: &String| begins(OTHERS, word) || lists(SHORT, word);
    words.iter().any(is_other)
        || (has(STREETS) && has(CLOSINGS))
        || NameWords::of(name).has(Concept::Parent)
}

/// Is the name a word of this list and, at most, one for a day or a time?
fn is_bare(name: &str, list: &str) -> bool {
    let words = split(name);
    // `enddate`, `Enddatum`
    let of_time = |word: &str| {
        let concepts = NameWords::of(word).concepts;
        word.is_empty() || concepts.iter().all(|one| *one == Concept::Date) && !concepts.is_empty()
    };
    let is_of_list = |word: &str| {
        let mut known = list.split_whitespace();
        known.any(|one| word.strip_prefix(one).or(word.strip_suffix(one)).is_some_and(of_time))
    };
    words.iter().any(|word| is_of_list(word))
        && words.iter().all(|word| is_of_list(word) || of_time(word))
}

/// Does the name say an end and not of what: `end`, `end_time`, `Fin`, `Enddatum`?
pub fn names_bare_end(name: &str) -> bool {
    is_bare(name, ENDS)
}

/// Does the name say a beginning and not of what?
pub fn names_bare_start(name: &str) -> bool {
    is_bare(name, STARTS)
}

/// Does the name of a column, whose values are times, say that they are ends?
pub fn says_end_of_times(name: &str) -> bool {
    let words = split(name);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let is_other = NameWords::of(name).has_any(&[
        Concept::Created,
        Concept::Updated,
        Concept::Expected,
        Concept::Period,
    ]);
    let is_planned = words.iter().any(|word| PLANNED.split_whitespace().any(|one| one == *word));
    !is_other && !is_planned && says_done(&words, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_of_something_else_in_eight_languages() {
        for name in [
            "Road closure end",
            "Lane closure end",
            "Street closing time",
            "Contract end date",
            "Permit Closed Date",
            "Licence end",
            "Warranty end",
            "Office closing time",
            "Inspection completed",
            "Meeting end",
            "Photo resolution",
            "Parent closed",
            "completed_survey",
            "Form end",
            "End of works",
            "Fin des travaux",
            "Fin de garantie",
            "Fermeture de la rue",
            "Clôture de l'enquête",
            "Sperrung Ende",
            "Ende der Bauarbeiten",
            "Vertrag beendet",
            "Fecha fin de obra",
            "Fin del contrato",
            "Cierre de calle",
            "Data fine lavori",
            "Chiusura strada",
            "Fim da garantia",
            "Conclusão da obra",
            "Einde vergunning",
            "Einde werkzaamheden",
            "Koniec umowy",
            "Zakończenie budowy",
        ] {
            assert!(names_end_of_other(name), "{name}");
        }
        for name in [
            "Closed",
            "Date Closed",
            "Work completed on",
            "Case Closed Date",
            "Work order completed",
            "SR closed",
            "Formally closed",
            "Street light closed",
            "Date de fin de traitement",
            "Clôture de la demande",
            "Fertiggestellt am",
            "Abgeschlossen am",
            "Fecha de cierre",
            "Data chiusura",
            "Data de conclusão",
            "Afgehandeld op",
            "Data zakończenia",
            "fecha_cierre_contacto",
        ] {
            assert!(!names_end_of_other(name), "{name}");
        }
    }

    #[test]
    fn bare_words_for_a_beginning_and_an_end() {
        for name in ["end", "End", "end_time", "enddate", "EndDate", "Fin", "Enddatum", "Fecha fin"]
        {
            assert!(names_bare_end(name), "{name}");
        }
        for name in ["Closed", "End of works", "dt_fim_atendimento", "Einde melding", "weekend"] {
            assert!(!names_bare_end(name), "{name}");
        }
        assert!(names_bare_start("start") && names_bare_start("Start time"));
        assert!(!names_bare_start("Started by") && !names_bare_start("Created"));
    }

    #[test]
    fn ends_of_columns_that_hold_times() {
        for (name, is_end) in [
            ("Finish", true),
            ("Fertigstellung", true),
            ("Data realizacji", true),
            ("Fecha atención", true),
            ("Abated date", true),
            ("Termin realizacji", false),
            ("Date prévue de traitement", false),
            ("Début du traitement", false),
        ] {
            assert_eq!(says_end_of_times(name), is_end, "{name}");
        }
    }
}
