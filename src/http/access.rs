//! What the service knows about keys: whether it needs them, and whose a secret is.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use axum::http::header;

use crate::domain::{AccessKey, Role, Session};
use crate::error::{Error, ErrorKind, Result};
use crate::http::request::head::RequestHead;
use crate::http::request::origin::{foreign_page, origin_of};
use crate::http::request::session_cookie::SessionCookie;
use crate::http::request::wrong_keys::WrongKeys;
use crate::message;
use crate::usecase::access::{CheckedSecret, KeyRing, secret_digest};
use crate::usecase::sessions::{CrewKey, SessionToken, Sessions};

/// The name of the key that `--crew-key` gives.
const CREW_KEY: &str = "crew-key";

/// Who may change reports and incidents, and import files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WriteAccess {
    /// Requests of this machine, which the service alone listens to; see
    /// [`Foreign`](crate::http::request::origin::Foreign). As soon as the store has a key, requests
    /// with a key.
    Local,
    /// Requests with a key of the store, or with this one, which may do everything.
    Key(String),
    /// Requests with a key of the store: the service listens on the network or has a public
    /// address, and no other key was set.
    Nobody,
}

/// The keys of a running service.
pub struct Access {
    /// How the service was started.
    pub mode: WriteAccess,
    /// Whether filing a report needs a key, too.
    pub filing_needs_key: bool,
    crew_key: Option<CrewKey>,
    keys: Arc<KeyRing>,
    sessions: Arc<Sessions>,
    wrong: WrongKeys,
    public_origin: Option<String>,
}

/// The session that a request shows by its cookie.
#[derive(Debug, Clone)]
pub struct SentSession {
    /// Its token.
    pub token: SessionToken,
    /// The page of another site that sends the request, as its headers show it: for such a page the
    /// session does not count.
    pub foreign_page: Option<String>,
}

impl Access {
    /// The keys and sessions of a service that was started in this mode. `public_url`: its public
    /// address, if one is set.
    pub fn new(
        mode: WriteAccess,
        (keys, sessions): (Arc<KeyRing>, Arc<Sessions>),
        filing_needs_key: bool,
        public_url: Option<&str>,
    ) -> Self {
        let crew_key = match &mode {
            WriteAccess::Key(secret) => Some((crew_key(), secret_digest(secret.as_bytes()))),
            WriteAccess::Local | WriteAccess::Nobody => None,
        };
        let public_origin = public_url.and_then(origin_of);
        let wrong = WrongKeys::default();
        Self { mode, filing_needs_key, crew_key, keys, sessions, wrong, public_origin }
    }

    /// The cookie of sessions for a request.
    ///
    /// # Errors
    /// Forbidden: the request came without TLS from elsewhere than this machine.
    pub fn cookie(&self, head: &RequestHead<'_>) -> Result<SessionCookie> {
        SessionCookie::of(head, self.public_origin.as_deref())
    }

    /// The session that a request shows by its cookie, valid or not.
    pub fn sent_session(&self, head: &RequestHead<'_>) -> Option<SentSession> {
        if !head.headers.contains_key(header::COOKIE) {
            return None;
        }
        let token = self.cookie(head).ok()?.token(head.headers)?;
        let foreign_page = foreign_page(head, self.public_origin.as_deref());
        Some(SentSession { token, foreign_page })
    }

    /// The session of a token and the key that opened it, where both are valid.
    pub fn session(&self, token: &SessionToken) -> Option<(Session, Arc<AccessKey>)> {
        self.sessions.find(token, self.crew_key.as_ref())
    }

    /// From when on a session is refused if it is not used any more, in seconds of Unix time.
    pub fn session_ends(&self, session: &Session) -> i64 {
        self.sessions.ends(session)
    }

    /// Does the service have any key? Then every operation that is not public needs one, also from
    /// this machine.
    pub fn needs_keys(&self) -> bool {
        self.crew_key.is_some() || self.keys.has_keys()
    }

    /// The valid key with this secret, without counting wrong ones.
    pub fn find(&self, secret: &[u8]) -> Option<Arc<AccessKey>> {
        match self.check(secret) {
            CheckedSecret::Valid(key) => Some(key),
            _ => None,
        }
    }

    fn check(&self, secret: &[u8]) -> CheckedSecret {
        if let (WriteAccess::Key(known), Some((key, _))) = (&self.mode, &self.crew_key)
            && is_same_key(known.as_bytes(), secret)
        {
            return CheckedSecret::Valid(key.clone());
        }
        self.keys.check(secret)
    }

    /// The valid key with this secret. Wrong ones are logged, without the secret, and counted by
    /// the address that they come from.
    ///
    /// # Errors
    /// Unauthorized: it is of no key, or of one that has expired or was revoked. Too many: the
    /// address has sent too many wrong keys and must wait.
    pub fn verify(&self, secret: &[u8], address: Option<IpAddr>) -> Result<Arc<AccessKey>> {
        let (digest, now) = (secret_digest(secret), Instant::now());
        let wait = address.and_then(|address| self.wrong.wait_s(address, &digest, now));
        if let Some(seconds) = wait {
            let message = message!(
                "Trop de clés fausses sont venues de cette adresse : réessayez dans {seconds} s.",
                "Too many wrong keys came from this address: try again in {seconds} s."
            );
            return Err(Error::new(ErrorKind::TooMany(seconds), message));
        }
        let (state, message) = match self.check(secret) {
            CheckedSecret::Valid(key) => {
                if let Some(address) = address {
                    self.wrong.accept(address, digest, now);
                }
                return Ok(key);
            }
            CheckedSecret::Expired => {
                ("expired", message!("Cette clé a expiré.", "This key has expired."))
            }
            CheckedSecret::Revoked => {
                ("revoked", message!("Cette clé a été révoquée.", "This key was revoked."))
            }
            CheckedSecret::Unknown => {
                ("unknown", message!("Cette clé est inconnue.", "This key is unknown."))
            }
        };
        if let Some(address) = address {
            self.wrong.count(address, now);
        }
        tracing::warn!(address = ?address, state, "a key that is not valid was sent");
        Err(Error::new(ErrorKind::Unauthorized, message))
    }
}

/// The key that `--crew-key` gives.
fn crew_key() -> Arc<AccessKey> {
    Arc::new(AccessKey {
        number: 0,
        name: CREW_KEY.into(),
        role: Role::Admin,
        cities: None,
        created: 0,
        expires: None,
        revoked: None,
        used_day: None,
        secrets: Vec::new(),
    })
}

/// Are two keys the same? Their digests are compared in constant time.
pub fn is_same_key(known: &[u8], sent: &[u8]) -> bool {
    blake3::hash(known) == blake3::hash(sent)
}
