//! What readers hold: the state of a city at one revision. It never changes and never waits.

use std::ops::Range;
use std::sync::Arc;

use super::columns::{Columns, Record, State};
use super::dead::Dead;
use super::forest::Gather;
use super::hexes::{Hexes, Rings};
use super::names::Names;
use super::run::Run;
use super::sieve::{Sieve, Slots};
use super::zones::{self, ZoneSet};
use crate::place::{BBox, Cell, GridBox, Hex, Origin, Overlap, Position};
use crate::report::{Filter, Sketch, View};

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
    pub(super) hexes: Arc<Hexes>,
    pub(super) zones: Arc<[Arc<ZoneSet>]>,
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

    /// A filter made ready for this snapshot.
    pub fn sieve(&self, filter: &Filter) -> Sieve {
        Sieve::new(filter, &self.services, &self.areas, &self.zones)
    }

    fn columns(&self, handle: Handle) -> &Columns {
        &self.parts[handle.run as usize].run.columns
    }

    /// The facts of a report.
    pub fn view(&self, handle: Handle) -> View<'_> {
        let columns = self.columns(handle);
        let record = columns.record(handle.slot);
        View {
            id: columns.ids.get(handle.slot),
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
            parent: columns.parent(handle.slot),
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

    /// Does the report pass?
    pub fn passes(&self, handle: Handle, sieve: &Sieve) -> bool {
        sieve.passes_here(self.columns(handle), handle.slot)
    }

    /// When the report was made, in seconds since 1970.
    pub fn requested(&self, handle: Handle) -> i64 {
        self.columns(handle).requested(handle.slot)
    }

    /// When the report was closed, in seconds since 1970, where it was and the time is known.
    #[inline]
    pub fn closed(&self, handle: Handle) -> Option<i64> {
        self.columns(handle).closed(handle.slot)
    }

    /// Number of the report's service.
    #[inline]
    pub fn service(&self, handle: Handle) -> u16 {
        self.columns(handle).service(handle.slot)
    }

    /// Status, nature and what else there is little of.
    #[inline]
    pub fn state(&self, handle: Handle) -> State {
        self.columns(handle).state(handle.slot)
    }

    /// What the report says and which streets it names, hashed.
    #[inline]
    pub fn sketch(&self, handle: Handle) -> Sketch {
        self.columns(handle).sketch(handle.slot)
    }

    /// The id of the report of which this one is a duplicate, if that is known.
    pub fn parent(&self, handle: Handle) -> Option<&str> {
        self.columns(handle).parent(handle.slot)
    }

    /// The position of a report.
    pub fn position(&self, handle: Handle) -> Option<Position> {
        self.columns(handle).position(handle.slot)
    }

    /// Longitude and latitude of a placed report, in degrees.
    #[inline]
    pub fn degrees(&self, handle: Handle) -> [f64; 2] {
        self.columns(handle).degrees(handle.slot)
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
        zones::find(&self.zones, name).is_some() || self.areas.find(name).is_some()
    }

    /// The loaded boundaries, set by set.
    pub fn zones(&self) -> &[Arc<ZoneSet>] {
        &self.zones
    }

    /// The set of boundaries of this name.
    pub fn zone_set(&self, name: &str) -> Option<&Arc<ZoneSet>> {
        self.zones.iter().find(|set| set.set().name == name)
    }

    /// Calls `found` with every report that passes, located or not, in no order.
    pub fn all(&self, sieve: &Sieve, mut found: impl FnMut(Bunch<'_>)) {
        for (run, part) in self.parts.iter().enumerate() {
            let columns = &part.run.columns;
            let mut first = 0;
            if let Some(lists) = part.run.forest.lists(sieve) {
                first = columns.exact().end;
                for list in lists {
                    sieve.select_of(columns, &part.dead, list, |slots| {
                        found(Bunch { run: run as u32, columns, slots });
                    });
                }
            }
            self.visit(run, first..columns.len() as u32, sieve, &mut found);
        }
    }

    /// Offers placed reports that pass: all that are no farther than the reach, perhaps some that
    /// are, roughly the nearest first. A `gather` that wants only so many nearest says how many,
    /// for the sake of speed; else `wanted` is `usize::MAX`.
    pub fn near(
        &self,
        origin: &Origin,
        sieve: &Sieve,
        wanted: usize,
        gather: &mut impl Gather<Handle>,
    ) {
        for (part, run) in self.parts.iter().zip(0..) {
            let (columns, forest) = (&part.run.columns, &part.run.forest);
            let mut trees = forest.choose(sieve);
            trees.are_enough &= part.dead.count() == 0;
            if trees.are_enough {
                forest.near(columns, origin, &trees, wanted, &mut All { run, gather });
            } else {
                let mut passing = Passing { run, gather, columns, dead: &part.dead, sieve };
                forest.near(columns, origin, &trees, wanted, &mut passing);
            }
        }
    }

    /// Calls `found` with the placed reports that pass of one of `parts` equal parts of the index.
    pub fn placed(
        &self,
        sieve: &Sieve,
        part: usize,
        parts: usize,
        mut found: impl FnMut(Bunch<'_>),
    ) {
        for (run, held) in self.parts.iter().enumerate() {
            let columns = &held.run.columns;
            let approximate = sieve.wants_approximate().then(|| columns.approximate());
            for Range { start, end } in std::iter::once(columns.exact()).chain(approximate) {
                let cut = |n: usize| start + ((end - start) as usize * n / parts) as u32;
                self.visit(run, cut(part)..cut(part + 1), sieve, &mut found);
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

    /// The number of the cell of a resolution for each piece that [`Columns::piece`] tells.
    pub fn hex_of_pieces(&self, resolution: u8) -> Vec<u32> {
        self.hexes.of_pieces(resolution)
    }

    /// The numbers of cells of a resolution in which no report is placed exactly now, in order.
    pub fn vacant_hexes(&self, resolution: u8) -> &[u32] {
        self.hexes.vacant(resolution)
    }

    /// The neighbours of every cell of a resolution within `k` steps; it may know more cells than
    /// this snapshot.
    pub fn hex_rings(&self, resolution: u8, k: u8) -> Arc<Rings> {
        self.hexes.rings(resolution, k)
    }

    /// Calls `found` with every report that passes and has no position.
    pub fn unplaced(&self, sieve: &Sieve, mut found: impl FnMut(Bunch<'_>)) {
        for (run, part) in self.parts.iter().enumerate() {
            let columns = &part.run.columns;
            let slots = columns.located() as u32..columns.len() as u32;
            self.visit(run, slots, sieve, &mut found);
        }
    }

    /// Calls `found` with every placed report that passes and lies in `bbox`.
    pub fn in_box(&self, bbox: &BBox, sieve: &Sieve, mut found: impl FnMut(Bunch<'_>)) {
        for (run, part) in self.parts.iter().enumerate() {
            let columns = &part.run.columns;
            // The parts of a box have no position in common, so no report is found twice.
            for piece in bbox.parts() {
                part.run.ranges_in(&piece, sieve.wants_approximate(), |slots, certain| {
                    if certain {
                        return self.visit(run, slots, sieve, &mut found);
                    }
                    let inside = |slot: &u32| {
                        columns.position(*slot).is_some_and(|at| piece.contains(at))
                            && !part.dead.has(*slot)
                            && sieve.passes_here(columns, *slot)
                    };
                    let kept: Vec<u32> = slots.filter(inside).collect();
                    if !kept.is_empty() {
                        found(Bunch { run: run as u32, columns, slots: Slots::Some(&kept) });
                    }
                });
            }
        }
    }

    /// Calls `found` with every placed report of `cell` that passes.
    pub fn in_cell(&self, cell: Cell, sieve: &Sieve, mut found: impl FnMut(Bunch<'_>)) {
        for (run, part) in self.parts.iter().enumerate() {
            part.run.slots_of(cell, sieve.wants_approximate(), |slots| {
                self.visit(run, slots, sieve, &mut found);
            });
        }
    }

    fn visit(
        &self,
        run: usize,
        slots: Range<u32>,
        sieve: &Sieve,
        found: &mut impl FnMut(Bunch<'_>),
    ) {
        let Part { run: held, dead } = &self.parts[run];
        let columns = &held.columns;
        sieve.select(columns, dead, slots, |slots| {
            found(Bunch { run: run as u32, columns, slots });
        });
    }

    /// A box as boxes of the grid.
    pub fn pieces(bbox: &BBox) -> Vec<GridBox> {
        bbox.parts().iter().map(GridBox::of).collect()
    }

    /// A box cut in two that no cell of `level` touches both of, each with about half of the
    /// reports of the largest run; none where it is narrower than that, or in pieces already.
    pub fn halves(&self, bbox: &BBox, level: u8) -> Option<[Vec<GridBox>; 2]> {
        let [piece] = Self::pieces(bbox).try_into().ok()?;
        let largest = self.parts.iter().max_by_key(|part| part.live_count())?;
        let middle = largest.run.columns.middle_column()?;
        let (west, east) = piece.cut(middle, level)?;
        Some([vec![west], vec![east]])
    }

    /// Calls `found` with every placed report that passes and the cell of `level` it lies in, for
    /// all cells that touch the pieces of a box, whole: cells do not depend on where it cuts them.
    pub fn cells_touching(
        &self,
        pieces: &[GridBox],
        level: u8,
        sieve: &Sieve,
        mut found: impl FnMut(Cell, Bunch<'_>),
    ) {
        for (run, part) in self.parts.iter().enumerate() {
            for (n, piece) in pieces.iter().enumerate() {
                part.run.cells_touching(piece, level, sieve.wants_approximate(), |cell, slots| {
                    // A cell that touches two pieces of the box was found with the first.
                    let before = &pieces[..n];
                    if before.iter().all(|other| other.overlap(cell) == Overlap::Outside) {
                        self.visit(run, slots, sieve, &mut |bunch| found(cell, bunch));
                    }
                });
            }
        }
    }
}

/// Hands everything of a run on.
struct All<'a, G> {
    run: u32,
    gather: &'a mut G,
}

impl<G: Gather<Handle>> Gather<u32> for All<'_, G> {
    #[inline]
    fn offer(&mut self, slot: u32, haversine: f32) {
        self.gather.offer(Handle { run: self.run, slot }, haversine);
    }

    #[inline]
    fn reach(&mut self) -> f32 {
        self.gather.reach()
    }
}

/// Hands on what is alive and passes.
struct Passing<'a, G> {
    run: u32,
    gather: &'a mut G,
    columns: &'a Columns,
    dead: &'a Dead,
    sieve: &'a Sieve,
}

impl<G: Gather<Handle>> Gather<u32> for Passing<'_, G> {
    #[inline]
    fn offer(&mut self, slot: u32, haversine: f32) {
        if !self.dead.has(slot) && self.sieve.passes_here(self.columns, slot) {
            self.gather.offer(Handle { run: self.run, slot }, haversine);
        }
    }

    #[inline]
    fn reach(&mut self) -> f32 {
        self.gather.reach()
    }
}

/// Reports of one run that pass, in the order of its slots.
pub struct Bunch<'a> {
    run: u32,
    columns: &'a Columns,
    slots: Slots<'a>,
}

impl<'a> Bunch<'a> {
    /// The columns to ask about them.
    pub fn columns(&self) -> &'a Columns {
        self.columns
    }

    /// Their slots in the columns.
    pub fn slots(&self) -> &Slots<'a> {
        &self.slots
    }

    /// A bunch of one of its slots.
    pub fn only(&self, slot: u32) -> Bunch<'a> {
        Bunch { run: self.run, columns: self.columns, slots: Slots::All(slot..slot + 1) }
    }

    /// The id of a slot.
    pub fn id(&self, slot: u32) -> &'a str {
        self.columns.ids.get(slot)
    }

    /// The handle of a slot.
    pub fn handle(&self, slot: u32) -> Handle {
        Handle { run: self.run, slot }
    }
}
