//! Trends over time: the Mann–Kendall test and emerging hot spots.

use crate::statistics::two_sided;

/// Result of the Mann–Kendall test for a monotonic trend.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MannKendall {
    /// The test statistic: standard normal without a trend, positive where values grow.
    pub z: f64,
    /// Two-sided p-value.
    pub p: f64,
}

/// The Mann–Kendall test (Mann, *Nonparametric Tests Against Trend*, 1945; Kendall, 1975), with the
/// variance corrected for ties and S for continuity. A constant series has z 0 and p 1. O(n²).
///
/// ```
/// let growing = pointchaud::statistics::mann_kendall(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
/// assert!(growing.z > 2.0 && growing.p < 0.05);
/// ```
pub fn mann_kendall(series: &[f64]) -> MannKendall {
    let n = series.len() as f64;
    let mut s = 0i64;
    for (i, earlier) in series.iter().enumerate() {
        for later in &series[i + 1..] {
            s += i64::from(later > earlier) - i64::from(later < earlier);
        }
    }
    let mut sorted = series.to_vec();
    sorted.sort_by(f64::total_cmp);
    let ties: f64 = sorted
        .chunk_by(|a, b| a == b)
        .map(|group| group.len() as f64)
        .map(|t| t * (t - 1.0) * (2.0 * t + 5.0))
        .sum();
    let variance = (n * (n - 1.0) * (2.0 * n + 5.0) - ties) / 18.0;
    if s == 0 || variance <= 0.0 {
        return MannKendall { z: 0.0, p: 1.0 };
    }
    let z = (s - s.signum()) as f64 / variance.sqrt();
    MannKendall { z, p: two_sided(z) }
}

/// The classes of ArcGIS' Emerging Hot Spot Analysis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EmergingClass {
    /// Significant in the last step for the first time.
    New,
    /// In the last steps without a break, never before, in less than nine tenths of all.
    Consecutive,
    /// In nine tenths of the steps and the last, and growing.
    Intensifying,
    /// In nine tenths of the steps and the last, neither growing nor shrinking.
    Persistent,
    /// In nine tenths of the steps and the last, but shrinking.
    Diminishing,
    /// In the last step, and off and on before.
    Sporadic,
    /// In the last step, and of the other sign in one before.
    Oscillating,
    /// Not in the last step, but in nine tenths of all.
    Historical,
}

impl EmergingClass {
    /// The word used in answers.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Consecutive => "consecutive",
            Self::Intensifying => "intensifying",
            Self::Persistent => "persistent",
            Self::Diminishing => "diminishing",
            Self::Sporadic => "sporadic",
            Self::Oscillating => "oscillating",
            Self::Historical => "historical",
        }
    }
}

/// P-value up to which a trend is significant.
const TREND_P: f64 = 0.1;

/// The class of a place from its state in each time step, oldest first (1 hot, -1 cold, 0 neither),
/// and the trend of its z-scores. Returns the class and its sign (1 hot, -1 cold); `None` without a
/// pattern.
///
/// ```
/// use pointchaud::statistics::{EmergingClass, MannKendall, emerging};
///
/// let flat = MannKendall { z: 0.0, p: 1.0 };
/// assert_eq!(emerging(&[0, 0, 0, 1], flat), Some((EmergingClass::New, 1)));
/// assert_eq!(emerging(&[0, 0, 0, 0], flat), None);
/// ```
pub fn emerging(steps: &[i8], trend: MannKendall) -> Option<(EmergingClass, i8)> {
    let last = *steps.last()?;
    let total = steps.len();
    let often = |sign: i8| {
        let count = steps.iter().filter(|step| **step == sign).count();
        (count, count * 10 >= total * 9)
    };
    if last == 0 {
        let sign = [1, -1].into_iter().find(|sign| often(*sign).1)?;
        return Some((EmergingClass::Historical, sign));
    }
    let (count, mostly) = often(last);
    let run = steps.iter().rev().take_while(|step| **step == last).count();
    let others = often(-last).0;
    let class = match (mostly, trend.p <= TREND_P) {
        // A cold spot intensifies where its z falls.
        (true, true) if trend.z * f64::from(last) > 0.0 => EmergingClass::Intensifying,
        (true, true) => EmergingClass::Diminishing,
        (true, false) => EmergingClass::Persistent,
        _ if others > 0 => EmergingClass::Oscillating,
        _ if count == 1 => EmergingClass::New,
        _ if run == count => EmergingClass::Consecutive,
        _ => EmergingClass::Sporadic,
    };
    Some((class, last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trends_with_and_without_ties() {
        // S = 10 of 5 rising values: z = 9 / √(5·4·15/18).
        let rising = mann_kendall(&[1.0, 2.0, 3.0, 4.0, 5.0]);
        assert!((rising.z - 9.0 / (300f64 / 18.0).sqrt()).abs() < 1e-12);
        let falling = mann_kendall(&[5.0, 4.0, 3.0, 2.0, 1.0]);
        assert_eq!(falling.z, -rising.z);
        assert_eq!(mann_kendall(&[2.0; 9]), MannKendall { z: 0.0, p: 1.0 });
        assert_eq!(mann_kendall(&[]).z, 0.0);
        // Two equal of three: S = 2, variance (3·2·11 − 2·1·9) / 18.
        let tied = mann_kendall(&[1.0, 1.0, 2.0]);
        assert!((tied.z - 1.0 / (48f64 / 18.0).sqrt()).abs() < 1e-12);
    }

    #[test]
    fn every_class_has_its_pattern() {
        let flat = MannKendall { z: 0.0, p: 1.0 };
        let up = MannKendall { z: 3.0, p: 0.003 };
        let down = MannKendall { z: -3.0, p: 0.003 };
        let hot = [1; 10];
        for (steps, trend, class) in [
            (&[0, 0, 0, 0, 1][..], flat, Some(EmergingClass::New)),
            (&[0, 0, 1, 1, 1], flat, Some(EmergingClass::Consecutive)),
            (&hot, up, Some(EmergingClass::Intensifying)),
            (&hot, flat, Some(EmergingClass::Persistent)),
            (&hot, down, Some(EmergingClass::Diminishing)),
            (&[1, 0, 1, 0, 1], up, Some(EmergingClass::Sporadic)),
            (&[-1, 0, 0, 0, 1], flat, Some(EmergingClass::Oscillating)),
            (&[1, 1, 1, 1, 1, 1, 1, 1, 1, 0], flat, Some(EmergingClass::Historical)),
            (&[1, 1, 0, 0, 0], flat, None),
            (&[0; 5], flat, None),
            (&[], flat, None),
        ] {
            assert_eq!(emerging(steps, trend).map(|(class, _)| class), class, "{steps:?}");
            // And its cold twin.
            let cold: Vec<i8> = steps.iter().map(|step| -step).collect();
            let turned = MannKendall { z: -trend.z, p: trend.p };
            assert_eq!(
                emerging(&cold, turned),
                class.map(|class| { (class, -emerging(steps, trend).unwrap().1) })
            );
        }
    }
}
