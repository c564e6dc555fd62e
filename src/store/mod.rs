//! Durable storage of reports, services, boundaries and hotspot tracks.
//!
//! # Contract
//! `tests/it/store.rs` runs it against every backend. SQLite is the only one today; all SQL is
//! in its module. Everybody else holds a [`Reader`] and a [`Writer`], which name no backend: a
//! second one implements [`StoreReader`], executes the commands of a [`Writer`]'s queue on a thread
//! of its own, and is opened in `open.rs`.
//! - A command is answered only after its commit is on the disk. When a commit fails, whether it
//!   happened is unknown: every command of that commit is answered with
//!   [`ErrorKind::Unavailable`](crate::error::ErrorKind::Unavailable) and the connection is opened
//!   anew.
//! - Every change of a report takes the next revision of its jurisdiction, in the same transaction,
//!   and adds to the report's history. Revisions only grow, so a reader that has read up to one has
//!   missed nothing below it. A changed report moves to its new revision: gaps are normal.
//! - [`CommitListener::committed`] is called after the commit and before the commands are answered,
//!   in the order of the revisions.
//! - Every command that takes revisions, or names a subject, leaves a line of the audit in its
//!   transaction ([`Writer::by`] says whose it is). Lines are only added.
//! - Removed reports stay as tombstones.
//! - A command whose new reports would make the ids of a jurisdiction exceed
//!   [`WriterSettings::id_bytes_max`] is refused as a whole: the index could not hold them.
//! - Lists are read in pages by key; nothing is skipped or repeated under concurrent writes.

mod access_command;
mod command;
mod digest;
mod handle;
mod import_effect;
mod listener;
mod open;
mod private_keys;
mod reader;
mod reply;
mod sqlite;
mod writer;

pub use command::{
    AddJurisdiction, AddUpdate, Amend, AmendEach, BatchOutcome, ChangeIncident, Checkpoint,
    Command, CreateKey, CreateReport, CreateReports, CreateSession, EncryptContacts,
    EncryptedContacts, EndSessions, EraseAudit, EraseEach, EraseReports, ErasedReports,
    ForgetPhotos, ImportReports, ImportedReport, NoteAction, NoteKeyUse, NoteSessionUse,
    RememberErasure, RemoveJurisdiction, RemoveReport, ReplaceBoundaries, ReviewTexts, RevokeKey,
    RewriteStore, RotateKey, SaveCheckpoint, SaveHotspotTracks, SaveLearnedExtent, SetJurisdiction,
    SetRetention, SetVisibility, StoredReview, SubmitOutcome, UpdateReport, Verdict, WriteCounts,
    WriteJudge,
};
pub use digest::{Digest, of_report};
pub use handle::{Reader, Scan};
pub use listener::{CommitListener, NoListener};
pub use private_keys::PrivateKeys;
pub use reader::StoreReader;
pub use sqlite::{
    CHILDREN_MAX, ErasureFilter, ErasurePage, PhotoOwner, RegisteredCity, SeenIds, SeenUpdate,
    StoredErasure, TextPage, path_of_url as sqlite_path,
};
pub use writer::{Pending, Writer, WriterSettings};
