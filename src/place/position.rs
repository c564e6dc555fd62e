//! A point on the Earth in WGS 84, with named fields: the order of two coordinates is decided where
//! data enters and leaves, never inside.

use std::fmt;

/// The greatest longitude, in degrees; the least is its negative.
pub const LON_MAX: f64 = 180.0;
/// The greatest latitude, in degrees; the least is its negative.
pub const LAT_MAX: f64 = 90.0;

/// A longitude or latitude that is not on the Earth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OutOfRange {
    /// `"lon"` or `"lat"`.
    pub axis: &'static str,
    /// The value, in degrees; may be NaN or infinite.
    pub value: f64,
    /// The largest absolute value allowed, in degrees.
    pub limit: f64,
}

impl fmt::Display for OutOfRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} is not between -{2} and {2} degrees", self.axis, self.value, self.limit)
    }
}

impl std::error::Error for OutOfRange {}

/// A valid position: longitude in [-180, 180), latitude in [-90, 90], both finite.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Position {
    lon: f64,
    lat: f64,
}

impl Position {
    /// Checks both values, in degrees. Longitude 180 becomes -180, so that each position has one
    /// spelling.
    ///
    /// ```
    /// use pointchaud::place::Position;
    ///
    /// assert_eq!(Position::new(180.0, 0.0).unwrap().lon(), -180.0);
    /// assert_eq!(Position::new(0.0, 91.0).unwrap_err().axis, "lat");
    /// ```
    ///
    /// # Errors
    /// [`OutOfRange`] for NaN, infinities and values that are not on the Earth.
    pub fn new(lon: f64, lat: f64) -> Result<Self, OutOfRange> {
        for (axis, value, limit) in [("lon", lon, LON_MAX), ("lat", lat, LAT_MAX)] {
            if value.is_nan() || value.abs() > limit {
                return Err(OutOfRange { axis, value, limit });
            }
        }
        // Adding zero turns -0.0 into 0.0.
        let lon = if lon == LON_MAX { -LON_MAX } else { lon + 0.0 };
        Ok(Self { lon, lat: lat + 0.0 })
    }

    /// Longitude in degrees, east positive, in [-180, 180).
    pub fn lon(&self) -> f64 {
        self.lon
    }

    /// Latitude in degrees, north positive, in [-90, 90].
    pub fn lat(&self) -> f64 {
        self.lat
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_is_not_on_the_earth() {
        for (lon, lat, axis) in [
            (180.1, 0.0, "lon"),
            (f64::NAN, 0.0, "lon"),
            (0.0, -90.000001, "lat"),
            (0.0, f64::INFINITY, "lat"),
        ] {
            assert_eq!(Position::new(lon, lat).unwrap_err().axis, axis);
        }
    }

    #[test]
    fn the_antimeridian_has_one_name() {
        assert_eq!(Position::new(180.0, 5.0), Position::new(-180.0, 5.0));
        let zero = Position::new(-0.0, -0.0).unwrap();
        assert_eq!(format!("{} {}", zero.lon(), zero.lat()), "0 0");
    }
}
