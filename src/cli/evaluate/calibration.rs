//! How true the stated probabilities are: reliability tables, and the calibration error beside the
//! one that chance alone would give.

use crate::statistics::{calibration_error, chance_errors, reliability};

/// Bands of probability.
pub const BANDS: usize = 10;
/// The least probability of the answers whose calibration is asked for.
const LEAST: f64 = 0.1;
/// Draws of the error by chance.
const DRAWS: usize = 1_000;
const SEED: u64 = 1;

/// The answers above 10 % in one line: their number, what they state and what was right.
pub struct LikelyAnswers {
    count: usize,
    stated: f64,
    right: f64,
    /// Share of the reports, those of unknown original among them, that are recorded as duplicates.
    recorded: f64,
    error: f64,
    /// Mean and 95th percentile of the error if every stated probability were true.
    by_chance: [f64; 2],
}

impl LikelyAnswers {
    /// Of the probabilities of first answers with whether they were right, and of those to reports
    /// whose original is unknown.
    pub fn of(stated: &[(f64, bool)], unknown: &[f64]) -> Self {
        let likely: Vec<(f64, bool)> =
            stated.iter().copied().filter(|(p, _)| *p >= LEAST).collect();
        let unnamed = unknown.iter().filter(|p| **p >= LEAST).count();
        let (count, right) = (likely.len(), likely.iter().filter(|(_, right)| *right).count());
        let of_all = |n: usize, all: usize| n as f64 / all.max(1) as f64;
        let probabilities: Vec<f64> = likely.iter().map(|(p, _)| *p).collect();
        let errors = chance_errors(&probabilities, BANDS, LEAST, DRAWS, SEED);
        Self {
            count,
            stated: probabilities.iter().sum::<f64>() / count.max(1) as f64,
            right: of_all(right, count),
            recorded: of_all(right + unnamed, count + unnamed),
            error: calibration_error(&reliability(&likely, BANDS)),
            by_chance: [errors.iter().sum::<f64>() / DRAWS as f64, errors[DRAWS * 95 / 100]],
        }
    }

    /// The heading of its columns.
    pub const COLUMNS: &str = "answers above 10 % | stated | right | recorded | \
                               calibration error | by chance, 95 % below";

    /// Its cells.
    pub fn cells(&self) -> String {
        let Self { count, stated, right, recorded, error, by_chance: [mean, high] } = self;
        format!(
            "{count} | {stated:.3} | {right:.3} | {recorded:.3} | {error:.3} | {mean:.3}, {high:.3}"
        )
    }
}

/// The reliability table of first answers, with `unknown` as in [`LikelyAnswers::of`].
pub fn table(stated: &[(f64, bool)], unknown: &[f64]) -> String {
    let mut text = String::from(
        "| first answer's probability | answers | stated, mean | right | of unknown original |\n\
         |---|---:|---:|---:|---:|\n",
    );
    let unnamed: Vec<(f64, bool)> = unknown.iter().map(|p| (*p, true)).collect();
    let bands = reliability(stated, BANDS).into_iter().zip(reliability(&unnamed, BANDS));
    for (n, (band, unnamed)) in bands.enumerate() {
        let (low, high) = (n * 100 / BANDS, (n + 1) * 100 / BANDS);
        let (mean, right) = (band.stated * 100.0, band.happened * 100.0);
        text += &format!(
            "| {low} to {high} % | {} | {mean:.1} % | {right:.1} % | {} |\n",
            band.count, unnamed.count
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_of_unknown_original_are_neither_right_nor_wrong() {
        let stated = [(0.05, false), (0.25, true), (0.25, false), (0.25, false), (0.25, false)];
        let known = LikelyAnswers::of(&stated, &[]);
        assert_eq!((known.count, known.right, known.recorded), (4, 0.25, 0.25));
        let some = LikelyAnswers::of(&stated, &[0.3, 0.8, 0.05]);
        assert_eq!((some.error, some.right, some.recorded), (known.error, 0.25, 0.5));
        assert!(some.error < 1e-12 && some.by_chance[0] > 0.1, "four answers err by chance");
        assert!(table(&stated, &[0.3]).contains("| 30 to 40 % | 0 | 0.0 % | 0.0 % | 1 |"));
        assert_eq!(LikelyAnswers::of(&[], &[]).count, 0);
    }
}
