//! What the words of a status mean, in English, French, German, Spanish, Italian, Portuguese,
//! Dutch and Polish.

use deunicode::deunicode;

use crate::domain::{ClosedReason, Status};

/// What a single word says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    Open,
    InProgress,
    Closed,
    Duplicate,
    Refused,
    Cancelled,
}

/// Beginnings of words, without accents. The first list that has a beginning of the word counts, so
/// that a longer beginning with another meaning stands in an earlier list.
const STEMS: [(Meaning, &[&str]); 7] = [
    (
        Meaning::Duplicate,
        &["duplic", "duplik", "doublon", "doppelt", "dublett", "dubbel", "dup", "zdublow"],
    ),
    (
        Meaning::Refused,
        &[
            "refus",
            "reject",
            "rejet",
            "denied",
            "declin",
            "invalid",
            "abgelehnt",
            "abgewiesen",
            "zuruckgewiesen",
            "ungultig",
            "unzustandig",
            "rechaz",
            "deneg",
            "desestim",
            "rifiut",
            "respint",
            "rejeit",
            "recus",
            "indefer",
            "improced",
            "geweiger",
            "afgewez",
            "odrzuc",
            "irrecev",
        ],
    ),
    (
        Meaning::Cancelled,
        &[
            "canc",
            "annul",
            "supprim",
            "retire",
            "withdraw",
            "deleted",
            "void",
            "abandon",
            "storn",
            "zuruckgezogen",
            "geloscht",
            "anulad",
            "anulow",
            "retirad",
            "eliminad",
            "ritirat",
            "geannul",
            "ingetrok",
            "vervall",
            "wycofan",
        ],
    ),
    // Words that go on where a closing word would end.
    (
        Meaning::InProgress,
        &[
            "traitement",
            "realizacj",
            "executing",
            "resolving",
            "closing",
            "execuc",
            "ejecuc",
            "esecuz",
            "uitgevoerd",
        ],
    ),
    (
        Meaning::Open,
        &[
            "open",
            "ouvert",
            "offen",
            "abiert",
            "apert",
            "abert",
            "otwart",
            "new",
            "neu",
            "nouve",
            "nuev",
            "nuov",
            "novo",
            "nova",
            "nieuw",
            "nowy",
            "nowe",
            "nowa",
            "submitt",
            "soumis",
            "receiv",
            "recu",
            "eingetroff",
            "eingegang",
            "gemeld",
            "recib",
            "ricevut",
            "recebid",
            "ontvang",
            "zglosz",
            "przyjet",
            "registr",
            "registad",
            "enregistr",
            "reopen",
            "rouvert",
            "reouvert",
            "wiedereroff",
            "reabiert",
            "reapert",
            "reabert",
            "riapert",
            "heropend",
            "ponownie",
            "reactiv",
            "created",
            "cree",
            "backlog",
            "active",
            "actif",
            "aktiv",
            "attivo",
            "ativo",
            "urgent",
            "geoffnet",
            "aangemaakt",
            "initiat",
            "cadastr",
            "sent",
            "envoy",
            "enviad",
            "inviat",
        ],
    ),
    (
        Meaning::InProgress,
        &[
            "progress",
            "assig",
            "cours",
            "pending",
            "schedul",
            "planif",
            "planned",
            "geplan",
            "program",
            "arbeit",
            "bearbeit",
            "zugewies",
            "zugeteilt",
            "weitergeleit",
            "beauftrag",
            "pruf",
            "proces",
            "tramit",
            "curso",
            "corso",
            "lavoraz",
            "assegn",
            "carico",
            "andament",
            "atribu",
            "asignad",
            "gestion",
            "behandel",
            "toegewez",
            "uitvoer",
            "trakcie",
            "toku",
            "przydziel",
            "charge",
            "transmi",
            "transfer",
            "referr",
            "dispatch",
            "review",
            "investigat",
            "hold",
            "acknowledg",
            "started",
            "ongoing",
            "waiting",
            "attente",
            "awaiting",
            "ready",
            "wartet",
            "wartend",
            "sospes",
            "espera",
            "pendient",
            "pendent",
            "affect",
            "accept",
            "akzept",
            "acept",
            "accett",
            "aceit",
            "forward",
            "escalat",
            "deferred",
            "triage",
            "being",
            "doorgest",
            "oczekuj",
            "weryfik",
            "doorverw",
            "fiscaliz",
            "preparac",
            "analis",
            "encaminh",
            "derivad",
            "vistor",
            "inspect",
        ],
    ),
    (
        Meaning::Closed,
        &[
            "clos",
            "clotur",
            "complet",
            "ferm",
            "termin",
            "resol",
            "resuelt",
            "resolv",
            "solved",
            "solucion",
            "fixed",
            "done",
            "finish",
            "finalis",
            "finaliz",
            "finalit",
            "achev",
            "traite",
            "regle",
            "realise",
            "execut",
            "ejecut",
            "repaired",
            "archiv",
            "erledigt",
            "abgeschloss",
            "geschloss",
            "behoben",
            "gelost",
            "beendet",
            "fertig",
            "ausgefuhrt",
            "beantwort",
            "cerrad",
            "atendid",
            "conclu",
            "chius",
            "risolt",
            "evas",
            "eseguit",
            "fechad",
            "encerrad",
            "afgehandel",
            "geslot",
            "opgelost",
            "voltooid",
            "afgerond",
            "afgeslot",
            "gereed",
            "zamkn",
            "zakoncz",
            "rozwiaz",
            "zrealiz",
            "wykonan",
            "zalatw",
            "fait",
            "effectu",
            "realizad",
            "klaar",
            "verholpen",
            "gedaan",
        ],
    ),
];

/// Words that turn the next one into its contrary.
const NEGATIONS: [&str; 15] = [
    "not", "no", "non", "pas", "nicht", "noch", "ne", "niet", "nie", "nao", "sin", "sem",
    "without", "never", "kein",
];
/// Beginnings that turn their own word into its contrary.
const CONTRARY: [&str; 6] = ["un", "in", "ir", "non", "nie", "on"];

/// The meaning of a word, and whether it is denied.
fn meaning(word: &str) -> Option<(Meaning, bool)> {
    let plain = |word: &str| {
        let begins =
            |(_, stems): &&(Meaning, &[&str])| stems.iter().any(|stem| word.starts_with(stem));
        STEMS.iter().find(begins).map(|(meaning, _)| *meaning)
    };
    if let Some(meaning) = plain(word) {
        return Some((meaning, false));
    }
    let denied = |prefix: &&str| plain(word.strip_prefix(*prefix)?);
    CONTRARY.iter().find_map(denied).map(|meaning| (meaning, true))
}

/// Beginnings of words that say something else together than one by one, and what they say.
const PHRASES: [(&str, Status, Option<ClosedReason>); 17] = [
    (" to be ", Status::Open, None),
    (" reopen", Status::Open, None),
    (" re open", Status::Open, None),
    (" rouvert", Status::Open, None),
    (" reouv", Status::Open, None),
    (" reabiert", Status::Open, None),
    (" reabert", Status::Open, None),
    (" riapert", Status::Open, None),
    (" heropen", Status::Open, None),
    (" wiedereroff", Status::Open, None),
    (" no action ", Status::Closed, None),
    (" no further action ", Status::Closed, None),
    (" sans suite ", Status::Closed, Some(ClosedReason::Refused)),
    (" won t ", Status::Closed, Some(ClosedReason::Refused)),
    (" wont ", Status::Closed, Some(ClosedReason::Refused)),
    (" will not ", Status::Closed, Some(ClosedReason::Refused)),
    (" can not be ", Status::Closed, Some(ClosedReason::Refused)),
];

/// The status that a source's word or words most likely mean, and how a closed one ended; `None`
/// where no word is known. Of several words that tell a status the first counts; a denied end, as
/// in `Not closed` or `Unresolved`, is open, and behind a closing word it is a refusal.
pub fn status_of_words(text: &str) -> Option<(Status, Option<ClosedReason>)> {
    let plain = deunicode(text).to_lowercase();
    let words: Vec<&str> =
        plain.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let whole = format!(" {} ", words.join(" "));
    if let Some((_, status, reason)) = PHRASES.iter().find(|(phrase, ..)| whole.contains(phrase)) {
        return Some((*status, *reason));
    }
    let mut status = None;
    let mut reason = None;
    let mut denying = false;
    for word in words {
        // `No procede`, `nicht zuständig`: the city will not do it.
        if denying
            && ["proced", "zustandig", "recevab", "fond", "applic", "viable"]
                .iter()
                .any(|stem| word.starts_with(stem))
        {
            reason = reason.or(Some(ClosedReason::Refused));
        }
        let Some((meaning, contrary)) = meaning(word) else {
            denying |= NEGATIONS.contains(&word);
            continue;
        };
        let denied = std::mem::take(&mut denying) != contrary;
        let found = match (meaning, denied) {
            (Meaning::Open, false) => Status::Open,
            (Meaning::InProgress, false) => Status::InProgress,
            (Meaning::Closed, false) => Status::Closed,
            (Meaning::Duplicate, false) => {
                reason = reason.or(Some(ClosedReason::Duplicate));
                continue;
            }
            (Meaning::Refused, false) => {
                reason = reason.or(Some(ClosedReason::Refused));
                continue;
            }
            (Meaning::Cancelled, false) => {
                reason = reason.or(Some(ClosedReason::Cancelled));
                continue;
            }
            (Meaning::Closed, true) if status == Some(Status::Closed) => {
                reason = reason.or(Some(ClosedReason::Refused));
                continue;
            }
            (Meaning::InProgress | Meaning::Closed, true) => Status::Open,
            (_, true) => continue,
        };
        status = status.or(Some(found));
    }
    match (status, reason) {
        (Some(Status::Closed) | None, Some(reason)) => Some((Status::Closed, Some(reason))),
        (Some(status), _) => Some((status, None)),
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_eight_languages() {
        use ClosedReason::{Cancelled, Duplicate, Refused};
        use Status::{Closed, InProgress, Open};
        for (words, status, reason) in [
            ("Open New Reopened Re-opened Submitted Unassigned Active", Open, None),
            ("Not_closed Unresolved Incomplete Not_yet_completed Unfinished", Open, None),
            ("In_progress Assigned Pending Scheduled Pending_closure On_Hold", InProgress, None),
            ("CANC Anulado Storno", Closed, Some(Cancelled)),
            ("Initiated Sent Cadastrada Enviado Envoyée", Open, None),
            ("ASSIG Execução Em_análise En_ejecución Doorverwezen_gekregen", InProgress, None),
            ("Service_fait Effectué Verholpen Realizado", Closed, None),
            ("To_be_closed Closed_(reopened) Fermée_(rouverte)", Open, None),
            ("No_action_required", Closed, None),
            ("Won't_fix Closed_-_will_not_repair", Closed, Some(Refused)),
            ("Closed Completed Resolved Fixed Done Archived Closed,_issue_resolved", Closed, None),
            (
                "Duplicate Duplicate_(closed) Closed_-_Duplicate Completed_-_Dup",
                Closed,
                Some(Duplicate),
            ),
            ("Rejected Declined Closed_-_Invalid Closed_(Unresolved)", Closed, Some(Refused)),
            ("Cancelled Canceled Withdrawn Voided", Closed, Some(Cancelled)),
            ("Ouverte Nouveau Reçue Rouverte Non_résolu N'est_pas_fermée", Open, None),
            (
                "En_cours Prise_en_charge En_cours_de_traitement Planifiée En_attente",
                InProgress,
                None,
            ),
            ("Fermée Terminée Résolu Clôturé Traitée Réglé", Closed, None),
            ("Doublon Fermée_-_doublon", Closed, Some(Duplicate)),
            ("Refusée Rejetée Irrecevable", Closed, Some(Refused)),
            ("Annulée Supprimée", Closed, Some(Cancelled)),
            ("Offen Neu Eingetroffen Eingegangen Nicht_abgeschlossen Unerledigt", Open, None),
            ("In_Bearbeitung Weitergeleitet Zugewiesen Geplant", InProgress, None),
            ("Abgeschlossen Erledigt Geschlossen Behoben Gelöst", Closed, None),
            ("Abgelehnt Nicht_zuständig", Closed, Some(Refused)),
            ("Doppelt Dublette", Closed, Some(Duplicate)),
            ("Storniert Zurückgezogen", Closed, Some(Cancelled)),
            ("Abierto Nueva Recibida No_resuelta Reabierto", Open, None),
            ("En_proceso Asignada En_trámite Pendiente", InProgress, None),
            ("Cerrado Resuelta Finalizado Solucionado Concluido", Closed, None),
            ("Rechazada No_procede Desestimada", Closed, Some(Refused)),
            ("Duplicado", Closed, Some(Duplicate)),
            ("Anulada Cancelado", Closed, Some(Cancelled)),
            ("Aperta Nuovo Ricevuta Non_risolta", Open, None),
            ("In_corso Presa_in_carico In_lavorazione Assegnata Sospesa", InProgress, None),
            ("Chiusa Risolta Conclusa Evasa", Closed, None),
            ("Rifiutata Respinta", Closed, Some(Refused)),
            ("Aberto Nova Recebido Não_resolvido", Open, None),
            ("Em_andamento Em_curso Atribuído", InProgress, None),
            ("Fechado Concluído Resolvida Encerrado", Closed, None),
            ("Rejeitado Indeferido Recusado", Closed, Some(Refused)),
            ("Nieuw Ontvangen Heropend Niet_opgelost Onopgelost", Open, None),
            ("In_behandeling Toegewezen Gepland", InProgress, None),
            ("Afgehandeld Gesloten Opgelost Voltooid", Closed, None),
            ("Afgewezen Geweigerd", Closed, Some(Refused)),
            ("Geannuleerd Ingetrokken", Closed, Some(Cancelled)),
            ("Nowe Otwarte Zgłoszone Nierozwiązane Nie_zamknięte", Open, None),
            ("W_trakcie W_toku W_realizacji Przydzielone", InProgress, None),
            ("Zamknięte Zakończone Rozwiązane Zrealizowane", Closed, None),
            ("Odrzucone", Closed, Some(Refused)),
            ("Anulowane Wycofane", Closed, Some(Cancelled)),
        ] {
            for word in words.split(' ') {
                let word = word.replace('_', " ");
                assert_eq!(status_of_words(&word), Some((status, reason)), "{word}");
            }
        }
        assert_eq!(status_of_words("Open - Dup"), Some((Open, None)));
    }

    #[test]
    fn what_no_list_has_is_not_guessed() {
        for word in ["", "Gelb", "3", "N1", "?", "Blue team", "Overdue"] {
            assert_eq!(status_of_words(word), None, "{word}");
        }
    }
}
