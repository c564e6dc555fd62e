//! Hotspots under every filter: expectations add up to what was observed, and chance alone makes
//! none, whichever reports the filter keeps.

use pointchaud::domain::{
    Accuracy, Channel, Filter, IndexedFields, Nature, ReportId, ServiceCode, Status,
};
use pointchaud::index::{Index, Snapshot};
use pointchaud::place::Position;
use pointchaud::query::{
    Exposure, HexTest, HotspotQuery, Hotspots, count_hexes, hotspots, hotspots_by_service,
    score_hexes,
};
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const DAY: i64 = 86_400;
const END: i64 = 1_790_000_000;
const SERVICES: [&str; 5] = ["nid-de-poule", "lampadaire", "graffiti", "fuite-eau", "deneigement"];
const AREAS: [&str; 3] = ["Limoilou", "Cap-Rouge", "Sillery"];

/// A report before it has a service and a time.
fn place(rng: &mut ChaCha8Rng, n: u64) -> IndexedFields {
    // Eight dense centres and what lies between them.
    let center = rng.random_range(0..16u32);
    let (lon, lat) = match center {
        0..8 => (-71.40 + f64::from(center) * 0.04, 46.78 + f64::from(center * 3 % 8) * 0.012),
        _ => (rng.random_range(-71.42..-71.08), rng.random_range(46.76..46.88)),
    };
    let mut around = || rng.random_range(-0.012..0.012) * rng.random_range(0.0..1.0f64);
    let (lon, lat) = (lon + around(), lat + around());
    let id = ReportId::new(&format!("r{n}")).unwrap();
    let service = ServiceCode::new(SERVICES[0]).unwrap();
    let area = AREAS[if lon < -71.32 { 0 } else { 1 + usize::from(lon > -71.2) }];
    let west = lon < -71.25;
    let mut pick = |share: f64| rng.random_bool(share);
    IndexedFields {
        // What is reported and how it goes on differs between the parts of the city.
        status: match (pick(if west { 0.7 } else { 0.1 }), pick(0.2)) {
            (true, false) => Status::Open,
            (true, true) => Status::InProgress,
            _ => Status::Closed,
        },
        channel: if pick(if west { 0.1 } else { 0.8 }) { Channel::App } else { Channel::Phone },
        nature: if pick(0.8) { Nature::Intervention } else { Nature::Complaint },
        parent: pick(if west { 0.02 } else { 0.3 }).then(|| ReportId::new("original").unwrap()),
        accuracy: if pick(0.1) { Accuracy::Approximate } else { Accuracy::Exact },
        area: Some(area.into()),
        ..IndexedFields::new(id, service, END, Position::new(lon, lat).ok())
    }
}

/// A city in which a storm has raised every service in the west for the last thirty days.
fn city(seed: u64, reports: u64) -> Vec<IndexedFields> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut all = Vec::new();
    for n in 0..reports {
        let one = place(&mut rng, n);
        let is_west = one.position.is_some_and(|at| at.lon() < -71.3);
        let days = if is_west && rng.random_bool(0.5) { 30 } else { 730 };
        let requested = END - 1 - rng.random_range(0..days * DAY);
        // Two services hold most of the reports.
        let service = SERVICES[[0, 0, 0, 0, 0, 1, 1, 2, 3, 4][rng.random_range(0..10usize)]];
        let service = ServiceCode::new(service).unwrap();
        all.push(IndexedFields { requested, service, ..one });
    }
    all
}

/// What is shuffled among the reports.
#[derive(Clone, Copy, PartialEq)]
enum Label {
    /// The service.
    Service,
    /// The service and the time.
    ServiceAndTime,
}

fn shuffled(reports: &[IndexedFields], label: Label, seed: u64) -> Snapshot {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let (mut first, mut second): (Vec<usize>, Vec<usize>) =
        (0..reports.len()).partition(|n| reports[*n].requested >= END - 30 * DAY);
    let order: Vec<usize> = match label {
        // The services are shuffled within the period and within the rest.
        Label::Service => {
            let mut order = vec![0; reports.len()];
            for part in [&mut first, &mut second] {
                let places = part.clone();
                part.shuffle(&mut rng);
                for (to, from) in places.into_iter().zip(part.iter()) {
                    order[to] = *from;
                }
            }
            order
        }
        Label::ServiceAndTime => {
            let mut order: Vec<usize> = (0..reports.len()).collect();
            order.shuffle(&mut rng);
            order
        }
    };
    let drawn = reports.iter().zip(order).map(|(report, from)| {
        let service = reports[from].service.clone();
        let requested = match label {
            Label::Service => report.requested,
            Label::ServiceAndTime => reports[from].requested,
        };
        IndexedFields { service, requested, ..report.clone() }
    });
    Snapshot::clone(&Index::from_reports(drawn).reader().load())
}

/// Filters of every parameter, and combinations of them.
fn filters() -> Vec<(&'static str, Filter)> {
    let all = Filter::default;
    let codes = |list: &[&str]| {
        Some(list.iter().map(|code| ServiceCode::new(code).unwrap()).collect::<Vec<_>>())
    };
    let area = |list: &[&str]| Some(list.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
    let (open, closed) = (Some(vec![Status::Open]), Some(vec![Status::Closed]));
    let (app, phone) = (Some(vec![Channel::App]), Some(vec![Channel::Phone]));
    let complaint = Some(vec![Nature::Complaint]);
    let bbox = pointchaud::place::BBox::new(-71.35, 46.78, -71.2, 46.85).ok();
    vec![
        ("nothing", all()),
        ("service", Filter { services: codes(&["graffiti"]), ..all() }),
        ("services", Filter { services: codes(&["graffiti", "lampadaire"]), ..all() }),
        ("the most frequent service", Filter { services: codes(&["nid-de-poule"]), ..all() }),
        ("open", Filter { statuses: open.clone(), ..all() }),
        ("closed", Filter { statuses: closed, ..all() }),
        ("app", Filter { channels: app.clone(), ..all() }),
        ("complaint", Filter { natures: complaint.clone(), ..all() }),
        ("incidents", Filter { incidents: true, ..all() }),
        ("approximate", Filter { approximate: true, ..all() }),
        ("area", Filter { areas: area(&["Limoilou"]), ..all() }),
        ("areas", Filter { areas: area(&["Cap-Rouge", "Sillery"]), ..all() }),
        ("bbox", Filter { bbox, ..all() }),
        ("open in an area", Filter { statuses: open.clone(), areas: area(&["Sillery"]), ..all() }),
        (
            "open incidents by app",
            Filter { statuses: open, channels: app, incidents: true, ..all() },
        ),
        (
            "a service's complaints by phone",
            Filter {
                services: codes(&["nid-de-poule"]),
                natures: complaint,
                channels: phone,
                ..all()
            },
        ),
    ]
}

fn query(exposure: Exposure) -> HotspotQuery {
    HotspotQuery { resolution: 8, k: None, exposure, rate: 0.05, from: END - 30 * DAY, before: END }
}

fn number_found(found: impl IntoIterator<Item = Hotspots>) -> usize {
    found.into_iter().map(|one| one.found.len()).sum()
}

/// By filter and by how services are tested: number of replicas with a hotspot where there is none.
fn false_discoveries(reports: u64, replicas: u64, label: Label) -> Vec<(String, u64)> {
    let city = city(7, reports);
    let mut counts: Vec<(String, u64)> = Vec::new();
    for seed in 0..replicas {
        let snapshot = shuffled(&city, label, seed);
        let mut number = 0;
        let mut count = |name: String, found: usize| {
            if seed == 0 {
                counts.push((name, 0));
            }
            counts[number].1 += u64::from(found > 0);
            number += 1;
        };
        for (name, filter) in filters() {
            let asked = query(Exposure::Reports);
            let each = hotspots_by_service(&snapshot, &filter, &asked).unwrap_or_default();
            count(format!("{name}, each"), number_found(each.into_iter().map(|(_, one)| one)));
            // All services together are compared with other times: only where those are shuffled.
            if label == Label::ServiceAndTime || filter.services.is_some() {
                let together = hotspots(&snapshot, &filter, &asked);
                count(format!("{name}, together"), number_found(together));
            }
        }
    }
    counts
}

#[test]
fn chance_alone_makes_no_hotspot_under_any_filter() {
    for label in [Label::Service, Label::ServiceAndTime] {
        let counts = false_discoveries(9_000, 8, label);
        assert!(counts.len() >= 16);
        for (name, count) in &counts {
            // With a probability of 0.05 each, three or more of eight are a matter of 0.6 %.
            assert!(*count <= 2, "{name}: {count} of 8 shuffled cities have a hotspot");
        }
        let sum: u64 = counts.iter().map(|(_, count)| count).sum();
        assert!(sum as f64 <= 0.05 * 8.0 * counts.len() as f64, "{counts:?}");
    }
}

#[test]
#[ignore = "takes minutes; 400 shuffled cities of each kind"]
fn chance_alone_makes_hotspots_at_most_at_the_stated_rate() {
    const REPLICAS: u64 = 400;
    for label in [Label::Service, Label::ServiceAndTime] {
        for (name, count) in false_discoveries(9_000, REPLICAS, label) {
            println!("{name}: {count} of {REPLICAS}");
            // 5 % and three standard errors.
            assert!(count <= 33, "{name}: {count} of {REPLICAS}");
        }
    }
}

#[test]
fn expectations_add_up_to_what_was_observed_under_any_filter() {
    let snapshot = shuffled(&city(3, 9_000), Label::ServiceAndTime, 1);
    let day = |days: i64| END - days * DAY;
    let windows = [
        (None, None),
        (Some(day(30)), Some(END)),
        (Some(day(500)), Some(day(90))),
        (None, Some(END)),
    ];
    let mut tested = 0;
    for (name, filter) in filters() {
        for (from, before) in windows {
            for exposure in [Exposure::Reports, Exposure::None] {
                // A test is of the whole city; area and box select among its cells.
                let whole = Filter { from, before, areas: None, bbox: None, ..filter.clone() };
                let counts = count_hexes(&snapshot, &snapshot.compiled(&whole), 8);
                let test = HexTest { k: Some(1), exposure };
                let Ok(scores) = score_hexes(&snapshot, &counts, &whole, test) else { continue };
                let expected: f64 = scores.expected.iter().sum();
                let total = counts.total() as f64;
                assert!((expected - total).abs() < 1e-6 * total, "{name}: {expected} of {total}");
                tested += 1;
            }
        }
    }
    assert!(tested > 100, "{tested}");
}

#[test]
fn the_storm_that_raises_every_service_is_a_hotspot_of_none_but_of_all_together() {
    let snapshot = Snapshot::clone(&Index::from_reports(city(7, 9_000)).reader().load());
    let asked = query(Exposure::Reports);
    let each = hotspots_by_service(&snapshot, &Filter::default(), &asked).unwrap();
    assert_eq!(number_found(each.into_iter().map(|(_, one)| one)), 0);
    let together = hotspots(&snapshot, &Filter::default(), &asked).unwrap();
    assert!(!together.found.is_empty());
    for hotspot in &together.found {
        let west = hotspot.members.iter().filter(|member| snapshot.degrees(**member)[0] < -71.29);
        assert!(west.count() * 10 > hotspot.members.len() * 9);
    }
}
