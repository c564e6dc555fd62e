//! When which segments are merged: a pure function of their sizes.
//!
//! Segments are ordered from the oldest to the newest, and a merge always takes a suffix of that
//! order. Every query visits every segment, so there should be few of them; every merge copies the
//! reports it merges, so they should be merged rarely. As in the logarithmic method (Bentley and
//! Saxe, *Decomposable Searching Problems I*, 1980) segments of similar size are merged: sizes stay
//! roughly geometric, the number of segments is O(log n), and a report is copied O(log n) times.

/// A merge of fewer reports than this is done by the writer at once, in some milliseconds.
const IMMEDIATE_MAX: usize = 2_048;
/// The two newest segments are merged at once while the older is at most this many times as large.
const IMMEDIATE_RATIO: usize = 4;
/// A background merge takes the longest suffix in which every segment is at most this many times as
/// large as all newer ones together.
const BACKGROUND_RATIO: usize = 2;
/// Such a suffix is merged once it has this many segments: merging several of similar size together
/// copies each report less often.
const BACKGROUND_SEGMENTS: usize = 4;
/// The same for a suffix of fewer than [`IMMEDIATE_MAX`] reports, which is cheap to visit.
const BACKGROUND_SMALL_SEGMENTS: usize = 12;

/// The size of one segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SegmentSize {
    /// Number of slots.
    pub slots: usize,
    /// Number of those that are deleted.
    pub deleted: usize,
}

impl SegmentSize {
    fn live(self) -> usize {
        self.slots - self.deleted
    }

    fn is_mostly_deleted(self) -> bool {
        self.deleted * 2 > self.slots
    }
}

/// The oldest segment of an immediate merge, if one is due: the two newest segments where they are
/// small and of similar size. `segments` are given from the oldest to the newest. Nothing is due
/// while a background merge `is_running`, because its sources have to keep their places.
pub fn immediate_merge(segments: &[SegmentSize], is_running: bool) -> Option<usize> {
    let [.., older, newer] = segments else { return None };
    let (older, newer) = (older.live(), newer.live());
    let is_due = older <= IMMEDIATE_RATIO * newer && older + newer <= IMMEDIATE_MAX;
    (is_due && !is_running).then(|| segments.len() - 2)
}

/// The oldest segment of a background merge, if one is due: the longest suffix of segments of
/// similar size where it has enough of them, or everything from the oldest segment on of which more
/// than half is deleted. `segments` are given from the oldest to the newest. Nothing is due while
/// another background merge `is_running`.
pub fn background_merge(segments: &[SegmentSize], is_running: bool) -> Option<usize> {
    let mut first = segments.len();
    let mut newer = 0;
    for (i, segment) in segments.iter().enumerate().rev() {
        if segment.live() <= BACKGROUND_RATIO * newer {
            first = i;
        }
        newer += segment.live();
    }
    let mostly_deleted = segments.iter().position(|segment| segment.is_mostly_deleted());
    let first = mostly_deleted.map_or(first, |deleted| first.min(deleted));
    let suffix = &segments[first..];
    let is_small = suffix.iter().map(|segment| segment.live()).sum::<usize>() < IMMEDIATE_MAX;
    let enough = if is_small { BACKGROUND_SMALL_SEGMENTS } else { BACKGROUND_SEGMENTS };
    let is_due = suffix.len() >= enough || mostly_deleted.is_some();
    (is_due && !is_running).then_some(first)
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    fn sizes(live: &[usize]) -> Vec<SegmentSize> {
        live.iter().map(|slots| SegmentSize { slots: *slots, deleted: 0 }).collect()
    }

    #[test]
    fn the_two_newest_segments_merge_at_once_while_they_are_small_and_similar() {
        assert_eq!(immediate_merge(&sizes(&[]), false), None);
        assert_eq!(immediate_merge(&sizes(&[9]), false), None);
        assert_eq!(immediate_merge(&sizes(&[1_000_000, 4, 1]), false), Some(1));
        assert_eq!(immediate_merge(&sizes(&[1_000_000, 5, 1]), false), None, "too different");
        assert_eq!(immediate_merge(&sizes(&[1_024, 1_024]), false), Some(0));
        assert_eq!(immediate_merge(&sizes(&[1_024, 1_025]), false), None, "too large");
        // Of the live reports, not of the slots.
        let deleted = SegmentSize { slots: 100, deleted: 97 };
        assert_eq!(immediate_merge(&[deleted, sizes(&[1])[0]], false), Some(0));
    }

    #[test]
    fn similar_large_segments_merge_in_the_background_once_there_are_four() {
        let base = 1_000_000;
        assert_eq!(background_merge(&sizes(&[base]), false), None);
        assert_eq!(background_merge(&sizes(&[base, 3_000, 3_000, 3_000]), false), None);
        let four = sizes(&[base, 3_000, 3_000, 3_000, 3_000]);
        // The newest is not larger than twice nothing, but the second newest reaches back to it.
        assert_eq!(background_merge(&four, false), Some(1));
        assert_eq!(background_merge(&sizes(&[base, 6_000, 2_000, 600, 200]), false), None);
        let tiny = vec![1; 12];
        assert_eq!(background_merge(&sizes(&tiny[1..]), false), None);
        assert_eq!(background_merge(&sizes(&tiny), false), Some(0));
    }

    #[test]
    fn a_segment_that_is_mostly_deleted_is_merged_away() {
        for (slots, deleted, expected) in
            [(1_000, 500, None), (1_000, 501, Some(1)), (1, 1, Some(1))]
        {
            let mut segments = sizes(&[1_000_000, 0, 10]);
            segments[1] = SegmentSize { slots, deleted };
            assert_eq!(background_merge(&segments, false), expected, "{deleted} of {slots}");
        }
        // Also where a longer suffix of similar sizes begins before it.
        let segments = [sizes(&[1_000])[0], SegmentSize { slots: 3_000, deleted: 2_000 }];
        assert_eq!(background_merge(&segments, false), Some(0));
    }

    #[test]
    fn nothing_is_merged_while_a_merge_runs() {
        for segments in
            [sizes(&[1, 1]), sizes(&[5_000; 9]), vec![SegmentSize { slots: 9, deleted: 9 }]]
        {
            assert!(
                immediate_merge(&segments, false).or(background_merge(&segments, false)).is_some()
            );
            assert_eq!(immediate_merge(&segments, true), None);
            assert_eq!(background_merge(&segments, true), None);
        }
    }

    /// The segments of an index under a random history of batches and deletions, with background
    /// merges that finish some batches after they began.
    struct History {
        segments: Vec<SegmentSize>,
        /// First segment, number of segments and end of the merge that is running.
        running: Option<(usize, usize, usize)>,
        copied: usize,
        added: usize,
    }

    impl History {
        fn replace(&mut self, first: usize, end: usize) {
            let live = self.segments[first..end].iter().map(|segment| segment.live()).sum();
            let merged = (live > 0).then_some(SegmentSize { slots: live, deleted: 0 });
            self.segments.splice(first..end, merged);
            self.copied += live;
        }

        fn merge_immediately(&mut self) {
            while let Some(first) = immediate_merge(&self.segments, self.running.is_some()) {
                self.replace(first, self.segments.len());
            }
        }

        fn step(&mut self, now: usize, batch: usize, duration: usize) {
            self.segments.push(SegmentSize { slots: batch, deleted: 0 });
            (self.added, self.copied) = (self.added + batch, self.copied + batch);
            self.merge_immediately();
            if let Some((first, count, end)) = self.running
                && end <= now
            {
                self.running = None;
                self.replace(first, first + count);
                self.merge_immediately();
            }
            if let Some(first) = background_merge(&self.segments, self.running.is_some()) {
                self.running = Some((first, self.segments.len() - first, now + duration));
            }
        }

        fn live(&self) -> usize {
            self.segments.iter().map(|segment| segment.live()).sum()
        }
    }

    #[test]
    fn any_history_keeps_few_segments_and_copies_each_report_rarely() {
        for seed in 0..40 {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            let batch_max = [1, 20, 800, 30_000][seed as usize % 4];
            let duration = [1, 3, 12][seed as usize % 3];
            let deletes = [0.0, 0.3, 0.95][seed as usize / 4 % 3];
            let mut history = History { segments: vec![], running: None, copied: 0, added: 0 };
            let mut merges = 0;
            for now in 0..2_000 {
                let batch = rng.random_range(1..=batch_max);
                // Updates and removals of reports in random segments.
                for segment in &mut history.segments {
                    if rng.random_bool(deletes) {
                        let most = segment.live().min(batch_max);
                        segment.deleted += rng.random_range(0..=most);
                    }
                }
                let was_running = history.running.is_some();
                history.step(now, batch, duration);
                merges += usize::from(!was_running && history.running.is_some());
                // Between merges: at most eleven similar ones after a geometric sequence. While a
                // merge runs every batch adds one.
                let geometric = (history.live().max(1) as f64).log(3.0) as usize + 2;
                let most = geometric + BACKGROUND_SMALL_SEGMENTS + duration;
                let count = history.segments.len();
                assert!(count <= most, "seed {seed}, batch {now}: {count} segments of {most}");
                if history.running.is_none() {
                    let mut segments = history.segments.iter();
                    assert!(!segments.any(|segment| segment.is_mostly_deleted()), "seed {seed}");
                }
            }
            assert!(merges > 0 || history.added <= IMMEDIATE_MAX, "seed {seed}: no merge");
            let per_report = history.copied as f64 / history.added as f64;
            let most = 3.0 + 2.0 * (history.added as f64).log2();
            assert!(per_report <= most, "seed {seed}: each report was copied {per_report} times");
        }
    }
}
