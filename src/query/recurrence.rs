//! Places where a repair did not last: closed as done, then reported again.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::domain::ClosedReason;
use crate::index::{CompiledFilter, DocAddress, Snapshot};
use crate::query::density::centroid_and_hull;
use crate::statistics::{DisjointSet, SphereGrid, chord2, chord2_of};

/// Parameters of [`recurrences`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RecurrenceQuery {
    /// Largest distance between a repair and the next report, in metres.
    pub radius_m: f64,
    /// Longest time from the repair to the next report, in seconds.
    pub within: i64,
    /// Seconds after a repair during which a new report does not count: it was sent
    /// before the repair was seen.
    pub not_before: i64,
    /// Number of failed repairs from which a place is called chronic.
    pub chronic_from: u64,
}

/// A place where repairs did not last.
#[derive(Debug, Clone, PartialEq)]
pub struct Recurrence {
    /// Service number.
    pub service: u16,
    /// Mean longitude and latitude of its reports, in degrees.
    pub center: [f64; 2],
    /// Number of repairs after which the same service was reported again in time.
    pub failed: u64,
    /// The reports whose repairs failed.
    pub failed_repairs: Vec<DocAddress>,
    /// Shortest time from a repair to the next report, in seconds.
    pub shortest_s: i64,
    /// Number of its reports that are open or in progress.
    pub open: u64,
    /// Did at least [`RecurrenceQuery::chronic_from`] repairs fail?
    pub is_chronic: bool,
    /// Its reports, ascending by time.
    pub members: Vec<DocAddress>,
}

/// Result of [`recurrences`].
#[derive(Debug, Clone, PartialEq)]
pub struct Recurrences {
    /// Most failed repairs first.
    pub places: Vec<Recurrence>,
    /// Number of repairs: matching reports closed as done at a known time.
    pub repairs: u64,
    /// Number of those that failed.
    pub failed: u64,
}

impl Recurrences {
    /// Share of the repairs that failed, 0 to 1; 0 without a repair.
    ///
    /// ```
    /// use pointchaud::query::Recurrences;
    ///
    /// let found = Recurrences { places: Vec::new(), repairs: 8, failed: 2 };
    /// assert_eq!(found.failed_share(), 0.25);
    /// ```
    pub fn failed_share(&self) -> f64 {
        self.failed as f64 / self.repairs.max(1) as f64
    }
}

/// A report of one service.
#[derive(Clone, Copy)]
struct Visit {
    address: DocAddress,
    requested: i64,
    /// When it was closed as done, in seconds since 1970.
    repaired: Option<i64>,
}

/// Places where the same service was reported again, within a radius and a time, after a report was
/// closed as done. Reports that are linked by such failed repairs form one place. Reports closed as
/// duplicates are ignored: they are neither repairs nor do they show that one failed.
///
/// Takes O(n log n) for the grid of each service, and time in the pairs of reports within the
/// radius; two threads share the services of many reports.
///
/// ```
/// use pointchaud::domain::{ClosedReason, Filter, IndexedFields, ReportId, ServiceCode, Status};
/// use pointchaud::index::Index;
/// use pointchaud::place::Position;
/// use pointchaud::query::{RecurrenceQuery, recurrences};
///
/// const DAY: i64 = 86_400;
/// let at = Position::new(-71.2, 46.81).ok();
/// let (id, service) = (ReportId::new("r1").unwrap(), ServiceCode::new("nid-de-poule").unwrap());
/// let repaired = IndexedFields {
///     status: Status::Closed,
///     reason: Some(ClosedReason::Done),
///     closed: Some(1_790_000_000 + 2 * DAY),
///     ..IndexedFields::new(id, service.clone(), 1_790_000_000, at)
/// };
/// let id = ReportId::new("r2").unwrap();
/// let again = IndexedFields::new(id, service, 1_790_000_000 + 9 * DAY, at);
/// let snapshot = Index::from_reports([repaired, again]).reader().load();
/// let query =
///     RecurrenceQuery { radius_m: 15.0, within: 60 * DAY, not_before: DAY, chronic_from: 3 };
/// let found = recurrences(&snapshot, &snapshot.compiled(&Filter::default()), query);
/// assert_eq!((found.repairs, found.failed), (1, 1));
/// assert_eq!(found.places[0].shortest_s, 7 * DAY);
/// ```
pub fn recurrences(
    snapshot: &Snapshot,
    compiled: &CompiledFilter,
    query: RecurrenceQuery,
) -> Recurrences {
    let [first, second] = halves(visits_by_service(snapshot, compiled));
    let search = |services: Vec<(u16, Vec<Visit>)>| {
        let mut found = Recurrences { places: Vec::new(), repairs: 0, failed: 0 };
        for (service, visits) in services {
            found.repairs += visits.iter().filter(|visit| visit.repaired.is_some()).count() as u64;
            add_places(snapshot, service, &visits, query, &mut found);
        }
        found
    };
    let mut found = if second.is_empty() {
        search(first)
    } else {
        std::thread::scope(|scope| {
            let other = scope.spawn(|| search(second));
            let own = search(first);
            let other = other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            Recurrences {
                places: own.places.into_iter().chain(other.places).collect(),
                repairs: own.repairs + other.repairs,
                failed: own.failed + other.failed,
            }
        })
    };
    found.places.sort_by(|a, b| {
        let ids = || snapshot.id(a.members[0]).cmp(snapshot.id(b.members[0]));
        (b.failed, b.members.len()).cmp(&(a.failed, a.members.len())).then_with(ids)
    });
    found
}

/// The matching located reports of each service that has any, in no particular order.
fn visits_by_service(snapshot: &Snapshot, compiled: &CompiledFilter) -> Vec<(u16, Vec<Visit>)> {
    let mut services: Vec<Vec<Visit>> = vec![Vec::new(); snapshot.service_count()];
    snapshot.scan_located(compiled, 0, 1, |batch| {
        let columns = batch.columns();
        batch.slots().each(|slot| {
            let reason = columns.state(slot).reason();
            if reason != Some(ClosedReason::Duplicate) {
                let is_done = reason == Some(ClosedReason::Done);
                let repaired = if is_done { columns.closed(slot) } else { None };
                let (address, requested) = (batch.address(slot), columns.requested(slot));
                let visit = Visit { address, requested, repaired };
                services[usize::from(columns.service(slot))].push(visit);
            }
        });
    });
    let numbered = (0..).zip(services);
    numbered.filter(|(_, visits)| !visits.is_empty()).collect()
}

/// From this many reports on two threads share the services.
const PARALLEL_MIN: usize = 50_000;

/// The services in two parts of about as many reports; the second is empty where there are few.
fn halves(mut services: Vec<(u16, Vec<Visit>)>) -> [Vec<(u16, Vec<Visit>)>; 2] {
    if services.iter().map(|(_, visits)| visits.len()).sum::<usize>() < PARALLEL_MIN {
        return [services, Vec::new()];
    }
    services.sort_by_key(|(_, visits)| Reverse(visits.len()));
    let (mut halves, mut sizes) = ([Vec::new(), Vec::new()], [0, 0]);
    for (service, visits) in services {
        let smaller = usize::from(sizes[1] < sizes[0]);
        sizes[smaller] += visits.len();
        halves[smaller].push((service, visits));
    }
    halves
}

/// Number of matching repairs: located reports closed as done at a known time.
///
/// ```
/// use pointchaud::domain::{ClosedReason, Filter, IndexedFields, ReportId, ServiceCode, Status};
/// use pointchaud::index::Index;
/// use pointchaud::place::Position;
/// use pointchaud::query::count_repairs;
///
/// let (id, service) = (ReportId::new("r1").unwrap(), ServiceCode::new("nid-de-poule").unwrap());
/// let repaired = IndexedFields {
///     status: Status::Closed,
///     reason: Some(ClosedReason::Done),
///     closed: Some(1_790_000_000),
///     ..IndexedFields::new(id, service, 1_780_000_000, Position::new(-71.2, 46.81).ok())
/// };
/// let snapshot = Index::from_reports([repaired]).reader().load();
/// assert_eq!(count_repairs(&snapshot, &snapshot.compiled(&Filter::default())), 1);
/// ```
pub fn count_repairs(snapshot: &Snapshot, compiled: &CompiledFilter) -> u64 {
    let mut repairs = 0;
    snapshot.scan_located(compiled, 0, 1, |batch| {
        batch.slots().each(|slot| {
            let columns = batch.columns();
            let is_done = columns.state(slot).reason() == Some(ClosedReason::Done);
            repairs += u64::from(is_done && columns.closed(slot).is_some());
        });
    });
    repairs
}

/// Adds the places of one service.
fn add_places(
    snapshot: &Snapshot,
    service: u16,
    visits: &[Visit],
    query: RecurrenceQuery,
    found: &mut Recurrences,
) {
    let places: Vec<[f64; 2]> = visits.iter().map(|v| snapshot.degrees(v.address)).collect();
    let cells = SphereGrid::new(&places, query.radius_m);
    let limit = chord2_of(query.radius_m) * (1.0 + 1e-12);
    // In the order of the grid's points, so that the neighbours of a place lie side by side.
    let requested: Vec<i64> =
        cells.order.iter().map(|number| visits[*number as usize].requested).collect();
    let mut linked = DisjointSet::new(visits.len());
    // By visit: the time from its repair to the next report, where the repair failed.
    let mut failed: Vec<Option<i64>> = vec![None; visits.len()];
    cells.each_near(0..cells.len() as u32, |cell, near| {
        for point in cells.of(cell) {
            let number = cells.order[point];
            let Some(repaired) = visits[number as usize].repaired else { continue };
            for other in near.iter().flat_map(|stretch| cells.of_all(stretch)) {
                let after = requested[other] - repaired;
                let is_again = after > query.not_before && after <= query.within;
                if is_again
                    && other != point
                    && chord2(cells.points[point], cells.points[other]) <= limit
                {
                    linked.join(number, cells.order[other]);
                    let soonest = failed[number as usize].get_or_insert(after);
                    *soonest = after.min(*soonest);
                }
            }
        }
    });
    let mut groups: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for number in 0..visits.len() {
        if linked.size(number as u32) > 1 {
            groups.entry(linked.find(number as u32)).or_default().push(number);
        }
    }
    for mut members in groups.into_values() {
        members.sort_unstable_by(|a, b| {
            let (a, b) = (&visits[*a], &visits[*b]);
            let ids = || snapshot.id(a.address).cmp(snapshot.id(b.address));
            a.requested.cmp(&b.requested).then_with(ids)
        });
        let delays: Vec<i64> = members.iter().filter_map(|member| failed[*member]).collect();
        let failed_members = members.iter().filter(|member| failed[**member].is_some());
        let failed_repairs = failed_members.map(|member| visits[*member].address).collect();
        let own: Vec<[f64; 2]> = members.iter().map(|member| places[*member]).collect();
        let is_open = |member: &&usize| snapshot.state(visits[**member].address).is_open();
        found.failed += delays.len() as u64;
        found.places.push(Recurrence {
            service,
            center: centroid_and_hull(&own).0,
            failed: delays.len() as u64,
            failed_repairs,
            shortest_s: delays.iter().copied().min().unwrap_or_default(),
            open: members.iter().filter(is_open).count() as u64,
            is_chronic: delays.len() as u64 >= query.chronic_from,
            members: members.into_iter().map(|member| visits[member].address).collect(),
        });
    }
}
