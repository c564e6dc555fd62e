//! Counts under a filter, with the results of the background watch that belong to it.

use jiff::civil::Date;

use crate::domain::{Filter, days_between};
use crate::error::{Refusal, Result};
use crate::index::{BoundaryIndex, Snapshot};
use crate::message;
use crate::query::{self, Stats};
use crate::usecase::City;
use crate::usecase::reports::check_areas;

/// Counts under a filter.
pub struct CityStats {
    /// The counts.
    pub counts: Stats,
    /// The dates of the daily counts, in the same order.
    pub days: Vec<Date>,
}

impl CityStats {
    /// Counts the reports that pass a filter; by the areas of `boundary_set`, if one is named, else
    /// by the areas that the reports name. The daily counts cover at most `days_max` days.
    ///
    /// # Errors
    /// An area in which the city has no report; an unknown boundary set.
    pub fn count(
        snapshot: &Snapshot,
        city: &City,
        (filter, boundary_set): (&Filter, Option<&str>),
        days_max: usize,
    ) -> Result<Self> {
        check_areas(snapshot, filter)?;
        let areas = find_boundary_set(snapshot, boundary_set)?;
        let compiled = snapshot.compiled(filter);
        let days = query::time_span(snapshot, &compiled)
            .map(|(first, last)| days_between(first, last, city.zone(), days_max));
        let (starts, days): (Vec<i64>, Vec<Date>) = days.unwrap_or_default().into_iter().unzip();
        let counts = query::stats(snapshot, &compiled, &starts, areas);
        Ok(Self { counts, days })
    }
}

/// The boundary set of this name; `None` if no name is given.
fn find_boundary_set<'a>(
    snapshot: &'a Snapshot,
    name: Option<&str>,
) -> Result<Option<&'a BoundaryIndex>> {
    let Some(name) = name else { return Ok(None) };
    let Some(set) = snapshot.boundary_set(name) else {
        let message = message!(
            "n’est pas un découpage de cette ville ; voir /api/v1/boundaries",
            "is not a boundary set of this city; see /api/v1/boundaries"
        );
        return Err(Refusal::new("areas", name, message).into());
    };
    Ok(Some(set))
}
