//! The reading end of a store, whichever it is.
//!
//! [`StoreReader`] lists what every store can be asked. Its methods are those of the same names and
//! types of each store's own reader. [`Reader`] is the handle that everybody else holds.

use std::collections::{BTreeMap, HashSet};
use std::ops::{ControlFlow, Deref};
use std::path::Path;
use std::sync::Arc;

use crate::domain::{
    AccessKey, BoundarySet, Change, Contact, ErasableField, FieldChange, HotspotTrack,
    IncidentChange, Jurisdiction, JurisdictionId, ReportId, ReportTime, RetentionPeriod, Service,
    StoredReport, StoredUpdate, VisibilityTable,
};
use crate::error::Result;
use crate::place::Position;
use crate::store::command::{Checkpoint, ImportedReport, WriteCounts};
use crate::store::sqlite::{self, ErasureFilter, LINKS_MAX, RegisteredCity, StoredErasure};

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

    /// Exact positions of about `count` reports of a jurisdiction, evenly over the order of their
    /// last change; of all reports where there are fewer. Reads O(`count`) rows.
    ///
    /// # Errors
    /// Not found; the store cannot be read or is corrupt.
    fn sample_positions(
        &self,
        jurisdiction: &JurisdictionId,
        count: u64,
    ) -> Result<Vec<Position>>;

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

    /// The duplicates of a report, by id, at most [`CHILDREN_MAX`], and how many there are.
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

    /// Erasures from a moment on (RFC 3339), oldest first.
    ///
    /// # Errors
    /// The store cannot be read.
    fn erasures(&self, since: &str) -> Result<Vec<StoredErasure>>;

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
    /// many are read.
    ///
    /// # Errors
    /// The store cannot be read or is corrupt.
    fn updates(
        &self,
        jurisdiction: &JurisdictionId,
        of: Option<&str>,
        range: (ReportTime, ReportTime),
        page: (usize, usize),
    ) -> Result<Vec<StoredUpdate>>;

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

/// A handle on a store for readers; cheap to clone. It derefs to what a store can be asked.
#[derive(Clone)]
pub struct Reader(Arc<dyn StoreReader>);

impl Deref for Reader {
    type Target = dyn StoreReader;

    fn deref(&self) -> &Self::Target {
        &*self.0
    }
}

impl Reader {
    /// The handle on this reader of a store.
    pub(super) fn new(store: impl StoreReader + 'static) -> Self {
        Self(Arc::new(store))
    }

    /// As [`StoreReader::changes_after`], with any closure.
    ///
    /// # Errors
    /// The store cannot be read or is corrupt.
    pub fn changes_after(
        &self,
        jurisdiction: &JurisdictionId,
        revision: u64,
        page: usize,
        mut sink: impl FnMut(Vec<Change>, u64) -> bool,
    ) -> Result<()> {
        self.0.changes_after(jurisdiction, revision, page, &mut sink)
    }

    /// All of a jurisdiction's reports by id, read page by page.
    pub fn scan<'a>(&'a self, jurisdiction: &'a JurisdictionId) -> Scan<'a> {
        Scan {
            reader: self,
            jurisdiction,
            page: Vec::new().into_iter(),
            after: Some(String::new()),
        }
    }

    /// The original of the incident of a report; the report itself, if it names no parent that is
    /// in the store.
    ///
    /// # Errors
    /// The store cannot be read or is corrupt.
    pub fn original(
        &self,
        jurisdiction: &JurisdictionId,
        report: StoredReport,
    ) -> Result<StoredReport> {
        let mut at = report;
        for _ in 0..LINKS_MAX {
            let Some(parent) = &at.report.parent else { break };
            let Some(above) = self.get(jurisdiction, parent.as_str())? else { break };
            at = above;
        }
        Ok(at)
    }
}

/// All reports of a jurisdiction by id, read page by page: the iterator of [`Reader::scan`].
pub struct Scan<'a> {
    reader: &'a Reader,
    jurisdiction: &'a JurisdictionId,
    page: std::vec::IntoIter<StoredReport>,
    /// The last id read; `None` after the last page or after an error.
    after: Option<String>,
}

impl Scan<'_> {
    /// Reports of a page.
    const PAGE: usize = 2_000;
}

impl Iterator for Scan<'_> {
    type Item = Result<StoredReport>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(stored) = self.page.next() {
            return Some(Ok(stored));
        }
        let after = self.after.take()?;
        match self.reader.page(self.jurisdiction, &after, Self::PAGE) {
            Err(error) => Some(Err(error)),
            Ok(page) => {
                self.after = page.last().map(|stored| stored.report.id.to_string());
                self.page = page.into_iter();
                self.page.next().map(Ok)
            }
        }
    }
}
