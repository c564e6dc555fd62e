//! Bounding boxes of GeoJSON features.

use geo::{BoundingRect, Geometry, Intersects, Rect};
use serde_json::Value;

use crate::place::BBox;

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

/// The bounding box of features; `None` if none of them has a geometry.
pub fn extent(features: &[Value]) -> Option<BBox> {
    let boxes = features.iter().filter_map(|feature| shape_of(feature)?.bounding_rect());
    let all = boxes.reduce(|a, b| {
        let (low, high) = (a.min(), a.max());
        let (other, top) = (b.min(), b.max());
        Rect::new((low.x.min(other.x), low.y.min(other.y)), (high.x.max(top.x), high.y.max(top.y)))
    })?;
    BBox::new(all.min().x, all.min().y, all.max().x, all.max().y).ok()
}
