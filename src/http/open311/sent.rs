//! What an application sends to Open311 by `POST`: its form with the key, the city and the photos.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::Request;

use crate::error::{Error, ErrorKind, Result};
use crate::http::access::is_same_key;
use crate::http::open311::form::Form;
use crate::http::open311::format::{API_KEY, LOCALE};
use crate::http::request::audience::Audience;
use crate::http::request::caller::Caller;
use crate::http::request::client_address::ClientAddress;
use crate::http::request::form::form;
use crate::http::request::idempotency::{IDEMPOTENCY_KEY, fingerprint};
use crate::http::request::parameter::{path, request};
use crate::http::request::types::Patterned;
use crate::http::state::AppState;
use crate::http::v1::duplicates::dedupe::{DEDUPE, Dedupe};
use crate::http::v1::media;
use crate::i18n::Message;
use crate::media::{Photo, Uploader};
use crate::message;
use crate::usecase::City;
use crate::usecase::access::SECRET_PREFIX;

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
    /// Whose key that is.
    pub holder: Caller,
}

impl SentParts {
    /// The paths that the photos will have.
    pub fn paths(&self) -> Vec<String> {
        self.photos.iter().map(|photo| media::path(&photo.name())).collect()
    }
}

/// Who sends a form, for the audit: the holder of the key in the header, else of that in the form.
pub fn sender<'a>(header: &'a Caller, form: &'a Caller) -> &'a Caller {
    match (header, form) {
        (Caller::Holder(_), _) | (_, Caller::Public | Caller::ThisMachine) => header,
        (_, Caller::Holder(_)) => form,
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
    let address = sent.extensions().get::<ClientAddress>().map(|client| client.0);
    let parts = form(sent).await?;
    let mut form = Form::new(parts.fields);
    let (api_key, holder) = accepted_key(state, form.take("api_key").or(api_key), address)?;
    let named = form.take("jurisdiction_id").or(jurisdiction);
    let city = state.app.unambiguous_city(named.as_deref())?;
    holder.check_city(Audience::Filing, Some(city.id()))?;
    let from = match &holder {
        Caller::Holder(key) => Uploader::Key(key.name.clone()),
        _ if state.public_config.open311_keys.is_empty() => from,
        _ => Uploader::Key(fingerprint(api_key.as_bytes())),
    };
    let photos = media::photos(state, from, parts.files).await?;
    Ok(SentParts { city, form, photos, api_key, holder })
}

/// Checks the API key, and says whose it is if it is a key of the service. If neither keys of
/// applications nor `--filing-needs-key` are configured, any key is accepted, but one must be
/// given, and one that looks like a key of the service must be valid.
fn accepted_key(
    state: &AppState,
    key: Option<String>,
    address: Option<IpAddr>,
) -> Result<(String, Caller)> {
    let Some(key) = key else {
        let message = message!("Il manque une clé (api_key).", "An api_key is missing.");
        return Err(Error::new(ErrorKind::Forbidden, message));
    };
    let known = &state.public_config.open311_keys;
    if known.iter().any(|known| is_same_key(known.as_bytes(), key.as_bytes())) {
        return Ok((key, Caller::Public));
    }
    let takes_any = known.is_empty() && !state.access.filing_needs_key;
    let caller = match takes_any && !key.starts_with(SECRET_PREFIX) {
        true => state.access.find(key.as_bytes()).map_or(Caller::Public, Caller::Holder),
        false => match state.access.verify(key.as_bytes(), address) {
            Ok(holder) => Caller::Holder(holder),
            Err(error) => {
                let Message { fr, en } = error.message;
                return Err(Error {
                    message: message!("{fr} (api_key)", "{en} (api_key)"),
                    ..error
                });
            }
        },
    };
    Ok((key, caller))
}
