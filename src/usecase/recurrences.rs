//! Recurrences: places where a problem was reported again after its repair.

use crate::domain::{Catalogue, Filter, ServiceCode};
use crate::index::{DocAddress, Snapshot};
use crate::query::{self, RecurrenceQuery, Recurrences};

/// The recurrences that a search found.
pub struct FoundRecurrences {
    /// The recurrences; only places with a report in box and areas of the filter, and with one of
    /// its statuses.
    pub found: Recurrences,
    /// Codes of services that were left out because each of their reports is an appointment.
    pub services_left_out: Vec<String>,
}

/// Finds places where a problem came back after its repair. Services by appointment, such as
/// pickups, are searched only if the filter names them.
///
/// The box, areas and statuses of the filter select among the places of the whole city. A place at
/// the edge of an area is the same with and without them, and so is one of which only the newest
/// report is open.
pub fn find_recurrences(
    snapshot: &Snapshot,
    catalogue: &Catalogue,
    filter: &Filter,
    query: RecurrenceQuery,
) -> FoundRecurrences {
    let Filter { bbox, areas, statuses, .. } = filter.clone();
    let mut filter = Filter { bbox: None, areas: None, statuses: None, ..filter.clone() };
    let mut services_left_out = Vec::new();
    if filter.services.is_none() {
        let is_appointment =
            |code: &str| catalogue.get(code).is_some_and(|service| service.is_appointment());
        let all = (0..snapshot.service_count() as u16).map(|number| snapshot.service_code(number));
        let (appointments, others) = all.partition::<Vec<&str>, _>(|code| is_appointment(code));
        filter.services = Some(others.into_iter().filter_map(ServiceCode::new).collect());
        services_left_out = appointments.into_iter().map(str::to_owned).collect();
    }
    let mut found = query::recurrences(snapshot, &snapshot.compiled(&filter), query);
    if bbox.is_none() && areas.is_none() && statuses.is_none() {
        return FoundRecurrences { found, services_left_out };
    }
    // Repairs are counted inside box and areas, whatever their status is today.
    let inside = snapshot.compiled(&Filter { bbox, areas, ..filter });
    let passes = |address: &DocAddress| snapshot.matches(*address, &inside);
    let failed = found.places.iter().flat_map(|place| &place.failed_repairs);
    found.failed = failed.filter(|address| passes(address)).count() as u64;
    found.repairs = query::count_repairs(snapshot, &inside);
    let status = snapshot.compiled(&Filter { statuses, ..Filter::default() });
    found.places.retain(|place| {
        place.members.iter().any(passes)
            && place.members.iter().any(|member| snapshot.matches(*member, &status))
    });
    FoundRecurrences { found, services_left_out }
}
