//! The SQLite store: one file, any number of readers beside one writer.
//!
//! `open` opens the file and migrates its schema; `reader` and `read_…` read it. `writer` owns the
//! writing thread, `group` executes the commands of one commit, `transaction` holds the SQL that
//! commands share and `write_…` the commands. `row` and `keys` define the layout of a report.

mod access_key;
mod audit_state;
mod boundary;
mod contact;
mod erase;
mod failure;
mod group;
mod hotspot_track;
mod id_bytes;
mod import;
mod incident_change;
mod keys;
mod open;
mod read_audit;
mod read_incidents;
mod read_photos;
mod read_private;
mod read_reports;
mod reader;
mod report_update;
mod rewrite;
mod row;
mod seen_ids;
mod session;
mod store_file;
mod text_review;
mod transaction;
mod visibility;
mod write_audit;
mod write_incidents;
mod write_jurisdictions;
mod write_keys;
mod write_private;
mod write_reports;
mod write_sessions;
mod writer;

use std::path::Path;

pub use read_incidents::{CHILDREN_MAX, LINKS_MAX};
pub use read_photos::PhotoOwner;
pub use read_private::{ErasureFilter, ErasurePage, StoredErasure};
pub use reader::{Reader, RegisteredCity};
pub use report_update::SeenUpdate;
pub use seen_ids::SeenIds;
pub use text_review::TextPage;
pub use writer::start as start_writer;

use crate::error::{Refusal, Result};
use crate::message;

/// Reads the file's path out of `sqlite:FILE`.
///
/// # Errors
/// Any other scheme.
pub fn path_of_url(url: &str) -> Result<&Path> {
    match url.strip_prefix("sqlite:") {
        Some(path) if !path.is_empty() => Ok(Path::new(path)),
        _ => {
            let message = message!("doit être « sqlite:FICHIER »", "must be 'sqlite:FILE'");
            Err(Refusal::new("--store", url, message).into())
        }
    }
}
