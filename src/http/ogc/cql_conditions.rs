//! Compiling a CQL2 filter to a condition on the features of a collection.

use std::collections::HashSet;
use std::sync::Arc;

use cql2::Expr;

use crate::http::ogc::cql_context::{
    CqlContext, CqlResult, refuse, shown, unknown_function, wrong_count,
};
use crate::http::ogc::cql_geometry::shape;
use crate::http::ogc::cql_values::{folding, interval, is_condition, pair, typed, value};
use crate::http::ogc::queryables::GEOMETRY;
use crate::message;
use crate::place::{BBox, QueryShape, SpatialRelation};
use crate::query::{
    Comparison, Condition, LikePattern, TemporalRelation, ValueExpression, ValueType,
};

/// Limit of the length of a pattern of LIKE, in characters.
const PATTERN_CHARS_MAX: usize = 500;

/// Compiles a condition.
///
/// # Errors
/// A property that is not known, operands of wrong types or number, what is not offered, or a limit
/// that is exceeded.
pub fn condition(context: &CqlContext<'_>, expr: &Expr) -> CqlResult<Condition> {
    context.count_node()?;
    match expr {
        Expr::Bool(truth) => Ok(Condition::Constant(Some(*truth))),
        Expr::Null => Ok(Condition::Constant(None)),
        Expr::Property { .. } => truth(context, expr),
        Expr::Operation { op, args } => operation(context, expr, op, args),
        other => no_condition(other),
    }
}

fn no_condition<T>(expr: &Expr) -> CqlResult<T> {
    refuse(
        shown(expr),
        message!(
            "n’est pas une condition, qui est vraie ou fausse",
            "is not a condition, which is true or false"
        ),
    )
}

/// A property that is true or false by itself.
fn truth(context: &CqlContext<'_>, expr: &Expr) -> CqlResult<Condition> {
    let found = value(context, expr)?;
    match found.value_type {
        None | Some(ValueType::Truth) => Ok(Condition::Truth(found.expression)),
        Some(_) => no_condition(expr),
    }
}

fn operation(
    context: &CqlContext<'_>,
    expr: &Expr,
    op: &str,
    args: &[Box<Expr>],
) -> CqlResult<Condition> {
    let list = || args.iter().map(|arg| condition(context, arg)).collect::<CqlResult<Vec<_>>>();
    if let Some((relation, _)) = SpatialRelation::ALL.iter().find(|(_, name)| *name == op) {
        let [a, b] = args else { return wrong_count(expr, "2") };
        return spatial(context, *relation, a, b);
    }
    if let Some((relation, _)) = TemporalRelation::ALL.iter().find(|(_, name)| *name == op) {
        let [a, b] = args else { return wrong_count(expr, "2") };
        return temporal(context, *relation, a, b);
    }
    match (op, args) {
        ("and" | "or", [] | [_]) => wrong_count(expr, "2"),
        ("and", _) => Ok(Condition::All(list()?)),
        ("or", _) => Ok(Condition::Any(list()?)),
        ("not", [inner]) => Ok(Condition::Not(Box::new(condition(context, inner)?))),
        ("=" | "<>" | "<" | "<=" | ">" | ">=", [a, b]) => comparison(context, op, a, b),
        ("between", [value, low, high]) => Ok(Condition::All(vec![
            comparison(context, ">=", value, low)?,
            comparison(context, "<=", value, high)?,
        ])),
        ("in", [value, list]) => one_of(context, value, list),
        ("like", [value, pattern]) => like(context, value, pattern),
        ("isNull", [value]) => is_null(context, value),
        ("not" | "isNull", _) => wrong_count(expr, "1"),
        ("=" | "<>" | "<" | "<=" | ">" | ">=" | "in" | "like", _) => wrong_count(expr, "2"),
        ("between", _) => wrong_count(expr, "3"),
        ("casei" | "accenti" | "+" | "-" | "*" | "/" | "%" | "^" | "div", _) => no_condition(expr),
        _ => unknown_function(op),
    }
}

fn comparison(context: &CqlContext<'_>, op: &str, a: &Expr, b: &Expr) -> CqlResult<Condition> {
    let comparison = match op {
        "=" => Comparison::Equal,
        "<>" => Comparison::Unequal,
        "<" => Comparison::Less,
        "<=" => Comparison::AtMost,
        ">" => Comparison::Greater,
        _ => Comparison::AtLeast,
    };
    let is_operation = |expr: &Expr| is_condition(expr) && !matches!(expr, Expr::Bool(_));
    if is_operation(a) || is_operation(b) {
        let same = Condition::Same(Box::new([condition(context, a)?, condition(context, b)?]));
        return match comparison {
            Comparison::Equal => Ok(same),
            Comparison::Unequal => Ok(Condition::Not(Box::new(same))),
            _ => refuse(
                op,
                message!(
                    "n’a pas de sens entre des conditions ; = et <> en ont un",
                    "has no meaning between conditions; = and <> have one"
                ),
            ),
        };
    }
    let (left, right) = pair(context, (a, b))?;
    // Conditions narrow filters by the property on the left.
    Ok(match left.is_constant() && !right.is_constant() {
        true => Condition::Compare(comparison.flipped(), right, left),
        false => Condition::Compare(comparison, left, right),
    })
}

fn one_of(context: &CqlContext<'_>, expr: &Expr, list: &Expr) -> CqlResult<Condition> {
    let Expr::Array(list) = list else {
        return refuse(
            shown(list),
            message!("n’est pas une liste de valeurs", "is not a list of values"),
        );
    };
    let wanted = value(context, expr)?;
    let (mut texts, mut others) = (HashSet::new(), Vec::new());
    for item in list {
        let found = match wanted.value_type {
            Some(value_type) => typed(context, item, value_type)?,
            None => value(context, item)?.expression,
        };
        match found {
            ValueExpression::Text(text) => {
                texts.insert(text);
            }
            other => others.push(other),
        }
    }
    Ok(Condition::OneOf(wanted.expression, texts, others))
}

fn like(context: &CqlContext<'_>, expr: &Expr, pattern: &Expr) -> CqlResult<Condition> {
    let text = typed(context, expr, ValueType::Text)?;
    let Some(pattern) = pattern_text(context, pattern)? else {
        return Ok(Condition::Constant(None));
    };
    if pattern.chars().count() > PATTERN_CHARS_MAX {
        let max = PATTERN_CHARS_MAX;
        return refuse(
            pattern,
            message!(
                "a plus de {max} caractères, trop pour un modèle de LIKE",
                "has more than {max} characters, too many for a pattern of LIKE"
            ),
        );
    }
    Ok(Condition::Like(text, LikePattern::new(&pattern)))
}

/// The text of a pattern, which is the same for every feature; none for NULL.
fn pattern_text(context: &CqlContext<'_>, expr: &Expr) -> CqlResult<Option<String>> {
    context.count_node()?;
    match expr {
        Expr::Literal(text) => return Ok(Some(text.clone())),
        Expr::Null => return Ok(None),
        Expr::Operation { op, args } => {
            if let Some(folding) = folding(op) {
                let [inner] = args.as_slice() else { return wrong_count(expr, "1") };
                return Ok(pattern_text(context, inner)?.map(|text| folding.apply(&text)));
            }
        }
        _ => {}
    }
    refuse(
        shown(expr),
        message!(
            "n’est pas un modèle : un texte comme 'nid%', au besoin dans CASEI ou ACCENTI",
            "is not a pattern: a text such as 'nid%', in CASEI or ACCENTI where needed"
        ),
    )
}

fn is_null(context: &CqlContext<'_>, expr: &Expr) -> CqlResult<Condition> {
    match expr {
        Expr::Property { property } if property == GEOMETRY => Ok(Condition::NoGeometry),
        Expr::Geometry(_) | Expr::BBox { .. } => {
            shape(expr)?;
            Ok(Condition::Constant(Some(false)))
        }
        Expr::Interval { .. } => {
            let interval = interval(context, expr)?;
            let ends = [interval.start, interval.end].map(Condition::IsNull);
            Ok(Condition::Any(ends.into()))
        }
        expr if is_condition(expr) => Ok(Condition::IsUnknown(Box::new(condition(context, expr)?))),
        expr => Ok(Condition::IsNull(value(context, expr)?.expression)),
    }
}

fn temporal(
    context: &CqlContext<'_>,
    relation: TemporalRelation,
    a: &Expr,
    b: &Expr,
) -> CqlResult<Condition> {
    let is_interval = |expr: &Expr| matches!(expr, Expr::Interval { .. });
    // An instant equals the day in which it lies.
    if relation == TemporalRelation::Equals && !is_interval(a) && !is_interval(b) {
        let left = typed(context, a, ValueType::Time)?;
        let right = typed(context, b, ValueType::Time)?;
        return Ok(Condition::Compare(Comparison::Equal, left, right));
    }
    let both = [interval(context, a)?, interval(context, b)?];
    Ok(Condition::Temporal(relation, Box::new(both)))
}

/// An operand of a spatial function.
enum SpatialOperand {
    /// The geometry of the feature.
    Geometry,
    /// A shape.
    Shape(QueryShape),
    /// NULL.
    Null,
}

fn spatial_operand(context: &CqlContext<'_>, expr: &Expr) -> CqlResult<SpatialOperand> {
    context.count_node()?;
    match expr {
        Expr::Property { property } if property == GEOMETRY => Ok(SpatialOperand::Geometry),
        Expr::Null => Ok(SpatialOperand::Null),
        Expr::Geometry(_) | Expr::BBox { .. } => shape(expr).map(SpatialOperand::Shape),
        other => {
            // A property that does not exist, or a function that is not offered, is named as such.
            value(context, other)?;
            refuse(
                shown(other),
                message!(
                    "n’est pas une géométrie ; la propriété « geometry » en est une",
                    "is not a geometry; the property 'geometry' is one"
                ),
            )
        }
    }
}

fn spatial(
    context: &CqlContext<'_>,
    relation: SpatialRelation,
    a: &Expr,
    b: &Expr,
) -> CqlResult<Condition> {
    use SpatialOperand::{Geometry, Null, Shape};
    Ok(match (spatial_operand(context, a)?, spatial_operand(context, b)?) {
        (Null, _) | (_, Null) => Condition::Constant(None),
        (Geometry, Shape(shape)) => Condition::Spatial(relation, Arc::new(shape)),
        (Shape(shape), Geometry) => Condition::Spatial(relation.turned(), Arc::new(shape)),
        (Shape(a), Shape(b)) => Condition::Constant(Some(relation.holds_between(&a, &b))),
        (Geometry, Geometry) => {
            use SpatialRelation::{Contains, Equals, Intersects, Within};
            // Every geometry intersects the whole Earth; an absent one is unknown.
            let earth = Arc::new(QueryShape::of_box(BBox::WORLD));
            let located = Condition::Spatial(Intersects, earth);
            match relation {
                Intersects | Within | Contains | Equals => located,
                _ => Condition::Not(Box::new(located)),
            }
        }
    })
}
