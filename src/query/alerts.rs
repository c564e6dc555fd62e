//! Alerts: clusters of reports of one service that have just begun.
//!
//! They are found by the space-time permutation scan ([`scan`]) over a year of reports. Locations
//! are the H3 cells of the city's extent; scanning cylinders have a radius of up to three cells and
//! go back up to fourteen days. Reports known to be duplicates are left out, because they cluster
//! by nature.

use crate::domain::{Filter, ServiceCode};
use crate::index::{DocAddress, RING_MAX, Snapshot};
use crate::place::H3Cell;
use crate::query::hex_counts::count_hexes;
use crate::statistics::{NeighbourLists, SCAN_DAYS, ScanCases, ScanSettings, scan};

/// H3 resolution of the scan: cells some 350 m apart.
const SCAN_RESOLUTION: u8 = 9;
/// Length of the study period, in days.
const STUDY_DAYS: i64 = 365;
const DAY: i64 = 86_400;
/// Most clusters of one service.
const CLUSTERS_MAX: usize = 5;

/// Parameters of [`alerts`].
#[derive(Debug, Clone, Copy)]
pub struct AlertQuery {
    /// End of the study period, exclusive, in seconds since 1970.
    pub at: i64,
    /// How the null distribution is sampled.
    pub draws: ScanSettings,
    /// Number of services that are scanned, which determines how often chance raises an alert.
    pub services: usize,
}

/// Recurrence interval, in days, from which a cluster has the level `alert` instead of `watch`.
const ALERT_DAYS: f64 = 365.0;

/// How unlikely an alert is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlertLevel {
    /// Expected less than once a year by chance.
    Alert,
    /// Expected more often.
    Watch,
}

/// A cluster of reports that has just begun.
#[derive(Debug, Clone, PartialEq)]
pub struct Alert {
    /// The service.
    pub service: ServiceCode,
    /// The H3 cells that its reports are in.
    pub cells: Vec<H3Cell>,
    /// Its first second, in seconds since 1970; it lasts until the end of the study period.
    pub from: i64,
    /// Number of reports.
    pub count: u32,
    /// Number expected under the null hypothesis.
    pub expected: f64,
    /// Log likelihood ratio of the cluster against chance.
    pub log_likelihood_ratio: f64,
    /// Probability under the null hypothesis of a cluster with at least this ratio anywhere among
    /// the reports of the service.
    pub p: f64,
    /// Recurrence interval: chance alone raises such an alert once in this many days, if all
    /// services are scanned once a day.
    pub recurrence_days: f64,
    /// The ids of its reports, ascending by time. Ids, because they outlive the snapshot.
    pub members: Vec<String>,
}

impl Alert {
    /// How unlikely it is.
    pub fn level(&self) -> AlertLevel {
        if self.recurrence_days >= ALERT_DAYS { AlertLevel::Alert } else { AlertLevel::Watch }
    }

    /// Number of days that it has lasted at the end `at` of the study period.
    pub fn days(&self, at: i64) -> i64 {
        (at - self.from) / DAY
    }
}

/// The clusters of one service whose recurrence interval is at least `days_min` days.
///
/// ```
/// use pointchaud::domain::{IndexedFields, ReportId, ServiceCode};
/// use pointchaud::index::Index;
/// use pointchaud::place::Position;
/// use pointchaud::query::{AlertLevel, AlertQuery, alerts};
/// use pointchaud::statistics::ScanSettings;
///
/// // A year with a report a day, each day elsewhere; then fifteen in two days at one place.
/// const DAY: i64 = 86_400;
/// let end = 1_790_000_000;
/// let service = ServiceCode::new("fuite").unwrap();
/// let report = |n: i64| {
///     let everywhere = ((n * 37 % 60) as f64 * 0.01, n);
///     let (lon, day) = if n < 360 { everywhere } else { (0.5, 363 + n % 2) };
///     let id = ReportId::new(&format!("r{n}")).unwrap();
///     let at = Position::new(-71.5 + lon, 46.8).ok();
///     IndexedFields::new(id, service.clone(), end - 365 * DAY + day * DAY, at)
/// };
/// let snapshot = Index::from_reports((0..375).map(report)).reader().load();
/// let draws = ScanSettings { replicas: 99, seed: 311, stop_after: 99 };
/// let found = alerts(&snapshot, &service, AlertQuery { at: end, draws, services: 1 }, 30.0);
/// assert_eq!(found.len(), 1);
/// assert!(found[0].count >= 15 && found[0].p <= 0.01);
/// assert_eq!(found[0].level(), AlertLevel::Alert, "chance raises it once in years");
/// ```
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
    // By time and id, so that the same seed draws the same permutations.
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
        let mut cells: Vec<H3Cell> =
            members.clone().map(|((_, place, _), _)| counts.cells[*place as usize]).collect();
        cells.sort_unstable();
        cells.dedup();
        Alert {
            service: service.clone(),
            cells,
            from: query.at - cylinder.days as i64 * DAY,
            count: cylinder.count,
            expected: cylinder.expected,
            log_likelihood_ratio: cylinder.ratio,
            p: cylinder.p,
            recurrence_days: 1.0 / (cylinder.p * query.services.max(1) as f64).max(1e-9),
            members: members.map(|((.., address), _)| snapshot.id(*address).to_owned()).collect(),
        }
    };
    let alerts = found.into_iter().map(alert);
    alerts.filter(|alert| alert.recurrence_days >= days_min).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_level_follows_from_the_recurrence_interval_and_the_days_from_the_begin() {
        let alert = |recurrence_days: f64| Alert {
            service: ServiceCode::new("fuite").unwrap(),
            cells: Vec::new(),
            from: 10 * DAY,
            count: 5,
            expected: 1.0,
            log_likelihood_ratio: 3.0,
            p: 0.01,
            recurrence_days,
            members: Vec::new(),
        };
        assert_eq!(alert(364.9).level(), AlertLevel::Watch);
        assert_eq!(alert(365.0).level(), AlertLevel::Alert);
        assert_eq!(alert(1e6).level(), AlertLevel::Alert);
        assert_eq!(alert(30.0).days(13 * DAY), 3);
    }
}
