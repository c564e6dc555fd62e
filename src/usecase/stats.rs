//! Counts under a filter, with the results of the background watch that belong to it.

use std::ops::Range;

use jiff::civil::Date;

use crate::domain::{Filter, days_between, end_of_day};
use crate::error::{Refusal, Result};
use crate::index::{BoundaryIndex, Snapshot};
use crate::message;
use crate::query::{self, Stats, StatsPart, StatsQuery};
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
    /// Counts the reports that pass a filter, as far as `parts` ask; by the areas of
    /// `boundary_set`, if one is named, else by the areas that the reports name. The daily counts
    /// are those from the first to the last day with a report, the latest `days_max` days of them.
    ///
    /// # Errors
    /// An area in which the city has no report; an unknown boundary set.
    pub fn count(
        snapshot: &Snapshot,
        city: &City,
        (filter, boundary_set): (&Filter, Option<&str>),
        parts: &[StatsPart],
        days_max: usize,
    ) -> Result<Self> {
        check_areas(snapshot, filter)?;
        let areas = find_boundary_set(snapshot, boundary_set)?;
        let compiled = snapshot.compiled(filter);
        let has_days = parts.contains(&StatsPart::Days);
        let span = snapshot.requested_span().filter(|_| has_days);
        let days = span.map(|(first, last)| {
            // One scan counts on all days that may have reports; empty ones are cut off after it.
            let asked = compiled.requested_range();
            let (first, last) = (first.max(asked.start), last.min(asked.end - 1));
            days_between(first, last, city.zone(), usize::MAX)
        });
        let (mut starts, days): (Vec<i64>, Vec<Date>) =
            days.unwrap_or_default().into_iter().unzip();
        // The last day may be longer than 24 hours: it ends where the one after it begins.
        starts.extend(starts.last().map(|last| end_of_day(*last, city.zone())));
        let query = StatsQuery { parts, day_starts: &starts, areas };
        let mut counts = query::stats(snapshot, &compiled, query);
        counts.days.truncate(days.len());
        let kept = kept_days(&counts.days, days_max);
        counts.days = counts.days[kept.clone()].to_vec();
        Ok(Self { counts, days: days[kept].to_vec() })
    }
}

/// From the first to the last day that has reports, of them the latest `days_max`.
fn kept_days(counts: &[u64], days_max: usize) -> Range<usize> {
    let first = counts.iter().position(|count| *count > 0).unwrap_or(counts.len());
    let end = counts.iter().rposition(|count| *count > 0).map_or(first, |last| last + 1);
    first.max(end.saturating_sub(days_max))..end
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_kept_from_the_first_to_the_last_with_reports() {
        assert_eq!(kept_days(&[0, 0, 3, 0, 1, 0], 100), 2..5);
        assert_eq!(kept_days(&[0, 0, 3, 0, 1, 0], 2), 3..5);
        assert_eq!(kept_days(&[5], 1), 0..1);
        assert_eq!(kept_days(&[0, 0], 5).len(), 0);
        assert_eq!(kept_days(&[], 5).len(), 0);
    }
}
