//! Conditions on features beyond what a [`Filter`] has parameters for: the expressions of CQL2 (OGC
//! 21-065r2) with its three-valued logic. What depends on an absent value is unknown, neither true
//! nor false.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::sync::Arc;

use crate::domain::{Filter, ServiceCode, Status};
use crate::place::{BBox, Polygons, QueryShape, SpatialRelation};
use crate::query::like_pattern::LikePattern;
use crate::query::property_value::{FeatureRecord, MICROS, PropertyRef, PropertyValue};
use crate::query::temporal_relation::{TemporalRelation, TimeInterval};
use crate::query::value_expression::ValueExpression;

/// A truth value of three-valued logic; none is unknown.
pub type Ternary = Option<bool>;

/// A comparison operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// Equal.
    Equal,
    /// Not equal.
    Unequal,
    /// Less, or before.
    Less,
    /// Less or equal.
    AtMost,
    /// Greater, or after.
    Greater,
    /// Greater or equal.
    AtLeast,
}

impl Comparison {
    /// Is it true of two values in this order?
    pub(super) fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::Unequal => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::AtMost => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::AtLeast => order.is_ge(),
        }
    }

    /// The operator with its operands exchanged: 1 < x is x > 1.
    ///
    /// ```
    /// use pointchaud::query::Comparison;
    ///
    /// assert_eq!(Comparison::Less.flipped(), Comparison::Greater);
    /// assert_eq!(Comparison::Equal.flipped(), Comparison::Equal);
    /// ```
    pub fn flipped(self) -> Self {
        match self {
            Self::Less => Self::Greater,
            Self::AtMost => Self::AtLeast,
            Self::Greater => Self::Less,
            Self::AtLeast => Self::AtMost,
            same => same,
        }
    }
}

/// A condition on a feature. It is true, false, or unknown where a value is absent.
#[derive(Debug, Clone)]
pub enum Condition {
    /// Conjunction.
    All(Vec<Condition>),
    /// Disjunction.
    Any(Vec<Condition>),
    /// Negation.
    Not(Box<Condition>),
    /// The same for every feature.
    Constant(Ternary),
    /// A value is true.
    Truth(ValueExpression),
    /// Two conditions are both true or both false.
    Same(Box<[Condition; 2]>),
    /// A value compares so with another.
    Compare(Comparison, ValueExpression, ValueExpression),
    /// A value equals one of these texts or one of these values.
    OneOf(ValueExpression, HashSet<String>, Vec<ValueExpression>),
    /// A text matches a pattern.
    Like(ValueExpression, LikePattern),
    /// A value is absent.
    IsNull(ValueExpression),
    /// A condition is unknown.
    IsUnknown(Box<Condition>),
    /// Two intervals of time are so related.
    Temporal(TemporalRelation, Box<[TimeInterval; 2]>),
    /// The geometry is so related to a shape.
    Spatial(SpatialRelation, Arc<QueryShape>),
    /// The feature has no geometry.
    NoGeometry,
}

impl Condition {
    /// Its truth for a feature.
    pub(crate) fn truth(&self, record: &impl FeatureRecord) -> Ternary {
        match self {
            Self::All(list) => combined(list, false, record),
            Self::Any(list) => combined(list, true, record),
            Self::Not(inner) => inner.truth(record).map(|truth| !truth),
            Self::Constant(truth) => *truth,
            Self::Truth(value) => match value.value(record)? {
                PropertyValue::Truth(truth) => Some(truth),
                _ => None,
            },
            Self::Same(both) => Some(both[0].truth(record)? == both[1].truth(record)?),
            Self::Compare(comparison, a, b) => {
                let order = a.value(record)?.order(&b.value(record)?)?;
                Some(comparison.holds(order))
            }
            Self::OneOf(value, texts, others) => one_of(value, texts, others, record),
            Self::Like(value, pattern) => match value.value(record)? {
                PropertyValue::Text(text) => Some(pattern.is_match(&text)),
                _ => None,
            },
            Self::IsNull(value) => Some(value.value(record).is_none()),
            Self::IsUnknown(inner) => Some(inner.truth(record).is_none()),
            Self::Temporal(relation, both) => {
                let [a, b] = both.as_ref();
                Some(relation.holds(a.ends(record)?, b.ends(record)?))
            }
            Self::Spatial(relation, shape) => record.relates(*relation, shape),
            Self::NoGeometry => Some(!record.has_geometry()),
        }
    }

    /// Narrows a filter by what the condition implies for service, status and time of request, so
    /// that the index skips reports that cannot match. The condition still has to be tested.
    ///
    /// ```
    /// use pointchaud::domain::Filter;
    /// use pointchaud::query::{
    ///     Comparison, Condition, PropertyRef, TimeSpan, ValueExpression, ValueType,
    /// };
    ///
    /// let property = PropertyRef {
    ///     name: "requested_datetime".into(), number: 0, value_type: ValueType::Time,
    /// };
    /// let since = ValueExpression::Time(TimeSpan::at_second(1_790_000_000));
    /// let requested = ValueExpression::Property(property);
    /// let mut filter = Filter::default();
    /// Condition::Compare(Comparison::AtLeast, requested, since).narrow(&mut filter);
    /// assert_eq!(filter.from, Some(1_790_000_000));
    /// ```
    pub fn narrow(&self, filter: &mut Filter) {
        use Comparison::{AtLeast, AtMost, Equal, Greater, Less};
        match self {
            Self::All(list) => list.iter().for_each(|one| one.narrow(filter)),
            Self::Compare(comparison, ValueExpression::Property(property), to) => {
                match (property.name.as_str(), comparison, to) {
                    ("service_code", Equal, ValueExpression::Text(code)) => {
                        narrow_services(filter, &[code]);
                    }
                    ("status", Equal, ValueExpression::Text(word)) => {
                        narrow_statuses(filter, &[word]);
                    }
                    ("requested_datetime", Equal | Greater | AtLeast | Less | AtMost, to) => {
                        narrow_times(filter, *comparison, to);
                    }
                    _ => {}
                }
            }
            Self::OneOf(ValueExpression::Property(property), texts, others)
                if others.is_empty() =>
            {
                let texts: Vec<&String> = texts.iter().collect();
                match property.name.as_str() {
                    "service_code" => narrow_services(filter, &texts),
                    "status" => narrow_statuses(filter, &texts),
                    _ => {}
                }
            }
            _ => {}
        }
    }

    /// A conjunct that wants the geometry inside polygons or a box, and the conjuncts that are left
    /// to test; none where the form shows no such conjunct. Features elsewhere do not match.
    pub(super) fn place(&self) -> Option<(ConditionPlace<'_>, Vec<&Condition>)> {
        match self {
            Self::Spatial(relation, shape) => {
                let place = match (shape.polygons(), shape.bbox()) {
                    (Some(polygons), _) => ConditionPlace::Polygons(polygons),
                    (_, Some(bbox)) => ConditionPlace::Box(bbox),
                    _ => return None,
                };
                match relation {
                    SpatialRelation::Intersects => Some((place, Vec::new())),
                    SpatialRelation::Within | SpatialRelation::Touches => Some((place, vec![self])),
                    _ => None,
                }
            }
            Self::All(list) => list.iter().enumerate().find_map(|(n, one)| {
                let (place, mut rest) = one.place()?;
                rest.extend(list[..n].iter().chain(&list[n + 1..]));
                Some((place, rest))
            }),
            _ => None,
        }
    }

    /// Calls `visit` with each property that it names.
    pub(super) fn each_property<'a>(&'a self, visit: &mut dyn FnMut(&'a PropertyRef)) {
        match self {
            Self::All(list) | Self::Any(list) => {
                list.iter().for_each(|one| one.each_property(visit));
            }
            Self::Not(inner) | Self::IsUnknown(inner) => inner.each_property(visit),
            Self::Same(both) => both.iter().for_each(|one| one.each_property(visit)),
            Self::Truth(value) | Self::IsNull(value) | Self::Like(value, _) => {
                value.each_property(visit);
            }
            Self::Compare(_, a, b) => {
                a.each_property(visit);
                b.each_property(visit);
            }
            Self::OneOf(value, _, others) => {
                value.each_property(visit);
                others.iter().for_each(|other| other.each_property(visit));
            }
            Self::Temporal(_, both) => both.iter().for_each(|one| one.each_property(visit)),
            Self::Constant(_) | Self::Spatial(..) | Self::NoGeometry => {}
        }
    }

    /// Does it ask for the geometry?
    pub(super) fn is_spatial(&self) -> bool {
        match self {
            Self::All(list) | Self::Any(list) => list.iter().any(Self::is_spatial),
            Self::Not(inner) | Self::IsUnknown(inner) => inner.is_spatial(),
            Self::Same(both) => both.iter().any(Self::is_spatial),
            Self::Spatial(..) | Self::NoGeometry => true,
            _ => false,
        }
    }

    /// Approximate cost of one evaluation, in units of some 10 ns; a comparison of two numbers
    /// costs one to three.
    pub(super) fn cost(&self) -> u64 {
        match self {
            Self::All(list) | Self::Any(list) => list.iter().map(Self::cost).sum::<u64>() + 1,
            Self::Not(inner) | Self::IsUnknown(inner) => inner.cost() + 1,
            Self::Same(both) => both.iter().map(Self::cost).sum::<u64>() + 1,
            Self::Truth(value) | Self::IsNull(value) => value.cost(),
            Self::Like(value, _) => value.cost() + 8,
            Self::Compare(_, a, b) => a.cost() + b.cost(),
            Self::OneOf(value, _, others) => {
                value.cost() + 4 + others.iter().map(ValueExpression::cost).sum::<u64>()
            }
            Self::Temporal(_, both) => {
                both.iter().map(|one| one.start.cost() + one.end.cost()).sum()
            }
            Self::Constant(_) | Self::NoGeometry => 1,
            Self::Spatial(..) => 16,
        }
    }
}

/// Where the reports of a condition lie.
pub(super) enum ConditionPlace<'a> {
    /// Inside polygons or on their edges.
    Polygons(&'a Polygons),
    /// Inside a box or on its edges.
    Box(&'a BBox),
}

/// The truth of a conjunction (where `decisive` is false) or a disjunction (where it is true): one
/// `decisive` truth decides; otherwise the result is unknown if any truth is.
fn combined(list: &[Condition], decisive: bool, record: &impl FeatureRecord) -> Ternary {
    let mut combined = Some(!decisive);
    for one in list {
        match one.truth(record) {
            Some(truth) if truth == decisive => return Some(decisive),
            None => combined = None,
            Some(_) => {}
        }
    }
    combined
}

/// Does a value equal one of many? Unknown where it equals none and one of the others is unknown.
fn one_of(
    value: &ValueExpression,
    texts: &HashSet<String>,
    others: &[ValueExpression],
    record: &impl FeatureRecord,
) -> Ternary {
    if texts.is_empty() && others.is_empty() {
        return Some(false);
    }
    let value = value.value(record)?;
    if let PropertyValue::Text(text) = &value
        && texts.contains(&**text)
    {
        return Some(true);
    }
    let mut found = Some(false);
    for other in others {
        match other.value(record).and_then(|other| value.order(&other)) {
            Some(Ordering::Equal) => return Some(true),
            Some(_) => {}
            None => found = None,
        }
    }
    found
}

fn narrow_services(filter: &mut Filter, codes: &[&String]) {
    let codes = codes.iter().filter_map(|code| ServiceCode::new(code));
    let is_wanted =
        |code: &ServiceCode| filter.services.as_ref().is_none_or(|list| list.contains(code));
    filter.services = Some(codes.filter(is_wanted).collect());
}

fn narrow_statuses(filter: &mut Filter, words: &[&String]) {
    let statuses = words.iter().filter_map(|word| Status::parse(word));
    let is_wanted =
        |status: &Status| filter.statuses.as_ref().is_none_or(|list| list.contains(status));
    filter.statuses = Some(statuses.filter(is_wanted).collect());
}

fn narrow_times(filter: &mut Filter, comparison: Comparison, to: &ValueExpression) {
    let ValueExpression::Time(span) = to else { return };
    let (first, last) = (span.first.div_euclid(MICROS), span.last.div_euclid(MICROS));
    if !matches!(comparison, Comparison::Less | Comparison::AtMost) {
        filter.from = filter.from.max(Some(first));
    }
    if !matches!(comparison, Comparison::Greater | Comparison::AtLeast) {
        let before = last.saturating_add(1);
        filter.before = Some(filter.before.map_or(before, |known| known.min(before)));
    }
}
