//! A member of a JSON body, declared once as a constant that both reads it and describes it in the
//! OpenAPI document. As with parameters, a response lists every invalid member by its name.

#![expect(
    clippy::indexing_slicing,
    reason = "members of JSON objects, which answer null where they have none"
)]

use jiff::tz::TimeZone;
use schemars::{Schema, json_schema};
use serde_json::{Map, Value, json};

use crate::domain::fields::Kind;
use crate::domain::{Vocabulary, fields};
use crate::error::{Error, Refusal, Result};
use crate::http::openapi::document::FRENCH;
use crate::http::request::json::parse;
use crate::http::request::parameter::{Defaulted, Optional, Presence, Required};
use crate::http::request::reader::{Read, Refused};
use crate::http::request::words::{not_one_of, spellings, value_of, vocabulary};
use crate::i18n::Message;
use crate::message;
use crate::place::{LAT_MAX, LON_MAX};

/// Members of a body, at most. No operation has more than thirty; each unknown one is a refusal.
const MEMBERS_MAX: usize = 500;

/// Reads the members of one JSON object.
pub struct MemberReader {
    object: Map<String, Value>,
    zone: TimeZone,
    refused: Vec<Refusal>,
}

impl MemberReader {
    /// A reader of a body. `zone` is the city's time zone, for times without an offset.
    ///
    /// # Errors
    /// The bytes are not a JSON object, a member comes twice, or there are more than
    /// 500.
    pub fn new(bytes: &[u8], zone: &TimeZone) -> Result<Self> {
        match parse(bytes)? {
            Value::Object(object) if object.len() > MEMBERS_MAX => {
                let (count, max) = (object.len(), MEMBERS_MAX);
                let message = message!(
                    "a {count} champs ; {max} au plus",
                    "has {count} members; {max} at most"
                );
                Err(Refusal::new("body", "", message).into())
            }
            Value::Object(object) => Ok(Self { object, zone: zone.clone(), refused: Vec::new() }),
            other => {
                let message = message!("n’est pas un objet JSON", "is not a JSON object");
                Err(Refusal::new("body", other, message).into())
            }
        }
    }

    /// The city's time zone.
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// Is the object empty?
    pub fn is_empty(&self) -> bool {
        self.object.is_empty()
    }

    /// Does the object have this member, even as null?
    pub fn has(&self, name: &str) -> bool {
        self.object.contains_key(name)
    }

    /// For changes, in which null clears a field: gives `cleared` members that are null an empty
    /// text, and refuses all other members that are null, because nothing can clear them.
    pub fn clear_nulls(&mut self, cleared: &[&str]) {
        let is_null = |(_, value): &(&String, &Value)| value.is_null();
        let names = self.object.iter().filter(is_null).map(|(name, _)| name.clone());
        for name in names.collect::<Vec<_>>() {
            if cleared.contains(&name.as_str()) {
                self.object.insert(name, json!(""));
                continue;
            }
            self.object.remove(&name);
            let list = cleared.join(", ");
            let message = message!(
                "est nul ; seuls {list} s’effacent ainsi",
                "is null; only {list} can be cleared that way"
            );
            self.refuse(&name, &Value::Null, message);
        }
    }

    /// Records the refusal of a value; null stands for one that is missing.
    pub fn refuse(&mut self, name: &str, value: &Value, message: Message) -> Refused {
        let text = match value {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        self.refused.push(Refusal::new(name, text, message));
        Refused::new()
    }

    /// Refuses the remaining, unknown members and returns the body.
    ///
    /// # Errors
    /// All refusals together.
    pub fn finish<B>(mut self, body: Read<B>) -> Result<B> {
        for (name, value) in std::mem::take(&mut self.object) {
            let message = message!("n’est pas un champ connu", "is not a known field");
            self.refuse(&name, &value, message);
        }
        match body {
            Ok(body) if self.refused.is_empty() => Ok(body),
            _ => Err(Error::refused(self.refused)),
        }
    }
}

/// The type of a member: its parser and its JSON Schema.
pub trait MemberType: Copy {
    /// The parsed value.
    type Value;

    /// Parses a value. If it is invalid, records a refusal for the member `name`.
    fn read(&self, name: &str, value: Value, reader: &mut MemberReader) -> Read<Self::Value>;

    /// The schema of the values.
    fn schema(&self) -> Value;

    /// The message for a required member that is absent.
    fn absent(&self) -> Message {
        missing()
    }
}

fn missing() -> Message {
    message!("manque", "is missing")
}

/// A member of a body: its name, type and presence.
#[derive(Debug, Clone, Copy)]
pub struct Member<K, P = Required> {
    name: &'static str,
    kind: K,
    presence: P,
    /// It is a field of a report: its description and greatest length are those of the table
    /// [`fields`](crate::domain::fields).
    is_report_field: bool,
}

/// A required member.
pub const fn member<K: Copy>(name: &'static str, kind: K) -> Member<K> {
    Member { name, kind, presence: Required, is_report_field: false }
}

/// A required member that is a field of a report and has its name.
pub const fn report_field<K: Copy>(name: &'static str, kind: K) -> Member<K> {
    Member { name, kind, presence: Required, is_report_field: true }
}

impl<K: Copy> Member<K> {
    const fn with<P: Copy>(self, presence: P) -> Member<K, P> {
        let Self { name, kind, is_report_field, .. } = self;
        Member { name, kind, presence, is_report_field }
    }

    /// Makes the member optional.
    pub const fn optional(self) -> Member<K, Optional> {
        self.with(Optional)
    }

    /// Makes the member optional with a default value.
    pub const fn default<T: Copy>(self, value: T) -> Member<K, Defaulted<T>> {
        self.with(Defaulted(value))
    }
}

/// One member, or several that are parsed together.
pub trait ExtractMember {
    /// The parsed value.
    type Value;

    /// Adds the schemas of the members, and the names of the required ones.
    fn declare(&self, properties: &mut Map<String, Value>, required: &mut Vec<&'static str>);

    /// Reads the members from a body.
    fn extract(&self, reader: &mut MemberReader) -> Read<Self::Value>;
}

impl<K: MemberType, P: Presence<K::Value>> ExtractMember for Member<K, P> {
    type Value = P::Value;

    fn declare(&self, properties: &mut Map<String, Value>, required: &mut Vec<&'static str>) {
        let mut schema = self.kind.schema();
        if let Some(field) = fields::get(self.name).filter(|_| self.is_report_field) {
            (schema["description"], schema[FRENCH]) = (json!(field.en), json!(field.fr));
            if let Kind::Text { chars_max, .. } = field.kind {
                schema["maxLength"] = json!(chars_max);
            }
        }
        properties.insert(self.name.to_owned(), schema);
        required.extend(P::REQUIRED.then_some(self.name));
    }

    fn extract(&self, reader: &mut MemberReader) -> Read<P::Value> {
        match reader.object.remove(self.name).filter(|value| !value.is_null()) {
            Some(value) => {
                let value = self.kind.read(self.name, value, reader)?;
                Ok(self.presence.present(value))
            }
            None => self
                .presence
                .absent()
                .ok_or_else(|| reader.refuse(self.name, &Value::Null, self.kind.absent())),
        }
    }
}

/// Adds the schemas of members whose value is a `T`. The type parameter makes the compiler check
/// that a field of `body!` has the type of its member.
pub fn declare_as<T, E: ExtractMember<Value = T>>(
    member: &E,
    properties: &mut Map<String, Value>,
    required: &mut Vec<&'static str>,
) {
    member.declare(properties, required);
}

/// A JSON body as a struct; the macro `body!` implements it.
pub trait Body: Sized {
    /// The schema of the object.
    fn schema() -> Schema;

    /// Reads all members.
    fn read_members(reader: &mut MemberReader) -> Read<Self>;

    /// Reads a body. `zone` is the city's time zone.
    ///
    /// # Errors
    /// Every member that is missing, unknown or of the wrong type.
    fn read(bytes: &[u8], zone: &TimeZone) -> Result<Self> {
        let mut reader = MemberReader::new(bytes, zone)?;
        let body = Self::read_members(&mut reader);
        reader.finish(body)
    }
}

/// The schema of an object with these members and no others.
pub fn object_schema(properties: Map<String, Value>, required: &[&str]) -> Schema {
    let mut schema = json_schema!({
        "type": "object",
        "additionalProperties": false,
        "properties": properties,
    });
    if !required.is_empty() {
        schema.insert("required".into(), json!(required));
    }
    schema
}

/// Declares a JSON body, each line as `field: Type = MEMBER`. All members are read, in this order,
/// even after one was refused. A final `min_members 1` sets `minProperties` in the schema.
macro_rules! body {
    ($(#[$meta:meta])* $visibility:vis struct $name:ident {
        $($(#[$doc:meta])* $field:ident: $kind:ty = $member:expr),+ $(,)?
    } $(min_members $min:literal)?) => {
        $(#[$meta])*
        $visibility struct $name {
            $(
                #[doc = concat!("The value of the member for `", stringify!($field), "`.")]
                $(#[$doc])*
                $visibility $field: $kind,
            )+
        }

        impl $crate::http::request::members::Body for $name {
            fn schema() -> schemars::Schema {
                use $crate::http::request::members::{declare_as, object_schema};
                let mut properties = serde_json::Map::new();
                let mut required = Vec::new();
                $(declare_as::<$kind, _>(&$member, &mut properties, &mut required);)+
                #[allow(unused_mut)]
                let mut schema = object_schema(properties, &required);
                $(schema.insert("minProperties".into(), $min.into());)?
                schema
            }

            fn read_members(
                reader: &mut $crate::http::request::members::MemberReader,
            ) -> $crate::http::request::reader::Read<Self> {
                struct Fields {
                    $($field: $crate::http::request::reader::Read<$kind>),+
                }
                let fields = Fields {
                    $($field: $crate::http::request::members::ExtractMember::extract(
                        &$member,
                        reader,
                    )),+
                };
                Ok(Self { $($field: fields.$field?),+ })
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                <Self as $crate::http::request::members::Body>::schema()
            }
        }
    };
}

pub(crate) use body;

/// A string. Its greatest length is checked by the domain.
#[derive(Debug, Clone, Copy)]
pub struct TextMember;

/// A string.
pub const TEXT: TextMember = TextMember;

impl MemberType for TextMember {
    type Value = String;

    fn read(&self, name: &str, value: Value, reader: &mut MemberReader) -> Read<String> {
        match value {
            Value::String(text) => Ok(text),
            other => Err(reader.refuse(name, &other, not_a_text())),
        }
    }

    fn schema(&self) -> Value {
        json!({ "type": "string" })
    }
}

fn not_a_text() -> Message {
    message!("n’est pas une chaîne de caractères", "is not a string")
}

/// A number. Its range is only part of the schema: the domain checks it.
#[derive(Debug, Clone, Copy)]
pub struct NumberMember {
    /// The least value.
    pub min: f64,
    /// The greatest value.
    pub max: f64,
}

impl MemberType for NumberMember {
    type Value = f64;

    fn read(&self, name: &str, value: Value, reader: &mut MemberReader) -> Read<f64> {
        value.as_f64().ok_or_else(|| {
            let message = message!("n’est pas un nombre", "is not a number");
            reader.refuse(name, &value, message)
        })
    }

    fn schema(&self) -> Value {
        json!({ "type": "number", "minimum": self.min, "maximum": self.max })
    }
}

/// A word of a vocabulary.
#[derive(Debug)]
pub struct WordMember<V>(std::marker::PhantomData<V>);

impl<V> Clone for WordMember<V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<V> Copy for WordMember<V> {}

/// A word of a vocabulary.
pub const fn word_member<V: Vocabulary>() -> WordMember<V> {
    WordMember(std::marker::PhantomData)
}

impl<V: Vocabulary> MemberType for WordMember<V> {
    type Value = V;

    fn read(&self, name: &str, value: Value, reader: &mut MemberReader) -> Read<V> {
        let text = TEXT.read(name, value, reader)?;
        value_of(&text).ok_or_else(|| {
            let message = not_one_of(&spellings::<V>());
            reader.refuse(name, &Value::String(text), message)
        })
    }

    fn schema(&self) -> Value {
        json!({ "type": "string", "enum": vocabulary::<V>() })
    }
}

/// A type that only one member has, as two functions.
#[derive(Debug)]
pub struct CustomMember<T> {
    /// Parses a value or refuses it.
    pub read: fn(&str, Value, &mut MemberReader) -> Read<T>,
    /// The schema.
    pub schema: fn() -> Value,
    /// The message for an absent required member.
    pub absent: fn() -> Message,
}

impl<T> CustomMember<T> {
    /// A type with the usual message for absence.
    pub const fn new(
        read: fn(&str, Value, &mut MemberReader) -> Read<T>,
        schema: fn() -> Value,
    ) -> Self {
        Self { read, schema, absent: missing }
    }
}

impl<T> Clone for CustomMember<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for CustomMember<T> {}

impl<T> MemberType for CustomMember<T> {
    type Value = T;

    fn read(&self, name: &str, value: Value, reader: &mut MemberReader) -> Read<T> {
        (self.read)(name, value, reader)
    }

    fn schema(&self) -> Value {
        (self.schema)()
    }

    fn absent(&self) -> Message {
        (self.absent)()
    }
}

/// The members `lon` and `lat`, in degrees (WGS 84): both or neither.
#[derive(Debug, Clone, Copy)]
pub struct LonLat;

const LON: Member<NumberMember, Optional> =
    report_field("lon", NumberMember { min: -LON_MAX, max: LON_MAX }).optional();
const LAT: Member<NumberMember, Optional> =
    report_field("lat", NumberMember { min: -LAT_MAX, max: LAT_MAX }).optional();

impl ExtractMember for LonLat {
    type Value = Option<(f64, f64)>;

    fn declare(&self, properties: &mut Map<String, Value>, required: &mut Vec<&'static str>) {
        LON.declare(properties, required);
        LAT.declare(properties, required);
    }

    fn extract(&self, reader: &mut MemberReader) -> Read<Option<(f64, f64)>> {
        let (lon, lat) = (LON.extract(reader), LAT.extract(reader));
        let name = match (&lon?, &lat?) {
            (Some(lon), Some(lat)) => return Ok(Some((*lon, *lat))),
            (None, None) => return Ok(None),
            (None, Some(_)) => "lon",
            (Some(_), None) => "lat",
        };
        Err(reader.refuse(name, &Value::Null, missing()))
    }
}
