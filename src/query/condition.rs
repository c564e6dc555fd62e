//! Conditions on reports that a filter has no name for, with the three truth values of CQL2 (OGC
//! 21-065r2): what is said of an absent value is neither true nor false.

use std::cmp::Ordering;

use crate::domain::{Filter, ServiceCode, Status, fold};
use crate::place::{Polygons, Position};

/// A property that is a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextProperty {
    /// Tracking number.
    Id,
    /// Code of the service.
    Service,
    /// Where it stands.
    Status,
    /// How it ended.
    Reason,
    /// What is wanted.
    Nature,
    /// How it came.
    Channel,
    /// How well its position is known.
    Accuracy,
    /// Neighbourhood, in the source's words.
    Area,
    /// The report of which it is a duplicate.
    Parent,
}

impl TextProperty {
    /// All, with their names.
    pub const ALL: [(Self, &'static str); 9] = [
        (Self::Id, "service_request_id"),
        (Self::Service, "service_code"),
        (Self::Status, "status"),
        (Self::Reason, "closed_reason"),
        (Self::Nature, "nature"),
        (Self::Channel, "channel"),
        (Self::Accuracy, "accuracy"),
        (Self::Area, "area"),
        (Self::Parent, "parent_service_request_id"),
    ];

    /// The property of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(property, _)| *property)
    }
}

/// A property that is a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeProperty {
    /// When the report was made.
    Requested,
    /// When it was closed.
    Closed,
}

impl TimeProperty {
    /// All, with their names.
    pub const ALL: [(Self, &'static str); 2] =
        [(Self::Requested, "requested_datetime"), (Self::Closed, "closed_datetime")];

    /// The property of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(property, _)| *property)
    }
}

/// What a value is held against.
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

    /// The same said from the other side: 1 < x is x > 1.
    pub fn turned(self) -> Self {
        match self {
            Self::Less => Self::Greater,
            Self::AtMost => Self::AtLeast,
            Self::Greater => Self::Less,
            Self::AtLeast => Self::AtMost,
            same => same,
        }
    }
}

/// A region of the Earth.
#[derive(Debug, Clone)]
pub enum Region {
    /// Polygons; their edges belong to them.
    Polygons(Box<Polygons>),
    /// Points.
    Points(Vec<Position>),
}

impl Region {
    pub(super) fn holds(&self, at: Position) -> bool {
        match self {
            Self::Polygons(polygons) => polygons.contains(at),
            Self::Points(points) => points.contains(&at),
        }
    }
}

/// A condition.
#[derive(Debug, Clone)]
pub enum Condition {
    /// All of these.
    All(Vec<Condition>),
    /// Any of these.
    Any(Vec<Condition>),
    /// Not this.
    Not(Box<Condition>),
    /// True or false whatever the report.
    Fixed(bool),
    /// A text is as that one; `folded` looks away from case and accents.
    Text(TextProperty, Comparison, String, Folded),
    /// A text is one of these.
    OneOf(TextProperty, Vec<String>, Folded),
    /// A text matches a pattern: `%` stands for any signs, `_` for one, `\` takes its meaning away.
    Like(TextProperty, String, Folded),
    /// A text is absent.
    NoText(TextProperty),
    /// A moment lies so to the seconds from the first to the last.
    Time(TimeProperty, Comparison, (i64, i64)),
    /// A moment is absent.
    NoTime(TimeProperty),
    /// The report is placed in a region.
    In(Region),
    /// The report has no position.
    NoPlace,
}

/// Does a comparison look away from case and accents?
pub type Folded = bool;

impl Condition {
    /// Is this certain of every report?
    pub fn is_certain(&self) -> bool {
        match self {
            Self::Fixed(fixed) => *fixed,
            Self::All(list) => list.iter().all(Self::is_certain),
            _ => false,
        }
    }

    /// Puts what is certain to be asked of service, status and time into a filter, which the index
    /// is quick with; the condition itself still holds.
    pub fn narrow(&self, filter: &mut Filter) {
        match self {
            Self::All(list) => list.iter().for_each(|one| one.narrow(filter)),
            Self::Text(TextProperty::Service, Comparison::Equal, code, false) => {
                let codes = ServiceCode::new(code).into_iter();
                let asked = |code: &ServiceCode| {
                    filter.services.as_ref().is_none_or(|list| list.contains(code))
                };
                filter.services = Some(codes.filter(asked).collect());
            }
            Self::Text(TextProperty::Status, Comparison::Equal, word, false) => {
                let statuses = Status::parse(word).into_iter();
                let asked = |status: &Status| {
                    filter.statuses.as_ref().is_none_or(|list| list.contains(status))
                };
                filter.statuses = Some(statuses.filter(asked).collect());
            }
            Self::Time(
                TimeProperty::Requested,
                Comparison::Greater | Comparison::AtLeast,
                (first, _),
            ) => {
                filter.from = filter.from.max(Some(*first));
            }
            Self::Time(
                TimeProperty::Requested,
                Comparison::Less | Comparison::AtMost,
                (_, last),
            ) => {
                let before = last.saturating_add(1);
                filter.before = Some(filter.before.map_or(before, |known| known.min(before)));
            }
            _ => {}
        }
    }

    /// What a condition on a text comes to of this one, or of none.
    pub(super) fn of_text(&self, value: Option<&str>) -> Option<bool> {
        match self {
            Self::Text(_, is, text, folded) => Some(is.holds(compare(value?, text, *folded))),
            Self::OneOf(_, list, folded) => {
                let value = value?;
                Some(list.iter().any(|text| compare(value, text, *folded).is_eq()))
            }
            Self::Like(_, pattern, true) => Some(like(&fold(value?), &fold(pattern))),
            Self::Like(_, pattern, false) => Some(like(value?, pattern)),
            Self::NoText(_) => Some(value.is_none()),
            _ => None,
        }
    }
}

fn compare(a: &str, b: &str, folded: bool) -> Ordering {
    if folded { fold(a).cmp(&fold(b)) } else { a.cmp(b) }
}

/// Does the text match the pattern? Time grows with the product of their lengths, whatever the
/// pattern: the last `%` alone is ever returned to.
fn like(text: &str, pattern: &str) -> bool {
    #[derive(PartialEq)]
    enum Sign {
        Any,
        One,
        Just(char),
    }
    let mut signs = Vec::new();
    let mut rest = pattern.chars();
    while let Some(sign) = rest.next() {
        signs.push(match sign {
            '%' => Sign::Any,
            '_' => Sign::One,
            '\\' => Sign::Just(rest.next().unwrap_or('\\')),
            other => Sign::Just(other),
        });
    }
    let text: Vec<char> = text.chars().collect();
    let (mut at, mut sign, mut retry) = (0, 0, None);
    while at < text.len() {
        match signs.get(sign) {
            Some(Sign::Any) => {
                retry = Some((sign, at));
                sign += 1;
            }
            Some(Sign::One) => (at, sign) = (at + 1, sign + 1),
            Some(Sign::Just(c)) if *c == text[at] => (at, sign) = (at + 1, sign + 1),
            _ => match retry {
                None => return false,
                Some((any, from)) => {
                    retry = Some((any, from + 1));
                    (at, sign) = (from + 1, any + 1);
                }
            },
        }
    }
    signs[sign..].iter().all(|sign| *sign == Sign::Any)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_queryable_field_has_a_property() {
        let texts = TextProperty::ALL.iter().map(|(_, name)| *name);
        let times = TimeProperty::ALL.iter().map(|(_, name)| *name);
        let mut known: Vec<&str> = texts.chain(times).collect();
        let mut wanted: Vec<&str> =
            crate::domain::fields::QUERYABLE.iter().map(|field| field.name).collect();
        known.sort_unstable();
        wanted.sort_unstable();
        assert_eq!(known, wanted);
    }

    #[test]
    fn patterns() {
        for (text, pattern, matches) in [
            ("nid-de-poule", "nid%", true),
            ("nid-de-poule", "%poule", true),
            ("nid-de-poule", "%de%", true),
            ("nid-de-poule", "nid_de_poule", true),
            ("nid-de-poule", "nid", false),
            ("", "%", true),
            ("", "_", false),
            ("100 %", "100 \\%", true),
            ("100 x", "100 \\%", false),
            ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", "%a%a%a%a%a%a%a%a%a%a%c", false),
            ("abcabd", "%abd", true),
        ] {
            assert_eq!(like(text, pattern), matches, "{text} {pattern}");
        }
    }
}
