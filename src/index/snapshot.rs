//! What readers hold: the state of a city at one revision. It never changes and never waits.

use std::ops::Range;
use std::sync::Arc;

use crate::domain::{Filter, ReportView, TextSketch};
use crate::index::access::h3::{H3Columns, H3Rings};
use crate::index::access::partial::Collector;
use crate::index::areas;
use crate::index::areas::BoundaryIndex;
use crate::index::columns::{ColumnValues, Columns, PackedState};
use crate::index::compiled_filter::{CompiledFilter, Selection};
use crate::index::delete_bitmap::DeleteBitmap;
use crate::index::dictionary::Dictionary;
use crate::index::segment::Segment;
use crate::place::{BBox, Cell, GridBox, Hex, Overlap, Position, QueryPoint};

/// A report in a snapshot: which run, which slot. Means nothing in another snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DocAddress {
    run: u32,
    slot: u32,
}

/// A run and its dead.
#[derive(Clone)]
pub(super) struct LiveSegment {
    pub run: Arc<Segment>,
    pub dead: DeleteBitmap,
}

impl LiveSegment {
    /// Slots still alive.
    pub fn live(&self) -> impl Iterator<Item = u32> {
        (0..self.run.columns.len() as u32).filter(|slot| !self.dead.has(*slot))
    }

    /// How many slots are still alive.
    pub fn live_count(&self) -> usize {
        self.run.columns.len() - self.dead.count()
    }
}

/// The state of one city at one revision.
#[derive(Clone, Default)]
pub struct Snapshot {
    pub(super) revision: u64,
    pub(super) parts: Vec<LiveSegment>,
    pub(super) services: Arc<Dictionary>,
    pub(super) areas: Arc<Dictionary>,
    pub(super) hexes: Arc<H3Columns>,
    pub(super) zones: Arc<[Arc<BoundaryIndex>]>,
}

impl Snapshot {
    /// The revision up to which this snapshot has read.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// How many services any report has been of: their numbers are below this.
    pub fn services(&self) -> usize {
        self.services.len()
    }

    /// How many areas reports are in, by their sources' words.
    pub fn areas(&self) -> usize {
        self.areas.len()
    }

    /// How many reports there are.
    pub fn len(&self) -> usize {
        self.parts.iter().map(LiveSegment::live_count).sum()
    }

    /// True where there is no report.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The report with this id.
    pub fn find(&self, id: &str) -> Option<DocAddress> {
        self.parts.iter().enumerate().find_map(|(run, part)| {
            let slot = part.run.columns.ids.find(id).filter(|slot| !part.dead.has(*slot))?;
            Some(DocAddress { run: run as u32, slot })
        })
    }

    /// A filter made ready for this snapshot.
    pub fn compiled(&self, filter: &Filter) -> CompiledFilter {
        CompiledFilter::new(filter, &self.services, &self.areas, &self.zones)
    }

    fn columns(&self, address: DocAddress) -> &Columns {
        &self.parts[address.run as usize].run.columns
    }

    /// The facts of a report.
    pub fn view(&self, address: DocAddress) -> ReportView<'_> {
        let columns = self.columns(address);
        let record = columns.record(address.slot);
        ReportView {
            id: columns.ids.get(address.slot),
            service: self.services.get(record.service).unwrap_or_default(),
            status: record.status,
            reason: record.reason,
            nature: record.nature,
            channel: record.channel,
            requested: record.requested,
            day_only: record.day_only,
            closed: record.closed,
            position: record.position,
            accuracy: record.accuracy,
            area: self.areas.get(record.area),
            parent: columns.parent(address.slot),
        }
    }

    /// The id of a report.
    pub fn id(&self, address: DocAddress) -> &str {
        self.columns(address).ids.get(address.slot)
    }

    /// The numbers of a report's facts; see [`Snapshot::service_name`] and [`Snapshot::area_name`].
    pub fn record(&self, address: DocAddress) -> ColumnValues {
        self.columns(address).record(address.slot)
    }

    /// Does the report pass?
    pub fn passes(&self, address: DocAddress, compiled: &CompiledFilter) -> bool {
        compiled.passes_here(self.columns(address), address.slot)
    }

    /// When the report was made, in seconds since 1970.
    pub fn requested(&self, address: DocAddress) -> i64 {
        self.columns(address).requested(address.slot)
    }

    /// When the report was closed, in seconds since 1970, where it was and the time is known.
    #[inline]
    pub fn closed(&self, address: DocAddress) -> Option<i64> {
        self.columns(address).closed(address.slot)
    }

    /// Number of the report's service.
    #[inline]
    pub fn service(&self, address: DocAddress) -> u16 {
        self.columns(address).service(address.slot)
    }

    /// Status, nature and what else there is little of.
    #[inline]
    pub fn state(&self, address: DocAddress) -> PackedState {
        self.columns(address).state(address.slot)
    }

    /// What the report says and which streets it names, hashed.
    #[inline]
    pub fn sketch(&self, address: DocAddress) -> TextSketch {
        self.columns(address).sketch(address.slot)
    }

    /// The id of the report of which this one is a duplicate, if that is known.
    pub fn parent(&self, address: DocAddress) -> Option<&str> {
        self.columns(address).parent(address.slot)
    }

    /// The position of a report.
    pub fn position(&self, address: DocAddress) -> Option<Position> {
        self.columns(address).position(address.slot)
    }

    /// Longitude and latitude of a placed report, in degrees.
    #[inline]
    pub fn degrees(&self, address: DocAddress) -> [f64; 2] {
        self.columns(address).degrees(address.slot)
    }

    /// The code of a service number.
    pub fn service_name(&self, number: u16) -> &str {
        self.services.get(number).unwrap_or_default()
    }

    /// The number of a service's code, if any report was ever of it.
    pub fn service_number(&self, code: &str) -> Option<u16> {
        self.services.find(code)
    }

    /// The name of an area number; none for reports without an area.
    pub fn area_name(&self, number: u16) -> Option<&str> {
        self.areas.get(number)
    }

    /// Is this an area: of a loaded boundary, or one that any report has been in?
    pub fn knows_area(&self, name: &str) -> bool {
        areas::find(&self.zones, name).is_some() || self.areas.find(name).is_some()
    }

    /// The loaded boundaries, set by set.
    pub fn zones(&self) -> &[Arc<BoundaryIndex>] {
        &self.zones
    }

    /// The set of boundaries of this name.
    pub fn zone_set(&self, name: &str) -> Option<&Arc<BoundaryIndex>> {
        self.zones.iter().find(|set| set.set().name == name)
    }

    /// Calls `found` with every report that passes, located or not, in no order.
    pub fn all(&self, compiled: &CompiledFilter, mut found: impl FnMut(SelectionBatch<'_>)) {
        for (run, part) in self.parts.iter().enumerate() {
            let columns = &part.run.columns;
            let mut first = 0;
            if let Some(lists) = part.run.partials.lists(compiled) {
                first = columns.exact().end;
                for list in lists {
                    compiled.select_of(columns, &part.dead, list, |slots| {
                        found(SelectionBatch { run: run as u32, columns, slots });
                    });
                }
            }
            self.visit(run, first..columns.len() as u32, compiled, &mut found);
        }
    }

    /// Offers placed reports that pass: all that are no farther than the reach, perhaps some that
    /// are, roughly the nearest first. A `gather` that wants only so many nearest says how many,
    /// for the sake of speed; else `wanted` is `usize::MAX`.
    pub fn near(
        &self,
        origin: &QueryPoint,
        compiled: &CompiledFilter,
        wanted: usize,
        gather: &mut impl Collector<DocAddress>,
    ) {
        for (part, run) in self.parts.iter().zip(0..) {
            let (columns, partials) = (&part.run.columns, &part.run.partials);
            let mut trees = partials.choose(compiled);
            trees.are_enough &= part.dead.count() == 0;
            if trees.are_enough {
                partials.near(columns, origin, &trees, wanted, &mut AllCollector { run, gather });
            } else {
                let mut passing =
                    PassingFilter { run, gather, columns, dead: &part.dead, compiled };
                partials.near(columns, origin, &trees, wanted, &mut passing);
            }
        }
    }

    /// Calls `found` with the placed reports that pass of one of `parts` equal parts of the index.
    pub fn placed(
        &self,
        compiled: &CompiledFilter,
        part: usize,
        parts: usize,
        mut found: impl FnMut(SelectionBatch<'_>),
    ) {
        for (run, held) in self.parts.iter().enumerate() {
            let columns = &held.run.columns;
            let approximate = compiled.wants_approximate().then(|| columns.approximate());
            for Range { start, end } in std::iter::once(columns.exact()).chain(approximate) {
                let cut = |n: usize| start + ((end - start) as usize * n / parts) as u32;
                self.visit(run, cut(part)..cut(part + 1), compiled, &mut found);
            }
        }
    }

    /// The H3 cells of a resolution that reports were ever in, by number.
    pub fn hexes(&self, resolution: u8) -> Vec<Hex> {
        self.hexes.cells(resolution)
    }

    /// How many H3 cells of a resolution reports were ever in.
    pub fn hex_count(&self, resolution: u8) -> usize {
        self.hexes.count(resolution)
    }

    /// The number of the cell of a resolution for each piece that [`Columns::fragment`] tells.
    pub fn hex_by_fragment(&self, resolution: u8) -> Vec<u32> {
        self.hexes.by_fragment(resolution)
    }

    /// The numbers of cells of a resolution in which no report is placed exactly now, in order.
    pub fn vacant_hexes(&self, resolution: u8) -> &[u32] {
        self.hexes.vacant(resolution)
    }

    /// The neighbours of every cell of a resolution within `k` steps; it may know more cells than
    /// this snapshot.
    pub fn hex_rings(&self, resolution: u8, k: u8) -> Arc<H3Rings> {
        self.hexes.rings(resolution, k)
    }

    /// Calls `found` with every report that passes and has no position.
    pub fn unplaced(&self, compiled: &CompiledFilter, mut found: impl FnMut(SelectionBatch<'_>)) {
        for (run, part) in self.parts.iter().enumerate() {
            let columns = &part.run.columns;
            let slots = columns.located() as u32..columns.len() as u32;
            self.visit(run, slots, compiled, &mut found);
        }
    }

    /// Calls `found` with every placed report that passes and lies in `bbox`.
    pub fn in_box(
        &self,
        bbox: &BBox,
        compiled: &CompiledFilter,
        mut found: impl FnMut(SelectionBatch<'_>),
    ) {
        for (run, part) in self.parts.iter().enumerate() {
            let columns = &part.run.columns;
            // The parts of a box have no position in common, so no report is found twice.
            for fragment in bbox.parts() {
                part.run.ranges_in(&fragment, compiled.wants_approximate(), |slots, certain| {
                    if certain {
                        return self.visit(run, slots, compiled, &mut found);
                    }
                    let inside = |slot: &u32| {
                        columns.position(*slot).is_some_and(|at| fragment.contains(at))
                            && !part.dead.has(*slot)
                            && compiled.passes_here(columns, *slot)
                    };
                    let kept: Vec<u32> = slots.filter(inside).collect();
                    if !kept.is_empty() {
                        found(SelectionBatch {
                            run: run as u32,
                            columns,
                            slots: Selection::Some(&kept),
                        });
                    }
                });
            }
        }
    }

    /// Calls `found` with every placed report of `cell` that passes.
    pub fn in_cell(
        &self,
        cell: Cell,
        compiled: &CompiledFilter,
        mut found: impl FnMut(SelectionBatch<'_>),
    ) {
        for (run, part) in self.parts.iter().enumerate() {
            part.run.slots_of(cell, compiled.wants_approximate(), |slots| {
                self.visit(run, slots, compiled, &mut found);
            });
        }
    }

    fn visit(
        &self,
        run: usize,
        slots: Range<u32>,
        compiled: &CompiledFilter,
        found: &mut impl FnMut(SelectionBatch<'_>),
    ) {
        let LiveSegment { run: held, dead } = &self.parts[run];
        let columns = &held.columns;
        compiled.select(columns, dead, slots, |slots| {
            found(SelectionBatch { run: run as u32, columns, slots });
        });
    }

    /// A box as boxes of the grid.
    pub fn fragments(bbox: &BBox) -> Vec<GridBox> {
        bbox.parts().iter().map(GridBox::of).collect()
    }

    /// A box cut in two that no cell of `level` touches both of, each with about half of the
    /// reports of the largest run; none where it is narrower than that, or in pieces already.
    pub fn halves(&self, bbox: &BBox, level: u8) -> Option<[Vec<GridBox>; 2]> {
        let [fragment] = Self::fragments(bbox).try_into().ok()?;
        let largest = self.parts.iter().max_by_key(|part| part.live_count())?;
        let middle = largest.run.columns.middle_column()?;
        let (west, east) = fragment.cut(middle, level)?;
        Some([vec![west], vec![east]])
    }

    /// Calls `found` with every placed report that passes and the cell of `level` it lies in, for
    /// all cells that touch the pieces of a box, whole: cells do not depend on where it cuts them.
    pub fn cells_touching(
        &self,
        fragments: &[GridBox],
        level: u8,
        compiled: &CompiledFilter,
        mut found: impl FnMut(Cell, SelectionBatch<'_>),
    ) {
        for (run, part) in self.parts.iter().enumerate() {
            for (n, fragment) in fragments.iter().enumerate() {
                part.run.cells_touching(
                    fragment,
                    level,
                    compiled.wants_approximate(),
                    |cell, slots| {
                        // A cell that touches two pieces of the box was found with the first.
                        let before = &fragments[..n];
                        if before.iter().all(|other| other.overlap(cell) == Overlap::Outside) {
                            self.visit(run, slots, compiled, &mut |batch| found(cell, batch));
                        }
                    },
                );
            }
        }
    }
}

/// Hands everything of a run on.
struct AllCollector<'a, G> {
    run: u32,
    gather: &'a mut G,
}

impl<G: Collector<DocAddress>> Collector<u32> for AllCollector<'_, G> {
    #[inline]
    fn offer(&mut self, slot: u32, haversine: f32) {
        self.gather.offer(DocAddress { run: self.run, slot }, haversine);
    }

    #[inline]
    fn reach(&mut self) -> f32 {
        self.gather.reach()
    }
}

/// Hands on what is alive and passes.
struct PassingFilter<'a, G> {
    run: u32,
    gather: &'a mut G,
    columns: &'a Columns,
    dead: &'a DeleteBitmap,
    compiled: &'a CompiledFilter,
}

impl<G: Collector<DocAddress>> Collector<u32> for PassingFilter<'_, G> {
    #[inline]
    fn offer(&mut self, slot: u32, haversine: f32) {
        if !self.dead.has(slot) && self.compiled.passes_here(self.columns, slot) {
            self.gather.offer(DocAddress { run: self.run, slot }, haversine);
        }
    }

    #[inline]
    fn reach(&mut self) -> f32 {
        self.gather.reach()
    }
}

/// Reports of one run that pass, in the order of its slots.
pub struct SelectionBatch<'a> {
    run: u32,
    columns: &'a Columns,
    slots: Selection<'a>,
}

impl<'a> SelectionBatch<'a> {
    /// The columns to ask about them.
    pub fn columns(&self) -> &'a Columns {
        self.columns
    }

    /// Their slots in the columns.
    pub fn slots(&self) -> &Selection<'a> {
        &self.slots
    }

    /// A bunch of one of its slots.
    pub fn only(&self, slot: u32) -> SelectionBatch<'a> {
        SelectionBatch {
            run: self.run,
            columns: self.columns,
            slots: Selection::Range(slot..slot + 1),
        }
    }

    /// The id of a slot.
    pub fn id(&self, slot: u32) -> &'a str {
        self.columns.ids.get(slot)
    }

    /// The handle of a slot.
    pub fn address(&self, slot: u32) -> DocAddress {
        DocAddress { run: self.run, slot }
    }
}
