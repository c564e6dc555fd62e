//! A condition made ready for one snapshot: words are looked up once for each value that there is,
//! so that of a report numbers alone are looked at.

use crate::domain::{Accuracy, Channel, ClosedReason, Nature, Status};
use crate::index::{Columns, SelectionBatch, Snapshot};
use crate::query::condition::{Comparison, Condition, Region, TextProperty, TimeProperty};

/// True, false, or neither where a value is absent.
type Ternary = Option<bool>;

/// A condition on the reports of one snapshot.
pub enum BoundCondition<'a> {
    /// Whatever the report.
    Fixed(bool),
    /// All of these.
    All(Vec<BoundCondition<'a>>),
    /// Any of these.
    Any(Vec<BoundCondition<'a>>),
    /// Not this.
    Not(Box<BoundCondition<'a>>),
    /// What holds of each value of a property, and last of none.
    ByValue(TextProperty, Vec<Ternary>),
    /// What is asked of an id or a parent's id.
    ById(TextProperty, &'a Condition),
    /// A moment lies so to the seconds from the first to the last.
    Time(TimeProperty, Comparison, (i64, i64)),
    /// A moment is absent.
    NoTime(TimeProperty),
    /// The report is placed in a region.
    In(&'a Region),
    /// The report has no position.
    NoPlace,
}

/// The number of a property's value among those of [`values`]; beyond them where it is absent.
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

/// Every value of a property in a snapshot, by number.
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
    /// Makes it ready for the reports of a snapshot.
    pub fn bind(&self, snapshot: &Snapshot) -> BoundCondition<'_> {
        match self {
            Self::Fixed(fixed) => BoundCondition::Fixed(*fixed),
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
                    let truths = known.chain([None]).map(|value| self.of_text(value)).collect();
                    BoundCondition::ByValue(*property, truths)
                }
            },
            Self::Time(property, is, span) => BoundCondition::Time(*property, *is, *span),
            Self::NoTime(property) => BoundCondition::NoTime(*property),
            Self::In(region) => BoundCondition::In(region),
            Self::NoPlace => BoundCondition::NoPlace,
        }
    }
}

fn moment(property: TimeProperty, batch: &SelectionBatch<'_>, slot: u32) -> Option<i64> {
    match property {
        TimeProperty::Requested => Some(batch.columns().requested(slot)),
        TimeProperty::Closed => batch.columns().closed(slot),
    }
}

impl BoundCondition<'_> {
    /// Is it true of this report?
    pub fn holds(&self, batch: &SelectionBatch<'_>, slot: u32) -> bool {
        self.truth(batch, slot) == Some(true)
    }

    fn truth(&self, batch: &SelectionBatch<'_>, slot: u32) -> Ternary {
        match self {
            Self::Fixed(fixed) => Some(*fixed),
            Self::Not(inner) => inner.truth(batch, slot).map(|truth| !truth),
            Self::All(list) => decided(list, false, batch, slot),
            Self::Any(list) => decided(list, true, batch, slot),
            Self::ByValue(property, truths) => {
                let at = value_of(*property, batch.columns(), slot);
                truths.get(at).or(truths.last()).copied().flatten()
            }
            Self::ById(TextProperty::Id, asked) => asked.of_text(Some(batch.id(slot))),
            Self::ById(_, asked) => asked.of_text(batch.columns().parent(slot)),
            Self::Time(property, is, (first, last)) => {
                let at = moment(*property, batch, slot)?;
                // Within the span it is equal to it.
                Some(is.holds(at.cmp(&at.clamp(*first, *last))))
            }
            Self::NoTime(property) => Some(moment(*property, batch, slot).is_none()),
            Self::In(region) => batch.columns().position(slot).map(|at| region.holds(at)),
            Self::NoPlace => Some(batch.columns().position(slot).is_none()),
        }
    }
}

/// What a list of conditions comes to of which one that is `decisive` decides; else neither, where
/// one is neither.
fn decided(
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
