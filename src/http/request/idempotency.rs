//! `Idempotency-Key`: a request that is sent twice with the same key creates one report.

use axum::http::HeaderMap;

use crate::error::{Refusal, Result};
use crate::message;

/// Longest `Idempotency-Key`, in bytes.
const KEY_BYTES_MAX: usize = 200;

/// The client's `Idempotency-Key`.
///
/// # Errors
/// Empty, too long or not ASCII.
pub fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>> {
    let Some(key) = headers.get("idempotency-key") else { return Ok(None) };
    let text = String::from_utf8_lossy(key.as_bytes()).into_owned();
    let is_readable = key.to_str().is_ok_and(|key| (1..=KEY_BYTES_MAX).contains(&key.len()));
    if !is_readable {
        let max = KEY_BYTES_MAX;
        let message = message!(
            "doit avoir de 1 à {max} caractères ASCII",
            "must have 1 to {max} ASCII characters"
        );
        return Err(Refusal::new("Idempotency-Key", text, message).into());
    }
    Ok(Some(text))
}

/// A digest by which two bodies are told apart, in hexadecimal.
pub fn fingerprint(body: &[u8]) -> String {
    short_hex(&blake3::hash(body))
}

/// The first half of a digest, in hexadecimal.
pub fn short_hex(digest: &blake3::Hash) -> String {
    digest.to_hex()[..32].to_owned()
}
