//! The hot paths on 100,000 reports. `tests/instructions.sh` counts the instructions of each: times
//! differ from minute to minute and from machine to machine, instruction counts hardly do. Each
//! function named `path_…` is one row of `benches/instructions.txt`.

// The hot paths need only some of the city's helpers.
#[allow(dead_code)]
#[path = "all/city.rs"]
mod city;

use std::hint::black_box;

use geo::{LineString, MultiPolygon, Polygon};
use pointchaud::domain::{
    Catalogue, Change, Event, Filter, Gate, Interrupt, TextSketch, tracking_number,
};
use pointchaud::export::geojson::Collection;
use pointchaud::http::v1::facts::facts_collection;
use pointchaud::http::v1::reports::body;
use pointchaud::index::{Collector, DocAddress, Index, Snapshot};
use pointchaud::ingest::{builtin_catalogue, builtin_model};
use pointchaud::place::{BBox, Meters, Polygons, Position, QueryPoint, haversine_tolerance};
use pointchaud::query;
use pointchaud::query::{DuplicateQuery, DuplicateRule, RecurrenceQuery, StatsPart, StatsQuery};

const REPORTS: usize = 100_000;
const TIMES: usize = 1_000;

/// What the paths read.
struct City {
    snapshot: std::sync::Arc<Snapshot>,
    places: Vec<Position>,
    points: Vec<city::Point>,
}

impl City {
    fn query_points(&self) -> impl Iterator<Item = Position> + '_ {
        self.places.iter().copied()
    }

    /// Reports of the last thirty days.
    fn month(&self) -> Filter {
        Filter { from: Some(city::END - 30 * 86_400), ..Filter::default() }
    }
}

#[inline(never)]
fn path_nearest(city: &City) {
    let compiled = city.snapshot.compiled(&Filter::default());
    for at in city.query_points() {
        black_box(query::nearest(&city.snapshot, &compiled, at, 10, Meters(1e6)));
    }
}

#[inline(never)]
fn path_nearest_of_a_service(city: &City) {
    let filter = Filter { services: Some(vec![city::service(11)]), ..Filter::default() };
    for at in city.query_points() {
        let compiled = city.snapshot.compiled(&filter);
        black_box(query::nearest(&city.snapshot, &compiled, at, 10, Meters(1e6)));
    }
}

/// Counts what lies within an approximate haversine.
struct Count(usize, f32);

impl Collector<DocAddress> for Count {
    fn collect(&mut self, _: DocAddress, _: f32) {
        self.0 += 1;
    }

    fn max_haversine(&mut self) -> f32 {
        self.1
    }
}

#[inline(never)]
fn path_within_500_m(city: &City) {
    let compiled = city.snapshot.compiled(&Filter::default());
    for at in city.query_points() {
        let mut count = Count(0, haversine_tolerance(Meters(500.0).haversine()));
        city.snapshot.near(&QueryPoint::new(at), &compiled, usize::MAX, &mut count);
        black_box(count.0);
    }
}

#[inline(never)]
fn path_duplicates_candidates(city: &City) {
    for (at, point) in city.query_points().zip(&city.points) {
        let filter = Filter {
            services: Some(vec![city::service(point.service)]),
            from: Some(point.second - 30 * 86_400),
            before: Some(point.second + 30 * 86_400),
            ..Filter::default()
        };
        let mut count = Count(0, haversine_tolerance(Meters(100.0).haversine()));
        let compiled = city.snapshot.compiled(&filter);
        city.snapshot.near(&QueryPoint::new(at), &compiled, usize::MAX, &mut count);
        black_box(count.0);
    }
}

#[inline(never)]
fn path_duplicates_scored(city: &City) {
    let (catalogue, model) = (Catalogue::default(), builtin_model().expect("the built-in model"));
    for (at, point) in city.query_points().zip(&city.points) {
        let service = city::service(point.service);
        let rule = DuplicateRule::new(&city.snapshot, &catalogue, &model, &service);
        let sketch = TextSketch { words: point.second as u64, streets: [0, 7] };
        let query = DuplicateQuery {
            position: at,
            accuracy_m: 10.0,
            requested: point.second,
            sketch,
            exclude: None,
        };
        black_box(rule.rank(&city.snapshot, &query, 5));
    }
}

#[inline(never)]
fn path_clusters(city: &City) {
    let compiled = city.snapshot.compiled(&Filter::default());
    for _ in 0..20 {
        black_box(query::clusters(&city.snapshot, &compiled, &BBox::WORLD, 12, 5_000));
    }
}

#[inline(never)]
fn path_clusters_of_a_month(city: &City) {
    let compiled = city.snapshot.compiled(&city.month());
    for _ in 0..20 {
        black_box(query::clusters(&city.snapshot, &compiled, &BBox::WORLD, 12, 5_000));
    }
}

#[inline(never)]
fn path_newest(city: &City) {
    let compiled = city.snapshot.compiled(&Filter::default());
    for _ in 0..20 {
        black_box(query::newest(&city.snapshot, &compiled, None, 100));
    }
}

/// A ring around the city of a thousand corners, new each time as in a request.
#[inline(never)]
fn path_polygon(city: &City) {
    let compiled = city.snapshot.compiled(&Filter::default());
    let corner = |n: u32| {
        let angle = std::f64::consts::TAU * f64::from(n) / 1_000.0;
        let far = 1.0 - 0.04 * f64::from(n * 7_919 % 101) / 101.0;
        (-71.3 + 0.2 * far * angle.cos(), 46.85 + 0.1 * far * angle.sin())
    };
    let ring = LineString::from((0..1_000).map(corner).collect::<Vec<_>>());
    let shape = MultiPolygon::new(vec![Polygon::new(ring, vec![])]);
    for _ in 0..20 {
        let polygons = Polygons::new(shape.clone()).expect("valid rings");
        let (page, never) = ((None, 100), Interrupt::default());
        black_box(query::within_polygon(&city.snapshot, &compiled, &polygons, page, &never))
            .expect("not interrupted");
    }
}

fn count(city: &City, parts: &[StatsPart]) {
    let compiled = city.snapshot.compiled(&city.month());
    let days: Vec<i64> = (0..30).rev().map(|n| city::END - (n + 1) * 86_400).collect();
    for _ in 0..20 {
        let query = StatsQuery { parts, day_starts: &days, areas: None };
        black_box(query::stats(&city.snapshot, &compiled, query));
    }
}

#[inline(never)]
fn path_stats(city: &City) {
    count(city, StatsPart::ALL);
}

#[inline(never)]
fn path_stats_by_day(city: &City) {
    count(city, &[StatsPart::Days]);
}

#[inline(never)]
fn path_recurrences(city: &City) {
    let compiled = city.snapshot.compiled(&Filter::default());
    let query =
        RecurrenceQuery { radius_m: 15.0, within: 60 * 86_400, not_before: 3_600, chronic_from: 3 };
    black_box(query::recurrences(&city.snapshot, &compiled, query));
}

#[inline(never)]
fn path_answer(city: &City) {
    let compiled = city.snapshot.compiled(&Filter::default());
    for at in city.query_points().take(100) {
        let page = query::nearest(&city.snapshot, &compiled, at, 10, Meters(1e6));
        let found = page.items.iter();
        let found = found.map(|item| (city.snapshot.view(item.address), Some(item.distance)));
        let head = Collection::new(1, Vec::new());
        black_box(facts_collection(&head, found, &jiff::tz::TimeZone::UTC)).expect("JSON");
    }
}

#[inline(never)]
fn path_admit(gate: &Gate<'_>) {
    let body = r#"{"service_code":"nid-de-poule","lon":-71.2,"lat":46.8,"description":"Trou"}"#;
    for n in 0..TIMES as u64 {
        let draft = body::read_draft(body.as_bytes(), gate.zone).expect("a draft");
        let report = gate.admit(draft, &tracking_number(n)).expect("a report");
        black_box(report.facts());
    }
}

#[inline(never)]
fn path_apply(index: &mut Index, changes: Vec<Change>) {
    for change in changes {
        index.apply(vec![change]);
    }
}

fn main() {
    let points = city::points(REPORTS);
    let mut index = city::index(&points);
    let (snapshot, places) = (index.reader().load(), city::query_points(&points, TIMES));
    let city = City { snapshot, places, points };
    path_nearest(&city);
    path_nearest_of_a_service(&city);
    path_within_500_m(&city);
    path_duplicates_candidates(&city);
    path_duplicates_scored(&city);
    path_clusters(&city);
    path_clusters_of_a_month(&city);
    path_newest(&city);
    path_polygon(&city);
    path_stats(&city);
    path_stats_by_day(&city);
    path_recurrences(&city);
    path_answer(&city);
    let catalogue = builtin_catalogue(true).expect("the built-in catalogue");
    let zone = jiff::tz::TimeZone::UTC;
    path_admit(&Gate { catalogue: &catalogue, zone: &zone, now: city::END });
    let services: Vec<_> = (0..12).map(city::service).collect();
    let change = |n: usize| {
        let facts = city::facts(&city.points[n], REPORTS + n, &services);
        Change { revision: (REPORTS + n) as u64 + 1, event: Event::New(facts) }
    };
    path_apply(&mut index, (0..TIMES).map(change).collect());
}
