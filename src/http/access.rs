//! What the service knows about keys: whether it needs them, and whose a secret is.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use crate::domain::{AccessKey, Role};
use crate::error::{Error, ErrorKind, Result};
use crate::http::request::wrong_keys::WrongKeys;
use crate::message;
use crate::usecase::access::{CheckedSecret, KeyRing, secret_digest};

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
    crew_key: Option<Arc<AccessKey>>,
    keys: Arc<KeyRing>,
    wrong: WrongKeys,
}

impl Access {
    /// The keys of a service that was started in this mode.
    pub fn new(mode: WriteAccess, keys: Arc<KeyRing>, filing_needs_key: bool) -> Self {
        let crew_key = matches!(mode, WriteAccess::Key(_)).then(|| {
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
        });
        Self { mode, filing_needs_key, crew_key, keys, wrong: WrongKeys::default() }
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
        if let (WriteAccess::Key(known), Some(key)) = (&self.mode, &self.crew_key)
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

/// Are two keys the same? Their digests are compared in constant time.
pub fn is_same_key(known: &[u8], sent: &[u8]) -> bool {
    blake3::hash(known) == blake3::hash(sent)
}
