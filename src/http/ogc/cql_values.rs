//! Compiling the parts of a CQL2 filter that have a value: literals, properties, times, arithmetic.

use cql2::Expr;
use jiff::Timestamp;
use jiff::civil::Date;

use crate::http::ogc::cql_context::{
    CqlContext, CqlResult, refuse, shown, unknown_function, wrong_count,
};
use crate::http::ogc::queryables::GEOMETRY;
use crate::i18n::Message;
use crate::message;
use crate::query::{
    ArithmeticOperator, Folding, TimeInterval, TimeSpan, ValueExpression, ValueType,
};

/// Microseconds of a day less one.
const DAY_MICROS: i64 = 86_400_000_000 - 1;

/// A compiled value with its type; none for NULL, which is of every type.
pub struct CompiledValue {
    /// The value.
    pub expression: ValueExpression,
    /// Its type.
    pub value_type: Option<ValueType>,
}

impl CompiledValue {
    fn new(expression: ValueExpression, value_type: ValueType) -> Self {
        Self { expression, value_type: Some(value_type) }
    }
}

/// The name of a type for people.
fn type_name(value_type: Option<ValueType>) -> Message {
    match value_type {
        None => message!("NULL", "NULL"),
        Some(ValueType::Text) => message!("un texte", "a text"),
        Some(ValueType::Number) => message!("un nombre", "a number"),
        Some(ValueType::Time) => message!("un instant ou une date", "an instant or a date"),
        Some(ValueType::Truth) => message!("vrai ou faux", "true or false"),
    }
}

/// Is it an operation or a literal that is true or false?
pub fn is_condition(expr: &Expr) -> bool {
    match expr {
        Expr::Bool(_) => true,
        Expr::Operation { op, .. } => {
            let logical = ["and", "or", "not", "between", "in", "like", "isNull"];
            let comparisons = ["=", "<>", "<", "<=", ">", ">="];
            logical.contains(&op.as_str())
                || comparisons.contains(&op.as_str())
                || op.starts_with("s_")
                || op.starts_with("t_")
                || op.starts_with("a_")
        }
        _ => false,
    }
}

/// Compiles a value.
///
/// # Errors
/// It has none, or names what is not offered.
pub fn value(context: &CqlContext<'_>, expr: &Expr) -> CqlResult<CompiledValue> {
    context.count_node()?;
    match expr {
        Expr::Property { property } if property == GEOMETRY => no_geometry(expr),
        Expr::Property { property } => {
            let property = context.property(property)?;
            let value_type = property.value_type;
            Ok(CompiledValue::new(ValueExpression::Property(property), value_type))
        }
        Expr::Literal(text) => {
            Ok(CompiledValue::new(ValueExpression::Text(text.clone()), ValueType::Text))
        }
        Expr::Float(number) if number.is_finite() => {
            Ok(CompiledValue::new(ValueExpression::Number(*number), ValueType::Number))
        }
        Expr::Float(number) => {
            refuse(number, message!("n’est pas un nombre fini", "is not a finite number"))
        }
        Expr::Bool(truth) => {
            Ok(CompiledValue::new(ValueExpression::Truth(*truth), ValueType::Truth))
        }
        Expr::Null => Ok(CompiledValue { expression: ValueExpression::Null, value_type: None }),
        Expr::Date { date: inner } => time_literal(expr, inner, date),
        Expr::Timestamp { timestamp: inner } => time_literal(expr, inner, instant),
        Expr::Operation { op, args } => operation(context, expr, op, args),
        Expr::Geometry(_) | Expr::BBox { .. } => no_geometry(expr),
        Expr::Interval { .. } => refuse(
            "INTERVAL",
            message!(
                "ne se compare que par une fonction comme T_DURING ou T_INTERSECTS",
                "can be compared only by a function such as T_DURING or T_INTERSECTS"
            ),
        ),
        Expr::Array(_) => refuse(
            shown(expr),
            message!(
                "est une liste, qui n’a de sens ici qu’après IN",
                "is a list, which has a meaning here only after IN"
            ),
        ),
    }
}

fn no_geometry<T>(expr: &Expr) -> CqlResult<T> {
    refuse(
        shown(expr),
        message!(
            "est une géométrie, qui ne se compare que par une fonction comme S_INTERSECTS",
            "is a geometry, which can be compared only by a function such as S_INTERSECTS"
        ),
    )
}

/// Compiles CASEI, ACCENTI or an arithmetic operator.
fn operation(
    context: &CqlContext<'_>,
    expr: &Expr,
    op: &str,
    args: &[Box<Expr>],
) -> CqlResult<CompiledValue> {
    if let Some(folding) = folding(op) {
        let [inner] = args else { return wrong_count(expr, "1") };
        let inner = typed(context, inner, ValueType::Text)?;
        return Ok(CompiledValue::new(
            ValueExpression::Folded(folding, Box::new(inner)),
            ValueType::Text,
        ));
    }
    let operator = ArithmeticOperator::ALL.iter().find(|(_, name)| *name == op);
    if let Some((operator, _)) = operator {
        let is_chain = !matches!(op, "^" | "div");
        if args.len() < 2 || args.len() > 2 && !is_chain {
            return wrong_count(expr, "2");
        }
        let mut values = args.iter().map(|arg| typed(context, arg, ValueType::Number));
        let first = values.next().unwrap_or(Ok(ValueExpression::Null))?;
        let chained: CqlResult<ValueExpression> = values.try_fold(first, |left, right| {
            Ok(ValueExpression::Arithmetic(*operator, Box::new([left, right?])))
        });
        return Ok(CompiledValue::new(chained?, ValueType::Number));
    }
    if is_condition(expr) {
        return refuse(
            shown(expr),
            message!("est une condition, pas une valeur", "is a condition, not a value"),
        );
    }
    unknown_function(op)
}

/// What CASEI and ACCENTI fold.
pub fn folding(op: &str) -> Option<Folding> {
    match op {
        "casei" => Some(Folding::Case),
        "accenti" => Some(Folding::Accents),
        _ => None,
    }
}

/// Compiles a value that must be of a type, or NULL. A text beside times is read as a time.
///
/// # Errors
/// It is of another type; those of [`value`].
pub fn typed(
    context: &CqlContext<'_>,
    expr: &Expr,
    wanted: ValueType,
) -> CqlResult<ValueExpression> {
    let compiled = coerced(value(context, expr)?, Some(wanted))?;
    match compiled.value_type {
        Some(other) if other != wanted => {
            let (given, must) = (type_name(Some(other)), type_name(Some(wanted)));
            let message = Message {
                fr: format!("est {} ; il faut {}", given.fr, must.fr),
                en: format!("is {}; {} is needed", given.en, must.en),
            };
            refuse(shown(expr), message)
        }
        _ => Ok(compiled.expression),
    }
}

/// Reads a literal text beside a time as a time.
fn coerced(value: CompiledValue, beside: Option<ValueType>) -> CqlResult<CompiledValue> {
    match (&value.expression, beside) {
        (ValueExpression::Text(text), Some(ValueType::Time)) => {
            match instant(text).or_else(|| date(text)) {
                Some(span) => Ok(CompiledValue::new(ValueExpression::Time(span), ValueType::Time)),
                None => no_time(text),
            }
        }
        _ => Ok(value),
    }
}

/// Compiles two values that are compared.
///
/// # Errors
/// They are of different types; those of [`value`].
pub fn pair(
    context: &CqlContext<'_>,
    (a, b): (&Expr, &Expr),
) -> CqlResult<(ValueExpression, ValueExpression)> {
    let (left, right) = (value(context, a)?, value(context, b)?);
    let (left_type, right_type) = (left.value_type, right.value_type);
    let (left, right) = (coerced(left, right_type)?, coerced(right, left_type)?);
    match (left.value_type, right.value_type) {
        (Some(x), Some(y)) if x != y => {
            let (x, y) = (type_name(Some(x)), type_name(Some(y)));
            let message = Message {
                fr: format!("ne se comparent pas : {} et {}", x.fr, y.fr),
                en: format!("cannot be compared: {} and {}", x.en, y.en),
            };
            refuse(format!("{}, {}", shown(a), shown(b)), message)
        }
        _ => Ok((left.expression, right.expression)),
    }
}

/// The instant that a text names, RFC 3339 with its offset.
fn instant(text: &str) -> Option<TimeSpan> {
    let at: Timestamp = text.replacen(' ', "T", 1).parse().ok()?;
    let at = at.as_microsecond();
    Some(TimeSpan { first: at, last: at })
}

/// The day, in UTC, that a text names.
fn date(text: &str) -> Option<TimeSpan> {
    if text.len() != 10 {
        return None;
    }
    let day: Date = text.parse().ok()?;
    let start = day.to_zoned_datetime(jiff::tz::TimeZone::UTC).ok()?;
    let first = start.timestamp().as_microsecond();
    Some(TimeSpan { first, last: first + DAY_MICROS })
}

fn time_literal(
    expr: &Expr,
    inner: &Expr,
    read: fn(&str) -> Option<TimeSpan>,
) -> CqlResult<CompiledValue> {
    match inner {
        Expr::Null => Ok(CompiledValue { expression: ValueExpression::Null, value_type: None }),
        Expr::Literal(text) => match read(text) {
            Some(span) => Ok(CompiledValue::new(ValueExpression::Time(span), ValueType::Time)),
            None => no_time(&shown(expr)),
        },
        _ => no_time(&shown(expr)),
    }
}

fn no_time<T>(shown: &str) -> CqlResult<T> {
    refuse(
        shown,
        message!(
            "n’est ni un instant comme TIMESTAMP('2026-03-01T08:30:00Z') ni une date comme \
             DATE('2026-03-01')",
            "is neither an instant such as TIMESTAMP('2026-03-01T08:30:00Z') nor a date such as \
             DATE('2026-03-01')"
        ),
    )
}

/// Compiles an interval, or an instant or day as one.
///
/// # Errors
/// It is none, or ends before it starts.
pub fn interval(context: &CqlContext<'_>, expr: &Expr) -> CqlResult<TimeInterval> {
    let Expr::Interval { interval } = expr else {
        let at = typed(context, expr, ValueType::Time)?;
        return Ok(TimeInterval { start: at.clone(), end: at });
    };
    let [start, end] = interval.as_slice() else { return wrong_count(expr, "2") };
    let end_of = |expr: &Expr, open: i64| match expr {
        Expr::Literal(text) if text == ".." => {
            Ok(ValueExpression::Time(TimeSpan { first: open, last: open }))
        }
        other => typed(context, other, ValueType::Time),
    };
    let (start, end) = (end_of(start, i64::MIN)?, end_of(end, i64::MAX)?);
    if let (ValueExpression::Time(from), ValueExpression::Time(to)) = (&start, &end)
        && from.first > to.last
    {
        return refuse(shown(expr), message!("finit avant de commencer", "ends before it starts"));
    }
    Ok(TimeInterval { start, end })
}
