//! The refused rows of a batch: the first ones are described one by one, further ones only counted,
//! so that a response is not many times as large as its request.

use schemars::JsonSchema;
use serde::Serialize;

/// Limit of the refused rows that are described.
const DESCRIBED_MAX: usize = 1_000;
/// A batch with more refused rows than this is not read further.
const REFUSED_MAX: usize = 10_000;

/// Counts the refused rows of a batch.
#[derive(Debug, Default)]
pub struct RefusedLines {
    refused: usize,
}

/// The last line of the response to a batch of which not every refused row was described.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(extend("x-fr" = "La dernière ligne de la réponse à un lot dont les lignes refusées \
                            n’ont pas toutes été décrites."))]
pub struct RefusedLinesOut {
    /// Number of refused rows.
    #[schemars(extend("x-fr" = "Nombre de lignes refusées."))]
    refused: usize,
    /// Number of those that were described.
    #[schemars(extend("x-fr" = "Nombre de celles qui ont été décrites."))]
    described: usize,
    /// Number of the row from which on nothing was read, because too many had been refused.
    #[schemars(extend(
        "x-fr" = "Numéro de la ligne à partir de laquelle rien n’a été lu, parce que trop de \
                  lignes avaient été refusées."
    ))]
    #[serde(skip_serializing_if = "Option::is_none")]
    not_read_from_row: Option<usize>,
}

impl RefusedLines {
    /// Counts one more. Is it described?
    pub fn count(&mut self) -> bool {
        self.refused += 1;
        self.refused <= DESCRIBED_MAX
    }

    /// Are there so many that the batch is not read further?
    pub fn are_too_many(&self) -> bool {
        self.refused >= REFUSED_MAX
    }

    /// The last line of the response, if one is needed. `next_row` is the number of the first row
    /// that was not read; `None` at the end of the batch.
    pub fn last_line(&self, next_row: Option<usize>) -> Option<RefusedLinesOut> {
        let described = self.refused.min(DESCRIBED_MAX);
        (self.refused > described || next_row.is_some()).then_some(RefusedLinesOut {
            refused: self.refused,
            described,
            not_read_from_row: next_row,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_are_described_the_others_counted_until_they_are_too_many() {
        let mut rows = RefusedLines::default();
        assert_eq!((0..DESCRIBED_MAX).filter(|_| rows.count()).count(), DESCRIBED_MAX);
        assert_eq!(rows.last_line(None), None);
        assert!(!rows.count() && !rows.are_too_many());
        let last = rows.last_line(None).unwrap();
        assert_eq!((last.refused, last.described, last.not_read_from_row), (1_001, 1_000, None));
        while !rows.are_too_many() {
            rows.count();
        }
        assert_eq!(rows.last_line(Some(7)).unwrap().not_read_from_row, Some(7));
    }
}
