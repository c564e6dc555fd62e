//! Entity tags (RFC 9110, section 8.8.3), composed of everything that a response depends on.

use std::fmt::Write as _;

use crate::i18n::Language;

/// What a response depends on besides the revision of the data, the language and the version of
/// the program. Every difference in these fields gives a different ETag.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Variant {
    /// For responses about a city: its number in the store. The default city may become another,
    /// and revisions of two cities cannot be compared.
    pub city: Option<i64>,
    /// For responses with alerts or standing hotspots: number of rounds of the background watch.
    pub examinations: Option<u64>,
    /// Where a city does not show everything to everybody: who reads it, and by which rules.
    pub view: Option<i64>,
    /// The response is HTML, not JSON.
    pub html: bool,
    /// The response has what only holders of keys may read.
    pub private: bool,
    /// For responses that change every minute: the minute of Unix time.
    pub minute: Option<i64>,
    /// For responses that change every second: the second of Unix time.
    pub second: Option<i64>,
}

/// The weak ETag of a response at `revision`. `epoch` identifies the store, so that equal revisions
/// of two stores have different ETags.
pub fn weak_tag(epoch: &str, revision: u64, variant: Variant, language: Language) -> String {
    let mut tag = format!("W/\"{epoch}-{revision}");
    let Variant { city, examinations, view, html, private, minute, second } = variant;
    let mut number = |name: char, value: Option<i64>| {
        if let Some(value) = value {
            let _ = write!(tag, "-{name}{value}");
        }
    };
    number('c', city);
    number('w', examinations.map(u64::cast_signed));
    number('v', view);
    number('m', minute);
    number('s', second);
    if private {
        tag.push_str("-private");
    }
    if html {
        tag.push_str("-html");
    }
    let _ = write!(tag, "-{}-{}\"", language.code(), env!("CARGO_PKG_VERSION"));
    tag
}

/// The strong ETag of one report at its revision, for `If-Match`.
pub fn report_tag(epoch: &str, revision: u64, language: Language) -> String {
    format!("\"{epoch}-{revision}-{}\"", language.code())
}

/// An entity tag of a header field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntityTag<'a> {
    /// Written with `W/`.
    pub is_weak: bool,
    /// The text in quotes.
    pub opaque: &'a str,
}

/// The entity tags of a list as `If-Match` and `If-None-Match` have it; the values of several lines
/// of a header are one list, joined by commas (RFC 9110, section 5.3). `None` if the text is no
/// such list.
pub fn entity_tags(list: &str) -> Option<Vec<EntityTag<'_>>> {
    let mut tags = Vec::new();
    let mut rest = list;
    loop {
        // Empty elements of a list are allowed (RFC 9110, section 5.6.1).
        rest = rest.trim_start_matches([',', ' ', '\t']);
        if rest.is_empty() {
            return (!tags.is_empty()).then_some(tags);
        }
        let (is_weak, quoted) = match rest.strip_prefix("W/") {
            Some(quoted) => (true, quoted),
            None => (false, rest),
        };
        let (opaque, after) = quoted.strip_prefix('"')?.split_once('"')?;
        let is_tag_byte = |byte: u8| byte == b'!' || byte >= b'#' && byte != 0x7f;
        if !opaque.bytes().all(is_tag_byte) {
            return None;
        }
        tags.push(EntityTag { is_weak, opaque });
        rest = after.trim_start_matches([' ', '\t']);
        if !rest.is_empty() && !rest.starts_with(',') {
            return None;
        }
    }
}

/// Does an `If-None-Match` field list this ETag? Compared weakly (RFC 9110, section 8.8.3.2).
pub fn matches_if_none_match(if_none_match: &str, tag: &str) -> bool {
    let opaque = tag.trim_start_matches("W/").trim_matches('"');
    let is_listed = |tags: Vec<EntityTag<'_>>| tags.iter().any(|known| known.opaque == opaque);
    if_none_match.trim() == "*" || entity_tags(if_none_match).is_some_and(is_listed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_input_makes_another_tag() {
        let plain = Variant::default();
        let variants = [
            plain,
            Variant { city: Some(1), ..plain },
            Variant { examinations: Some(0), ..plain },
            Variant { examinations: Some(1), ..plain },
            Variant { view: Some(-1), ..plain },
            Variant { view: Some(1), ..plain },
            Variant { html: true, ..plain },
            Variant { minute: Some(1), ..plain },
            Variant { second: Some(1), ..plain },
            Variant { examinations: Some(1), html: true, ..plain },
        ];
        let mut tags: Vec<String> =
            variants.iter().map(|variant| weak_tag("e", 7, *variant, Language::French)).collect();
        tags.push(weak_tag("e", 7, plain, Language::English));
        tags.push(weak_tag("e", 8, plain, Language::French));
        let count = tags.len();
        tags.sort();
        tags.dedup();
        assert_eq!(tags.len(), count, "{tags:?}");
    }

    #[test]
    fn lists_of_tags_are_read_by_their_grammar() {
        let read = |list: &str| -> Option<Vec<String>> {
            let weak = |tag: &EntityTag<'_>| if tag.is_weak { "W/" } else { "" };
            let tags = entity_tags(list)?;
            Some(tags.iter().map(|tag| format!("{}{}", weak(tag), tag.opaque)).collect())
        };
        let known = |tags: &[&str]| Some(tags.iter().map(|tag| (*tag).to_owned()).collect());
        assert_eq!(read("\"a\""), known(&["a"]));
        assert_eq!(read(" W/\"a\",\"\" ,\t\"b,c\", "), known(&["W/a", "", "b,c"]));
        for bad in ["", " , ", "a", "\"a", "\"a\" \"b\"", "w/\"a\"", "W/ \"a\"", "\"a b\"", "*"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    #[test]
    fn tags_are_compared_weakly() {
        assert!(
            matches_if_none_match("\"a\", W/\"b\"", "\"b\"") && matches_if_none_match("*", "\"b\"")
        );
        assert!(!matches_if_none_match("\"a\"", "\"b\"") && !matches_if_none_match("", "\"b\""));
        assert!(matches_if_none_match("\"a,b\" , ,W/\"c\"", "W/\"c\""));
        assert!(!matches_if_none_match("\"a,b\"", "\"b\""), "a comma may be part of a tag");
        assert!(!matches_if_none_match("\"b", "\"b\"") && !matches_if_none_match("b", "\"b\""));
    }
}
