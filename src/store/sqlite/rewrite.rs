//! Erased bytes leave the files. A deleted row is overwritten with zeros (`secure_delete`), but
//! the write-ahead log still has the pages as they were, and pages that were split before may hold
//! copies of cells: the log is emptied, and the file is rewritten once in a while (`VACUUM`).

use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior};

use crate::error::Result;
use crate::store::private_keys::PrivateKeys;
use crate::store::sqlite::contact;
use crate::store::sqlite::open::BUSY;

/// Contacts encrypted in one commit.
const BATCH: usize = 1_000;
/// How long the emptying of the log waits for readers, once the file has been rewritten: writes
/// wait with it.
const LOG_WAIT: Duration = Duration::from_secs(3);
/// The same after each part of a large erasure. What does not succeed then is tried again beside
/// the writes, see [`try_to_empty_log`].
const LOG_WAIT_OF_PART: Duration = Duration::from_millis(20);
/// The entry of `meta` that asks for the file to be rewritten.
pub const REWRITE_DUE: &str = "rewrite_due";

/// What a commit erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Erased {
    /// Nothing that must leave the files at once.
    Nothing,
    /// Rows: the log is to be emptied.
    Rows,
    /// The file is to be rewritten, and the log emptied.
    File,
}

/// Makes erased bytes leave the files, after the commit that erased them. Returns whether they have
/// left the log: while a reader has an old snapshot, they cannot. A failure is logged: the data are
/// erased from the answers all the same.
pub fn clear_files(db: &Connection, erased: Erased) -> bool {
    let cleared = match erased {
        Erased::Nothing => Ok(true),
        Erased::Rows => empty_log(db, LOG_WAIT_OF_PART),
        Erased::File => rewrite(db).and_then(|()| empty_log(db, LOG_WAIT)),
    };
    cleared.unwrap_or_else(|error| {
        tracing::warn!(%error, "erased bytes are still in the files of the store");
        false
    })
}

/// Empties the log if no reader needs it, without waiting for any. Returns whether it is empty.
pub fn try_to_empty_log(db: &Connection) -> bool {
    empty_log(db, Duration::ZERO).unwrap_or(false)
}

fn rewrite(db: &Connection) -> rusqlite::Result<()> {
    db.execute_batch("VACUUM")?;
    db.execute("DELETE FROM meta WHERE name = ?", [REWRITE_DUE])?;
    Ok(())
}

/// Writes the log into the file and cuts it to nothing. Readers with an old snapshot delay that.
/// Returns whether it was done.
fn empty_log(db: &Connection, wait: Duration) -> rusqlite::Result<bool> {
    db.busy_timeout(wait)?;
    let busy = db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, bool>(0));
    db.busy_timeout(BUSY)?;
    Ok(!busy?)
}

/// Encrypts the contacts that a store of an older schema has in clear, in commits of [`BATCH`], and
/// rewrites the file, so that they are nowhere in it. Does nothing for other stores.
///
/// # Errors
/// The keys are missing; the file cannot be written.
pub fn encrypt_clear_contacts(db: &mut Connection, keys: &PrivateKeys) -> Result<()> {
    let mut count = 0;
    loop {
        let tx = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let done = contact::encrypt_clear(&tx, keys, BATCH)?;
        tx.commit()?;
        count += done;
        if done < BATCH {
            break;
        }
    }
    if count > 0 {
        tracing::info!(count, "contacts that were in clear are now encrypted");
        clear_files(db, Erased::File);
    }
    Ok(())
}
