//! Polygons in GeoJSON (RFC 7946), checked.

use geo::{LineString, MultiPolygon, Polygon};
use geojson::{Geometry, GeometryValue, Position as Corner};
use serde::Deserialize;
use serde_json::Value;

use crate::error::Refusal;
use crate::i18n::Message;
use crate::message;
use crate::place::{PolygonError, Polygons, RingFault, RingFaultKind};

/// Longitudes beyond ±180 up to this, in degrees, are those of polygons across the antimeridian.
const AROUND_MAX: f64 = 540.0;

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
            let is_around = axis == "lon" && value.abs() <= AROUND_MAX;
            let hint = if is_around { split_hint() } else { Message::default() };
            let (fr, en) = (hint.fr, hint.en);
            message!(
                "{axis} {value} n’est pas entre -{limit} et {limit} degrés{fr}",
                "{axis} {value} is not between -{limit} and {limit} degrees{en}"
            )
        }
        PolygonError::Corners(n) => message!("trop de sommets : {n}", "too many vertices: {n}"),
        PolygonError::Rings(fault) => ring_message(fault),
        PolygonError::Tangled => message!(
            "trop d’arêtes se croisent ou se côtoient pour vérifier le contour ; simplifiez-le",
            "too many edges lie across or beside one another to check the outline; simplify it"
        ),
        PolygonError::Empty => message!("polygone vide", "empty polygon"),
    };
    Refusal::new("coordinates", "", message)
}

/// Why rings are refused, with the place of the fault.
fn ring_message(fault: RingFault) -> Message {
    let RingFault { kind, near: [lon, lat] } = fault;
    let Message { fr, en } = match kind {
        RingFaultKind::FewCorners => message!(
            "un anneau a moins de trois sommets différents",
            "a ring has fewer than three different vertices"
        ),
        RingFaultKind::SelfIntersection => message!(
            "un anneau se croise, se touche ou revient sur ses pas",
            "a ring crosses or touches itself, or runs back along its own line"
        ),
        RingFaultKind::Crossing => message!("deux anneaux se croisent", "two rings cross"),
        RingFaultKind::SharedLine => message!(
            "deux anneaux ont une ligne en commun ; ils ne peuvent se toucher qu’en des points",
            "two rings share a line; they may touch at points only"
        ),
        RingFaultKind::HoleOutside => {
            message!("un trou est hors de son polygone", "a hole is outside of its polygon")
        }
        RingFaultKind::Overlap => message!(
            "un trou est dans un autre trou, ou un polygone dans un autre polygone",
            "a hole is inside another hole, or a polygon inside another polygon"
        ),
    };
    message!(
        "polygone non valide, près de {lon} {lat} : {fr}",
        "invalid polygon, near {lon} {lat}: {en}"
    )
}

/// How to write a polygon that crosses the antimeridian.
fn split_hint() -> Message {
    message!(
        " ; un polygone qui franchit l’antiméridien s’écrit comme un MultiPolygon, coupé à ±180 \
         (RFC 7946, 3.1.9) ; autour d’un pôle il longe ±180 jusqu’au pôle",
        "; a polygon that crosses the antimeridian is written as a MultiPolygon that is cut at \
         ±180 (RFC 7946, 3.1.9); around a pole it runs along ±180 up to the pole"
    )
}

/// Refuses an edge that spans more than half of the Earth's longitudes: it is that of a polygon
/// across the antimeridian that was not cut there. An edge from -180 to 180 is that of a polygon
/// around the whole Earth.
///
/// # Errors
/// There is such an edge.
pub(crate) fn check_span(corners: &[(f64, f64)]) -> Result<(), Refusal> {
    let is_wide = |pair: &&[(f64, f64)]| {
        let [(from, _), (to, _)] = pair else { return false };
        let width = (from - to).abs();
        // What is farther off the Earth is refused for that.
        let is_near = pair.iter().all(|(lon, _)| lon.abs() <= AROUND_MAX);
        is_near && width > 180.0 && width != 360.0
    };
    let Some([from, to]) = corners.windows(2).find(is_wide) else { return Ok(()) };
    let (west, east, hint) = (from.0, to.0, split_hint());
    let (fr, en) = (hint.fr, hint.en);
    let message = message!(
        "une arête va de la longitude {west} à {east}, plus de 180 degrés{fr} ; une arête qui fait \
         vraiment le grand tour a un sommet en son milieu",
        "an edge runs from longitude {west} to {east}, more than 180 degrees{en}; an edge that \
         really goes the long way around has a vertex in its middle"
    );
    Err(Refusal::new("coordinates", "", message))
}

/// The rings of a Polygon or MultiPolygon, closed but not yet checked against one another.
///
/// # Errors
/// Names the member at fault.
pub fn rings(body: &Value) -> Result<MultiPolygon<f64>, Refusal> {
    let object = if body["type"] == "Feature" { &body["geometry"] } else { body };
    let read = Geometry::deserialize(object);
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
    let corner = |corner: &Corner| match corner.as_slice() {
        [lon, lat, ..] => Ok((*lon, *lat)),
        other => {
            let message = message!(
                "n’est pas une position : il faut une longitude et une latitude",
                "is not a position: a longitude and a latitude are needed"
            );
            let shown: Vec<String> = other.iter().map(f64::to_string).collect();
            Err(Refusal::new("coordinates", format!("[{}]", shown.join(", ")), message))
        }
    };
    let corners = ring.iter().map(corner).collect::<Result<Vec<(f64, f64)>, _>>()?;
    if corners.len() < 4 || corners.first() != corners.last() {
        return Err(open_ring(&corners));
    }
    check_span(&corners)?;
    Ok(LineString::from(corners))
}

/// Why a ring is refused that is too short or does not close, with its first and last position.
fn open_ring(corners: &[(f64, f64)]) -> Refusal {
    let n = corners.len();
    let shown = |(lon, lat): &(f64, f64)| format!("[{lon}, {lat}]");
    let (ends, message) = match corners {
        [] => (
            "[]".to_owned(),
            message!(
                "est un anneau vide ; un anneau a au moins 4 positions",
                "is an empty ring; a ring has at least 4 positions"
            ),
        ),
        [one] => (
            shown(one),
            message!(
                "est la seule position d’un anneau ; il en faut au moins 4",
                "is the only position of a ring; at least 4 are needed"
            ),
        ),
        [first, .., last] => (
            format!("{} … {}", shown(first), shown(last)),
            message!(
                "sont les bouts d’un anneau de {n} positions ; un anneau en a au moins 4, et la \
                 dernière est égale à la première",
                "are the ends of a ring of {n} positions; a ring has at least 4, and the last \
                 equals the first"
            ),
        ),
    };
    Refusal::new("coordinates", ends, message)
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
            (r#"{"type":"Polygon","coordinates":[[[1,1],[1,1],[1,1],[1,1]]]}"#, "coordinates"),
            (r#"{"type":"Polygon","coordinates":[[[0,0],[1,1],[2,2],[0,0]]]}"#, "coordinates"),
            (r#"{"type":"Polygon","coordinates":[]}"#, "coordinates"),
            (r#"{"type":"Point","coordinates":[0,0]}"#, "type"),
            (r#"{"type":"Polygon","coordinates":[[["a",0]]]}"#, "geometry"),
            (r#"{"a":1}"#, "geometry"),
            (r#"[]"#, "geometry"),
        ] {
            assert_eq!(polygon(bad).unwrap_err().field, field, "{bad}");
        }
    }

    /// Fiji, written as one ring across the antimeridian, and a ring around the pole: each would be
    /// the rest of the Earth, or a strip of it.
    #[test]
    fn polygons_across_the_antimeridian_are_refused_with_the_way_to_write_them() {
        let refused = |ring: &str| {
            let text = format!(r#"{{"type":"Polygon","coordinates":[{ring}]}}"#);
            polygons(&serde_json::from_str(&text).unwrap()).unwrap_err().message
        };
        for ring in [
            "[[177,-19],[-178,-19],[-178,-16],[177,-16],[177,-19]]",
            "[[177,-19],[182,-19],[182,-16],[177,-16],[177,-19]]",
            "[[-183,-19],[-178,-19],[-178,-16],[-183,-16],[-183,-19]]",
            "[[0,80],[90,80],[180,80],[-90,80],[0,80]]",
        ] {
            let message = refused(ring);
            assert!(message.en.contains("cut at ±180"), "{ring}: {}", message.en);
            assert!(message.fr.contains("coupé à ±180"), "{ring}: {}", message.fr);
        }
        assert!(!refused("[[0,0],[0,100],[1,1],[0,0]]").en.contains("±180"));
        assert!(!refused("[[0,0],[1e9,0],[1,1],[0,0]]").en.contains("±180"));
        let holds = |text: &str, lon: f64, lat: f64| {
            let shape = polygons(&serde_json::from_str(text).unwrap()).unwrap();
            shape.contains(Position::new(lon, lat).unwrap())
        };
        let fiji = r#"{"type":"MultiPolygon","coordinates":[
            [[[177,-19],[180,-19],[180,-16],[177,-16],[177,-19]]],
            [[[-180,-19],[-178,-19],[-178,-16],[-180,-16],[-180,-19]]]]}"#;
        assert!(holds(fiji, 179.5, -17.0) && holds(fiji, -179.0, -17.0));
        assert!(holds(fiji, 180.0, -17.0) && !holds(fiji, 0.0, -17.0));
        let cap = r#"{"type":"Polygon","coordinates":[
            [[-180,80],[0,80],[180,80],[180,90],[-180,90],[-180,80]]]}"#;
        assert!(holds(cap, 12.0, 85.0) && holds(cap, 12.0, 90.0) && !holds(cap, 12.0, 79.0));
        let earth = r#"{"type":"Polygon","coordinates":[
            [[-180,-90],[180,-90],[180,90],[-180,90],[-180,-90]]]}"#;
        assert!(holds(earth, 12.0, 5.0) && holds(earth, 180.0, -90.0));
    }
}
