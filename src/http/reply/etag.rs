//! Entity tags (RFC 9110, section 8.8.3): what an answer depends on, as one short text.

use std::fmt::Write as _;

use crate::i18n::Language;

/// What an answer depends on beside the revision of the data, the language and the program. Each
/// that is set makes another tag.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Variant {
    /// Rounds of the background watch: its alerts and hotspots are in the answer.
    pub watch_rounds: Option<u64>,
    /// The answer is a page for people, not JSON.
    pub html: bool,
    /// The answer holds within this minute of Unix time.
    pub minute: Option<i64>,
    /// The answer holds within this second of Unix time.
    pub second: Option<i64>,
}

/// The weak tag of an answer at `revision`. `epoch` names the store, so that revisions of two
/// stores are never taken for each other.
pub fn weak_tag(epoch: &str, revision: u64, variant: Variant, language: Language) -> String {
    let mut tag = format!("W/\"{epoch}-{revision}");
    let Variant { watch_rounds, html, minute, second } = variant;
    let mut number = |name: char, value: Option<i64>| {
        if let Some(value) = value {
            let _ = write!(tag, "-{name}{value}");
        }
    };
    number('w', watch_rounds.map(u64::cast_signed));
    number('m', minute);
    number('s', second);
    if html {
        tag.push_str("-html");
    }
    let _ = write!(tag, "-{}-{}\"", language.code(), env!("CARGO_PKG_VERSION"));
    tag
}

/// The strong tag of one report at its own revision; it is what `If-Match` takes.
pub fn report_tag(epoch: &str, revision: u64, language: Language) -> String {
    format!("\"{epoch}-{revision}-{}\"", language.code())
}

/// Does an `If-None-Match` field list this tag? Compared weakly.
pub fn lists(if_none_match: &str, tag: &str) -> bool {
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
            Variant { watch_rounds: Some(0), ..plain },
            Variant { watch_rounds: Some(1), ..plain },
            Variant { html: true, ..plain },
            Variant { minute: Some(1), ..plain },
            Variant { second: Some(1), ..plain },
            Variant { watch_rounds: Some(1), html: true, ..plain },
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
        assert!(lists("\"a\", W/\"b\"", "\"b\"") && lists("*", "\"b\""));
        assert!(!lists("\"a\"", "\"b\"") && !lists("", "\"b\""));
    }
}
