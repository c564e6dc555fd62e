//! Request bodies that could not be received.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::http::StatusCode;

use crate::error::{Error, ErrorKind, Refusal, Result};
use crate::http::reply::problem::too_large;
use crate::message;

/// The bytes of a body.
///
/// # Errors
/// The body is too large, or the connection ended before it was complete.
pub fn received(body: std::result::Result<Bytes, BytesRejection>) -> Result<Bytes> {
    body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => too_large(),
        _ => cut_short(),
    })
}

/// The error for a body of which nothing more has arrived for too long.
pub fn too_slow() -> Error {
    let message = message!(
        "La requête a mis trop de temps à arriver.",
        "The request took too long to arrive."
    );
    Error::new(ErrorKind::TooSlow, message)
}

/// The error for a body that ended before it was complete.
pub fn cut_short() -> Error {
    Refusal::new("body", "", message!("a été reçu incomplet", "was received incomplete")).into()
}
