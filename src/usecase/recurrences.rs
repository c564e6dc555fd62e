//! Recurrences: places where a problem was reported again after its repair.

use crate::domain::{Catalogue, Filter, ServiceCode, View};
use crate::error::Result;
use crate::index::{DocAddress, Snapshot};
use crate::query::{self, Recurrence, RecurrenceQuery, Recurrences};
use crate::usecase::reports::check_areas;
use crate::usecase::{App, City};

const DAY_SECONDS: i64 = 86_400;
/// Reports within an hour after a repair belong to the same visit of a crew, which files several at
/// once; they do not count as recurrences.
const VISIT_SECONDS: i64 = 3_600;

/// A search for places where repairs did not last.
#[derive(Debug, Clone)]
pub struct RecurrenceSearch {
    /// The reports. Its box, areas and statuses select among the places of the whole city.
    pub filter: Filter,
    /// Largest distance between a repair and the next report, in metres.
    pub radius_m: f64,
    /// Largest number of days from the repair to the next report.
    pub within_days: i64,
    /// Number of failed repairs from which a place is called chronic.
    pub chronic_from: u64,
}

/// The recurrences that a search found.
pub struct FoundRecurrences {
    /// The recurrences; only places with a report in box and areas of the filter, and with one of
    /// its statuses.
    pub found: Recurrences,
    /// Codes of services that were left out because each of their reports is an appointment.
    pub services_left_out: Vec<String>,
}

impl RecurrenceSearch {
    /// Finds places where a problem came back after its repair. Services by appointment, such as
    /// pickups, are searched only if the filter names them.
    ///
    /// A place at the edge of an area is the same with and without box, areas and statuses of the
    /// filter, and so is one of which only the newest report is open.
    ///
    /// # Errors
    /// An area in which the city has no report.
    pub fn find(&self, snapshot: &Snapshot, catalogue: &Catalogue) -> Result<FoundRecurrences> {
        check_areas(snapshot, &self.filter)?;
        let query = RecurrenceQuery {
            radius_m: self.radius_m,
            within: self.within_days * DAY_SECONDS,
            not_before: VISIT_SECONDS,
            chronic_from: self.chronic_from,
        };
        Ok(find_recurrences(snapshot, catalogue, &self.filter, query))
    }
}

impl App {
    /// The address of the newest report of a place as a view reads it; `None` if it has none.
    ///
    /// # Errors
    /// The store.
    pub fn address_of(
        &self,
        (city, view): (&City, View),
        snapshot: &Snapshot,
        place: &Recurrence,
    ) -> Result<Option<String>> {
        let newest: Vec<&str> =
            place.members.last().map(|address| snapshot.id(*address)).into_iter().collect();
        let stored = self.stored(city, view, &newest)?;
        Ok(stored.into_iter().next().and_then(|stored| stored.report.address))
    }
}

fn find_recurrences(
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
