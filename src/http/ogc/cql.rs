//! CQL2 filters (OGC 21-065r2), as text or JSON: parsing, and compiling to conditions on features.

pub use cql2::Expr;

use crate::error::Refusal;
use crate::http::ogc::cql_conditions;
use crate::http::ogc::cql_context::{CqlContext, CqlResult, refuse};
use crate::http::ogc::cql_limits::check_limits;
use crate::http::ogc::queryables::Properties;
use crate::http::request::json;
use crate::i18n::Message;
use crate::message;
use crate::query::Condition;

/// Parses a filter as CQL2 JSON or, if `is_json` is false, CQL2 text.
///
/// # Errors
/// Too long, too deep, or not CQL2.
pub fn parse(text: &str, is_json: bool) -> CqlResult<Expr> {
    check_limits(text, is_json)?;
    match is_json {
        true => {
            check_members(text)?;
            cql2::parse_json(text).or_else(|_| refuse(text, no_expression()))
        }
        false => cql2::parse_text(text).or_else(|error| {
            refuse(text, unreadable(text, &error.to_string()).unwrap_or_else(no_expression))
        }),
    }
}

/// Checks that a filter is JSON whose objects have no member twice.
fn check_members(text: &str) -> CqlResult<()> {
    let Err(error) = json::parse(text.as_bytes()) else { return Ok(()) };
    match error.refusals.into_iter().next() {
        Some(Refusal { field, value, .. }) if value.is_empty() => refuse(
            text,
            message!(
                "donne deux fois le membre « {field} »",
                "has the member '{field}' that is given twice"
            ),
        ),
        Some(refusal) => refuse(text, refusal.message),
        None => Ok(()),
    }
}

fn no_expression() -> Message {
    message!(
        "n’est pas une expression de CQL2 : une opération et ses opérandes, chacun d’une forme que \
         CQL2 connaît",
        "is not an expression of CQL2: an operation and its operands, each of a form that CQL2 \
         knows"
    )
}

/// Up to where a filter was read and what could follow there, by the parser's error. `None` where
/// the error has no place.
fn unreadable(text: &str, error: &str) -> Option<Message> {
    let place = error.split("--> ").nth(1)?.split_whitespace().next()?;
    let (line, column) = place.split_once(':')?;
    let (line, column): (usize, usize) = (line.parse().ok()?, column.parse().ok()?);
    let rest = text.lines().nth(line - 1).unwrap_or_default().chars().skip(column - 1);
    let rest: String = rest.take(REST_CHARS_MAX).collect();
    let expected = error.rsplit_once("= ").map_or("", |(_, expected)| expected);
    let Message { fr, en } = expected_kind(expected);
    Some(match rest.is_empty() {
        true => message!(
            "n’est pas du CQL2 : se lit jusqu’à sa fin, où il manque {fr}",
            "is not CQL2: it is read up to its end, where {en} is missing"
        ),
        false => message!(
            "n’est pas du CQL2 : se lit jusqu’à « {rest} » (ligne {line}, colonne {column}), où \
             l’on attend {fr}",
            "is not CQL2: it is read up to '{rest}' (line {line}, column {column}), where {en} is \
             expected"
        ),
    })
}

/// Most characters that a refusal shows of what was not read.
const REST_CHARS_MAX: usize = 30;

/// What kind of thing is expected where one of these rules of the grammar is.
fn expected_kind(rules: &str) -> Message {
    let any = |names: &[&str]| {
        let mut words = rules.split(|c: char| !(c.is_alphanumeric() || c == '_'));
        words.any(|word| names.contains(&word))
    };
    if any(&["Identifier", "Literal", "AtomicExpr", "Expr", "Negative", "SingleQuotedString"]) {
        message!(
            "une valeur : une propriété, un nombre, un texte entre apostrophes, une fonction ou \
             une parenthèse",
            "a value: a property, a number, a text in single quotes, a function or a bracket"
        )
    } else if any(&["EOI", "Add", "And", "Or", "Eq", "Power", "IsNullPostfix", "BetweenPostfix"]) {
        message!(
            "un opérateur (=, <, LIKE, IN, AND…), une parenthèse fermante ou la fin",
            "an operator (=, <, LIKE, IN, AND…), a closing bracket or the end"
        )
    } else if any(&["PADDED_DECIMAL", "DECIMAL", "COORD", "PCOORD", "EMPTYSET"]) {
        message!("des coordonnées, comme (-71.2 46.8)", "coordinates such as (-71.2 46.8)")
    } else {
        message!(
            "autre chose ; une parenthèse ou une apostrophe peut manquer",
            "something else, perhaps a bracket or a single quote,"
        )
    }
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
    fn what_cannot_be_read_is_told_without_rules_of_the_parser() {
        for (text, words) in [
            ("status = ", ["a value", "its end"]),
            ("status 'open'", ["an operator", "read up to ''open'' (line 1, column 8)"]),
            ("status = 'open' AND\n AND lat > 2", ["an operator", "'lat > 2' (line 2, column 6)"]),
            ("status = 'open' AND )", ["a value", "read up to ')'"]),
            ("(status = 'open'", ["", "its end"]),
            (r#"{"op":"=","args":[1,1],"op":"="}"#, ["'op'", "given twice"]),
            (r#"{"op":"="}"#, ["an operation and its operands", "not an expression of CQL2"]),
            (r#"{"op":"#, ["is not JSON", "line 1"]),
        ] {
            let refusal = compiled(text).unwrap_err();
            let (fr, en) = (&refusal.message.fr, &refusal.message.en);
            assert!(words.iter().all(|word| en.contains(word)), "{text}: {en}");
            for rule in ["EOI", "Expr", "Infix", "Postfix", "Identifier", "expected ", "COORD"] {
                assert!(!fr.contains(rule), "{text}: {fr}");
                assert!(rule == "expected " || !en.contains(rule), "{text}: {en}");
            }
        }
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
