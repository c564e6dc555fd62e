//! Worlds to ask: reports anywhere on Earth after any history of changes, and what a linear scan
//! says of them.

use std::sync::Arc;

use pointchaud::domain::{
    Accuracy, Change, Channel, ClosedReason, Event, Filter, IndexedFields, Nature, PlaceCondition,
    ReportId, ServiceCode, Status, TextSketch,
};
use pointchaud::index::{Index, Snapshot};
use pointchaud::place::{BBox, Position};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

pub const SERVICES: [&str; 4] = ["nid-de-poule", "lampadaire", "graffiti", "deneigement"];

/// Reports as they are, and the index that a history made of them.
pub struct World {
    pub facts: Vec<IndexedFields>,
    pub snapshot: Arc<Snapshot>,
    pub places: Vec<Position>,
}

pub fn at(lon: f64, lat: f64) -> Position {
    Position::new(lon, lat).unwrap()
}

/// The ways in which positions may lie.
pub fn layouts(rng: &mut ChaCha8Rng) -> Vec<(&'static str, Vec<Position>)> {
    let mut near = |lon: f64, lat: f64, reach: f64, n: usize| -> Vec<Position> {
        let mut place = || {
            let x = lon + rng.random_range(-reach..reach);
            let y = (lat + rng.random_range(-reach..reach)).clamp(-90.0, 90.0);
            at((x + 540.0).rem_euclid(360.0) - 180.0, y)
        };
        (0..n).map(|_| place()).collect()
    };
    let city = near(-71.2, 46.8, 0.1, 900);
    let dateline = near(180.0, -17.0, 0.5, 600);
    let north = near(0.0, 89.9, 0.1, 300);
    let large = [near(-71.2, 46.8, 0.05, 3_000), near(-71.21, 46.81, 0.002, 800)].concat();
    let east = near(180.0, 60.0, 0.03, 2_500);
    let crowd = [near(10.0, 45.0, 1e-4, 1_800), vec![at(10.0, 45.0); 700]].concat();
    let poles: Vec<_> = (0..200)
        .map(|i| at(f64::from(i) * 1.8 - 180.0, if i % 2 == 0 { 90.0 } else { -89.999 }))
        .collect();
    let grid: Vec<_> = (0..400)
        .map(|i| at(-71.0 + f64::from(i % 20) * 1e-4, 46.8 + f64::from(i / 20) * 1e-4))
        .collect();
    let globe: Vec<_> = (0..900)
        .map(|_| {
            let z: f64 = rng.random_range(-1.0..1.0);
            at(rng.random_range(-180.0..180.0), z.asin().to_degrees())
        })
        .collect();
    // Large enough for tables of grid cells and partial indexes, with places that neither covers.
    let large = [large, globe[..40].to_vec(), vec![at(0.0, 0.0); 3]].concat();
    vec![
        ("empty", vec![]),
        ("one", vec![at(-71.2, 46.8)]),
        ("the same point", vec![at(-71.2, 46.8); 500]),
        ("two points", [vec![at(-71.2, 46.8); 40], vec![at(108.8, -46.8); 40]].concat()),
        ("a city", city),
        ("the antimeridian", dateline),
        ("near the pole", north),
        ("on the poles", poles),
        ("a lattice full of ties", grid),
        ("the globe", globe),
        ("a large city with outliers", large),
        ("a large city on the antimeridian", east),
        ("a crowd in one street", crowd),
    ]
}

/// Builds an index by a random history: arrivals, changes, removals, merges.
pub fn world(rng: &mut ChaCha8Rng, places: Vec<Position>) -> World {
    let mut index = Index::default();
    let mut facts: Vec<IndexedFields> = Vec::new();
    let mut revision = 0;
    let mut pending = Vec::new();
    for (n, place) in places.iter().enumerate() {
        let fresh = random_facts(rng, &format!("r{n:05}"), *place);
        revision += 1;
        facts.push(fresh.clone());
        pending.push(Change { revision, event: Event::Put(fresh) });
        if rng.random_bool(0.2) {
            revision += 1;
            let which = rng.random_range(0..facts.len());
            if rng.random_bool(0.15) && facts.len() > 1 {
                let gone = facts.swap_remove(which);
                pending.push(Change { revision, event: Event::Remove(gone.id) });
            } else {
                let id = facts[which].id.to_string();
                facts[which] = random_facts(rng, &id, *place);
                pending.push(Change { revision, event: Event::Put(facts[which].clone()) });
            }
        }
        // Large batches make large segments.
        if rng.random_bool(if places.len() > 2_000 { 0.002 } else { 0.05 }) {
            index.apply(std::mem::take(&mut pending));
        }
        let often = if places.len() > 2_000 { 0.0005 } else { 0.01 };
        if rng.random_bool(often)
            && let Some(job) = index.compaction()
        {
            index.finish_merge(job.run());
        }
    }
    index.apply(pending);
    if rng.random_bool(0.5)
        && let Some(job) = index.compaction()
    {
        index.finish_merge(job.run());
    }
    index.check_invariants();
    World { facts, snapshot: index.reader().load(), places }
}

pub fn random_facts(rng: &mut ChaCha8Rng, id: &str, place: Position) -> IndexedFields {
    let status = Status::ALL[rng.random_range(0..3)];
    IndexedFields {
        id: ReportId::new(id).unwrap(),
        service: ServiceCode::new(SERVICES[rng.random_range(0..4)]).unwrap(),
        status,
        reason: (status == Status::Closed).then(|| ClosedReason::ALL[rng.random_range(0..2)]),
        nature: Nature::ALL[rng.random_range(0..4)],
        channel: Channel::ALL[rng.random_range(0..6)],
        requested: 1_700_000_000 + rng.random_range(0..500),
        day_only: false,
        closed_day_only: false,
        closed: (status == Status::Closed && rng.random_bool(0.8))
            .then(|| 1_700_000_000 + rng.random_range(0..600)),
        position: (!rng.random_bool(0.05)).then_some(place),
        accuracy: if rng.random_bool(0.05) { Accuracy::Approximate } else { Accuracy::Exact },
        area: rng.random_bool(0.5).then(|| "Limoilou".into()),
        parent: rng.random_bool(0.1).then(|| ReportId::new("r00001").unwrap()),
        sketch: TextSketch { words: rng.random_range(0..64), streets: [0, rng.random_range(0..9)] },
    }
}

pub fn filters(rng: &mut ChaCha8Rng) -> Vec<Filter> {
    let service = |name: &str| Some(vec![ServiceCode::new(name).unwrap()]);
    let lon = rng.random_range(-180.0..180.0);
    vec![
        Filter::default(),
        Filter { services: service("nid-de-poule"), ..Filter::default() },
        Filter { services: service("licorne"), ..Filter::default() },
        Filter { incidents: true, ..Filter::default() },
        Filter { services: Some(vec![]), ..Filter::default() },
        Filter { statuses: Some(vec![]), ..Filter::default() },
        Filter { statuses: Some(vec![Status::Closed]), ..Filter::default() },
        Filter { statuses: Some(vec![Status::Open]), ..Filter::default() },
        Filter {
            statuses: Some(vec![Status::InProgress, Status::Open]),
            services: Some(vec![
                ServiceCode::new("graffiti").unwrap(),
                ServiceCode::new("lampadaire").unwrap(),
            ]),
            ..Filter::default()
        },
        Filter {
            services: service("graffiti"),
            statuses: Some(vec![Status::Open, Status::InProgress]),
            ..Filter::default()
        },
        Filter { statuses: Some(vec![Status::InProgress]), approximate: true, ..Filter::default() },
        Filter {
            from: Some(1_700_000_100),
            before: Some(1_700_000_300),
            natures: Some(vec![Nature::Complaint, Nature::Comment]),
            ..Filter::default()
        },
        Filter {
            channels: Some(vec![Channel::App]),
            areas: Some(vec!["Limoilou".into()]),
            ..Filter::default()
        },
        Filter { bbox: Some(BBox::new(lon, -60.0, -lon, 80.0).unwrap()), ..Filter::default() },
        Filter { place: Some(PlaceCondition::None), ..Filter::default() },
        Filter { place: Some(PlaceCondition::Exact), approximate: true, ..Filter::default() },
        Filter {
            place: Some(PlaceCondition::Exact),
            services: service("graffiti"),
            from: Some(1_700_000_100),
            ..Filter::default()
        },
    ]
}

/// The filter's meaning, spelt out.
pub fn passes(filter: &Filter, facts: &IndexedFields) -> bool {
    fn any<T: PartialEq>(wanted: &Option<Vec<T>>, value: &T) -> bool {
        wanted.as_ref().is_none_or(|list| list.contains(value))
    }
    any(&filter.services, &facts.service)
        && any(&filter.statuses, &facts.status)
        && any(&filter.natures, &facts.nature)
        && any(&filter.channels, &facts.channel)
        && filter.areas.as_ref().is_none_or(|areas| {
            facts.area.as_ref().is_some_and(|area| areas.iter().any(|known| **known == **area))
        })
        && !(filter.incidents
            && (facts.reason == Some(ClosedReason::Duplicate) || facts.parent.is_some()))
        && filter.from.is_none_or(|from| from <= facts.requested)
        && filter.before.is_none_or(|before| facts.requested < before)
        && filter.place.is_none_or(|place| match place {
            PlaceCondition::Exact => facts.position.is_some() && facts.accuracy == Accuracy::Exact,
            PlaceCondition::None => facts.position.is_none(),
        })
        && filter.bbox.is_none_or(|bbox| facts.position.is_some_and(|at| bbox.contains(at)))
}

pub fn placed<'a>(world: &'a World, filter: &'a Filter) -> Vec<(&'a IndexedFields, Position)> {
    let usable = |facts: &&IndexedFields| filter.approximate || facts.accuracy == Accuracy::Exact;
    let found = world.facts.iter().filter(|facts| passes(filter, facts)).filter(usable);
    found.filter_map(|facts| Some((facts, facts.position?))).collect()
}

/// Runs `check` on every layout and filter; answers how many answers it compared.
pub fn everywhere(
    seed: u64,
    mut check: impl FnMut(&mut ChaCha8Rng, &str, &World, &Filter) -> usize,
) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut compared = 0;
    for (name, places) in layouts(&mut rng) {
        let world = world(&mut rng, places);
        for filter in filters(&mut rng) {
            compared += check(&mut rng, name, &world, &filter);
        }
    }
    assert!(compared > 1_000, "only {compared} answers were compared: an empty proof");
}

/// A snapshot with one open report of one service at each place.
pub fn exactly(places: Vec<Position>) -> Arc<Snapshot> {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let changes = places.into_iter().zip(1u64..).map(|(place, revision)| {
        let facts = IndexedFields {
            service: ServiceCode::new(SERVICES[0]).unwrap(),
            status: Status::Open,
            reason: None,
            closed: None,
            position: Some(place),
            accuracy: Accuracy::Exact,
            ..random_facts(&mut rng, &format!("e{revision:05}"), place)
        };
        Change { revision, event: Event::New(facts) }
    });
    let mut index = Index::default();
    index.apply(changes.collect());
    index.reader().load()
}
