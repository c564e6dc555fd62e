//! A city on both sides of 180° of longitude: areas are cut there, a box there finds them, and
//! tiles draw nothing a world away.

use geozero::mvt::{Message, Tile};
use serde_json::Value;

use crate::common::{Client, Folder, LocalService, done};

const HEADER: &str = "service_request_id,requested_datetime,service_name,status,lat,long";
/// West of the city, and its length and breadth.
const WEST: f64 = 179.94;

/// Requests in each of 144 places a hundredth of a degree apart, and sixty more around the crossing
/// of the antimeridian with 16.85° S.
fn city() -> (Folder, LocalService) {
    let folder = Folder::new("antimeridian");
    let wrap = |lon: f64| if lon > 180.0 { lon - 360.0 } else { lon };
    let row = |n: usize| {
        let (x, y) = match n {
            0..144 => ((n % 12) as f64, (n / 12) as f64),
            _ => (5.9 + (n % 5) as f64 * 0.05, 5.9 + (n / 5 % 4) as f64 * 0.05),
        };
        let (lon, lat) = (wrap(WEST + x * 0.01), -16.91 + y * 0.01);
        let day = 3 + n % 26;
        format!("T-{n:03},2026-09-{day:02}T10:{:02}:00Z,Pothole,open,{lat:.5},{lon:.5}\n", n % 60)
    };
    folder.with("taveuni.csv", format!("{HEADER}\n{}", (0..204).map(row).collect::<String>()));
    done(&folder, &["import", "taveuni.csv", "--jurisdiction", "taveuni.example"]);
    let service = LocalService::start(&folder);
    (folder, service)
}

/// The corners of each polygon or line of a geometry.
fn parts(geometry: &Value) -> Vec<Vec<(f64, f64)>> {
    fn corners(value: &Value, to: &mut Vec<(f64, f64)>) {
        match value[0].as_f64() {
            Some(lon) => to.push((lon, value[1].as_f64().unwrap())),
            None => value.as_array().unwrap().iter().for_each(|inner| corners(inner, to)),
        }
    }
    let coordinates = &geometry["coordinates"];
    let list = match geometry["type"].as_str().unwrap() {
        "MultiPolygon" | "MultiLineString" => coordinates.as_array().unwrap().iter().collect(),
        _ => vec![coordinates],
    };
    let read = |part: &Value| {
        let mut found = Vec::new();
        corners(part, &mut found);
        found
    };
    list.into_iter().map(read).collect()
}

/// The features of an answer, whose areas lie on the Earth, each part on one side.
fn features(service: &Client, path: &str) -> Vec<Value> {
    let answer = service.get(path);
    assert_eq!(answer.status, 200, "{path}: {answer:?}");
    let features = answer.json()["features"].as_array().unwrap().clone();
    for part in features.iter().flat_map(|feature| parts(&feature["geometry"])) {
        let lons = || part.iter().map(|(lon, _)| *lon);
        let (west, east) = (lons().fold(f64::MAX, f64::min), lons().fold(f64::MIN, f64::max));
        assert!(west >= -180.0 && east <= 180.0 && east - west < 1.0, "{path}: {part:?}");
    }
    features
}

/// How many features have parts on both sides.
fn cut(features: &[Value]) -> usize {
    let is_cut = |feature: &&Value| {
        let parts = parts(&feature["geometry"]);
        let has = |edge: f64| parts.iter().flatten().any(|(lon, _)| *lon == edge);
        let is_cut = has(180.0) && has(-180.0);
        assert_eq!(is_cut, feature["geometry"]["type"].as_str().unwrap().starts_with("Multi"));
        is_cut
    };
    features.iter().filter(is_cut).count()
}

#[test]
fn areas_are_cut_at_the_antimeridian() {
    let (_folder, service) = city();
    let hexes = features(&service, "/api/v1/hexes?resolution=8");
    let crossing = cut(&hexes);
    assert!(crossing > 3 && crossing < hexes.len() / 2, "{crossing} of {}", hexes.len());
    let hotspots = "/api/v1/hotspots?resolution=8&k=1&exposure=none&by=all&days=60";
    let found = features(&service, hotspots);
    assert!(!found.is_empty() && cut(&found) > 0, "{found:?}");
    let clusters = features(&service, "/api/v1/dbscan?eps_m=200&min_points=5");
    assert_eq!((clusters.len(), cut(&clusters)), (1, 1));
    let centroid = clusters[0]["properties"]["centroid"][0].as_f64().unwrap();
    assert!(centroid.abs() > 179.9 && centroid.abs() <= 180.0, "{centroid}");
    let hexes = features(&service, "/ogc/collections/hexes/items?limit=1000");
    assert!(cut(&hexes) > 0);
}

#[test]
fn a_box_across_the_antimeridian_finds_what_lies_there() {
    let (_folder, service) = city();
    let hotspots = "/api/v1/hotspots?resolution=8&k=1&exposure=none&by=all&days=60";
    for (path, across) in [
        ("/api/v1/hexes?resolution=8", "179.9,-17,-179.8,-16.7"),
        (hotspots, "179.9,-17,-179.8,-16.7"),
        ("/api/v1/dbscan?eps_m=200&min_points=5", "179.9,-17,-179.8,-16.7"),
        ("/api/v1/reports?limit=1000", "179.9,-17,-179.8,-16.7"),
    ] {
        let ids = |bbox: &str| -> Vec<Value> {
            let joint = if path.contains('?') { "&" } else { "?" };
            let found = service.get(&format!("{path}{joint}bbox={bbox}"));
            assert_eq!(found.status, 200, "{path} {bbox}: {found:?}");
            let found = found.json()["features"].as_array().unwrap().clone();
            found.into_iter().map(|feature| feature["id"].clone()).collect()
        };
        let all = ids("-180,-90,180,90");
        assert!(!all.is_empty(), "{path}");
        assert_eq!(ids(across), all, "{path}");
        assert!(ids("-179.8,-17,179.9,-16.7").is_empty(), "{path}: around the other way");
    }
    let shown = |bbox: &str| {
        let page = service.get(&format!("/ogc/collections/hexes/items?limit=1000&bbox={bbox}"));
        page.json()["numberMatched"].as_u64().unwrap()
    };
    assert!(shown("179.9,-17,-179.8,-16.7") > 0);
    assert_eq!(shown("-179.8,-17,179.9,-16.7"), 0);
    // A hexagon that crosses belongs to both sides.
    let (west, east) = (shown("179.999,-17,180,-16.7"), shown("-180,-17,-179.999,-16.7"));
    assert!(west > 0 && east > 0, "{west} {east}");
}

#[test]
fn extents_cross_the_antimeridian() {
    let (_folder, service) = city();
    let known = service.get("/api/v1/jurisdictions").json();
    let known = known["jurisdictions"][0]["extent"].clone();
    for collection in ["reports", "incidents", "hexes"] {
        let about = service.get(&format!("/ogc/collections/{collection}")).json();
        let edges = about["extent"]["spatial"]["bbox"][0].clone();
        let [west, east] = [0, 2].map(|edge| edges[edge].as_f64().unwrap());
        assert!(west > 179.8 && east < -179.8, "{collection}: {edges}, {known}");
    }
    let tiles = service.get("/tiles/reports.json").json();
    let [west, east] = [0, 2].map(|edge| tiles["bounds"][edge].as_f64().unwrap());
    assert!(west < east, "clients of TileJSON take no others: {}", tiles["bounds"]);
}

#[test]
fn tiles_draw_nothing_a_world_away() {
    let (_folder, service) = city();
    service.examine();
    let mut features = 0;
    for zoom in [2u32, 6, 9, 11, 13] {
        let side = 2f64.powi(zoom as i32);
        let lat = (-16.85f64).to_radians();
        let y = ((1.0 - lat.tan().asinh() / std::f64::consts::PI) / 2.0 * side) as u32;
        for x in [0, side as u32 - 1] {
            let answer = service.get(&format!("/tiles/hexes/{zoom}/{x}/{y}.mvt"));
            assert_eq!(answer.status, 200, "{zoom}/{x}/{y}: there are hexagons on both sides");
            let read = Tile::decode(&answer.body[..]).unwrap();
            for feature in read.layers.iter().flat_map(|layer| &layer.features) {
                let (mut at, mut n) = ((0i64, 0i64), 0);
                while n < feature.geometry.len() {
                    let (id, count) = (feature.geometry[n] & 7, feature.geometry[n] >> 3);
                    n += 1;
                    for _ in 0..if id == 7 { 0 } else { count } {
                        let back = |n: u32| i64::from(n >> 1) ^ -i64::from(n & 1);
                        at.0 += back(feature.geometry[n]);
                        at.1 += back(feature.geometry[n + 1]);
                        n += 2;
                        assert!((-4_096..=8_192).contains(&at.0), "{zoom}/{x}/{y}: {at:?}");
                    }
                }
                features += 1;
            }
        }
    }
    assert!(features > 100, "{features}");
}
