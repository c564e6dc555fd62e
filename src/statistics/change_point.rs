//! Change points of a rate: segments of a series of counts in which the rate is constant.

/// Starts of the segments of a series of counts in equal steps, the first of them 0. Within a
/// segment counts are Poisson with one rate. The segmentation minimises the negative log-likelihood
/// plus `ln(n)` for each change, which is the Bayesian information criterion (two parameters more,
/// a time and a rate); it is found exactly by PELT (Killick, Fearnhead and Eckley, *Optimal
/// Detection of Changepoints with a Linear Computational Cost*, 2012). O(n) to O(n²) for `n` steps.
///
/// ```
/// let quiet_then_busy = [0, 1, 0, 0, 1, 0, 0, 0, 1, 0, 5, 6, 4, 7];
/// assert_eq!(pointchaud::statistics::rate_segments(&quiet_then_busy), [0, 10]);
/// assert_eq!(pointchaud::statistics::rate_segments(&[2, 3, 2, 1, 2, 3]), [0]);
/// ```
pub fn rate_segments(counts: &[u32]) -> Vec<usize> {
    let steps = counts.len();
    let penalty = (steps.max(2) as f64).ln();
    let mut sums = vec![0u64; steps + 1];
    for (step, count) in counts.iter().enumerate() {
        sums[step + 1] = sums[step] + u64::from(*count);
    }
    // Negative log-likelihood at the best rate, without the terms that all segmentations share.
    let cost = |from: usize, before: usize| match (sums[before] - sums[from]) as f64 {
        0.0 => 0.0,
        count => -count * (count / (before - from) as f64).ln(),
    };
    let mut best = vec![0.0; steps + 1];
    best[0] = -penalty;
    let mut start = vec![0usize; steps + 1];
    let mut candidates = vec![0usize];
    for before in 1..=steps {
        let with = |from: usize| best[from] + cost(from, before);
        let (least, from) = candidates
            .iter()
            .map(|from| (with(*from), *from))
            .min_by(|a, b| a.0.total_cmp(&b.0))
            .unwrap_or((0.0, 0));
        // A start that is worse than the best by more than a change costs never becomes the best.
        candidates.retain(|from| with(*from) <= least + penalty);
        best[before] = least + penalty;
        start[before] = from;
        candidates.push(before);
    }
    let mut starts = Vec::new();
    let mut end = steps;
    while end > 0 {
        end = start[end];
        starts.push(end);
    }
    starts.reverse();
    starts
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Disasters in British coal mines by year from 1851 on (Jarrett, *A Note on the Intervals
    /// Between Coal-Mining Disasters*, 1979), until 1950.
    const DISASTERS: [u32; 100] = [
        4, 5, 4, 0, 1, 4, 3, 4, 0, 6, 3, 3, 4, 0, 2, 6, 3, 3, 5, 4, 5, 3, 1, 4, 4, 1, 5, 5, 3, 4,
        2, 5, 2, 2, 3, 4, 2, 1, 3, 2, 2, 1, 1, 1, 1, 3, 0, 0, 1, 0, 1, 1, 0, 0, 3, 1, 0, 3, 2, 2,
        0, 1, 1, 1, 0, 1, 0, 1, 0, 0, 0, 2, 1, 0, 0, 0, 1, 1, 0, 2, 3, 3, 1, 1, 2, 1, 1, 1, 1, 2,
        4, 2, 0, 0, 1, 4, 0, 0, 0, 1,
    ];

    #[test]
    fn the_rate_of_coal_mining_disasters_changes_about_1890() {
        // Akman and Raftery, *Asymptotic Inference for a Change-Point Poisson Process*, 1986: 1890.
        let starts = rate_segments(&DISASTERS);
        assert_eq!(starts.len(), 2, "{starts:?}");
        assert!((1_889..=1_892).contains(&(1_851 + starts[1])), "{starts:?}");
    }

    #[test]
    fn the_segmentation_is_the_best_of_all() {
        let penalised = |counts: &[u32], starts: &[usize]| {
            let ends = starts[1..].iter().copied().chain([counts.len()]);
            let cost = |(from, before): (&usize, usize)| {
                let sum: u32 = counts[*from..before].iter().sum();
                let rate = f64::from(sum) / (before - from) as f64;
                if sum == 0 { 0.0 } else { -f64::from(sum) * rate.ln() }
            };
            let changes = (starts.len() - 1) as f64;
            starts.iter().zip(ends).map(cost).sum::<f64>() + changes * (counts.len() as f64).ln()
        };
        // Every segmentation of eleven steps, for several series.
        for seed in 0..40u32 {
            let counts: Vec<u32> = (0..11u32)
                .map(|n| (n * 7 + seed * 13) % 5 * u32::from(n > seed % 11) * 3)
                .collect();
            let all = (0..1u32 << 10).map(|bits| {
                let changes = (1..11).filter(|n| bits >> (n - 1) & 1 == 1);
                let starts: Vec<usize> = std::iter::once(0).chain(changes).collect();
                penalised(&counts, &starts)
            });
            let least = all.fold(f64::INFINITY, f64::min);
            let ours = penalised(&counts, &rate_segments(&counts));
            assert!((ours - least).abs() < 1e-9, "{counts:?}: {ours} {least}");
        }
    }

    #[test]
    fn an_empty_or_silent_series_has_no_change() {
        assert!(rate_segments(&[]).is_empty());
        assert_eq!(rate_segments(&[0; 50]), [0]);
        assert_eq!(rate_segments(&[9]), [0]);
    }
}
