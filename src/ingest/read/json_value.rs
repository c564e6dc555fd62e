//! One JSON value, read more strictly and more leniently than the standard says: a name that comes
//! twice in an object is a refusal, and the `NaN` and `Infinity` that programs write for missing
//! numbers are null.

use std::cell::Cell;
use std::fmt;
use std::io::{self, Read};

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::error::Refusal;
use crate::i18n::Message;
use crate::message;

/// Reads the value of a record; `no_numbers` grows by the numbers that are none.
///
/// # Errors
/// The text is not JSON, or a name comes twice in an object with two values.
pub fn read(json: &[u8], no_numbers: &mut u64) -> Result<Value, Refusal> {
    let repeated = Cell::new(None);
    let found = strict(json, &repeated).or_else(|error| match without_no_numbers(json) {
        (_, 0) => Err(error),
        (text, count) => strict(&text, &repeated).inspect(|_| *no_numbers += count),
    });
    found.map_err(|error| {
        if let Some(name) = repeated.take() {
            let message = message!(
                "vient deux fois dans l’enregistrement, avec deux valeurs",
                "comes twice in the record, with two values"
            );
            return Refusal::new("row", name, message);
        }
        let (error, text) = (error.to_string(), String::from_utf8_lossy(json));
        let message = message!("n’est pas du JSON : {error}", "is not JSON: {error}");
        Refusal::new("row", text.trim(), message)
    })
}

/// What people should know of numbers that are none.
pub fn no_numbers_note(count: u64) -> Option<Message> {
    (count > 0).then(|| {
        message!(
            "{count} nombre(s) NaN ou Infinity lus comme absents",
            "{count} number(s) NaN or Infinity read as absent"
        )
    })
}

fn strict(json: &[u8], repeated: &Cell<Option<String>>) -> serde_json::Result<Value> {
    let mut reader = serde_json::Deserializer::from_slice(json);
    let value = Strict { repeated }.deserialize(&mut reader)?;
    reader.end()?;
    Ok(value)
}

/// Reads a value whose objects have each name once.
#[derive(Clone, Copy)]
struct Strict<'a> {
    /// The name that came twice.
    repeated: &'a Cell<Option<String>>,
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Value, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            let value = map.next_value_seed(self)?;
            if members.get(&name).is_some_and(|before| *before != value) {
                self.repeated.set(Some(name));
                return Err(A::Error::custom("a name that comes twice"));
            }
            members.insert(name, value);
        }
        Ok(Value::Object(members))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(value) = seq.next_element_seed(self)? {
            list.push(value);
        }
        Ok(Value::Array(list))
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Value, E> {
        Ok(Value::Bool(truth))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Number(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::Number(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Number::from_f64(number).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::String(text))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
}

/// The text with null in place of `NaN`, `Infinity` and `-Infinity`, and how many there were.
fn without_no_numbers(json: &[u8]) -> (Vec<u8>, u64) {
    const TOKENS: [&[u8]; 3] = [b"-Infinity", b"Infinity", b"NaN"];
    let (mut text, mut count, mut at) = (Vec::with_capacity(json.len()), 0, 0);
    let mut place = Place::default();
    while at < json.len() {
        let token = TOKENS.iter().find(|token| {
            !place.in_string && json.get(at..).unwrap_or_default().starts_with(token)
        });
        if let Some(token) = token {
            text.extend_from_slice(b"null");
            (count, at) = (count + 1, at + token.len());
            continue;
        }
        let Some(byte) = json.get(at) else { break };
        place.pass(*byte);
        text.push(*byte);
        at += 1;
    }
    (text, count)
}

/// Whether a byte of JSON lies within a string.
#[derive(Default)]
struct Place {
    in_string: bool,
    is_escaped: bool,
}

impl Place {
    fn pass(&mut self, byte: u8) {
        match byte {
            _ if self.is_escaped => self.is_escaped = false,
            b'\\' if self.in_string => self.is_escaped = true,
            b'"' => self.in_string = !self.in_string,
            _ => {}
        }
    }
}

/// Passes JSON on with 0 in place of `NaN` and `Infinity`, so that a reader of its structure alone
/// does not stop there.
pub struct StructureReader<R> {
    input: R,
    place: Place,
    in_token: bool,
}

impl<R: Read> StructureReader<R> {
    /// Reads from `input`.
    pub fn new(input: R) -> Self {
        Self { input, place: Place::default(), in_token: false }
    }
}

impl<R: Read> Read for StructureReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.input.read(buffer)?;
            let mut kept = 0;
            for at in 0..read {
                let Some(byte) = buffer.get(at).copied() else { break };
                if self.in_token && byte.is_ascii_alphabetic() {
                    continue;
                }
                // JSON itself has no capital letter outside of strings but in exponents.
                self.in_token = !self.place.in_string && matches!(byte, b'N' | b'I');
                self.place.pass(byte);
                if let Some(place) = buffer.get_mut(kept) {
                    *place = if self.in_token { b'0' } else { byte };
                }
                kept += 1;
            }
            if kept > 0 || read == 0 {
                return Ok(kept);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_are_none_are_null_and_counted() {
        let mut count = 0;
        let text = br#"{"a": NaN, "b": [-Infinity, 1.5, Infinity], "c": "NaN \" Infinity"}"#;
        let value = read(text, &mut count).unwrap();
        let wanted = serde_json::json!({
            "a": null, "b": [null, 1.5, null], "c": "NaN \" Infinity"
        });
        assert_eq!((value, count), (wanted, 3));
        for bad in ["{\"a\": nope}", "{\"a\": NaNs}", "{\"a\": NaN", "[1] 2"] {
            assert!(read(bad.as_bytes(), &mut count).is_err(), "{bad}");
        }
    }

    #[test]
    fn names_that_come_twice_are_refused_unless_they_say_the_same() {
        let mut count = 0;
        for (text, name) in [
            (r#"{"status": "open", "status": "closed"}"#, Some("status")),
            (r#"{"a": {"b": 1, "b": 2}}"#, Some("b")),
            (r#"{"a": [{"c": 1, "x": 2, "c": null}]}"#, Some("c")),
            (r#"{"status": "open", "status": "open"}"#, None),
        ] {
            let found = read(text.as_bytes(), &mut count);
            assert_eq!(found.err().map(|refusal| refusal.value).as_deref(), name, "{text}");
        }
    }

    #[test]
    fn the_structure_is_read_whatever_the_buffer() {
        let text = r#"{"a":[{"x":NaN,"y":-Infinity,"z":"NaN I \" N"},{"x":1E5}]}"#;
        for chunk in [1, 2, 3, 7, 4096] {
            let small = std::io::BufReader::with_capacity(chunk, text.as_bytes());
            let mut reader = StructureReader::new(small);
            let mut found = String::new();
            reader.read_to_string(&mut found).unwrap();
            let wanted = r#"{"a":[{"x":0,"y":-0,"z":"NaN I \" N"},{"x":1E5}]}"#;
            assert_eq!(found, wanted, "{chunk}");
        }
    }
}
