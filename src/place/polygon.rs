//! Polygons in longitude and latitude, as GeoJSON defines them.

use std::sync::Arc;

use geo::{BoundingRect, Coord, MultiPolygon};

use crate::place::edge_index::EdgeIndex;
use crate::place::ring_faults::{RingFault, TooManyPairs, ring_fault};
use crate::place::{BBox, OutOfRange, Position};

/// Checked polygons in longitude and latitude; edges are straight lines between their ends'
/// coordinates, as in GeoJSON (RFC 7946, section 3.1.1), and belong to the inside.
///
/// [`Polygons::contains`] takes time in the logarithm of the number of corners.
///
/// ```
/// use pointchaud::place::{BBox, Polygons, Position};
///
/// let quarter = Polygons::of_box(&BBox::new(-71.3, 46.7, -71.1, 46.9).unwrap()).unwrap();
/// assert!(quarter.contains(Position::new(-71.2, 46.8).unwrap()));
/// assert!(quarter.contains(Position::new(-71.3, 46.8).unwrap()), "edges belong to the inside");
/// assert!(!quarter.contains(Position::new(-71.0, 46.8).unwrap()));
/// ```
#[derive(Debug, Clone)]
pub struct Polygons {
    shape: MultiPolygon<f64>,
    bounds: BBox,
    edges: Arc<EdgeIndex>,
}

impl PartialEq for Polygons {
    fn eq(&self, other: &Self) -> bool {
        self.shape == other.shape
    }
}

/// Why a shape is refused as polygons.
#[derive(Debug, Clone)]
pub enum PolygonError {
    /// A corner is not a position on the Earth.
    OutOfRange(OutOfRange),
    /// More corners than are allowed; how many there are.
    Corners(usize),
    /// A ring that is no simple line around an area, or rings that cross or are nested wrongly.
    Rings(RingFault),
    /// Too many edges lie across one another's boxes to check the rings.
    Tangled,
    /// No corners at all.
    Empty,
}

impl Polygons {
    /// Corners of all rings together, at most, in a query.
    pub const CORNERS_MAX: usize = 10_000;
    /// Corners of all rings together, at most, of an area whose boundary is loaded.
    pub const BOUNDARY_CORNERS_MAX: usize = 500_000;

    /// Polygons of closed rings, strictly checked, in O(n log n) and the number of pairs of edges
    /// whose boxes overlap, which is limited.
    ///
    /// # Errors
    /// Coordinates off the Earth, too many corners or pairs of edges, or rings that are not simple,
    /// cross one another or are nested wrongly.
    pub fn new(shape: MultiPolygon<f64>) -> Result<Self, PolygonError> {
        let corners = corners(&shape)?;
        if corners > Self::CORNERS_MAX {
            return Err(PolygonError::Corners(corners));
        }
        let polygons = Self::bounded(shape)?;
        match ring_fault(&polygons.edges) {
            Err(TooManyPairs) => Err(PolygonError::Tangled),
            Ok(Some(fault)) => Err(PolygonError::Rings(fault)),
            Ok(None) => Ok(polygons),
        }
    }

    /// The boundary of an area as surveyed: rings may touch or cross themselves. What a ring winds
    /// around is inside it (nonzero winding rule).
    ///
    /// # Errors
    /// Coordinates off the Earth, too many corners, nothing inside.
    pub(crate) fn boundary(shape: MultiPolygon<f64>) -> Result<Self, PolygonError> {
        let corners = corners(&shape)?;
        if corners > Self::BOUNDARY_CORNERS_MAX {
            return Err(PolygonError::Corners(corners));
        }
        Self::bounded(shape)
    }

    fn bounded(shape: MultiPolygon<f64>) -> Result<Self, PolygonError> {
        let rect = shape.bounding_rect().ok_or(PolygonError::Empty)?;
        let bounds = BBox::new(rect.min().x, rect.min().y, rect.max().x, rect.max().y);
        let bounds = bounds.map_err(PolygonError::OutOfRange)?;
        let edges = Arc::new(EdgeIndex::new(&shape));
        Ok(Self { shape, bounds, edges })
    }

    /// The box as polygons: two where it crosses the antimeridian.
    ///
    /// # Errors
    /// A box without area.
    pub fn of_box(bbox: &BBox) -> Result<Self, PolygonError> {
        let rectangle = |part: &BBox| {
            let (sw, ne) = ((part.west, part.south), (part.east, part.north));
            geo::Rect::new(sw, ne).to_polygon()
        };
        Self::new(MultiPolygon::new(bbox.parts().iter().map(rectangle).collect()))
    }

    /// Is the position inside or on an edge? A position at longitude -180 is also looked for at
    /// 180, which is the same meridian.
    pub fn contains(&self, at: Position) -> bool {
        let holds = |lon: f64| self.edges.contains(Coord { x: lon, y: at.lat() });
        holds(at.lon()) || at.lon() == -180.0 && holds(180.0)
    }

    /// Is the position on an edge? Where polygons on both sides of the antimeridian were cut there,
    /// the cut is no edge.
    pub(super) fn is_on_edge(&self, at: Position) -> bool {
        let touches = |lon: f64| !self.edges.locate(Coord { x: lon, y: at.lat() }).1.is_empty();
        match at.lon() == -180.0 {
            false => touches(at.lon()),
            true => touches(-180.0) != touches(180.0),
        }
    }

    /// The polygons in planar geometry.
    pub(super) fn shape(&self) -> &MultiPolygon<f64> {
        &self.shape
    }

    /// The index of the edges.
    pub(super) fn edge_index(&self) -> &EdgeIndex {
        &self.edges
    }

    /// The smallest box that holds all polygons.
    pub(crate) fn bounds(&self) -> &BBox {
        &self.bounds
    }

    /// The rings of each polygon: its outer ring, then its holes. Corners are longitude and
    /// latitude; the last corner repeats the first.
    pub(crate) fn rings(&self) -> Vec<Vec<Vec<[f64; 2]>>> {
        let ring = |ring: &geo::LineString<f64>| ring.coords().map(|at| [at.x, at.y]).collect();
        let polygon = |polygon: &geo::Polygon<f64>| {
            std::iter::once(polygon.exterior()).chain(polygon.interiors()).map(ring).collect()
        };
        self.shape.iter().map(polygon).collect()
    }

    /// Polygons of rings in the order of [`Polygons::rings`].
    ///
    /// # Errors
    /// As [`Polygons::boundary`].
    pub(crate) fn of_rings(rings: Vec<Vec<Vec<[f64; 2]>>>) -> Result<Self, PolygonError> {
        let line = |ring: Vec<[f64; 2]>| geo::LineString::from(ring);
        let polygon = |rings: Vec<Vec<[f64; 2]>>| {
            let mut rings = rings.into_iter().map(line);
            let outer = rings.next().unwrap_or_else(|| geo::LineString::new(Vec::new()));
            geo::Polygon::new(outer, rings.collect())
        };
        Self::boundary(MultiPolygon::new(rings.into_iter().map(polygon).collect()))
    }
}

fn corners(shape: &MultiPolygon<f64>) -> Result<usize, PolygonError> {
    let rings = shape.iter().flat_map(|p| std::iter::once(p.exterior()).chain(p.interiors()));
    let mut corners = 0;
    for coord in rings.flat_map(|ring| ring.coords()) {
        corners += 1;
        Position::new(coord.x, coord.y).map_err(PolygonError::OutOfRange)?;
    }
    Ok(corners)
}
