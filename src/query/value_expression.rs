//! Expressions of CQL2 that have a value: literals, properties, arithmetic, CASEI and ACCENTI.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::query::property_value::{FeatureRecord, PropertyRef, PropertyValue, TimeSpan};

/// What a comparison of texts ignores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Folding {
    /// Upper and lower case (CASEI).
    Case,
    /// Accents and other marks of letters (ACCENTI).
    Accents,
}

impl Folding {
    /// The text with what is ignored removed. Case is folded through upper case, so that `ß` equals
    /// `SS` and all forms of sigma are equal. Marks are removed from the canonical decomposition of
    /// Unicode.
    ///
    /// ```
    /// use pointchaud::query::Folding;
    ///
    /// assert_eq!(Folding::Case.apply("STRASSE"), Folding::Case.apply("Straße"));
    /// assert_eq!(Folding::Accents.apply("Débárquér"), "Debarquer");
    /// ```
    pub fn apply(self, text: &str) -> String {
        match self {
            Self::Case if text.is_ascii() => text.to_ascii_lowercase(),
            Self::Case => text.to_uppercase().to_lowercase().nfc().collect(),
            Self::Accents if text.is_ascii() => text.to_owned(),
            Self::Accents => text.nfd().filter(|c| !is_combining_mark(*c)).nfc().collect(),
        }
    }
}

/// An operator between two numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArithmeticOperator {
    /// `+`
    Plus,
    /// `-`
    Minus,
    /// `*`
    Times,
    /// `/`
    DividedBy,
    /// `div`: the quotient without its fraction.
    WholeQuotient,
    /// `%`: the remainder with the sign of the dividend.
    Remainder,
    /// `^`
    Power,
}

impl ArithmeticOperator {
    /// All operators with the names that CQL2 gives them.
    pub(crate) const ALL: [(Self, &'static str); 7] = [
        (Self::Plus, "+"),
        (Self::Minus, "-"),
        (Self::Times, "*"),
        (Self::DividedBy, "/"),
        (Self::WholeQuotient, "div"),
        (Self::Remainder, "%"),
        (Self::Power, "^"),
    ];

    /// The result; none where it is no finite number, as that of a division by zero.
    fn apply(self, a: f64, b: f64) -> Option<f64> {
        let result = match self {
            Self::Plus => a + b,
            Self::Minus => a - b,
            Self::Times => a * b,
            Self::DividedBy => a / b,
            Self::WholeQuotient => (a / b).trunc(),
            Self::Remainder => a % b,
            Self::Power => a.powf(b),
        };
        result.is_finite().then_some(result)
    }
}

/// An expression with a value.
#[derive(Debug, Clone)]
pub enum ValueExpression {
    /// NULL: unknown.
    Null,
    /// A text.
    Text(String),
    /// A finite number.
    Number(f64),
    /// An instant or a day.
    Time(TimeSpan),
    /// True or false.
    Truth(bool),
    /// The value of a property.
    Property(PropertyRef),
    /// A text without its case or its accents.
    Folded(Folding, Box<ValueExpression>),
    /// The result of an operator.
    Arithmetic(ArithmeticOperator, Box<[ValueExpression; 2]>),
}

impl ValueExpression {
    /// Its value for a feature; none where it is unknown.
    pub(super) fn value<'a>(&'a self, record: &'a impl FeatureRecord) -> Option<PropertyValue<'a>> {
        match self {
            Self::Null => None,
            Self::Text(text) => Some(PropertyValue::text(text)),
            Self::Number(number) => Some(PropertyValue::Number(*number)),
            Self::Time(span) => Some(PropertyValue::Time(*span)),
            Self::Truth(truth) => Some(PropertyValue::Truth(*truth)),
            Self::Property(property) => record.value(property),
            Self::Folded(folding, inner) => match inner.value(record)? {
                PropertyValue::Text(text) => {
                    Some(PropertyValue::Text(Cow::Owned(folding.apply(&text))))
                }
                _ => None,
            },
            Self::Arithmetic(operator, operands) => {
                let [a, b] = operands.as_ref();
                match (a.value(record)?, b.value(record)?) {
                    (PropertyValue::Number(a), PropertyValue::Number(b)) => {
                        operator.apply(a, b).map(PropertyValue::Number)
                    }
                    _ => None,
                }
            }
        }
    }

    /// Is it the same for every feature?
    pub(crate) fn is_constant(&self) -> bool {
        let mut is_constant = true;
        self.each_property(&mut |_| is_constant = false);
        is_constant
    }

    /// Calls `visit` with each property that it names.
    pub(super) fn each_property<'a>(&'a self, visit: &mut dyn FnMut(&'a PropertyRef)) {
        match self {
            Self::Property(property) => visit(property),
            Self::Folded(_, inner) => inner.each_property(visit),
            Self::Arithmetic(_, operands) => {
                operands.iter().for_each(|operand| operand.each_property(visit));
            }
            Self::Null | Self::Text(_) | Self::Number(_) | Self::Time(_) | Self::Truth(_) => {}
        }
    }

    /// Approximate cost of one evaluation; a comparison of numbers costs one.
    pub(super) fn cost(&self) -> u64 {
        match self {
            Self::Folded(_, inner) => 30 + inner.cost(),
            Self::Arithmetic(_, operands) => 1 + operands.iter().map(Self::cost).sum::<u64>(),
            _ => 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::property_value::NoRecord;

    #[test]
    fn case_and_accents_are_folded_apart() {
        for (folding, text, folded) in [
            (Folding::Case, "ÉCLAIRAGE", "éclairage"),
            (Folding::Case, "ΟΔΟΣ ΟΔΟΣ", Folding::Case.apply("οδος οδος").as_str()),
            (Folding::Accents, "Éclairage", "Eclairage"),
            (Folding::Accents, "όδός", "οδος"),
            (Folding::Accents, "e\u{301}te\u{301}", "ete"),
            (Folding::Accents, "100 %", "100 %"),
        ] {
            assert_eq!(folding.apply(text), folded, "{text}");
        }
    }

    #[test]
    fn what_is_no_finite_number_is_unknown() {
        use ArithmeticOperator::{DividedBy, Power, Remainder, Times, WholeQuotient};
        for (operator, a, b, expected) in [
            (DividedBy, 1.0, 0.0, None),
            (Remainder, 1.0, 0.0, None),
            (WholeQuotient, 1.0, 0.0, None),
            (Power, -1.0, 0.5, None),
            (Power, 0.0, -1.0, None),
            (Times, 1e200, 1e200, None),
            (WholeQuotient, -5.0, 2.0, Some(-2.0)),
            (Remainder, -5.0, 2.0, Some(-1.0)),
            (Power, 2.0, 10.0, Some(1024.0)),
        ] {
            let operands = Box::new([ValueExpression::Number(a), ValueExpression::Number(b)]);
            let value = ValueExpression::Arithmetic(operator, operands);
            let expected = expected.map(PropertyValue::Number);
            assert_eq!(value.value(&NoRecord), expected, "{a} {operator:?} {b}");
        }
    }
}
