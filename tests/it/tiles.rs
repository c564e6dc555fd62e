//! Vector tiles over HTTP: fresh, not fetched without need, never too large.

use std::collections::{BTreeMap, BTreeSet};

use crate::common::{Answer, Folder, LocalService, Service, add_boundaries, demo_city, done};
use crate::hotspots::send_hotspot;

fn city(reports: u32) -> (Folder, Service) {
    let folder = demo_city("tiles", reports, 5);
    let service = Service::start(&folder, &[]);
    (folder, service)
}

/// The tile of a zoom that Parliament Hill of Québec lies in.
fn tile(z: u32) -> String {
    let n = f64::from(1 << z);
    let (lon, lat) = (-71.2143f64, 46.8088f64.to_radians());
    let (x, y) =
        ((lon + 180.0) / 360.0 * n, (1.0 - lat.tan().asinh() / std::f64::consts::PI) / 2.0 * n);
    format!("{z}/{}/{}", x as u32, y as u32)
}

#[test]
fn a_tile_is_never_stale_and_never_fetched_without_need() {
    let (_folder, service) = city(3_000);
    let path = format!("/tiles/reports/{}.mvt", tile(14));
    let first = service.get(&path);
    assert_eq!(first.header("content-type"), Some("application/vnd.mapbox-vector-tile"));
    let tag = first.header("etag").unwrap().to_owned();
    let again = |tag: &str| service.ask("GET", &path, &[("If-None-Match", tag)], b"");
    assert_eq!(again(&tag).status, 304);
    // A change elsewhere makes no new tile; one in it does, at once.
    service.post("/api/v1/reports", r#"{"service_code":"lampadaire","lon":-71.4,"lat":46.75}"#);
    assert_eq!(again(&tag).status, 304);
    service
        .post("/api/v1/reports", r#"{"service_code":"lampadaire","lon":-71.2143,"lat":46.8088}"#);
    let changed = again(&tag);
    assert_eq!(changed.status, 200);
    assert_ne!(changed.header("etag"), Some(tag.as_str()));
    let packed = service.ask("GET", &path, &[("Accept-Encoding", "gzip")], b"");
    assert_eq!(packed.header("content-encoding"), Some("gzip"));
    let never = service.ask("GET", &path, &[("Accept-Encoding", "gzip;q=0, identity")], b"");
    assert_eq!((never.header("content-encoding"), &never.body), (None, &changed.body));
    let mut plain = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&packed.body[..]), &mut plain)
        .unwrap();
    assert_eq!(plain, changed.body);
    let empty = service.get("/tiles/reports/14/0/0.mvt");
    assert_eq!((empty.status, empty.body.len()), (204, 0));
    for (bad, status) in [
        ("/tiles/reports/23/0/0.mvt", 400),
        ("/tiles/reports/3/8/0.mvt", 400),
        ("/tiles/reports/3/-1/0.mvt", 400),
        ("/tiles/reports/3/x/0.mvt", 400),
        ("/tiles/hexes/15/0/0.mvt", 400),
        ("/tiles/reports/3/0/0.mvt?status=x", 400),
        ("/tiles/nothing/3/0/0.mvt", 404),
        ("/tiles/nothing.json", 404),
        ("/tiles/reports.json?licorne=1", 400),
    ] {
        assert_eq!(service.get(bad).status, status, "{bad}");
    }
    let about = service.get("/tiles/reports.json?service=lampadaire").json();
    assert_eq!(about["tilejson"], "3.0.0");
    let url = about["tiles"][0].as_str().unwrap();
    assert!(url.ends_with("/tiles/reports/{z}/{x}/{y}.mvt?service=lampadaire"), "{url}");
}

#[test]
fn tilejson_names_every_property_of_its_tiles() {
    use geozero::mvt::{Message, Tile};
    let (_folder, service) = city(20_000);
    let mut seen = 0;
    for layer in ["reports", "clusters", "hexes", "hotspots"] {
        let about = service.get(&format!("/tiles/{layer}.json")).json();
        let fields = about["vector_layers"][0]["fields"].as_object().unwrap().clone();
        for zoom in [8, 12, 14] {
            let answer = service.get(&format!("/tiles/{layer}/{}.mvt", tile(zoom)));
            let read = Tile::decode(&answer.body[..]).unwrap();
            for found in read.layers.iter().filter(|found| found.name == layer) {
                for feature in &found.features {
                    for pair in feature.tags.chunks(2) {
                        let name = &found.keys[pair[0] as usize];
                        let value = &found.values[pair[1] as usize];
                        let kind = match value {
                            v if v.string_value.is_some() => "String",
                            v if v.bool_value.is_some() => "Boolean",
                            _ => "Number",
                        };
                        assert_eq!(fields[name], kind, "{layer} {name}");
                        seen += 1;
                    }
                }
            }
        }
    }
    assert!(seen > 1_000, "{seen}");
}

#[test]
fn a_tile_has_every_hexagon_that_reaches_into_it() {
    use geozero::mvt::{Message, Tile};
    let (_folder, service) = city(20_000);
    for (zoom, resolution) in [(10, 8), (12, 9), (13, 9), (14, 10)] {
        let path = tile(zoom);
        let numbers: Vec<f64> = path.split('/').map(|n| n.parse().unwrap()).collect();
        let side = 2f64.powi(zoom as i32);
        let inside = |corner: &serde_json::Value| {
            let (lon, lat) = (corner[0].as_f64().unwrap(), corner[1].as_f64().unwrap());
            let y = lat.to_radians().tan().asinh() / std::f64::consts::PI;
            let (x, y) = ((lon + 180.0) / 360.0 * side, (1.0 - y) / 2.0 * side);
            (x.floor(), y.floor()) == (numbers[1], numbers[2])
        };
        let all = service.get(&format!("/api/v1/hexes?resolution={resolution}")).json();
        let reach = |hex: &&serde_json::Value| {
            hex["geometry"]["coordinates"][0].as_array().unwrap().iter().any(inside)
        };
        let wanted: Vec<&str> = all["features"]
            .as_array()
            .unwrap()
            .iter()
            .filter(reach)
            .map(|hex| hex["properties"]["h3"].as_str().unwrap())
            .collect();
        let answer = service.get(&format!("/tiles/hexes/{path}.mvt"));
        let read = Tile::decode(&answer.body[..]).unwrap();
        let layer = read.layers.iter().find(|layer| layer.name == "hexes").unwrap();
        let decoded: std::collections::HashSet<&str> =
            layer.values.iter().filter_map(|value| value.string_value.as_deref()).collect();
        assert!(wanted.len() > 10, "{zoom}: {}", wanted.len());
        let missing: Vec<_> = wanted.iter().filter(|h3| !decoded.contains(**h3)).collect();
        assert!(missing.is_empty(), "{zoom}: {missing:?} of {}", wanted.len());
    }
}

#[test]
fn ogc_tiles_are_the_same_tiles() {
    let (_folder, service) = city(3_000);
    let turned = |z: u32| {
        let path = tile(z);
        let [z, x, y] = *path.split('/').collect::<Vec<_>>() else { panic!("{path}") };
        format!("WebMercatorQuad/{z}/{y}/{x}")
    };
    for (collection, own) in [("reports", "reports"), ("hexes", "hexes"), ("incidents", "reports")]
    {
        let path = format!("/ogc/collections/{collection}/tiles/{}?service=voirie", turned(12));
        let answer = service.get(&path);
        let count = if collection == "incidents" { "&count=incidents" } else { "" };
        let same = service.get(&format!("/tiles/{own}/{}.mvt?service=voirie{count}", tile(12)));
        assert_eq!((answer.status, &answer.body), (200, &same.body), "{collection}");
        assert_eq!(answer.header("content-type"), same.header("content-type"));
    }
    for (path, status) in [
        ("reports/tiles/WebMercatorQuad/3/0/8", 404),
        ("reports/tiles/WebMercatorQuad/3/x/0", 404),
        ("reports/tiles/WebMercatorQuad/17/0/0", 404),
        ("reports/tiles/WorldCRS84Quad/3/0/0", 404),
        ("nothing/tiles/WebMercatorQuad/3/0/0", 404),
        ("reports/tiles/WebMercatorQuad/3/0/0", 204),
        ("reports/tiles/WebMercatorQuad/3/0/0?f=png", 400),
        ("reports/tiles/WebMercatorQuad/3/0/0?licorne=1", 400),
        ("reports/tiles/WebMercatorQuad?f=html", 200),
        ("reports/tiles?jurisdiction_id=atlantis", 404),
    ] {
        assert_eq!(service.get(&format!("/ogc/collections/{path}")).status, status, "{path}");
    }
    assert_eq!(service.get("/ogc/tileMatrixSets/WebMercatorQuad").json()["id"], "WebMercatorQuad");
    assert_eq!(service.get("/ogc/tileMatrixSets/nothing").status, 404);
}

#[test]
fn a_tile_of_too_many_says_how_many_it_leaves_out() {
    let folder = Folder::new("dense");
    let header = "service_request_id,requested_datetime,service_code,service_name,status,lat,long";
    let row = |n: usize| {
        let (day, lat) = (1 + n % 28, 46.8088 + (n % 100) as f64 * 1e-5);
        let lon = -71.2143 - (n / 100) as f64 * 1e-5;
        format!("R-{n:06},2026-06-{day:02}T12:00:00Z,nid-de-poule,Nid-de-poule,open,{lat},{lon}")
    };
    let rows: Vec<String> = (0..20_000).map(row).collect();
    folder.with("dense.csv", format!("{header}\n{}\n", rows.join("\n")));
    done(
        &folder,
        &[
            "import",
            "dense.csv",
            "--profile",
            "open311-bulk",
            "--jurisdiction",
            "ville.quebec.qc.ca",
        ],
    );
    let service = Service::start(&folder, &[]);
    let answer = service.get(&format!("/tiles/reports/{}.mvt", tile(14)));
    assert!(answer.body.len() <= 500_000 && answer.body.len() > 300_000, "{}", answer.body.len());
    let left_out: u64 = answer.header("pointchaud-left-out").unwrap().parse().unwrap();
    assert!((1..20_000).contains(&left_out), "{left_out}");
}

#[test]
fn features_of_a_tile_have_ids_of_their_own_that_last() {
    use geozero::mvt::{Message, Tile};
    let (_folder, service) = city(20_000);
    let mut seen = 0;
    let layers = [("reports", [8, 12, 14]), ("clusters", [6, 10, 15]), ("hexes", [0, 9, 13])];
    for (layer, zooms) in layers {
        for zoom in zooms {
            let path = format!("/tiles/{layer}/{}.mvt", tile(zoom));
            let ids = |query: &str| -> Vec<u64> {
                let answer = service.get(&format!("{path}{query}"));
                let read = Tile::decode(&answer.body[..]).unwrap();
                let layers = read.layers.iter().filter(|found| found.name == layer);
                layers.flat_map(|found| &found.features).map(|one| one.id.unwrap()).collect()
            };
            let all = ids("");
            let distinct: BTreeSet<u64> = all.iter().copied().collect();
            assert!(distinct.len() == all.len() && !all.is_empty(), "{layer} {zoom}");
            assert!(all.iter().all(|id| *id < 1 << 53), "every JavaScript number holds them");
            if layer == "hexes" {
                let other = ids("?service=voirie");
                assert!(!other.is_empty() && other.iter().all(|id| distinct.contains(id)));
            }
            seen += all.len();
        }
    }
    assert!(seen > 500, "{seen}");
}

/// The rings that the commands of a polygon draw, read strictly.
fn rings_of(geometry: &[u32]) -> Vec<Vec<(i64, i64)>> {
    let (mut rings, mut at, mut n) = (Vec::new(), (0i64, 0i64), 0);
    while n < geometry.len() {
        let mut ring = Vec::new();
        while geometry[n] & 7 != 7 {
            let count = (geometry[n] >> 3) as usize;
            for pair in geometry[n + 1..=n + 2 * count].chunks(2) {
                let back = |n: u32| i64::from(n >> 1) ^ -i64::from(n & 1);
                at = (at.0 + back(pair[0]), at.1 + back(pair[1]));
                ring.push(at);
            }
            n += 1 + 2 * count;
        }
        n += 1;
        rings.push(ring);
    }
    rings
}

/// Checks the windings of a polygon (MVT 2.1): outer rings first, each with a positive area, and no
/// point twice in a row.
fn check_rings(rings: &[Vec<(i64, i64)>]) {
    for (at, ring) in rings.iter().enumerate() {
        let next = || ring.iter().cycle().skip(1);
        assert!(ring.len() > 2 && ring.iter().zip(next()).all(|(a, b)| a != b), "{ring:?}");
        let area: i64 = ring.iter().zip(next()).map(|(a, b)| a.0 * b.1 - b.0 * a.1).sum();
        assert!(area > 0 || area < 0 && at > 0, "{ring:?}");
    }
}

#[test]
fn polygons_of_tiles_are_wound_as_the_specification_says() {
    use geozero::mvt::{Message, Tile};
    let (_folder, service) = city(20_000);
    let mut count = 0;
    for (zoom, layer) in [(0, "hexes"), (5, "hexes"), (8, "hexes"), (11, "hexes"), (14, "hexes")] {
        let answer = service.get(&format!("/tiles/{layer}/{}.mvt", tile(zoom)));
        let read = Tile::decode(&answer.body[..]).unwrap();
        let found = read.layers.iter().find(|found| found.name == layer).unwrap();
        for feature in &found.features {
            let rings = rings_of(&feature.geometry);
            check_rings(&rings);
            count += rings.len();
        }
    }
    assert!(count > 300, "{count}");
}

/// A feature of a tile: its id, its texts and numbers by name, its geometry.
type TileFeature = (u64, BTreeMap<String, String>, Vec<u32>);

/// The features of a layer of a tile.
fn features(answer: &Answer, layer: &str) -> Vec<TileFeature> {
    use geozero::mvt::{Message, Tile};
    let read = Tile::decode(&answer.body[..]).unwrap();
    let layers = read.layers.iter().filter(|found| found.name == layer);
    let feature = |found: &geozero::mvt::tile::Layer, one: &geozero::mvt::tile::Feature| {
        let pair = |pair: &[u32]| {
            let value = &found.values[pair[1] as usize];
            let text = value.string_value.clone();
            let text = text.or_else(|| value.uint_value.map(|number| number.to_string()));
            (found.keys[pair[0] as usize].clone(), text.unwrap_or_default())
        };
        (one.id.unwrap(), one.tags.chunks(2).map(pair).collect(), one.geometry.clone())
    };
    let all = layers.flat_map(|found| found.features.iter().map(|one| feature(found, one)));
    all.collect()
}

/// A circle of 20 km around Parliament Hill, with 5,000 corners.
fn circle() -> String {
    let corner = |n: u32| {
        let angle = f64::from(n) / 5_000.0 * std::f64::consts::TAU;
        format!("[{},{}]", -71.2143 + 0.26 * angle.cos(), 46.8088 + 0.18 * angle.sin())
    };
    let corners: Vec<String> = (0..=5_000).map(|n| corner(n % 5_000)).collect();
    let geometry = format!(r#"{{"type":"Polygon","coordinates":[[{}]]}}"#, corners.join(","));
    let feature =
        format!(r#"{{"type":"Feature","properties":{{"NOM":"Cercle"}},"geometry":{geometry}}}"#);
    format!(r#"{{"type":"FeatureCollection","features":[{feature}]}}"#)
}

#[test]
fn tiles_of_boundaries_are_cut_and_simplified_and_draw_each_area_once() {
    let folder = demo_city("tiles-areas", 500, 5);
    add_boundaries(&folder, "quartiers");
    folder.with("circle.geojson", circle());
    done(&folder, &["boundaries", "add", "circle.geojson", "--name", "cercles"]);
    let service = Service::start(&folder, &[]);
    let mut corners = Vec::new();
    for zoom in [0, 7, 9, 11, 14] {
        let path = format!("/tiles/boundaries/{}.mvt", tile(zoom));
        let answer = service.get(&path);
        assert_eq!(answer.status, 200, "{zoom}");
        let found = features(&answer, "boundaries");
        let ids: BTreeSet<u64> = found.iter().map(|(id, ..)| *id).collect();
        assert_eq!(ids.len(), found.len(), "one id for each area");
        for (_, tags, geometry) in &found {
            let rings = rings_of(geometry);
            check_rings(&rings);
            let is_near = |n: i64| (-1_024..=4_096 + 1_024).contains(&n);
            assert!(rings.iter().flatten().all(|(x, y)| is_near(*x) && is_near(*y)), "{zoom}");
            if tags["name"] == "Cercle" {
                assert_eq!(tags["set"], "cercles");
                corners.push(rings[0].len());
            }
        }
        let again =
            service.ask("GET", &path, &[("If-None-Match", answer.header("etag").unwrap())], b"");
        assert_eq!(again.status, 304);
    }
    // Everywhere inside the circle: at the deepest zoom the tile is drawn whole.
    assert!(corners.len() == 5 && corners[4] == 4, "{corners:?}");
    assert!(corners[0] < 32 && corners[1] < corners[2] && corners[2] < 200, "{corners:?}");
    let about = service.get("/tiles/boundaries.json").json();
    let bounds: Vec<f64> =
        about["bounds"].as_array().unwrap().iter().map(|edge| edge.as_f64().unwrap()).collect();
    assert_eq!((bounds[0], bounds[3]), (-71.6, 47.0), "the areas, not the reports");
    for refused in [
        service.get(&format!("/tiles/boundaries/{}.mvt?service=voirie", tile(9))),
        service.get("/tiles/boundaries.json?service=voirie"),
        service.get("/ogc/collections/cercles/tiles/WebMercatorQuad/0/0/0?service=voirie"),
    ] {
        assert_eq!((refused.status, refused.fields()), (400, vec!["service".to_owned()]));
    }
}

#[test]
fn a_boundary_set_has_tiles_of_its_own_under_ogc() {
    let folder = demo_city("tiles-sets", 200, 5);
    add_boundaries(&folder, "quartiers");
    folder.with("circle.geojson", circle());
    done(&folder, &["boundaries", "add", "circle.geojson", "--name", "cercles"]);
    let service = Service::start(&folder, &[]);
    for (set, names) in [("quartiers", vec!["Est", "Ouest"]), ("cercles", vec!["Cercle"])] {
        let path = format!("/ogc/collections/{set}/tiles/WebMercatorQuad");
        let found = features(&service.get(&format!("{path}/0/0/0")), "boundaries");
        let mut own: Vec<&str> = found.iter().map(|(_, tags, _)| tags["name"].as_str()).collect();
        own.sort_unstable();
        assert_eq!(own, names);
        assert_eq!(service.get(&format!("{path}/15/0/0")).status, 404);
        let about = service.get(&path).json();
        assert_eq!(about["layers"][0]["id"], "boundaries");
        assert!(about["layers"][0]["propertiesSchema"]["properties"]["name"].is_object());
    }
}

#[test]
fn tiles_of_hotspot_members_have_the_reports_of_each_hotspot() {
    let folder = demo_city("tiles-members", 2_000, 5);
    let service = LocalService::start(&folder);
    send_hotspot(&service);
    service.examine();
    let hotspots = service.get("/api/v1/hotspots?limit=200").json();
    let mut wanted = BTreeSet::new();
    for hotspot in hotspots["features"].as_array().unwrap() {
        let properties = &hotspot["properties"];
        for id in properties["service_request_ids"].as_array().unwrap() {
            let id = id.as_str().unwrap().to_owned();
            wanted.insert((properties["hotspot_id"].to_string(), id));
        }
    }
    assert!(wanted.len() > 5, "{wanted:?}");
    let answer = service.get(&format!("/tiles/hotspot_members/{}.mvt", tile(5)));
    let found = features(&answer, "hotspot_members");
    let own = found
        .iter()
        .map(|(_, tags, _)| (tags["hotspot_id"].clone(), tags["service_request_id"].clone()));
    assert_eq!(own.collect::<BTreeSet<_>>(), wanted);
    let ids: BTreeSet<u64> = found.iter().map(|(id, ..)| *id).collect();
    assert_eq!(ids.len(), found.len());
    let about = service.get("/tiles/hotspot_members.json").json();
    let fields = &about["vector_layers"][0]["fields"];
    assert!(found[0].1.keys().all(|name| fields[name].is_string()), "{fields}");
    let other = format!("/tiles/hotspot_members/{}.mvt?service=neige", tile(5));
    assert!(features(&service.get(&other), "hotspot_members").len() < found.len());
}

#[test]
fn tiles_with_words_differ_by_language_and_say_so() {
    let folder = demo_city("tiles-words", 2_000, 5);
    let service = LocalService::start(&folder);
    send_hotspot(&service);
    service.examine();
    let ask = |layer: &str, language: &str| {
        let path = format!("/tiles/{layer}/{}.mvt", tile(12));
        service.ask("GET", &path, &[("Accept-Language", language)], b"")
    };
    let (french, english) = (ask("hotspots", "fr"), ask("hotspots", "en"));
    assert_eq!((french.status, english.status), (200, 200), "a hotspot is in the tile");
    assert_ne!(french.body, english.body);
    assert_eq!(english.header("vary"), Some("accept-language, accept-encoding"));
    assert_eq!(english.header("content-language"), Some("en"));
    let (french, english) = (ask("hexes", "fr"), ask("hexes", "en"));
    assert_eq!((&french.body, french.header("etag")), (&english.body, english.header("etag")));
    assert_eq!(english.header("vary"), Some("accept-encoding"));
    assert_eq!(english.header("content-language"), None);
}
