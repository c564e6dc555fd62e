//! While the city reports: questions of a service that takes in 1,000 reports and 200 changes a
//! second, and how soon a commit can be read.

use std::hint::black_box;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use pointchaud::config::Limits;
use pointchaud::domain::{Change, Draft, Filter, JurisdictionId, Patch, Status, tracking_number};
use pointchaud::index::{Index, Snapshot};
use pointchaud::ingest::builtin_catalogue;
use pointchaud::place::{BBox, Meters, Position};
use pointchaud::query;
use pointchaud::store::{AddJurisdiction, CommitListener, CreateReport, Writer};
use pointchaud::usecase::{App, Catalogues, City, SubmitOutcome, quebec};

use crate::city::{self, Point};
use crate::clock::quantile;
use crate::table::{Row, Target};

const REPORTS_A_SECOND: u64 = 1_000;

type Question = (&'static str, Box<dyn Fn(&Snapshot, usize)>, usize);

fn questions(places: Vec<Position>) -> Vec<Question> {
    let places = Arc::new(places);
    let near = |meters: f64, limit: usize| {
        let places = places.clone();
        move |snapshot: &Snapshot, n: usize| {
            let compiled = snapshot.compiled(&Filter::default());
            let at = places[n % places.len()];
            black_box(query::within_radius(snapshot, &compiled, at, Meters(meters), None, limit));
        }
    };
    let clusters = |snapshot: &Snapshot, _: usize| {
        let compiled = snapshot.compiled(&Filter::default());
        let bbox = BBox::new(-71.4, 46.75, -71.1, 46.95).expect("on the Earth");
        black_box(query::clusters(snapshot, &compiled, &bbox, 12, 5_000));
    };
    vec![
        ("10 nearest", Box::new(near(1e6, 10)), 20_000),
        ("first 100 within 50 m", Box::new(near(50.0, 100)), 20_000),
        ("first 100 within 500 m", Box::new(near(500.0, 100)), 20_000),
        ("clusters of the city, zoom 12", Box::new(clusters), 600),
    ]
}

/// Questions come by themselves, not one at the heels of the other: each finds the caches as others
/// left them.
const PAUSE: Duration = Duration::from_micros(200);

fn timed(city: &City, ask: &dyn Fn(&Snapshot, usize), times: usize) -> Vec<f64> {
    let one = |n: usize| {
        std::thread::sleep(PAUSE);
        let snapshot = city.shown().load();
        let began = Instant::now();
        ask(&snapshot, n);
        began.elapsed().as_secs_f64() * 1e6
    };
    (0..times).map(one).collect()
}

fn draft(n: u64) -> Draft {
    let place =
        (-71.2 - (n * 7_919 % 1_000) as f64 * 1e-4, 46.8 + (n * 104_729 % 700) as f64 * 1e-4);
    Draft { service: "nid-de-poule".into(), lon_lat: Some(place), ..Draft::default() }
}

/// Sends reports at their rate, and closes every fifth.
fn feed(app: &Arc<App>, city: &Arc<City>, stop: &Arc<AtomicBool>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let mut tick = tokio::time::interval(Duration::from_micros(1_000_000 / REPORTS_A_SECOND));
        for n in 0.. {
            if stop.load(Ordering::Relaxed) {
                return;
            }
            tick.tick().await;
            let (app, city) = (app.clone(), city.clone());
            tokio::spawn(async move {
                let sent = app.submit(&city, draft(n), None, None).await;
                let Ok(SubmitOutcome::Stored { stored, .. }) = sent else { return };
                if n % 5 == 0 {
                    let patch = Patch { status: Some(Status::Closed), ..Patch::default() };
                    let _ = app.change(&city, stored.report.id, None, patch, None).await;
                }
            });
        }
    });
}

/// The 99th percentile of each question under load beside its idle median.
pub fn rows(store: &Path, reports: usize) -> Vec<Row> {
    let catalogue = |services| builtin_catalogue(services).expect("the built-in catalogue");
    let catalogues = Catalogues { groups: catalogue(false), quebec: catalogue(true) };
    let app = App::open(store, catalogues, Limits::default()).expect("the store opens");
    while !app.is_ready() {
        std::thread::sleep(Duration::from_millis(20));
    }
    // The runs of the boot are merged.
    std::thread::sleep(Duration::from_secs(4));
    let city = app.city(None).expect("Québec");
    let places = (0..4_096u64).filter_map(|n| {
        let (lon, lat) = draft(n * 31).lon_lat?;
        Position::new(lon, lat).ok()
    });
    let asked = questions(places.collect());
    let idle: Vec<f64> = asked
        .iter()
        .map(|(_, ask, times)| quantile(&mut timed(&city, ask, times / 4), 0.5))
        .collect();
    let stop = Arc::new(AtomicBool::new(false));
    let feeding = {
        let (app, city, stop) = (app.clone(), city.clone(), stop.clone());
        std::thread::spawn(move || feed(&app, &city, &stop))
    };
    std::thread::sleep(Duration::from_secs(2));
    let rows = asked.iter().zip(idle).map(|((name, ask, times), idle)| Row {
        reports,
        work: format!("p99 of {name}, 1,000 reports/s arriving"),
        unit: "µs",
        ours: quantile(&mut timed(&city, ask, *times), 0.99),
        p99: None,
        peer: Some(("own idle median".into(), idle)),
        target: Some(Target::Ratio(0.1)),
    });
    let rows = rows.collect();
    stop.store(true, Ordering::Relaxed);
    let _ = feeding.join();
    app.stop();
    rows
}

/// Folds commits into an index of the city and times it.
struct Timed {
    index: Index,
    revision: u64,
    taken: Arc<Mutex<Vec<f64>>>,
}

impl CommitListener for Timed {
    fn committed(&mut self, _: &JurisdictionId, changes: Vec<Change>) {
        let began = Instant::now();
        // The index was not read from this store: its revisions go on from its own.
        let first = self.revision;
        let renumbered = changes.into_iter().zip(first + 1..).map(|(change, revision)| {
            self.revision = revision;
            Change { revision, ..change }
        });
        self.index.apply(renumbered.collect());
        let taken = began.elapsed().as_secs_f64() * 1e3;
        self.taken.lock().expect("one holder at a time").push(taken);
    }

    fn uncertain(&mut self) {}
}

/// How long after its durable commit a report can be read, at worst of a hundred.
pub fn visible(folder: &Path, points: &[Point]) -> Row {
    let path = folder.join("visible.db");
    let _ = std::fs::remove_file(&path);
    let taken = Arc::new(Mutex::new(Vec::new()));
    let follower =
        Timed { index: city::index(points), revision: points.len() as u64, taken: taken.clone() };
    let (writer, address) = Writer::start(&path, follower).expect("a store");
    let jurisdiction = quebec().id;
    let add = AddJurisdiction { jurisdiction: quebec(), services: Vec::new() };
    writer.execute(add).expect("Québec");
    let catalogue = builtin_catalogue(true).expect("the built-in catalogue");
    let gate = pointchaud::domain::Gate {
        catalogue: &catalogue,
        zone: &jiff::tz::TimeZone::UTC,
        now: city::END,
    };
    for n in 0..3_000 {
        let id = tracking_number(1_000_000_007 + n);
        let report = Box::new(gate.admit(draft(n), &id).expect("a report"));
        let (jurisdiction, idempotency) = (jurisdiction.clone(), None);
        let write = CreateReport { jurisdiction, report, idempotency, contact: None, judge: None };
        writer.execute(write).expect("a commit");
    }
    drop(writer);
    let _ = address.join();
    let mut taken = taken.lock().expect("one holder at a time").clone();
    Row {
        reports: points.len(),
        work: "commit to visible, p99".into(),
        unit: "ms",
        ours: quantile(&mut taken, 0.99),
        p99: Some(quantile(&mut taken, 1.0)),
        peer: None,
        target: Some(Target::Most(5.0)),
    }
}
