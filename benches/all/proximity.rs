//! Questions about a place, in process, beside trees of planar points without filters or deletes.

use std::hint::black_box;
use std::num::NonZero;

use kiddo::{ImmutableKdTree, SquaredEuclidean};
use pointchaud::domain::{Filter, Status};
use pointchaud::index::DocAddress;
use pointchaud::index::{Collector, Index, Snapshot};
use pointchaud::place::{Meters, Position, QueryPoint, haversine_tolerance};
use pointchaud::query;

use crate::city::{self, Point, plane};
use crate::clock::{Contender, Taken, turns};
use crate::table::{Row, Target};

/// Everything within a radius, unsorted, as the peers give it.
struct Within {
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

/// Reports of `filter` within `meters` of `at`, unsorted: exact, since what is within the sketch's
/// error of the edge is measured.
fn within(snapshot: &Snapshot, filter: &Filter, at: Position, meters: f64) -> usize {
    let (origin, exact) = (QueryPoint::new(at), Meters(meters).haversine());
    let mut gather = Within { reach: haversine_tolerance(exact), found: Vec::new() };
    snapshot.near(&origin, &snapshot.compiled(filter), usize::MAX, &mut gather);
    let surely = (2.0 * exact - f64::from(haversine_tolerance(exact))) as f32;
    gather.found.retain(|(address, haversine)| {
        *haversine < surely || {
            let [lon, lat] = snapshot.degrees(*address);
            origin.distance(lon, lat).0 <= meters
        }
    });
    black_box(gather.found).len()
}

struct Leaf([f64; 2], u32);

impl rstar::RTreeObject for Leaf {
    type Envelope = rstar::AABB<[f64; 2]>;

    fn envelope(&self) -> Self::Envelope {
        rstar::AABB::from_point(self.0)
    }
}

impl rstar::PointDistance for Leaf {
    fn distance_2(&self, to: &[f64; 2]) -> f64 {
        (self.0[0] - to[0]).powi(2) + (self.0[1] - to[1]).powi(2)
    }
}

fn row(size: usize, work: &str, most: Option<f64>, taken: Vec<Taken>) -> Row {
    let mut taken = taken.into_iter();
    let ours = taken.next().expect("ours comes first");
    let best = taken.min_by(|a, b| a.median.total_cmp(&b.median));
    Row {
        reports: size,
        work: work.to_owned(),
        unit: "µs",
        ours: ours.median,
        p99: Some(ours.p99),
        peer: best.map(|best| (best.name, best.median)),
        target: most.filter(|_| size == 1_000_000).map(Target::Most),
    }
}

fn contender<'a>(name: &'a str, ask: impl FnMut(usize) + 'a) -> Contender<'a> {
    Contender { name, ask: Box::new(ask) }
}

/// The rows of one size.
pub fn rows(points: &[Point], index: &Index, times: usize) -> Vec<Row> {
    let snapshot = index.reader().load();
    let askers = city::askers(points, times);
    let at = |n: usize| askers[n % askers.len()];
    let flat = |n: usize| plane(at(n).lon(), at(n).lat());
    let planar: Vec<[f64; 2]> = points.iter().map(|point| plane(point.lon, point.lat)).collect();
    let kd = ImmutableKdTree::<f64, 2>::new_from_slice(&planar).expect("a tree");
    let leaves = planar.iter().zip(0..).map(|(place, n)| Leaf(*place, n));
    // An R-tree of ten million would take half of a small machine's memory.
    let tree = (points.len() <= 1_000_000).then(|| rstar::RTree::bulk_load(leaves.collect()));
    let ten = NonZero::new(10usize).expect("ten");
    let size = points.len();
    let mut rows = Vec::new();

    let every = Filter::default();
    let compiled = snapshot.compiled(&every);
    let mut asked = vec![
        contender("ours", |n| {
            black_box(query::nearest(&snapshot, &compiled, at(n), 10, Meters(1e6)));
        }),
        contender("kiddo", |n| {
            black_box(kd.query(&flat(n)).nearest_n::<SquaredEuclidean<f64>>(ten).execute());
        }),
    ];
    if let Some(tree) = &tree {
        asked.push(contender("rstar", move |n| {
            black_box(tree.nearest_neighbor_iter(flat(n)).take(10).map(|l| l.1).max());
        }));
    }
    rows.push(row(size, "10 nearest, any report", Some(1.5), turns(asked, times)));

    for (meters, most, times) in [(50.0, 1.0, times), (500.0, 14.0, times / 20)] {
        let mut asked = vec![
            contender("ours", |n| {
                within(&snapshot, &every, at(n), meters);
            }),
            contender("kiddo", |n| {
                let square = meters * meters;
                let at = flat(n);
                let within = kd.query(&at).within::<SquaredEuclidean<f64>>(square);
                black_box(within.unsorted().execute());
            }),
        ];
        if let Some(tree) = &tree {
            asked.push(contender("rstar", move |n| {
                let found = tree.locate_within_distance(flat(n), meters * meters);
                black_box(found.map(|leaf| leaf.1).collect::<Vec<_>>());
            }));
        }
        let work = format!("all within {meters} m, any report");
        rows.push(row(size, &work, Some(most), turns(asked, times)));
    }
    drop((kd, tree));
    rows.extend(filtered(points, &snapshot, &askers));
    rows
}

/// What no peer can be asked: filters. A rare service beside the commonest, and one without
/// reports.
fn filtered(points: &[Point], snapshot: &Snapshot, askers: &[Position]) -> Vec<Row> {
    let (size, times) = (points.len(), askers.len());
    let at = |n: usize| askers[n % askers.len()];
    let of = |n: usize| Filter { services: Some(vec![city::service(n)]), ..Filter::default() };
    let mut rows = Vec::new();
    for (name, number) in [("commonest", 0), ("rarest", 11), ("empty", 99)] {
        let filter = of(number);
        let ask = contender("ours", |n| {
            let compiled = snapshot.compiled(&filter);
            black_box(query::nearest(snapshot, &compiled, at(n), 10, Meters(1e6)));
        });
        let work = format!("10 nearest of the {name} service");
        rows.push(row(size, &work, None, turns(vec![ask], times)));
    }
    let open = Filter { statuses: Some(vec![Status::Open, Status::InProgress]), ..of(0) };
    let ask = contender("ours", |n| {
        let compiled = snapshot.compiled(&open);
        black_box(query::nearest(snapshot, &compiled, at(n), 10, Meters(1e6)));
    });
    rows.push(row(size, "10 nearest open of the commonest service", None, turns(vec![ask], times)));

    // Of a report's own service, within 100 m, thirty days before and after it.
    let month = 30 * 86_400;
    let around = |point: &Point| Filter {
        from: Some(point.second - month),
        before: Some(point.second + month),
        ..of(point.service)
    };
    let filters: Vec<Filter> = points.iter().take(times).map(around).collect();
    let places: Vec<Position> = points
        .iter()
        .take(times)
        .filter_map(|point| Position::new(point.lon, point.lat).ok())
        .collect();
    let ask = contender("ours", |n| {
        within(snapshot, &filters[n % filters.len()], places[n % places.len()], 100.0);
    });
    let work = "duplicates' candidates (service, 100 m, 30 d)";
    rows.push(row(size, work, Some(2.0), turns(vec![ask], times)));
    rows
}
