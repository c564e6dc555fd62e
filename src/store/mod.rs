//! The durable truth.
//!
//! # Contract
//! `tests/it/store.rs` runs it against every backend; SQLite is the one there is today.
//! - A write is answered only after its commit is on the disk. When a commit fails its outcome is
//!   unknown: every writer of the group is told so and the connection is opened anew.
//! - Every change of a report takes the next revision of its jurisdiction, in the same transaction,
//!   and leaves its history. Revisions only grow, and whoever has read up to one has missed nothing
//!   below it. An update takes a new revision and gives the old one up: holes are normal.
//! - [`CommitListener::committed`] is called after the commit and before the writers are answered,
//!   in the order of the revisions.
//! - Removed reports stay as tombstones.
//! - Everything is read in pages by key; nothing is skipped or repeated under concurrent writes.

mod boundary;
mod changed;
mod contact;
mod digest;
mod geopackage;
mod hotspot_track;
mod incident;
mod open;
mod read;
mod row;
mod scan;
mod transaction;
mod writer;

use std::path::Path;

pub use digest::{Digest, of_report};
pub use geopackage::GeoPackage;
pub use incident::CHILDREN_MAX;
pub use read::Reader;
pub use scan::Scan;
pub use writer::{Pending, Writer};

use crate::domain::{
    BoundarySet, Change, Contact, HotspotTrack, Idempotency, IncidentChange, IncidentCommand,
    Jurisdiction, JurisdictionId, Report, ReportId, Service, StoredReport,
};
use crate::error::Result;

/// How far an import has come.
#[derive(Debug, Clone, PartialEq)]
pub struct Checkpoint {
    /// Digest of the file's bytes.
    pub file_digest: String,
    /// Rows read and settled.
    pub rows_done: u64,
    /// The whole file is in.
    pub finished: bool,
}

/// Changes a report under the writer's lock; its error is the writer's answer.
pub type Amend = Box<dyn FnOnce(&Report) -> Result<Report> + Send>;

/// As [`Amend`], for several reports.
pub type AmendEach = Box<dyn Fn(&Report) -> Result<Report> + Send>;

/// What is to become of a new report, seen from those that are there already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It stands for itself.
    Alone,
    /// It was found to be a duplicate of this one, or of its original; of nothing, where that one
    /// has gone meanwhile.
    Found(ReportId),
    /// Its sender says that it is a duplicate of this one, which must be there.
    Chosen(ReportId),
    /// It looks like a duplicate, and its sender wants to be asked: nothing is written.
    Ask,
}

/// Judges a new report in the moment it is written, in the writer's thread: whoever was written
/// before it is known to the index, or is among the reports that are handed over, made in the same
/// commit. So two that come in the same moment see one another.
pub type WriteJudge = Box<dyn FnOnce(&Report, &[Report]) -> Verdict + Send>;

/// Something to be made durable.
pub enum Write {
    /// A jurisdiction, if it is not there yet, and services of its own, if they are not.
    Adopt {
        /// The city.
        jurisdiction: Jurisdiction,
        /// Its own services.
        services: Vec<Service>,
    },
    /// A new report.
    Create {
        /// Whose.
        jurisdiction: JurisdictionId,
        /// The report.
        report: Box<Report>,
        /// The client's key, if it gave one.
        idempotency: Option<Idempotency>,
        /// Who reports.
        contact: Option<Contact>,
        /// Looks whether it is a duplicate, if that is wanted.
        judge: Option<WriteJudge>,
    },
    /// New reports, all or none of them.
    Batch {
        /// Whose.
        jurisdiction: JurisdictionId,
        /// The reports.
        reports: Vec<Report>,
        /// Draws another tracking number where a report's is taken.
        redraw: Box<dyn FnMut() -> ReportId + Send>,
        /// The client's key of this batch, if it gave one.
        idempotency: Option<Idempotency>,
    },
    /// A change to a report.
    Update {
        /// Whose.
        jurisdiction: JurisdictionId,
        /// Which.
        id: ReportId,
        /// The revision that the author has seen; another one there makes the change stale.
        expected: Option<u64>,
        /// Who changes it.
        author: String,
        /// What to change.
        amend: Amend,
        /// What to change of each of its duplicates that is not closed, in the same commit.
        children: Option<AmendEach>,
    },
    /// A change of who is whose duplicate.
    IncidentCommand {
        /// Whose.
        jurisdiction: JurisdictionId,
        /// What.
        regroup: IncidentCommand,
        /// Who wants it.
        author: String,
    },
    /// The end of a report; a tombstone stays.
    Remove {
        /// Whose.
        jurisdiction: JurisdictionId,
        /// Which.
        id: ReportId,
        /// Who removes it.
        author: String,
    },
    /// Reports of a source: new ones are added, changed ones updated, equal ones left alone.
    Import {
        /// Whose.
        jurisdiction: JurisdictionId,
        /// The rows, each id once, with their digests ([`of_report`]).
        reports: Vec<(Report, u64)>,
        /// Where the import stands after them.
        checkpoint: Option<Checkpoint>,
    },
    /// A set of boundaries, in the place of the one of its name; one without areas takes that away.
    /// Answers have another revision then.
    BoundCondition {
        /// Whose.
        jurisdiction: JurisdictionId,
        /// The areas.
        set: BoundarySet,
    },
    /// Hotspots as they are now; no report changes, so no revision is taken.
    Follow {
        /// Whose.
        jurisdiction: JurisdictionId,
        /// The hotspots.
        tracks: Vec<HotspotTrack>,
    },
}

/// What became of a [`Write`].
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// The jurisdiction and its services are there.
    Adopted,
    /// The report as stored.
    StoredReport {
        /// The report.
        stored: Box<StoredReport>,
        /// It was there before: this request had been sent already.
        replayed: bool,
    },
    /// The reports of a batch are there, in its order.
    Batch {
        /// Their ids.
        ids: Vec<ReportId>,
        /// They were there before: this batch had been sent already.
        replayed: bool,
    },
    /// Nothing was written: [`Verdict::Ask`].
    Unsure(Box<Report>),
    /// Who is whose duplicate has changed.
    Regrouped(Box<IncidentChange>),
    /// The report is gone.
    Removed,
    /// The boundaries are there.
    BoundCondition,
    /// The hotspots are there.
    Followed,
    /// Counts of an import batch.
    Imported(WriteCounts),
}

/// What a batch of imported rows did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WriteCounts {
    /// Rows that made a new report.
    pub added: u64,
    /// Rows that changed a report.
    pub updated: u64,
    /// Rows that the store had already.
    pub unchanged: u64,
}

impl std::ops::AddAssign for WriteCounts {
    fn add_assign(&mut self, other: Self) {
        self.added += other.added;
        self.updated += other.updated;
        self.unchanged += other.unchanged;
    }
}

/// Hears of every commit, in order, before its writers do.
pub trait CommitListener: Send + 'static {
    /// These changes of a jurisdiction are durable.
    fn committed(&mut self, jurisdiction: &JurisdictionId, changes: Vec<Change>);

    /// A commit failed and may have happened all the same: read the store again.
    fn uncertain(&mut self);

    /// False for one that does nothing with changes: none are gathered for it.
    fn listens(&self) -> bool {
        true
    }
}

/// A follower that has nothing to keep up, for commands that only write.
pub struct NoListener;

impl CommitListener for NoListener {
    fn committed(&mut self, _: &JurisdictionId, _: Vec<Change>) {}
    fn uncertain(&mut self) {}
    fn listens(&self) -> bool {
        false
    }
}

/// Reads the file's path out of `sqlite:FILE`.
///
/// # Errors
/// Any other scheme.
pub fn sqlite_path(url: &str) -> Result<&Path> {
    match url.strip_prefix("sqlite:") {
        Some(path) if !path.is_empty() => Ok(Path::new(path)),
        _ => Err(crate::error::Refusal::new(
            "--store",
            url,
            crate::message!("doit être « sqlite:FICHIER »", "must be 'sqlite:FILE'"),
        )
        .into()),
    }
}
