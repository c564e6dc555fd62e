//! The meaning of CQL2 expressions, evaluated value by value over rows of plain values: the words of
//! the standard, written without the program's compiler.

use crate::common::cql::{Formula, Place, Plain, Row, Term};

type Truth = Option<bool>;

/// A letter of French without its accent.
fn bare(c: char) -> char {
    let pairs = [
        ("àâäÀÂÄ", "aaaAAA"),
        ("çÇ", "cC"),
        ("éèêëÉÈÊË", "eeeeEEEE"),
        ("îïÎÏ", "iiII"),
        ("ôöÔÖ", "ooOO"),
        ("ùûüÙÛÜ", "uuuUUU"),
        ("ÿŸ", "yY"),
    ];
    let found = pairs.iter().find_map(|(with, without)| {
        with.chars().position(|one| one == c).and_then(|at| without.chars().nth(at))
    });
    found.unwrap_or(c)
}

fn compared(op: &str, a: &Plain, b: &Plain) -> Truth {
    let (less, equal) = match (a, b) {
        (Plain::Text(a), Plain::Text(b)) => (a < b, a == b),
        (Plain::Number(a), Plain::Number(b)) => (a < b, a == b),
        (Plain::Time(a, a_last), Plain::Time(b, b_last)) => {
            (a_last < b, a <= b_last && b <= a_last)
        }
        _ => return None,
    };
    Some(match op {
        "=" => equal,
        "<>" => !equal,
        "<" => less,
        "<=" => less || equal,
        ">" => !less && !equal,
        _ => !less,
    })
}

fn all(truths: impl IntoIterator<Item = Truth>) -> Truth {
    let truths: Vec<Truth> = truths.into_iter().collect();
    if truths.contains(&Some(false)) {
        return Some(false);
    }
    if truths.contains(&None) { None } else { Some(true) }
}

fn not(truth: Truth) -> Truth {
    truth.map(|truth| !truth)
}

fn any(truths: impl IntoIterator<Item = Truth>) -> Truth {
    not(all(truths.into_iter().map(not)))
}

fn like(text: &[char], pattern: &[char]) -> bool {
    match pattern {
        [] => text.is_empty(),
        ['%', rest @ ..] => (0..=text.len()).any(|n| like(&text[n..], rest)),
        ['_', rest @ ..] => !text.is_empty() && like(&text[1..], rest),
        ['\\', c, rest @ ..] | [c, rest @ ..] => text.first() == Some(c) && like(&text[1..], rest),
    }
}

fn related(op: &str, (s, e): (i64, i64), (start, end): (i64, i64)) -> bool {
    match op {
        "t_after" => s > end,
        "t_before" => e < start,
        "t_contains" => s < start && end < e,
        "t_disjoint" => e < start || end < s,
        "t_during" => start < s && e < end,
        "t_equals" => s == start && e == end,
        "t_finishedBy" => s < start && e == end,
        "t_finishes" => start < s && e == end,
        "t_intersects" => !(e < start || end < s),
        "t_meets" => e == start,
        "t_metBy" => s == end,
        "t_overlappedBy" => start < s && s < end && end < e,
        "t_overlaps" => s < start && start < e && e < end,
        "t_startedBy" => s == start && end < e,
        _ => s == start && e < end,
    }
}

impl Term {
    fn value(&self, row: &Row) -> Plain {
        match self {
            Self::Property(name) => row.values.get(name).cloned().unwrap_or(Plain::Null),
            Self::Literal(value) => value.clone(),
            Self::Casei(inner) => match inner.value(row) {
                Plain::Text(text) => Plain::Text(text.to_lowercase()),
                _ => Plain::Null,
            },
            Self::Accenti(inner) => match inner.value(row) {
                Plain::Text(text) => Plain::Text(text.chars().map(bare).collect()),
                _ => Plain::Null,
            },
            Self::Arithmetic(op, a, b) => match (a.value(row), b.value(row)) {
                (Plain::Number(a), Plain::Number(b)) => {
                    let result = match *op {
                        "+" => a + b,
                        "-" => a - b,
                        "*" => a * b,
                        "/" => a / b,
                        "%" => a - b * (a / b).trunc(),
                        "div" => (a / b).trunc(),
                        _ => a.powf(b),
                    };
                    if result.is_finite() { Plain::Number(result) } else { Plain::Null }
                }
                _ => Plain::Null,
            },
        }
    }
}

impl Place {
    /// Is the place met, and is it met by its boundary alone?
    fn met(&self, (x, y): (f64, f64)) -> (bool, bool) {
        let same = |a: f64, b: f64| a == b || a.abs() == 180.0 && b.abs() == 180.0;
        match *self {
            Self::Point(a, b) => (same(a, x) && b == y, false),
            Self::Line([(a, b), (c, d)]) => {
                let cross = (c - a) * (y - b) - (d - b) * (x - a);
                let within = a.min(c) <= x && x <= a.max(c) && b.min(d) <= y && y <= b.max(d);
                let is_end = (x, y) == (a, b) || (x, y) == (c, d);
                (cross == 0.0 && within, is_end)
            }
            Self::Rectangle([w, s, e, n]) => {
                let inside = w <= x && x <= e && s <= y && y <= n;
                (inside, inside && (x == w || x == e || y == s || y == n))
            }
            Self::Box([w, s, e, n]) => {
                let (flat_x, flat_y) = (w == e, s == n);
                let in_x = if w > e { x >= w || x <= e } else { w <= x && x <= e };
                let in_x = in_x || same(x, w) || same(x, e);
                let (on_x, on_y) = (same(x, w) || same(x, e), y == s || y == n);
                let edge = match (flat_x, flat_y) {
                    (true, true) => false,
                    (true, false) => on_y,
                    (false, true) => on_x,
                    // A pole is no edge.
                    (false, false) => on_x || on_y && y.abs() < 90.0,
                };
                let inside = in_x && s <= y && y <= n;
                (inside, inside && edge)
            }
        }
    }
}

impl Formula {
    /// Its truth for a row.
    pub fn truth(&self, row: &Row) -> Truth {
        match self {
            Self::Constant(truth) => *truth,
            Self::And(list) => all(list.iter().map(|one| one.truth(row))),
            Self::Or(list) => any(list.iter().map(|one| one.truth(row))),
            Self::Not(inner) => not(inner.truth(row)),
            Self::Compare(op, a, b) => compared(op, &a.value(row), &b.value(row)),
            Self::Between(value, low, high) => {
                let value = value.value(row);
                let (low, high) = (low.value(row), high.value(row));
                all([compared(">=", &value, &low), compared("<=", &value, &high)])
            }
            Self::In(value, list) => {
                let value = value.value(row);
                any(list.iter().map(|one| compared("=", &value, &one.value(row))))
            }
            Self::Like(value, pattern) => match value.value(row) {
                Plain::Text(text) => {
                    let chars = |text: &str| text.chars().collect::<Vec<_>>();
                    Some(like(&chars(&text), &chars(pattern)))
                }
                _ => None,
            },
            Self::IsNull(value) => Some(value.value(row) == Plain::Null),
            Self::IsUnknown(inner) => Some(inner.truth(row).is_none()),
            Self::NoPlace => Some(row.at.is_none()),
            Self::Temporal(op, a, b) => {
                let ends = |[start, end]: &[Option<Term>; 2]| {
                    let of = |end: &Option<Term>, open: i64| match end {
                        None => Some((open, open)),
                        Some(term) => match term.value(row) {
                            Plain::Time(first, last) => Some((first, last)),
                            _ => None,
                        },
                    };
                    Some((of(start, i64::MIN)?.0, of(end, i64::MAX)?.1))
                };
                let (a, b) = (ends(a)?, ends(b)?);
                // What would end before it starts is no interval.
                let is_interval = |ends: (i64, i64)| ends.0 <= ends.1;
                (is_interval(a) && is_interval(b)).then(|| related(op, a, b))
            }
            Self::Spatial(op, place, turned) => {
                let at = row.at?;
                let (is_met, is_edge) = place.met(at);
                let is_point = match place {
                    Place::Point(..) => true,
                    Place::Box([w, s, e, n]) => w == e && s == n,
                    _ => false,
                };
                let within = is_met && !is_edge;
                let contains = is_met && is_point;
                Some(match (*op, turned) {
                    ("s_intersects", _) => is_met,
                    ("s_disjoint", _) => !is_met,
                    ("s_within", false) | ("s_contains", true) => within,
                    ("s_contains", false) | ("s_within", true) | ("s_equals", _) => contains,
                    ("s_touches", _) => is_met && is_edge,
                    _ => false,
                })
            }
        }
    }
}
