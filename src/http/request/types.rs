//! General types of parameters: texts, numbers, flags.

use std::fmt::Display;
use std::str::FromStr;

use serde::Serialize;
use serde_json::{Value, json};

use crate::http::request::parameter::ParameterType;
use crate::http::request::reader::{ParameterReader, Read};
use crate::i18n::format::grouped;
use crate::i18n::{Language, Message};
use crate::message;

/// 2^53: up to it, every JSON parser reads whole numbers exactly.
const JSON_INTEGER_MAX: u64 = 1 << 53;

/// Any text.
#[derive(Debug, Clone, Copy)]
pub struct Text;

impl ParameterType for Text {
    type Value = String;

    fn read(&self, _: &str, text: String, _: &mut ParameterReader<'_>) -> Read<String> {
        Ok(text)
    }

    fn schema(&self) -> Value {
        json!({ "type": "string" })
    }
}

/// One segment of a path: any text without a slash.
#[derive(Debug, Clone, Copy)]
pub struct PathSegment;

impl ParameterType for PathSegment {
    type Value = String;

    fn read(&self, _: &str, text: String, _: &mut ParameterReader<'_>) -> Read<String> {
        Ok(text)
    }

    fn schema(&self) -> Value {
        json!({ "type": "string", "pattern": "^[^/]+$" })
    }
}

/// A text of this form. What has another form is unknown, or refused by name.
#[derive(Debug, Clone, Copy)]
pub struct Patterned(pub &'static str);

impl ParameterType for Patterned {
    type Value = String;

    fn read(&self, _: &str, text: String, _: &mut ParameterReader<'_>) -> Read<String> {
        Ok(text)
    }

    fn schema(&self) -> Value {
        json!({ "type": "string", "pattern": self.0 })
    }
}

/// A number in a path (zoom, column, row of a tile), at most this one. Its value is the text,
/// because its range depends on the other numbers.
#[derive(Debug, Clone, Copy)]
pub struct PathNumber(pub u32);

impl ParameterType for PathNumber {
    type Value = String;

    fn read(&self, _: &str, text: String, _: &mut ParameterReader<'_>) -> Read<String> {
        Ok(text)
    }

    fn schema(&self) -> Value {
        json!({ "type": "integer", "minimum": 0, "maximum": self.0 })
    }

    fn example(&self, text: &str) -> Value {
        text.parse::<u32>().map_or_else(|_| json!(text), |number| json!(number))
    }
}

/// A Rust number type that a parameter can have.
pub trait NumberValue: Copy + PartialOrd + FromStr + Display + Serialize {
    /// Its JSON Schema type, `integer` or `number`.
    const JSON_TYPE: &'static str;
}

macro_rules! number_values {
    ($($kind:ty: $name:literal),+) => {
        $(impl NumberValue for $kind { const JSON_TYPE: &'static str = $name; })+
    };
}

number_values!(u8: "integer", u32: "integer", u64: "integer", i64: "integer", usize: "integer",
    f64: "number");

/// A number in an inclusive range.
#[derive(Debug, Clone, Copy)]
pub struct Number<T> {
    min: T,
    max: T,
}

/// A number from `min` to `max`, both included.
pub const fn number<T: NumberValue>(min: T, max: T) -> Number<T> {
    Number { min, max }
}

impl<T: NumberValue> ParameterType for Number<T> {
    type Value = T;

    fn read(&self, name: &str, text: String, reader: &mut ParameterReader<'_>) -> Read<T> {
        let Self { min, max } = self;
        match text.parse::<T>() {
            Ok(value) if *min <= value && value <= *max => Ok(value),
            _ => {
                let message = out_of_range(T::JSON_TYPE, &min.to_string(), &max.to_string());
                Err(reader.refuse(name, text, message))
            }
        }
    }

    fn schema(&self) -> Value {
        let mut max = json!(self.max);
        if max.as_u64().is_some_and(|max| max > JSON_INTEGER_MAX) {
            max = json!(JSON_INTEGER_MAX);
        }
        json!({ "type": T::JSON_TYPE, "minimum": self.min, "maximum": max })
    }

    fn example(&self, text: &str) -> Value {
        serde_json::from_str(text).unwrap_or_else(|_| json!(text))
    }

    fn default_value(&self, value: &T) -> Value {
        json!(value)
    }
}

/// Why a number is refused that is not of the JSON Schema type `kind`, or not from `min` to `max`.
fn out_of_range(kind: &str, min: &str, max: &str) -> Message {
    let limits = |language| (grouped(min, language), grouped(max, language));
    let ((fr_min, fr_max), (en_min, en_max)) =
        (limits(Language::French), limits(Language::English));
    if kind == "integer" {
        return message!(
            "doit être un entier entre {fr_min} et {fr_max}",
            "must be an integer between {en_min} and {en_max}"
        );
    }
    message!(
        "doit être un nombre entre {fr_min} et {fr_max}",
        "must be a number between {en_min} and {en_max}"
    )
}

/// `true` or `false`.
#[derive(Debug, Clone, Copy)]
pub struct Flag;

impl ParameterType for Flag {
    type Value = bool;

    fn read(&self, name: &str, text: String, reader: &mut ParameterReader<'_>) -> Read<bool> {
        text.parse().map_err(|_| {
            let message = message!("doit être true ou false", "must be true or false");
            reader.refuse(name, text, message)
        })
    }

    fn schema(&self) -> Value {
        json!({ "type": "boolean" })
    }

    fn example(&self, text: &str) -> Value {
        json!(text == "true")
    }

    fn default_value(&self, value: &bool) -> Value {
        json!(value)
    }
}

/// A type that only one parameter has, as three functions.
#[derive(Debug)]
pub struct Custom<T> {
    /// Parses a text, or returns why it is invalid.
    pub read: fn(&str, &ParameterReader<'_>) -> Result<T, Message>,
    /// The schema.
    pub schema: fn() -> Value,
    /// Converts an example from text to JSON.
    pub example: fn(&str) -> Value,
}

impl<T> Clone for Custom<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Custom<T> {}

impl<T> ParameterType for Custom<T> {
    type Value = T;

    fn read(&self, name: &str, text: String, reader: &mut ParameterReader<'_>) -> Read<T> {
        let read = (self.read)(&text, reader);
        read.map_err(|message| reader.refuse(name, text, message))
    }

    fn schema(&self) -> Value {
        (self.schema)()
    }

    fn example(&self, text: &str) -> Value {
        (self.example)(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_written_with_its_thousands_and_its_kind() {
        let message = |kind, min: &str, max: &str| out_of_range(kind, min, max);
        assert_eq!(message("integer", "1", "200").en, "must be an integer between 1 and 200");
        assert_eq!(message("integer", "1", "200").fr, "doit être un entier entre 1 et 200");
        let around = message("number", "0.5", "40075017");
        assert_eq!(around.en, "must be a number between 0.5 and 40,075,017");
        assert_eq!(around.fr, "doit être un nombre entre 0.5 et 40\u{a0}075\u{a0}017");
        let below = message("integer", "-1000", "999");
        assert_eq!(below.en, "must be an integer between -1,000 and 999");
    }
}
