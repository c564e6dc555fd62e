//! What an application sends to Open311 by `POST`: its form with the key, the city and the photos.

use std::sync::Arc;

use axum::extract::Request;

use crate::error::{Error, ErrorKind, Result};
use crate::http::open311::form::Form;
use crate::http::open311::format::{API_KEY, LOCALE};
use crate::http::request::auth::is_same_key;
use crate::http::request::form::form;
use crate::http::request::idempotency::{IDEMPOTENCY_KEY, fingerprint};
use crate::http::request::parameter::{path, request};
use crate::http::request::types::Patterned;
use crate::http::state::{AppState, WriteAccess};
use crate::http::v1::duplicates::dedupe::{DEDUPE, Dedupe};
use crate::http::v1::media;
use crate::media::{Photo, Uploader};
use crate::message;
use crate::usecase::City;

/// What can be sent.
const NAMES: &str = r"^(requests|servicerequestupdates)(\.(xml|json))?$";

request! {
    /// The parameters of a new service request or of an update.
    pub struct SubmitRequest {
        name: String = path("name", Patterned(NAMES), "requests.json").described(
            "requests ou servicerequestupdates, suivi de .xml ou .json.",
            "requests or servicerequestupdates, followed by .xml or .json.",
        ),
        api_key: Option<String> = API_KEY,
        locale: Option<String> = LOCALE,
        dedupe: Dedupe = DEDUPE,
        key: Option<String> = IDEMPOTENCY_KEY,
    }
}

/// A form whose key was accepted.
pub struct SentParts {
    /// The city that it names.
    pub city: Arc<City>,
    /// Its other fields.
    pub form: Form,
    /// Its photos, which are not stored yet.
    pub photos: Vec<Photo>,
    /// Its key.
    pub api_key: String,
}

impl SentParts {
    /// The paths that the photos will have.
    pub fn paths(&self) -> Vec<String> {
        self.photos.iter().map(|photo| media::path(&photo.name())).collect()
    }
}

/// Receives a form. `api_key` and `jurisdiction` are those of the query string, which those of the
/// form replace.
///
/// # Errors
/// A malformed form; a missing or wrong key; an unknown city; a file that is no photo.
pub async fn receive(
    state: &AppState,
    sent: Request,
    (api_key, jurisdiction): (Option<String>, Option<String>),
) -> Result<SentParts> {
    let from = media::uploader(state, &sent);
    let parts = form(sent).await?;
    let mut form = Form::new(parts.fields);
    let api_key = accepted_key(state, form.take("api_key").or(api_key))?;
    let named = form.take("jurisdiction_id").or(jurisdiction);
    let city = state.app.unambiguous_city(named.as_deref())?;
    let is_known = is_crew_key(state, &api_key) || !state.public_config.open311_keys.is_empty();
    let from = if is_known { Uploader::Key(fingerprint(api_key.as_bytes())) } else { from };
    let photos = media::photos(state, from, parts.files).await?;
    Ok(SentParts { city, form, photos, api_key })
}

/// Is this the crew key?
pub fn is_crew_key(state: &AppState, key: &str) -> bool {
    matches!(&state.access, WriteAccess::Key(crew) if is_same_key(crew.as_bytes(), key.as_bytes()))
}

/// Checks the API key. If no keys are configured, any key is accepted, but one must be given.
fn accepted_key(state: &AppState, key: Option<String>) -> Result<String> {
    let keys = &state.public_config.open311_keys;
    let message = match key {
        None => message!("Il manque une clé (api_key).", "An api_key is missing."),
        Some(key) => {
            let is_known = |known: &String| is_same_key(known.as_bytes(), key.as_bytes());
            if keys.is_empty() || keys.iter().any(is_known) || is_crew_key(state, &key) {
                return Ok(key);
            }
            message!("Cette clé (api_key) est inconnue.", "This api_key is unknown.")
        }
    };
    Err(Error::new(ErrorKind::Forbidden, message))
}
