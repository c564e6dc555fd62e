//! The table: one row for each piece of work beside its best peer.

use std::fmt::Write as _;

/// One piece of work, ours and a peer's, in the same unit and the same minute.
#[derive(Clone)]
pub struct Row {
    /// How many reports.
    pub reports: usize,
    /// What was done.
    pub work: String,
    /// Unit of the figures: µs, ms, s, /s, B.
    pub unit: &'static str,
    /// Our median.
    pub ours: f64,
    /// Our 99th percentile, where single runs were timed.
    pub p99: Option<f64>,
    /// The peer's name and median; none where it is not installed or there is none.
    pub peer: Option<(String, f64)>,
    /// What is asked of ours, or of the ratio.
    pub target: Option<Target>,
}

/// What a row is held against.
#[derive(Clone, Copy)]
pub enum Target {
    /// Ours at most.
    Most(f64),
    /// Ours at least.
    Least(f64),
    /// The peer's figure at most this many times as good as ours.
    Ratio(f64),
}

impl Row {
    /// How many times better ours is: more is better for rates, less for times and sizes.
    pub fn ratio(&self) -> Option<f64> {
        let (_, theirs) = self.peer.as_ref()?;
        Some(if self.unit == "/s" { self.ours / theirs } else { theirs / self.ours })
    }

    fn verdict(&self) -> String {
        let (text, met) = match self.target {
            None => return String::new(),
            Some(Target::Most(most)) => (format!("≤ {}", figure(most)), self.ours <= most),
            Some(Target::Least(least)) => (format!("≥ {}", figure(least)), self.ours >= least),
            Some(Target::Ratio(least)) => {
                (format!("ratio ≥ {}", figure(least)), self.ratio().is_some_and(|r| r >= least))
            }
        };
        format!("{text} {}", if met { "✓" } else { "✗" })
    }
}

/// Three significant figures.
pub fn figure(value: f64) -> String {
    match value.abs() {
        v if v >= 10_000.0 => {
            let digits = format!("{value:.0}");
            let mut grouped = String::new();
            for (i, digit) in digits.chars().enumerate() {
                if i > 0 && (digits.len() - i).is_multiple_of(3) {
                    grouped.push(' ');
                }
                grouped.push(digit);
            }
            grouped
        }
        v if v >= 100.0 => format!("{value:.0}"),
        v if v >= 10.0 => format!("{value:.1}"),
        v if v >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

/// All rows, in Markdown.
pub fn markdown(rows: &[Row]) -> String {
    let mut text = String::from(
        "| reports | work | unit | ours | p99 | peer | peer's | ratio | asked |\n\
         |---:|---|---|---:|---:|---|---:|---:|---|\n",
    );
    for row in rows {
        let (peer, theirs) = match &row.peer {
            Some((name, value)) => (name.clone(), figure(*value)),
            None => (String::new(), String::new()),
        };
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {peer} | {theirs} | {} | {} |",
            size(row.reports),
            row.work,
            row.unit,
            figure(row.ours),
            row.p99.map(figure).unwrap_or_default(),
            row.ratio().map(figure).unwrap_or_default(),
            row.verdict(),
        );
    }
    text
}

fn size(reports: usize) -> String {
    match reports {
        0 => String::new(),
        n if n >= 1_000_000 => format!("{}M", n / 1_000_000),
        n => format!("{}k", n / 1_000),
    }
}

/// How each figure that was taken at several sizes grows: the exponent of the size in it.
pub fn growth(rows: &[Row], causes: &[(&str, &str)]) -> String {
    let mut text = String::from(
        "| work | unit | 100k | 1M | 10M | exponent 100k–1M | 1M–10M | cause |\n\
         |---|---|---:|---:|---:|---:|---:|---|\n",
    );
    let mut told: Vec<&str> = Vec::new();
    for row in rows {
        let at = |reports: usize| {
            let same = rows.iter().find(|other| other.reports == reports && other.work == row.work);
            same.map(|row| row.ours)
        };
        let (small, middle, large) = (at(100_000), at(1_000_000), at(10_000_000));
        let several = [small, middle, large].iter().flatten().count() > 1;
        if told.contains(&row.work.as_str()) || !several {
            continue;
        }
        told.push(&row.work);
        let exponent = |a: Option<f64>, b: Option<f64>| match (a, b) {
            (Some(a), Some(b)) if a > 0.0 && b > 0.0 => format!("{:.2}", (b / a).log10()),
            _ => String::new(),
        };
        let cause = causes.iter().find(|(work, _)| row.work.starts_with(work));
        let shown = |value: Option<f64>| value.map(figure).unwrap_or_default();
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} | {} | {} |",
            row.work,
            row.unit,
            shown(small),
            shown(middle),
            shown(large),
            exponent(small, middle),
            exponent(middle, large),
            cause.map(|(_, cause)| *cause).unwrap_or_default(),
        );
    }
    text
}
