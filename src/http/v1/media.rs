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

use crate::domain::{Interrupt, JurisdictionId};
use crate::error::{Error, ErrorKind, Refusal, Result};
use crate::http::openapi::content::{binary, json, of};
use crate::http::openapi::description::Tag;
use crate::http::operation::{HandlerResult, Operation};
use crate::http::reply::answer::{JSON, not_modified, response_without_etag, to_json};
use crate::http::reply::problem::too_large;
use crate::http::request::audience::Audience;
use crate::http::request::auth::Authorization;
use crate::http::request::call::ServiceCall;
use crate::http::request::caller::Caller;
use crate::http::request::client_address::ClientAddress;
use crate::http::request::form::{FORM_BYTES_MAX, bounded, form, is_multipart};
use crate::http::request::head::RequestHead;
use crate::http::request::parameter::path as path_parameter;
use crate::http::request::types::PathSegment;
use crate::http::request::view::view_of;
use crate::http::state::AppState;
use crate::media::{BYTES_MAX, Photo, PhotoClaim, PhotoPlace, PhotoStore, Uploader};
use crate::message;
use crate::usecase::photo_readers::PhotoReaders;

/// Who sends a request, for the quota of photos: the holder of a key, else whoever is at its
/// network address.
pub fn uploader(state: &AppState, request: &Request) -> Uploader {
    let shown = Authorization::of(&RequestHead::from(request), &state.access);
    if let Ok(Caller::Holder(key)) = shown.authorize(Audience::Public, &state.access) {
        return Uploader::Key(key.name.clone());
    }
    let address = request.extensions().get::<ClientAddress>();
    Uploader::at(address.map(|client| client.0))
}

/// Decodes and re-encodes uploaded photos in the pool of photos, if their sender may send them.
///
/// # Errors
/// Too many photos for now; one of them is not a valid photo.
pub async fn photos(state: &AppState, from: Uploader, files: Vec<Bytes>) -> Result<Vec<Photo>> {
    if files.is_empty() {
        return Ok(Vec::new());
    }
    let bytes = files.iter().map(Bytes::len).sum();
    let now = state.app.now().as_second();
    state.uploads.take(from, files.len(), bytes, now).map_err(too_many)?;
    let read = move |interrupt: &Interrupt| {
        let photo = |bytes: &Bytes| {
            interrupt.check()?;
            Photo::read(bytes)
        };
        files.iter().map(photo).collect()
    };
    state.app.compute_photos(read).await
}

/// The path of the stored photo with this name.
pub fn path(name: &str) -> String {
    format!("/media/{name}")
}

fn too_many(seconds: u64) -> Error {
    let minutes = seconds.div_ceil(60);
    let message = message!(
        "Trop de photos ont été envoyées ; réessayez dans {minutes} min.",
        "Too many photos were sent; try again in {minutes} min."
    );
    Error::new(ErrorKind::TooMany(seconds), message)
}

/// Claims the photos of this service that a new report or update is about to show. Addresses
/// elsewhere are not looked at. A photo belongs to the first report that shows it; where the
/// request `is_repeated`, its photos may belong to the report that it made the first time.
///
/// # Errors
/// The first address without a photo, or whose photo belongs to another report; the photos are not
/// accessible.
pub async fn claim<'a>(
    state: &AppState,
    base: &str,
    media: impl Iterator<Item = &'a String>,
    is_repeated: bool,
) -> Result<ClaimedPhotos> {
    let store = &state.public_config.photo_store;
    let mut claimed = ClaimedPhotos { store: store.clone(), claims: Vec::new() };
    for url in media {
        let path = url.strip_prefix(base).unwrap_or(url);
        let Some(name) = path.strip_prefix("/media/") else { continue };
        let place = store.place(name).await?;
        // A report may name a photo twice, and its thumbnail.
        let is_own = claimed.has(name) || place == Some(PhotoPlace::Kept) && is_repeated;
        let claim = match place {
            Some(PhotoPlace::Pending) => store.claim(name),
            _ => None,
        };
        let message = match place {
            _ if is_own => continue,
            None => message!("n’est pas une photo conservée ici", "is not a photo kept here"),
            Some(_) => message!(
                "appartient déjà à une demande ; envoyez la photo de nouveau",
                "belongs to a report already; send the photo again"
            ),
        };
        match claim {
            Some(claim) => claimed.claims.push(claim),
            None => return Err(Refusal::new("media_url", url, message).into()),
        }
    }
    Ok(claimed)
}

/// Photos that a new report or update is about to show. Where it is not stored, they go on waiting.
pub struct ClaimedPhotos {
    store: PhotoStore,
    claims: Vec<PhotoClaim>,
}

impl ClaimedPhotos {
    fn has(&self, name: &str) -> bool {
        self.claims.iter().any(|claim| claim.is_of(name))
    }

    /// Stores photos that came with the report itself, and claims them.
    ///
    /// # Errors
    /// The photos are not accessible.
    pub async fn add(&mut self, photos: Vec<Photo>) -> Result<()> {
        for photo in photos {
            let (name, _) = self.store.put_pending(photo).await?;
            // Where another request with the same photo has it claimed, that one keeps it.
            self.claims.extend(self.store.claim(&name));
        }
        Ok(())
    }

    /// Moves the photos to those of reports, once the report is stored; also where the client goes
    /// away meanwhile. What fails is done by [`watch_photos`](crate::http::watch_photos) later.
    pub async fn keep(self) {
        let keep = async move {
            for claim in &self.claims {
                if let Err(error) = self.store.keep(claim.name()).await {
                    tracing::error!(cause = ?error.cause, "a photo could not be moved: {error}");
                }
            }
        };
        let _ = tokio::spawn(keep).await;
    }
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
                "Envoie une photo ; la réponse donne son adresse et le lieu de la prise de vue. La \
                 photo appartient à la première demande qui la montre ; sans demande, elle est \
                 retirée après un jour.",
                "Uploads a photo; the response has its address and where it was taken. The photo \
                 belongs to the first report that shows it; without a report it is removed after a \
                 day.",
            )
            .body(&body)
            .responds_with(&[json::<StoredPhoto>()])
            .status_codes(&[
                (201, "stored"),
                (400, "refused"),
                (413, "too large"),
                (429, "too many"),
            ])
            .body_bytes_max(FORM_BYTES_MAX)
            .files_reports(),
        Operation::plain("/media/{name}", "photo", Tag::Reports, get(one))
            .described("Une photo.", "A photo.")
            .with_path_parameter(&path_parameter("name", PathSegment, example))
            .responds_with(&[binary("image/jpeg")])
            .status_codes(&[(200, "ok"), (304, "not modified"), (404, "not found")]),
    ]
}

async fn create(call: ServiceCall, request: Request) -> HandlerResult {
    let ServiceCall { state, context, .. } = call;
    let from = uploader(&state, &request);
    let mut files = match is_multipart(request.headers()) {
        true => form(request).await?.files,
        false => {
            let body = bounded(request, BYTES_MAX)?.into_body();
            vec![to_bytes(body, BYTES_MAX).await.map_err(|_| too_large())?]
        }
    };
    let count = files.len();
    let one = files.pop().filter(|_| count == 1);
    let read = photos(&state, from, one.into_iter().collect()).await?.pop();
    let Some(photo) = read.map(Photo::with_secret_name) else {
        let message = message!("une photo à la fois", "one photo at a time");
        return Err(Refusal::new("media", count, message).into());
    };
    let (width, height) = (photo.width, photo.height);
    let position = photo.position.map(|at| PhotoPosition { lon: at.lon(), lat: at.lat() });
    let (name, small) = state.public_config.photo_store.put_pending(photo).await?;
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

/// How long caches keep a photo, by who may load it.
fn cache_control(readers: PhotoReaders, place: PhotoPlace) -> Option<&'static str> {
    match (readers, place) {
        (PhotoReaders::Nobody, _) => None,
        (PhotoReaders::Crew, _) => Some("private, no-store"),
        // It may be gone tomorrow.
        (_, PhotoPlace::Pending) => Some("private, max-age=600"),
        // The report that showed it does so no longer.
        (PhotoReaders::Unattached, PhotoPlace::Kept) => None,
        // It may be erased, or its service may be shown less exactly: caches forget it soon.
        (PhotoReaders::All | PhotoReaders::Everybody, PhotoPlace::Kept) => {
            Some("public, max-age=300")
        }
    }
}

/// `GET /media/{name}`
async fn one(
    State(state): State<Arc<AppState>>,
    Path(name): Path<String>,
    request: Request,
) -> HandlerResult {
    let parts = request.into_parts().0;
    let (bytes, place) = state.public_config.photo_store.get(&name).await?;
    let view = |city: &JurisdictionId| view_of(&parts, &state, Some(city));
    let readers = state.app.photo_readers(&name, view).await?;
    // To whom may not load it, a photo is not there.
    let cache = cache_control(readers, place).ok_or_else(|| Error::not_found(&name))?;
    let tag = format!("\"{name}\"");
    let known = parts.headers.get(header::IF_NONE_MATCH);
    if known.is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
        let mut response = not_modified(tag);
        set_cache(&mut response, readers, cache);
        return Ok(response);
    }
    let mut response = Response::new(Body::from(bytes));
    set_cache(&mut response, readers, cache);
    let headers = response.headers_mut();
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    for (name, value) in [
        (header::CONTENT_TYPE, "image/jpeg"),
        (header::CONTENT_DISPOSITION, "inline"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"),
        (HeaderName::from_static("cross-origin-resource-policy"), "cross-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    Ok(response)
}

/// Says how long the response is kept, and, where not everybody may load every photo, that it
/// depends on who asks.
fn set_cache(response: &mut Response, readers: PhotoReaders, cache: &'static str) {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    if readers == PhotoReaders::All {
        headers.remove(header::VARY);
    } else {
        headers.insert(header::VARY, HeaderValue::from_static("authorization, cookie"));
    }
}
