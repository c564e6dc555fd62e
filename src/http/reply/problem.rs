//! Problem documents (RFC 9457).

use serde_json::{Value, json};

use crate::error::{Error, ErrorKind};
use crate::i18n::Language;

/// The problem document of an error. Its cause is not in it.
pub fn problem(error: &Error, status: u16, language: Language) -> Value {
    let (name, fr, en) = match error.kind {
        ErrorKind::Invalid => ("invalid", "Valeur refusée", "Value refused"),
        ErrorKind::NotFound => ("not-found", "Introuvable", "Not found"),
        ErrorKind::Conflict => ("conflict", "Conflit", "Conflict"),
        ErrorKind::Stale => ("stale", "Révision dépassée", "Stale revision"),
        ErrorKind::Forbidden => ("forbidden", "Interdit", "Forbidden"),
        ErrorKind::TooLarge => ("too-large", "Trop grand", "Too large"),
        ErrorKind::Unavailable => ("unavailable", "Indisponible", "Unavailable"),
        ErrorKind::Internal => ("internal", "Erreur interne", "Internal error"),
    };
    let mut document = json!({
        "type": format!("urn:pointchaud:problem:{name}"),
        "title": if language == Language::French { fr } else { en },
        "status": status,
        "detail": language.pick(&error.message),
    });
    if !error.refusals.is_empty() {
        let list = error.refusals.iter().map(|refusal| {
            json!({
                "field": refusal.field,
                "value": refusal.value,
                "reason": language.pick(&refusal.message),
            })
        });
        document["errors"] = list.collect();
    }
    document
}
