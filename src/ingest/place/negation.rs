//! A minus sign that is missing before all longitudes or latitudes of a file.

use crate::i18n::Message;
use crate::ingest::place::exchanged::{is_around, principal_city};
use crate::message;
use crate::place::{BBox, Position, distance};

/// Coordinates whose sign is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Negation {
    /// Longitudes.
    Lon,
    /// Latitudes.
    Lat,
    /// Both.
    Both,
    /// None: the places are right as they are written.
    Nothing,
}

/// Distance from the principal city of its time zone beyond which a sign may be missing, in metres.
const FAR_METERS: f64 = 1_000_000.0;
/// Distance from it within which the mirror image must lie, in metres.
const NEAR_METERS: f64 = 3_000_000.0;
/// How many times nearer the mirror image must be.
const TIMES_NEARER: f64 = 3.0;
/// Share of the places that may lie in the city's extent as they are written.
const INSIDE_MAX: f64 = 0.1;
/// Share of the mirror images that must lie in it, and of the places around their middle.
const SHARE_MIN: f64 = 0.9;

impl Negation {
    /// Every one, in the order in which they are tried.
    const ALL: [Self; 4] = [Self::Lon, Self::Lat, Self::Both, Self::Nothing];

    /// Its word in profiles and on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Self::Lon => "lon",
            Self::Lat => "lat",
            Self::Both => "lon,lat",
            Self::Nothing => "none",
        }
    }

    /// The one of this word, blanks left out.
    pub fn parse(word: &str) -> Option<Self> {
        let word = word.replace(' ', "");
        let word = if word == "lat,lon" { "lon,lat" } else { &word };
        Self::ALL.into_iter().find(|one| one.word() == word)
    }

    /// The words of all.
    pub fn spellings() -> String {
        Self::ALL.map(Self::word).join(" | ")
    }

    /// The coordinates, for people.
    pub fn shown(self) -> Message {
        match self {
            Self::Lon => message!("les longitudes", "the longitudes"),
            Self::Lat => message!("les latitudes", "the latitudes"),
            Self::Both => {
                message!("les longitudes et les latitudes", "the longitudes and the latitudes")
            }
            Self::Nothing => message!("aucune coordonnée", "no coordinate"),
        }
    }

    /// The longitude and latitude with the other sign.
    pub fn apply(self, lon: f64, lat: f64) -> (f64, f64) {
        match self {
            Self::Lon => (-lon, lat),
            Self::Lat => (lon, -lat),
            Self::Both => (-lon, -lat),
            Self::Nothing => (lon, lat),
        }
    }

    /// The mirror image of a place.
    pub fn of(self, at: Position) -> Option<Position> {
        let (lon, lat) = self.apply(at.lon(), at.lat());
        Position::new(lon, lat).ok()
    }
}

/// The coordinates that lack a minus sign: hardly any place lies in the city's extent, or, where it
/// has none yet, most lie around one that is far from the principal city of its time zone; and the
/// mirror images do not. O(n).
pub fn missing_sign(places: &[Position], extent: Option<&BBox>, zone: &str) -> Option<Negation> {
    let mirrored = [Negation::Lon, Negation::Lat, Negation::Both];
    if places.is_empty() {
        return None;
    }
    if let Some(extent) = extent {
        let share = |negation: Negation| {
            let is_inside =
                |at: &&Position| negation.of(**at).is_some_and(|at| extent.contains(at));
            places.iter().filter(is_inside).count() as f64 / places.len() as f64
        };
        let is_outside = share(Negation::Nothing) <= INSIDE_MAX;
        return mirrored.into_iter().find(|one| is_outside && share(*one) >= SHARE_MIN);
    }
    let city = principal_city(zone)?;
    let middle = middle(places)?;
    let around = places.iter().filter(|at| is_around(at, &middle)).count();
    let given = distance(middle, city).0;
    if (around as f64) < SHARE_MIN * places.len() as f64 || given <= FAR_METERS {
        return None;
    }
    let far = |negation: &Negation| {
        negation.of(middle).map_or(f64::INFINITY, |mirrored| distance(mirrored, city).0)
    };
    let nearest = mirrored.into_iter().min_by(|a, b| far(a).total_cmp(&far(b)))?;
    // Latitude and longitude that are exchanged are another fault.
    let exchanged = Position::new(middle.lat(), middle.lon());
    let exchanged = exchanged.map_or(f64::INFINITY, |at| distance(at, city).0);
    let found = far(&nearest);
    let is_near = found * TIMES_NEARER < given && found <= NEAR_METERS && found < exchanged;
    is_near.then_some(nearest)
}

/// The place of the median longitude and the median latitude.
fn middle(places: &[Position]) -> Option<Position> {
    let median = |of: fn(&Position) -> f64| {
        let mut values: Vec<f64> = places.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
    };
    Position::new(median(|at| at.lon()), median(|at| at.lat())).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn city(lon: f64, lat: f64) -> Vec<Position> {
        let at = |n: u32| Position::new(lon + f64::from(n) * 0.001, lat - f64::from(n) * 0.001);
        (0..20).map(|n| at(n).unwrap()).collect()
    }

    #[test]
    fn the_time_zone_says_which_sign_is_missing() {
        for (zone, lon, lat, missing) in [
            ("America/Toronto", 71.2, 46.8, Negation::Lon),
            ("America/New_York", 80.2, 25.8, Negation::Lon),
            ("America/Los_Angeles", 122.3, 47.6, Negation::Lon),
            ("Australia/Sydney", 151.2, 33.9, Negation::Lat),
            ("Africa/Johannesburg", 28.0, 26.2, Negation::Lat),
            ("America/Sao_Paulo", 46.6, 23.5, Negation::Both),
            ("America/Argentina/Buenos_Aires", 58.4, 34.6, Negation::Both),
            ("Europe/Helsinki", 24.9, -60.2, Negation::Lat),
            ("Asia/Kolkata", -77.6, 13.0, Negation::Lon),
        ] {
            let found = missing_sign(&city(lon, lat), None, zone);
            assert_eq!(found, Some(missing), "{zone}");
            // As they should be, and in another part of the world, nothing is missing.
            let right = missing.apply(lon, lat);
            let found = missing_sign(&city(right.0, right.1), None, zone);
            assert_eq!(found, None, "{zone}");
            assert_eq!(missing_sign(&city(100.0, 5.0), None, zone), None, "{zone}");
            assert_eq!(missing_sign(&city(lon, lat), None, "UTC"), None, "{zone}");
        }
        // Exchanged, and with its sign.
        assert_eq!(missing_sign(&city(46.8, -71.2), None, "America/Toronto"), None);
        assert_eq!(missing_sign(&city(-34.6, -58.4), None, "America/Argentina/Buenos_Aires"), None);
        // London lies on both sides of 0.
        for lon in [-0.4, 0.1, 0.4] {
            assert_eq!(missing_sign(&city(lon, 51.5), None, "Europe/London"), None);
        }
    }

    #[test]
    fn the_extent_of_a_city_decides_before_its_time_zone() {
        let quebec = BBox::new(-71.6, 46.5, -70.9, 47.1).unwrap();
        let found = |places: &[Position]| missing_sign(places, Some(&quebec), "Europe/Paris");
        assert_eq!(found(&city(71.2, 46.8)), Some(Negation::Lon));
        assert_eq!(found(&city(71.2, -46.8)), Some(Negation::Both));
        assert_eq!(found(&city(-71.2, 46.8)), None);
        assert_eq!(found(&city(-71.2, 45.0)), None);
        let half = [&city(71.2, 46.8)[..], &city(-71.2, 46.8)].concat();
        assert_eq!(found(&half), None);
    }

    #[test]
    fn words_of_mappings() {
        assert_eq!(Negation::parse("lat, lon"), Some(Negation::Both));
        assert_eq!(Negation::parse("none"), Some(Negation::Nothing));
        assert_eq!(Negation::parse("x"), None);
    }
}
