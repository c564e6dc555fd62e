//! A parameter of the path, the query string or the headers, declared once as a constant that both
//! reads the value from a request and describes it in the OpenAPI document.

#![expect(
    clippy::indexing_slicing,
    reason = "members of JSON objects, which answer null where they have none"
)]

use serde_json::{Value, json};

use crate::http::request::reader::{Location, ParameterReader, Read};
use crate::i18n::Language;

/// The type of a parameter: its parser and its JSON Schema (OpenAPI 3.0).
pub trait ParameterType: Copy {
    /// The parsed value.
    type Value;

    /// Parses a text. If it is invalid, records a refusal for the parameter `name`.
    fn read(&self, name: &str, text: String, reader: &mut ParameterReader<'_>)
    -> Read<Self::Value>;

    /// The schema of the values.
    fn schema(&self) -> Value;

    /// Converts an example from its text in a query string to JSON.
    fn example(&self, text: &str) -> Value {
        json!(text)
    }

    /// Converts a default value to JSON.
    fn default_value(&self, _value: &Self::Value) -> Value {
        Value::Null
    }
}

/// Whether a parameter is required, optional or has a default value.
pub trait Presence<T>: Copy {
    /// The type of the field in the request struct.
    type Value;
    /// Is the parameter required?
    const REQUIRED: bool;

    /// The field's value for a parsed parameter.
    fn present(&self, value: T) -> Self::Value;

    /// The field's value for an absent parameter; `None` if absence is an error.
    fn absent(&self) -> Option<Self::Value>;

    /// The default value in the schema.
    fn default_value(&self) -> Option<T> {
        None
    }
}

/// The parameter is required.
#[derive(Debug, Clone, Copy)]
pub struct Required;

impl<T> Presence<T> for Required {
    type Value = T;
    const REQUIRED: bool = true;

    fn present(&self, value: T) -> T {
        value
    }

    fn absent(&self) -> Option<T> {
        None
    }
}

/// The parameter is optional.
#[derive(Debug, Clone, Copy)]
pub struct Optional;

impl<T> Presence<T> for Optional {
    type Value = Option<T>;
    const REQUIRED: bool = false;

    fn present(&self, value: T) -> Option<T> {
        Some(value)
    }

    fn absent(&self) -> Option<Option<T>> {
        Some(None)
    }
}

/// The parameter is optional and has this default value.
#[derive(Debug, Clone, Copy)]
pub struct Defaulted<T>(pub(super) T);

impl<T: Copy> Presence<T> for Defaulted<T> {
    type Value = T;
    const REQUIRED: bool = false;

    fn present(&self, value: T) -> T {
        value
    }

    fn absent(&self) -> Option<T> {
        Some(self.0)
    }

    fn default_value(&self) -> Option<T> {
        Some(self.0)
    }
}

/// A parameter: name, location, type, presence, example and description.
#[derive(Debug, Clone, Copy)]
pub struct Parameter<K, P = Required> {
    name: &'static str,
    location: Location,
    kind: K,
    presence: P,
    example: &'static str,
    fr: &'static str,
    en: &'static str,
}

/// A required parameter of the query string.
pub const fn query<K: Copy>(name: &'static str, kind: K) -> Parameter<K> {
    let location = Location::Query;
    Parameter { name, location, kind, presence: Required, example: "", fr: "", en: "" }
}

/// A required parameter in a header field; its name is not case-sensitive.
pub const fn header<K: Copy>(name: &'static str, kind: K) -> Parameter<K> {
    let location = Location::Header;
    Parameter { name, location, kind, presence: Required, example: "", fr: "", en: "" }
}

/// A parameter of the path, with an example.
pub const fn path<K: Copy>(name: &'static str, kind: K, example: &'static str) -> Parameter<K> {
    let location = Location::Path;
    Parameter { name, location, kind, presence: Required, example, fr: "", en: "" }
}

impl<K: Copy, P: Copy> Parameter<K, P> {
    const fn with<Q: Copy>(self, presence: Q) -> Parameter<K, Q> {
        let Self { name, location, kind, example, fr, en, .. } = self;
        Parameter { name, location, kind, presence, example, fr, en }
    }

    /// Makes the parameter optional.
    pub const fn optional(self) -> Parameter<K, Optional> {
        self.with(Optional)
    }

    /// Makes the parameter required.
    pub const fn required(self) -> Parameter<K, Required> {
        self.with(Required)
    }

    /// Makes the parameter optional with a default value.
    pub const fn default<T: Copy>(self, value: T) -> Parameter<K, Defaulted<T>> {
        self.with(Defaulted(value))
    }

    /// Sets an example, as text in a query string; it must give a result in the demo city.
    pub const fn example(self, example: &'static str) -> Self {
        Self { example, ..self }
    }

    /// Sets the description in French and English.
    pub const fn described(self, fr: &'static str, en: &'static str) -> Self {
        Self { fr, en, ..self }
    }
}

/// A parameter as the OpenAPI document describes it.
#[derive(Debug, Clone)]
pub struct Declaration {
    /// Its name.
    pub name: &'static str,
    /// Its location.
    pub location: Location,
    /// Is it required?
    pub required: bool,
    /// The schema of its values, with the default value.
    pub schema: Value,
    /// An example.
    pub example: Option<Value>,
    fr: &'static str,
    en: &'static str,
}

impl Declaration {
    /// Its description; empty if it has none.
    pub fn description(&self, language: Language) -> &'static str {
        if language == Language::French { self.fr } else { self.en }
    }

    /// The parameter object of OpenAPI 3.0.
    pub fn document(&self, language: Language) -> Value {
        let mut out = json!({
            "name": self.name,
            "in": self.location.as_str(),
            "required": self.required,
            "schema": self.schema,
        });
        if self.location == Location::Query {
            out["style"] = json!("form");
            out["explode"] = json!(false);
        }
        let description = self.description(language);
        if !description.is_empty() {
            out["description"] = json!(description);
        }
        if let Some(example) = &self.example {
            out["example"] = example.clone();
        }
        out
    }
}

/// One parameter, or several that are parsed together.
pub trait Extract {
    /// The parsed value.
    type Value;

    /// Appends the declarations of the parameters.
    fn declare(&self, to: &mut Vec<Declaration>);

    /// Reads the parameters from a request.
    fn extract(&self, reader: &mut ParameterReader<'_>) -> Read<Self::Value>;
}

impl<K, P> Extract for Parameter<K, P>
where
    K: ParameterType,
    P: Presence<K::Value>,
{
    type Value = P::Value;

    fn declare(&self, to: &mut Vec<Declaration>) {
        let mut schema = self.kind.schema();
        if let Some(default) = self.presence.default_value() {
            schema["default"] = self.kind.default_value(&default);
        }
        let example = (!self.example.is_empty()).then(|| self.kind.example(self.example));
        to.push(Declaration {
            name: self.name,
            location: self.location,
            required: P::REQUIRED,
            schema,
            example,
            fr: self.fr,
            en: self.en,
        });
    }

    fn extract(&self, reader: &mut ParameterReader<'_>) -> Read<P::Value> {
        match reader.take(self.location, self.name) {
            Some(text) => {
                let value = self.kind.read(self.name, text, reader)?;
                Ok(self.presence.present(value))
            }
            None => self.presence.absent().ok_or_else(|| reader.refuse_absence(self.name)),
        }
    }
}

/// Several parameters that are combined into one value and may be checked against each other.
#[derive(Debug)]
pub struct ParameterGroup<R, T> {
    read: fn(R, &mut ParameterReader<'_>) -> Read<T>,
}

/// A group of the parameters of `R`, which `read` combines into one value or refuses.
pub const fn group<R: Request, T>(
    read: fn(R, &mut ParameterReader<'_>) -> Read<T>,
) -> ParameterGroup<R, T> {
    ParameterGroup { read }
}

impl<R: Request, T> Extract for ParameterGroup<R, T> {
    type Value = T;

    fn declare(&self, to: &mut Vec<Declaration>) {
        R::declare(to);
    }

    fn extract(&self, reader: &mut ParameterReader<'_>) -> Read<T> {
        (self.read)(R::read(reader)?, reader)
    }
}

/// Appends the declarations of parameters whose value is a `T`. The type parameter makes the
/// compiler check that a field of `request!` has the type of its parameter.
pub fn declare_as<T, E: Extract<Value = T>>(parameter: &E, to: &mut Vec<Declaration>) {
    parameter.declare(to);
}

/// The parameters of an operation as a struct. The macro `request!` implements it, so that the
/// parameters that are read and those that are documented are the same list.
pub trait Request: Sized {
    /// Appends the declarations of all parameters.
    fn declare(to: &mut Vec<Declaration>);

    /// Reads all parameters.
    fn read(reader: &mut ParameterReader<'_>) -> Read<Self>;
}

/// An operation without parameters of its own.
impl Request for () {
    fn declare(_: &mut Vec<Declaration>) {}

    fn read(_: &mut ParameterReader<'_>) -> Read<Self> {
        Ok(())
    }
}

/// Declares a struct of parameters, each line as `field: Type = PARAMETER`. All parameters are
/// read, in this order, even after one was refused, so that the response lists every refusal.
macro_rules! request {
    ($(#[$meta:meta])* $visibility:vis struct $name:ident {
        $($(#[$doc:meta])* $field:ident: $kind:ty = $parameter:expr),+ $(,)?
    }) => {
        $(#[$meta])*
        // Some parameters are read only to validate them.
        #[allow(dead_code)]
        $visibility struct $name {
            $(
                #[doc = concat!("The value of the parameter for `", stringify!($field), "`.")]
                $(#[$doc])*
                $visibility $field: $kind,
            )+
        }

        impl $crate::http::request::parameter::Request for $name {
            fn declare(to: &mut Vec<$crate::http::request::parameter::Declaration>) {
                $($crate::http::request::parameter::declare_as::<$kind, _>(&$parameter, to);)+
            }

            fn read(
                reader: &mut $crate::http::request::reader::ParameterReader<'_>,
            ) -> $crate::http::request::reader::Read<Self> {
                struct Fields {
                    $($field: $crate::http::request::reader::Read<$kind>),+
                }
                let fields = Fields {
                    $($field: $crate::http::request::parameter::Extract::extract(
                        &$parameter,
                        reader,
                    )),+
                };
                Ok(Self { $($field: fields.$field?),+ })
            }
        }
    };
}

pub(crate) use request;
