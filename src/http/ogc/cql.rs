//! CQL2 filters (OGC 21-065r2), as text or JSON: parsing, and compiling to conditions on features.

pub use cql2::Expr;

use crate::http::ogc::cql_conditions;
use crate::http::ogc::cql_context::{CqlContext, CqlResult, refuse};
use crate::http::ogc::cql_limits::check_limits;
use crate::http::ogc::queryables::Properties;
use crate::message;
use crate::query::Condition;

/// Most characters of the parser's reason in a refusal.
const REASON_CHARS_MAX: usize = 200;

/// Parses a filter as CQL2 JSON or, if `is_json` is false, CQL2 text.
///
/// # Errors
/// Too long, too deep, or not CQL2.
pub fn parse(text: &str, is_json: bool) -> CqlResult<Expr> {
    check_limits(text, is_json)?;
    let read = match is_json {
        true => cql2::parse_json(text).map_err(|error| error.to_string()),
        false => cql2::parse_text(text).map_err(|error| error.to_string()),
    };
    read.or_else(|error| {
        let reason = reason(&error);
        refuse(text, message!("n’est pas du CQL2 : {reason}", "is not CQL2: {reason}"))
    })
}

/// The parser's reason in one line. That of text is drawn below the text: only the line, the column
/// and what was expected are taken.
fn reason(error: &str) -> String {
    let at = error.split("--> ").nth(1).and_then(|rest| rest.split_whitespace().next());
    let reason = match (at, error.rsplit_once("= ")) {
        (Some(at), Some((_, expected))) => format!("{at}: {expected}"),
        _ => error.to_owned(),
    };
    let words: Vec<&str> = reason.split_whitespace().collect();
    words.join(" ").chars().take(REASON_CHARS_MAX).collect()
}

/// Compiles a filter to a condition on reports.
///
/// # Errors
/// A property that is not known, an operation that is not offered, operands of wrong types, or a
/// limit that is exceeded.
pub fn condition(expr: &Expr) -> CqlResult<Condition> {
    condition_on(expr, Properties::of_reports())
}

/// Compiles a filter to a condition on features with these properties.
///
/// # Errors
/// As [`condition`].
pub fn condition_on(expr: &Expr, properties: &Properties) -> CqlResult<Condition> {
    cql_conditions::condition(&CqlContext::new(properties), expr)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compiled(text: &str) -> CqlResult<Condition> {
        parse(text, text.starts_with('{')).and_then(|expr| condition(&expr))
    }

    #[test]
    fn bombs_and_nonsense_are_refused() {
        let refused = |text: &str| {
            assert!(compiled(text).is_err(), "{}", &text[..text.len().min(80)]);
        };
        refused(&format!("{}status='open'{}", "(".repeat(5_000), ")".repeat(5_000)));
        refused(&format!("{}status='open'", "NOT ".repeat(3_000)));
        refused(&"status=".repeat(1_500));
        refused(&format!("status = {}1", "-".repeat(2_000)));
        refused(&format!("{}1{}", r#"{"op":"not","args":["#.repeat(400), "]}".repeat(400)));
        refused(&"a".repeat(20_000));
        for text in ["", "status", "status =", "licorne = 1", "status = revision", "{", "{}"] {
            refused(text);
        }
        refused("requested_datetime > 'yesterday'");
        refused("status = 'open'; DROP TABLE report");
    }

    #[test]
    fn what_is_refused_is_named() {
        for (text, named) in [
            ("licorne IS NULL", "licorne"),
            ("CASEI(licorne) = 'a'", "licorne"),
            ("status IN (licorne)", "licorne"),
            ("S_INTERSECTS(licorne, POINT(0 0))", "licorne"),
            ("T_AFTER(licorne, DATE('2026-01-01'))", "licorne"),
            ("lon + licorne > 1", "licorne"),
            ("Buffer(geometry, 10) IS NULL", "Buffer"),
            ("A_CONTAINS(area, ('a'))", "A_CONTAINS"),
            ("avg(lon) < 4", "avg"),
            ("S_INTERSECTS(status, POINT(0 0))", "status"),
            ("geometry = POINT(0 0)", "geometry"),
            ("requested_datetime = INTERVAL('2026-01-01', '..')", "INTERVAL"),
            ("T_DURING(requested_datetime, INTERVAL('2026-02-01','2026-01-01'))", "2026-02-01"),
            ("status LIKE area", "area"),
            ("area = 5", "area"),
            ("lon = '5'", "lon"),
            ("CASEI(lon) = 'a'", "lon"),
            ("requested_datetime > DATE('2026-13-01')", "2026-13-01"),
            ("lon > 1e999", "inf"),
            ("S_WITHIN(geometry, BBOX(0,5,1,4))", "BBOX"),
            ("S_WITHIN(geometry, BBOX(170,-5,190,5))", "BBOX"),
            ("S_WITHIN(geometry, LINESTRING(1 1, 1 1))", "LINESTRING"),
            ("S_WITHIN(geometry, POLYGON EMPTY)", "POLYGON"),
        ] {
            let refusal = compiled(text).unwrap_err();
            assert!(refusal.value.contains(named), "{text}: {refusal}");
            assert_eq!(refusal.field, "filter", "{text}");
        }
        let refusal = compiled("licorne IS NULL").unwrap_err();
        assert!(refusal.message.en.contains("source_status"), "{refusal}");
        assert!(refusal.message.fr.contains("source_status"), "{refusal}");
    }

    #[test]
    fn too_many_nodes_are_refused_with_the_limit() {
        let item = r#"{"op":"+","args":[1,1]}"#;
        let list = vec![item; 3_000].join(",");
        let text = format!(r#"{{"op":"in","args":[{{"property":"lon"}},[{list}]]}}"#);
        assert!(compiled(&text).unwrap_err().message.en.contains("5000"));
        let pattern = format!("area LIKE '{}'", "a".repeat(501));
        assert!(compiled(&pattern).unwrap_err().message.en.contains("500"));
    }
}
