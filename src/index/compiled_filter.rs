//! A filter in the index's numbers: what every question asks of every slot.

use std::ops::Range;
use std::sync::Arc;

use crate::domain::{Channel, Filter, Nature, Status};
use crate::index::areas::{BoundaryIndex, WantedAreas};
use crate::index::columns::{Columns, PackedState};
use crate::index::delete_bitmap::DeleteBitmap;
use crate::index::dictionary::Dictionary;
use crate::place::BBox;

/// A filter made ready for one snapshot.
pub struct CompiledFilter {
    services: Option<Vec<bool>>,
    areas: Option<Vec<u16>>,
    /// Areas of loaded boundaries; with them, `areas` are the names that are of none.
    zones: Vec<WantedAreas>,
    /// Statuses, natures and channels that pass, by [`PackedState::kind`].
    kinds: [bool; PackedState::KINDS],
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

impl CompiledFilter {
    /// Looks the filter's names up.
    pub fn new(
        filter: &Filter,
        services: &Dictionary,
        areas: &Dictionary,
        sets: &[Arc<BoundaryIndex>],
    ) -> Self {
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
        let mut kinds = [false; PackedState::KINDS];
        for status in Status::ALL.iter().filter(|status| any(&filter.statuses, status)) {
            for nature in Nature::ALL.iter().filter(|nature| any(&filter.natures, nature)) {
                for channel in Channel::ALL.iter().filter(|channel| any(&filter.channels, channel))
                {
                    kinds[PackedState::kind_of(*status, *nature, *channel)] = true;
                }
            }
        }
        let status = |status| any(&filter.statuses, &status);
        let named = filter.areas.as_deref().unwrap_or_default();
        let (zones, named) = WantedAreas::of(sets, named);
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

    /// [`CompiledFilter::passes`], and inside the box if there is one; a report without a position
    /// is outside every box.
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
    /// [`CompiledFilter::passes_here`].
    pub fn select(
        &self,
        columns: &Columns,
        dead: &DeleteBitmap,
        slots: Range<u32>,
        mut found: impl FnMut(Selection<'_>),
    ) {
        if dead.count() == 0 && self.is_open_to_all() {
            if !slots.is_empty() {
                found(Selection::Range(slots));
            }
            return;
        }
        let mut fragment = FieldTest { slots: [0; PIECE], count: 0 };
        for first in slots.clone().step_by(PIECE) {
            let slots = first..slots.end.min(first + PIECE as u32);
            match (self.is_timeless(), &self.services) {
                (true, None) => fragment.fill(slots, |_| true),
                (false, None) => fragment.fill(slots, |slot| self.in_time(columns, slot)),
                (true, Some(wanted)) => fragment.fill(slots, |slot| has(wanted, columns, slot)),
                (false, Some(wanted)) => fragment
                    .fill(slots, |slot| self.in_time(columns, slot) & has(wanted, columns, slot)),
            }
            self.sift(columns, dead, &mut fragment);
            if fragment.count > 0 {
                found(Selection::Some(&fragment.slots[..fragment.count]));
            }
        }
    }

    /// The same of slots in a list.
    pub fn select_of(
        &self,
        columns: &Columns,
        dead: &DeleteBitmap,
        list: &[u32],
        mut found: impl FnMut(Selection<'_>),
    ) {
        let mut fragment = FieldTest { slots: [0; PIECE], count: 0 };
        for slots in list.chunks(PIECE) {
            fragment.slots[..slots.len()].copy_from_slice(slots);
            fragment.count = slots.len();
            if !self.is_timeless() {
                fragment.keep(|slot| self.in_time(columns, slot));
            }
            if let Some(wanted) = &self.services {
                fragment.keep(|slot| has(wanted, columns, slot));
            }
            self.sift(columns, dead, &mut fragment);
            if fragment.count > 0 {
                found(Selection::Some(&fragment.slots[..fragment.count]));
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
    fn sift(&self, columns: &Columns, dead: &DeleteBitmap, fragment: &mut FieldTest) {
        if !self.every_kind {
            fragment.keep(|slot| self.kinds[columns.state(slot).kind()]);
        }
        if self.incidents {
            fragment.keep(|slot| !columns.state(slot).is_repeat());
        }
        if dead.count() > 0 {
            fragment.keep(|slot| !dead.has(slot));
        }
        if let Some(areas) = &self.areas {
            fragment
                .keep(|slot| areas.contains(&columns.area(slot)) || self.in_zone(columns, slot));
        }
        if let Some(bbox) = &self.bbox {
            fragment.keep(|slot| columns.position(slot).is_some_and(|at| bbox.contains(at)));
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
struct FieldTest {
    slots: [u32; PIECE],
    count: usize,
}

impl FieldTest {
    /// Takes those that pass, as [`FieldTest::keep`] does.
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
pub enum Selection<'a> {
    /// All of these.
    Range(Range<u32>),
    /// These.
    Some(&'a [u32]),
}

impl Selection<'_> {
    /// Calls `found` with each.
    #[inline(always)]
    pub fn each(&self, mut found: impl FnMut(u32)) {
        match self {
            Self::Range(range) => range.clone().for_each(found),
            Self::Some(list) => list.iter().for_each(|slot| found(*slot)),
        }
    }

    /// The first and the last; there always is one.
    pub fn ends(&self) -> (u32, u32) {
        match self {
            Self::Range(range) => (range.start, range.end - 1),
            Self::Some(list) => (list[0], list[list.len() - 1]),
        }
    }

    /// How many.
    pub fn count(&self) -> usize {
        match self {
            Self::Range(range) => range.len(),
            Self::Some(list) => list.len(),
        }
    }
}
