//! The application: the only place that orders store-then-index.
//!
//! A write is committed by the store's writer thread, which then tells the index through
//! `IndexUpdater` before it answers: whoever is acknowledged can read what was written. The store
//! may also change under another process (an import beside the server): a thread polls the revision
//! counters and reads on from there. A crash between commit and index heals at boot, because boot
//! folds the same `apply` over the store.

mod batch;
mod city;
pub mod duplicates;
pub mod hotspots;
mod import;
pub mod recurrences;
pub mod reports;
mod tracking_numbers;
pub mod watch;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::sync::{Semaphore, oneshot};

pub use batch::BatchChunk;
pub use city::{City, IndexProgress};
pub use import::{Importer, Summary};

use crate::config::{DEFAULT_JURISDICTION, Limits};
use crate::domain::{
    Catalogue, Change, Draft, Gate, Idempotency, IncidentChange, IncidentCommand, Jurisdiction,
    JurisdictionId, Patch, Report, ReportId, StoredReport,
};
use crate::error::{Error, ErrorKind, Result};
use crate::index::Snapshot;
use crate::message;
use crate::place::BBox;
pub use crate::store::Verdict;
use crate::store::{AmendEach, CommitListener, Outcome, Reader, Write, Writer};
use crate::usecase::tracking_numbers::TrackingNumbers;

/// How often another process's writes are looked for.
const FOLLOW_EVERY: Duration = Duration::from_millis(250);
/// How often a merge is looked for.
const MERGE_EVERY: Duration = Duration::from_millis(50);

type Cities = BTreeMap<JurisdictionId, Arc<City>>;

/// Judges a new report by the newest snapshot and by those made just now that it has not yet.
pub type DuplicateJudge = Arc<dyn Fn(&Snapshot, &Report, &[Report]) -> Verdict + Send + Sync>;

/// What became of a report that was sent.
#[derive(Debug, Clone, PartialEq)]
pub enum SubmitOutcome {
    /// It is there.
    StoredReport {
        /// As it is stored.
        stored: Box<StoredReport>,
        /// It had been sent before.
        replayed: bool,
    },
    /// It looks like a duplicate, and its sender wants to be asked: nothing was written.
    Unsure(Box<Report>),
}

/// The built-in groups and the default jurisdiction's services, as `format` read them.
#[derive(Clone)]
pub struct Catalogues {
    /// Groups without services: where another city's catalogue begins.
    pub groups: Catalogue,
    /// Groups and services of a Québec city.
    pub quebec: Catalogue,
}

impl Catalogues {
    /// Where the catalogue of this jurisdiction begins.
    pub fn of(&self, jurisdiction: &JurisdictionId) -> Catalogue {
        let home = jurisdiction.as_str() == DEFAULT_JURISDICTION;
        if home { self.quebec.clone() } else { self.groups.clone() }
    }
}

/// The default jurisdiction.
pub fn quebec() -> Jurisdiction {
    Jurisdiction {
        id: JurisdictionId::new(DEFAULT_JURISDICTION).expect("a well-formed constant"),
        name: "Québec".into(),
        time_zone: "America/Toronto".into(),
        extent: Some(BBox { west: -71.55, south: 46.73, east: -71.13, north: 46.98 }),
    }
}

/// What the store's writer thread and the background threads share with the application.
struct Shared {
    reader: Reader,
    catalogues: Catalogues,
    cities: ArcSwap<Cities>,
    /// Held while the list of cities changes.
    growing: Mutex<()>,
    stopping: AtomicBool,
}

/// The running service, without its protocols.
pub struct App {
    shared: Arc<Shared>,
    writer: Writer,
    /// Limits of every request.
    pub limits: Limits,
    /// Random name of the store: part of every ETag.
    pub epoch: String,
    numbers: Arc<TrackingNumbers>,
    pool: Arc<Semaphore>,
    waiting: AtomicUsize,
}

/// Keeps the index in step with the store's commits.
struct IndexUpdater(Arc<Shared>);

impl CommitListener for IndexUpdater {
    fn committed(&mut self, jurisdiction: &JurisdictionId, changes: Vec<Change>) {
        match self.0.cities.load().get(jurisdiction) {
            Some(city) => city.follow(&self.0.reader, changes),
            None => self.0.grow(),
        }
    }

    fn uncertain(&mut self) {
        self.0.catch_up();
    }
}

impl Shared {
    /// Takes up jurisdictions that the store has and we do not.
    fn grow(&self) {
        let _growing = self.growing.lock().unwrap_or_else(|poison| poison.into_inner());
        let known = match self.reader.jurisdictions() {
            Ok(known) => known,
            Err(error) => return log(&error),
        };
        let mut cities = Cities::clone(&self.cities.load());
        for (jurisdiction, _) in known {
            let id = jurisdiction.id.clone();
            if cities.contains_key(&id) {
                continue;
            }
            let base = self.catalogues.of(&id);
            match City::new(jurisdiction, base, &self.reader) {
                Ok(city) => {
                    let city = Arc::new(city);
                    cities.insert(id, city.clone());
                    self.cities.store(Arc::new(cities.clone()));
                    city.boot(&self.reader).unwrap_or_else(|error| log(&error));
                }
                Err(error) => log(&error),
            }
        }
    }

    /// Reads on where the store is ahead of the index.
    fn catch_up(&self) {
        let known = match self.reader.jurisdictions() {
            Ok(known) => known,
            Err(error) => return log(&error),
        };
        let cities = self.cities.load();
        for (jurisdiction, revision) in known {
            match cities.get(&jurisdiction.id) {
                None => self.grow(),
                Some(city) => city.catch_up(&self.reader, revision),
            }
        }
    }
}

fn log(error: &Error) {
    tracing::error!(%error, cause = ?error.cause, "the index could not follow the store");
}

impl App {
    /// Opens the store, starts its writer and reads the index in the background.
    ///
    /// # Errors
    /// The store cannot be opened.
    pub fn open(store: &Path, catalogues: Catalogues, limits: Limits) -> Result<Arc<Self>> {
        let reader = Reader::open(store)?;
        let shared = Arc::new(Shared {
            reader,
            catalogues,
            cities: ArcSwap::default(),
            growing: Mutex::default(),
            stopping: AtomicBool::new(false),
        });
        let (writer, _) = Writer::start(store, IndexUpdater(shared.clone()))?;
        writer.write(Write::Adopt { jurisdiction: quebec(), services: Vec::new() })?;
        let epoch = shared.reader.epoch()?;
        let pool = Arc::new(Semaphore::new(limits.questions_at_once));
        let app = Arc::new(Self {
            shared: shared.clone(),
            writer,
            limits,
            epoch,
            numbers: Arc::default(),
            pool,
            waiting: AtomicUsize::new(0),
        });
        let boot = shared.clone();
        spawn("index-follow", move || {
            boot.grow();
            while !boot.stopping.load(Ordering::Relaxed) {
                thread::sleep(FOLLOW_EVERY);
                boot.catch_up();
            }
        })?;
        spawn("index-merge", move || {
            while !shared.stopping.load(Ordering::Relaxed) {
                let cities = shared.cities.load_full();
                let merged = cities.values().filter(|city| city.merge()).count();
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
        &self.shared.reader
    }

    /// The store's writer.
    pub fn writer(&self) -> &Writer {
        &self.writer
    }

    /// All cities, by id.
    pub fn cities(&self) -> Vec<Arc<City>> {
        self.shared.cities.load().values().cloned().collect()
    }

    /// The city of this id, the default one where none is named.
    ///
    /// # Errors
    /// Not found, or not read yet.
    pub fn city(&self, id: Option<&str>) -> Result<Arc<City>> {
        let id = id.unwrap_or(DEFAULT_JURISDICTION);
        let cities = self.shared.cities.load();
        let found = cities.iter().find(|(known, _)| known.as_str() == id);
        match found {
            Some((_, city)) => Ok(city.clone()),
            // Until the first look at the store we cannot tell.
            None if cities.is_empty() => Err(starting()),
            None => Err(Error::not_found(id)),
        }
    }

    /// True once every city's index has read its store.
    pub fn is_ready(&self) -> bool {
        let cities = self.shared.cities.load();
        !cities.is_empty() && cities.values().all(|city| city.progress().ready)
    }

    /// A city's newest snapshot, for a question that takes no longer than to hand it on would.
    ///
    /// # Errors
    /// Unavailable while the index is read.
    pub fn snapshot(&self, city: &City) -> Result<Arc<Snapshot>> {
        if city.progress().ready { Ok(city.shown().load()) } else { Err(starting()) }
    }

    /// Computes an answer from a city's newest snapshot, on a bounded pool.
    ///
    /// # Errors
    /// Unavailable while the index is read or too many questions wait; whatever `ask` answers.
    pub async fn query<T: Send + 'static>(
        &self,
        city: &City,
        ask: impl FnOnce(&Snapshot) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let snapshot = self.snapshot(city)?;
        self.compute(move || ask(&snapshot)).await
    }

    /// Computes anything that may take long, on the same pool.
    ///
    /// # Errors
    /// As [`App::query`].
    pub async fn compute<T: Send + 'static>(
        &self,
        compute: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let waiting = Waiting::among(&self.waiting);
        if waiting.before >= self.limits.questions_waiting_max {
            let message = message!("Trop de questions à la fois.", "Too many questions at once.");
            return Err(Error::new(ErrorKind::Unavailable, message));
        }
        let answer = async {
            let permit = self.pool.clone().acquire_owned().await.map_err(Error::internal)?;
            drop(waiting);
            // The permit goes with the work, which goes on where nobody waits for it any more.
            let work = tokio::task::spawn_blocking(move || (compute(), permit));
            work.await.map_err(Error::internal)?.0
        };
        let answer = tokio::time::timeout(self.limits.request_time_max, answer).await;
        answer.unwrap_or_else(|_| {
            let message = message!("La réponse a pris trop de temps.", "The answer took too long.");
            Err(Error::new(ErrorKind::Unavailable, message))
        })
    }

    async fn write(&self, write: Write) -> Result<Outcome> {
        let (answer, wait) = oneshot::channel();
        self.writer.send(write, move |outcome| {
            let _ = answer.send(outcome);
        });
        wait.await.unwrap_or_else(|_| {
            let message = message!("Le service s’arrête.", "The service is stopping.");
            Err(Error::new(ErrorKind::Unavailable, message))
        })
    }

    /// Takes a citizen's report in: through the gate, into the store, into the index. With a
    /// `judge`, it may become a duplicate of another, or nothing at all until its sender was asked.
    ///
    /// # Errors
    /// Refusals of the gate; a key used for another request; the store.
    pub async fn submit(
        &self,
        city: &City,
        draft: Draft,
        idempotency: Option<Idempotency>,
        judge: Option<DuplicateJudge>,
    ) -> Result<SubmitOutcome> {
        const TRIES: usize = 5;
        for attempt in 1.. {
            let id = self.numbers.draw();
            let catalogue = city.catalogue();
            let report = city.gate(&catalogue).admit(draft.clone(), &id).map_err(Error::refused)?;
            let write = Write::Create {
                jurisdiction: city.id().clone(),
                report: Box::new(report),
                idempotency: idempotency.clone(),
                contact: draft.contact.clone(),
                judge: judge.clone().map(|judge| city.judged_by(judge)),
            };
            match self.write(write).await {
                // A tracking number may be taken: draw another.
                Err(error) if error.kind == ErrorKind::Conflict && attempt < TRIES => {
                    if self.reader().get(city.id(), id.as_str())?.is_none() {
                        return Err(error);
                    }
                }
                Err(error) => return Err(error),
                Ok(Outcome::StoredReport { stored, replayed }) => {
                    return Ok(SubmitOutcome::StoredReport { stored, replayed });
                }
                Ok(Outcome::Unsure(report)) => return Ok(SubmitOutcome::Unsure(report)),
                Ok(other) => return Err(Error::internal(format!("answer {other:?} to a report"))),
            }
        }
        unreachable!("the loop returns")
    }

    /// Changes a report; with `expected`, only if that is still its revision. With `children`, its
    /// duplicates that are not closed are changed alike.
    ///
    /// # Errors
    /// Refusals of the gate; stale; not found; the store.
    pub async fn change(
        &self,
        city: &Arc<City>,
        id: ReportId,
        expected: Option<u64>,
        patch: Patch,
        children: Option<Patch>,
    ) -> Result<StoredReport> {
        let amend = |patch: Patch| {
            let city = city.clone();
            move |report: &Report| {
                let catalogue = city.catalogue();
                city.gate(&catalogue).amend(report, patch.clone()).map_err(Error::refused)
            }
        };
        let write = Write::Update {
            jurisdiction: city.id().clone(),
            id,
            expected,
            author: "api".into(),
            amend: Box::new(amend(patch)),
            children: children.map(|patch| Box::new(amend(patch)) as AmendEach),
        };
        match self.write(write).await? {
            Outcome::StoredReport { stored, .. } => Ok(*stored),
            other => Err(Error::internal(format!("answer {other:?} to a change"))),
        }
    }

    /// Changes who is whose duplicate.
    ///
    /// # Errors
    /// Not found; a conflict with what is; the store.
    pub async fn regroup(
        &self,
        city: &City,
        regroup: IncidentCommand,
        author: String,
    ) -> Result<IncidentChange> {
        let write = Write::IncidentCommand { jurisdiction: city.id().clone(), regroup, author };
        match self.write(write).await? {
            Outcome::Regrouped(change) => Ok(*change),
            other => Err(Error::internal(format!("answer {other:?} to a regrouping"))),
        }
    }
}

fn starting() -> Error {
    Error::new(
        ErrorKind::Unavailable,
        message!(
            "Le service lit encore ses données ; voir /readyz.",
            "The service is still reading its data; see /readyz."
        ),
    )
}

fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> Result<()> {
    thread::Builder::new().name(name.into()).spawn(body).map_err(Error::internal)?;
    Ok(())
}

/// One question waiting for its turn.
struct Waiting<'a> {
    count: &'a AtomicUsize,
    before: usize,
}

impl<'a> Waiting<'a> {
    fn among(count: &'a AtomicUsize) -> Self {
        Self { count, before: count.fetch_add(1, Ordering::Relaxed) }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.count.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The gate of a city, now.
fn gate<'a>(catalogue: &'a Catalogue, zone: &'a jiff::tz::TimeZone) -> Gate<'a> {
    Gate { catalogue, zone, now: jiff::Timestamp::now().as_second() }
}
