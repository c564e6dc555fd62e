//! A synthetic city to measure on: 30 by 22 km around Québec. 70 % of the reports lie along a
//! street grid that is denser near six centres, 20 % in 300 dense spots, 10 % anywhere. Twelve
//! services whose frequencies follow Zipf's law, five years, 95 % of the reports closed. Seeded.

use pointchaud::domain::{
    Accuracy, Change, Channel, ClosedReason, Event, IndexedFields, Nature, ServiceCode, Status,
    TextSketch, tracking_number,
};
use pointchaud::index::Index;
use pointchaud::place::Position;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

pub const WEST: f64 = -71.5;
pub const SOUTH: f64 = 46.75;
const WIDTH: f64 = 0.4;
const HEIGHT: f64 = 0.2;
/// Metres in a degree of latitude, and of longitude in the middle of the city.
pub const METERS: (f64, f64) = (111_195.0, 111_195.0 * 0.683_940_2);
/// The first second after the five years, in Unix time.
pub const END: i64 = 1_795_392_000;
const YEARS_SECONDS: i64 = 5 * 365 * 86_400;

/// A report of the city.
#[derive(Clone, Copy)]
pub struct Point {
    pub lon: f64,
    pub lat: f64,
    /// From 0, the commonest service, to 11.
    pub service: usize,
    /// When it was requested, in Unix time.
    pub second: i64,
    pub closed: bool,
}

/// Metres east and north of the south-western corner, in the plane of the planar peers.
pub fn plane(lon: f64, lat: f64) -> [f64; 2] {
    [(lon - WEST) * METERS.1, (lat - SOUTH) * METERS.0]
}

/// Where reports lie. Centres and dense spots are x, y and standard deviation, in metres.
struct Streets {
    centres: Vec<[f64; 3]>,
    dense_spots: Vec<[f64; 3]>,
    /// Width and height in metres.
    size: (f64, f64),
}

impl Streets {
    /// A random place in metres, possibly outside of the city's rectangle.
    fn place(&self, rng: &mut ChaCha8Rng) -> (f64, f64) {
        let (width, height) = self.size;
        let kind: f64 = rng.random();
        let around = |[x, y, spread]: [f64; 3], rng: &mut ChaCha8Rng| {
            let mut normal = || -> f64 { StandardNormal.sample(rng) };
            (x + spread * normal(), y + spread * normal())
        };
        let anywhere =
            |rng: &mut ChaCha8Rng| (rng.random_range(0.0..width), rng.random_range(0.0..height));
        if kind >= 0.9 {
            return anywhere(rng);
        }
        if kind >= 0.7 {
            let spot = self.dense_spots[rng.random_range(0..self.dense_spots.len())];
            return around(spot, rng);
        }
        let (x, y) = if rng.random_bool(0.25) {
            anywhere(rng)
        } else {
            let centre = self.centres[rng.random_range(0..self.centres.len())];
            around(centre, rng)
        };
        // Streets every 90 and 180 m, addresses every 12 m along them, with 5 m of noise.
        let snap = |value: f64, step: f64| (value / step).round() * step;
        let (x, y) = if rng.random_bool(0.6) {
            (snap(x, 12.0), snap(y, 90.0))
        } else {
            (snap(x, 180.0), snap(y, 12.0))
        };
        around([x, y, 5.0], rng)
    }
}

/// Generates the reports of the city.
pub fn points(reports: usize) -> Vec<Point> {
    let mut rng = ChaCha8Rng::seed_from_u64(311);
    let (width, height) = (WIDTH * METERS.1, HEIGHT * METERS.0);
    let mut spots =
        |n: usize, low: f64, high: f64, spread: std::ops::Range<f64>| -> Vec<[f64; 3]> {
            let mut one = || {
                let x = rng.random_range(low * width..high * width);
                let y = rng.random_range(low * height..high * height);
                [x, y, rng.random_range(spread.clone())]
            };
            (0..n).map(|_| one()).collect()
        };
    let centres = spots(6, 0.2, 0.8, 3_000.0..5_000.0);
    let dense_spots = spots(300, 0.0, 1.0, 60.0..300.0);
    let streets = Streets { centres, dense_spots, size: (width, height) };
    let weights: f64 = (1..=12).map(|n| 1.0 / f64::from(n)).sum();
    let mut point = || {
        let (x, y) = streets.place(&mut rng);
        let (x, y) = (x.rem_euclid(width), y.rem_euclid(height));
        let mut rest = rng.random::<f64>() * weights;
        let mut service = 0;
        while service < 11 && rest >= 1.0 / (service + 1) as f64 {
            rest -= 1.0 / (service + 1) as f64;
            service += 1;
        }
        Point {
            lon: WEST + x / METERS.1,
            lat: SOUTH + y / METERS.0,
            service,
            second: END - rng.random_range(0..YEARS_SECONDS),
            closed: rng.random_bool(0.95),
        }
    };
    (0..reports).map(|_| point()).collect()
}

/// The code of service `number`.
pub fn service(number: usize) -> ServiceCode {
    ServiceCode::new(&format!("service-{number}")).expect("a slug")
}

/// A text of five words out of a thousand, and one street name for each block of some hundred
/// metres.
fn sketch(point: &Point, number: usize) -> TextSketch {
    let word = |n: usize| 1 << (number.wrapping_mul(n * 2 + 3) % 1_000 % 64);
    let block = (point.lon * 1e3) as i64 * 7_919 + (point.lat * 1e3) as i64;
    let street = (block.unsigned_abs() % 65_535) as u16 + 1;
    TextSketch { words: (0..5).fold(0, |words, n| words | word(n)), streets: [0, street] }
}

/// The indexed fields of report `number` of the city.
pub fn facts(point: &Point, number: usize, services: &[ServiceCode]) -> IndexedFields {
    IndexedFields {
        id: tracking_number(number as u64),
        service: services[point.service].clone(),
        status: if point.closed { Status::Closed } else { Status::Open },
        reason: point.closed.then_some(ClosedReason::Done),
        nature: Nature::Intervention,
        channel: Channel::Phone,
        requested: point.second,
        day_only: false,
        closed_day_only: false,
        closed: point.closed.then_some(point.second + 86_400),
        position: Position::new(point.lon, point.lat).ok(),
        accuracy: Accuracy::Exact,
        area: None,
        parent: None,
        sketch: sketch(point, number),
    }
}

/// Indexes the city as the service does when it starts: in a few large batches, then merged.
pub fn index(points: &[Point]) -> Index {
    let services: Vec<ServiceCode> = (0..12).map(service).collect();
    let mut index = Index::default();
    let batch = (points.len() / 4).max(250_000);
    for (n, batch_points) in points.chunks(batch).enumerate() {
        let first = n * batch;
        let change = |(i, point): (usize, &Point)| Change {
            revision: (first + i) as u64 + 1,
            event: Event::New(facts(point, first + i, &services)),
        };
        index.apply(batch_points.iter().enumerate().map(change).collect());
    }
    if let Some(job) = index.compaction() {
        index.finish_merge(job.run());
    }
    index
}

/// Places to query from, each within some 25 m of a random report.
pub fn query_points(points: &[Point], count: usize) -> Vec<Position> {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let mut one = || {
        let point = points[rng.random_range(0..points.len())];
        let lon = point.lon + rng.random_range(-3e-4..3e-4);
        let lat = point.lat + rng.random_range(-2e-4..2e-4);
        Position::new(lon, lat).expect("near Québec")
    };
    (0..count).map(|_| one()).collect()
}
