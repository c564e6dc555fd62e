//! Polygons that cross the antimeridian are cut there (RFC 7946, section 3.1.9).

use geo::{BooleanOps, BoundingRect, LineString, Polygon, Rect};

use crate::place::h3_cell::area;

/// Rings of a polygon: the outer one, then its holes. The first corner is not repeated.
type OpenRings = Vec<Vec<[f64; 2]>>;

/// How near to the antimeridian a corner counts as on it, in degrees: a tenth of a millimetre.
const ON_EDGE: f64 = 1e-9;

/// Margin of the box with which a polygon is cut, in degrees.
const MARGIN: f64 = 0.1;

/// The parts of a polygon on either side of the antimeridian, with longitudes from -180 to 180. The
/// polygon is an outer ring, then its holes, as longitude and latitude in degrees; the first corner
/// is not repeated, and longitudes go beyond ±180 where it crosses. Outer rings of parts run
/// counter- clockwise, holes clockwise. A polygon that does not cross is returned as it is.
///
/// ```
/// use pointchaud::place::cut_at_antimeridian;
///
/// let square = vec![vec![[179.5, 0.0], [181.0, 0.0], [181.0, 1.0], [179.5, 1.0]]];
/// let parts = cut_at_antimeridian(square);
/// assert_eq!(parts.len(), 2);
/// let west = parts[0].iter().flatten().all(|[lon, _]| (179.5..=180.0).contains(lon));
/// let east = parts[1].iter().flatten().all(|[lon, _]| (-180.0..=-179.0).contains(lon));
/// assert!(west && east);
/// ```
pub fn cut_at_antimeridian(rings: OpenRings) -> Vec<OpenRings> {
    if rings.iter().flatten().all(|[lon, _]| (-180.0..=180.0).contains(lon)) {
        return vec![rings];
    }
    let mut lines = rings.into_iter().map(LineString::from);
    let outer = lines.next().unwrap_or_else(|| LineString::new(Vec::new()));
    let polygon = Polygon::new(outer, lines.collect());
    let Some(bounds) = polygon.bounding_rect() else { return Vec::new() };
    let mut parts = Vec::new();
    for turn in [-360.0, 0.0, 360.0] {
        let west = (bounds.min().x - MARGIN).max(turn - 180.0);
        let east = (bounds.max().x + MARGIN).min(turn + 180.0);
        if west >= east {
            continue;
        }
        // A box no larger than needed: the precision of the intersection follows from its size.
        let side = Rect::new((west, bounds.min().y - MARGIN), (east, bounds.max().y + MARGIN));
        for part in polygon.intersection(&side.to_polygon()) {
            let ring = |line: &LineString, sign: f64| turned_back(line, turn, sign);
            let holes = part.interiors().iter().map(|hole| ring(hole, -1.0));
            let rings = std::iter::once(ring(part.exterior(), 1.0)).chain(holes);
            parts.push(rings.filter(|ring| ring.len() > 2).collect());
        }
    }
    parts.retain(|part: &OpenRings| !part.is_empty());
    parts
}

/// The corners of a ring with their longitudes less `turn`, counter-clockwise where `sign` is
/// positive.
fn turned_back(line: &LineString, turn: f64, sign: f64) -> Vec<[f64; 2]> {
    let corner = |lon: f64| match lon - turn {
        lon if lon > 180.0 - ON_EDGE => 180.0,
        lon if lon < ON_EDGE - 180.0 => -180.0,
        lon => lon,
    };
    let mut corners: Vec<[f64; 2]> = line.coords().map(|at| [corner(at.x), at.y]).collect();
    corners.dedup();
    if corners.len() > 1 && corners.first() == corners.last() {
        corners.pop();
    }
    if area(&corners) * sign < 0.0 {
        corners.reverse();
    }
    corners
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::H3Cell;

    /// Twice the area of polygons in square degrees, holes taken off.
    fn whole(polygons: &[OpenRings]) -> f64 {
        polygons.iter().flatten().map(|ring| area(ring)).sum()
    }

    #[test]
    fn parts_have_the_area_of_the_whole_and_lie_on_their_side() {
        for (lon, lat) in [(180.0, 10.0), (180.0, -40.0), (-180.0, 65.0)] {
            for cells in [
                vec![H3Cell::of(lon, lat, 7).unwrap()],
                H3Cell::of(lon, lat, 8).unwrap().ring(2),
                H3Cell::of(lon, lat, 9).unwrap().ring(4),
            ] {
                let outlines = H3Cell::outline(&cells);
                let before = whole(&outlines);
                let parts: Vec<_> = outlines.into_iter().flat_map(cut_at_antimeridian).collect();
                assert!(parts.len() > 1, "{lon} {lat}");
                assert!((whole(&parts) / before - 1.0).abs() < 1e-6, "{lon} {lat}");
                for part in &parts {
                    let lons = || part.iter().flatten().map(|[lon, _]| *lon);
                    let (west, east) =
                        (lons().fold(f64::MAX, f64::min), lons().fold(f64::MIN, f64::max));
                    assert!(west >= -180.0 && east <= 180.0 && east - west < 1.0, "{west} {east}");
                    assert!(west == -180.0 || east == 180.0, "{west} {east}: cut at the edge");
                    assert!(area(&part[0]) > 0.0 && part[1..].iter().all(|hole| area(hole) < 0.0));
                }
            }
        }
    }

    #[test]
    fn a_polygon_that_does_not_cross_stays_as_it_is() {
        for west in [-180.0, -71.2, 179.0] {
            let square = vec![vec![[west, 0.0], [west + 1.0, 0.0], [west + 1.0, 1.0]]];
            assert_eq!(cut_at_antimeridian(square.clone()), [square]);
        }
    }

    #[test]
    fn a_hole_on_the_antimeridian_opens_both_parts() {
        let rings = vec![
            vec![[179.0, 0.0], [181.0, 0.0], [181.0, 2.0], [179.0, 2.0]],
            vec![[179.5, 0.5], [179.5, 1.5], [180.5, 1.5], [180.5, 0.5]],
        ];
        let parts = cut_at_antimeridian(rings);
        assert_eq!((parts.len(), parts[0].len(), parts[1].len()), (2, 1, 1));
        assert!((whole(&parts) - 2.0 * 3.0).abs() < 1e-6);
    }
}
