//! Exact quantiles of many whole numbers in two passes of counting, without sorting them.

/// Bits of a value that the second pass counts by.
const LOW_BITS: u32 = 12;

/// The values at some shares, 0 to 1, of all values of all lists together, by nearest rank
/// (Hyndman and Fan, *Sample Quantiles in Statistical Packages*, 1996, definition 1). None without
/// any value.
///
/// Takes O(values) time, and memory in the largest value: four megabytes for any 32 bits.
pub(super) fn nearest_ranks<const N: usize>(
    lists: &[Vec<u32>],
    shares: [f64; N],
) -> Option<[u32; N]> {
    let values = || lists.iter().flatten().copied();
    let largest = values().max()?;
    let count: usize = lists.iter().map(Vec::len).sum();
    let mut high = vec![0u32; (largest >> LOW_BITS) as usize + 1];
    lists.iter().flatten().for_each(|value| high[(value >> LOW_BITS) as usize] += 1);
    // For each share the bucket of its value and its rank among the values of the bucket, from 0.
    let places = shares.map(|share| {
        let rank = ((share * count as f64).ceil() as usize).clamp(1, count) - 1;
        find(&high, rank)
    });
    let mut buckets: Vec<usize> = places.iter().map(|(bucket, _)| *bucket).collect();
    buckets.sort_unstable();
    buckets.dedup();
    let mut low = vec![[0u32; 1 << LOW_BITS]; buckets.len()];
    for value in values() {
        let bucket = (value >> LOW_BITS) as usize;
        if let Some(n) = buckets.iter().position(|wanted| *wanted == bucket) {
            low[n][(value & ((1 << LOW_BITS) - 1)) as usize] += 1;
        }
    }
    Some(places.map(|(bucket, rank)| {
        let n = buckets.partition_point(|wanted| *wanted < bucket);
        (bucket as u32) << LOW_BITS | find(&low[n], rank).0 as u32
    }))
}

/// The first index at which more than `rank` were counted, and the rank there.
fn find(counts: &[u32], mut rank: usize) -> (usize, usize) {
    for (at, count) in counts.iter().enumerate() {
        match rank.checked_sub(*count as usize) {
            None => return (at, rank),
            Some(rest) => rank = rest,
        }
    }
    (counts.len() - 1, 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng, rngs::SmallRng};

    #[test]
    fn equals_the_ranks_of_sorted_values() {
        let shares = [0.0, 0.25, 0.5, 0.75, 0.9, 1.0];
        assert_eq!(nearest_ranks(&[], shares), None);
        assert_eq!(nearest_ranks(&[vec![], vec![]], shares), None);
        assert_eq!(nearest_ranks(&[vec![u32::MAX], vec![]], shares), Some([u32::MAX; 6]));
        let mut rng = SmallRng::seed_from_u64(25);
        for _ in 0..200 {
            let largest = [1, 4_095, 4_096, 1_000_000, u32::MAX][rng.random_range(0..5)];
            let mut list = || -> Vec<u32> {
                (0..rng.random_range(0..400)).map(|_| rng.random_range(0..=largest)).collect()
            };
            let lists = [list(), list(), vec![largest / 2; 3]];
            let mut sorted = lists.concat();
            sorted.sort_unstable();
            let wanted = shares.map(|share| {
                let rank = (share * sorted.len() as f64).ceil() as usize;
                sorted[rank.max(1) - 1]
            });
            assert_eq!(nearest_ranks(&lists, shares), Some(wanted));
        }
    }
}
