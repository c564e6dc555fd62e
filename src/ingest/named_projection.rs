//! Reference systems that the names of columns say, such as `X Lambert 72` or `Hochwert`, and the
//! area in which each is used.

use deunicode::deunicode;

use crate::ingest::exchanged::principal_city;
use crate::ingest::projection::{Projection, SAME_METERS};
use crate::place::{BBox, Position, distance};

/// West, south, east, north in degrees.
type Area = [f64; 4];

const BELGIUM: Area = [2.5, 49.4, 6.5, 51.6];
const FRANCE: Area = [-5.5, 41.2, 9.7, 51.3];
const GERMANY: Area = [5.8, 47.2, 15.1, 55.1];
const AUSTRIA: Area = [9.5, 46.3, 17.2, 49.1];
const SWITZERLAND: Area = [5.9, 45.8, 10.6, 47.9];
const NETHERLANDS: Area = [3.2, 50.7, 7.3, 53.7];
const BRITAIN: Area = [-9.0, 49.8, 2.1, 61.0];
const IRELAND: Area = [-10.6, 51.3, -5.3, 55.5];
const POLAND: Area = [14.0, 49.0, 24.2, 54.9];
const ITALY: Area = [6.6, 35.4, 18.6, 47.1];
const QUEBEC: Area = [-79.8, 44.9, -57.0, 62.6];
const SWEDEN: Area = [10.5, 55.2, 24.2, 69.1];
const PORTUGAL: Area = [-9.6, 36.9, -6.1, 42.2];
const FINLAND: Area = [19.0, 59.7, 31.6, 70.1];
const HUNGARY: Area = [16.1, 45.7, 22.9, 48.6];
const NEW_ZEALAND: Area = [166.0, -47.5, 179.0, -34.0];
const EARTH: Area = [-180.0, -85.1, 180.0, 85.1];

/// Words of names, each between blanks, with the EPSG codes of the systems that they may mean and
/// where these are used. The first entry that has words counts.
const SYSTEMS: [(&[&str], &[u16], Area); 25] = [
    (&["lambert 72", "l 72", "lambert belge", "belge 72", "bd 72"], &[31370], BELGIUM),
    (&["lambert 2008", "l 2008"], &[3812], BELGIUM),
    (&["lambert 93", "l 93", "rgf 93"], &[2154], FRANCE),
    (&["lambert 2", "lambert ii", "ntf paris"], &[27572], FRANCE),
    (
        &["lambert cc", "cc lambert", "conique conforme"],
        &[3942, 3943, 3944, 3945, 3946, 3947, 3948, 3949, 3950],
        FRANCE,
    ),
    (&["lambert quebec", "quebec lambert"], &[32198], QUEBEC),
    (&["rijksdriehoek", "rijksdriehoekscoordinaten", "rd", "rd new"], &[28992], NETHERLANDS),
    (&["lv 95", "mn 95", "ch 1903 plus"], &[2056], SWITZERLAND),
    (&["lv 03", "mn 03"], &[21781], SWITZERLAND),
    (&["ch 1903", "swissgrid", "swiss grid", "landeskoordinaten"], &[2056, 21781], SWITZERLAND),
    (
        &["osgb", "osgb 36", "bng", "british national grid", "national grid", "os grid"],
        &[27700],
        BRITAIN,
    ),
    (&["irish grid", "irenet"], &[29903], IRELAND),
    (&["itm"], &[2157], IRELAND),
    (&["puwg 1992", "puwg 92", "pl 1992", "uklad 1992", "cs 92"], &[2180], POLAND),
    (&["puwg 2000", "pl 2000", "uklad 2000"], &[2176, 2177, 2178, 2179], POLAND),
    (&["gauss boaga", "boaga", "roma 40"], &[3003, 3004], ITALY),
    (&["sweref 99", "sweref"], &[3006], SWEDEN),
    (&["tm 06", "pt tm 06"], &[3763], PORTUGAL),
    (&["tm 35 fin", "etrs tm 35 fin"], &[3067], FINLAND),
    (&["eov"], &[23700], HUNGARY),
    (&["nztm", "nztm 2000"], &[2193], NEW_ZEALAND),
    (&["web mercator", "pseudo mercator", "webmercator"], &[3857], EARTH),
    (
        &["gauss kruger", "gauss krueger", "gausskruger", "gk", "dhdn"],
        &[31466, 31467, 31468, 31469],
        GERMANY,
    ),
    (&["mgi", "bmn"], &[31254, 31255, 31256, 31287], AUSTRIA),
    (&["eastings northings"], &[27700], BRITAIN),
];

/// Words, with the codes and areas of the systems that they may mean.
type CountrySystems = (&'static [&'static str], &'static [(u16, Area)]);

/// Systems of countries whose usual words for the two coordinates name none: Rechtswert and
/// Hochwert, easting and northing, Lambert alone.
const BY_COUNTRY: [CountrySystems; 3] = [
    (
        &["rechtswert", "hochwert"],
        &[
            (31466, GERMANY),
            (31467, GERMANY),
            (31468, GERMANY),
            (31469, GERMANY),
            (25832, [5.8, 47.2, 12.1, 55.1]),
            (25833, [11.9, 47.2, 15.1, 54.8]),
            (31254, AUSTRIA),
            (31255, AUSTRIA),
            (31256, AUSTRIA),
            (31287, AUSTRIA),
            (21781, SWITZERLAND),
            (2056, SWITZERLAND),
        ],
    ),
    (
        &["easting", "northing", "eastings", "northings"],
        &[(27700, BRITAIN), (29903, IRELAND), (2157, IRELAND), (2193, NEW_ZEALAND)],
    ),
    (
        &["lambert"],
        &[(2154, FRANCE), (27572, FRANCE), (31370, BELGIUM), (3812, BELGIUM), (32198, QUEBEC)],
    ),
];

/// Half the width of a zone of Universal Transverse Mercator, and of Modified Transverse Mercator,
/// with what is used beyond it, in degrees.
const UTM_HALF: f64 = 3.6;
const MTM_HALF: f64 = 1.7;
/// Farthest that a place lies from the principal city of its time zone, in metres.
const ZONE_METERS: f64 = 3_000_000.0;
/// Share of the points that must lie in the area of a system.
const SHARE_MIN: f64 = 0.9;

/// The words of a text between blanks, letters and digits apart.
fn spaced(text: &str) -> String {
    let mut spaced = String::from(" ");
    let mut before = ' ';
    for c in deunicode(text).to_lowercase().chars() {
        let is_cut = before.is_ascii_digit() != c.is_ascii_digit();
        if (!c.is_ascii_alphanumeric() || is_cut) && !spaced.ends_with(' ') {
            spaced.push(' ');
        }
        if c.is_ascii_alphanumeric() {
            spaced.push(c);
        }
        before = c;
    }
    spaced.push(' ');
    spaced
}

/// The EPSG codes that a text may mean, each with the area in which it is used.
fn codes(text: &str) -> Vec<(u16, Area)> {
    let text = spaced(text);
    let has = |words: &&str| text.contains(&format!(" {words} "));
    let numbers_after = |word: &str| -> Vec<u16> {
        let sign = format!(" {word} ");
        let numbers = text.split(&sign).skip(1).flat_map(|part| {
            let skip = |word: &&str| matches!(*word, "zone" | "fuso" | "huso" | "zona" | "fuseau");
            let words = part.split(' ').skip_while(skip);
            words.map_while(|word| word.parse().ok()).collect::<Vec<u16>>()
        });
        numbers.collect()
    };
    if let [code, ..] = numbers_after("epsg")[..] {
        return vec![(code, EARTH)];
    }
    if has(&"utm") {
        let south = text.contains(" s ") && !text.contains(" n ");
        let zones = numbers_after("utm");
        let zones = zones.iter().filter(|zone| (1..=60).contains(*zone));
        return zones.map(|zone| utm(*zone, south)).collect();
    }
    if has(&"mtm") {
        let zones: Vec<u16> =
            numbers_after("mtm").into_iter().filter(|z| (1..=17).contains(z)).collect();
        let zones = if zones.is_empty() { (3..=10).collect() } else { zones };
        return zones.into_iter().filter_map(mtm).collect();
    }
    let is_named = |words: &[&str]| words.iter().any(has);
    if let Some((_, codes, area)) = SYSTEMS.iter().find(|(words, ..)| is_named(words)) {
        let zones = [numbers_after("zone"), numbers_after("gk"), numbers_after("kruger")].concat();
        let zone = zones.first().filter(|zone| codes.len() == 4 && (2..=5).contains(*zone));
        let is_kruger = codes[0] == 31466;
        let of_zone = zone.filter(|_| is_kruger).map(|zone| vec![(31464 + zone, *area)]);
        return of_zone.unwrap_or_else(|| codes.iter().map(|code| (*code, *area)).collect());
    }
    let country = BY_COUNTRY.iter().find(|(words, _)| is_named(words));
    country.map_or_else(Vec::new, |(_, codes)| codes.to_vec())
}

/// The system of a zone of Universal Transverse Mercator on WGS 84, from which the ones of other
/// datums of today differ by less than a metre.
fn utm(zone: u16, is_south: bool) -> (u16, Area) {
    let middle = f64::from(zone) * 6.0 - 183.0;
    let (south, north) = if is_south { (-80.0, 0.0) } else { (0.0, 84.0) };
    // Europe has codes of its own, which people know.
    let code = match (zone, is_south) {
        (28..=38, false) => 25800 + zone,
        (_, false) => 32600 + zone,
        (_, true) => 32700 + zone,
    };
    (code, [middle - UTM_HALF, south, middle + UTM_HALF, north])
}

/// The system of a zone of Canada's Modified Transverse Mercator east of Manitoba.
fn mtm(zone: u16) -> Option<(u16, Area)> {
    let middle = match zone {
        1 => -53.0,
        2 => -56.0,
        3..=11 => -58.5 - 3.0 * f64::from(zone - 3),
        _ => return None,
    };
    let south = 41.0;
    Some((32180 + zone, [middle - MTM_HALF, south, middle + MTM_HALF, 63.0]))
}

/// The projections that a text may mean and that put nearly all points where they are used, near
/// the time zone if its city is known. Of several that give the same place, the first.
pub fn named(text: &str, points: &[(f64, f64)], zone: &str) -> Vec<Projection> {
    let city = principal_city(zone);
    let mut found: Vec<(Projection, Position)> = Vec::new();
    for (code, area) in codes(text) {
        let Ok(projection) = Projection::new(&format!("EPSG:{code}")) else { continue };
        let Ok(area) = BBox::new(area[0], area[1], area[2], area[3]) else { continue };
        let places = points.iter().filter_map(|(x, y)| {
            let (lon, lat) = projection.lon_lat(*x, *y)?;
            Position::new(lon, lat).ok()
        });
        let is_used = |at: &Position| {
            let is_near = city.is_none_or(|city| distance(*at, city).0 <= ZONE_METERS);
            area.contains(*at) && is_near
        };
        let places: Vec<Position> = places.filter(is_used).collect();
        let Some(first) = places.first().copied() else { continue };
        let is_same = |(_, known): &(Projection, Position)| distance(*known, first).0 < SAME_METERS;
        if places.len() as f64 >= SHARE_MIN * points.len() as f64 && !found.iter().any(is_same) {
            found.push((projection, first));
        }
    }
    found.into_iter().map(|(projection, _)| projection).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str, point: (f64, f64), zone: &str) -> Vec<String> {
        let found = named(text, &[point], zone);
        found.iter().map(|one| one.name().to_owned()).collect()
    }

    /// Points of known places, see the tests of projections; the palace of culture of Warsaw.
    #[test]
    fn names_of_columns_say_the_system() {
        for (text, point, zone, codes) in [
            ("X Lambert 72 Y Lambert 72", (148_900.0, 170_750.0), "UTC", "EPSG:31370"),
            ("x_l93 y_l93", (648_237.0, 6_862_272.0), "UTC", "EPSG:2154"),
            ("Lambert X Lambert Y", (148_900.0, 170_750.0), "Europe/Brussels", "EPSG:31370"),
            ("Rechtswert Hochwert", (3_456_500.0, 5_431_000.0), "UTC", "EPSG:31467"),
            ("Rechtswert Hochwert", (2_600_000.0, 1_200_000.0), "UTC", "EPSG:2056"),
            ("Gauß-Krüger Rechtswert", (4_468_000.0, 5_333_000.0), "UTC", "EPSG:31468"),
            ("X UTM 32N Y UTM 32N", (456_400.0, 5_429_400.0), "UTC", "EPSG:25832"),
            ("utm32_east", (456_400.0, 5_429_400.0), "Europe/Berlin", "EPSG:25832"),
            ("UTM zone 10 N", (551_000.0, 4_180_000.0), "UTC", "EPSG:32610"),
            ("UTM 56S", (334_000.0, 6_250_000.0), "UTC", "EPSG:32756"),
            ("X_RD", (155_000.0, 463_000.0), "UTC", "EPSG:28992"),
            ("Rijksdriehoekscoordinaten X", (121_000.0, 487_000.0), "UTC", "EPSG:28992"),
            ("MTM8_X", (294_352.0, 5_031_850.0), "UTC", "EPSG:32188"),
            ("MTM zone 7", (251_000.0, 5_186_000.0), "UTC", "EPSG:32187"),
            ("OSGB Easting", (530_268.0, 179_640.0), "UTC", "EPSG:27700"),
            ("BNG_E", (530_268.0, 179_640.0), "Europe/London", "EPSG:27700"),
            ("puwg1992_x", (637_000.0, 486_000.0), "UTC", "EPSG:2180"),
            ("coord EPSG:31370 x", (148_900.0, 170_750.0), "UTC", "EPSG:31370"),
        ] {
            assert_eq!(names(text, point, zone), [codes], "{text}");
        }
    }

    #[test]
    fn what_is_ambiguous_or_does_not_fit_is_not_taken() {
        // Berlin, or a place near the Dutch border.
        let found = names("Rechtswert Hochwert", (390_000.0, 5_820_000.0), "UTC");
        assert_eq!(found, ["EPSG:25832", "EPSG:25833"]);
        // Zones of MTM have the same numbers.
        let found = names("X_MTM Y_MTM", (294_352.0, 5_031_850.0), "America/Toronto");
        assert!(found.len() > 1, "{found:?}");
        let found = names("MTM 7/8", (294_352.0, 5_031_850.0), "America/Toronto");
        assert_eq!(found, ["EPSG:32187", "EPSG:32188"]);
        // The magnitude is that of another system; the zone is on the other side of the Earth.
        assert!(names("X Lambert 93", (148_900.0, 170_750.0), "UTC").is_empty());
        assert!(names("Easting", (530_268.0, 179_640.0), "Australia/Sydney").is_empty());
        assert!(names("X Y", (148_900.0, 170_750.0), "UTC").is_empty());
        assert!(names("Record X", (155_000.0, 463_000.0), "UTC").is_empty());
    }
}
