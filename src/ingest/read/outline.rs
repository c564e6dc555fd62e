//! The outline of a JSON document: which arrays of records it holds and where, without its values.

use std::fmt;
use std::io::{BufReader, Read};

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use crate::ingest::read::page_members::PageMembers;

/// Members deeper than this are not searched for arrays.
const DEPTH_MAX: usize = 5;

/// An array of the document.
#[derive(Debug, Clone, Default)]
pub struct Array {
    /// Names of the members that lead to it.
    pub path: Vec<String>,
    /// How many of its elements are objects.
    pub objects: u64,
    /// How many are arrays.
    pub arrays: u64,
    /// How many are neither.
    pub scalars: u64,
}

/// What a document holds.
#[derive(Debug, Default)]
pub struct Outline {
    /// Its arrays, in order; those within elements of an array are left out.
    pub arrays: Vec<Array>,
    /// The document is one object or array; other values follow where it is false.
    pub is_single: bool,
    /// The coordinate reference system as GeoJSON of 2008 or ArcGIS writes it.
    pub crs: Option<Value>,
    /// `meta.view.columns` of Socrata, whose rows are arrays.
    pub columns: Option<Value>,
    /// What it says about being one page of a longer answer.
    pub page: PageMembers,
    /// The member `type` of the whole document.
    pub kind: Option<String>,
    /// Only the start was read: arrays may have more elements than were counted.
    pub is_start: bool,
}

impl Outline {
    /// Reads the whole document once.
    ///
    /// # Errors
    /// It is not JSON.
    pub fn read(input: impl Read) -> serde_json::Result<Self> {
        let mut json = serde_json::Deserializer::from_reader(input);
        let mut outline = Self::default();
        OutlineNode { path: &mut Vec::new(), outline: &mut outline }.deserialize(&mut json)?;
        outline.is_single = json.end().is_ok();
        Ok(outline)
    }
}

impl Outline {
    /// Reads the first bytes of a document, at most so many. What follows them is not known:
    /// a document that they cut is taken to be a single one.
    ///
    /// # Errors
    /// What was read is not JSON.
    pub fn read_start(input: impl Read, bytes: u64) -> serde_json::Result<Self> {
        let mut input = BufReader::new(input.take(bytes));
        let mut json = serde_json::Deserializer::from_reader(&mut input);
        let mut outline = Self::default();
        let read =
            OutlineNode { path: &mut Vec::new(), outline: &mut outline }.deserialize(&mut json);
        outline.is_single = match read {
            Ok(()) => json.end().is_ok(),
            Err(error) if error.is_eof() && input.get_ref().limit() == 0 => {
                outline.is_start = true;
                true
            }
            Err(error) => return Err(error),
        };
        Ok(outline)
    }
}

struct OutlineNode<'a> {
    path: &'a mut Vec<String>,
    outline: &'a mut Outline,
}

impl OutlineNode<'_> {
    fn member<'de, A: MapAccess<'de>>(&mut self, key: String, map: &mut A) -> Result<(), A::Error> {
        self.path.push(key);
        let path: Vec<&str> = self.path.iter().map(String::as_str).collect();
        match path.as_slice() {
            ["type"] => {
                let kind = map.next_value::<Value>()?;
                self.outline.kind = kind.as_str().map(str::to_owned);
            }
            ["crs" | "spatialReference"] => self.outline.crs = Some(map.next_value()?),
            ["meta", "view", "columns"] => self.outline.columns = Some(map.next_value()?),
            path if PageMembers::are_at(path) => {
                let value = map.next_value::<Value>()?;
                self.outline.page.take(path, &value);
            }
            path if path.len() > DEPTH_MAX => {
                map.next_value::<IgnoredAny>()?;
            }
            _ => map.next_value_seed(OutlineNode { path: self.path, outline: self.outline })?,
        }
        self.path.pop();
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for OutlineNode<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for OutlineNode<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            self.member(key, &mut map)?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let mut array = Array { path: self.path.clone(), ..Array::default() };
        // An array that the end of a sample cuts is an array all the same.
        let read = loop {
            match seq.next_element_seed(KindOf) {
                Ok(Some(JsonKind::Object)) => array.objects += 1,
                Ok(Some(JsonKind::Array)) => array.arrays += 1,
                Ok(Some(JsonKind::Scalar)) => array.scalars += 1,
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        self.outline.arrays.push(array);
        read
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

enum JsonKind {
    Object,
    Array,
    Scalar,
}

/// Skips a value and returns its kind.
struct KindOf;

impl<'de> DeserializeSeed<'de> for KindOf {
    type Value = JsonKind;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<JsonKind, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for KindOf {
    type Value = JsonKind;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<JsonKind, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(JsonKind::Object)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<JsonKind, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(JsonKind::Array)
    }

    fn visit_bool<E>(self, _: bool) -> Result<JsonKind, E> {
        Ok(JsonKind::Scalar)
    }

    fn visit_i64<E>(self, _: i64) -> Result<JsonKind, E> {
        Ok(JsonKind::Scalar)
    }

    fn visit_u64<E>(self, _: u64) -> Result<JsonKind, E> {
        Ok(JsonKind::Scalar)
    }

    fn visit_f64<E>(self, _: f64) -> Result<JsonKind, E> {
        Ok(JsonKind::Scalar)
    }

    fn visit_str<E>(self, _: &str) -> Result<JsonKind, E> {
        Ok(JsonKind::Scalar)
    }

    fn visit_unit<E>(self) -> Result<JsonKind, E> {
        Ok(JsonKind::Scalar)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_document_shows_its_arrays() {
        let text = r#"{"meta":{"x":[1]},"result":{"records":[{"a":1},{"a":2},{"a":3}]}}"#;
        let found = |bytes| {
            let outline = Outline::read_start(text.as_bytes(), bytes).unwrap();
            let last = outline.arrays.last().cloned().unwrap_or_default();
            (last.path.join("."), last.objects, outline.is_single)
        };
        assert_eq!(found(1_000), ("result.records".into(), 3, true));
        assert_eq!(found(50), ("result.records".into(), 1, true));
        assert_eq!(found(5), (String::new(), 0, true));
        assert!(Outline::read_start(&b"{\"a\":,"[..], 100).is_err());
        assert!(Outline::read_start(&b"{\"a\":[1"[..], 100).is_err(), "cut by itself");
    }
}
