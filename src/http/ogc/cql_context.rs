//! What the parts of the compiler of CQL2 share: the properties that a filter may name, its budget
//! of nodes, and refusals.

use std::cell::Cell;
use std::fmt::Display;

use cql2::Expr;

use crate::error::Refusal;
use crate::http::ogc::queryables::Properties;
use crate::i18n::Message;
use crate::message;
use crate::query::PropertyRef;

/// Limit of the number of operators and operands of a filter.
const NODES_MAX: usize = 5_000;

/// A result with the refusal of a filter.
pub type CqlResult<T> = Result<T, Refusal>;

/// Refuses a part of a filter.
pub fn refuse<T>(value: impl Display, message: Message) -> CqlResult<T> {
    Err(Refusal::new("filter", value, message))
}

/// A part of a filter as text.
pub fn shown(expr: &Expr) -> String {
    match expr {
        Expr::Operation { op, .. } if !op.starts_with(|c: char| c.is_ascii_alphabetic()) => {
            expr.to_text().unwrap_or_else(|_| op.clone())
        }
        Expr::Operation { op, .. } => op.to_uppercase(),
        other => other.to_text().unwrap_or_default(),
    }
}

/// The properties of a collection, and how much of a filter has been compiled.
pub struct CqlContext<'a> {
    properties: &'a Properties,
    nodes: Cell<usize>,
}

impl<'a> CqlContext<'a> {
    /// A context for the features with these properties.
    pub fn new(properties: &'a Properties) -> Self {
        Self { properties, nodes: Cell::new(0) }
    }

    /// Counts a node.
    ///
    /// # Errors
    /// There are too many.
    pub fn count_node(&self) -> CqlResult<()> {
        self.nodes.set(self.nodes.get() + 1);
        if self.nodes.get() <= NODES_MAX {
            return Ok(());
        }
        refuse(
            "",
            message!(
                "a plus de {NODES_MAX} opérateurs et opérandes",
                "has more than {NODES_MAX} operators and operands"
            ),
        )
    }

    /// The property of this name.
    ///
    /// # Errors
    /// There is none that filters can use; the refusal lists those that they can.
    pub fn property(&self, name: &str) -> CqlResult<PropertyRef> {
        if let Some(property) = self.properties.property(name) {
            return Ok(property);
        }
        let known = self.properties.all_names().collect::<Vec<_>>().join(", ");
        refuse(
            name,
            message!(
                "n’est pas une propriété utilisable dans un filtre ; celles-ci le sont : {known}",
                "is not a property that filters can use; these are: {known}"
            ),
        )
    }
}

/// Refuses an operation whose number of operands is wrong.
pub fn wrong_count<T>(expr: &Expr, wanted: &str) -> CqlResult<T> {
    let given = match expr {
        Expr::Operation { args, .. } => args.len(),
        Expr::Interval { interval } => interval.len(),
        _ => 0,
    };
    refuse(
        shown(expr),
        message!(
            "a {given} opérandes au lieu de {wanted}",
            "has {given} operands instead of {wanted}"
        ),
    )
}

/// The functions of CQL2 that filters can use.
const FUNCTIONS: &str = "CASEI, ACCENTI, DATE, TIMESTAMP, INTERVAL, BBOX, S_INTERSECTS, \
    S_DISJOINT, S_WITHIN, S_CONTAINS, S_EQUALS, S_TOUCHES, S_CROSSES, S_OVERLAPS, T_AFTER, \
    T_BEFORE, T_CONTAINS, T_DISJOINT, T_DURING, T_EQUALS, T_FINISHEDBY, T_FINISHES, T_INTERSECTS, \
    T_MEETS, T_METBY, T_OVERLAPPEDBY, T_OVERLAPS, T_STARTEDBY, T_STARTS";

/// Refuses a function that is not offered.
pub fn unknown_function<T>(op: &str) -> CqlResult<T> {
    if ["a_equals", "a_contains", "a_containedBy", "a_overlaps"].contains(&op) {
        return refuse(
            op.to_uppercase(),
            message!(
                "n’est pas offerte : aucune propriété n’est une liste",
                "is not offered: no property is an array"
            ),
        );
    }
    refuse(
        op,
        message!(
            "n’est pas une fonction offerte ici ; celles-ci le sont : {FUNCTIONS}",
            "is not a function that is offered here; these are: {FUNCTIONS}"
        ),
    )
}
