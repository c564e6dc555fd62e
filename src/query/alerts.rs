//! Alerts: what has just begun somewhere, service by service.
//!
//! The space-time permutation scan ([`scan`]) over a year of reports: places are the hexagons of
//! the city's extent, cylinders reach up to three steps around one and up to fourteen days back.
//! Reports known to repeat another are left out: they come together by nature.

use crate::domain::{Filter, ServiceCode};
use crate::index::{DocAddress, RING_MAX, Snapshot};
use crate::place::Hex;
use crate::query::hexes::count_hexes;
use crate::statistics::{NeighbourLists, SCAN_DAYS, ScanCases, ScanSettings, scan};

/// Resolution of the scan: places some 350 m apart.
const SCAN_RESOLUTION: u8 = 9;
/// How far back reports are looked at, in days.
const STUDY_DAYS: i64 = 365;
const DAY: i64 = 86_400;
/// Clusters of one service at most.
const CLUSTERS_MAX: usize = 5;

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct AlertQuery {
    /// The second behind the last that is looked at.
    pub at: i64,
    /// How the null is drawn.
    pub draws: ScanSettings,
    /// Services that are scanned: one in so many may raise a false alarm.
    pub services: usize,
}

/// A cluster that has just begun.
#[derive(Debug, Clone, PartialEq)]
pub struct Alert {
    /// The service.
    pub service: ServiceCode,
    /// Its cells.
    pub cells: Vec<Hex>,
    /// It holds reports from this second on.
    pub from: i64,
    /// How many.
    pub count: u32,
    /// How many were expected.
    pub expected: f64,
    /// Logarithm of the likelihood ratio.
    pub ratio: f64,
    /// Probability under the null of one as unlikely anywhere among this service's reports.
    pub p: f64,
    /// Once in how many days chance alone brings one as unlikely, where all services are scanned
    /// once a day.
    pub recurrence_days: f64,
    /// The ids of its reports, in the order of time: they outlive the snapshot.
    pub members: Vec<String>,
}

/// The clusters of one service that chance alone brings less than once in `days_min` days.
pub fn alerts(
    snapshot: &Snapshot,
    service: &ServiceCode,
    query: AlertQuery,
    days_min: f64,
) -> Vec<Alert> {
    let filter = Filter {
        services: Some(vec![service.clone()]),
        from: Some(query.at - STUDY_DAYS * DAY),
        before: Some(query.at),
        incidents: true,
        ..Filter::default()
    };
    let compiled = snapshot.compiled(&filter);
    let counts = count_hexes(snapshot, &compiled, SCAN_RESOLUTION);
    let by_fragment = counts.by_fragment(snapshot);
    let mut cases: Vec<(i64, u32, DocAddress)> = Vec::new();
    snapshot.scan_located(&compiled, 0, 1, |batch| {
        let columns = batch.columns();
        batch.slots().each(|slot| {
            if let Some(place) = by_fragment[columns.fragment(slot) as usize] {
                cases.push((columns.requested(slot), place, batch.address(slot)));
            }
        });
    });
    // In the order of time and id, so that the draws can be repeated.
    cases.sort_unstable_by(|a, b| {
        a.0.cmp(&b.0).then_with(|| snapshot.id(a.2).cmp(snapshot.id(b.2)))
    });
    let places: Vec<u32> = cases.iter().map(|case| case.1).collect();
    let age = |second: i64| ((query.at - 1 - second) / DAY) as u32;
    let ages: Vec<u32> = cases.iter().map(|case| age(case.0)).collect();
    if ages.iter().filter(|age| (**age as usize) < SCAN_DAYS).count() < 3 {
        return Vec::new();
    }
    let mut zones = vec![NeighbourLists::alone(counts.cells.len())];
    zones.extend((1..=RING_MAX).map(|k| counts.neighbours(snapshot, k)));
    let scanned = ScanCases { places: &places, ages: &ages, zones: &zones };
    let found = scan(scanned, query.draws, CLUSTERS_MAX);
    let alert = |cylinder: crate::statistics::Cylinder| {
        let around = zones[cylinder.width].of(cylinder.place as usize);
        let inside = |place: u32| place == cylinder.place || around.contains(&place);
        let members = cases
            .iter()
            .zip(&ages)
            .filter(|((_, place, _), age)| (**age as usize) < cylinder.days && inside(*place));
        let mut cells: Vec<Hex> =
            members.clone().map(|((_, place, _), _)| counts.cells[*place as usize]).collect();
        cells.sort_unstable();
        cells.dedup();
        Alert {
            service: service.clone(),
            cells,
            from: query.at - cylinder.days as i64 * DAY,
            count: cylinder.count,
            expected: cylinder.expected,
            ratio: cylinder.ratio,
            p: cylinder.p,
            recurrence_days: 1.0 / (cylinder.p * query.services.max(1) as f64).max(1e-9),
            members: members.map(|((.., address), _)| snapshot.id(*address).to_owned()).collect(),
        }
    };
    let alerts = found.into_iter().map(alert);
    alerts.filter(|alert| alert.recurrence_days >= days_min).collect()
}
