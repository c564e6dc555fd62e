//! A point from which many distances are measured: what they share is computed once.
//!
//! Distances are compared as haversines, sin²(d/2) of the central angle d: they have the same order
//! and need neither a square root nor an arc function. On the Mercator plane they are nearly
//! squared lengths. With ψ the Mercator ordinate, hav d = cos φ₁ cos φ₂ (sinh²(Δψ/2) + sin²(Δλ/2))
//! exactly (from sin φ = tanh ψ and cos φ = sech ψ in the spherical law of cosines). Within a
//! quarter of a degree the differences of grid columns and rows therefore give a distance with an
//! error of at most a centimetre plus a millionth of it: [`QueryPoint::approximate_haversines`].
//! The exact [`QueryPoint::distance`] is computed only for the candidates that remain.

use crate::place::{EARTH_RADIUS_M, GRID_BITS, GridCell, Meters, Position};

/// Half of one degree, in radians.
const HALF: f64 = std::f64::consts::PI / 360.0;
/// Half the width of a column of the finest grid, in radians.
const HALF_COLUMN: f32 = std::f32::consts::PI / 4_294_967_296.0;
/// Columns or rows of a quarter of a degree: the reach of the plane approximation.
const PLANE: i32 = 2_982_616;

/// A point with everything that distances from it share.
///
/// ```
/// use pointchaud::place::{Position, QueryPoint};
///
/// let point = QueryPoint::new(Position::new(0.0, 0.0).unwrap());
/// let degree = point.distance(1.0, 0.0);
/// assert_eq!(degree.0.round(), 111_195.0);
/// assert!(point.haversine(1.0, 0.0) < point.haversine(0.0, 2.0));
/// ```
#[derive(Debug, Clone, Copy)]
pub struct QueryPoint {
    lon: f64,
    lat: f64,
    sin: f64,
    cos: f64,
    x: u32,
    y: u32,
    /// Factor from a squared length in columns to a haversine, and the first and second order
    /// terms of its growth per row; NaN near the poles, where the plane ends.
    plane: (f32, f32, f32),
}

impl QueryPoint {
    /// Prepares distances from `at`.
    pub fn new(at: Position) -> Self {
        let (sin, cos) = at.lat().to_radians().sin_cos();
        let GridCell { x, y, .. } = GridCell::of_sine(at.lon(), sin, GRID_BITS);
        let edge = PLANE as u32 * 2;
        let is_polar = y < edge || y > u32::MAX - edge;
        let scale = cos as f32 * HALF_COLUMN;
        // Rows count southwards. The derivatives of cos φ by ψ are -sin φ cos φ and then
        // (sin² φ - cos² φ) cos φ.
        let row = 2.0 * HALF_COLUMN;
        let slope = row * sin as f32;
        let bend = row * row * 0.5 * (sin * sin - cos * cos) as f32;
        let plane = if is_polar { (f32::NAN, 0.0, 0.0) } else { (scale * scale, slope, bend) };
        Self { lon: at.lon(), lat: at.lat(), sin, cos, x, y, plane }
    }

    /// Longitude in degrees.
    pub(crate) fn lon(&self) -> f64 {
        self.lon
    }

    /// Latitude in degrees.
    pub(crate) fn lat(&self) -> f64 {
        self.lat
    }

    /// Column and row of the point in the finest grid.
    pub(crate) fn grid(&self) -> (u32, u32) {
        (self.x, self.y)
    }

    /// Cosine of the point's latitude.
    pub(crate) fn cos_lat(&self) -> f64 {
        self.cos
    }

    /// Approximate haversines of places given by grid column and row, with the error that
    /// [`haversine_tolerance`] covers. Returns false where a place is farther than the plane
    /// approximation reaches; `out` is meaningless then.
    #[inline]
    pub(crate) fn approximate_haversines(&self, places: &[[u32; 2]], out: &mut [f32]) -> bool {
        let mut farthest = 0;
        for (out, [x, y]) in out.iter_mut().zip(places) {
            // Columns wrap around at the antimeridian.
            let east = x.wrapping_sub(self.x) as i32;
            let south = y.wrapping_sub(self.y) as i32;
            farthest |= (east ^ (east >> 31)) | (south ^ (south >> 31));
            let (east, south) = (east as f32, south as f32);
            let (scale, slope, bend) = self.plane;
            let growth = 1.0 + south * (slope + south * bend);
            *out = scale * growth * (east * east + south * south);
        }
        farthest <= PLANE && !self.plane.0.is_nan()
    }

    /// Differences of longitude (the shorter way around) and latitude, in degrees.
    fn differences(&self, lon: f64, lat: f64) -> (f64, f64) {
        let east = lon - self.lon;
        let turn = if east > 180.0 {
            -360.0
        } else if east < -180.0 {
            360.0
        } else {
            0.0
        };
        (east + turn, lat - self.lat)
    }

    /// The haversine to a place at most a degree away in longitude and latitude. The sines are
    /// series whose next term is below the precision of a double.
    fn near(&self, east: f64, north: f64) -> f64 {
        let sine = |x: f64| x * (1.0 - x * x * (1.0 / 6.0 - x * x * (1.0 / 120.0)));
        let (s, t) = (sine(north * HALF), sine(east * HALF));
        let s2 = s * s;
        // cos(lat + north) by the addition theorem, with cos = 1 - 2s² and sin = 2s·√(1 - s²).
        let sin_north = 2.0 * s * (1.0 - s2 * (0.5 + s2 * 0.125));
        let cos_there = self.cos * (1.0 - 2.0 * s2) - self.sin * sin_north;
        (s2 + self.cos * cos_there * t * t).max(0.0)
    }

    /// sin²(d/2) and cos²(d/2) of the central angle d to any place.
    fn far(&self, east: f64, lat: f64) -> (f64, f64) {
        let north = lat - self.lat;
        let (s, t) = ((north * HALF).sin(), (east * HALF).sin());
        let (u, v) = (((lat + self.lat) * HALF).sin(), (east * HALF).cos());
        let cosines = self.cos * lat.to_radians().cos();
        (s * s + cosines * t * t, u * u + cosines * v * v)
    }

    /// sin²(d/2) and cos²(d/2) of the central angle d to a place given in degrees.
    pub(crate) fn half_angle(&self, lon: f64, lat: f64) -> (f64, f64) {
        self.far(self.differences(lon, lat).0, lat)
    }

    /// The haversine sin²(d/2) of the central angle d to a place given in degrees. It grows with
    /// the distance, from 0 to 1 at the antipode.
    pub fn haversine(&self, lon: f64, lat: f64) -> f64 {
        let (east, north) = self.differences(lon, lat);
        if is_near(east, north) { self.near(east, north) } else { self.far(east, lat).0 }
    }

    /// Great-circle distance to a place given in degrees. Far away it is 2·atan2(sin(d/2),
    /// cos(d/2)), both computed from sums without cancellation: it keeps its precision at the
    /// antipode, where the arc sine of the haversine loses it.
    pub fn distance(&self, lon: f64, lat: f64) -> Meters {
        let (east, north) = self.differences(lon, lat);
        let half = if is_near(east, north) {
            // Series of the arc sine; the rest is below 3e-17 of the first term.
            let x2 = self.near(east, north);
            x2.sqrt() * (1.0 + x2 * (1.0 / 6.0 + x2 * (3.0 / 40.0 + x2 * (15.0 / 336.0))))
        } else {
            let (there, antipode) = self.far(east, lat);
            there.sqrt().atan2(antipode.sqrt())
        };
        Meters(2.0 * EARTH_RADIUS_M * half)
    }
}

fn is_near(east: f64, north: f64) -> bool {
    east.abs() <= 1.0 && north.abs() <= 1.0
}

/// An upper bound of the approximate haversine of a place whose exact haversine is `haversine`, and
/// the reverse: the haversine of a distance five centimetres and two millionths longer.
///
/// ```
/// use pointchaud::place::{Meters, haversine_tolerance};
///
/// let exact = Meters(100.0).haversine();
/// assert!(f64::from(haversine_tolerance(exact)) > exact);
/// ```
pub fn haversine_tolerance(haversine: f64) -> f32 {
    let half = haversine.sqrt() * (1.0 + 2e-6) + 0.05 / (2.0 * EARTH_RADIUS_M);
    (half * half) as f32
}

/// Great-circle distance between two positions. For many distances from one point, one
/// [`QueryPoint`] is faster.
///
/// ```
/// use pointchaud::place::{Position, distance};
///
/// let quebec = Position::new(-71.2080, 46.8139).unwrap();
/// let montreal = Position::new(-73.5674, 45.5019).unwrap();
/// assert_eq!((distance(quebec, montreal).0 / 1_000.0).round(), 233.0);
/// ```
pub fn distance(a: Position, b: Position) -> Meters {
    QueryPoint::new(a).distance(b.lon(), b.lat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::HALF_CIRCUMFERENCE_M;

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
    fn haversine_and_distance_agree() {
        let (a, b) = (at(-71.2, 46.8), at(-71.21, 46.81));
        let there = QueryPoint::new(a).haversine(b.lon(), b.lat());
        assert!((distance(a, b).haversine() / there - 1.0).abs() < 1e-9);
    }

    #[test]
    fn near_and_far_formulas_agree() {
        let mut near = 0;
        for (lon, lat) in [(-71.2, 46.8), (179.9, -16.0), (0.0, 89.5), (33.0, 0.0)] {
            let origin = QueryPoint::new(Position::new(lon, lat).unwrap());
            for (dx, dy) in [(1e-9, 0.0), (0.5, 0.3), (1.0, -1.0), (-0.9, 0.45), (0.0, 1e-7)] {
                let Ok(to) = Position::new((lon + dx + 540.0) % 360.0 - 180.0, lat + dy) else {
                    continue;
                };
                let (east, north) = origin.differences(to.lon(), to.lat());
                near += usize::from(is_near(east, north));
                let (near, far) = (origin.near(east, north), origin.far(east, to.lat()).0);
                assert!((near - far).abs() <= far * 1e-13, "{lon} {lat} {dx} {dy}: {near} {far}");
            }
        }
        assert!(near > 15, "only {near} places were near");
    }

    #[test]
    fn approximate_haversines_stay_within_the_tolerance() {
        let mut state = 5u64;
        let mut random = |low: f64, high: f64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            low + (high - low) * ((state >> 33) as f64 / f64::from(1u32 << 31))
        };
        let mut used = 0;
        for round in 0..40_000 {
            let lat = random(-90.0, 90.0);
            let lon = if round % 3 == 0 { 180.0 - random(0.0, 0.1) } else { random(-180.0, 180.0) };
            let spread = [1e-6, 1e-4, 0.02, 0.27][round % 4];
            let origin = QueryPoint::new(Position::new(lon, lat).unwrap());
            let x = (lon + random(-spread, spread) + 540.0).rem_euclid(360.0) - 180.0;
            let y = (lat + random(-spread, spread)).clamp(-90.0, 90.0);
            let cell = GridCell::of(Position::new(x, y).unwrap(), GRID_BITS);
            let (mut out, exact) = ([0.0f32], origin.haversine(x, y));
            if origin.approximate_haversines(&[[cell.x, cell.y]], &mut out) {
                used += 1;
                let rough = f64::from(out[0]);
                let both = format!("{lon} {lat} to {x} {y}: {rough} {exact}");
                assert!(rough <= f64::from(haversine_tolerance(exact)), "{both}");
                assert!(exact <= f64::from(haversine_tolerance(rough)), "{both}");
            }
        }
        assert!(used > 20_000, "only {used} approximations");
    }
}
