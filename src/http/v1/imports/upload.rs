//! Receiving a file: the body is written to disk as it comes.

use axum::extract::Request;
use axum::http::header;

use crate::error::{Error, Result};
use crate::http::request::body_pace::BodyPace;
use crate::http::state::AppState;
use crate::usecase::imports::{Upload, file_too_large};

/// Bytes that are collected before they are written.
const WRITE_BYTES: usize = 1 << 20;

/// Writes the body of a request to a file. Nothing is left of it where the client goes away or
/// sends less than [`Limits::receive_rate_min`](crate::config::Limits).
pub async fn receive(state: &AppState, name: &str, request: Request) -> Result<Upload> {
    let limits = &state.app.limits;
    let declared = request.headers().get(header::CONTENT_LENGTH);
    let declared = declared.and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if declared.is_some_and(|bytes| bytes > limits.import_bytes_max) {
        return Err(file_too_large(limits.import_bytes_max));
    }
    let mut upload = state.imports.begin_upload(name)?;
    let (mut body, mut pace) = (request.into_body(), BodyPace::of_file(limits));
    let mut collected: Vec<u8> = Vec::with_capacity(WRITE_BYTES);
    loop {
        let bytes = pace.next(&mut body).await?;
        let is_last = bytes.is_none();
        collected.extend_from_slice(&bytes.unwrap_or_default());
        if is_last || collected.len() >= WRITE_BYTES {
            let written = tokio::task::spawn_blocking(move || {
                upload.write(&collected)?;
                collected.clear();
                Ok::<_, Error>((upload, collected))
            });
            (upload, collected) = written.await.map_err(Error::internal)??;
        }
        if is_last {
            return Ok(upload);
        }
    }
}
