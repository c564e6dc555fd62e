//! A run: an immutable part of the index, its columns and its forest over the same slots.

use super::columns::{Columns, Record};
use super::forest::Forest;
use crate::place::{BBox, Cell, GridBox, Overlap};

/// Reports that came together, or were merged; what is no longer true of them is marked dead
/// beside the run, never inside.
#[derive(Default)]
pub struct Run {
    pub columns: Columns,
    pub forest: Forest,
}

impl Run {
    /// Sorts and indexes records, each with its id; no id may come twice.
    pub fn build(rows: Vec<(&str, Record)>) -> Self {
        let columns = Columns::build(rows);
        let forest = Forest::build(&columns);
        Self { columns, forest }
    }

    /// Walks down the grid as a quadtree and calls `found` with slot ranges whose reports may lie
    /// in `part`, a box that does not cross the antimeridian, and whether all of them certainly do.
    /// Ranges are disjoint and in order.
    pub fn ranges_in(&self, part: &BBox, mut found: impl FnMut(std::ops::Range<u32>, bool)) {
        let all = 0..self.columns.located() as u32;
        self.descend(Cell::WORLD, &GridBox::of(part), all, &mut found);
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
        mut found: impl FnMut(Cell, std::ops::Range<u32>),
    ) {
        let all = 0..self.columns.located() as u32;
        self.descend_to(level, Cell::WORLD, part, all, &mut found);
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
        let (first, last) = (slots.start as usize, slots.end as usize - 1);
        let only = Cell::of_morton(self.columns.code[first], level);
        if only == Cell::of_morton(self.columns.code[last], level) {
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
            let rest = &self.columns.code[start as usize..slots.end as usize];
            let end = start + rest.partition_point(|code| *code <= last) as u32;
            let own = start..end;
            start = end;
            (child, own)
        })
    }

    /// The slots of one cell.
    pub fn slots_of(&self, cell: Cell) -> std::ops::Range<u32> {
        let (first, last) = cell.codes();
        let start = self.columns.code.partition_point(|code| *code < first) as u32;
        let rest = &self.columns.code[start as usize..];
        start..start + rest.partition_point(|code| *code <= last) as u32
    }
}
