//! A parameter, declared once: the same constant reads it from a request and describes it in the
//! OpenAPI document.

use serde_json::{Value, json};

use crate::http::request::reader::{Location, Read, Reader};
use crate::i18n::Language;

/// The type of a parameter's values: how a text is read, and its JSON Schema (OpenAPI 3.0).
pub trait ParameterType: Copy {
    /// A value that was read.
    type Value;

    /// Reads a text. Where it is wrong, refuses it by `name`.
    fn read(&self, name: &str, text: String, reader: &mut Reader<'_>) -> Read<Self::Value>;

    /// The schema of the values.
    fn schema(&self) -> Value;

    /// An example as JSON; `text` is the example as it stands in a query string.
    fn example(&self, text: &str) -> Value {
        json!(text)
    }

    /// A default value as JSON.
    fn default_value(&self, _value: &Self::Value) -> Value {
        Value::Null
    }
}

/// What the absence of a parameter means.
pub trait Presence<T>: Copy {
    /// What the reader gets.
    type Value;
    /// Must the parameter be given?
    const REQUIRED: bool;

    /// The value of a parameter that was given.
    fn present(&self, value: T) -> Self::Value;

    /// The value where none was given; `None` where that is refused.
    fn absent(&self) -> Option<Self::Value>;

    /// The default value in the schema.
    fn default_value(&self) -> Option<T> {
        None
    }
}

/// The parameter must be given.
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

/// The parameter may be absent.
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

/// The parameter has this value where it is absent.
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

/// A parameter: its name, its type, what its absence means, and its description.
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

/// A parameter of the query string that must be given.
pub const fn query<K: Copy>(name: &'static str, kind: K) -> Parameter<K> {
    let location = Location::Query;
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

    /// The parameter may be absent.
    pub const fn optional(self) -> Parameter<K, Optional> {
        self.with(Optional)
    }

    /// The parameter must be given.
    pub const fn required(self) -> Parameter<K, Required> {
        self.with(Required)
    }

    /// The parameter has this value where it is absent.
    pub const fn default<T: Copy>(self, value: T) -> Parameter<K, Defaulted<T>> {
        self.with(Defaulted(value))
    }

    /// An example that has an answer in the demo city, as it stands in a query string.
    pub const fn example(self, example: &'static str) -> Self {
        Self { example, ..self }
    }

    /// The description in French and in English.
    pub const fn says(self, fr: &'static str, en: &'static str) -> Self {
        Self { fr, en, ..self }
    }
}

/// A parameter as the OpenAPI document describes it.
#[derive(Debug, Clone)]
pub struct Declaration {
    /// Its name.
    pub name: &'static str,
    /// Where it stands.
    pub location: Location,
    /// Must it be given?
    pub required: bool,
    /// The schema of its values, with the default.
    pub schema: Value,
    /// An example.
    pub example: Option<Value>,
    fr: &'static str,
    en: &'static str,
}

impl Declaration {
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
        let description = if language == Language::French { self.fr } else { self.en };
        if !description.is_empty() {
            out["description"] = json!(description);
        }
        if let Some(example) = &self.example {
            out["example"] = example.clone();
        }
        out
    }
}

/// One parameter or several that are read together.
pub trait Extract {
    /// What they give.
    type Value;

    /// Adds the declarations of the parameters.
    fn declare(&self, to: &mut Vec<Declaration>);

    /// Reads the parameters.
    fn extract(&self, reader: &mut Reader<'_>) -> Read<Self::Value>;
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

    fn extract(&self, reader: &mut Reader<'_>) -> Read<P::Value> {
        match reader.take(self.location, self.name) {
            Some(text) => {
                let value = self.kind.read(self.name, text, reader)?;
                Ok(self.presence.present(value))
            }
            None => self.presence.absent().ok_or_else(|| reader.refuse_absence(self.name)),
        }
    }
}

/// Parameters that are read into one value, which may depend on how they go together.
#[derive(Debug)]
pub struct Group<R, T> {
    read: fn(R, &mut Reader<'_>) -> Read<T>,
}

/// A group of the parameters of `R`, of which `read` makes one value or refuses it.
pub const fn group<R: Request, T>(read: fn(R, &mut Reader<'_>) -> Read<T>) -> Group<R, T> {
    Group { read }
}

impl<R: Request, T> Extract for Group<R, T> {
    type Value = T;

    fn declare(&self, to: &mut Vec<Declaration>) {
        R::declare(to);
    }

    fn extract(&self, reader: &mut Reader<'_>) -> Read<T> {
        (self.read)(R::read(reader)?, reader)
    }
}

/// Adds the declarations of parameters that give a `T`.
pub fn declare_as<T, E: Extract<Value = T>>(parameter: &E, to: &mut Vec<Declaration>) {
    parameter.declare(to);
}

/// The parameters of an operation, as a struct. Declared with `request!`, so that
/// what is read and what is documented are the same list.
pub trait Request: Sized {
    /// Adds the declarations of all parameters.
    fn declare(to: &mut Vec<Declaration>);

    /// Reads all parameters.
    fn read(reader: &mut Reader<'_>) -> Read<Self>;
}

/// An operation without parameters of its own.
impl Request for () {
    fn declare(_: &mut Vec<Declaration>) {}

    fn read(_: &mut Reader<'_>) -> Read<Self> {
        Ok(())
    }
}

/// Declares a struct of parameters: `field: Type = PARAMETER`. All of them are read, in this order,
/// before anything is given up, so that a refusal of one hides no refusal of another.
macro_rules! request {
    ($(#[$meta:meta])* $visibility:vis struct $name:ident {
        $($(#[$doc:meta])* $field:ident: $kind:ty = $parameter:expr),+ $(,)?
    }) => {
        $(#[$meta])*
        // Some parameters are taken only so that a wrong value of them is refused.
        #[allow(dead_code)]
        $visibility struct $name {
            $(
                #[doc = concat!("`", stringify!($field), "`, as its parameter describes it.")]
                $(#[$doc])*
                $visibility $field: $kind,
            )+
        }

        impl $crate::http::request::parameter::Request for $name {
            fn declare(to: &mut Vec<$crate::http::request::parameter::Declaration>) {
                $($crate::http::request::parameter::declare_as::<$kind, _>(&$parameter, to);)+
            }

            fn read(
                reader: &mut $crate::http::request::reader::Reader<'_>,
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
