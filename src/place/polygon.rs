//! Polygons on the Earth, as GeoJSON means them.

use geo::{BoundingRect, Intersects, MultiPolygon, Point, Validation};

use crate::place::{BBox, OutOfRange, Position};

/// Checked polygons in longitude and latitude; edges are straight lines between their ends'
/// coordinates, as in GeoJSON (RFC 7946, section 3.1.1), and belong to the inside.
#[derive(Debug, Clone, PartialEq)]
pub struct Polygons {
    shape: MultiPolygon<f64>,
    bounds: BBox,
}

/// Why polygons are none.
#[derive(Debug, Clone)]
pub enum PolygonError {
    /// A corner is off the Earth.
    OutOfRange(OutOfRange),
    /// More corners than may be.
    Corners(usize),
    /// Rings that cross themselves or one another.
    Invalid(String),
    /// Nothing is inside.
    Empty,
}

impl Polygons {
    /// Most corners of all rings together, in a question.
    pub const CORNERS_MAX: usize = 10_000;
    /// Most corners of an area whose boundary is loaded.
    pub const BOUNDARY_CORNERS_MAX: usize = 500_000;

    /// Checks rings that are closed already.
    ///
    /// # Errors
    /// Coordinates off the Earth, too many corners, or rings that cross themselves or one another.
    pub fn new(shape: MultiPolygon<f64>) -> Result<Self, PolygonError> {
        let corners = corners(&shape)?;
        if corners > Self::CORNERS_MAX {
            return Err(PolygonError::Corners(corners));
        }
        if let Some(problem) = shape.validation_errors().first() {
            return Err(PolygonError::Invalid(problem.to_string()));
        }
        Self::bounded(shape)
    }

    /// The boundary of an area, as its surveyors drew it: rings that touch themselves are let
    /// through, and what lies in an odd number of rings is inside.
    ///
    /// # Errors
    /// Coordinates off the Earth, too many corners, nothing inside.
    pub fn boundary(shape: MultiPolygon<f64>) -> Result<Self, PolygonError> {
        let corners = corners(&shape)?;
        if corners > Self::BOUNDARY_CORNERS_MAX {
            return Err(PolygonError::Corners(corners));
        }
        Self::bounded(shape)
    }

    fn bounded(shape: MultiPolygon<f64>) -> Result<Self, PolygonError> {
        let rect = shape.bounding_rect().ok_or(PolygonError::Empty)?;
        let bounds = BBox::new(rect.min().x, rect.min().y, rect.max().x, rect.max().y);
        Ok(Self { shape, bounds: bounds.map_err(PolygonError::OutOfRange)? })
    }

    /// The polygons of a box: two where it crosses the antimeridian.
    ///
    /// # Errors
    /// A box without extent.
    pub fn of_box(bbox: &BBox) -> Result<Self, PolygonError> {
        let rectangle = |part: &BBox| {
            let (sw, ne) = ((part.west, part.south), (part.east, part.north));
            geo::Rect::new(sw, ne).to_polygon()
        };
        Self::new(MultiPolygon::new(bbox.parts().iter().map(rectangle).collect()))
    }

    /// Inside or on an edge. The antimeridian is looked for under both its names.
    pub fn contains(&self, at: Position) -> bool {
        self.shape.intersects(&Point::new(at.lon(), at.lat()))
            || at.lon() == -180.0 && self.shape.intersects(&Point::new(180.0, at.lat()))
    }

    /// The box around them.
    pub fn bounds(&self) -> &BBox {
        &self.bounds
    }

    /// Their rings: of each polygon its outer one, then its holes; corners as longitude and
    /// latitude, the last being the first.
    pub fn rings(&self) -> Vec<Vec<Vec<[f64; 2]>>> {
        let ring = |ring: &geo::LineString<f64>| ring.coords().map(|at| [at.x, at.y]).collect();
        let polygon = |polygon: &geo::Polygon<f64>| {
            std::iter::once(polygon.exterior()).chain(polygon.interiors()).map(ring).collect()
        };
        self.shape.iter().map(polygon).collect()
    }

    /// Polygons of such rings; see [`Polygons::boundary`].
    ///
    /// # Errors
    /// As [`Polygons::boundary`].
    pub fn of_rings(rings: Vec<Vec<Vec<[f64; 2]>>>) -> Result<Self, PolygonError> {
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
