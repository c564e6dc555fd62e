//! The sections of a segment's located slots as quadtrees: slots are in Z order, so those of a grid
//! cell are one range of each section.

use std::ops::Range;

use crate::index::access::rtree::upper_bound;
use crate::index::columns::Columns;
use crate::place::GridCell;

impl Columns {
    /// The sections that are in Z order: exact positions and, if asked, approximate positions.
    pub(super) fn located_sections(&self, approximate: bool) -> impl Iterator<Item = Range<u32>> {
        let second = approximate.then(|| self.approximate_slots());
        std::iter::once(self.exact_slots()).chain(second)
    }

    /// The four children of a cell with their slots, which are some of `slots`, those of the cell.
    pub(super) fn split(&self, cell: GridCell, slots: Range<u32>) -> [(GridCell, Range<u32>); 4] {
        let mut start = slots.start;
        cell.children().map(|child| {
            let last = child.codes().1;
            let end = self.upper_bound(last, start..slots.end);
            let own = start..end;
            start = end;
            (child, own)
        })
    }

    /// The slots of a section that lie in one grid cell.
    pub(super) fn slots_in_cell(&self, cell: GridCell, section: Range<u32>) -> Range<u32> {
        let (first, last) = cell.codes();
        let start = match first.checked_sub(1) {
            Some(before) => self.upper_bound(before, section.clone()),
            None => section.start,
        };
        start..self.upper_bound(last, start..section.end)
    }

    /// The first of these slots whose Morton code is greater than `code`, or their end.
    fn upper_bound(&self, code: u64, slots: Range<u32>) -> u32 {
        upper_bound(&|slot| self.morton_code(slot), code, slots)
    }
}
