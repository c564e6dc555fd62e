//! The columns of a run: what a question may ask of a report, a few bytes each, in slot order.

use crate::place::{Cell, GRID_BITS, Position, morton};
use crate::report::{Accuracy, Channel, ClosedReason, Facts, Nature, Status};

use super::ids::Ids;
use super::names::Names;

/// Facts as numbers. `service` and `area` are numbers of the snapshot's names.
#[derive(Debug, Clone, Copy)]
pub struct Record {
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
}

impl Record {
    /// The numbers of `facts`; new names get theirs.
    pub fn of(facts: &Facts, services: &mut Names, areas: &mut Names) -> Self {
        Self {
            service: services.number(facts.service.as_str()),
            area: facts.area.as_deref().map_or(Names::NONE, |area| areas.number(area)),
            status: facts.status,
            reason: facts.reason,
            nature: facts.nature,
            channel: facts.channel,
            day_only: facts.day_only,
            accuracy: facts.accuracy,
            requested: facts.requested,
            closed: facts.closed,
            position: facts.position,
        }
    }

    /// Its place on the map's Z curve; unlocated reports come after all others.
    fn code(&self) -> Option<u64> {
        self.position.map(|position| {
            let cell = Cell::of(position, GRID_BITS);
            morton(cell.x, cell.y)
        })
    }
}

/// Columns in slot order: located reports along the Z curve, then the unlocated.
#[derive(Default)]
pub struct Columns {
    pub ids: Ids,
    pub service: Vec<u16>,
    pub area: Vec<u16>,
    pub status: Vec<Status>,
    pub reason: Vec<Option<ClosedReason>>,
    pub nature: Vec<Nature>,
    pub channel: Vec<Channel>,
    pub day_only: Vec<bool>,
    pub accuracy: Vec<Accuracy>,
    pub requested: Vec<i64>,
    /// [`Columns::OPEN`] where not closed.
    pub closed: Vec<i64>,
    /// One for each located slot: (longitude, latitude) are `lon[i]`, `lat[i]`.
    pub lon: Vec<f64>,
    pub lat: Vec<f64>,
    pub code: Vec<u64>,
}

impl Columns {
    /// Stands in `closed` for a report that is not closed, or whose closing time is unknown.
    pub const OPEN: i64 = i64::MIN;

    /// Sorts records, each with its id, into columns.
    pub fn build(mut rows: Vec<(&str, Record)>) -> Self {
        rows.sort_by_cached_key(|(id, record)| {
            (record.code().unwrap_or(u64::MAX), record.code().is_none(), *id)
        });
        let mut columns = Self::default();
        for (id, record) in rows {
            columns.push(id, &record);
        }
        columns.ids.seal();
        columns
    }

    fn push(&mut self, id: &str, record: &Record) {
        self.ids.push(id);
        self.service.push(record.service);
        self.area.push(record.area);
        self.status.push(record.status);
        self.reason.push(record.reason);
        self.nature.push(record.nature);
        self.channel.push(record.channel);
        self.day_only.push(record.day_only);
        self.accuracy.push(record.accuracy);
        self.requested.push(record.requested);
        self.closed.push(record.closed.unwrap_or(Self::OPEN));
        if let (Some(position), Some(code)) = (record.position, record.code()) {
            self.lon.push(position.lon());
            self.lat.push(position.lat());
            self.code.push(code);
        }
    }

    /// How many reports.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// How many reports have a position: slots below this.
    pub fn located(&self) -> usize {
        self.code.len()
    }

    /// The position of a slot.
    pub fn position(&self, slot: u32) -> Option<Position> {
        let slot = slot as usize;
        let (lon, lat) = (self.lon.get(slot)?, self.lat.get(slot)?);
        Position::new(*lon, *lat).ok()
    }

    /// A slot's facts as numbers.
    pub fn record(&self, slot: u32) -> Record {
        let at = slot as usize;
        Record {
            service: self.service[at],
            area: self.area[at],
            status: self.status[at],
            reason: self.reason[at],
            nature: self.nature[at],
            channel: self.channel[at],
            day_only: self.day_only[at],
            accuracy: self.accuracy[at],
            requested: self.requested[at],
            closed: Some(self.closed[at]).filter(|second| *second != Self::OPEN),
            position: self.position(slot),
        }
    }
}
