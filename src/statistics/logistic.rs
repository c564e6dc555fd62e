//! Logistic regression with a Gaussian prior on its coefficients, and the calibration and precision
//! of stated probabilities.

use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

/// Training data: rows of features, each with an outcome and a weight.
///
/// ```
/// use pointchaud::statistics::{Observations, Prior, fit, logistic};
///
/// // Three of four succeed: the constant's coefficient is ln 3.
/// let mut observed = Observations::new(1);
/// observed.push(&[1.0], true, 3.0);
/// observed.push(&[1.0], false, 1.0);
/// let coefficients = fit(&observed, &[Prior { mean: 0.0, weight: 0.0 }]).unwrap();
/// assert!((logistic(coefficients[0]) - 0.75).abs() < 1e-6);
/// ```
#[derive(Debug, Default, Clone)]
pub struct Observations {
    width: usize,
    /// Columns and values of the features that are not 0, row after row.
    features: Vec<(u32, f64)>,
    rows: Vec<ObservedRow>,
}

/// A row of [`Observations`].
#[derive(Debug, Clone, Copy)]
struct ObservedRow {
    /// Where its features end; they begin where those of the row before it end.
    end: usize,
    happened: bool,
    weight: f64,
}

impl Observations {
    /// No rows; each will have `width` features.
    pub fn new(width: usize) -> Self {
        Self { width, ..Self::default() }
    }

    /// Adds a row that counts `weight` times.
    ///
    /// # Panics
    /// The row has another number of features.
    pub fn push(&mut self, features: &[f64], happened: bool, weight: f64) {
        assert_eq!(features.len(), self.width, "a row of another width");
        let given = (0..).zip(features.iter().copied()).filter(|(_, x)| *x != 0.0);
        self.features.extend(given);
        self.rows.push(ObservedRow { end: self.features.len(), happened, weight });
    }

    /// Features that are not 0, outcome and weight of each row.
    fn rows(&self) -> impl Iterator<Item = (&[(u32, f64)], (bool, f64))> {
        let mut start = 0;
        self.rows.iter().map(move |row| {
            let features = &self.features[start..row.end];
            start = row.end;
            (features, (row.happened, row.weight))
        })
    }

    /// Standard deviation of each feature; 1 for a constant one.
    pub(crate) fn deviations(&self) -> Vec<f64> {
        let (mut n, mut sums) = (0.0, vec![(0.0, 0.0); self.width]);
        for (features, (_, weight)) in self.rows() {
            n += weight;
            for (column, x) in features {
                let (sum, squares) = &mut sums[*column as usize];
                (*sum, *squares) = (*sum + weight * x, *squares + weight * x * x);
            }
        }
        let n = f64::max(n, 1.0);
        let deviation = |(sum, squares): (f64, f64)| (squares / n - (sum / n).powi(2)).sqrt();
        sums.into_iter().map(deviation).map(|sd| if sd > 1e-9 { sd } else { 1.0 }).collect()
    }
}

/// The prior of a coefficient: a normal distribution around `mean` with precision `weight`
/// (1/variance), on the scale of the feature.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prior {
    /// The mean.
    pub mean: f64,
    /// The precision; 0 for a flat prior.
    pub weight: f64,
}

/// The probability of log odds.
///
/// ```
/// assert_eq!(pointchaud::statistics::logistic(0.0), 0.5);
/// ```
pub fn logistic(log_odds: f64) -> f64 {
    1.0 / (1.0 + (-log_odds).exp())
}

/// The maximum a posteriori coefficients, one for each prior, by Newton's method (iteratively
/// reweighted least squares; McCullagh and Nelder, *Generalized Linear Models*, 1989, section 4.4).
/// The log posterior is concave, so its maximum is unique; a step that overshoots is halved.
///
/// # Errors
/// The method did not converge: a feature is a combination of others and has no prior.
pub fn fit(observed: &Observations, priors: &[Prior]) -> Result<Vec<f64>, String> {
    const STEPS: usize = 60;
    const ENOUGH: f64 = 1e-8;
    let mut at: Vec<f64> = priors.iter().map(|prior| prior.mean).collect();
    let mut height = log_posterior(observed, priors, &at);
    for _ in 0..STEPS {
        let (slope, mut bend) = derivatives(observed, priors, &at);
        let mut step = slope;
        solve(&mut bend, &mut step).ok_or("linearly dependent features need a prior")?;
        let mut scale = 1.0;
        loop {
            let next: Vec<f64> = at.iter().zip(&step).map(|(w, s)| w + scale * s).collect();
            let higher = log_posterior(observed, priors, &next);
            if higher >= height - ENOUGH {
                (at, height) = (next, higher);
                break;
            }
            scale /= 2.0;
            if scale < 1e-6 {
                return Ok(at);
            }
        }
        if step.iter().all(|s| (scale * s).abs() < ENOUGH) {
            return Ok(at);
        }
    }
    Err("did not converge".into())
}

fn log_odds(features: &[(u32, f64)], coefficients: &[f64]) -> f64 {
    features.iter().map(|(column, x)| x * coefficients[*column as usize]).sum()
}

fn log_posterior(observed: &Observations, priors: &[Prior], at: &[f64]) -> f64 {
    let likelihood: f64 = observed
        .rows()
        .map(|(features, (happened, weight))| {
            let z = log_odds(features, at);
            // -ln(1 + e^-z), without overflow.
            let z = if happened { z } else { -z };
            weight * (z.min(0.0) - (-z.abs()).exp().ln_1p())
        })
        .sum();
    let surprise: f64 = priors.iter().zip(at).map(|(p, w)| p.weight * (w - p.mean).powi(2)).sum();
    likelihood - surprise / 2.0
}

/// Gradient of the log posterior and its negated Hessian, a square matrix in rows.
fn derivatives(observed: &Observations, priors: &[Prior], at: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let width = priors.len();
    let mut slope: Vec<f64> = priors.iter().zip(at).map(|(p, w)| p.weight * (p.mean - w)).collect();
    let mut bend = vec![0.0; width * width];
    for (features, (happened, stands_for)) in observed.rows() {
        let p = logistic(log_odds(features, at));
        let miss = stands_for * (f64::from(u8::from(happened)) - p);
        let weight = stands_for * p * (1.0 - p);
        // Columns ascend, so the lower half of the matrix is filled.
        for (n, (i, x)) in features.iter().enumerate() {
            let i = *i as usize;
            slope[i] += miss * x;
            for (j, y) in &features[..=n] {
                bend[i * width + *j as usize] += weight * x * y;
            }
        }
    }
    for (i, prior) in priors.iter().enumerate() {
        bend[i * width + i] += prior.weight;
    }
    (slope, bend)
}

/// Solves a symmetric positive definite system in place by Cholesky decomposition, from the lower
/// half of its matrix; `None` where the matrix is not positive definite.
fn solve(matrix: &mut [f64], right: &mut [f64]) -> Option<()> {
    let n = right.len();
    for i in 0..n {
        for j in 0..=i {
            let dot: f64 = (0..j).map(|k| matrix[i * n + k] * matrix[j * n + k]).sum();
            let rest = matrix[i * n + j] - dot;
            if i != j {
                matrix[i * n + j] = rest / matrix[j * n + j];
            } else if rest > 0.0 {
                matrix[i * n + i] = rest.sqrt();
            } else {
                return None;
            }
        }
    }
    for i in 0..n {
        let dot: f64 = (0..i).map(|k| matrix[i * n + k] * right[k]).sum();
        right[i] = (right[i] - dot) / matrix[i * n + i];
    }
    for i in (0..n).rev() {
        let dot: f64 = (i + 1..n).map(|k| matrix[k * n + i] * right[k]).sum();
        right[i] = (right[i] - dot) / matrix[i * n + i];
    }
    Some(())
}

/// One bin of a reliability table.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct CalibrationBin {
    /// Number of probabilities in the bin.
    pub count: usize,
    /// Their mean.
    pub stated: f64,
    /// Observed frequency of the event.
    pub happened: f64,
}

/// A reliability table: stated probabilities in `bands` bins of equal width, with the frequency of
/// the event in each.
///
/// ```
/// use pointchaud::statistics::{calibration_error, reliability};
///
/// let table = reliability(&[(0.9, true), (0.8, true), (0.1, false)], 2);
/// assert_eq!((table[0].count, table[1].count), (1, 2));
/// assert!((calibration_error(&table) - 0.4 / 3.0).abs() < 1e-12);
/// ```
pub fn reliability(stated: &[(f64, bool)], bands: usize) -> Vec<CalibrationBin> {
    let mut table = vec![CalibrationBin::default(); bands];
    for (p, happened) in stated {
        let band = &mut table[((p * bands as f64) as usize).min(bands - 1)];
        band.count += 1;
        band.stated += p;
        band.happened += f64::from(u8::from(*happened));
    }
    for band in &mut table {
        let n = band.count.max(1) as f64;
        (band.stated, band.happened) = (band.stated / n, band.happened / n);
    }
    table
}

/// The expected calibration error of a reliability table: the mean absolute difference of stated
/// probability and observed frequency, weighted by the bins' counts (Naeini, Cooper and Hauskrecht,
/// AAAI 2015).
pub fn calibration_error(table: &[CalibrationBin]) -> f64 {
    let all: usize = table.iter().map(|band| band.count).sum();
    let off = |band: &CalibrationBin| (band.stated - band.happened).abs() * band.count as f64;
    table.iter().map(off).sum::<f64>() / all.max(1) as f64
}

/// The calibration errors that probabilities would have by chance if every one of them were true,
/// ascending, one for each of `draws` draws: outcomes are drawn with the stated probabilities, and
/// the error of those at least `least` is computed as for real outcomes (consistency resampling;
/// Bröcker and Smith, *Weather and Forecasting* 22, 2007). Their mean is above 0: few answers in a
/// bin differ from their probability by chance. The same `seed` yields the same errors.
///
/// ```
/// use pointchaud::statistics::chance_errors;
///
/// // One fair coin is off by a half, whichever side it shows.
/// assert_eq!(chance_errors(&[0.5], 10, 0.1, 20, 1), [0.5; 20]);
/// assert_eq!(chance_errors(&[0.05], 10, 0.1, 1, 1), [0.0], "below the least one");
/// ```
///
/// Takes O(n · draws).
pub fn chance_errors(
    stated: &[f64],
    bands: usize,
    least: f64,
    draws: usize,
    seed: u64,
) -> Vec<f64> {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    let likely: Vec<f64> = stated.iter().copied().filter(|p| *p >= least).collect();
    let draw = |_| {
        let drawn: Vec<(f64, bool)> = likely.iter().map(|p| (*p, rng.random_bool(*p))).collect();
        calibration_error(&reliability(&drawn, bands))
    };
    let mut errors: Vec<f64> = (0..draws).map(draw).collect();
    errors.sort_by(f64::total_cmp);
    errors
}

/// Average precision of scored events: the mean over the true ones of the precision at their score.
/// Equal scores share one precision.
///
/// ```
/// let ap = pointchaud::statistics::average_precision(&[(0.9, true), (0.8, false), (0.7, true)]);
/// assert!((ap - (1.0 + 2.0 / 3.0) / 2.0).abs() < 1e-12);
/// ```
pub fn average_precision(scored: &[(f64, bool)]) -> f64 {
    let mut scored = scored.to_vec();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (mut seen, mut hits, mut sum) = (0, 0, 0.0);
    for tied in scored.chunk_by(|a, b| a.0 == b.0) {
        let new = tied.iter().filter(|(_, happened)| *happened).count();
        (seen, hits) = (seen + tied.len(), hits + new);
        sum += new as f64 * f64::from(hits as u32) / seen as f64;
    }
    sum / f64::from(hits.max(1) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Prior = Prior { mean: 0.0, weight: 0.0 };

    #[test]
    fn a_published_example() {
        // Hours of study and passing an exam, 20 students: the worked example of Wikipedia's
        // "Logistic regression" (intercept -4.0777, slope 1.5046).
        let hours = [
            0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 1.75, 2.0, 2.25, 2.5, 2.75, 3.0, 3.25, 3.5, 4.0, 4.25,
            4.5, 4.75, 5.0, 5.5,
        ];
        let passed = [0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 1, 1, 1, 1, 1];
        let mut observed = Observations::new(2);
        for (x, y) in hours.iter().zip(passed) {
            observed.push(&[1.0, *x], y == 1, 1.0);
        }
        let fitted = fit(&observed, &[NONE; 2]).unwrap();
        assert!((fitted[0] + 4.0777).abs() < 1e-4 && (fitted[1] - 1.5046).abs() < 1e-4);
    }

    #[test]
    fn without_observations_the_prior_stands() {
        let priors = [Prior { mean: 2.0, weight: 1.0 }, Prior { mean: -1.0, weight: 3.0 }];
        assert_eq!(fit(&Observations::new(2), &priors).unwrap(), [2.0, -1.0]);
        // Two features that are one: a prior decides, without it there is no answer.
        let mut twins = Observations::new(2);
        (0..10).for_each(|n| twins.push(&[1.0, 1.0], n < 3, 1.0));
        let weak = fit(&twins, &[Prior { mean: 0.0, weight: 0.01 }; 2]).unwrap();
        assert!((weak[0] - weak[1]).abs() < 1e-6);
        assert!(fit(&twins, &[NONE; 2]).is_err());
    }

    #[test]
    fn separated_classes_stay_finite_under_a_prior() {
        let mut observed = Observations::new(2);
        (0..20).for_each(|n| observed.push(&[1.0, f64::from(n)], n >= 10, 1.0));
        let fitted = fit(&observed, &[Prior { mean: 0.0, weight: 0.1 }; 2]).unwrap();
        assert!(fitted[1] > 0.5 && fitted[1] < 50.0);
    }

    #[test]
    fn chance_alone_errs_by_what_theory_says() {
        // One bin of n equal probabilities p: the mean absolute deviation of a binomial share,
        // 2 (1-p)^(n-m) p^(m+1) (n choose m+1) (m+1) / n with m = floor(np) (De Moivre, 1730). For
        // n = 20 and p = 0.25 that is 0.0759 (scipy: sum(|k/20 - 0.25| * binom.pmf(k, 20, 0.25))).
        let errors = chance_errors(&[0.25; 20], 10, 0.1, 20_000, 7);
        let mean = errors.iter().sum::<f64>() / 20_000.0;
        assert!((mean - 0.075_874).abs() < 0.002, "{mean}");
        assert!(errors.is_sorted());
        assert_eq!(errors, chance_errors(&[0.25; 20], 10, 0.1, 20_000, 7));
    }

    #[test]
    fn tables_of_known_probabilities() {
        let stated = [(0.05, false), (0.15, false), (0.15, true), (1.0, true)];
        let table = reliability(&stated, 10);
        assert_eq!(table[1], CalibrationBin { count: 2, stated: 0.15, happened: 0.5 });
        assert_eq!(table[9].count, 1);
        assert!((calibration_error(&table) - (0.05 + 2.0 * 0.35) / 4.0).abs() < 1e-12);
        assert_eq!(calibration_error(&reliability(&[], 10)), 0.0);
        // scikit-learn: average_precision_score([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]) = 0.8333.
        let scored = [(0.1, false), (0.4, false), (0.35, true), (0.8, true)];
        assert!((average_precision(&scored) - 0.833_333).abs() < 1e-5);
        assert_eq!(average_precision(&[(0.5, true), (0.5, false)]), 0.5);
        assert_eq!(average_precision(&[]), 0.0);
    }
}
