//! How exactly the place of a row is known.

use crate::domain::{Accuracy, fold};
use crate::error::Refusal;
use crate::ingest::mapping::note::RowNote;
use crate::ingest::mapping::row_draft::{Mapping, RowCells};
use crate::ingest::place::accuracy_words::accuracy_of_words;
use crate::message;

/// Half a unit of the fourth decimal, with a hair for rounding, in degrees: sources round their
/// default points.
const DEFAULT_POINT_DEGREES: f64 = 6e-5;

impl Mapping {
    /// How exactly the place of a row is known: as its column of accuracies says, else as the
    /// profile says of all places, of default points and of flags.
    pub fn accuracy(
        &self,
        row: &impl RowCells,
        lon_lat: Option<(f64, f64)>,
        keep: &mut impl FnMut(Refusal),
    ) -> Option<Accuracy> {
        let text = self.text(row, "accuracy");
        let has_own_words = !self.profile.accuracy.is_empty();
        if let Some(word) = text.as_ref().filter(|_| !has_own_words) {
            let accuracy = Accuracy::parse(word);
            if accuracy.is_none() {
                let known = Accuracy::spellings();
                let message = message!(
                    "n’est pas parmi les valeurs possibles : {known}",
                    "is not one of {known}"
                );
                keep(Refusal::new("accuracy", word, message));
            }
            return accuracy;
        }
        let (lon, lat) = lon_lat?;
        let near = |a: f64, b: f64| (a - b).abs() <= DEFAULT_POINT_DEGREES;
        let points = &self.profile.default_points;
        let default = points.iter().any(|point| near(point[0], lon) && near(point[1], lat));
        let mut flags = self.approximate_when.iter();
        let flagged = flags.any(|(column, value)| row.cell(*column).map(str::trim) == Some(value));
        let said = text.is_some_and(|word| self.is_said_approximate(word));
        let is_approximate = default || flagged || said || self.profile.approximate;
        Some(if is_approximate { Accuracy::Approximate } else { Accuracy::Exact })
    }

    /// Does a word of a source's own say that the place is approximate? One that nobody knows is
    /// taken for one that does, and is counted.
    fn is_said_approximate(&self, word: String) -> bool {
        let declared = self.profile.accuracy.get(&fold(&word)).and_then(|one| Accuracy::parse(one));
        let known = declared.or_else(|| accuracy_of_words(&word).map(|found| found.accuracy));
        if known.is_none() {
            self.row_notes.borrow_mut().push(RowNote::Accuracy(word));
        }
        known.is_none_or(|accuracy| accuracy == Accuracy::Approximate)
    }
}
