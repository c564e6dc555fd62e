//! On which of many days is a second? By a table rather than a binary search.

/// Days by their first seconds, with the day of every 4.5 hours in a table.
///
/// Building takes O(span), a look-up constant time where days are about a day long.
pub(super) struct DayTable<'a> {
    starts: &'a [i64],
    /// By bucket of 2^[`BUCKET_BITS`] seconds from the first start on: the day of its first second.
    buckets: Vec<u32>,
}

/// Buckets are 16,384 seconds long.
const BUCKET_BITS: u32 = 14;
/// The length of the last day, in seconds.
const LAST_DAY_SECONDS: i64 = 86_400;

impl<'a> DayTable<'a> {
    /// A table of days from their first seconds, ascending. A day ends where the next begins, the
    /// last one after a day.
    pub fn new(starts: &'a [i64]) -> Self {
        let mut buckets = Vec::new();
        if let (Some(first), Some(last)) = (starts.first(), starts.last()) {
            let mut day = 0;
            for bucket in 0..=(last + LAST_DAY_SECONDS - 1 - first) >> BUCKET_BITS {
                let second = first + (bucket << BUCKET_BITS);
                while starts.get(day + 1).is_some_and(|start| *start <= second) {
                    day += 1;
                }
                buckets.push(day as u32);
            }
        }
        Self { starts, buckets }
    }

    /// Number of days.
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    /// The number of the day of a second since 1970; none before the first and after the last day.
    #[inline]
    pub fn day_of(&self, second: i64) -> Option<usize> {
        let since = second - self.starts.first()?;
        if since < 0 || second >= self.starts.last()? + LAST_DAY_SECONDS {
            return None;
        }
        let mut day = *self.buckets.get((since >> BUCKET_BITS) as usize)? as usize;
        while self.starts.get(day + 1).is_some_and(|start| *start <= second) {
            day += 1;
        }
        Some(day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng, rngs::SmallRng};

    #[test]
    fn equals_a_search_of_the_starts() {
        let mut rng = SmallRng::seed_from_u64(86_400);
        let mut found = 0;
        for _ in 0..300 {
            let mut next = rng.random_range(-200_000..2_000_000_000);
            let longest = [1, 100, 90_000, 10_000_000][rng.random_range(0..4)];
            let starts: Vec<i64> = (0..rng.random_range(0..60))
                .map(|_| {
                    next += rng.random_range(1..=longest);
                    next
                })
                .collect();
            let table = DayTable::new(&starts);
            let (first, last) = (starts.first().unwrap_or(&0), starts.last().unwrap_or(&0));
            for _ in 0..200 {
                let second = rng.random_range(first - 100_000..last + 200_000);
                let at = starts.partition_point(|start| *start <= second);
                let is_over = at == starts.len() && second >= last + 86_400;
                let wanted = at.checked_sub(1).filter(|_| !is_over);
                assert_eq!(table.day_of(second), wanted, "{second} in {starts:?}");
                found += usize::from(wanted.is_some());
            }
        }
        assert!(found > 10_000, "only {found} seconds were on a day");
    }
}
