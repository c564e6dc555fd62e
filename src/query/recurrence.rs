//! What was repaired and reported again: a fix that did not last.

use std::collections::BTreeMap;

use crate::domain::{ClosedReason, Status};
use crate::index::{CompiledFilter, DocAddress, Snapshot};
use crate::statistics::{DisjointSet, SphereGrid, chord2, chord2_of};

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RecurrenceQuery {
    /// How near a report is to be to what was closed, in metres.
    pub radius_m: f64,
    /// How soon after, in seconds.
    pub within: i64,
    /// What is reported sooner after the repair is of the same visit, in seconds.
    pub not_before: i64,
    /// Repairs that failed which make a place chronic.
    pub chronic_from: u64,
}

/// A place where repairs did not last.
#[derive(Debug, Clone, PartialEq)]
pub struct Recurrence {
    /// Number of the service.
    pub service: u16,
    /// Mean longitude and latitude of its reports, in degrees.
    pub center: [f64; 2],
    /// Repairs after which the same was reported again in time.
    pub failed: u64,
    /// Days from the repair to the next report, the shortest.
    pub shortest: i64,
    /// Of its reports, how many are not closed.
    pub open: u64,
    /// Failed often enough to be called chronic.
    pub is_chronic: bool,
    /// Its reports, in the order of time.
    pub members: Vec<DocAddress>,
}

/// Answer of [`recurrences`].
#[derive(Debug, Clone, PartialEq)]
pub struct Recurrences {
    /// Most failed repairs first.
    pub places: Vec<Recurrence>,
    /// Reports closed as done, with a known time, that were looked at.
    pub repairs: u64,
    /// How many of them failed.
    pub failed: u64,
}

/// One report of a service.
#[derive(Clone, Copy)]
struct Visit {
    address: DocAddress,
    requested: i64,
    /// When it was closed as done.
    repaired: Option<i64>,
}

/// Places where the same service was asked for again within a radius and a time after it was closed
/// as done. Reports linked by such repairs are one place. A report that repeats another (closed as
/// duplicate) neither is a repair nor says that one failed.
pub fn recurrences(
    snapshot: &Snapshot,
    compiled: &CompiledFilter,
    query: RecurrenceQuery,
) -> Recurrences {
    let mut services: BTreeMap<u16, Vec<Visit>> = BTreeMap::new();
    snapshot.scan_located(compiled, 0, 1, |batch| {
        batch.slots().each(|slot| {
            let record = batch.columns().record(slot);
            if record.reason != Some(ClosedReason::Duplicate) {
                let repaired = record.closed.filter(|_| record.reason == Some(ClosedReason::Done));
                let address = batch.address(slot);
                let visit = Visit { address, requested: record.requested, repaired };
                services.entry(record.service).or_default().push(visit);
            }
        });
    });
    let mut found = Recurrences { places: Vec::new(), repairs: 0, failed: 0 };
    for (service, mut visits) in services {
        visits.sort_unstable_by(|a, b| {
            let ids = || snapshot.id(a.address).cmp(snapshot.id(b.address));
            a.requested.cmp(&b.requested).then_with(ids)
        });
        found.repairs += visits.iter().filter(|visit| visit.repaired.is_some()).count() as u64;
        of_service(snapshot, service, &visits, query, &mut found);
    }
    found.places.sort_by(|a, b| {
        let ids = || snapshot.id(a.members[0]).cmp(snapshot.id(b.members[0]));
        (b.failed, b.members.len()).cmp(&(a.failed, a.members.len())).then_with(ids)
    });
    found
}

/// Adds the places of one service; `visits` are in the order of time.
fn of_service(
    snapshot: &Snapshot,
    service: u16,
    visits: &[Visit],
    query: RecurrenceQuery,
    found: &mut Recurrences,
) {
    let places: Vec<[f64; 2]> = visits.iter().map(|v| snapshot.degrees(v.address)).collect();
    let cells = SphereGrid::new(&places, query.radius_m);
    let limit = chord2_of(query.radius_m) * (1.0 + 1e-12);
    let mut linked = DisjointSet::new(visits.len());
    // Of each repair that failed, how soon.
    let mut failed: Vec<Option<i64>> = vec![None; visits.len()];
    cells.each_near(0..cells.len() as u32, |cell, near| {
        for point in cells.of(cell) {
            let number = cells.order[point];
            let Some(repaired) = visits[number as usize].repaired else { continue };
            for other in near.iter().flat_map(|stretch| cells.of_all(stretch)) {
                let later = cells.order[other];
                let after = visits[later as usize].requested - repaired;
                let again = after > query.not_before && after <= query.within;
                if again
                    && later != number
                    && chord2(cells.points[point], cells.points[other]) <= limit
                {
                    linked.join(number, later);
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
    for members in groups.into_values() {
        let soon: Vec<i64> = members.iter().filter_map(|member| failed[*member]).collect();
        let own: Vec<[f64; 2]> = members.iter().map(|member| places[*member]).collect();
        let is_open =
            |member: &&usize| snapshot.record(visits[**member].address).status != Status::Closed;
        found.failed += soon.len() as u64;
        found.places.push(Recurrence {
            service,
            center: crate::query::density::outline(&own).0,
            failed: soon.len() as u64,
            shortest: soon.iter().copied().min().unwrap_or_default(),
            open: members.iter().filter(is_open).count() as u64,
            is_chronic: soon.len() as u64 >= query.chronic_from,
            members: members.into_iter().map(|member| visits[member].address).collect(),
        });
    }
}
