//! Cells of H3, Uber's discrete global grid: a subdivision of the icosahedron with aperture 7. Its
//! cells are hexagons of nearly equal area with six neighbours each, but for twelve pentagons.

use geo::Intersects;
use h3o::geom::SolventBuilder;
use h3o::{CellIndex, LatLng, Resolution};

use crate::place::{BBox, Position, unwrapped};

/// The coarsest resolution in use: cells of about 36 km².
pub const H3_RESOLUTION_MIN: u8 = 6;
/// The finest resolution in use: cells of about 2,150 m².
pub const H3_RESOLUTION_MAX: u8 = 11;
/// Number of resolutions in use.
pub const H3_RESOLUTIONS: usize = (H3_RESOLUTION_MAX - H3_RESOLUTION_MIN) as usize + 1;

/// A cell of the H3 grid.
///
/// ```
/// use pointchaud::place::H3Cell;
///
/// let cell = H3Cell::of(-71.2080, 46.8139, 9).unwrap();
/// assert_eq!(H3Cell::parse(&cell.to_string()), Some(cell));
/// assert_eq!((cell.resolution(), cell.ring(1).len()), (9, 6));
///
/// let [lon, lat] = cell.center();
/// assert_eq!(H3Cell::of(lon, lat, 9), Some(cell));
/// let outline = H3Cell::outline(&[cell]);
/// assert_eq!((outline.len(), outline[0].len(), outline[0][0].len()), (1, 1, 6));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct H3Cell(u64);

/// Twice the signed area of a ring in square degrees (shoelace formula): positive where it runs
/// counter-clockwise.
pub(super) fn area(ring: &[[f64; 2]]) -> f64 {
    let next = ring.iter().cycle().skip(1);
    ring.iter().zip(next).map(|(a, b)| a[0] * b[1] - b[0] * a[1]).sum()
}

impl H3Cell {
    /// The cell of `resolution` (0 to 15) that holds a place given in degrees, computed by the H3
    /// library. `None` for another resolution or a coordinate that is not finite.
    pub fn of(lon: f64, lat: f64, resolution: u8) -> Option<Self> {
        let resolution = Resolution::try_from(resolution).ok()?;
        Some(Self(LatLng::new(lat, lon).ok()?.to_cell(resolution).into()))
    }

    /// Reads the hexadecimal form of an index, such as `892baad8b0fffff`.
    pub fn parse(text: &str) -> Option<Self> {
        text.parse::<CellIndex>().ok().map(|cell| Self(cell.into()))
    }

    /// The 64-bit H3 index.
    pub(crate) fn number(self) -> u64 {
        self.0
    }

    fn cell(self) -> CellIndex {
        CellIndex::try_from(self.0).expect("made from a cell")
    }

    /// The resolution, 0 to 15.
    pub fn resolution(self) -> u8 {
        self.cell().resolution().into()
    }

    /// The cell of a coarser resolution to which this one belongs; itself at its own resolution.
    /// `None` for a finer one.
    ///
    /// ```
    /// use pointchaud::place::H3Cell;
    ///
    /// let cell = H3Cell::of(-71.2080, 46.8139, 9).unwrap();
    /// assert_eq!(cell.parent(6), H3Cell::of(-71.2080, 46.8139, 6));
    /// assert_eq!((cell.parent(9), cell.parent(10)), (Some(cell), None));
    /// ```
    pub fn parent(self, resolution: u8) -> Option<Self> {
        let resolution = Resolution::try_from(resolution).ok()?;
        self.cell().parent(resolution).map(|cell| Self(cell.into()))
    }

    /// The centre: longitude and latitude in degrees.
    pub fn center(self) -> [f64; 2] {
        let center = LatLng::from(self.cell());
        [center.lng(), center.lat()]
    }

    /// The corners, counter-clockwise, as longitude and latitude in degrees; the first is not
    /// repeated. Longitudes go beyond ±180 where the cell crosses the antimeridian.
    pub(crate) fn corners(self) -> Vec<[f64; 2]> {
        let [middle, _] = self.center();
        let boundary = self.cell().boundary();
        boundary.iter().map(|corner| [unwrapped(corner.lng(), middle), corner.lat()]).collect()
    }

    /// Number of cells within `k` steps of a hexagon, itself excluded: 3k(k + 1). Near one of the
    /// twelve pentagons there are fewer.
    pub(crate) fn ring_size(k: u8) -> usize {
        3 * usize::from(k) * (usize::from(k) + 1)
    }

    /// The cells within `k` steps, this one excluded.
    pub fn ring(self, k: u32) -> Vec<Self> {
        let cell = self.cell();
        let others = |found: Vec<CellIndex>| {
            found.into_iter().filter(|c| *c != cell).map(|c| Self(c.into())).collect()
        };
        // The fast traversal gives up at a pentagon.
        let fast: Option<Vec<CellIndex>> = cell.grid_disk_fast(k).collect();
        others(fast.unwrap_or_else(|| cell.grid_disk(k)))
    }

    /// The union of different cells of one resolution as polygons: each an outer ring, counter-
    /// clockwise, then its holes, clockwise; the first corner is not repeated. Longitudes go beyond
    /// ±180 where the cells cross the antimeridian.
    pub fn outline(cells: &[Self]) -> Vec<Vec<Vec<[f64; 2]>>> {
        let middle = cells.first().map_or(0.0, |cell| cell.center()[0]);
        let ring = |line: &geo::LineString, turn: f64| {
            let mut corners: Vec<[f64; 2]> =
                line.coords().map(|at| [unwrapped(at.x, middle), at.y]).collect();
            corners.pop();
            if area(&corners) * turn < 0.0 {
                corners.reverse();
            }
            corners
        };
        let dissolved = SolventBuilder::new().build().dissolve(cells.iter().map(|c| c.cell()));
        let polygons = dissolved.into_iter().flatten();
        polygons
            .map(|polygon| {
                let outer = ring(polygon.exterior(), 1.0);
                let holes = polygon.interiors().iter().map(|hole| ring(hole, -1.0));
                std::iter::once(outer).chain(holes).collect()
            })
            .collect()
    }

    /// A box that holds cells that lie together; one that crosses the antimeridian where they do,
    /// and `None` without cells.
    pub(crate) fn bounds(cells: &[Self]) -> Option<BBox> {
        let [first, _] = cells.first()?.center();
        let mut bounds = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
        let points =
            cells.iter().flat_map(|cell| cell.corners().into_iter().chain([cell.center()]));
        for [lon, lat] in points {
            let lon = unwrapped(lon, first);
            let [west, south, east, north] = bounds;
            bounds = [west.min(lon), south.min(lat), east.max(lon), north.max(lat)];
        }
        let [west, south, east, north] = bounds;
        if east - west >= 180.0 {
            return Some(BBox { south, north, ..BBox::WORLD });
        }
        let wrap = |lon: f64| {
            if lon < -180.0 {
                lon + 360.0
            } else if lon > 180.0 {
                lon - 360.0
            } else {
                lon
            }
        };
        BBox::new(wrap(west), south, wrap(east), north).ok()
    }

    /// Has the hexagon a point in the box? Its edges are straight lines of longitude and latitude,
    /// as maps draw them.
    pub(crate) fn touches(self, bbox: &BBox) -> bool {
        let [first, _] = self.center();
        let corners = self.corners().into_iter();
        let ring: Vec<[f64; 2]> = corners.map(|[lon, lat]| [unwrapped(lon, first), lat]).collect();
        let outline = geo::Polygon::new(ring.into(), Vec::new());
        let turn = if bbox.west > bbox.east { 360.0 } else { 0.0 };
        let meets = |shift: f64| {
            let west_south = [bbox.west + shift, bbox.south];
            let east_north = [bbox.east + turn + shift, bbox.north];
            geo::Rect::new(west_south, east_north).intersects(&outline)
        };
        [-360.0, 0.0, 360.0].into_iter().any(meets) || self.is_in(bbox)
    }

    /// Is the centre in the box?
    pub(crate) fn is_in(self, bbox: &BBox) -> bool {
        let [lon, lat] = self.center();
        Position::new(lon, lat).is_ok_and(|middle| bbox.contains(middle))
    }

    /// Mean distance between the centres of neighbours at a resolution, in metres: √3 times the
    /// mean edge.
    pub(crate) fn spacing_m(resolution: u8) -> f64 {
        let resolution = Resolution::try_from(resolution).unwrap_or(Resolution::Fifteen);
        resolution.edge_length_m() * 3f64.sqrt()
    }
}

impl std::fmt::Display for H3Cell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outlines_hold_the_area_of_their_cells_on_the_antimeridian_too() {
        for (lon, lat) in [(-71.2, 46.8), (180.0, 10.0), (-179.99, -40.0)] {
            let middle = H3Cell::of(lon, lat, 8).unwrap();
            let mut cells = middle.ring(2);
            for with_middle in [false, true] {
                if with_middle {
                    cells.push(middle);
                }
                let outline = H3Cell::outline(&cells);
                assert_eq!(outline.len(), 1, "{lon} {lat}");
                let rings = &outline[0];
                assert_eq!(rings.len(), if with_middle { 1 } else { 2 });
                assert!(area(&rings[0]) > 0.0 && rings[1..].iter().all(|hole| area(hole) < 0.0));
                let whole: f64 = rings.iter().map(|ring| area(ring)).sum();
                let parts: f64 = cells.iter().map(|cell| area(&cell.corners())).sum();
                assert!((whole / parts - 1.0).abs() < 1e-9, "{whole} {parts}");
            }
        }
    }

    #[test]
    fn bounds_hold_every_cell_on_the_antimeridian_and_the_poles_too() {
        for (lon, lat) in [(-71.2, 46.8), (180.0, 10.0), (-179.99, -40.0), (30.0, 89.9)] {
            let cells = H3Cell::of(lon, lat, 6).unwrap().ring(1);
            let bounds = H3Cell::bounds(&cells).unwrap();
            assert!(cells.iter().all(|cell| cell.is_in(&bounds)), "{lon} {lat}: {bounds:?}");
            let wrapped = |lon: f64| (lon + 540.0).rem_euclid(360.0) - 180.0;
            for [lon, lat] in cells.iter().flat_map(|cell| cell.corners()) {
                let corner = Position::new(wrapped(lon), lat).unwrap();
                // The corner that makes an edge of the box may differ from it by the rounding.
                assert!(bounds.grown(1e-9).contains(corner), "{corner:?} {bounds:?}");
            }
            let far = Position::new(lon - 90.0 * lon.signum(), 0.0).unwrap();
            assert!(!bounds.contains(far), "{bounds:?}");
        }
        assert_eq!(H3Cell::bounds(&[]), None);
    }
}
