//! A filter compiled for one snapshot: names replaced by dictionary numbers, and the tests ordered
//! so that scans read as few columns as possible.

use std::ops::Range;
use std::sync::Arc;

use crate::domain::{Channel, Filter, Nature, PlaceCondition, Status};
use crate::index::areas::{AreaSelection, BoundaryIndex, find, joined_names};
use crate::index::columns::Columns;
use crate::index::delete_bitmap::DeleteBitmap;
use crate::index::dictionary::Dictionary;
use crate::index::packed::PackedState;
use crate::index::selection::Selection;
use crate::place::BBox;

/// A [`Filter`] in the numbers of one snapshot. Made by
/// [`Snapshot::compiled`](crate::index::Snapshot::compiled).
pub struct CompiledFilter {
    /// By service number: does it pass? None where every service passes.
    services: Option<Vec<bool>>,
    /// Source area names that pass; none where the filter names no area.
    areas: Option<Vec<u16>>,
    /// Areas of loaded boundary sets that pass too.
    boundary_areas: Vec<AreaSelection>,
    /// By [`PackedState::kind`]: does the combination of status, nature and channel pass?
    kinds: [bool; PackedState::KINDS],
    every_kind: bool,
    open: bool,
    closed: bool,
    from: i64,
    before: i64,
    bbox: Option<BBox>,
    place: Option<PlaceCondition>,
    approximate: bool,
    incidents: bool,
    /// See [`Filter::is_by_kind`].
    by_kind: bool,
}

impl CompiledFilter {
    /// Compiles a filter with a snapshot's dictionaries and boundary sets.
    pub(super) fn new(
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
            for number in list.iter().filter_map(|code| services.number(code.as_str())) {
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
        let is_known = |name: &str| find(sets, name).is_some() || areas.number(name).is_some();
        let names = joined_names(filter.areas.as_deref().unwrap_or_default(), is_known);
        let (boundary_areas, names) = AreaSelection::resolve(sets, &names);
        Self {
            services: wanted,
            areas: filter
                .areas
                .as_ref()
                .map(|_| names.iter().filter_map(|area| areas.number(area)).collect()),
            boundary_areas,
            every_kind: kinds.iter().filter(|passes| **passes).count()
                == Status::ALL.len() * Nature::ALL.len() * Channel::ALL.len(),
            kinds,
            open: status(Status::Open) || status(Status::InProgress),
            closed: status(Status::Closed),
            from: filter.from.unwrap_or(i64::MIN),
            before: filter.before.unwrap_or(i64::MAX),
            bbox: filter.bbox,
            place: filter.place,
            approximate: filter.approximate,
            incidents: filter.incidents,
            by_kind: filter.is_by_kind(),
        }
    }

    /// May reports of this service match?
    #[inline]
    pub(crate) fn accepts_service(&self, number: u16) -> bool {
        match &self.services {
            None => true,
            Some(wanted) => wanted.get(usize::from(number)).copied().unwrap_or(false),
        }
    }

    /// May reports match that are open or in progress?
    pub(crate) fn accepts_open(&self) -> bool {
        self.open
    }

    /// May closed reports match?
    pub(crate) fn accepts_closed(&self) -> bool {
        self.closed
    }

    /// May reports of every service match?
    pub(crate) fn accepts_every_service(&self) -> bool {
        self.services.is_none()
    }

    /// May reports of every service match, open and closed?
    pub(crate) fn accepts_every_service_and_state(&self) -> bool {
        self.services.is_none() && self.open && self.closed
    }

    /// May reports with an approximate position match a query about places?
    pub(crate) fn accepts_approximate(&self) -> bool {
        self.approximate
    }

    /// Does the filter test nothing but the service and whether the report is closed? Then the
    /// partial indexes it selects hold only matching reports.
    pub(crate) fn is_by_kind(&self) -> bool {
        self.by_kind
    }

    /// Does every report match?
    pub(crate) fn matches_all(&self) -> bool {
        self.by_kind && self.accepts_every_service_and_state()
    }

    /// The filter's bounding box.
    pub(crate) fn bbox(&self) -> Option<&BBox> {
        self.bbox.as_ref()
    }

    /// Does a slot match all conditions but the bounding box and the accuracy of its position?
    #[inline]
    pub(crate) fn matches_attributes(&self, columns: &Columns, slot: u32) -> bool {
        // A column is read only where the filter tests it: each read may be a cache miss.
        (self.every_kind || self.kinds[columns.state(slot).kind()])
            && (self.services.is_none() || self.accepts_service(columns.service(slot)))
            && !(self.incidents && columns.state(slot).is_duplicate())
            && (self.is_any_time() || self.in_time(columns, slot))
            && self.place.is_none_or(|place| is_placed(place, columns, slot))
            && self.areas.as_ref().is_none_or(|areas| self.in_areas(areas, columns, slot))
    }

    /// [`CompiledFilter::matches_attributes`], and inside the bounding box if there is one. A
    /// report without a position is outside every box.
    #[inline]
    pub(crate) fn matches(&self, columns: &Columns, slot: u32) -> bool {
        self.matches_all()
            || self.matches_attributes(columns, slot)
                && self.bbox.as_ref().is_none_or(|bbox| {
                    columns.position(slot).is_some_and(|position| bbox.contains(position))
                })
    }

    #[inline]
    fn in_areas(&self, areas: &[u16], columns: &Columns, slot: u32) -> bool {
        areas.contains(&columns.area(slot))
            || self
                .boundary_areas
                .iter()
                .any(|selection| selection.contains(columns.area_in(&selection.set, slot)))
    }

    #[inline(always)]
    fn in_time(&self, columns: &Columns, slot: u32) -> bool {
        let requested = columns.requested(slot);
        (self.from <= requested) & (requested < self.before)
    }

    /// The seconds since 1970 in which matching reports were requested: from the first to before
    /// the second.
    pub(crate) fn requested_range(&self) -> Range<i64> {
        self.from..self.before
    }

    fn is_any_time(&self) -> bool {
        self.from == i64::MIN && self.before == i64::MAX
    }

    /// Calls `visit` with the slots of a range that are not deleted and that
    /// [`match`](CompiledFilter::matches), in ascending batches.
    pub(super) fn select_range(
        &self,
        columns: &Columns,
        deletes: &DeleteBitmap,
        slots: Range<u32>,
        mut visit: impl FnMut(Selection<'_>),
    ) {
        if deletes.count() == 0 && self.matches_all() {
            if !slots.is_empty() {
                visit(Selection::Range(slots));
            }
            return;
        }
        let mut buffer = SlotBuffer { slots: [0; BATCH], count: 0 };
        for first in slots.clone().step_by(BATCH) {
            let slots = first..slots.end.min(first + BATCH as u32);
            match (self.is_any_time(), &self.services) {
                (true, None) => buffer.fill(slots, |_| true),
                (false, None) => buffer.fill(slots, |slot| self.in_time(columns, slot)),
                (true, Some(wanted)) => {
                    buffer.fill(slots, |slot| is_wanted(wanted, columns, slot));
                }
                (false, Some(wanted)) => buffer.fill(slots, |slot| {
                    self.in_time(columns, slot) & is_wanted(wanted, columns, slot)
                }),
            }
            self.retain_rest(columns, deletes, &mut buffer);
            if buffer.count > 0 {
                visit(Selection::List(&buffer.slots[..buffer.count]));
            }
        }
    }

    /// [`CompiledFilter::select_range`] for the slots of an ascending list.
    pub(super) fn select_list(
        &self,
        columns: &Columns,
        deletes: &DeleteBitmap,
        list: &[u32],
        mut visit: impl FnMut(Selection<'_>),
    ) {
        let mut buffer = SlotBuffer { slots: [0; BATCH], count: 0 };
        for slots in list.chunks(BATCH) {
            buffer.slots[..slots.len()].copy_from_slice(slots);
            buffer.count = slots.len();
            if !self.is_any_time() {
                buffer.retain(|slot| self.in_time(columns, slot));
            }
            if let Some(wanted) = &self.services {
                buffer.retain(|slot| is_wanted(wanted, columns, slot));
            }
            self.retain_rest(columns, deletes, &mut buffer);
            if buffer.count > 0 {
                visit(Selection::List(&buffer.slots[..buffer.count]));
            }
        }
    }

    /// Applies all conditions but time and service, one after the other, each to the slots that the
    /// condition before has left.
    fn retain_rest(&self, columns: &Columns, deletes: &DeleteBitmap, buffer: &mut SlotBuffer) {
        if !self.every_kind {
            buffer.retain(|slot| self.kinds[columns.state(slot).kind()]);
        }
        if let Some(place) = self.place {
            buffer.retain(|slot| is_placed(place, columns, slot));
        }
        if self.incidents {
            buffer.retain(|slot| !columns.state(slot).is_duplicate());
        }
        if deletes.count() > 0 {
            buffer.retain(|slot| !deletes.contains(slot));
        }
        if let Some(areas) = &self.areas {
            buffer.retain(|slot| self.in_areas(areas, columns, slot));
        }
        if let Some(bbox) = &self.bbox {
            buffer.retain(|slot| columns.position(slot).is_some_and(|at| bbox.contains(at)));
        }
    }
}

/// Is the slot's service marked in `wanted`, which is indexed by service number?
#[inline(always)]
fn is_wanted(wanted: &[bool], columns: &Columns, slot: u32) -> bool {
    wanted.get(usize::from(columns.service(slot))).copied().unwrap_or(false)
}

/// Does the position of a slot fulfil the condition? A segment holds its slots in the order exact,
/// approximate, without a position.
#[inline(always)]
fn is_placed(place: PlaceCondition, columns: &Columns, slot: u32) -> bool {
    match place {
        PlaceCondition::Exact => slot < columns.exact_slots().end,
        PlaceCondition::None => slot >= columns.approximate_slots().end,
    }
}

/// Slots that a scan filters together before it hands them on.
const BATCH: usize = 1_024;

/// The slots of a batch that have passed so far.
struct SlotBuffer {
    slots: [u32; BATCH],
    count: usize,
}

impl SlotBuffer {
    /// Replaces the contents by the slots of a range, [`BATCH`] at most, that pass.
    #[inline(always)]
    fn fill(&mut self, slots: Range<u32>, passes: impl Fn(u32) -> bool) {
        let mut count = 0;
        for slot in slots {
            self.slots[count] = slot;
            count += usize::from(passes(slot));
        }
        self.count = count;
    }

    /// Keeps the slots that pass. Each slot is written before the test decides whether the next one
    /// overwrites it: the loop has no branch that could be mispredicted.
    #[inline(always)]
    fn retain(&mut self, passes: impl Fn(u32) -> bool) {
        let mut count = 0;
        for i in 0..self.count {
            let slot = self.slots[i];
            self.slots[count] = slot;
            count += usize::from(passes(slot));
        }
        self.count = count;
    }
}
