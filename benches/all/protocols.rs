//! The standard protocols over HTTP (OGC API, Open311, vector tiles), and the exports.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use axum::body::{Body, to_bytes};
use axum::http::Request;
use jiff::{Timestamp, ToSpan, tz::TimeZone};
use pointchaud::config::Limits;
use pointchaud::http::{AppState, Licences, PageSettings, PublicConfig, WriteAccess, router};
use pointchaud::ingest::{builtin_catalogue, builtin_model};
use pointchaud::media::PhotoStore;
use pointchaud::usecase::watch::BackgroundWatch;
use pointchaud::usecase::{App, Catalogues};
use serde::Deserialize;
use tower::ServiceExt;

use crate::api::Api;
use crate::row::{Row, Target};
use crate::server::{Server, beside_constant, run, script};
use crate::settings::Settings;
use crate::table::{Outcome, Table};
use crate::timing::quantile;

const ITEMS: &str = "/ogc/collections/reports/items";
const REQUESTS: &str = "/open311/v2/requests.xml";
const TILE: &str = "/tiles/clusters/12/1237/1443.mvt";

/// Reports of a city below which a tile may be empty, because no report of some days lies in it.
const EMPTY_BELOW: usize = 100_000;

/// The date that many days ago. The generated city spans the last year.
fn days_ago(days: i64) -> String {
    let today = Timestamp::now().to_zoned_datetime(TimeZone::UTC).date();
    today.saturating_sub(days.days()).to_string()
}

/// What the requests are made from.
struct Requests<'a> {
    server: &'a Server,
    api: Api,
    size: usize,
    /// Requests of each kind.
    times: usize,
    /// Features on a page; fewer in a smoke run, so that there are several pages.
    limit: String,
}

/// The part of a page of features that leads to the next one.
#[derive(Deserialize)]
struct Page {
    links: Vec<Link>,
}

#[derive(Deserialize)]
struct Link {
    rel: String,
    href: String,
}

impl Requests<'_> {
    /// Pages of OGC features with these parameters for each number.
    fn items(&self, more: impl Fn(usize) -> Vec<(&'static str, String)>) -> Outcome<Vec<String>> {
        let one = |n: usize| {
            let more = more(n);
            let mut query = vec![("limit", self.limit.as_str())];
            query.extend(more.iter().map(|(name, value)| (*name, value.as_str())));
            self.api.get(ITEMS, &query)
        };
        (0..self.times).map(one).collect()
    }

    /// Pages far behind the first one, evenly over the whole walk through the collection.
    fn far_back(&self) -> Outcome<Vec<String>> {
        let mut path = self.api.get(ITEMS, &[("limit", &self.limit)])?;
        let mut pages = Vec::new();
        for _ in 0..self.size {
            let page: Page = serde_json::from_slice(&self.server.get_ok(&path)?.body)?;
            let Some(next) = page.links.into_iter().find(|link| link.rel == "next") else { break };
            let at = next.href.find(ITEMS).ok_or("the next page is another collection")?;
            next.href[at..].clone_into(&mut path);
            pages.push(path.clone());
        }
        let step = (pages.len() / self.times).max(1);
        let far: Vec<String> = pages.into_iter().skip(step / 2).step_by(step).collect();
        if far.len() < self.times {
            return Err(format!("only {} pages follow the first one", far.len()).into());
        }
        Ok(far)
    }

    /// Pages of Open311 requests from page `first` on.
    fn requests(&self, first: usize, more: &[(&str, String)]) -> Outcome<Vec<String>> {
        let one = |n: usize| {
            let page = (first + n).to_string();
            let mut query: Vec<(&str, &str)> = vec![("page", &page)];
            query.extend(more.iter().map(|(name, value)| (*name, value.as_str())));
            self.api.get(REQUESTS, &query)
        };
        (0..self.times).map(one).collect()
    }

    /// A tile under filters that were never used before.
    fn tiles(&self, path: &str) -> Outcome<Vec<String>> {
        let one = |n: usize| {
            let from = days_ago(325 - n as i64);
            self.api.get(path, &[("service", "voirie,neige"), ("from", &from)])
        };
        (0..self.times).map(one).collect()
    }

    /// Times the requests one after the other, each on a connection of its own.
    fn row(&self, work: &str, most_ms: f64, paths: Vec<String>) -> Outcome<Row> {
        let mut times = Vec::new();
        for path in paths {
            let began = Instant::now();
            let answer = self.server.get(&path).ok_or_else(|| format!("GET {path}: no answer"))?;
            if self.size >= EMPTY_BELOW || answer.status != 204 {
                answer.expect(200, &path)?;
            }
            times.push(began.elapsed().as_secs_f64() * 1e3);
        }
        let p99 = quantile(&mut times, 0.99);
        let row = Row::new(self.size, work, "ms", quantile(&mut times, 0.5)).p99(p99);
        Ok(row.target(1_000_000, Target::AtMost(most_ms)))
    }

    /// The rows of single requests, each path asked for once, so that no answer was cached.
    fn measure(&self, table: &mut Table) {
        let bbox = |n: usize| vec![("bbox", format!("-71.{},46.78,-71.2,46.88", 26 + n % 10))];
        let cql = |n: usize| {
            let filter = format!("service_code%3D'lampadaire'%20AND%20channel%3C%3E'c{n}'");
            vec![("filter", filter)]
        };
        let window = [("start_date", days_ago(176)), ("end_date", days_ago(87))];
        // Page 150 of a million reports a year lies behind the middle of the window.
        let late = self.size / 6_666 + usize::from(self.size < 6_666);
        let mut row = |work: &str, most_ms: f64, paths: &dyn Fn() -> Outcome<Vec<String>>| {
            table.measure(self.size, work, || self.row(work, most_ms, paths()?));
        };
        row("OGC items, 1,000 newest", 5.0, &|| self.items(|_| Vec::new()));
        row("OGC items, 1,000 far back", 5.0, &|| self.far_back());
        row("OGC items, 1,000 in a box", 5.0, &|| self.items(bbox));
        row("OGC items, 1,000 under CQL2", 5.0, &|| self.items(cql));
        row("Open311, 1,000 requests in XML", 15.0, &|| self.requests(1, &[]));
        row("Open311, pages from 150 on", 15.0, &|| self.requests(late, &window));
        row("tile of clusters, zoom 12, new filter", 5.0, &|| self.tiles(TILE));
        row("tile of reports, zoom 14, new filter", 5.0, &|| {
            self.tiles("/tiles/reports/14/4950/5772.mvt")
        });
        row("tile of hexes, zoom 12, new filter", 5.0, &|| {
            self.tiles("/tiles/hexes/12/1237/1443.mvt")
        });
    }

    /// A cached tile for 64 connections, beside a constant answer of its size.
    fn cached_tile(&self, settings: &Settings, work: &str) -> Outcome<Row> {
        let url = self.api.get(TILE, &[("service", "voirie")])?;
        let lua = format!("request = function()\n  return wrk.format('GET', '{url}')\nend\n");
        let lua = script(settings, "tile", &lua)?;
        let bytes = self.server.get_ok(&url)?.body.len();
        let (ours, theirs) = beside_constant(settings, self.server, &lua, bytes)?;
        Ok(Row::new(self.size, work, "/s", ours)
            .peer(&format!("axum, constant {bytes} B"), Some(theirs))
            .target(1_000_000, Target::Ratio(0.6)))
    }
}

/// The whole service without a connection.
fn service(settings: &Settings, store: &Path) -> Outcome<(std::sync::Arc<App>, axum::Router)> {
    let catalogues =
        Catalogues { groups: builtin_catalogue(false)?, quebec: builtin_catalogue(true)? };
    let app = App::open(store, catalogues, Limits::default())?;
    let public_config = PublicConfig {
        public_url: None,
        open311_keys: Vec::new(),
        filing_needs_key: false,
        is_production: false,
        contact: None,
        licences: Licences::default(),
        photo_store: PhotoStore::open(&settings.folder.join("media").display().to_string())?,
    };
    let state = AppState::new(
        app.clone(),
        WriteAccess::Local,
        PageSettings { basemap: None },
        BackgroundWatch::new(),
        builtin_model()?,
        public_config,
    );
    Ok((app, router(state)))
}

/// Microseconds of a cached tile inside the service, without a connection.
fn cached_tile_us(settings: &Settings, store: &Path) -> Outcome<Vec<f64>> {
    let (app, service) = service(settings, store)?;
    let get = async |url: &str| -> Outcome<(u16, usize, f64)> {
        let request = Request::get(url).header("host", "x").body(Body::empty())?;
        let began = Instant::now();
        let answer = service.clone().oneshot(request).await?;
        let status = answer.status().as_u16();
        let body = to_bytes(answer.into_body(), 1 << 20).await?;
        Ok((status, body.len(), began.elapsed().as_secs_f64() * 1e6))
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let times = runtime.block_on(async {
        while get("/readyz").await?.0 != 200 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let url = format!("{TILE}?service=voirie");
        get(&url).await?;
        let mut times = Vec::new();
        for _ in 0..settings.count(20_000, 20) {
            let (status, bytes, us) = get(&url).await?;
            if status != 200 || bytes == 0 {
                return Err(format!("{url} was answered {status} with {bytes} bytes").into());
            }
            times.push(us);
        }
        Ok(times)
    });
    app.stop();
    times
}

/// Exports of the whole store by the command, in reports a second.
fn exports(table: &mut Table, settings: &Settings, size: usize, store: &Path) {
    let store = format!("sqlite:{}", store.display());
    let formats = [("geojson", 300_000.0), ("geoparquet", 500_000.0), ("csv", 0.0), ("gpkg", 0.0)];
    for (format, least) in formats {
        let work = format!("export, {format}");
        table.measure(size, &work, || {
            let path = settings.folder.join(format!("export.{format}"));
            let output = path.display().to_string();
            let mut rates = Vec::new();
            for _ in 0..settings.rounds() {
                let _ = fs::remove_file(&path);
                let words = ["export", "--store", &store, "--format", format, "--output", &output];
                rates.push(size as f64 / run(&words)?);
            }
            let bytes = fs::metadata(&path)?.len();
            fs::remove_file(&path)?;
            if bytes < size as u64 {
                return Err(format!("{size} reports in {bytes} bytes").into());
            }
            let row = Row::new(size, &work, "/s", quantile(&mut rates, 0.5));
            let has_target = least > 0.0;
            Ok(if has_target { row.target(1_000_000, Target::AtLeast(least)) } else { row })
        });
    }
}

/// Waits until the segments of the boot are merged and the first scan for alerts is done.
fn wait_for_first_scan(server: &Server) {
    for _ in 0..240 {
        let answer = server.get("/api/v1/alerts");
        let is_done = |body: &[u8]| String::from_utf8_lossy(body).contains("\"scanned\":true");
        if answer.is_some_and(|answer| is_done(&answer.body)) {
            return;
        }
        std::thread::sleep(Duration::from_millis(250));
    }
}

/// All rows, on a store of `size` reports.
pub fn measure(table: &mut Table, settings: &Settings, size: usize, store: &Path) {
    table.group(size, "the protocols over HTTP", |table| {
        let server = Server::program(settings, store)?;
        let api = Api::read(&server)?;
        wait_for_first_scan(&server);
        let limit = settings.count(1_000, 100).to_string();
        let times = settings.count(40, 2);
        let requests = Requests { server: &server, api, size, times, limit };
        requests.measure(table);
        let work = "HTTP tile, cached, 64 connections";
        table.measure(size, work, || requests.cached_tile(settings, work));
        Ok(())
    });
    let work = "tile, cached, in process";
    table.measure(size, work, || {
        let mut times = cached_tile_us(settings, store)?;
        let p99 = quantile(&mut times, 0.99);
        let row = Row::new(size, work, "µs", quantile(&mut times, 0.5)).p99(p99);
        Ok(row.target(1_000_000, Target::AtMost(40.0)))
    });
    exports(table, settings, size, store);
}
