//! The questions beside a linear scan of the same facts, on the generated city. Reports, does not
//! judge: `cargo bench` prints one table. `REPORTS` asks for another size than 300,000.

use std::hint::black_box;
use std::time::Instant;

use pointchaud::demo::{City, Plan};
use pointchaud::format::builtin_catalogue;
use pointchaud::index::Index;
use pointchaud::place::{BBox, Meters, Position, distance};
use pointchaud::query;
use pointchaud::report::{
    Change, Event, Facts, Filter, Gate, ServiceCode, Status, tracking_number,
};

/// The generated city as changes.
fn changes(reports: u64) -> Vec<Change> {
    let catalogue = builtin_catalogue(true).expect("the built-in catalogue is well formed");
    let zone = jiff::tz::TimeZone::UTC;
    let until = 1_795_500_000;
    let gate = Gate { catalogue: &catalogue, zone: &zone, now: until };
    let mut changes = Vec::new();
    let city =
        City::new(Plan { reports, seed: 311, until }).expect("the city's table is well formed");
    city.generate(&mut |draft| {
        let report =
            gate.admit(draft, &tracking_number(0)).expect("generated drafts pass the gate");
        let revision = changes.len() as u64 + 1;
        changes.push(Change { revision, event: Event::Put(report.facts()) });
        true
    });
    changes
}

/// Median time of `ask` over `times` places, in microseconds.
fn median_us(times: usize, mut ask: impl FnMut(usize)) -> f64 {
    let mut taken: Vec<f64> = (0..times)
        .map(|n| {
            let began = Instant::now();
            ask(n);
            began.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    taken.sort_by(f64::total_cmp);
    taken[times / 2]
}

fn main() {
    let reports = std::env::var("REPORTS").ok().and_then(|n| n.parse().ok()).unwrap_or(300_000);
    let changes = changes(reports);
    let facts: Vec<Facts> = changes
        .iter()
        .filter_map(|change| match &change.event {
            Event::Put(facts) => Some(facts.clone()),
            Event::Remove(_) => None,
        })
        .collect();
    let mut index = Index::default();
    let began = Instant::now();
    index.apply(changes);
    println!("{reports} reports, indexed in {:.0} ms", began.elapsed().as_secs_f64() * 1e3);

    let snapshot = index.shown().load();
    let potholes = Filter {
        services: ServiceCode::new("nid-de-poule").map(|code| vec![code]),
        statuses: Some(vec![Status::Open, Status::InProgress, Status::Closed]),
        ..Filter::default()
    };
    let sieve = snapshot.sieve(&potholes);
    let wanted = |facts: &&Facts| facts.service.as_str() == "nid-de-poule";
    let places: Vec<Position> = facts.iter().filter_map(|facts| facts.position).collect();
    let at = |n: usize| places[n * 7919 % places.len()];
    let view = BBox { west: -71.3, south: 46.78, east: -71.18, north: 46.86 };
    let near = |from: Position, radius: f64| {
        let placed = facts.iter().filter(wanted).filter_map(|facts| facts.position);
        placed.filter(|place| distance(from, *place).0 <= radius).count()
    };
    println!(
        "{:<44} {:>10} {:>12} {:>8}",
        "one service, any status (medians)", "ours, µs", "scan, µs", "ratio"
    );
    let row = |name: &str, ours: f64, scan: f64| {
        println!("{name:<44} {ours:>10.1} {scan:>12.1} {:>8.0}", scan / ours);
    };
    let ours = median_us(2_000, |n| {
        black_box(query::nearest(&snapshot, &sieve, at(n), 10, Meters(1e5)));
    });
    let scan = median_us(20, |n| {
        let from = at(n);
        let placed = facts.iter().filter(wanted).filter_map(|facts| facts.position);
        let mut all: Vec<f64> = placed.map(|place| distance(from, place).0).collect();
        all.sort_by(f64::total_cmp);
        black_box(all);
    });
    row("10 nearest", ours, scan);
    for radius in [50.0, 500.0] {
        let ours = median_us(2_000, |n| {
            black_box(query::within_radius(&snapshot, &sieve, at(n), Meters(radius), None, 1000));
        });
        let scan = median_us(20, |n| {
            black_box(near(at(n), radius));
        });
        row(&format!("within {radius} m"), ours, scan);
    }
    let everything = snapshot.sieve(&Filter::default());
    let in_view = |facts: &Facts| facts.position.is_some_and(|place| view.contains(place));
    let ours = median_us(50, |_| {
        black_box(query::clusters(&snapshot, &everything, &view, 13, 5_000));
    });
    let scan = median_us(50, |_| {
        black_box(facts.iter().filter(|facts| in_view(facts)).count());
    });
    row("clusters of a city viewport, every service", ours, scan);
}
