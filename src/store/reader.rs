//! What every store can be asked, whichever it is: [`StoreReader`] lists it. Its methods are those
//! of the same names and types of each store's own reader.

use std::collections::{BTreeMap, HashSet};
use std::ops::ControlFlow;
use std::path::Path;

use crate::domain::{
    AccessKey, AuditFilter, AuditLine, BoundarySet, Change, Contact, ErasableField, FieldChange,
    HotspotTrack, Idempotency, IncidentChange, Jurisdiction, JurisdictionId, ReportId, ReportTime,
    RetentionPeriod, SecretDigest, Service, ServiceCode, Session, StoredReport, StoredUpdate,
    VisibilityTable,
};
use crate::error::Result;
use crate::place::Position;
use crate::store::command::{Checkpoint, ImportedReport, StoredReview, WriteCounts};
use crate::store::sqlite::{
    self, ErasureFilter, ErasurePage, PhotoOwner, RegisteredCity, SeenUpdate, StoredErasure,
    TextPage,
};

/// Declares what a store can be asked, and that the reader of SQLite answers it by its methods of
/// the same names.
macro_rules! store_reader {
    ($(
        $(#[$doc:meta])*
        fn $name:ident(&self $(, $argument:ident: $type:ty)* $(,)?) $(-> $output:ty)?;
    )+) => {
        /// What a store can be asked. Each question is answered from one snapshot of the store.
        pub trait StoreReader: Send + Sync {
            $(
                $(#[$doc])*
                fn $name(&self $(, $argument: $type)*) $(-> $output)?;
            )+
        }

        impl StoreReader for sqlite::Reader {
            $(
                fn $name(&self $(, $argument: $type)*) $(-> $output)? {
                    // The method of `sqlite::Reader` itself comes before that of the trait.
                    Self::$name(self $(, $argument)*)
                }
            )+
        }
    };
}

store_reader! {
    /// The path of the store's file; of a store without one, the path beside which its other files
    /// stand: the keys of contacts and the files of imports.
    fn path(&self) -> &Path;

    /// Is the store still where it was opened?
    ///
    /// # Errors
    /// It was moved, deleted or replaced.
    fn check_file(&self) -> Result<()>;

    /// A random id of this store; revisions of different stores cannot be compared.
    ///
    /// # Errors
    /// The store cannot be read.
    fn epoch(&self) -> Result<String>;

    /// Every jurisdiction with its revision, in the order in which they were added.
    ///
    /// # Errors
    /// The store cannot be read or is corrupt.
    fn jurisdictions(&self) -> Result<Vec<(Jurisdiction, u64)>>;

    /// As [`StoreReader::jurisdictions`], with the number of each.
    ///
    /// # Errors
    /// The store cannot be read or is corrupt.
    fn registered(&self) -> Result<Vec<RegisteredCity>>;

    /// Forgets what is kept in memory of a jurisdiction, which was removed or has another time
    /// zone.
    fn forget(&self, jurisdiction: &JurisdictionId);

    /// Services adopted by a jurisdiction.
    ///
    /// # Errors
    /// The store cannot be read or is corrupt.
    fn services(&self, jurisdiction: &JurisdictionId) -> Result<Vec<Service>>;

    /// The hotspot tracks of a jurisdiction, by number.
    ///
    /// # Errors
    /// The store cannot be read or is corrupt.
    fn tracks(&self, jurisdiction: &JurisdictionId) -> Result<Vec<HotspotTrack>>;

    /// The boundaries of a jurisdiction, set by set.
    ///
    /// # Errors
    /// The store cannot be read or is corrupt.
    fn boundaries(&self, jurisdiction: &JurisdictionId) -> Result<Vec<BoundarySet>>;

    /// Every access key, in the order in which they were created.
    ///
    /// # Errors
    /// The store cannot be read or is corrupt.
    fn access_keys(&self) -> Result<Vec<AccessKey>>;

    /// The session with this digest, whether it is over or not.
    ///
    /// # Errors
    /// The store cannot be read.
    fn session(&self, digest: &SecretDigest) -> Result<Option<Session>>;

    /// The first `limit` lines of the audit that pass a filter, newest first; with `before`, those
    /// whose number is less. Values of reports are read from their histories.
    ///
    /// # Errors
    /// Not found: the city. The store cannot be read or is corrupt.
    fn audit(
        &self,
        filter: &AuditFilter,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<AuditLine>>;

    /// The contact of the sender of a report, if it is known.
    ///
    /// # Errors
    /// Unavailable: its key is missing or does not open it. The store cannot be read.
    fn contact(&self, jurisdiction: &JurisdictionId, id: &ReportId) -> Result<Option<Contact>>;

    /// Was a request with this idempotency key carried out?
    ///
    /// # Errors
    /// The store cannot be read.
    fn is_remembered(&self, jurisdiction: &JurisdictionId, key: &str) -> Result<bool>;

    /// What a request with this idempotency key was answered; `None` if there was none.
    ///
    /// # Errors
    /// A conflict where the key came with other contents; the store cannot be read.
    fn remembered(
        &self,
        jurisdiction: &JurisdictionId,
        sent: &Idempotency,
    ) -> Result<Option<String>>;

    /// How far the import of the file with this digest has come.
    ///
    /// # Errors
    /// The store cannot be read.
    fn checkpoint(
        &self,
        jurisdiction: &JurisdictionId,
        file_digest: &str,
    ) -> Result<Option<Checkpoint>>;

    /// Faults of the store, each in a sentence: those that its engine finds, and revisions above
    /// the counter of their jurisdiction.
    ///
    /// # Errors
    /// The store cannot be read at all.
    fn faults(&self) -> Result<Vec<String>>;

    /// One report.
    ///
    /// # Errors
    /// The store cannot be read or is corrupt.
    fn get(&self, jurisdiction: &JurisdictionId, id: &str) -> Result<Option<StoredReport>>;

    /// The existing reports with these ids, in the order of the ids.
    ///
    /// # Errors
    /// The store cannot be read or is corrupt.
    fn get_many(
        &self,
        jurisdiction: &JurisdictionId,
        ids: &[&str],
    ) -> Result<Vec<StoredReport>>;

    /// The first `limit` reports of a jurisdiction after the id `after`, in the order of their ids.
    ///
    /// # Errors
    /// The store cannot be read or is corrupt.
    fn page(
        &self,
        jurisdiction: &JurisdictionId,
        after: &str,
        limit: usize,
    ) -> Result<Vec<StoredReport>>;

    /// Calls `sink` with the changes after a revision, in order and in pages of at most `page`, all
    /// from one snapshot of the store; each page with the jurisdiction's revision in that snapshot.
    /// The last page may be empty. Stops where `sink` returns false.
    ///
    /// # Errors
    /// The store cannot be read or is corrupt.
    fn changes_after(
        &self,
        jurisdiction: &JurisdictionId,
        revision: u64,
        page: usize,
        sink: &mut dyn FnMut(Vec<Change>, u64) -> bool,
    ) -> Result<()>;

    /// The number of reports of a jurisdiction.
    ///
    /// # Errors
    /// Not found; the store cannot be read.
    fn report_count(&self, jurisdiction: &JurisdictionId) -> Result<u64>;

    /// Services and exact positions of about `count` reports of a jurisdiction, evenly over the
    /// order of their last change; of all reports where there are fewer. Reads O(`count`) rows.
    ///
    /// # Errors
    /// Not found; the store cannot be read or is corrupt.
    fn sample_positions(
        &self,
        jurisdiction: &JurisdictionId,
        count: u64,
    ) -> Result<Vec<(ServiceCode, Position)>>;

    /// About `count` reports of a jurisdiction in the order of their last change: the latest half
    /// of them without gaps, the others evenly over all that were changed before. Reads O(`count`)
    /// rows.
    ///
    /// # Errors
    /// Not found; the store cannot be read or is corrupt.
    fn sample_reports(
        &self,
        jurisdiction: &JurisdictionId,
        count: u64,
    ) -> Result<Vec<StoredReport>>;

    /// Calls `sink` with the reports last changed here from the first moment on and before the
    /// second, oldest change first, until it returns false.
    ///
    /// # Errors
    /// The store cannot be read or is corrupt.
    fn changed_between(
        &self,
        jurisdiction: &JurisdictionId,
        range: (Option<ReportTime>, Option<ReportTime>),
        sink: &mut dyn FnMut(StoredReport) -> bool,
    ) -> Result<()>;

    /// As [`StoreReader::changed_between`], for the reports that `choose` selects by their ids. The
    /// others are passed over without being decoded. Stops also where `choose` breaks.
    ///
    /// # Errors
    /// The store cannot be read or is corrupt.
    fn changed_among(
        &self,
        jurisdiction: &JurisdictionId,
        range: (Option<ReportTime>, Option<ReportTime>),
        choose: &mut dyn FnMut(&str) -> ControlFlow<(), bool>,
        sink: &mut dyn FnMut(StoredReport) -> bool,
    ) -> Result<()>;

    /// Changes of a report after its creation, oldest first.
    ///
    /// # Errors
    /// The store cannot be read.
    fn history(
        &self,
        jurisdiction: &JurisdictionId,
        id: &ReportId,
    ) -> Result<Vec<FieldChange>>;

    /// The duplicates of a report, by id, at most
    /// [`CHILDREN_MAX`](crate::store::CHILDREN_MAX), and how many there are.
    ///
    /// # Errors
    /// The store cannot be read or is corrupt.
    fn children(
        &self,
        jurisdiction: &JurisdictionId,
        id: &str,
    ) -> Result<(Vec<StoredReport>, usize)>;

    /// How many duplicates each of these reports has.
    ///
    /// # Errors
    /// The store cannot be read.
    fn children_counts(&self, jurisdiction: &JurisdictionId, ids: &[&str]) -> Result<Vec<u64>>;

    /// The changes of incidents that concern any of these reports, oldest first.
    ///
    /// # Errors
    /// The store cannot be read or is corrupt.
    fn incident_changes(
        &self,
        jurisdiction: &JurisdictionId,
        ids: &[&str],
    ) -> Result<Vec<IncidentChange>>;

    /// The reports that show a photo of this service. It is asked for each photo that is read, and
    /// must not read all reports. The name must be a valid one of a photo.
    ///
    /// # Errors
    /// The store cannot be read.
    fn photo_owners(&self, name: &str) -> Result<Vec<PhotoOwner>>;

    /// Those of these photos of this service that a report or an update shows. Reads every row with
    /// a photo.
    ///
    /// # Errors
    /// The store cannot be read.
    fn shown_photos(&self, names: &HashSet<String>) -> Result<HashSet<String>>;

    /// Ids of the first `limit` reports after the id `after` that have something to erase, removed
    /// reports too.
    ///
    /// # Errors
    /// Not found; the store cannot be read.
    fn erasable(
        &self,
        jurisdiction: &JurisdictionId,
        filter: &ErasureFilter,
        after: &str,
        limit: usize,
    ) -> Result<Vec<ReportId>>;

    /// Ids of the reports whose contact `is_it`. All contacts of the city are decrypted: a million
    /// takes some seconds.
    ///
    /// # Errors
    /// Unavailable: the keys are missing. The store cannot be read.
    fn reports_of_contact(
        &self,
        jurisdiction: &JurisdictionId,
        is_it: &dyn Fn(&Contact) -> bool,
    ) -> Result<Vec<ReportId>>;

    /// Calls `sink` with the contacts of a city, by the ids of their reports. All of them are
    /// decrypted: a million takes some seconds.
    ///
    /// # Errors
    /// Unavailable: the keys are missing. The store cannot be read.
    fn each_contact(
        &self,
        jurisdiction: &JurisdictionId,
        sink: &mut dyn FnMut(&str, &Contact),
    ) -> Result<()>;

    /// Erasures from a moment on (RFC 3339), oldest first.
    ///
    /// # Errors
    /// The store cannot be read.
    fn erasures(&self, since: &str) -> Result<Vec<StoredErasure>>;

    /// A page of the erasures of a city, newest first, and whether there are more.
    ///
    /// # Errors
    /// The store cannot be read.
    fn erasures_of(
        &self,
        jurisdiction: &JurisdictionId,
        page: &ErasurePage,
    ) -> Result<(Vec<StoredErasure>, bool)>;

    /// Photos of erased reports whose files may still be there, each with whether another report
    /// shows the same photo.
    ///
    /// # Errors
    /// The store cannot be read.
    fn erased_photos(&self) -> Result<Vec<(String, bool)>>;

    /// Whether the store is to be rewritten because something was erased.
    ///
    /// # Errors
    /// The store cannot be read.
    fn is_rewrite_due(&self) -> Result<bool>;

    /// The size of the store, in bytes.
    ///
    /// # Errors
    /// The store cannot be read.
    fn file_bytes(&self) -> Result<u64>;

    /// How long a jurisdiction keeps each field that it does not keep for ever.
    ///
    /// # Errors
    /// The store cannot be read or is corrupt.
    fn retention(
        &self,
        jurisdiction: &JurisdictionId,
    ) -> Result<Vec<(ErasableField, RetentionPeriod)>>;

    /// How many contacts each key encrypts, by the number of the key. Reads all contacts.
    ///
    /// # Errors
    /// The store cannot be read.
    fn contacts_by_key(&self) -> Result<BTreeMap<u32, u64>>;

    /// The updates of a jurisdiction whose time is at or after the first and before the second
    /// instant, oldest first, of one report or of all. `page` is how many are skipped and how
    /// many are read. With `seen` they are those that a reader sees, and only these are counted for
    /// the pages: all before the page are read then.
    ///
    /// # Errors
    /// The store cannot be read or is corrupt.
    fn updates(
        &self,
        jurisdiction: &JurisdictionId,
        of: Option<&str>,
        range: (ReportTime, ReportTime),
        page: (usize, usize),
        seen: Option<&SeenUpdate<'_>>,
    ) -> Result<Vec<StoredUpdate>>;

    /// The texts and photos of the updates of a report, in the order of their numbers.
    ///
    /// # Errors
    /// The store cannot be read.
    fn update_texts(
        &self,
        jurisdiction: &JurisdictionId,
        id: &ReportId,
    ) -> Result<Vec<(Option<String>, Vec<String>)>>;

    /// Reports that last changed after a revision and have texts or photos, or updates: `limit` of
    /// them, in the order of their revisions.
    ///
    /// # Errors
    /// The store cannot be read or is corrupt.
    fn texts_after(
        &self,
        jurisdiction: &JurisdictionId,
        revision: u64,
        limit: usize,
    ) -> Result<TextPage>;

    /// The decisions of a jurisdiction about texts that were made after a revision, in the order of
    /// their revisions.
    ///
    /// # Errors
    /// The store cannot be read or is corrupt.
    fn reviews_after(
        &self,
        jurisdiction: &JurisdictionId,
        revision: u64,
    ) -> Result<Vec<StoredReview>>;

    /// The policies that a jurisdiction has set.
    ///
    /// # Errors
    /// The store cannot be read, or holds a policy that this program does not know.
    fn visibility(&self, jurisdiction: &JurisdictionId) -> Result<VisibilityTable>;

    /// What an import of these reports, whose source says nothing of the fields `unsaid`, would
    /// count; nothing is written. Repeats are not counted.
    ///
    /// # Errors
    /// The store cannot be read or is corrupt.
    fn preview_import(
        &self,
        jurisdiction: &JurisdictionId,
        reports: &[ImportedReport],
        unsaid: &[&str],
    ) -> Result<WriteCounts>;

    /// Checks that the index has room for the ids of a jurisdiction: its store may have been
    /// written by another program.
    ///
    /// # Errors
    /// The ids exceed 4 GiB; there is no such jurisdiction; the store cannot be read.
    fn check_id_bytes(&self, jurisdiction: &JurisdictionId) -> Result<()>;
}
