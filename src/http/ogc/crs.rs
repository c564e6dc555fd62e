//! Coordinate reference systems by reference (OGC API – Features, Part 2): the systems in which
//! features are returned, and boxes of requests in them.

use std::collections::HashMap;
use std::sync::LazyLock;

use geo::{Geometry, Intersects, MapCoords, Rect};
use serde_json::{Value, json};

use crate::http::ogc::link::CRS84;
use crate::http::reply::geometry::{shape_of, touches};
use crate::http::request::parameter::{Optional, Parameter, query};
use crate::http::request::values::bounds;
use crate::http::request::words::Choice;
use crate::i18n::Message;
use crate::ingest::Projection;
use crate::message;
use crate::place::{BBox, Position};

/// The axes of a system, in the order of its coordinates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Axes {
    /// Degrees of longitude, then of latitude.
    LonLat,
    /// Degrees of latitude, then of longitude.
    LatLon,
    /// Projected: to the east, then to the north, in the system's unit of length.
    EastNorth,
}

/// A coordinate reference system that the service supports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crs {
    uri: &'static str,
    axes: Axes,
}

/// A system of the EPSG registry as a named value.
macro_rules! epsg {
    ($code:literal, $axes:ident) => {
        named(concat!("http://www.opengis.net/def/crs/EPSG/0/", $code), Axes::$axes)
    };
}

const fn named(uri: &'static str, axes: Axes) -> (&'static str, Crs) {
    (uri, Crs { uri, axes })
}

/// Every system of the service by its URI. The order of the axes is that of the EPSG registry. The
/// projected ones are those of the cities whose files the service knows, and of their regions.
const SYSTEMS: &[(&str, Crs)] = &[
    named(CRS84, Axes::LonLat),
    epsg!(4326, LatLon),
    // Web Mercator.
    epsg!(3857, EastNorth),
    // Québec: MTM zones 7 to 9 (NAD83 and NAD83(CSRS)), Lambert, UTM zones 18 and 19.
    epsg!(32187, EastNorth),
    epsg!(32188, EastNorth),
    epsg!(32189, EastNorth),
    epsg!(2949, EastNorth),
    epsg!(2950, EastNorth),
    epsg!(2951, EastNorth),
    epsg!(32198, EastNorth),
    epsg!(26918, EastNorth),
    epsg!(26919, EastNorth),
    epsg!(32618, EastNorth),
    epsg!(32619, EastNorth),
    // Massachusetts, New York, Illinois, Maryland, California: US survey feet.
    epsg!(2249, EastNorth),
    epsg!(2263, EastNorth),
    epsg!(3435, EastNorth),
    epsg!(2248, EastNorth),
    epsg!(2227, EastNorth),
    // Switzerland, France, Germany, Great Britain.
    epsg!(2056, EastNorth),
    epsg!(2154, EastNorth),
    epsg!(25832, EastNorth),
    epsg!(27700, EastNorth),
];

/// The projections of the projected systems, by URI.
static PROJECTIONS: LazyLock<HashMap<&'static str, Projection>> = LazyLock::new(|| {
    let projected = SYSTEMS.iter().filter(|(_, crs)| crs.axes == Axes::EastNorth);
    projected.filter_map(|(uri, _)| Some((*uri, Projection::new(uri).ok()?))).collect()
});

/// A parameter that names a system.
const fn system(name: &'static str) -> Parameter<Choice<Crs>, Optional> {
    query(name, Choice(SYSTEMS)).optional().example("http://www.opengis.net/def/crs/EPSG/0/3857")
}

/// The system of the geometries in the response.
pub const RESPONSE_CRS: Parameter<Choice<Crs>, Optional> = system("crs").described(
    "Système de coordonnées des géométries de la réponse ; CRS84 par défaut.",
    "Coordinate reference system of the geometries in the response; CRS84 by default.",
);

/// The system of `bbox`.
pub const BOX_CRS: Parameter<Choice<Crs>, Optional> = system("bbox-crs").described(
    "Système de coordonnées de « bbox » ; CRS84 par défaut.",
    "Coordinate reference system of 'bbox'; CRS84 by default.",
);

/// The system of the geometries in `filter`.
pub const FILTER_CRS: Parameter<Choice<Crs>, Optional> = system("filter-crs").described(
    "Système de coordonnées des géométries de « filter » ; CRS84 par défaut.",
    "Coordinate reference system of the geometries in 'filter'; CRS84 by default.",
);

/// Projected coordinates are written to the millimetre, or to a thousandth of a foot.
fn rounded(value: f64) -> f64 {
    (value * 1e3).round() / 1e3
}

impl Crs {
    /// Longitude and latitude on WGS 84, the system in which positions are stored.
    pub const CRS84: Self = Self { uri: CRS84, axes: Axes::LonLat };

    /// The URIs of all systems.
    pub fn uris() -> Vec<&'static str> {
        SYSTEMS.iter().map(|(uri, _)| *uri).collect()
    }

    /// Its URI.
    pub fn uri(self) -> &'static str {
        self.uri
    }

    /// The system of this URI.
    #[cfg(test)]
    pub fn find(uri: &str) -> Option<Self> {
        SYSTEMS.iter().find(|(known, _)| *known == uri).map(|(_, crs)| *crs)
    }

    /// Are its coordinates lengths?
    pub fn is_projected(self) -> bool {
        self.axes == Axes::EastNorth
    }

    /// The coordinates of a system of degrees as longitude and latitude.
    pub fn lon_lat_order(self, [a, b]: [f64; 2]) -> [f64; 2] {
        if self.axes == Axes::LatLon { [b, a] } else { [a, b] }
    }

    /// The position of coordinates; `None` where they are none of the system.
    pub fn position(self, [a, b]: [f64; 2]) -> Option<Position> {
        if self.axes != Axes::EastNorth {
            let [lon, lat] = self.lon_lat_order([a, b]);
            return Position::new(lon, lat).ok();
        }
        let projection = PROJECTIONS.get(self.uri)?;
        let (lon, lat) = projection.lon_lat(a, b)?;
        let at = Position::new(lon, lat).ok()?;
        // Outside of its domain a projection has coordinates that lead elsewhere.
        let (x, y) = projection.x_y(at)?;
        ((x - a).hypot(y - b) < 1.0).then_some(at)
    }

    /// The coordinates of a position, in the order of the axes; `None` where the system is not
    /// defined there.
    fn exact(self, at: Position) -> Option<[f64; 2]> {
        match self.axes {
            Axes::LonLat => Some([at.lon(), at.lat()]),
            Axes::LatLon => Some([at.lat(), at.lon()]),
            Axes::EastNorth => PROJECTIONS.get(self.uri)?.x_y(at).map(|(x, y)| [x, y]),
        }
    }

    /// The same as they are written in a response.
    pub fn coordinates(self, at: Position) -> Option<[f64; 2]> {
        let exact = self.exact(at)?;
        Some(if self.axes == Axes::EastNorth { exact.map(rounded) } else { exact })
    }

    /// Converts the coordinates of a GeoJSON geometry from longitude and latitude. A geometry of
    /// which a part lies where the system is not defined becomes null.
    pub fn convert(self, geometry: &mut Value) {
        if self.axes != Axes::LonLat && self.convert_all(&mut geometry["coordinates"]).is_none() {
            *geometry = Value::Null;
        }
    }

    fn convert_all(self, coordinates: &mut Value) -> Option<()> {
        let list = coordinates.as_array_mut()?;
        if let [Value::Number(lon), Value::Number(lat), ..] = list.as_slice() {
            let at = Position::new(lon.as_f64()?, lat.as_f64()?).ok()?;
            *coordinates = json!(self.coordinates(at)?);
            return Some(());
        }
        list.iter_mut().try_for_each(|part| self.convert_all(part))
    }
}

/// A box of a request in any system. Positions on its edges are inside.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CrsBox {
    /// A box of longitude and latitude with everything that is inside.
    pub cover: BBox,
    /// For a projected system: the system, and the lower and the upper corner.
    projected: Option<(Crs, [f64; 4])>,
}

/// Into how many parts each edge of a projected box is divided where its outline is followed.
const STEPS: u32 = 64;

impl CrsBox {
    /// Reads the four numbers of a box in a system, or six with heights, which are ignored.
    ///
    /// # Errors
    /// Why the text is not a box.
    pub fn parse(text: &str, crs: Crs) -> Result<Self, Message> {
        let parts: Vec<&str> = text.split(',').map(str::trim).collect();
        let is_number = |text: &str| text.parse::<f64>().is_ok_and(f64::is_finite);
        let edges = match parts.as_slice() {
            [a, b, low, c, d, high] if is_number(low) && is_number(high) => [*a, *b, *c, *d],
            [a, b, c, d] => [*a, *b, *c, *d],
            _ => return Err(not_a_box(crs.axes)),
        };
        if !edges.iter().all(|edge| is_number(edge)) {
            return Err(not_a_box(crs.axes));
        }
        let of_degrees = |edges: [&str; 4]| {
            bounds(&edges.join(",")).map(|cover| Self { cover, projected: None })
        };
        match crs.axes {
            Axes::LonLat => of_degrees(edges),
            Axes::LatLon => of_degrees([edges[1], edges[0], edges[3], edges[2]]),
            Axes::EastNorth => {
                let edges = edges.map(|edge| edge.parse::<f64>().unwrap_or(f64::NAN));
                let [west, south, east, north] = edges;
                if west > east || south > north {
                    return Err(message!(
                        "le premier coin doit être au sud-ouest du second",
                        "the first corner must be south-west of the second one"
                    ));
                }
                Ok(Self { cover: cover(crs, edges), projected: Some((crs, edges)) })
            }
        }
    }

    /// Must positions inside [`Self::cover`] still be tested by [`Self::contains`]?
    pub fn is_projected(&self) -> bool {
        self.projected.is_some()
    }

    /// Is a position inside or on an edge?
    pub fn contains(&self, at: Position) -> bool {
        match self.projected {
            None => self.cover.contains(at),
            Some((crs, [west, south, east, north])) => crs
                .exact(at)
                .is_some_and(|[x, y]| (west..=east).contains(&x) && (south..=north).contains(&y)),
        }
    }

    /// Does a feature's geometry intersect the box? A feature without geometry intersects every
    /// box.
    pub fn touches(&self, feature: &Value) -> bool {
        if !touches(feature, &self.cover) {
            return false;
        }
        let (Some((crs, [west, south, east, north])), Some(shape)) =
            (self.projected, shape_of(feature))
        else {
            return true;
        };
        let projected: Result<Geometry<f64>, ()> = shape.try_map_coords(|corner| {
            let at = Position::new(corner.x, corner.y).map_err(|_| ())?;
            crs.exact(at).map(|[x, y]| (x, y).into()).ok_or(())
        });
        let rect = Rect::new((west, south), (east, north));
        projected.is_ok_and(|shape| shape.intersects(&rect))
    }
}

/// The box of longitude and latitude around the outline of a projected box. The whole Earth where
/// the outline leaves the domain of the system or crosses the antimeridian.
fn cover(crs: Crs, [west, south, east, north]: [f64; 4]) -> BBox {
    let outline = (0..=STEPS).flat_map(|n| {
        let share = f64::from(n) / f64::from(STEPS);
        let (x, y) = (west + share * (east - west), south + share * (north - south));
        [(x, south), (x, north), (west, y), (east, y)]
    });
    let mut around = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
    for (x, y) in outline {
        let Some(at) = crs.position([x, y]) else { return BBox::WORLD };
        let (lon, lat) = (at.lon(), at.lat());
        let [left, low, right, high] = around;
        around = [left.min(lon), low.min(lat), right.max(lon), high.max(lat)];
    }
    let [left, low, right, high] = around;
    if right - left > 180.0 {
        return BBox::WORLD;
    }
    // Between two points of the outline it bends by less than their distance.
    let margin = |from: f64, to: f64| (to - from) / f64::from(STEPS) + 1e-6;
    let (across, up) = (margin(left, right), margin(low, high));
    BBox {
        west: (left - across).max(-180.0),
        south: (low - up).max(-90.0),
        east: (right + across).min(180.0),
        north: (high + up).min(90.0),
    }
}

fn not_a_box(axes: Axes) -> Message {
    match axes {
        Axes::LonLat => message!(
            "doit être ouest,sud,est,nord en degrés",
            "must be west,south,east,north in degrees"
        ),
        Axes::LatLon => message!(
            "doit être sud,ouest,nord,est en degrés, dans l’ordre des axes de « bbox-crs »",
            "must be south,west,north,east in degrees, in the order of the axes of 'bbox-crs'"
        ),
        Axes::EastNorth => message!(
            "doit être ouest,sud,est,nord dans l’unité de « bbox-crs »",
            "must be west,south,east,north in the unit of 'bbox-crs'"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crs(code: &str) -> Crs {
        let find = |(uri, _): &&(&str, Crs)| uri.ends_with(&format!("/{code}"));
        SYSTEMS.iter().find(find).unwrap().1
    }

    fn at(lon: f64, lat: f64) -> Position {
        Position::new(lon, lat).unwrap()
    }

    #[test]
    fn every_system_is_computed_both_ways() {
        for (uri, system) in SYSTEMS.iter().filter(|(_, crs)| crs.axes == Axes::EastNorth) {
            let projection = &PROJECTIONS[uri];
            // Somewhere in the region of the system: its false origin is near enough.
            let here = (0..40).flat_map(|n| (0..20).map(move |m| (n, m))).find_map(|(n, m)| {
                let at = at(-130.0 + 4.0 * f64::from(n), 20.0 + 2.0 * f64::from(m));
                system.exact(at).map(|point| (at, point))
            });
            let (at, [x, y]) = here.unwrap_or_else(|| panic!("{uri} is defined nowhere"));
            let (lon, lat) = projection.lon_lat(x, y).unwrap();
            assert!((lon - at.lon()).abs() < 1e-6 && (lat - at.lat()).abs() < 1e-6, "{uri}");
        }
    }

    #[test]
    fn coordinates_are_those_that_cities_published() {
        for (code, lon, lat, x, y, tolerance) in [
            (
                "32188",
                -73.510_932_762_759_2,
                45.596_378_195_008_5,
                303_947.061,
                5_050_719.357,
                0.01,
            ),
            ("2263", -73.935_171_377_471_49, 40.847_356_820_507_65, 1_002_186.0, 247_999.0, 2.0),
            ("2056", 7.438_632_495, 46.951_082_877, 2_600_000.0, 1_200_000.0, 0.5),
            // By definition: x = R λ.
            ("3857", 90.0, 0.0, 10_018_754.171, 0.0, 0.01),
        ] {
            let [found_x, found_y] = crs(code).coordinates(at(lon, lat)).unwrap();
            assert!((found_x - x).abs() < tolerance, "{code}: {found_x} is not {x}");
            assert!((found_y - y).abs() < tolerance, "{code}: {found_y} is not {y}");
        }
        assert_eq!(crs("4326").coordinates(at(-71.2, 46.8)), Some([46.8, -71.2]));
        assert_eq!(Crs::CRS84.coordinates(at(-71.2, 46.8)), Some([-71.2, 46.8]));
        assert_eq!(crs("3857").coordinates(at(0.0, 90.0)), None);
    }

    #[test]
    fn a_projected_box_covers_what_is_inside_and_tests_exactly() {
        let system = crs("32187");
        // 40 km around Québec: its northern edge is 60 m further north in the middle.
        let [x, y] = system.exact(at(-71.25, 46.8)).unwrap();
        let [west, south, east, north] = [x - 2e4, y - 2e4, x + 2e4, y + 2e4];
        let text = format!("{west},{south},{east},{north}");
        let found = CrsBox::parse(&text, system).unwrap();
        let projection = &PROJECTIONS[system.uri];
        for n in 0..=1_000 {
            let share = f64::from(n) / 1_000.0;
            for (x, y) in [
                (west + share * 4e4, south + 1e-4),
                (west + share * 4e4, north - 1e-4),
                (west + 1e-4, south + share * 4e4),
                (east - 1e-4, south + share * 4e4),
            ] {
                let (lon, lat) = projection.lon_lat(x, y).unwrap();
                assert!(found.cover.contains(at(lon, lat)), "{x} {y}");
            }
        }
        let inside = |x, y| {
            let (lon, lat) = projection.lon_lat(x, y).unwrap();
            found.contains(at(lon, lat))
        };
        assert!(inside(x, north - 0.1) && !inside(x, north + 0.1));
        assert!(inside(west + 0.1, south + 0.1) && !inside(west - 0.1, south + 0.1));
    }

    #[test]
    fn boxes_are_read_in_the_order_of_the_axes() {
        let read = |text, code| CrsBox::parse(text, crs(code)).map(|found| found.cover);
        let plain = BBox::new(-71.4, 46.7, -71.1, 46.9).unwrap();
        assert_eq!(read("46.7,-71.4,46.9,-71.1", "4326").unwrap(), plain);
        assert_eq!(read("46.7,-71.4,0,46.9,-71.1,9", "4326").unwrap(), plain);
        assert_eq!(read("-71.4,46.7,-71.1,46.9", "CRS84").unwrap(), plain);
        let world = "-20037508.35,-20037508.35,20037508.35,20037508.35";
        assert_eq!(read(world, "3857").unwrap(), BBox::WORLD);
        for (text, code) in [
            ("46.7,-71.4,96.9,-71.1", "4326"),
            ("1,2,3", "3857"),
            ("1,2,3,x", "3857"),
            ("1,2,3,inf", "3857"),
            ("3,2,1,4", "3857"),
            ("1,4,3,2", "3857"),
            ("1,2,x,3,4,5", "3857"),
            ("1,2,3,4,5", "4326"),
            ("", "4326"),
        ] {
            assert!(read(text, code).is_err(), "{text} in {code}");
        }
    }

    #[test]
    fn geometries_are_converted_at_every_depth() {
        let mut polygon = json!({ "type": "Polygon", "coordinates": [[[1.0, 2.0], [3.0, 4.0]]] });
        crs("4326").convert(&mut polygon);
        assert_eq!(polygon["coordinates"], json!([[[2.0, 1.0], [4.0, 3.0]]]));
        let mut pole = json!({ "type": "Point", "coordinates": [0.0, 90.0] });
        crs("3857").convert(&mut pole);
        assert!(pole.is_null());
    }
}
