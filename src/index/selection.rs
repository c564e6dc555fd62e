//! What a scan hands to its caller: the slots of one segment that match a filter, in batches.

use std::ops::Range;

use crate::index::columns::Columns;

/// The address of a report in one snapshot: segment and slot. It means nothing in another snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DocAddress {
    pub(super) segment: u32,
    pub(super) slot: u32,
}

/// Some slots of one segment, ascending. There is at least one.
pub enum Selection<'a> {
    /// Every slot of a range.
    Range(Range<u32>),
    /// The slots of a list.
    List(&'a [u32]),
}

impl Selection<'_> {
    /// Calls `visit` with each slot.
    #[inline(always)]
    pub fn each(&self, mut visit: impl FnMut(u32)) {
        match self {
            Self::Range(range) => range.clone().for_each(visit),
            Self::List(list) => list.iter().for_each(|slot| visit(*slot)),
        }
    }

    /// The first and the last slot.
    pub(crate) fn first_and_last(&self) -> (u32, u32) {
        match self {
            Self::Range(range) => (range.start, range.end - 1),
            Self::List(list) => (list[0], list[list.len() - 1]),
        }
    }

    /// The slots before this one, and the others; either may be none.
    pub(crate) fn split_at(&self, slot: u32) -> [Selection<'_>; 2] {
        match self {
            Self::Range(range) => {
                let middle = slot.clamp(range.start, range.end);
                [Self::Range(range.start..middle), Self::Range(middle..range.end)]
            }
            Self::List(list) => {
                let (before, after) = list.split_at(list.partition_point(|one| *one < slot));
                [Self::List(before), Self::List(after)]
            }
        }
    }

    /// Number of slots.
    pub fn count(&self) -> usize {
        match self {
            Self::Range(range) => range.len(),
            Self::List(list) => list.len(),
        }
    }
}

/// Matching reports of one segment, in slot order, with the columns to read them from.
///
/// ```
/// use pointchaud::domain::{Filter, IndexedFields, ReportId, ServiceCode};
/// use pointchaud::index::Index;
/// use pointchaud::place::{BBox, Position};
///
/// let (id, service) = (ReportId::new("r1").unwrap(), ServiceCode::new("graffiti").unwrap());
/// let at = Position::new(-71.2, 46.8).ok();
/// let report = IndexedFields::new(id, service, 1_790_000_000, at);
/// let snapshot = Index::from_reports([report]).reader().load();
/// snapshot.scan_box(&BBox::WORLD, &snapshot.compiled(&Filter::default()), |batch| {
///     assert_eq!(batch.slots().count(), 1);
///     batch.slots().each(|slot| assert_eq!(snapshot.id(batch.address(slot)), "r1"));
/// });
/// ```
pub struct SelectionBatch<'a> {
    pub(super) segment: u32,
    pub(super) columns: &'a Columns,
    pub(super) slots: Selection<'a>,
}

impl<'a> SelectionBatch<'a> {
    /// The columns of the segment.
    pub(crate) fn columns(&self) -> &'a Columns {
        self.columns
    }

    /// The matching slots.
    pub fn slots(&self) -> &Selection<'a> {
        &self.slots
    }

    /// A batch of one slot of the same segment.
    pub(crate) fn single(&self, slot: u32) -> SelectionBatch<'a> {
        SelectionBatch {
            segment: self.segment,
            columns: self.columns,
            slots: Selection::Range(slot..slot + 1),
        }
    }

    /// The id of a slot.
    pub(crate) fn id(&self, slot: u32) -> &'a str {
        self.columns.ids.get(slot)
    }

    /// The address of a slot.
    pub fn address(&self, slot: u32) -> DocAddress {
        DocAddress { segment: self.segment, slot }
    }
}
