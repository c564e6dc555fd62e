//! Where most places of a file lie, and whether latitude and longitude are exchanged in it. For the
//! first file of a city, whose extent nobody knows yet.

use std::sync::LazyLock;

use crate::place::{BBox, Position, distance};

/// The principal city of each time zone: name, latitude, longitude.
const ZONES: &str = include_str!("../../../data/time-zones.tsv");

/// How near places must be to a place to lie around it, in degrees of latitude and of longitude.
const NEAR_DEGREES: f64 = 1.0;
/// What is added on each side of the box of the places around, in degrees.
const MARGIN_DEGREES: f64 = 0.5;
/// Fewest places around one that show where a file lies.
const AROUND_MIN: usize = 3;
/// Share of the places that must lie around one, or be exchanged with these.
const SHARE_MIN: f64 = 0.5;
/// Distance from the principal city of its time zone beyond which a file may be exchanged, in
/// metres.
const FAR_METERS: f64 = 1_000_000.0;
/// How many times nearer the exchanged places must be to it.
const TIMES_NEARER: f64 = 3.0;

/// Farthest that a city lies from the principal one of its zone, in Europe and elsewhere, in
/// metres.
const REACH_EUROPE_METERS: f64 = 1_500_000.0;
const REACH_METERS: f64 = 5_000_000.0;

/// How far from the middle of its known places a file's pairs may lie, in degrees.
const AROUND_DEGREES: f64 = 1.5;

/// Where most places of a file lie.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Surroundings {
    /// The places do not show it.
    Unknown,
    /// In this box.
    Usual(BBox),
    /// In this box, once their latitude and longitude are exchanged.
    Exchanged(BBox),
    /// Some lie where the others are once these are exchanged: so many and so many.
    Open {
        /// Places of the more frequent kind.
        one: usize,
        /// Places of the other kind.
        other: usize,
    },
}

/// Where most of the places lie. The time zone of the city decides whether they are exchanged: by
/// the distances from its principal city. O(n²).
pub fn surroundings(places: &[Position], zone: &str) -> Surroundings {
    let around = |one: &Position| places.iter().filter(|other| is_around(one, other)).count();
    let Some(middle) = places.iter().max_by_key(|one| around(one)) else {
        return Surroundings::Unknown;
    };
    let core: Vec<Position> = places.iter().copied().filter(|one| is_around(one, middle)).collect();
    let Some(usual) = box_of(&core) else { return Surroundings::Unknown };
    let exchanged: Vec<Position> = core.iter().filter_map(|one| exchange(*one)).collect();
    // Beyond 90°, the exchanged places are none on the Earth.
    let exchanged = box_of(&exchanged);
    let is_other = |at: &&Position| {
        exchanged.is_some_and(|exchanged| exchanged.contains(**at)) && !usual.contains(**at)
    };
    let others = places.iter().filter(is_other).count();
    let is_far = exchange(*middle).zip(principal_city(zone)).map(|(exchanged, city)| {
        let (given, other) = (distance(*middle, city).0, distance(exchanged, city).0);
        given > FAR_METERS && other * TIMES_NEARER < given && other <= reach_of(zone)
    });
    let share = (core.len() + others) as f64 / places.len() as f64;
    match (is_far, exchanged) {
        (Some(true), Some(exchanged)) => Surroundings::Exchanged(exchanged),
        _ if core.len() < AROUND_MIN || share < SHARE_MIN => Surroundings::Unknown,
        (None, _) if others * 2 > core.len() => {
            Surroundings::Open { one: core.len(), other: others }
        }
        _ => Surroundings::Usual(usual),
    }
}

/// Farthest that a city lies from the principal one of its time zone, in metres: the zones of
/// Europe are those of small countries, but for those of Russia and Turkey.
fn reach_of(zone: &str) -> f64 {
    const LARGE: [&str; 5] =
        ["Europe/Moscow", "Europe/Samara", "Europe/Volgograd", "Europe/Istanbul", "Europe/Kirov"];
    match zone.starts_with("Europe/") && !LARGE.contains(&zone) {
        true => REACH_EUROPE_METERS,
        false => REACH_METERS,
    }
}

/// Does a place lie around another?
pub fn is_around(a: &Position, b: &Position) -> bool {
    (a.lat() - b.lat()).abs() <= NEAR_DEGREES
        && ((a.lon() - b.lon() + 540.0).rem_euclid(360.0) - 180.0).abs() <= NEAR_DEGREES
}

/// The place whose longitude is this one's latitude; `None` where there is none on the Earth.
fn exchange(at: Position) -> Option<Position> {
    Position::new(at.lat(), at.lon()).ok()
}

/// The box of places with its margin; `None` without any.
fn box_of(places: &[Position]) -> Option<BBox> {
    let first = places.first()?;
    let (mut west, mut east) = (first.lon(), first.lon());
    let (mut south, mut north) = (first.lat(), first.lat());
    for at in places {
        (west, east) = (west.min(at.lon()), east.max(at.lon()));
        (south, north) = (south.min(at.lat()), north.max(at.lat()));
    }
    let d = MARGIN_DEGREES;
    // Places on both sides of the antimeridian.
    let (west, east) = if east - west > 180.0 { (-180.0, 180.0) } else { (west - d, east + d) };
    BBox::new(west.max(-180.0), (south - d).max(-90.0), east.min(180.0), (north + d).min(90.0)).ok()
}

/// The principal city of a time zone.
pub fn principal_city(zone: &str) -> Option<Position> {
    static CITIES: LazyLock<Vec<(&str, Position)>> = LazyLock::new(|| {
        let city = |line: &'static str| {
            let mut cells = line.split('\t');
            let (name, lat, lon) = (cells.next()?, cells.next()?, cells.next()?);
            Some((name, Position::new(lon.parse().ok()?, lat.parse().ok()?).ok()?))
        };
        ZONES.lines().filter_map(city).collect()
    });
    CITIES.iter().find(|(name, _)| *name == zone).map(|(_, at)| *at)
}

/// The surroundings of the middle of places; `None` without any.
pub fn around(places: &[Position]) -> Option<BBox> {
    let median = |mut values: Vec<f64>| {
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied()
    };
    let lon = median(places.iter().map(|at| at.lon()).collect())?;
    let lat = median(places.iter().map(|at| at.lat()).collect())?;
    let d = AROUND_DEGREES;
    BBox::new(
        (lon - d).max(-180.0),
        (lat - d).max(-90.0),
        (lon + d).min(180.0),
        (lat + d).min(90.0),
    )
    .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn city(lon: f64, lat: f64, count: u32) -> Vec<Position> {
        let at = |n: u32| Position::new(lon + f64::from(n) * 0.001, lat - f64::from(n) * 0.001);
        (0..count).map(|n| at(n).unwrap()).collect()
    }

    #[test]
    fn every_line_of_the_zones_is_read() {
        for line in ZONES.lines() {
            let name = line.split('\t').next().unwrap();
            assert!(principal_city(name).is_some(), "{name}");
            assert!(jiff::tz::TimeZone::get(name).is_ok(), "{name}");
        }
    }

    /// Cities far from the principal one of their zone, and such where the hour of the zone is
    /// nearer to the latitude.
    #[test]
    fn the_time_zone_says_whether_a_file_is_exchanged() {
        for (zone, lon, lat) in [
            ("America/Toronto", -71.2, 46.8),
            ("America/New_York", -80.2, 25.8),
            ("America/Chicago", -95.4, 29.8),
            ("America/Los_Angeles", -122.3, 47.6),
            ("America/Argentina/Buenos_Aires", -58.4, -34.6),
            ("America/Sao_Paulo", -60.0, -20.0),
            ("Europe/Istanbul", 29.0, 41.0),
            ("Europe/Minsk", 27.6, 53.9),
            ("Europe/Madrid", -8.5, 43.4),
            ("Europe/Berlin", 8.4, 49.0),
            ("Europe/Helsinki", 24.9, 60.2),
            ("Europe/Lisbon", -9.1, 38.7),
            ("Asia/Urumqi", 87.6, 43.8),
            ("Australia/Sydney", 151.2, -33.9),
            ("Africa/Nairobi", 36.8, -1.3),
            ("Asia/Kolkata", 77.6, 13.0),
        ] {
            let places = city(lon, lat, 4);
            let found = surroundings(&places, zone);
            assert!(matches!(found, Surroundings::Usual(_)), "{zone}: {found:?}");
            let exchanged: Vec<Position> = places.iter().filter_map(|at| exchange(*at)).collect();
            // Beyond 90°, the exchanged places are none on the Earth and are noticed by that.
            assert_eq!(exchanged.is_empty(), lon.abs() > 90.0, "{zone}");
            if let Some(first) = exchanged.first() {
                let found = surroundings(&exchanged, zone);
                let Surroundings::Exchanged(around) = found else { panic!("{zone}: {found:?}") };
                assert!(around.contains(places[0]) && !around.contains(*first), "{zone}");
            }
        }
    }

    #[test]
    fn a_part_that_is_exchanged_is_noticed_without_a_zone() {
        let (right, wrong) = (city(5.2, 52.1, 20), city(52.1, 5.2, 20));
        let found = surroundings(&[&right[..], &wrong[..4]].concat(), "UTC");
        let Surroundings::Usual(around) = found else { panic!("{found:?}") };
        assert!(around.contains(right[0]) && !around.contains(wrong[0]));
        let half = [&right[..], &wrong[..15]].concat();
        assert_eq!(surroundings(&half, "UTC"), Surroundings::Open { one: 20, other: 15 });
        assert!(matches!(surroundings(&half, "Europe/Amsterdam"), Surroundings::Usual(_)));
        let most = [&right[..5], &wrong[..15]].concat();
        assert!(matches!(surroundings(&most, "Europe/Amsterdam"), Surroundings::Exchanged(_)));
    }

    #[test]
    fn places_all_over_the_world_show_nothing() {
        let all: Vec<Position> =
            (0..30).map(|n| Position::new(f64::from(n) * 11.0 - 170.0, 10.0).unwrap()).collect();
        assert_eq!(surroundings(&all, ""), Surroundings::Unknown);
        assert_eq!(surroundings(&[], "Europe/Paris"), Surroundings::Unknown);
        assert_eq!(surroundings(&city(5.2, 52.1, 2), "UTC"), Surroundings::Unknown);
    }
}
