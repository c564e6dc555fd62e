//! `filter-crs`: the geometries of a CQL2 filter are converted to longitude and latitude before the
//! filter is compiled (OGC API – Features, Part 3, 6.4).

use cql2::Geometry;
use serde_json::{Value, json};

use crate::error::Refusal;
use crate::http::ogc::cql::Expr;
use crate::http::ogc::crs::Crs;
use crate::message;

/// Into how many parts each straight edge of a projected geometry is divided: in longitude and
/// latitude it is a curve. An edge of 20 km then deviates by less than 5 cm.
const EDGE_PARTS: u32 = 16;

/// The filter with its geometries in longitude and latitude instead of in `crs`.
///
/// # Errors
/// A coordinate lies where the system is not defined.
pub fn in_lon_lat(expr: Expr, crs: Crs) -> Result<Expr, Refusal> {
    let all = |list: Vec<Box<Expr>>| -> Result<Vec<Box<Expr>>, Refusal> {
        list.into_iter().map(|one| in_lon_lat(*one, crs).map(Box::new)).collect()
    };
    Ok(match expr {
        Expr::Operation { op, args } => Expr::Operation { op, args: all(args)? },
        Expr::Array(list) => Expr::Array(all(list)?),
        Expr::BBox { bbox } => of_box(&bbox, crs)?.unwrap_or(Expr::BBox { bbox }),
        Expr::Geometry(geometry) => {
            // A geometry in WKT that cannot be written as GeoJSON is refused where it is compiled.
            match serde_json::to_value(&geometry) {
                Ok(mut shape @ Value::Object(_)) => {
                    convert(&mut shape, crs)?;
                    Expr::Geometry(read(shape).unwrap_or(geometry))
                }
                _ => Expr::Geometry(geometry),
            }
        }
        other => other,
    })
}

fn read(shape: Value) -> Option<Geometry> {
    serde_json::from_value(shape).ok()
}

/// A box in `crs`. In a projected system it is a polygon of longitude and latitude. `None` for what
/// is no box, which is refused where the filter is compiled.
fn of_box(edges: &[Box<Expr>], crs: Crs) -> Result<Option<Expr>, Refusal> {
    let number = |edge: &Expr| match edge {
        Expr::Float(number) => Some(*number),
        _ => None,
    };
    let numbers: Option<Vec<f64>> = edges.iter().map(|edge| number(edge)).collect();
    let corners = match numbers.as_deref() {
        Some([a, b, c, d] | [a, b, _, c, d, _]) => [*a, *b, *c, *d],
        _ => return Ok(None),
    };
    let [a, b, c, d] = corners;
    if !crs.is_projected() {
        let ([west, south], [east, north]) = (crs.lon_lat_order([a, b]), crs.lon_lat_order([c, d]));
        let edges = [west, south, east, north].map(|edge| Box::new(Expr::Float(edge)));
        return Ok(Some(Expr::BBox { bbox: edges.into() }));
    }
    if a > c || b > d {
        let message = message!(
            "demande ouest, sud, est, nord dans l’unité de « filter-crs »",
            "takes west, south, east, north in the unit of 'filter-crs'"
        );
        return Err(Refusal::new("filter", format!("BBOX {corners:?}"), message));
    }
    let ring = [[a, b], [c, b], [c, d], [a, d], [a, b]];
    let mut shape = json!({ "type": "Polygon", "coordinates": [ring] });
    convert(&mut shape, crs)?;
    Ok(read(shape).map(Expr::Geometry))
}

/// Converts the coordinates of a GeoJSON geometry to longitude and latitude.
fn convert(shape: &mut Value, crs: Crs) -> Result<(), Refusal> {
    if let Some(parts) = shape.get_mut("geometries").and_then(Value::as_array_mut) {
        return parts.iter_mut().try_for_each(|part| convert(part, crs));
    }
    let has_edges = ["LineString", "MultiLineString", "Polygon", "MultiPolygon"]
        .iter()
        .any(|kind| shape["type"] == *kind);
    convert_all(&mut shape["coordinates"], crs, has_edges && crs.is_projected())
}

/// Converts a position, or lists of positions at any depth. The edges between the positions of a
/// list are divided if `has_edges`.
fn convert_all(coordinates: &mut Value, crs: Crs, has_edges: bool) -> Result<(), Refusal> {
    if let Some(position) = pair(coordinates) {
        *coordinates = json!(lon_lat(position, crs)?);
        return Ok(());
    }
    let Some(list) = coordinates.as_array_mut() else { return Ok(()) };
    let positions: Option<Vec<[f64; 2]>> = list.iter().map(pair).collect();
    let Some(positions) = positions.filter(|list| has_edges && !list.is_empty()) else {
        return list.iter_mut().try_for_each(|part| convert_all(part, crs, has_edges));
    };
    let first = positions.iter().take(1).map(|at| Ok(json!(lon_lat(*at, crs)?)));
    let mut divided = first.collect::<Result<Vec<Value>, Refusal>>()?;
    for (from, to) in positions.iter().zip(positions.iter().skip(1)) {
        let ([x, y], [to_x, to_y]) = (*from, *to);
        for n in 1..=EDGE_PARTS {
            let share = f64::from(n) / f64::from(EDGE_PARTS);
            let at = match n {
                EDGE_PARTS => *to,
                _ => [x + share * (to_x - x), y + share * (to_y - y)],
            };
            divided.push(json!(lon_lat(at, crs)?));
        }
    }
    *list = divided;
    Ok(())
}

fn pair(coordinates: &Value) -> Option<[f64; 2]> {
    match coordinates.as_array()?.as_slice() {
        [a, b, ..] => Some([a.as_f64()?, b.as_f64()?]),
        _ => None,
    }
}

fn lon_lat(position: [f64; 2], crs: Crs) -> Result<[f64; 2], Refusal> {
    crs.position(position).map(|at| [at.lon(), at.lat()]).ok_or_else(|| {
        let message = message!(
            "est hors du domaine de « filter-crs », ou ses axes sont dans l’autre ordre",
            "is outside the domain of 'filter-crs', or its axes are in the other order"
        );
        Refusal::new("filter", format!("{position:?}"), message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::ogc::cql;

    fn crs(code: &str) -> Crs {
        Crs::find(&format!("http://www.opengis.net/def/crs/EPSG/0/{code}")).unwrap()
    }

    fn converted(text: &str, code: &str) -> Result<Value, Refusal> {
        let expr = cql::parse(text, false).unwrap();
        in_lon_lat(expr, crs(code)).map(|expr| serde_json::to_value(&expr).unwrap())
    }

    #[test]
    fn axes_are_exchanged_and_projected_shapes_become_finer() {
        let point = converted("NOT S_INTERSECTS(geometry, POINT(46.8 -71.2))", "4326").unwrap();
        let shape = &point["args"][0]["args"][1];
        assert_eq!(shape["coordinates"], json!([-71.2, 46.8]));
        let bbox = converted("S_INTERSECTS(geometry, BBOX(46, -72, 47, -71))", "4326").unwrap();
        assert_eq!(bbox["args"][1]["bbox"], json!([-72.0, 46.0, -71.0, 47.0]));
        // By definition x = R λ: a degree is 111,319.49 m on the equator.
        let text = "S_INTERSECTS(geometry, BBOX(0, 0, 222638.98158654716, 111325.14286638509))";
        let bbox = converted(text, "3857").unwrap();
        let ring = bbox["args"][1]["coordinates"][0].as_array().unwrap().clone();
        assert_eq!(ring.len(), 4 * EDGE_PARTS as usize + 1);
        let corner = |n: usize| pair(&ring[n * EDGE_PARTS as usize]).unwrap();
        for (n, [lon, lat]) in [[0.0, 0.0], [2.0, 0.0], [2.0, 1.0], [0.0, 1.0]].iter().enumerate() {
            let [found_lon, found_lat] = corner(n);
            assert!((found_lon - lon).abs() < 1e-9 && (found_lat - lat).abs() < 1e-7, "{n}");
        }
        assert_eq!(ring.first(), ring.last());
    }

    #[test]
    fn coordinates_beyond_the_system_are_refused() {
        for (text, code) in [
            ("S_INTERSECTS(geometry, POINT(146.8 -71.2))", "4326"),
            ("S_INTERSECTS(geometry, BBOX(5, 0, 1, 1))", "3857"),
            ("S_INTERSECTS(geometry, POINT(1000000000 0))", "3857"),
        ] {
            assert_eq!(converted(text, code).unwrap_err().field, "filter", "{text}");
        }
    }
}
