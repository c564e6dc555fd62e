//! Reference systems whose names have a number for their zone: UTM with its relatives of Australia
//! and Brazil, MTM, the zones of SWEREF 99 and of Lambert, and Austria's three meridians.

/// West, south, east, north in degrees.
pub type Area = [f64; 4];

pub const FRANCE: Area = [-5.5, 41.2, 9.7, 51.3];
pub const SWEDEN: Area = [10.5, 55.2, 24.2, 69.1];
pub const AUSTRIA: Area = [9.5, 46.3, 17.2, 49.1];
const AUSTRALIA: Area = [93.0, -60.0, 173.0, -8.0];
const BRAZIL: Area = [-74.0, -34.0, -28.0, 6.0];
const EARTH: Area = [-180.0, -85.1, 180.0, 85.1];

/// A system as an EPSG code or a PROJ definition, and where it is used.
pub type NamedSystem = (String, Area);

/// Half the width of a zone of Universal Transverse Mercator, and of Modified Transverse Mercator,
/// with what is used beyond it, in degrees.
const UTM_HALF: f64 = 3.6;
const MTM_HALF: f64 = 1.7;

/// Names of datums whose year is no zone.
const DATUMS: [&str; 10] = [
    "etrs 89",
    "wgs 84",
    "sirgas 2000",
    "mga 94",
    "mga 2020",
    "gda 94",
    "gda 2020",
    "nad 83",
    "nad 27",
    "ed 50",
];
/// Words before the number of a zone of UTM.
const UTM_WORDS: [&str; 14] = [
    "utm", "mga", "sirgas", "etrs", "wgs", "gda", "nad", "zone", "zona", "fuso", "huso", "fuseau",
    "h", "z",
];
/// Letters of the bands of UTM in the south, but for `e` and `s`, which are sides, too.
const SOUTHERN_BANDS: &str = "cdfghjklm";

/// The zones of SWEREF 99 by their meridians, in degrees and minutes, with their codes.
const SWEREF: [(&str, u16); 12] = [
    ("1200", 3007),
    ("1330", 3008),
    ("1500", 3009),
    ("1630", 3010),
    ("1800", 3011),
    ("1415", 3012),
    ("1545", 3013),
    ("1715", 3014),
    ("1845", 3015),
    ("2015", 3016),
    ("2145", 3017),
    ("2315", 3018),
];

/// Austria's meridians by their longitudes east of Ferro, with the codes of their systems, which
/// count from 5,000 km north on.
const MERIDIANS: [(u16, [u16; 2], &str); 3] = [
    (28, [31254, 31257], "10.33333333333333"),
    (31, [31255, 31258], "13.33333333333333"),
    (34, [31256, 31259], "16.33333333333333"),
];

fn of_code(code: u16, area: Area) -> NamedSystem {
    (format!("EPSG:{code}"), area)
}

/// The systems that a name means by their number; `text` has its words between blanks, letters and
/// digits apart. Empty where it has no such number.
pub fn numbered_systems(text: &str) -> Vec<NamedSystem> {
    let has = |word: &str| text.contains(&format!(" {word} "));
    let numbers = |word: &str| numbers_after(text, word);
    if let [code, ..] = numbers("epsg")[..] {
        return vec![(format!("EPSG:{code}"), EARTH)];
    }
    if has("mtm") {
        let zones: Vec<u32> = numbers("mtm").into_iter().filter(|z| (1..=17).contains(z)).collect();
        let zones = if zones.is_empty() { (3..=10).collect() } else { zones };
        return zones.into_iter().filter_map(mtm).collect();
    }
    let conic = numbers("cc").into_iter().filter(|zone| (42..=50).contains(zone));
    let conic: Vec<NamedSystem> =
        conic.map(|zone| (format!("EPSG:{}", 3_900 + zone), FRANCE)).collect();
    if !conic.is_empty() {
        return conic;
    }
    if has("sweref") {
        let digits: String =
            numbers("sweref").iter().map(|number| format!("{number:02}")).collect();
        let meridian = digits.strip_prefix("99").unwrap_or(&digits);
        let zone = SWEREF.iter().find(|(known, _)| meridian.starts_with(known));
        return zone.map(|(_, code)| of_code(*code, SWEDEN)).into_iter().collect();
    }
    if has("mgi") || has("bmn") {
        return austrian(numbers("m").first().copied());
    }
    utm_systems(text)
}

/// The numbers after a word and after words for a zone.
pub fn numbers_after(text: &str, word: &str) -> Vec<u32> {
    let sign = format!(" {word} ");
    let numbers = text.split(&sign).skip(1).flat_map(|part| {
        let skip = |word: &&str| matches!(*word, "zone" | "fuso" | "huso" | "zona" | "fuseau");
        let words = part.split(' ').skip_while(skip);
        words.map_while(|word| word.parse().ok()).collect::<Vec<u32>>()
    });
    numbers.collect()
}

fn austrian(meridian: Option<u32>) -> Vec<NamedSystem> {
    let is_meant = |known: u16| meridian.is_none_or(|meridian| meridian == u32::from(known));
    let known = MERIDIANS.iter().filter(|(known, ..)| is_meant(*known));
    let mut systems: Vec<NamedSystem> = known
        .flat_map(|(_, codes, longitude)| {
            // As the maps count: from the equator on.
            let whole = format!(
                "+proj=tmerc +lat_0=0 +lon_0={longitude} +k=1 +x_0=0 +y_0=0 +ellps=bessel \
                 +towgs84=577.326,90.129,463.919,5.137,1.474,5.297,2.4232 +units=m +no_defs"
            );
            codes.iter().map(|code| of_code(*code, AUSTRIA)).chain([(whole, AUSTRIA)])
        })
        .collect();
    systems.extend(meridian.is_none().then(|| of_code(31287, AUSTRIA)));
    systems
}

/// Systems of the zones of UTM that a text has, also under the names of its datums.
fn utm_systems(text: &str) -> Vec<NamedSystem> {
    let has = |word: &str| text.contains(&format!(" {word} "));
    let is_mga = has("mga") || has("gda");
    let is_sirgas = has("sirgas");
    if !(has("utm") || is_mga || is_sirgas || (has("etrs") && (has("h") || has("huso")))) {
        return Vec::new();
    }
    let is_2020 = has("2020");
    let plain = DATUMS.iter().fold(text.to_owned(), |text, datum| {
        let name = datum.split(' ').next().unwrap_or_default();
        text.replace(&format!(" {datum} "), &format!(" {name} "))
    });
    let words: Vec<&str> = plain.split(' ').filter(|word| !word.is_empty()).collect();
    let (mut systems, mut is_zone) = (Vec::new(), false);
    for (at, word) in words.iter().enumerate() {
        let zone = word.parse::<u16>().ok().filter(|zone| (1..=60).contains(zone));
        let is_introduced = at
            .checked_sub(1)
            .and_then(|at| words.get(at))
            .is_some_and(|word| UTM_WORDS.contains(word));
        let zone = zone.filter(|_| is_introduced || is_zone);
        is_zone = zone.is_some();
        let Some(zone) = zone else { continue };
        let letter = words.get(at + 1).filter(|word| word.len() == 1).copied().unwrap_or_default();
        let is_southern = !letter.is_empty() && SOUTHERN_BANDS.contains(letter);
        match () {
            () if is_mga => systems.push(mga(zone, is_2020)),
            () if is_sirgas => systems.extend(sirgas(zone)),
            // A hemisphere, or a band in the north.
            () if letter == "s" => systems.extend([utm(zone, true), utm(zone, false)]),
            () => systems.push(utm(zone, is_southern)),
        }
    }
    systems
}

/// The system of a zone of Universal Transverse Mercator on WGS 84, from which the ones of other
/// datums of today differ by less than a metre.
fn utm(zone: u16, is_south: bool) -> NamedSystem {
    let middle = f64::from(zone) * 6.0 - 183.0;
    let (south, north) = if is_south { (-80.0, 0.0) } else { (0.0, 84.0) };
    // Europe has codes of its own, which people know.
    let code = match (zone, is_south) {
        (28..=38, false) => 25_800 + zone,
        (_, false) => 32_600 + zone,
        (_, true) => 32_700 + zone,
    };
    of_code(code, [middle - UTM_HALF, south, middle + UTM_HALF, north])
}

/// The system of a zone of the Map Grid of Australia.
fn mga(zone: u16, is_2020: bool) -> NamedSystem {
    of_code(if is_2020 { 7_800 } else { 28_300 } + zone, AUSTRALIA)
}

/// The systems of a zone of SIRGAS 2000 in the south and in the north.
fn sirgas(zone: u16) -> [NamedSystem; 2] {
    [of_code(31_960 + zone, BRAZIL), of_code(31_954 + zone, BRAZIL)]
}

/// The system of a zone of Canada's Modified Transverse Mercator east of Manitoba.
fn mtm(zone: u32) -> Option<NamedSystem> {
    let middle = match zone {
        1 => -53.0,
        2 => -56.0,
        3..=11 => -58.5 - 3.0 * f64::from(zone - 3),
        _ => return None,
    };
    let south = 41.0;
    let area = [middle - MTM_HALF, south, middle + MTM_HALF, 63.0];
    Some((format!("EPSG:{}", 32_180 + zone), area))
}
