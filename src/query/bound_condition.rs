//! A condition bound to one snapshot: what depends on one property with few values is evaluated
//! once for each value, so testing a report reads only numbers. What depends on values that the
//! index does not hold is left open.

use crate::domain::fields::QUERYABLE;
use crate::domain::{Accuracy, Channel, ClosedReason, Nature, Status};
use crate::index::{SelectionBatch, Snapshot};
use crate::place::{QueryShape, SpatialRelation};
use crate::query::condition::{Comparison, Condition, Ternary};
use crate::query::property_value::{FeatureRecord, NoRecord, PropertyRef, PropertyValue, TimeSpan};
use crate::query::value_expression::ValueExpression;

/// The labels of a service.
#[derive(Debug, Clone)]
pub struct ServiceLabels {
    /// Its name in the reader's language.
    pub name: String,
    /// The code of its group.
    pub group: String,
}

/// Properties whose values are numbered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NumberedColumn {
    Service,
    Status,
    Reason,
    Nature,
    Channel,
    Accuracy,
    Area,
}

/// Where the index has the value of a property.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PropertySource {
    Id,
    Parent,
    Jurisdiction,
    Requested,
    Closed,
    Lon,
    Lat,
    Numbered(NumberedColumn),
    ServiceName,
    ServiceGroup,
    /// Nowhere: the store has it.
    Store,
}

impl PropertySource {
    fn of(name: &str) -> Self {
        match name {
            "service_request_id" => Self::Id,
            "parent_service_request_id" => Self::Parent,
            "jurisdiction_id" => Self::Jurisdiction,
            "requested_datetime" => Self::Requested,
            "closed_datetime" => Self::Closed,
            "lon" => Self::Lon,
            "lat" => Self::Lat,
            "service_code" => Self::Numbered(NumberedColumn::Service),
            "service_name" => Self::ServiceName,
            "group" => Self::ServiceGroup,
            "status" => Self::Numbered(NumberedColumn::Status),
            "closed_reason" => Self::Numbered(NumberedColumn::Reason),
            "nature" => Self::Numbered(NumberedColumn::Nature),
            "channel" => Self::Numbered(NumberedColumn::Channel),
            "accuracy" => Self::Numbered(NumberedColumn::Accuracy),
            "area" => Self::Numbered(NumberedColumn::Area),
            _ => Self::Store,
        }
    }

    /// The column whose numbers decide the value.
    fn column(self) -> Option<NumberedColumn> {
        match self {
            Self::Numbered(column) => Some(column),
            Self::ServiceName | Self::ServiceGroup => Some(NumberedColumn::Service),
            _ => None,
        }
    }
}

/// A snapshot and the values that belong to all its reports or to their services.
pub(super) struct SnapshotBinding<'a> {
    snapshot: &'a Snapshot,
    jurisdiction: &'a str,
    /// By the number of the service.
    labels: Vec<ServiceLabels>,
    /// By the number of the property.
    sources: Vec<PropertySource>,
}

impl<'a> SnapshotBinding<'a> {
    /// Binds to a snapshot. `labels` gives those of a service by its code.
    pub fn new(
        snapshot: &'a Snapshot,
        jurisdiction: &'a str,
        labels: impl Fn(&str) -> ServiceLabels,
    ) -> Self {
        let codes = (0..snapshot.service_count()).map(|n| snapshot.service_code(n as u16));
        let labels = codes.map(labels).collect();
        let sources = QUERYABLE.iter().map(|field| PropertySource::of(field.name)).collect();
        Self { snapshot, jurisdiction, labels, sources }
    }

    fn source(&self, property: &PropertyRef) -> PropertySource {
        self.sources.get(property.number).copied().unwrap_or(PropertySource::Store)
    }

    /// How many values a column has.
    fn count(&self, column: NumberedColumn) -> usize {
        match column {
            NumberedColumn::Service => self.snapshot.service_count(),
            NumberedColumn::Area => self.snapshot.area_count(),
            NumberedColumn::Status => Status::ALL.len(),
            NumberedColumn::Reason => ClosedReason::ALL.len(),
            NumberedColumn::Nature => Nature::ALL.len(),
            NumberedColumn::Channel => Channel::ALL.len(),
            NumberedColumn::Accuracy => Accuracy::ALL.len(),
        }
    }

    /// The text of a property by the number of its value.
    fn text(&self, source: PropertySource, number: usize) -> Option<&str> {
        let labels = || self.labels.get(number);
        match source {
            PropertySource::ServiceName => labels().map(|labels| labels.name.as_str()),
            PropertySource::ServiceGroup => labels().map(|labels| labels.group.as_str()),
            PropertySource::Numbered(column) => match column {
                NumberedColumn::Service if number < self.labels.len() => {
                    Some(self.snapshot.service_code(number as u16))
                }
                NumberedColumn::Service => None,
                NumberedColumn::Area => self.snapshot.area_name(u16::try_from(number).ok()?),
                NumberedColumn::Status => Status::ALL.get(number).map(|word| word.as_str()),
                NumberedColumn::Reason => ClosedReason::ALL.get(number).map(|word| word.as_str()),
                NumberedColumn::Nature => Nature::ALL.get(number).map(|word| word.as_str()),
                NumberedColumn::Channel => Channel::ALL.get(number).map(|word| word.as_str()),
                NumberedColumn::Accuracy => Accuracy::ALL.get(number).map(|word| word.as_str()),
            },
            _ => None,
        }
    }
}

/// The number of a report's value in a column; `usize::MAX` where it is absent.
fn number_of(column: NumberedColumn, batch: &SelectionBatch<'_>, slot: u32) -> usize {
    let columns = batch.columns();
    let state = columns.state(slot);
    match column {
        NumberedColumn::Service => usize::from(columns.service(slot)),
        NumberedColumn::Area => usize::from(columns.area(slot)),
        NumberedColumn::Status => state.status() as usize,
        NumberedColumn::Reason => state.reason().map_or(usize::MAX, |reason| reason as usize),
        NumberedColumn::Nature => state.nature() as usize,
        NumberedColumn::Channel => state.channel() as usize,
        NumberedColumn::Accuracy if columns.position(slot).is_some() => state.accuracy() as usize,
        NumberedColumn::Accuracy => usize::MAX,
    }
}

/// A report with one value, that of a number in a column.
struct ColumnValueRecord<'a> {
    binding: &'a SnapshotBinding<'a>,
    number: usize,
}

impl FeatureRecord for ColumnValueRecord<'_> {
    fn value(&self, property: &PropertyRef) -> Option<PropertyValue<'_>> {
        let source = self.binding.source(property);
        self.binding.text(source, self.number).map(PropertyValue::text)
    }

    fn has_geometry(&self) -> bool {
        false
    }

    fn relates(&self, _: SpatialRelation, _: &QueryShape) -> Option<bool> {
        None
    }
}

/// A report in the index.
struct SlotRecord<'a> {
    binding: &'a SnapshotBinding<'a>,
    batch: &'a SelectionBatch<'a>,
    slot: u32,
}

impl FeatureRecord for SlotRecord<'_> {
    fn value(&self, property: &PropertyRef) -> Option<PropertyValue<'_>> {
        let (columns, slot) = (self.batch.columns(), self.slot);
        let time = |second| PropertyValue::Time(TimeSpan::at_second(second));
        let degrees = || columns.position(slot);
        match self.binding.source(property) {
            PropertySource::Id => Some(PropertyValue::text(self.batch.id(slot))),
            PropertySource::Parent => columns.parent(slot).map(PropertyValue::text),
            PropertySource::Jurisdiction => Some(PropertyValue::text(self.binding.jurisdiction)),
            PropertySource::Requested => Some(time(columns.requested(slot))),
            PropertySource::Closed => columns.closed(slot).map(time),
            PropertySource::Lon => degrees().map(|at| PropertyValue::Number(at.lon())),
            PropertySource::Lat => degrees().map(|at| PropertyValue::Number(at.lat())),
            PropertySource::Store => None,
            source => {
                let number = number_of(source.column()?, self.batch, slot);
                self.binding.text(source, number).map(PropertyValue::text)
            }
        }
    }

    fn has_geometry(&self) -> bool {
        self.batch.columns().position(self.slot).is_some()
    }

    fn relates(&self, relation: SpatialRelation, shape: &QueryShape) -> Option<bool> {
        let at = self.batch.columns().position(self.slot)?;
        Some(relation.holds_at(at, shape))
    }
}

/// The truths that a condition may have as far as the index knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PossibleTruths {
    can_hold: bool,
    can_fail: bool,
    can_be_unknown: bool,
}

impl PossibleTruths {
    const ALL: Self = Self { can_hold: true, can_fail: true, can_be_unknown: true };

    fn of(truth: Ternary) -> Self {
        Self {
            can_hold: truth == Some(true),
            can_fail: truth == Some(false),
            can_be_unknown: truth.is_none(),
        }
    }

    fn negated(self) -> Self {
        Self { can_hold: self.can_fail, can_fail: self.can_hold, ..self }
    }

    /// The truths of the conjunction of two conditions with these truths.
    fn and(self, other: Self) -> Self {
        let not_false = |one: Self| one.can_hold || one.can_be_unknown;
        Self {
            can_hold: self.can_hold && other.can_hold,
            can_fail: self.can_fail || other.can_fail,
            can_be_unknown: self.can_be_unknown && not_false(other)
                || other.can_be_unknown && not_false(self),
        }
    }

    /// Can it be true?
    pub fn can_hold(self) -> bool {
        self.can_hold
    }

    /// Is it surely true?
    pub fn holds(self) -> bool {
        self.can_hold && !self.can_fail && !self.can_be_unknown
    }
}

/// A [`Condition`] on the reports of one snapshot.
pub(super) enum BoundCondition<'a> {
    /// The same for every report.
    Constant(PossibleTruths),
    /// Conjunction.
    All(Vec<BoundCondition<'a>>),
    /// Negation.
    Not(Box<BoundCondition<'a>>),
    /// The truth by the number of a value; the last entry is for an absent value.
    ByNumber(NumberedColumn, Vec<PossibleTruths>),
    /// When a report was requested compares so with a time.
    Requested(Comparison, TimeSpan),
    /// Evaluated for each report.
    Each(&'a Condition),
}

impl<'a> BoundCondition<'a> {
    /// Binds a condition.
    pub fn new(condition: &'a Condition, binding: &SnapshotBinding<'a>) -> Self {
        let mut sources = Vec::new();
        condition.each_property(&mut |property| sources.push(binding.source(property)));
        if !condition.is_spatial() {
            if sources.is_empty() {
                return Self::Constant(PossibleTruths::of(condition.truth(&NoRecord)));
            }
            let column = sources[0].column();
            if let Some(column) = column.filter(|_| sources.iter().all(|s| s.column() == column)) {
                return Self::by_number(condition, column, binding);
            }
        }
        let bind = |one: &'a Condition| Self::new(one, binding);
        match condition {
            Condition::All(list) => Self::All(list.iter().map(bind).collect()),
            Condition::Any(list) => {
                // By De Morgan's laws, which hold for three values, too.
                let negated = list.iter().map(|one| Self::Not(Box::new(bind(one))));
                Self::Not(Box::new(Self::All(negated.collect())))
            }
            Condition::Not(inner) => Self::Not(Box::new(bind(inner))),
            _ if sources.contains(&PropertySource::Store) => Self::Constant(PossibleTruths::ALL),
            Condition::Compare(
                comparison,
                ValueExpression::Property(_),
                ValueExpression::Time(to),
            ) if sources == [PropertySource::Requested] => Self::Requested(*comparison, *to),
            other => Self::Each(other),
        }
    }

    /// Evaluates a condition once for each value of a column.
    fn by_number(
        condition: &Condition,
        column: NumberedColumn,
        binding: &SnapshotBinding<'_>,
    ) -> Self {
        let numbers = (0..binding.count(column)).chain([usize::MAX]);
        let truth = |number| condition.truth(&ColumnValueRecord { binding, number });
        Self::ByNumber(column, numbers.map(|number| PossibleTruths::of(truth(number))).collect())
    }

    /// The truths that it may have for a report.
    pub fn truths(
        &self,
        binding: &SnapshotBinding<'_>,
        batch: &SelectionBatch<'_>,
        slot: u32,
    ) -> PossibleTruths {
        match self {
            Self::Constant(truths) => *truths,
            Self::Not(inner) => inner.truths(binding, batch, slot).negated(),
            Self::All(list) => {
                let mut all = PossibleTruths::of(Some(true));
                for one in list {
                    all = all.and(one.truths(binding, batch, slot));
                    // Nothing changes a conjunction that is surely false.
                    if !all.can_hold && !all.can_be_unknown {
                        break;
                    }
                }
                all
            }
            Self::ByNumber(column, truths) => {
                let number = number_of(*column, batch, slot);
                let absent = truths.last().copied().unwrap_or(PossibleTruths::ALL);
                truths.get(number).copied().unwrap_or(absent)
            }
            Self::Requested(comparison, to) => {
                let at = TimeSpan::at_second(batch.columns().requested(slot));
                PossibleTruths::of(Some(comparison.holds(at.order(*to))))
            }
            Self::Each(condition) => {
                PossibleTruths::of(condition.truth(&SlotRecord { binding, batch, slot }))
            }
        }
    }

    /// Is it true of every report, whatever its values?
    pub fn is_certain(&self) -> bool {
        match self {
            Self::Constant(truths) => truths.holds(),
            Self::All(list) => list.iter().all(Self::is_certain),
            _ => false,
        }
    }

    /// Approximate cost for one report; a comparison of two numbers costs one to three.
    pub fn cost(&self) -> u64 {
        match self {
            Self::Constant(_) => 0,
            Self::Not(inner) => inner.cost(),
            Self::All(list) => list.iter().map(Self::cost).sum(),
            Self::ByNumber(..) | Self::Requested(..) => 1,
            Self::Each(condition) => condition.cost(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each set of truths of a conjunction against all pairs of truths.
    #[test]
    fn possible_truths_are_those_of_all_pairs() {
        let truths = [Some(true), Some(false), None];
        let sets: Vec<Vec<Ternary>> = (1..8)
            .map(|mask| (0..3).filter(|n| mask >> n & 1 == 1).map(|n| truths[n]).collect())
            .collect();
        let possible = |set: &[Ternary]| PossibleTruths {
            can_hold: set.contains(&Some(true)),
            can_fail: set.contains(&Some(false)),
            can_be_unknown: set.contains(&None),
        };
        let and = |a: Ternary, b: Ternary| match (a, b) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (Some(true), Some(true)) => Some(true),
            _ => None,
        };
        for a in &sets {
            for b in &sets {
                let pairs: Vec<Ternary> =
                    a.iter().flat_map(|x| b.iter().map(move |y| and(*x, *y))).collect();
                assert_eq!(possible(a).and(possible(b)), possible(&pairs), "{a:?} {b:?}");
            }
        }
    }
}
