//! Queries while reports arrive: 1,000 new reports and 200 changes a second. And the time from a
//! commit until its report can be read.

use std::hint::black_box;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use pointchaud::config::Limits;
use pointchaud::domain::{
    Actor, Change, Draft, Filter, Gate, JurisdictionId, Patch, Status, View, tracking_number,
};
use pointchaud::index::{Index, Snapshot};
use pointchaud::ingest::builtin_catalogue;
use pointchaud::place::{BBox, Meters, Position};
use pointchaud::query;
use pointchaud::store::{AddJurisdiction, CommitListener, CreateReport, Writer};
use pointchaud::usecase::{App, Catalogues, City, SubmitOutcome, quebec};

use crate::city::{self, Point};
use crate::row::{Row, Target};
use crate::settings::Settings;
use crate::table::{Outcome, Table};
use crate::timing::quantile;

const REPORTS_PER_SECOND: u64 = 1_000;
/// Pause between queries, so that each finds the caches as other work has left them.
const PAUSE: Duration = Duration::from_micros(200);

/// Runs the query of a number.
type RunQuery = Box<dyn Fn(&Snapshot, usize)>;

/// A kind of query.
struct Query {
    name: &'static str,
    run: RunQuery,
    /// Queries timed under load.
    times: usize,
}

fn queries(places: Vec<Position>, settings: &Settings) -> Vec<Query> {
    let places = Arc::new(places);
    let near = |name: &'static str, meters: f64, limit: usize| {
        let places = places.clone();
        let run = move |snapshot: &Snapshot, n: usize| {
            let compiled = snapshot.compiled(&Filter::default());
            let at = places[n % places.len()];
            black_box(query::within_radius(snapshot, &compiled, at, Meters(meters), None, limit));
        };
        Query { name, run: Box::new(run), times: settings.count(20_000, 40) }
    };
    let clusters = |snapshot: &Snapshot, _: usize| {
        let compiled = snapshot.compiled(&Filter::default());
        let bbox = BBox::new(-71.4, 46.75, -71.1, 46.95).expect("on the Earth");
        black_box(query::clusters(snapshot, &compiled, &bbox, 12, 5_000));
    };
    vec![
        near("10 nearest", 1e6, 10),
        near("first 100 within 50 m", 50.0, 100),
        near("first 100 within 500 m", 500.0, 100),
        Query {
            name: "clusters of the city, zoom 12",
            run: Box::new(clusters),
            times: settings.count(600, 4),
        },
    ]
}

/// Microseconds of each of `times` queries.
fn timed(city: &City, query: &Query, times: usize) -> Vec<f64> {
    let one = |n: usize| {
        std::thread::sleep(PAUSE);
        let snapshot = city.snapshots(View::Crew).load();
        let began = Instant::now();
        (query.run)(&snapshot, n);
        began.elapsed().as_secs_f64() * 1e6
    };
    (0..times).map(one).collect()
}

/// New report `n`, somewhere in the city.
fn draft(n: u64) -> Draft {
    let place =
        (-71.2 - (n * 7_919 % 1_000) as f64 * 1e-4, 46.8 + (n * 104_729 % 700) as f64 * 1e-4);
    Draft { service: "nid-de-poule".into(), lon_lat: Some(place), ..Draft::default() }
}

/// Sends reports at their rate until `stop` is set, and closes every fifth. Returns how many were
/// stored.
fn feed(app: &Arc<App>, city: &Arc<City>, stop: &AtomicBool) -> std::io::Result<usize> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let stored = Arc::new(Mutex::new(0));
    runtime.block_on(async {
        let period = Duration::from_micros(1_000_000 / REPORTS_PER_SECOND);
        let mut tick = tokio::time::interval(period);
        for n in 0.. {
            if stop.load(Ordering::Relaxed) {
                return;
            }
            tick.tick().await;
            let (app, city, count) = (app.clone(), city.clone(), stored.clone());
            tokio::spawn(async move {
                let (view, by) = ((&*city, View::Crew), Actor::default());
                let sent = app.submit(view, draft(n), None, None, by).await;
                let Ok(SubmitOutcome::Stored { stored, .. }) = sent else { return };
                *count.lock().expect("no holder panics") += 1;
                if n % 5 == 0 {
                    let patch = Patch { status: Some(Status::Closed), ..Patch::default() };
                    let by = ("api".to_owned(), Actor::default());
                    let _ = app.change(&city, stored.report.id, None, (patch, None), by).await;
                }
            });
        }
    });
    let stored = *stored.lock().expect("no holder panics");
    Ok(stored)
}

/// The 99th percentile of each query under load, beside its idle median.
fn under_load(table: &mut Table, settings: &Settings, store: &Path, reports: usize) -> Outcome<()> {
    let catalogues =
        Catalogues { groups: builtin_catalogue(false)?, quebec: builtin_catalogue(true)? };
    let app = App::open(store, catalogues, Limits::default())?;
    while !app.is_ready() {
        std::thread::sleep(Duration::from_millis(20));
    }
    // The segments read at boot are merged in the background.
    settings.settle(4);
    let city = app.city(None)?;
    let places = (0..4_096u64).filter_map(|n| {
        let (lon, lat) = draft(n * 31).lon_lat?;
        Position::new(lon, lat).ok()
    });
    let queries = queries(places.collect(), settings);
    let idle = |query: &Query| quantile(&mut timed(&city, query, query.times / 4), 0.5);
    let idle: Vec<f64> = queries.iter().map(idle).collect();
    let stop = Arc::new(AtomicBool::new(false));
    let feeding = {
        let (app, city, stop) = (app.clone(), city.clone(), stop.clone());
        std::thread::spawn(move || feed(&app, &city, &stop))
    };
    settings.settle(2);
    for (query, idle) in queries.iter().zip(idle) {
        let work = format!("p99 of {}, 1,000 reports/s arriving", query.name);
        table.measure(reports, &work, || {
            let p99 = quantile(&mut timed(&city, query, query.times), 0.99);
            let row = Row::new(reports, &work, "µs", p99).peer("own idle median", Some(idle));
            Ok(row.target(1_000_000, Target::Ratio(0.1)))
        });
    }
    stop.store(true, Ordering::Relaxed);
    let stored = feeding.join().map_err(|_| "the thread that sends reports panicked")??;
    app.stop();
    if stored == 0 { Err("no report was stored meanwhile".into()) } else { Ok(()) }
}

/// Applies commits to an index of the city and times each.
struct TimedListener {
    index: Index,
    revision: u64,
    times_ms: Arc<Mutex<Vec<f64>>>,
}

impl CommitListener for TimedListener {
    fn committed(&mut self, _: &JurisdictionId, changes: Vec<Change>) {
        let began = Instant::now();
        // The index was not read from this store: its revisions continue from its own.
        let first = self.revision;
        let renumbered = changes.into_iter().zip(first + 1..).map(|(change, revision)| {
            self.revision = revision;
            Change { revision, ..change }
        });
        self.index.apply(renumbered.collect());
        let elapsed = began.elapsed().as_secs_f64() * 1e3;
        self.times_ms.lock().expect("no holder panics").push(elapsed);
    }

    fn uncertain(&mut self) {}
}

/// Milliseconds from a durable commit until its reports can be read, for each of 3,000 commits.
fn commit_to_visible(settings: &Settings, points: &[Point]) -> Outcome<Vec<f64>> {
    let path = settings.folder.join("visible.db");
    let _ = std::fs::remove_file(&path);
    let times_ms = Arc::new(Mutex::new(Vec::new()));
    let listener = TimedListener {
        index: city::index(points),
        revision: points.len() as u64,
        times_ms: times_ms.clone(),
    };
    let (writer, thread) = Writer::start(&path, listener)?;
    let jurisdiction = quebec().id;
    writer.execute(AddJurisdiction { jurisdiction: quebec(), services: Vec::new() })?;
    let catalogue = builtin_catalogue(true)?;
    let gate = Gate { catalogue: &catalogue, zone: &jiff::tz::TimeZone::UTC, now: city::END };
    for n in 0..settings.count(3_000, 20) as u64 {
        let id = tracking_number(1_000_000_007 + n);
        let report = gate.admit(draft(n), &id).map_err(|refused| format!("{refused:?}"))?;
        writer.execute(CreateReport {
            jurisdiction: jurisdiction.clone(),
            report: Box::new(report),
            idempotency: None,
            contact: None,
            judge: None,
        })?;
    }
    drop(writer);
    thread.join().map_err(|_| "the writer's thread panicked")?;
    let times = times_ms.lock().expect("no holder panics").clone();
    Ok(times)
}

/// All rows, on a store of `reports` reports.
pub fn measure(table: &mut Table, settings: &Settings, reports: usize, store: &Path) {
    let work = "commit to visible, p99";
    table.measure(reports, work, || {
        let mut times = commit_to_visible(settings, &city::points(reports))?;
        let row = Row::new(reports, work, "ms", quantile(&mut times, 0.99));
        Ok(row.p99(quantile(&mut times, 1.0)).target(1_000_000, Target::AtMost(5.0)))
    });
    table.group(reports, "queries while reports arrive", |table| {
        under_load(table, settings, store, reports)
    });
}
