//! The two formats of Open311 documents, XML and JSON, and the parameters that all its operations
//! share.

use crate::error::{Error, Result};
use crate::http::open311::answer::{Open311Error, XmlDocument, document_schema};
use crate::http::open311::document;
use crate::http::open311::xml::xml;
use crate::http::openapi::content::{Content, SchemaOf, with_schema};
use crate::http::operation::Operation;
use crate::http::reply::answer::to_json;
use crate::http::request::context::{RequestContext, of_locale};
use crate::http::request::parameter::{Defaulted, Optional, Parameter, query};
use crate::http::request::params::text as text_parameter;
use crate::http::request::types::{Flag, Text};
use crate::i18n::Language;

/// The format of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResponseFormat {
    /// XML, the default.
    Xml,
    /// JSON.
    Json,
}

impl ResponseFormat {
    /// Its media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Xml => "text/xml; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        }
    }

    /// A document in this format.
    ///
    /// # Errors
    /// Internal.
    pub fn write<T: XmlDocument>(self, document: &T) -> Result<Vec<u8>> {
        match self {
            Self::Xml => {
                let document = serde_json::to_value(document).map_err(Error::internal)?;
                Ok(xml(T::ROOT, &document))
            }
            Self::Json => to_json(document),
        }
    }
}

/// Splits the last segment of a path into name and format; without a suffix the format is XML.
///
/// # Errors
/// Not found: the suffix is neither `.xml` nor `.json`.
pub fn split_format(name: &str) -> Result<(&str, ResponseFormat)> {
    match name.rsplit_once('.') {
        Some((name, "xml")) => Ok((name, ResponseFormat::Xml)),
        Some((name, "json")) => Ok((name, ResponseFormat::Json)),
        Some(_) => Err(Error::not_found(name)),
        None => Ok((name, ResponseFormat::Xml)),
    }
}

/// The media type and the error document for a failed request to this path.
pub fn failure(
    path: &str,
    error: &Error,
    code: u16,
    language: Language,
) -> (&'static str, Vec<u8>) {
    let format = if path.ends_with(".json") { ResponseFormat::Json } else { ResponseFormat::Xml };
    let errors = document::errors(error, code, language);
    (format.media_type(), format.write(&errors).unwrap_or_default())
}

/// The language of texts under Open311's name for it.
pub const LOCALE: Parameter<Text, Optional> = text_parameter("locale").example("fr_CA").described(
    "Langue des textes : un code qui commence par fr ou en.",
    "Language of texts: a code that starts with fr or en.",
);

/// The application's key. Reading needs none, but clients may send it.
pub const API_KEY: Parameter<Text, Optional> = text_parameter("api_key")
    .example("demo")
    .described("Clé de l’application.", "The application’s key.");

/// Whether to add `extended_attributes`.
pub const EXTENSIONS: Parameter<Flag, Defaulted<bool>> =
    query("extensions", Flag).default(false).example("true").described(
        "Ajouter extended_attributes, les champs que la norme ne prévoit pas.",
        "Add extended_attributes, the fields that the standard does not define.",
    );

/// Sets the language from `locale`. If that is not French or English, the language from `lang` or
/// `Accept-Language` stays.
pub fn choose_language(context: &mut RequestContext, locale: Option<&str>) {
    if let Some(language) = locale.and_then(of_locale) {
        context.language = language;
    }
}

/// The content of documents with this schema in both formats.
fn both_formats(schema: SchemaOf) -> [Content; 2] {
    ["application/json", "text/xml"].map(|media_type| with_schema(media_type, schema))
}

/// Sets the content of responses and errors to both formats, with the schema of the responses.
pub fn in_both_formats(operation: Operation, schema: SchemaOf) -> Operation {
    let errors = both_formats(document_schema::<Vec<Open311Error>>);
    operation.responds_with(&both_formats(schema)).fails_with(&errors)
}
