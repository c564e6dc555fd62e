//! Distances on one sphere. The only Earth radius of the crate is defined here.

use std::fmt;

/// Mean Earth radius R1 of the IUGG, in metres (Moritz, *Geodetic Reference System 1980*). On this
/// sphere a distance differs from the ellipsoid's by at most 0.56 %.
pub const EARTH_RADIUS_M: f64 = 6_371_008.8;

/// The longest possible distance, in metres: from a point to its antipode.
pub const HALF_CIRCUMFERENCE_M: f64 = EARTH_RADIUS_M * std::f64::consts::PI;

/// The Earth's equatorial circumference, in metres: the largest radius that the API accepts. A
/// radius of half of it already holds the whole Earth.
pub const CIRCUMFERENCE_M: f64 = 40_075_017.0;

/// A length in metres.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Meters(pub f64);

impl Meters {
    /// The haversine sin²(d/2) of the central angle d of this great-circle distance; distances
    /// beyond the antipode give 1. See
    /// [`QueryPoint::haversine`](crate::place::QueryPoint::haversine).
    ///
    /// ```
    /// use pointchaud::place::{HALF_CIRCUMFERENCE_M, Meters};
    ///
    /// assert_eq!(Meters(0.0).haversine(), 0.0);
    /// assert_eq!(Meters(HALF_CIRCUMFERENCE_M).haversine(), 1.0);
    /// ```
    pub fn haversine(self) -> f64 {
        let half = (self.0 / EARTH_RADIUS_M / 2.0).clamp(0.0, std::f64::consts::FRAC_PI_2);
        half.sin() * half.sin()
    }
}

impl fmt::Display for Meters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} m", self.0)
    }
}

/// A point of the unit sphere, in Earth-centred coordinates: x at longitude 0, y at 90° E, z at
/// the north pole.
pub type Vector = [f64; 3];

/// The point of the unit sphere at a longitude and latitude in degrees.
///
/// ```
/// let [x, y, z] = pointchaud::place::unit_vector(90.0, 0.0);
/// assert!(x.abs() < 1e-15 && (y - 1.0).abs() < 1e-15 && z.abs() < 1e-15);
/// ```
pub fn unit_vector(lon: f64, lat: f64) -> Vector {
    let ((sin_lon, cos_lon), (sin, cos)) = (lon.to_radians().sin_cos(), lat.to_radians().sin_cos());
    [cos * cos_lon, cos * sin_lon, sin]
}

/// A longitude in degrees written so that it differs from `from` by at most 180: it goes beyond
/// ±180 where the antimeridian lies between the two.
///
/// ```
/// assert_eq!(pointchaud::place::unwrapped(-179.0, 179.0), 181.0);
/// ```
pub fn unwrapped(lon: f64, from: f64) -> f64 {
    match lon - from {
        far if far > 180.0 => lon - 360.0,
        far if far < -180.0 => lon + 360.0,
        _ => lon,
    }
}
