//! A loaded city: its catalogue, and its index, which is kept up to date with the store.

use std::hash::RandomState;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, mpsc};
use std::thread;

use arc_swap::{ArcSwap, ArcSwapOption};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::domain::{
    Catalogue, Change, Clock, Draft, Gate, Jurisdiction, JurisdictionId, Report, ReportId, View,
    tracking_number,
};
use crate::error::{Error, Result};
use crate::index::{Index, Snapshot, SnapshotReader};
use crate::store::{Reader, Verdict, WriteJudge};
use crate::usecase::public_index::{NEVER_READ, PublicIndexes, PublicReaders};
use crate::usecase::review_queue::ReviewQueue;
use crate::usecase::text_reviews::TextReviews;

/// Decides whether a new report is a duplicate, from the newest snapshot and from the reports of
/// the same commit, which the snapshot does not hold yet.
pub type DuplicateJudge = Arc<dyn Fn(&Snapshot, &Report, &[Report]) -> Verdict + Send + Sync>;

/// Changes read from the store in one page; so few that they stay in the processor cache.
const PAGE: usize = 1_024;
/// Least number of reports of a segment that is built at boot: a few large segments are built
/// faster than many small ones.
const BOOT_SEGMENT_MIN: u64 = 200_000;
/// Most segments that a boot builds for a city (and one for the remainder of the division).
const BOOT_SEGMENTS: u64 = 8;
/// Pages read ahead of the thread that indexes them, at most.
const PAGES_AHEAD: usize = 64;

/// Up to which revision a city's index has read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IndexProgress {
    /// Whether the index has been built; it is kept up to date since then.
    pub ready: bool,
    /// Revision read so far.
    pub read: u64,
    /// Revision of the store when it was last polled.
    pub stored: u64,
}

/// A loaded city.
pub struct City {
    id: JurisdictionId,
    number: i64,
    jurisdiction: ArcSwap<Jurisdiction>,
    zone: TimeZone,
    clock: Arc<dyn Clock>,
    base: Catalogue,
    catalogue: ArcSwap<Catalogue>,
    snapshots: SnapshotReader,
    /// `None` during the boot; changes committed meanwhile are read at its end.
    ///
    /// A `std` lock, held while one commit is applied and never across an await.
    index: Mutex<Option<Index>>,
    booting: Mutex<Option<Index>>,
    /// Set at the end of the boot. It is separate so that queries need not take the lock of the
    /// index.
    ready: AtomicBool,
    read: AtomicU64,
    stored: AtomicU64,
    /// The public indexes and how readers reach them; `None` where everything is exact. Locked
    /// after `index`, never before it.
    pub(super) public: Mutex<Option<PublicIndexes>>,
    pub(super) shown: ArcSwapOption<PublicReaders>,
    /// Makes the ids of reports that the public only counts.
    pub(super) counted_numbers: RandomState,
    /// What people decided about texts.
    pub(super) reviews: TextReviews,
    /// Which reports have texts that wait for a person.
    pub(super) review_queue: Mutex<ReviewQueue>,
    /// The revision at which the policies were read last.
    pub(super) policies_read: AtomicU64,
}

impl City {
    /// A city with an empty index; [`City::boot`] fills it.
    ///
    /// # Errors
    /// It is not in the store, its zone is unknown, or the store cannot be read.
    pub fn new(
        jurisdiction: Jurisdiction,
        base: Catalogue,
        reader: &Reader,
        clock: Arc<dyn Clock>,
    ) -> Result<Self> {
        let zone = jurisdiction.zone().map_err(|message| Error::internal(message.en))?;
        let mut registered = reader.registered()?.into_iter();
        let found = registered.find(|known| known.jurisdiction.id == jurisdiction.id);
        let found = found.ok_or_else(|| Error::not_found(jurisdiction.id.as_str()))?;
        let index = Index::default();
        let city = Self {
            id: jurisdiction.id.clone(),
            number: found.number,
            zone,
            clock,
            catalogue: ArcSwap::new(Arc::new(base.clone())),
            base,
            snapshots: index.reader(),
            index: Mutex::new(None),
            booting: Mutex::new(Some(index)),
            ready: AtomicBool::new(false),
            read: AtomicU64::new(0),
            stored: AtomicU64::new(0),
            public: Mutex::new(None),
            shown: ArcSwapOption::empty(),
            counted_numbers: RandomState::new(),
            reviews: TextReviews::default(),
            review_queue: Mutex::default(),
            policies_read: AtomicU64::new(NEVER_READ),
            jurisdiction: ArcSwap::new(Arc::new(jurisdiction)),
        };
        city.reload_catalogue(reader)?;
        Ok(city)
    }

    /// The city's key.
    pub fn id(&self) -> &JurisdictionId {
        &self.id
    }

    /// The city's number, which no other city of the store has or had.
    pub fn number(&self) -> i64 {
        self.number
    }

    /// The city's name, time zone and extent.
    pub fn jurisdiction(&self) -> Arc<Jurisdiction> {
        self.jurisdiction.load_full()
    }

    /// Takes another name or extent; the time zone of a loaded city stays as it is.
    pub(super) fn set_jurisdiction(&self, jurisdiction: Jurisdiction) {
        self.jurisdiction.store(Arc::new(jurisdiction));
    }

    /// The city's time zone.
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// The city's services.
    pub fn catalogue(&self) -> Arc<Catalogue> {
        self.catalogue.load_full()
    }

    /// The clock of the application.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// The present time, by the clock of the application.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The checks for drafts of this city, with the present time.
    pub fn gate<'a>(&'a self, catalogue: &'a Catalogue) -> Gate<'a> {
        Gate { catalogue, zone: &self.zone, now: self.now().as_second() }
    }

    /// Checks a draft without submitting it.
    ///
    /// # Errors
    /// Every refusal of the gate.
    pub fn admits(&self, draft: &Draft) -> Result<()> {
        let admitted = self.gate(&self.catalogue()).admit(draft.clone(), &tracking_number(0));
        admitted.map(|_| ()).map_err(Error::refused)
    }

    /// Binds a duplicate judge to the newest snapshot of a view at the time it is called.
    pub(super) fn judged_by(&self, view: View, judge: DuplicateJudge) -> WriteJudge {
        let snapshots = self.snapshots(view);
        let rules = self.rules(view);
        Box::new(move |report, fresh| {
            let snapshot = snapshots.load();
            let Some(rules) = rules else { return judge(&snapshot, report, fresh) };
            let is_listed = |one: &&Report| rules.of(one.service.as_str()).is_listed();
            let fresh: Vec<Report> = fresh.iter().filter(is_listed).cloned().collect();
            let is_known = |id: &ReportId| {
                snapshot.find(id.as_str()).is_some() || fresh.iter().any(|one| one.id == *id)
            };
            match judge(&snapshot, report, &fresh) {
                // The sender does not learn whether there is such a report.
                Verdict::Chosen(id) if !is_known(&id) => Verdict::NotProposed(id),
                Verdict::Found(id) if !is_known(&id) => Verdict::Alone,
                other => other,
            }
        })
    }

    /// Reads the newest snapshot of the index that holds everything.
    pub(super) fn crew_snapshots(&self) -> &SnapshotReader {
        &self.snapshots
    }

    /// Runs a function while no commit reaches the indexes.
    pub(super) fn while_no_commit<T>(&self, run: impl FnOnce() -> T) -> T {
        let _held = self.lock();
        run()
    }

    /// How far the index has read.
    pub fn progress(&self) -> IndexProgress {
        let ready = self.ready.load(Ordering::Acquire);
        let booted = self.read.load(Ordering::Relaxed);
        let read = if ready { self.snapshots.load().revision() } else { booted };
        let stored = self.stored.load(Ordering::Relaxed).max(read);
        IndexProgress { ready, read, stored }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Index>> {
        self.index.lock().unwrap_or_else(|poison| poison.into_inner())
    }

    pub(super) fn reload_catalogue(&self, reader: &Reader) -> Result<()> {
        let mut catalogue = self.base.clone();
        reader.services(self.id())?.into_iter().for_each(|service| catalogue.add(service));
        self.catalogue.store(Arc::new(catalogue));
        Ok(())
    }

    /// Reads the whole store into the index. One thread reads pages, this one indexes them, and
    /// segments are built on a third.
    ///
    /// # Errors
    /// The store cannot be read; its ids exceed what the index can hold.
    pub fn boot(&self, reader: &Reader) -> Result<()> {
        let taken = self.booting.lock().unwrap_or_else(|poison| poison.into_inner()).take();
        let Some(mut index) = taken else { return Ok(()) };
        reader.check_id_bytes(self.id())?;
        let (send, pages) = mpsc::sync_channel::<(Vec<Change>, u64)>(PAGES_AHEAD);
        thread::scope(|scope| {
            let reading = scope.spawn(move || {
                let sink = |changes, head| send.send((changes, head)).is_ok();
                reader.changes_after(self.id(), 0, PAGE, sink)
            });
            let mut building = None;
            let take = |index: &mut Index, building: Option<thread::ScopedJoinHandle<'_, _>>| {
                let built = building.map(thread::ScopedJoinHandle::join).transpose();
                let built = built.map_err(|_| Error::internal("a segment could not be built"))?;
                built.into_iter().for_each(|built| index.add_segment(built));
                Ok::<(), Error>(())
            };
            for (changes, head) in pages {
                self.stored.store(head, Ordering::Relaxed);
                let read = changes.last().map_or(0, |change: &Change| change.revision);
                self.read.fetch_max(read, Ordering::Relaxed);
                let size = (head / BOOT_SEGMENTS).max(BOOT_SEGMENT_MIN) as usize;
                if let Some(loaded) = index.load(changes, size) {
                    take(&mut index, building.take())?;
                    building = Some(scope.spawn(|| loaded.build()));
                }
            }
            let rest = index.take_loaded().build();
            take(&mut index, building)?;
            index.add_segment(rest);
            reading.join().unwrap_or_else(|_| Err(Error::internal("the reader panicked")))
        })?;
        index.set_boundaries(reader.boundaries(self.id())?);
        index.publish_loaded();
        self.reload_catalogue(reader)?;
        // Before anybody is answered: the public must not see what it may not for a moment.
        self.refresh_public(reader)?;
        // From here on commits wait for the lock; earlier ones are read now.
        let mut slot = self.lock();
        read_on(self.id(), &mut index, reader)?;
        self.read_on_public(reader);
        *slot = Some(index);
        self.ready.store(true, Ordering::Release);
        Ok(())
    }

    /// Applies a commit of this process's writer.
    pub fn apply_commit(&self, reader: &Reader, changes: Vec<Change>) {
        let Some(last) = changes.last().map(|change| change.revision) else { return };
        self.stored.fetch_max(last, Ordering::Relaxed);
        let mut slot = self.lock();
        let Some(index) = slot.as_mut() else { return };
        let first = changes.first().map_or(0, |change| change.revision);
        if first > index_revision(&self.snapshots) + 1 {
            // Another process wrote in between: read everything missing from the store.
            self.reload(index, reader);
        } else if self.shown.load().is_some() {
            index.apply(changes.clone());
            self.apply_to_public(&changes, reader);
        } else {
            index.apply(changes);
        }
    }

    /// Applies the changes of the store that the index does not have, because another process
    /// wrote them or because the outcome of a commit was unknown.
    pub fn catch_up(&self, reader: &Reader, stored: u64) {
        self.stored.fetch_max(stored, Ordering::Relaxed);
        if stored <= index_revision(&self.snapshots) {
            return;
        }
        let mut slot = self.lock();
        let Some(index) = slot.as_mut() else { return };
        self.reload(index, reader);
    }

    /// Reads new services, boundaries and changes of reports from the store.
    fn reload(&self, index: &mut Index, reader: &Reader) {
        let result = self.reload_catalogue(reader).and_then(|()| {
            index.set_boundaries(reader.boundaries(self.id())?);
            read_on(self.id(), index, reader)
        });
        self.read_on_public(reader);
        result.unwrap_or_else(|error| log_index_error(&error));
    }

    /// Runs one merge of segments if one is due. Returns whether it did.
    pub fn merge(&self) -> bool {
        let job = self.lock().as_mut().and_then(Index::next_merge);
        let Some(job) = job else { return self.merge_public() };
        let merged = job.run();
        if let Some(index) = self.lock().as_mut() {
            index.finish_merge(merged);
        }
        true
    }
}

/// Logs that an index could not be brought up to date with the store.
pub(super) fn log_index_error(error: &Error) {
    tracing::error!(%error, cause = ?error.cause, "the index could not catch up with the store");
}

fn index_revision(snapshots: &SnapshotReader) -> u64 {
    snapshots.load().revision()
}

fn read_on(id: &JurisdictionId, index: &mut Index, reader: &Reader) -> Result<()> {
    let seen = index.reader().load().revision();
    reader.changes_after(id, seen, PAGE, |changes, head| {
        let is_last = changes.len() < PAGE;
        index.apply(changes);
        if is_last {
            index.advance(head);
        }
        true
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::SystemClock;
    use crate::store::{AddJurisdiction, NoListener, Writer};
    use crate::usecase::quebec;

    #[test]
    fn a_city_is_ready_only_after_its_boot_whoever_holds_its_lock() {
        let store = std::env::temp_dir().join(format!("pointchaud-{}-boot.db", std::process::id()));
        let (writer, _writing) = Writer::start(&store, NoListener).unwrap();
        let add = AddJurisdiction { jurisdiction: quebec(), services: Vec::new() };
        writer.execute(add).unwrap();
        let reader = Reader::open(&store).unwrap();
        let city =
            City::new(quebec(), Catalogue::default(), &reader, SystemClock::shared()).unwrap();
        // The merging thread holds the lock in this way.
        let held = city.lock();
        assert!(!city.progress().ready);
        drop(held);
        assert!(!city.progress().ready);
        city.boot(&reader).unwrap();
        assert!(city.progress().ready);
        let _held = city.lock();
        assert!(city.progress().ready, "a merge delays no query");
        for end in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{}{end}", store.display()));
        }
    }
}
