//! Draws tracking numbers.
//!
//! Numbers drawn one after the other begin alike, so that the store's index of ids is written in
//! one place at a time: with ids all over it, a commit of many reports would write most of it anew.
//! What follows the beginning is random.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::domain::{ReportId, tracking_number_beginning};

/// Numbers drawn with one beginning, of the 279,841 there are.
const DRAWS: u64 = 8_192;

/// A source of tracking numbers, for all threads.
#[derive(Default)]
pub struct TrackingNumbers {
    drawn: AtomicU64,
    beginning: AtomicU64,
}

impl TrackingNumbers {
    /// A number that is most likely not taken.
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
