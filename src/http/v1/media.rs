//! Photos: upload and download. Downloads have headers that make browsers treat them only as
//! images.

use std::sync::Arc;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Path, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::get;
use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::Interrupt;
use crate::error::{Refusal, Result};
use crate::http::openapi::content::{binary, json, of};
use crate::http::openapi::description::Tag;
use crate::http::operation::{HandlerResult, Operation};
use crate::http::reply::answer::{JSON, response_without_etag, to_json};
use crate::http::reply::problem::too_large;
use crate::http::request::call::ServiceCall;
use crate::http::request::form::{FORM_BYTES_MAX, bounded, form, is_multipart};
use crate::http::request::parameter::path as path_parameter;
use crate::http::request::types::PathSegment;
use crate::http::state::AppState;
use crate::media::{BYTES_MAX, Photo};
use crate::message;

/// Decodes and re-encodes uploaded photos in the pool of heavy work.
///
/// # Errors
/// One of them is not a valid photo.
pub async fn photos(state: &AppState, files: Vec<Bytes>) -> Result<Vec<Photo>> {
    let read = move |interrupt: &Interrupt| {
        let photo = |bytes: &Bytes| {
            interrupt.check()?;
            Photo::read(bytes)
        };
        files.iter().map(photo).collect()
    };
    state.app.compute_heavy(read).await
}

/// The path of the stored photo with this name.
pub fn path(name: &str) -> String {
    format!("/media/{name}")
}

/// Checks that every address of a photo of this service leads to a stored photo. Addresses
/// elsewhere are not checked.
///
/// # Errors
/// The first address without a photo.
pub async fn check_stored<'a>(
    state: &AppState,
    media: impl Iterator<Item = &'a String>,
) -> Result<()> {
    for url in media {
        if let Some(name) = url.strip_prefix("/media/")
            && !state.public_config.photo_store.has(name).await
        {
            let message = message!("n’est pas une photo conservée ici", "is not a photo kept here");
            return Err(Refusal::new("media_url", url, message).into());
        }
    }
    Ok(())
}

/// A form with one photo.
#[derive(JsonSchema)]
#[schemars(inline)]
#[allow(dead_code)]
struct PhotoForm {
    #[schemars(extend("format" = "binary"))]
    media: String,
}

/// Addresses of a stored photo and its thumbnail, its size, and where it was taken.
#[derive(Debug, Serialize, JsonSchema)]
struct StoredPhoto {
    media_url: String,
    thumbnail_url: String,
    /// In pixels.
    width: u32,
    /// In pixels.
    height: u32,
    /// Where it was taken, from its EXIF data; null if unknown.
    #[schemars(extend(
        "x-fr" = "Où elle a été prise, selon ses données EXIF ; null si ce n’est pas connu."
    ))]
    position: Option<PhotoPosition>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct PhotoPosition {
    lon: f64,
    lat: f64,
}

/// The operations.
pub fn operations() -> Vec<Operation> {
    let example = "00000000000000000000000000000000.jpg";
    let photos = [binary("image/jpeg"), binary("image/png"), binary("image/webp")];
    // Photos are recognised by their content: of another kind, the refusal says which.
    let mut body = photos.to_vec();
    body.extend([binary("image/*"), binary("application/octet-stream")]);
    body.push(of::<PhotoForm>("multipart/form-data"));
    vec![
        Operation::post("/api/v1/media", "create_media", Tag::Reports, create)
            .described(
                "Envoie une photo ; la réponse donne son adresse et le lieu de la prise de vue.",
                "Uploads a photo; the response has its address and where it was taken.",
            )
            .body(&body)
            .responds_with(&[json::<StoredPhoto>()])
            .status_codes(&[(201, "stored"), (400, "refused"), (413, "too large")])
            .body_bytes_max(FORM_BYTES_MAX)
            .files_reports(),
        Operation::plain("/media/{name}", "photo", Tag::Reports, get(one))
            .described("Une photo.", "A photo.")
            .with_path_parameter(&path_parameter("name", PathSegment, example))
            .responds_with(&[binary("image/jpeg")])
            .status_codes(&[(200, "ok"), (404, "not found")]),
    ]
}

async fn create(call: ServiceCall, request: Request) -> HandlerResult {
    let ServiceCall { state, context, .. } = call;
    let mut files = match is_multipart(request.headers()) {
        true => form(request).await?.files,
        false => {
            let body = bounded(request, BYTES_MAX)?.into_body();
            vec![to_bytes(body, BYTES_MAX).await.map_err(|_| too_large())?]
        }
    };
    let count = files.len();
    let Some(file) = files.pop().filter(|_| count == 1) else {
        let message = message!("une photo à la fois", "one photo at a time");
        return Err(Refusal::new("media", count, message).into());
    };
    let photo = state.app.compute_heavy(move |_| Photo::read(&file)).await?;
    let (width, height) = (photo.width, photo.height);
    let position = photo.position.map(|at| PhotoPosition { lon: at.lon(), lat: at.lat() });
    let (name, small) = state.public_config.photo_store.put(photo).await?;
    let (media_url, thumbnail_url) = (path(&name), path(&small));
    let location = HeaderValue::from_str(&format!("{}{media_url}", context.base(&state)));
    let body = to_json(&StoredPhoto { media_url, thumbnail_url, width, height, position })?;
    let mut response = response_without_etag(JSON, body);
    if let Ok(location) = location {
        response.headers_mut().insert(header::LOCATION, location);
    }
    *response.status_mut() = StatusCode::CREATED;
    Ok(response)
}

/// `GET /media/{name}`
async fn one(State(state): State<Arc<AppState>>, Path(name): Path<String>) -> HandlerResult {
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
