//! A place written as one text: a pair of numbers, WKT, EWKB, GeoJSON, a dictionary, a link to a
//! map, or degrees, minutes and seconds.

use std::ops::Range;

use serde_json::Value;

use crate::ingest::numbers::{decimal, degrees, is_exact};
use crate::ingest::place::labels::{Labelled, labelled};
use crate::ingest::place::link::linked;
use crate::ingest::place::python_literal::python_as_json;

/// What a text says about a place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum PlaceText {
    /// Longitude and latitude in degrees, WGS 84; the text says which is which.
    LonLat(f64, f64),
    /// Two numbers in the order of the text, which does not say which is which.
    Pair(f64, f64),
    /// Coordinates in the system of this EPSG code.
    Projected {
        /// The code.
        epsg: u32,
        /// First coordinate: east.
        x: f64,
        /// Second coordinate: north.
        y: f64,
    },
    /// The text says that there is no place, such as `POINT EMPTY`.
    Nothing,
}

/// Reads the place of a text; `None` where the text is none.
pub fn place_text(text: &str) -> Option<PlaceText> {
    let text = text.trim();
    if is_empty_geometry(text) {
        return Some(PlaceText::Nothing);
    }
    if let Some(found) = wkt(text).or_else(|| ewkb(text)) {
        return Some(found);
    }
    if is_geometry(text) {
        return None;
    }
    if text.starts_with(['{', '[']) {
        let value =
            serde_json::from_str(text).or_else(|_| serde_json::from_str(&python_as_json(text)));
        return object(&value.ok()?);
    }
    let numbers = |text: &str| match pair(text) {
        Some(PlaceText::Pair(first, second)) => Some((first, second)),
        _ => None,
    };
    if let Some((lon, lat)) = linked(text) {
        return Some(PlaceText::LonLat(lon, lat));
    }
    let found = sexagesimal(text).or_else(|| pair(text)).or_else(|| signed(text));
    let found = found.or_else(|| {
        Some(match labelled(text, numbers)? {
            Labelled::LonLat(lon, lat) => PlaceText::LonLat(lon, lat),
            Labelled::Pair(first, second) => PlaceText::Pair(first, second),
        })
    });
    found.or_else(|| in_brackets(text).map(|(found, _)| found))
}

/// The text around a place in brackets, such as the address in `12 rue X (46.81, -71.21)`; `None`
/// where the brackets hold no place or nothing is around them.
pub fn text_around_place(text: &str) -> Option<String> {
    let text = text.trim();
    if is_geometry(text) || text.starts_with(['{', '[']) || pair(text).is_some() {
        return None;
    }
    let (_, brackets) = in_brackets(text)?;
    let around = format!("{}\n{}", text.get(..brackets.start)?, text.get(brackets.end..)?);
    Some(one_line(&around)).filter(|around| around.chars().any(char::is_alphabetic))
}

/// The address that a text has beside its place, or is.
pub fn address_of(text: &str) -> Option<String> {
    let is_place = || place_text(text).is_some() && is_exact(text);
    let is_address = || !is_place() && !text.starts_with(['{', '[']) && !is_empty_geometry(text);
    text_around_place(text).or_else(|| is_address().then(|| one_line(text)))
}

/// The lines of an address, separated by commas.
fn one_line(text: &str) -> String {
    let is_edge = |c: char| c.is_whitespace() || ",;".contains(c);
    let lines = text.lines().map(|line| line.trim_matches(is_edge));
    lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join(", ")
}

/// `POINT (lon lat)` in any case, with `SRID=…;` before, `Z`, `M` or `ZM` after, and a MultiPoint
/// whose points are all one.
fn wkt(text: &str) -> Option<PlaceText> {
    let upper = text.to_ascii_uppercase();
    let (srid, body) = match upper.strip_prefix("SRID=") {
        Some(rest) => {
            let (code, body) = rest.split_once(';')?;
            (code.trim().parse().ok()?, body.trim_start())
        }
        None => (0, upper.as_str()),
    };
    let body = body.strip_prefix("MULTIPOINT").or_else(|| body.strip_prefix("POINT"))?;
    let body = body.trim_start().trim_start_matches(['Z', 'M']).trim();
    let inside = body.strip_prefix('(')?.strip_suffix(')')?;
    let mut points = inside.split(',').map(|point| {
        let point = point.trim().trim_start_matches('(').trim_end_matches(')');
        let numbers: Option<Vec<f64>> = point.split_whitespace().map(decimal).collect();
        numbers.filter(|numbers| (2..=4).contains(&numbers.len()))
    });
    let first = points.next()??;
    let [x, y, ..] = *first.as_slice() else { return None };
    points.all(|point| point.as_ref() == Some(&first)).then(|| in_system(srid, x, y))
}

/// Is the text a geometry of WKT, whatever its kind: a word, then a bracket?
pub fn is_geometry(text: &str) -> bool {
    text.split_once('(').is_some_and(|(word, _)| is_kind(word))
}

/// Is the text a geometry of WKT without coordinates, such as `POINT EMPTY`?
pub fn is_empty_geometry(text: &str) -> bool {
    let text = text.trim();
    let cut = text.len().wrapping_sub("EMPTY".len());
    let parts = text.split_at_checked(cut);
    parts.is_some_and(|(word, empty)| empty.eq_ignore_ascii_case("EMPTY") && is_kind(word))
}

/// Is it the word for a kind of geometry, perhaps after `SRID=…;`, and before the dimensions?
fn is_kind(word: &str) -> bool {
    let word = word.trim_end_matches([' ', 'Z', 'M', 'z', 'm']).rsplit(';').next();
    let word = word.unwrap_or_default().trim().to_ascii_uppercase();
    let kinds = ["POINT", "LINESTRING", "POLYGON", "GEOMETRYCOLLECTION"];
    kinds.iter().any(|kind| word.strip_prefix("MULTI").unwrap_or(&word) == *kind)
}

/// Coordinates of the system with this code; 0 is none. Numbers of no named system that are no
/// degrees are a pair of one that the text does not say.
fn in_system(epsg: u32, x: f64, y: f64) -> PlaceText {
    match epsg {
        0 if x.abs().max(y.abs()) > 360.0 => PlaceText::Pair(x, y),
        0 | 4326 => PlaceText::LonLat(x, y),
        epsg => PlaceText::Projected { epsg, x, y },
    }
}

/// The hexadecimal well-known binary of a point, with PostGIS's SRID and dimensions.
fn ewkb(text: &str) -> Option<PlaceText> {
    let is_hex = text.len() >= 42 && text.len() <= 200 && text.starts_with('0');
    if !is_hex || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let bytes: Option<Vec<u8>> = (0..text.len() / 2)
        .map(|at| u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok())
        .collect();
    let bytes = bytes?;
    let little = bytes.first() == Some(&1);
    let word = |at: usize| {
        let four: [u8; 4] = bytes.get(at..at + 4)?.try_into().ok()?;
        Some(if little { u32::from_le_bytes(four) } else { u32::from_be_bytes(four) })
    };
    let number = |at: usize| {
        let eight: [u8; 8] = bytes.get(at..at + 8)?.try_into().ok()?;
        Some(if little { f64::from_le_bytes(eight) } else { f64::from_be_bytes(eight) })
    };
    let kind = word(1)?;
    let (srid, at) = if kind & 0x2000_0000 != 0 { (word(5)?, 9) } else { (0, 5) };
    if (kind & 0x0fff_ffff) % 1000 != 1 {
        return None;
    }
    let (x, y) = (number(at)?, number(at + 8)?);
    if x.is_nan() && y.is_nan() {
        return Some(PlaceText::Nothing);
    }
    Some(in_system(srid, x, y))
}

/// Names of a longitude and of a latitude in an object, each pair in the order of preference.
const NAMES: [(&str, &str); 7] = [
    ("longitude", "latitude"),
    ("lon", "lat"),
    ("lng", "lat"),
    ("long", "lat"),
    ("x", "y"),
    ("longitud", "latitud"),
    ("laengengrad", "breitengrad"),
];

/// A GeoJSON geometry or feature, an object with a longitude and a latitude, an ArcGIS point, or a
/// list of two numbers.
fn object(value: &Value) -> Option<PlaceText> {
    if let Value::Array(list) = value {
        return match list.as_slice() {
            // Socrata's location: address, latitude, longitude, its own address, needs recoding.
            [Value::Null | Value::String(_), lat, lon, _, Value::Bool(_)] => {
                match (number(lat), number(lon)) {
                    (Some(lat), Some(lon)) => Some(PlaceText::LonLat(lon, lat)),
                    _ => (lat.is_null() && lon.is_null()).then_some(PlaceText::Nothing),
                }
            }
            [first, second, ..] => Some(PlaceText::Pair(number(first)?, number(second)?)),
            _ => None,
        };
    }
    let object = value.as_object()?;
    let member = |name: &str| {
        object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    };
    if let Some(geometry) = member("geometry") {
        return self::object(geometry);
    }
    let epsg = ["wkid", "latestWkid"]
        .iter()
        .filter_map(|key| member("spatialReference")?.get(key)?.as_u64())
        .next_back()
        .or_else(|| {
            let name = member("crs")?.get("properties")?.get("name")?.as_str()?;
            let digits = name.rsplit([':', '/']).next()?;
            digits.parse().ok()
        });
    let named = epsg.and_then(|code| u32::try_from(code).ok());
    let in_system = |x: f64, y: f64| in_system(named.unwrap_or(0), x, y);
    if let Some(coordinates) = member("coordinates") {
        let mut point = coordinates.as_array()?.as_slice();
        // The points of a MultiPoint must all be one.
        if let [first @ Value::Array(inner), rest @ ..] = point {
            if rest.iter().any(|other| other != first) {
                return None;
            }
            point = inner.as_slice();
        }
        return match point {
            [] => Some(PlaceText::Nothing),
            [x, y, ..] => Some(in_system(number(x)?, number(y)?)),
            [_] => None,
        };
    }
    for (lon, lat) in NAMES {
        if let (Some(lon), Some(lat)) = (member(lon), member(lat)) {
            if lon.is_null() && lat.is_null() {
                return Some(PlaceText::Nothing);
            }
            return Some(in_system(number(lon)?, number(lat)?));
        }
    }
    object.is_empty().then_some(PlaceText::Nothing)
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => degrees(text),
        _ => None,
    }
}

/// Degrees, minutes and seconds or decimal degrees, each with its hemisphere:
/// `46°48'36"N 71°12'36"W`, `N 46.81, W 71.21`.
fn sexagesimal(text: &str) -> Option<PlaceText> {
    let marked = |c: char| "NSEWOnsewo".contains(c);
    let at: Vec<(usize, char)> = text.char_indices().filter(|(_, c)| marked(*c)).collect();
    let [(first, a), (second, b)] = at[..] else { return None };
    // The letter is before its number, or after it.
    let cut = if first == 0 { second } else { first + 1 };
    let (one, two) = text.split_at_checked(cut)?;
    let one = degrees(one.trim_end_matches(|c: char| c == ',' || c.is_whitespace()))?;
    let two = degrees(two.trim_start_matches([',', ';', ' ', '/']))?;
    match (a.to_ascii_uppercase(), b.to_ascii_uppercase()) {
        ('N' | 'S', 'E' | 'W' | 'O') => Some(PlaceText::LonLat(two, one)),
        ('E' | 'W' | 'O', 'N' | 'S') => Some(PlaceText::LonLat(one, two)),
        _ => None,
    }
}

/// A coordinate of a pair: a decimal number, or degrees with their sign.
fn coordinate(text: &str) -> Option<f64> {
    let is_degrees = text.contains('°') && !text.contains(char::is_alphabetic);
    decimal(text).or_else(|| if is_degrees { degrees(text) } else { None })
}

/// Two numbers, with decimal points or decimal commas. A third one, the altitude, is dropped.
fn pair(text: &str) -> Option<PlaceText> {
    let text = text.trim_matches(|c: char| "()[]".contains(c) || c.is_whitespace());
    let all =
        |parts: Vec<&str>| -> Option<Vec<f64>> { parts.into_iter().map(coordinate).collect() };
    let split = |by: &dyn Fn(char) -> bool| -> Vec<&str> {
        text.split(by).map(str::trim).filter(|part| !part.is_empty()).collect()
    };
    let has_point = text.contains('.');
    for by in [
        &(|c: char| c == ';' || c == '|') as &dyn Fn(char) -> bool,
        &|c: char| c.is_whitespace(),
        &|c: char| c == ',' && has_point,
        &|c: char| c == ',',
    ] {
        let parts = split(by);
        // Separated by blanks or semicolons, each part may end in the comma of a list.
        let parts: Vec<&str> = parts.iter().map(|part| part.trim_end_matches(',')).collect();
        let wanted = parts.len() == 2 || (parts.len() == 3 && has_point);
        if wanted && let Some([a, b, ..]) = all(parts).as_deref() {
            return Some(PlaceText::Pair(*a, *b));
        }
    }
    // A slash separates two numbers with decimals: others are days, or a house and its flat.
    if let [first, second] = split(&|c| c == '/')[..]
        && [first, second].iter().all(|part| part.contains(['.', ',']))
    {
        return Some(PlaceText::Pair(decimal(first)?, decimal(second)?));
    }
    // `46,81,-71,21`: two numbers with decimal commas, separated by a comma.
    let parts = split(&|c| c == ',');
    let [a, b, c, d] = parts[..] else { return None };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if has_point || !digits(b) || !digits(d) {
        return None;
    }
    Some(PlaceText::Pair(decimal(&format!("{a}.{b}"))?, decimal(&format!("{c}.{d}"))?))
}

/// Latitude and longitude by their signs alone (ISO 6709): `+46.81-071.21/`.
fn signed(text: &str) -> Option<PlaceText> {
    let text = text.trim_end_matches('/');
    let at = 1 + text.get(1..)?.find(['+', '-'])?;
    let (lat, rest) = text.split_at(at);
    let end = rest.get(1..).unwrap_or_default().find(['+', '-']).map_or(rest.len(), |at| at + 1);
    let lon = rest.get(..end)?;
    let is_degrees = |text: &str| text.starts_with(['+', '-']) && text.contains('.');
    let (is_lat, is_lon) = (is_degrees(lat), is_degrees(lon));
    let place = (lat.parse().ok()?, lon.parse().ok()?);
    (is_lat && is_lon).then_some(PlaceText::LonLat(place.1, place.0))
}

/// A pair with decimals in brackets beside an address, and where the brackets are: the last ones
/// that hold one.
fn in_brackets(text: &str) -> Option<(PlaceText, Range<usize>)> {
    let mut rest = text;
    while let Some(open) = rest.rfind('(') {
        let inside = rest.get(open + 1..).unwrap_or_default();
        let inside = inside.split(')').next().unwrap_or_default();
        let end = (open + inside.len() + 2).min(text.len());
        // `(12, 34)` may be anything.
        let is_exact = |found: &PlaceText| match found {
            PlaceText::Pair(a, b) => inside.contains('.') || a.fract() != 0.0 || b.fract() != 0.0,
            _ => true,
        };
        if let Some(found) = sexagesimal(inside).or_else(|| pair(inside)).filter(is_exact) {
            return Some((found, open..end));
        }
        rest = rest.get(..open).unwrap_or_default();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::PlaceText::{LonLat, Nothing, Pair, Projected};
    use super::*;

    #[test]
    fn every_way_of_writing_a_place() {
        let human = "{'latitude': '40.75', 'longitude': '-73.84', \
                     'human_address': '{\"address\": \"5 O\\'Neil\", \"city\": \"\"}'}";
        let feature = "{'type': 'Feature', 'geometry': {'coordinates': [2.3344, 48.8812], \
                       'type': 'Point'}, 'properties': {}}";
        for (text, place) in [
            ("46.81, -71.21", Pair(46.81, -71.21)),
            ("-71.21,46.81", Pair(-71.21, 46.81)),
            ("46.81 -71.21", Pair(46.81, -71.21)),
            ("[46.81, -71.21]", Pair(46.81, -71.21)),
            ("-71.21,46.81,0", Pair(-71.21, 46.81)),
            ("46,81; -71,21", Pair(46.81, -71.21)),
            ("46,81 -71,21", Pair(46.81, -71.21)),
            ("46,81, -71,21", Pair(46.81, -71.21)),
            ("46,81,-71,21", Pair(46.81, -71.21)),
            ("894488.5, 1011215.25", Pair(894_488.5, 1_011_215.25)),
            ("(40.5863974, -73.9325913)", Pair(40.586_397_4, -73.932_591_3)),
            ("12 rue X (rear)\n(46.81, -71.21)", Pair(46.81, -71.21)),
            ("12 rue X (46.81, -71.21) (rear)", Pair(46.81, -71.21)),
            ("POINT (-122.42 37.77)", LonLat(-122.42, 37.77)),
            ("Point(-122.42 37.77)", LonLat(-122.42, 37.77)),
            ("POINT Z (-71.21 46.81 12.5)", LonLat(-71.21, 46.81)),
            ("POINTZM(-71.21 46.81 12.5 0)", LonLat(-71.21, 46.81)),
            ("SRID=4326;POINT(-71.21 46.81)", LonLat(-71.21, 46.81)),
            (
                "srid=2154; Point (648237 6862272)",
                Projected { epsg: 2154, x: 648_237.0, y: 6_862_272.0 },
            ),
            ("MULTIPOINT ((-71.21 46.81))", LonLat(-71.21, 46.81)),
            ("MULTIPOINT (-71.21 46.81, -71.21 46.81)", LonLat(-71.21, 46.81)),
            ("POINT EMPTY", Nothing),
            ("{}", Nothing),
            ("{'lon': -71.21, 'lat': 46.81}", LonLat(-71.21, 46.81)),
            ("{\"lng\":\"-71,21\",\"lat\":\"46,81\"}", LonLat(-71.21, 46.81)),
            (human, LonLat(-73.84, 40.75)),
            ("{'lon': None, 'lat': None}", Nothing),
            ("{\"street\": \"Elm\", \"x\": 92506, \"y\": 437644}", Pair(92_506.0, 437_644.0)),
            ("[\"{}\", \"46.81\", \"-71.21\", null, false]", LonLat(-71.21, 46.81)),
            ("[null, null, null, null, false]", Nothing),
            ("{\"type\":\"Point\",\"coordinates\":[-71.21,46.81,3]}", LonLat(-71.21, 46.81)),
            ("{'type':'MultiPoint','coordinates':[[-71.21,46.81]]}", LonLat(-71.21, 46.81)),
            (feature, LonLat(2.3344, 48.8812)),
            (
                "{\"x\":-7926000,\"y\":5910000,\"spatialReference\":{\"wkid\":102100}}",
                Projected { epsg: 102_100, x: -7_926_000.0, y: 5_910_000.0 },
            ),
            ("46°48'36\"N 71°12'36\"W", LonLat(-71.21, 46.81)),
            ("46° 48′ 36″ N, 71° 12′ 36″ O", LonLat(-71.21, 46.81)),
            ("N 46.81, W 71.21", LonLat(-71.21, 46.81)),
            ("33.86 S 151.21 E", LonLat(151.21, -33.86)),
            ("0101000020E6100000CDCCCCCCCCCC51C0C3F5285C8F624740", LonLat(-71.2, 46.77)),
        ] {
            is_read(text, place);
        }
    }

    #[test]
    fn slashes_labels_signs_and_links() {
        for (text, place) in [
            ("46,81/-71,21", Pair(46.81, -71.21)),
            ("46.81 / -71.21", Pair(46.81, -71.21)),
            ("46.81°, -71.21°", Pair(46.81, -71.21)),
            ("GPS: 46.81, -71.21", Pair(46.81, -71.21)),
            ("lat: 46.81, lon: -71.21", LonLat(-71.21, 46.81)),
            ("Latitude=46,81 Longitude=-71,21", LonLat(-71.21, 46.81)),
            ("lng -71.21; lat 46.81", LonLat(-71.21, 46.81)),
            ("Breite 46.81 / Länge -71.21", LonLat(-71.21, 46.81)),
            ("Lat/Lon: 46.81, -71.21", LonLat(-71.21, 46.81)),
            ("Lat 46°48'36\" N Long 71°12'36\" W", LonLat(-71.21, 46.81)),
            ("+46.81-071.21/", LonLat(-71.21, 46.81)),
            ("geo:46.81,-71.21", LonLat(-71.21, 46.81)),
            ("https://maps.example/?q=46.81,-71.21", LonLat(-71.21, 46.81)),
        ] {
            is_read(text, place);
        }
    }

    fn is_read(text: &str, place: PlaceText) {
        let found = place_text(text);
        let near = match (found, place) {
            (Some(LonLat(a, b)), LonLat(c, d)) | (Some(Pair(a, b)), Pair(c, d)) => {
                (a - c).abs() < 1e-6 && (b - d).abs() < 1e-6
            }
            (found, place) => found == Some(place),
        };
        assert!(near, "{text}: {found:?} is not {place:?}");
    }

    #[test]
    fn the_text_around_a_place_is_the_address() {
        for (text, around) in [
            ("12 rue X\nQuébec, QC\n(46.81, -71.21)", Some("12 rue X, Québec, QC")),
            ("12 rue X (46.81, -71.21), Québec", Some("12 rue X, Québec")),
            ("(46.81, -71.21)", None),
            ("12 rue X (arrière)", None),
            ("POINT (-71.21 46.81)", None),
        ] {
            assert_eq!(text_around_place(text).as_deref(), around, "{text}");
        }
    }

    #[test]
    fn what_is_no_place_is_none() {
        for text in [
            "over there",
            "somewhere (rear)",
            "12, rue X",
            "POINT",
            "POINT (x y)",
            "POINT (1)",
            "LINESTRING (0 0, 1 1)",
            "MULTIPOINT ((0 0), (1 1))",
            "{'a': 1}",
            "[1]",
            "{",
            "1",
            "1, 2, 3, 4, 5",
            "{'type':'MultiPoint','coordinates':[[1,2],[3,4]]}",
            "0101",
            "",
            "46°N 47°N",
            "75009 PARIS",
            "SRID=x;POINT(1 2)",
            "12/05",
            "3.5/2",
            "Parc (3, 5)",
            "lat: 46.81",
            "lat: 46.81, lon: unknown",
            "Main 46.81, Elm 71.21",
            "https://city.example/requests/46",
            "+1-418-555",
        ] {
            assert_eq!(place_text(text), None, "{text}");
        }
    }
}
