//! A word of a closed list, as it is written in an answer.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

use crate::domain::Vocabulary;

/// A value of a vocabulary, serialised as its word; the schema lists all words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word<V>(pub V);

impl<V: Vocabulary> Word<V> {
    /// The word.
    pub fn as_str(self) -> &'static str {
        self.0.word()
    }
}

impl<V: Vocabulary> Serialize for Word<V> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.0.word())
    }
}

impl<V: Vocabulary> JsonSchema for Word<V> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Word".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let words: Vec<&str> = V::VALUES.iter().map(|value| value.word()).collect();
        json_schema!({ "type": "string", "enum": words })
    }
}
