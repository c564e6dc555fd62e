//! Parsing CQL2 filters (OGC 21-065r2), as text or JSON, into conditions on reports.

pub use cql2::Expr;
use cql2::Geometry;
use jiff::Timestamp;
use jiff::civil::Date;

use crate::error::Refusal;
use crate::i18n::Message;
use crate::ingest::polygons::{polygon_fault, polygons};
use crate::message;
use crate::place::{BBox, Polygons, Position};
use crate::query::{Comparison, Condition, Region, TextProperty, TimeProperty};

/// Limit of the length of a filter, in bytes.
const BYTES_MAX: usize = 16 << 10;
/// Limit of the nesting depth of brackets: the parser is recursive, so deeper nesting could
/// overflow the stack.
const DEPTH_MAX: usize = 24;
/// Limit of the number of `not`, for the same reason.
const NOTS_MAX: usize = 24;
/// Name of the geometry property.
pub const GEOMETRY: &str = "geometry";

type CqlResult<T> = Result<T, Refusal>;

fn refuse<T>(value: impl std::fmt::Display, message: Message) -> CqlResult<T> {
    Err(Refusal::new("filter", value, message))
}

/// Parses a filter as CQL2 JSON or, if `is_json` is false, CQL2 text.
///
/// # Errors
/// Too long, too deep, or not CQL2.
pub fn parse(text: &str, is_json: bool) -> CqlResult<Expr> {
    if text.len() > BYTES_MAX {
        let max = BYTES_MAX;
        return refuse(text, message!("dépasse {max} octets", "is longer than {max} bytes"));
    }
    let (mut depth, mut deepest) = (0usize, 0);
    for sign in text.bytes() {
        match sign {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    // CQL2 JSON needs two brackets for each operation, and four for the coordinates of a polygon.
    let most = if is_json { DEPTH_MAX } else { DEPTH_MAX / 2 };
    let folded = text.to_ascii_lowercase();
    let nots = folded.matches("not").count();
    // The parser also recurses for right-associative operators and signs.
    let signs = text.bytes().filter(|sign| b"=^<>".contains(sign)).count();
    let minus = text.matches("--").count() + text.matches("- -").count();
    if deepest > most || nots > NOTS_MAX || signs > 500 || minus > 4 {
        return refuse(text, message!("est trop emboîté", "is nested too deeply"));
    }
    let read = match is_json {
        true => cql2::parse_json(text).map_err(|error| error.to_string()),
        false => cql2::parse_text(text).map_err(|error| error.to_string()),
    };
    read.or_else(|error| {
        let reason: String = error.split_whitespace().take(40).collect::<Vec<_>>().join(" ");
        refuse(text, message!("n’est pas du CQL2 : {reason}", "is not CQL2: {reason}"))
    })
}

/// Converts a filter to a condition on reports.
///
/// # Errors
/// A property that is not known, or an operation that is not supported.
pub fn condition(expr: &Expr) -> CqlResult<Condition> {
    let Expr::Operation { op, args } = expr else {
        return match expr {
            Expr::Bool(fixed) => Ok(Condition::Constant(*fixed)),
            other => unsupported(other),
        };
    };
    let list = || args.iter().map(|arg| condition(arg)).collect::<CqlResult<Vec<_>>>();
    match (op.as_str(), args.as_slice()) {
        ("and", _) => Ok(Condition::All(list()?)),
        ("or", _) => Ok(Condition::Any(list()?)),
        ("not", [inner]) => Ok(Condition::Not(Box::new(condition(inner)?))),
        ("=" | "<>" | "<" | "<=" | ">" | ">=", [a, b]) => comparison(op, a, b),
        ("between", [value, low, high]) => {
            Ok(Condition::All(vec![comparison(">=", value, low)?, comparison("<=", value, high)?]))
        }
        ("in", [value, list]) => one_of(value, list),
        ("like", [value, pattern]) => {
            let (property, folded) = text_property(value)?;
            let (pattern, also) = literal(pattern)?;
            Ok(Condition::Like(property, pattern, folded || also))
        }
        ("isNull", [value]) => is_null(value),
        (op, [a, b]) if op.starts_with("s_") => spatial(op, a, b),
        (op, [a, b]) if op.starts_with("t_") => temporal(op, a, b),
        _ => unsupported(expr),
    }
}

/// Does a GeoJSON feature match the filter? For collections without an index.
///
/// # Errors
/// The filter cannot be applied to this feature.
pub fn matches(expr: &Expr, feature: &serde_json::Value) -> CqlResult<bool> {
    expr.clone().matches(Some(feature)).or_else(|error| {
        let reason = error.to_string();
        refuse(
            expr.to_text().unwrap_or_default(),
            message!("ne peut pas être appliqué : {reason}", "cannot be applied: {reason}"),
        )
    })
}

fn unsupported<T>(expr: &Expr) -> CqlResult<T> {
    let shown = match expr {
        Expr::Operation { op, .. } => op.clone(),
        other => other.to_text().unwrap_or_default(),
    };
    refuse(
        shown,
        message!(
            "n’est pas pris en charge ici ; comparez une propriété à une valeur",
            "is not supported here; compare a property with a value"
        ),
    )
}

fn unknown<T>(name: &str) -> CqlResult<T> {
    refuse(
        name,
        message!(
            "n’est pas une propriété utilisable dans un filtre ; voir « queryables »",
            "is not a property that filters can use; see 'queryables'"
        ),
    )
}

fn name(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Property { property } => Some(property),
        _ => None,
    }
}

/// A text property, and whether it is within `casei` or `accenti`.
fn text_property(expr: &Expr) -> CqlResult<(TextProperty, bool)> {
    match expr {
        Expr::Operation { op, args } if op == "casei" || op == "accenti" => match args.as_slice() {
            [inner] => Ok((text_property(inner)?.0, true)),
            _ => unsupported(expr),
        },
        Expr::Property { property } => match TextProperty::parse(property) {
            Some(known) => Ok((known, false)),
            None => unknown(property),
        },
        other => unsupported(other),
    }
}

/// A literal as text, and whether it is within `casei` or `accenti`.
fn literal(expr: &Expr) -> CqlResult<(String, bool)> {
    match expr {
        Expr::Literal(text) => Ok((text.clone(), false)),
        Expr::Float(number) => Ok((number.to_string(), false)),
        Expr::Operation { op, args } if op == "casei" || op == "accenti" => match args.as_slice() {
            [inner] => Ok((literal(inner)?.0, true)),
            _ => unsupported(expr),
        },
        other => unsupported(other),
    }
}

fn is_property(expr: &Expr) -> bool {
    match expr {
        Expr::Property { .. } => true,
        Expr::Operation { op, args } if op == "casei" || op == "accenti" => {
            args.first().is_some_and(|arg| is_property(arg))
        }
        _ => false,
    }
}

fn comparison(op: &str, a: &Expr, b: &Expr) -> CqlResult<Condition> {
    let is = match op {
        "=" => Comparison::Equal,
        "<>" => Comparison::Unequal,
        "<" => Comparison::Less,
        "<=" => Comparison::AtMost,
        ">" => Comparison::Greater,
        _ => Comparison::AtLeast,
    };
    let (property, value, is) = match (is_property(a), is_property(b)) {
        (true, false) => (a, b, is),
        (false, true) => (b, a, is.flipped()),
        _ => return unsupported(a),
    };
    if let Some(time) = name(property).and_then(TimeProperty::parse) {
        return Ok(Condition::Time(time, is, span(value)?));
    }
    let (property, folded) = text_property(property)?;
    let (text, also) = literal(value)?;
    Ok(Condition::Text(property, is, text, folded || also))
}

fn one_of(value: &Expr, list: &Expr) -> CqlResult<Condition> {
    let Expr::Array(list) = list else { return unsupported(list) };
    if let Some(time) = name(value).and_then(TimeProperty::parse) {
        let one = |item: &Expr| Ok(Condition::Time(time, Comparison::Equal, span(item)?));
        return Ok(Condition::Any(list.iter().map(|item| one(item)).collect::<CqlResult<_>>()?));
    }
    let (property, mut folded) = text_property(value)?;
    let mut texts = Vec::with_capacity(list.len());
    for item in list {
        let (text, also) = literal(item)?;
        folded |= also;
        texts.push(text);
    }
    Ok(Condition::OneOf(property, texts, folded))
}

fn is_null(value: &Expr) -> CqlResult<Condition> {
    let Some(property) = name(value) else { return unsupported(value) };
    if property == GEOMETRY {
        return Ok(Condition::NoPosition);
    }
    match TimeProperty::parse(property) {
        Some(time) => Ok(Condition::NoTime(time)),
        None => Ok(Condition::NoText(text_property(value)?.0)),
    }
}

/// First and last second (Unix time) of an instant, a date or an interval.
fn span(expr: &Expr) -> CqlResult<(i64, i64)> {
    let moment = |text: &str| -> Option<(i64, i64)> {
        if let Ok(at) = text.replacen(' ', "T", 1).parse::<Timestamp>() {
            return Some((at.as_second(), at.as_second()));
        }
        let day: Date = text.parse().ok()?;
        let start = day.to_zoned_datetime(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_second();
        Some((start, start + 86_399))
    };
    let text = |expr: &Expr| -> Option<String> {
        match expr {
            Expr::Literal(text) => Some(text.clone()),
            Expr::Timestamp { timestamp: inner } | Expr::Date { date: inner } => {
                match inner.as_ref() {
                    Expr::Literal(text) => Some(text.clone()),
                    _ => None,
                }
            }
            _ => None,
        }
    };
    let wrong = || {
        let shown = expr.to_text().unwrap_or_default();
        Refusal::new(
            "filter",
            shown,
            message!(
                "n’est ni un instant comme TIMESTAMP('2026-03-01T08:30:00Z') ni une date",
                "is neither an instant such as TIMESTAMP('2026-03-01T08:30:00Z') nor a date"
            ),
        )
    };
    if let Expr::Interval { interval } = expr {
        let [from, to] = interval.as_slice() else { return Err(wrong()) };
        let end = |expr: &Expr, open: i64, pick: fn((i64, i64)) -> i64| {
            let text = text(expr)?;
            if text == ".." { Some(open) } else { moment(&text).map(pick) }
        };
        let from = end(from, i64::MIN, |(first, _)| first).ok_or_else(wrong)?;
        let to = end(to, i64::MAX, |(_, last)| last).ok_or_else(wrong)?;
        return Ok((from, to));
    }
    text(expr).and_then(|text| moment(&text)).ok_or_else(wrong)
}

/// A temporal operator between a time of a report and an instant or an interval.
fn temporal(op: &str, a: &Expr, b: &Expr) -> CqlResult<Condition> {
    let (property, value, turned) = match (is_property(a), is_property(b)) {
        (true, false) => (a, b, false),
        (false, true) => (b, a, true),
        _ => return unsupported(a),
    };
    let Some(time) = name(property).and_then(TimeProperty::parse) else {
        return unknown(name(property).unwrap_or_default());
    };
    let span = span(value)?;
    let inner = (span.0.saturating_add(1), span.1.saturating_sub(1));
    let is = |is, span| Ok(Condition::Time(time, is, span));
    match (op, turned) {
        ("t_before", false) | ("t_after", true) => is(Comparison::Less, span),
        ("t_after", false) | ("t_before", true) => is(Comparison::Greater, span),
        ("t_during", false) | ("t_contains", true) => is(Comparison::Equal, inner),
        ("t_intersects" | "t_equals", _) => is(Comparison::Equal, span),
        ("t_disjoint", _) => is(Comparison::Unequal, span),
        _ => unsupported(&Expr::Literal(op.to_owned())),
    }
}

/// A spatial operator between the position of a report and a geometry.
fn spatial(op: &str, a: &Expr, b: &Expr) -> CqlResult<Condition> {
    let (property, value) = if is_property(a) { (a, b) } else { (b, a) };
    let turned = !is_property(a);
    match name(property) {
        Some(GEOMETRY) => {}
        other => return unknown(other.unwrap_or_default()),
    }
    let within = Condition::In(region(value)?);
    match (op, turned) {
        ("s_intersects", _) | ("s_within", false) | ("s_contains", true) => Ok(within),
        ("s_equals", _) if matches!(&within, Condition::In(Region::Points(_))) => Ok(within),
        ("s_disjoint", _) => Ok(Condition::Not(Box::new(within))),
        _ => unsupported(&Expr::Literal(op.to_owned())),
    }
}

/// The region of a geometry or a bounding box.
fn region(expr: &Expr) -> CqlResult<Region> {
    let shape = match expr {
        Expr::BBox { bbox } => return bbox_region(bbox),
        Expr::Geometry(geometry) => serde_json::to_value(geometry).unwrap_or_default(),
        other => return unsupported(other),
    };
    // A geometry of CQL2 text is WKT, which also serialises to GeoJSON, unless it is invalid.
    let shape = match expr {
        Expr::Geometry(Geometry::Wkt(_)) if shape.is_string() => return unsupported(expr),
        _ => shape,
    };
    let point = |pair: &serde_json::Value| {
        Position::new(pair[0].as_f64().unwrap_or(f64::NAN), pair[1].as_f64().unwrap_or(f64::NAN))
    };
    let out = |out: crate::place::OutOfRange| {
        Refusal::new(
            "filter",
            out.value,
            message!(
                "est hors des limites de la longitude et de la latitude",
                "is outside the range of longitude and latitude"
            ),
        )
    };
    match shape["type"].as_str() {
        Some("Point") => Ok(Region::Points(vec![point(&shape["coordinates"]).map_err(out)?])),
        Some("MultiPoint") => {
            let points = shape["coordinates"].as_array().into_iter().flatten();
            Ok(Region::Points(points.map(point).collect::<Result<_, _>>().map_err(out)?))
        }
        _ => match polygons(&shape) {
            Ok(polygons) => Ok(Region::Polygons(Box::new(polygons))),
            Err(refusal) => Err(Refusal { field: "filter".into(), ..refusal }),
        },
    }
}

/// The region of a `BBOX` of four or six numbers; heights are ignored.
fn bbox_region(edges: &[Box<Expr>]) -> CqlResult<Region> {
    let numbers: Vec<f64> = edges
        .iter()
        .filter_map(|edge| match edge.as_ref() {
            Expr::Float(number) => Some(*number),
            _ => None,
        })
        .collect();
    let bbox = match numbers.as_slice() {
        [w, s, e, n] | [w, s, _, e, n, _] => BBox::new(*w, *s, *e, *n).ok(),
        _ => None,
    };
    let Some(bbox) = bbox.filter(BBox::is_upright) else {
        let message =
            message!("BBOX demande ouest, sud, est, nord", "BBOX takes west, south, east, north");
        return refuse(format!("{numbers:?}"), message);
    };
    match Polygons::of_box(&bbox) {
        Ok(polygons) => Ok(Region::Polygons(Box::new(polygons))),
        Err(fault) => Err(Refusal { field: "filter".into(), ..polygon_fault(fault) }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bombs_and_nonsense_are_refused() {
        let refused = |text: &str| {
            let read = parse(text, text.starts_with('{')).and_then(|expr| condition(&expr));
            assert!(read.is_err(), "{}", &text[..text.len().min(80)]);
        };
        refused(&format!("{}status='open'{}", "(".repeat(5_000), ")".repeat(5_000)));
        refused(&format!("{}status='open'", "NOT ".repeat(3_000)));
        refused(&"status=".repeat(1_500));
        refused(&format!("status = {}1", "-".repeat(2_000)));
        refused(&format!("{}1{}", r#"{"op":"not","args":["#.repeat(400), "]}".repeat(400)));
        refused(&"a".repeat(20_000));
        for text in ["", "status", "status =", "licorne = 1", "1 = 1", "status = area", "{", "{}"] {
            refused(text);
        }
        refused("S_CROSSES(geometry, LINESTRING(0 0, 1 1))");
        refused("requested_datetime > 'yesterday'");
        refused("status = 'open'; DROP TABLE report");
    }
}
