//! Photos: taken in, and handed out so that a browser sees pictures in them and nothing else.

use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody, to_bytes};
use axum::extract::multipart::{Field, Multipart, MultipartError};
use axum::extract::{FromRequest, Path, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use hyper::body::Frame;
use serde_json::json;

use crate::error::{Error, ErrorKind, Refusal, Result};
use crate::http::AppState;
use crate::http::request::context::{HandlerResult, RequestContext, tagged, to_json};
use crate::http::v1::proximity::finished;
use crate::media::{BYTES_MAX, Photo};
use crate::message;

/// A form with photos: all of it, at most, in bytes.
pub const FORM_BYTES_MAX: usize = 48 << 20;
/// A form without: its fields, at most, in bytes.
const FIELDS_BYTES_MAX: usize = 256 << 10;
/// Photos in a form, at most.
const PHOTOS_MAX: usize = 10;

/// What a form holds.
#[derive(Default)]
pub struct FormParts {
    /// Its fields, in order.
    pub fields: Vec<(String, String)>,
    /// Its files.
    pub files: Vec<Bytes>,
}

fn too_large() -> Error {
    let message =
        message!("Le corps de la requête est trop grand.", "The request's body is too large.");
    Error::new(ErrorKind::TooLarge, message)
}

fn malformed(error: &MultipartError) -> Error {
    match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => too_large(),
        _ => {
            let message = message!("est mal formé ou incomplet", "is malformed or cut short");
            Refusal::new("body", "", message).into()
        }
    }
}

/// A body that gives one piece whenever it is asked. A form's reader takes in all that is ready
/// before it looks at any of it, and of a fast sender that is everything.
struct ChunkedBody {
    body: Body,
    /// It has just given one.
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

/// Refuses a body that says itself that it is too long, before any of it is read.
fn bounded(request: Request, max: usize) -> Result<Request> {
    match request.body().size_hint().lower() > max as u64 {
        true => Err(too_large()),
        false => Ok(request),
    }
}

/// Is this the type of a form with files?
fn is_multipart(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    kind.to_ascii_lowercase().starts_with(b"multipart/form-data")
}

/// Reads a form, with files or without.
///
/// # Errors
/// Too large; malformed; more files than a report may have.
pub async fn form(state: &Arc<AppState>, request: Request) -> Result<FormParts> {
    let mut parts = FormParts::default();
    if !is_multipart(request.headers()) {
        let body = to_bytes(request.into_body(), FIELDS_BYTES_MAX).await;
        let body = body.map_err(|_| too_large())?;
        parts.fields = form_urlencoded::parse(&body).into_owned().collect();
        return Ok(parts);
    }
    let request = bounded(request, FORM_BYTES_MAX)?;
    let request = request.map(|body| Body::new(ChunkedBody { body, given: false }));
    let form = Multipart::from_request(request, state).await;
    let mut form = form.map_err(|_| {
        Refusal::new("Content-Type", "", message!("n’a pas de « boundary »", "has no 'boundary'"))
    })?;
    let mut size = 0;
    while let Some(field) = form.next_field().await.map_err(|error| malformed(&error))? {
        let name = field.name().unwrap_or_default().to_owned();
        let is_file = field.file_name().is_some() || name == "media" || name == "media[]";
        let bytes = part(field, if is_file { BYTES_MAX } else { FIELDS_BYTES_MAX }).await?;
        if is_file {
            // A form without a photo still has the field for it.
            parts.files.extend((!bytes.is_empty()).then_some(bytes));
        } else {
            size += name.len() + bytes.len();
            parts.fields.push((name, String::from_utf8_lossy(&bytes).into_owned()));
        }
        if parts.files.len() > PHOTOS_MAX {
            let message = message!("{PHOTOS_MAX} photos au plus", "{PHOTOS_MAX} photos at most");
            return Err(Refusal::new("media", "", message).into());
        }
        if size > FIELDS_BYTES_MAX {
            return Err(too_large());
        }
    }
    Ok(parts)
}

/// A part of a form, of so many bytes at most.
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

/// Reads photos, on the bounded pool.
///
/// # Errors
/// One of them is none.
pub async fn photos(state: &AppState, files: Vec<Bytes>) -> Result<Vec<Photo>> {
    let read = move || files.iter().map(|bytes| Photo::read(bytes)).collect();
    state.app.compute(read).await
}

/// The path of a photo that is kept under this name.
pub fn path(name: &str) -> String {
    format!("/media/{name}")
}

/// Refuses a photo of ours that is not there.
///
/// # Errors
/// Names it.
pub async fn known<'a>(state: &AppState, media: impl Iterator<Item = &'a String>) -> Result<()> {
    for url in media {
        if let Some(name) = url.strip_prefix("/media/")
            && !state.public_config.photo_store.has(name).await
        {
            let message = message!("n’est pas une photo d’ici", "is not a photo kept here");
            return Err(Refusal::new("media_url", url, message).into());
        }
    }
    Ok(())
}

/// `POST /api/v1/media`: a photo, alone or in a form; where it is kept, and where it was taken.
pub async fn create(
    State(state): State<Arc<AppState>>,
    context: RequestContext,
    request: Request,
) -> HandlerResult {
    let context = finished(context)?;
    let mut files = match is_multipart(request.headers()) {
        true => form(&state, request).await?.files,
        false => {
            let body = bounded(request, BYTES_MAX)?.into_body();
            vec![to_bytes(body, BYTES_MAX).await.map_err(|_| too_large())?]
        }
    };
    if files.len() != 1 {
        let message = message!("une photo à la fois", "one photo at a time");
        return Err(Error::from(Refusal::new("media", files.len(), message)).into());
    }
    files.truncate(1);
    let mut photos = photos(&state, files).await?;
    let Some(photo) = photos.pop() else {
        return Err(crate::http::v1::proximity::unreachable_refusal());
    };
    let (width, height) = (photo.width, photo.height);
    let position = photo.position.map(|at| json!({ "lon": at.lon(), "lat": at.lat() }));
    let (name, small) = state.public_config.photo_store.put(photo).await?;
    let body = to_json(&json!({
        "media_url": path(&name),
        "thumbnail_url": path(&small),
        "width": width,
        "height": height,
        "position": position,
    }))?;
    let mut response = tagged("application/json", "", body);
    response.headers_mut().remove(header::ETAG);
    let place = HeaderValue::from_str(&format!("{}{}", context.base(&state), path(&name)));
    if let Ok(place) = place {
        response.headers_mut().insert(header::LOCATION, place);
    }
    *response.status_mut() = StatusCode::CREATED;
    Ok(response)
}

/// `GET /media/{name}`
pub async fn one(State(state): State<Arc<AppState>>, Path(name): Path<String>) -> HandlerResult {
    let bytes = state.public_config.photo_store.get(&name).await?;
    let mut response = Response::new(Body::from(bytes));
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, "image/jpeg"),
        (header::CONTENT_DISPOSITION, "inline"),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"),
        (HeaderName::from_static("cross-origin-resource-policy"), "cross-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    Ok(response)
}
