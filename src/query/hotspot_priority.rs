//! How urgent a hotspot is.

use crate::query::hotspots::Hotspot;
use crate::statistics::MannKendall;

/// The priority of a hotspot: points in five categories, 100 at most together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Priority {
    /// Up to 40 for reports above expectation; 20 for 14 of them.
    pub excess: f64,
    /// Up to 25 for open reports; 12.5 for 7 of them.
    pub open: f64,
    /// Up to 15 for the age of the oldest open report; 15 from 30 days on.
    pub age: f64,
    /// 10 where the count grows, 5 where it has no trend, 0 where it shrinks.
    pub trend: f64,
    /// Up to 10 for the mean severity of its services.
    pub severity: f64,
}

impl Priority {
    /// The priority of a hotspot at a second since 1970. `severity` returns that of a service
    /// number, 0 to 1.
    pub(crate) fn of(hotspot: &Hotspot, now: i64, severity: impl Fn(u16) -> f64) -> Self {
        let saturating = |value: f64, half: f64| 1.0 - (-value.max(0.0) / half * 2f64.ln()).exp();
        let days = hotspot.oldest_open.map_or(0.0, |oldest| (now - oldest) as f64 / 86_400.0);
        let services = hotspot.services.iter();
        let severe: f64 = services.map(|(number, n)| severity(*number) * *n as f64).sum();
        Self {
            excess: 40.0 * saturating(hotspot.count as f64 - hotspot.expected, 14.0),
            open: 25.0 * saturating(hotspot.open as f64, 7.0),
            age: 15.0 * (days / 30.0).clamp(0.0, 1.0),
            trend: match trend_direction(hotspot.trend) {
                1 => 10.0,
                0 => 5.0,
                _ => 0.0,
            },
            severity: 10.0 * severe / hotspot.count.max(1) as f64,
        }
    }

    /// The sum of all points.
    pub(crate) fn total(&self) -> f64 {
        self.excess + self.open + self.age + self.trend + self.severity
    }
}

/// 1 for growth, -1 for decline, 0 where the trend is not significant at p = 0.1.
///
/// ```
/// use pointchaud::query::trend_direction;
/// use pointchaud::statistics::mann_kendall;
///
/// assert_eq!(trend_direction(mann_kendall(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0])), 1);
/// assert_eq!(trend_direction(mann_kendall(&[1.0, 2.0, 1.0, 2.0, 1.0, 2.0])), 0);
/// ```
pub fn trend_direction(trend: MannKendall) -> i8 {
    match trend {
        MannKendall { p, .. } if p > 0.1 => 0,
        MannKendall { z, .. } => z.signum() as i8,
    }
}
