//! One row of the table.

/// One kind of work, measured for this project and for at most one peer, in the same unit.
#[derive(Clone)]
pub struct Row {
    /// Reports in the city.
    pub reports: usize,
    /// What was done.
    pub work: String,
    /// Unit of the figures: µs, ms, s, /s or B.
    pub unit: &'static str,
    /// This project's median.
    pub ours: f64,
    /// This project's 99th percentile, where single calls were timed.
    pub p99: Option<f64>,
    /// The peer's name and median.
    pub peer: Option<(String, f64)>,
    /// What is required of this project's figure or of the ratio.
    pub target: Option<Target>,
}

/// A requirement on a row.
#[derive(Clone, Copy)]
pub enum Target {
    /// The figure is at most this.
    AtMost(f64),
    /// The figure is at least this.
    AtLeast(f64),
    /// The ratio to the peer's figure is at least this.
    Ratio(f64),
}

impl Row {
    pub fn new(reports: usize, work: &str, unit: &'static str, ours: f64) -> Self {
        Self { reports, work: work.into(), unit, ours, p99: None, peer: None, target: None }
    }

    pub fn p99(self, p99: f64) -> Self {
        Self { p99: Some(p99), ..self }
    }

    /// Adds a peer's figure; none leaves the row without a peer.
    pub fn peer(self, name: &str, figure: Option<f64>) -> Self {
        Self { peer: figure.map(|figure| (name.to_owned(), figure)), ..self }
    }

    /// Adds a requirement that holds at one size of the city.
    pub fn target(self, reports: usize, target: Target) -> Self {
        Self { target: (self.reports == reports).then_some(target).or(self.target), ..self }
    }

    /// How many times better this project is: higher is better for rates, lower for times and
    /// sizes.
    pub fn ratio(&self) -> Option<f64> {
        let (_, theirs) = self.peer.as_ref()?;
        Some(if self.unit == "/s" { self.ours / theirs } else { theirs / self.ours })
    }

    fn verdict(&self) -> String {
        let (text, is_met) = match self.target {
            None => return String::new(),
            Some(Target::AtMost(most)) => (format!("≤ {}", figure(most)), self.ours <= most),
            Some(Target::AtLeast(least)) => (format!("≥ {}", figure(least)), self.ours >= least),
            Some(Target::Ratio(least)) => {
                let is_met = self.ratio().is_some_and(|ratio| ratio >= least);
                (format!("ratio ≥ {}", figure(least)), is_met)
            }
        };
        format!("{text} {}", if is_met { "✓" } else { "✗" })
    }

    /// The row in Markdown.
    pub fn markdown(&self) -> String {
        let (peer, theirs) = match &self.peer {
            Some((name, value)) => (name.as_str(), figure(*value)),
            None => ("", String::new()),
        };
        format!(
            "| {} | {} | {} | {} | {} | {peer} | {theirs} | {} | {} |",
            size(self.reports),
            self.work,
            self.unit,
            figure(self.ours),
            self.p99.map(figure).unwrap_or_default(),
            self.ratio().map(figure).unwrap_or_default(),
            self.verdict(),
        )
    }
}

/// A number with three significant digits, thousands apart.
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

/// A number of reports as the table writes it: 500, 100k, 1M.
pub fn size(reports: usize) -> String {
    match reports {
        n if n >= 1_000_000 => format!("{}M", n / 1_000_000),
        n if n >= 1_000 => format!("{}k", n / 1_000),
        n => n.to_string(),
    }
}
