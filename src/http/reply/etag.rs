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
    /// The response is HTML, not JSON.
    pub html: bool,
    /// For responses that change every minute: the minute of Unix time.
    pub minute: Option<i64>,
    /// For responses that change every second: the second of Unix time.
    pub second: Option<i64>,
}

/// The weak ETag of a response at `revision`. `epoch` identifies the store, so that equal revisions
/// of two stores have different ETags.
pub fn weak_tag(epoch: &str, revision: u64, variant: Variant, language: Language) -> String {
    let mut tag = format!("W/\"{epoch}-{revision}");
    let Variant { city, examinations, html, minute, second } = variant;
    let mut number = |name: char, value: Option<i64>| {
        if let Some(value) = value {
            let _ = write!(tag, "-{name}{value}");
        }
    };
    number('c', city);
    number('w', examinations.map(u64::cast_signed));
    number('m', minute);
    number('s', second);
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

/// Does an `If-None-Match` field list this ETag? Compared weakly (RFC 9110, section 8.8.3.2).
pub fn matches_if_none_match(if_none_match: &str, tag: &str) -> bool {
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    if_none_match.trim() == "*"
        || if_none_match.split(',').any(|known| opaque(known) == opaque(tag))
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
    fn tags_are_compared_weakly() {
        assert!(
            matches_if_none_match("\"a\", W/\"b\"", "\"b\"") && matches_if_none_match("*", "\"b\"")
        );
        assert!(!matches_if_none_match("\"a\"", "\"b\"") && !matches_if_none_match("", "\"b\""));
    }
}
