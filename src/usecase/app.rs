//! The application: store, indexes and pools of work, and the operations of a request on them.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::oneshot;

use crate::config::Limits;
use crate::domain::{
    Actor, Change, Clock, Draft, Idempotency, IncidentChange, IncidentCommand, Interrupt,
    JurisdictionId, Patch, Report, ReportId, StoredReport, SystemClock, View,
};
use crate::error::{Error, ErrorKind, Result};
use crate::index::Snapshot;
use crate::message;
use crate::store::{
    AmendEach, ChangeIncident, Command, CommitListener, CreateReport, PrivateKeys, Reader,
    SubmitOutcome, UpdateReport, Writer, WriterSettings,
};
use crate::usecase::access::KeyRing;
use crate::usecase::catalogues::Catalogues;
use crate::usecase::city::{City, DuplicateJudge};
use crate::usecase::loaded_cities::{LoadedCities, starting};
use crate::usecase::memory::MemoryGauge;
use crate::usecase::photo_owners::PhotoOwners;
use crate::usecase::sessions::Sessions;
use crate::usecase::tracking_numbers::TrackingNumbers;
use crate::usecase::work_pool::WorkPool;

/// Interval at which the store is polled for writes of other processes.
const POLL_EVERY: Duration = Duration::from_millis(250);
/// Interval at which a thread checks whether segments should be merged.
const MERGE_EVERY: Duration = Duration::from_millis(50);

/// State shared by the application, the store's writer thread and the background threads.
struct Shared {
    cities: LoadedCities,
    keys: Arc<KeyRing>,
    sessions: Arc<Sessions>,
    stopping: AtomicBool,
}

/// The running service: store, indexes, and pools of work.
pub struct App {
    shared: Arc<Shared>,
    pub(super) writer: Writer,
    /// Limits that apply to every request.
    pub limits: Limits,
    /// Random id of the store, drawn when it was created; part of every ETag.
    pub epoch: String,
    pub(super) numbers: Arc<TrackingNumbers>,
    queries: WorkPool,
    heavy: WorkPool,
    photos: WorkPool,
    memory: MemoryGauge,
    pub(super) photo_owners: PhotoOwners,
}

/// Applies each commit to the index of its city.
struct IndexUpdater(Arc<Shared>);

impl CommitListener for IndexUpdater {
    fn committed(&mut self, jurisdiction: &JurisdictionId, changes: Vec<Change>) {
        self.0.cities.committed(jurisdiction, changes);
    }

    fn uncertain(&mut self) {
        self.0.cities.catch_up();
    }
}

impl App {
    /// Opens the store, starts its writer, and builds the indexes in the background.
    ///
    /// # Errors
    /// The store cannot be opened.
    pub fn open(store: &Path, catalogues: Catalogues, limits: Limits) -> Result<Arc<Self>> {
        Self::open_with_clock(store, catalogues, limits, SystemClock::shared())
    }

    /// As [`App::open`], with the keys of contacts from another file than the one beside the store.
    ///
    /// # Errors
    /// The store cannot be opened.
    pub fn open_with_keys(
        store: &Path,
        catalogues: Catalogues,
        limits: Limits,
        keys: PrivateKeys,
    ) -> Result<Arc<Self>> {
        Self::open_all(store, catalogues, limits, SystemClock::shared(), keys)
    }

    /// As [`App::open`], with a clock other than the machine's.
    ///
    /// # Errors
    /// The store cannot be opened.
    pub fn open_with_clock(
        store: &Path,
        catalogues: Catalogues,
        limits: Limits,
        clock: Arc<dyn Clock>,
    ) -> Result<Arc<Self>> {
        Self::open_all(store, catalogues, limits, clock, PrivateKeys::beside(store))
    }

    fn open_all(
        store: &Path,
        catalogues: Catalogues,
        limits: Limits,
        clock: Arc<dyn Clock>,
        private_keys: PrivateKeys,
    ) -> Result<Arc<Self>> {
        let private_keys = Arc::new(private_keys);
        let reader = Reader::open_with_keys(store, private_keys.clone())?;
        let cities = LoadedCities::new(reader, catalogues, clock.clone());
        let keys = Arc::new(KeyRing::open(cities.reader().clone(), clock.clone())?);
        let reader = cities.reader().clone();
        let sessions = Arc::new(Sessions::new(reader, clock.clone(), keys.clone(), &limits));
        let stopping = AtomicBool::new(false);
        let shared = Arc::new(Shared { cities, keys, sessions, stopping });
        let id_bytes_max = limits.id_bytes_max;
        let settings = WriterSettings { clock, id_bytes_max, private_keys: Some(private_keys) };
        let (writer, _) = Writer::start_with(store, IndexUpdater(shared.clone()), settings)?;
        let epoch = shared.cities.reader().epoch()?;
        let time_max = limits.request_time_max;
        let queries =
            WorkPool::new(limits.concurrent_queries, limits.waiting_queries_max, time_max);
        let heavy = || WorkPool::new(limits.concurrent_heavy, limits.waiting_heavy_max, time_max);
        let (heavy, photos) = (heavy().one_for_each_client(), heavy().one_for_each_client());
        let memory = MemoryGauge::new(limits.memory_max);
        let app = Arc::new(Self {
            shared: shared.clone(),
            writer,
            limits,
            epoch,
            numbers: Arc::default(),
            queries,
            heavy,
            photos,
            memory,
            photo_owners: PhotoOwners::default(),
        });
        let (boot, key_writer) = (shared.clone(), app.writer.clone());
        spawn("index-poll", move || {
            boot.cities.catch_up();
            while !boot.stopping.load(Ordering::Relaxed) {
                thread::sleep(POLL_EVERY);
                boot.cities.catch_up();
                boot.keys.catch_up(&key_writer);
                boot.sessions.store_uses(&key_writer);
            }
        })?;
        spawn("index-merge", move || {
            while !shared.stopping.load(Ordering::Relaxed) {
                let cities = shared.cities.all();
                let merged = cities.iter().filter(|city| city.merge()).count();
                if merged == 0 {
                    thread::sleep(MERGE_EVERY);
                }
            }
        })?;
        Ok(app)
    }

    /// Ends the background threads.
    pub fn stop(&self) {
        self.shared.stopping.store(true, Ordering::Relaxed);
    }

    /// The store, for reading.
    pub fn reader(&self) -> &Reader {
        self.shared.cities.reader()
    }

    /// The access keys of the store.
    pub fn keys(&self) -> &Arc<KeyRing> {
        &self.shared.keys
    }

    /// The sessions of the page.
    pub fn sessions(&self) -> &Arc<Sessions> {
        &self.shared.sessions
    }

    /// The store's writer.
    pub fn writer(&self) -> &Writer {
        &self.writer
    }

    /// The built-in catalogues that new cities start from.
    pub fn catalogues(&self) -> &Catalogues {
        self.shared.cities.catalogues()
    }

    /// The present time, by the clock of the application.
    pub fn now(&self) -> Timestamp {
        self.shared.cities.clock().now()
    }

    /// All cities, by id.
    pub fn cities(&self) -> Vec<Arc<City>> {
        self.shared.cities.all()
    }

    /// The city with this id; the default city for `None`: the one that was
    /// [declared](Self::set_default), else the first that was added to the store.
    ///
    /// # Errors
    /// There is no such city, or the store was not read yet.
    pub fn city(&self, id: Option<&str>) -> Result<Arc<City>> {
        self.shared.cities.find(id)
    }

    /// As [`App::city`], but where the store has several cities and no default was declared, one
    /// must be named, as GeoReport v2 requires.
    ///
    /// # Errors
    /// As [`App::city`]; refused where a city must be named.
    pub fn unambiguous_city(&self, id: Option<&str>) -> Result<Arc<City>> {
        self.shared.cities.find_unambiguous(id)
    }

    /// Declares the default city, once. It need not be in the store yet.
    pub fn set_default(&self, id: JurisdictionId) {
        self.shared.cities.set_default(id);
    }

    /// Whether the store was read and the index of every city has been built.
    pub fn is_ready(&self) -> bool {
        self.shared.cities.is_ready()
    }

    /// Whether the store is still where it was opened.
    ///
    /// # Errors
    /// Its file was moved, deleted or replaced: nothing can be written.
    pub fn check_store(&self) -> Result<()> {
        self.reader().check_file()
    }

    /// The newest snapshot of a city as a view sees it, for queries that take less time than a
    /// change of thread.
    ///
    /// # Errors
    /// Unavailable while the index is being built.
    pub fn snapshot(&self, city: &City, view: View) -> Result<Arc<Snapshot>> {
        if city.progress().ready { Ok(city.snapshots(view).load()) } else { Err(starting()) }
    }

    /// Runs a query on the newest snapshot of a city as a view sees it, in the pool of queries.
    /// The query ends early
    /// where its [`Interrupt`] is raised: when the caller has dropped the future, as for a client
    /// that has gone, or the time is over.
    ///
    /// # Errors
    /// Unavailable while the index is being built, while too many queries wait, or where the query
    /// exceeds its time; whatever the query returns.
    pub async fn query<T: Send + 'static>(
        &self,
        (city, view): (&City, View),
        ask: impl FnOnce(&Snapshot, &Interrupt) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let snapshot = self.snapshot(city, view)?;
        self.queries.run(move |interrupt| ask(&snapshot, interrupt)).await
    }

    /// As [`App::query`], for a query that may take seconds: it does not take the place of short
    /// ones.
    ///
    /// # Errors
    /// As [`App::query`].
    pub async fn query_heavy<T: Send + 'static>(
        &self,
        (city, view): (&City, View),
        ask: impl FnOnce(&Snapshot, &Interrupt) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.memory.check()?;
        let snapshot = self.snapshot(city, view)?;
        self.heavy.run(move |interrupt| ask(&snapshot, interrupt)).await
    }

    /// Runs a function that reads the store or computes for milliseconds, in the pool of queries.
    ///
    /// # Errors
    /// As [`App::query`].
    pub async fn compute<T: Send + 'static>(
        &self,
        compute: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.queries.run(move |_| compute()).await
    }

    /// Runs a function that may take seconds, in the pool of such work.
    ///
    /// # Errors
    /// As [`App::query`].
    pub async fn compute_heavy<T: Send + 'static>(
        &self,
        compute: impl FnOnce(&Interrupt) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.memory.check()?;
        self.heavy.run(compute).await
    }

    /// As [`App::compute_heavy`], for photos, which are filed with reports: they have a pool of the
    /// same size for themselves, so that no statistics delay them.
    ///
    /// # Errors
    /// As [`App::query`].
    pub async fn compute_photos<T: Send + 'static>(
        &self,
        compute: impl FnOnce(&Interrupt) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.memory.check()?;
        self.photos.run(compute).await
    }

    /// Refuses work that needs much memory while memory is short.
    ///
    /// # Errors
    /// Unavailable: memory is short.
    pub fn check_memory(&self) -> Result<()> {
        self.memory.check()
    }

    /// Submits a command of this actor to the store and waits until it is durable.
    pub(super) async fn execute<C: Command>(&self, command: C, by: Actor) -> Result<C::Output> {
        let (answer, wait) = oneshot::channel();
        self.writer.by(by).submit_with(command, move |output| {
            let _ = answer.send(output);
        });
        wait.await.unwrap_or_else(|_| {
            let message = message!("Le service s’arrête.", "The service is stopping.");
            Err(Error::new(ErrorKind::Unavailable, message))
        })
    }

    /// Checks, stores and indexes a report of a sender with this view. A `judge` may attach it to
    /// another report, or hold it
    /// back until its sender confirms. `by` is who sends it, for the audit.
    ///
    /// # Errors
    /// Refusals of the gate; an idempotency key used for another request; the store.
    pub async fn submit(
        &self,
        (city, view): (&City, View),
        draft: Draft,
        idempotency: Option<Idempotency>,
        judge: Option<DuplicateJudge>,
        by: Actor,
    ) -> Result<SubmitOutcome> {
        const TRIES: usize = 5;
        let mut tries_left = TRIES;
        loop {
            tries_left -= 1;
            let id = self.numbers.draw();
            let catalogue = city.catalogue();
            let report = city.gate(&catalogue).admit(draft.clone(), &id).map_err(Error::refused)?;
            let command = CreateReport {
                jurisdiction: city.id().clone(),
                report: Box::new(report),
                idempotency: idempotency.clone(),
                contact: draft.contact.clone(),
                judge: judge.clone().map(|judge| city.judged_by(view, judge)),
            };
            match self.execute(command, by.clone()).await {
                // The tracking number may be in use: draw another.
                Err(error) if error.kind == ErrorKind::Conflict && tries_left > 0 => {
                    if self.reader().get(city.id(), id.as_str())?.is_none() {
                        return Err(error);
                    }
                }
                outcome => return outcome,
            }
        }
    }

    /// Changes a report; with `expected` only if its revision is still that one. A report that
    /// moves gets the area of its new place. `children` is applied to each of its duplicates that
    /// is not closed. `author` is kept in the history, `by` in the audit.
    ///
    /// # Errors
    /// Refusals of the gate; another revision than expected; not found; the store.
    pub async fn change(
        &self,
        city: &Arc<City>,
        id: ReportId,
        expected: Option<u64>,
        (patch, children): (Patch, Option<Patch>),
        (author, by): (String, Actor),
    ) -> Result<StoredReport> {
        let amend = |patch: Patch| {
            let city = city.clone();
            move |report: &Report| {
                let catalogue = city.catalogue();
                let changed = city.gate(&catalogue).amend(report, patch.clone());
                Ok(city.with_area_of_move(report, changed.map_err(Error::refused)?))
            }
        };
        let command = UpdateReport {
            jurisdiction: city.id().clone(),
            id,
            expected,
            author,
            amend: Box::new(amend(patch)),
            children: children.map(|patch| Box::new(amend(patch)) as AmendEach),
        };
        self.execute(command, by).await
    }

    /// Merges, splits or restores an incident. The author is kept in the history, `by` in the
    /// audit.
    ///
    /// # Errors
    /// Not found; a conflict with the present state; the store.
    pub async fn regroup(
        &self,
        city: &City,
        command: IncidentCommand,
        (author, by): (String, Actor),
    ) -> Result<IncidentChange> {
        let jurisdiction = city.id().clone();
        self.execute(ChangeIncident { jurisdiction, command, author }, by).await
    }
}

fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> Result<()> {
    thread::Builder::new().name(name.into()).spawn(body).map_err(Error::internal)?;
    Ok(())
}
