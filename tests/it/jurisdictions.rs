//! The cities of a store: which one a file is filed under, which one answers by default, where
//! their reports lie, and the commands that change them.

use serde_json::Value;

use crate::common::{Folder, LocalService, Service, done, eventually, run};

const HEADER: &str = "service_request_id,requested_datetime,service_name,status,lat,long";

/// A hundred requests in the words of Open311 bulk files, a thousandth of a degree apart, to the
/// north-east of this place.
fn bulk(name: &str, lon: f64, lat: f64) -> String {
    let wrap = |lon: f64| (lon + 540.0).rem_euclid(360.0) - 180.0;
    let row = |n: usize| {
        let (x, y) = ((n % 10) as f64 * 1e-3, (n / 10) as f64 * 1e-3);
        let (lon, lat) = (wrap(lon + x), lat + y);
        format!("{name}-{n:03},2026-05-04T10:{:02}:00Z,Pothole,open,{lat:.5},{lon:.5}\n", n % 60)
    };
    format!("{HEADER}\n{}", (0..100).map(row).collect::<String>())
}

/// Runs the program and wants it to refuse; what it says.
fn refused(folder: &Folder, arguments: &[&str]) -> String {
    let output = run(folder, arguments);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {error}");
    error
}

fn cities(folder: &Folder) -> String {
    done(folder, &["city", "list"])
}

/// The edges of a city's extent, as `city list` prints them.
fn extent(folder: &Folder, id: &str) -> [f64; 4] {
    let listed = cities(folder);
    let line = listed.lines().find(|line| line.starts_with(&format!("{id}:"))).expect(&listed);
    let edges = line.split(", extent ").nth(1).unwrap().split([' ', ',']);
    let edges: Vec<f64> = edges.filter_map(|edge| edge.parse().ok()).take(4).collect();
    edges.try_into().unwrap()
}

fn is_near(found: [f64; 4], wanted: [f64; 4]) {
    let is_near = found.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-4);
    assert!(is_near, "{found:?} is not {wanted:?}");
}

#[test]
fn the_first_import_decides_which_city_the_store_has() {
    let folder = Folder::new("first");
    folder.with("valmeer.csv", bulk("V", 5.2, 52.1));
    // Nothing tells the city: no profile, no column, no store.
    let error = refused(&folder, &["import", "valmeer.csv"]);
    assert!(error.contains("'--jurisdiction' is missing"), "{error}");
    assert!(!folder.file("city.db").exists(), "no store is made");
    let error = refused(&folder, &["import", "valmeer.csv", "--jurisdiction", "Valmeer"]);
    assert!(error.contains("'--jurisdiction': 'Valmeer' must have"), "{error}");
    let named = ["import", "valmeer.csv", "--jurisdiction", "valmeer.example"];
    let zoned = [&named[..], &["--time-zone", "Europe/Amsterdam"]].concat();
    done(&folder, &zoned);
    let listed = cities(&folder);
    assert!(listed.starts_with("valmeer.example: valmeer.example, time zone Europe/Amsterdam"));
    assert_eq!(listed.lines().count(), 1, "{listed}");
    // The city keeps its time zone.
    let other = [&named[..], &["--time-zone", "Europe/Paris"]].concat();
    let error = refused(&folder, &other);
    assert!(error.contains("'Europe/Paris' is not the time zone of valmeer.example"), "{error}");
    assert!(done(&folder, &zoned).contains("100 unchanged"));
    // Commands take the only city.
    assert_eq!(done(&folder, &["export", "--format", "csv"]).lines().count(), 101);
}

#[test]
fn a_time_zone_that_nobody_knows_is_wanted_only_where_times_depend_on_it() {
    let folder = Folder::new("zone");
    folder.with("local.csv", bulk("V", 5.2, 52.1).replace(":00Z", ":00"));
    let named = ["import", "local.csv", "--jurisdiction", "valmeer.example"];
    let error = refused(&folder, &named);
    assert!(error.contains("'--time-zone' is missing"), "{error}");
    let error = refused(&folder, &[&named[..], &["--time-zone", "Mars/Olympus"]].concat());
    assert!(error.contains("'Mars/Olympus' is not an IANA time zone"), "{error}");
    assert!(!folder.file("city.db").exists(), "a refused import makes no store");
    folder.with("offset.csv", bulk("V", 5.2, 52.1));
    let output = done(&folder, &["import", "offset.csv", "--jurisdiction", "valmeer.example"]);
    assert!(output.contains("time zone: UTC, as no other is known"), "{output}");
    // What the program knows needs no option.
    let quebec = ["import", "local.csv", "--jurisdiction", "ville.quebec.qc.ca"];
    done(&folder, &quebec);
    assert!(cities(&folder).contains("ville.quebec.qc.ca: Québec, time zone America/Toronto"));
}

#[test]
fn a_file_of_unknown_city_is_filed_under_the_only_one_where_it_lies_there() {
    let folder = Folder::new("second");
    folder.with("quebec.csv", bulk("Q", -71.25, 46.8));
    folder.with("valmeer.csv", bulk("V", 5.2, 52.1));
    done(&folder, &["city", "add", "ville.quebec.qc.ca"]);
    let error = refused(&folder, &["import", "valmeer.csv"]);
    assert!(error.contains("0 of its first 100 places lie in ville.quebec.qc.ca"), "{error}");
    let output = done(&folder, &["import", "quebec.csv"]);
    assert!(output.contains("city: ville.quebec.qc.ca, the only one of the store: 100 of"));
    // As GeoJSON, too, and without any place.
    let feature = r#"{"type":"FeatureCollection","features":[{"type":"Feature","id":"x",
        "geometry":GEOMETRY,"properties":{"service_name":"Trou",
        "requested_datetime":"2026-03-01T08:00:00Z"}}]}"#;
    let point = |at: &str| feature.replace("GEOMETRY", at);
    folder.with("here.geojson", point(r#"{"type":"Point","coordinates":[-71.2,46.8]}"#));
    folder.with("there.geojson", point(r#"{"type":"Point","coordinates":[5.2,52.1]}"#));
    folder.with("nowhere.geojson", point("null"));
    assert!(done(&folder, &["import", "here.geojson"]).contains("1 added"));
    assert!(refused(&folder, &["import", "there.geojson"]).contains("0 of its first 1 places"));
    assert!(refused(&folder, &["import", "nowhere.geojson"]).contains("nor any place"));
    // Of two cities none is taken, although the places lie in one of them.
    done(&folder, &["import", "valmeer.csv", "--jurisdiction", "valmeer.example"]);
    let error = refused(&folder, &["import", "quebec.csv"]);
    assert!(error.contains("'--jurisdiction' is missing"), "{error}");
    // A city that nobody placed takes no file either.
    let other = Folder::new("second");
    other.with("valmeer.csv", bulk("V", 5.2, 52.1));
    done(&other, &["city", "add", "valmeer.example", "--time-zone", "Europe/Amsterdam"]);
    let error = refused(&other, &["import", "valmeer.csv"]);
    assert!(error.contains("where valmeer.example lies is not known yet"), "{error}");
}

#[test]
fn rows_that_name_their_city_are_filed_there_and_others_refused() {
    let folder = Folder::new("named");
    folder.with("valmeer.csv", bulk("V", 5.2, 52.1));
    done(&folder, &["import", "valmeer.csv", "--jurisdiction", "valmeer.example"]);
    for (format, file) in [("csv", "out.csv"), ("geojson", "out.geojson")] {
        done(&folder, &["export", "--format", format, "-o", file]);
        let other = Folder::new("named");
        done(&other, &["city", "add", "ville.quebec.qc.ca"]);
        let path = folder.file(file);
        let output = done(&other, &["import", path.to_str().unwrap()]);
        assert!(output.contains("city: valmeer.example, by the column"), "{file}: {output}");
        assert!(output.contains("100 added, 0 updated, 0 unchanged, 0 refused"), "{output}");
        assert!(cities(&other).contains("valmeer.example"));
    }
    let line =
        |n: usize, city: &str| format!("x{n},2026-05-04T10:00:00Z,Pothole,open,52.1,5.2,{city}\n");
    let header = format!("{HEADER},jurisdiction_id\n");
    let two = header.clone() + &line(1, "valmeer.example") + &line(2, "other.example");
    folder.with("two.csv", two);
    let error = refused(&folder, &["import", "two.csv"]);
    assert!(error.contains("'valmeer.example, other.example' are the cities"), "{error}");
    // One that comes late is refused row by row; who names the city takes all.
    let mut late = header + &(0..6_000).map(|n| line(n, "valmeer.example")).collect::<String>();
    late += &line(6_000, "other.example");
    folder.with("late.csv", late);
    let output = done(&folder, &["import", "late.csv"]);
    assert!(output.contains("6000 added, 0 updated, 0 unchanged, 1 refused"), "{output}");
    let refused = std::fs::read_to_string(folder.file("late.refused.csv")).unwrap();
    assert!(refused.contains(",jurisdiction_id,other.example,is another city"), "{refused}");
    let named = ["import", "late.csv", "--jurisdiction", "valmeer.example"];
    assert!(done(&folder, &named).contains("0 refused"));
}

#[test]
fn a_file_of_a_known_layout_from_elsewhere_is_not_filed_under_the_layout_s_city() {
    let folder = Folder::new("elsewhere");
    let header =
        "sr_number,created_date,closed_date,sr_type,status,latitude,longitude,owner_department";
    let file = |lat: f64, lon: f64| {
        let row = |n: usize| {
            let day = 1 + n % 28;
            format!(
                "SR-{n},2026-05-{day:02}T10:00:00,,Pothole,Open,{lat},{},Streets\n",
                lon - n as f64 * 1e-3
            )
        };
        format!("{header}\n{}", (0..30).map(row).collect::<String>())
    };
    folder.with("elsewhere.csv", file(29.76, -95.36));
    let error = refused(&folder, &["import", "elsewhere.csv"]);
    assert!(error.contains("0 of the first 30 places lie there"), "{error}");
    assert!(!folder.file("city.db").exists(), "no store is made");
    // Under another name it has neither the name nor the extent of the layout's city.
    let named = ["import", "elsewhere.csv", "--jurisdiction", "bayou.example"];
    done(&folder, &[&named[..], &["--time-zone", "America/Chicago"]].concat());
    assert!(cities(&folder).contains("bayou.example: bayou.example,"), "{}", cities(&folder));
    let [west, south, ..] = extent(&folder, "bayou.example");
    assert!((-95.5..-95.3).contains(&west) && (29.0..29.9).contains(&south));
    // Where the places lie in the city, the layout is enough.
    folder.with("home.csv", file(41.88, -87.65));
    done(&folder, &["import", "home.csv"]);
    assert!(cities(&folder).contains("chicago.gov"), "{}", cities(&folder));
}

/// The number of reports that a path answers with, or its status where it answers with none.
fn count(service: &Service, path: &str) -> Result<u64, u16> {
    let answer = service.get(path);
    if answer.status != 200 {
        return Err(answer.status);
    }
    match answer.json() {
        Value::Array(list) => Ok(list.len() as u64),
        body => Ok(body["total"].as_u64().or(body["numberMatched"].as_u64()).unwrap()),
    }
}

const STATS: &str = "/api/v1/stats";
const ITEMS: &str = "/ogc/collections/reports/items?limit=1";
const REQUESTS: &str = "/open311/v2/requests.json?start_date=2026-04-01T00:00:00Z";
const TILES: &str = "/tiles/reports.json";

#[test]
fn an_empty_store_says_how_to_import_and_the_first_import_answers_without_a_restart() {
    let folder = Folder::new("empty");
    let service = Service::start_as_is(&folder, &[], &[]);
    assert!(service.get("/readyz").json()["jurisdictions"].as_array().unwrap().is_empty());
    assert!(service.get("/config.json").json()["default_jurisdiction"].is_null());
    assert_eq!(service.get("/").status, 200);
    let cities = service.get("/api/v1/jurisdictions").json();
    assert!(cities["jurisdictions"].as_array().unwrap().is_empty(), "{cities}");
    for path in [STATS, ITEMS, TILES, "/api/v1/services"] {
        let answer =
            service.get(&format!("{path}{}lang=en", if path.contains('?') { '&' } else { '?' }));
        assert_eq!(answer.status, 404, "{path}");
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains("pointchaud import FILE"), "{path}: {detail}");
    }
    assert_eq!(service.get(REQUESTS).status, 404);
    folder.with("valmeer.csv", bulk("V", 5.2, 52.1));
    done(&folder, &["import", "valmeer.csv", "--jurisdiction", "valmeer.example"]);
    eventually("the first import answers", || count(&service, STATS) == Ok(100));
    assert_eq!(count(&service, ITEMS), Ok(100));
    assert_eq!(count(&service, REQUESTS), Ok(100));
    assert_eq!(service.get(TILES).status, 200);
    let config = service.get("/config.json").json();
    assert_eq!(config["default_jurisdiction"], "valmeer.example");
    // Québec's services are Québec's.
    let services = service.get("/api/v1/services").json();
    assert_eq!(services["services"].as_array().unwrap().len(), 1, "{services}");
}

#[test]
fn of_several_cities_the_first_or_the_declared_one_answers_and_open311_wants_one_named() {
    let folder = Folder::new("several");
    folder.with("valmeer.csv", bulk("V", 5.2, 52.1));
    folder.with(
        "quebec.csv",
        bulk("Q", -71.25, 46.8).lines().take(51).collect::<Vec<_>>().join("\n"),
    );
    done(&folder, &["import", "valmeer.csv", "--jurisdiction", "valmeer.example"]);
    done(&folder, &["import", "quebec.csv", "--jurisdiction", "ville.quebec.qc.ca"]);
    let error = refused(&folder, &["export"]);
    assert!(error.contains("several cities (valmeer.example, ville.quebec.qc.ca)"), "{error}");
    let service = Service::start(&folder, &[]);
    assert_eq!(count(&service, STATS), Ok(100), "the first that was added");
    assert_eq!(count(&service, ITEMS), Ok(100));
    assert_eq!(service.get(TILES).status, 200);
    let tag = |service: &Service| service.get(STATS).header("etag").unwrap().to_owned();
    let first_tag = tag(&service);
    for path in ["requests.json", "services.json", "services/pothole.json", "requests/V-001.json"] {
        let answer = service.get(&format!("/open311/v2/{path}?lang=en"));
        assert_eq!(answer.status, 400, "{path}");
        let text = answer.json()[0]["description"].as_str().unwrap().to_owned();
        assert!(text.contains("jurisdiction_id") && text.contains("valmeer.example"), "{text}");
        let named = service.get(&format!("/open311/v2/{path}?jurisdiction_id=valmeer.example"));
        assert_eq!(named.status, 200, "{path}");
        let unknown = service.get(&format!("/open311/v2/{path}?jurisdiction_id=x.example"));
        assert_eq!(unknown.status, 404, "{path}");
    }
    assert_eq!(service.get("/open311/v2/discovery.json").status, 200, "discovery names no city");
    let form = [("Content-Type", "application/x-www-form-urlencoded")];
    let post = |more: &str| {
        let body = format!("api_key=k&service_code=pothole&lat=52.1&long=5.2{more}");
        service.ask("POST", "/open311/v2/requests.json", &form, body.as_bytes()).status
    };
    assert_eq!(post(""), 400);
    assert_eq!(post("&jurisdiction_id=valmeer.example"), 200);
    drop(service);

    let named = ["--default", "ville.quebec.qc.ca"];
    let variable = [("POINTCHAUD_DEFAULT", "ville.quebec.qc.ca")];
    for (arguments, variables) in [(&named[..], &[][..]), (&[][..], &variable[..])] {
        let service = Service::start_with(&folder, arguments, variables);
        assert_eq!(count(&service, STATS), Ok(50));
        assert_eq!(count(&service, ITEMS), Ok(50));
        assert_eq!(count(&service, REQUESTS), Ok(50), "declared, so none need be named");
        let config = service.get("/config.json").json();
        assert_eq!(config["default_jurisdiction"], "ville.quebec.qc.ca");
        assert_ne!(tag(&service), first_tag, "another city, another ETag");
    }
    let error = refused(&folder, &["serve", "--default", "x.example", "--listen", "127.0.0.1:0"]);
    assert!(error.contains("'--default': 'x.example' is not in the store"), "{error}");
}

#[test]
fn an_extent_is_learned_from_the_reports_and_shrugs_off_outliers() {
    let folder = Folder::new("extent");
    let wanted = [5.2 - 0.005, 52.1 - 0.005, 5.209 + 0.005, 52.109 + 0.005];
    let outliers = "o1,2026-05-04T10:00:00Z,Pothole,open,5.2,52.1\n\
                    o2,2026-05-04T10:00:00Z,Pothole,open,-33.9,151.2\n\
                    o3,2026-05-04T10:00:00Z,Pothole,open,89.0,-179.0\n";
    folder.with("valmeer.csv", bulk("V", 5.2, 52.1) + outliers);
    let import = ["import", "valmeer.csv", "--jurisdiction", "valmeer.example"];
    let output = done(&folder, &import);
    assert!(output.contains("the city's extent, learned from its reports: "), "{output}");
    is_near(extent(&folder, "valmeer.example"), wanted);
    assert!(!done(&folder, &import).contains("learned from"), "it is the same as before");
    let service = Service::start(&folder, &[]);
    let cities = service.get("/api/v1/jurisdictions").json();
    let shown: Vec<f64> =
        serde_json::from_value(cities["jurisdictions"][0]["extent"].clone()).unwrap();
    is_near(shown.try_into().unwrap(), wanted);
    // More data, another extent; one that was set stays.
    folder.with("north.csv", bulk("N", 5.2, 52.11));
    let north = ["import", "north.csv", "--jurisdiction", "valmeer.example"];
    done(&folder, &north);
    let grown = [5.2 - 0.005, 52.1 - 0.005, 5.209 + 0.005, 52.119 + 0.005];
    is_near(extent(&folder, "valmeer.example"), grown);
    done(&folder, &["city", "set", "valmeer.example", "--extent", "5,52,6,53"]);
    folder.with("east.csv", bulk("E", 5.21, 52.1));
    done(&folder, &["import", "east.csv", "--jurisdiction", "valmeer.example"]);
    is_near(extent(&folder, "valmeer.example"), [5.0, 52.0, 6.0, 53.0]);
    let auto = done(&folder, &["city", "set", "valmeer.example", "--extent", "auto"]);
    assert!(auto.contains("(learned)"), "{auto}");
    let widest = [5.2 - 0.005, 52.1 - 0.005, 5.219 + 0.005, 52.119 + 0.005];
    is_near(extent(&folder, "valmeer.example"), widest);
}

#[test]
fn a_city_on_the_antimeridian_has_an_extent_across_it() {
    let folder = Folder::new("antimeridian");
    folder.with("taveuni.csv", bulk("T", 179.996, -16.9));
    done(&folder, &["import", "taveuni.csv", "--jurisdiction", "taveuni.example"]);
    let wanted = [179.991, -16.905, -179.99, -16.886];
    is_near(extent(&folder, "taveuni.example"), wanted);
    folder.with("more.csv", bulk("M", 179.997, -16.9));
    let output = done(&folder, &["import", "more.csv"]);
    assert!(output.contains("100 of the first 100 places lie in it"), "{output}");
}

#[test]
fn reports_that_citizens_file_teach_the_extent_as_well() {
    let folder = Folder::new("filed");
    done(&folder, &["city", "add", "valmeer.example", "--time-zone", "Europe/Amsterdam"]);
    folder.with("one.csv", bulk("V", 5.2, 52.1).lines().take(3).collect::<Vec<_>>().join("\n"));
    done(&folder, &["import", "one.csv", "--jurisdiction", "valmeer.example"]);
    assert!(cities(&folder).contains("extent not known yet"), "two places tell little");
    let service = LocalService::start(&folder);
    for n in 0..20 {
        let body = format!(
            r#"{{"service_code":"pothole","lon":{},"lat":52.2}}"#,
            5.3 + f64::from(n) * 0.001
        );
        assert_eq!(service.post("/api/v1/reports", &body).status, 201);
    }
    service.examine();
    is_near(extent(&folder, "valmeer.example"), [5.295, 52.195, 5.324, 52.205]);
    eventually("the service has it", || {
        let cities = service.get("/api/v1/jurisdictions").json();
        !cities["jurisdictions"][0]["extent"].is_null()
    });
}

#[test]
fn cities_are_added_changed_and_removed() {
    let folder = Folder::new("commands");
    assert!(refused(&folder, &["city", "list"]).contains("'--store'"));
    for (arguments, words) in [
        (&["city", "add", "Bad Id", "--time-zone", "UTC"][..], "'ID': 'Bad Id' must have"),
        (&["city", "add", "a.example"], "'--time-zone' is missing"),
        (&["city", "add", "a.example", "--time-zone", "Mars"], "'--time-zone': 'Mars' is not"),
        (
            &["city", "add", "a.example", "--time-zone", "UTC", "--extent", "1,2,3"],
            "'--extent': '1,2,3' must be auto or west,south,east,north",
        ),
        (
            &["city", "add", "a.example", "--time-zone", "UTC", "--extent", "-200,2,3,4"],
            "lon -200 is not on Earth",
        ),
        (&["city", "add", "a.example", "--time-zone", "UTC", "--extent", "1,4,3,2"], "has no area"),
        (&["city", "add", "a.example", "--time-zone", "UTC", "--name", " "], "'--name'"),
    ] {
        let error = refused(&folder, arguments);
        assert!(error.contains(words), "{arguments:?}: {error}");
    }
    let added = done(&folder, &["city", "add", "boston.gov", "--name", "Boston, MA"]);
    assert!(added.contains("boston.gov: Boston, MA, time zone America/New_York"), "{added}");
    let fiji = ["city", "add", "fiji.example", "--time-zone", "Pacific/Fiji"];
    done(&folder, &[&fiji[..], &["--extent", "177,-19,-178,-16"]].concat());
    let error = String::from_utf8(run(&folder, &fiji).stderr).unwrap();
    assert!(error.contains("exists already"), "{error}");
    let listed = cities(&folder);
    let first = listed.lines().next().unwrap();
    assert!(first.starts_with("boston.gov") && first.ends_with("0 reports"), "{listed}");
    is_near(extent(&folder, "fiji.example"), [177.0, -19.0, -178.0, -16.0]);

    let set = ["city", "set", "boston.gov"];
    assert!(refused(&folder, &set).contains("say what changes"));
    assert!(
        refused(&folder, &["city", "set", "x.example", "--name", "X"])
            .contains("the cities of the store: boston.gov, fiji.example")
    );
    let output = done(&folder, &[&set[..], &["--time-zone", "America/Chicago"]].concat());
    assert!(output.contains("stored times stay the instants that they are"), "{output}");
    assert!(output.contains("were read in America/New_York"), "{output}");

    folder.with("b.csv", bulk("B", -71.1, 42.3));
    done(&folder, &["import", "b.csv", "--jurisdiction", "boston.gov"]);
    let error = refused(&folder, &["city", "remove", "boston.gov"]);
    assert!(error.contains("'--yes' is missing: 100 reports of boston.gov"), "{error}");
    assert!(done(&folder, &["check"]).contains("boston.gov: 100 reports"));
    let removed = done(&folder, &["city", "remove", "boston.gov", "--yes"]);
    assert!(removed.contains("removed, with 100 reports"), "{removed}");
    let check = done(&folder, &["check"]);
    assert!(!check.contains("boston") && check.ends_with("ok\n"), "{check}");
}

#[test]
fn a_running_service_follows_what_the_commands_change() {
    let folder = Folder::new("running");
    folder.with("valmeer.csv", bulk("V", 5.2, 52.1));
    let import = ["import", "valmeer.csv", "--jurisdiction", "valmeer.example"];
    done(&folder, &import);
    let service = Service::start(&folder, &[]);
    assert_eq!(count(&service, STATS), Ok(100));
    let tag = service.get(STATS).header("etag").unwrap().to_owned();
    done(&folder, &["city", "set", "valmeer.example", "--name", "Valmeer"]);
    let city =
        |service: &Service| service.get("/api/v1/jurisdictions").json()["jurisdictions"][0].clone();
    eventually("the name shows", || city(&service)["name"] == "Valmeer");
    done(&folder, &["city", "set", "valmeer.example", "--time-zone", "Asia/Tokyo"]);
    eventually("the time zone shows", || city(&service)["time_zone"] == "Asia/Tokyo");
    let per_day = service.get(STATS).json();
    assert_eq!(per_day["total"], 100);
    // 10:00 UTC is the evening of that day in Tokyo: filters by day are those of Tokyo.
    let from = "/api/v1/stats?from=2026-05-04&to=2026-05-04";
    assert_eq!(count(&service, from), Ok(100));
    done(&folder, &["city", "remove", "valmeer.example", "--yes"]);
    eventually("the city is gone", || count(&service, STATS) == Err(404));
    done(&folder, &import);
    eventually("the city is back", || count(&service, STATS) == Ok(100));
    assert_ne!(service.get(STATS).header("etag").unwrap(), tag, "another city, another ETag");
    let body = r#"{"service_code":"pothole","lon":5.2,"lat":52.1}"#;
    assert_eq!(service.post("/api/v1/reports", body).status, 201, "it takes reports again");
    assert_eq!(count(&service, STATS), Ok(101));
}
