//! JSON bodies. A member that an object has twice is refused: readers differ in which of the two
//! they take (RFC 8259, section 4).

use std::cell::RefCell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::error::{Refusal, Result};
use crate::message;

/// Parses a JSON value.
///
/// # Errors
/// The bytes are not JSON, or an object has two members of one name.
pub fn parse(bytes: &[u8]) -> Result<Value> {
    let repeated = RefCell::new(None);
    let mut parser = serde_json::Deserializer::from_slice(bytes);
    let read = UniqueMembers(&repeated).deserialize(&mut parser);
    let read = read.and_then(|value| parser.end().map(|()| value));
    read.map_err(|error| {
        if let Some(name) = repeated.take() {
            let message = message!("est donné deux fois", "is given twice");
            return Refusal::new(name, "", message).into();
        }
        let (line, column) = (error.line(), error.column());
        let message = match std::str::from_utf8(bytes) {
            Ok(_) => message!(
                "n’est pas du JSON (ligne {line}, colonne {column})",
                "is not JSON (line {line}, column {column})"
            ),
            Err(error) => {
                let at = error.valid_up_to() + 1;
                message!("n’est pas de l’UTF-8 (octet {at})", "is not UTF-8 (byte {at})")
            }
        };
        let start = String::from_utf8_lossy(bytes.get(..bytes.len().min(200)).unwrap_or_default());
        Refusal::new("body", start, message).into()
    })
}

/// Reads a value whose objects have no member twice. The name of a repeated member is put into the
/// cell.
#[derive(Clone, Copy)]
struct UniqueMembers<'a>(&'a RefCell<Option<String>>);

impl<'de> DeserializeSeed<'de> for UniqueMembers<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> std::result::Result<Value, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for UniqueMembers<'_> {
    type Value = Value;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> std::result::Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> std::result::Result<Value, E> {
        Ok(Value::Bool(flag))
    }

    fn visit_i64<E>(self, number: i64) -> std::result::Result<Value, E> {
        Ok(number.into())
    }

    fn visit_u64<E>(self, number: u64) -> std::result::Result<Value, E> {
        Ok(number.into())
    }

    fn visit_f64<E>(self, number: f64) -> std::result::Result<Value, E> {
        Ok(Number::from_f64(number).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, text: &str) -> std::result::Result<Value, E> {
        Ok(text.into())
    }

    fn visit_string<E>(self, text: String) -> std::result::Result<Value, E> {
        Ok(text.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> std::result::Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> std::result::Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            if object.contains_key(&name) {
                self.0.replace(Some(name));
                return Err(A::Error::custom("a repeated member"));
            }
            let value = members.next_value_seed(self)?;
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_those_of_serde_json() {
        for text in [
            "null",
            " [true, false, 0, -1, 1.5, 1e300, 18446744073709551615, \"a\\u00e9\\n\", {}] ",
            r#"{"a": {"b": [{"a": 1}, {"a": 2}]}, "b": null, "": ""}"#,
        ] {
            let known: Value = serde_json::from_str(text).unwrap();
            assert_eq!(parse(text.as_bytes()).unwrap(), known, "{text}");
        }
    }

    #[test]
    fn what_is_not_json_is_refused() {
        for text in ["", "{", "[1,]", "{\"a\":1}x", "nul", "NaN", "1e999", "'a'", "\"\\ud800\""] {
            let error = parse(text.as_bytes()).unwrap_err();
            assert_eq!(error.refusals[0].field, "body", "{text}");
        }
        let error = parse(b"{\"a\": \"\xff\"}").unwrap_err();
        assert!(error.message.en.contains("is not UTF-8 (byte 8)"), "{error}");
        let deep = "[".repeat(100_000);
        assert!(parse(deep.as_bytes()).is_err(), "nesting is limited");
    }

    #[test]
    fn a_member_given_twice_is_refused_by_name() {
        for (text, name) in [
            (r#"{"a": 1, "a": 1}"#, "a"),
            (r#"{"a": 1, "b": 2, "a": null}"#, "a"),
            (r#"{"a": {"b": [0, {"c": 1, "c": 2}]}}"#, "c"),
            ("{\"\\u0061\": 1, \"a\": 2}", "a"),
            (r#"[{"": 1, "": 2}]"#, ""),
        ] {
            let error = parse(text.as_bytes()).unwrap_err();
            let refusal = &error.refusals[0];
            assert_eq!((refusal.field.as_str(), &*refusal.message.en), (name, "is given twice"));
        }
    }
}
