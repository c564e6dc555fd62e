//! Draws tracking numbers.
//!
//! Consecutive numbers have the same three first characters, so that they are neighbours in the
//! store's index of ids: with random ids, a commit of many reports would rewrite most pages of that
//! index. The other characters are random.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::domain::{ReportId, tracking_number_beginning};

/// How many numbers are drawn with one beginning; there are 279,841.
const DRAWS: u64 = 8_192;

/// A source of tracking numbers that threads share.
#[derive(Default)]
pub struct TrackingNumbers {
    drawn: AtomicU64,
    beginning: AtomicU64,
}

impl TrackingNumbers {
    /// A number that is very probably not in use.
    pub fn draw(&self) -> ReportId {
        if self.drawn.fetch_add(1, Ordering::Relaxed).is_multiple_of(DRAWS) {
            self.beginning.store(rand::random(), Ordering::Relaxed);
        }
        tracking_number_beginning(self.beginning.load(Ordering::Relaxed), rand::random())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn few_beginnings_and_few_repeats() {
        let numbers = TrackingNumbers::default();
        let drawn: Vec<ReportId> = (0..20_000).map(|_| numbers.draw()).collect();
        let beginnings: HashSet<&str> = drawn.iter().map(|id| &id.as_str()[..3]).collect();
        let different: HashSet<&str> = drawn.iter().map(ReportId::as_str).collect();
        assert!(beginnings.len() <= 3, "{} beginnings", beginnings.len());
        assert!(different.len() > 19_000, "{} different numbers", different.len());
    }
}
