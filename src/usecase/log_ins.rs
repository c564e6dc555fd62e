//! Logging in and out.

use crate::domain::{AccessKey, Actor, SecretDigest, Session};
use crate::error::Result;
use crate::store::EndSessions;
use crate::usecase::App;
use crate::usecase::sessions::SessionToken;

impl App {
    /// Opens a session for the holder of a key, who sent the secret with this digest. Its token is
    /// new: one that the client sends is never taken. `replaces` is the token of the session that
    /// the same browser had.
    ///
    /// # Errors
    /// The store cannot be written.
    pub async fn log_in(
        &self,
        key: &AccessKey,
        secret: &SecretDigest,
        replaces: Option<&SessionToken>,
        by: Actor,
    ) -> Result<(SessionToken, Session)> {
        let (token, command) = self.sessions().opened(key, secret, replaces);
        let session = command.session.clone();
        self.execute(command, by).await?;
        Ok((token, session))
    }

    /// Ends the session of a token, if there is one.
    ///
    /// # Errors
    /// The store cannot be written.
    pub async fn log_out(&self, token: &SessionToken, by: Actor) -> Result<()> {
        self.execute(EndSessions::One(token.digest()), by).await.map(|_| ())
    }

    /// Ends every session of a key, in all browsers. Returns how many there were.
    ///
    /// # Errors
    /// The store cannot be written.
    pub async fn log_out_everywhere(&self, key: &AccessKey, by: Actor) -> Result<u64> {
        self.execute(EndSessions::OfKey(key.number), by).await
    }
}
