//! Exports over HTTP: the reports of the filter in every format, limits by role, cancellation; and
//! the files of the command.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Write};
use std::net::TcpStream;

use flatgeobuf::{FallibleStreamingIterator, FeatureProperties, FgbReader};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::statistics::Statistics;
use parquet::record::Field;
use pointchaud::config::Limits;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rusqlite::Connection;
use serde_json::Value;

use crate::common::{
    Answer, Client, Folder, LocalService, Service, add_boundaries, demo_city, done, eventually, run,
};

/// Formats by their endings, each with its media type.
const FORMATS: [(&str, &str); 5] = [
    ("csv", "text/csv; charset=utf-8"),
    ("geojson", "application/geo+json"),
    ("gpkg", "application/geopackage+sqlite3"),
    ("parquet", "application/vnd.apache.parquet"),
    ("fgb", "application/flatgeobuf"),
];

/// Columns that are compared, beside the id.
const COLUMNS: [&str; 5] = ["status", "service_code", "service_name", "address", "nature"];

/// The texts of [`COLUMNS`], and whether there is a geometry.
type Cells = (Vec<Option<String>>, bool);
/// Rows by id.
type Rows = BTreeMap<String, Cells>;

/// All pages of the list of a filter.
fn listed(service: &Client, filter: &str) -> Vec<Value> {
    let (mut path, mut all) = (format!("/api/v1/reports?limit=1000&{filter}"), Vec::new());
    loop {
        let page = service.get(&path).json();
        all.extend(page["features"].as_array().unwrap().iter().cloned());
        match page["next"].as_str() {
            Some(next) => next.clone_into(&mut path),
            None => return all,
        }
    }
}

fn row_of(cell: impl Fn(&str) -> Option<String>, is_placed: bool) -> (String, Cells) {
    let texts = COLUMNS.iter().map(|name| cell(name).filter(|text| !text.is_empty()));
    (cell("service_request_id").unwrap(), (texts.collect(), is_placed))
}

fn rows_of_features(features: &[Value]) -> Rows {
    let row = |one: &Value| {
        let cell = |name: &str| one["properties"][name].as_str().map(str::to_owned);
        row_of(cell, one["geometry"].is_object())
    };
    features.iter().map(row).collect()
}

fn rows_of_csv(bytes: &[u8]) -> Rows {
    let mut table = csv::Reader::from_reader(bytes);
    let header = table.headers().unwrap().clone();
    let row = |row: csv::StringRecord| {
        let cell = |name: &str| {
            let at = header.iter().position(|has| has == name)?;
            row.get(at).filter(|text| !text.is_empty()).map(str::to_owned)
        };
        row_of(cell, cell("lon").is_some())
    };
    table.records().map(|one| row(one.unwrap())).collect()
}

fn rows_of_package(folder: &Folder, bytes: &[u8]) -> Rows {
    let db = Connection::open(folder.with("asked.gpkg", bytes)).unwrap();
    let sql =
        format!("SELECT service_request_id, geom NOTNULL, {} FROM reports", COLUMNS.join(","));
    let mut statement = db.prepare(&sql).unwrap();
    let row = |row: &rusqlite::Row<'_>| {
        let texts = (0..COLUMNS.len()).map(|at| row.get(at + 2).unwrap()).collect();
        Ok((row.get(0)?, (texts, row.get(1)?)))
    };
    let rows: Rows = statement.query_map([], row).unwrap().map(Result::unwrap).collect();
    let count = |sql: &str| db.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    let placed = rows.values().filter(|(_, is_placed)| *is_placed).count();
    assert_eq!(count("SELECT count(*) FROM rtree_reports_geom"), placed as i64, "the R-tree");
    rows
}

fn rows_of_parquet(folder: &Folder, bytes: &[u8]) -> Rows {
    let file = File::open(folder.with("asked.parquet", bytes)).unwrap();
    let reader = SerializedFileReader::new(file).unwrap();
    let row = |row: parquet::record::Row| {
        let cells: BTreeMap<&String, &Field> = row.get_column_iter().collect();
        let cell = |name: &str| match cells[&name.to_owned()] {
            Field::Str(text) => Some(text.clone()),
            Field::Null => None,
            other => panic!("{name}: {other:?}"),
        };
        row_of(cell, *cells[&"geometry".to_owned()] != Field::Null)
    };
    reader.get_row_iter(None).unwrap().map(|one| row(one.unwrap())).collect()
}

fn rows_of_fgb(bytes: &[u8]) -> Rows {
    let (mut rows, mut features) =
        (Rows::new(), FgbReader::open(bytes).unwrap().select_all_seq().unwrap());
    while let Some(feature) = features.next().unwrap() {
        let cells = feature.properties().unwrap();
        rows.extend([row_of(|name| cells.get(name).cloned(), feature.geometry().is_some())]);
    }
    rows
}

fn rows(folder: &Folder, format: &str, answer: &Answer) -> Rows {
    match format {
        "csv" => rows_of_csv(&answer.body),
        "geojson" => rows_of_features(answer.json()["features"].as_array().unwrap()),
        "gpkg" => rows_of_package(folder, &answer.body),
        "parquet" => rows_of_parquet(folder, &answer.body),
        _ => rows_of_fgb(&answer.body),
    }
}

/// Filters: each condition alone, then at random together.
fn filters() -> Vec<String> {
    let conditions = [
        "status=open",
        "status=in_progress,closed",
        "service=voirie,neige",
        "bbox=-71.3,46.75,-71.2,46.85",
        "approximate=true",
        "count=incidents",
        "from=2026-06-01",
        "to=2026-08-31",
        "area=Est",
        "channel=web,app,phone",
        "nature=intervention",
        "lang=en",
    ];
    let mut all: Vec<String> = conditions.iter().map(|one| (*one).to_owned()).collect();
    let mut rng = ChaCha8Rng::seed_from_u64(15);
    for _ in 0..8 {
        let count = rng.random_range(2..6);
        let mut some: Vec<&str> = conditions.sample(&mut rng, count).copied().collect();
        // A parameter is given once.
        some.sort_unstable();
        some.dedup_by_key(|one| one.split('=').next().unwrap());
        all.push(some.join("&"));
    }
    all.extend([String::new(), "service=lampadaire&from=2030-01-01".into()]);
    all
}

#[test]
fn every_format_has_the_reports_that_the_list_has_under_the_same_filter() {
    let folder = demo_city("exports", 3_000, 5);
    add_boundaries(&folder, "quartiers");
    let service = LocalService::start(&folder);
    service.post("/api/v1/reports", r#"{"service_code":"lampadaire","address":"x, \"y\"\nz"}"#);
    let mut compared = 0;
    for filter in filters() {
        let features = listed(&service, &filter);
        let wanted = rows_of_features(&features);
        assert_eq!(wanted.len(), features.len(), "{filter}");
        for (format, _) in FORMATS {
            let answer = service.get(&format!("/api/v1/export.{format}?{filter}"));
            assert_eq!(answer.status, 200, "{format} {filter}");
            assert!(rows(&folder, format, &answer) == wanted, "{format} {filter}");
            if format == "geojson" {
                // The same features in the same order.
                assert!(answer.json()["features"] == Value::from(features.clone()), "{filter}");
            }
        }
        compared += wanted.len();
    }
    assert!(compared > 5_000, "{compared}");
}

#[test]
fn what_has_no_position_has_no_accuracy_in_any_format() {
    let folder = demo_city("exports-accuracy", 500, 5);
    let service = LocalService::start(&folder);
    service.post("/api/v1/reports", r#"{"service_code":"lampadaire","address":"1 rue A"}"#);
    let table = service.get("/api/v1/export.csv").body;
    let mut table = csv::Reader::from_reader(table.as_slice());
    let names = table.headers().unwrap().clone();
    let of = |name: &str| names.iter().position(|known| known == name).unwrap();
    let (lon, accuracy) = (of("lon"), of("accuracy"));
    let mut without = 0;
    for row in table.records().map(Result::unwrap) {
        // A place that is known approximately alone has an accuracy and no point of its own.
        assert!(row[lon].is_empty() || !row[accuracy].is_empty(), "{row:?}");
        without += usize::from(row[lon].is_empty() && row[accuracy].is_empty());
        assert!(!row[lon].is_empty() || &row[accuracy] != "exact", "{row:?}");
    }
    assert!(without > 0);
    let package = service.get("/api/v1/export.gpkg").body;
    let db = Connection::open(folder.with("accuracy.gpkg", package)).unwrap();
    let sql = "SELECT count(*) FROM reports WHERE geom IS NULL AND accuracy = 'exact'";
    assert_eq!(db.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap(), 0);
}

#[test]
fn a_package_and_a_flatgeobuf_find_the_reports_of_a_box_by_their_trees() {
    let folder = demo_city("exports-tree", 3_000, 5);
    let service = LocalService::start(&folder);
    let features = listed(&service, "");
    let (w, s, e, n) = (-71.3, 46.78, -71.2, 46.85);
    let is_inside = |one: &&Value| {
        let at = one["geometry"]["coordinates"].as_array();
        at.is_some_and(|at| {
            let (lon, lat) = (at[0].as_f64().unwrap(), at[1].as_f64().unwrap());
            w <= lon && lon <= e && s <= lat && lat <= n
        })
    };
    let inside = features.iter().filter(is_inside).count();
    assert!(inside > 100 && inside < features.len(), "{inside}");
    let fgb = service.get("/api/v1/export.fgb").body;
    let mut found =
        FgbReader::open(std::io::Cursor::new(&fgb)).unwrap().select_bbox(w, s, e, n).unwrap();
    let mut count = 0;
    while found.next().unwrap().is_some() {
        count += 1;
    }
    assert_eq!(count, inside);
    let package = service.get("/api/v1/export.gpkg").body;
    let db = Connection::open(folder.with("tree.gpkg", package)).unwrap();
    // The tree has numbers of 32 bits, rounded outwards.
    let sql = "SELECT count(*) FROM rtree_reports_geom
               WHERE maxx >= ?1 AND minx <= ?3 AND maxy >= ?2 AND miny <= ?4";
    let found: i64 = db.query_row(sql, [w, s, e, n], |row| row.get(0)).unwrap();
    assert!((inside..inside + 5).contains(&(found as usize)), "{found} {inside}");
    let triggers = "SELECT count(*) FROM sqlite_schema WHERE type = 'trigger'";
    assert_eq!(db.query_row(triggers, [], |row| row.get::<_, i64>(0)).unwrap(), 6);
}

#[test]
fn row_groups_of_parquet_have_boxes_by_which_readers_leave_most_of_them_out() {
    let folder = demo_city("exports-groups", 40_000, 5);
    done(&folder, &["export", "all.parquet"]);
    let file = File::open(folder.file("all.parquet")).unwrap();
    let reader = SerializedFileReader::new(file).unwrap();
    let pairs = reader.metadata().file_metadata().key_value_metadata().unwrap();
    let geo = pairs.iter().find(|pair| pair.key == "geo").unwrap().value.as_ref().unwrap();
    let geo: Value = serde_json::from_str(geo).unwrap();
    let column = &geo["columns"]["geometry"];
    assert_eq!(column["covering"]["bbox"]["ymax"], serde_json::json!(["bbox", "ymax"]));
    let edges_of = |group: &parquet::file::metadata::RowGroupMetaData| {
        ["xmin", "ymin", "xmax", "ymax"].map(|name| {
            let path = format!("bbox.{name}");
            let mut columns = group.columns().iter();
            let column = columns.find(|one| one.column_path().string() == path).unwrap();
            let Statistics::Float(edges) = column.statistics().unwrap() else { panic!("{path}") };
            let edge = if name.ends_with("min") { edges.min_opt() } else { edges.max_opt() };
            edge.copied()
        })
    };
    // A group whose reports have no position has no edges.
    let groups: Vec<[f32; 4]> = reader
        .metadata()
        .row_groups()
        .iter()
        .map(edges_of)
        .filter_map(|[w, s, e, n]| Some([w?, s?, e?, n?]))
        .collect();
    let (mut touched, mut points) = (0, 0);
    for row in reader.get_row_iter(None).unwrap().step_by(50) {
        let row = row.unwrap();
        let cells: BTreeMap<&String, &Field> = row.get_column_iter().collect();
        let Field::Group(edges) = cells[&"bbox".to_owned()] else { continue };
        let cells: Vec<&Field> = edges.get_column_iter().map(|(_, cell)| cell).collect();
        let [Field::Float(x), Field::Float(y), ..] = cells[..] else { panic!("{edges:?}") };
        let covers = |[w, s, e, n]: &&[f32; 4]| w <= x && x <= e && s <= y && y <= n;
        touched += groups.iter().filter(covers).count();
        points += 1;
    }
    assert!(groups.len() >= 4 && points > 500, "{} {points}", groups.len());
    assert!(touched * 2 < groups.len() * points, "{touched} of {} in {points}", groups.len());
}

#[test]
fn an_export_has_the_headers_of_a_file_of_its_city_and_day() {
    let folder = demo_city("exports-head", 300, 5);
    let service = LocalService::start(&folder);
    for (format, media_type) in FORMATS {
        let path = format!("/api/v1/export.{format}?status=open");
        let got = service.ask("GET", &path, &[("Accept-Language", "en")], b"");
        let head = service.ask("HEAD", &path, &[("Accept-Language", "en")], b"");
        assert!(!got.body.is_empty() && head.body.is_empty(), "{format}");
        for answer in [&got, &head] {
            assert_eq!((answer.status, answer.header("content-type")), (200, Some(media_type)));
            let name = format!("attachment; filename=\"ville.quebec.qc.ca-2026-10-01.{format}\"");
            assert_eq!(answer.header("content-disposition"), Some(name.as_str()));
            assert_eq!(answer.header("content-language"), Some("en"), "{format}");
            assert_eq!(answer.header("cache-control"), Some("no-cache"));
            assert_eq!(answer.header("vary"), got.header("vary"));
            assert_ne!(answer.header("content-length"), Some("0"));
        }
        let tag = got.header("etag").unwrap();
        assert_eq!(head.header("etag"), Some(tag));
        for known in [tag, "*"] {
            let again = service.ask(
                "GET",
                &path,
                &[("If-None-Match", known), ("Accept-Language", "en")],
                b"",
            );
            assert_eq!((again.status, again.body.len()), (304, 0), "{format} {known}");
        }
        for (bad, field) in [("area=Nulle%20part", "area"), ("licorne=1", "licorne")] {
            let refused = service.get(&format!("/api/v1/export.{format}?{bad}"));
            assert_eq!((refused.status, refused.fields()), (400, vec![field.to_owned()]));
        }
    }
    assert_eq!(service.get("/api/v1/export.xlsx").status, 404);
    assert_eq!(service.get("/api/v1/export.csv?jurisdiction_id=atlantis").status, 404);
    let named = service.get("/api/v1/export.csv?jurisdiction_id=ville.quebec.qc.ca");
    assert_eq!(named.body, service.get("/api/v1/export.csv").body);
}

#[test]
fn without_the_key_too_many_reports_are_refused_before_any_is_read() {
    let folder = demo_city("exports-limit", 3_000, 5);
    let limits = Limits { export_rows_max: 100, ..Limits::default() };
    let service = LocalService::start_limited(&folder, limits);
    let total = service.get("/api/v1/stats").json()["total"].as_u64().unwrap();
    // A proxy speaks for anybody: only this machine itself is a crew where there is no key.
    let foreign = ("X-Forwarded-For", "192.0.2.7");
    for (format, _) in FORMATS {
        let path = format!("/api/v1/export.{format}");
        for method in ["GET", "HEAD"] {
            let mut stream = TcpStream::connect(service.address).unwrap();
            let host = service.address;
            let head = format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nVia: 1.1 a\r\n\r\n");
            stream.write_all(head.as_bytes()).unwrap();
            let mut start = [0; 12];
            stream.read_exact(&mut start).unwrap();
            assert_eq!(&start, b"HTTP/1.1 400", "{method} {format}");
        }
        for (language, count) in [("en", "2,"), ("fr", "2\u{a0}")] {
            let headers = [foreign, ("Accept-Language", language)];
            let detail = service.ask("GET", &path, &headers, b"").json();
            let detail = detail["detail"].as_str().unwrap();
            let count = if total >= 3_000 { count.replace('2', "3") } else { count.to_owned() };
            assert!(detail.contains(&count) && detail.contains("100"), "{detail}");
            assert!(detail.contains("bbox"), "how to narrow: {detail}");
        }
        assert_eq!(service.get(&path).status, 200, "a crew has no limit: {format}");
    }
    let newest = service.get("/api/v1/reports?limit=60").json();
    let from = newest["features"][59]["properties"]["requested_datetime"].as_str().unwrap();
    let path = format!("/api/v1/export.csv?from={from}");
    let narrowed = service.ask("GET", &path, &[foreign], b"");
    assert_eq!(narrowed.status, 200);
    assert!((60..=100).contains(&rows_of_csv(&narrowed.body).len()));
}

#[test]
fn exports_have_no_contacts() {
    let folder = demo_city("exports-contact", 50, 5);
    let service = LocalService::start(&folder);
    let filed = service.ask(
        "POST",
        "/open311/v2/requests.json",
        &[("Content-Type", "application/x-www-form-urlencoded")],
        b"api_key=k&service_code=graffiti&lat=46.81&long=-71.21&email=zenobie%40exemple.ca\
          &first_name=Zenobie&phone=4185550199",
    );
    let id = filed.json()[0]["service_request_id"].as_str().unwrap().to_owned();
    for (format, _) in FORMATS {
        let answer = service.get(&format!("/api/v1/export.{format}"));
        assert!(rows(&folder, format, &answer).contains_key(&id), "{format}");
        for word in [&b"zenobie"[..], b"Zenobie", b"4185550199"] {
            let has_it = answer.body.windows(word.len()).any(|window| window == word);
            assert!(!has_it, "{format}: {word:?}");
        }
    }
}

/// Sends a request and returns the connection without reading the response.
fn begun(service: &Client, path: &str) -> TcpStream {
    let mut stream = TcpStream::connect(service.address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", service.address).unwrap();
    stream
}

#[test]
fn an_export_that_nobody_waits_for_leaves_no_file() {
    let folder = demo_city("exports-gone", 20_000, 5);
    let temporary = folder.file("temporary");
    std::fs::create_dir(&temporary).unwrap();
    let place = [("TMPDIR", temporary.to_str().unwrap())];
    let service = Service::start_with(&folder, &[], &place);
    let files = || {
        let folders = std::fs::read_dir(&temporary).unwrap();
        folders.filter(|one| one.as_ref().unwrap().path().join("export.gpkg").exists()).count()
    };
    let stream = begun(&service, "/api/v1/export.gpkg");
    eventually("the file is begun", || files() == 1);
    drop(stream);
    eventually("the file is removed", || files() == 0);
    assert_eq!(service.get("/api/v1/export.gpkg").status, 200);
    eventually("the file is removed", || files() == 0);
}

#[test]
fn a_client_that_reads_slowly_keeps_no_place_in_the_query_pool() {
    let folder = demo_city("exports-slow", 20_000, 5);
    let limits = Limits { concurrent_queries: 1, ..Limits::default() };
    let service = LocalService::start_limited(&folder, limits);
    let mut slow = begun(&service, "/api/v1/export.geojson");
    let mut start = [0; 15];
    slow.read_exact(&mut start).unwrap();
    assert_eq!(&start, b"HTTP/1.1 200 OK");
    // The response is far larger than what the connection holds: its export waits.
    for status in ["open", "closed", "in_progress"] {
        assert_eq!(service.get(&format!("/api/v1/stats?status={status}")).status, 200);
    }
}

#[test]
fn the_ending_of_a_file_decides_its_format() {
    let folder = demo_city("exports-files", 200, 5);
    for (name, start) in [
        ("a.csv", &b"service_request_id,"[..]),
        ("a.geojson", b"{\"type\":\"FeatureCollection\""),
        ("a.geojsonl", b"{\"type\":\"Feature\","),
        ("a.NDJSON", b"{\"type\":\"Feature\","),
        ("a.gpkg", b"SQLite format 3\0"),
        ("a.parquet", b"PAR1"),
        ("b.geoparquet", b"PAR1"),
        ("a.fgb", b"fgb\x03fgb"),
    ] {
        done(&folder, &["export", name]);
        let bytes = std::fs::read(folder.file(name)).unwrap();
        assert!(bytes.starts_with(start), "{name}: {:?}", &bytes[..20]);
    }
    done(&folder, &["export", "--format", "csv", "table.txt"]);
    assert_eq!(
        std::fs::read(folder.file("table.txt")).unwrap(),
        done(&folder, &["export", "--format", "csv"]).into_bytes()
    );
    for arguments in [&["export", "a.xlsx"][..], &["export", "a"], &["export", "--format", "pdf"]] {
        let output = run(&folder, arguments);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {error}");
        assert!(error.contains("geojsonl, ndjson, csv, gpkg, geoparquet, parquet, fgb"), "{error}");
    }
    assert!(!folder.file("a.xlsx").exists(), "nothing is begun");
    let again = run(&folder, &["export", "a.gpkg"]);
    assert!(String::from_utf8_lossy(&again.stderr).contains("already exists"));
}
