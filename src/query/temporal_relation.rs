//! The relations of two intervals of time (Allen 1983; OGC 21-065r2, section 7.6).

use crate::query::property_value::{FeatureRecord, PropertyRef, PropertyValue};
use crate::query::value_expression::ValueExpression;

/// A relation of two intervals of time, ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TemporalRelation {
    /// The first begins after the end of the second.
    After,
    /// The first ends before the second begins.
    Before,
    /// The first begins before the second and ends after it.
    Contains,
    /// They have no instant in common.
    Disjoint,
    /// The first begins after the second and ends before it.
    During,
    /// They begin and end together.
    Equals,
    /// They end together, the first begins before the second.
    FinishedBy,
    /// They end together, the first begins after the second.
    Finishes,
    /// They have an instant in common.
    Intersects,
    /// The second begins with the end of the first.
    Meets,
    /// The first begins with the end of the second.
    MetBy,
    /// The first begins within the second and ends after it.
    OverlappedBy,
    /// The first begins before the second and ends within it.
    Overlaps,
    /// They begin together, the first ends after the second.
    StartedBy,
    /// They begin together, the first ends before the second.
    Starts,
}

impl TemporalRelation {
    /// All relations with the names that CQL2 gives them, in the spelling of CQL2 JSON.
    pub(crate) const ALL: [(Self, &'static str); 15] = [
        (Self::After, "t_after"),
        (Self::Before, "t_before"),
        (Self::Contains, "t_contains"),
        (Self::Disjoint, "t_disjoint"),
        (Self::During, "t_during"),
        (Self::Equals, "t_equals"),
        (Self::FinishedBy, "t_finishedBy"),
        (Self::Finishes, "t_finishes"),
        (Self::Intersects, "t_intersects"),
        (Self::Meets, "t_meets"),
        (Self::MetBy, "t_metBy"),
        (Self::OverlappedBy, "t_overlappedBy"),
        (Self::Overlaps, "t_overlaps"),
        (Self::StartedBy, "t_startedBy"),
        (Self::Starts, "t_starts"),
    ];

    /// Are two intervals, each from its start to its end, so related?
    pub(super) fn holds(self, (s, e): (i64, i64), (start, end): (i64, i64)) -> bool {
        match self {
            Self::After => s > end,
            Self::Before => e < start,
            Self::Contains => s < start && e > end,
            Self::Disjoint => s > end || e < start,
            Self::During => s > start && e < end,
            Self::Equals => s == start && e == end,
            Self::FinishedBy => s < start && e == end,
            Self::Finishes => s > start && e == end,
            Self::Intersects => s <= end && e >= start,
            Self::Meets => e == start,
            Self::MetBy => s == end,
            Self::OverlappedBy => s > start && s < end && e > end,
            Self::Overlaps => s < start && e > start && e < end,
            Self::StartedBy => s == start && e > end,
            Self::Starts => s == start && e < end,
        }
    }
}

/// An interval between two times. That of an instant or a day has both times equal.
#[derive(Debug, Clone)]
pub struct TimeInterval {
    /// The time with whose first microsecond it starts.
    pub start: ValueExpression,
    /// The time with whose last microsecond it ends.
    pub end: ValueExpression,
}

impl TimeInterval {
    /// Its first and last microsecond for a feature; none where one is unknown, or where it would
    /// end before it starts: no interval has these ends.
    pub(super) fn ends(&self, record: &impl FeatureRecord) -> Option<(i64, i64)> {
        match (self.start.value(record)?, self.end.value(record)?) {
            (PropertyValue::Time(start), PropertyValue::Time(end)) => {
                Some((start.first, end.last)).filter(|(first, last)| first <= last)
            }
            _ => None,
        }
    }

    /// Calls `visit` with each property that it names.
    pub(super) fn each_property<'a>(&'a self, visit: &mut dyn FnMut(&'a PropertyRef)) {
        self.start.each_property(visit);
        self.end.each_property(visit);
    }
}
