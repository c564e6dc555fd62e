//! Polygons of many corners, and areas of a boundary set: which reports lie inside.

use std::fs::File;
use std::hint::black_box;
use std::io::{BufWriter, Write as _};
use std::time::Instant;

use geo::{LineString, MultiPolygon, Polygon};
use pointchaud::domain::{Boundary, BoundarySet, Filter, Interrupt};
use pointchaud::index::{BoundaryIndex, Index, Snapshot};
use pointchaud::ingest::boundaries;
use pointchaud::place::{BBox, Polygons};
use pointchaud::query::{StatsPart, StatsQuery, stats, within_polygon};

use crate::city::{Point, SOUTH, WEST};
use crate::row::{Row, Target};
use crate::settings::Settings;
use crate::table::{Outcome, Table};
use crate::timing::{alone, quantile};

/// A ring around the city whose corners are alternately nearer and farther, as many as asked.
fn ring(corners: usize) -> Vec<(f64, f64)> {
    let corner = |n: usize| {
        let angle = std::f64::consts::TAU * n as f64 / corners as f64;
        let far = 1.0 - 0.004 * ((n * 7_919 % 101) as f64 / 101.0);
        (WEST + 0.2 + 0.2 * far * angle.cos(), SOUTH + 0.1 + 0.1 * far * angle.sin())
    };
    (0..corners).chain([0]).map(corner).collect()
}

fn shape(corners: usize) -> MultiPolygon<f64> {
    MultiPolygon::new(vec![Polygon::new(LineString::from(ring(corners)), vec![])])
}

/// The rows of one size.
pub fn measure(table: &mut Table, settings: &Settings, points: &[Point], index: &Index) {
    let (reports, snapshot) = (points.len(), &*index.reader().load());
    within(table, settings, reports, snapshot);
    assigned(table, settings, reports, snapshot);
    if settings.is_city(reports) {
        loaded(table, settings, reports);
    }
}

/// Checking the polygon is part of the work: each request brings a new one.
fn within(table: &mut Table, settings: &Settings, reports: usize, snapshot: &Snapshot) {
    let every = snapshot.compiled(&Filter::default());
    for (corners, limit, most) in [(4, 100, 15.0), (1_000, 100, 15.0), (9_999, 100, 15.0)] {
        let work = format!("newest {limit} in a polygon of {corners} corners around the city");
        table.measure(reports, &work, || {
            let shape = shape(corners);
            let interrupt = Interrupt::default();
            let timing = alone(settings.repeat(10), |_| {
                let polygons = Polygons::new(shape.clone()).expect("valid rings");
                let page = (None, limit);
                let found = within_polygon(snapshot, &every, &polygons, page, &interrupt);
                black_box(found.expect("not interrupted"));
            });
            let row = Row::new(reports, &work, "ms", timing.median_us / 1e3);
            Ok(row.p99(timing.p99_us / 1e3).target(1_000_000, Target::AtMost(most)))
        });
    }
}

/// 5,000 areas side by side, as many as a city has blocks.
fn blocks() -> Outcome<BoundarySet> {
    let area = |n: usize| -> Outcome<Boundary> {
        let (west, south) = (WEST + (n % 100) as f64 * 0.004, SOUTH + (n / 100) as f64 * 0.004);
        let bbox = BBox::new(west, south, west + 0.004, south + 0.004)?;
        let shape = Polygons::of_box(&bbox).map_err(|fault| format!("{fault:?}"))?;
        Ok(Boundary { name: format!("block {n}"), shape })
    };
    let areas = (0..5_000).map(area).collect::<Outcome<_>>()?;
    Ok(BoundarySet { name: "blocks".into(), areas })
}

/// A set is assigned once and kept: every round has a set of its own.
fn assigned(table: &mut Table, settings: &Settings, reports: usize, snapshot: &Snapshot) {
    let work = "5 000 areas assigned to all reports";
    table.measure(reports, work, || {
        let (set, every) = (blocks()?, snapshot.compiled(&Filter::default()));
        let mut seconds: Vec<f64> = (0..settings.rounds())
            .map(|_| {
                let set = BoundaryIndex::new(set.clone());
                let parts = &[StatsPart::Areas];
                let began = Instant::now();
                let query = StatsQuery { parts, day_starts: &[], areas: Some(&set) };
                black_box(stats(snapshot, &every, query));
                began.elapsed().as_secs_f64()
            })
            .collect();
        let row = Row::new(reports, work, "ms", quantile(&mut seconds, 0.5) * 1e3);
        Ok(row.target(1_000_000, Target::AtMost(1_000.0)))
    });
}

fn loaded(table: &mut Table, settings: &Settings, reports: usize) {
    let work = "a boundary of 500 000 corners read from GeoJSON";
    table.measure(reports, work, || {
        let path = settings.folder.join("large.geojson");
        let corners = settings.count(499_999, 999);
        let mut file = BufWriter::new(File::create(&path)?);
        write!(file, r#"{{"type":"FeatureCollection","features":[{{"type":"Feature","#)?;
        write!(file, r#""properties":{{"name":"large"}},"geometry":{{"type":"Polygon","#)?;
        let ring: Vec<[f64; 2]> = ring(corners).into_iter().map(|(x, y)| [x, y]).collect();
        write!(file, r#""coordinates":[{}]}}}}]}}"#, serde_json::to_string(&ring)?)?;
        file.into_inner().map_err(|error| error.to_string())?;
        let mut seconds = Vec::new();
        for _ in 0..settings.rounds() {
            let began = Instant::now();
            black_box(boundaries::read(&path, "large", None).map_err(|error| error.to_string())?);
            seconds.push(began.elapsed().as_secs_f64());
        }
        let row = Row::new(reports, work, "ms", quantile(&mut seconds, 0.5) * 1e3);
        Ok(row.target(reports, Target::AtMost(2_000.0)))
    });
}
