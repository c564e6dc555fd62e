//! Problem documents (RFC 9457), and the status code of each kind of error.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;

use crate::error::{Error, ErrorKind};
use crate::i18n::Language;
use crate::message;

/// Limit of the refused values that a problem document, or an error document of Open311, lists.
pub const ERRORS_MAX: usize = 100;

/// A problem document (RFC 9457).
#[derive(Debug, Serialize, JsonSchema)]
pub struct Problem {
    /// A URN that identifies the kind of problem.
    r#type: String,
    /// The kind of problem, in a few words.
    title: &'static str,
    /// The status code.
    status: u16,
    /// What is wrong with this request.
    detail: String,
    /// The values that were refused, the first hundred of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    errors: Option<Vec<RefusedValue>>,
    /// Number of further values that were refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    errors_left_out: Option<usize>,
    /// The same as `type`, under the name that OGC API – Features 1.0 requires.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    /// The same as `detail`, under the name that OGC API – Features 1.0 requires.
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
}

/// A value that was refused.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct RefusedValue {
    /// Name of the parameter, body member or header.
    field: String,
    /// Its value; empty if it is missing.
    value: String,
    /// Why it was refused.
    reason: String,
}

impl Problem {
    /// The document of an error. It does not reveal the error's cause, which is only logged.
    pub fn new(error: &Error, status: StatusCode, language: Language) -> Self {
        let (name, fr, en) = match error.kind {
            ErrorKind::Invalid => ("invalid", "Valeur refusée", "Value refused"),
            ErrorKind::NotFound => ("not-found", "Introuvable", "Not found"),
            ErrorKind::Conflict => ("conflict", "Conflit", "Conflict"),
            ErrorKind::Stale => ("stale", "Révision dépassée", "Stale revision"),
            ErrorKind::Unauthorized => ("unauthorized", "Clé requise", "Key required"),
            ErrorKind::Forbidden => ("forbidden", "Interdit", "Forbidden"),
            ErrorKind::TooLarge => ("too-large", "Trop grand", "Too large"),
            ErrorKind::MediaType => {
                ("unsupported-media-type", "Type de contenu refusé", "Unsupported media type")
            }
            ErrorKind::NotAcceptable => ("not-acceptable", "Inacceptable", "Not acceptable"),
            ErrorKind::TooSlow => ("too-slow", "Requête trop lente", "Request too slow"),
            ErrorKind::Unavailable => ("unavailable", "Indisponible", "Unavailable"),
            ErrorKind::TooMany(_) => ("too-many-requests", "Trop de requêtes", "Too many requests"),
            ErrorKind::Internal => ("internal", "Erreur interne", "Internal error"),
        };
        let refused = error.refusals.iter().take(ERRORS_MAX).map(|refusal| RefusedValue {
            field: refusal.field.clone(),
            value: refusal.value.clone(),
            reason: language.pick(&refusal.message).to_owned(),
        });
        let refused: Vec<RefusedValue> = refused.collect();
        Self {
            r#type: format!("urn:pointchaud:problem:{name}"),
            title: if language == Language::French { fr } else { en },
            status: status.as_u16(),
            detail: language.pick(&error.message).to_owned(),
            errors: (!refused.is_empty()).then_some(refused),
            errors_left_out: error.refusals.len().checked_sub(ERRORS_MAX + 1).map(|n| n + 1),
            code: None,
            description: None,
        }
    }

    /// The document with the members that OGC API – Features 1.0 requires.
    pub fn for_ogc(self) -> Self {
        let (code, description) = (Some(self.r#type.clone()), Some(self.detail.clone()));
        Self { code, description, ..self }
    }

    /// The document as JSON.
    pub fn to_json(&self) -> Vec<u8> {
        // It has only strings and numbers, so serialisation cannot fail.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

/// The problem of one line of a batch.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ProblemOfRow {
    /// Number of the line in the request, from 1.
    row: usize,
    #[serde(flatten)]
    problem: Problem,
}

impl ProblemOfRow {
    /// The problem of the line with this number.
    pub fn new(row: usize, error: &Error, language: Language) -> Self {
        Self { row, problem: Problem::new(error, status(error.kind), language) }
    }
}

/// The status code of a kind of error.
pub fn status(kind: ErrorKind) -> StatusCode {
    match kind {
        ErrorKind::Invalid => StatusCode::BAD_REQUEST,
        ErrorKind::NotFound => StatusCode::NOT_FOUND,
        ErrorKind::Conflict => StatusCode::CONFLICT,
        ErrorKind::Stale => StatusCode::PRECONDITION_FAILED,
        ErrorKind::Unauthorized => StatusCode::UNAUTHORIZED,
        ErrorKind::Forbidden => StatusCode::FORBIDDEN,
        ErrorKind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorKind::MediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        ErrorKind::NotAcceptable => StatusCode::NOT_ACCEPTABLE,
        ErrorKind::TooSlow => StatusCode::REQUEST_TIMEOUT,
        ErrorKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        ErrorKind::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
        ErrorKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// The error travels as an extension of a response without body; the middleware
/// [`explain`](crate::http) writes the document, because it knows the reader's language.
impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let mut response = status(self.kind).into_response();
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}

/// The error for a request that is malformed at the level of HTTP.
pub fn malformed() -> Error {
    Error::new(
        ErrorKind::Invalid,
        message!(
            "La requête est mal formée ou incomplète.",
            "The request is malformed or incomplete."
        ),
    )
}

/// The error for a body that exceeds its limit.
pub fn too_large() -> Error {
    let message =
        message!("Le corps de la requête est trop grand.", "The request body is too large.");
    Error::new(ErrorKind::TooLarge, message)
}
