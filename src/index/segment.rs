//! A run: an immutable part of the index, its columns and its forest over the same slots.

use crate::index::access::partial::PartialIndexes;
use crate::index::access::rtree::first_behind;
use crate::index::columns::{ColumnValues, Columns, SlotKey};
use crate::index::ids::IdColumn;
use crate::index::snapshot::LiveSegment;
use crate::place::{BBox, Cell, GridBox, Overlap};

/// Records in the order in which they came, each with its id.
#[derive(Default)]
pub struct SegmentRows {
    ids: IdColumn,
    records: Vec<ColumnValues>,
    /// Originals of the rows that are duplicates, by row.
    parents: Vec<(u32, Box<str>)>,
}

impl SegmentRows {
    /// Room for so many, with ids of usual length.
    pub fn with_capacity(rows: usize) -> Self {
        const ID_BYTES: usize = 12;
        let ids = IdColumn::with_capacity(rows, rows * ID_BYTES);
        Self { ids, records: Vec::with_capacity(rows), parents: Vec::new() }
    }

    /// Adds one.
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

    /// How many.
    pub fn len(&self) -> usize {
        self.records.len()
    }
}

/// Reports that came together, or were merged; what is no longer true of them is marked dead
/// beside the run, never inside.
#[derive(Default)]
pub struct Segment {
    pub columns: Columns,
    pub partials: PartialIndexes,
}

impl Segment {
    /// Sorts and indexes records; no id may come twice.
    pub fn build(rows: &SegmentRows) -> Self {
        let mut order: Vec<(SlotKey, u32)> =
            rows.records.iter().zip(0..).map(|(record, row)| (record.key(), row)).collect();
        order.sort_unstable();
        let located = rows.records.iter().filter(|record| record.position.is_some()).count();
        let mut columns = Columns::with_capacity(order.len(), located, rows.ids.bytes());
        for (key, row) in order {
            columns.push(rows.ids.get(row), rows.parent(row), &rows.records[row as usize], key);
        }
        Self::over(columns)
    }

    /// One run of everything alive in these. Each is in order: the sort finds their stretches and
    /// merges them.
    pub fn merge(parts: &[LiveSegment]) -> Self {
        let mut order: Vec<(SlotKey, u32, u32)> =
            Vec::with_capacity(parts.iter().map(LiveSegment::live_count).sum());
        let (mut located, mut id_bytes) = (0, 0);
        for (part, n) in parts.iter().zip(0..) {
            let columns = &part.run.columns;
            order.extend(part.live().map(|slot| (columns.key(slot), n, slot)));
            located += part.live().take_while(|slot| (*slot as usize) < columns.located()).count();
            id_bytes += columns.ids.bytes();
        }
        order.sort_by_key(|(key, ..)| *key);
        let mut columns = Columns::with_capacity(order.len(), located, id_bytes);
        for (key, part, slot) in order {
            let from = &parts[part as usize].run.columns;
            columns.push(from.ids.get(slot), from.parent(slot), &from.record(slot), key);
        }
        Self::over(columns)
    }

    fn over(mut columns: Columns) -> Self {
        columns.ids.seal();
        let partials = PartialIndexes::build(&columns);
        Self { columns, partials }
    }

    /// Walks down the grid as a quadtree and calls `found` with slot ranges whose reports may lie
    /// in `part`, a box that does not cross the antimeridian, and whether all of them certainly do.
    /// Ranges are disjoint and in order.
    pub fn ranges_in(
        &self,
        part: &BBox,
        approximate: bool,
        mut found: impl FnMut(std::ops::Range<u32>, bool),
    ) {
        for stretch in self.stretches(approximate) {
            self.descend(Cell::WORLD, &GridBox::of(part), stretch, &mut found);
        }
    }

    /// Below this many slots a range is looked at one by one rather than divided.
    const LEAF_SLOTS: usize = 64;

    fn descend(
        &self,
        cell: Cell,
        part: &GridBox,
        slots: std::ops::Range<u32>,
        found: &mut impl FnMut(std::ops::Range<u32>, bool),
    ) {
        if slots.is_empty() {
            return;
        }
        match part.overlap(cell) {
            Overlap::Outside => {}
            Overlap::Inside => found(slots, true),
            Overlap::Partly if slots.len() <= Self::LEAF_SLOTS || cell.level >= 31 => {
                found(slots, false);
            }
            Overlap::Partly => {
                for (child, slots) in self.split(cell, slots) {
                    self.descend(child, part, slots, found);
                }
            }
        }
    }

    /// Calls `found` with every cell of `level` that touches `part` and holds something, and with
    /// all its slots, those outside the box too.
    pub fn cells_touching(
        &self,
        part: &GridBox,
        level: u8,
        approximate: bool,
        mut found: impl FnMut(Cell, std::ops::Range<u32>),
    ) {
        for stretch in self.stretches(approximate) {
            self.descend_to(level, Cell::WORLD, part, stretch, &mut found);
        }
    }

    /// The slots that are in the order of the curve: placed exactly, and approximately too where
    /// asked.
    fn stretches(&self, approximate: bool) -> impl Iterator<Item = std::ops::Range<u32>> {
        let second = approximate.then(|| self.columns.approximate());
        std::iter::once(self.columns.exact()).chain(second)
    }

    fn descend_to(
        &self,
        level: u8,
        cell: Cell,
        part: &GridBox,
        slots: std::ops::Range<u32>,
        found: &mut impl FnMut(Cell, std::ops::Range<u32>),
    ) {
        if slots.is_empty() || part.overlap(cell) == Overlap::Outside {
            return;
        }
        if cell.level == level {
            return found(cell, slots);
        }
        // A lone report's cell is known without walking down to it.
        let only = Cell::of_morton(self.columns.code(slots.start), level);
        if only == Cell::of_morton(self.columns.code(slots.end - 1), level) {
            if part.overlap(only) != Overlap::Outside {
                found(only, slots);
            }
            return;
        }
        for (child, slots) in self.split(cell, slots) {
            self.descend_to(level, child, part, slots, found);
        }
    }

    /// The four quarters of a cell with their slots.
    fn split(&self, cell: Cell, slots: std::ops::Range<u32>) -> [(Cell, std::ops::Range<u32>); 4] {
        let mut start = slots.start;
        cell.children().map(|child| {
            let last = child.codes().1;
            let end = self.first_behind(last, start..slots.end);
            let own = start..end;
            start = end;
            (child, own)
        })
    }

    /// Calls `found` with the slots of one cell.
    pub fn slots_of(
        &self,
        cell: Cell,
        approximate: bool,
        mut found: impl FnMut(std::ops::Range<u32>),
    ) {
        let (first, last) = cell.codes();
        for stretch in self.stretches(approximate) {
            let start = match first.checked_sub(1) {
                Some(before) => self.first_behind(before, stretch.clone()),
                None => stretch.start,
            };
            found(start..self.first_behind(last, start..stretch.end));
        }
    }

    /// The first of these slots whose code is greater, or their end.
    fn first_behind(&self, code: u64, slots: std::ops::Range<u32>) -> u32 {
        first_behind(&|slot| self.columns.code(slot), code, slots)
    }
}
