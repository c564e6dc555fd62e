//! Projected coordinates to WGS 84: definitions of the EPSG registry (`crs-definitions`), computed
//! by `proj4rs`.

use std::f64::consts::PI;

use proj4rs::Proj;
use proj4rs::transform::transform;

use crate::place::{BBox, Position, distance};

const WGS84: &str = "+proj=longlat +datum=WGS84 +no_defs";

/// What follows a definition whose first coordinate is the north.
pub const NORTH_FIRST: &str = " yx";

/// A projection made ready.
pub struct Projection {
    name: String,
    /// The first coordinate is the north, as in Poland.
    is_north_first: bool,
    from: Proj,
    to: Proj,
}

impl std::fmt::Debug for Projection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)
    }
}

impl Projection {
    /// An EPSG code in any of its spellings (`EPSG:2154`, `2154`, `urn:ogc:def:crs:EPSG::2154`,
    /// `http://www.opengis.net/def/crs/EPSG/0/2154`), the OGC's `CRS84`, or a PROJ definition
    /// (`+proj=…`). With ` yx` after it, the first coordinate is the north.
    ///
    /// # Errors
    /// Says what is wanted, or what is wrong with the definition.
    pub fn new(definition: &str) -> Result<Self, String> {
        let text = definition.trim();
        if let Some(text) = text.strip_suffix(NORTH_FIRST) {
            let projection = Self::new(text)?;
            let name = format!("{}{NORTH_FIRST}", projection.name);
            return Ok(Self { name, is_north_first: true, ..projection });
        }
        if text.starts_with("+proj=") {
            return Self::of(text, text);
        }
        if text.to_ascii_uppercase().ends_with("CRS84") {
            return Self::of("EPSG:4326", WGS84);
        }
        let code = epsg_code(text)
            .ok_or_else(|| format!("projection '{definition}': EPSG:CODE or +proj=…"))?;
        let unknown = || format!("projection '{definition}': no EPSG code of this number is known");
        let def = crs_definitions::from_code(registered(code).ok_or_else(unknown)?);
        Self::of(&format!("EPSG:{code}"), def.ok_or_else(unknown)?.proj4)
    }

    fn of(name: &str, text: &str) -> Result<Self, String> {
        // The library would panic at other signs, which no definition has.
        if !text.is_ascii() {
            return Err(format!("projection '{name}': has signs other than those of ASCII"));
        }
        let make = |text| {
            let made = Proj::from_proj_string(text);
            made.map_err(|error| format!("projection '{name}': {error}"))
        };
        let (from, to) = (make(text)?, make(WGS84)?);
        Ok(Self { name: name.to_owned(), is_north_first: false, from, to })
    }

    /// `EPSG:CODE`, or the PROJ definition.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Are its coordinates degrees of longitude and latitude already?
    pub fn is_geographic(&self) -> bool {
        self.from.is_latlong()
    }

    /// Longitude and latitude in degrees of projected `x` and `y`, in the projection's own unit.
    pub fn lon_lat(&self, x: f64, y: f64) -> Option<(f64, f64)> {
        let (x, y) = if self.is_north_first { (y, x) } else { (x, y) };
        let mut point = match self.is_geographic() {
            true => (x.to_radians(), y.to_radians(), 0.0),
            false => (x, y, 0.0),
        };
        transform(&self.from, &self.to, &mut point).ok()?;
        let (lon, lat) = (point.0.to_degrees(), point.1.to_degrees());
        let on_earth = point.0.abs() <= PI && point.1.abs() <= PI / 2.0;
        (lon.is_finite() && lat.is_finite() && on_earth).then_some((lon, lat))
    }
}

impl Projection {
    /// Projected coordinates of a position, in the projection's own unit; `None` where the
    /// projection is not defined there: where the way back does not lead to the same position.
    pub fn x_y(&self, at: Position) -> Option<(f64, f64)> {
        let mut point = (at.lon().to_radians(), at.lat().to_radians(), 0.0);
        transform(&self.to, &self.from, &mut point).ok()?;
        let (x, y) = match self.is_geographic() {
            true => (point.0.to_degrees(), point.1.to_degrees()),
            false => (point.0, point.1),
        };
        let (x, y) = if self.is_north_first { (y, x) } else { (x, y) };
        let (lon, lat) = self.lon_lat(x, y)?;
        let is_same =
            (lon - at.lon()).abs() < SAME_DEGREES && (lat - at.lat()).abs() < SAME_DEGREES;
        is_same.then_some((x, y))
    }
}

/// Two positions that differ by less than this, in degrees, are the same: about a centimetre.
const SAME_DEGREES: f64 = 1e-7;

/// The number of an EPSG code: the digits at the end, behind `EPSG` where letters are.
fn epsg_code(text: &str) -> Option<u32> {
    let start = text.rfind(|c: char| !c.is_ascii_digit()).map_or(0, |at| at + 1);
    let before = text.get(..start).unwrap_or_default().to_ascii_uppercase();
    let is_epsg = before.is_empty() || before.contains("EPSG") || before.contains("ESRI");
    if is_epsg { text.get(start..).unwrap_or_default().parse().ok() } else { None }
}

/// Is it the code of a system, whether the system is known or not?
pub fn is_code(definition: &str) -> bool {
    let text = definition.trim();
    epsg_code(text.strip_suffix(NORTH_FIRST).unwrap_or(text)).is_some()
}

/// The EPSG code of a code, where ESRI's and Google's numbers for the web's Mercator are replaced.
fn registered(code: u32) -> Option<u16> {
    match code {
        102_100 | 102_113 | 900_913 | 3785 => Some(3857),
        code => u16::try_from(code).ok(),
    }
}

/// The least distance in metres by which two projections must differ to be different ones.
pub const SAME_METERS: f64 = 30.0;

/// What is known of a file's projected coordinates: points whose place is known otherwise, or the
/// extent in which they must lie.
pub enum Evidence<'a> {
    /// `x`, `y` and the position published beside them.
    Known(&'a [(f64, f64, Position)]),
    /// `x`, `y` of points that nearly all lie in the extent.
    Inside(&'a [(f64, f64)], &'a BBox),
}

/// The projections of the EPSG registry that agree with the evidence, the likeliest first. Where
/// several give the same place to within 30 m (realisations of one datum), the first stands for
/// them; a second entry is thus a real doubt.
///
/// Tries each of the registry's projections: about 6,000, in some ten milliseconds.
pub fn recognise(evidence: &Evidence<'_>) -> Vec<Projection> {
    let mut found: Vec<(f64, Projection, Position)> = Vec::new();
    let Some(first) = evidence.first() else { return Vec::new() };
    for code in 2000..=u16::MAX {
        let Some(def) = crs_definitions::from_code(code) else { continue };
        if def.proj4.contains("+proj=longlat") || def.proj4.contains("+proj=geocent") {
            continue;
        }
        let Ok(projection) = Projection::of(&format!("EPSG:{code}"), def.proj4) else { continue };
        let at = |x, y| {
            let (lon, lat) = projection.lon_lat(x, y)?;
            Position::new(lon, lat).ok()
        };
        let (Some(misfit), Some(place)) = (evidence.misfit(at), at(first.0, first.1)) else {
            continue;
        };
        found.push((misfit, projection, place));
    }
    found.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut distinct: Vec<(Projection, Position)> = Vec::new();
    for (_, projection, place) in found {
        let near = |(_, known): &(Projection, Position)| distance(*known, place).0 < SAME_METERS;
        if !distinct.iter().any(near) {
            distinct.push((projection, place));
        }
    }
    distinct.into_iter().map(|(projection, _)| projection).collect()
}

impl Evidence<'_> {
    /// Does a projection agree with it?
    pub fn agrees(&self, projection: &Projection) -> bool {
        let at = |x, y| {
            let (lon, lat) = projection.lon_lat(x, y)?;
            Position::new(lon, lat).ok()
        };
        self.misfit(at).is_some()
    }

    fn first(&self) -> Option<(f64, f64)> {
        match self {
            Self::Known(points) => points.first().map(|(x, y, _)| (*x, *y)),
            Self::Inside(points, _) => points.first().copied(),
        }
    }

    /// How badly a projection agrees: median distance in metres from the known places, rounded to
    /// whole metres, or the share outside the extent. `None` where it does not agree.
    fn misfit(&self, at: impl Fn(f64, f64) -> Option<Position>) -> Option<f64> {
        match self {
            Self::Known(points) => {
                let distance = |(x, y, known): &(f64, f64, Position)| {
                    at(*x, *y).map_or(f64::INFINITY, |at| distance(at, *known).0)
                };
                let mut distances: Vec<f64> = points.iter().map(distance).collect();
                distances.sort_by(f64::total_cmp);
                let median = distances.get(distances.len() / 2).copied()?;
                (median < SAME_METERS).then_some(median.round())
            }
            Self::Inside(points, extent) => {
                let inside = points
                    .iter()
                    .filter(|(x, y)| at(*x, *y).is_some_and(|position| extent.contains(position)));
                let outside = 1.0 - inside.count() as f64 / points.len().max(1) as f64;
                (outside <= 0.1).then_some(outside)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pairs that the cities published themselves, both ways in one row; Zürich's is swisstopo's
    /// fundamental point of Bern (2600000, 1200000).
    #[test]
    fn agrees_with_coordinates_the_cities_published() {
        for (name, x, y, lon, lat, tolerance) in [
            ("EPSG:32188", 294_352.32, 5_031_850.88, -73.633_513_5, 45.426_514_2, 2e-7),
            (
                "EPSG:32188",
                303_947.060_773_187,
                5_050_719.357_708_35,
                -73.510_932_762_759_2,
                45.596_378_195_008_5,
                1e-8,
            ),
            (
                "EPSG:2263",
                1_002_186.0,
                247_999.0,
                -73.935_171_377_471_49,
                40.847_356_820_507_65,
                3e-6,
            ),
            ("EPSG:2263", 1_002_973.0, 152_924.0, -73.932_591_3, 40.586_397_4, 3e-6),
            ("EPSG:3435", 1_176_315.0, 1_900_437.0, -87.627_7, 41.882_2, 4e-4),
            ("EPSG:2056", 2_600_000.0, 1_200_000.0, 7.438_632_495, 46.951_082_877, 2e-6),
        ] {
            let (east, north) = Projection::new(name).unwrap().lon_lat(x, y).unwrap();
            assert!((east - lon).abs() < tolerance, "{name}: {east} is not {lon}");
            assert!((north - lat).abs() < tolerance, "{name}: {north} is not {lat}");
        }
    }

    /// Landmarks: the origin of the projection, where its own definition says the place, or a
    /// published coordinate of a known building.
    #[test]
    fn every_kind_of_projection_is_computed() {
        for (name, x, y, lon, lat, tolerance) in [
            // By definition: x = R λ, y = R ln tan(π/4 + φ/2).
            ("EPSG:3857", -7_926_000.0, 5_910_000.0, -71.200_5, 46.803_1, 1e-4),
            ("urn:ogc:def:crs:EPSG::3857", 12.0, 50.0, 0.000_107_8, 0.000_449_2, 1e-6),
            ("102100", -7_926_000.0, 5_910_000.0, -71.200_5, 46.803_1, 1e-4),
            // By definition: false origin of Lambert 93 at 3° E, 46.5° N.
            ("EPSG:2154", 700_000.0, 6_600_000.0, 3.0, 46.5, 1e-7),
            // The Eiffel tower in Lambert 93.
            ("2154", 648_237.0, 6_862_272.0, 2.294_4, 48.858_3, 3e-4),
            // The Grand-Place of Brussels in Belgian Lambert 72.
            ("EPSG:31370", 148_900.0, 170_750.0, 4.352, 50.847, 3e-3),
            ("http://www.opengis.net/def/crs/EPSG/0/2950", 304_800.0, 0.0, -73.5, 0.0, 1e-7),
            ("EPSG:32187", 304_800.0, 0.0, -70.5, 0.0, 1e-7),
            // By definition: central meridian of UTM zone 32 is 9° E.
            ("epsg:25832", 500_000.0, 0.0, 9.0, 0.0, 1e-7),
            // Karlsruhe palace in UTM 32.
            ("EPSG:25832", 456_400.0, 5_429_400.0, 8.404, 49.0137, 3e-3),
            ("EPSG:4269", -71.21, 46.81, -71.21, 46.81, 1e-5),
            ("urn:ogc:def:crs:OGC:1.3:CRS84", -71.21, 46.81, -71.21, 46.81, 1e-9),
            // Big Ben in the British National Grid.
            ("EPSG:27700", 530_268.0, 179_640.0, -0.124_6, 51.500_7, 3e-4),
            ("EPSG:2154 yx", 6_600_000.0, 700_000.0, 3.0, 46.5, 1e-7),
        ] {
            let projection = Projection::new(name).unwrap();
            let (east, north) = projection.lon_lat(x, y).unwrap();
            assert!((east - lon).abs() < tolerance, "{name}: {east} is not {lon}");
            assert!((north - lat).abs() < tolerance, "{name}: {north} is not {lat}");
            let (back_x, back_y) = projection.x_y(Position::new(east, north).unwrap()).unwrap();
            assert!((back_x - x).abs() < 0.01 && (back_y - y).abs() < 0.01, "{name}: {back_x}");
        }
    }

    #[test]
    fn a_projection_has_no_coordinates_beyond_its_domain() {
        let mtm = Projection::new("EPSG:32188").unwrap();
        let pole = Position::new(0.0, 90.0).unwrap();
        assert!(Projection::new("EPSG:3857").unwrap().x_y(pole).is_none());
        assert!(mtm.x_y(Position::new(-73.5, 45.5).unwrap()).is_some());
    }

    #[test]
    fn unknown_names_are_refused() {
        assert!(Projection::new("EPSG:1").err().unwrap().contains("EPSG:1"));
        assert!(Projection::new("Lambert").err().unwrap().contains("EPSG:CODE"));
        assert!(Projection::new("+proj=unicorn").is_err());
        assert!(Projection::new("+proj=tmerc +lat_0=0\u{fffd}00 +lon_0=-70.5").is_err());
    }

    #[test]
    fn a_projection_is_recognised_by_published_pairs_or_by_the_extent() {
        let at = |lon, lat| Position::new(lon, lat).unwrap();
        let montreal = [(294_352.32, 5_031_850.88, at(-73.633_513_5, 45.426_514_2))];
        let found = recognise(&Evidence::Known(&montreal));
        assert_eq!(found.len(), 1, "{found:?}");
        let (lon, lat) = found[0].lon_lat(303_947.06, 5_050_719.36).unwrap();
        assert!(distance(at(lon, lat), at(-73.510_932_8, 45.596_378_2)).0 < 2.0);

        let paris = BBox::new(2.22, 48.81, 2.47, 48.91).unwrap();
        let eiffel = [(648_237.0, 6_862_272.0)];
        let found = recognise(&Evidence::Inside(&eiffel, &paris));
        let (lon, lat) = found[0].lon_lat(648_237.0, 6_862_272.0).unwrap();
        assert!(distance(at(lon, lat), at(2.294_4, 48.858_3)).0 < 50.0, "{found:?}");
        assert!(recognise(&Evidence::Inside(&[(1e9, 1e9)], &paris)).is_empty());
    }
}
