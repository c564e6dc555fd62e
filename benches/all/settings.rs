//! The sizes and repetitions of a run.

use std::path::{Path, PathBuf};

use crate::timing::Repeat;

/// How much of the table is measured.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Every row on tiny data, in seconds: shows that the rows still run, says nothing of speed.
    Smoke,
    /// 100 thousand and 1 million reports, in a few minutes.
    Quick,
    /// 10 million reports and the slow peers too; rewrites `BENCH.md`.
    Full,
    /// The standard protocols and the exports alone, on 1 million reports.
    Protocols,
}

impl Mode {
    /// Reads the mode from the arguments. `cargo bench` passes `--bench`, `cargo test` does not:
    /// without it the run is a smoke run, because the build is not optimised either.
    pub fn from_arguments(arguments: &[String]) -> Self {
        let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
        if has("--smoke") || !has("--bench") {
            Self::Smoke
        } else if has("--protocols") {
            Self::Protocols
        } else if has("--full") {
            Self::Full
        } else {
            Self::Quick
        }
    }
}

/// What every group of rows needs to know of the run.
pub struct Settings {
    pub mode: Mode,
    /// Folder of the run's files, below the target directory.
    pub folder: PathBuf,
    /// Reports of the small city.
    pub small: usize,
    /// Reports of the city on which every row is measured and targets are set.
    pub city: usize,
    /// Reports of the large city; none in a quick run.
    pub large: Option<usize>,
}

impl Settings {
    pub fn new(mode: Mode) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench");
        let (small, city, large) = match mode {
            Mode::Smoke => (500, 2_000, Some(3_000)),
            Mode::Full => (100_000, 1_000_000, Some(10_000_000)),
            Mode::Quick | Mode::Protocols => (100_000, 1_000_000, None),
        };
        Self { mode, folder, small, city, large }
    }

    pub fn is_smoke(&self) -> bool {
        self.mode == Mode::Smoke
    }

    /// The size on which every row is measured.
    pub fn is_city(&self, reports: usize) -> bool {
        reports == self.city
    }

    /// Peers that take minutes on a million reports are asked too.
    pub fn asks_slow_peers(&self) -> bool {
        matches!(self.mode, Mode::Full | Mode::Smoke)
    }

    /// A count of the real run, or a small one that a smoke run has the time for.
    pub fn count(&self, real: usize, smoke: usize) -> usize {
        if self.is_smoke() { smoke } else { real }
    }

    /// Microsecond queries in each round.
    pub fn queries(&self) -> usize {
        match self.mode {
            Mode::Smoke => 20,
            Mode::Full => 100_000,
            Mode::Quick | Mode::Protocols => 40_000,
        }
    }

    /// Five rounds of `calls` calls, and single calls for the percentile.
    pub fn repeat(&self, calls: usize) -> Repeat {
        match self.mode {
            Mode::Smoke => Repeat { rounds: 1, calls: calls.min(2), singles: 2 },
            _ => Repeat { rounds: 5, calls, singles: calls.clamp(50, 20_000) },
        }
    }

    /// Rounds of what takes seconds: programs and load over HTTP.
    pub fn rounds(&self) -> usize {
        self.count(3, 1)
    }

    /// Seconds of load in each round over HTTP; `wrk` takes whole seconds.
    pub fn load_seconds(&self) -> usize {
        match self.mode {
            Mode::Smoke => 1,
            Mode::Full => 4,
            Mode::Quick | Mode::Protocols => 2,
        }
    }

    /// Waits for background work, for example the merge of the segments read at boot.
    pub fn settle(&self, seconds: u64) {
        if !self.is_smoke() {
            std::thread::sleep(std::time::Duration::from_secs(seconds));
        }
    }
}
