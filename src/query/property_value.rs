//! Values of the properties of features, and where conditions read them.

use std::borrow::Cow;
use std::cmp::Ordering;

use crate::place::{QueryShape, SpatialRelation};

/// Microseconds in a second.
pub(crate) const MICROS: i64 = 1_000_000;

/// The type of the values of a property or an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueType {
    /// Text.
    Text,
    /// A number.
    Number,
    /// An instant or a day.
    Time,
    /// True or false.
    Truth,
}

/// A property that a condition names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PropertyRef {
    /// Its name.
    pub name: String,
    /// Its place in the list of the queryable properties of its collection.
    pub number: usize,
    /// The type of its values.
    pub value_type: ValueType,
}

/// The first and the last microsecond of an instant or a day, since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeSpan {
    /// The first microsecond.
    pub first: i64,
    /// The last microsecond, which belongs to it.
    pub last: i64,
}

impl TimeSpan {
    /// The instant at which a second since 1970 begins.
    ///
    /// ```
    /// use pointchaud::query::TimeSpan;
    ///
    /// assert_eq!(TimeSpan::at_second(2), TimeSpan { first: 2_000_000, last: 2_000_000 });
    /// ```
    pub fn at_second(second: i64) -> Self {
        let at = second.saturating_mul(MICROS);
        Self { first: at, last: at }
    }

    /// Less where it is wholly before the other, greater where it is wholly after it, otherwise
    /// equal.
    pub(super) fn order(self, other: Self) -> Ordering {
        if self.last < other.first {
            Ordering::Less
        } else if self.first > other.last {
            Ordering::Greater
        } else {
            Ordering::Equal
        }
    }
}

/// A value. An absent value, which is unknown, is none.
#[derive(Debug, Clone, PartialEq)]
pub enum PropertyValue<'a> {
    /// Text.
    Text(Cow<'a, str>),
    /// A finite number.
    Number(f64),
    /// An instant or a day.
    Time(TimeSpan),
    /// True or false.
    Truth(bool),
}

impl<'a> PropertyValue<'a> {
    /// A text that is not copied.
    pub(crate) fn text(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }

    /// A number; none where it is not finite.
    pub(crate) fn finite(number: f64) -> Option<Self> {
        number.is_finite().then_some(Self::Number(number))
    }

    /// The order of two values: texts by code points, times by what is wholly before the other, so
    /// that an instant equals the day in which it lies. None where their types differ.
    pub(super) fn order(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Text(a), Self::Text(b)) => Some(a.cmp(b)),
            (Self::Number(a), Self::Number(b)) => a.partial_cmp(b),
            (Self::Truth(a), Self::Truth(b)) => Some(a.cmp(b)),
            (Self::Time(a), Self::Time(b)) => Some(a.order(*b)),
            _ => None,
        }
    }
}

/// A feature that conditions are evaluated for.
pub trait FeatureRecord {
    /// The value of a property.
    fn value(&self, property: &PropertyRef) -> Option<PropertyValue<'_>>;

    /// Has it a geometry?
    fn has_geometry(&self) -> bool;

    /// Is its geometry so related to a shape? None without a geometry.
    fn relates(&self, relation: SpatialRelation, shape: &QueryShape) -> Option<bool>;
}

/// No feature: for conditions that name no property.
pub(super) struct NoRecord;

impl FeatureRecord for NoRecord {
    fn value(&self, _: &PropertyRef) -> Option<PropertyValue<'_>> {
        None
    }

    fn has_geometry(&self) -> bool {
        false
    }

    fn relates(&self, _: SpatialRelation, _: &QueryShape) -> Option<bool> {
        None
    }
}
