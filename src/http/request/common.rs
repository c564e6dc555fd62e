//! The parameters that all operations take.

use crate::http::request::parameter::{Optional, Parameter, header, query};
use crate::http::request::types::Text;
use crate::http::request::words::Choice;
use crate::i18n::Language;

/// The languages of texts by their ISO 639-1 code.
pub const LANGUAGES: Choice<Language> =
    Choice(&[("fr", Language::French), ("en", Language::English)]);

/// Name of [`LANG`].
pub const LANG_NAME: &str = "lang";
/// Name of [`JURISDICTION`].
pub const JURISDICTION_NAME: &str = "jurisdiction_id";

/// The language of the texts in a response.
pub const LANG: Parameter<Choice<Language>, Optional> =
    query(LANG_NAME, LANGUAGES).optional().example("en").described(
        "Langue des textes ; par défaut celle d’Accept-Language, sinon le français.",
        "Language of texts; by default that of Accept-Language, otherwise French.",
    );

/// The jurisdiction that an operation is about.
pub const JURISDICTION: Parameter<Text, Optional> =
    query(JURISDICTION_NAME, Text).optional().example("ville.quebec.qc.ca").described(
        "La ville ; voir /api/v1/jurisdictions. Par défaut celle de « serve --default », sinon la \
         seule ou la première du service ; Open311 l’exige s’il y en a plusieurs sans --default.",
        "The city; see /api/v1/jurisdictions. By default that of 'serve --default', otherwise the \
         only or the first one of the service; Open311 requires it where there are several and no \
         --default.",
    );

/// The ETags of the responses that the client has. `RequestContext` reads the header, so that no
/// handler has to; this declares it for the OpenAPI document.
pub const IF_NONE_MATCH: Parameter<Text, Optional> =
    header("If-None-Match", Text).optional().example("\"none\"").described(
        "ETags des réponses déjà reçues, ou * : si l’une vaut encore, la réponse est un 304 sans \
         corps.",
        "ETags of responses that the client has, or *: if one is still valid, the response is a \
         304 without a body.",
    );
