//! A condition made ready for one snapshot: words are looked up once for each value that there is,
//! so that of a report numbers alone are looked at.

use super::condition::{Condition, Is, Region, TextProperty, TimeProperty};
use crate::index::{Bunch, Columns, Snapshot};
use crate::report::{Accuracy, Channel, ClosedReason, Nature, Status};

/// True, false, or neither where a value is absent.
type Truth = Option<bool>;

/// A condition on the reports of one snapshot.
pub enum Bound<'a> {
    /// Whatever the report.
    Fixed(bool),
    /// All of these.
    All(Vec<Bound<'a>>),
    /// Any of these.
    Any(Vec<Bound<'a>>),
    /// Not this.
    Not(Box<Bound<'a>>),
    /// What holds of each value of a property, and last of none.
    ByValue(TextProperty, Vec<Truth>),
    /// What is asked of an id or a parent's id.
    ById(TextProperty, &'a Condition),
    /// A moment lies so to the seconds from the first to the last.
    Time(TimeProperty, Is, (i64, i64)),
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
            (0..snapshot.services()).map(|n| snapshot.service_name(n as u16)).collect()
        }
        TextProperty::Area => {
            let names = (0..snapshot.areas()).map(|n| snapshot.area_name(n as u16));
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
    pub fn bind(&self, snapshot: &Snapshot) -> Bound<'_> {
        match self {
            Self::Fixed(fixed) => Bound::Fixed(*fixed),
            Self::All(list) => Bound::All(list.iter().map(|one| one.bind(snapshot)).collect()),
            Self::Any(list) => Bound::Any(list.iter().map(|one| one.bind(snapshot)).collect()),
            Self::Not(inner) => Bound::Not(Box::new(inner.bind(snapshot))),
            Self::Text(property, ..)
            | Self::OneOf(property, ..)
            | Self::Like(property, ..)
            | Self::NoText(property) => match property {
                TextProperty::Id | TextProperty::Parent => Bound::ById(*property, self),
                _ => {
                    let known = values(*property, snapshot).into_iter().map(Some);
                    let truths = known.chain([None]).map(|value| self.of_text(value)).collect();
                    Bound::ByValue(*property, truths)
                }
            },
            Self::Time(property, is, span) => Bound::Time(*property, *is, *span),
            Self::NoTime(property) => Bound::NoTime(*property),
            Self::In(region) => Bound::In(region),
            Self::NoPlace => Bound::NoPlace,
        }
    }
}

fn moment(property: TimeProperty, bunch: &Bunch<'_>, slot: u32) -> Option<i64> {
    match property {
        TimeProperty::Requested => Some(bunch.columns().requested(slot)),
        TimeProperty::Closed => bunch.columns().closed(slot),
    }
}

impl Bound<'_> {
    /// Is it true of this report?
    pub fn holds(&self, bunch: &Bunch<'_>, slot: u32) -> bool {
        self.truth(bunch, slot) == Some(true)
    }

    fn truth(&self, bunch: &Bunch<'_>, slot: u32) -> Truth {
        match self {
            Self::Fixed(fixed) => Some(*fixed),
            Self::Not(inner) => inner.truth(bunch, slot).map(|truth| !truth),
            Self::All(list) => decided(list, false, bunch, slot),
            Self::Any(list) => decided(list, true, bunch, slot),
            Self::ByValue(property, truths) => {
                let at = value_of(*property, bunch.columns(), slot);
                truths.get(at).or(truths.last()).copied().flatten()
            }
            Self::ById(TextProperty::Id, asked) => asked.of_text(Some(bunch.id(slot))),
            Self::ById(_, asked) => asked.of_text(bunch.columns().parent(slot)),
            Self::Time(property, is, (first, last)) => {
                let at = moment(*property, bunch, slot)?;
                // Within the span it is equal to it.
                Some(is.holds(at.cmp(&at.clamp(*first, *last))))
            }
            Self::NoTime(property) => Some(moment(*property, bunch, slot).is_none()),
            Self::In(region) => bunch.columns().position(slot).map(|at| region.holds(at)),
            Self::NoPlace => Some(bunch.columns().position(slot).is_none()),
        }
    }
}

/// What a list of conditions comes to of which one that is `decisive` decides; else neither, where
/// one is neither.
fn decided(list: &[Bound<'_>], decisive: bool, bunch: &Bunch<'_>, slot: u32) -> Truth {
    let mut sum = Some(!decisive);
    for one in list {
        match one.truth(bunch, slot) {
            Some(truth) if truth == decisive => return Some(decisive),
            None => sum = None,
            Some(_) => {}
        }
    }
    sum
}
