//! HTML forms: `application/x-www-form-urlencoded`, and `multipart/form-data` with photos.

use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody, to_bytes};
use axum::extract::multipart::{Field, Multipart, MultipartError};
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use hyper::body::Frame;

use crate::domain::MEDIA_MAX;
use crate::error::{Error, Refusal, Result};
use crate::http::reply::problem::too_large;
use crate::http::request::urlencoded::{not_utf8, pairs};
use crate::media::BYTES_MAX;
use crate::message;

/// Limit of the size of a form with photos, in bytes.
pub const FORM_BYTES_MAX: usize = 48 << 20;
/// Limit of the size of all text fields of a form, in bytes.
const FIELDS_BYTES_MAX: usize = 256 << 10;

/// The fields and files of a form.
#[derive(Default)]
pub struct FormParts {
    /// Names and values of the text fields, in order.
    pub fields: Vec<(String, String)>,
    /// The contents of the files.
    pub files: Vec<Bytes>,
}

fn malformed(error: &MultipartError) -> Error {
    match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => too_large(),
        _ => {
            let message = message!("est mal formé ou incomplet", "is malformed or incomplete");
            Refusal::new("body", "", message).into()
        }
    }
}

/// A body that yields one chunk for each poll and then `Pending`. `Multipart` buffers every chunk
/// that is ready before it parses any; without this it would buffer the whole body of a fast
/// client and check no limit.
struct ChunkedBody {
    body: Body,
    /// The last poll yielded a chunk.
    given: bool,
}

impl HttpBody for ChunkedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<std::result::Result<Frame<Bytes>, axum::Error>>> {
        if mem::take(&mut self.given) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let piece = Pin::new(&mut self.body).poll_frame(context);
        self.given = piece.is_ready();
        piece
    }
}

/// Refuses a body whose `Content-Length` exceeds the limit, before reading it.
///
/// # Errors
/// Too large.
pub fn bounded(request: Request, max: usize) -> Result<Request> {
    match request.body().size_hint().lower() > max as u64 {
        true => Err(too_large()),
        false => Ok(request),
    }
}

/// Is the content type `multipart/form-data`?
pub fn is_multipart(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    kind.to_ascii_lowercase().starts_with(b"multipart/form-data")
}

/// Reads a form, with or without files.
///
/// # Errors
/// The form is too large or malformed, has a field that is not UTF-8, or more files than a report
/// may have.
pub async fn form(request: Request) -> Result<FormParts> {
    let mut parts = FormParts::default();
    if !is_multipart(request.headers()) {
        let body = to_bytes(request.into_body(), FIELDS_BYTES_MAX).await;
        let body = body.map_err(|_| too_large())?;
        let mut refused = Vec::new();
        parts.fields = pairs(&body, &mut refused);
        return if refused.is_empty() { Ok(parts) } else { Err(Error::refused(refused)) };
    }
    let request = bounded(request, FORM_BYTES_MAX)?;
    let request = request.map(|body| Body::new(ChunkedBody { body, given: false }));
    let form = Multipart::from_request(request, &()).await;
    let mut form = form.map_err(|_| {
        Refusal::new("Content-Type", "", message!("n’a pas de « boundary »", "has no 'boundary'"))
    })?;
    let mut size = 0;
    while let Some(field) = form.next_field().await.map_err(|error| malformed(&error))? {
        let name = field.name().unwrap_or_default().to_owned();
        let is_file = field.file_name().is_some() || name == "media" || name == "media[]";
        let bytes = part(field, if is_file { BYTES_MAX } else { FIELDS_BYTES_MAX }).await?;
        if is_file {
            // Browsers send the file field of a form even if no file was chosen.
            parts.files.extend((!bytes.is_empty()).then_some(bytes));
        } else {
            size += name.len() + bytes.len();
            match String::from_utf8(bytes.to_vec()) {
                Ok(value) => parts.fields.push((name, value)),
                Err(_) => return Err(not_utf8(&name, &String::from_utf8_lossy(&bytes)).into()),
            }
        }
        if parts.files.len() > MEDIA_MAX {
            let message = message!("{MEDIA_MAX} photos au plus", "{MEDIA_MAX} photos at most");
            return Err(Refusal::new("media", "", message).into());
        }
        if size > FIELDS_BYTES_MAX {
            return Err(too_large());
        }
    }
    Ok(parts)
}

/// Reads one part of a multipart form, of at most `max` bytes.
async fn part(mut field: Field<'_>, max: usize) -> Result<Bytes> {
    let (mut pieces, mut size) = (Vec::new(), 0);
    while let Some(piece) = field.chunk().await.map_err(|error| malformed(&error))? {
        size += piece.len();
        if size > max {
            return Err(too_large());
        }
        pieces.push(piece);
    }
    Ok(pieces.concat().into())
}
