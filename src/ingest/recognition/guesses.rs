//! What words of a source most likely mean.

use deunicode::deunicode;

use crate::domain::{Channel, Nature};

/// The first number of eight digits or more: the id of the parent that staff wrote down.
pub fn long_number(text: &str) -> Option<String> {
    let mut numbers = text.split(|c: char| !c.is_ascii_digit());
    numbers.find(|digits| digits.len() >= 8).map(str::to_owned)
}

/// Beginnings of words by which sources name their channels, without accents.
const CHANNELS: [(Channel, &[&str]); 5] = [
    (Channel::Email, &["email", "mail", "courriel", "correo", "posta", "mejl", "courrier"]),
    (
        Channel::App,
        &["app", "mobile", "movil", "android", "iphone", "ios", "smartphone", "aplic", "telemovel"],
    ),
    (
        Channel::Counter,
        &[
            "counter",
            "walk",
            "person",
            "guichet",
            "comptoir",
            "schalter",
            "ventanilla",
            "sportello",
            "balcao",
            "balie",
            "presenc",
            "personlich",
            "okienko",
            "osobisc",
        ],
    ),
    (
        Channel::Phone,
        &[
            "phone", "tel", "call", "appel", "anruf", "llamad", "chiamat", "fono", "voice",
            "hotline",
        ],
    ),
    (
        Channel::Web,
        &[
            "web", "internet", "online", "site", "portal", "portail", "formul", "facebook",
            "twitter", "desktop", "social", "chat", "self", "html", "browser", "sede", "page",
            "www",
        ],
    ),
];

/// The channel that a source's word most likely means.
pub fn channel_of_words(text: &str) -> Option<Channel> {
    let plain = deunicode(text).to_lowercase().replace("e-mail", "email");
    // `calle` is a street, not a call.
    let words = plain.split(|c: char| !c.is_ascii_alphanumeric());
    let words: Vec<&str> = words.filter(|word| !matches!(*word, "calle" | "calles")).collect();
    let named =
        |stems: &[&str]| words.iter().any(|word| stems.iter().any(|stem| word.starts_with(stem)));
    CHANNELS.iter().find(|(_, stems)| named(stems)).map(|(channel, _)| *channel)
}

/// Beginnings of the words by which sources name the nature of a request, without accents.
const NATURES: [(Nature, &[&str]); 4] = [
    (
        Nature::Information,
        &["inform", "consult", "question", "inquir", "enquir", "anfrage", "renseign", "vraag"],
    ),
    (
        Nature::Complaint,
        &["complain", "reclam", "queja", "queix", "plainte", "beschwerd", "klacht", "skarga"],
    ),
    (
        Nature::Comment,
        &[
            "comment",
            "suggest",
            "sugger",
            "suger",
            "vorschlag",
            "elogi",
            "felicit",
            "complim",
            "lob",
            "agra",
            "ringrazi",
            "pochwal",
        ],
    ),
    (
        Nature::Intervention,
        &[
            "interven", "interwen", "solicit", "demande", "incid", "peticio", "richiest", "segnal",
            "request", "service", "servico", "melding", "zglosz", "denunc", "aviso",
        ],
    ),
];

/// Natures in several words, without accents.
const NATURE_PHRASES: [(&str, Nature); 32] = [
    ("service request", Nature::Intervention),
    ("service requests", Nature::Intervention),
    ("request for service", Nature::Intervention),
    ("demande de service", Nature::Intervention),
    ("demande d'intervention", Nature::Intervention),
    ("solicitud de servicio", Nature::Intervention),
    ("richiesta di intervento", Nature::Intervention),
    ("solicitacao de servico", Nature::Intervention),
    ("pedido de servico", Nature::Intervention),
    ("information request", Nature::Information),
    ("request for information", Nature::Information),
    ("general enquiry", Nature::Information),
    ("general inquiry", Nature::Information),
    ("demande d'information", Nature::Information),
    ("demande d'informations", Nature::Information),
    ("demande de renseignement", Nature::Information),
    ("demande de renseignements", Nature::Information),
    ("solicitud de informacion", Nature::Information),
    ("richiesta di informazioni", Nature::Information),
    ("pedido de informacao", Nature::Information),
    ("requests for service", Nature::Intervention),
    ("derecho de peticion", Nature::Intervention),
    ("problem", Nature::Intervention),
    ("probleme", Nature::Intervention),
    ("information call", Nature::Information),
    ("information calls", Nature::Information),
    ("general information", Nature::Information),
    ("idee", Nature::Comment),
    ("idea", Nature::Comment),
    ("tipp", Nature::Comment),
    ("compliment or thanks", Nature::Comment),
    ("general comment", Nature::Comment),
];

/// The nature that a source's single word, or a usual phrase, means.
pub fn nature_of_words(text: &str) -> Option<Nature> {
    let plain = deunicode(text).to_lowercase();
    if let Some((_, nature)) = NATURE_PHRASES.iter().find(|(phrase, _)| *phrase == plain.trim()) {
        return Some(*nature);
    }
    if plain.trim().contains(|c: char| !c.is_ascii_alphanumeric()) {
        return None;
    }
    let begins = |stems: &[&str]| stems.iter().any(|stem| plain.starts_with(stem));
    NATURES.iter().find(|(_, stems)| begins(stems)).map(|(nature, _)| *nature)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn natures_are_single_words() {
        for (word, nature) in [
            ("RECLAMO", Some(Nature::Complaint)),
            ("Solicitação", Some(Nature::Intervention)),
            ("Consulta", Some(Nature::Information)),
            ("Elogio", Some(Nature::Comment)),
            ("Service Request", Some(Nature::Intervention)),
            ("Demande d’information", Some(Nature::Information)),
            ("Request for a bin", None),
            ("Information Calls", Some(Nature::Information)),
            ("Idee", Some(Nature::Comment)),
            ("Tipp", Some(Nature::Comment)),
            ("Problem", Some(Nature::Intervention)),
            ("Pothole", None),
        ] {
            assert_eq!(nature_of_words(word), nature, "{word}");
        }
    }

    #[test]
    fn channels_of_several_languages() {
        for (word, channel) in [
            ("CC PHONE", Some(Channel::Phone)),
            ("Téléphone", Some(Channel::Phone)),
            ("Phone Call", Some(Channel::Phone)),
            ("Courriel", Some(Channel::Email)),
            ("E-mail", Some(Channel::Email)),
            ("MOBILE", Some(Channel::App)),
            ("Android", Some(Channel::App)),
            ("Persönlich", Some(Channel::Counter)),
            ("Internet", Some(Channel::Web)),
            ("desktop", Some(Channel::Web)),
            ("Other Department", None),
            ("En la calle", None),
        ] {
            assert_eq!(channel_of_words(word), channel, "{word}");
        }
    }
}
