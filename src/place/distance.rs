//! Distances on one sphere. This file holds the only Earth radius of the house.

use std::fmt;

use super::Position;

/// Mean Earth radius R1 of the IUGG, in metres (Moritz, *Geodetic Reference System 1980*). On this
/// sphere a distance differs from the ellipsoid's by at most 0.56 %.
pub const EARTH_RADIUS_M: f64 = 6_371_008.8;

/// The longest distance there is, in metres: from a point to its antipode.
pub const HALF_CIRCUMFERENCE_M: f64 = EARTH_RADIUS_M * std::f64::consts::PI;

/// Once around the Earth, in metres. A radius beyond half of it holds everything; people write
/// several figures for "everything", all below this one.
pub const CIRCUMFERENCE_M: f64 = 40_075_017.0;

/// A length in metres.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Meters(pub f64);

impl Meters {
    /// Squared length of the chord that spans this great-circle distance on the unit sphere.
    pub fn chord2(self) -> f64 {
        let half = (self.0 / EARTH_RADIUS_M / 2.0).clamp(0.0, std::f64::consts::FRAC_PI_2);
        let chord = 2.0 * half.sin();
        chord * chord
    }
}

impl fmt::Display for Meters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} m", self.0)
    }
}

/// Squared straight-line distance of two unit vectors; grows with the great-circle distance.
pub fn chord2(a: &[f64; 3], b: &[f64; 3]) -> f64 {
    (0..3).map(|i| (a[i] - b[i]) * (a[i] - b[i])).sum()
}

/// Great-circle distance. The half-angle form 2·atan2(|a−b|, |a+b|) keeps its precision for
/// neighbours and for antipodes alike (Kahan, *How Futile are Mindless Assessments of Roundoff*,
/// 2006, §12); the haversine formula loses it at the antipode.
pub fn distance(a: Position, b: Position) -> Meters {
    let (a, b) = (a.unit(), b.unit());
    let sum2: f64 = (0..3).map(|i| (a[i] + b[i]) * (a[i] + b[i])).sum();
    Meters(EARTH_RADIUS_M * 2.0 * chord2(&a, &b).sqrt().atan2(sum2.sqrt()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(lon: f64, lat: f64) -> Position {
        Position::new(lon, lat).unwrap()
    }

    #[test]
    fn known_distances() {
        let degree = HALF_CIRCUMFERENCE_M / 180.0;
        assert!((distance(at(0.0, 0.0), at(1.0, 0.0)).0 - degree).abs() < 1e-6);
        assert!((distance(at(179.5, 0.0), at(-179.5, 0.0)).0 - degree).abs() < 1e-6);
        assert!((distance(at(10.0, 89.5), at(-170.0, 89.5)).0 - degree).abs() < 1e-6);
        assert!((distance(at(0.0, 0.0), at(180.0, 0.0)).0 - HALF_CIRCUMFERENCE_M).abs() < 1e-6);
        assert_eq!(distance(at(-71.2, 46.8), at(-71.2, 46.8)).0, 0.0);
    }

    #[test]
    fn chord_and_distance_agree() {
        let (a, b) = (at(-71.2, 46.8), at(-71.21, 46.81));
        let there = chord2(&a.unit(), &b.unit());
        assert!((distance(a, b).chord2() / there - 1.0).abs() < 1e-9);
    }
}
