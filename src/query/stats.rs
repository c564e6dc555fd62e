//! Counts of the reports that match a filter, by every field.

use std::collections::BTreeMap;

use crate::domain::{Accuracy, Channel, ClosedReason, Nature, Status};
use crate::index::{BoundaryIndex, Columns, CompiledFilter, SelectionBatch, Snapshot};
use crate::place::BBox;

/// The reports of one service or one area.
#[derive(Debug, Clone, PartialEq)]
pub struct Count {
    /// Code of the service, or name of the area.
    pub name: String,
    /// Number of reports.
    pub count: u64,
    /// Number of those that are open or in progress.
    pub open: u64,
    /// Mean longitude and latitude of those with an exact position, in degrees: where a map puts a
    /// label.
    pub center: Option<(f64, f64)>,
}

/// Result of [`stats`].
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
    /// Number of reports requested on each of the days given.
    pub days: Vec<u64>,
    /// When the oldest open report was requested, in seconds since 1970.
    pub oldest_open: Option<i64>,
    /// Seconds from request to closing: the quantiles 0.25, 0.5, 0.75 and 0.9 over the closed
    /// reports whose two times are known to the second; none where there is no such report.
    pub seconds_to_close: Option<[i64; 4]>,
}

/// Sums over the reports of one service or area.
#[derive(Default)]
struct StatsAggregate {
    count: u64,
    open: u64,
    /// Reports with an exact position, and the sums of their degrees.
    exact: u64,
    lon: f64,
    lat: f64,
}

impl StatsAggregate {
    fn into_count(self, name: &str) -> Count {
        let mean = |sum: f64| sum / self.exact as f64;
        let center = (self.exact > 0).then(|| (mean(self.lon), mean(self.lat)));
        Count { name: name.to_owned(), count: self.count, open: self.open, center }
    }
}

/// Calls `visit` with every matching report. Where the filter has a bounding box, reports with an
/// approximate position are left out unless the filter accepts them.
fn each(snapshot: &Snapshot, compiled: &CompiledFilter, mut visit: impl FnMut(&Columns, u32)) {
    let visit = |batch: SelectionBatch<'_>| batch.slots().each(|slot| visit(batch.columns(), slot));
    match compiled.bbox() {
        Some(bbox) => snapshot.scan_box(bbox, compiled, visit),
        None => snapshot.scan(compiled, visit),
    }
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
    let mut span: Option<(i64, i64)> = None;
    each(snapshot, compiled, |columns, slot| {
        let time = columns.requested(slot);
        let (first, last) = span.unwrap_or((time, time));
        span = Some((time.min(first), time.max(last)));
    });
    span
}

/// The bounding box of the matching reports that have a position; none where there are none.
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

/// Counts the matching reports by every field, in one scan.
///
/// `day_starts` are the first seconds of the days to count, in seconds since 1970, ascending; a day
/// ends where the next begins, the last one after 86,400 s. Areas are those of the boundary set
/// `by`; without one, the names that the sources gave.
///
/// ```
/// use pointchaud::domain::{Filter, IndexedFields, ReportId, ServiceCode, Status};
/// use pointchaud::index::Index;
/// use pointchaud::query::stats;
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
/// let snapshot = snapshot.reader().load();
/// let days = [1_789_948_800, 1_790_035_200];
/// let counts = stats(&snapshot, &snapshot.compiled(&Filter::default()), &days, None);
/// assert_eq!((counts.total, counts.open, counts.unlocated), (3, 2, 3));
/// assert_eq!((counts.services[0].name.as_str(), counts.services[0].count), ("graffiti", 2));
/// assert_eq!(counts.days, [3, 0]);
/// ```
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
                (sum.exact, sum.lon, sum.lat) =
                    (sum.exact + 1, sum.lon + at.lon(), sum.lat + at.lat());
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
        if let (Some(closed), false, false) =
            (record.closed, record.day_only, record.closed_day_only)
        {
            // A closing may stand some seconds before its opening: clocks differ.
            durations.push((closed - record.requested).max(0));
        }
        let day = day_starts.partition_point(|start| *start <= record.requested);
        let last_ended = day == day_starts.len()
            && day_starts.last().is_some_and(|start| record.requested >= start + 86_400);
        if day > 0 && !last_ended {
            stats.days[day - 1] += 1;
        }
    };
    each(snapshot, compiled, count);
    stats.statuses = counted(Status::ALL, &statuses);
    stats.reasons = counted(ClosedReason::ALL, &reasons);
    stats.natures = counted(Nature::ALL, &natures);
    stats.channels = counted(Channel::ALL, &channels);
    stats.services = ranked(services, |number| Some(snapshot.service_code(number)));
    stats.areas = ranked(areas, |number| match by {
        Some(set) => set.set().areas.get(usize::from(number)).map(|area| area.name.as_str()),
        None => snapshot.area_name(number),
    });
    stats.seconds_to_close = quantiles(durations);
    stats
}

/// The values that occur, each with its count.
fn counted<T: Copy>(values: &[T], counts: &[u64]) -> Vec<(T, u64)> {
    values.iter().copied().zip(counts.iter().copied()).filter(|(_, count)| *count > 0).collect()
}

/// Counts by name, most reports first. Numbers without a name are left out.
fn ranked<'a>(
    sums: BTreeMap<u16, StatsAggregate>,
    name: impl Fn(u16) -> Option<&'a str>,
) -> Vec<Count> {
    let mut counts: Vec<Count> =
        sums.into_iter().filter_map(|(number, sum)| Some(sum.into_count(name(number)?))).collect();
    counts.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.name.cmp(&b.name)));
    counts
}

/// The quantiles 0.25, 0.5, 0.75 and 0.9 by nearest rank (Hyndman and Fan, *Sample Quantiles in
/// Statistical Packages*, 1996, definition 1).
fn quantiles(mut values: Vec<i64>) -> Option<[i64; 4]> {
    values.sort_unstable();
    let at = |share: f64| {
        let rank = (share * values.len() as f64).ceil() as usize;
        values.get(rank.saturating_sub(1)).copied()
    };
    Some([at(0.25)?, at(0.5)?, at(0.75)?, at(0.9)?])
}
