//! Columns that say the same: the same texts, numbers with other roundings, times within a minute.

use crate::ingest::column::values::ColumnSample;
use crate::ingest::time::text::{Written, written};

/// The part of the rows in which two columns have a value and say the same, at least.
const SAME_MIN: f64 = 0.98;
/// Two columns say the same in as many rows as this at least.
const ROWS_MIN: usize = 3;
/// Two times of one event, written by two programs, are as close as this, in seconds.
const SAME_SECONDS: i64 = 60;
/// Largest difference of two roundings of one number, as a part of it.
const ROUNDING: f64 = 1e-6;

/// Do two columns have values in the same rows, and say the same there? O(rows of the sample).
pub fn say_the_same(one: &ColumnSample, other: &ColumnSample) -> bool {
    let (texts, others) = (one.texts(), other.texts());
    let same = texts
        .iter()
        .filter(|(row, text)| others.get(row).is_some_and(|other| is_same(text, other)))
        .count();
    let most = texts.len().max(others.len());
    same >= ROWS_MIN && same as f64 >= SAME_MIN * most as f64
}

fn is_same(one: &str, other: &str) -> bool {
    if one == other {
        return true;
    }
    if let (Ok(one), Ok(other)) = (one.parse::<f64>(), other.parse::<f64>()) {
        return (one - other).abs() <= ROUNDING * one.abs();
    }
    match (written(one), written(other)) {
        (Some(one), Some(other)) => is_same_time(&one, &other),
        _ => false,
    }
}

/// Are two times, both with a time of day, on one day and within a minute?
fn is_same_time(one: &Written, other: &Written) -> bool {
    let (Some(first), Some(second)) = (one.time, other.time) else { return false };
    one.date == other.date
        && one.next_day == other.next_day
        && one.zone == other.zone
        && first.duration_until(second).as_secs().abs() <= SAME_SECONDS
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::column::values::clocks;

    fn sample(cells: &[&str]) -> ColumnSample {
        let (mut sample, clocks) = (ColumnSample::default(), clocks());
        for (row, cell) in (1..).zip(cells) {
            sample.add(row, cell, &clocks);
        }
        sample
    }

    #[test]
    fn columns_that_differ_by_rounding_or_seconds_say_the_same() {
        let same = [
            (
                ["1444922.72566451", "1447717.2", "1441257.4"],
                ["1444922.73", "1447717.2", "1441257.4"],
            ),
            (
                ["2026-06-01 09:05:05", "2026-06-02 10:00:59", "2026-06-03 01:00"],
                ["2026-06-01 09:05:45", "2026-06-02 10:01:02", "2026-06-03 01:00:30"],
            ),
            (["a", "b", "c"], ["a", "b", "c"]),
        ];
        for (one, other) in same {
            assert!(say_the_same(&sample(&one), &sample(&other)), "{one:?}");
        }
        let differing = [
            (
                ["2026-06-01 09:05", "2026-06-02 10:00", "2026-06-03 01:00"],
                ["2026-06-01 09:07", "2026-06-02 10:30", "2026-06-03 09:00"],
            ),
            (["-71.05", "-71.06", "-71.07"], ["-71.06", "-71.05", "-71.07"]),
            (["2026-06-01", "2026-06-02", "2026-06-03"], ["2026-06-01", "2026-06-02", ""]),
            (["1", "2", ""], ["", "2", "3"]),
        ];
        for (one, other) in differing {
            assert!(!say_the_same(&sample(&one), &sample(&other)), "{one:?}");
        }
    }
}
