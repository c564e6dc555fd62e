//! The session of the page: who is logged in, logging in with a key, and logging out.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use crate::domain::{AccessKey, Actor, AuditSubject, JurisdictionId, Permission, Role};
use crate::error::{Error, ErrorKind, Refusal, Result};
use crate::http::openapi::content::json;
use crate::http::openapi::description::Tag;
use crate::http::operation::{HandlerResult, Operation};
use crate::http::reply::answer::{JSON, response_without_etag, to_json};
use crate::http::reply::problem::too_large;
use crate::http::request::auth::Authorization;
use crate::http::request::call::ServiceCall;
use crate::http::request::caller::Caller;
use crate::http::request::context::RequestContext;
use crate::http::request::form::bounded;
use crate::http::request::head::RequestHead;
use crate::http::request::members::{Body as _, TEXT, body, member};
use crate::http::request::parameter::{Defaulted, Parameter, query, request};
use crate::http::request::types::Flag;
use crate::http::state::AppState;
use crate::message;
use crate::usecase::access::secret_digest;

/// Limit of the size of a body with a key, in bytes.
const LOG_IN_BYTES_MAX: usize = 4 << 10;

const ALL: Parameter<Flag, Defaulted<bool>> = query("all", Flag).default(false).described(
    "Met fin à toutes les sessions de cette clé, dans tous les navigateurs.",
    "Ends every session of this key, in all browsers.",
);

body! {
    /// The key that opens a session.
    pub struct LogIn {
        key: String = member("key", TEXT),
    }
}

request! {
    /// Which sessions end.
    pub struct LogOutRequest {
        all: bool = ALL,
    }
}

/// Who sends the request, as the service knows it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Session")]
#[schemars(extend("x-fr" = "Qui envoie la requête, pour le service."))]
struct SessionOut {
    /// By what the service knows who it is: a session, a key in the request, or that the request
    /// comes from the machine of a service without keys.
    #[schemars(extend(
        "enum" = ["session", "key", "machine", "nobody"],
        "x-fr" = "Par quoi le service sait de qui il s’agit : une session, une clé dans la \
                  requête, ou le fait que la requête vient de la machine d’un service sans clé.",
    ))]
    known_by: &'static str,
    /// The name of the key; null without one.
    #[schemars(extend("x-fr" = "Le nom de la clé ; null sans clé."))]
    name: Option<String>,
    #[schemars(extend("enum" = role_words()))]
    role: &'static str,
    /// The cities of the key; null for all.
    #[schemars(extend("x-fr" = "Les villes de la clé ; null pour toutes."))]
    jurisdictions: Option<Vec<String>>,
    permissions: Vec<&'static str>,
    /// When the session or the key ends at the latest; null where it does not.
    #[schemars(extend(
        "format" = "date-time",
        "x-fr" = "Quand la session ou la clé se termine au plus tard ; null si elle ne se termine \
                  pas.",
    ))]
    expires: Option<String>,
    /// When the session ends unless it is used again.
    #[schemars(extend(
        "format" = "date-time",
        "x-fr" = "Quand la session se termine si elle ne sert plus.",
    ))]
    ends_unused: Option<String>,
    /// Can a key be used? Without keys, the service is open to its own machine.
    #[schemars(extend(
        "x-fr" = "Une clé peut-elle servir ? Sans clés, le service est ouvert à sa propre machine.",
    ))]
    takes_keys: bool,
}

/// The words for roles, with that of nobody.
fn role_words() -> Vec<&'static str> {
    std::iter::once("none").chain(Role::WORDS.iter().copied()).collect()
}

/// The operations.
pub fn operations() -> Vec<Operation> {
    let answer = [json::<SessionOut>()];
    let log_in = json::<LogIn>().example(|| json!({ "key": "pch_…" }));
    vec![
        Operation::get("/api/v1/session", "session", Tag::Service, show)
            .described(
                "Qui est connecté, et ce que cela permet ; role vaut none pour le public.",
                "Who is logged in, and what that allows; role is none for the public.",
            )
            .responds_with(&answer)
            .status_codes(&[(200, "ok"), (400, "refused")])
            .for_own_pages(),
        Operation::post("/api/v1/session", "log_in", Tag::Service, log_in_with_key)
            .described(
                "Ouvre une session avec une clé ; le navigateur la garde dans un cookie qu’aucun \
                 script ne peut lire.",
                "Opens a session with a key; the browser keeps it in a cookie that no script can \
                 read.",
            )
            .body(&[log_in])
            .responds_with(&answer)
            .status_codes(&[
                (200, "ok"),
                (400, "refused"),
                (401, "no valid key"),
                (403, "forbidden"),
                (413, "too large"),
                (429, "too many"),
            ])
            .body_bytes_max(LOG_IN_BYTES_MAX)
            .for_own_pages(),
        Operation::delete("/api/v1/session", "log_out", Tag::Service, log_out)
            .described(
                "Met fin à la session, ou à toutes celles de la même clé.",
                "Ends the session, or every one of the same key.",
            )
            .status_codes(&[
                (204, "removed"),
                (400, "refused"),
                (401, "no valid key"),
                (403, "forbidden"),
            ])
            .for_own_pages(),
    ]
}

/// A second of Unix time as the API writes it.
fn text(second: i64) -> Option<String> {
    Timestamp::from_second(second).ok().map(|time| time.to_string())
}

impl SessionOut {
    /// What a caller without a session is known as.
    fn of_caller(caller: &Caller, takes_keys: bool) -> Self {
        let nobody = Self {
            known_by: "nobody",
            name: None,
            role: "none",
            jurisdictions: None,
            permissions: Vec::new(),
            expires: None,
            ends_unused: None,
            takes_keys,
        };
        match caller {
            Caller::Public => nobody,
            Caller::ThisMachine => {
                let all = Permission::ALL.iter().filter(|one| **one != Permission::ReadContacts);
                let permissions = all.map(|one| one.as_str()).collect();
                Self { known_by: "machine", permissions, ..nobody }
            }
            Caller::Holder(key) => Self::of_key(key, takes_keys),
        }
    }

    fn of_key(key: &AccessKey, takes_keys: bool) -> Self {
        let ids = |ids: &Vec<JurisdictionId>| ids.iter().map(|id| id.as_str().to_owned()).collect();
        Self {
            known_by: "key",
            name: Some(key.name.clone()),
            role: key.role.as_str(),
            jurisdictions: key.cities.as_ref().map(ids),
            permissions: key.role.permissions().iter().map(|one| one.as_str()).collect(),
            expires: key.expires.and_then(text),
            ends_unused: None,
            takes_keys,
        }
    }

    /// As [`Self::of_key`], for a session that the key opened. `ends` and `expires`: when it is
    /// over, unused or not.
    fn of_session(key: &AccessKey, (ends, expires): (i64, i64)) -> Self {
        let first = |second: i64| key.expires.map_or(second, |end| end.min(second));
        Self {
            known_by: "session",
            expires: text(first(expires)),
            ends_unused: text(first(ends)),
            ..Self::of_key(key, true)
        }
    }
}

/// The response, which no cache keeps.
fn respond(out: &SessionOut) -> HandlerResult {
    let mut response = response_without_etag(JSON, to_json(out)?);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// `GET /api/v1/session`
async fn show(call: ServiceCall, request: Request) -> HandlerResult {
    let ServiceCall { state, context, .. } = call;
    let access = &state.access;
    let shown = Authorization::of(&RequestHead::from(&request), access);
    match shown.session(access) {
        Some((session, key)) => {
            let times = (access.session_ends(&session), session.expires);
            respond(&SessionOut::of_session(&key, times))
        }
        None => respond(&SessionOut::of_caller(&context.caller, access.needs_keys())),
    }
}

/// The key of a body. What the body holds is in no refusal: it may be a key.
async fn sent_key(request: Request) -> Result<String> {
    let body = bounded(request, LOG_IN_BYTES_MAX)?.into_body();
    let bytes = to_bytes(body, LOG_IN_BYTES_MAX).await.map_err(|_| too_large())?;
    let read = LogIn::read(&bytes, &TimeZone::UTC);
    let LogIn { key } = read.map_err(|error| {
        let without = |refusal: Refusal| Refusal { value: String::new(), ..refusal };
        Error::refused(error.refusals.into_iter().map(without).collect())
    })?;
    Ok(key)
}

/// `POST /api/v1/session`
async fn log_in_with_key(call: ServiceCall, request: Request) -> HandlerResult {
    let ServiceCall { state, context, .. } = call;
    let head = RequestHead::from(&request);
    let cookie = state.access.cookie(&head)?;
    let (address, replaces) = (head.address(), cookie.token(head.headers));
    let secret = sent_key(request).await?;
    let secret = secret.trim().as_bytes();
    let key = state.access.verify(secret, address)?;
    let digest = secret_digest(secret);
    let by = context.actor_of(&Caller::Holder(key.clone()));
    let (token, session) = state.app.log_in(&key, &digest, replaces.as_ref(), by).await?;
    note(&state, &context, &key).await?;
    tracing::info!(key = key.name, address = ?address, "logged in");
    let times = (state.access.session_ends(&session), session.expires);
    let mut response = respond(&SessionOut::of_session(&key, times))?;
    response.headers_mut().extend(cookie.set(&token).map(|value| (header::SET_COOKIE, value)));
    Ok(response)
}

/// Leaves a line in the audit: the holder of a key logs in or out.
async fn note(state: &AppState, context: &RequestContext, key: &Arc<AccessKey>) -> Result<()> {
    let by = context.actor_of(&Caller::Holder(key.clone()));
    state.app.note(by, None, AuditSubject::Key, &key.name).await
}

/// Ends the session of a request, or every session of its key.
async fn end(state: &AppState, shown: &Authorization, all: bool, by: Actor) -> Result<()> {
    let token = shown.token();
    if !all {
        return match token {
            Some(token) => state.app.log_out(token, by).await,
            None => Ok(()),
        };
    }
    let key = shown.known_key(&state.access).ok_or_else(|| {
        let message = message!(
            "Aucune session ni clé valable n’a été envoyée : on ne sait pas lesquelles terminer.",
            "No valid session or key was sent: it is not known which ones to end."
        );
        Error::new(ErrorKind::Unauthorized, message)
    })?;
    let ended = state.app.log_out_everywhere(&key, by).await?;
    tracing::info!(key = key.name, ended, "logged out everywhere");
    Ok(())
}

/// `DELETE /api/v1/session`
async fn log_out(call: ServiceCall<LogOutRequest>, request: Request) -> HandlerResult {
    let ServiceCall { state, context, request: LogOutRequest { all } } = call;
    let head = RequestHead::from(&request);
    let shown = Authorization::of(&head, &state.access);
    let removed = state.access.cookie(&head).ok().and_then(|cookie| cookie.removed());
    let key = shown.known_key(&state.access);
    end(&state, &shown, all, context.actor()).await?;
    if let Some(key) = &key {
        note(&state, &context, key).await?;
    }
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response.headers_mut().extend(removed.map(|value| (header::SET_COOKIE, value)));
    Ok(response)
}
