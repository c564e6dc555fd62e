//! The protocols that others have written, over HTTP, and exports.

use std::fs;
use std::path::Path;
use std::time::Instant;

use axum::body::{Body, to_bytes};
use axum::http::Request;
use pointchaud::config::Limits;
use pointchaud::http::{Access, AppState, PageSettings, PublicConfig, router};
use pointchaud::ingest::{builtin_catalogue, builtin_model};
use pointchaud::media::PhotoStore;
use pointchaud::usecase::watch::BackgroundWatch;
use pointchaud::usecase::{App, Catalogues};
use tower::ServiceExt;

use crate::clock::quantile;
use crate::service::{Server, row, run, script};
use crate::table::{Row, Target};

/// Questions of each kind.
const TIMES: usize = 40;

/// Milliseconds of each question, over one connection after another.
fn timed(server: &Server, paths: impl Iterator<Item = String>) -> Vec<f64> {
    let one = |path: String| {
        let began = Instant::now();
        let answer = server.get(&path);
        assert!(answer.starts_with(b"HTTP/1.1 200"), "{path}");
        began.elapsed().as_secs_f64() * 1e3
    };
    paths.map(one).collect()
}

fn most(size: usize, work: &str, mut taken: Vec<f64>, most: f64) -> Row {
    let p99 = Some(quantile(&mut taken, 0.99));
    let target = (size == 1_000_000).then_some(Target::Most(most));
    Row { p99, target, ..row(size, work, "ms", quantile(&mut taken, 0.5)) }
}

/// Pages and tiles asked for once each, so that none is kept from before.
fn questions(size: usize, server: &Server) -> Vec<Row> {
    let items = "/ogc/collections/reports/items?limit=1000";
    let first = (0..TIMES).map(|_| items.to_owned());
    // Cursors all over the year, of walks that began when everything was there.
    let all = size * 10;
    let deep = (0..TIMES as u64)
        .map(|n| format!("{items}&cursor={}.{all}~x", 1_765_000_000 + n * 700_000));
    let boxed = (0..TIMES).map(|n| format!("{items}&bbox=-71.{},46.78,-71.2,46.88", 26 + n % 10));
    let cql = (0..TIMES)
        .map(|n| format!("{items}&filter=service_code%3D'lampadaire'%20AND%20channel%3C%3E'c{n}'"));
    let xml = (0..TIMES).map(|n| format!("/open311/v2/requests.xml?page={}", n + 1));
    let late = (0..TIMES).map(|n| {
        format!(
            "/open311/v2/requests.xml?start_date=2026-06-01&end_date=2026-08-29&page={}",
            n + 150
        )
    });
    let tile = |layer: &'static str, z: u32| {
        let (x, y) = if z == 12 { (1237, 1443) } else { (4950, 5772) };
        (0..TIMES).map(move |n| {
            let (month, day) = (1 + n / 28, 1 + n % 28);
            format!(
                "/tiles/{layer}/{z}/{x}/{y}.mvt?service=voirie,neige&from=2026-0{month}-{day:02}"
            )
        })
    };
    vec![
        most(size, "OGC items, 1,000 newest", timed(server, first), 5.0),
        most(size, "OGC items, 1,000 far back", timed(server, deep), 5.0),
        most(size, "OGC items, 1,000 in a box", timed(server, boxed), 5.0),
        most(size, "OGC items, 1,000 under CQL2", timed(server, cql), 5.0),
        most(size, "Open311, 1,000 requests in XML", timed(server, xml), 15.0),
        most(size, "Open311, pages from 150 on", timed(server, late), 15.0),
        most(
            size,
            "tile of clusters, zoom 12, new filter",
            timed(server, tile("clusters", 12)),
            5.0,
        ),
        most(size, "tile of reports, zoom 14, new filter", timed(server, tile("reports", 14)), 5.0),
        most(size, "tile of hexes, zoom 12, new filter", timed(server, tile("hexes", 12)), 5.0),
    ]
}

/// A tile that is kept, without a connection: what the service itself takes, in microseconds.
fn in_process(folder: &Path, size: usize, store: &Path) -> Row {
    let read = |services| builtin_catalogue(services).unwrap();
    let catalogues = Catalogues { groups: read(false), quebec: read(true) };
    let app = App::open(store, catalogues, Limits::default()).unwrap();
    let public_config = PublicConfig {
        public_url: None,
        open311_keys: Vec::new(),
        contact: None,
        photo_store: PhotoStore::open(&folder.join("media").display().to_string()).unwrap(),
    };
    let page = PageSettings { basemap: None };
    let model = builtin_model().unwrap();
    let site = AppState::new(
        app.clone(),
        Access::Local,
        page,
        BackgroundWatch::new(),
        model,
        public_config,
    );
    let service = router(site);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let url = "/tiles/clusters/12/1237/1443.mvt?service=voirie";
    let one = async || {
        let request = Request::get(url).header("host", "x").body(Body::empty()).unwrap();
        let began = Instant::now();
        let answer = service.clone().oneshot(request).await.unwrap();
        let status = answer.status();
        let body = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
        let taken = began.elapsed().as_secs_f64() * 1e6;
        assert!(status == 200 && !body.is_empty(), "{status}");
        taken
    };
    let mut taken = runtime.block_on(async {
        while service
            .clone()
            .oneshot(Request::get("/readyz").body(Body::empty()).unwrap())
            .await
            .unwrap()
            .status()
            != 200
        {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        one().await;
        let mut all = Vec::new();
        for _ in 0..20_000 {
            all.push(one().await);
        }
        all
    });
    app.stop();
    let p99 = Some(quantile(&mut taken, 0.99));
    let target = (size == 1_000_000).then_some(Target::Most(40.0));
    let median = quantile(&mut taken, 0.5);
    Row { p99, target, ..row(size, "tile, kept, in process", "µs", median) }
}

/// A tile that is kept, for 64 connections, beside a constant answer of its size.
fn warm(folder: &Path, size: usize, server: &Server, seconds: usize) -> Option<Row> {
    let url = "/tiles/clusters/12/1237/1443.mvt?service=voirie";
    let lua = format!("request = function()\n  return wrk.format('GET', '{url}')\nend\n");
    let lua = script(folder, "tile", &lua);
    let bytes = server.get(url).len();
    let constant = Server::constant(bytes);
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        ours.push(server.wrk(&lua, 64, seconds)?.0);
        theirs.push(constant.wrk(&lua, 64, seconds)?.0);
    }
    Some(Row {
        peer: Some((format!("axum, constant {bytes} B"), quantile(&mut theirs, 0.5))),
        target: Some(Target::Ratio(0.6)),
        ..row(size, "HTTP tile, kept, 64 connections", "/s", quantile(&mut ours, 0.5))
    })
}

fn exports(folder: &Path, size: usize, store: &Path) -> Vec<Row> {
    let store = format!("sqlite:{}", store.display());
    let least = [("geojson", 300_000.0), ("geoparquet", 500_000.0), ("csv", 0.0), ("gpkg", 0.0)];
    let one = |(format, least): (&str, f64)| {
        let path = folder.join(format!("export.{format}"));
        let output = path.display().to_string();
        let mut rates: Vec<f64> = (0..3)
            .map(|_| {
                let _ = fs::remove_file(&path);
                let words = ["export", "--store", &store, "--format", format, "--output", &output];
                size as f64 / run(&words)
            })
            .collect();
        let _ = fs::remove_file(&path);
        let target = (least > 0.0).then_some(Target::Least(least));
        Row { target, ..row(size, &format!("export, {format}"), "/s", quantile(&mut rates, 0.5)) }
    };
    least.into_iter().map(one).collect()
}

/// All of it, on a store.
pub fn rows(folder: &Path, size: usize, store: &Path, seconds: usize) -> Vec<Row> {
    let server = Server::program(store);
    // At first runs of the boot are merged and the year is scanned beside the questions.
    let rested = || {
        let told = server.get("/api/v1/alerts");
        told.windows(14).any(|part| part == b"\"scanned\":true")
    };
    for _ in 0..60 {
        std::thread::sleep(std::time::Duration::from_secs(1));
        if rested() {
            break;
        }
    }
    let mut rows = questions(size, &server);
    rows.extend(warm(folder, size, &server, seconds));
    drop(server);
    rows.push(in_process(folder, size, store));
    rows.extend(exports(folder, size, store));
    rows
}
