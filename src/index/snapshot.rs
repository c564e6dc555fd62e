//! A snapshot: the state of a city's index at one revision. It never changes, and reading it takes
//! no lock.

use std::ops::Range;
use std::sync::Arc;

use crate::domain::{Filter, ReportView, TextSketch};
use crate::index::access::h3::{H3Columns, H3Rings};
use crate::index::access::partial::Collector;
use crate::index::areas;
use crate::index::areas::BoundaryIndex;
use crate::index::columns::{ColumnValues, Columns};
use crate::index::compiled_filter::CompiledFilter;
use crate::index::delete_bitmap::DeleteBitmap;
use crate::index::dictionary::Dictionary;
use crate::index::packed::PackedState;
use crate::index::segment::LiveSegment;
use crate::index::selection::{DocAddress, Selection, SelectionBatch};
use crate::place::{
    BBox, DistanceKey, GridBox, GridCell, H3Cell, Meters, Overlap, Position, QueryPoint,
};

/// The state of one city at one revision. Cloning is cheap.
#[derive(Clone, Default)]
pub struct Snapshot {
    pub(super) revision: u64,
    pub(super) publication: u64,
    /// From the oldest to the newest.
    pub(super) segments: Vec<LiveSegment>,
    pub(super) services: Arc<Dictionary>,
    pub(super) areas: Arc<Dictionary>,
    pub(super) h3: Arc<H3Columns>,
    pub(super) boundary_sets: Arc<[Arc<BoundaryIndex>]>,
}

/// # The snapshot and its reports
impl Snapshot {
    /// The revision of the last change that this snapshot contains.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// A number that no other published snapshot of this process has. A merge of segments changes
    /// addresses of reports without a new revision: what holds [`DocAddress`]es belongs to one
    /// publication.
    pub fn publication(&self) -> u64 {
        self.publication
    }

    /// Number of services that any report was ever of. Service numbers are below it.
    pub fn service_count(&self) -> usize {
        self.services.len()
    }

    /// Number of area names that the sources of reports gave. Area numbers are below it.
    pub fn area_count(&self) -> usize {
        self.areas.len()
    }

    /// Number of reports.
    pub fn len(&self) -> usize {
        self.segments.iter().map(LiveSegment::live_count).sum()
    }

    /// True where there is no report.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The report with this id.
    pub fn find(&self, id: &str) -> Option<DocAddress> {
        self.segments.iter().enumerate().find_map(|(segment, held)| {
            let slot = held.columns().ids.find(id).filter(|slot| !held.deletes.contains(*slot))?;
            Some(DocAddress { segment: segment as u32, slot })
        })
    }

    /// Compiles a filter for this snapshot.
    pub fn compiled(&self, filter: &Filter) -> CompiledFilter {
        CompiledFilter::new(filter, &self.services, &self.areas, &self.boundary_sets)
    }

    #[inline]
    fn columns(&self, address: DocAddress) -> &Columns {
        self.segments[address.segment as usize].columns()
    }

    /// The indexed fields of a report.
    pub fn view(&self, address: DocAddress) -> ReportView<'_> {
        let columns = self.columns(address);
        let record = columns.record(address.slot);
        ReportView {
            id: columns.ids.get(address.slot),
            service: self.services.name(record.service).unwrap_or_default(),
            status: record.status,
            reason: record.reason,
            nature: record.nature,
            channel: record.channel,
            requested: record.requested,
            day_only: record.day_only,
            closed: record.closed,
            position: record.position,
            accuracy: record.accuracy,
            area: self.areas.name(record.area),
            parent: columns.parent(address.slot),
        }
    }

    /// The id of a report.
    pub fn id(&self, address: DocAddress) -> &str {
        self.columns(address).ids.get(address.slot)
    }

    /// A report's values in the columns; see [`Snapshot::service_code`] and
    /// [`Snapshot::area_name`] for the numbers in them.
    pub fn record(&self, address: DocAddress) -> ColumnValues {
        self.columns(address).record(address.slot)
    }

    /// Does the report match a filter?
    pub fn matches(&self, address: DocAddress, compiled: &CompiledFilter) -> bool {
        compiled.matches(self.columns(address), address.slot)
    }

    /// When the report was requested, in seconds since 1970.
    pub fn requested(&self, address: DocAddress) -> i64 {
        self.columns(address).requested(address.slot)
    }

    /// When the report was closed, in seconds since 1970; none while it is open or where the time
    /// is unknown.
    #[inline]
    pub fn closed(&self, address: DocAddress) -> Option<i64> {
        self.columns(address).closed(address.slot)
    }

    /// The number of the report's service.
    #[inline]
    pub fn service(&self, address: DocAddress) -> u16 {
        self.columns(address).service(address.slot)
    }

    /// Status, nature, channel and the other enumerated fields of the report.
    #[inline]
    pub fn state(&self, address: DocAddress) -> PackedState {
        self.columns(address).state(address.slot)
    }

    /// Hashes of the report's words and streets.
    #[inline]
    pub fn sketch(&self, address: DocAddress) -> TextSketch {
        self.columns(address).sketch(address.slot)
    }

    /// The id of the report of which this one is a duplicate, where that is known.
    pub fn parent(&self, address: DocAddress) -> Option<&str> {
        self.columns(address).parent(address.slot)
    }

    /// The position of a report.
    pub fn position(&self, address: DocAddress) -> Option<Position> {
        self.columns(address).position(address.slot)
    }

    /// Longitude and latitude of a located report, in degrees.
    ///
    /// # Panics
    /// The report has no position.
    #[inline]
    pub fn degrees(&self, address: DocAddress) -> [f64; 2] {
        self.columns(address).degrees(address.slot)
    }

    /// The code of the service with this number; empty where there is none.
    pub fn service_code(&self, number: u16) -> &str {
        self.services.name(number).unwrap_or_default()
    }

    /// The number of a service, if any report was ever of it.
    pub fn service_number(&self, code: &str) -> Option<u16> {
        self.services.number(code)
    }

    /// The area name with this number, as the source of a report gave it.
    pub fn area_name(&self, number: u16) -> Option<&str> {
        self.areas.name(number)
    }

    /// Is this the name of an area, of a loaded boundary set or given by the source of a report?
    pub fn knows_area(&self, name: &str) -> bool {
        areas::find(&self.boundary_sets, name).is_some() || self.areas.number(name).is_some()
    }

    /// The names of a list of areas that was split at its commas: names that hold commas are whole.
    pub fn area_names(&self, parts: &[String]) -> Vec<String> {
        areas::joined_names(parts, |name| self.knows_area(name))
    }

    /// The loaded boundary sets.
    pub fn boundary_sets(&self) -> &[Arc<BoundaryIndex>] {
        &self.boundary_sets
    }

    /// The loaded boundary set with this name.
    pub fn boundary_set(&self, name: &str) -> Option<&Arc<BoundaryIndex>> {
        self.boundary_sets.iter().find(|index| index.set().name == name)
    }

    /// The H3 cells of a resolution that any report was ever in, by cell number.
    pub fn h3_cells(&self, resolution: u8) -> Vec<H3Cell> {
        self.h3.cells(resolution)
    }

    /// Number of H3 cells of a resolution that any report was ever in.
    pub fn h3_cell_count(&self, resolution: u8) -> usize {
        self.h3.count(resolution)
    }

    /// By H3 fragment ([`Columns::fragment`]): the number of its cell of a resolution.
    pub fn h3_cell_by_fragment(&self, resolution: u8) -> Vec<u32> {
        self.h3.by_fragment(resolution)
    }

    /// The numbers, ascending, of the H3 cells of a resolution that no exactly located report is in
    /// now.
    pub fn vacant_h3_cells(&self, resolution: u8) -> &[u32] {
        self.h3.vacant(resolution)
    }

    /// The neighbours of every H3 cell of a resolution within `k` steps, 1 to
    /// [`RING_MAX`](crate::index::RING_MAX). They may include cells that this snapshot does not
    /// have.
    pub fn h3_rings(&self, resolution: u8, k: u8) -> Arc<H3Rings> {
        self.h3.rings(resolution, k)
    }
}

/// # Scans and searches
///
/// All of them pass matching reports on in batches of one segment, in no particular order. Reports
/// with an approximate position take part in queries about places only where the filter says so.
impl Snapshot {
    /// Calls `visit` with every matching report, located or not. The filter's bounding box is
    /// applied.
    pub fn scan(&self, compiled: &CompiledFilter, mut visit: impl FnMut(SelectionBatch<'_>)) {
        for (segment, held) in self.segments.iter().enumerate() {
            let columns = held.columns();
            let mut first = 0;
            if let Some(lists) = held.segment.partials.slot_lists(compiled) {
                first = columns.exact_slots().end;
                for list in lists {
                    compiled.select_list(columns, &held.deletes, list, |slots| {
                        visit(SelectionBatch { segment: segment as u32, columns, slots });
                    });
                }
            }
            self.scan_slots(segment, first..columns.len() as u32, compiled, &mut visit);
        }
    }

    /// Passes to `collector` all matching located reports within its `max_haversine` of `origin`,
    /// and some farther ones, roughly in ascending distance. A collector of the nearest k gives k
    /// as
    /// `wanted`, which only affects speed; others give `usize::MAX`.
    pub fn near(
        &self,
        origin: &QueryPoint,
        compiled: &CompiledFilter,
        wanted: usize,
        collector: &mut impl Collector<DocAddress>,
    ) {
        for (held, segment) in self.segments.iter().zip(0..) {
            let (columns, partials) = (held.columns(), &held.segment.partials);
            let deletes = &held.deletes;
            let mut plan = partials.plan(compiled);
            plan.skip_test &= deletes.count() == 0;
            if plan.skip_test {
                let mut every = SegmentCollector { segment, collector };
                partials.search(columns, origin, &plan, wanted, &mut every);
            } else {
                let mut matching =
                    MatchingCollector { segment, collector, columns, deletes, compiled };
                partials.search(columns, origin, &plan, wanted, &mut matching);
            }
        }
    }

    /// Calls `visit` with matching located reports and the keys of their distances, roughly in
    /// ascending distance from `origin`, until all remaining ones are farther than the key that
    /// `visit` returned last; `max` is the first such key. Reads few reports however far they are;
    /// [`near`](Self::near) is faster where they are near.
    pub fn far(
        &self,
        origin: &QueryPoint,
        compiled: &CompiledFilter,
        mut max: DistanceKey,
        mut visit: impl FnMut(DocAddress, DistanceKey) -> DistanceKey,
    ) {
        for (held, segment) in self.segments.iter().zip(0..) {
            let (columns, partials) = (held.columns(), &held.segment.partials);
            let plan = partials.plan(compiled);
            let mut bound = max;
            partials.search_far(columns, origin, &plan, &mut bound, |slot| {
                if !held.deletes.contains(slot) && compiled.matches(columns, slot) {
                    let [lon, lat] = columns.degrees(slot);
                    max = visit(DocAddress { segment, slot }, origin.key(lon, lat));
                }
                max
            });
        }
    }

    /// Are all located reports that may match known to be within `distance` of `origin`?
    pub fn is_within(
        &self,
        origin: &QueryPoint,
        compiled: &CompiledFilter,
        distance: Meters,
    ) -> bool {
        let distance = DistanceKey::of(distance);
        self.segments.iter().all(|held| {
            let partials = &held.segment.partials;
            partials.is_within(held.columns(), origin, &partials.plan(compiled), distance)
        })
    }

    /// Calls `visit` with the matching located reports of one of `partitions` equal parts of the
    /// index, 0 to `partitions` - 1: several threads can share a scan.
    pub fn scan_located(
        &self,
        compiled: &CompiledFilter,
        partition: usize,
        partitions: usize,
        mut visit: impl FnMut(SelectionBatch<'_>),
    ) {
        for (segment, held) in self.segments.iter().enumerate() {
            let columns = held.columns();
            let approximate = compiled.accepts_approximate().then(|| columns.approximate_slots());
            for Range { start, end } in std::iter::once(columns.exact_slots()).chain(approximate) {
                let cut = |n: usize| start + ((end - start) as usize * n / partitions) as u32;
                let slots = cut(partition)..cut(partition + 1);
                self.scan_slots(segment, slots, compiled, &mut visit);
            }
        }
    }

    /// Calls `visit` with every matching report without a position.
    pub fn scan_unlocated(
        &self,
        compiled: &CompiledFilter,
        mut visit: impl FnMut(SelectionBatch<'_>),
    ) {
        for (segment, held) in self.segments.iter().enumerate() {
            let columns = held.columns();
            let slots = columns.located_count() as u32..columns.len() as u32;
            self.scan_slots(segment, slots, compiled, &mut visit);
        }
    }

    /// Calls `visit` with every matching located report in `bbox`, edges included.
    pub fn scan_box(
        &self,
        bbox: &BBox,
        compiled: &CompiledFilter,
        mut visit: impl FnMut(SelectionBatch<'_>),
    ) {
        for (segment, held) in self.segments.iter().enumerate() {
            let columns = held.columns();
            // The parts of a box are disjoint, so no report is visited twice.
            for part in bbox.parts() {
                let approximate = compiled.accepts_approximate();
                held.segment.ranges_in_box(&part, approximate, |slots, is_inside| {
                    if is_inside {
                        return self.scan_slots(segment, slots, compiled, &mut visit);
                    }
                    let is_match = |slot: &u32| {
                        columns.position(*slot).is_some_and(|at| part.contains(at))
                            && !held.deletes.contains(*slot)
                            && compiled.matches(columns, *slot)
                    };
                    let matching: Vec<u32> = slots.filter(is_match).collect();
                    if !matching.is_empty() {
                        let slots = Selection::List(&matching);
                        visit(SelectionBatch { segment: segment as u32, columns, slots });
                    }
                });
            }
        }
    }

    /// Calls `visit` with every matching located report of a grid cell.
    pub fn scan_cell(
        &self,
        cell: GridCell,
        compiled: &CompiledFilter,
        mut visit: impl FnMut(SelectionBatch<'_>),
    ) {
        for (segment, held) in self.segments.iter().enumerate() {
            held.segment.ranges_in_cell(cell, compiled.accepts_approximate(), |slots| {
                self.scan_slots(segment, slots, compiled, &mut visit);
            });
        }
    }

    /// Calls `visit` with every grid cell of `level` that touches any of `boxes`, and its matching
    /// located reports. Cells are whole: reports outside the boxes are included. Within a segment
    /// the batches of one cell come one after the other.
    pub fn scan_cells(
        &self,
        boxes: &[GridBox],
        level: u8,
        compiled: &CompiledFilter,
        mut visit: impl FnMut(GridCell, SelectionBatch<'_>),
    ) {
        for (segment, held) in self.segments.iter().enumerate() {
            for (n, bbox) in boxes.iter().enumerate() {
                let approximate = compiled.accepts_approximate();
                held.segment.cells_touching(bbox, level, approximate, |cell, slots| {
                    // A cell that touches several boxes is visited with the first.
                    let before = &boxes[..n];
                    if before.iter().all(|other| other.overlap(cell) == Overlap::Outside) {
                        self.scan_slots(segment, slots, compiled, &mut |batch| visit(cell, batch));
                    }
                });
            }
        }
    }

    /// Cuts a box into a western and an eastern part such that no grid cell of `level` touches both
    /// and each has about half of the largest segment's reports. None where the box is too narrow
    /// or crosses the antimeridian.
    pub fn split_box(&self, bbox: &BBox, level: u8) -> Option<[GridBox; 2]> {
        let [whole] = GridBox::parts_of(bbox).try_into().ok()?;
        let largest = self.segments.iter().max_by_key(|held| held.live_count())?;
        let median = largest.columns().median_grid_column()?;
        let (west, east) = whole.cut(median, level)?;
        Some([west, east])
    }

    fn scan_slots(
        &self,
        segment: usize,
        slots: Range<u32>,
        compiled: &CompiledFilter,
        visit: &mut impl FnMut(SelectionBatch<'_>),
    ) {
        let held = &self.segments[segment];
        let columns = held.columns();
        compiled.select_range(columns, &held.deletes, slots, |slots| {
            visit(SelectionBatch { segment: segment as u32, columns, slots });
        });
    }
}

/// Turns the slots of one segment into addresses.
struct SegmentCollector<'a, C> {
    segment: u32,
    collector: &'a mut C,
}

impl<C: Collector<DocAddress>> Collector<u32> for SegmentCollector<'_, C> {
    #[inline]
    fn collect(&mut self, slot: u32, haversine: f32) {
        self.collector.collect(DocAddress { segment: self.segment, slot }, haversine);
    }

    #[inline]
    fn max_haversine(&mut self) -> f32 {
        self.collector.max_haversine()
    }
}

/// Turns the slots of one segment into addresses, and drops those that are deleted or do not match.
struct MatchingCollector<'a, C> {
    segment: u32,
    collector: &'a mut C,
    columns: &'a Columns,
    deletes: &'a DeleteBitmap,
    compiled: &'a CompiledFilter,
}

impl<C: Collector<DocAddress>> Collector<u32> for MatchingCollector<'_, C> {
    #[inline]
    fn collect(&mut self, slot: u32, haversine: f32) {
        if !self.deletes.contains(slot) && self.compiled.matches(self.columns, slot) {
            self.collector.collect(DocAddress { segment: self.segment, slot }, haversine);
        }
    }

    #[inline]
    fn max_haversine(&mut self) -> f32 {
        self.collector.max_haversine()
    }
}
