//! Hexagons, hotspots, density and recurrence against plain scans over the same reports, anywhere
//! on Earth, after any history of changes.

use std::collections::{BTreeMap, BTreeSet};

use crate::common::world::{World, everywhere, placed};
use crate::common::{LocalService, demo_city};
use pointchaud::domain::{Accuracy, ClosedReason, Filter, IndexedFields, Status};
use pointchaud::place::{H3Cell, Position, distance};
use pointchaud::query;
use pointchaud::query::{
    DensityQuery, Exposure, HexTest, HotspotQuery, RecurrenceQuery, TimeSteps, UntestableReason,
};
use pointchaud::statistics::Effort;

fn cell(at: Position, resolution: u8) -> H3Cell {
    H3Cell::of(at.lon(), at.lat(), resolution).unwrap()
}

/// The extent by definition: cells with an exactly placed report of any kind and time.
fn extent(world: &World, filter: &Filter, resolution: u8) -> BTreeSet<H3Cell> {
    let exact = world.facts.iter().filter(|facts| facts.accuracy == Accuracy::Exact);
    let mut cells: BTreeSet<H3Cell> =
        exact.filter_map(|facts| Some(cell(facts.position?, resolution))).collect();
    cells.extend(placed(world, filter).iter().map(|(_, at)| cell(*at, resolution)));
    cells
}

#[test]
fn counts_equal_those_of_h3_itself_at_every_resolution() {
    everywhere(31, |_, name, world, filter| {
        let filter = Filter { bbox: None, ..filter.clone() };
        let mut compared = 0;
        for resolution in 6..=11 {
            let compiled = world.snapshot.compiled(&filter);
            let counts = query::count_hexes(&world.snapshot, &compiled, resolution);
            let mut wanted: BTreeMap<H3Cell, (u32, u32, Option<i64>)> =
                extent(world, &filter, resolution).into_iter().map(|c| (c, (0, 0, None))).collect();
            for (facts, at) in placed(world, &filter) {
                let sum = wanted.get_mut(&cell(at, resolution)).unwrap();
                sum.0 += 1;
                if facts.status != Status::Closed {
                    sum.1 += 1;
                    sum.2 = Some(sum.2.map_or(facts.requested, |t| t.min(facts.requested)));
                }
            }
            let found: BTreeMap<H3Cell, (u32, u32, Option<i64>)> = counts
                .cells
                .iter()
                .zip(&counts.totals)
                .map(|(cell, counts_here)| {
                    (*cell, (counts_here.count, counts_here.open, counts_here.oldest_open))
                })
                .collect();
            assert_eq!(found, wanted, "{name}, {filter:?}, resolution {resolution}");
            compared += found.len();
        }
        compared
    });
}

#[test]
fn neighbours_are_those_of_h3_and_in_the_extent() {
    everywhere(32, |_, name, world, filter| {
        let filter = Filter { bbox: None, ..filter.clone() };
        let mut compared = 0;
        for (resolution, k) in [(6, 1), (8, 3), (9, 2), (10, 1)] {
            let compiled = world.snapshot.compiled(&filter);
            let counts = query::count_hexes(&world.snapshot, &compiled, resolution);
            let near = counts.neighbours(&world.snapshot, k);
            let inside: BTreeSet<H3Cell> = counts.cells.iter().copied().collect();
            for (n, cell) in counts.cells.iter().enumerate() {
                let mut found: Vec<H3Cell> =
                    near.of(n).iter().map(|other| counts.cells[*other as usize]).collect();
                found.sort();
                let ring: BTreeSet<H3Cell> = cell.ring(u32::from(k)).into_iter().collect();
                let wanted: Vec<H3Cell> = ring.intersection(&inside).copied().collect();
                assert_eq!(found, wanted, "{name}, {cell} at {k} steps");
                compared += 1;
            }
        }
        compared
    });
}

#[test]
fn no_significance_is_told_where_there_is_none_and_no_number_is_lost() {
    let (mut tested, mut refused) = (0, BTreeSet::new());
    everywhere(33, |_, name, world, filter| {
        let filter = Filter { bbox: None, ..filter.clone() };
        let mut compared = 0;
        for exposure in [Exposure::None, Exposure::Reports] {
            for resolution in [6, 9, 11] {
                let compiled = world.snapshot.compiled(&filter);
                let counts = query::count_hexes(&world.snapshot, &compiled, resolution);
                let test = HexTest { k: None, exposure };
                let scores = query::score_hexes(&world.snapshot, &counts, &filter, test);
                compared += 1;
                let scores = match scores {
                    Ok(scores) => scores,
                    Err(reason) => {
                        let total = counts.total();
                        let fits = match reason {
                            UntestableReason::NoReports => total == 0,
                            UntestableReason::FewCells => counts.cells.len() < query::CELLS_MIN,
                            UntestableReason::AllEqual => {
                                counts.values().windows(2).all(|w| w[0] == w[1])
                            }
                        };
                        assert!(fits, "{name}: {reason:?} of {total}");
                        refused.insert(format!("{reason:?}"));
                        continue;
                    }
                };
                tested += 1;
                for n in 0..counts.cells.len() {
                    let (z, p, q) = (scores.z[n], scores.p[n], scores.q[n]);
                    assert!(z.is_finite() && (0.0..=1.0).contains(&p), "{name}: {z} {p}");
                    assert!(p <= q && q <= 1.0 && scores.expected[n] >= 0.0);
                    assert!(scores.class(n) == 0 || q <= 0.1);
                    compared += 1;
                }
                let steps = TimeSteps { from: 1_700_000_000, before: 1_700_000_500, steps: 8 };
                let trends =
                    query::trend_hexes(&world.snapshot, &compiled, &counts, scores.k, steps);
                assert_eq!(trends.len(), counts.cells.len());
                assert!(trends.iter().all(|t| t.trend.z.is_finite() && t.trend.p <= 1.0));
            }
        }
        compared
    });
    assert!(tested > 20 && refused.len() >= 2, "{tested} {refused:?}");
}

#[test]
fn the_same_count_everywhere_is_no_statistic() {
    let places = (0..100).map(|n| {
        let [lon, lat] = H3Cell::of(-71.2 + f64::from(n) * 0.01, 46.8, 9).unwrap().center();
        Position::new(lon, lat).unwrap()
    });
    let snapshot = crate::common::world::exactly(places.collect());
    let counts = query::count_hexes(&snapshot, &snapshot.compiled(&Filter::default()), 9);
    assert_eq!(counts.cells.len(), 100);
    let test = HexTest { k: None, exposure: Exposure::None };
    assert_eq!(
        query::score_hexes(&snapshot, &counts, &Filter::default(), test),
        Err(UntestableReason::AllEqual)
    );
    let test = HexTest { exposure: Exposure::Reports, ..test };
    let scores = query::score_hexes(&snapshot, &counts, &Filter::default(), test).unwrap();
    assert!(scores.z.iter().all(|z| *z == 0.0) && scores.p.iter().all(|p| *p == 1.0));
}

#[test]
fn the_members_of_hotspots_are_the_reports_in_their_cells() {
    let mut seen = 0;
    everywhere(34, |_, name, world, filter| {
        let filter = Filter { bbox: None, areas: None, ..filter.clone() };
        let ask = HotspotQuery {
            resolution: 11,
            k: Some(1),
            exposure: Exposure::None,
            rate: 0.1,
            from: 1_700_000_100,
            before: 1_700_000_400,
        };
        let Ok(found) = query::hotspots(&world.snapshot, &filter, &ask) else { return 1 };
        let timed = Filter { from: Some(ask.from), before: Some(ask.before), ..filter };
        let reports = placed(world, &timed);
        assert_eq!(found.total, reports.len() as u64);
        let mut cells = BTreeSet::new();
        for hotspot in &found.found {
            seen += 1;
            let own: BTreeSet<H3Cell> = hotspot.cells.iter().copied().collect();
            assert!(own.iter().all(|cell| cells.insert(*cell)), "{name}: a cell of two hotspots");
            let mut wanted: Vec<&IndexedFields> = reports
                .iter()
                .filter(|(_, at)| own.contains(&cell(*at, 11)))
                .map(|(facts, _)| *facts)
                .collect();
            wanted.sort_by(|a, b| a.requested.cmp(&b.requested).then(a.id.cmp(&b.id)));
            let wanted: Vec<&str> = wanted.iter().map(|facts| facts.id.as_str()).collect();
            let members: Vec<&str> =
                hotspot.members.iter().map(|address| world.snapshot.id(*address)).collect();
            assert_eq!(members, wanted, "{name}");
            assert_eq!(hotspot.count, wanted.len() as u64);
            assert!(hotspot.count >= 5 && hotspot.q <= 0.1 && hotspot.expected.is_finite());
            assert!(hotspot.count as f64 >= 1.5 * hotspot.expected);
            let since = hotspot.history.since.unwrap_or(ask.from);
            assert!(ask.from - 366 * 86_400 <= since && since < ask.before);
            assert!(!H3Cell::outline(&hotspot.cells).is_empty());
        }
        reports.len()
    });
    assert!(seen > 8, "only {seen} hotspots");
}

#[test]
fn density_is_asked_of_what_passes() {
    everywhere(35, |_, name, world, filter| {
        let compiled = world.snapshot.compiled(filter);
        let reports = placed(world, filter);
        for ask in [
            DensityQuery::Dbscan { eps_m: 200.0, min_points: 4 },
            DensityQuery::Hdbscan { min_cluster_size: 5, min_samples: 3 },
        ] {
            let addresses =
                query::located_reports(&world.snapshot, &compiled, filter.bbox.as_ref());
            let found = query::density_clusters(&world.snapshot, addresses, ask, Effort::UNBOUNDED);
            let found = found.unwrap();
            assert_eq!(found.total, reports.len() as u64, "{name}, {filter:?}");
            let members: usize = found.clusters.iter().map(|cluster| cluster.members.len()).sum();
            assert_eq!(members as u64 + found.noise, found.total);
            for cluster in &found.clusters {
                assert!(!cluster.hull.is_empty() && cluster.core <= cluster.count);
                assert!(cluster.hull.iter().flatten().all(|degrees| degrees.is_finite()));
                assert!(cluster.persistence.is_none_or(|share| (0.0..=1.0).contains(&share)));
            }
        }
        reports.len() + 1
    });
}

/// How many repairs failed, by definition.
fn failed(reports: &[(&IndexedFields, Position)], ask: RecurrenceQuery) -> BTreeSet<String> {
    let mut failed = BTreeSet::new();
    for (before, place) in reports {
        let done = before.closed.filter(|_| before.reason == Some(ClosedReason::Done));
        let Some(closed) = done else { continue };
        let again = reports.iter().any(|(after, at)| {
            let gap = after.requested - closed;
            let soon = gap > ask.not_before && gap <= ask.within;
            let fresh = after.reason != Some(ClosedReason::Duplicate) && after.id != before.id;
            let same = after.service == before.service;
            soon && fresh && same && distance(*place, *at).0 <= ask.radius_m
        });
        if again {
            failed.insert(before.id.to_string());
        }
    }
    failed
}

#[test]
fn recurrences_equal_a_scan_over_all_pairs() {
    let mut seen = 0;
    everywhere(36, |_, name, world, filter| {
        let filter = Filter { bbox: None, ..filter.clone() };
        let reports = placed(world, &filter);
        if reports.len() > 1_500 {
            return 1;
        }
        let ask = RecurrenceQuery { radius_m: 60.0, within: 120, not_before: 5, chronic_from: 2 };
        let compiled = world.snapshot.compiled(&filter);
        let found = query::recurrences(&world.snapshot, &compiled, ask);
        let wanted = failed(&reports, ask);
        assert_eq!(found.failed, wanted.len() as u64, "{name}, {filter:?}");
        assert_eq!(found.places.iter().map(|place| place.failed).sum::<u64>(), found.failed);
        for place in &found.places {
            let ids = place.members.iter().map(|address| world.snapshot.id(*address));
            assert_eq!(ids.filter(|id| wanted.contains(*id)).count() as u64, place.failed);
            assert_eq!(place.is_chronic, place.failed >= 2);
            assert!(place.shortest_s > ask.not_before && place.shortest_s <= ask.within);
        }
        seen += found.places.len();
        reports.len() + 1
    });
    assert!(seen > 50, "only {seen} places");
}

#[test]
fn hexagons_are_sent_without_outlines_on_request() {
    let service = LocalService::start(&demo_city("hexes", 1_200, 2));
    let get = |query: &str| service.get(&format!("/api/v1/hexes?resolution=8{query}"));
    let (whole, bare) = (get(""), get("&geometry=none"));
    assert!(bare.body.len() * 4 < whole.body.len() * 3, "{} bytes", bare.body.len());
    let mut drawn = whole.json();
    assert_eq!(get("&geometry=polygon").json(), drawn);
    let features = drawn["features"].as_array_mut().unwrap();
    assert!(features.len() > 50, "{} hexagons", features.len());
    for hex in features {
        assert_eq!(hex["geometry"]["type"], "Polygon");
        hex["geometry"] = serde_json::Value::Null;
    }
    assert_eq!(bare.json(), drawn);
    assert_eq!(get("&geometry=circle").fields(), ["geometry"]);
}
