//! Commands that write access keys.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, params};

use crate::domain::{AuditField, AuditSubject, JurisdictionId, SecretDigest};
use crate::error::{Error, ErrorKind};
use crate::message;
use crate::store::command::{CreateKey, EndSessions, NoteKeyUse, RevokeKey, RotateKey};
use crate::store::sqlite::audit_state::NotedAction;
use crate::store::sqlite::failure::{Failure, Step};
use crate::store::sqlite::transaction::WriteTransaction;

/// A second of Unix time, RFC 3339.
fn second(at: i64) -> String {
    Timestamp::from_second(at).map_or_else(|_| at.to_string(), |at| at.to_string())
}

impl WriteTransaction<'_> {
    pub fn create_key(&mut self, command: &CreateKey) -> Step<()> {
        let CreateKey { name, role, cities, expires, digest, now } = command;
        if self.key_number(name)?.is_some() {
            let message = message!(
                "Une clé s’appelle déjà « {name} » ; le nom d’une clé révoquée ne resert pas.",
                "A key is called '{name}' already; the name of a revoked key is not used again."
            );
            return Err(Failure::Refused(Error::new(ErrorKind::Conflict, message)));
        }
        let cities = cities
            .as_ref()
            .map(|cities| cities.iter().map(JurisdictionId::as_str).collect::<Vec<_>>().join(" "));
        self.db.execute(
            "INSERT INTO access_key (name, role, jurisdictions, created, expires)
             VALUES (?, ?, ?, ?, ?)",
            params![name, role.as_str(), cities, now, expires],
        )?;
        self.add_secret(self.db.last_insert_rowid(), digest, *now)?;
        let ends = expires.map(|end| AuditField::set("expires", second(end)));
        let mut fields = vec![AuditField::set("role", role)];
        fields.extend(cities.map(|ids| AuditField::set("jurisdictions", ids)));
        fields.extend(ends);
        self.note(NotedAction::of_service(AuditSubject::Key, name, fields));
        Ok(())
    }

    pub fn revoke_key(&mut self, command: &RevokeKey) -> Step<()> {
        let number = self.live_key(&command.name)?;
        self.db.execute(
            "UPDATE access_key SET revoked = ? WHERE number = ?",
            params![command.now, number],
        )?;
        // They are refused already, because their key is: this removes what is of no use.
        self.end_sessions(&EndSessions::OfKey(number))?;
        let fields = vec![AuditField::set("revoked", second(command.now))];
        self.note(NotedAction::of_service(AuditSubject::Key, &command.name, fields));
        Ok(())
    }

    pub fn rotate_key(&mut self, command: &RotateKey) -> Step<()> {
        let RotateKey { name, digest, overlap_ends, now } = command;
        let number = self.live_key(name)?;
        self.db.execute(
            "UPDATE access_secret SET expires = min(coalesce(expires, ?1), ?1)
             WHERE key_number = ?2",
            params![overlap_ends, number],
        )?;
        self.add_secret(number, digest, *now)?;
        let fields = vec![AuditField::set("overlap_ends", second(*overlap_ends))];
        self.note(NotedAction::of_service(AuditSubject::Key, name, fields));
        Ok(())
    }

    pub fn note_key_use(&mut self, command: &NoteKeyUse) -> Step<()> {
        let mut update =
            self.db.prepare_cached("UPDATE access_key SET used_day = ? WHERE number = ?")?;
        for number in &command.numbers {
            update.execute(params![command.day, number])?;
        }
        Ok(())
    }

    fn add_secret(&self, number: i64, digest: &SecretDigest, now: i64) -> Step<()> {
        self.db.execute(
            "INSERT INTO access_secret (digest, key_number, created) VALUES (?, ?, ?)",
            params![digest, number, now],
        )?;
        Ok(())
    }

    fn key_number(&self, name: &str) -> Step<Option<(i64, bool)>> {
        let sql = "SELECT number, revoked IS NOT NULL FROM access_key WHERE name = ?";
        let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
        Ok(self.db.query_row(sql, [name], read).optional()?)
    }

    /// The number of a key that is not revoked.
    fn live_key(&self, name: &str) -> Step<i64> {
        match self.key_number(name)? {
            Some((number, false)) => Ok(number),
            Some((_, true)) => {
                let message = message!(
                    "La clé « {name} » est déjà révoquée.",
                    "The key '{name}' is revoked already."
                );
                Err(Failure::Refused(Error::new(ErrorKind::Conflict, message)))
            }
            None => {
                let message = message!(
                    "Aucune clé ne s’appelle « {name} » ; « pointchaud key list » les montre.",
                    "No key is called '{name}'; 'pointchaud key list' shows them."
                );
                Err(Failure::Refused(Error::new(ErrorKind::NotFound, message)))
            }
        }
    }
}
