//! Names of keys that no word for a number or a key says, and keys of programs.

use crate::domain::fold;
use crate::ingest::column::words::split;

/// Words of names that are a request's key by themselves, without accents.
const KEYS: &str = "\
    globalid radicado radicacion consecutivo confirmation confirmacion confirmacao auftrag \
    arbeitsauftrag pqrs pqrsd pqr";

/// Words that beside one for a number name the request whose number it is.
const NUMBERED: &str = "\
    pqrs pqrsd pqr radicado radicacion sugerencia sugestao suggestion intervention intervencion \
    intervencao intervento confirmation confirmacion confirmacao";

/// Keys that programs give their records, beside which people know another one.
const OF_PROGRAMS: [&str; 3] = ["sysid", "recordguid", "rowguid"];

fn lists(list: &str, word: &str) -> bool {
    list.split_whitespace().any(|known| known == word)
}

/// Is the whole name a word for the key of a request, such as `Radicado`?
pub fn is_key_name(name: &str) -> bool {
    matches!(split(name).as_slice(), [only] if lists(KEYS, only))
}

/// Does a word beside one for a number name a request, as in `Numéro PQRS`?
pub fn is_numbered(word: &str) -> bool {
    lists(NUMBERED, word)
}

/// Is it the key that a program gave a record, such as the `sys_id` of ServiceNow?
pub fn is_of_program(name: &str) -> bool {
    let letters: String = fold(name).chars().filter(|c| c.is_alphanumeric()).collect();
    OF_PROGRAMS.contains(&letters.as_str())
}

/// Is the text a key in braces, as ArcGIS writes a GlobalID: `{8A2E…}`?
pub fn is_braced_key(text: &str) -> bool {
    let inside = text.strip_prefix('{').and_then(|text| text.strip_suffix('}'));
    inside.is_some_and(|key| {
        key.len() >= 8 && key.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_known_by_names_and_braces() {
        assert!(["Radicado", "Auftrag", "Confirmation", "PQRS"].into_iter().all(is_key_name));
        assert!(["Auftraggeber", "Radicado por", "Category"].into_iter().all(|n| !is_key_name(n)));
        assert!(["sys_id", "SysID"].into_iter().all(is_of_program) && !is_of_program("system"));
        for text in ["{04B876DF-0000-0000-0000-000000000000}", "{00002711-AAAA}"] {
            assert!(is_braced_key(text), "{text}");
        }
        for text in ["{}", "{\"a\":1}", "{beef}", "{0A0A0A0A: 1}", "04B876DF"] {
            assert!(!is_braced_key(text), "{text}");
        }
    }
}
