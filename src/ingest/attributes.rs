//! Answers to a service's questions and addresses of photos, from JSON or from their text form.

use serde_json::{Map, Value};

use crate::domain;
use crate::domain::AttributeValue;

/// Reads answers from a JSON object, as [`attributes`](crate::export::attributes::attributes)
/// writes it, or from lines `code=value`.
pub fn read_attributes(text: &str) -> Vec<AttributeValue> {
    match serde_json::from_str(text) {
        Ok(Value::Object(object)) => answers(object),
        _ => domain::read_answers(text),
    }
}

/// Answers of an object; numbers and truth values are taken as they are written.
pub fn answers(object: Map<String, Value>) -> Vec<AttributeValue> {
    let text = |value: Value| match value {
        Value::Null => None,
        Value::String(text) => Some(text),
        other => Some(other.to_string()),
    };
    let answer = |(code, value)| {
        let values: Vec<String> = match value {
            Value::Array(list) => list.into_iter().filter_map(text).collect(),
            one => text(one).into_iter().collect(),
        };
        (!values.is_empty()).then_some(AttributeValue { code, values })
    };
    object.into_iter().filter_map(answer).collect()
}

/// Reads addresses of photos from a list of JSON, or one on a line.
pub fn read_media(text: &str) -> Vec<String> {
    match serde_json::from_str::<Vec<String>>(text) {
        Ok(list) => list,
        Err(_) => domain::read_media(text),
    }
}
