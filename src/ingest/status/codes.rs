//! Statuses that are a code of a program for maintenance, a percentage, or a wait for the first
//! step: `INPRG`, `50 %`, `Awaiting pick-up`; and closings that wait for a payment alone.

use crate::domain::Status;

/// Codes of IBM Maximo and SAP, lower case, and what they say of the request.
const CODES: [(&str, Status); 21] = [
    ("working", Status::InProgress),
    ("wappr", Status::Open),
    ("osno", Status::Open),
    ("crtd", Status::Open),
    ("queued", Status::Open),
    ("inprg", Status::InProgress),
    ("inprog", Status::InProgress),
    ("asgn", Status::InProgress),
    ("asgnd", Status::InProgress),
    ("appr", Status::InProgress),
    ("wsch", Status::InProgress),
    ("wmatl", Status::InProgress),
    ("wpcond", Status::InProgress),
    ("nopr", Status::InProgress),
    ("rel", Status::InProgress),
    ("slahold", Status::InProgress),
    ("comp", Status::Closed),
    ("noco", Status::Closed),
    ("teco", Status::Closed),
    ("cnf", Status::Closed),
    ("clsd", Status::Closed),
];

/// Words that say together that nobody has begun, each between blanks where it is whole.
const NOT_BEGUN: &str = "\
    | awaiting action | awaiting pick up | awaiting processing | awaiting triage \
    | waiting to be | pending to be | to take in charge | to be taken | not yet taken \
    | attente de prise en charge | attente de traitement | a prendre en charge \
    | pas encore pris | da prendere in | attesa di presa in | attesa di lavorazione \
    | attesa di essere | oczekuje na realizac| oczekuje na przyjecie | oczekuje na podjecie \
    | oczekuje na rozpatrz| czeka na realizac| do podjecia \
    | wartet auf bearbeitung | wartet auf ubernahme | zu ubernehmen | warten auf bearbeitung \
    | noch nicht ubernommen | wacht op behandeling | in behandeling te nemen \
    | nog niet opgepakt | nog op te pakken | op te pakken \
    | por tomar | a tomar a cargo | pendiente de asumir | pendiente de tramit\
    | pendiente de atencion | pendiente de atender | espera de atencion \
    | aguarda atendimento | aguardando atendimento | aguarda tratamento | a aguardar tratamento \
    | por assumir | a assumir ";

/// Words that say together that somebody is at work.
const BEGUN: &str = "\
    | with contractor | with crew | with the contractor | with supplier | working on | in work \
    | doorgezet | uitgezet | bij aannemer | em tratamento | en tratamiento | in trattamento \
    | in verifica | em verificacao | en verificacion | en verification | anerkannt \
    | zur kenntnis genommen | ubergeben | turnad";

/// Words by which somebody is not at work.
const NOT: &str = " not no non pas nicht niet nie nao noch sin sem without ";

/// Words for a payment, for which a closing that is otherwise done may wait.
const PAYMENTS: &str = "\
    payment invoice billing paperwork survey feedback paiement facture zahlung rechnung pago \
    factura pagamento fattura fatura betaling factuur platnosc platnosci";

/// Does a text of words between blanks hold one of these?
fn says(list: &str, text: &str) -> bool {
    list.split('|').filter(|one| !one.trim().is_empty()).any(|one| text.contains(one))
}

/// The status of a whole text, in lower case without accents and between blanks, that the words one
/// by one do not say; `None` where it is no such text.
pub fn status_of_code(text: &str) -> Option<Status> {
    let whole = text.trim();
    if let Some((_, status)) = CODES.iter().find(|(code, _)| *code == whole) {
        return Some(*status);
    }
    let is_denied = whole.split(' ').any(|word| NOT.contains(&format!(" {word} ")));
    match () {
        () if says(NOT_BEGUN, text) => Some(Status::Open),
        () if says(BEGUN, text) && !is_denied => Some(Status::InProgress),
        () => None,
    }
}

/// The status of a percentage of the work that is done.
pub fn status_of_percent(text: &str) -> Option<Status> {
    let number = text.trim().strip_suffix('%')?.trim_end().replace(',', ".");
    let percent = number.parse::<f64>().ok().filter(|n| (0.0..=100.0).contains(n))?;
    Some(of_percent(percent))
}

/// The status by the percentage of the work that is done.
pub fn of_percent(percent: f64) -> Status {
    match percent {
        0.0 => Status::Open,
        100.0.. => Status::Closed,
        _ => Status::InProgress,
    }
}

/// Is a word one for a payment?
pub fn is_payment(word: &str) -> bool {
    PAYMENTS.split_whitespace().any(|known| known == word)
}

/// Is a reopening asked for, so that the words do not say whether the request is open?
pub fn is_reopening_asked(text: &str) -> bool {
    const REOPENING: &str = " reopen reopening reouverture rouverture reapertura reabertura \
                             riapertura heropening wiedereroffnung ";
    const ASKED: &str = "request demand beantrag solicit richiest aangevra verzocht wniosk";
    let words = || text.split(' ').filter(|word| !word.is_empty());
    words().any(|word| REOPENING.contains(&format!(" {word} ")))
        && words().any(|word| ASKED.split(' ').any(|stem| word.starts_with(stem)))
}

#[cfg(test)]
mod tests {
    use crate::domain::Status::{Closed, InProgress, Open};
    use crate::ingest::status::words::status_of_words;

    #[test]
    fn codes_percentages_and_first_steps() {
        for (texts, status) in [
            ("WAPPR|OSNO|CRTD|0%|0 %", Some(Open)),
            ("INPRG|INPROG|ASGN|NOPR|REL|50%|33,3 %", Some(InProgress)),
            ("COMP|NOCO|TECO|100%|100.0 %", Some(Closed)),
            (
                "Da prendere in carico|À prendre en charge|Oczekuje na realizację|\
                 In behandeling te nemen|Te behandelen|Zu bearbeiten|Zu übernehmen|\
                 Por tomar a cargo|Por assumir|Aguarda atendimento|To be taken in charge|\
                 En attente de prise en charge|Non pris en charge|Non prise en charge|\
                 Da assegnare|Awaiting action|Lodged",
                Some(Open),
            ),
            (
                "With contractor|Working|working on it|Doorgezet|Uitgezet|Em tratamento|\
                 In verifica|Anerkannt|Zur Kenntnis genommen|Turnada|An Fachamt übergeben|\
                 Pris en charge|In carico|Preso in carico|Em atendimento",
                Some(InProgress),
            ),
            ("Closed pending payment|Closed - awaiting invoice|Actioned|Classée", Some(Closed)),
            ("Closed pending review|Closed - awaiting parts", Some(InProgress)),
            ("Reopen requested|Réouverture demandée|101%|A%", None),
            ("Reopened|Rouverte|Te plannen|Sin asignar", Some(Open)),
            ("Nicht anerkannt", None),
        ] {
            for text in texts.split('|') {
                let found = status_of_words(text).map(|(status, _)| status);
                assert_eq!(found, status, "{text}");
            }
        }
    }
}
