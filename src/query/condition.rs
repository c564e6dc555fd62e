//! Conditions on reports beyond what a [`Filter`] has parameters for: the expressions of CQL2 (OGC
//! 21-065r2) with its three-valued logic. A comparison with an absent value is neither true nor
//! false.

use std::cmp::Ordering;

use crate::domain::{Filter, ServiceCode, Status, fold};
use crate::place::{Polygons, Position};

/// A property of a report whose values are text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextProperty {
    /// Tracking number.
    Id,
    /// Service code.
    Service,
    /// Status.
    Status,
    /// Reason of closing.
    Reason,
    /// Nature.
    Nature,
    /// Channel.
    Channel,
    /// How well the position is known.
    Accuracy,
    /// Area name that the source gave.
    Area,
    /// Id of the report of which it is a duplicate.
    Parent,
}

impl TextProperty {
    /// All properties with their names.
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

    /// The property with this name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(property, _)| *property)
    }
}

/// A property of a report whose values are times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeProperty {
    /// When the report was requested.
    Requested,
    /// When the report was closed.
    Closed,
}

impl TimeProperty {
    /// All properties with their names.
    pub const ALL: [(Self, &'static str); 2] =
        [(Self::Requested, "requested_datetime"), (Self::Closed, "closed_datetime")];

    /// The property with this name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(property, _)| *property)
    }
}

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

/// A set of positions.
#[derive(Debug, Clone)]
pub enum Region {
    /// The positions inside polygons or on their edges.
    Polygons(Box<Polygons>),
    /// These positions.
    Points(Vec<Position>),
}

impl Region {
    pub(super) fn contains(&self, at: Position) -> bool {
        match self {
            Self::Polygons(polygons) => polygons.contains(at),
            Self::Points(points) => points.contains(&at),
        }
    }
}

/// A condition on a report. It is true, false, or unknown where a value is absent.
#[derive(Debug, Clone)]
pub enum Condition {
    /// Conjunction.
    All(Vec<Condition>),
    /// Disjunction.
    Any(Vec<Condition>),
    /// Negation.
    Not(Box<Condition>),
    /// True, or false, of every report.
    Constant(bool),
    /// A text compares so with another.
    Text(TextProperty, Comparison, String, Folded),
    /// A text equals one of these.
    OneOf(TextProperty, Vec<String>, Folded),
    /// A text matches a pattern: `%` stands for any characters, `_` for one, `\` escapes the next.
    Like(TextProperty, String, Folded),
    /// A text is absent.
    NoText(TextProperty),
    /// A time compares so with an interval, from the first to the last second since 1970. It is
    /// equal to the interval where it lies in it, less where it lies before it.
    Time(TimeProperty, Comparison, (i64, i64)),
    /// A time is absent.
    NoTime(TimeProperty),
    /// The position is in a region.
    In(Region),
    /// The report has no position.
    NoPosition,
}

/// Does a comparison ignore case and accents?
pub type Folded = bool;

impl Condition {
    /// Is it true of every report, by its form alone?
    ///
    /// ```
    /// use pointchaud::query::Condition;
    ///
    /// assert!(Condition::All(vec![]).is_always_true());
    /// assert!(!Condition::Not(Box::new(Condition::Constant(false))).is_always_true());
    /// ```
    pub fn is_always_true(&self) -> bool {
        match self {
            Self::Constant(value) => *value,
            Self::All(list) => list.iter().all(Self::is_always_true),
            _ => false,
        }
    }

    /// Narrows a filter by what the condition implies for service, status and time of request, so
    /// that the index skips reports that cannot match. The condition still has to be tested.
    ///
    /// ```
    /// use pointchaud::domain::Filter;
    /// use pointchaud::query::{Comparison, Condition, TimeProperty};
    ///
    /// let since = (1_790_000_000, 1_790_000_000);
    /// let condition = Condition::Time(TimeProperty::Requested, Comparison::AtLeast, since);
    /// let mut filter = Filter::default();
    /// condition.narrow(&mut filter);
    /// assert_eq!(filter.from, Some(1_790_000_000));
    /// ```
    pub fn narrow(&self, filter: &mut Filter) {
        match self {
            Self::All(list) => list.iter().for_each(|one| one.narrow(filter)),
            Self::Text(TextProperty::Service, Comparison::Equal, code, false) => {
                let codes = ServiceCode::new(code).into_iter();
                let is_wanted = |code: &ServiceCode| {
                    filter.services.as_ref().is_none_or(|list| list.contains(code))
                };
                filter.services = Some(codes.filter(is_wanted).collect());
            }
            Self::Text(TextProperty::Status, Comparison::Equal, word, false) => {
                let statuses = Status::parse(word).into_iter();
                let is_wanted = |status: &Status| {
                    filter.statuses.as_ref().is_none_or(|list| list.contains(status))
                };
                filter.statuses = Some(statuses.filter(is_wanted).collect());
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

    /// A conjunct that wants the position in polygons, and the other conjuncts; none where the form
    /// shows no such conjunct. Reports elsewhere do not match.
    pub(super) fn polygons(&self) -> Option<(&Polygons, Vec<&Condition>)> {
        match self {
            Self::In(Region::Polygons(polygons)) => Some((polygons, Vec::new())),
            Self::All(list) => list.iter().enumerate().find_map(|(n, one)| {
                let (polygons, mut rest) = one.polygons()?;
                rest.extend(list[..n].iter().chain(&list[n + 1..]));
                Some((polygons, rest))
            }),
            _ => None,
        }
    }

    /// The truth of a condition on a text property for one value, or for an absent one. None for
    /// unknown, and for other conditions.
    pub(super) fn text_truth(&self, value: Option<&str>) -> Option<bool> {
        match self {
            Self::Text(_, comparison, text, folded) => {
                Some(comparison.holds(compare(value?, text, *folded)))
            }
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

/// Does the text match the pattern of `%`, `_` and `\`? Takes at most O(text · pattern) time: only
/// the last `%` is ever backtracked to.
fn like(text: &str, pattern: &str) -> bool {
    #[derive(PartialEq)]
    enum Token {
        AnyText,
        AnyOne,
        Literal(char),
    }
    let mut tokens = Vec::new();
    let mut rest = pattern.chars();
    while let Some(c) = rest.next() {
        tokens.push(match c {
            '%' => Token::AnyText,
            '_' => Token::AnyOne,
            '\\' => Token::Literal(rest.next().unwrap_or('\\')),
            other => Token::Literal(other),
        });
    }
    let text: Vec<char> = text.chars().collect();
    let (mut at, mut token, mut retry) = (0, 0, None);
    while at < text.len() {
        match tokens.get(token) {
            Some(Token::AnyText) => {
                retry = Some((token, at));
                token += 1;
            }
            Some(Token::AnyOne) => (at, token) = (at + 1, token + 1),
            Some(Token::Literal(c)) if *c == text[at] => (at, token) = (at + 1, token + 1),
            _ => match retry {
                None => return false,
                Some((any, from)) => {
                    retry = Some((any, from + 1));
                    (at, token) = (from + 1, any + 1);
                }
            },
        }
    }
    tokens[token..].iter().all(|token| *token == Token::AnyText)
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
