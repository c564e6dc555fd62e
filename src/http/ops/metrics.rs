//! Counters, gauges and latency histograms for `/metrics`.
//!
//! Every label has a bounded set of values, so that no request can make the answer grow: routes are
//! the patterns of the router (`/api/v1/reports/{id}`), everything else is `other`.

#![expect(clippy::indexing_slicing, reason = "tables of one entry for each class and method")]

use std::array;
use std::collections::HashMap;
use std::sync::OnceLock;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use axum::http::{Method, StatusCode};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::prometheus_text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::domain::View;
use crate::usecase::App;

/// Upper bounds of the latency buckets, in seconds: from cached tiles to long statistics.
const BUCKETS: [f64; 15] = [
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0,
    30.0,
];
/// Methods that have a label of their own, and the label of all others.
const METHODS: [&str; 5] = ["GET", "HEAD", "POST", "PATCH", OTHER];
/// Label of requests that no route or no known method fits.
const OTHER: &str = "other";
/// Classes of statuses, by their first digit.
const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StatusLabels {
    status: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    method: &'static str,
    route: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CityLabels {
    jurisdiction: String,
}

type Durations = Family<RouteLabels, Histogram, fn() -> Histogram>;
type CityGauges = Family<CityLabels, Gauge<u64, AtomicU64>>;

/// The histograms of one route by method. Each is made by the first request that needs it: routes
/// that are never used are left out of the answer.
type RouteDurations = [OnceLock<Histogram>; METHODS.len()];

/// What the service has counted since it started.
pub struct Metrics {
    registry: Registry,
    /// Answers by the class of their status.
    answers: [Counter; CLASSES.len()],
    durations: Durations,
    /// Histograms by the pattern of the route; set once the router is made.
    routes: OnceLock<HashMap<&'static str, RouteDurations>>,
    /// Histograms of requests that no route fits.
    unrouted: RouteDurations,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::default();
        let answers = Family::<StatusLabels, Counter>::default();
        let durations = Durations::new_with_constructor(|| Histogram::new(BUCKETS));
        registry.register("pointchaud_http_answers", "Answers by class of status", answers.clone());
        registry.register(
            "http_request_duration_seconds",
            "Time from the head of a request until the head of its answer, by route and method",
            durations.clone(),
        );
        Self {
            registry,
            answers: CLASSES.map(|status| answers.get_or_create_owned(&StatusLabels { status })),
            durations,
            routes: OnceLock::new(),
            unrouted: no_durations(),
        }
    }
}

fn no_durations() -> RouteDurations {
    array::from_fn(|_| OnceLock::new())
}

impl Metrics {
    /// Keeps the patterns of the router. Requests that fit none of them count as `other`.
    pub fn set_routes(&self, paths: impl Iterator<Item = &'static str>) {
        // A second router over the same state has the same routes.
        let _ = self.routes.set(paths.map(|path| (path, no_durations())).collect());
    }

    /// Counts an answer. `route` is the pattern of the router that the request fitted.
    pub fn count(
        &self,
        method: &Method,
        route: Option<&str>,
        status: StatusCode,
        elapsed: Duration,
    ) {
        let class = usize::from(status.as_u16() / 100).clamp(1, CLASSES.len()) - 1;
        self.answers[class].inc();
        let known = route.and_then(|route| self.routes.get()?.get_key_value(route));
        let (route, durations) = match known {
            Some((route, durations)) => (*route, durations),
            None => (OTHER, &self.unrouted),
        };
        let other = METHODS.len() - 1;
        let method = METHODS.iter().position(|name| *name == method.as_str()).unwrap_or(other);
        let labels = RouteLabels { method: METHODS[method], route };
        let histogram =
            durations[method].get_or_init(|| self.durations.get_or_create_owned(&labels));
        histogram.observe(elapsed.as_secs_f64());
    }

    /// Everything in Prometheus' text format 0.0.4.
    pub fn text(&self, app: &App) -> String {
        let mut text = String::new();
        let cities = city_gauges(app);
        let written = encode(&mut text, &self.registry).and_then(|()| encode(&mut text, &cities));
        // Writing into a string does not fail.
        debug_assert!(written.is_ok());
        text
    }
}

/// The gauges of every city, read when they are asked for.
fn city_gauges(app: &App) -> Registry {
    let mut registry = Registry::default();
    let mut gauge = |name: &str, help: &str| {
        let family = CityGauges::default();
        registry.register(name, help, family.clone());
        family
    };
    let reports = gauge("pointchaud_reports", "Reports in the index");
    let revision = gauge("pointchaud_revision", "Revision that the index has read");
    let stored = gauge("pointchaud_stored_revision", "Revision of the store");
    let ready = gauge("pointchaud_ready", "1 once the index has caught up");
    for city in app.cities() {
        let labels = CityLabels { jurisdiction: city.id().to_string() };
        let progress = city.progress();
        let set = |family: &CityGauges, value: u64| family.get_or_create_owned(&labels).set(value);
        set(&reports, city.snapshots(View::Counted).load().len() as u64);
        set(&revision, progress.read);
        set(&stored, progress.stored);
        set(&ready, u64::from(progress.ready));
    }
    registry
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(metrics: &Metrics) -> String {
        let mut text = String::new();
        encode(&mut text, &metrics.registry).unwrap();
        text
    }

    fn metrics() -> Metrics {
        let metrics = Metrics::default();
        metrics.set_routes(["/api/v1/reports", "/api/v1/reports/{id}"].into_iter());
        metrics
    }

    #[test]
    fn a_request_falls_into_the_buckets_of_its_route_and_method() {
        let metrics = metrics();
        let count = |method: Method, status: StatusCode, ms: u64| {
            let elapsed = Duration::from_millis(ms);
            metrics.count(&method, Some("/api/v1/reports/{id}"), status, elapsed);
        };
        count(Method::GET, StatusCode::OK, 2);
        count(Method::GET, StatusCode::NOT_FOUND, 200);
        count(Method::PATCH, StatusCode::OK, 40);
        let text = text(&metrics);
        let labels = "method=\"GET\",route=\"/api/v1/reports/{id}\"";
        for line in [
            format!("http_request_duration_seconds_bucket{{{labels},le=\"0.001\"}} 0"),
            format!("http_request_duration_seconds_bucket{{{labels},le=\"0.0025\"}} 1"),
            format!("http_request_duration_seconds_bucket{{{labels},le=\"0.25\"}} 2"),
            format!("http_request_duration_seconds_bucket{{{labels},le=\"+Inf\"}} 2"),
            format!("http_request_duration_seconds_sum{{{labels}}} 0.202"),
            format!("http_request_duration_seconds_count{{{labels}}} 2"),
            "pointchaud_http_answers_total{status=\"2xx\"} 2".to_owned(),
            "pointchaud_http_answers_total{status=\"4xx\"} 1".to_owned(),
            "pointchaud_http_answers_total{status=\"5xx\"} 0".to_owned(),
            "# TYPE http_request_duration_seconds histogram".to_owned(),
        ] {
            assert!(text.lines().any(|other| other == line), "{line} is not in\n{text}");
        }
        assert!(text.contains("method=\"PATCH\""));
        assert!(!text.contains("route=\"/api/v1/reports\""), "never asked for");
    }

    #[test]
    fn requests_cannot_add_labels() {
        let metrics = metrics();
        for n in 0..1_000 {
            let method = Method::from_bytes(format!("EVIL{n}").as_bytes()).unwrap();
            let path = format!("/api/v1/reports/{n}\"}} 1\nevil{{x=\"");
            for route in [None, Some(path.as_str())] {
                metrics.count(&method, route, StatusCode::NOT_FOUND, Duration::ZERO);
                metrics.count(&Method::GET, route, StatusCode::NOT_FOUND, Duration::ZERO);
            }
        }
        let text = text(&metrics);
        let counts = text.lines().filter(|line| line.contains("_seconds_count"));
        let counts: Vec<&str> = counts.collect();
        assert_eq!(counts.len(), 2, "{text}");
        for method in ["GET", "other"] {
            let labels = format!("{{method=\"{method}\",route=\"other\"}} 2000");
            assert!(counts.iter().any(|line| line.ends_with(&labels)), "{text}");
        }
        assert!(!text.to_lowercase().contains("evil"));
    }

    #[test]
    fn unusual_statuses_do_not_panic() {
        let metrics = metrics();
        for status in [100, 599, 600, 999] {
            let status = StatusCode::from_u16(status).unwrap();
            metrics.count(&Method::GET, None, status, Duration::ZERO);
        }
        let text = text(&metrics);
        assert!(text.contains("{status=\"1xx\"} 1") && text.contains("{status=\"5xx\"} 3"));
    }
}
