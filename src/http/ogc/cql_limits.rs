//! Limits of the texts of CQL2 filters, checked in one pass before they are parsed: the parser is
//! recursive and tries a bracket first as an expression, then as a list.

use crate::http::ogc::cql_context::{CqlResult, refuse};
use crate::message;

/// Limit of the length of a filter as text, in bytes.
const TEXT_BYTES_MAX: usize = 16 << 10;
/// Limit of the length of a filter in JSON, in bytes.
const JSON_BYTES_MAX: usize = 512 << 10;
/// Limit of the nesting depth of brackets in JSON. An operation takes two, a polygon four.
const JSON_DEPTH_MAX: usize = 24;
/// Limit of the nesting depth of brackets in text.
const TEXT_DEPTH_MAX: usize = 24;
/// Limit of the nesting depth of brackets with a comma that are no arguments of a function: the
/// parser reads each twice, so that its time doubles with each level.
const LIST_DEPTH_MAX: usize = 4;
/// Limit of the number of operators in text: a chain of them nests the parsed expression.
const OPERATORS_MAX: usize = 500;
/// Limit of the number of signs before operands and of NOT, for the same reason.
const PREFIXES_MAX: usize = 64;

/// Checks the length and the nesting of a filter.
///
/// # Errors
/// It exceeds a limit, which the refusal names.
pub fn check_limits(text: &str, is_json: bool) -> CqlResult<()> {
    let most = if is_json { JSON_BYTES_MAX } else { TEXT_BYTES_MAX };
    if text.len() > most {
        return refuse(text, message!("dépasse {most} octets", "is longer than {most} bytes"));
    }
    if is_json { check_json(text) } else { check_text(text).and_then(|()| check_powers(text)) }
}

/// Refuses powers of powers without brackets: `powerTerm` of the BNF of CQL2 has one caret at most,
/// so `2 ^ 3 ^ 2` says neither which is read first nor anything else.
fn check_powers(text: &str) -> CqlResult<()> {
    // Whether the operand that is read is the exponent of a power, for each bracket that is open.
    let mut exponents = vec![false];
    let mut awaits_operand = true;
    for lexeme in lexemes(text) {
        let is_sign_of_operand = awaits_operand && lexeme == Lexeme::Sign('-');
        match lexeme {
            Lexeme::Open => exponents.push(false),
            Lexeme::Close if exponents.len() > 1 => {
                exponents.pop();
            }
            Lexeme::Sign('^') if exponents.last() == Some(&true) => {
                return refuse(
                    text,
                    message!(
                        "a deux ^ de suite ; mettez l’une des puissances entre parenthèses",
                        "has two ^ in a row; put one of the powers in brackets"
                    ),
                );
            }
            Lexeme::Word(_) | Lexeme::Operand | Lexeme::Close => {}
            _ if is_sign_of_operand => {}
            other => {
                if let Some(is_exponent) = exponents.last_mut() {
                    *is_exponent = other == Lexeme::Sign('^');
                }
            }
        }
        if let (Lexeme::Word(word), Some(is_exponent)) = (lexeme, exponents.last_mut()) {
            *is_exponent &= !is_operator(word);
        }
        awaits_operand = match lexeme {
            Lexeme::Operand | Lexeme::Close => false,
            Lexeme::Word(word) => is_operator(word),
            Lexeme::Open | Lexeme::Comma | Lexeme::Sign(_) => true,
        };
    }
    Ok(())
}

/// Is it a word between two operands?
fn is_operator(word: &str) -> bool {
    is_any(word, &["and", "or", "div", "like", "in", "between"])
}

fn too_deep<T>(text: &str, most: usize) -> CqlResult<T> {
    refuse(
        text,
        message!(
            "est trop emboîté : plus de {most} parenthèses les unes dans les autres",
            "is nested too deeply: more than {most} brackets in one another"
        ),
    )
}

fn check_json(text: &str) -> CqlResult<()> {
    let (mut depth, mut in_string, mut escaped) = (0usize, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > JSON_DEPTH_MAX {
            return too_deep(text, JSON_DEPTH_MAX);
        }
    }
    Ok(())
}

/// One lexical element of CQL2 text.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Lexeme<'a> {
    Open,
    Close,
    Comma,
    Sign(char),
    Word(&'a str),
    /// A number, or a name or text in quotes.
    Operand,
}

/// Splits CQL2 text; white space is left out. Text in quotes is one element, whatever it holds.
fn lexemes(text: &str) -> impl Iterator<Item = Lexeme<'_>> {
    let mut rest = text.trim_start();
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let is_inside = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | ':');
        let (length, lexeme) = match first {
            '(' => (1, Lexeme::Open),
            ')' => (1, Lexeme::Close),
            ',' => (1, Lexeme::Comma),
            '\'' | '"' => {
                let closing =
                    rest.get(1..).unwrap_or_default().find(first).map_or(rest.len(), |at| at + 2);
                (closing, Lexeme::Operand)
            }
            c if c.is_alphabetic() => {
                let length = rest.find(|c| !is_inside(c)).unwrap_or(rest.len());
                (length, Lexeme::Word(rest.get(..length).unwrap_or_default()))
            }
            c if c.is_ascii_digit() => {
                (rest.find(|c| !is_inside(c)).unwrap_or(rest.len()), Lexeme::Operand)
            }
            c => (c.len_utf8(), Lexeme::Sign(c)),
        };
        rest = rest.get(length..).unwrap_or_default().trim_start();
        Some(lexeme)
    })
}

fn is_any(word: &str, of: &[&str]) -> bool {
    of.iter().any(|known| known.eq_ignore_ascii_case(word))
}

/// Is it a word that begins a geometry in WKT?
fn is_geometry(word: &str) -> bool {
    is_any(
        word,
        &[
            "POINT",
            "LINESTRING",
            "POLYGON",
            "MULTIPOINT",
            "MULTILINESTRING",
            "MULTIPOLYGON",
            "GEOMETRYCOLLECTION",
        ],
    )
}

/// A bracket that is open.
struct OpenBracket {
    /// Does it follow the name of a function or geometry?
    is_call: bool,
    has_comma: bool,
    /// The lists around it.
    lists: usize,
}

fn check_text(text: &str) -> CqlResult<()> {
    let mut open: Vec<OpenBracket> = Vec::new();
    let (mut operators, mut prefixes) = (0usize, 0usize);
    // The depth of the bracket of a geometry, whose signs and commas are those of coordinates.
    let mut geometry: Option<usize> = None;
    let (mut awaits_operand, mut is_name, mut is_wkt) = (true, false, false);
    for lexeme in lexemes(text) {
        let (was_name, was_wkt) = (is_name, is_wkt);
        (is_name, is_wkt) = (false, false);
        match lexeme {
            Lexeme::Open => {
                if was_wkt && geometry.is_none() {
                    geometry = Some(open.len());
                }
                let outer = open.last();
                let lists = outer.map_or(0, |outer| {
                    outer.lists + usize::from(!outer.is_call && outer.has_comma)
                });
                open.push(OpenBracket { is_call: was_name, has_comma: false, lists });
                awaits_operand = true;
            }
            Lexeme::Close => {
                open.pop();
                geometry = geometry.filter(|depth| open.len() > *depth);
                awaits_operand = false;
            }
            Lexeme::Comma => {
                if let Some(bracket) = open.last_mut() {
                    bracket.has_comma = true;
                }
                awaits_operand = true;
            }
            _ if geometry.is_some() => {}
            Lexeme::Word(word) if is_operator(word) => {
                operators += 1;
                awaits_operand = true;
            }
            Lexeme::Word(word) if is_any(word, &["not"]) => {
                prefixes += 1;
                awaits_operand = true;
            }
            Lexeme::Word(word) => {
                is_wkt = is_geometry(word) || was_wkt && is_any(word, &["Z", "M", "ZM"]);
                is_name = true;
                awaits_operand = false;
            }
            Lexeme::Operand => awaits_operand = false,
            Lexeme::Sign(_) => {
                operators += 1;
                prefixes += usize::from(awaits_operand);
                awaits_operand = true;
            }
        }
        if open.len() > TEXT_DEPTH_MAX {
            return too_deep(text, TEXT_DEPTH_MAX);
        }
        if open.last().is_some_and(|bracket| bracket.lists >= LIST_DEPTH_MAX) {
            return too_deep(text, LIST_DEPTH_MAX);
        }
    }
    check_count(text, operators, OPERATORS_MAX)?;
    check_count(text, prefixes, PREFIXES_MAX)
}

fn check_count(text: &str, count: usize, most: usize) -> CqlResult<()> {
    if count <= most {
        return Ok(());
    }
    refuse(
        text,
        message!(
            "a {count} opérateurs ; {most} au plus de cette sorte",
            "has {count} operators; {most} of this kind at most"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_and_signs_in_quotes_and_coordinates_do_not_count() {
        let brackets = "(".repeat(100);
        let points = vec!["-71.2 -46.8"; 900].join(", ");
        for text in [
            format!("description LIKE '%{brackets}--------%'"),
            format!("S_INTERSECTS(geometry, LINESTRING({points}))"),
            format!("\"{brackets}\" = 1"),
            format!("service_code IN ({})", vec!["'it''s'"; 1_500].join(",")),
        ] {
            assert_eq!(check_limits(&text, false), Ok(()), "{}", &text[..60]);
        }
        let json = format!(r#"{{"op":"like","args":[{{"property":"area"}},"\"{brackets}"]}}"#);
        assert_eq!(check_limits(&json, true), Ok(()));
    }

    /// `powerTerm = arithmeticFactor [caret arithmeticFactor]` (OGC 21-065r2, annex B).
    #[test]
    fn a_power_has_one_exponent() {
        for text in ["lon > 2 ^ 3 ^ 2", "2^-3^2 = 1", "lon = (1 + 2 ^ lat ^ 2)", "2 ^ (3) ^ 2 = 1"]
        {
            let refusal = check_limits(text, false).unwrap_err();
            assert!(refusal.message.en.contains("two ^"), "{text}: {}", refusal.message.en);
        }
        for text in [
            "2 ^ (3 ^ 2) = 1",
            "(2 ^ 3) ^ 2 = 1",
            "2 ^ 3 * 2 ^ 2 = 2 ^ -1",
            "2 ^ lon > 1 AND 2 ^ lat > 1",
            "lon IN (2 ^ 3, 2 ^ 2)",
            "2 ^ 3 DIV 2 ^ 2 = 1",
            "description = '2 ^ 3 ^ 2'",
        ] {
            assert_eq!(check_limits(text, false), Ok(()), "{text}");
        }
    }

    #[test]
    fn each_limit_is_named() {
        let refused = |text: String, is_json, limit: &str| {
            let refusal = check_limits(&text, is_json).unwrap_err();
            assert!(refusal.message.en.contains(limit), "{limit}: {}", refusal.message.en);
            assert!(refusal.message.fr.contains(limit), "{limit}: {}", refusal.message.fr);
        };
        refused("x".repeat(20_000), false, "16384");
        refused(" ".repeat(600_000), true, "524288");
        refused("(".repeat(25), false, "24");
        refused("[".repeat(25), true, "24");
        // Each level fails as an expression and is read again as a list.
        refused(format!("{}1{}", "(1,".repeat(6), ")".repeat(6)), false, "4");
        refused(format!("1{} = 1", "+1".repeat(501)), false, "500");
        refused(format!("TRUE{}", " AND TRUE".repeat(501)), false, "500");
        refused(format!("{} TRUE", "NOT ".repeat(65)), false, "64");
        refused(format!("1 = {}1", "- ".repeat(65)), false, "64");
    }
}
