//! Reports within polygons against a linear scan that asks `geo` about every report and every edge,
//! on seeded random and adversarial polygons anywhere on Earth; and what is refused.

use std::collections::BTreeMap;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use crate::common::world::*;
use crate::common::{LocalService, demo_city};
use ::geo::{Intersects, LineString, MultiPolygon, Point, Polygon};
use pointchaud::config::Limits;
use pointchaud::domain::{
    Boundary, BoundarySet, Filter, IndexedFields, Interrupt, Interrupted, View,
};
use pointchaud::error::{ErrorKind, Result};
use pointchaud::index::{BoundaryIndex, Snapshot};
use pointchaud::place::{BBox, GridCell, Polygons, Position};
use pointchaud::query;
use pointchaud::query::{Cursor, StatsPart, StatsQuery};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::json;

fn ring(mut corners: Vec<(f64, f64)>) -> LineString<f64> {
    corners.push(corners[0]);
    LineString::from(corners)
}

fn alone(corners: Vec<(f64, f64)>) -> MultiPolygon<f64> {
    MultiPolygon::new(vec![Polygon::new(ring(corners), vec![])])
}

/// A band that winds inwards `turns` times, with `corners` corners on each of its two sides.
fn spiral(lon: f64, lat: f64, reach: f64, turns: f64, corners: usize) -> Vec<(f64, f64)> {
    let side = |share: f64| {
        move |n: usize| {
            let done = n as f64 / corners as f64;
            let angle = std::f64::consts::TAU * turns * done;
            let far = reach * (1.0 - done * 0.9) - share * reach * 0.4 / turns;
            (lon + far * angle.cos(), lat + far * angle.sin() * 0.7)
        }
    };
    let inner = side(1.0);
    (0..corners).map(side(0.0)).chain((0..corners).rev().map(inner)).collect()
}

/// A ring around the city whose corners are nearer and farther at random.
fn jagged(rng: &mut ChaCha8Rng, nearest: f64, corners: usize) -> Vec<(f64, f64)> {
    let mut corner = |n: usize| {
        let angle = std::f64::consts::TAU * n as f64 / corners as f64;
        let far = rng.random_range(nearest..0.15);
        (-71.2 + far * angle.cos(), 46.8 + far * angle.sin())
    };
    (0..corners).map(&mut corner).collect()
}

/// A rectangle with narrow teeth to the north.
fn comb(teeth: usize) -> Vec<(f64, f64)> {
    let width = 0.3 / teeth as f64;
    let tooth = |n: usize| {
        let (west, east) = (-71.35 + width * n as f64, -71.35 + width * (n as f64 + 0.5));
        [(east, 46.7), (east, 46.9), (west, 46.9), (west, 46.7)]
    };
    let south = [(-71.36, 46.7), (-71.36, 46.69), (-71.04, 46.69)];
    south.into_iter().chain((0..teeth).rev().flat_map(tooth)).collect()
}

/// Polygons of many forms near where the layouts of `common/world.rs` have their reports.
fn shapes(rng: &mut ChaCha8Rng, places: &[Position]) -> Vec<MultiPolygon<f64>> {
    let star = [
        (-72.0, 46.7),
        (-71.2, 46.75),
        (-70.9, 46.6),
        (-71.1, 46.8),
        (-70.8, 47.0),
        (-71.2, 46.85),
        (-71.5, 47.1),
    ];
    let wide = [(-179.0, -80.0), (179.5, -75.0), (170.0, 85.0), (0.0, 60.0), (-170.0, 89.0)];
    let east = [(179.6, -18.0), (180.0, -18.0), (180.0, -16.0), (179.6, -16.0)];
    let west = [(-180.0, -18.0), (-179.6, -18.0), (-179.6, -16.0), (-180.0, -16.0)];
    let cap = [(-180.0, 89.85), (0.0, 89.95), (180.0, 89.85), (180.0, 90.0), (-180.0, 90.0)];
    let sliver = [(-71.3, 46.8), (-71.1, 46.8), (-71.2, 46.800_001)];
    let mut shapes: Vec<MultiPolygon<f64>> =
        [&star[..], &wide, &east, &cap, &sliver].map(|shape| alone(shape.to_vec())).into();
    let both = [east, west].map(|part| Polygon::new(ring(part.to_vec()), vec![]));
    shapes.push(MultiPolygon::new(both.into()));
    // A hole that touches the outer ring at a corner, and an island within the hole.
    let outer = ring(vec![(-71.4, 46.6), (-71.0, 46.6), (-71.0, 47.0), (-71.4, 47.0)]);
    let hole = ring(vec![(-71.4, 46.6), (-71.1, 46.7), (-71.1, 46.9), (-71.3, 46.9)]);
    let island = ring(vec![(-71.25, 46.78), (-71.15, 46.78), (-71.15, 46.82)]);
    let polygons = vec![Polygon::new(outer, vec![hole]), Polygon::new(island, vec![])];
    shapes.push(MultiPolygon::new(polygons));
    // A cell of the grid, so that its edges run along those of the cells.
    let BBox { west, south, east, north } = GridCell::of(at(-71.2, 46.8), 13).bounds();
    shapes.push(alone(vec![(west, south), (east, south), (east, north), (west, north)]));
    // Reports lie on the corners and on the edges of these.
    if places.len() > 3 {
        let mut corner = || places[rng.random_range(0..places.len())];
        let [a, b, c] = [corner(), corner(), corner()].map(|place| (place.lon(), place.lat()));
        shapes.push(alone(vec![a, b, c]));
        shapes.push(alone(vec![a, (b.0, a.1), b, (a.0, b.1)]));
    }
    shapes.push(alone(spiral(-71.2, 46.8, 0.12, 5.0, 100)));
    shapes.push(alone(jagged(rng, 0.05, 200)));
    shapes.push(alone(comb(20)));
    shapes
}

/// Is a position inside or on an edge, by the test of `geo`? Longitude -180 is 180 too.
fn holds(shape: &MultiPolygon<f64>, at: Position) -> bool {
    let holds = |lon: f64| shape.intersects(&Point::new(lon, at.lat()));
    holds(at.lon()) || at.lon() == -180.0 && holds(180.0)
}

fn by_scan(world: &World, filter: &Filter, shape: &MultiPolygon<f64>) -> Vec<String> {
    let inside = placed(world, filter).into_iter().filter(|(_, at)| holds(shape, *at));
    let mut found: Vec<&IndexedFields> = inside.map(|(facts, _)| facts).collect();
    found.sort_by(|a, b| b.requested.cmp(&a.requested).then_with(|| a.id.cmp(&b.id)));
    found.into_iter().map(|facts| facts.id.to_string()).collect()
}

#[test]
fn within_a_polygon_equals_a_linear_scan_page_by_page() {
    let interrupt = Interrupt::default();
    let mut valid = 0;
    everywhere(5, |rng, name, world, filter| {
        let filter = Filter { bbox: None, ..filter.clone() };
        let (snapshot, compiled) = (&world.snapshot, world.snapshot.compiled(&filter));
        let mut compared = 0;
        for shape in shapes(rng, &world.places) {
            // Corners at reports may make a ring that is refused.
            let Ok(polygons) = Polygons::new(shape.clone()) else { continue };
            valid += 1;
            let wanted = by_scan(world, &filter, &shape);
            for limit in [10_000, wanted.len() / 3 + 1] {
                let (mut found, mut after) = (Vec::new(), None);
                loop {
                    let page = (after.take(), limit);
                    let page =
                        query::within_polygon(snapshot, &compiled, &polygons, page, &interrupt);
                    let page = page.unwrap();
                    found.extend(page.items.iter().map(|one| snapshot.id(*one).to_owned()));
                    let Some(last) = page.items.last().filter(|_| page.more) else { break };
                    let (key, id) = (snapshot.requested(*last), snapshot.id(*last).to_owned());
                    after = Some(Cursor { key, id });
                }
                assert_eq!(found, wanted, "{name}, {filter:?}, {limit} of {shape:?}");
            }
            compared += wanted.len();
        }
        compared
    });
    assert!(valid > 1_500, "only {valid} shapes were valid");
}

/// Squares side by side around the city, which share their edges, and areas of other forms over
/// them: a position belongs to the first area in the list that holds it.
fn areas(rng: &mut ChaCha8Rng, places: &[Position]) -> Vec<MultiPolygon<f64>> {
    let mut areas = shapes(rng, places);
    areas.truncate(4);
    for n in 0..64 {
        let (west, south) = (-71.32 + f64::from(n % 8) * 0.03, 46.68 + f64::from(n / 8) * 0.03);
        let (east, north) = (west + 0.03, south + 0.03);
        areas.push(alone(vec![(west, south), (east, south), (east, north), (west, north)]));
    }
    areas.extend(shapes(rng, places));
    areas
}

#[test]
fn every_report_is_in_the_area_in_which_a_linear_scan_finds_it() {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let (mut counted, mut outside) = (0, 0);
    for (name, places) in layouts(&mut rng) {
        let world = world(&mut rng, places);
        let shapes = areas(&mut rng, &world.places);
        let valid = shapes.iter().zip(0..).filter_map(|(shape, n)| {
            Some((
                Boundary { name: format!("{n:03}"), shape: Polygons::new(shape.clone()).ok()? },
                shape,
            ))
        });
        let (areas, shapes): (Vec<Boundary>, Vec<&MultiPolygon<f64>>) = valid.unzip();
        let mut wanted: BTreeMap<String, u64> = BTreeMap::new();
        for at in world.facts.iter().filter_map(|facts| facts.position) {
            match shapes.iter().position(|shape| holds(shape, at)) {
                Some(n) => *wanted.entry(areas[n].name.clone()).or_default() += 1,
                None => outside += 1,
            }
        }
        let set = BoundaryIndex::new(BoundarySet { name: "areas".into(), areas });
        let query = StatsQuery { parts: &[StatsPart::Areas], day_starts: &[], areas: Some(&set) };
        let every = world.snapshot.compiled(&Filter::default());
        let found = query::stats(&world.snapshot, &every, query).areas;
        let found: BTreeMap<String, u64> =
            found.into_iter().map(|area| (area.name, area.count)).collect();
        counted += found.values().sum::<u64>();
        assert_eq!(found, wanted, "{name}");
    }
    assert!(counted > 5_000 && outside > 500, "{counted} in an area, {outside} in none");
}

/// The work of ten thousand corners around fifty thousand reports, in a build without optimisation.
/// It took minutes where every edge was compared with every other and with every report.
#[test]
fn ten_thousand_corners_take_no_long_time() {
    let mut rng = ChaCha8Rng::seed_from_u64(6);
    let place = |rng: &mut ChaCha8Rng| {
        at(-71.2 + rng.random_range(-0.15..0.15), 46.8 + rng.random_range(-0.1..0.1))
    };
    let snapshot = exactly((0..50_000).map(|_| place(&mut rng)).collect());
    let every = snapshot.compiled(&Filter::default());
    for corners in
        [spiral(-71.2, 46.8, 0.15, 50.0, 4_990), jagged(&mut rng, 0.14, 9_990), comb(2_490)]
    {
        let shape = alone(corners);
        let began = Instant::now();
        let polygons = Polygons::new(shape.clone()).unwrap();
        let interrupt = Interrupt::default();
        let page = (None, 100_000);
        let found = query::within_polygon(&snapshot, &every, &polygons, page, &interrupt).unwrap();
        let took = began.elapsed();
        assert!(took < Duration::from_secs(60), "{took:?}");
        assert!(found.items.len() > 5_000 && found.items.len() < 45_000, "{}", found.items.len());
        for address in found.items.iter().step_by(500) {
            let at = snapshot.position(*address).unwrap();
            assert!(holds(&shape, at), "{}", snapshot.id(*address));
        }
    }
}

#[test]
fn work_that_nobody_waits_for_ends() {
    let snapshot = exactly(vec![at(-71.2, 46.8); 3]);
    let every = snapshot.compiled(&Filter::default());
    let shape = Polygons::of_box(&BBox::new(-72.0, 46.0, -71.0, 47.0).unwrap()).unwrap();
    let interrupt = Interrupt::default();
    let found = query::within_polygon(&snapshot, &every, &shape, (None, 10), &interrupt);
    assert_eq!(found.unwrap().items.len(), 3);
    drop(interrupt.clone().raised_on_drop());
    let ended = query::within_polygon(&snapshot, &every, &shape, (None, 10), &interrupt);
    assert_eq!(ended, Err(Interrupted));
}

/// A query that runs until its interrupt is raised, and says so through a channel.
fn until_unwanted(ended: mpsc::Sender<()>) -> impl FnOnce(&Snapshot, &Interrupt) -> Result<()> {
    move |_, interrupt| {
        while interrupt.check().is_ok() {
            std::thread::sleep(Duration::from_millis(1));
        }
        ended.send(()).unwrap();
        Ok(interrupt.check()?)
    }
}

#[test]
fn a_query_ends_when_its_caller_has_gone_or_its_time_is_over() {
    let limits = Limits { request_time_max: Duration::from_millis(300), ..Limits::default() };
    let service = LocalService::start_limited(&demo_city("gone", 50, 1), limits);
    let (app, city) = (service.app.clone(), service.app.city(None).unwrap());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let (ended, wait) = mpsc::channel();
    let late = app.query((&city, View::Crew), until_unwanted(ended));
    assert_eq!(runtime.block_on(late).unwrap_err().kind, ErrorKind::Unavailable);
    wait.recv_timeout(Duration::from_secs(60)).unwrap();
    let (ended, wait) = mpsc::channel();
    let began = Instant::now();
    let work = runtime.spawn(async move {
        let _ = app.query((&city, View::Crew), until_unwanted(ended)).await;
    });
    std::thread::sleep(Duration::from_millis(20));
    work.abort();
    wait.recv_timeout(Duration::from_secs(60)).unwrap();
    assert!(began.elapsed() < Duration::from_secs(30));
}

#[test]
fn bad_polygons_are_refused_with_the_reason() {
    let service = LocalService::start(&demo_city("polygons", 800, 4));
    let post = |coordinates: serde_json::Value| {
        let body = json!({ "type": "Polygon", "coordinates": coordinates });
        service.post("/api/v1/within?lang=en", &body.to_string())
    };
    let bow_tie =
        json!([[[-71.3, 46.8], [-71.2, 46.9], [-71.2, 46.8], [-71.3, 46.9], [-71.3, 46.8]]]);
    let point = json!([[[-71.3, 46.8], [-71.3, 46.8], [-71.3, 46.8], [-71.3, 46.8]]]);
    let line = json!([[[-71.3, 46.8], [-71.2, 46.8], [-71.1, 46.8], [-71.3, 46.8]]]);
    let fiji = json!([[[177, -19], [-178, -19], [-178, -16], [177, -16], [177, -19]]]);
    for (coordinates, reason) in [
        (bow_tie, "crosses or touches itself"),
        (point, "fewer than three different vertices"),
        (line, "runs back along its own line"),
        (fiji, "cut at ±180"),
        (json!([[]]), "at least 4 positions"),
        (json!([[[1], [2], [3], [1]]]), "is not a position"),
        (json!([[[1, 2], [], [3, 4], [1, 2]]]), "is not a position"),
    ] {
        let refused = post(coordinates.clone());
        assert_eq!((refused.status, refused.fields()), (400, vec!["coordinates".to_owned()]));
        let problem = refused.json().to_string();
        assert!(problem.contains(reason), "{coordinates}: {problem}");
    }
    let square =
        json!([[[-71.4, 46.7], [-71.1, 46.7], [-71.1, 46.9], [-71.4, 46.9], [-71.4, 46.7]]]);
    let found = post(square).json();
    assert!(found["numberReturned"].as_u64().unwrap() > 10, "{found}");
}
