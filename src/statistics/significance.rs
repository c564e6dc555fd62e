//! P-values of the normal and the binomial distribution, and false discovery rates.

use std::f64::consts::FRAC_1_SQRT_2;

/// Two-sided p-value of a standard normal `z`: the probability of a value at least as far from 0.
///
/// ```
/// let p = pointchaud::statistics::two_sided(1.959_963_984_540_054);
/// assert!((p - 0.05).abs() < 1e-12);
/// ```
pub fn two_sided(z: f64) -> f64 {
    libm::erfc(z.abs() * FRAC_1_SQRT_2)
}

/// Upper tail of the binomial distribution: the probability of at least `observed` successes in `n`
/// trials of probability `share` each, summed exactly. Probabilities below 1e-300 become 0; `share`
/// is clamped to [0, 1]. Takes O(√n) steps near the mean and fewer in the tails.
///
/// ```
/// // Four heads in four throws.
/// assert!((pointchaud::statistics::upper_tail(4, 4, 0.5) - 0.0625).abs() < 1e-12);
/// ```
pub fn upper_tail(observed: u64, n: u64, share: f64) -> f64 {
    let share = share.clamp(0.0, 1.0);
    match observed {
        0 => return 1.0,
        _ if observed > n || share == 0.0 => return 0.0,
        _ if share == 1.0 => return 1.0,
        _ => {}
    }
    let (k, n) = (observed as f64, n as f64);
    if k < n * share {
        // Most of the mass lies above: the sum below is shorter.
        return 1.0 - sum_from(k - 1.0, n, share, -1.0);
    }
    sum_from(k, n, share, 1.0)
}

/// Lower tail of the binomial distribution: the probability of at most `observed` successes in `n`
/// trials of probability `share` each. See [`upper_tail`].
///
/// ```
/// assert!((pointchaud::statistics::lower_tail(0, 4, 0.5) - 0.0625).abs() < 1e-12);
/// ```
pub fn lower_tail(observed: u64, n: u64, share: f64) -> f64 {
    // At most k successes are at least n - k failures.
    upper_tail(n.saturating_sub(observed), n, 1.0 - share)
}

/// Upper tail of the hypergeometric distribution: the probability of at least `observed` marked
/// ones among `draws` drawn without replacement from `all`, of which `marked` are marked (Fisher's
/// exact test, one-sided). O(min(draws, marked)).
///
/// ```
/// // Both red balls in two draws from two red and two white ones.
/// let p = pointchaud::statistics::hypergeometric_upper_tail(2, 2, 2, 4);
/// assert!((p - 1.0 / 6.0).abs() < 1e-12);
/// ```
pub fn hypergeometric_upper_tail(observed: u64, draws: u64, marked: u64, all: u64) -> f64 {
    let (draws, marked) = (draws.min(all), marked.min(all));
    let least = (draws + marked).saturating_sub(all);
    let most = draws.min(marked);
    if observed <= least {
        return 1.0;
    }
    if observed > most {
        return 0.0;
    }
    let choose = |n: u64, k: u64| {
        let (n, k) = (n as f64, k as f64);
        libm::lgamma(n + 1.0) - libm::lgamma(k + 1.0) - libm::lgamma(n - k + 1.0)
    };
    let log =
        choose(marked, observed) + choose(all - marked, draws - observed) - choose(all, draws);
    let (mut term, mut sum) = (log.exp(), 0.0);
    let mean = draws as f64 * marked as f64 / all as f64;
    for k in observed..=most {
        sum += term;
        if k as f64 > mean && term < sum * 1e-17 {
            break;
        }
        // P(k + 1) / P(k); the white ones that remain are not negative from `least` on.
        let white = (all - marked + k + 1 - draws) as f64;
        term *= (marked - k) as f64 * (draws - k) as f64 / ((k + 1) as f64 * white);
    }
    sum.min(1.0)
}

/// Sum of the probabilities of `k`, `k + step`, `k + 2 step`, … until a term no longer changes it:
/// away from the mean the terms shrink at least geometrically.
fn sum_from(k: f64, n: f64, share: f64, step: f64) -> f64 {
    let odds = share / (1.0 - share);
    let (mut term, mut sum, mut k) = (probability(k, n, share), 0.0, k);
    while term > sum * 1e-17 && (0.0..=n).contains(&k) {
        sum += term;
        // P(k + 1) / P(k) = odds · (n - k) / (k + 1), and its inverse downwards.
        term *= if step > 0.0 { odds * (n - k) / (k + 1.0) } else { k / (n - k + 1.0) / odds };
        k += step;
    }
    sum.min(1.0)
}

/// Probability of exactly `k` successes in `n` trials.
fn probability(k: f64, n: f64, share: f64) -> f64 {
    let choose = libm::lgamma(n + 1.0) - libm::lgamma(k + 1.0) - libm::lgamma(n - k + 1.0);
    (choose + k * share.ln() + (n - k) * libm::log1p(-share)).exp()
}

/// Q-values of p-values, in the order of `p`: for each the smallest false discovery rate at which
/// it would be a discovery (Benjamini and Hochberg, *Controlling the False Discovery Rate*, 1995).
/// Each `p` must lie in [0, 1]. O(n log n).
///
/// ```
/// let q = pointchaud::statistics::q_values(&[0.01, 0.5, 0.02]);
/// assert_eq!(q, [0.03, 0.5, 0.03]);
/// ```
pub fn q_values(p: &[f64]) -> Vec<f64> {
    q_values_among(p, p.len())
}

/// [`q_values`] of the smallest p-values of a larger family of `tests` tests, the others of which
/// need not be computed. The result holds for a p-value below which none is missing.
///
/// ```
/// // The other two tests of the family have p-values above 0.5.
/// let q = pointchaud::statistics::q_values_among(&[0.01, 0.02], 4);
/// assert_eq!(q, [0.04, 0.04]);
/// ```
pub fn q_values_among(p: &[f64], tests: usize) -> Vec<f64> {
    // The bit patterns of non-negative floats have the order of their values.
    let mut order: Vec<(u64, u32)> = p.iter().map(|p| p.to_bits()).zip(0..).collect();
    order.sort_unstable();
    let mut q = vec![1.0; p.len()];
    let mut least = 1f64;
    for (rank, (_, at)) in order.iter().enumerate().rev() {
        let at = *at as usize;
        least = least.min(p[at] * (tests as f64 / (rank + 1) as f64));
        q[at] = least;
    }
    q
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normal_tails() {
        for (z, p) in [(0.0, 1.0), (1.959_963_984_540_054, 0.05), (-2.575_829_303_548_901, 0.01)] {
            assert!((two_sided(z) - p).abs() < 1e-12, "{z}");
        }
        assert!(two_sided(f64::INFINITY) == 0.0 && two_sided(38.0) > 0.0);
    }

    #[test]
    fn binomial_tails_are_sums_of_the_distribution() {
        for (n, share) in [(1u64, 0.5), (10, 0.3), (40, 0.01), (200, 0.9)] {
            for k in 0..=n + 1 {
                let direct: f64 = (k..=n).map(|k| probability(k as f64, n as f64, share)).sum();
                assert!((upper_tail(k, n, share) - direct).abs() < 1e-12, "{k} {n} {share}");
                let below = 1.0 - upper_tail(k + 1, n, share);
                assert!(k > n || (lower_tail(k, n, share) - below).abs() < 1e-12);
            }
        }
        // P(X ≥ 60 | 100, 0.5), R: pbinom(59, 100, 0.5, lower = FALSE).
        assert!((upper_tail(60, 100, 0.5) - 0.028_443_966_820_490_43).abs() < 1e-10);
        assert_eq!(upper_tail(3, 10, 0.0), 0.0);
        assert_eq!(upper_tail(3, 10, 1.0), 1.0);
    }

    #[test]
    fn fishers_tea_and_sums_of_the_hypergeometric_distribution() {
        // Fisher's tea: all four cups, and at least three of them.
        assert!((hypergeometric_upper_tail(4, 4, 4, 8) - 1.0 / 70.0).abs() < 1e-12);
        assert!((hypergeometric_upper_tail(3, 4, 4, 8) - 17.0 / 70.0).abs() < 1e-12);
        for (draws, marked, all) in [(5, 7, 12), (10, 3, 40), (9, 9, 10), (0, 4, 6), (6, 6, 6)] {
            let tail = |k: u64| hypergeometric_upper_tail(k, draws, marked, all);
            assert_eq!((tail(0), tail(draws.min(marked) + 1)), (1.0, 0.0));
            // The mean is the sum of the tails.
            let mean: f64 = (1..=draws.min(marked)).map(tail).sum();
            assert!((mean - (draws * marked) as f64 / all as f64).abs() < 1e-9, "{draws} {marked}");
        }
    }

    #[test]
    fn benjamini_and_hochberg() {
        // Their own example, 15 p-values: four are discoveries at a rate of 0.05.
        let p = [
            0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262,
            0.5719, 0.6528, 0.7590, 1.0,
        ];
        let q = q_values(&p);
        assert_eq!(q.iter().filter(|q| **q <= 0.05).count(), 4);
        assert!((q[3] - 0.0095 * 3.75).abs() < 1e-15 && q[14] == 1.0);
        assert!(q_values(&[]).is_empty());
        assert_eq!(q_values(&[0.2; 3]), [0.2; 3]);
    }
}
