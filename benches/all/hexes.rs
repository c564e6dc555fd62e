//! Hexagons with their significance.

use std::hint::black_box;

use pointchaud::domain::Filter;
use pointchaud::index::{Index, Snapshot};
use pointchaud::query::{Exposure, HexCounts, HexTest, count_hexes, score_hexes};
use pointchaud::statistics::{Effort, permuted};

use crate::city::{self, END, Point};
use crate::peers::{Figures, Peers};
use crate::row::{Row, Target};
use crate::settings::Settings;
use crate::table::Table;
use crate::timing::alone;

const DAY: i64 = 86_400;
const TEST: HexTest = HexTest { k: Some(1), exposure: Exposure::None };
/// Milliseconds allowed at each resolution on a million reports.
const RESOLUTIONS: [(u8, f64); 2] = [(9, 5.0), (10, 10.0)];

/// A filter that was never used before, by number.
fn fresh(n: usize) -> Filter {
    let from = END - (200 + n as i64 * 7) * DAY - n as i64;
    let services = (!n.is_multiple_of(3)).then(|| vec![city::service(n % 12)]);
    Filter { from: Some(from), services, ..Filter::default() }
}

/// The rows of one size.
pub fn measure(
    table: &mut Table,
    settings: &Settings,
    points: &[Point],
    index: &Index,
    peers: &Peers,
) {
    let (size, snapshot) = (points.len(), index.reader().load());
    let mut number = 0;
    for (resolution, most) in RESOLUTIONS {
        for (name, exposure) in
            [("Gi*", Exposure::None), ("against all reports", Exposure::Reports)]
        {
            let work = format!("hexes at {resolution}, {name}, p, rates of false discovery, cold");
            table.measure(size, &work, || {
                let timing = alone(settings.repeat(10), |_| {
                    number += 1;
                    let filter = fresh(number);
                    let compiled = snapshot.compiled(&filter);
                    let counts = count_hexes(&snapshot, &compiled, resolution);
                    let test = HexTest { exposure, ..TEST };
                    black_box(score_hexes(&snapshot, &counts, &filter, test).is_ok());
                });
                let row = Row::new(size, &work, "ms", timing.median_us / 1e3);
                let is_plain = exposure == Exposure::None;
                Ok(if is_plain { row.target(1_000_000, Target::AtMost(most)) } else { row })
            });
        }
    }
    for (resolution, _) in RESOLUTIONS {
        beside_esda(table, settings, size, &snapshot, peers, resolution);
    }
}

/// The statistic alone, on the same cells and counts as esda.
fn beside_esda(
    table: &mut Table,
    settings: &Settings,
    size: usize,
    snapshot: &Snapshot,
    peers: &Peers,
    resolution: u8,
) {
    let counts = count_hexes(snapshot, &snapshot.compiled(&Filter::default()), resolution);
    let permutes = settings.is_city(size) && resolution == 10;
    let draws = settings.count(999, 9) as u32;
    let mut theirs = Figures::new();
    // Starting Python takes seconds: a smoke run does it at one size.
    if settings.is_city(size) || !settings.is_smoke() {
        table.group(size, &format!("Gi* at {resolution} by esda"), |_| {
            let asks = permutes && settings.asks_slow_peers();
            theirs = peers.esda(&counts, snapshot, if asks { draws } else { 0 })?;
            Ok(())
        });
    }
    let work = format!("Gi* and p of the same cells at {resolution}, counts given");
    table.measure(size, &work, || {
        let timing = alone(settings.repeat(10), |_| {
            black_box(score_hexes(snapshot, &counts, &Filter::default(), TEST).is_ok());
        });
        let row = Row::new(size, &work, "ms", timing.median_us / 1e3);
        let row = row.peer("esda, weights given", theirs.get("gi").copied());
        let has_peer = row.peer.is_some();
        Ok(if has_peer { row.target(1_000_000, Target::Ratio(100.0)) } else { row })
    });
    if permutes {
        let work = "999 conditional permutations at 10";
        table.measure(size, work, || {
            let (values, near) = (counts.values(), counts.neighbours(snapshot, 1));
            let timing = alone(settings.repeat(1), |_| {
                black_box(permuted(&values, &near, (draws, 1), Effort::UNBOUNDED).is_ok());
            });
            Ok(Row::new(size, work, "ms", timing.median_us / 1e3)
                .peer("esda, after compiling", theirs.get("permutations").copied())
                .target(1_000_000, Target::AtMost(600.0)))
        });
    }
}

/// Counts and neighbours as 32-bit words, in the layout that `benches/peers/hot.py` reads.
pub fn words(counts: &HexCounts, snapshot: &Snapshot) -> Vec<u8> {
    let near = counts.neighbours(snapshot, 1);
    let mut words = vec![counts.cells.len() as u32];
    words.extend(counts.values());
    words.extend(&near.starts);
    words.extend(&near.list);
    words.into_iter().flat_map(u32::to_le_bytes).collect()
}
