//! The service under load over HTTP: queries and durable writes.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

use crate::api::Api;
use crate::row::{Row, Target};
use crate::server::{Server, beside_constant, script};
use crate::settings::Settings;
use crate::table::{Outcome, Table};
use crate::timing::quantile;

/// A place in the city, and the form of a random one in a script of `wrk`.
const PLACE: [&str; 2] = ["-71.25", "46.82"];
const RANDOM_PLACE: [&str; 2] = ["%.6f", "%.6f"];

/// A kind of query: its name, path and parameters beside the place.
struct Query {
    name: &'static str,
    path: &'static str,
    parameters: &'static [(&'static str, &'static str)],
}

const QUERIES: [Query; 3] = [
    Query {
        name: "nearest",
        path: "/api/v1/nearest",
        parameters: &[("k", "10"), ("status", "open")],
    },
    Query { name: "within 50 m", path: "/api/v1/within", parameters: &[("radius_m", "50")] },
    Query {
        name: "duplicates",
        path: "/api/v1/duplicates",
        parameters: &[("service", "nid-de-poule"), ("text", "gros+trou")],
    },
];

/// Queries and writes on a store, in turns with their peers.
pub fn measure(
    table: &mut Table,
    settings: &Settings,
    reports: usize,
    store: &Path,
    postgres_rate: Option<f64>,
) {
    table.group(reports, "HTTP under load", |table| {
        let server = Server::program(settings, store)?;
        let api = Api::read(&server)?;
        settings.settle(3);
        for Query { name, path, parameters } in QUERIES {
            let work = format!("HTTP {name}, 64 connections");
            table.measure(reports, &work, || {
                let request = |[lon, lat]: [&'static str; 2]| {
                    let place = [("lon", lon), ("lat", lat)];
                    api.get(path, &[&place, parameters].concat())
                };
                let bytes = server.get_ok(&request(PLACE)?)?.body.len();
                let lua = script(settings, "query", &random_places(&request(RANDOM_PLACE)?))?;
                let (ours, theirs) = beside_constant(settings, &server, &lua, bytes)?;
                Ok(Row::new(reports, &work, "/s", ours)
                    .peer(&format!("axum, constant {bytes} B"), Some(theirs))
                    .target(1_000_000, Target::Ratio(0.6)))
            });
        }
        single_writes(table, settings, reports, &server, &api, postgres_rate);
        batch(table, settings, reports, &server, &api);
        Ok(())
    });
}

/// A script that asks for `url` with random places in the city.
fn random_places(url: &str) -> String {
    format!(
        "math.randomseed(7)\nrequest = function()\n  local lon = -71.35 + math.random() * 0.2\n  \
         local lat = 46.78 + math.random() * 0.1\n  \
         return wrk.format('GET', string.format('{url}', lon, lat))\nend\n"
    )
}

/// Median time of one `fdatasync` after 4 KiB, in milliseconds.
fn fdatasync_ms(settings: &Settings) -> Outcome<f64> {
    let mut file = fs::File::create(settings.folder.join("sync.bin"))?;
    let mut times = Vec::new();
    for _ in 0..settings.count(1_000, 10) {
        file.write_all(&[7; 4_096])?;
        let began = Instant::now();
        file.sync_data()?;
        times.push(began.elapsed().as_secs_f64() * 1e3);
    }
    Ok(quantile(&mut times, 0.5))
}

/// A new report at a place that `string.format` or [`str::replacen`] fills in.
const NEW_REPORT: &str =
    r#"{"service_code":"nid-de-poule","lon":%.6f,"lat":%.6f,"description":"Trou profond"}"#;

fn single_writes(
    table: &mut Table,
    settings: &Settings,
    reports: usize,
    server: &Server,
    api: &Api,
    postgres_rate: Option<f64>,
) {
    let path = "/api/v1/reports";
    let prepare = || -> Outcome<_> {
        let [lon, lat] = PLACE;
        let sample = NEW_REPORT.replacen("%.6f", lon, 1).replacen("%.6f", lat, 1);
        api.check_body(path, &sample)?;
        server.post(path, sample.as_bytes())?.expect(201, path)?;
        let lua = format!(
            "math.randomseed(7)\nwrk.method = 'POST'\nrequest = function()\n  return \
             wrk.format(nil, '{path}', nil, string.format('{NEW_REPORT}', -71.35 + math.random() * \
             0.2, 46.78 + math.random() * 0.1))\nend\n"
        );
        script(settings, "post", &lua)
    };
    let (rounds, seconds) = (settings.rounds(), settings.load_seconds());
    let work = "durable POST, 1 client";
    table.measure(reports, work, || {
        let lua = prepare()?;
        let (mut ours, mut sync) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            sync.push(fdatasync_ms(settings)?);
            ours.push(server.load(&lua, 1, seconds)?.median_ms);
        }
        Ok(Row::new(reports, work, "ms", quantile(&mut ours, 0.5))
            .peer("fdatasync of 4 KiB", Some(quantile(&mut sync, 0.5)))
            .target(1_000_000, Target::Ratio(0.5)))
    });
    let work = "durable POST, 16 clients";
    table.measure(reports, work, || {
        let lua = prepare()?;
        let mut ours = Vec::new();
        for _ in 0..rounds {
            ours.push(server.load(&lua, 16, seconds)?.rate);
        }
        Ok(Row::new(reports, work, "/s", quantile(&mut ours, 0.5))
            .peer("PostgreSQL, 16 clients, no HTTP", postgres_rate)
            .target(1_000_000, Target::AtLeast(15_000.0)))
    });
}

/// Reports as lines of JSON.
fn batch_body(rows: usize) -> String {
    let row = |n: usize| {
        let (lon, lat) = (n * 7_919 % 2_000, n * 104_729 % 1_000);
        format!(
            "{{\"service_code\":\"nid-de-poule\",\"lon\":-71.{},\"lat\":46.{},\"description\":\
             \"Trou profond devant le {} de la rue des Érables\"}}\n",
            2_000 + lon,
            7_800 + lat,
            n % 900
        )
    };
    (0..rows).map(row).collect()
}

fn batch(table: &mut Table, settings: &Settings, reports: usize, server: &Server, api: &Api) {
    let work = "durable batch of 200,000 in one request";
    table.measure(reports, work, || {
        let rows = settings.count(200_000, 50);
        let (path, body) = ("/api/v1/reports/batch", batch_body(rows));
        api.check_body("/api/v1/reports", body.lines().next().unwrap_or_default())?;
        let mut rates = Vec::new();
        for _ in 0..settings.rounds() {
            let began = Instant::now();
            let answer = server.post(path, body.as_bytes())?;
            let seconds = began.elapsed().as_secs_f64();
            let answer = answer.expect(200, path)?;
            let text = String::from_utf8_lossy(&answer.body);
            let made = text.lines().filter(|line| line.contains("\"status\":201")).count();
            if made != rows {
                let other = text.lines().find(|line| !line.contains("\"status\":201"));
                let other = other.unwrap_or_default();
                return Err(format!("{made} of {rows} reports were made: {other}").into());
            }
            rates.push(rows as f64 / seconds);
        }
        let row = Row::new(reports, work, "/s", quantile(&mut rates, 0.5));
        Ok(row.target(1_000_000, Target::AtLeast(200_000.0)))
    });
}
