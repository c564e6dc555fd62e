//! Texts of a status that name a closing which is only asked for, was refused, or is not certain:
//! `Cancellation requested`, `Clôture refusée`, `Doublon non confirmé`.

use deunicode::deunicode;

use crate::domain::{ClosedReason, Status};

/// Nouns for a closing or a cancelling, without accents.
const NOUNS: &str = "\
    closure closing cloture fermeture cierre clausura chiusura fechamento encerramento sluiting \
    afsluiting zamkniecie zamkniecia zakonczenie zakonczenia abschluss schliessung completion \
    resolution resolucion resolucao risoluzione rozwiazanie rozwiazania cancellation cancelation \
    annulation stornierung annulering cancelacion anulacion cancelamento anulacao annullamento \
    anulowanie anulowania withdrawal retrait";

/// Beginnings of words that ask for it.
const ASKED: &str = "\
    request demand beantrag angefordert gewunscht solicit richiest aangevra verzocht wniosk \
    wnioskowan propos propuest recommend suggest vorgeschlag voorgesteld zadan pedid";

/// Beginnings of words that refuse it or take it back.
const REFUSED: &str = "\
    refus reject rejet denied declin abgelehnt zuruckgewies rechaz deneg rifiut respint recus \
    rejeit indefer negad geweiger afgewez odrzuc odmow failed echou annule annulee cancelled \
    canceled revoked revers storniert anulad annullat geannul wycofan widerruf";

/// Beginnings of words for what is closed, before which nothing else counts.
const CLOSED: &str = "\
    closed completed resolved fixed done fermee ferme geschlossen cerrad chius fechad gesloten \
    zamkniet zakonczon";

/// Beginnings of words for what is sure once it is confirmed, and of their contraries.
const CONFIRMED: &str = "confirm bestatig bevestig potwierdz verif";
const UNCONFIRMED: &str = "unconfirm inconfirm unverif unbestatig onbevestig niepotwierdz";

/// Words that deny the next one but one at most.
const NOT: &str = "not no non pas nicht niet nie nao sin sem without never kein noch";

/// Beginnings of words by which a repeat is only supposed.
const SUPPOSED: &str = "\
    possib posib possiv potenti potenc suspect sospech sospett suspeit probab likely mogelijk \
    moglich vermut vermoed mozliw podejrz presunt presum maybe perhaps peut wahrscheinlich \
    waarschijnlijk prawdopodobn eventuel soupcon";

fn begins(list: &str, word: &str) -> bool {
    list.split_whitespace().any(|stem| word.starts_with(stem))
}

fn lists(list: &str, word: &str) -> bool {
    list.split_whitespace().any(|known| known == word)
}

/// The words of a part of a text, in lower case without accents. `clôturé` is no noun.
fn words(part: &str) -> Vec<String> {
    let lower = part.to_lowercase();
    let own = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let plain = |word: &str| match word.starts_with("cl") && word.ends_with("turé") {
        true => "cloturee".to_owned(),
        false => deunicode(word).to_lowercase(),
    };
    own.map(plain).collect()
}

/// The status of a text in whose parts a closing is asked for or refused; `None` where it is not.
pub fn status_of_noun(text: &str) -> Option<Status> {
    let parts = text.split([':', ';', ',', '/', '(', ')', '|', '–', '—']);
    let mut parts = parts.flat_map(|part| part.split(" - "));
    parts.find_map(|part| {
        let words = words(part);
        let noun = words.iter().position(|word| lists(NOUNS, word))?;
        let others = || words.iter().enumerate().filter(|(at, _)| *at != noun);
        if others().any(|(_, word)| begins(CLOSED, word)) {
            return None;
        }
        let has = |list: &str| others().any(|(_, word)| begins(list, word));
        match (has(REFUSED), has(ASKED)) {
            (true, _) => Some(Status::Open),
            (false, true) => Some(Status::InProgress),
            (false, false) => None,
        }
    })
}

/// Is the end that a text names not certain: not confirmed, or a repeat that is only supposed?
pub fn is_unsure(text: &str, reason: Option<ClosedReason>) -> bool {
    let words = words(text);
    let is_denied = |at: usize| {
        words.get(at.saturating_sub(2)..at).unwrap_or_default().iter().any(|word| lists(NOT, word))
    };
    let mut numbered = words.iter().enumerate();
    let is_unconfirmed = numbered
        .any(|(at, word)| begins(UNCONFIRMED, word) || (begins(CONFIRMED, word) && is_denied(at)));
    let is_supposed =
        || words.iter().enumerate().any(|(at, word)| begins(SUPPOSED, word) && !is_denied(at));
    is_unconfirmed || (reason == Some(ClosedReason::Duplicate) && is_supposed())
}
