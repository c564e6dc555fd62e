//! Bounding boxes of GeoJSON features.

use geo::{BoundingRect, Geometry, Intersects, Rect};
use serde_json::Value;

use crate::place::{BBox, narrowest};

/// Does a feature's geometry intersect a bounding box? A feature without geometry intersects every
/// box.
pub fn touches(feature: &Value, bbox: &BBox) -> bool {
    if feature["geometry"].is_null() {
        return true;
    }
    shape_of(feature).is_some_and(|shape| {
        bbox.parts().iter().any(|part| {
            let rect = Rect::new((part.west, part.south), (part.east, part.north));
            shape.intersects(&rect)
        })
    })
}

/// The geometry of a feature; `None` if it has none.
pub fn shape_of(feature: &Value) -> Option<Geometry<f64>> {
    let read = serde_json::from_value::<geojson::Geometry>(feature["geometry"].clone()).ok()?;
    Geometry::try_from(read).ok()
}

/// The bounding box of features; `None` if none of them has a geometry. It crosses the antimeridian
/// where it is narrower so.
pub fn extent(features: &[Value]) -> Option<BBox> {
    let parts = features.iter().filter_map(shape_of).flat_map(|shape| match shape {
        // The parts of an area that is cut at the antimeridian lie on both of its sides.
        Geometry::MultiPolygon(parts) => parts.0.into_iter().map(Geometry::Polygon).collect(),
        other => vec![other],
    });
    let rects = parts.filter_map(|part| part.bounding_rect());
    narrowest(
        rects.filter_map(|rect| {
            BBox::new(rect.min().x, rect.min().y, rect.max().x, rect.max().y).ok()
        }),
    )
}
