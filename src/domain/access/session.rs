//! A session: a log-in of the page, as the service knows it.

use crate::domain::access::key::SecretDigest;

/// Seconds after which a further use of a session is stored. Requests in between write nothing.
const USE_STORED_EVERY_S: i64 = 60;

/// A log-in of the page by a key, until it ends. Times are seconds of Unix time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The digest of its token, which the browser has. The token itself is stored nowhere.
    pub digest: SecretDigest,
    /// The number of the key that opened it; 0 for the key of `serve --crew-key`.
    pub key_number: i64,
    /// The digest of the secret that opened it, keyed with the token: the session ends with that
    /// secret, and nobody learns the secret from it.
    pub proof: SecretDigest,
    /// When it was opened.
    pub created: i64,
    /// When it was last used, as far as that is stored: at most a minute ago where it is in use.
    pub used: i64,
    /// From when on it is refused, used or not.
    pub expires: i64,
}

impl Session {
    /// From when on it is refused if it is not used any more. `idle_s`: seconds that a session may
    /// be unused.
    pub fn ends(&self, idle_s: i64) -> i64 {
        self.used.saturating_add(idle_s).min(self.expires)
    }

    /// Is it valid at this second of Unix time?
    ///
    /// ```
    /// use pointchaud::domain::Session;
    ///
    /// let times = (0, 50, 1_000);
    /// let (created, used, expires) = times;
    /// let session =
    ///     Session { digest: [0; 32], key_number: 1, proof: [0; 32], created, used, expires };
    /// assert!(session.is_valid(149, 100), "idle for 99 seconds");
    /// assert!(!session.is_valid(150, 100), "idle for too long");
    /// assert!(!session.is_valid(1_000, 100_000), "over, though it was used");
    /// ```
    pub fn is_valid(&self, now: i64, idle_s: i64) -> bool {
        now < self.ends(idle_s)
    }

    /// Is this use late enough after the last stored one to be stored, too?
    pub fn stores_use(&self, now: i64) -> bool {
        now.saturating_sub(self.used) >= USE_STORED_EVERY_S
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600;

    fn session(used: i64) -> Session {
        let (created, expires) = (0, 7 * 24 * HOUR);
        Session { digest: [0; 32], key_number: 1, proof: [0; 32], created, used, expires }
    }

    #[test]
    fn a_session_ends_when_it_is_idle_and_at_the_latest_when_it_expires() {
        let idle = 12 * HOUR;
        assert!(session(0).is_valid(0, idle) && session(0).is_valid(idle - 1, idle));
        assert!(!session(0).is_valid(idle, idle));
        let last = 7 * 24 * HOUR - 1;
        assert!(session(last).is_valid(last, idle) && !session(last).is_valid(last + 1, idle));
        assert_eq!(session(last).ends(idle), last + 1);
        // A clock that was set back ends nothing.
        assert!(session(HOUR).is_valid(0, idle));
        assert!(session(HOUR).is_valid(0, i64::MAX));
    }

    #[test]
    fn a_use_is_stored_once_a_minute() {
        assert!(!session(100).stores_use(100) && !session(100).stores_use(159));
        assert!(session(100).stores_use(160) && !session(100).stores_use(0));
    }
}
