//! Access keys: made, rotated and revoked in the store, and known to a running service.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};

use arc_swap::ArcSwap;
use jiff::Timestamp;

use crate::domain::{AccessKey, Clock, JurisdictionId, KeySecret, KeyState, Role, SecretDigest};
use crate::error::Result;
use crate::store::{CreateKey, NoteKeyUse, Reader, RevokeKey, RotateKey, Writer};

/// The beginning of every secret, by which people and scanners of leaks recognise one.
pub const SECRET_PREFIX: &str = "pch_";

/// A new secret: the prefix and 256 random bits in hexadecimal digits.
fn new_secret() -> String {
    let bits: [u8; 32] = rand::random();
    let digits = bits.iter().map(|byte| format!("{byte:02x}"));
    std::iter::once(SECRET_PREFIX.to_owned()).chain(digits).collect()
}

/// The digest by which a secret is stored and found.
pub fn secret_digest(secret: &[u8]) -> SecretDigest {
    *blake3::hash(secret).as_bytes()
}

/// What a new key is to be.
#[derive(Debug, Clone)]
pub struct NewKey {
    /// Its name; see [`key_name`](crate::domain::key_name).
    pub name: String,
    /// What its holder may do.
    pub role: Role,
    /// Its cities; `None` for all.
    pub cities: Option<Vec<JurisdictionId>>,
    /// The second of Unix time from which it is refused.
    pub expires: Option<i64>,
}

/// Creates a key and returns its secret, which cannot be read again.
///
/// # Errors
/// A conflict where a key has or had this name; the store.
pub fn create(writer: &Writer, new: NewKey, now: Timestamp) -> Result<String> {
    let NewKey { name, role, cities, expires } = new;
    let secret = new_secret();
    let digest = secret_digest(secret.as_bytes());
    let now = now.as_second();
    writer.execute(CreateKey { name, role, cities, expires, digest, now })?;
    Ok(secret)
}

/// Gives a key a further secret and returns it. Its other secrets are accepted for `overlap_s`
/// seconds more, so that every program can be given the new one meanwhile.
///
/// # Errors
/// Not found; a conflict where the key was revoked; the store.
pub fn rotate(writer: &Writer, name: &str, overlap_s: i64, now: Timestamp) -> Result<String> {
    let secret = new_secret();
    let digest = secret_digest(secret.as_bytes());
    let now = now.as_second();
    let overlap_ends = now.saturating_add(overlap_s);
    writer.execute(RotateKey { name: name.to_owned(), digest, overlap_ends, now })?;
    Ok(secret)
}

/// Revokes a key: from now on all its secrets are refused. A running service knows it within a
/// second.
///
/// # Errors
/// Not found; a conflict where it was revoked before; the store.
pub fn revoke(writer: &Writer, name: &str, now: Timestamp) -> Result<()> {
    writer.execute(RevokeKey { name: name.to_owned(), now: now.as_second() })
}

/// What the service knows about a secret that was sent.
#[derive(Debug, Clone)]
pub enum CheckedSecret {
    /// It is of this key, which is valid.
    Valid(Arc<AccessKey>),
    /// It is of a key whose time is over, or of a secret that was replaced.
    Expired,
    /// It is of a key that was revoked.
    Revoked,
    /// It is of no key.
    Unknown,
}

/// The keys of the store by the digests of their secrets.
#[derive(Default)]
struct KnownKeys {
    keys: Vec<Arc<AccessKey>>,
    /// The key of each secret, with the end of the secret's own time.
    by_digest: HashMap<SecretDigest, (Arc<AccessKey>, Option<i64>)>,
}

/// The keys of the store in memory, kept as the store has them.
pub struct KeyRing {
    reader: Reader,
    clock: Arc<dyn Clock>,
    known: ArcSwap<KnownKeys>,
    /// Numbers of the keys whose use today is not stored yet.
    used: Mutex<BTreeSet<i64>>,
}

impl KeyRing {
    /// The keys of a store, valid or not by this clock.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn open(reader: Reader, clock: Arc<dyn Clock>) -> Result<Self> {
        let ring = Self { reader, clock, known: ArcSwap::default(), used: Mutex::default() };
        ring.reload()?;
        Ok(ring)
    }

    /// Reads the keys anew, where another process may have changed them.
    ///
    /// # Errors
    /// The store cannot be read: the keys stay as they were.
    pub fn reload(&self) -> Result<()> {
        let keys: Vec<Arc<AccessKey>> =
            self.reader.access_keys()?.into_iter().map(Arc::new).collect();
        if keys == self.known.load().keys {
            return Ok(());
        }
        let each = keys.iter().flat_map(|key| key.secrets.iter().map(move |one| (key, one)));
        let by_digest = each.map(|(key, one)| (one.digest, (key.clone(), one.expires))).collect();
        self.known.store(Arc::new(KnownKeys { keys, by_digest }));
        Ok(())
    }

    /// Has the store any key? Also one that has expired or was revoked counts, so that a service
    /// does not open again by itself when the last key expires.
    pub fn has_keys(&self) -> bool {
        !self.known.load().keys.is_empty()
    }

    /// Looks a secret up. An unknown one is looked for in the store once more: it may
    /// have been made a moment ago by another process.
    ///
    /// Secrets are compared by their digests. How long that takes depends on the digest alone, from
    /// which nobody can conclude the secret.
    pub fn check(&self, secret: &[u8]) -> CheckedSecret {
        let now = self.clock.now();
        let digest = secret_digest(secret);
        let mut found = self.known.load().by_digest.get(&digest).cloned();
        if found.is_none() && secret.starts_with(SECRET_PREFIX.as_bytes()) {
            if let Err(error) = self.reload() {
                tracing::warn!(%error, "the access keys cannot be read");
            }
            found = self.known.load().by_digest.get(&digest).cloned();
        }
        let Some((key, secret_ends)) = found else { return CheckedSecret::Unknown };
        match key.state(now.as_second()) {
            KeyState::Revoked => CheckedSecret::Revoked,
            KeyState::Expired => CheckedSecret::Expired,
            KeyState::Valid if secret_ends.is_some_and(|end| end <= now.as_second()) => {
                CheckedSecret::Expired
            }
            KeyState::Valid => {
                self.note_use(&key, now);
                CheckedSecret::Valid(key)
            }
        }
    }

    /// The key with this number, where it is valid and has a secret that is still accepted and that
    /// `opened` holds for. Counts as a use of the key.
    pub(super) fn with_secret(
        &self,
        number: i64,
        opened: impl Fn(&SecretDigest) -> bool,
    ) -> Option<Arc<AccessKey>> {
        let now = self.clock.now();
        let known = self.known.load();
        let key = known.keys.iter().find(|key| key.number == number)?;
        let is_valid = key.state(now.as_second()) == KeyState::Valid;
        let is_accepted =
            |secret: &&KeySecret| secret.expires.is_none_or(|end| now.as_second() < end);
        let is_opened =
            is_valid && key.secrets.iter().filter(is_accepted).any(|secret| opened(&secret.digest));
        is_opened.then(|| {
            self.note_use(key, now);
            key.clone()
        })
    }

    fn note_use(&self, key: &AccessKey, now: Timestamp) {
        if key.used_day.as_deref() != Some(&*day_of(now)) {
            let mut used = self.used.lock().unwrap_or_else(|poison| poison.into_inner());
            used.insert(key.number);
        }
    }

    /// Stores which keys were used today, then reads the keys anew. Called a few times a second.
    pub(super) fn catch_up(&self, writer: &Writer) {
        let used =
            std::mem::take(&mut *self.used.lock().unwrap_or_else(|poison| poison.into_inner()));
        let noted = match used.is_empty() {
            true => Ok(()),
            false => {
                let numbers = used.into_iter().collect();
                writer.execute(NoteKeyUse { numbers, day: day_of(self.clock.now()) })
            }
        };
        if let Err(error) = noted.and_then(|()| self.reload()) {
            tracing::warn!(%error, "the access keys cannot be read or written");
        }
    }
}

/// The day of a time in UTC, such as `2027-01-31`.
fn day_of(time: Timestamp) -> String {
    time.to_zoned_datetime(jiff::tz::TimeZone::UTC).date().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_long_random_and_recognisable() {
        let (one, two) = (new_secret(), new_secret());
        assert_ne!(one, two);
        for secret in [one, two] {
            assert_eq!(secret.len(), SECRET_PREFIX.len() + 64);
            assert!(secret.starts_with(SECRET_PREFIX));
        }
    }
}
