//! What is wanted of a declaration that is not understood.

use crate::i18n::Message;
use crate::ingest::place::negation::Negation;
use crate::ingest::reference_system::projection::is_code;
use crate::message;

/// Why the value of a key of profiles is refused.
pub fn wanted(key: &str, value: &str) -> Message {
    match key {
        "date_order" => message!("doit être dmy, mdy ou ymd", "must be dmy, mdy or ymd"),
        "negate" => {
            let known = Negation::spellings();
            message!("doit être l’un de : {known}", "must be one of: {known}")
        }
        _ if is_code(value) => message!(
            "n’est le code d’aucun système connu du registre EPSG",
            "is not the code of a known system of the EPSG registry"
        ),
        _ => message!(
            "n’est ni un code EPSG:CODE ni une définition +proj=… qui peut être lue",
            "is neither a code EPSG:CODE nor a definition +proj=… that can be read"
        ),
    }
}
