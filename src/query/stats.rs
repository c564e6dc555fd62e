//! Counts of everything under a filter.

use std::collections::BTreeMap;

use crate::domain::{Accuracy, Channel, ClosedReason, Nature, Status};
use crate::index::{BoundaryIndex, Columns, CompiledFilter, SelectionBatch, Snapshot};
use crate::place::BBox;

/// A name and how often it comes.
#[derive(Debug, Clone, PartialEq)]
pub struct Count {
    /// The name.
    pub name: String,
    /// How many reports.
    pub count: u64,
    /// How many of them are not closed.
    pub open: u64,
    /// Mean longitude and latitude of those placed exactly, in degrees: where a label belongs.
    pub center: Option<(f64, f64)>,
}

/// Counts under a filter.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Stats {
    /// All reports that pass.
    pub total: u64,
    /// Not closed.
    pub open: u64,
    /// With an exact position.
    pub exact: u64,
    /// At a known default point of their source.
    pub approximate: u64,
    /// Without a position.
    pub unlocated: u64,
    /// Reports of each status.
    pub statuses: Vec<(Status, u64)>,
    /// Closed reports by the way they ended.
    pub reasons: Vec<(ClosedReason, u64)>,
    /// Reports of each nature.
    pub natures: Vec<(Nature, u64)>,
    /// Reports of each channel.
    pub channels: Vec<(Channel, u64)>,
    /// By service, most first.
    pub services: Vec<Count>,
    /// By area, most first; reports without one are left out.
    pub areas: Vec<Count>,
    /// Reports of each day, the days given with the question.
    pub days: Vec<u64>,
    /// When the oldest report that is not closed was made, in seconds since 1970.
    pub oldest_open: Option<i64>,
    /// Seconds from request to closing at the quarter, half, three quarters and nine tenths of
    /// those closed with a known time to the second.
    pub seconds_to_close: Option<[i64; 4]>,
}

#[derive(Default)]
struct StatsAggregate {
    count: u64,
    open: u64,
    placed: u64,
    lon: f64,
    lat: f64,
}

impl StatsAggregate {
    fn named(self, name: &str) -> Count {
        let mean = |sum: f64| sum / self.placed as f64;
        let center = (self.placed > 0).then(|| (mean(self.lon), mean(self.lat)));
        Count { name: name.to_owned(), count: self.count, open: self.open, center }
    }
}

/// Calls `found` with everything that passes. With a box it is a question about places: what is not
/// placed exactly is left out unless the filter lets it in.
fn each(snapshot: &Snapshot, compiled: &CompiledFilter, mut found: impl FnMut(&Columns, u32)) {
    let found = |batch: SelectionBatch<'_>| batch.slots().each(|slot| found(batch.columns(), slot));
    match compiled.bbox() {
        Some(bbox) => snapshot.scan_box(bbox, compiled, found),
        None => snapshot.scan(compiled, found),
    }
}

/// When the first and the last report that pass were made, in seconds since 1970.
pub fn span(snapshot: &Snapshot, compiled: &CompiledFilter) -> Option<(i64, i64)> {
    let mut span: Option<(i64, i64)> = None;
    each(snapshot, compiled, |columns, slot| {
        let time = columns.requested(slot);
        let (first, last) = span.unwrap_or((time, time));
        span = Some((time.min(first), time.max(last)));
    });
    span
}

/// The box around everything that passes and has a place.
pub fn extent(snapshot: &Snapshot, compiled: &CompiledFilter) -> Option<BBox> {
    let mut edges: Option<[f64; 4]> = None;
    each(snapshot, compiled, |columns, slot| {
        if let Some(at) = columns.position(slot) {
            let (x, y) = (at.lon(), at.lat());
            let [w, s, e, n] = edges.unwrap_or([x, y, x, y]);
            edges = Some([w.min(x), s.min(y), e.max(x), n.max(y)]);
        }
    });
    edges.and_then(|[w, s, e, n]| BBox::new(w, s, e, n).ok())
}

/// Counts everything that passes. `day_starts` are the first seconds of the days to count, in
/// order; a day ends where the next begins, the last after 86,400 s. Areas are those of the set
/// `by`, else the source's.
pub fn stats(
    snapshot: &Snapshot,
    compiled: &CompiledFilter,
    day_starts: &[i64],
    by: Option<&BoundaryIndex>,
) -> Stats {
    let mut stats = Stats { days: vec![0; day_starts.len()], ..Stats::default() };
    let mut services: BTreeMap<u16, StatsAggregate> = BTreeMap::new();
    let mut areas: BTreeMap<u16, StatsAggregate> = BTreeMap::new();
    let (mut statuses, mut reasons) = ([0; 3], [0; 4]);
    let (mut natures, mut channels) = ([0; 4], [0; 6]);
    let mut durations = Vec::new();
    let count = |columns: &Columns, slot: u32| {
        let record = columns.record(slot);
        let open = record.status != Status::Closed;
        stats.total += 1;
        stats.open += u64::from(open);
        let exact = record.position.filter(|_| record.accuracy == Accuracy::Exact);
        match (record.position, exact) {
            (None, _) => stats.unlocated += 1,
            (Some(_), None) => stats.approximate += 1,
            _ => stats.exact += 1,
        }
        let area = by.map_or(record.area, |set| columns.area_in(set, slot));
        for (table, number) in [(&mut services, record.service), (&mut areas, area)] {
            let sum = table.entry(number).or_default();
            sum.count += 1;
            sum.open += u64::from(open);
            if let Some(at) = exact {
                (sum.placed, sum.lon, sum.lat) =
                    (sum.placed + 1, sum.lon + at.lon(), sum.lat + at.lat());
            }
        }
        statuses[record.status as usize] += 1;
        natures[record.nature as usize] += 1;
        channels[record.channel as usize] += 1;
        if let Some(reason) = record.reason {
            reasons[reason as usize] += 1;
        }
        if open {
            let oldest = stats.oldest_open.get_or_insert(record.requested);
            *oldest = record.requested.min(*oldest);
        }
        if let (Some(closed), false) = (record.closed, record.day_only) {
            durations.push(closed - record.requested);
        }
        let day = day_starts.partition_point(|start| *start <= record.requested);
        let last_ended = day == day_starts.len()
            && day_starts.last().is_some_and(|start| record.requested >= start + 86_400);
        if day > 0 && !last_ended {
            stats.days[day - 1] += 1;
        }
    };
    each(snapshot, compiled, count);
    stats.statuses = tally(Status::ALL, &statuses);
    stats.reasons = tally(ClosedReason::ALL, &reasons);
    stats.natures = tally(Nature::ALL, &natures);
    stats.channels = tally(Channel::ALL, &channels);
    stats.services = ranked(services, |number| Some(snapshot.service_code(number)));
    stats.areas = ranked(areas, |number| match by {
        Some(set) => set.set().areas.get(usize::from(number)).map(|area| area.name.as_str()),
        None => snapshot.area_name(number),
    });
    stats.seconds_to_close = quantiles(durations);
    stats
}

fn tally<T: Copy>(all: &[T], counts: &[u64]) -> Vec<(T, u64)> {
    all.iter().copied().zip(counts.iter().copied()).filter(|(_, count)| *count > 0).collect()
}

fn ranked<'a>(
    sums: BTreeMap<u16, StatsAggregate>,
    name: impl Fn(u16) -> Option<&'a str>,
) -> Vec<Count> {
    let mut counts: Vec<Count> =
        sums.into_iter().filter_map(|(number, sum)| Some(sum.named(name(number)?))).collect();
    counts.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.name.cmp(&b.name)));
    counts
}

/// Nearest-rank quantiles (Hyndman and Fan 1996, definition 1).
fn quantiles(mut values: Vec<i64>) -> Option<[i64; 4]> {
    values.sort_unstable();
    let at = |share: f64| {
        let rank = (share * values.len() as f64).ceil() as usize;
        values.get(rank.saturating_sub(1)).copied()
    };
    Some([at(0.25)?, at(0.5)?, at(0.75)?, at(0.9)?])
}
