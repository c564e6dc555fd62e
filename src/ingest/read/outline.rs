//! The outline of a JSON document: which arrays of records it holds and where, without its values.

use std::fmt;
use std::io::{BufReader, Read};

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::ingest::read::page_members::PageMembers;
use crate::ingest::read::row::COLUMNS_MAX;

/// Members deeper than this are not searched for arrays.
const DEPTH_MAX: usize = 5;
/// Arrays that are kept of a document.
const ARRAYS_MAX: usize = 20_000;
/// Names of members that are kept of an object.
const NAMES_MAX: usize = 200;
/// Objects of objects deeper than this are not looked for.
const OBJECTS_DEPTH_MAX: usize = 2;
/// Members whose lists describe columns, and the members of their elements that name one.
const DESCRIBING: [&str; 4] = ["fields", "columns", "header", "schema"];
const NAMING: [&str; 4] = ["id", "name", "fieldName", "field"];
/// Longest name of a column, in bytes.
const NAME_BYTES_MAX: usize = 1_024;

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
    /// The elements, where all are texts and few.
    pub texts: Option<Vec<String>>,
    /// The elements of the first element, where it is an array of texts.
    pub header: Option<Vec<String>>,
    /// Names of the members of the first element, where it is an object.
    pub names: Vec<String>,
    /// The names that its elements give columns, where each is an object that describes one.
    pub described: Vec<String>,
}

/// An object of objects.
#[derive(Debug, Clone, Default)]
pub struct ObjectOfObjects {
    /// Names of the members that lead to it.
    pub path: Vec<String>,
    /// How many members it has.
    pub members: u64,
    /// How many of them have mostly the same members as the first.
    pub alike: u64,
    /// The first names of its members.
    pub keys: Vec<String>,
    /// The first names of the members of its first member.
    pub inner: Vec<String>,
}

/// What a document holds.
#[derive(Debug, Default)]
pub struct Outline {
    /// Its arrays, in order; those within elements of an array are left out.
    pub arrays: Vec<Array>,
    /// Its objects whose members are objects, at most two levels deep.
    pub objects: Vec<ObjectOfObjects>,
    /// Where its objects are whose members are lists alone, of so many.
    pub lists: Vec<(Vec<String>, usize)>,
    /// Names of the members of the object that was read last.
    names: Vec<String>,
    /// The number or truth value that was read last.
    scalar: Option<Value>,
    /// The document is one object or array; other values follow where it is false.
    pub is_single: bool,
    /// The coordinate reference system as GeoJSON of 2008 or ArcGIS writes it.
    pub crs: Option<Value>,
    /// `meta.view.columns` of Socrata, whose rows are arrays.
    pub columns: Option<Value>,
    /// What it says about being one page of a longer answer.
    pub page: PageMembers,
    /// How the records are written, as CKAN says it: `objects`, `lists`, `csv`, `tsv`.
    pub records_format: Option<String>,
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
            Ok(_) => json.end().is_ok(),
            Err(error) if error.is_eof() && input.get_ref().limit() == 0 => {
                outline.is_start = true;
                true
            }
            Err(error) => return Err(error),
        };
        Ok(outline)
    }
}

impl Outline {
    /// Takes a member that may be a column of the name `type`.
    fn column(&mut self, path: &[String], value: &Value) -> JsonKind {
        match value {
            Value::Object(members) => {
                self.names = members.keys().take(NAMES_MAX).cloned().collect();
                JsonKind::Object
            }
            Value::Array(list) => {
                let scalars = list.len() as u64;
                self.arrays.push(Array { path: path.to_vec(), scalars, ..Array::default() });
                JsonKind::Array
            }
            _ => JsonKind::Scalar,
        }
    }
}

struct OutlineNode<'a> {
    path: &'a mut Vec<String>,
    outline: &'a mut Outline,
}

impl OutlineNode<'_> {
    fn member<'de, A: MapAccess<'de>>(
        &mut self,
        key: String,
        map: &mut A,
    ) -> Result<JsonKind, A::Error> {
        self.path.push(key);
        let mut kind = JsonKind::Scalar;
        let path: Vec<&str> = self.path.iter().map(String::as_str).collect();
        match path.as_slice() {
            ["type"] => {
                let value = map.next_value::<Value>()?;
                self.outline.kind = value.as_str().map(str::to_owned);
                kind = self.outline.column(self.path, &value);
            }
            ["records_format"] | ["result", "records_format"] => {
                let format = map.next_value::<Value>()?;
                self.outline.records_format = format.as_str().map(str::to_owned);
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
            _ => {
                let is_page = PageMembers::have_scalar_at(&path);
                self.outline.scalar = None;
                let node = OutlineNode { path: self.path, outline: self.outline };
                kind = map.next_value_seed(node)?;
                if let (JsonKind::Scalar, true, Some(value)) =
                    (&kind, is_page, self.outline.scalar.take())
                {
                    let name = self.path.last().map_or("", String::as_str);
                    self.outline.page.take_scalar(name, &value);
                }
            }
        }
        self.path.pop();
        Ok(kind)
    }
}

impl ObjectOfObjects {
    /// Looks at a member that is an object with these names.
    fn add(&mut self, names: &[String]) {
        if self.members == 1 {
            self.inner = names.to_vec();
        }
        let common = names.iter().filter(|name| self.inner.contains(name)).count();
        self.alike += u64::from(common > 0 && common * 2 >= self.inner.len().max(names.len()));
    }
}

impl<'de> DeserializeSeed<'de> for OutlineNode<'_> {
    type Value = JsonKind;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<JsonKind, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for OutlineNode<'_> {
    type Value = JsonKind;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<JsonKind, A::Error> {
        let mut all = ObjectOfObjects { path: self.path.clone(), ..ObjectOfObjects::default() };
        let (mut are_objects, mut are_lists, mut lists) = (true, true, 0);
        // An object that the end of a sample cuts is one all the same.
        let read = loop {
            let key = match map.next_key::<String>() {
                Ok(Some(key)) => key,
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            };
            if all.keys.len() < NAMES_MAX {
                all.keys.push(key.clone());
            }
            match self.member(key, &mut map) {
                Ok(JsonKind::Object) => {
                    all.members += 1;
                    all.add(&self.outline.names);
                    are_lists = false;
                }
                Ok(JsonKind::Array) => (are_objects, lists) = (false, lists + 1),
                Ok(JsonKind::Scalar) => (are_objects, are_lists) = (false, false),
                Err(error) => break Err(error),
            }
        };
        if are_lists && lists > 1 && all.path.len() <= OBJECTS_DEPTH_MAX {
            self.outline.lists.push((all.path.clone(), lists));
        }
        self.outline.names.clone_from(&all.keys);
        if are_objects && all.members > 1 && all.path.len() <= OBJECTS_DEPTH_MAX {
            self.outline.objects.push(all);
        }
        read.map(|()| JsonKind::Object)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<JsonKind, A::Error> {
        let mut array = Array { path: self.path.clone(), ..Array::default() };
        array.texts = Some(Vec::new());
        let describes = self.path.last().is_some_and(|name| DESCRIBING.contains(&name.as_str()));
        let mut texts = ElementTexts { describes, ..ElementTexts::default() };
        // An array that the end of a sample cuts is an array all the same.
        let read = loop {
            let is_first = array.objects + array.arrays + array.scalars == 0;
            match seq.next_element_seed(KindOf { texts: &mut texts, is_first }) {
                Ok(Some(JsonKind::Object)) => array.objects += 1,
                Ok(Some(JsonKind::Array)) => array.arrays += 1,
                Ok(Some(JsonKind::Scalar)) => array.scalars += 1,
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            }
            let text = texts.text.take();
            let few = array.texts.take().filter(|texts| texts.len() < COLUMNS_MAX);
            array.texts = few.zip(text).map(|(mut texts, text)| {
                texts.push(text);
                texts
            });
        };
        (array.header, array.names) = (texts.header, texts.names);
        let is_whole = texts.described.len() as u64 == array.objects;
        array.described = if is_whole { texts.described } else { Vec::new() };
        if self.outline.arrays.len() < ARRAYS_MAX {
            self.outline.arrays.push(array);
        }
        read.map(|()| JsonKind::Array)
    }

    fn visit_bool<E>(self, truth: bool) -> Result<JsonKind, E> {
        self.outline.scalar = Some(truth.into());
        Ok(JsonKind::Scalar)
    }

    fn visit_i64<E>(self, _: i64) -> Result<JsonKind, E> {
        Ok(JsonKind::Scalar)
    }

    fn visit_u64<E>(self, number: u64) -> Result<JsonKind, E> {
        self.outline.scalar = Some(number.into());
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

enum JsonKind {
    Object,
    Array,
    Scalar,
}

/// ElementTexts of the elements of an array.
#[derive(Default)]
struct ElementTexts {
    /// The element itself, where it is a text.
    text: Option<String>,
    /// The elements of the first element, where all are texts.
    header: Option<Vec<String>>,
    /// Names of the members of the first element.
    names: Vec<String>,
    /// The elements may describe columns, each by an object.
    describes: bool,
    /// The names that they give them.
    described: Vec<String>,
}

impl ElementTexts {
    /// Takes the description of a column.
    fn describe(&mut self, members: &Map<String, Value>) {
        let name = NAMING.iter().find_map(|name| members.get(*name)?.as_str());
        if let Some(name) = name.filter(|name| name.len() <= NAME_BYTES_MAX) {
            self.described.push(name.to_owned());
        }
        if self.names.is_empty() {
            self.names = members.keys().take(NAMES_MAX).cloned().collect();
        }
    }
}

/// Skips a value and returns its kind.
struct KindOf<'a> {
    texts: &'a mut ElementTexts,
    is_first: bool,
}

impl<'de> DeserializeSeed<'de> for KindOf<'_> {
    type Value = JsonKind;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<JsonKind, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for KindOf<'_> {
    type Value = JsonKind;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<JsonKind, A::Error> {
        if self.texts.describes && self.texts.described.len() < COLUMNS_MAX {
            let mut members = Map::new();
            while let Some((name, value)) = map.next_entry::<String, Value>()? {
                members.insert(name, value);
            }
            self.texts.describe(&members);
            return Ok(JsonKind::Object);
        }
        while self.is_first
            && self.texts.names.len() < NAMES_MAX
            && let Some((name, _)) = map.next_entry::<String, IgnoredAny>()?
        {
            self.texts.names.push(name);
        }
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(JsonKind::Object)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<JsonKind, A::Error> {
        let mut names = Vec::new();
        let mut is_header = self.is_first;
        while is_header {
            let mut name = ElementTexts::default();
            let element = KindOf { texts: &mut name, is_first: false };
            if seq.next_element_seed(element)?.is_none() {
                self.texts.header = Some(names);
                return Ok(JsonKind::Array);
            }
            is_header = name.text.is_some() && names.len() < COLUMNS_MAX;
            names.extend(name.text);
        }
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

    fn visit_str<E>(self, text: &str) -> Result<JsonKind, E> {
        self.texts.text = (text.len() <= NAME_BYTES_MAX).then(|| text.to_owned());
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
