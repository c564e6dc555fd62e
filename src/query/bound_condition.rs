//! A condition bound to one snapshot: text comparisons are evaluated once for each value that
//! occurs, so testing a report reads only numbers.

use crate::domain::{Accuracy, Channel, ClosedReason, Nature, Status};
use crate::index::{Columns, SelectionBatch, Snapshot};
use crate::query::condition::{Comparison, Condition, Region, TextProperty, TimeProperty};

/// A truth value of three-valued logic; none is unknown.
type Ternary = Option<bool>;

/// A [`Condition`] on the reports of one snapshot.
pub enum BoundCondition<'a> {
    /// The same for every report.
    Constant(bool),
    /// Conjunction.
    All(Vec<BoundCondition<'a>>),
    /// Disjunction.
    Any(Vec<BoundCondition<'a>>),
    /// Negation.
    Not(Box<BoundCondition<'a>>),
    /// The truth by value number of a property; the last entry is for an absent value.
    ByValue(TextProperty, Vec<Ternary>),
    /// A condition on the id or the parent id, which is tested on the text.
    ById(TextProperty, &'a Condition),
    /// A time compares so with an interval of seconds since 1970, ends included.
    Time(TimeProperty, Comparison, (i64, i64)),
    /// A time is absent.
    NoTime(TimeProperty),
    /// The position is in a region.
    In(&'a Region),
    /// The report has no position.
    NoPosition,
}

/// The number of a report's value among [`values`]; `usize::MAX` where it is absent.
fn value_of(property: TextProperty, columns: &Columns, slot: u32) -> usize {
    let state = columns.state(slot);
    match property {
        TextProperty::Service => usize::from(columns.service(slot)),
        TextProperty::Area => usize::from(columns.area(slot)),
        TextProperty::Status => state.status() as usize,
        TextProperty::Reason => state.reason().map_or(usize::MAX, |reason| reason as usize),
        TextProperty::Nature => state.nature() as usize,
        TextProperty::Channel => state.channel() as usize,
        TextProperty::Accuracy if columns.position(slot).is_some() => state.accuracy() as usize,
        TextProperty::Accuracy | TextProperty::Id | TextProperty::Parent => usize::MAX,
    }
}

/// All values of a property that occur in a snapshot, by number.
fn values(property: TextProperty, snapshot: &Snapshot) -> Vec<&str> {
    match property {
        TextProperty::Service => {
            (0..snapshot.service_count()).map(|n| snapshot.service_code(n as u16)).collect()
        }
        TextProperty::Area => {
            let names = (0..snapshot.area_count()).map(|n| snapshot.area_name(n as u16));
            names.map(Option::unwrap_or_default).collect()
        }
        TextProperty::Status => Status::ALL.iter().map(|word| word.as_str()).collect(),
        TextProperty::Reason => ClosedReason::ALL.iter().map(|word| word.as_str()).collect(),
        TextProperty::Nature => Nature::ALL.iter().map(|word| word.as_str()).collect(),
        TextProperty::Channel => Channel::ALL.iter().map(|word| word.as_str()).collect(),
        TextProperty::Accuracy => Accuracy::ALL.iter().map(|word| word.as_str()).collect(),
        TextProperty::Id | TextProperty::Parent => Vec::new(),
    }
}

impl Condition {
    /// Binds the condition to a snapshot.
    pub(crate) fn bind(&self, snapshot: &Snapshot) -> BoundCondition<'_> {
        match self {
            Self::Constant(value) => BoundCondition::Constant(*value),
            Self::All(list) => {
                BoundCondition::All(list.iter().map(|one| one.bind(snapshot)).collect())
            }
            Self::Any(list) => {
                BoundCondition::Any(list.iter().map(|one| one.bind(snapshot)).collect())
            }
            Self::Not(inner) => BoundCondition::Not(Box::new(inner.bind(snapshot))),
            Self::Text(property, ..)
            | Self::OneOf(property, ..)
            | Self::Like(property, ..)
            | Self::NoText(property) => match property {
                TextProperty::Id | TextProperty::Parent => BoundCondition::ById(*property, self),
                _ => {
                    let known = values(*property, snapshot).into_iter().map(Some);
                    let truths = known.chain([None]).map(|value| self.text_truth(value)).collect();
                    BoundCondition::ByValue(*property, truths)
                }
            },
            Self::Time(property, comparison, interval) => {
                BoundCondition::Time(*property, *comparison, *interval)
            }
            Self::NoTime(property) => BoundCondition::NoTime(*property),
            Self::In(region) => BoundCondition::In(region),
            Self::NoPosition => BoundCondition::NoPosition,
        }
    }
}

/// A time of a report, in seconds since 1970.
fn time_of(property: TimeProperty, batch: &SelectionBatch<'_>, slot: u32) -> Option<i64> {
    match property {
        TimeProperty::Requested => Some(batch.columns().requested(slot)),
        TimeProperty::Closed => batch.columns().closed(slot),
    }
}

impl BoundCondition<'_> {
    /// Is the condition true, neither false nor unknown, of a report?
    pub fn holds(&self, batch: &SelectionBatch<'_>, slot: u32) -> bool {
        self.truth(batch, slot) == Some(true)
    }

    fn truth(&self, batch: &SelectionBatch<'_>, slot: u32) -> Ternary {
        match self {
            Self::Constant(value) => Some(*value),
            Self::Not(inner) => inner.truth(batch, slot).map(|truth| !truth),
            Self::All(list) => combined(list, false, batch, slot),
            Self::Any(list) => combined(list, true, batch, slot),
            Self::ByValue(property, truths) => {
                let at = value_of(*property, batch.columns(), slot);
                truths.get(at).or(truths.last()).copied().flatten()
            }
            Self::ById(TextProperty::Id, condition) => condition.text_truth(Some(batch.id(slot))),
            Self::ById(_, condition) => condition.text_truth(batch.columns().parent(slot)),
            Self::Time(property, comparison, (first, last)) => {
                let at = time_of(*property, batch, slot)?;
                Some(comparison.holds(at.cmp(&at.clamp(*first, *last))))
            }
            Self::NoTime(property) => Some(time_of(*property, batch, slot).is_none()),
            Self::In(region) => batch.columns().position(slot).map(|at| region.contains(at)),
            Self::NoPosition => Some(batch.columns().position(slot).is_none()),
        }
    }
}

/// The truth of a conjunction (where `decisive` is false) or a disjunction (where it is true): one
/// `decisive` truth decides; otherwise the result is unknown if any truth is.
fn combined(
    list: &[BoundCondition<'_>],
    decisive: bool,
    batch: &SelectionBatch<'_>,
    slot: u32,
) -> Ternary {
    let mut sum = Some(!decisive);
    for one in list {
        match one.truth(batch, slot) {
            Some(truth) if truth == decisive => return Some(decisive),
            None => sum = None,
            Some(_) => {}
        }
    }
    sum
}
