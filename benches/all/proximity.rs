//! Proximity queries in process, beside the trees of other crates. Those hold planar points without
//! filters or deletes; this index measures on the sphere and has both.

use std::hint::black_box;

use pointchaud::domain::{Filter, Status};
use pointchaud::index::{Collector, DocAddress, Index, Snapshot};
use pointchaud::place::{Meters, Position, QueryPoint, haversine_tolerance};
use pointchaud::query;

use crate::city::{self, Point, plane};
use crate::row::{Row, Target};
use crate::settings::Settings;
use crate::table::{Outcome, Table};
use crate::timing::{Contender, Timing, interleaved};
use crate::trees::Trees;

/// Everything within a radius, unsorted, as the other trees return it.
struct Within {
    /// Largest approximate haversine that is collected.
    reach: f32,
    found: Vec<(DocAddress, f32)>,
}

impl Collector<DocAddress> for Within {
    fn collect(&mut self, found: DocAddress, haversine: f32) {
        self.found.push((found, haversine));
    }

    fn max_haversine(&mut self) -> f32 {
        self.reach
    }
}

/// Number of reports of `filter` within `meters` of `at`. Exact: candidates whose approximate
/// distance leaves doubt are measured in double precision.
fn within(snapshot: &Snapshot, filter: &Filter, at: Position, meters: f64) -> usize {
    let (origin, exact) = (QueryPoint::new(at), Meters(meters).haversine());
    let mut collector = Within { reach: haversine_tolerance(exact), found: Vec::new() };
    snapshot.near(&origin, &snapshot.compiled(filter), usize::MAX, &mut collector);
    let surely = (2.0 * exact - f64::from(haversine_tolerance(exact))) as f32;
    collector.found.retain(|(address, haversine)| {
        *haversine < surely || {
            let [lon, lat] = snapshot.degrees(*address);
            origin.distance(lon, lat).0 <= meters
        }
    });
    black_box(collector.found).len()
}

/// One row for this index beside each peer, the fastest peer first.
fn rows(
    reports: usize,
    work: &str,
    target: Option<f64>,
    timings: Vec<Timing>,
) -> Outcome<Vec<Row>> {
    let mut timings = timings.into_iter();
    let ours = timings.next().ok_or("nothing was timed")?;
    let mut ours = Row::new(reports, work, "µs", ours.median_us).p99(ours.p99_us);
    if let Some(most) = target {
        ours = ours.target(1_000_000, Target::AtMost(most));
    }
    let mut peers: Vec<Timing> = timings.collect();
    peers.sort_by(|a, b| a.median_us.total_cmp(&b.median_us));
    if peers.is_empty() {
        return Ok(vec![ours]);
    }
    let beside = |peer: Timing| ours.clone().peer(&peer.name, Some(peer.median_us));
    Ok(peers.into_iter().map(beside).collect())
}

/// The index and what is asked of it.
struct Queries<'a> {
    settings: &'a Settings,
    snapshot: &'a Snapshot,
    /// Places to ask from.
    places: Vec<Position>,
    reports: usize,
    /// Bytes that the index takes.
    index_bytes: usize,
}

impl Queries<'_> {
    fn place(&self, n: usize) -> Position {
        self.places[n % self.places.len()]
    }

    fn ten_nearest(&self, n: usize, filter: &Filter) {
        let compiled = self.snapshot.compiled(filter);
        black_box(query::nearest(self.snapshot, &compiled, self.place(n), 10, Meters(1e6)));
    }
}

/// The rows of one size. The index takes `index_bytes` of memory.
pub fn measure(
    table: &mut Table,
    settings: &Settings,
    points: &[Point],
    index: &Index,
    index_bytes: usize,
) {
    let snapshot = &*index.reader().load();
    let (places, reports) = (city::query_points(points, settings.queries()), points.len());
    let queries = Queries { settings, snapshot, places, reports, index_bytes };
    table.group(reports, "proximity beside other trees", |table| {
        beside_trees(table, &queries, points)
    });
    filtered(table, &queries, points);
}

/// Bytes a report of the whole index, beside trees that hold positions alone.
fn memory(table: &mut Table, queries: &Queries<'_>, trees: &Trees) {
    let per_report = |bytes: usize| bytes as f64 / queries.reports as f64;
    let work = "index memory, all views, a report";
    let mut row = Row::new(queries.reports, work, "B", per_report(queries.index_bytes));
    for reports in [100_000, 1_000_000, 10_000_000] {
        row = row.target(reports, Target::AtMost(100.0));
    }
    let packed = Some(per_report(trees.packed_bytes));
    table.add(row.clone().peer("geo-index, R-tree, positions alone", packed));
    if let Some(bytes) = trees.rstar_bytes {
        table.add(row.peer("rstar, positions alone", Some(per_report(bytes))));
    }
}

/// The rows that other trees can answer too.
fn beside_trees(table: &mut Table, queries: &Queries<'_>, points: &[Point]) -> Outcome<()> {
    let planar: Vec<[f64; 2]> = points.iter().map(|point| plane(point.lon, point.lat)).collect();
    let trees = Trees::build(&planar)?;
    let (reports, settings, snapshot) = (points.len(), queries.settings, queries.snapshot);
    let at = |n: usize| plane(queries.place(n).lon(), queries.place(n).lat());
    memory(table, queries, &trees);

    let work = "10 nearest, any report";
    table.measure(reports, work, || {
        let compiled = snapshot.compiled(&Filter::default());
        let mut contenders = vec![Contender::new("ours", |n| {
            black_box(query::nearest(snapshot, &compiled, queries.place(n), 10, Meters(1e6)));
        })];
        contenders.extend(trees.ten_nearest(at));
        let timings = interleaved(contenders, settings.repeat(settings.queries()));
        rows(reports, work, Some(1.5), timings)
    });
    let queries_50 = settings.queries();
    for (meters, most, calls) in [(50.0, 1.0, queries_50), (500.0, 14.0, queries_50 / 20)] {
        let work = format!("all within {meters} m, any report");
        table.measure(reports, &work, || {
            let every = Filter::default();
            agree(queries, &trees, meters)?;
            let mut contenders = vec![Contender::new("ours", |n| {
                within(snapshot, &every, queries.place(n), meters);
            })];
            contenders.extend(trees.within(meters, at));
            rows(reports, &work, Some(most), interleaved(contenders, settings.repeat(calls)))
        });
    }
    Ok(())
}

/// Fails where the trees disagree with each other, or differ from this index by more than the
/// difference between the plane and the sphere explains.
fn agree(queries: &Queries<'_>, trees: &Trees, meters: f64) -> Outcome<()> {
    let (mut ours, mut theirs) = (0, 0);
    for at in queries.places.iter().take(20) {
        let counts = trees.counts_within(plane(at.lon(), at.lat()), meters);
        if counts.iter().any(|count| *count != counts[0]) {
            return Err(format!("the trees disagree within {meters} m: {counts:?}").into());
        }
        theirs += counts[0];
        ours += within(queries.snapshot, &Filter::default(), *at, meters);
    }
    if ours.abs_diff(theirs) * 50 > theirs + 250 {
        return Err(format!("{ours} reports within {meters} m, {theirs} by the trees").into());
    }
    Ok(())
}

/// Filtered queries, which none of the trees can answer.
fn filtered(table: &mut Table, queries: &Queries<'_>, points: &[Point]) {
    let (reports, settings) = (points.len(), queries.settings);
    let repeat = settings.repeat(settings.queries());
    let of = |n: usize| Filter { services: Some(vec![city::service(n)]), ..Filter::default() };
    let open = Filter { statuses: Some(vec![Status::Open, Status::InProgress]), ..of(0) };
    for (work, filter) in [
        ("10 nearest of the commonest service", of(0)),
        ("10 nearest of the rarest service", of(11)),
        ("10 nearest of the empty service", of(99)),
        ("10 nearest open of the commonest service", open),
    ] {
        table.measure(reports, work, || {
            let ask = Contender::new("ours", |n| queries.ten_nearest(n, &filter));
            rows(reports, work, None, interleaved(vec![ask], repeat))
        });
    }
    let work = "duplicates' candidates (service, 100 m, 30 d)";
    table.measure(reports, work, || {
        let month = 30 * 86_400;
        let around = |point: &Point| Filter {
            from: Some(point.second - month),
            before: Some(point.second + month),
            ..of(point.service)
        };
        let asked = &points[..settings.queries().min(reports)];
        let filters: Vec<Filter> = asked.iter().map(around).collect();
        let at = |point: &Point| Position::new(point.lon, point.lat);
        let places: Vec<Position> = asked.iter().map(at).collect::<Result<_, _>>()?;
        let ask = Contender::new("ours", |n| {
            let n = n % filters.len();
            within(queries.snapshot, &filters[n], places[n], 100.0);
        });
        rows(reports, work, Some(2.0), interleaved(vec![ask], repeat))
    });
}
