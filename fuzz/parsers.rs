//! Every parser of what comes from outside, as a function that takes any bytes: for the mutations of
//! `tests/it/fuzz.rs` and for the coverage-guided targets of `fuzz/`. A parser may refuse its input
//! and must not panic; a request must not be answered by an internal error.

use std::path::{Path, PathBuf};

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, Uri};
use jiff::tz::TimeZone;
use pointchaud::config::Limits;
use pointchaud::domain::{ReportTime, TrackingText, defused, read_tracking, restored, street};
use pointchaud::http::{AppState, Licences, PageSettings, PublicConfig, WriteAccess, router};
use pointchaud::ingest::{
    Profile, Projection, ReadOptions, SourceFile, boundaries, builtin_catalogue, builtin_model,
    open311, read_model,
};
use pointchaud::media::{Photo, PhotoStore};
use pointchaud::store::Reader;
use pointchaud::usecase::watch::BackgroundWatch;
use pointchaud::usecase::{App, Catalogues};
use tower::ServiceExt;

/// A parser by name, with small inputs that it accepts.
pub struct Parser {
    pub name: &'static str,
    pub run: fn(&Parsers, &[u8]),
    pub seeds: &'static [&'static str],
}

/// A folder for files, and the service over a store of a small city.
pub struct Parsers {
    folder: PathBuf,
    router: Router,
    runtime: tokio::runtime::Runtime,
}

const POLYGON: &str =
    r#"{"type":"Polygon","coordinates":[[[-71.3,46.7],[-71.1,46.7],[-71.2,46.9],[-71.3,46.7]]]}"#;
const REPORT: &str = r#"{"service_code":"nid-de-poule","lon":-71.2,"lat":46.8,"description":"Trou","requested_datetime":"2026-10-01T08:00:00-04:00","attributes":{"a":["b"]},"media_url":["https://a.example/1.jpg"]}"#;
const CQL: &str = "status='open' AND (address LIKE 'rue%' OR NOT area IS NULL) AND requested_datetime AFTER TIMESTAMP('2026-01-01T00:00:00Z') AND S_INTERSECTS(geometry,BBOX(-72,46,-71,47))";
const CQL_JSON: &str = r#"{"op":"and","args":[{"op":"=","args":[{"property":"status"},"open"]},{"op":"s_within","args":[{"property":"geometry"},{"type":"Point","coordinates":[-71,46]}]}]}"#;
const REQUESTS: &str = r#"[{"service_request_id":"a1","status":"open","service_code":"x","requested_datetime":"2026-10-01T08:00:00Z","lat":46.8,"long":-71.2,"media_url":null}]"#;
const FORM: &str = "api_key=k&service_code=nid-de-poule&lat=46.8&long=-71.2&attribute[a]=b&media_url[0]=https%3A%2F%2Fa.example%2F1.jpg";
const MULTIPART: &str = "--x\r\nContent-Disposition: form-data; name=\"api_key\"\r\n\r\nk\r\n--x\r\nContent-Disposition: form-data; name=\"media\"; filename=\"a.jpg\"\r\n\r\n\u{7f}\r\n--x--\r\n";
const MAPPING: &str = "name = 'm'\njurisdiction = 'x.test'\ntime_zone = 'America/Toronto'\ndate_order = 'dmy'\n[columns]\nid = ['sr']\nrequested = ['opened']\ncategory = ['kind']\npoint = ['place']\n";
const TABLE: &str = "service_request_id,requested_datetime,service_name,status,lat,lon,description\na1,2026-10-01T10:00:00Z,Trou,open,46.81,-71.21,\"deux\nlignes\"\n";

/// All of them.
pub const PARSERS: &[Parser] = &[
    Parser { name: "table", run: table, seeds: &[TABLE, REQUESTS, POLYGON] },
    Parser { name: "mapping", run: mapping, seeds: &[MAPPING] },
    Parser {
        name: "time",
        run: time,
        seeds: &["2026-10-01T08:00:00-04:00", "27.05.2026 14:05", "1er août 2014, 14 h", "45000.5"],
    },
    Parser {
        name: "place",
        run: place,
        seeds: &["POINT (-71.2 46.8)", "45° 30' N 73° 30' W", "12 rue X (46.81, -71.21)"],
    },
    Parser {
        name: "projection",
        run: projection,
        seeds: &["EPSG:32187", "+proj=tmerc +lat_0=0 +lon_0=-70.5 +k=0.9999 +x_0=304800"],
    },
    Parser { name: "boundaries", run: boundary, seeds: &[POLYGON] },
    Parser { name: "open311_documents", run: documents, seeds: &[REQUESTS] },
    Parser { name: "model", run: model, seeds: &["[coefficients]\ndistance = 1.0\n"] },
    Parser { name: "texts", run: texts, seeds: &["'=1+1;-2", "4RX-7KM-PH", "12, rue du Parc"] },
    Parser { name: "photo", run: photo, seeds: &["\u{7f}PNG\r\n", "RIFF____WEBPVP8 "] },
    Parser { name: "store", run: store, seeds: &["SQLite format 3\0"] },
    Parser { name: "report", run: report, seeds: &[REPORT] },
    Parser { name: "geojson", run: geojson, seeds: &[POLYGON] },
    Parser { name: "open311_form", run: open311_form, seeds: &[FORM] },
    Parser { name: "multipart", run: multipart, seeds: &[MULTIPART] },
    Parser { name: "cql2_text", run: cql2_text, seeds: &[CQL] },
    Parser { name: "cql2_json", run: cql2_json, seeds: &[CQL_JSON] },
    Parser { name: "cursor", run: cursor, seeds: &["eyJhIjoxfQ", "1-2026-10-01"] },
    Parser { name: "bbox", run: bbox, seeds: &["-71.3,46.7,-71.1,46.9", "170,-10,-170,10"] },
    Parser {
        name: "query",
        run: query,
        seeds: &["limit=5&service=nid-de-poule&from=2026-01-01&status=open", "sort=-requested"],
    },
    Parser { name: "tile", run: tile, seeds: &["reports/12/1237/1447.pbf", "hexes/0/0/0.pbf"] },
];

impl Parsers {
    /// Over a store that holds a city already. Files are written into the folder.
    pub fn new(store: &Path, folder: &Path) -> Self {
        let catalogue = |services| builtin_catalogue(services).unwrap();
        let catalogues = Catalogues { groups: catalogue(false), quebec: catalogue(true) };
        let limits = Limits { photos_per_hour: u64::MAX / 100, ..Limits::default() };
        let app = App::open(store, catalogues, limits).unwrap();
        let media = folder.join("media");
        let public_config = PublicConfig {
            public_url: None,
            open311_keys: Vec::new(),
            filing_needs_key: false,
            is_production: false,
            contact: None,
            licences: Licences::default(),
            photo_store: PhotoStore::open(media.to_str().unwrap()).unwrap(),
        };
        let state = AppState::new(
            app.clone(),
            WriteAccess::Local,
            PageSettings { basemap: None },
            BackgroundWatch::new(),
            builtin_model().unwrap(),
            public_config,
        );
        while !app.is_ready() {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        Self { folder: folder.to_owned(), router: router(state), runtime }
    }

    /// Writes a file and returns its path.
    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder.join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// Asks the service; a target that is no target is passed over.
    fn ask(&self, method: &str, target: &str, kind: &str, body: &[u8]) {
        let Ok(uri) = target.parse::<Uri>() else { return };
        let request = Request::builder().method(method).uri(uri).header("host", "127.0.0.1");
        let request = request.header("content-type", kind);
        let Ok(request) = request.body(Body::from(body.to_vec())) else { return };
        let answer = self.router.clone().oneshot(request);
        let status = self.runtime.block_on(answer).unwrap().status();
        assert_ne!(status, StatusCode::INTERNAL_SERVER_ERROR, "{method} {target}");
    }

    fn get(&self, target: &str) {
        self.ask("GET", target, "text/plain", b"");
    }
}

/// The bytes as the value of a parameter.
fn encoded(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("%{byte:02x}")).collect()
}

fn read(path: &Path, mapping: Option<&str>) {
    let Ok(source) = SourceFile::open(path, "auto", mapping, &ReadOptions::default()) else {
        return;
    };
    let _damage = source.read(TimeZone::UTC, None, true, &mut |_| true);
}

fn table(parsers: &Parsers, bytes: &[u8]) {
    read(&parsers.file("table", bytes), None);
}

fn mapping(parsers: &Parsers, bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let _ = Profile::parse(&text);
    let row = "sr,opened,kind,place\n1,2026-10-01,Trou,\"46.8,-71.2\"\n";
    read(&parsers.file("mapped.csv", row.as_bytes()), Some(&text));
}

/// A table with one cell of these bytes.
fn cell(parsers: &Parsers, column: &str, bytes: &[u8]) {
    let mut table = csv::Writer::from_writer(Vec::new());
    table.write_record(["sr", "opened", "kind", "place"]).unwrap();
    let cells: [&[u8]; 4] = match column {
        "opened" => [b"1", bytes, b"Trou", b"46.8,-71.2"],
        _ => [b"1", b"2026-10-01", b"Trou", bytes],
    };
    table.write_record(cells).unwrap();
    read(&parsers.file("cell.csv", &table.into_inner().unwrap()), Some(MAPPING));
}

fn time(parsers: &Parsers, bytes: &[u8]) {
    let _ = ReportTime::parse(&String::from_utf8_lossy(bytes), &TimeZone::UTC);
    cell(parsers, "opened", bytes);
}

fn place(parsers: &Parsers, bytes: &[u8]) {
    cell(parsers, "place", bytes);
}

fn projection(_: &Parsers, bytes: &[u8]) {
    if let Ok(projection) = Projection::new(&String::from_utf8_lossy(bytes)) {
        let _ = projection.lon_lat(251_000.0, 5_180_000.0);
        let _ = projection.lon_lat(f64::MAX, f64::MIN);
    }
}

fn boundary(parsers: &Parsers, bytes: &[u8]) {
    let _ = boundaries::read(&parsers.file("areas.geojson", bytes), "areas", None);
}

fn documents(_: &Parsers, bytes: &[u8]) {
    let _ = open311::requests(bytes, &TimeZone::UTC);
}

fn model(_: &Parsers, bytes: &[u8]) {
    let _ = read_model(&String::from_utf8_lossy(bytes));
}

fn texts(_: &Parsers, bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    assert_eq!(restored(&defused(&text)), text);
    let _ = street(&text);
    assert!(!matches!(read_tracking(&text), TrackingText::Valid(id) if id.as_str().is_empty()));
}

fn photo(_: &Parsers, bytes: &[u8]) {
    if let Ok(photo) = Photo::read(bytes) {
        let name = photo.name();
        Photo::from_stored(photo.image, &name).unwrap();
    }
}

fn store(parsers: &Parsers, bytes: &[u8]) {
    let (path, copy) = (parsers.file("store.db", bytes), parsers.folder.join("copy.db"));
    let _ = std::fs::remove_file(&copy);
    if let Ok(reader) = Reader::open_unchanged(&path, &copy) {
        let _ = reader.jurisdictions();
        let _ = reader.faults();
    }
}

fn report(parsers: &Parsers, bytes: &[u8]) {
    parsers.ask("POST", "/api/v1/reports", "application/json", bytes);
    parsers.ask("POST", "/api/v1/reports/batch", "application/x-ndjson", bytes);
    parsers.ask("POST", "/api/v1/duplicates/batch", "application/x-ndjson", bytes);
}

fn geojson(parsers: &Parsers, bytes: &[u8]) {
    parsers.ask("POST", "/api/v1/within", "application/json", bytes);
}

fn open311_form(parsers: &Parsers, bytes: &[u8]) {
    let kind = "application/x-www-form-urlencoded";
    parsers.ask("POST", "/open311/v2/requests.xml", kind, bytes);
    parsers.ask("POST", "/open311/v2/servicerequestupdates.json", kind, bytes);
}

fn multipart(parsers: &Parsers, bytes: &[u8]) {
    let kind = "multipart/form-data; boundary=x";
    parsers.ask("POST", "/open311/v2/requests.json", kind, bytes);
    parsers.ask("POST", "/api/v1/media", kind, bytes);
}

fn cql2_text(parsers: &Parsers, bytes: &[u8]) {
    let filter = encoded(bytes);
    parsers.get(&format!("/ogc/collections/reports/items?filter-lang=cql2-text&filter={filter}"));
}

fn cql2_json(parsers: &Parsers, bytes: &[u8]) {
    let filter = encoded(bytes);
    parsers.get(&format!("/ogc/collections/reports/items?filter-lang=cql2-json&filter={filter}"));
}

fn cursor(parsers: &Parsers, bytes: &[u8]) {
    let cursor = encoded(bytes);
    for path in ["reports", "within", "nearest"] {
        parsers.get(&format!("/api/v1/{path}?lon=-71.2&lat=46.8&radius_m=500&cursor={cursor}"));
    }
    parsers.get(&format!("/api/v1/reports?cursor={cursor}"));
}

fn bbox(parsers: &Parsers, bytes: &[u8]) {
    let bbox = encoded(bytes);
    parsers.get(&format!("/api/v1/reports?bbox={bbox}"));
    parsers.get(&format!("/ogc/collections/reports/items?bbox={bbox}"));
    parsers.get(&format!("/open311/v2/requests.json?bbox={bbox}"));
}

fn query(parsers: &Parsers, bytes: &[u8]) {
    let query = String::from_utf8_lossy(bytes);
    for path in ["reports", "stats", "nearest", "hotspots", "duplicates"] {
        parsers.get(&format!("/api/v1/{path}?{query}"));
    }
    parsers.get(&format!("/ogc/collections/reports/items?{query}"));
    parsers.get(&format!("/open311/v2/requests.xml?{query}"));
}

fn tile(parsers: &Parsers, bytes: &[u8]) {
    let path = String::from_utf8_lossy(bytes);
    parsers.get(&format!("/tiles/{path}"));
    parsers.get(&format!("/media/{path}"));
    parsers.get(&format!("/api/v1/reports/{path}"));
}
