//! Everything within a polygon.

use geo::{BoundingRect, Intersects, MultiPolygon, Point, Validation};

use super::{After, Newest, Page};
use crate::error::Words;
use crate::index::{Handle, Sieve, Snapshot};
use crate::place::{BBox, Position};
use crate::words;

/// Checked polygons in longitude and latitude; edges are straight lines between their ends'
/// coordinates, as in GeoJSON (RFC 7946, section 3.1.1), and belong to the inside.
#[derive(Debug, Clone)]
pub struct Polygons {
    shape: MultiPolygon<f64>,
    bounds: BBox,
}

impl Polygons {
    /// Most corners of all rings together.
    pub const CORNERS_MAX: usize = 10_000;

    /// Checks rings that are closed already.
    ///
    /// # Errors
    /// Coordinates off the Earth, too many corners, or rings that cross themselves or one another.
    pub fn new(shape: MultiPolygon<f64>) -> Result<Self, Words> {
        let rings = shape.iter().flat_map(|p| std::iter::once(p.exterior()).chain(p.interiors()));
        let mut corners = 0;
        for coord in rings.flat_map(|ring| ring.coords()) {
            corners += 1;
            if let Err(out) = Position::new(coord.x, coord.y) {
                let (axis, value, limit) = (out.axis, out.value, out.limit);
                return Err(words!(
                    "{axis} {value} n’est pas entre -{limit} et {limit} degrés",
                    "{axis} {value} is not between -{limit} and {limit} degrees"
                ));
            }
        }
        let max = Self::CORNERS_MAX;
        if corners > max {
            return Err(words!(
                "{corners} sommets ; {max} au plus",
                "{corners} corners; {max} at most"
            ));
        }
        if let Some(problem) = shape.validation_errors().first() {
            return Err(words!(
                "polygone non valide (anneau croisé, vide ou mal emboîté) : {problem}",
                "invalid polygon (ring that crosses itself, empty or badly nested): {problem}"
            ));
        }
        let bounds = shape
            .bounding_rect()
            .and_then(|rect| BBox::new(rect.min().x, rect.min().y, rect.max().x, rect.max().y).ok())
            .ok_or_else(|| words!("polygone vide", "empty polygon"))?;
        Ok(Self { shape, bounds })
    }

    /// The polygons of a box: two where it crosses the antimeridian.
    ///
    /// # Errors
    /// A box without extent.
    pub fn of_box(bbox: &BBox) -> Result<Self, Words> {
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
}

/// Placed reports that pass and lie inside the polygons: newest first, at most `limit` behind
/// `after`.
pub fn within_polygon(
    snapshot: &Snapshot,
    sieve: &Sieve,
    polygons: &Polygons,
    after: Option<After<i64>>,
    limit: usize,
) -> Page<Handle> {
    let mut list = Newest::new(snapshot, after, limit);
    snapshot.in_box(&polygons.bounds, sieve, |bunch| {
        bunch.slots().each(|slot| {
            if bunch.columns().position(slot).is_some_and(|at| polygons.contains(at)) {
                list.offer(bunch.handle(slot));
            }
        });
    });
    list.page()
}
