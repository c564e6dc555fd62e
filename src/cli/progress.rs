//! Progress of long work: a bar on a terminal, otherwise a plain line at intervals.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::notes::counted;

/// Interval of plain lines.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// Progress towards a total, in any unit.
pub struct Progress {
    bar: Option<ProgressBar>,
    what: &'static str,
    total: u64,
    began: Instant,
    reported_at: Instant,
}

impl Progress {
    /// Begins.
    pub fn new(what: &'static str, total: u64) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let style = "{msg} {wide_bar} {percent} %  {eta} left";
            let style = ProgressStyle::with_template(style)
                .unwrap_or_else(|_| ProgressStyle::default_bar());
            ProgressBar::new(total).with_style(style).with_message(what)
        });
        Self { bar, what, total, began: Instant::now(), reported_at: Instant::now() }
    }

    /// Reports the position reached and the number of rows.
    pub fn at(&mut self, position: u64, rows: u64) {
        if let Some(bar) = &self.bar {
            bar.set_position(position);
        } else if self.reported_at.elapsed() >= LINE_EVERY {
            self.reported_at = Instant::now();
            let seconds = self.began.elapsed().as_secs_f64();
            let percent = 100 * position / self.total.max(1);
            let rate = rows as f64 / seconds;
            let rows = counted(rows, "row");
            eprintln!("{}: {rows}, {percent} %, {rate:.0} rows/s", self.what);
        }
    }

    /// Ends.
    pub fn done(self) -> Duration {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
        self.began.elapsed()
    }
}
