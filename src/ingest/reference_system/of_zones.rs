//! Reference systems by time zone: those in which the cities of a zone publish projected
//! coordinates, with the areas in which each is used. A file whose columns name no system is in the
//! one of them that alone puts its points where it is used.

use crate::ingest::place::exchanged::principal_city;
use crate::ingest::reference_system::codes::Area;
use crate::ingest::reference_system::projection::{NORTH_FIRST, Projection, SAME_METERS};
use crate::place::{BBox, Position, distance};

/// A system by its EPSG code, and the areas in which it is used.
type UsedSystem = (u16, &'static [Area]);

const GREAT_BRITAIN: [Area; 3] =
    [[-5.8, 49.8, 1.8, 55.9], [-7.7, 55.9, -0.7, 60.9], [-5.3, 54.6, -1.9, 55.9]];
const NORTHERN_IRELAND: [Area; 1] = [[-8.2, 54.0, -5.4, 55.4]];
const IRELAND: [Area; 1] = [[-10.7, 51.3, -5.4, 55.5]];
const FRANCE: [Area; 2] = [[-5.2, 42.3, 8.3, 51.2], [8.5, 41.3, 9.6, 43.1]];
const BELGIUM: [Area; 1] = [[2.5, 49.4, 6.5, 51.6]];
const NETHERLANDS: [Area; 1] = [[3.2, 50.7, 7.3, 53.7]];
const LUXEMBOURG: [Area; 1] = [[5.7, 49.4, 6.6, 50.2]];
const SWITZERLAND: [Area; 1] = [[5.9, 45.8, 10.6, 47.9]];
const GERMANY: [Area; 1] = [[5.8, 47.2, 15.1, 55.1]];
const AUSTRIA: [Area; 1] = [[9.5, 46.3, 17.2, 49.1]];
const SPAIN: [Area; 2] = [[-9.4, 35.9, 3.4, 43.9], [1.1, 38.6, 4.4, 40.1]];
/// Along the coasts, between which no land is.
const CATALONIA_AND_ISLANDS: [Area; 5] = [
    [-0.6, 38.5, 0.8, 40.8],
    [0.0, 40.5, 1.0, 42.9],
    [0.7, 41.0, 2.1, 42.9],
    [1.9, 41.3, 3.4, 42.9],
    [1.1, 38.6, 4.4, 40.1],
];
const CANARIES: [Area; 1] = [[-18.3, 27.5, -13.3, 29.5]];

/// Zones, each with the systems used there. Web Mercator is among them, as servers of maps write
/// it for every place.
static ZONES: [(&[&str], &[UsedSystem]); 10] = [
    (
        &["Europe/London", "Europe/Belfast", "GB"],
        &[
            (27700, &GREAT_BRITAIN),
            (29903, &NORTHERN_IRELAND),
            (2157, &NORTHERN_IRELAND),
            (32630, &[[-6.3, 49.8, 0.3, 61.0]]),
            (32631, &[[-0.3, 50.5, 1.9, 53.5]]),
            (3857, &[[-8.2, 49.8, 1.9, 61.0]]),
        ],
    ),
    (
        &["Europe/Dublin"],
        &[(2157, &IRELAND), (29903, &IRELAND), (32629, &IRELAND), (3857, &IRELAND)],
    ),
    (
        &["Europe/Paris", "Europe/Monaco"],
        &[
            (2154, &FRANCE),
            (27572, &FRANCE),
            (3942, &[[-5.2, 41.0, 9.6, 43.1]]),
            (3943, &[[-5.2, 41.9, 9.6, 44.1]]),
            (3944, &[[-5.2, 42.9, 9.6, 45.1]]),
            (3945, &[[-5.2, 43.9, 9.6, 46.1]]),
            (3946, &[[-5.2, 44.9, 9.6, 47.1]]),
            (3947, &[[-5.2, 45.9, 9.6, 48.1]]),
            (3948, &[[-5.2, 46.9, 9.6, 49.1]]),
            (3949, &[[-5.2, 47.9, 9.6, 50.1]]),
            (3950, &[[-5.2, 48.9, 9.6, 51.2]]),
            (25830, &[[-5.2, 42.3, 0.3, 49.0]]),
            (25831, &[[-0.3, 42.3, 6.3, 51.2]]),
            (25832, &[[5.7, 41.3, 9.6, 49.6]]),
            (3857, &FRANCE),
        ],
    ),
    (
        &["Europe/Brussels"],
        &[(31370, &BELGIUM), (3812, &BELGIUM), (25831, &BELGIUM), (3857, &BELGIUM)],
    ),
    (
        &["Europe/Amsterdam"],
        &[
            (28992, &NETHERLANDS),
            (25831, &[[3.2, 50.7, 6.3, 53.7]]),
            (25832, &[[5.7, 50.7, 7.3, 53.7]]),
            (3857, &NETHERLANDS),
        ],
    ),
    (
        &["Europe/Luxembourg"],
        &[(2169, &LUXEMBOURG), (25831, &LUXEMBOURG), (25832, &LUXEMBOURG), (3857, &LUXEMBOURG)],
    ),
    (
        &["Europe/Zurich", "Europe/Vaduz", "Europe/Busingen"],
        &[(2056, &SWITZERLAND), (21781, &SWITZERLAND), (25832, &SWITZERLAND), (3857, &SWITZERLAND)],
    ),
    (
        &["Europe/Berlin"],
        &[
            (25832, &[[5.8, 47.2, 12.3, 55.1]]),
            (25833, &[[10.6, 47.2, 15.1, 54.8]]),
            (4647, &[[5.8, 47.2, 12.3, 55.1]]),
            (5650, &[[10.6, 47.2, 15.1, 54.8]]),
            (31466, &[[5.8, 47.2, 7.8, 53.9]]),
            (31467, &[[7.2, 47.2, 10.8, 55.1]]),
            (31468, &[[10.2, 47.2, 13.9, 54.8]]),
            (31469, &[[13.2, 48.0, 15.1, 54.7]]),
            (3068, &[[13.0, 52.3, 13.8, 52.7]]),
            (3857, &GERMANY),
        ],
    ),
    (
        &["Europe/Vienna"],
        &[
            (31254, &AUSTRIA),
            (31255, &AUSTRIA),
            (31256, &AUSTRIA),
            (31257, &AUSTRIA),
            (31258, &AUSTRIA),
            (31259, &AUSTRIA),
            (31287, &AUSTRIA),
            (25832, &AUSTRIA),
            (25833, &AUSTRIA),
            (3857, &AUSTRIA),
        ],
    ),
    (
        &["Europe/Madrid", "Africa/Ceuta", "Atlantic/Canary"],
        &[
            (25828, &CANARIES),
            (25829, &[[-9.4, 41.8, -5.7, 43.9], [-7.6, 36.8, -5.7, 41.9]]),
            (25830, &[[-6.3, 35.2, 0.6, 43.9]]),
            (25831, &CATALONIA_AND_ISLANDS),
            (3857, &SPAIN),
            (3857, &CANARIES),
        ],
    ),
];

/// Web Mercator, which has no other system's size in America: so far west of Greenwich.
const WEB_MERCATOR: u16 = 3857;
const WEST_MIN: f64 = -5_000_000.0;
/// Farthest that a place lies from the principal city of a zone in America, in metres.
const ZONE_METERS: f64 = 3_000_000.0;
/// Share of the points that must lie where a system is used.
const SHARE_MIN: f64 = 0.9;
/// Farthest that one point lies in systems of older and newer datums, in metres.
const DATUM_METERS: f64 = 500.0;

/// A system of a zone, with the number of points that it puts where it is used.
pub struct FittingSystem {
    /// The system.
    pub projection: Projection,
    /// So many points.
    pub inside: usize,
    first: Position,
}

/// The systems of a zone that put nearly all points where they are used; of several that give the
/// same place the first. Where none does and the columns may be exchanged, those that do with the
/// north first.
pub fn fitting(points: &[(f64, f64)], zone: &str, may_exchange: bool) -> Vec<FittingSystem> {
    let usual = fitting_in_order(points, zone, "");
    match usual.is_empty() && may_exchange {
        true => fitting_in_order(points, zone, NORTH_FIRST),
        false => usual,
    }
}

fn fitting_in_order(points: &[(f64, f64)], zone: &str, order: &str) -> Vec<FittingSystem> {
    let mut found: Vec<FittingSystem> = Vec::new();
    for (code, areas) in ZONES.iter().filter(|(zones, _)| zones.contains(&zone)).flat_map(|z| z.1) {
        let areas = areas.iter().filter_map(|[w, s, e, n]| BBox::new(*w, *s, *e, *n).ok());
        let areas: Vec<BBox> = areas.collect();
        let is_used = |at: &Position| areas.iter().any(|area| area.contains(*at));
        found.extend(fit(*code, order, points, is_used));
    }
    let in_america = zone.starts_with("America/") || zone == "Pacific/Honolulu";
    if let Some(city) = principal_city(zone).filter(|_| in_america && order.is_empty())
        && points.iter().all(|(x, _)| *x < WEST_MIN)
    {
        let is_near = |at: &Position| distance(*at, city).0 <= ZONE_METERS;
        found.extend(fit(WEB_MERCATOR, order, points, is_near));
    }
    let mut distinct: Vec<FittingSystem> = Vec::new();
    for one in found {
        if distinct.iter().all(|known| distance(known.first, one.first).0 >= SAME_METERS) {
            distinct.push(one);
        }
    }
    distinct
}

/// A system, where it puts nearly all points into an area.
fn fit(
    code: u16,
    order: &str,
    points: &[(f64, f64)],
    is_used: impl Fn(&Position) -> bool,
) -> Option<FittingSystem> {
    let projection = Projection::new(&format!("EPSG:{code}{order}")).ok()?;
    let places = points.iter().filter_map(|point| place(&projection, *point)).filter(is_used);
    let places: Vec<Position> = places.collect();
    let are_most = places.len() as f64 >= SHARE_MIN * points.len() as f64;
    let first = *places.first().filter(|_| are_most)?;
    Some(FittingSystem { projection, inside: places.len(), first })
}

fn place(projection: &Projection, (x, y): (f64, f64)) -> Option<Position> {
    let (lon, lat) = projection.lon_lat(x, y)?;
    Position::new(lon, lat).ok()
}

/// The areas in which a system of the British Isles is used for cities of this zone, of which none
/// has that of the others' own country; `None` where the zone says nothing about it.
pub fn areas_in(definition: &str, zone: &str) -> Option<&'static [Area]> {
    let code: u16 = definition.strip_prefix("EPSG:")?.parse().ok()?;
    let of_isles = &ZONES[..2];
    let is_of_isles =
        of_isles.iter().any(|(_, systems)| systems.iter().any(|(known, _)| *known == code));
    let (_, systems) = of_isles.iter().find(|(zones, _)| is_of_isles && zones.contains(&zone))?;
    let used = systems.iter().find(|(known, _)| *known == code);
    Some(used.map_or(&[][..], |(_, areas)| *areas))
}

/// The system of today that people of the zone use, where all systems of the registry that agree
/// with a city's extent differ from it by their datum alone.
pub fn usual_of(
    found: &[Projection],
    point: (f64, f64),
    extent: &BBox,
    agrees: impl Fn(&Projection) -> bool,
) -> Option<Projection> {
    let middle = (extent.west + extent.east) / 2.0;
    let zone = ((middle + 180.0) / 6.0).floor().clamp(0.0, 59.0) as u16 + 1;
    let is_north = extent.north + extent.south >= 0.0;
    let of_utm = |zone: u16| match (zone, is_north) {
        (3..=22, true) if extent.west < -30.0 => 26_900 + zone,
        (28..=38, true) => 25_800 + zone,
        (_, true) => 32_600 + zone,
        (_, false) => 32_700 + zone,
    };
    let zones = [zone, zone.saturating_sub(1).max(1), (zone + 1).min(60)].map(of_utm);
    let codes = zones.into_iter().chain([WEB_MERCATOR, 2154, 27700, 28992, 31370, 2056]);
    let usual = codes.filter_map(|code| Projection::new(&format!("EPSG:{code}")).ok());
    let usual: Vec<Projection> = usual.filter(|one| agrees(one)).collect();
    let [only] = usual.as_slice() else { return None };
    let at = place(only, point)?;
    let is_near = |other: &Projection| {
        place(other, point).is_some_and(|other| distance(other, at).0 <= DATUM_METERS)
    };
    let are_near = !found.is_empty() && found.iter().all(is_near);
    usual.into_iter().next().filter(|_| are_near)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(point: (f64, f64), zone: &str, may_exchange: bool) -> Vec<String> {
        let points: Vec<(f64, f64)> = (0..10)
            .map(|n| (point.0 + f64::from(n) * 50.0, point.1 + f64::from(n) * 50.0))
            .collect();
        let found = fitting(&points, zone, may_exchange);
        assert!(found.iter().all(|one| one.inside == points.len()));
        found.iter().map(|one| one.projection.name().to_owned()).collect()
    }

    #[test]
    fn one_system_of_a_zone_is_unmistakable() {
        for (point, zone, code) in [
            ((530_268.0, 179_640.0), "Europe/London", "EPSG:27700"),
            ((358_388.0, 171_144.0), "Europe/London", "EPSG:27700"),
            ((257_000.0, 666_000.0), "Europe/London", "EPSG:27700"),
            ((715_000.0, 734_000.0), "Europe/Dublin", "EPSG:2157"),
            ((316_000.0, 234_000.0), "Europe/Dublin", "EPSG:29903"),
            ((122_507.0, 484_616.0), "Europe/Amsterdam", "EPSG:28992"),
            ((148_494.0, 168_940.0), "Europe/Brussels", "EPSG:31370"),
            ((76_403.0, 75_129.0), "Europe/Luxembourg", "EPSG:2169"),
            ((2_499_917.0, 1_118_425.0), "Europe/Zurich", "EPSG:2056"),
            ((600_000.0, 200_000.0), "Europe/Zurich", "EPSG:21781"),
            ((691_379.0, 5_332_960.0), "Europe/Berlin", "EPSG:25832"),
            ((32_344_419.0, 5_675_350.0), "Europe/Berlin", "EPSG:4647"),
            ((3_456_500.0, 5_431_000.0), "Europe/Berlin", "EPSG:31467"),
            ((437_578.0, 4_476_785.0), "Europe/Madrid", "EPSG:25830"),
            ((1_842_000.0, 5_175_000.0), "Europe/Paris", "EPSG:3946"),
            ((-9_002_393.0, 4_196_151.0), "America/New_York", "EPSG:3857"),
            ((-13_627_000.0, 4_548_000.0), "America/Los_Angeles", "EPSG:3857"),
        ] {
            assert_eq!(names(point, zone, true), [code], "{zone} {point:?}");
        }
        assert_eq!(names((200_000.0, 600_000.0), "Europe/Zurich", true), ["EPSG:21781 yx"]);
    }

    #[test]
    fn neighbours_that_fit_too_are_all_named() {
        for (point, zone, codes) in [
            ((344_419.0, 5_675_350.0), "Europe/Berlin", &["EPSG:25832", "EPSG:25833"][..]),
            ((390_000.0, 5_820_000.0), "Europe/Berlin", &["EPSG:25832", "EPSG:25833"]),
            ((577_108.0, 6_281_709.0), "Europe/Paris", &["EPSG:2154", "EPSG:3857"]),
            ((333_000.0, 374_000.0), "Europe/London", &["EPSG:27700", "EPSG:29903"]),
            ((430_900.0, 4_583_100.0), "Europe/Madrid", &["EPSG:25830", "EPSG:25831"]),
            ((505_000.0, 4_790_000.0), "Europe/Madrid", &["EPSG:25829", "EPSG:25830"]),
        ] {
            assert_eq!(names(point, zone, true), codes, "{zone} {point:?}");
        }
    }

    #[test]
    fn what_fits_nowhere_or_in_an_unlisted_zone_is_open() {
        assert!(names((477_344.0, 4_980_570.0), "America/Chicago", true).is_empty());
        assert!(names((2_812_339.0, 1_042_648.0), "America/Chicago", true).is_empty());
        assert!(names((530_268.0, 179_640.0), "Europe/Rome", true).is_empty());
        assert!(names((12.0, 30.0), "Europe/Paris", true).is_empty());
        assert!(names((-9_002_393.0, 4_196_151.0), "UTC", true).is_empty());
    }

    #[test]
    fn the_datum_of_today_is_taken_where_an_older_one_alone_fits_too() {
        let extent = BBox::new(-93.31, 44.94, -93.22, 45.01).unwrap();
        let older = [2027, 3159].map(|code| Projection::new(&format!("EPSG:{code}")).unwrap());
        let point = (477_344.55, 4_980_570.19);
        let agrees = |one: &Projection| place(one, point).is_some_and(|at| extent.contains(at));
        let found = usual_of(&older, point, &extent, agrees).unwrap();
        assert_eq!(found.name(), "EPSG:26915");
        let far = [Projection::new("EPSG:26914").unwrap()];
        assert!(usual_of(&far, point, &extent, agrees).is_none());
    }
}
