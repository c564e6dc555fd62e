//! The geometries of a CQL2 filter, WKT or GeoJSON, checked.

use cql2::Expr;
use serde_json::Value;

use crate::error::Refusal;
use crate::http::ogc::cql_context::{CqlResult, refuse, shown};
use crate::i18n::Message;
use crate::ingest::polygons::{check_span, polygons};
use crate::message;
use crate::place::{BBox, OutOfRange, Polygons, Position, QueryShape};

/// Reads a geometry or a bounding box.
///
/// # Errors
/// It is malformed, not on the Earth, or encloses nothing that is clear.
pub fn shape(expr: &Expr) -> CqlResult<QueryShape> {
    match expr {
        Expr::BBox { bbox } => bounding_box(bbox),
        Expr::Geometry(geometry) => {
            // WKT serialises to GeoJSON, too, unless it is malformed.
            let read = serde_json::to_value(geometry).ok().filter(Value::is_object);
            match read {
                Some(geometry) => geojson_shape(&geometry),
                None => refuse(
                    shown(expr),
                    message!("n’est pas une géométrie valide", "is not a valid geometry"),
                ),
            }
        }
        other => refuse(shown(other), message!("n’est pas une géométrie", "is not a geometry")),
    }
}

/// Reads a GeoJSON geometry.
fn geojson_shape(geometry: &Value) -> CqlResult<QueryShape> {
    let coordinates = &geometry["coordinates"];
    let kind = geometry["type"].as_str().unwrap_or_default();
    let members = |value: &Value| value.as_array().cloned().unwrap_or_default();
    match kind {
        "Point" if members(coordinates).is_empty() => empty(kind),
        "Point" => Ok(QueryShape::of_points(vec![position(coordinates)?])),
        "MultiPoint" | "LineString" | "MultiLineString" | "Polygon" | "MultiPolygon"
            if members(coordinates).is_empty() =>
        {
            empty(kind)
        }
        "MultiPoint" => {
            let points = members(coordinates);
            check_corners(points.len())?;
            Ok(QueryShape::of_points(points.iter().map(position).collect::<CqlResult<_>>()?))
        }
        "LineString" => lines(std::slice::from_ref(coordinates)),
        "MultiLineString" => lines(&members(coordinates)),
        "GeometryCollection" => {
            let all = members(&geometry["geometries"]);
            if all.is_empty() {
                return empty(kind);
            }
            check_corners(all.len())?;
            let all = all.iter().map(geojson_shape).collect::<CqlResult<Vec<_>>>()?;
            Ok(QueryShape::collection(all))
        }
        _ => match polygons(geometry) {
            Ok(polygons) => Ok(QueryShape::of_polygons(polygons)),
            Err(refusal) => Err(of_filter(kind, refusal)),
        },
    }
}

/// A refusal of a geometry as one of the filter, with its kind.
fn of_filter(kind: &str, refusal: Refusal) -> Refusal {
    let value = match refusal.value.is_empty() {
        true => kind.to_uppercase(),
        false => format!("{} {}", kind.to_uppercase(), refusal.value),
    };
    Refusal { field: "filter".into(), value, ..refusal }
}

fn empty<T>(kind: &str) -> CqlResult<T> {
    refuse(kind.to_uppercase(), message!("n’a pas de coordonnées", "has no coordinates"))
}

fn check_corners(count: usize) -> CqlResult<()> {
    let most = Polygons::CORNERS_MAX;
    if count <= most {
        return Ok(());
    }
    let message = message!(
        "une géométrie de {count} sommets ; {most} au plus",
        "a geometry of {count} vertices; {most} at most"
    );
    refuse("", message)
}

fn off_the_earth(out: OutOfRange) -> Refusal {
    let OutOfRange { axis, value, limit } = out;
    let message = message!(
        "{axis} {value} n’est pas entre -{limit} et {limit} degrés",
        "{axis} {value} is not between -{limit} and {limit} degrees"
    );
    Refusal::new("filter", "", message)
}

/// Longitude and latitude of a GeoJSON position.
fn degrees(corner: &Value) -> (f64, f64) {
    let number = |at: usize| corner[at].as_f64().unwrap_or(f64::NAN);
    (number(0), number(1))
}

fn position(corner: &Value) -> CqlResult<Position> {
    let (lon, lat) = degrees(corner);
    Position::new(lon, lat).map_err(off_the_earth)
}

/// Reads lines, each of at least two different positions.
fn lines(all: &[Value]) -> CqlResult<QueryShape> {
    let mut read = Vec::with_capacity(all.len());
    let mut corners = 0;
    for line in all {
        let line: Vec<(f64, f64)> = line.as_array().into_iter().flatten().map(degrees).collect();
        corners += line.len();
        check_corners(corners)?;
        check_span(&line).map_err(|refusal| of_filter("LineString", refusal))?;
        for (lon, lat) in &line {
            Position::new(*lon, *lat).map_err(off_the_earth)?;
        }
        if line.iter().all(|corner| Some(corner) == line.first()) {
            return refuse(
                "LINESTRING",
                message!(
                    "n’a pas deux positions différentes ; un seul lieu s’écrit POINT",
                    "has no two different positions; a single place is written as POINT"
                ),
            );
        }
        read.push(line.into_iter().map(|(lon, lat)| [lon, lat]).collect());
    }
    Ok(QueryShape::of_lines(read))
}

/// A `BBOX` of four or six numbers; heights are ignored. West greater than east crosses the
/// antimeridian.
fn bounding_box(edges: &[Box<Expr>]) -> CqlResult<QueryShape> {
    let number = |edge: &Expr| match edge {
        Expr::Float(number) => Some(*number),
        _ => None,
    };
    let numbers: Option<Vec<f64>> = edges.iter().map(|edge| number(edge)).collect();
    let written = || {
        let edges: Vec<String> = edges.iter().map(|edge| shown(edge)).collect();
        format!("BBOX({})", edges.join(", "))
    };
    let wrong = |message: Message| refuse(written(), message);
    let (west, south, east, north) = match numbers.as_deref() {
        Some(&[west, south, east, north] | &[west, south, _, east, north, _]) => {
            (west, south, east, north)
        }
        _ => {
            return wrong(message!(
                "demande quatre nombres : ouest, sud, est, nord",
                "takes four numbers: west, south, east, north"
            ));
        }
    };
    if south > north {
        return wrong(message!("a son sud au nord de son nord", "has its south above its north"));
    }
    match BBox::new(west, south, east, north) {
        Ok(bbox) => Ok(QueryShape::of_box(bbox)),
        Err(out) if out.axis == "lon" => {
            let (value, limit) = (out.value, out.limit);
            wrong(message!(
                "la longitude {value} n’est pas entre -{limit} et {limit} degrés ; un rectangle \
                 qui franchit l’antiméridien a son ouest plus grand que son est",
                "longitude {value} is not between -{limit} and {limit} degrees; a box across the \
                 antimeridian has a west that is greater than its east"
            ))
        }
        Err(out) => Err(off_the_earth(out)),
    }
}
