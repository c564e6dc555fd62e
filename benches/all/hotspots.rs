//! Density clusters, hotspots and the space-time scan.

use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use pointchaud::domain::Filter;
use pointchaud::index::{Index, Snapshot};
use pointchaud::place::{Meters, Position};
use pointchaud::query;
use pointchaud::query::{AlertQuery, Exposure, HotspotQuery, alerts};
use pointchaud::statistics::{Effort, ScanSettings, dbscan};

use crate::city::{self, END, Point, plane};
use crate::peers::Peers;
use crate::row::{Row, Target};
use crate::settings::Settings;
use crate::table::{Outcome, Table};
use crate::timing::{alone, quantile};

const DAY: i64 = 86_400;

/// The rows of one size.
pub fn measure(
    table: &mut Table,
    settings: &Settings,
    points: &[Point],
    index: &Index,
    peers: &Peers,
    postgis_ms: Option<f64>,
) {
    let snapshot = index.reader().load();
    table.group(points.len(), "DBSCAN beside its peers", |table| {
        density(table, settings, points, peers, postgis_ms)
    });
    hotspots(table, settings, points.len(), &snapshot);
    if settings.is_city(points.len()) {
        scans(table, settings, points, &snapshot);
    }
}

fn density(
    table: &mut Table,
    settings: &Settings,
    points: &[Point],
    peers: &Peers,
    postgis_ms: Option<f64>,
) -> Outcome<()> {
    let places: Vec<[f64; 2]> = points.iter().map(|point| [point.lon, point.lat]).collect();
    let timing = alone(settings.repeat(1), |_| {
        black_box(dbscan(&places, 50.0, 5, Effort::UNBOUNDED).is_ok());
    });
    let ours = Row::new(points.len(), "DBSCAN, 50 m, 5 reports", "ms", timing.median_us / 1e3);
    table.add(ours.clone().target(1_000_000, Target::AtMost(200.0)));
    if !settings.is_city(points.len()) {
        return Ok(());
    }
    if postgis_ms.is_some() {
        let row = ours.clone().peer("PostGIS, heap ordered by place", postgis_ms);
        table.add(row.target(1_000_000, Target::Ratio(10.0)));
    }
    let theirs = peers.scikit_learn(points)?;
    if theirs.is_some() {
        let row = ours.peer("scikit-learn, k-d tree, two jobs", theirs);
        table.add(row.target(1_000_000, Target::Ratio(25.0)));
    }
    Ok(())
}

/// A question for hotspots of thirty days, different for each number.
fn hotspot_query(n: usize) -> HotspotQuery {
    let before = END - n as i64 * 3_607;
    HotspotQuery {
        resolution: 9,
        k: None,
        exposure: Exposure::Reports,
        rate: 0.05,
        from: before - 30 * DAY,
        before,
    }
}

fn hotspots(table: &mut Table, settings: &Settings, size: usize, snapshot: &Snapshot) {
    let mut number = 0;
    let work = "hotspots of a service, 30 days";
    table.measure(size, work, || {
        let timing = alone(settings.repeat(10), |_| {
            number += 1;
            let services = Some(vec![city::service(number % 12)]);
            let filter = Filter { services, ..Filter::default() };
            black_box(query::hotspots(snapshot, &filter, &hotspot_query(number)).is_ok());
        });
        let row = Row::new(size, work, "ms", timing.median_us / 1e3);
        Ok(row.target(1_000_000, Target::AtMost(30.0)))
    });
    let work = "hotspots of each of 12 services, 30 days";
    table.measure(size, work, || {
        let timing = alone(settings.repeat(2), |_| {
            number += 1;
            let (all, query) = (Filter::default(), hotspot_query(number));
            black_box(query::hotspots_by_service(snapshot, &all, &query).is_ok());
        });
        let row = Row::new(size, work, "ms", timing.median_us / 1e3);
        Ok(row.target(1_000_000, Target::AtMost(30.0)))
    });
}

/// Scans a year of twelve services in this thread; returns milliseconds.
fn scan_ms(settings: &Settings, snapshot: &Snapshot) -> f64 {
    let began = Instant::now();
    for service in 0..12 {
        let replicas = settings.count(999, 9);
        let draws = ScanSettings { replicas, seed: service as u64, stop_after: usize::MAX };
        let query = AlertQuery { at: END, draws, services: 12 };
        black_box(alerts(snapshot, &city::service(service), query, 30.0).len());
    }
    began.elapsed().as_secs_f64() * 1e3
}

/// 99th percentile of single queries for the ten nearest, in microseconds, until `stop` is set.
fn nearest_p99_us(points: &[Point], snapshot: &Snapshot, stop: &AtomicBool) -> f64 {
    let compiled = snapshot.compiled(&Filter::default());
    let mut times = Vec::new();
    for point in points.iter().cycle().step_by(37) {
        if stop.load(Ordering::Relaxed) || times.len() == 2_000_000 {
            break;
        }
        let at = Position::new(point.lon, point.lat).expect("on the Earth");
        let began = Instant::now();
        black_box(query::nearest(snapshot, &compiled, at, 10, Meters(1e9)));
        times.push(began.elapsed().as_secs_f64() * 1e6);
    }
    quantile(&mut times, 0.99)
}

/// Latency of queries in one thread while `work` runs in another.
fn nearest_beside(points: &[Point], snapshot: &Snapshot, work: impl FnOnce()) -> Outcome<f64> {
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let queries = scope.spawn(|| nearest_p99_us(points, snapshot, &stop));
        work();
        stop.store(true, Ordering::Relaxed);
        queries.join().map_err(|_| "the querying thread panicked".into())
    })
}

fn scans(table: &mut Table, settings: &Settings, points: &[Point], snapshot: &Snapshot) {
    let size = points.len();
    let work = "scan of a year of 12 services, 999 replicas each, one thread";
    table.measure(size, work, || {
        let row = Row::new(size, work, "ms", scan_ms(settings, snapshot));
        Ok(row.target(1_000_000, Target::AtMost(5_000.0)))
    });
    let work = "p99 of 10 nearest while the scan runs";
    table.measure(size, work, || {
        let pause = Duration::from_millis(settings.count(1_000, 20) as u64);
        let idle = nearest_beside(points, snapshot, || std::thread::sleep(pause))?;
        let beside = nearest_beside(points, snapshot, || {
            scan_ms(settings, snapshot);
        })?;
        Ok(Row::new(size, work, "µs", beside).peer("the same without a scan", Some(idle)))
    });
}

/// Points in a plane, as doubles.
pub fn doubles(points: &[Point]) -> Vec<u8> {
    let planar = points.iter().flat_map(|point| plane(point.lon, point.lat));
    planar.flat_map(f64::to_le_bytes).collect()
}
