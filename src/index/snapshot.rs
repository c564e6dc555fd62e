//! What readers hold: the state of a city at one revision. It never changes and never waits.

use std::ops::Range;
use std::sync::Arc;

use super::columns::{Columns, Record};
use super::dead::Dead;
use super::forest::slack;
use super::names::Names;
use super::run::Run;
use super::sieve::Sieve;
use crate::place::{BBox, Cell, GridBox, Meters, Overlap, Position};
use crate::report::{Filter, View};

/// A report in a snapshot: which run, which slot. Means nothing in another snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Handle {
    run: u32,
    slot: u32,
}

/// A run and its dead.
#[derive(Clone)]
pub(super) struct Part {
    pub run: Arc<Run>,
    pub dead: Dead,
}

impl Part {
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
    pub(super) parts: Vec<Part>,
    pub(super) services: Arc<Names>,
    pub(super) areas: Arc<Names>,
}

impl Snapshot {
    /// The revision up to which this snapshot has read.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// How many reports there are.
    pub fn len(&self) -> usize {
        self.parts.iter().map(Part::live_count).sum()
    }

    /// True where there is no report.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The report with this id.
    pub fn find(&self, id: &str) -> Option<Handle> {
        self.parts.iter().enumerate().find_map(|(run, part)| {
            let slot = part.run.columns.ids.find(id).filter(|slot| !part.dead.has(*slot))?;
            Some(Handle { run: run as u32, slot })
        })
    }

    /// The place of a report on the grid's Z curve; `None` without a position.
    pub fn code(&self, handle: Handle) -> Option<u64> {
        self.columns(handle).code.get(handle.slot as usize).copied()
    }

    /// A filter made ready for this snapshot.
    pub fn sieve(&self, filter: &Filter) -> Sieve {
        Sieve::new(filter, &self.services, &self.areas)
    }

    fn columns(&self, handle: Handle) -> &Columns {
        &self.parts[handle.run as usize].run.columns
    }

    /// The facts of a report.
    pub fn view(&self, handle: Handle) -> View<'_> {
        let columns = self.columns(handle);
        let Record { service, area, .. } = columns.record(handle.slot);
        let record = columns.record(handle.slot);
        View {
            id: columns.ids.get(handle.slot),
            service: self.services.get(service).unwrap_or_default(),
            status: record.status,
            reason: record.reason,
            nature: record.nature,
            channel: record.channel,
            requested: record.requested,
            day_only: record.day_only,
            closed: record.closed,
            position: record.position,
            accuracy: record.accuracy,
            area: self.areas.get(area),
        }
    }

    /// The id of a report.
    pub fn id(&self, handle: Handle) -> &str {
        self.columns(handle).ids.get(handle.slot)
    }

    /// The numbers of a report's facts; see [`Snapshot::service_name`] and [`Snapshot::area_name`].
    pub fn record(&self, handle: Handle) -> Record {
        self.columns(handle).record(handle.slot)
    }

    /// When the report was made, in seconds since 1970.
    pub fn requested(&self, handle: Handle) -> i64 {
        self.columns(handle).requested[handle.slot as usize]
    }

    /// The position of a report.
    pub fn position(&self, handle: Handle) -> Option<Position> {
        self.columns(handle).position(handle.slot)
    }

    /// The code of a service number.
    pub fn service_name(&self, number: u16) -> &str {
        self.services.get(number).unwrap_or_default()
    }

    /// The name of an area number; none for reports without an area.
    pub fn area_name(&self, number: u16) -> Option<&str> {
        self.areas.get(number)
    }

    /// Has any report been in this area?
    pub fn knows_area(&self, name: &str) -> bool {
        self.areas.find(name).is_some()
    }

    /// Every report that passes, located or not, in no order.
    pub fn all<'a>(&'a self, sieve: &'a Sieve) -> impl Iterator<Item = Handle> + 'a {
        self.parts.iter().enumerate().flat_map(move |(run, part)| {
            let columns = &part.run.columns;
            let live = part.live().filter(move |slot| sieve.passes_here(columns, *slot));
            live.map(move |slot| Handle { run: run as u32, slot })
        })
    }

    /// Reports that pass, nearest first, with squared chord lengths. Those of almost the same
    /// length may come in any order: the caller sorts them out by distance and id.
    pub fn nearest<'a>(
        &'a self,
        at: Position,
        sieve: &'a Sieve,
    ) -> impl Iterator<Item = (Handle, f64)> + 'a {
        let mut streams: Vec<_> = self
            .parts
            .iter()
            .map(|part| {
                let columns = &part.run.columns;
                let near = part.run.forest.nearest(at, |kind| sieve.wants(kind));
                near.filter(move |(slot, _)| {
                    !part.dead.has(*slot) && sieve.passes_placed(columns, *slot)
                })
                .peekable()
            })
            .collect();
        std::iter::from_fn(move || {
            let fronts = streams.iter_mut().enumerate();
            let fronts = fronts.filter_map(|(run, s)| s.peek().map(|(_, chord2)| (run, *chord2)));
            let (run, _) = fronts.min_by(|a, b| a.1.total_cmp(&b.1))?;
            let (slot, chord2) = streams[run].next()?;
            Some((Handle { run: run as u32, slot }, chord2))
        })
    }

    /// Reports that pass and are perhaps no farther than `radius`, in no order; the caller judges
    /// by the distance itself.
    pub fn around<'a>(
        &'a self,
        at: Position,
        radius: Meters,
        sieve: &'a Sieve,
    ) -> impl Iterator<Item = Handle> + 'a {
        self.parts.iter().enumerate().flat_map(move |(run, part)| {
            let columns = &part.run.columns;
            let near = part.run.forest.within(at, radius, |kind| sieve.wants(kind));
            near.filter(move |slot| !part.dead.has(*slot) && sieve.passes_placed(columns, *slot))
                .map(move |slot| Handle { run: run as u32, slot })
        })
    }

    /// Calls `found` with every placed report that passes and lies in `bbox`.
    pub fn in_box(&self, bbox: &BBox, sieve: &Sieve, mut found: impl FnMut(Handle)) {
        for (run, part) in self.parts.iter().enumerate() {
            let columns = &part.run.columns;
            // The parts of a box have no position in common, so no report is found twice.
            for piece in bbox.parts() {
                part.run.ranges_in(&piece, |slots, certain| {
                    for slot in slots {
                        let inside = |at: Position| piece.contains(at);
                        let here = certain || columns.position(slot).is_some_and(inside);
                        if here && !part.dead.has(slot) && sieve.passes_placed(columns, slot) {
                            found(Handle { run: run as u32, slot });
                        }
                    }
                });
            }
        }
    }

    /// Calls `found` with every placed report of `cell` that passes.
    pub fn in_cell(&self, cell: Cell, sieve: &Sieve, mut found: impl FnMut(Handle)) {
        for (run, part) in self.parts.iter().enumerate() {
            self.visit(run, part.run.slots_of(cell), sieve, &mut found);
        }
    }

    fn visit(&self, run: usize, slots: Range<u32>, sieve: &Sieve, found: &mut impl FnMut(Handle)) {
        let part = &self.parts[run];
        for slot in slots {
            if !part.dead.has(slot) && sieve.passes_placed(&part.run.columns, slot) {
                found(Handle { run: run as u32, slot });
            }
        }
    }

    /// Calls `found` with every placed report that passes and the cell of `level` it lies in, for
    /// all cells that touch `bbox`, whole: cells do not depend on where the box cuts them. Within a
    /// run the reports of a cell come together.
    pub fn cells_touching(
        &self,
        bbox: &BBox,
        level: u8,
        sieve: &Sieve,
        mut found: impl FnMut(Cell, Handle),
    ) {
        let pieces: Vec<GridBox> = bbox.parts().iter().map(GridBox::of).collect();
        for (run, part) in self.parts.iter().enumerate() {
            for (n, piece) in pieces.iter().enumerate() {
                part.run.cells_touching(piece, level, |cell, slots| {
                    // A cell that touches two pieces of the box was found with the first.
                    let before = &pieces[..n];
                    if before.iter().all(|other| other.overlap(cell) == Overlap::Outside) {
                        self.visit(run, slots, sieve, &mut |handle| found(cell, handle));
                    }
                });
            }
        }
    }
}

/// Is `chord2` beyond a k-th nearest at `kth` by more than rounding?
pub fn beyond(chord2: f64, kth: f64) -> bool {
    chord2 > slack(kth)
}
