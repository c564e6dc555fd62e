//! The commands that change a store, each with the type of what it returns.
//!
//! A command is plain data and knows no backend. [`Writer::submit`](crate::store::Writer::submit)
//! pairs it with a reply of its own output type in a [`QueuedCommand`], which the backend's writer
//! thread executes: a backend that forgets a command does not compile.

use crate::domain::{
    Actor, BoundarySet, Contact, ErasableField, ErasureCounts, ErasureKind, HotspotTrack,
    Idempotency, IncidentChange, IncidentCommand, Jurisdiction, JurisdictionId, PhotoPolicy,
    Report, ReportId, ReportUpdate, RetentionPeriod, Service, StoredReport, TextDecision,
    TextPolicy, Visibility,
};
use crate::error::{Error, Result};
use crate::place::BBox;
pub use crate::store::access_command::{
    CreateKey, CreateSession, EndSessions, EraseAudit, NoteAction, NoteKeyUse, NoteSessionUse,
    RevokeKey, RotateKey,
};

/// Receives what a command returned, on the writer's thread.
pub(super) type Reply<T> = Box<dyn FnOnce(Result<T>) + Send>;

/// A command waiting for the writer, and who sent it.
#[doc(hidden)]
pub struct QueuedWrite {
    pub(super) command: QueuedCommand,
    pub(super) actor: std::sync::Arc<Actor>,
}

/// A change of a store.
pub trait Command: Send + Sized + 'static {
    /// What it returns once it is durable.
    type Output: Send + 'static;

    /// The command with the reply that waits for its output.
    #[doc(hidden)]
    fn into_queued(self, reply: Box<dyn FnOnce(Result<Self::Output>) + Send>) -> QueuedCommand;
}

/// Declares the commands: [`QueuedCommand`] gets a variant for each, and each its output type.
macro_rules! commands {
    ($($command:ident -> $output:ty),+ $(,)?) => {
        /// A command waiting for the writer, with its reply.
        #[doc(hidden)]
        pub enum QueuedCommand {
            $(#[allow(missing_docs)] $command($command, Reply<$output>)),+
        }

        impl QueuedCommand {
            /// Replies with an error; the command is not executed.
            pub(super) fn fail(self, error: Error) {
                match self {
                    $(Self::$command(_, reply) => reply(Err(error))),+
                }
            }
        }

        $(impl Command for $command {
            type Output = $output;

            fn into_queued(self, reply: Reply<$output>) -> QueuedCommand {
                QueuedCommand::$command(self, reply)
            }
        })+
    };
}

commands! {
    AddJurisdiction -> (),
    SetJurisdiction -> (),
    SaveLearnedExtent -> (),
    RemoveJurisdiction -> u64,
    CreateReport -> SubmitOutcome,
    CreateReports -> BatchOutcome,
    UpdateReport -> StoredReport,
    AddUpdate -> u64,
    RemoveReport -> (),
    ChangeIncident -> IncidentChange,
    ImportReports -> WriteCounts,
    SaveCheckpoint -> (),
    ReplaceBoundaries -> (),
    SaveHotspotTracks -> (),
    EncryptContacts -> EncryptedContacts,
    EraseReports -> ErasedReports,
    RememberErasure -> (),
    ForgetPhotos -> (),
    RewriteStore -> (),
    SetRetention -> (),
    SetVisibility -> (),
    ReviewTexts -> u64,
    CreateKey -> (),
    RevokeKey -> (),
    RotateKey -> (),
    NoteKeyUse -> (),
    CreateSession -> (),
    NoteSessionUse -> (),
    EndSessions -> u64,
    NoteAction -> (),
    EraseAudit -> u64,
}

/// Adds a jurisdiction, and services of its own, where they are not there yet.
pub struct AddJurisdiction {
    /// The city.
    pub jurisdiction: Jurisdiction,
    /// Its own services.
    pub services: Vec<Service>,
}

/// Sets the name, time zone and extent of a jurisdiction. Takes a revision, because days and hours
/// are those of the time zone.
pub struct SetJurisdiction {
    /// The city as it is to be.
    pub jurisdiction: Jurisdiction,
}

/// Writes the extent that was learned from the reports of a jurisdiction, unless people set one
/// meanwhile. No report changes, so it takes no revision.
pub struct SaveLearnedExtent {
    /// The city.
    pub jurisdiction: JurisdictionId,
    /// Where its reports lie; `None` where that cannot be said any more.
    pub extent: Option<BBox>,
}

/// Removes a jurisdiction with everything that the store holds of it. Returns the number of its
/// reports.
pub struct RemoveJurisdiction {
    /// The city.
    pub jurisdiction: JurisdictionId,
}

/// Adds one report.
pub struct CreateReport {
    /// The report's city.
    pub jurisdiction: JurisdictionId,
    /// The report.
    pub report: Box<Report>,
    /// The client's key, if it sent one.
    pub idempotency: Option<Idempotency>,
    /// Contact of the sender.
    pub contact: Option<Contact>,
    /// Decides whether the report is a duplicate, if that is asked for.
    pub judge: Option<WriteJudge>,
}

/// The outcome of submitting a report.
#[derive(Debug, Clone, PartialEq)]
pub enum SubmitOutcome {
    /// The report is stored.
    Stored {
        /// As it is stored.
        stored: Box<StoredReport>,
        /// The same request was sent before: this is the report it made then.
        replayed: bool,
    },
    /// It is probably a duplicate and its sender must confirm first
    /// ([`Verdict::NeedsConfirmation`]): nothing was written.
    NeedsConfirmation(Box<Report>),
}

/// The decision about a new report that may be a duplicate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is no duplicate.
    Alone,
    /// It is a duplicate of this report, or of the original of this report. If that report has been
    /// removed meanwhile, it is no duplicate.
    Found(ReportId),
    /// Its sender says that it is a duplicate of this report, which must exist.
    Chosen(ReportId),
    /// Its sender says that it is a duplicate of this report, which is no candidate: it is refused.
    NotProposed(ReportId),
    /// It is probably a duplicate and its sender must confirm: nothing is written.
    NeedsConfirmation,
}

/// Decides about a new report on the writer's thread, directly before it is written. The index
/// holds every report committed before, the slice those created earlier in the same commit, so that
/// of two duplicates submitted at the same moment the second is detected.
pub type WriteJudge = Box<dyn FnOnce(&Report, &[Report]) -> Verdict + Send>;

/// Adds several reports, all or none of them.
pub struct CreateReports {
    /// The reports' city.
    pub jurisdiction: JurisdictionId,
    /// The reports.
    pub reports: Vec<Report>,
    /// Draws another tracking number if that of a report is in use.
    pub redraw: Box<dyn FnMut() -> ReportId + Send>,
    /// The client's key of this batch, if it sent one.
    pub idempotency: Option<Idempotency>,
}

/// The outcome of submitting a batch of reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchOutcome {
    /// Ids of the reports, in the order of the batch.
    pub ids: Vec<ReportId>,
    /// The same batch was sent before: these are the reports it made then.
    pub replayed: bool,
}

/// Changes one report.
pub struct UpdateReport {
    /// The report's city.
    pub jurisdiction: JurisdictionId,
    /// The report's id.
    pub id: ReportId,
    /// The revision that the author has seen. If the report has another one, the command fails with
    /// [`ErrorKind::Stale`](crate::error::ErrorKind::Stale).
    pub expected: Option<u64>,
    /// Who changes it; kept in the history.
    pub author: String,
    /// Makes the next state of the report.
    pub amend: Amend,
    /// Makes the next state of each of its duplicates that is not closed, in the same commit.
    pub children: Option<AmendEach>,
}

/// Makes the next state of a report, on the writer's thread; its error is the command's.
pub type Amend = Box<dyn FnOnce(&Report) -> Result<Report> + Send>;

/// As [`Amend`], for several reports.
pub type AmendEach = Box<dyn Fn(&Report) -> Result<Report> + Send>;

/// Adds an update to a report: the report moves to a new revision, which is the number of the
/// update.
pub struct AddUpdate {
    /// The report's city.
    pub jurisdiction: JurisdictionId,
    /// The report's id.
    pub id: ReportId,
    /// The update.
    pub update: ReportUpdate,
    /// The client's key, if it sent one. An update sent again has the number of the first one.
    pub idempotency: Option<Idempotency>,
    /// Who sends it; kept in the history.
    pub author: String,
    /// Makes the next state of the report, if its sender may change it.
    pub amend: Option<Amend>,
}

/// Removes a report; its row stays as a tombstone.
pub struct RemoveReport {
    /// The report's city.
    pub jurisdiction: JurisdictionId,
    /// The report's id.
    pub id: ReportId,
    /// Who removes it; kept in the history.
    pub author: String,
}

/// Changes which reports are duplicates of which.
pub struct ChangeIncident {
    /// The reports' city.
    pub jurisdiction: JurisdictionId,
    /// The change.
    pub command: IncidentCommand,
    /// Who makes it; kept in the history.
    pub author: String,
}

/// Writes reports of a source: new ones are added, changed ones updated, equal ones left alone.
pub struct ImportReports {
    /// The reports' city.
    pub jurisdiction: JurisdictionId,
    /// The reports, in the order in which they are written.
    pub reports: Vec<ImportedReport>,
    /// Fields of which their source says nothing, by their names in mappings: what is stored of
    /// them is kept.
    pub unsaid: Vec<&'static str>,
    /// How far the import has come with them.
    pub checkpoint: Option<Checkpoint>,
}

/// A report of an import, with what decides whether it changes the one that the store has.
#[derive(Debug, Clone, PartialEq)]
pub struct ImportedReport {
    /// The report, as its source has it.
    pub report: Report,
    /// Its digest ([`crate::store::of_report`]).
    pub digest: u64,
    /// The last second at which the source had it so: of its update time, where it has one. A
    /// report that is older than the stored one, or than a crew's last change of it, is not
    /// written. `None` is never older.
    pub as_of: Option<i64>,
    /// An earlier report of the same source has its id, so it is not counted.
    pub is_repeat: bool,
}

/// How many reports an import added, updated and left unchanged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WriteCounts {
    /// Rows that made a new report.
    pub added: u64,
    /// Rows that changed a report.
    pub updated: u64,
    /// Rows that the store had already.
    pub unchanged: u64,
    /// Rows that say an earlier state than what is stored, and changed nothing.
    pub older: u64,
}

impl std::ops::AddAssign for WriteCounts {
    fn add_assign(&mut self, other: Self) {
        self.added += other.added;
        self.updated += other.updated;
        self.unchanged += other.unchanged;
        self.older += other.older;
    }
}

/// Records how far an import has come, without any report.
pub struct SaveCheckpoint {
    /// The city that is imported.
    pub jurisdiction: JurisdictionId,
    /// The progress.
    pub checkpoint: Checkpoint,
}

/// How far an import has come: a rerun of the same file continues from there.
#[derive(Debug, Clone, PartialEq)]
pub struct Checkpoint {
    /// Digest of the file's bytes, or another name of the source.
    pub file_digest: String,
    /// Rows read and written.
    pub rows_done: u64,
    /// The whole file has been read.
    pub finished: bool,
}

/// Replaces the set of boundaries of the same name; a set without areas removes it. Takes a
/// revision, because answers by area change.
pub struct ReplaceBoundaries {
    /// The areas' city.
    pub jurisdiction: JurisdictionId,
    /// The areas.
    pub set: BoundarySet,
}

/// Writes hotspot tracks as they are now. No report changes, so it takes no revision.
pub struct SaveHotspotTracks {
    /// The hotspots' city.
    pub jurisdiction: JurisdictionId,
    /// The tracks.
    pub tracks: Vec<HotspotTrack>,
}

/// Encrypts contacts anew with the newest key, a page of them. A command for each page, in any
/// process, until there is no next one.
pub struct EncryptContacts {
    /// The city and report of the last contact of the page before; `None` for the first page.
    pub after: Option<(String, String)>,
    /// Contacts of a page.
    pub limit: usize,
}

/// What a page of [`EncryptContacts`] did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncryptedContacts {
    /// Contacts that another key had encrypted.
    pub count: u64,
    /// Where the next page begins; `None` after the last one.
    pub next: Option<(String, String)>,
}

/// Makes a report without what is erased.
pub type EraseEach = Box<dyn Fn(&Report) -> Report + Send>;

/// Erases parts of reports, also of removed ones. Each report that had any of them moves to a new
/// revision, and its history says that something was erased, not what. A report that is not there
/// is passed over.
pub struct EraseReports {
    /// The reports' city.
    pub jurisdiction: JurisdictionId,
    /// The reports.
    pub ids: Vec<ReportId>,
    /// What is erased.
    pub fields: Vec<ErasableField>,
    /// What the erasure was asked for; kept in the list of erasures.
    pub kind: ErasureKind,
    /// Makes the report without these fields.
    pub amend: EraseEach,
    /// Who erases; kept in the history.
    pub author: String,
}

/// What [`EraseReports`] did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ErasedReports {
    /// The reports that had any of the fields.
    pub reports: Vec<ReportId>,
    /// How much was removed.
    pub counts: ErasureCounts,
}

/// Records the answer to an erasure that was sent with an idempotency key, so that the same request
/// is answered again in the same way.
pub struct RememberErasure {
    /// The reports' city.
    pub jurisdiction: JurisdictionId,
    /// The client's key.
    pub idempotency: Idempotency,
    /// The answer, without any erased value.
    pub answer: String,
}

/// Forgets photos whose files were removed.
pub struct ForgetPhotos {
    /// Their names.
    pub names: Vec<String>,
}

/// Writes the whole file anew, so that no deleted byte is in it. Takes seconds for each gigabyte;
/// other writes wait.
pub struct RewriteStore;

/// Sets how long fields of reports are kept.
pub struct SetRetention {
    /// The city.
    pub jurisdiction: JurisdictionId,
    /// How long each field that is named is kept; `None`: for ever. Others stay as they are.
    pub retention: Vec<(ErasableField, Option<RetentionPeriod>)>,
}

/// Sets how the public sees the reports of services; services that are not named keep their policy.
/// Takes a revision, because public answers change.
pub struct SetVisibility {
    /// The city.
    pub jurisdiction: JurisdictionId,
    /// Codes of services or groups, each with its policy.
    pub policies: Vec<(String, Visibility)>,
    /// The same for their texts.
    pub texts: Vec<(String, TextPolicy)>,
    /// The same for their photos.
    pub photos: Vec<(String, PhotoPolicy)>,
}

/// Records what a person decided about texts and photos of a report. The report moves to a new
/// revision, because what the public reads of it changes; returns that revision.
pub struct ReviewTexts {
    /// The report's city.
    pub jurisdiction: JurisdictionId,
    /// The report.
    pub id: ReportId,
    /// The revision that was read. If the report has another one, the command fails with
    /// [`ErrorKind::Stale`](crate::error::ErrorKind::Stale).
    pub expected: u64,
    /// Digests of the texts, each with its decision.
    pub texts: Vec<([u8; 32], TextDecision)>,
    /// Who decided.
    pub author: String,
}

/// A decision as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredReview {
    /// The digest of the report and the text.
    pub digest: [u8; 32],
    /// What was decided.
    pub decision: TextDecision,
    /// The revision that the decision made.
    pub revision: u64,
}
