//! An access key as the service knows it: everything but its secret.

use crate::domain::access::role::{Permission, Role};
use crate::domain::{AUTHORS_OF_NOBODY, JurisdictionId};
use crate::i18n::Message;
use crate::message;

/// Most characters of the name of a key.
pub const KEY_NAME_CHARS_MAX: usize = 64;

/// Names that no key of the store has: the key of `serve --crew-key`, those who have none, and this
/// program.
const NAMES_TAKEN: [&str; 4] = ["crew-key", "public", "this-machine", "pointchaud"];

/// The BLAKE3 digest of a secret. The secret itself is stored nowhere: it has 256 random bits, so
/// that nobody finds it from the digest.
pub type SecretDigest = [u8; 32];

/// One secret of a key. A key has several while it is being rotated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeySecret {
    /// Its digest.
    pub digest: SecretDigest,
    /// The second of Unix time from which it is refused; `None` while the key itself is valid.
    pub expires: Option<i64>,
}

/// Whether a key is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyState {
    /// It is.
    Valid,
    /// Its time is over.
    Expired,
    /// It was revoked.
    Revoked,
}

impl KeyState {
    /// The state in one word, for lists.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }
}

/// A key of a person or a program. Times are seconds of Unix time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessKey {
    /// Its number in the store.
    pub number: i64,
    /// Its name, which no other key of the store has or had.
    pub name: String,
    /// What its holder may do.
    pub role: Role,
    /// The cities that it is for; `None` means all, also those that are added later.
    pub cities: Option<Vec<JurisdictionId>>,
    /// When it was created.
    pub created: i64,
    /// From when on it is refused.
    pub expires: Option<i64>,
    /// When it was revoked.
    pub revoked: Option<i64>,
    /// The last day of use in UTC, such as `2027-01-31`.
    pub used_day: Option<String>,
    /// Its secrets, also those that are no longer accepted.
    pub secrets: Vec<KeySecret>,
}

impl AccessKey {
    /// Whether it is accepted at this second of Unix time.
    pub fn state(&self, now: i64) -> KeyState {
        match (self.revoked, self.expires) {
            (Some(_), _) => KeyState::Revoked,
            (None, Some(end)) if end <= now => KeyState::Expired,
            _ => KeyState::Valid,
        }
    }

    /// Is it for this city?
    pub fn covers(&self, city: &JurisdictionId) -> bool {
        self.cities.as_ref().is_none_or(|cities| cities.contains(city))
    }

    /// May its holder do this with reports of this city?
    pub fn may(&self, permission: Permission, city: &JurisdictionId) -> bool {
        self.role.may(permission) && self.covers(city)
    }
}

/// Checks the name of a new key: 1 to 64 letters, digits, dots, hyphens, underscores or `@`, and
/// none that histories have for changes without a person.
///
/// # Errors
/// Says what is allowed.
///
/// ```
/// use pointchaud::domain::key_name;
///
/// assert_eq!(key_name("marie.tremblay").unwrap(), "marie.tremblay");
/// assert!(key_name("").is_err() && key_name("a b").is_err());
/// ```
pub fn key_name(text: &str) -> Result<String, Message> {
    let fits = |sign: char| sign.is_alphanumeric() || "._-@".contains(sign);
    let max = KEY_NAME_CHARS_MAX;
    if AUTHORS_OF_NOBODY.contains(&text) || NAMES_TAKEN.contains(&text) {
        return Err(message!(
            "désigne autre chose dans les historiques : choisissez un autre nom",
            "means something else in histories: choose another name"
        ));
    }
    if (1..=max).contains(&text.chars().count()) && text.chars().all(fits) {
        return Ok(text.to_owned());
    }
    Err(message!(
        "doit avoir de 1 à {max} lettres, chiffres, points, tirets ou « @ », sans espace",
        "must have 1 to {max} letters, digits, dots, hyphens or '@', without spaces"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> AccessKey {
        AccessKey {
            number: 1,
            name: "k".into(),
            role: Role::Crew,
            cities: Some(vec![JurisdictionId::new("a.example").unwrap()]),
            created: 0,
            expires: Some(100),
            revoked: None,
            used_day: None,
            secrets: Vec::new(),
        }
    }

    #[test]
    fn a_key_is_valid_until_it_expires_or_is_revoked() {
        assert_eq!(key().state(99), KeyState::Valid);
        assert_eq!(key().state(100), KeyState::Expired);
        let revoked = AccessKey { revoked: Some(50), ..key() };
        assert_eq!(revoked.state(99), KeyState::Revoked);
        assert_eq!(AccessKey { expires: None, ..key() }.state(i64::MAX), KeyState::Valid);
    }

    #[test]
    fn a_key_is_for_its_cities() {
        let [own, other] = ["a.example", "b.example"].map(|id| JurisdictionId::new(id).unwrap());
        assert!(key().may(Permission::ChangeReports, &own));
        assert!(!key().may(Permission::ChangeReports, &other));
        assert!(!key().may(Permission::Import, &own));
        assert!(AccessKey { cities: None, ..key() }.may(Permission::ChangeReports, &other));
    }
}
