//! Commands that write sessions.

use rusqlite::params;

use crate::domain::Session;
use crate::store::command::{CreateSession, EndSessions, NoteSessionUse};
use crate::store::sqlite::failure::Step;
use crate::store::sqlite::transaction::WriteTransaction;

impl WriteTransaction<'_> {
    pub fn create_session(&mut self, command: &CreateSession) -> Step<()> {
        let CreateSession { session, replaces, sessions_max } = command;
        let others_max = i64::try_from(sessions_max.saturating_sub(1)).unwrap_or(i64::MAX);
        if let Some(replaced) = replaces {
            self.end_sessions(&EndSessions::One(*replaced))?;
        }
        self.db
            .prepare_cached("DELETE FROM session WHERE expires <= ?")?
            .execute([session.created])?;
        let Session { digest, key_number, proof, created, used, expires } = session;
        self.db
            .prepare_cached(
                "INSERT INTO session (digest, key_number, proof, created, used, expires)
                 VALUES (?, ?, ?, ?, ?, ?)",
            )?
            .execute(params![digest, key_number, proof, created, used, expires])?;
        self.db
            .prepare_cached(
                "DELETE FROM session WHERE digest IN (
                     SELECT digest FROM session WHERE key_number = ?1 AND digest <> ?2
                     ORDER BY used DESC, created DESC LIMIT -1 OFFSET ?3)",
            )?
            .execute(params![key_number, digest, others_max])?;
        Ok(())
    }

    pub fn note_session_use(&mut self, command: &NoteSessionUse) -> Step<()> {
        let mut update =
            self.db.prepare_cached("UPDATE session SET used = max(used, ?2) WHERE digest = ?1")?;
        for (digest, used) in &command.used {
            update.execute(params![digest, used])?;
        }
        Ok(())
    }

    pub fn end_sessions(&mut self, command: &EndSessions) -> Step<u64> {
        let ended = match command {
            EndSessions::One(digest) => self
                .db
                .prepare_cached("DELETE FROM session WHERE digest = ?")?
                .execute(params![digest])?,
            EndSessions::OfKey(number) => self
                .db
                .prepare_cached("DELETE FROM session WHERE key_number = ?")?
                .execute(params![number])?,
        };
        Ok(ended as u64)
    }
}
