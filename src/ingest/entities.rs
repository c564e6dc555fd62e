//! Entities of HTML in the texts of a source, such as `&amp;` and `&#233;`, as programs for the web
//! leave them behind.

use std::borrow::Cow;

/// Entities by name, with their characters (HTML 4: signs and the letters of Latin 1).
const NAMED: [(&str, char); 81] = [
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("apos", '\''),
    ("nbsp", ' '),
    ("lsquo", '‘'),
    ("rsquo", '’'),
    ("ldquo", '“'),
    ("rdquo", '”'),
    ("laquo", '«'),
    ("raquo", '»'),
    ("ndash", '–'),
    ("mdash", '—'),
    ("hellip", '…'),
    ("deg", '°'),
    ("euro", '€'),
    ("iexcl", '¡'),
    ("iquest", '¿'),
    ("ordf", 'ª'),
    ("ordm", 'º'),
    ("middot", '·'),
    ("oelig", 'œ'),
    ("OElig", 'Œ'),
    ("szlig", 'ß'),
    ("Agrave", 'À'),
    ("Aacute", 'Á'),
    ("Acirc", 'Â'),
    ("Atilde", 'Ã'),
    ("Auml", 'Ä'),
    ("AElig", 'Æ'),
    ("Ccedil", 'Ç'),
    ("Egrave", 'È'),
    ("Eacute", 'É'),
    ("Ecirc", 'Ê'),
    ("Euml", 'Ë'),
    ("Igrave", 'Ì'),
    ("Iacute", 'Í'),
    ("Icirc", 'Î'),
    ("Iuml", 'Ï'),
    ("Ntilde", 'Ñ'),
    ("Ograve", 'Ò'),
    ("Oacute", 'Ó'),
    ("Ocirc", 'Ô'),
    ("Otilde", 'Õ'),
    ("Ouml", 'Ö'),
    ("Oslash", 'Ø'),
    ("Ugrave", 'Ù'),
    ("Uacute", 'Ú'),
    ("Ucirc", 'Û'),
    ("Uuml", 'Ü'),
    ("agrave", 'à'),
    ("aacute", 'á'),
    ("acirc", 'â'),
    ("atilde", 'ã'),
    ("auml", 'ä'),
    ("aring", 'å'),
    ("aelig", 'æ'),
    ("ccedil", 'ç'),
    ("egrave", 'è'),
    ("eacute", 'é'),
    ("ecirc", 'ê'),
    ("euml", 'ë'),
    ("igrave", 'ì'),
    ("iacute", 'í'),
    ("icirc", 'î'),
    ("iuml", 'ï'),
    ("ntilde", 'ñ'),
    ("ograve", 'ò'),
    ("oacute", 'ó'),
    ("ocirc", 'ô'),
    ("otilde", 'õ'),
    ("ouml", 'ö'),
    ("oslash", 'ø'),
    ("ugrave", 'ù'),
    ("uacute", 'ú'),
    ("ucirc", 'û'),
    ("uuml", 'ü'),
    ("yuml", 'ÿ'),
    ("yacute", 'ý'),
    ("sect", '§'),
];

/// Longest entity between `&` and `;`, in bytes.
const LENGTH_MAX: usize = 8;

/// How often a text may have been encoded: `&amp;eacute;` is `é`.
const TIMES_MAX: usize = 2;

/// The text with its entities as characters; as it is where it has none, or is JSON, whose
/// quotation marks would be lost. O(n).
pub(super) fn without_entities(text: &str) -> Cow<'_, str> {
    let is_document = || text.trim_start().starts_with(['{', '[']);
    if memchr::memchr(b'&', text.as_bytes()).is_none() || is_document() {
        return Cow::Borrowed(text);
    }
    let mut found = decoded(text);
    for _ in 1..TIMES_MAX {
        match found.as_deref().and_then(decoded) {
            Some(again) => found = Some(again),
            None => break,
        }
    }
    found.map_or(Cow::Borrowed(text), |text| Cow::Owned(text.trim().to_owned()))
}

/// The text with its entities decoded once; `None` where it has none.
fn decoded(text: &str) -> Option<String> {
    let (mut whole, mut rest, mut has_any) = (String::with_capacity(text.len()), text, false);
    while let Some(at) = rest.find('&') {
        whole.push_str(rest.get(..at).unwrap_or_default());
        rest = rest.get(at..).unwrap_or_default();
        let end = rest.bytes().take(LENGTH_MAX + 2).position(|b| b == b';');
        match end.and_then(|end| Some((end, character(rest.get(1..end).unwrap_or_default())?))) {
            Some((end, c)) => {
                whole.push(c);
                rest = rest.get(end + 1..).unwrap_or_default();
                has_any = true;
            }
            None => {
                whole.push('&');
                rest = rest.get(1..).unwrap_or_default();
            }
        }
    }
    whole.push_str(rest);
    has_any.then_some(whole)
}

/// The character of an entity without its `&` and `;`.
fn character(entity: &str) -> Option<char> {
    let Some(number) = entity.strip_prefix('#') else {
        return NAMED.iter().find(|(name, _)| *name == entity).map(|(_, c)| *c);
    };
    let code = match number.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16).ok()?,
        None => number.parse().ok()?,
    };
    // Numbers of control characters are those of windows-1252 in old pages, or mistakes.
    char::from_u32(code).filter(|c| !c.is_control()).map(|c| if c == '\u{a0}' { ' ' } else { c })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entities_become_characters() {
        for (text, plain) in [
            ("Parks &amp; Recreation", "Parks & Recreation"),
            ("Trees &amp;amp; Shrubs", "Trees & Shrubs"),
            ("&#201;clairage d&eacute;fectueux", "Éclairage défectueux"),
            ("Stra&szlig;e", "Straße"),
            ("L&#x27;eau", "L'eau"),
            ("Caf&amp;eacute;", "Café"),
            ("a&nbsp;b", "a b"),
            ("Noise &ndash; music ", "Noise – music"),
        ] {
            assert_eq!(without_entities(text), plain, "{text}");
        }
        for text in [
            "A & B",
            "A&B; C",
            "https://x.example/?a=1&copy=2",
            "&unknown;",
            "&#0;",
            "&#;",
            "&",
            "{\"a\":\"&quot;\"}",
            "R&D;é",
        ] {
            assert!(matches!(without_entities(text), Cow::Borrowed(_)), "{text}");
        }
    }
}
