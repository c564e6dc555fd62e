//! A filter in the index's numbers: what every question asks of every slot.

use std::ops::Range;
use std::sync::Arc;

use super::columns::{Columns, State};
use super::dead::Dead;
use super::names::Names;
use super::zones::{Wanted, ZoneSet};
use crate::place::BBox;
use crate::report::{Channel, Filter, Nature, Status};

/// A filter made ready for one snapshot.
pub struct Sieve {
    services: Option<Vec<bool>>,
    areas: Option<Vec<u16>>,
    /// Areas of loaded boundaries; with them, `areas` are the names that are of none.
    zones: Vec<Wanted>,
    /// Statuses, natures and channels that pass, by [`State::kind`].
    kinds: [bool; State::KINDS],
    every_kind: bool,
    open: bool,
    closed: bool,
    from: i64,
    before: i64,
    bbox: Option<BBox>,
    approximate: bool,
    incidents: bool,
    /// See [`Filter::is_by_kind`].
    by_kind: bool,
}

impl Sieve {
    /// Looks the filter's names up.
    pub fn new(filter: &Filter, services: &Names, areas: &Names, sets: &[Arc<ZoneSet>]) -> Self {
        fn any<T: PartialEq>(wanted: &Option<Vec<T>>, value: &T) -> bool {
            wanted.as_ref().is_none_or(|list| list.contains(value))
        }
        let wanted = filter.services.as_ref().map(|list| {
            let mut wanted = vec![false; services.len()];
            for number in list.iter().filter_map(|code| services.find(code.as_str())) {
                wanted[usize::from(number)] = true;
            }
            wanted
        });
        let mut kinds = [false; State::KINDS];
        for status in Status::ALL.iter().filter(|status| any(&filter.statuses, status)) {
            for nature in Nature::ALL.iter().filter(|nature| any(&filter.natures, nature)) {
                for channel in Channel::ALL.iter().filter(|channel| any(&filter.channels, channel))
                {
                    kinds[State::kind_of(*status, *nature, *channel)] = true;
                }
            }
        }
        let status = |status| any(&filter.statuses, &status);
        let named = filter.areas.as_deref().unwrap_or_default();
        let (zones, named) = Wanted::of(sets, named);
        Self {
            services: wanted,
            areas: filter
                .areas
                .as_ref()
                .map(|_| named.iter().filter_map(|area| areas.find(area)).collect()),
            zones,
            every_kind: kinds.iter().filter(|passes| **passes).count()
                == Status::ALL.len() * Nature::ALL.len() * Channel::ALL.len(),
            kinds,
            open: status(Status::Open) || status(Status::InProgress),
            closed: status(Status::Closed),
            from: filter.from.unwrap_or(i64::MIN),
            before: filter.before.unwrap_or(i64::MAX),
            bbox: filter.bbox,
            approximate: filter.approximate,
            incidents: filter.incidents,
            by_kind: filter.is_by_kind(),
        }
    }

    #[inline]
    fn service(&self, number: u16) -> bool {
        match &self.services {
            None => true,
            Some(wanted) => wanted.get(usize::from(number)).copied().unwrap_or(false),
        }
    }

    /// May a report of this service pass?
    pub fn wants_service(&self, service: u16) -> bool {
        self.service(service)
    }

    /// May a report pass that is not closed?
    pub fn wants_open(&self) -> bool {
        self.open
    }

    /// May a closed report pass?
    pub fn wants_closed(&self) -> bool {
        self.closed
    }

    /// Does no service fail?
    pub fn wants_every_service(&self) -> bool {
        self.services.is_none()
    }

    /// Does no service fail, open or closed?
    pub fn wants_every_kind(&self) -> bool {
        self.services.is_none() && self.open && self.closed
    }

    /// May a report pass that is placed approximately?
    pub fn wants_approximate(&self) -> bool {
        self.approximate
    }

    /// Are service and open or closed all that is asked? Then a question about a place looks at
    /// little that does not pass.
    pub fn is_by_kind(&self) -> bool {
        self.by_kind
    }

    /// Does this slot pass everything but the question of places (bbox, accuracy)?
    #[inline]
    pub fn passes(&self, columns: &Columns, slot: u32) -> bool {
        // Each column is looked at only where it is asked about: it may be far away.
        (self.every_kind || self.kinds[columns.state(slot).kind()])
            && (self.services.is_none() || self.service(columns.service(slot)))
            && !(self.incidents && columns.state(slot).is_repeat())
            && (self.is_timeless() || self.in_time(columns, slot))
            && self.area(columns, slot)
    }

    #[inline]
    fn area(&self, columns: &Columns, slot: u32) -> bool {
        self.areas
            .as_ref()
            .is_none_or(|areas| areas.contains(&columns.area(slot)) || self.in_zone(columns, slot))
    }

    #[inline]
    fn in_zone(&self, columns: &Columns, slot: u32) -> bool {
        self.zones.iter().any(|zones| zones.has(columns, slot))
    }

    /// [`Sieve::passes`], and inside the box if there is one; a report without a position is
    /// outside every box.
    #[inline]
    pub fn passes_here(&self, columns: &Columns, slot: u32) -> bool {
        self.is_open_to_all()
            || self.passes(columns, slot)
                && self.bbox.as_ref().is_none_or(|bbox| {
                    columns.position(slot).is_some_and(|position| bbox.contains(position))
                })
    }

    /// Does everything pass?
    pub fn is_open_to_all(&self) -> bool {
        self.by_kind && self.wants_every_kind()
    }

    /// Splits `slots` in pieces and calls `found` with those of each that are alive and pass
    /// [`Sieve::passes_here`].
    pub fn select(
        &self,
        columns: &Columns,
        dead: &Dead,
        slots: Range<u32>,
        mut found: impl FnMut(Slots<'_>),
    ) {
        if dead.count() == 0 && self.is_open_to_all() {
            if !slots.is_empty() {
                found(Slots::All(slots));
            }
            return;
        }
        let mut piece = Piece { slots: [0; PIECE], count: 0 };
        for first in slots.clone().step_by(PIECE) {
            let slots = first..slots.end.min(first + PIECE as u32);
            match (self.is_timeless(), &self.services) {
                (true, None) => piece.fill(slots, |_| true),
                (false, None) => piece.fill(slots, |slot| self.in_time(columns, slot)),
                (true, Some(wanted)) => piece.fill(slots, |slot| has(wanted, columns, slot)),
                (false, Some(wanted)) => piece
                    .fill(slots, |slot| self.in_time(columns, slot) & has(wanted, columns, slot)),
            }
            self.sift(columns, dead, &mut piece);
            if piece.count > 0 {
                found(Slots::Some(&piece.slots[..piece.count]));
            }
        }
    }

    /// The same of slots in a list.
    pub fn select_of(
        &self,
        columns: &Columns,
        dead: &Dead,
        list: &[u32],
        mut found: impl FnMut(Slots<'_>),
    ) {
        let mut piece = Piece { slots: [0; PIECE], count: 0 };
        for slots in list.chunks(PIECE) {
            piece.slots[..slots.len()].copy_from_slice(slots);
            piece.count = slots.len();
            if !self.is_timeless() {
                piece.keep(|slot| self.in_time(columns, slot));
            }
            if let Some(wanted) = &self.services {
                piece.keep(|slot| has(wanted, columns, slot));
            }
            self.sift(columns, dead, &mut piece);
            if piece.count > 0 {
                found(Slots::Some(&piece.slots[..piece.count]));
            }
        }
    }

    #[inline(always)]
    fn in_time(&self, columns: &Columns, slot: u32) -> bool {
        let requested = columns.requested(slot);
        (self.from <= requested) & (requested < self.before)
    }

    /// One condition after the other, each over what the one before has left, of slots that are in
    /// time and of a service wanted.
    fn sift(&self, columns: &Columns, dead: &Dead, piece: &mut Piece) {
        if !self.every_kind {
            piece.keep(|slot| self.kinds[columns.state(slot).kind()]);
        }
        if self.incidents {
            piece.keep(|slot| !columns.state(slot).is_repeat());
        }
        if dead.count() > 0 {
            piece.keep(|slot| !dead.has(slot));
        }
        if let Some(areas) = &self.areas {
            piece.keep(|slot| areas.contains(&columns.area(slot)) || self.in_zone(columns, slot));
        }
        if let Some(bbox) = &self.bbox {
            piece.keep(|slot| columns.position(slot).is_some_and(|at| bbox.contains(at)));
        }
    }

    fn is_timeless(&self) -> bool {
        self.from == i64::MIN && self.before == i64::MAX
    }

    /// The filter's box.
    pub fn bbox(&self) -> Option<&BBox> {
        self.bbox.as_ref()
    }
}

/// Is a slot of a service that is wanted?
#[inline(always)]
fn has(wanted: &[bool], columns: &Columns, slot: u32) -> bool {
    wanted.get(usize::from(columns.service(slot))).copied().unwrap_or(false)
}

/// Slots looked at before those that pass are handed on.
const PIECE: usize = 1_024;

/// Slots looked at together.
struct Piece {
    slots: [u32; PIECE],
    count: usize,
}

impl Piece {
    /// Takes those that pass, as [`Piece::keep`] does.
    #[inline(always)]
    fn fill(&mut self, slots: Range<u32>, passes: impl Fn(u32) -> bool) {
        let mut count = 0;
        for slot in slots {
            self.slots[count] = slot;
            count += usize::from(passes(slot));
        }
        self.count = count;
    }

    /// Keeps those that pass. Each is written before it is known to be wanted: there is no branch
    /// to guess wrong.
    #[inline(always)]
    fn keep(&mut self, passes: impl Fn(u32) -> bool) {
        let mut count = 0;
        for i in 0..self.count {
            let slot = self.slots[i];
            self.slots[count] = slot;
            count += usize::from(passes(slot));
        }
        self.count = count;
    }
}

/// Slots that pass, in order.
pub enum Slots<'a> {
    /// All of these.
    All(Range<u32>),
    /// These.
    Some(&'a [u32]),
}

impl Slots<'_> {
    /// Calls `found` with each.
    #[inline(always)]
    pub fn each(&self, mut found: impl FnMut(u32)) {
        match self {
            Self::All(range) => range.clone().for_each(found),
            Self::Some(list) => list.iter().for_each(|slot| found(*slot)),
        }
    }

    /// The first and the last; there always is one.
    pub fn ends(&self) -> (u32, u32) {
        match self {
            Self::All(range) => (range.start, range.end - 1),
            Self::Some(list) => (list[0], list[list.len() - 1]),
        }
    }

    /// How many.
    pub fn count(&self) -> usize {
        match self {
            Self::All(range) => range.len(),
            Self::Some(list) => list.len(),
        }
    }
}
