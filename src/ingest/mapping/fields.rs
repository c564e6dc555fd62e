//! Fields of reports of which a source says nothing, and texts with entities of HTML.

use std::borrow::Cow;

use crate::domain::fields::ALL;
use crate::ingest::entities::without_entities;
use crate::ingest::mapping::note::RowNote;
use crate::ingest::mapping::row_draft::Mapping;
use crate::ingest::place::reader::PLACE_FIELDS;

/// Columns from which a field is concluded where it has none of its own.
const CONCLUDED: [(&str, &[&str]); 7] = [
    ("service", &["service", "category"]),
    ("status", &["status", "closed"]),
    ("reason", &["reason", "closure", "duplicate"]),
    ("source_status", &["source_status", "status"]),
    ("lon", &PLACE_FIELDS),
    ("lat", &PLACE_FIELDS),
    ("accuracy", &PLACE_FIELDS),
];

impl Mapping {
    /// The text of a cell without entities of HTML; a row that has some is counted.
    pub fn plain(&self, text: &str) -> String {
        let text = match without_entities(text) {
            Cow::Borrowed(text) => return text.to_owned(),
            Cow::Owned(text) => text,
        };
        let mut notes = self.row_notes.borrow_mut();
        if !notes.contains(&RowNote::Entities) {
            notes.push(RowNote::Entities);
        }
        text
    }

    /// The fields, by their names in mappings, of which the source has neither a column nor a
    /// default: a report that is stored already keeps them.
    pub fn unsaid(&self) -> Vec<&'static str> {
        let has = |name: &str| self.columns.has(name);
        let defaults = &self.profile.defaults;
        let is_said = |name: &str| {
            let concluded = CONCLUDED.iter().find(|(field, _)| *field == name);
            let by_columns = concluded.is_some_and(|(_, names)| names.iter().any(|one| has(one)));
            let by_default = match name {
                "service" => defaults.category.is_some(),
                "status" => defaults.status.is_some(),
                "channel" => defaults.channel.is_some(),
                _ => false,
            };
            has(name) || by_columns || by_default
        };
        // Rows without an id have none to keep.
        let fields = ALL.iter().filter_map(|field| field.import).filter(|name| *name != "id");
        fields.filter(|name| !is_said(name)).collect()
    }
}
