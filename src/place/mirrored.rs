//! Places of a city that lack the minus sign of their longitude or latitude.

use crate::place::{BBox, Position, distance, learned_extent};

/// Fewest places, and least share of all, of a quarter of the Earth that may be the city's.
const PLACES_MIN: usize = 10;
const SHARE_MIN: f64 = 0.1;
/// Margin around the city's places in which a mirror image lies, as a share of their box.
const MARGIN: f64 = 1.0;
/// Beside twice the size of the box, how far from its image a place without its sign lies, in
/// degrees.
const GAP_DEGREES: f64 = 2.0;

/// The numbers of the places whose mirror image (longitude, latitude or both negated) alone lies
/// among the others: by the signs of their coordinates, places are of four quarters of the Earth.
/// The city is in the quarter whose median place is nearest to `city`, where that is given; else in
/// the one with most places. Cities on the equator, the prime meridian or the antimeridian, and
/// files of whole countries, have none. O(n log n).
///
/// ```
/// use pointchaud::place::{Position, mirrored};
///
/// let place = |n: u32| {
///     let lon = 87.6 + f64::from(n) * 0.001;
///     Position::new(if n % 3 == 0 { lon } else { -lon }, 41.8).unwrap()
/// };
/// let places: Vec<Position> = (0..30).map(place).collect();
/// assert_eq!(mirrored(&places, None), (0..30).step_by(3).collect::<Vec<_>>());
/// ```
pub fn mirrored(places: &[Position], city: Option<Position>) -> Vec<usize> {
    let mut quarters: [Vec<Position>; 4] = Default::default();
    for at in places {
        quarters[quarter(*at)].push(*at);
    }
    let least = PLACES_MIN.max((places.len() as f64 * SHARE_MIN).ceil() as usize);
    let filled = (0..4).filter(|number| quarters[*number].len() >= least);
    let far = |number: &usize| match city.zip(median(&quarters[*number])) {
        Some((city, middle)) => distance(middle, city).0,
        // Without a city, the quarter with most places is the nearest.
        None => -(quarters[*number].len() as f64),
    };
    let Some(own) = filled.min_by(|a, b| far(a).total_cmp(&far(b))) else { return Vec::new() };
    let Some(extent) = learned_extent(&quarters[own]) else { return Vec::new() };
    let size = (extent.north - extent.south).max(width(&extent));
    let near = extent.grown(MARGIN);
    let is_mirrored = |at: &Position| {
        let number = quarter(*at);
        let lon = if number & 1 == own & 1 { at.lon() } else { -at.lon() };
        let lat = if number & 2 == own & 2 { at.lat() } else { -at.lat() };
        // Twice the coordinate lies between a place and its image, the shorter way around.
        let turn = (lon - at.lon()).abs();
        let gap = turn.min(360.0 - turn).max((lat - at.lat()).abs());
        number != own
            && gap >= 2.0 * size + GAP_DEGREES
            && Position::new(lon, lat).is_ok_and(|image| near.contains(image))
    };
    places.iter().enumerate().filter(|(_, at)| is_mirrored(at)).map(|(number, _)| number).collect()
}

/// The extent of a city ([`learned_extent`]) without the places that lack a minus sign.
///
/// ```
/// use pointchaud::place::{Position, learned_city_extent};
///
/// let place = |n: u32| {
///     let lon = 87.6 + f64::from(n) * 0.001;
///     Position::new(if n % 3 == 0 { lon } else { -lon }, 41.8).unwrap()
/// };
/// let places: Vec<Position> = (0..30).map(place).collect();
/// assert!(learned_city_extent(&places, None).unwrap().east < -87.0);
/// ```
pub fn learned_city_extent(places: &[Position], city: Option<Position>) -> Option<BBox> {
    let left_out = mirrored(places, city);
    if left_out.is_empty() {
        return learned_extent(places);
    }
    let mut left_out = left_out.into_iter().peekable();
    let kept = places
        .iter()
        .enumerate()
        .filter(|(number, _)| left_out.next_if(|one| one == number).is_none());
    learned_extent(&kept.map(|(_, at)| *at).collect::<Vec<_>>())
}

/// The number of a quarter: 1 for the west, and 2 for the south.
fn quarter(at: Position) -> usize {
    usize::from(at.lon() < 0.0) + 2 * usize::from(at.lat() < 0.0)
}

fn width(extent: &BBox) -> f64 {
    (extent.east - extent.west).rem_euclid(360.0)
}

/// The place of the median longitude and the median latitude; `None` without any.
fn median(places: &[Position]) -> Option<Position> {
    let middle = |of: fn(&Position) -> f64| {
        let mut values: Vec<f64> = places.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied()
    };
    Position::new(middle(|at| at.lon())?, middle(|at| at.lat())?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A hundred places of a city, of which each `every`th has these signs.
    fn city(lon: f64, lat: f64, every: usize, signs: [f64; 2]) -> Vec<Position> {
        let place = |n: usize| {
            let (x, y) = (lon + (n % 10) as f64 * 0.01, lat + (n / 10) as f64 * 0.01);
            let [a, b] = if n.is_multiple_of(every) { signs } else { [1.0, 1.0] };
            Position::new(x * a, y * b).unwrap()
        };
        (0..100).map(place).collect()
    }

    #[test]
    fn a_part_without_its_sign_is_found_and_the_rest_is_not() {
        for (lon, lat, signs) in [
            (-87.6, 41.8, [-1.0, 1.0]),
            (-71.2, 46.8, [-1.0, 1.0]),
            (151.2, -33.8, [1.0, -1.0]),
            (-46.6, -23.5, [-1.0, -1.0]),
            (-3.7, 40.4, [-1.0, 1.0]),
        ] {
            for every in [3, 10, 50] {
                let places = city(lon, lat, every, signs);
                let wanted: Vec<usize> = (0..100).step_by(every).collect();
                assert_eq!(mirrored(&places, None), wanted, "{lon} {lat} {every}");
            }
        }
    }

    #[test]
    fn the_city_decides_where_most_lack_their_sign() {
        let places = city(87.6, 41.8, 3, [-1.0, 1.0]);
        let chicago = Position::new(-87.6, 41.9).unwrap();
        let found = mirrored(&places, Some(chicago));
        assert_eq!(found.len(), 66);
        assert!(found.iter().all(|number| places[*number].lon() > 0.0));
    }

    #[test]
    fn cities_on_both_sides_of_zero_and_countries_have_none() {
        let line = |from: f64, step: f64, lat: f64| -> Vec<Position> {
            (0..100).map(|n| Position::new(from + f64::from(n) * step, lat).unwrap()).collect()
        };
        assert_eq!(mirrored(&line(-0.5, 0.01, 51.5), None), [0; 0]);
        assert_eq!(mirrored(&line(-9.0, 0.13, 40.0), None), [0; 0]);
        let equator: Vec<Position> = line(-78.5, 0.001, 0.0)
            .iter()
            .zip(-50..50)
            .map(|(at, n)| Position::new(at.lon(), f64::from(n) * 0.01).unwrap())
            .collect();
        assert_eq!(mirrored(&equator, None), [0; 0]);
        assert_eq!(mirrored(&[], None), [0; 0]);
    }
}
