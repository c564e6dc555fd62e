//! The memory that this process occupies, and whether it is near its limit.

use std::fs;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::error::{Error, ErrorKind, Result};
use crate::message;

/// How long a measurement holds: reading `/proc/self/statm` costs microseconds.
const SAMPLE_EVERY: Duration = Duration::from_millis(200);
/// Percentage of the limit below which memory is no longer short. Between it and the limit a
/// shortage lasts, so that work is not admitted and refused in turns.
const ENOUGH_PERCENT: u64 = 90;

/// Measures the memory of this process when it is asked, at most every 200 ms.
pub struct MemoryGauge {
    bytes_max: u64,
    start: Instant,
    /// Milliseconds from the start to the last measurement.
    measured_at: AtomicU64,
    is_short: AtomicBool,
    resident: fn() -> Option<u64>,
}

impl MemoryGauge {
    /// A gauge of this process with this limit in bytes.
    pub fn new(bytes_max: u64) -> Self {
        Self::of(bytes_max, resident_bytes)
    }

    fn of(bytes_max: u64, resident: fn() -> Option<u64>) -> Self {
        let gauge = Self {
            bytes_max,
            start: Instant::now(),
            measured_at: AtomicU64::new(0),
            is_short: AtomicBool::new(false),
            resident,
        };
        gauge.measure();
        gauge
    }

    /// Is so much memory occupied that work which needs more of it should wait?
    pub fn is_short(&self) -> bool {
        let now = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX);
        let before = self.measured_at.load(Ordering::Relaxed);
        let is_due = now.saturating_sub(before) >= SAMPLE_EVERY.as_millis() as u64;
        let swap = |to| {
            self.measured_at.compare_exchange(before, to, Ordering::Relaxed, Ordering::Relaxed)
        };
        // One caller measures; the others take what is known.
        if is_due && swap(now).is_ok() {
            self.measure();
        }
        self.is_short.load(Ordering::Relaxed)
    }

    /// Refuses work that needs memory while it is short.
    ///
    /// # Errors
    /// Unavailable: memory is short.
    pub fn check(&self) -> Result<()> {
        match self.is_short() {
            false => Ok(()),
            true => Err(Error::new(
                ErrorKind::Unavailable,
                message!(
                    "Le service n’a pas assez de mémoire pour cela en ce moment.",
                    "The service has not enough memory for this at the moment."
                ),
            )),
        }
    }

    fn measure(&self) {
        let Some(bytes) = (self.resident)() else { return };
        let was_short = self.is_short.load(Ordering::Relaxed);
        let limit = match was_short {
            true => self.bytes_max / 100 * ENOUGH_PERCENT,
            false => self.bytes_max,
        };
        let is_short = bytes > limit;
        self.is_short.store(is_short, Ordering::Relaxed);
        if is_short != was_short {
            let (mebibytes, limit) = (bytes >> 20, self.bytes_max >> 20);
            match is_short {
                true => tracing::warn!(mebibytes, limit, "memory is short: large work is refused"),
                false => tracing::warn!(mebibytes, limit, "memory suffices again"),
            }
        }
    }
}

/// The resident memory of this process in bytes; `None` where the system does not tell.
fn resident_bytes() -> Option<u64> {
    let text = fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = text.split(' ').nth(1)?.parse().ok()?;
    Some(pages * rustix::param::page_size() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    static OCCUPIED: AtomicU64 = AtomicU64::new(0);

    #[test]
    fn a_shortage_begins_above_the_limit_and_ends_well_below_it() {
        let gauge = MemoryGauge::of(1_000, || Some(OCCUPIED.load(Ordering::Relaxed)));
        for (bytes, is_short) in
            [(1_000, false), (1_001, true), (950, true), (901, true), (900, false), (1_000, false)]
        {
            OCCUPIED.store(bytes, Ordering::Relaxed);
            gauge.measure();
            assert_eq!(gauge.is_short(), is_short, "{bytes}");
            assert_eq!(gauge.check().is_err(), is_short, "{bytes}");
        }
    }

    #[test]
    fn the_memory_of_this_process_is_measured() {
        let before = resident_bytes().unwrap();
        let filled = vec![1_u8; 64 << 20];
        let after = resident_bytes().unwrap();
        assert!(after >= before + (32 << 20), "{before} {after}");
        drop(std::hint::black_box(filled));
        assert!(MemoryGauge::new(1).is_short() && !MemoryGauge::new(u64::MAX).is_short());
    }
}
