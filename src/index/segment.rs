//! A segment: an immutable set of reports with their columns and access paths over the same slots.

use std::ops::Range;
use std::sync::Arc;

use crate::index::access::partial::PartialIndexes;
use crate::index::columns::{ColumnValues, Columns, SortKey};
use crate::index::delete_bitmap::DeleteBitmap;
use crate::index::ids::IdColumn;
use crate::index::merge_policy::SegmentSize;
use crate::place::{BBox, GridBox, GridCell, Overlap};

/// Reports in the order of arrival, to be sorted and built into a segment.
#[derive(Default)]
pub struct SegmentRows {
    ids: IdColumn,
    records: Vec<ColumnValues>,
    /// Parent ids of the rows that have one, sorted by row.
    parents: Vec<(u32, Box<str>)>,
}

impl SegmentRows {
    /// No rows yet, with room for this many rows with ids of usual length.
    pub fn with_capacity(rows: usize) -> Self {
        const ID_BYTES: usize = 12;
        let ids = IdColumn::with_capacity(rows, rows * ID_BYTES);
        Self { ids, records: Vec::with_capacity(rows), parents: Vec::new() }
    }

    /// Appends a row.
    pub fn push(&mut self, id: &str, parent: Option<&str>, record: ColumnValues) {
        if let Some(parent) = parent {
            self.parents.push((self.len() as u32, parent.into()));
        }
        self.ids.push(id);
        self.records.push(record);
    }

    fn parent(&self, row: u32) -> Option<&str> {
        let at = self.parents.binary_search_by_key(&row, |(row, _)| *row).ok()?;
        Some(&self.parents[at].1)
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.records.len()
    }
}

/// A segment. Deletions are marked beside it, in [`LiveSegment`].
#[derive(Default)]
pub struct Segment {
    pub columns: Columns,
    pub partials: PartialIndexes,
}

/// A segment and the slots that were deleted from it since it was built. Cloning is cheap.
#[derive(Clone)]
pub struct LiveSegment {
    pub segment: Arc<Segment>,
    pub deletes: DeleteBitmap,
}

impl LiveSegment {
    /// A segment without deletions.
    pub fn new(segment: Segment) -> Self {
        Self { segment: Arc::new(segment), deletes: DeleteBitmap::default() }
    }

    /// The columns of the segment.
    pub fn columns(&self) -> &Columns {
        &self.segment.columns
    }

    /// Slots that are not deleted.
    pub fn live_slots(&self) -> impl Iterator<Item = u32> {
        (0..self.columns().len() as u32).filter(|slot| !self.deletes.contains(*slot))
    }

    /// Number of slots that are not deleted.
    pub fn live_count(&self) -> usize {
        self.columns().len() - self.deletes.count()
    }

    /// The size as the merge policy sees it.
    pub fn size(&self) -> SegmentSize {
        SegmentSize { slots: self.columns().len(), deleted: self.deletes.count() }
    }
}

impl Segment {
    /// Builds a segment. The rows have different ids.
    ///
    /// Takes O(n log n): rows are sorted, columns copied, trees packed.
    pub fn build(rows: &SegmentRows) -> Self {
        let mut order: Vec<(SortKey, u32)> =
            rows.records.iter().zip(0..).map(|(record, row)| (record.sort_key(), row)).collect();
        order.sort_unstable();
        let located = rows.records.iter().filter(|record| record.position.is_some()).count();
        let mut columns = Columns::with_capacity(order.len(), located, rows.ids.bytes());
        for (key, row) in order {
            columns.push(rows.ids.get(row), rows.parent(row), &rows.records[row as usize], key);
        }
        Self::from_columns(columns)
    }

    /// Builds one segment from all slots of `sources` that are not deleted.
    pub fn merge(sources: &[LiveSegment]) -> Self {
        let mut order: Vec<(SortKey, u32, u32)> =
            Vec::with_capacity(sources.iter().map(LiveSegment::live_count).sum());
        let (mut located, mut id_bytes) = (0, 0);
        for (source, n) in sources.iter().zip(0..) {
            let columns = source.columns();
            order.extend(source.live_slots().map(|slot| (columns.sort_key(slot), n, slot)));
            let is_located = |slot: &u32| (*slot as usize) < columns.located_count();
            located += source.live_slots().take_while(is_located).count();
            id_bytes += columns.ids.bytes();
        }
        // Each source is sorted: the stable sort detects sorted stretches and merges them.
        order.sort_by_key(|(key, ..)| *key);
        let mut columns = Columns::with_capacity(order.len(), located, id_bytes);
        for (key, source, slot) in order {
            let from = sources[source as usize].columns();
            columns.push(from.ids.get(slot), from.parent(slot), &from.record(slot), key);
        }
        Self::from_columns(columns)
    }

    fn from_columns(mut columns: Columns) -> Self {
        columns.ids.build_lookup();
        let partials = PartialIndexes::build(&columns);
        Self { columns, partials }
    }

    /// Calls `visit` with ranges of slots that may lie in `bbox`, which must not cross the
    /// antimeridian, and whether all slots of the range certainly do. Ranges are disjoint and
    /// ascending. The grid is descended as a quadtree.
    pub fn ranges_in_box(
        &self,
        bbox: &BBox,
        approximate: bool,
        mut visit: impl FnMut(Range<u32>, bool),
    ) {
        for section in self.columns.located_sections(approximate) {
            self.descend_box(GridCell::WORLD, &GridBox::of(bbox), section, &mut visit);
        }
    }

    /// Ranges of at most this many slots are tested slot by slot rather than divided further.
    const LEAF_SLOTS: usize = 64;

    fn descend_box(
        &self,
        cell: GridCell,
        bbox: &GridBox,
        slots: Range<u32>,
        visit: &mut impl FnMut(Range<u32>, bool),
    ) {
        if slots.is_empty() {
            return;
        }
        match bbox.overlap(cell) {
            Overlap::Outside => {}
            Overlap::Inside => visit(slots, true),
            Overlap::Partly if slots.len() <= Self::LEAF_SLOTS || cell.level >= 31 => {
                visit(slots, false);
            }
            Overlap::Partly => {
                for (child, slots) in self.columns.split(cell, slots) {
                    self.descend_box(child, bbox, slots, visit);
                }
            }
        }
    }

    /// Calls `visit` with every grid cell of `level` that touches `bbox` and has slots, and with
    /// all slots of the cell, those outside the box included.
    pub fn cells_touching(
        &self,
        bbox: &GridBox,
        level: u8,
        approximate: bool,
        mut visit: impl FnMut(GridCell, Range<u32>),
    ) {
        for section in self.columns.located_sections(approximate) {
            self.descend_cells(level, GridCell::WORLD, bbox, section, &mut visit);
        }
    }

    fn descend_cells(
        &self,
        level: u8,
        cell: GridCell,
        bbox: &GridBox,
        slots: Range<u32>,
        visit: &mut impl FnMut(GridCell, Range<u32>),
    ) {
        if slots.is_empty() || bbox.overlap(cell) == Overlap::Outside {
            return;
        }
        if cell.level == level {
            return visit(cell, slots);
        }
        // Where all slots lie in one cell of `level`, no further descent is needed.
        let only = GridCell::of_morton(self.columns.morton_code(slots.start), level);
        if only == GridCell::of_morton(self.columns.morton_code(slots.end - 1), level) {
            if bbox.overlap(only) != Overlap::Outside {
                visit(only, slots);
            }
            return;
        }
        for (child, slots) in self.columns.split(cell, slots) {
            self.descend_cells(level, child, bbox, slots, visit);
        }
    }

    /// Calls `visit` with the slots of one grid cell.
    pub fn ranges_in_cell(
        &self,
        cell: GridCell,
        approximate: bool,
        mut visit: impl FnMut(Range<u32>),
    ) {
        for section in self.columns.located_sections(approximate) {
            visit(self.columns.slots_in_cell(cell, section));
        }
    }
}
