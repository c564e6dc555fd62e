//! The extent of a city, learned from the places of its reports.

use crate::place::{BBox, Position};

/// Fewest different places that an extent is learned from.
pub const PLACES_MIN: usize = 10;
/// The fences lie this many times the distance between the 10th and the 90th percentile outside
/// of these percentiles.
const FENCES: f64 = 2.0;
/// Least distance between the two percentiles that is reckoned with, in degrees (about 1 km).
const SPREAD_MIN: f64 = 0.01;
/// Margin on every side, as a share of the width and of the height.
const MARGIN: f64 = 0.1;
/// Least margin, in degrees.
const MARGIN_MIN: f64 = 0.005;

/// The box in which the places usually lie, robust to outliers: `None` for fewer than
/// [`PLACES_MIN`] different places.
///
/// For longitude and for latitude alone, what lies outside the fences is left out: the 10th and the
/// 90th percentile of the different places, each moved outwards by twice the distance between them.
/// The box of what is left gets a margin of a tenth of its width and height. Up to a tenth of the
/// places may lie anywhere on each side, such as exchanged coordinates or places of another city.
/// Longitudes are counted from the shortest arc that holds half of the places, so a city on the
/// antimeridian gets a box that crosses it. O(n log n).
///
/// ```
/// use pointchaud::place::{Position, learned_extent};
///
/// let taveuni = (0..100).map(|n| 179.8 + f64::from(n) * 0.004);
/// let around = |lon: f64| Position::new((lon + 540.0) % 360.0 - 180.0, -16.8).unwrap();
/// let mut places: Vec<Position> = taveuni.map(around).collect();
/// places.push(Position::new(0.0, 51.5).unwrap());
/// let extent = learned_extent(&places).unwrap();
/// assert!(extent.west > 179.0 && extent.east < -179.0);
/// assert!(!extent.contains(places[100]) && extent.contains(places[0]));
/// ```
pub fn learned_extent(places: &[Position]) -> Option<BBox> {
    let mut places: Vec<(f64, f64)> = places.iter().map(|at| (at.lon(), at.lat())).collect();
    let by_both = |a: &(f64, f64), b: &(f64, f64)| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1));
    places.sort_by(by_both);
    places.dedup();
    if places.len() < PLACES_MIN {
        return None;
    }
    let lons: Vec<f64> = places.iter().map(|place| place.0).collect();
    let origin = middle_of_half(&lons);
    let mut unrolled: Vec<f64> = lons.iter().map(|lon| offset(*lon, origin)).collect();
    let mut lats: Vec<f64> = places.iter().map(|place| place.1).collect();
    let (west, east) = usual_range(&mut unrolled);
    let (south, north) = usual_range(&mut lats);
    if east - west >= 360.0 {
        return Some(BBox { west: -180.0, east: 180.0, ..clipped(south, north) });
    }
    let lon = |offset: f64| (origin + offset + 540.0).rem_euclid(360.0) - 180.0;
    Some(BBox { west: lon(west), east: lon(east), ..clipped(south, north) })
}

fn clipped(south: f64, north: f64) -> BBox {
    BBox { south: south.max(-90.0), north: north.min(90.0), ..BBox::WORLD }
}

/// How far east of `origin` a longitude lies, in [-180, 180).
fn offset(lon: f64, origin: f64) -> f64 {
    (lon - origin + 540.0).rem_euclid(360.0) - 180.0
}

/// The middle of the shortest arc of longitude that holds half of `lons`, which are sorted.
fn middle_of_half(lons: &[f64]) -> f64 {
    let (count, half) = (lons.len(), lons.len().div_ceil(2));
    let arc = |first: usize| {
        let last = first + half - 1;
        let turn = if last >= count { 360.0 } else { 0.0 };
        lons[last % count] + turn - lons[first]
    };
    let arcs = (0..count).map(|first| (first, arc(first)));
    let shortest = arcs.min_by(|a, b| a.1.total_cmp(&b.1));
    shortest.map_or(0.0, |(first, width)| lons[first] + width / 2.0)
}

/// The least and greatest value inside the fences, moved outwards by the margin.
fn usual_range(values: &mut [f64]) -> (f64, f64) {
    values.sort_by(f64::total_cmp);
    let last = values.len() - 1;
    let (low, high) = (values[last / 10], values[last - last / 10]);
    let reach = (high - low).max(SPREAD_MIN) * FENCES;
    let inside = values.iter().filter(|value| (low - reach..=high + reach).contains(*value));
    let (low, high) =
        inside.fold((high, low), |(low, high), value| (low.min(*value), high.max(*value)));
    let margin = ((high - low) * MARGIN).max(MARGIN_MIN);
    (low - margin, high + margin)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(lon: f64, lat: f64) -> Position {
        Position::new(lon, lat).unwrap()
    }

    /// A hundred places, a hundredth of a degree apart, to the north-east of this one.
    fn city(lon: f64, lat: f64) -> Vec<Position> {
        let wrap = |lon: f64| (lon + 540.0).rem_euclid(360.0) - 180.0;
        let step = |n: i32, m: i32| (f64::from(n) * 0.01, f64::from(m) * 0.01);
        let steps = (0..100).map(|n| step(n % 10, n / 10));
        steps.map(|(x, y)| at(wrap(lon + x), lat + y)).collect()
    }

    fn is_near(extent: BBox, [west, south, east, north]: [f64; 4]) {
        let edges = [extent.west, extent.south, extent.east, extent.north];
        for (edge, wanted) in edges.into_iter().zip([west, south, east, north]) {
            assert!((edge - wanted).abs() < 1e-9, "{extent:?}");
        }
    }

    #[test]
    fn outliers_on_every_side_change_nothing() {
        let own = [5.191, 51.991, 5.299, 52.099];
        let mut places = city(5.2, 52.0);
        is_near(learned_extent(&places).unwrap(), own);
        for outlier in [(0.0, 0.0), (52.0, 5.2), (-71.2, 46.8), (5.2, -52.0), (179.0, 80.0)] {
            places.extend([at(outlier.0, outlier.1); 30]);
        }
        is_near(learned_extent(&places).unwrap(), own);
    }

    #[test]
    fn a_city_on_the_antimeridian_gets_a_box_across_it() {
        for (places, west, east) in [
            (city(179.95, -17.0), 179.941, -179.951),
            (city(-180.0, -17.0), 179.991, -179.901),
            (city(179.91, -17.0), 179.901, -179.991),
        ] {
            let extent = learned_extent(&[places, vec![at(0.0, 0.0), at(10.0, 50.0)]].concat());
            is_near(extent.unwrap(), [west, -17.009, east, -16.901]);
        }
    }

    #[test]
    fn few_places_and_a_single_spot() {
        assert_eq!(learned_extent(&[]), None);
        assert_eq!(learned_extent(&[at(5.2, 52.0); 500]), None, "one place, however often");
        assert_eq!(learned_extent(&city(5.2, 52.0)[..9]), None);
        // Where most reports are at one point, the others are not outliers for that reason.
        let places = [vec![at(5.25, 52.05); 5_000], city(5.2, 52.0)].concat();
        is_near(learned_extent(&places).unwrap(), [5.191, 51.991, 5.299, 52.099]);
    }

    #[test]
    fn the_whole_earth_and_the_poles_stay_on_the_earth() {
        let globe: Vec<Position> = (0..360).map(|lon| at(f64::from(lon) - 180.0, 89.0)).collect();
        let extent = learned_extent(&globe).unwrap();
        assert_eq!((extent.west, extent.east), (-180.0, 180.0));
        assert!(extent.north <= 90.0);
        let top: Vec<Position> = (0..20).map(|n| at(10.0, 89.999 + f64::from(n) * 5e-5)).collect();
        assert_eq!(learned_extent(&top).unwrap().north, 90.0);
    }
}
