//! Opening the store's file, and bringing its schema up to date.

use std::cmp::Ordering;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use crate::error::{Error, ErrorKind, Result};
use crate::message;

/// How long a statement waits for another process that holds the file.
pub(super) const BUSY: Duration = Duration::from_secs(10);

const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001_city.sql"),
    include_str!("migrations/0002_one_key.sql"),
    include_str!("migrations/0003_hotspots.sql"),
    include_str!("migrations/0004_incidents.sql"),
    include_str!("migrations/0005_details.sql"),
    include_str!("migrations/0006_extent.sql"),
    include_str!("migrations/0007_updates.sql"),
    include_str!("migrations/0008_keys.sql"),
    include_str!("migrations/0009_visibility.sql"),
    include_str!("migrations/0010_private.sql"),
    include_str!("migrations/0011_audit.sql"),
    include_str!("migrations/0012_sessions.sql"),
    include_str!("migrations/0013_held_texts.sql"),
    include_str!("migrations/0014_erasures.sql"),
];

/// The cache of the writer, in KiB; large, because writes touch random pages of the index of ids.
const CACHE_KIB: i64 = 65_536;
/// Pages in the write-ahead log from which on the writer itself makes a checkpoint. Usually the
/// checkpoint thread makes one long before.
const CHECKPOINT_PAGES: i64 = 65_536;
/// Bytes of the write-ahead log kept on the disk when it is empty.
const LOG_BYTES: i64 = 64 << 20;

/// Opens the file for writing, creating and migrating it as needed.
///
/// # Errors
/// The file is not a store of ours, is a newer one, or cannot be written.
pub(super) fn open_writer(path: &Path) -> Result<Connection> {
    let shown = path.display().to_string();
    let wrap = |cause: rusqlite::Error| Error {
        cause: Some(cause.into()),
        ..Error::new(
            ErrorKind::Unavailable,
            message!("Impossible d’ouvrir « {shown} ».", "Cannot open '{shown}'."),
        )
    };
    let mut db = Connection::open(path).map_err(wrap)?;
    db.busy_timeout(BUSY).map_err(wrap)?;
    db.pragma_update(None, "journal_mode", "WAL").map_err(wrap)?;
    db.pragma_update(None, "synchronous", "FULL").map_err(wrap)?;
    db.pragma_update(None, "cache_size", -CACHE_KIB).map_err(wrap)?;
    db.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES).map_err(wrap)?;
    db.pragma_update(None, "journal_size_limit", LOG_BYTES).map_err(wrap)?;
    // What is deleted is overwritten with zeros.
    db.pragma_update(None, "secure_delete", true).map_err(wrap)?;
    db.set_prepared_statement_cache_capacity(64);
    migrate(&mut db).map_err(wrap)?;
    Ok(db)
}

/// Copies a store of an older schema to `copy`, as it is at this moment. False where the schema is
/// the present one and no copy is needed. The store is not written.
///
/// # Errors
/// It cannot be read, its schema is a newer one, or the copy cannot be written.
pub(super) fn copy_if_older(path: &Path, copy: &Path) -> Result<bool> {
    let db = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    db.busy_timeout(BUSY)?;
    let version: i64 = db.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let (shown, known) = (path.display(), MIGRATIONS.len());
    match usize::try_from(version).unwrap_or(usize::MAX).cmp(&known) {
        Ordering::Equal => Ok(false),
        Ordering::Less => {
            db.execute("VACUUM INTO ?1", [copy.to_string_lossy()])?;
            Ok(true)
        }
        Ordering::Greater => {
            let message = message!(
                "« {shown} » est au schéma {version} ; ce programme ne connaît que les schémas \
                 jusqu’à {known} : prenez-en un plus récent.",
                "'{shown}' is of schema {version}; this program knows schemas up to {known}: use a \
                 newer one."
            );
            Err(Error::new(ErrorKind::Invalid, message))
        }
    }
}

fn migrate(db: &mut Connection) -> rusqlite::Result<()> {
    let tx = db.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let version: i64 = tx.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let version = usize::try_from(version).unwrap_or(usize::MAX);
    if version > MIGRATIONS.len() {
        return Err(rusqlite::Error::InvalidParameterName(format!(
            "this file is of schema {version}; this program knows {}",
            MIGRATIONS.len()
        )));
    }
    for (step, sql) in MIGRATIONS.iter().enumerate().skip(version) {
        tx.execute_batch(sql)?;
        tx.pragma_update(None, "user_version", step as i64 + 1)?;
    }
    tx.execute(
        "INSERT OR IGNORE INTO meta (name, value) VALUES ('epoch', lower(hex(randomblob(6))))",
        [],
    )?;
    tx.commit()
}
