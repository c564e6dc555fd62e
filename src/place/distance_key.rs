//! A number with the order of great-circle distances that is precise up to the antipode.
//!
//! The haversine h = sin²(d/2) orders near places precisely, but near the antipode it is almost 1
//! for all places. There its complement cos²(d/2) is the precise one. The key is -1/h up to a
//! quarter of the Earth's circumference, where h is 1/2, and -4 cos²(d/2) beyond: it grows with the
//! distance, is -2 where both meet, and 0 at the antipode.

use crate::place::{HALF_CIRCUMFERENCE_M, Meters, QueryPoint};

/// Half of one degree, in radians.
const HALF: f64 = std::f64::consts::PI / 360.0;
/// The smallest haversine that a key distinguishes from zero: that of 13 micrometres.
const HAVERSINE_MIN: f64 = 1e-24;
/// Rounding error of sin(d/2) and cos(d/2) with a wide margin: some micrometres on the ground.
const ROUNDING: f64 = 1e-12;

/// The distance from a [`QueryPoint`] as a number that is cheaper to compute than metres.
///
/// ```
/// use pointchaud::place::{DistanceKey, Position, QueryPoint};
///
/// let antipode = QueryPoint::new(Position::new(108.8, -46.8).unwrap());
/// let (near, far) = (antipode.key(-71.3, 46.9), antipode.key(-71.2, 46.8));
/// assert!(near < far && far < DistanceKey::MAX);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct DistanceKey(f64);

impl DistanceKey {
    /// Greater than the key of every distance on Earth.
    pub const MAX: Self = Self(f64::INFINITY);

    /// The key of an angle d, of which sin²(d/2) and cos²(d/2) are given.
    fn new(sine2: f64, cosine2: f64) -> Self {
        Self(if sine2 <= 0.5 { -1.0 / sine2.max(HAVERSINE_MIN) } else { -4.0 * cosine2 })
    }

    /// The key of a distance.
    pub(crate) fn of(distance: Meters) -> Self {
        if distance.0 >= HALF_CIRCUMFERENCE_M {
            return Self::MAX;
        }
        let half = distance.0.max(0.0) / HALF_CIRCUMFERENCE_M * std::f64::consts::FRAC_PI_2;
        Self::new(half.sin().powi(2), half.cos().powi(2))
    }

    /// The key of an angle d of which sin(d/2) is given.
    fn of_sine(sine: f64) -> Self {
        let sine2 = sine.clamp(0.0, 1.0).powi(2);
        Self::new(sine2, 1.0 - sine2)
    }

    /// The key of an angle d of which cos(d/2) is given.
    fn of_cosine(cosine: f64) -> Self {
        let cosine2 = cosine.clamp(0.0, 1.0).powi(2);
        Self::new(1.0 - cosine2, cosine2)
    }

    /// A key that no place as far as this one exceeds, whatever the rounding.
    pub(crate) fn with_tolerance(self) -> Self {
        match self.0 {
            near if near <= -2.0 => Self::of_sine((-1.0 / near).sqrt() + ROUNDING),
            far if far <= 0.0 => Self::of_cosine((far / -4.0).sqrt() - ROUNDING),
            _ => self,
        }
    }

    /// The order of the keys.
    pub(crate) fn total_cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl QueryPoint {
    /// The key of the distance to a place given in degrees.
    pub fn key(&self, lon: f64, lat: f64) -> DistanceKey {
        let (sine2, cosine2) = self.half_angle(lon, lat);
        DistanceKey::new(sine2, cosine2)
    }

    /// The least and the greatest key that places in a box (west, south, east, north in degrees)
    /// can have.
    ///
    /// By the triangle inequality of chords: sin(d/2) differs by at most half the chord from the
    /// centre of the box to its corner, seen from the point, and cos(d/2), seen from its antipode.
    pub(crate) fn key_bounds(
        &self,
        [west, south, east, north]: [f64; 4],
    ) -> (DistanceKey, DistanceKey) {
        let (sine2, cosine2) = self.half_angle((west + east) / 2.0, (south + north) / 2.0);
        let nearest_equator =
            if south <= 0.0 && north >= 0.0 { 0.0 } else { south.abs().min(north.abs()) };
        let cos = nearest_equator.to_radians().cos();
        let reach = ((north - south) * HALF / 2.0).hypot(cos * (east - west) * HALF / 2.0);
        let reach = reach * (1.0 + ROUNDING) + ROUNDING;
        let (sine, cosine) = (sine2.sqrt(), cosine2.sqrt());
        let greater = |a: DistanceKey, b: DistanceKey| if a > b { a } else { b };
        let smaller = |a: DistanceKey, b: DistanceKey| if a < b { a } else { b };
        let of_sine = DistanceKey::of_sine;
        let of_cosine = DistanceKey::of_cosine;
        let least = greater(of_sine(sine - reach), of_cosine(cosine + reach));
        let greatest = smaller(of_sine(sine + reach), of_cosine(cosine - reach));
        (least, greatest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::Position;

    fn random(state: &mut u64, low: f64, high: f64) -> f64 {
        *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        low + (high - low) * ((*state >> 33) as f64 / f64::from(1u32 << 31))
    }

    #[test]
    fn keys_have_the_order_of_distances_and_lie_within_the_bounds_of_their_box() {
        let mut state = 11;
        for round in 0..20_000 {
            let spread = [1e-5, 0.01, 1.0, 60.0][round % 4];
            let (lon, lat) = (random(&mut state, -179.0, 179.0), random(&mut state, -90.0, 90.0));
            // Near the place, anywhere, and near its antipode.
            let away = [0.3, 180.0, 0.3][round % 3];
            let (x, y) = if round % 3 == 2 { (lon + 180.0, -lat) } else { (lon, lat) };
            let x = (x + random(&mut state, -away, away) + 540.0).rem_euclid(360.0) - 180.0;
            let y = (y + random(&mut state, -away, away)).clamp(-90.0, 90.0);
            let origin = QueryPoint::new(Position::new(x, y).unwrap());
            let place = |state: &mut u64| {
                let x = (lon + random(state, -spread, spread)).clamp(-180.0, 179.999_999);
                (x, (lat + random(state, -spread, spread)).clamp(-90.0, 90.0))
            };
            let (a, b) = (place(&mut state), place(&mut state));
            let [near, far] = [a, b].map(|(lon, lat)| origin.distance(lon, lat).0);
            if (near - far).abs() > 1e-3 {
                let same = (near < far) == (origin.key(a.0, a.1) < origin.key(b.0, b.1));
                assert!(same, "{a:?} {b:?} from {x} {y}: {near} m, {far} m");
            }
            let edges = [a.0.min(b.0), a.1.min(b.1), a.0.max(b.0), a.1.max(b.1)];
            let (least, greatest) = origin.key_bounds(edges);
            for (lon, lat) in [a, b, (a.0, b.1), ((a.0 + b.0) / 2.0, (a.1 + b.1) / 2.0)] {
                let key = origin.key(lon, lat);
                assert!(least <= key && key <= greatest, "{lon} {lat} from {x} {y}: {key:?}");
            }
        }
    }

    #[test]
    fn a_distance_and_its_key_agree() {
        let origin = QueryPoint::new(Position::new(-71.2, 46.8).unwrap());
        for (lon, lat) in [(-71.2, 46.81), (0.0, 0.0), (108.8, -46.81), (108.9, -46.7)] {
            let key = origin.key(lon, lat);
            let Meters(far) = origin.distance(lon, lat);
            assert!(DistanceKey::of(Meters(far - 0.01)) < key, "{lon} {lat}");
            assert!(key < DistanceKey::of(Meters(far + 0.01)), "{lon} {lat}");
        }
        assert_eq!(DistanceKey::of(Meters(HALF_CIRCUMFERENCE_M)), DistanceKey::MAX);
    }
}
