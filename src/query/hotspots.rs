//! Hotspots: regions of touching H3 cells that are significantly hot, with what is known of each.
//!
//! The matching reports of the period are tested against their population
//! ([`hot_regions`](crate::query::hotspot_test)). A region is a hotspot if it has at least
//! [`REPORTS_MIN`] reports, [`RATIO_MIN`] times as many as expected, and a recent one. Then all
//! earlier reports are scanned once: what is usual in the region, and since when there is more.

use std::collections::BTreeMap;

use crate::domain::{Filter, ServiceCode};
use crate::index::{DocAddress, Snapshot};
use crate::place::H3Cell;
use crate::query::exposure::{Exposure, Population, are_most, population_filter, year_filter};
use crate::query::hex_counts::{HexCounts, count_hexes, counts_aligned};
use crate::query::hex_scores::{CELLS_MIN, UntestableReason, class_of};
use crate::query::hotspot_history::{HotspotHistory, histories};
use crate::query::hotspot_test::{
    CASES_MIN, Case, CaseGroup, HotRegion, Neighbourhoods, hot_regions, radius,
};
use crate::statistics::{MannKendall, mann_kendall};

/// Number of time steps of the window for the test of a trend.
const TREND_STEPS: usize = 8;
/// A region with fewer reports is no hotspot, however significant.
pub const REPORTS_MIN: u64 = CASES_MIN as u64;
/// A region with fewer reports than this multiple of the expected number is no hotspot.
pub const RATIO_MIN: f64 = 1.5;
/// The newest report of a hotspot is at most so old at the end of the window, in seconds, and at
/// most half the window.
pub const RECENT: i64 = 14 * 86_400;

/// Parameters of [`hotspots`].
#[derive(Debug, Clone, PartialEq)]
pub struct HotspotQuery {
    /// H3 resolution.
    pub resolution: u8,
    /// Radius of a neighbourhood in steps. None for 1 with exposure, else for
    /// [`auto_k`](crate::query::auto_k).
    pub k: Option<u8>,
    /// What the counts are compared with.
    pub exposure: Exposure,
    /// False discovery rate at which a cell is hot: 0.1, 0.05 or 0.01.
    pub rate: f64,
    /// Start of the window, in seconds since 1970.
    pub from: i64,
    /// End of the window, exclusive, in seconds since 1970.
    pub before: i64,
}

impl HotspotQuery {
    /// Greatest age of a hotspot's newest report at the end of the window, in seconds.
    pub(crate) fn recent(&self) -> i64 {
        RECENT.min((self.before - self.from) / 2)
    }
}

/// A region with significantly many reports.
#[derive(Debug, Clone, PartialEq)]
pub struct Hotspot {
    /// Its cells, ascending: each has more reports than expected.
    pub cells: Vec<H3Cell>,
    /// The cells around them whose reports took part in the test, ascending.
    pub ring: Vec<H3Cell>,
    /// Number of reports in the window.
    pub count: u64,
    /// Number of those that are open or in progress.
    pub open: u64,
    /// Number expected in its cells under the null hypothesis.
    pub expected: f64,
    /// What the expectation follows from.
    pub population: Population,
    /// Largest z score of its cells.
    pub z: f64,
    /// Smallest false discovery rate of its cells.
    pub q: f64,
    /// When the oldest open report was requested, in seconds since 1970.
    pub oldest_open: Option<i64>,
    /// What is usual there, and since when there is more.
    pub history: HotspotHistory,
    /// Trend of the count within the window.
    pub trend: MannKendall,
    /// Number of reports by service number, most first.
    pub services: Vec<(u16, u64)>,
    /// Numbers of the areas that its reports are in, most reports first.
    pub areas: Vec<u16>,
    /// Its reports, ascending by time.
    pub members: Vec<DocAddress>,
}

impl Hotspot {
    /// 3, 2, 1 at a false discovery rate of 1, 5, 10 %, like the class of a cell.
    pub(crate) fn class(&self) -> i8 {
        class_of(self.z, self.q)
    }
}

/// Result of [`hotspots`].
#[derive(Debug, Clone, PartialEq)]
pub struct Hotspots {
    /// The hotspots, in no particular order.
    pub found: Vec<Hotspot>,
    /// Radius of the neighbourhoods, in steps.
    pub k: u8,
    /// Number of cells of the extent.
    pub cells: usize,
    /// Number of matching reports in the window.
    pub total: u64,
}

/// The hotspots of the matching reports in the window, services together. The filter's own times
/// are ignored, and so are its areas and box: the whole city is tested, and a caller selects among
/// the hotspots.
///
/// Takes O(reports + cells · k²) time.
///
/// # Errors
/// Why nothing can be tested.
///
/// ```
/// use pointchaud::domain::{Filter, IndexedFields, ReportId, ServiceCode};
/// use pointchaud::index::Index;
/// use pointchaud::place::Position;
/// use pointchaud::query::{Exposure, HotspotQuery, hotspots};
///
/// // A report in each of 144 places, and sixty more in four of them.
/// let report = |n: u32| {
///     let (x, y) = if n < 144 { (n % 12, n / 12) } else { (4 + n % 2, 4 + n / 2 % 2) };
///     let at = Position::new(-71.3 + f64::from(x) * 0.01, 46.8 + f64::from(y) * 0.01).ok();
///     let id = ReportId::new(&format!("r{n}")).unwrap();
///     IndexedFields::new(id, ServiceCode::new("graffiti").unwrap(), 1_790_000_000, at)
/// };
/// let snapshot = Index::from_reports((0..204).map(report)).reader().load();
/// let query = HotspotQuery {
///     resolution: 8,
///     k: Some(1),
///     exposure: Exposure::None,
///     rate: 0.05,
///     from: 1_790_000_000 - 86_400,
///     before: 1_790_000_000 + 86_400,
/// };
/// let found = hotspots(&snapshot, &Filter::default(), &query).unwrap();
/// assert_eq!((found.found.len(), found.total), (1, 204));
/// assert!(found.found[0].count > 60);
/// ```
pub fn hotspots(
    snapshot: &Snapshot,
    filter: &Filter,
    query: &HotspotQuery,
) -> Result<Hotspots, UntestableReason> {
    let search = Search::new(snapshot, filter, query);
    let services = filter.services.as_ref().map(|list| numbers(snapshot, list));
    let is_case = |case: &Case| services.as_ref().is_none_or(|list| list.contains(&case.service));
    let cases: Vec<Case> = search.cases.iter().filter(|case| is_case(case)).copied().collect();
    let groups = [(None, cases.as_slice())];
    let mut found = search.find(&groups, services.as_deref())?;
    found.pop().ok_or(UntestableReason::NoReports)
}

/// The hotspots of each service by itself, for the services with matching reports in the window.
/// All services are tested as one family, so that the false discovery rate holds for the
/// whole list; `filter.services` selects among the results, as [`hotspots`] says of areas.
///
/// # Errors
/// Why nothing can be tested.
///
/// ```
/// use pointchaud::domain::{Filter, IndexedFields, ReportId, ServiceCode};
/// use pointchaud::index::Index;
/// use pointchaud::place::Position;
/// use pointchaud::query::{Exposure, HotspotQuery, hotspots_by_service};
///
/// // A report in each of 144 places, and sixty more in four of them.
/// let report = |n: u32| {
///     let (x, y) = if n < 144 { (n % 12, n / 12) } else { (4 + n % 2, 4 + n / 2 % 2) };
///     let at = Position::new(-71.3 + f64::from(x) * 0.01, 46.8 + f64::from(y) * 0.01).ok();
///     let id = ReportId::new(&format!("r{n}")).unwrap();
///     IndexedFields::new(id, ServiceCode::new("graffiti").unwrap(), 1_790_000_000, at)
/// };
/// let snapshot = Index::from_reports((0..204).map(report)).reader().load();
/// let query = HotspotQuery {
///     resolution: 8,
///     k: Some(1),
///     exposure: Exposure::None,
///     rate: 0.05,
///     from: 1_790_000_000 - 86_400,
///     before: 1_790_000_000 + 86_400,
/// };
/// let found = hotspots_by_service(&snapshot, &Filter::default(), &query).unwrap();
/// assert_eq!((found[0].0.as_str(), found[0].1.found.len()), ("graffiti", 1));
/// ```
pub fn hotspots_by_service(
    snapshot: &Snapshot,
    filter: &Filter,
    query: &HotspotQuery,
) -> Result<Vec<(ServiceCode, Hotspots)>, UntestableReason> {
    let mut search = Search::new(snapshot, filter, query);
    search.cases.sort_unstable_by_key(|case| (case.service, case.cell, case.address));
    let by_service = search.cases.chunk_by(|a, b| a.service == b.service);
    let groups: Vec<(Option<u16>, &[Case])> =
        by_service.map(|cases| (Some(cases[0].service), cases)).collect();
    let wanted = filter.services.as_ref().map(|list| numbers(snapshot, list));
    let is_wanted = |number: &u16| wanted.as_ref().is_none_or(|list| list.contains(number));
    if groups.is_empty() {
        return Err(UntestableReason::NoReports);
    }
    let found = groups.iter().filter_map(|(service, _)| *service).zip(search.find(&groups, None)?);
    let found = found.filter(|(service, _)| is_wanted(service)).filter_map(|(service, found)| {
        Some((ServiceCode::new(snapshot.service_code(service))?, found))
    });
    let found: Vec<(ServiceCode, Hotspots)> = found.collect();
    if found.is_empty() { Err(UntestableReason::NoReports) } else { Ok(found) }
}

/// Has the region more reports than the same weeks of earlier years had there, where these are
/// known? A place that has as many every year has no excess.
fn is_unusual(region: &HotRegion, history: &HotspotHistory) -> bool {
    history.usual.is_none_or(|usual| region.cases.len() as f64 >= RATIO_MIN * usual)
}

/// Numbers of the services that the snapshot knows.
fn numbers(snapshot: &Snapshot, codes: &[ServiceCode]) -> Vec<u16> {
    codes.iter().filter_map(|code| snapshot.service_number(code.as_str())).collect()
}

/// A search: the population of the window, counted.
struct Search<'a> {
    snapshot: &'a Snapshot,
    query: &'a HotspotQuery,
    /// The population of the window.
    population: Filter,
    /// Its counts.
    counts: HexCounts,
    /// Its reports.
    cases: Vec<Case>,
}

impl<'a> Search<'a> {
    fn new(snapshot: &'a Snapshot, filter: &Filter, query: &'a HotspotQuery) -> Self {
        let window = (Some(query.from), Some(query.before));
        let population = Filter { from: window.0, before: window.1, ..population_filter(filter) };
        let compiled = snapshot.compiled(&population);
        let counts = count_hexes(snapshot, &compiled, query.resolution);
        let by_fragment = counts.by_fragment(snapshot);
        let mut cases = Vec::with_capacity(counts.total() as usize);
        snapshot.scan_located(&compiled, 0, 1, |batch| {
            let columns = batch.columns();
            batch.slots().each(|slot| {
                if let Some(cell) = by_fragment[columns.fragment(slot) as usize] {
                    cases.push(Case {
                        cell,
                        service: columns.service(slot),
                        requested: columns.requested(slot),
                        is_open: columns.state(slot).is_open(),
                        address: batch.address(slot),
                    });
                }
            });
        });
        Self { snapshot, query, population, counts, cases }
    }

    /// Tests groups of cases, each with the number of its service, as one family. `services` are
    /// those of a group without a service; none for all. Returns the hotspots of each group.
    fn find(
        &self,
        groups: &[(Option<u16>, &[Case])],
        services: Option<&[u16]>,
    ) -> Result<Vec<Hotspots>, UntestableReason> {
        let Self { snapshot, query, counts, .. } = self;
        if groups.iter().all(|(_, cases)| cases.is_empty()) {
            return Err(UntestableReason::NoReports);
        }
        let cells = counts.cells.len();
        if cells < CELLS_MIN {
            return Err(UntestableReason::FewCells);
        }
        let same = counts.values();
        let even = vec![1u32; cells];
        let year = match year_filter(&self.population) {
            Some(filter) if query.exposure == Exposure::Reports => {
                counts_aligned(snapshot, counts, &filter)
            }
            _ => Vec::new(),
        };
        let (exposure, population) = match query.exposure {
            Exposure::None => (&even, Population::Cells),
            Exposure::Reports => (&year, Population::Year),
        };
        let mut compared = Vec::with_capacity(groups.len());
        for (service, cases) in groups {
            let is_compared =
                query.exposure == Exposure::Reports && !are_most(cases.len() as u64, &same);
            let same_period = is_compared.then_some(same.as_slice());
            let service = *service;
            compared.push(CaseGroup { service, cases, exposure, population, same_period });
        }
        let groups = compared;
        let mut neighbourhoods = Neighbourhoods::new(snapshot, counts);
        let mut regions = hot_regions(&mut neighbourhoods, &groups, query.k, query.rate);
        regions.retain(|region| self.is_hotspot(region));
        let mut found: Vec<Hotspots> = groups
            .iter()
            .map(|group| Hotspots {
                found: Vec::new(),
                k: radius(group, query.k, cells),
                cells,
                total: group.cases.len() as u64,
            })
            .collect();
        if !regions.is_empty() {
            let history =
                histories(snapshot, counts, &self.population, &groups, services, &regions);
            for (region, history) in regions.into_iter().zip(history) {
                if query.exposure == Exposure::Reports && !is_unusual(&region, &history) {
                    continue;
                }
                let group = region.group;
                let population = groups[group].population;
                found[group].found.push(self.complete(region, history, population));
            }
        }
        Ok(found)
    }

    /// Is the region large, strong and recent enough?
    fn is_hotspot(&self, region: &HotRegion) -> bool {
        let count = region.cases.len() as u64;
        let newest = region.cases.iter().map(|case| case.requested).max();
        let is_recent = newest.is_some_and(|at| self.query.before - at <= self.query.recent());
        count >= REPORTS_MIN && count as f64 >= RATIO_MIN * region.expected && is_recent
    }

    fn complete(
        &self,
        region: HotRegion,
        history: HotspotHistory,
        population: Population,
    ) -> Hotspot {
        let Self { snapshot, query, counts, .. } = self;
        let mut cases = region.cases;
        // Reports of one second by id, so that the result is reproducible.
        cases.sort_unstable_by(|a, b| {
            let ids = || snapshot.id(a.address).cmp(snapshot.id(b.address));
            a.requested.cmp(&b.requested).then_with(ids)
        });
        let length = (query.before - query.from).max(1);
        let mut steps = [0.0; TREND_STEPS];
        let (mut services, mut areas) = (BTreeMap::new(), BTreeMap::new());
        for case in &cases {
            let since = i128::from(case.requested - query.from);
            let step = since * TREND_STEPS as i128 / i128::from(length);
            steps[(step as usize).min(TREND_STEPS - 1)] += 1.0;
            *services.entry(case.service).or_insert(0u64) += 1;
            *areas.entry(snapshot.record(case.address).area).or_insert(0u64) += 1;
        }
        let ranked = |counts: BTreeMap<u16, u64>| {
            let mut list: Vec<(u16, u64)> = counts.into_iter().collect();
            list.sort_by_key(|(number, count)| (std::cmp::Reverse(*count), *number));
            list
        };
        let sorted = |list: &[u32]| {
            let mut cells: Vec<H3Cell> =
                list.iter().map(|cell| counts.cells[*cell as usize]).collect();
            cells.sort_unstable();
            cells
        };
        let open = || cases.iter().filter(|case| case.is_open);
        Hotspot {
            cells: sorted(&region.cells),
            ring: sorted(&region.ring),
            count: cases.len() as u64,
            open: open().count() as u64,
            expected: region.expected,
            population,
            z: region.z,
            q: region.q,
            oldest_open: open().map(|case| case.requested).min(),
            history,
            trend: mann_kendall(&steps),
            services: ranked(services),
            areas: ranked(areas).into_iter().map(|(area, _)| area).collect(),
            members: cases.into_iter().map(|case| case.address).collect(),
        }
    }
}
