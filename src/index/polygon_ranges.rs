//! Which slots of a segment lie in polygons, and in which area of a boundary set each slot lies: by
//! a descent of the grid, so that most slots are decided as ranges.

use std::convert::Infallible;
use std::ops::{ControlFlow, Range};

use crate::index::areas::{BoundaryIndex, NO_AREA};
use crate::index::columns::Columns;
use crate::place::{CellCover, Overlap};

/// Cells with at most this many slots and edges are tested slot by slot rather than divided
/// further.
const LEAF_SLOTS: usize = 32;
const LEAF_EDGES: usize = 64;
/// Cells with at most this many slots are not divided, however many edges they have.
const FEW_SLOTS: usize = 2;

/// Are the slots of a cell tested one by one?
fn is_leaf(cover: &CellCover<'_>, slots: usize) -> bool {
    let is_small = slots <= LEAF_SLOTS && cover.edge_count() <= LEAF_EDGES;
    is_small || slots <= FEW_SLOTS || cover.is_finest()
}

impl Columns {
    /// Calls `visit` with ranges of slots that may lie in the polygons of a cover. With a range of
    /// which all slots certainly do comes no cover; with any other one that of its grid cell, to
    /// test each slot with. Ranges are disjoint. Ends where `visit` breaks.
    pub(super) fn ranges_in_polygons<B>(
        &self,
        cover: &CellCover<'_>,
        approximate: bool,
        mut visit: impl FnMut(Range<u32>, Option<&CellCover<'_>>) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        for section in self.located_sections(approximate) {
            let slots = self.slots_in_cell(cover.cell(), section);
            if !slots.is_empty() {
                self.descend_polygons(cover, slots, &mut visit)?;
            }
        }
        ControlFlow::Continue(())
    }

    fn descend_polygons<B>(
        &self,
        cover: &CellCover<'_>,
        slots: Range<u32>,
        visit: &mut impl FnMut(Range<u32>, Option<&CellCover<'_>>) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        match cover.overlap() {
            Overlap::Outside => ControlFlow::Continue(()),
            Overlap::Inside => visit(slots, None),
            Overlap::Partly if is_leaf(cover, slots.len()) => visit(slots, Some(cover)),
            Overlap::Partly => {
                let children = self.split(cover.cell(), slots).into_iter();
                for (child, slots) in children.filter(|(_, slots)| !slots.is_empty()) {
                    self.descend_polygons(&cover.child(child), slots, visit)?;
                }
                ControlFlow::Continue(())
            }
        }
    }

    /// The areas of a boundary set that located slots lie in, by slot. They are computed at the
    /// first call for a set. None where the areas of too many other sets are kept.
    pub(crate) fn areas_in(&self, set: &BoundaryIndex) -> Option<&[u16]> {
        self.areas_of_sets.get(set, |set| {
            // A descent for each area pays where there are several slots to each.
            if self.located_count() > 4 * set.set().areas.len() {
                self.areas_by_area(set)
            } else {
                let slots = 0..self.located_count() as u32;
                slots.map(|slot| self.area_by_position(set, slot)).collect()
            }
        })
    }

    /// The number of the area of a boundary set that a slot lies in, [`NO_AREA`] where it lies in
    /// none. The areas of all slots of the segment are computed at the first call for a set.
    #[inline]
    pub(crate) fn area_in(&self, set: &BoundaryIndex, slot: u32) -> u16 {
        if slot as usize >= self.located_count() {
            return NO_AREA;
        }
        match self.areas_in(set) {
            Some(areas) => areas[slot as usize],
            None => self.area_by_position(set, slot),
        }
    }

    fn area_by_position(&self, set: &BoundaryIndex, slot: u32) -> u16 {
        self.position(slot).map_or(NO_AREA, |position| set.area_at(position))
    }

    /// A position in several areas belongs to the first of them in the set.
    fn areas_by_area(&self, set: &BoundaryIndex) -> Box<[u16]> {
        let mut areas = vec![NO_AREA; self.located_count()];
        for (number, area) in (0u16..).zip(&set.set().areas) {
            let cell = area.shape.smallest_cell();
            let mut sections = self.located_sections(true);
            if sections.all(|section| self.slots_in_cell(cell, section).is_empty()) {
                continue;
            }
            let cover = area.shape.cover();
            let ControlFlow::Continue(()) =
                self.ranges_in_polygons::<Infallible>(&cover, true, |slots, cover| {
                    for slot in slots {
                        let holds = |cover: &CellCover<'_>| {
                            self.position(slot).is_some_and(|at| cover.contains(at))
                        };
                        let area = &mut areas[slot as usize];
                        if *area == NO_AREA && cover.is_none_or(holds) {
                            *area = number;
                        }
                    }
                    ControlFlow::Continue(())
                });
        }
        areas.into()
    }
}
