//! What the words of a status mean, in English, French, German, Spanish, Italian, Portuguese,
//! Dutch and Polish.

use deunicode::deunicode;

use crate::domain::{ClosedReason, Status};
use crate::ingest::garbled::is_garbled;
use crate::ingest::status::codes::{
    is_payment, is_reopening_asked, status_of_code, status_of_percent,
};
use crate::ingest::status::doubts::{is_unsure, status_of_noun};
use crate::ingest::status::stems::{Meaning, STEMS};

/// Words that turn the next one into its contrary.
const NEGATIONS: [&str; 22] = [
    "not", "no", "non", "pas", "nicht", "noch", "ne", "niet", "nie", "nao", "sin", "sem",
    "without", "never", "kein", "outside", "hors", "fuori", "fuera", "fora", "buiten", "poza",
];
/// Beginnings of words that behind a negation say that the city will not do it: `No procede`,
/// `nicht zuständig`, `hors compétence`.
const NOT_DONE: [&str; 15] = [
    "proced",
    "zustandig",
    "recevab",
    "fond",
    "applic",
    "viable",
    "compet",
    "kompetenc",
    "jurisdic",
    "bevoegd",
    "possib",
    "moglich",
    "mozliw",
    "realisab",
    "feasib",
];
/// Verbs and nouns that say behind `to`, `à`, `da`, `zu` or `do` what has still to be done.
const DUE: [&str; 26] = [
    "plann", "prend", "asum", "assum", "ubernehm", "nemen", "tratar", "chiud", "risolv", "evad",
    "esegu", "encerr", "fech", "cerrar", "atend", "schliess", "erledig", "beheb", "losen",
    "lossen", "sluiten", "handel", "resoudre", "faire", "fare", "do",
];
/// Words by which a closing is not final, and the status that the request then has.
const NOT_FINAL: [(&str, Status); 31] = [
    ("partial", Status::InProgress),
    ("partly", Status::InProgress),
    ("partiel", Status::InProgress),
    ("teilweise", Status::InProgress),
    ("parcial", Status::InProgress),
    ("parzial", Status::InProgress),
    ("gedeeltelijk", Status::InProgress),
    ("czesciow", Status::InProgress),
    ("almost", Status::InProgress),
    ("nearly", Status::InProgress),
    ("presque", Status::InProgress),
    ("casi", Status::InProgress),
    ("bijna", Status::InProgress),
    ("temporar", Status::InProgress),
    ("temporair", Status::InProgress),
    ("temporal", Status::InProgress),
    ("temporane", Status::InProgress),
    ("provisional", Status::InProgress),
    ("provisoi", Status::InProgress),
    ("provvisor", Status::InProgress),
    ("provisor", Status::InProgress),
    ("vorlaufig", Status::InProgress),
    ("tijdelijk", Status::InProgress),
    ("tymczasow", Status::InProgress),
    ("previous", Status::Open),
    ("former", Status::Open),
    ("precedemment", Status::Open),
    ("anciennement", Status::Open),
    ("fruher", Status::Open),
    ("anteriorm", Status::Open),
    ("precedentement", Status::Open),
];
/// Beginnings of words that say behind a closing one that it waits for something.
const WAITING: [&str; 9] = [
    "pending", "awaiting", "waiting", "attente", "espera", "pendient", "pendent", "oczekuj",
    "wartet",
];
/// Endings of words for a request that is worked on: what is not so any longer is closed.
const OPEN_STATES: [&str; 20] = [
    "open", "ouvert", "ouverte", "offen", "abierto", "abierta", "aperto", "aperta", "aberto",
    "aberta", "otwarte", "active", "actif", "aktiv", "aktywne", "activo", "activa", "attivo",
    "attiva", "actief",
];
/// Words by which what is denied has not yet been, instead of being no longer.
const YET: [&str; 8] = ["yet", "encore", "noch", "aun", "ancora", "ainda", "nog", "jeszcze"];
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
const PHRASES: [(&str, Status, Option<ClosedReason>); 95] = [
    (" to be ", Status::Open, None),
    (" open again ", Status::Open, None),
    (" opened again ", Status::Open, None),
    (" wieder offen", Status::Open, None),
    (" wieder geoffnet ", Status::Open, None),
    (" nouveau ouvert", Status::Open, None),
    (" abierta de nuevo ", Status::Open, None),
    (" abierto de nuevo ", Status::Open, None),
    (" nuevamente abiert", Status::Open, None),
    (" di nuovo apert", Status::Open, None),
    (" novamente abert", Status::Open, None),
    (" weer open", Status::Open, None),
    (" opnieuw open", Status::Open, None),
    (" opnieuw geopend ", Status::Open, None),
    (" znowu otwart", Status::Open, None),
    (" pris en compte ", Status::InProgress, None),
    (" prise en compte ", Status::InProgress, None),
    (" prises en compte ", Status::InProgress, None),
    (" wird nicht ", Status::Closed, Some(ClosedReason::Refused)),
    (" werden nicht ", Status::Closed, Some(ClosedReason::Refused)),
    (" ne sera pas ", Status::Closed, Some(ClosedReason::Refused)),
    (" no sera ", Status::Closed, Some(ClosedReason::Refused)),
    (" no se atender", Status::Closed, Some(ClosedReason::Refused)),
    (" no se realizar", Status::Closed, Some(ClosedReason::Refused)),
    (" non sara ", Status::Closed, Some(ClosedReason::Refused)),
    (" non verra ", Status::Closed, Some(ClosedReason::Refused)),
    (" nao sera ", Status::Closed, Some(ClosedReason::Refused)),
    (" wordt niet ", Status::Closed, Some(ClosedReason::Refused)),
    (" nie bedzie ", Status::Closed, Some(ClosedReason::Refused)),
    (" reopen", Status::Open, None),
    (" re open", Status::Open, None),
    (" rouvert", Status::Open, None),
    (" reouv", Status::Open, None),
    (" reabiert", Status::Open, None),
    (" reabert", Status::Open, None),
    (" riapert", Status::Open, None),
    (" heropen", Status::Open, None),
    (" wiedereroff", Status::Open, None),
    (" wip ", Status::InProgress, None),
    (" closure requested ", Status::InProgress, None),
    (" closing requested ", Status::InProgress, None),
    (" cloture demandee ", Status::InProgress, None),
    (" en instance ", Status::InProgress, None),
    (" compl ", Status::Closed, None),
    (" not in compliance ", Status::Open, None),
    (" in compliance ", Status::Closed, None),
    (" no violation", Status::Closed, None),
    (" gone on arrival ", Status::Closed, None),
    (" not responsible ", Status::Closed, Some(ClosedReason::Refused)),
    (" en curs ", Status::InProgress, None),
    (" dealt with ", Status::Closed, None),
    (" made safe ", Status::Closed, None),
    (" no fault found ", Status::Closed, None),
    (" nothing found ", Status::Closed, None),
    (" already reported ", Status::Closed, Some(ClosedReason::Duplicate)),
    (" already logged ", Status::Closed, Some(ClosedReason::Duplicate)),
    (" deja signal", Status::Closed, Some(ClosedReason::Duplicate)),
    (" bereits gemeld", Status::Closed, Some(ClosedReason::Duplicate)),
    (" schon gemeld", Status::Closed, Some(ClosedReason::Duplicate)),
    (" reeds gemeld", Status::Closed, Some(ClosedReason::Duplicate)),
    (" al gemeld", Status::Closed, Some(ClosedReason::Duplicate)),
    (" ya report", Status::Closed, Some(ClosedReason::Duplicate)),
    (" gia segnalat", Status::Closed, Some(ClosedReason::Duplicate)),
    (" ja reportad", Status::Closed, Some(ClosedReason::Duplicate)),
    (" juz zglosz", Status::Closed, Some(ClosedReason::Duplicate)),
    (" not accepted ", Status::Closed, Some(ClosedReason::Refused)),
    (" non accept", Status::Closed, Some(ClosedReason::Refused)),
    (" non accett", Status::Closed, Some(ClosedReason::Refused)),
    (" no acept", Status::Closed, Some(ClosedReason::Refused)),
    (" nao aceit", Status::Closed, Some(ClosedReason::Refused)),
    (" nicht angenommen ", Status::Closed, Some(ClosedReason::Refused)),
    (" niet geaccepteerd ", Status::Closed, Some(ClosedReason::Refused)),
    (" nie przyjet", Status::Closed, Some(ClosedReason::Refused)),
    (" niet in behandeling genomen ", Status::Closed, Some(ClosedReason::Refused)),
    (" not valid ", Status::Closed, Some(ClosedReason::Refused)),
    (" non valid", Status::Closed, Some(ClosedReason::Refused)),
    (" nicht gultig ", Status::Closed, Some(ClosedReason::Refused)),
    (" no action ", Status::Closed, None),
    (" no further action ", Status::Closed, None),
    (" sans suite ", Status::Closed, Some(ClosedReason::Refused)),
    (" won t ", Status::Closed, Some(ClosedReason::Refused)),
    (" wont ", Status::Closed, Some(ClosedReason::Refused)),
    (" will not ", Status::Closed, Some(ClosedReason::Refused)),
    (" can not be ", Status::Closed, Some(ClosedReason::Refused)),
    (" cannot ", Status::Closed, Some(ClosedReason::Refused)),
    (" can t ", Status::Closed, Some(ClosedReason::Refused)),
    (" could not ", Status::Closed, Some(ClosedReason::Refused)),
    (" unable to ", Status::Closed, Some(ClosedReason::Refused)),
    (" failed to ", Status::Closed, Some(ClosedReason::Refused)),
    (" impossible ", Status::Closed, Some(ClosedReason::Refused)),
    (" imposible ", Status::Closed, Some(ClosedReason::Refused)),
    (" impossibile ", Status::Closed, Some(ClosedReason::Refused)),
    (" impossivel ", Status::Closed, Some(ClosedReason::Refused)),
    (" out of scope ", Status::Closed, Some(ClosedReason::Refused)),
    (" out of jurisdiction ", Status::Closed, Some(ClosedReason::Refused)),
];

/// Does `word` say behind `before` what has still to be done: `à fermer`, `do zamknięcia`?
fn is_due(before: &str, word: &str) -> bool {
    let ends = |endings: &[&str]| endings.iter().any(|ending| word.ends_with(ending));
    let has_form = match before {
        "a" | "da" | "por" | "para" => ends(&["ar", "er", "ir", "re"]),
        "zu" | "te" => ends(&["en"]),
        "do" => ends(&["a", "i", "u"]),
        "to" => !ends(&["ed", "done"]),
        _ => false,
    };
    let is_verb = || {
        let known = meaning(word).map(|(meaning, _)| meaning);
        matches!(known, Some(Meaning::Closed | Meaning::InProgress | Meaning::Cancelled))
            || DUE.iter().any(|stem| word.starts_with(stem))
    };
    has_form && is_verb()
}

/// What the first known phrase among these words says.
fn status_of_phrase(words: &[&str]) -> Option<(Status, Option<ClosedReason>)> {
    let whole = format!(" {} ", words.join(" "));
    if let Some(status) = status_of_code(&whole) {
        return Some((status, None));
    }
    // Alone: beside others, the word confirms what they say.
    if whole == " confirmed " {
        return Some((Status::Open, None));
    }
    let found = PHRASES.iter().find(|(phrase, ..)| whole.contains(phrase));
    found.map(|(_, status, reason)| (*status, *reason))
}

/// Does a word say that a request is worked on, so that its denial says that it no longer is?
fn is_open_state(word: &str) -> bool {
    OPEN_STATES.iter().any(|state| word.ends_with(state))
}

/// Is the text a question, or does it name an end and its contrary, as `Closed/Open` does?
fn is_undecided(text: &str) -> bool {
    let ends = |part: &str| status_of_words(part).map(|(status, _)| status == Status::Closed);
    let parts: Vec<bool> = match text.contains(['/', '|']) {
        true => text.split(['/', '|']).filter_map(ends).collect(),
        false => Vec::new(),
    };
    text.trim_end().ends_with('?') || (parts.contains(&true) && parts.contains(&false))
}

/// Answers of no, and those that only a sign such as `:` makes one.
const NO: &str = " no non nein nee nie nao false faux falsch falso ";
const SHORT_NO: &str = " n f 0 ";

/// What a text says that answers its own words by no, as `Resolved: no` does; `None` where it does
/// not. The contrary of some words is no status.
fn denied_by_answer(text: &str) -> Option<StatusFound> {
    let text = text.trim().trim_end_matches([')', '.', ' ']);
    let (before, answer) = match text.rsplit_once([':', '=', '(', '?']) {
        Some(parts) => parts,
        None => text.rsplit_once(' ')?,
    };
    let has_sign =
        text.len() > before.len() && !text.get(before.len()..).unwrap_or_default().starts_with(' ');
    let answer = format!(" {} ", deunicode(answer.trim()).to_lowercase());
    let is_no = NO.contains(&answer) || (has_sign && SHORT_NO.contains(&answer));
    if !is_no {
        return None;
    }
    let before = before.trim_end_matches(|c: char| !c.is_alphanumeric());
    let last = deunicode(before).to_lowercase();
    match status_of_words(before)? {
        (Status::Closed, None) => Some(Some((Status::Open, None))),
        (Status::Open, _) if is_open_state(&last) => Some(Some((Status::Closed, None))),
        _ => Some(None),
    }
}

/// A status with the reason of a closing; `None` where there is none.
type StatusFound = Option<(Status, Option<ClosedReason>)>;

/// The status that a source's word or words most likely mean, and how a closed one ended; `None`
/// where no word is known, the text was read in the wrong encoding, or what it names is not
/// certain (`Doublon non confirmé`). A closing that is asked for (`Cancellation requested`) or was
/// refused (`Clôture refusée`) is none, nor one that is denied by an answer (`Resolved: no`).
pub fn status_of_words(text: &str) -> StatusFound {
    if is_undecided(text) || is_garbled(text) {
        return None;
    }
    if let Some(found) = denied_by_answer(text) {
        return found;
    }
    if let Some(status) = status_of_noun(text).or_else(|| status_of_percent(text)) {
        return Some((status, None));
    }
    let is_sure =
        |(status, reason): &(_, _)| *status != Status::Closed || !is_unsure(text, *reason);
    status_word_by_word(text).filter(is_sure)
}

/// The status that the words of a text say one after the other. Of several words that say a status
/// the first counts; a denied end, as in `Not closed` or `Unresolved`, is open, and behind a
/// closing word it is a refusal. An end that is due (`À fermer`) is open; one that is not final
/// (`Closed pending review`) is none.
fn status_word_by_word(text: &str) -> StatusFound {
    let plain = deunicode(text).to_lowercase();
    let words = plain.split(|c: char| !c.is_ascii_alphanumeric());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    if is_reopening_asked(&words.join(" ")) {
        return None;
    }
    if let Some(found) = status_of_phrase(&words) {
        return Some(found);
    }
    let is_yet = words.iter().any(|word| YET.contains(word));
    let waits_for_payment = words.iter().any(|word| is_payment(word));
    let (mut status, mut reason, mut not_final) = (None, None, None);
    let (mut denying, mut before) = (false, "");
    for word in words {
        let begins = |stem: &&str| word.starts_with(stem);
        if denying && NOT_DONE.iter().any(begins) {
            reason = reason.or(Some(ClosedReason::Refused));
        }
        if is_due(std::mem::replace(&mut before, word), word) {
            status = status.or(Some(Status::Open));
            continue;
        }
        let qualified = NOT_FINAL.iter().find(|(stem, _)| begins(stem)).map(|(_, status)| *status);
        let is_before = status.is_none();
        not_final = not_final.or(qualified.filter(|q| is_before || *q == Status::InProgress));
        let Some((meaning, contrary)) = meaning(word) else {
            denying |= NEGATIONS.contains(&word);
            continue;
        };
        let denied = std::mem::take(&mut denying) != contrary;
        let found = match (meaning, denied) {
            (Meaning::Open, false) => Status::Open,
            (Meaning::InProgress, false) => {
                let waits = status == Some(Status::Closed) && WAITING.iter().any(begins);
                let waits = waits && !waits_for_payment;
                not_final = not_final.or(waits.then_some(Status::InProgress));
                Status::InProgress
            }
            (Meaning::Closed, false) => Status::Closed,
            // A duplicate is rejected because it is one.
            (Meaning::Duplicate, false) => {
                reason = meaning.reason();
                continue;
            }
            (Meaning::Refused | Meaning::Cancelled, false) => {
                reason = reason.or(meaning.reason());
                continue;
            }
            (Meaning::Closed, true) if status == Some(Status::Closed) => {
                reason = reason.or(Some(ClosedReason::Refused));
                continue;
            }
            (Meaning::InProgress | Meaning::Closed, true) => Status::Open,
            (Meaning::Open, true) if is_yet => Status::Open,
            (Meaning::Open, true) if is_open_state(word) => Status::Closed,
            (_, true) => continue,
        };
        status = status.or(Some(found));
    }
    if status == Some(Status::Closed) && reason.is_none() && not_final.is_some() {
        status = not_final;
    }
    match (status, reason) {
        (Some(Status::Closed) | None, Some(reason)) => Some((Status::Closed, Some(reason))),
        (Some(status), _) => Some((status, None)),
        (None, None) => None,
    }
}
