//! What the counts of a test are compared with.
//!
//! The counted reports, the *cases*, are a part of a *population*: reports of the same status,
//! nature, channel and accuracy, duplicates counted or left out as among the cases, over the whole
//! extent of the city. Under the null hypothesis a report's place is independent of whether it is a
//! case, so a cell expects the share of all cases that it has of the population: of the year up to
//! the end of the period, so that what is unusual in the period does not hide itself. Hotspots must
//! also stand out among the services of the same period, so that what raises all services alike,
//! such as a festival, makes no hotspot of any; this second test is left out where more than four
//! fifths of that population are cases, as when all services are counted together.

use crate::domain::Filter;
use crate::index::Snapshot;
use crate::query::hex_counts::{HexCounts, counts_aligned};
use crate::query::stats::time_span;

/// Length of the population's period where the cases are compared with a year, in seconds.
const YEAR: i64 = 365 * 86_400;

/// What the counts are compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exposure {
    /// The mean of all cells, as in Gi\* itself: hot cells have many reports.
    None,
    /// The reports of all services that pass the rest of the filter: hot cells have more matching
    /// reports than their share.
    Reports,
}

impl Exposure {
    /// The name of every exposure.
    pub const WORDS: [(&'static str, Self); 2] = [("none", Self::None), ("reports", Self::Reports)];

    /// Its name: `none` or `reports`.
    ///
    /// ```
    /// use pointchaud::query::Exposure;
    ///
    /// assert_eq!(Exposure::Reports.as_str(), "reports");
    /// ```
    pub fn as_str(self) -> &'static str {
        Self::WORDS.iter().find(|(_, exposure)| *exposure == self).map_or("", |(word, _)| word)
    }
}

/// The population of a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Population {
    /// No reports: every cell expects the same count.
    Cells,
    /// The reports of all services in the same period.
    SamePeriod,
    /// The reports of all services in the year up to the end of the period, or in a time twice as
    /// long as the period if that is longer.
    Year,
}

impl Population {
    /// All, with their names.
    pub const WORDS: [(&'static str, Self); 3] =
        [("cells", Self::Cells), ("same_period", Self::SamePeriod), ("year", Self::Year)];

    /// Its name.
    ///
    /// ```
    /// use pointchaud::query::Population;
    ///
    /// assert_eq!(Population::SamePeriod.as_str(), "same_period");
    /// ```
    pub fn as_str(self) -> &'static str {
        Self::WORDS.iter().find(|(_, one)| *one == self).map_or("", |(word, _)| word)
    }
}

/// The number of reports of a population in each cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExposureCounts {
    /// The population.
    pub population: Population,
    /// Number of its reports in each cell of the counts, in their order.
    pub counts: Vec<u32>,
}

/// The filter without what makes a report a case, its service, and without what only selects among
/// the results, area and box.
///
/// ```
/// use pointchaud::domain::Filter;
/// use pointchaud::query::population_filter;
///
/// let cases = Filter { areas: Some(vec!["Cap-Rouge".to_owned()]), ..Filter::default() };
/// assert_eq!(population_filter(&cases), Filter::default());
/// ```
pub fn population_filter(filter: &Filter) -> Filter {
    Filter { services: None, areas: None, bbox: None, ..filter.clone() }
}

/// The filter of the population over a year; none where the period has no beginning or end.
pub(super) fn year_filter(filter: &Filter) -> Option<Filter> {
    let (from, before) = (filter.from?, filter.before?);
    let from = from.saturating_sub(before - from).min(before - YEAR);
    Some(Filter { from: Some(from), ..population_filter(filter) })
}

/// Whether the cases are too large a part of the population of their own period.
pub(super) fn are_most(cases: u64, population: &[u32]) -> bool {
    cases * 5 > population.iter().map(|count| u64::from(*count)).sum::<u64>() * 4
}

/// The population that the cases counted in `counts` under `filter` are compared with: that of a
/// year, as for hotspots, where the filter has a beginning; else that of the same time.
///
/// ```
/// use pointchaud::domain::{Filter, IndexedFields, ReportId, ServiceCode};
/// use pointchaud::index::Index;
/// use pointchaud::place::Position;
/// use pointchaud::query::{Population, count_hexes, exposure_counts};
///
/// let report = |id: &str, service: &str| {
///     let (id, service) = (ReportId::new(id).unwrap(), ServiceCode::new(service).unwrap());
///     IndexedFields::new(id, service, 1_790_000_000, Position::new(-71.2, 46.81).ok())
/// };
/// let index = Index::from_reports([report("r1", "graffiti"), report("r2", "nid-de-poule")]);
/// let snapshot = index.reader().load();
/// let graffiti = Some(vec![ServiceCode::new("graffiti").unwrap()]);
/// let filter = Filter { services: graffiti, ..Filter::default() };
/// let counts = count_hexes(&snapshot, &snapshot.compiled(&filter), 9);
/// let exposure = exposure_counts(&snapshot, &counts, &filter);
/// assert_eq!((counts.values(), exposure.counts), (vec![1], vec![2]));
/// assert_eq!(exposure.population, Population::SamePeriod);
/// ```
pub fn exposure_counts(snapshot: &Snapshot, counts: &HexCounts, filter: &Filter) -> ExposureCounts {
    let newest = || time_span(snapshot, &snapshot.compiled(filter)).map(|(_, last)| last + 1);
    let before = filter.before.or_else(|| filter.from.and_then(|_| newest()));
    let year = year_filter(&Filter { before, ..filter.clone() });
    let (population, filter) = match year {
        None => (Population::SamePeriod, population_filter(filter)),
        Some(year) => (Population::Year, year),
    };
    ExposureCounts { population, counts: counts_aligned(snapshot, counts, &filter) }
}
