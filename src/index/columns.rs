//! The columns of a segment: the fields that queries read, one array each, indexed by slot.
//!
//! 54 bytes for a located report and 14 for one without a position, beside its id and, for a
//! duplicate, the id of its parent. Slots are sorted in three sections: reports with an exact
//! position, reports with an approximate position, reports without a position. In the first two
//! they are in Z order (by the Morton code of their cell in the finest grid).

use std::ops::Range;

use crate::domain::{Accuracy, Channel, ClosedReason, IndexedFields, Nature, Status, TextSketch};
use crate::index::access::h3::NO_FRAGMENT;
use crate::index::areas::AreaCache;
use crate::index::dictionary::Dictionary;
use crate::index::ids::IdColumn;
use crate::index::packed::{NEVER, PackedState, StateFields, pack_second, unpack_second};
use crate::place::{GRID_BITS, GridCell, Position, morton, unmorton};

/// One report's values in the columns. Service and area are numbers of the snapshot's
/// dictionaries.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ColumnValues {
    /// Dictionary number of the service.
    pub service: u16,
    /// Dictionary number of the source's area name; [`u16::MAX`] where the source gave none.
    pub area: u16,
    /// The status.
    pub status: Status,
    /// Why it was closed, where it is closed and the reason is known.
    pub reason: Option<ClosedReason>,
    /// The nature.
    pub nature: Nature,
    /// The channel.
    pub channel: Channel,
    /// Only the day of `requested` is known, not the time.
    pub day_only: bool,
    /// How well `position` is known.
    pub accuracy: Accuracy,
    /// When it was requested, in seconds since 1970.
    pub requested: i64,
    /// When it was closed, in seconds since 1970, where the time is known.
    pub closed: Option<i64>,
    /// Only the day of `closed` is known, not the time.
    pub closed_day_only: bool,
    /// The position.
    pub position: Option<Position>,
    /// Number of the H3 fragment that holds the position, [`u32::MAX`] without a position.
    pub fragment: u32,
    /// It is a duplicate of a known report, see `Columns::parent`.
    pub has_parent: bool,
    /// Hashes of its words and streets.
    pub sketch: TextSketch,
}

impl ColumnValues {
    /// Encodes a report that lies in an H3 fragment. New service codes and area names are added to
    /// the dictionaries.
    pub(crate) fn new(
        fields: &IndexedFields,
        services: &mut Dictionary,
        areas: &mut Dictionary,
        fragment: u32,
    ) -> Self {
        let area = fields.area.as_deref();
        Self {
            service: services.number_or_insert(fields.service.as_str()),
            area: area.map_or(Dictionary::NONE, |area| areas.number_or_insert(area)),
            status: fields.status,
            reason: fields.reason,
            nature: fields.nature,
            channel: fields.channel,
            day_only: fields.day_only,
            accuracy: fields.accuracy,
            requested: fields.requested,
            closed: fields.closed,
            closed_day_only: fields.closed_day_only,
            position: fields.position,
            fragment,
            has_parent: fields.parent.is_some(),
            sketch: fields.sketch,
        }
    }

    /// The key that slots are sorted by.
    pub(crate) fn sort_key(&self) -> SortKey {
        match (self.position, self.accuracy) {
            (None, _) => SortKey { section: 2, code: 0 },
            (Some(position), accuracy) => {
                let cell = GridCell::of(position, GRID_BITS);
                let section = u8::from(accuracy == Accuracy::Approximate);
                SortKey { section, code: morton(cell.x, cell.y) }
            }
        }
    }

    fn state(&self) -> PackedState {
        PackedState::new(&StateFields {
            status: self.status,
            reason: self.reason,
            nature: self.nature,
            channel: self.channel,
            day_only: self.day_only,
            accuracy: self.accuracy,
            has_parent: self.has_parent,
            closed_day_only: self.closed_day_only,
        })
    }
}

/// The order of slots: section, then Z order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct SortKey {
    /// 0 exact position, 1 approximate position, 2 no position.
    section: u8,
    /// Morton code of the finest grid cell; 0 without a position.
    code: u64,
}

/// The columns of one segment, indexed by slot.
#[derive(Default)]
pub struct Columns {
    pub(super) ids: IdColumn,
    pub(super) service: Vec<u16>,
    pub(super) area: Vec<u16>,
    pub(super) state: Vec<PackedState>,
    pub(super) requested: Vec<u32>,
    pub(super) closed: Vec<u32>,
    /// Longitude and latitude of located slots, interleaved because they are read together.
    pub(super) degrees: Vec<[f64; 2]>,
    /// Column and row of located slots in the finest grid.
    pub(super) grid: Vec<[u32; 2]>,
    /// H3 fragment of located slots.
    fragment: Vec<u32>,
    /// [`TextSketch::words`] of located slots.
    words: Vec<u64>,
    /// [`TextSketch::streets`] of located slots.
    streets: Vec<[u16; 2]>,
    /// Parent ids of the slots that have one, sorted by slot.
    parents: Vec<(u32, Box<str>)>,
    /// Number of slots with an exact position.
    exact: usize,
    /// The first and the last time of a request, packed; none without any slot.
    requested_span: Option<(u32, u32)>,
    pub(super) areas_of_sets: AreaCache,
}

impl Columns {
    /// Empty columns with room for this many reports, `located` of them with a position, and
    /// `id_bytes` bytes of ids.
    pub(crate) fn with_capacity(reports: usize, located: usize, id_bytes: usize) -> Self {
        Self {
            ids: IdColumn::with_capacity(reports, id_bytes),
            service: Vec::with_capacity(reports),
            area: Vec::with_capacity(reports),
            state: Vec::with_capacity(reports),
            requested: Vec::with_capacity(reports),
            closed: Vec::with_capacity(reports),
            degrees: Vec::with_capacity(located),
            grid: Vec::with_capacity(located),
            fragment: Vec::with_capacity(located),
            words: Vec::with_capacity(located),
            streets: Vec::with_capacity(located),
            parents: Vec::new(),
            exact: 0,
            requested_span: None,
            areas_of_sets: AreaCache::default(),
        }
    }

    /// Appends the next slot. The caller appends slots in the order of their sort keys.
    pub(crate) fn push(
        &mut self,
        id: &str,
        parent: Option<&str>,
        record: &ColumnValues,
        key: SortKey,
    ) {
        if let Some(parent) = parent {
            self.parents.push((self.len() as u32, parent.into()));
        }
        self.ids.push(id);
        self.service.push(record.service);
        self.area.push(record.area);
        self.state.push(record.state());
        let requested = pack_second(record.requested);
        self.requested.push(requested);
        let (first, last) = self.requested_span.unwrap_or((requested, requested));
        self.requested_span = Some((first.min(requested), last.max(requested)));
        self.closed.push(record.closed.map_or(NEVER, pack_second));
        if let Some(position) = record.position {
            self.degrees.push([position.lon(), position.lat()]);
            let (x, y) = unmorton(key.code);
            self.grid.push([x, y]);
            self.fragment.push(record.fragment);
            self.words.push(record.sketch.words);
            self.streets.push(record.sketch.streets);
            self.exact += usize::from(key.section == 0);
        }
    }

    /// Number of slots.
    pub(super) fn len(&self) -> usize {
        self.state.len()
    }

    /// Number of slots with a position. They are the first slots.
    pub(crate) fn located_count(&self) -> usize {
        self.degrees.len()
    }

    /// Slots with an exact position.
    pub(crate) fn exact_slots(&self) -> Range<u32> {
        0..self.exact as u32
    }

    /// Slots with an approximate position.
    pub(crate) fn approximate_slots(&self) -> Range<u32> {
        self.exact as u32..self.located_count() as u32
    }

    /// The sort key of a slot.
    pub(crate) fn sort_key(&self, slot: u32) -> SortKey {
        let section = u8::from(slot as usize >= self.exact) + u8::from(!self.is_located(slot));
        let code = if self.is_located(slot) { self.morton_code(slot) } else { 0 };
        SortKey { section, code }
    }

    fn is_located(&self, slot: u32) -> bool {
        (slot as usize) < self.located_count()
    }

    /// The Morton code of a located slot's finest grid cell.
    pub(crate) fn morton_code(&self, slot: u32) -> u64 {
        let [x, y] = self.grid_cell(slot);
        morton(x, y)
    }

    /// Column and row of a located slot in the finest grid.
    #[inline]
    pub(crate) fn grid_cell(&self, slot: u32) -> [u32; 2] {
        self.grid[slot as usize]
    }

    /// Columns and rows of located slots in the finest grid.
    #[inline]
    pub(crate) fn grid_cells(&self, slots: Range<u32>) -> &[[u32; 2]] {
        &self.grid[slots.start as usize..slots.end as usize]
    }

    /// The median grid column of exactly located slots, estimated from a thousand of them.
    pub(crate) fn median_grid_column(&self) -> Option<u32> {
        let step = (self.exact / 1_000).max(1);
        let mut columns: Vec<u32> =
            self.grid[..self.exact].iter().step_by(step).map(|[column, _]| *column).collect();
        columns.sort_unstable();
        columns.get(columns.len() / 2).copied()
    }

    /// Longitude and latitude of a located slot, in degrees.
    #[inline]
    pub(crate) fn degrees(&self, slot: u32) -> [f64; 2] {
        self.degrees[slot as usize]
    }

    /// The H3 fragment that holds a located slot.
    #[inline]
    pub(crate) fn fragment(&self, slot: u32) -> u32 {
        self.fragment[slot as usize]
    }

    /// Hashes of a report's words and streets; empty for a report without a position.
    #[inline]
    pub(crate) fn sketch(&self, slot: u32) -> TextSketch {
        let slot = slot as usize;
        match (self.words.get(slot), self.streets.get(slot)) {
            (Some(words), Some(streets)) => TextSketch { words: *words, streets: *streets },
            _ => TextSketch::default(),
        }
    }

    /// The slots of duplicates with the ids of their parents, by slot.
    pub(crate) fn parents(&self) -> &[(u32, Box<str>)] {
        &self.parents
    }

    /// The id of the report of which this one is a duplicate, where that is known.
    pub(crate) fn parent(&self, slot: u32) -> Option<&str> {
        if !self.state(slot).has_parent() {
            return None;
        }
        let at = self.parents.binary_search_by_key(&slot, |(slot, _)| *slot).ok()?;
        Some(&self.parents[at].1)
    }

    /// When a report was closed, in seconds since 1970; none while it is open or where the time is
    /// unknown.
    #[inline]
    pub(crate) fn closed(&self, slot: u32) -> Option<i64> {
        let closed = self.closed[slot as usize];
        (closed != NEVER).then(|| unpack_second(closed))
    }

    /// The position of a slot.
    pub(crate) fn position(&self, slot: u32) -> Option<Position> {
        let [lon, lat] = self.degrees.get(slot as usize)?;
        Position::new(*lon, *lat).ok()
    }

    /// Dictionary number of a slot's service.
    #[inline]
    pub(crate) fn service(&self, slot: u32) -> u16 {
        self.service[slot as usize]
    }

    /// Dictionary number of the source's area name.
    #[inline]
    pub(crate) fn area(&self, slot: u32) -> u16 {
        self.area[slot as usize]
    }

    /// The first and the last second of a request, since 1970, over all slots, deleted ones
    /// included; none without any slot.
    pub(crate) fn requested_span(&self) -> Option<(i64, i64)> {
        let (first, last) = self.requested_span?;
        Some((unpack_second(first), unpack_second(last)))
    }

    /// Status, nature, channel and the other enumerated fields of a slot.
    #[inline]
    pub(crate) fn state(&self, slot: u32) -> PackedState {
        self.state[slot as usize]
    }

    /// When a report was requested, in seconds since 1970.
    #[inline]
    pub(crate) fn requested(&self, slot: u32) -> i64 {
        unpack_second(self.requested[slot as usize])
    }

    /// All values of a slot.
    pub(crate) fn record(&self, slot: u32) -> ColumnValues {
        let state = self.state(slot);
        ColumnValues {
            service: self.service(slot),
            area: self.area(slot),
            status: state.status(),
            reason: state.reason(),
            nature: state.nature(),
            channel: state.channel(),
            day_only: state.is_day_only(),
            accuracy: state.accuracy(),
            requested: self.requested(slot),
            closed: self.closed(slot),
            closed_day_only: state.is_closed_day_only(),
            position: self.position(slot),
            fragment: self.fragment.get(slot as usize).copied().unwrap_or(NO_FRAGMENT),
            has_parent: state.has_parent(),
            sketch: self.sketch(slot),
        }
    }

    /// Are slots in the order of their keys, and do all columns have the same length?
    pub(crate) fn is_consistent(&self) -> bool {
        let keys = (0..self.len() as u32).map(|slot| self.sort_key(slot));
        self.ids.len() == self.len() && self.closed.len() == self.len() && keys.is_sorted()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_comes_back_as_it_went_in() {
        let mut columns = Columns::with_capacity(72, 72, 720);
        let mut records = Vec::new();
        for (n, status) in Status::ALL.iter().enumerate() {
            for (m, nature) in Nature::ALL.iter().enumerate() {
                for (c, channel) in Channel::ALL.iter().enumerate() {
                    let reason = (*status == Status::Closed).then(|| ClosedReason::ALL[m]);
                    records.push(ColumnValues {
                        service: (n * 20_000) as u16,
                        area: if c == 0 { Dictionary::NONE } else { c as u16 },
                        status: *status,
                        reason,
                        nature: *nature,
                        channel: *channel,
                        day_only: m % 2 == 0,
                        accuracy: Accuracy::Exact,
                        requested: [-86_400, 0, 1_790_000_000, 4_294_000_000][m],
                        closed_day_only: c % 2 == 0 && m % 3 == 0,
                        closed: (c % 2 == 0).then_some([-1, 0, 1, 1_800_000_000][m]),
                        position: Position::new(-71.0 + m as f64, 46.0).ok(),
                        fragment: m as u32,
                        has_parent: n == 1,
                        sketch: TextSketch { words: 1 << n, streets: [0, m as u16] },
                    });
                }
            }
        }
        records.sort_by_key(ColumnValues::sort_key);
        for (n, record) in records.iter().enumerate() {
            let parent = record.has_parent.then(|| format!("p{n}"));
            columns.push(&format!("r{n}"), parent.as_deref(), record, record.sort_key());
        }
        assert!(columns.is_consistent() && columns.len() == 72);
        for (n, record) in records.iter().enumerate() {
            assert_eq!(columns.record(n as u32), *record);
            let parent = record.has_parent.then(|| format!("p{n}"));
            assert_eq!(columns.parent(n as u32), parent.as_deref());
        }
    }
}
