//! Clusters of a viewport of 1280 by 800 pixels, under a filter never asked before.

use std::hint::black_box;

use pointchaud::domain::Filter;
use pointchaud::index::Index;
use pointchaud::place::BBox;
use pointchaud::query;

use crate::city::{self, END, Point};
use crate::clock::{Contender, turns};
use crate::peers::Peers;
use crate::table::{Row, Target};

/// Zooms at which a city, a quarter and a street fill the window.
pub const ZOOMS: [u8; 3] = [10, 12, 14];

/// The viewport of a zoom around the middle of the city.
pub fn viewport(zoom: u8) -> BBox {
    let degrees = 360.0 / (512.0 * f64::from(1u32 << zoom));
    let (width, height) = (1280.0 * degrees / 2.0, 800.0 * degrees * 0.684 / 2.0);
    BBox::new(-71.3 - width, 46.85 - height, -71.3 + width, 46.85 + height).expect("on the Earth")
}

/// Filters by name.
pub fn filters() -> [(&'static str, Filter); 3] {
    [
        ("no filter", Filter::default()),
        ("30 days", Filter { from: Some(END - 30 * 86_400), ..Filter::default() }),
        ("one service", Filter { services: Some(vec![city::service(0)]), ..Filter::default() }),
    ]
}

/// The rows of one size.
pub fn rows(points: &[Point], index: &Index, peers: &Peers) -> Vec<Row> {
    let snapshot = index.reader().load();
    let theirs = peers.supercluster(points);
    let mut rows = Vec::new();
    for (name, filter) in filters() {
        for zoom in ZOOMS {
            let bbox = viewport(zoom);
            let ask = Contender {
                name: "ours",
                ask: Box::new(|_| {
                    let compiled = snapshot.compiled(&filter);
                    black_box(query::clusters(&snapshot, &compiled, &bbox, zoom, 5_000));
                }),
            };
            let taken = turns(vec![ask], 20).remove(0);
            let target = match (points.len(), zoom) {
                (1_000_000, _) => Some(Target::Most(3.0)),
                (10_000_000, 10) => Some(Target::Most(25.0)),
                _ => None,
            };
            let theirs = theirs.get(&format!("{name} z{zoom}")).copied();
            rows.push(Row {
                reports: points.len(),
                work: format!("clusters, zoom {zoom}, {name}, cold"),
                unit: "ms",
                ours: taken.median / 1e3,
                p99: Some(taken.p99 / 1e3),
                peer: theirs.map(|ms| ("npm supercluster, filtered and loaded".to_owned(), ms)),
                target,
            });
        }
    }
    rows
}
