//! The labels by which the page names fields, in both languages.

use std::collections::BTreeSet;

use pointchaud::domain::fields::STORED;
use pointchaud::ingest::Inspection;
use serde_json::{Map, Value};

const LOCALES: [(&str, &str); 2] = [
    ("fr", include_str!("../../static/locales/fr.json")),
    ("en", include_str!("../../static/locales/en.json")),
];

/// The names that have a label under `prefix`.
fn labelled<'a>(messages: &'a Map<String, Value>, prefix: &str) -> BTreeSet<&'a str> {
    messages.keys().filter_map(|key| key.strip_prefix(prefix)).collect()
}

#[test]
fn every_field_that_a_column_may_be_read_as_has_a_label() {
    let fields: BTreeSet<&str> = Inspection::fields().iter().copied().collect();
    for (language, text) in LOCALES {
        let messages: Map<String, Value> = serde_json::from_str(text).unwrap();
        assert_eq!(labelled(&messages, "import.field."), fields, "{language}");
    }
}

#[test]
fn every_field_of_a_history_has_a_label() {
    let stored: BTreeSet<&str> = STORED.iter().map(|field| field.name).collect();
    for (language, text) in LOCALES {
        let messages: Map<String, Value> = serde_json::from_str(text).unwrap();
        assert_eq!(labelled(&messages, "field."), stored, "{language}");
    }
}
