//! Reading sessions.

use rusqlite::{Connection, OptionalExtension};

use crate::domain::{SecretDigest, Session};
use crate::error::Result;

/// The session with this digest, whether it is over or not.
///
/// # Errors
/// The file cannot be read.
pub fn read(db: &Connection, digest: &SecretDigest) -> Result<Option<Session>> {
    let sql = "SELECT key_number, proof, created, used, expires FROM session WHERE digest = ?";
    let session = db.prepare_cached(sql)?.query_row([digest], |row| {
        Ok(Session {
            digest: *digest,
            key_number: row.get(0)?,
            proof: row.get(1)?,
            created: row.get(2)?,
            used: row.get(3)?,
            expires: row.get(4)?,
        })
    });
    Ok(session.optional()?)
}
