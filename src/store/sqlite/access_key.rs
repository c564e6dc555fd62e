//! Access keys: commands and reading.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, params};

use crate::domain::{AccessKey, JurisdictionId, KeySecret, Role, SecretDigest};
use crate::error::{Error, ErrorKind, Result};
use crate::message;
use crate::store::command::{CreateKey, NoteKeyUse, RevokeKey, RotateKey};
use crate::store::sqlite::failure::{Failure, Step};
use crate::store::sqlite::transaction::WriteTransaction;

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
        self.add_secret(self.db.last_insert_rowid(), digest, *now)
    }

    pub fn revoke_key(&mut self, command: &RevokeKey) -> Step<()> {
        let number = self.live_key(&command.name)?;
        self.db.execute(
            "UPDATE access_key SET revoked = ? WHERE number = ?",
            params![command.now, number],
        )?;
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
        self.add_secret(number, digest, *now)
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

/// Every key with its secrets, in the order in which they were created.
pub fn read(db: &Connection) -> Result<Vec<AccessKey>> {
    let mut secrets: BTreeMap<i64, Vec<KeySecret>> = BTreeMap::new();
    let mut statement =
        db.prepare_cached("SELECT key_number, digest, expires FROM access_secret")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let secret = KeySecret { digest: row.get(1)?, expires: row.get(2)? };
        secrets.entry(row.get(0)?).or_default().push(secret);
    }
    let mut statement = db.prepare_cached(
        "SELECT number, name, role, jurisdictions, created, expires, revoked, used_day
         FROM access_key ORDER BY number",
    )?;
    let mut rows = statement.query([])?;
    let mut keys = Vec::new();
    while let Some(row) = rows.next()? {
        let (number, name, role): (i64, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let corrupt = || Error::internal(format!("corrupt access key '{name}'"));
        let cities: Option<String> = row.get(3)?;
        let cities = cities.map(|ids| {
            ids.split_whitespace().map(JurisdictionId::new).collect::<std::result::Result<_, _>>()
        });
        keys.push(AccessKey {
            number,
            role: Role::parse(&role).ok_or_else(corrupt)?,
            cities: cities.transpose().map_err(|_| corrupt())?,
            created: row.get(4)?,
            expires: row.get(5)?,
            revoked: row.get(6)?,
            used_day: row.get(7)?,
            secrets: secrets.remove(&number).unwrap_or_default(),
            name,
        });
    }
    Ok(keys)
}
