//! The history of the places of hotspots: what is usual there, and since when there is more.

use std::collections::HashMap;

use crate::domain::Filter;
use crate::index::Snapshot;
use crate::query::hex_counts::HexCounts;
use crate::query::hotspot_test::{CaseGroup, HotRegion};
use crate::statistics::rate_segments;

/// Most earlier years that what is usual is computed from.
const YEARS_MAX: i64 = 20;
const DAYS_PER_YEAR: f64 = 365.242_5;
const WEEK: i64 = 7 * 86_400;
/// Steps into which the period is divided for the search of change points.
const PERIOD_STEPS: i64 = 30;
/// Longest time before the period in which change points are searched, in lengths of the period.
const PERIODS_BEFORE: i64 = 12;

/// What is known of the past of a hotspot's cells.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct HotspotHistory {
    /// Mean count of the same weeks in the earlier years that are complete; none without one.
    pub usual: Option<f64>,
    /// Number of those years.
    pub years: usize,
    /// Count of the same weeks a year before; none where the service's reports do not go back so
    /// far.
    pub last_year: Option<u64>,
    /// Time of the first report of the present excess; none where the rate has not changed.
    pub since: Option<i64>,
}

/// Seconds between now and the same weeks `years` years ago: whole weeks, so that the days of the
/// week are the same, and within half a week of the same season.
fn shift(years: i64) -> i64 {
    (years as f64 * DAYS_PER_YEAR / 7.0).round() as i64 * WEEK
}

/// A region's reports of the past.
#[derive(Default, Clone)]
struct Past {
    /// When they were requested, in seconds since 1970, for those that change points are searched
    /// in.
    times: Vec<i64>,
    /// Number in the same weeks, one to [`YEARS_MAX`] years ago.
    years: [u64; YEARS_MAX as usize],
}

/// A region of which a cell is a member: its service, and its number.
type CellRegion = (Option<u16>, u32);

/// The history of each region, in one scan of all reports before the end of the period.
///
/// The reports are those of the population and of the region's services, of any status: what is
/// closed today was open then. Where the filter names statuses nothing is said of what is usual,
/// because the statuses that reports had at that time are not known.
///
/// `filter` is that of the population with the period of the search.
pub fn histories(
    snapshot: &Snapshot,
    counts: &HexCounts,
    filter: &Filter,
    groups: &[CaseGroup<'_>],
    services: Option<&[u16]>,
    regions: &[HotRegion],
) -> Vec<HotspotHistory> {
    let (Some(from), Some(before)) = (filter.from, filter.before) else { return Vec::new() };
    let length = (before - from).max(1);
    let earliest = from - PERIODS_BEFORE * length;
    // By cell: the regions of which it is a member.
    let mut of_cell: HashMap<u32, Vec<CellRegion>> = HashMap::new();
    for (number, region) in (0u32..).zip(regions) {
        for cell in &region.cells {
            of_cell.entry(*cell).or_default().push((groups[region.group].service, number));
        }
    }
    let by_fragment = counts.by_fragment(snapshot);
    let lists: Vec<Option<&Vec<CellRegion>>> =
        by_fragment.iter().map(|cell| of_cell.get(&(*cell)?)).collect();
    let is_counted = |service: u16| services.is_none_or(|list| list.contains(&service));
    let mut first = vec![i64::MAX; snapshot.service_count()];
    let mut past = vec![Past::default(); regions.len()];
    let compiled = snapshot.compiled(&Filter {
        from: None,
        before: filter.before,
        statuses: None,
        ..filter.clone()
    });
    snapshot.scan_located(&compiled, 0, 1, |batch| {
        let columns = batch.columns();
        batch.slots().each(|slot| {
            let (requested, service) = (columns.requested(slot), columns.service(slot));
            let first = &mut first[usize::from(service)];
            *first = requested.min(*first);
            let Some(list) = lists[columns.fragment(slot) as usize] else { return };
            for (own, region) in list {
                if own.map_or_else(|| is_counted(service), |own| own == service) {
                    past[*region as usize].add(requested, earliest, (from, before));
                }
            }
        });
    });
    let first_of_all = (0u16..).zip(&first).filter(|(service, _)| is_counted(*service));
    let first_of_all = first_of_all.map(|(_, first)| *first).min().unwrap_or(i64::MAX);
    let known_status = filter.statuses.is_some();
    let finish = |(past, region): (Past, &HotRegion)| {
        let group = &groups[region.group];
        let first = group.service.map_or(first_of_all, |own| first[usize::from(own)]);
        let per_second = region.expected / length as f64;
        let history = past.finish((from, before), earliest.max(first), per_second);
        let years = (1..=YEARS_MAX).take_while(|years| first <= from - shift(*years)).count();
        if known_status || years == 0 {
            return history;
        }
        let sum: u64 = past.years[..years].iter().sum();
        let usual = Some(sum as f64 / years as f64);
        HotspotHistory { usual, years, last_year: Some(past.years[0]), ..history }
    };
    past.into_iter().zip(regions).map(finish).collect()
}

impl Past {
    fn add(&mut self, requested: i64, earliest: i64, (from, before): (i64, i64)) {
        if requested >= earliest {
            self.times.push(requested);
        }
        for (count, years) in self.years.iter_mut().zip(1..) {
            let then = requested + shift(years);
            *count += u64::from(from <= then && then < before);
        }
    }

    /// The start of the present excess: of the last segments of constant rate, those that are
    /// above the mean rate and above expectation. `earliest` is where the search begins.
    fn finish(&self, (from, before): (i64, i64), earliest: i64, per_second: f64) -> HotspotHistory {
        let step = ((before - from) / PERIOD_STEPS).max(1);
        let steps = ((before - earliest) / step).clamp(0, PERIOD_STEPS * (PERIODS_BEFORE + 1));
        let start = before - steps * step;
        let mut counts = vec![0u32; steps as usize];
        for time in self.times.iter().filter(|time| **time >= start) {
            counts[(((time - start) / step) as usize).min(steps as usize - 1)] += 1;
        }
        let total: u32 = counts.iter().sum();
        let mean = f64::from(total) / steps.max(1) as f64;
        let usual = mean.max(per_second * step as f64);
        let starts = rate_segments(&counts);
        let (mut end, mut since) = (counts.len(), None);
        for segment in starts.into_iter().rev() {
            let sum: u32 = counts[segment..end].iter().sum();
            let is_high = f64::from(sum) > usual * (end - segment) as f64;
            match (is_high, since) {
                (true, _) => since = Some(segment),
                (false, Some(_)) => break,
                // The last days may be quiet again.
                (false, None) => {}
            }
            end = segment;
        }
        let begins =
            since.filter(|segment| *segment > 0).map(|segment| start + segment as i64 * step);
        let first = |begins: i64| self.times.iter().copied().filter(|time| *time >= begins).min();
        HotspotHistory { since: begins.and_then(first), ..HotspotHistory::default() }
    }
}
