//! What the machine gives to this process: processors and memory.

use std::fs;
use std::thread;

/// Number of processors that this process may use; 2 where that is not known.
pub(super) fn processors() -> usize {
    thread::available_parallelism().map_or(2, usize::from)
}

/// This many hundredths of the memory that this process may have: the machine's, or its control
/// group's where that is less. Without any limit that is known, no limit.
pub(super) fn memory_share(percent: u64) -> u64 {
    let read = |path: &str| fs::read_to_string(path).ok();
    let machine = read("/proc/meminfo").and_then(|text| memory_total(&text));
    let group = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"]
        .into_iter()
        .find_map(|path| read(path)?.trim().parse::<u64>().ok());
    let all = [machine, group].into_iter().flatten().min();
    all.map_or(u64::MAX, |bytes| bytes / 100 * percent)
}

/// The bytes of `MemTotal` in `/proc/meminfo`.
fn memory_total(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes << 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_memory_of_the_machine_is_read() {
        let text = "MemFree:  1 kB\nMemTotal:       24576 kB\n";
        assert_eq!(memory_total(text), Some(24 << 20));
        assert_eq!(memory_total("MemFree: 1 kB"), None);
        assert!(memory_share(60) < memory_share(100));
    }
}
