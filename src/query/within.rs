//! Everything within a radius or a polygon.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use geo::{BoundingRect, Intersects, MultiPolygon, Point, Validation};

use super::{After, Found, Newest, Page};
use crate::error::Words;
use crate::index::{Handle, Sieve, Snapshot};
use crate::place::{BBox, Meters, Position, distance};
use crate::words;

struct Entry<'a> {
    meters: f64,
    id: &'a str,
    handle: Handle,
}

impl Ord for Entry<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.meters.total_cmp(&other.meters).then_with(|| self.id.cmp(other.id))
    }
}

impl PartialOrd for Entry<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Entry<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Entry<'_> {}

/// Reports that pass and are no farther than `radius` from `at`, the edge included: nearest first,
/// equal distances by id, at most `limit` behind `after`.
pub fn within_radius(
    snapshot: &Snapshot,
    sieve: &Sieve,
    at: Position,
    radius: Meters,
    after: Option<After<f64>>,
    limit: usize,
) -> Page<Found> {
    let mut heap: BinaryHeap<Entry<'_>> = BinaryHeap::new();
    for handle in snapshot.around(at, radius, sieve) {
        let Some(position) = snapshot.position(handle) else { continue };
        let meters = distance(at, position).0;
        let full = heap.len() > limit;
        if meters > radius.0 || full && heap.peek().is_some_and(|last| meters > last.meters) {
            continue;
        }
        let id = snapshot.id(handle);
        if let Some(after) = &after
            && meters.total_cmp(&after.key).then_with(|| id.cmp(&after.id)) != Ordering::Greater
        {
            continue;
        }
        heap.push(Entry { meters, id, handle });
        if heap.len() > limit + 1 {
            heap.pop();
        }
    }
    let sorted = heap.into_sorted_vec().into_iter();
    let mut items: Vec<Found> = sorted
        .map(|entry| Found { handle: entry.handle, distance: Meters(entry.meters) })
        .collect();
    let more = items.len() > limit;
    items.truncate(limit);
    Page { items, more }
}

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
    snapshot.in_box(&polygons.bounds, sieve, |handle| {
        if snapshot.position(handle).is_some_and(|at| polygons.contains(at)) {
            list.offer(handle);
        }
    });
    list.page()
}
