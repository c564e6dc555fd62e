//! Counts of the reports that match a filter, by the fields that are asked for, in one scan.

use crate::domain::{Channel, ClosedReason, Nature, Status};
use crate::index::{
    AreaAggregate, BoundaryIndex, Columns, CompiledFilter, PackedState, Selection, SelectionBatch,
    Snapshot,
};
use crate::place::{BBox, narrowest};
use crate::query::day_table::DayTable;
use crate::query::quantiles::nearest_ranks;

/// The reports of one service or one area.
#[derive(Debug, Clone, PartialEq)]
pub struct Count {
    /// Code of the service, or name of the area.
    pub name: String,
    /// Number of reports.
    pub count: u64,
    /// Number of those that are open or in progress.
    pub open: u64,
    /// For an area: mean longitude and latitude of those with an exact position, in degrees, where
    /// a map puts a label.
    pub center: Option<(f64, f64)>,
}

/// Groups of counts that one look at some columns gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatsPart {
    /// [`Stats::open`], [`Stats::statuses`], [`Stats::reasons`], [`Stats::natures`] and
    /// [`Stats::channels`].
    States,
    /// [`Stats::exact`], [`Stats::approximate`] and [`Stats::unlocated`].
    Positions,
    /// [`Stats::services`].
    Services,
    /// [`Stats::areas`].
    Areas,
    /// [`Stats::days`].
    Days,
    /// [`Stats::oldest_open`].
    OldestOpen,
    /// [`Stats::seconds_to_close`].
    TimesToClose,
}

impl StatsPart {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::States,
        Self::Positions,
        Self::Services,
        Self::Areas,
        Self::Days,
        Self::OldestOpen,
        Self::TimesToClose,
    ];
}

/// Parameters of [`stats`].
#[derive(Clone, Copy)]
pub struct StatsQuery<'a> {
    /// What is counted; the rest of the result stays empty.
    pub parts: &'a [StatsPart],
    /// The first seconds of the days to count, in seconds since 1970, ascending. A day ends where
    /// the next begins, the last one after 86,400 s.
    pub day_starts: &'a [i64],
    /// The boundary set whose areas are counted; without one, the names that the sources gave.
    pub areas: Option<&'a BoundaryIndex>,
}

/// Result of [`stats`]. [`Stats::total`] is always counted, the rest as [`StatsQuery::parts`] says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Stats {
    /// Number of matching reports.
    pub total: u64,
    /// Number of those that are open or in progress.
    pub open: u64,
    /// Number with an exact position.
    pub exact: u64,
    /// Number with an approximate position, such as the default point of a source.
    pub approximate: u64,
    /// Number without a position.
    pub unlocated: u64,
    /// Number of each status that occurs.
    pub statuses: Vec<(Status, u64)>,
    /// Number of closed reports by reason, of each reason that occurs.
    pub reasons: Vec<(ClosedReason, u64)>,
    /// Number of each nature that occurs.
    pub natures: Vec<(Nature, u64)>,
    /// Number of each channel that occurs.
    pub channels: Vec<(Channel, u64)>,
    /// By service, most reports first, equal counts by code.
    pub services: Vec<Count>,
    /// By area, most reports first, equal counts by name; without the reports in no area.
    pub areas: Vec<Count>,
    /// Number of reports requested on each of the days given, in their order.
    pub days: Vec<u64>,
    /// When the oldest open report was requested, in seconds since 1970.
    pub oldest_open: Option<i64>,
    /// Seconds from request to closing: the quantiles 0.25, 0.5, 0.75 and 0.9 over the closed
    /// reports whose two times are known to the second; none where there is no such report.
    pub seconds_to_close: Option<[i64; 4]>,
}

/// Calls `visit` with every matching report. Where the filter has a bounding box, reports with an
/// approximate position are left out unless the filter accepts them.
fn each(snapshot: &Snapshot, compiled: &CompiledFilter, mut visit: impl FnMut(&Columns, u32)) {
    snapshot.scan_part(compiled, (0, 1), |batch| {
        batch.slots().each(|slot| visit(batch.columns(), slot));
    });
}

/// When the first and the last matching report were requested, in seconds since 1970; none where no
/// report matches.
///
/// ```
/// use pointchaud::domain::{Filter, IndexedFields, ReportId, ServiceCode};
/// use pointchaud::index::Index;
/// use pointchaud::query::time_span;
///
/// let report = |id: &str, requested| {
///     let (id, service) = (ReportId::new(id).unwrap(), ServiceCode::new("graffiti").unwrap());
///     IndexedFields::new(id, service, requested, None)
/// };
/// let index = Index::from_reports([report("r1", 1_790_000_000), report("r2", 1_780_000_000)]);
/// let snapshot = index.reader().load();
/// let span = time_span(&snapshot, &snapshot.compiled(&Filter::default()));
/// assert_eq!(span, Some((1_780_000_000, 1_790_000_000)));
/// ```
pub fn time_span(snapshot: &Snapshot, compiled: &CompiledFilter) -> Option<(i64, i64)> {
    let (mut first, mut last) = (i64::MAX, i64::MIN);
    snapshot.scan_part(compiled, (0, 1), |batch| {
        batch.columns().each_requested(batch.slots(), |time| {
            (first, last) = (first.min(time), last.max(time));
        });
    });
    (first <= last).then_some((first, last))
}

/// The bounding box of the matching reports that have a position; none where there are none. It
/// crosses the antimeridian where the reports lie on both sides of it, nearer to it than to 0°.
///
/// ```
/// use pointchaud::domain::{Filter, IndexedFields, ReportId, ServiceCode};
/// use pointchaud::index::Index;
/// use pointchaud::place::Position;
/// use pointchaud::query::extent;
///
/// let report = |id: &str, lon, lat| {
///     let (id, service) = (ReportId::new(id).unwrap(), ServiceCode::new("graffiti").unwrap());
///     IndexedFields::new(id, service, 1_790_000_000, Position::new(lon, lat).ok())
/// };
/// let index = Index::from_reports([report("r1", -71.3, 46.8), report("r2", -71.2, 46.9)]);
/// let snapshot = index.reader().load();
/// let bbox = extent(&snapshot, &snapshot.compiled(&Filter::default())).unwrap();
/// assert_eq!([bbox.west, bbox.south, bbox.east, bbox.north], [-71.3, 46.8, -71.2, 46.9]);
/// ```
pub fn extent(snapshot: &Snapshot, compiled: &CompiledFilter) -> Option<BBox> {
    // The boxes of the western and of the eastern hemisphere.
    let mut sides: [Option<[f64; 4]>; 2] = [None, None];
    each(snapshot, compiled, |columns, slot| {
        if let Some(at) = columns.position(slot) {
            let (x, y) = (at.lon(), at.lat());
            let side = &mut sides[usize::from(x >= 0.0)];
            let [w, s, e, n] = side.unwrap_or([x, y, x, y]);
            *side = Some([w.min(x), s.min(y), e.max(x), n.max(y)]);
        }
    });
    let boxes = sides.into_iter().flatten();
    narrowest(boxes.filter_map(|[w, s, e, n]| BBox::new(w, s, e, n).ok()))
}

/// Counts the matching reports by the fields that are asked for, in one scan.
///
/// Takes O(reports) time, about a nanosecond for each report and part; two threads share the scan
/// of many reports.
///
/// ```
/// use pointchaud::domain::{Filter, IndexedFields, ReportId, ServiceCode, Status};
/// use pointchaud::index::Index;
/// use pointchaud::query::{StatsPart, StatsQuery, stats};
///
/// let report = |id: &str, service: &str, status| {
///     let (id, service) = (ReportId::new(id).unwrap(), ServiceCode::new(service).unwrap());
///     IndexedFields { status, ..IndexedFields::new(id, service, 1_790_000_000, None) }
/// };
/// let snapshot = Index::from_reports([
///     report("r1", "graffiti", Status::Open),
///     report("r2", "graffiti", Status::Closed),
///     report("r3", "nid-de-poule", Status::InProgress),
/// ]);
/// let (snapshot, every) = (snapshot.reader().load(), Filter::default());
/// let compiled = snapshot.compiled(&every);
/// let days = [1_789_948_800, 1_790_035_200];
/// let query = StatsQuery { parts: StatsPart::ALL, day_starts: &days, areas: None };
/// let counts = stats(&snapshot, &compiled, query);
/// assert_eq!((counts.total, counts.open, counts.unlocated), (3, 2, 3));
/// assert_eq!((counts.services[0].name.as_str(), counts.services[0].count), ("graffiti", 2));
/// assert_eq!(counts.days, [3, 0]);
///
/// let by_day = stats(&snapshot, &compiled, StatsQuery { parts: &[StatsPart::Days], ..query });
/// assert_eq!((by_day.total, by_day.days, by_day.services), (3, vec![3, 0], vec![]));
/// ```
pub fn stats(snapshot: &Snapshot, compiled: &CompiledFilter, query: StatsQuery<'_>) -> Stats {
    let plan = StatsPlan::new(snapshot, query);
    if snapshot.len() < PARALLEL_MIN {
        return plan.finish(snapshot, vec![plan.count(snapshot, compiled, (0, 1))]);
    }
    let parts = std::thread::scope(|scope| {
        let other = scope.spawn(|| plan.count(snapshot, compiled, (1, 2)));
        let own = plan.count(snapshot, compiled, (0, 2));
        let other = other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        vec![own, other]
    });
    plan.finish(snapshot, parts)
}

/// From this many reports on two threads share the scan.
const PARALLEL_MIN: usize = 200_000;

/// Slots whose parts are counted one after the other, while their columns are in the cache.
const CHUNK: u32 = 4_096;

/// What one scan has to count.
struct StatsPlan<'a> {
    query: StatsQuery<'a>,
    days: DayTable<'a>,
    services: usize,
    areas: usize,
}

/// Counts of one part of the reports.
struct StatsCounts {
    total: u64,
    sections: [u64; 3],
    /// By [`PackedState::number`].
    states: Vec<u32>,
    /// Closed and open reports by service number.
    services: Vec<[u32; 2]>,
    areas: Vec<AreaAggregate>,
    days: Vec<u64>,
    oldest_open: Option<i64>,
    seconds_to_close: Vec<u32>,
}

impl<'a> StatsPlan<'a> {
    fn new(snapshot: &Snapshot, query: StatsQuery<'a>) -> Self {
        let named = || snapshot.area_count();
        let has = |part| query.parts.contains(&part);
        Self {
            query,
            days: DayTable::new(if has(StatsPart::Days) { query.day_starts } else { &[] }),
            services: snapshot.service_count(),
            areas: query.areas.map_or_else(named, |set| set.set().areas.len()),
        }
    }

    fn has(&self, part: StatsPart) -> bool {
        self.query.parts.contains(&part)
    }

    /// Counts one of several parts of the matching reports.
    fn count(
        &self,
        snapshot: &Snapshot,
        compiled: &CompiledFilter,
        part: (usize, usize),
    ) -> StatsCounts {
        let size = |part, size| if self.has(part) { size } else { 0 };
        let mut counts = StatsCounts {
            total: 0,
            sections: [0; 3],
            states: vec![0; size(StatsPart::States, PackedState::NUMBERS)],
            services: vec![[0; 2]; size(StatsPart::Services, self.services)],
            areas: vec![AreaAggregate::default(); size(StatsPart::Areas, self.areas)],
            days: vec![0; self.days.len()],
            oldest_open: None,
            seconds_to_close: Vec::new(),
        };
        snapshot.scan_part(compiled, part, |batch: SelectionBatch<'_>| match batch.slots() {
            list @ Selection::List(_) => self.add(batch.columns(), list, &mut counts),
            Selection::Range(range) => {
                for first in range.clone().step_by(CHUNK as usize) {
                    let slots = Selection::Range(first..range.end.min(first + CHUNK));
                    self.add(batch.columns(), &slots, &mut counts);
                }
            }
        });
        counts
    }

    fn add(&self, columns: &Columns, slots: &Selection<'_>, counts: &mut StatsCounts) {
        counts.total += slots.count() as u64;
        for part in self.query.parts {
            match part {
                StatsPart::States => columns.count_states(slots, &mut counts.states),
                StatsPart::Positions => {
                    let sections = columns.count_sections(slots);
                    counts.sections.iter_mut().zip(sections).for_each(|(sum, n)| *sum += n);
                }
                StatsPart::Services => columns.count_open_services(slots, &mut counts.services),
                StatsPart::Areas => {
                    columns.aggregate_areas(slots, self.query.areas, &mut counts.areas);
                }
                StatsPart::Days => columns.each_requested(slots, |second| {
                    if let Some(day) = self.days.day_of(second) {
                        counts.days[day] += 1;
                    }
                }),
                StatsPart::OldestOpen => {
                    let oldest = counts.oldest_open.into_iter();
                    counts.oldest_open = oldest.chain(columns.oldest_open(slots)).min();
                }
                StatsPart::TimesToClose => {
                    columns.collect_seconds_to_close(slots, &mut counts.seconds_to_close);
                }
            }
        }
    }

    /// Adds the parts up and names what was counted by number.
    fn finish(&self, snapshot: &Snapshot, parts: Vec<StatsCounts>) -> Stats {
        let section = |n: usize| parts.iter().map(|part| part.sections[n]).sum::<u64>();
        let mut stats = Stats {
            total: parts.iter().map(|part| part.total).sum(),
            exact: section(0),
            approximate: section(1),
            unlocated: section(2),
            days: (0..self.days.len()).map(|n| parts.iter().map(|p| p.days[n]).sum()).collect(),
            oldest_open: parts.iter().filter_map(|part| part.oldest_open).min(),
            ..Stats::default()
        };
        add_states(&mut stats, &parts);
        let service = |number: usize| {
            let [closed, open] = [0, 1].map(|n| {
                let of = |part: &StatsCounts| part.services.get(number).map_or(0, |one| one[n]);
                parts.iter().map(|part| u64::from(of(part))).sum::<u64>()
            });
            let name = snapshot.service_code(number as u16).to_owned();
            Count { name, count: closed + open, open, center: None }
        };
        stats.services = ranked((0..self.services).map(service));
        let area = |number: usize| {
            let name = match self.query.areas {
                Some(set) => set.set().areas.get(number)?.name.as_str(),
                None => snapshot.area_name(number as u16)?,
            };
            let of = |part: &StatsCounts| part.areas.get(number).copied().unwrap_or_default();
            let sum = parts.iter().map(of).fold(AreaAggregate::default(), AreaAggregate::plus);
            let (count, open) = (sum.count, sum.open);
            Some(Count { name: name.to_owned(), count, open, center: sum.center() })
        };
        stats.areas = ranked((0..self.areas).filter_map(area));
        let seconds: Vec<Vec<u32>> = parts.into_iter().map(|part| part.seconds_to_close).collect();
        stats.seconds_to_close =
            nearest_ranks(&seconds, [0.25, 0.5, 0.75, 0.9]).map(|ranks| ranks.map(i64::from));
        stats
    }
}

/// The counts of the enumerated fields, from those of their combinations.
fn add_states(stats: &mut Stats, parts: &[StatsCounts]) {
    let (mut statuses, mut reasons) = ([0; 3], [0; 4]);
    let (mut natures, mut channels) = ([0; 4], [0; 6]);
    for part in parts {
        for (number, count) in part.states.iter().enumerate().filter(|(_, count)| **count > 0) {
            let (state, count) = (PackedState::of_number(number), u64::from(*count));
            stats.open += if state.is_open() { count } else { 0 };
            statuses[state.status() as usize] += count;
            natures[state.nature() as usize] += count;
            channels[state.channel() as usize] += count;
            if let Some(reason) = state.reason() {
                reasons[reason as usize] += count;
            }
        }
    }
    stats.statuses = counted(Status::ALL, &statuses);
    stats.reasons = counted(ClosedReason::ALL, &reasons);
    stats.natures = counted(Nature::ALL, &natures);
    stats.channels = counted(Channel::ALL, &channels);
}

/// The values that occur, each with its count.
fn counted<T: Copy>(values: &[T], counts: &[u64]) -> Vec<(T, u64)> {
    values.iter().copied().zip(counts.iter().copied()).filter(|(_, count)| *count > 0).collect()
}

/// The counts of what occurs, most reports first, equal counts by name.
fn ranked(counts: impl Iterator<Item = Count>) -> Vec<Count> {
    let mut counts: Vec<Count> = counts.filter(|one| one.count > 0).collect();
    counts.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.name.cmp(&b.name)));
    counts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Accuracy, Filter, IndexedFields, ReportId, ServiceCode};
    use crate::index::Index;
    use crate::place::Position;

    /// Degrees are multiples of 1/1024, so that their sums are the same in any order.
    fn report(n: i64) -> IndexedFields {
        let at = Position::new(-71.0 - (n % 211) as f64 / 1024.0, 46.5 + (n % 97) as f64 / 1024.0);
        let status = Status::ALL[(n % 3) as usize];
        let is_closed = status == Status::Closed;
        let service = ["neige", "graffiti", "nid-de-poule"][(n % 7 % 3) as usize];
        IndexedFields {
            status,
            reason: is_closed.then_some(ClosedReason::ALL[(n % 4) as usize]),
            nature: Nature::ALL[(n % 5 % 4) as usize],
            channel: Channel::ALL[(n % 11 % 6) as usize],
            accuracy: if n % 13 == 0 { Accuracy::Approximate } else { Accuracy::Exact },
            closed: is_closed.then_some(1_790_000_000 + n * 977 + n % 500),
            area: (n % 17 > 2).then(|| format!("Area {}", n % 17 % 5).into()),
            ..IndexedFields::new(
                ReportId::new(&format!("r{n}")).unwrap(),
                ServiceCode::new(service).unwrap(),
                1_790_000_000 + n * 977,
                at.ok().filter(|_| n % 19 > 0),
            )
        }
    }

    #[test]
    fn the_parts_of_a_scan_add_up_to_the_whole() {
        let mut index = Index::from_reports((0..4_000).map(report));
        let more = |n: i64| crate::domain::Change {
            revision: n as u64 + 1,
            event: crate::domain::Event::Put(report(n + n % 2)),
        };
        index.apply((4_000..4_300).map(more).collect());
        let snapshot = index.reader().load();
        let bbox = BBox::new(-71.15, 46.52, -71.03, 46.57).ok();
        let days: Vec<i64> = (0..50).map(|n| 1_790_000_000 + n * 86_400).collect();
        let query = StatsQuery { parts: StatsPart::ALL, day_starts: &days, areas: None };
        for filter in [
            Filter::default(),
            Filter { bbox, ..Filter::default() },
            Filter { bbox, approximate: true, ..Filter::default() },
            Filter { statuses: Some(vec![Status::Open]), ..Filter::default() },
            Filter {
                services: ServiceCode::new("neige").map(|one| vec![one]),
                ..Filter::default()
            },
            Filter { areas: Some(vec!["Area 3".into()]), incidents: true, ..Filter::default() },
        ] {
            let compiled = snapshot.compiled(&filter);
            let whole = stats(&snapshot, &compiled, query);
            assert!(whole.total > 100, "{filter:?}");
            let plan = StatsPlan::new(&snapshot, query);
            for parts in [2, 3, 7] {
                let counts = (0..parts).map(|n| plan.count(&snapshot, &compiled, (n, parts)));
                assert_eq!(plan.finish(&snapshot, counts.collect()), whole, "{filter:?}");
            }
        }
    }
}
