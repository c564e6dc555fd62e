//! The relations of two geometries by their interiors, boundaries and exteriors (DE-9IM).

use geo::{Intersects, Relate};

use crate::place::Position;
use crate::place::query_shape::{PointLocation, QueryShape};

/// A relation of two geometries (OGC 06-103r4, section 6.1.15).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpatialRelation {
    /// They have a position in common.
    Intersects,
    /// They have none in common.
    Disjoint,
    /// The first is inside the second, their interiors have a position in common.
    Within,
    /// The second is within the first.
    Contains,
    /// They are the same positions.
    Equals,
    /// They have positions in common, but their interiors have none.
    Touches,
    /// Their interiors meet in something of a lesser dimension.
    Crosses,
    /// They have the same dimension, and a part of each is outside of the other.
    Overlaps,
}

impl SpatialRelation {
    /// All relations with the names that CQL2 gives them, in lower case.
    pub(crate) const ALL: [(Self, &'static str); 8] = [
        (Self::Intersects, "s_intersects"),
        (Self::Disjoint, "s_disjoint"),
        (Self::Within, "s_within"),
        (Self::Contains, "s_contains"),
        (Self::Equals, "s_equals"),
        (Self::Touches, "s_touches"),
        (Self::Crosses, "s_crosses"),
        (Self::Overlaps, "s_overlaps"),
    ];

    /// The relation of the second geometry to the first.
    pub(crate) fn turned(self) -> Self {
        match self {
            Self::Within => Self::Contains,
            Self::Contains => Self::Within,
            same => same,
        }
    }

    /// Is a position so related to a geometry? A single position has no part outside of what it
    /// meets, so it crosses and overlaps nothing.
    ///
    /// ```
    /// use pointchaud::place::{BBox, Position, QueryShape, SpatialRelation};
    ///
    /// let shape = QueryShape::of_box(BBox::new(0.0, 0.0, 1.0, 1.0).unwrap());
    /// let edge = Position::new(1.0, 0.5).unwrap();
    /// assert!(SpatialRelation::Intersects.holds_at(edge, &shape));
    /// assert!(SpatialRelation::Touches.holds_at(edge, &shape));
    /// assert!(!SpatialRelation::Within.holds_at(edge, &shape));
    /// ```
    pub fn holds_at(self, at: Position, shape: &QueryShape) -> bool {
        match self {
            Self::Intersects => shape.locate(at) != PointLocation::Exterior,
            Self::Disjoint => shape.locate(at) == PointLocation::Exterior,
            Self::Within => shape.locate(at) == PointLocation::Interior,
            Self::Touches => shape.locate(at) == PointLocation::Boundary,
            Self::Contains | Self::Equals => shape.is_point(at),
            Self::Crosses | Self::Overlaps => false,
        }
    }

    /// Is a planar geometry so related to the shape of a condition?
    pub(crate) fn holds_of(self, geometry: &geo::Geometry<f64>, shape: &QueryShape) -> bool {
        self.holds(geometry, &shape.to_geometry())
    }

    /// Are the shapes of two conditions so related?
    pub(crate) fn holds_between(self, a: &QueryShape, b: &QueryShape) -> bool {
        self.holds(&a.to_geometry(), &b.to_geometry())
    }

    fn holds(self, a: &geo::Geometry<f64>, b: &geo::Geometry<f64>) -> bool {
        match self {
            Self::Intersects => a.intersects(b),
            Self::Disjoint => !a.intersects(b),
            Self::Within => a.relate(b).is_within(),
            Self::Contains => a.relate(b).is_contains(),
            Self::Equals => a.relate(b).is_equal_topo(),
            Self::Touches => a.relate(b).is_touches(),
            Self::Crosses => a.relate(b).is_crosses(),
            Self::Overlaps => a.relate(b).is_overlaps(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::BBox;

    #[test]
    fn a_position_and_the_point_at_it_are_one_to_all_relations() {
        let shapes = [
            QueryShape::of_box(BBox::new(0.0, 0.0, 2.0, 2.0).unwrap()),
            QueryShape::of_box(BBox::new(1.0, 0.0, 1.0, 2.0).unwrap()),
            QueryShape::of_points(vec![Position::new(1.0, 1.0).unwrap()]),
            QueryShape::of_points([1.0, 2.0].map(|lon| Position::new(lon, 1.0).unwrap()).into()),
            QueryShape::of_lines(vec![vec![[0.0, 0.0], [1.0, 1.0]]]),
            QueryShape::of_lines(vec![vec![[0.0, 1.0], [3.0, 1.0]]]),
        ];
        let mut held = 0;
        for shape in &shapes {
            for at in [(1.0, 1.0), (2.0, 1.0), (0.0, 0.0), (5.0, 5.0), (2.0, 2.0)] {
                let point = geo::Geometry::from(geo::Point::from(at));
                for (relation, name) in SpatialRelation::ALL {
                    let is_so = relation.holds_at(Position::new(at.0, at.1).unwrap(), shape);
                    assert_eq!(is_so, relation.holds_of(&point, shape), "{name} {at:?} {shape:?}");
                    held += u32::from(is_so);
                }
            }
        }
        assert!(held > 30, "{held}");
    }
}
