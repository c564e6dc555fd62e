//! The columns of a run: what a question may ask of a report, a few bytes each, in slot order.
//!
//! 54 bytes a located report, 14 another, beside its id and, of a duplicate, its original's. Slots
//! come in three stretches: placed exactly, placed approximately, not placed. The first two are in
//! the order of the map's Z curve.

use std::ops::Range;

use crate::domain::{Accuracy, Channel, ClosedReason, IndexedFields, Nature, Status, TextSketch};
use crate::place::{Cell, GRID_BITS, Position, morton, unmorton};

use crate::index::access::h3::NO_FRAGMENT;
use crate::index::areas::BoundaryColumns;
use crate::index::dictionary::Dictionary;
use crate::index::ids::IdColumn;

/// Facts as numbers. `service` and `area` are numbers of the snapshot's names.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ColumnValues {
    /// Number of the service.
    pub service: u16,
    /// Number of the area, or none.
    pub area: u16,
    /// Where it stands.
    pub status: Status,
    /// How it ended.
    pub reason: Option<ClosedReason>,
    /// What is wanted.
    pub nature: Nature,
    /// How it came.
    pub channel: Channel,
    /// Only the day of `requested` is known.
    pub day_only: bool,
    /// How well `position` says it.
    pub accuracy: Accuracy,
    /// Seconds since 1970.
    pub requested: i64,
    /// Seconds since 1970.
    pub closed: Option<i64>,
    /// Where.
    pub position: Option<Position>,
    /// Number of the piece of the H3 grid it lies in, all ones without a position.
    pub fragment: u32,
    /// It is a duplicate of another: [`Columns::parent`] tells of which.
    pub is_attached: bool,
    /// What it says, hashed.
    pub sketch: TextSketch,
}

impl ColumnValues {
    /// The numbers of `facts`, which lie in `fragment`; new names get theirs.
    pub fn of(
        facts: &IndexedFields,
        services: &mut Dictionary,
        areas: &mut Dictionary,
        fragment: u32,
    ) -> Self {
        Self {
            service: services.number(facts.service.as_str()),
            area: facts.area.as_deref().map_or(Dictionary::NONE, |area| areas.number(area)),
            status: facts.status,
            reason: facts.reason,
            nature: facts.nature,
            channel: facts.channel,
            day_only: facts.day_only,
            accuracy: facts.accuracy,
            requested: facts.requested,
            closed: facts.closed,
            position: facts.position,
            fragment,
            is_attached: facts.parent.is_some(),
            sketch: facts.sketch,
        }
    }

    /// Where its slot belongs.
    pub fn key(&self) -> SlotKey {
        match (self.position, self.accuracy) {
            (None, _) => SlotKey { stretch: 2, code: 0 },
            (Some(position), accuracy) => {
                let cell = Cell::of(position, GRID_BITS);
                let stretch = u8::from(accuracy == Accuracy::Approximate);
                SlotKey { stretch, code: morton(cell.x, cell.y) }
            }
        }
    }
}

/// The order of slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct SlotKey {
    stretch: u8,
    code: u64,
}

/// What there is little of, in one number: bits 0-1 status, 2-3 nature, 4-6 channel, 7 day only,
/// 8 approximate, 9-11 the reason's number plus one, 12 attached to another.
#[derive(Debug, Clone, Copy)]
pub struct PackedState(u16);

impl PackedState {
    /// How many [`PackedState::kind`]s there can be.
    pub const KINDS: usize = 128;

    fn of(record: &ColumnValues) -> Self {
        let reason = record.reason.map_or(0, |reason| reason as u16 + 1);
        let approximate = u16::from(record.accuracy == Accuracy::Approximate);
        let kind = Self::kind_of(record.status, record.nature, record.channel);
        let attached = u16::from(record.is_attached) << 12;
        let day_only = u16::from(record.day_only) << 7;
        Self(kind as u16 | day_only | approximate << 8 | reason << 9 | attached)
    }

    /// The kind of a status, nature and channel.
    pub fn kind_of(status: Status, nature: Nature, channel: Channel) -> usize {
        status as usize | (nature as usize) << 2 | (channel as usize) << 4
    }

    /// Status, nature and channel as one number below [`PackedState::KINDS`].
    pub fn kind(self) -> usize {
        usize::from(self.0 & 0x7f)
    }

    fn variant<T: Copy>(self, all: &[T], shift: u16, bits: u16) -> T {
        all[usize::from(self.0 >> shift & ((1 << bits) - 1))]
    }

    /// Where it stands.
    pub fn status(self) -> Status {
        self.variant(Status::ALL, 0, 2)
    }

    /// How it ended.
    pub fn reason(self) -> Option<ClosedReason> {
        let number = usize::from(self.0 >> 9 & 7).checked_sub(1);
        number.map(|number| ClosedReason::ALL[number])
    }

    /// What is wanted.
    pub fn nature(self) -> Nature {
        self.variant(Nature::ALL, 2, 2)
    }

    /// How it came.
    pub fn channel(self) -> Channel {
        self.variant(Channel::ALL, 4, 3)
    }

    /// How well its position says it.
    pub fn accuracy(self) -> Accuracy {
        self.variant(Accuracy::ALL, 8, 1)
    }

    /// Known to repeat another report.
    pub fn is_repeat(self) -> bool {
        self.is_attached() || self.0 >> 9 & 7 == ClosedReason::Duplicate as u16 + 1
    }

    /// A duplicate whose original is known.
    #[inline]
    pub fn is_attached(self) -> bool {
        self.0 >> 12 & 1 == 1
    }

    /// Only the day of the request is known.
    #[inline]
    pub fn is_day_only(self) -> bool {
        self.0 >> 7 & 1 == 1
    }

    /// Not closed.
    pub fn is_open(self) -> bool {
        self.0 & 3 != Status::Closed as u16
    }
}

/// A second since 1970 in four bytes, to 2106. Days before 1970 are there for the sake of time
/// zones; the gate lets nothing through that does not fit.
/// A second as a column has it; what is further away than it can be is the furthest.
pub(super) fn pack_second(second: i64) -> u32 {
    second.saturating_add(SECOND_ZERO).clamp(1, i64::from(u32::MAX)) as u32
}

/// A second as it was before.
pub(super) fn unpack_second(packed: u32) -> i64 {
    i64::from(packed) - SECOND_ZERO
}

/// Stands at second 0; two days and one second.
const SECOND_ZERO: i64 = 172_801;
/// Stands in `closed` for a report that is not closed, or whose closing time is unknown.
const NEVER: u32 = 0;

/// Columns in slot order.
#[derive(Default)]
pub struct Columns {
    pub(super) ids: IdColumn,
    pub(super) service: Vec<u16>,
    area: Vec<u16>,
    pub(super) state: Vec<PackedState>,
    pub(super) requested: Vec<u32>,
    closed: Vec<u32>,
    /// Longitude and latitude of located slots, pair by pair: what is read together lies together.
    degrees: Vec<[f64; 2]>,
    /// Column and row of located slots in the map's grid.
    pub(super) grid: Vec<[u32; 2]>,
    /// The piece of the H3 grid of located slots.
    fragment: Vec<u32>,
    /// Words and streets of located slots.
    words: Vec<u64>,
    streets: Vec<[u16; 2]>,
    /// Originals of the slots that are duplicates, by slot.
    parents: Vec<(u32, Box<str>)>,
    exact: usize,
    /// In which loaded boundaries located slots lie, once that was asked.
    pub(super) zones: BoundaryColumns,
}

impl Columns {
    /// Empty columns with room for as many reports, so many of them located.
    pub fn with_capacity(reports: usize, located: usize, id_bytes: usize) -> Self {
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
            zones: BoundaryColumns::default(),
        }
    }

    /// Adds the next slot; the caller adds them in the order of their keys.
    pub fn push(&mut self, id: &str, parent: Option<&str>, record: &ColumnValues, key: SlotKey) {
        if let Some(parent) = parent {
            self.parents.push((self.len() as u32, parent.into()));
        }
        self.ids.push(id);
        self.service.push(record.service);
        self.area.push(record.area);
        self.state.push(PackedState::of(record));
        self.requested.push(pack_second(record.requested));
        self.closed.push(record.closed.map_or(NEVER, pack_second));
        if let Some(position) = record.position {
            self.degrees.push([position.lon(), position.lat()]);
            let (x, y) = unmorton(key.code);
            self.grid.push([x, y]);
            self.fragment.push(record.fragment);
            self.words.push(record.sketch.words);
            self.streets.push(record.sketch.streets);
            self.exact += usize::from(key.stretch == 0);
        }
    }

    /// How many reports.
    pub(super) fn len(&self) -> usize {
        self.state.len()
    }

    /// How many reports have a position: slots below this.
    pub fn located(&self) -> usize {
        self.degrees.len()
    }

    /// Slots placed exactly.
    pub fn exact(&self) -> Range<u32> {
        0..self.exact as u32
    }

    /// Slots placed approximately.
    pub fn approximate(&self) -> Range<u32> {
        self.exact as u32..self.located() as u32
    }

    /// Where a slot belongs.
    pub fn key(&self, slot: u32) -> SlotKey {
        let stretch = u8::from(slot as usize >= self.exact) + u8::from(!self.is_located(slot));
        SlotKey { stretch, code: if self.is_located(slot) { self.code(slot) } else { 0 } }
    }

    fn is_located(&self, slot: u32) -> bool {
        (slot as usize) < self.located()
    }

    /// The place of a located slot on the map's Z curve.
    pub fn code(&self, slot: u32) -> u64 {
        let [x, y] = self.grid(slot);
        morton(x, y)
    }

    /// Column and row of a located slot in the map's grid.
    #[inline]
    pub fn grid(&self, slot: u32) -> [u32; 2] {
        self.grid[slot as usize]
    }

    /// The grid column west of which about half of the exact places lie, by a sample of them.
    pub fn middle_column(&self) -> Option<u32> {
        let step = (self.exact / 1_000).max(1);
        let mut columns: Vec<u32> =
            self.grid[..self.exact].iter().step_by(step).map(|[column, _]| *column).collect();
        columns.sort_unstable();
        columns.get(columns.len() / 2).copied()
    }

    /// Longitude and latitude of a located slot, in degrees.
    #[inline]
    pub fn degrees(&self, slot: u32) -> [f64; 2] {
        self.degrees[slot as usize]
    }

    /// Columns and rows of located slots.
    #[inline]
    pub fn grid_of(&self, slots: Range<u32>) -> &[[u32; 2]] {
        &self.grid[slots.start as usize..slots.end as usize]
    }

    /// The piece of the H3 grid that a located slot lies in.
    #[inline]
    pub fn fragment(&self, slot: u32) -> u32 {
        self.fragment[slot as usize]
    }

    /// What a slot's report says, hashed; nothing of a report without a place.
    #[inline]
    pub fn sketch(&self, slot: u32) -> TextSketch {
        let slot = slot as usize;
        match (self.words.get(slot), self.streets.get(slot)) {
            (Some(words), Some(streets)) => TextSketch { words: *words, streets: *streets },
            _ => TextSketch::default(),
        }
    }

    /// The id of the report of which a slot's is a duplicate.
    pub fn parent(&self, slot: u32) -> Option<&str> {
        if !self.state(slot).is_attached() {
            return None;
        }
        let at = self.parents.binary_search_by_key(&slot, |(slot, _)| *slot).ok()?;
        Some(&self.parents[at].1)
    }

    /// When a slot's report was closed, in seconds since 1970; none while it is not, or where its
    /// closing time is unknown.
    #[inline]
    pub fn closed(&self, slot: u32) -> Option<i64> {
        let closed = self.closed[slot as usize];
        (closed != NEVER).then(|| unpack_second(closed))
    }

    /// The position of a slot.
    pub fn position(&self, slot: u32) -> Option<Position> {
        let [lon, lat] = self.degrees.get(slot as usize)?;
        Position::new(*lon, *lat).ok()
    }

    /// Number of a slot's service.
    #[inline]
    pub fn service(&self, slot: u32) -> u16 {
        self.service[slot as usize]
    }

    /// Number of a slot's area.
    #[inline]
    pub fn area(&self, slot: u32) -> u16 {
        self.area[slot as usize]
    }

    /// Status, nature and what else there is little of.
    #[inline]
    pub fn state(&self, slot: u32) -> PackedState {
        self.state[slot as usize]
    }

    /// When a slot's report was made, in seconds since 1970.
    #[inline]
    pub fn requested(&self, slot: u32) -> i64 {
        unpack_second(self.requested[slot as usize])
    }

    /// A slot's facts as numbers.
    pub fn record(&self, slot: u32) -> ColumnValues {
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
            position: self.position(slot),
            fragment: self.fragment.get(slot as usize).copied().unwrap_or(NO_FRAGMENT),
            is_attached: state.is_attached(),
            sketch: self.sketch(slot),
        }
    }

    /// True where slots are in the order of their keys and every column has as many as it should.
    pub fn is_sound(&self) -> bool {
        let keys = (0..self.len() as u32).map(|slot| self.key(slot));
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
                        closed: (c % 2 == 0).then_some([-1, 0, 1, 1_800_000_000][m]),
                        position: Position::new(-71.0 + m as f64, 46.0).ok(),
                        fragment: m as u32,
                        is_attached: n == 1,
                        sketch: TextSketch { words: 1 << n, streets: [0, m as u16] },
                    });
                }
            }
        }
        records.sort_by_key(ColumnValues::key);
        for (n, record) in records.iter().enumerate() {
            let parent = record.is_attached.then(|| format!("p{n}"));
            columns.push(&format!("r{n}"), parent.as_deref(), record, record.key());
        }
        assert!(columns.is_sound() && columns.len() == 72);
        for (n, record) in records.iter().enumerate() {
            assert_eq!(columns.record(n as u32), *record);
            let parent = record.is_attached.then(|| format!("p{n}"));
            assert_eq!(columns.parent(n as u32), parent.as_deref());
        }
    }
}
