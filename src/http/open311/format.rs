//! The two forms of Open311's documents, and what every operation of it takes.

use crate::error::{Error, Result};
use crate::http::open311::document;
use crate::http::open311::node::{Node, xml};
use crate::http::openapi::content::{Content, any, text};
use crate::http::operation::Operation;
use crate::http::reply::answer::to_json;
use crate::http::request::context::RequestContext;
use crate::http::request::parameter::{Defaulted, Optional, Parameter, query};
use crate::http::request::params::text as text_parameter;
use crate::http::request::types::{Flag, Text};
use crate::i18n::Language;

/// The form of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// XML, the default.
    Xml,
    /// JSON.
    Json,
}

impl Format {
    /// Its media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Xml => "text/xml; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        }
    }

    /// A document in this form; `root` is the name of its XML element.
    ///
    /// # Errors
    /// A value that JSON cannot hold.
    pub fn write(self, root: &str, node: &Node) -> Result<Vec<u8>> {
        match self {
            Self::Xml => Ok(xml(root, node)),
            Self::Json => to_json(node),
        }
    }
}

/// The last part of a path without its suffix, and the form that the suffix names; XML where there
/// is none.
///
/// # Errors
/// A suffix of another form: not found.
pub fn split(name: &str) -> Result<(&str, Format)> {
    match name.rsplit_once('.') {
        Some((name, "xml")) => Ok((name, Format::Xml)),
        Some((name, "json")) => Ok((name, Format::Json)),
        Some(_) => Err(Error::not_found(name)),
        None => Ok((name, Format::Xml)),
    }
}

/// The document of an error under this path, and its media type.
pub fn failure(
    path: &str,
    error: &Error,
    code: u16,
    language: Language,
) -> (&'static str, Vec<u8>) {
    let format = if path.ends_with(".json") { Format::Json } else { Format::Xml };
    let node = document::errors(error, code, language);
    (format.media_type(), format.write("errors", &node).unwrap_or_default())
}

/// The language of texts, as Open311 names it.
pub const LOCALE: Parameter<Text, Optional> = text_parameter("locale").example("fr_CA").says(
    "Langue des textes : ce qui commence par fr ou en.",
    "Language of texts: what begins with fr or en.",
);

/// The application's key. Whoever may ask without one may show one.
pub const API_KEY: Parameter<Text, Optional> = text_parameter("api_key")
    .example("demo")
    .says("Clé de l’application.", "The application’s key.");

/// Everything that the service knows of a request, beyond the standard.
pub const EXTENSIONS: Parameter<Flag, Defaulted<bool>> =
    query("extensions", Flag).default(false).example("true").says(
        "Avec tout ce que ce service sait au-delà de la norme.",
        "With all that this service knows beyond the standard.",
    );

/// Lets `locale` choose the language; where it names none of ours, `lang` and the headers do.
pub fn choose_language(context: &mut RequestContext, locale: Option<&str>) {
    match locale.unwrap_or_default().to_ascii_lowercase().get(..2) {
        Some("fr") => context.language = Language::French,
        Some("en") => context.language = Language::English,
        _ => {}
    }
}

/// A document in both forms.
pub fn both() -> [Content; 2] {
    [any("application/json"), text("text/xml")]
}

/// An operation of Open311, which answers and fails in both forms.
pub fn in_both_forms(operation: Operation) -> Operation {
    operation.answers(&both()).fails_with(&both())
}
