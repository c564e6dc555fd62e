//! Answers to a service's questions as JSON.

use serde_json::{Map, Value};

use crate::domain::AttributeValue;

/// Answers as an object: a text for each code, a list of texts where there are several.
pub fn attributes(answers: &[AttributeValue]) -> Map<String, Value> {
    let value = |answer: &AttributeValue| match answer.values.as_slice() {
        [one] => Value::from(one.as_str()),
        many => Value::from(many.to_vec()),
    };
    answers.iter().map(|answer| (answer.code.clone(), value(answer))).collect()
}
