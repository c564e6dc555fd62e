//! Scans and searches of a snapshot: which reports match a filter, everywhere, in a box, in a grid
//! cell or near a point.

use std::ops::{ControlFlow, Range};

use crate::domain::{Interrupt, Interrupted};
use crate::index::access::partial::Collector;
use crate::index::columns::Columns;
use crate::index::compiled_filter::CompiledFilter;
use crate::index::delete_bitmap::DeleteBitmap;
use crate::index::selection::{DocAddress, Selection, SelectionBatch};
use crate::index::snapshot::Snapshot;
use crate::place::{
    BBox, CellCover, DistanceKey, GridBox, GridCell, Meters, Overlap, Polygons, QueryPoint,
};

/// # Scans and searches
///
/// All of them pass matching reports on in batches of one segment, in no particular order. Reports
/// with an approximate position take part in queries about places only where the filter says so.
///
/// ```
/// use pointchaud::domain::{Filter, IndexedFields, ReportId, ServiceCode};
/// use pointchaud::index::{Collector, DocAddress, Index};
/// use pointchaud::place::{BBox, GridBox, GridCell, Position, QueryPoint};
///
/// let report = |n: u32| {
///     let at = Position::new(-71.2 + f64::from(n) / 1_000.0, 46.8).ok();
///     let id = ReportId::new(&format!("r{n}")).unwrap();
///     IndexedFields::new(id, ServiceCode::new("graffiti").unwrap(), 1_790_000_000, at)
/// };
/// let snapshot = Index::from_reports((0..10).map(report)).reader().load();
/// let every = snapshot.compiled(&Filter::default());
/// let west = BBox::new(-71.21, 46.7, -71.1955, 46.9).unwrap();
///
/// let mut ids = Vec::new();
/// snapshot.scan_box(&west, &every, |batch| {
///     batch.slots().each(|slot| ids.push(snapshot.id(batch.address(slot)).to_owned()));
/// });
/// ids.sort();
/// assert_eq!(ids, ["r0", "r1", "r2", "r3", "r4"]);
///
/// let mut all = 0;
/// snapshot.scan(&every, |batch| all += batch.slots().count());
/// assert_eq!(all, 10);
///
/// let mut half = 0;
/// snapshot.scan_located(&every, 0, 2, |batch| half += batch.slots().count());
/// assert_eq!(half, 5);
///
/// let mut in_cell = 0;
/// let around = GridBox::parts_of(&BBox::new(-72.0, 46.0, -71.0, 47.0).unwrap());
/// snapshot.scan_cells(&around, 9, &every, |_, batch| in_cell += batch.slots().count());
/// assert_eq!(in_cell, 10);
/// assert!(snapshot.split_box(&west, 4).is_none(), "one cell of level 4 holds the whole box");
///
/// struct Count(usize);
/// impl Collector<DocAddress> for Count {
///     fn max_haversine(&mut self) -> f32 {
///         f32::INFINITY
///     }
///     fn collect(&mut self, _: DocAddress, _: f32) {
///         self.0 += 1;
///     }
/// }
/// let mut count = Count(0);
/// let here = QueryPoint::new(Position::new(-71.2, 46.8).unwrap());
/// snapshot.near(&here, &every, usize::MAX, &mut count);
/// assert_eq!(count.0, 10);
/// ```
impl Snapshot {
    /// Calls `visit` with every matching report, located or not. The filter's bounding box is
    /// applied.
    pub fn scan(&self, compiled: &CompiledFilter, mut visit: impl FnMut(SelectionBatch<'_>)) {
        for (segment, held) in self.segments.iter().enumerate() {
            let window = 0..held.columns().len() as u32;
            self.scan_window(segment, window, compiled, &mut visit);
        }
    }

    /// One of `parts` parts, 0 to `parts` - 1, of the matching reports: several threads can share
    /// a scan. Where the filter has a bounding box they are found through the spatial index, and
    /// approximate positions take part only where the filter says so.
    pub(crate) fn scan_part(
        &self,
        compiled: &CompiledFilter,
        (part, parts): (usize, usize),
        mut visit: impl FnMut(SelectionBatch<'_>),
    ) {
        for (segment, held) in self.segments.iter().enumerate() {
            let cut = |n: usize| (held.columns().len() * n / parts) as u32;
            let window = cut(part)..cut(part + 1);
            match compiled.bbox() {
                Some(bbox) => self.scan_box_window(segment, window, bbox, compiled, &mut visit),
                None => self.scan_window(segment, window, compiled, &mut visit),
            }
        }
    }

    /// Visits the matching slots of a range, through a partial index where one serves the filter.
    fn scan_window(
        &self,
        segment: usize,
        window: Range<u32>,
        compiled: &CompiledFilter,
        visit: &mut impl FnMut(SelectionBatch<'_>),
    ) {
        let held = &self.segments[segment];
        let columns = held.columns();
        let mut first = window.start;
        if let Some(lists) = held.segment.partials.slot_lists(compiled) {
            first = first.max(columns.exact_slots().end.min(window.end));
            for list in lists {
                let below = |end: u32| list.partition_point(|slot| *slot < end);
                let list = &list[below(window.start)..below(window.end)];
                compiled.select_list(columns, &held.deletes, list, |slots| {
                    visit(SelectionBatch { segment: segment as u32, columns, slots });
                });
            }
        }
        self.scan_slots(segment, first..window.end, compiled, visit);
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
    pub(crate) fn far(
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
    pub(crate) fn is_within(
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
    pub(crate) fn scan_unlocated(
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
            let window = 0..held.columns().len() as u32;
            self.scan_box_window(segment, window, bbox, compiled, &mut visit);
        }
    }

    /// Visits the matching slots of a range that lie in a box.
    fn scan_box_window(
        &self,
        segment: usize,
        window: Range<u32>,
        bbox: &BBox,
        compiled: &CompiledFilter,
        visit: &mut impl FnMut(SelectionBatch<'_>),
    ) {
        let held = &self.segments[segment];
        let columns = held.columns();
        // The parts of a box are disjoint, so no report is visited twice.
        for part in bbox.parts() {
            let approximate = compiled.accepts_approximate();
            held.segment.ranges_in_box(&part, approximate, |slots, is_inside| {
                let slots = slots.start.max(window.start)..slots.end.min(window.end);
                if is_inside {
                    return self.scan_slots(segment, slots, compiled, visit);
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

    /// Calls `visit` with batches of matching located reports that may lie in polygons. With a
    /// batch of which all do comes no cover; with any other one that of its grid cell, whose
    /// [`CellCover::contains`] decides for each report: the caller may first drop those that it
    /// does not need.
    ///
    /// # Errors
    /// The work was interrupted; it is checked for each grid cell.
    pub(crate) fn scan_polygons(
        &self,
        polygons: &Polygons,
        compiled: &CompiledFilter,
        interrupt: &Interrupt,
        mut visit: impl FnMut(SelectionBatch<'_>, Option<&CellCover<'_>>),
    ) -> Result<(), Interrupted> {
        let whole = polygons.cover();
        for (segment, held) in self.segments.iter().enumerate() {
            let approximate = compiled.accepts_approximate();
            let ended = held.columns().ranges_in_polygons(&whole, approximate, |slots, cover| {
                self.scan_slots(segment, slots, compiled, &mut |batch| visit(batch, cover));
                interrupt.check().map_or_else(ControlFlow::Break, ControlFlow::Continue)
            });
            if let ControlFlow::Break(interrupted) = ended {
                return Err(interrupted);
            }
        }
        Ok(())
    }

    /// Calls `visit` with every matching located report of a grid cell.
    pub(crate) fn scan_cell(
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
