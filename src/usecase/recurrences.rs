//! Recurrences: places where a problem was reported again after its repair.

use crate::domain::{Catalogue, Filter, ServiceCode};
use crate::index::Snapshot;
use crate::place::Position;
use crate::query::{self, RecurrenceQuery, Recurrences};

/// The recurrences that a search found.
pub struct FoundRecurrences {
    /// The recurrences; only places whose centre is in the box of the filter.
    pub found: Recurrences,
    /// Codes of services that were left out because each of their reports is an appointment.
    pub services_left_out: Vec<String>,
}

/// Finds places where a problem came back after its repair. Services by appointment, such as
/// pickups, are searched only if the filter names them.
pub fn find_recurrences(
    snapshot: &Snapshot,
    catalogue: &Catalogue,
    filter: &Filter,
    query: RecurrenceQuery,
) -> FoundRecurrences {
    let bbox = filter.bbox;
    let mut filter = filter.clone();
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
    if let Some(bbox) = bbox {
        let is_inside = |center: [f64; 2]| {
            Position::new(center[0], center[1]).is_ok_and(|at| bbox.contains(at))
        };
        found.places.retain(|place| is_inside(place.center));
    }
    FoundRecurrences { found, services_left_out }
}
