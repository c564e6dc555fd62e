//! Counters for `/metrics`, in Prometheus' text format.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::usecase::App;

/// Answers by the first digit of their status.
#[derive(Default)]
pub struct Metrics {
    answers: [AtomicU64; 6],
}

impl Metrics {
    /// Counts an answer.
    pub fn count(&self, status: u16) {
        let class = usize::from(status / 100).min(5);
        self.answers[class].fetch_add(1, Ordering::Relaxed);
    }

    /// Everything as text.
    pub fn text(&self, app: &App) -> String {
        let mut text = String::from("# TYPE pointchaud_http_answers_total counter\n");
        for (class, count) in self.answers.iter().enumerate().skip(1) {
            let n = count.load(Ordering::Relaxed);
            let _ = writeln!(text, "pointchaud_http_answers_total{{status=\"{class}xx\"}} {n}");
        }
        for (name, help) in [
            ("reports", "Reports in the index."),
            ("revision", "Revision that the index has read."),
            ("stored_revision", "Revision of the store."),
            ("ready", "1 once the index has caught up."),
        ] {
            let _ =
                writeln!(text, "# HELP pointchaud_{name} {help}\n# TYPE pointchaud_{name} gauge");
            for city in app.cities() {
                let progress = city.progress();
                let value = match name {
                    "reports" => city.shown().load().len() as u64,
                    "revision" => progress.read,
                    "stored_revision" => progress.stored,
                    _ => u64::from(progress.ready),
                };
                let id = city.id();
                let _ = writeln!(text, "pointchaud_{name}{{jurisdiction=\"{id}\"}} {value}");
            }
        }
        text
    }
}
