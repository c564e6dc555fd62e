//! Sessions: log-ins of the page with a key, kept in the store so that they survive a restart.
//!
//! A session is looked up in the store at each request of its browser, which costs some
//! microseconds: so a log-out holds at once for every process that serves the store. Whether its
//! key is still valid is known to the [`KeyRing`].

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use crate::config::Limits;
use crate::domain::{AccessKey, Clock, SecretDigest, Session};
use crate::store::{CreateSession, NoteSessionUse, Reader, Writer};
use crate::usecase::access::KeyRing;

/// The secret of a session: 256 random bits, which its browser sends with each request.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionToken([u8; 32]);

impl SessionToken {
    fn random() -> Self {
        Self(rand::random())
    }

    /// Reads a token: 64 hexadecimal digits in lower case. `None` for anything else.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let digits: &[u8; 64] = text.try_into().ok()?;
        let mut bits = [0; 32];
        for (byte, pair) in bits.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = pair.iter().try_fold(0, |sum, digit| Some(sum << 4 | hex_digit(*digit)?))?;
        }
        Some(Self(bits))
    }

    /// The token as text, for the browser alone.
    pub fn text(&self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    pub(super) fn digest(&self) -> SecretDigest {
        *blake3::hash(&self.0).as_bytes()
    }

    /// The proof that the secret with this digest opened the session of this token. Without the
    /// token nobody can try secrets against it.
    fn proof(&self, secret: &SecretDigest) -> blake3::Hash {
        blake3::keyed_hash(&self.0, secret)
    }
}

/// Whoever prints a request for the log does not print its token.
impl fmt::Debug for SessionToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionToken(…)")
    }
}

fn hex_digit(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

/// The key of `serve --crew-key`, which is not in the store, with the digest of its secret.
pub type CrewKey = (Arc<AccessKey>, SecretDigest);

/// The sessions of a store.
pub struct Sessions {
    reader: Reader,
    clock: Arc<dyn Clock>,
    keys: Arc<KeyRing>,
    idle_s: i64,
    whole_s: i64,
    sessions_max: usize,
    /// Uses that are not stored yet.
    used: Mutex<BTreeMap<SecretDigest, i64>>,
}

impl Sessions {
    /// The sessions of a store under these limits.
    pub fn new(reader: Reader, clock: Arc<dyn Clock>, keys: Arc<KeyRing>, limits: &Limits) -> Self {
        let seconds = |time: Duration| i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
        let (idle_s, whole_s) =
            (seconds(limits.session_idle_time), seconds(limits.session_time_max));
        let sessions_max = limits.sessions_max;
        Self { reader, clock, keys, idle_s, whole_s, sessions_max, used: Mutex::default() }
    }

    /// The session of a token, and the key that opened it: where the session is not over, and both
    /// the key and the secret that opened it are still valid. Counts as a use of the session.
    /// `crew` is the key that is not in the store, if the service was started with one.
    pub fn find(
        &self,
        token: &SessionToken,
        crew: Option<&CrewKey>,
    ) -> Option<(Session, Arc<AccessKey>)> {
        let found = self.reader.session(&token.digest()).unwrap_or_else(|error| {
            tracing::warn!(%error, "the sessions cannot be read");
            None
        });
        let now = self.clock.now().as_second();
        let session = found.filter(|session| session.is_valid(now, self.idle_s))?;
        // Hashes are compared in constant time.
        let opened = |secret: &SecretDigest| token.proof(secret) == session.proof;
        let key = match (session.key_number, crew) {
            (0, Some((key, secret))) => opened(secret).then(|| key.clone()),
            (0, None) => None,
            (number, _) => self.keys.with_secret(number, opened),
        }?;
        if session.stores_use(now) {
            self.unstored().insert(session.digest, now);
        }
        Some((session, key))
    }

    /// A new session of a key, opened by its secret with this digest, and its token. It takes the
    /// place of the session of the token `replaces`, which the same browser had.
    pub(super) fn opened(
        &self,
        key: &AccessKey,
        secret: &SecretDigest,
        replaces: Option<&SessionToken>,
    ) -> (SessionToken, CreateSession) {
        let (token, now) = (SessionToken::random(), self.clock.now().as_second());
        let session = Session {
            digest: token.digest(),
            key_number: key.number,
            proof: *token.proof(secret).as_bytes(),
            created: now,
            used: now,
            expires: now.saturating_add(self.whole_s),
        };
        let replaces = replaces.map(SessionToken::digest);
        (token, CreateSession { session, replaces, sessions_max: self.sessions_max })
    }

    /// From when on a session is refused if it is not used any more, in seconds of Unix time.
    pub fn ends(&self, session: &Session) -> i64 {
        session.ends(self.idle_s)
    }

    /// Stores when sessions were last used. Called a few times a second.
    pub(super) fn store_uses(&self, writer: &Writer) {
        let used: Vec<(SecretDigest, i64)> =
            std::mem::take(&mut *self.unstored()).into_iter().collect();
        if used.is_empty() {
            return;
        }
        if let Err(error) = writer.execute(NoteSessionUse { used }) {
            tracing::warn!(%error, "the uses of sessions cannot be written");
        }
    }

    fn unstored(&self) -> MutexGuard<'_, BTreeMap<SecretDigest, i64>> {
        self.used.lock().unwrap_or_else(|poison| poison.into_inner())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_random_reads_what_it_writes_and_is_not_printed() {
        let (one, two) = (SessionToken::random(), SessionToken::random());
        assert_ne!(one, two);
        let text = one.text();
        assert_eq!(SessionToken::parse(text.as_bytes()), Some(one.clone()));
        assert!(!format!("{one:?}").contains(&text[..8]));
        for bad in ["", "0", &text[1..], &text.replace(&text[..1], "g"), &format!("{text}0")] {
            assert_eq!(SessionToken::parse(bad.as_bytes()), None, "{bad}");
        }
        assert_eq!(SessionToken::parse("A".repeat(64).as_bytes()), None, "one spelling only");
    }

    #[test]
    fn a_proof_is_of_one_token_and_one_secret() {
        let (token, other) = (SessionToken::random(), SessionToken::random());
        let (secret, guess) = ([1; 32], [2; 32]);
        assert_eq!(token.proof(&secret), token.proof(&secret));
        assert_ne!(token.proof(&secret), token.proof(&guess));
        assert_ne!(token.proof(&secret), other.proof(&secret));
    }
}
