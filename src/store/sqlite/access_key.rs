//! Reading access keys.

use std::collections::BTreeMap;

use rusqlite::Connection;

use crate::domain::{AccessKey, JurisdictionId, KeySecret, Role};
use crate::error::{Error, Result};

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
