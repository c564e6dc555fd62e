//! Every query against a linear scan, on seeded random and adversarial data anywhere on Earth,
//! after any history of changes.

use crate::common::world::*;
use geo::{Distance, Haversine, Point};
use pointchaud::domain::{Accuracy, Change, Event, Filter, IndexedFields, ServiceCode};
use pointchaud::index::{DocAddress, Index, Snapshot};
use pointchaud::place::{BBox, GridCell, HALF_CIRCUMFERENCE_M, Meters, Position, distance};
use pointchaud::query;
use pointchaud::query::{ClusterItem, Cursor};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

fn ids(snapshot: &Snapshot, addresses: impl IntoIterator<Item = DocAddress>) -> Vec<String> {
    addresses.into_iter().map(|address| snapshot.id(address).to_owned()).collect()
}

fn newest_first(mut facts: Vec<&IndexedFields>) -> Vec<String> {
    facts.sort_by(|a, b| b.requested.cmp(&a.requested).then_with(|| a.id.cmp(&b.id)));
    facts.into_iter().map(|facts| facts.id.to_string()).collect()
}

/// Points to ask from: places of reports, beside them, and anywhere.
fn origins(rng: &mut ChaCha8Rng, world: &World) -> Vec<Position> {
    let mut origins = vec![at(-71.2, 46.8), at(180.0, -17.0), at(0.0, 90.0), at(12.0, -90.0)];
    for _ in 0..4 {
        origins.push(at(rng.random_range(-180.0..180.0), rng.random_range(-90.0..=90.0)));
        if !world.places.is_empty() {
            let place = world.places[rng.random_range(0..world.places.len())];
            origins.push(place);
            // The antipode, and a point some kilometres from it.
            let opposite =
                if place.lon() < 0.0 { place.lon() + 180.0 } else { place.lon() - 180.0 };
            origins.push(at(opposite, -place.lat()));
            let beside = (-place.lat() + rng.random_range(-0.2..0.2)).clamp(-90.0, 90.0);
            origins.push(at(opposite, beside));
        }
    }
    origins
}

fn by_distance(world: &World, filter: &Filter, from: Position, max: f64) -> Vec<(f64, String)> {
    let mut all: Vec<(f64, String)> = placed(world, filter)
        .into_iter()
        .map(|(facts, place)| (distance(from, place).0, facts.id.to_string()))
        .filter(|(meters, _)| *meters <= max)
        .collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0).then_with(|| a.1.cmp(&b.1)));
    all
}

#[test]
fn the_distance_is_the_great_circle_of_an_independent_library() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    for _ in 0..20_000 {
        let mut place = || (rng.random_range(-180.0..180.0), rng.random_range(-90.0..=90.0f64));
        let ((ax, ay), (bx, by)) = (place(), place());
        let ours = distance(at(ax, ay), at(bx, by)).0;
        let theirs = Haversine.distance(Point::new(ax, ay), Point::new(bx, by));
        // The haversine loses digits near the antipode only.
        let slack = if theirs > HALF_CIRCUMFERENCE_M * 0.999 { 1.0 } else { 1e-3 };
        assert!((ours - theirs).abs() < slack, "{ours} {theirs}");
    }
}

#[test]
fn nearest_equals_a_linear_scan() {
    everywhere(2, |rng, name, world, filter| {
        let mut compared = 0;
        for from in origins(rng, world) {
            for (k, max) in [(1, 3e7), (10, 3e7), (10, 500.0), (100_000, 2e6), (7, 0.0)] {
                let all = by_distance(world, filter, from, max);
                let compiled = world.snapshot.compiled(filter);
                let page = query::nearest(&world.snapshot, &compiled, from, k, Meters(max));
                let found: Vec<(f64, String)> = page
                    .items
                    .iter()
                    .map(|item| (item.distance.0, world.snapshot.id(item.address).to_owned()))
                    .collect();
                let wanted: Vec<_> = all.iter().take(k).cloned().collect();
                assert_eq!(found, wanted, "{name}, {filter:?}, {k} nearest to {from:?} in {max} m");
                assert_eq!(page.more, all.len() > k);
                compared += found.len();
            }
        }
        compared
    });
}

#[test]
fn within_a_radius_equals_a_linear_scan_page_by_page() {
    everywhere(3, |rng, name, world, filter| {
        let mut compared = 0;
        for from in origins(rng, world) {
            for radius in [0.0, 50.0, 5_000.0, 3e5, HALF_CIRCUMFERENCE_M.ceil()] {
                let wanted = by_distance(world, filter, from, radius);
                let compiled = world.snapshot.compiled(filter);
                let mut found = Vec::new();
                let mut after = None;
                loop {
                    let page = query::within_radius(
                        &world.snapshot,
                        &compiled,
                        from,
                        Meters(radius),
                        after.take(),
                        60,
                    );
                    found.extend(
                        page.items.iter().map(|item| {
                            (item.distance.0, world.snapshot.id(item.address).to_owned())
                        }),
                    );
                    if !page.more {
                        break;
                    }
                    let (key, id) = found.last().cloned().unwrap();
                    after = Some(Cursor { key, id });
                }
                assert_eq!(found, wanted, "{name}, {filter:?}, {radius} m around {from:?}");
                compared += found.len();
            }
        }
        compared
    });
}

#[test]
fn lists_equal_a_linear_scan_page_by_page() {
    everywhere(4, |_, name, world, filter| {
        let mut kept: Vec<&IndexedFields> =
            world.facts.iter().filter(|f| passes(filter, f)).collect();
        if filter.bbox.is_some() {
            kept.retain(|facts| filter.approximate || facts.accuracy == Accuracy::Exact);
        }
        let wanted = newest_first(kept);
        let compiled = world.snapshot.compiled(filter);
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let page = query::newest(&world.snapshot, &compiled, after.take(), 37);
            let last = page.items.last().copied();
            found.extend(ids(&world.snapshot, page.items));
            match last.filter(|_| page.more) {
                None => break,
                Some(last) => {
                    let key = world.snapshot.requested(last);
                    after = Some(Cursor { key, id: world.snapshot.id(last).to_owned() });
                }
            }
        }
        assert_eq!(found, wanted, "{name}, {filter:?}");
        for (skip, size) in [(0, 10), (37, 37), (100, 1_000), (5_000, 10), (1, 1)] {
            let page = query::newest_page(&world.snapshot, &compiled, skip, size);
            let end = wanted.len().min(skip + size);
            let part = wanted.get(skip..end).unwrap_or_default();
            assert_eq!(ids(&world.snapshot, page), part, "{name}, {filter:?} {skip} {size}");
        }
        found.len()
    });
}

#[test]
fn the_oldest_first_equal_a_linear_scan_page_by_page() {
    everywhere(14, |_, name, world, filter| {
        let mut kept: Vec<&IndexedFields> =
            world.facts.iter().filter(|f| passes(filter, f)).collect();
        if filter.bbox.is_some() {
            kept.retain(|facts| filter.approximate || facts.accuracy == Accuracy::Exact);
        }
        kept.sort_by(|a, b| (a.requested, a.id.as_str()).cmp(&(b.requested, b.id.as_str())));
        let wanted: Vec<&str> = kept.iter().map(|facts| facts.id.as_str()).collect();
        let compiled = world.snapshot.compiled(filter);
        let (mut found, mut after): (Vec<String>, _) = (Vec::new(), None);
        loop {
            let order = query::ListOrder::Oldest;
            let page = query::by_time(&world.snapshot, &compiled, order, after.take(), 41);
            let last = page.items.last().copied();
            found.extend(page.items.iter().map(|one| world.snapshot.id(*one).to_owned()));
            let Some(last) = last.filter(|_| page.more) else { break };
            let key = world.snapshot.requested(last);
            after = Some(Cursor { key, id: world.snapshot.id(last).to_owned() });
        }
        assert_eq!(found, wanted, "{name}, {filter:?}");
        found.len()
    });
}

fn boxes(rng: &mut ChaCha8Rng) -> Vec<BBox> {
    let mut boxes = vec![
        BBox::WORLD,
        BBox::new(-71.3, 46.7, -71.1, 46.9).unwrap(),
        BBox::new(179.7, -17.4, -179.8, -16.0).unwrap(),
        BBox::new(170.0, -90.0, 180.0, 90.0).unwrap(),
        BBox::new(-180.0, 85.5, 180.0, 90.0).unwrap(),
        BBox::new(-71.2, 46.8, -71.2, 46.8).unwrap(),
    ];
    for _ in 0..3 {
        let (a, b) = (rng.random_range(-90.0..90.0), rng.random_range(-90.0..90.0f64));
        let (west, east) = (rng.random_range(-180.0..180.0), rng.random_range(-180.0..180.0));
        boxes.push(BBox::new(west, f64::min(a, b), east, f64::max(a, b)).unwrap());
    }
    boxes
}

#[test]
fn boxes_equal_a_linear_scan() {
    everywhere(6, |rng, name, world, filter| {
        let mut compared = 0;
        for bbox in boxes(rng) {
            let filter = Filter { bbox: None, ..filter.clone() };
            let compiled = world.snapshot.compiled(&filter);
            let mut found = Vec::new();
            world.snapshot.scan_box(&bbox, &compiled, |batch| {
                batch.slots().each(|slot| found.push(batch.address(slot)));
            });
            let mut found = ids(&world.snapshot, found);
            found.sort();
            let inside = placed(world, &filter).into_iter().filter(|(_, at)| bbox.contains(*at));
            let mut wanted: Vec<_> = inside.map(|(facts, _)| facts.id.to_string()).collect();
            wanted.sort();
            assert_eq!(found, wanted, "{name}, {bbox:?}, {filter:?}");
            compared += found.len();
        }
        compared
    });
}

/// Which square a position is in, by the textbook formula of the Mercator projection.
fn square(place: Position, level: u8) -> (u32, u32) {
    let side = f64::from(2u32.pow(u32::from(level)));
    let y = place.lat().clamp(-85.051_128_779_8, 85.051_128_779_8).to_radians();
    let row = (1.0 - (y.tan() + 1.0 / y.cos()).ln() / std::f64::consts::PI) / 2.0 * side;
    let column = (place.lon() + 180.0) / 360.0 * side;
    (column.clamp(0.0, side - 1.0) as u32, row.clamp(0.0, side - 1.0) as u32)
}

#[test]
fn clusters_equal_a_linear_scan_and_nest() {
    everywhere(7, |rng, name, world, filter| {
        let filter = Filter { bbox: None, ..filter.clone() };
        let compiled = world.snapshot.compiled(&filter);
        let reports = placed(world, &filter);
        let mut compared = 0;
        for zoom in [0, 3, 9, 12, 16, 17, 22] {
            let level = query::cluster_level(zoom);
            let all = query::clusters(&world.snapshot, &compiled, &BBox::WORLD, zoom, usize::MAX);
            assert_eq!(all.total, reports.len() as u64, "{name} {filter:?} {zoom}");
            let mut wanted: std::collections::BTreeMap<(u32, u32), u64> = Default::default();
            for (_, place) in &reports {
                *wanted.entry(square(*place, level)).or_default() += 1;
            }
            let mut found: std::collections::BTreeMap<(u32, u32), u64> = Default::default();
            for spot in &all.items {
                let (cell, count) = match spot {
                    ClusterItem::Cluster(cluster) => (cluster.cell, cluster.count),
                    ClusterItem::Single(address) => {
                        (GridCell::of(world.snapshot.position(*address).unwrap(), level), 1)
                    }
                };
                found.insert((cell.x, cell.y), count);
            }
            // On the finest levels the two formulas may round a position into neighbouring squares.
            if level <= 20 {
                assert_eq!(found, wanted, "{name} {filter:?} {zoom}");
            }
            compared += found.len();
            check_cut(rng, world, &filter, zoom, &all.items);
            for spot in all.items.iter().take(5) {
                check_children(world, &filter, zoom, spot);
            }
        }
        compared
    });
}

/// A box's clusters are the whole map's clusters that touch it, each the same.
fn check_cut(rng: &mut ChaCha8Rng, world: &World, filter: &Filter, zoom: u8, all: &[ClusterItem]) {
    let compiled = world.snapshot.compiled(filter);
    for bbox in boxes(rng) {
        let cut = query::clusters(&world.snapshot, &compiled, &bbox, zoom, usize::MAX);
        assert!(cut.items.iter().all(|spot| all.contains(spot)), "a cluster was cut by {bbox:?}");
        let covered: u64 = cut.total;
        let inside = placed(world, filter).iter().filter(|(_, at)| bbox.contains(*at)).count();
        assert!(covered >= inside as u64, "a report inside {bbox:?} is in no cluster");
    }
}

fn check_children(world: &World, filter: &Filter, zoom: u8, spot: &ClusterItem) {
    let ClusterItem::Cluster(cluster) = spot else { return };
    let (snapshot, compiled) = (&world.snapshot, world.snapshot.compiled(filter));
    let again = query::cluster(snapshot, &compiled, cluster.cell, zoom);
    assert_eq!(again.as_ref(), Some(spot), "a cluster is the same wherever it is asked for");
    let members = query::newest_in_cell(snapshot, &compiled, cluster.cell, None, 10_000);
    assert_eq!(members.items.len() as u64, cluster.count);
    let children =
        query::expand_cluster(snapshot, &compiled, cluster.cell, zoom, usize::MAX).unwrap();
    assert_eq!(children.total, cluster.count, "children add up");
    assert!(children.items.len() > 1, "{cluster:?} does not part at its expansion zoom");
    if let Some(deeper) = cluster.expansion_zoom {
        for between in zoom + 1..deeper {
            let same =
                query::clusters(snapshot, &compiled, &cluster.cell.bounds(), between, usize::MAX);
            let count = |spot: &ClusterItem| match spot {
                ClusterItem::Cluster(found) => found.count,
                ClusterItem::Single(_) => 1,
            };
            assert!(same.items.iter().any(|spot| count(spot) == cluster.count));
        }
    } else {
        assert!(children.items.iter().all(|spot| matches!(spot, ClusterItem::Single(_))));
    }
}

#[test]
fn clusters_keep_their_id_while_reports_come_and_go() {
    let mut rng = ChaCha8Rng::seed_from_u64(9);
    let place = at(-71.2080, 46.8139);
    let mut index = Index::default();
    for revision in 1..=40 {
        let facts = IndexedFields {
            position: Some(place),
            accuracy: Accuracy::Exact,
            ..random_facts(&mut rng, &format!("r{revision}"), place)
        };
        index.apply(vec![Change { revision, event: Event::Put(facts) }]);
        let snapshot = index.reader().load();
        let compiled = snapshot.compiled(&Filter::default());
        let found = query::clusters(&snapshot, &compiled, &BBox::WORLD, 12, 10);
        match &found.items[..] {
            [ClusterItem::Single(_)] => assert_eq!(revision, 1),
            [ClusterItem::Cluster(cluster)] => {
                assert_eq!(cluster.count, revision);
                assert_eq!(cluster.cell, GridCell::of(place, query::cluster_level(12)));
                assert_eq!(cluster.expansion_zoom, None);
            }
            other => panic!("{other:?}"),
        }
    }
}

/// A box touched a square only through a report of one run, and the members that another run held
/// were left out.
#[test]
fn a_cluster_gathers_its_members_from_every_run() {
    let mut rng = ChaCha8Rng::seed_from_u64(10);
    let mut put = |revision: u64, place: Position| {
        let facts = random_facts(&mut rng, &format!("r{revision}"), place);
        let facts = IndexedFields { position: Some(place), accuracy: Accuracy::Exact, ..facts };
        Change { revision, event: Event::Put(facts) }
    };
    let (inside, outside) = (at(-71.2080, 46.8139), at(-71.2085, 46.8139));
    let mut index = Index::default();
    index.apply((1..=9).map(|n| put(n, outside)).collect());
    index.apply(vec![put(10, inside)]);
    let snapshot = index.reader().load();
    let bbox = BBox::new(-71.2081, 46.8, -71.2, 46.82).unwrap();
    let found = query::clusters(&snapshot, &snapshot.compiled(&Filter::default()), &bbox, 8, 10);
    assert_eq!(found.total, 10);
}

/// Large maps are summed up in two halves: no square is in both, and none is lost.
#[test]
fn the_halves_of_a_map_have_no_square_in_common_and_miss_none() {
    let mut cut = 0;
    everywhere(12, |rng, name, world, filter| {
        let filter = Filter { bbox: None, ..filter.clone() };
        let (snapshot, compiled) = (&world.snapshot, world.snapshot.compiled(&filter));
        let squares = |pieces: &[pointchaud::place::GridBox], level: u8| {
            let mut counts: std::collections::BTreeMap<GridCell, usize> = Default::default();
            snapshot.scan_cells(pieces, level, &compiled, |cell, batch| {
                *counts.entry(cell).or_default() += batch.slots().count();
            });
            counts
        };
        for bbox in boxes(rng) {
            for level in [3, 11, 14, 19] {
                let Some([west, east]) = snapshot.split_box(&bbox, level) else { continue };
                let (mut both, east) = (squares(&[west], level), squares(&[east], level));
                assert!(both.keys().all(|cell| !east.contains_key(cell)), "{name} {bbox:?}");
                both.extend(east);
                assert_eq!(
                    both,
                    squares(&pointchaud::place::GridBox::parts_of(&bbox), level),
                    "{name} {bbox:?}"
                );
                cut += 1;
            }
        }
        world.facts.len()
    });
    assert!(cut > 100, "only {cut} maps were cut");
}

/// Fifty thousand reports in one street's cell, a few around the Earth, all of one service: squares
/// and boxes part them, whole-Earth questions are answered page by page, and all is exact.
#[test]
fn a_crowd_in_one_cell_is_answered_exactly() {
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    let mut places: Vec<Position> = (0..50_000)
        .map(|_| at(-71.2 + rng.random_range(-0.002..0.002), 46.8 + rng.random_range(-1e-3..1e-3)))
        .collect();
    places.extend([at(179.99, 0.0), at(-180.0, 89.0), at(0.0, -90.0), at(-71.2, 46.81)]);
    let put = |(n, place): (usize, &Position)| {
        let facts = IndexedFields {
            service: ServiceCode::new("graffiti").unwrap(),
            position: Some(*place),
            accuracy: Accuracy::Exact,
            ..random_facts(&mut ChaCha8Rng::seed_from_u64(n as u64), &format!("r{n:06}"), *place)
        };
        Change { revision: n as u64 + 1, event: Event::New(facts) }
    };
    let mut index = Index::default();
    index.apply(places.iter().enumerate().map(put).collect());
    let snapshot = index.reader().load();
    for filter in [Filter::default(), Filter { services: Some(vec![]), ..Filter::default() }] {
        let compiled = snapshot.compiled(&filter);
        for from in [at(-71.2, 46.8), at(-71.1981, 46.8009), at(100.0, -46.0), at(5.0, 90.0)] {
            let mut wanted: Vec<(f64, usize)> =
                places.iter().map(|place| distance(from, *place).0).zip(0..).collect();
            wanted.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            if filter.services.is_some() {
                wanted.clear();
            }
            for (limit, radius) in [(10, 3e7), (500, 40.0), (100, 120.0)] {
                let page =
                    query::within_radius(&snapshot, &compiled, from, Meters(radius), None, limit);
                let inside = wanted.iter().take_while(|(meters, _)| *meters <= radius);
                let expected: Vec<(f64, String)> =
                    inside.take(limit).map(|(meters, n)| (*meters, format!("r{n:06}"))).collect();
                let found: Vec<(f64, String)> = page
                    .items
                    .iter()
                    .map(|item| (item.distance.0, snapshot.id(item.address).to_owned()))
                    .collect();
                assert_eq!(found, expected, "{limit} within {radius} m of {from:?}");
            }
        }
        let all = query::clusters(&snapshot, &compiled, &BBox::WORLD, 22, 1_000);
        assert_eq!(all.total, if filter.services.is_some() { 0 } else { places.len() as u64 });
    }
}
