//! The geometries of spatial conditions: points, lines, boxes, polygons, and collections of them.

use std::sync::Arc;

use geo::kernels::Orientation;
use geo::{Coord, LineString, MultiLineString, MultiPoint, MultiPolygon};
use rstar::{AABB, RTree};

use crate::place::edge_index::{IndexedEdge, orientation};
use crate::place::{BBox, Polygons, Position};

/// Where a position lies relative to a geometry (OGC 06-103r4, section 6.1.15).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PointLocation {
    /// In its interior.
    Interior,
    /// On its boundary: the edges of polygons and boxes, the ends of lines.
    Boundary,
    /// Neither.
    Exterior,
}

/// Lines and an R-tree of their segments.
#[derive(Debug, Clone)]
struct IndexedLines {
    shape: MultiLineString<f64>,
    segments: Arc<RTree<IndexedEdge>>,
    /// The boundary: the ends of an odd number of lines.
    ends: Vec<Coord<f64>>,
}

/// A geometry without collections.
#[derive(Debug, Clone)]
enum SimpleShape {
    Box(BBox),
    Polygons(Box<Polygons>),
    Points(Vec<Position>),
    Lines(IndexedLines),
}

/// A geometry of a spatial condition.
///
/// ```
/// use pointchaud::place::{BBox, PointLocation, Position, QueryShape};
///
/// let at = |lon| Position::new(lon, -17.0).unwrap();
/// let fiji = QueryShape::of_box(BBox::new(177.0, -19.0, -178.0, -16.0).unwrap());
/// assert_eq!(fiji.locate(at(180.0)), PointLocation::Interior);
/// assert_eq!(fiji.locate(at(177.0)), PointLocation::Boundary);
/// assert_eq!(fiji.locate(at(0.0)), PointLocation::Exterior);
/// let both = QueryShape::collection([fiji, QueryShape::of_points(vec![at(0.0)])]);
/// assert_eq!(both.locate(at(0.0)), PointLocation::Interior);
/// ```
#[derive(Debug, Clone)]
pub struct QueryShape(Vec<SimpleShape>);

impl QueryShape {
    /// A box. One without width or height is a line, one without both a point.
    pub fn of_box(bbox: BBox) -> Self {
        Self(vec![SimpleShape::Box(bbox)])
    }

    /// Points.
    pub fn of_points(points: Vec<Position>) -> Self {
        Self(vec![SimpleShape::Points(points)])
    }

    /// Polygons.
    pub(crate) fn of_polygons(polygons: Polygons) -> Self {
        Self(vec![SimpleShape::Polygons(Box::new(polygons))])
    }

    /// Lines, each of at least two different positions on the Earth, which the caller has checked.
    pub(crate) fn of_lines(lines: Vec<Vec<[f64; 2]>>) -> Self {
        let shape = MultiLineString::new(lines.into_iter().map(LineString::from).collect());
        let mut segments = Vec::new();
        for (ring, line) in (0..).zip(&shape) {
            let segment = |(place, segment): (u32, geo::Line<f64>)| IndexedEdge {
                start: segment.start,
                end: segment.end,
                ring,
                place,
            };
            segments.extend((0..).zip(line.lines()).map(segment));
        }
        let mut ends: Vec<Coord<f64>> = shape
            .iter()
            .flat_map(|line| [line.0.first(), line.0.last()])
            .flatten()
            .copied()
            .collect();
        ends.sort_by(|a, b| a.x.total_cmp(&b.x).then(a.y.total_cmp(&b.y)));
        let odd = ends.chunk_by(|a, b| a == b).filter(|same| same.len() % 2 == 1);
        let ends = odd.map(|same| same[0]).collect();
        let segments = Arc::new(RTree::bulk_load(segments));
        Self(vec![SimpleShape::Lines(IndexedLines { shape, segments, ends })])
    }

    /// Geometries as one.
    pub fn collection(shapes: impl IntoIterator<Item = Self>) -> Self {
        Self(shapes.into_iter().flat_map(|shape| shape.0).collect())
    }

    /// Where a position lies. A position in the interior of one geometry of a collection is in that
    /// of the collection. Takes time in the logarithm of the number of corners.
    pub fn locate(&self, at: Position) -> PointLocation {
        let mut location = PointLocation::Exterior;
        for one in &self.0 {
            match one.locate(at) {
                PointLocation::Interior => return PointLocation::Interior,
                PointLocation::Boundary => location = PointLocation::Boundary,
                PointLocation::Exterior => {}
            }
        }
        location
    }

    /// Does it consist of this position alone?
    pub(crate) fn is_point(&self, at: Position) -> bool {
        !self.0.is_empty()
            && self.0.iter().all(|one| match one {
                SimpleShape::Points(points) => {
                    !points.is_empty() && points.iter().all(|point| *point == at)
                }
                SimpleShape::Box(bbox) => is_flat(bbox) == (true, true) && bbox.contains(at),
                SimpleShape::Polygons(_) | SimpleShape::Lines(_) => false,
            })
    }

    /// The polygons, where it is nothing else.
    pub(crate) fn polygons(&self) -> Option<&Polygons> {
        match self.0.as_slice() {
            [SimpleShape::Polygons(polygons)] => Some(polygons),
            _ => None,
        }
    }

    /// The box, where it is nothing else.
    pub(crate) fn bbox(&self) -> Option<&BBox> {
        match self.0.as_slice() {
            [SimpleShape::Box(bbox)] => Some(bbox),
            _ => None,
        }
    }

    /// The same in planar geometry. A box across the antimeridian becomes two polygons.
    pub(super) fn to_geometry(&self) -> geo::Geometry<f64> {
        let mut all: Vec<geo::Geometry<f64>> =
            self.0.iter().flat_map(SimpleShape::to_geometries).collect();
        match all.len() {
            1 => all.remove(0),
            _ => geo::Geometry::GeometryCollection(geo::GeometryCollection::new_from(all)),
        }
    }
}

impl SimpleShape {
    fn locate(&self, at: Position) -> PointLocation {
        match self {
            Self::Box(bbox) => box_location(bbox, at),
            Self::Polygons(polygons) if !polygons.contains(at) => PointLocation::Exterior,
            Self::Polygons(polygons) if polygons.is_on_edge(at) => PointLocation::Boundary,
            Self::Polygons(_) => PointLocation::Interior,
            Self::Points(points) if points.contains(&at) => PointLocation::Interior,
            Self::Points(_) => PointLocation::Exterior,
            Self::Lines(lines) => {
                let here = lines.locate(Coord { x: at.lon(), y: at.lat() });
                match here {
                    PointLocation::Exterior if at.lon() == -180.0 => {
                        lines.locate(Coord { x: 180.0, y: at.lat() })
                    }
                    here => here,
                }
            }
        }
    }

    fn to_geometries(&self) -> Vec<geo::Geometry<f64>> {
        match self {
            Self::Box(bbox) => box_geometries(bbox),
            Self::Polygons(polygons) => vec![polygons.shape().clone().into()],
            Self::Lines(lines) => vec![lines.shape.clone().into()],
            Self::Points(points) => {
                let points = points.iter().map(|at| geo::Point::new(at.lon(), at.lat()));
                vec![MultiPoint::new(points.collect()).into()]
            }
        }
    }
}

impl IndexedLines {
    fn locate(&self, at: Coord<f64>) -> PointLocation {
        let here = AABB::from_point([at.x, at.y]);
        let mut near = self.segments.locate_in_envelope_intersecting(here);
        let is_on =
            near.any(|edge| orientation(edge.start, edge.end, at) == Orientation::Collinear);
        match is_on {
            false => PointLocation::Exterior,
            true if self.ends.contains(&at) => PointLocation::Boundary,
            true => PointLocation::Interior,
        }
    }
}

/// Are two longitudes those of one meridian?
fn is_same_meridian(a: f64, b: f64) -> bool {
    a == b || a.abs() == 180.0 && b.abs() == 180.0
}

/// Has a box no width, and has it no height?
fn is_flat(bbox: &BBox) -> (bool, bool) {
    let is_around = bbox.west == -180.0 && bbox.east == 180.0;
    (!is_around && is_same_meridian(bbox.west, bbox.east), bbox.south == bbox.north)
}

/// Where a position lies relative to a box. The poles, and the antimeridian in a box around the
/// Earth, are no edges.
fn box_location(bbox: &BBox, at: Position) -> PointLocation {
    if !bbox.contains(at) {
        return PointLocation::Exterior;
    }
    let (lon, lat) = (at.lon(), at.lat());
    let is_around = bbox.west == -180.0 && bbox.east == 180.0;
    let on_meridian =
        !is_around && (is_same_meridian(lon, bbox.west) || is_same_meridian(lon, bbox.east));
    let on_parallel = [bbox.south, bbox.north].contains(&lat);
    let is_boundary = match is_flat(bbox) {
        (true, true) => false,
        (true, false) => on_parallel,
        (false, true) => on_meridian,
        (false, false) => on_meridian || on_parallel && lat.abs() < 90.0,
    };
    if is_boundary { PointLocation::Boundary } else { PointLocation::Interior }
}

fn box_geometries(bbox: &BBox) -> Vec<geo::Geometry<f64>> {
    let corners = |part: &BBox| {
        (Coord { x: part.west, y: part.south }, Coord { x: part.east, y: part.north })
    };
    let flat = is_flat(bbox);
    let parts = bbox.parts();
    match flat {
        (true, true) => vec![geo::Point::new(bbox.west, bbox.south).into()],
        (true, false) | (false, true) => {
            let is_line = |part: &&BBox| flat.0 || part.west < part.east;
            let lines = parts.iter().filter(is_line).map(|part| {
                let (start, end) = corners(part);
                LineString::new(vec![start, end])
            });
            vec![MultiLineString::new(lines.collect()).into()]
        }
        (false, false) => {
            let wide = parts.iter().filter(|part| part.west < part.east).map(|part| {
                let (start, end) = corners(part);
                geo::Rect::new(start, end).to_polygon()
            });
            vec![MultiPolygon::new(wide.collect()).into()]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn located(shape: &QueryShape, lon: f64, lat: f64) -> PointLocation {
        shape.locate(Position::new(lon, lat).unwrap())
    }

    #[test]
    fn boxes_of_any_width_have_interior_and_boundary() {
        use PointLocation::{Boundary, Exterior, Interior};
        let of = |w, s, e, n| QueryShape::of_box(BBox::new(w, s, e, n).unwrap());
        for (shape, lon, lat, expected) in [
            (of(-10.0, -5.0, 10.0, 5.0), 0.0, 0.0, Interior),
            (of(-10.0, -5.0, 10.0, 5.0), 10.0, 0.0, Boundary),
            (of(-10.0, -5.0, 10.0, 5.0), 0.0, -5.0, Boundary),
            (of(-10.0, -5.0, 10.0, 5.0), 0.0, 6.0, Exterior),
            (of(-180.0, -90.0, 180.0, 90.0), 180.0, 90.0, Interior),
            (of(170.0, -5.0, 180.0, 5.0), -180.0, 0.0, Boundary),
            (of(170.0, -5.0, -170.0, 5.0), 180.0, 0.0, Interior),
            (of(3.0, -5.0, 3.0, 5.0), 3.0, 0.0, Interior),
            (of(3.0, -5.0, 3.0, 5.0), 3.0, 5.0, Boundary),
            (of(3.0, 4.0, 3.0, 4.0), 3.0, 4.0, Interior),
            (of(180.0, -5.0, -180.0, 5.0), 180.0, 1.0, Interior),
        ] {
            assert_eq!(located(&shape, lon, lat), expected, "{shape:?} {lon} {lat}");
        }
    }

    #[test]
    fn lines_end_at_their_boundary_and_polygons_at_their_edges() {
        use PointLocation::{Boundary, Exterior, Interior};
        let line = QueryShape::of_lines(vec![
            vec![[0.0, 0.0], [2.0, 2.0], [4.0, 2.0]],
            vec![[4.0, 2.0], [4.0, 5.0]],
        ]);
        for (lon, lat, expected) in [
            (0.0, 0.0, Boundary),
            (1.0, 1.0, Interior),
            (2.0, 2.0, Interior),
            (4.0, 2.0, Interior),
            (4.0, 5.0, Boundary),
            (1.0, 1.5, Exterior),
        ] {
            assert_eq!(located(&line, lon, lat), expected, "{lon} {lat}");
        }
        let square = BBox::new(0.0, 0.0, 1.0, 1.0).unwrap();
        let square = QueryShape::of_polygons(Polygons::of_box(&square).unwrap());
        assert_eq!(located(&square, 0.5, 0.5), Interior);
        assert_eq!(located(&square, 0.5, 1.0), Boundary);
        assert_eq!(located(&square, 0.5, 1.1), Exterior);
        let earth = QueryShape::of_polygons(Polygons::of_box(&BBox::WORLD).unwrap());
        assert_eq!(located(&earth, 180.0, 5.0), Interior, "both sides of the cut are inside");
    }
}
