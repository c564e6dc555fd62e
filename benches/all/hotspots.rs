//! Hexagons with their significance, density clusters, hotspots and the scan.

use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering};

use pointchaud::domain::Filter;
use pointchaud::index::{Index, Snapshot};
use pointchaud::place::{Meters, Position};
use pointchaud::query;
use pointchaud::query::{
    AlertQuery, Exposure, HexCounts, HexTest, HotspotQuery, alerts, count_hexes, score_hexes,
};
use pointchaud::statistics::{ScanSettings, dbscan, permuted};

use crate::city::{self, END, Point, plane};
use crate::clock::{Contender, Taken, quantile, turns};
use crate::peers::Peers;
use crate::table::{Row, Target};

const DAY: i64 = 86_400;
const TEST: HexTest = HexTest { k: Some(1), exposure: Exposure::None, permutations: None };

/// A filter that was never asked before, by number.
fn fresh(n: usize) -> Filter {
    let from = END - (200 + n as i64 * 7) * DAY - n as i64;
    let services = (!n.is_multiple_of(3)).then(|| vec![city::service(n % 12)]);
    Filter { from: Some(from), services, ..Filter::default() }
}

fn row(points: &[Point], work: &str, taken: &Taken) -> Row {
    Row {
        reports: points.len(),
        work: work.to_owned(),
        unit: "ms",
        ours: taken.median / 1e3,
        p99: None,
        peer: None,
        target: None,
    }
}

fn timed(name: &str, times: usize, mut ask: impl FnMut(usize)) -> Taken {
    // What is asked for the first time after a boot finds out which cells are neighbours.
    ask(0);
    let contender = Contender { name: "ours", ask: Box::new(ask) };
    let taken = turns(vec![contender], times).remove(0);
    Taken { name: name.to_owned(), ..taken }
}

fn hexes(points: &[Point], snapshot: &Snapshot, peers: &Peers, rows: &mut Vec<Row>) {
    let large = points.len() == 1_000_000;
    for (resolution, most) in [(9u8, 5.0), (10, 10.0)] {
        for (name, exposure) in
            [("Gi*", Exposure::None), ("against all reports", Exposure::Reports)]
        {
            let test = HexTest { exposure, ..TEST };
            let mut asked = 0;
            let taken = timed("hexes", 10, |_| {
                asked += 1;
                let compiled = snapshot.compiled(&fresh(asked));
                let counts = count_hexes(snapshot, &compiled, resolution);
                black_box(score_hexes(snapshot, &counts, false, test).is_ok());
            });
            let work = format!("hexes at {resolution}, {name}, p, rates of false discovery, cold");
            let target = (large && exposure == Exposure::None).then_some(Target::Most(most));
            rows.push(Row { target, ..row(points, &work, &taken) });
        }
    }
    let all = snapshot.compiled(&Filter::default());
    for resolution in [9u8, 10] {
        let counts = count_hexes(snapshot, &all, resolution);
        let theirs = peers.esda(&counts, snapshot, large && peers.full && resolution == 10);
        let taken = timed("gi", 10, |_| {
            black_box(score_hexes(snapshot, &counts, false, TEST).is_ok());
        });
        let work = format!("Gi* and p of the same cells at {resolution}, counts given");
        let peer = theirs.get("gi").map(|ms| ("esda, weights given".to_owned(), *ms));
        let target = (large && peer.is_some()).then_some(Target::Ratio(100.0));
        rows.push(Row { peer, target, ..row(points, &work, &taken) });
        if resolution == 10 && large {
            let (values, near) = (counts.values(), counts.neighbours(snapshot, 1));
            let taken = timed("permuted", 1, |_| {
                black_box(permuted(&values, &near, 999, 1));
            });
            let theirs = theirs.get("permutations");
            rows.push(Row {
                peer: theirs.map(|ms| ("esda, after compiling".to_owned(), *ms)),
                target: Some(Target::Most(600.0)),
                ..row(points, "999 conditional permutations at 10", &taken)
            });
        }
    }
}

fn density(points: &[Point], peers: &Peers, postgis: Option<f64>, rows: &mut Vec<Row>) {
    let places: Vec<[f64; 2]> = points.iter().map(|point| [point.lon, point.lat]).collect();
    let taken = timed("dbscan", 1, |_| {
        black_box(dbscan(&places, 50.0, 5).clusters);
    });
    let ours = row(points, "DBSCAN, 50 m, 5 reports", &taken);
    let large = points.len() == 1_000_000;
    rows.push(Row { target: large.then_some(Target::Most(200.0)), ..ours.clone() });
    if large && let Some(ms) = postgis {
        let peer = Some(("PostGIS, heap ordered by place".to_owned(), ms));
        rows.push(Row { peer, target: Some(Target::Ratio(10.0)), ..ours.clone() });
    }
    if large && let Some(ms) = peers.scikit_learn(points) {
        let peer = Some(("scikit-learn, k-d tree, two jobs".to_owned(), ms));
        rows.push(Row { peer, target: Some(Target::Ratio(25.0)), ..ours });
    }
}

fn hotspots(points: &[Point], snapshot: &Snapshot, rows: &mut Vec<Row>) {
    let large = points.len() == 1_000_000;
    let ask = |n: usize| {
        let before = END - n as i64 * 3_607;
        HotspotQuery {
            resolution: 9,
            k: None,
            exposure: Exposure::Reports,
            rate: 0.05,
            from: before - 30 * DAY,
            before,
        }
    };
    let mut asked = 0;
    let taken = timed("hotspots", 10, |_| {
        asked += 1;
        let services = Some(vec![city::service(asked % 12)]);
        let filter = Filter { services, ..Filter::default() };
        black_box(query::hotspots(snapshot, &filter, &ask(asked)).is_ok());
    });
    let target = large.then_some(Target::Most(30.0));
    rows.push(Row { target, ..row(points, "hotspots of a service, 30 days", &taken) });
    let taken = timed("hotspots by service", 2, |_| {
        asked += 1;
        let all = Filter::default();
        black_box(query::hotspots_by_service(snapshot, &all, &ask(asked)).is_ok());
    });
    rows.push(Row { target, ..row(points, "hotspots of each of 12 services, 30 days", &taken) });
}

fn alert_ask(n: usize) -> AlertQuery {
    let draws = ScanSettings { replicas: 999, seed: n as u64, stop_after: usize::MAX };
    AlertQuery { at: END, draws, services: 12 }
}

/// Single questions for the ten nearest, in microseconds, until told to stop.
fn nearest(points: &[Point], snapshot: &Snapshot, stop: &AtomicBool) -> f64 {
    let compiled = snapshot.compiled(&Filter::default());
    let mut taken = Vec::new();
    for point in points.iter().cycle().step_by(37) {
        if stop.load(Ordering::Relaxed) || taken.len() == 2_000_000 {
            break;
        }
        let at = Position::new(point.lon, point.lat).expect("on the Earth");
        let began = std::time::Instant::now();
        black_box(query::nearest(snapshot, &compiled, at, 10, Meters(1e9)));
        taken.push(began.elapsed().as_secs_f64() * 1e6);
    }
    quantile(&mut taken, 0.99)
}

fn scans(points: &[Point], snapshot: &Snapshot, rows: &mut Vec<Row>) {
    let scan = || {
        let began = std::time::Instant::now();
        for service in 0..12 {
            black_box(alerts(snapshot, &city::service(service), alert_ask(service), 30.0).len());
        }
        began.elapsed().as_secs_f64() * 1e6
    };
    let alone = scan();
    let taken = Taken { name: "scan".into(), median: alone, p99: alone };
    let target = Some(Target::Most(5_000.0));
    let work = "scan of a year of 12 services, 999 replicas each, one thread";
    rows.push(Row { target, ..row(points, work, &taken) });
    let stop = AtomicBool::new(false);
    let idle = std::thread::scope(|scope| {
        let asking = scope.spawn(|| nearest(points, snapshot, &stop));
        std::thread::sleep(std::time::Duration::from_secs(1));
        stop.store(true, Ordering::Relaxed);
        asking.join().unwrap_or(f64::NAN)
    });
    stop.store(false, Ordering::Relaxed);
    let beside = std::thread::scope(|scope| {
        let asking = scope.spawn(|| nearest(points, snapshot, &stop));
        scan();
        stop.store(true, Ordering::Relaxed);
        asking.join().unwrap_or(f64::NAN)
    });
    rows.push(Row {
        unit: "µs",
        ours: beside,
        peer: Some(("the same without a scan".into(), idle)),
        ..row(points, "p99 of 10 nearest while the scan runs", &taken)
    });
}

/// The rows of one size.
pub fn rows(points: &[Point], index: &Index, peers: &Peers, postgis: Option<f64>) -> Vec<Row> {
    let snapshot = index.reader().load();
    let mut rows = Vec::new();
    hexes(points, &snapshot, peers, &mut rows);
    density(points, peers, postgis, &mut rows);
    hotspots(points, &snapshot, &mut rows);
    if points.len() == 1_000_000 {
        scans(points, &snapshot, &mut rows);
    }
    rows
}

/// Counts and neighbours in the words that `benches/peers/hot.py` reads.
pub fn words(counts: &HexCounts, snapshot: &Snapshot) -> Vec<u8> {
    let near = counts.neighbours(snapshot, 1);
    let mut words = vec![counts.cells.len() as u32];
    words.extend(counts.values());
    words.extend(&near.starts);
    words.extend(&near.list);
    words.into_iter().flat_map(u32::to_le_bytes).collect()
}

/// Points in a plane, as doubles.
pub fn doubles(points: &[Point]) -> Vec<u8> {
    let planar = points.iter().flat_map(|point| plane(point.lon, point.lat));
    planar.flat_map(f64::to_le_bytes).collect()
}
