//! Clusters of a viewport of 1280 by 800 pixels, under a filter never used before.

use std::hint::black_box;

use pointchaud::domain::Filter;
use pointchaud::index::Index;
use pointchaud::place::BBox;
use pointchaud::query;

use crate::city::{self, END, Point};
use crate::peers::{Figures, Peers};
use crate::row::{Row, Target};
use crate::settings::Settings;
use crate::table::Table;
use crate::timing::{Contender, interleaved};

/// Zooms at which a city, a district and a street fill the window.
const ZOOMS: [u8; 3] = [10, 12, 14];

/// The viewport of a zoom around the middle of the city.
fn viewport(zoom: u8) -> BBox {
    let degrees = 360.0 / (512.0 * f64::from(1u32 << zoom));
    let (width, height) = (1280.0 * degrees / 2.0, 800.0 * degrees * 0.684 / 2.0);
    BBox::new(-71.3 - width, 46.85 - height, -71.3 + width, 46.85 + height).expect("on the Earth")
}

/// Filters by name; `benches/peers/supercluster.mjs` knows the same ones.
fn filters() -> [(&'static str, Filter); 3] {
    [
        ("no filter", Filter::default()),
        ("30 days", Filter { from: Some(END - 30 * 86_400), ..Filter::default() }),
        ("one service", Filter { services: Some(vec![city::service(0)]), ..Filter::default() }),
    ]
}

/// The rows of one size.
pub fn measure(
    table: &mut Table,
    settings: &Settings,
    points: &[Point],
    index: &Index,
    peers: &Peers,
) {
    let (reports, snapshot) = (points.len(), index.reader().load());
    let mut theirs = Figures::new();
    table.group(reports, "clusters by npm supercluster", |_| {
        theirs = peers.supercluster(points)?;
        Ok(())
    });
    for (name, filter) in filters() {
        for zoom in ZOOMS {
            let work = format!("clusters, zoom {zoom}, {name}, cold");
            table.measure(reports, &work, || {
                let bbox = viewport(zoom);
                let ours = Contender::new("ours", |_| {
                    let compiled = snapshot.compiled(&filter);
                    black_box(query::clusters(&snapshot, &compiled, &bbox, zoom, 5_000));
                });
                let timing = interleaved(vec![ours], settings.repeat(20)).remove(0);
                let row = Row::new(reports, &work, "ms", timing.median_us / 1e3)
                    .p99(timing.p99_us / 1e3)
                    .peer(
                        "npm supercluster, filtered and loaded",
                        theirs.get(&format!("{name} z{zoom}")).copied(),
                    )
                    .target(1_000_000, Target::AtMost(3.0));
                Ok(if zoom == 10 { row.target(10_000_000, Target::AtMost(25.0)) } else { row })
            });
        }
    }
}
