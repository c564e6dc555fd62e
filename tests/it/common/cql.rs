//! CQL2 expressions that tests make up, written as text and as JSON.

use std::collections::HashMap;

use serde_json::{Value, json};

/// A value of a row.
#[derive(Debug, Clone, PartialEq)]
pub enum Plain {
    Null,
    Text(String),
    Number(f64),
    /// The first and the last second.
    Time(i64, i64),
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum PlainType {
    Text,
    Number,
    Time,
}

/// A feature: its values and its place.
#[derive(Debug)]
pub struct Row {
    pub id: String,
    pub values: HashMap<String, Plain>,
    pub at: Option<(f64, f64)>,
}

#[derive(Debug, Clone)]
pub enum Term {
    Property(String),
    Literal(Plain),
    Casei(Box<Term>),
    Accenti(Box<Term>),
    Arithmetic(&'static str, Box<Term>, Box<Term>),
}

#[derive(Debug, Clone)]
pub enum Place {
    Box([f64; 4]),
    Point(f64, f64),
    Line([(f64, f64); 2]),
    Rectangle([f64; 4]),
}

#[derive(Debug, Clone)]
pub enum Formula {
    Constant(Option<bool>),
    And(Vec<Formula>),
    Or(Vec<Formula>),
    Not(Box<Formula>),
    Compare(&'static str, Term, Term),
    Between(Term, Term, Term),
    In(Term, Vec<Term>),
    Like(Term, String),
    IsNull(Term),
    IsUnknown(Box<Formula>),
    NoPlace,
    /// A function, and the ends of two intervals; an open end is none.
    Temporal(&'static str, [Option<Term>; 2], [Option<Term>; 2]),
    /// A function, a place, and whether the place comes first.
    Spatial(&'static str, Place, bool),
}

fn instant(second: i64) -> String {
    jiff::Timestamp::from_second(second).unwrap().to_string()
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

impl Term {
    fn text(&self) -> String {
        match self {
            Self::Property(name) => format!("\"{name}\""),
            Self::Literal(Plain::Null) => "NULL".into(),
            Self::Literal(Plain::Text(text)) => quoted(text),
            Self::Literal(Plain::Number(number)) => format!("({number})"),
            Self::Literal(Plain::Time(first, last)) if first == last => {
                format!("TIMESTAMP('{}')", instant(*first))
            }
            Self::Literal(Plain::Time(first, _)) => format!("DATE('{}')", &instant(*first)[..10]),
            Self::Casei(inner) => format!("CASEI({})", inner.text()),
            Self::Accenti(inner) => format!("ACCENTI({})", inner.text()),
            Self::Arithmetic(op, a, b) => format!("({} {op} {})", a.text(), b.text()),
        }
    }

    fn json(&self) -> Value {
        match self {
            Self::Property(name) => json!({ "property": name }),
            Self::Literal(Plain::Null) => Value::Null,
            Self::Literal(Plain::Text(text)) => json!(text),
            Self::Literal(Plain::Number(number)) => json!(number),
            Self::Literal(Plain::Time(first, last)) if first == last => {
                json!({ "timestamp": instant(*first) })
            }
            Self::Literal(Plain::Time(first, _)) => json!({ "date": &instant(*first)[..10] }),
            Self::Casei(inner) => json!({ "op": "casei", "args": [inner.json()] }),
            Self::Accenti(inner) => json!({ "op": "accenti", "args": [inner.json()] }),
            Self::Arithmetic(op, a, b) => json!({ "op": op, "args": [a.json(), b.json()] }),
        }
    }
}

impl Place {
    fn text(&self) -> String {
        match self {
            Self::Box([w, s, e, n]) => format!("BBOX({w},{s},{e},{n})"),
            Self::Point(x, y) => format!("POINT({x} {y})"),
            Self::Line([(a, b), (c, d)]) => format!("LINESTRING({a} {b}, {c} {d})"),
            Self::Rectangle([w, s, e, n]) => {
                format!("POLYGON(({w} {s}, {e} {s}, {e} {n}, {w} {n}, {w} {s}))")
            }
        }
    }

    fn json(&self) -> Value {
        match self {
            Self::Box(edges) => json!({ "bbox": edges }),
            Self::Point(x, y) => json!({ "type": "Point", "coordinates": [x, y] }),
            Self::Line([(a, b), (c, d)]) => {
                json!({ "type": "LineString", "coordinates": [[a, b], [c, d]] })
            }
            Self::Rectangle([w, s, e, n]) => json!({ "type": "Polygon",
                "coordinates": [[[w, s], [e, s], [e, n], [w, n], [w, s]]] }),
        }
    }
}

impl Formula {
    /// The expression as CQL2 text.
    pub fn text(&self) -> String {
        let joined = |list: &[Self], word: &str| {
            list.iter().map(|one| format!("({})", one.text())).collect::<Vec<_>>().join(word)
        };
        match self {
            Self::Constant(None) => "NULL".into(),
            Self::Constant(Some(truth)) => truth.to_string().to_uppercase(),
            Self::And(list) => joined(list, " AND "),
            Self::Or(list) => joined(list, " OR "),
            Self::Not(inner) => format!("NOT ({})", inner.text()),
            Self::Compare(op, a, b) => format!("{} {op} {}", a.text(), b.text()),
            Self::Between(value, low, high) => {
                format!("{} BETWEEN {} AND {}", value.text(), low.text(), high.text())
            }
            Self::In(value, list) => {
                let list: Vec<String> = list.iter().map(Term::text).collect();
                format!("{} IN ({})", value.text(), list.join(", "))
            }
            Self::Like(value, pattern) => format!("{} LIKE {}", value.text(), quoted(pattern)),
            Self::IsNull(value) => format!("{} IS NULL", value.text()),
            Self::IsUnknown(inner) => format!("({}) IS NULL", inner.text()),
            Self::NoPlace => "geometry IS NULL".into(),
            Self::Temporal(op, a, b) => {
                let end = |end: &Option<Term>| match end {
                    None => "'..'".to_owned(),
                    Some(Term::Literal(Plain::Time(first, last))) => match first == last {
                        true => quoted(&instant(*first)),
                        false => quoted(&instant(*first)[..10]),
                    },
                    Some(term) => term.text(),
                };
                let interval = |ends: &[Option<Term>; 2]| {
                    format!("INTERVAL({},{})", end(&ends[0]), end(&ends[1]))
                };
                format!("{}({}, {})", op.to_uppercase(), interval(a), interval(b))
            }
            Self::Spatial(op, place, false) => format!("{op}(geometry, {})", place.text()),
            Self::Spatial(op, place, true) => format!("{op}({}, geometry)", place.text()),
        }
    }

    /// The expression in CQL2 JSON.
    pub fn json(&self) -> Value {
        let op = |op: &str, args: Vec<Value>| json!({ "op": op, "args": args });
        match self {
            Self::Constant(truth) => json!(truth),
            Self::And(list) => op("and", list.iter().map(Self::json).collect()),
            Self::Or(list) => op("or", list.iter().map(Self::json).collect()),
            Self::Not(inner) => op("not", vec![inner.json()]),
            Self::Compare(name, a, b) => op(name, vec![a.json(), b.json()]),
            Self::Between(value, low, high) => {
                op("between", vec![value.json(), low.json(), high.json()])
            }
            Self::In(value, list) => {
                let list: Vec<Value> = list.iter().map(Term::json).collect();
                op("in", vec![value.json(), json!(list)])
            }
            Self::Like(value, pattern) => op("like", vec![value.json(), json!(pattern)]),
            Self::IsNull(value) => op("isNull", vec![value.json()]),
            Self::IsUnknown(inner) => op("isNull", vec![inner.json()]),
            Self::NoPlace => op("isNull", vec![json!({ "property": "geometry" })]),
            Self::Temporal(name, a, b) => {
                let end = |end: &Option<Term>| match end {
                    None => json!(".."),
                    Some(Term::Literal(Plain::Time(first, last))) => match first == last {
                        true => json!(instant(*first)),
                        false => json!(&instant(*first)[..10]),
                    },
                    Some(term) => term.json(),
                };
                let interval = |ends: &[Option<Term>; 2]| json!({ "interval": [end(&ends[0]), end(&ends[1])] });
                op(name, vec![interval(a), interval(b)])
            }
            Self::Spatial(name, place, turned) => {
                let mut args = vec![json!({ "property": "geometry" }), place.json()];
                if *turned {
                    args.reverse();
                }
                op(name, args)
            }
        }
    }
}
