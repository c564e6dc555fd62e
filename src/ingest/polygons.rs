//! Polygons in GeoJSON (RFC 7946), checked.

use geo::{LineString, MultiPolygon, Polygon};
use geojson::{Geometry, GeometryValue, Position as Corner};
use serde_json::Value;

use crate::error::Refusal;
use crate::message;
use crate::place::{PolygonError, Polygons};

/// Reads a Polygon or MultiPolygon, bare or in a Feature.
///
/// # Errors
/// Names the member at fault.
pub fn polygons(body: &Value) -> Result<Polygons, Refusal> {
    Polygons::new(rings(body)?).map_err(polygon_fault)
}

/// Why polygons are refused.
pub fn polygon_fault(fault: PolygonError) -> Refusal {
    let message = match fault {
        PolygonError::OutOfRange(out) => {
            let (axis, value, limit) = (out.axis, out.value, out.limit);
            message!(
                "{axis} {value} n’est pas entre -{limit} et {limit} degrés",
                "{axis} {value} is not between -{limit} and {limit} degrees"
            )
        }
        PolygonError::Corners(n) => message!("trop de sommets : {n}", "too many vertices: {n}"),
        PolygonError::Invalid(problem) => message!(
            "polygone non valide (anneau qui se croise, vide ou mal emboîté) : {problem}",
            "invalid polygon (a ring crosses itself, is empty or is nested wrongly): {problem}"
        ),
        PolygonError::Empty => message!("polygone vide", "empty polygon"),
    };
    Refusal::new("coordinates", "", message)
}

/// The rings of a Polygon or MultiPolygon, closed but not yet checked against one another.
///
/// # Errors
/// Names the member at fault.
pub fn rings(body: &Value) -> Result<MultiPolygon<f64>, Refusal> {
    let object = if body["type"] == "Feature" { &body["geometry"] } else { body };
    let read = serde_json::from_value::<Geometry>(object.clone());
    let geometry = read.map_err(|error| {
        let reason = error.to_string();
        let message = message!(
            "n’est pas une géométrie GeoJSON : {reason}",
            "is not a GeoJSON geometry: {reason}"
        );
        Refusal::new("geometry", object, message)
    })?;
    let polygons = match geometry.value {
        GeometryValue::Polygon { coordinates } => vec![coordinates],
        GeometryValue::MultiPolygon { coordinates } => coordinates,
        other => {
            let message =
                message!("n’est ni Polygon ni MultiPolygon", "is neither Polygon nor MultiPolygon");
            return Err(Refusal::new("type", other.type_name(), message));
        }
    };
    let mut shape = Vec::with_capacity(polygons.len());
    for rings in polygons {
        let mut lines =
            rings.into_iter().map(|ring| ring_line(&ring)).collect::<Result<Vec<_>, _>>()?;
        if lines.is_empty() {
            let message = message!("n’a pas d’anneau", "has no ring");
            return Err(Refusal::new("coordinates", "[]", message));
        }
        let outer = lines.remove(0);
        shape.push(Polygon::new(outer, lines));
    }
    Ok(MultiPolygon::new(shape))
}

fn ring_line(ring: &[Corner]) -> Result<LineString<f64>, Refusal> {
    let corners: Vec<(f64, f64)> = ring.iter().map(|corner| (corner[0], corner[1])).collect();
    let closed = corners.len() >= 4 && corners.first() == corners.last();
    if !closed {
        let n = corners.len();
        let message = message!(
            "un anneau a au moins 4 positions, et la dernière est égale à la première ; celui-ci \
             en a {n}",
            "a ring has at least 4 positions, and the last equals the first; this one has {n}"
        );
        let ends = format!("{:?} … {:?}", corners.first(), corners.last());
        return Err(Refusal::new("coordinates", ends, message));
    }
    Ok(LineString::from(corners))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::Position;

    #[test]
    fn polygons_are_checked() {
        let polygon = |text: &str| polygons(&serde_json::from_str(text).unwrap());
        let square = r#"{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,1],[0,0]]]}"#;
        assert!(polygon(square).unwrap().contains(Position::new(0.5, 1.0).unwrap()));
        for (bad, field) in [
            (r#"{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,1]]]}"#, "coordinates"),
            (
                r#"{"type":"Polygon","coordinates":[[[0,0],[1,1],[1,0],[0,1],[0,0]]]}"#,
                "coordinates",
            ),
            (r#"{"type":"Polygon","coordinates":[[[0,0],[200,0],[1,1],[0,0]]]}"#, "coordinates"),
            (r#"{"type":"Polygon","coordinates":[]}"#, "coordinates"),
            (r#"{"type":"Point","coordinates":[0,0]}"#, "type"),
            (r#"{"type":"Polygon","coordinates":[[["a",0]]]}"#, "geometry"),
            (r#"{"a":1}"#, "geometry"),
            (r#"[]"#, "geometry"),
        ] {
            assert_eq!(polygon(bad).unwrap_err().field, field, "{bad}");
        }
    }
}
