//! Reference systems that the names of columns say, such as `X Lambert 72` or `Hochwert`, and the
//! area in which each is used.

use deunicode::deunicode;

use crate::ingest::place::exchanged::principal_city;
use crate::ingest::reference_system::codes::{
    AUSTRIA, Area, FRANCE, NamedSystem, SWEDEN, numbered_systems, numbers_after,
};
use crate::ingest::reference_system::of_zones::areas_in;
use crate::ingest::reference_system::projection::{NORTH_FIRST, Projection, SAME_METERS};
use crate::place::{BBox, Position, distance};

const BELGIUM: Area = [2.5, 49.4, 6.5, 51.6];
const GERMANY: Area = [5.8, 47.2, 15.1, 55.1];
const SWITZERLAND: Area = [5.9, 45.8, 10.6, 47.9];
const NETHERLANDS: Area = [3.2, 50.7, 7.3, 53.7];
const BRITAIN: Area = [-9.0, 49.8, 2.1, 61.0];
const IRELAND: Area = [-10.6, 51.3, -5.3, 55.5];
const POLAND: Area = [14.0, 49.0, 24.2, 54.9];
const ITALY: Area = [6.6, 35.4, 18.6, 47.1];
const QUEBEC: Area = [-79.8, 44.9, -57.0, 62.6];
const PORTUGAL: Area = [-9.6, 36.9, -6.1, 42.2];
const FINLAND: Area = [19.0, 59.7, 31.6, 70.1];
const HUNGARY: Area = [16.1, 45.7, 22.9, 48.6];
const NEW_ZEALAND: Area = [166.0, -47.5, 179.0, -34.0];
const EARTH: Area = [-180.0, -85.1, 180.0, 85.1];

/// Words for the two sides in Britain.
const SIDES: &str = "eastings northings";

/// Words of names, each between blanks, with the EPSG codes of the systems that they may mean and
/// where these are used. The first entry that has words counts.
const SYSTEMS: [(&[&str], &[u16], Area); 24] = [
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
    (&[SIDES], &[27700], BRITAIN),
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

/// Systems whose X counts to the north and whose two coordinates may have the same size.
const NORTHERN_X: [u16; 1] = [2180];
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

/// The systems that the spaced words of a text may mean, each with the area in which it is used.
fn systems(text: &str) -> Vec<NamedSystem> {
    let numbered = numbered_systems(text);
    if !numbered.is_empty() {
        return numbered;
    }
    let has = |words: &&str| text.contains(&format!(" {words} "));
    let is_named = |words: &[&str]| words.iter().any(has);
    let of_codes = |codes: &[(u16, Area)]| -> Vec<NamedSystem> {
        codes.iter().map(|(code, area)| (format!("EPSG:{code}"), *area)).collect()
    };
    if let Some((_, codes, area)) = SYSTEMS.iter().find(|(words, ..)| is_named(words)) {
        let mut zones = ["zone", "gk", "kruger"].iter().flat_map(|word| numbers_after(text, word));
        let zone =
            zones.next().filter(|zone| codes.first() == Some(&31466) && (2..=5).contains(zone));
        let of_zone = zone.map(|zone| vec![(format!("EPSG:{}", 31_464 + zone), *area)]);
        let all = || of_codes(&codes.iter().map(|code| (*code, *area)).collect::<Vec<_>>());
        return of_zone.unwrap_or_else(all);
    }
    let country = BY_COUNTRY.iter().find(|(words, _)| is_named(words));
    country.map_or_else(Vec::new, |(_, codes)| of_codes(codes))
}

/// Do the words call the coordinates X and Y, which are the north and the east in some countries?
fn says_x_and_y(text: &str) -> bool {
    let words: Vec<&str> = text.split(' ').collect();
    words.contains(&"x") && words.contains(&"y")
}

/// Do names of columns call the coordinates X and Y?
pub fn may_be_exchanged(names: &str) -> bool {
    says_x_and_y(&spaced(names))
}

/// Does a text name a system, and not only the two sides in the words of some countries?
pub fn names_system(text: &str) -> bool {
    let text = spaced(text);
    let has = |words: &&str| *words != SIDES && text.contains(&format!(" {words} "));
    !numbered_systems(&text).is_empty() || SYSTEMS.iter().any(|(words, ..)| words.iter().any(has))
}

/// The projections that a text may mean and that put nearly all points where they are used, near
/// the time zone if its city is known. Of several that give the same place, the first. Columns
/// named X and Y may be read the other way round: where X as the east does not fit, or as a second
/// candidate where the system itself counts X to the north.
pub fn named(text: &str, points: &[(f64, f64)], zone: &str) -> Vec<Projection> {
    let city = principal_city(zone);
    let text = spaced(text);
    let may_exchange = says_x_and_y(&text);
    let mut found: Vec<(Projection, Position)> = Vec::new();
    for (definition, area) in systems(&text) {
        let areas = areas_in(&definition, zone).unwrap_or(std::slice::from_ref(&area));
        let areas = areas.iter().filter_map(|[w, s, e, n]| BBox::new(*w, *s, *e, *n).ok());
        let areas: Vec<BBox> = areas.collect();
        // The first place, where nearly all points lie in the areas.
        let fits = |projection: &Projection| {
            let places = points.iter().filter_map(|(x, y)| {
                let (lon, lat) = projection.lon_lat(*x, *y)?;
                Position::new(lon, lat).ok()
            });
            let is_used = |at: &Position| {
                let is_near = city.is_none_or(|city| distance(*at, city).0 <= ZONE_METERS);
                areas.iter().any(|area| area.contains(*at)) && is_near
            };
            let places: Vec<Position> = places.filter(is_used).collect();
            let are_most = places.len() as f64 >= SHARE_MIN * points.len() as f64;
            places.first().copied().filter(|_| are_most)
        };
        let orders = [definition.clone(), format!("{definition}{NORTH_FIRST}")];
        let is_north_first = NORTHERN_X.iter().any(|code| definition == format!("EPSG:{code}"));
        let mut of_system = 0;
        for definition in orders.iter().take(if may_exchange { 2 } else { 1 }) {
            let Ok(projection) = Projection::new(definition) else { continue };
            let Some(first) = fits(&projection) else { continue };
            of_system += 1;
            let is_same =
                |(_, known): &(Projection, Position)| distance(*known, first).0 < SAME_METERS;
            if (of_system == 1 || is_north_first) && !found.iter().any(is_same) {
                found.push((projection, first));
            }
        }
        // Of a hemisphere and a band of the same letter, the first that fits.
        if of_system > 0 && text.contains(" utm ") && text.contains(" s ") {
            break;
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
            ("PUWG 1992 Easting", (637_000.0, 486_000.0), "UTC", "EPSG:2180"),
            ("X_PUWG2000 Y_PUWG2000", (5_788_000.0, 7_501_000.0), "UTC", "EPSG:2178 yx"),
            ("GK X GK Y", (5_431_000.0, 3_456_500.0), "UTC", "EPSG:31467 yx"),
            ("Y_LV03 X_LV03", (200_000.0, 600_000.0), "UTC", "EPSG:21781 yx"),
            ("X_LV03 Y_LV03", (600_000.0, 200_000.0), "UTC", "EPSG:21781"),
            ("SWEREF99 18 00 N SWEREF99 18 00 E", (153_000.0, 6_580_000.0), "UTC", "EPSG:3011"),
            ("sweref99_1630_e", (150_000.0, 6_580_000.0), "UTC", "EPSG:3010"),
            ("SWEREF 99 TM E", (674_000.0, 6_580_000.0), "UTC", "EPSG:3006"),
            ("X_CC48 Y_CC48", (1_351_800.0, 7_222_000.0), "UTC", "EPSG:3948"),
            ("x_rgf93_cc49", (1_652_000.0, 8_178_000.0), "Europe/Paris", "EPSG:3949"),
            ("MGA94 Zone 55 Easting", (320_000.0, 5_812_000.0), "UTC", "EPSG:28355"),
            ("MGA2020 Z56 E zone 56", (334_000.0, 6_250_000.0), "UTC", "EPSG:7856"),
            ("SIRGAS 2000 23S E SIRGAS 2000 23S N", (333_000.0, 7_394_000.0), "UTC", "EPSG:31983"),
            ("X_ETRS89_H30 Y_ETRS89_H30", (440_300.0, 4_474_250.0), "UTC", "EPSG:25830"),
            ("ETRS89 huso 31", (430_900.0, 4_583_100.0), "UTC", "EPSG:25831"),
            ("utm 31U", (628_800.0, 5_803_900.0), "UTC", "EPSG:25831"),
            ("utm 56H", (334_000.0, 6_250_000.0), "UTC", "EPSG:32756"),
            ("utm 30S", (199_000.0, 4_060_000.0), "Europe/Madrid", "EPSG:25830"),
            ("coord EPSG:31370 x", (148_900.0, 170_750.0), "UTC", "EPSG:31370"),
        ] {
            assert_eq!(names(text, point, zone), [codes], "{text}");
        }
    }

    #[test]
    fn austrian_coordinates_count_from_the_equator_or_not() {
        for (point, text) in [
            ((5_341_000.0, 2_500.0), "MGI M34 Y MGI M34 X"),
            ((2_500.0, 341_000.0), "MGI M34 Rechtswert"),
        ] {
            let found = named(text, &[point], "Europe/Vienna");
            assert_eq!(found.len(), 1, "{text}: {found:?}");
            let (lon, lat) = found[0].lon_lat(point.0, point.1).unwrap();
            assert!((lon - 16.37).abs() < 0.02 && (lat - 48.2).abs() < 0.02, "{lon} {lat}");
        }
    }

    #[test]
    fn what_is_ambiguous_or_does_not_fit_is_not_taken() {
        // Berlin, or a place near the Dutch border.
        let found = names("Rechtswert Hochwert", (390_000.0, 5_820_000.0), "UTC");
        assert_eq!(found, ["EPSG:25832", "EPSG:25833"]);
        // Warsaw, or a place near Bydgoszcz.
        let found = names("PUWG 1992 X PUWG 1992 Y", (486_000.0, 637_000.0), "Europe/Warsaw");
        assert_eq!(found, ["EPSG:2180", "EPSG:2180 yx"]);
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
