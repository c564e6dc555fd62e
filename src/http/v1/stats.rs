//! Counts under a filter.

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::{Catalogue, Filter, Vocabulary};
use crate::export::geojson::instant;
use crate::http::openapi::content::json;
use crate::http::openapi::description::Tag;
use crate::http::operation::{HandlerResult, Operation};
use crate::http::reply::answer::{CostClass, JSON, ResponseInputs, to_json};
use crate::http::reply::counts::Counts;
use crate::http::request::call::Call;
use crate::http::request::parameter::request;
use crate::http::request::params::{BOXED_FILTER, text};
use crate::i18n::Language;
use crate::query::{Count, Stats};
use crate::usecase::stats::CityStats;
use crate::usecase::watch::WatchCounts;

/// The operation.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::get("/api/v1/stats", "stats", Tag::Places, stats)
            .described(
                "Nombres de demandes par service, état, secteur et jour ; délais de fermeture.",
                "Numbers of reports by service, status, area and day; times to close.",
            )
            .responds_with(&[json::<StatsOut<'_>>()]),
    ]
}

request! {
    /// Counts under a filter.
    pub struct StatsRequest {
        filter: Filter = BOXED_FILTER,
        areas: Option<String> = text("areas").described(
            "Le découpage par lequel compter ; voir /api/v1/boundaries.",
            "The boundary set to count by; see /api/v1/boundaries.",
        ),
    }
}

async fn stats(mut call: Call<StatsRequest>) -> HandlerResult {
    let watched = call.state.watch.city(&call.state.app, &call.city)?;
    call.context.variant.examinations = Some(watched.examinations());
    call.respond(JSON, CostClass::Long, move |inputs, StatsRequest { filter, areas }| {
        let ResponseInputs { state, city, snapshot, context } = *inputs;
        let days_max = state.app.limits.days_max;
        let asked = (&filter, areas.as_deref());
        let CityStats { counts, days } = CityStats::count(snapshot, city, asked, days_max)?;
        let WatchCounts { hotspots, alerts } = watched.counts(&filter);
        let catalogue = city.catalogue();
        let revision = snapshot.revision();
        let out = StatsOut::new(&counts, &days, revision, &catalogue, context.language);
        to_json(&StatsOut { hotspots, alerts, ..out })
    })
    .await
}

/// Counts under a filter.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Stats")]
struct StatsOut<'a> {
    /// The revision of the city that the counts reflect.
    as_of: u64,
    total: u64,
    open: u64,
    /// Reports with an exact position.
    exact: u64,
    /// Reports at a default position of their source, such as a city hall.
    approximate: u64,
    /// Reports without a position.
    unlocated: u64,
    #[schemars(extend("format" = "date-time"))]
    oldest_open_datetime: Option<String>,
    /// Quartiles and 90th percentile of the time from creation to closing, in hours.
    hours_to_close: Option<HoursToClose>,
    status: Counts<'a>,
    closed_reason: Counts<'a>,
    nature: Counts<'a>,
    channel: Counts<'a>,
    service: Vec<ServiceCount<'a>>,
    area: Vec<AreaCount<'a>>,
    day: Vec<DayCount>,
    /// Number of standing hotspots of these services; null where the filter restricts anything
    /// else, because they are found in the whole city.
    hotspots: Option<usize>,
    /// Number of alerts of these services; null before the first scan, and where the number of
    /// hotspots is.
    alerts: Option<usize>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct HoursToClose {
    p25: f64,
    p50: f64,
    p75: f64,
    p90: f64,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct ServiceCount<'a> {
    code: &'a str,
    name: &'a str,
    group: &'a str,
    count: u64,
    open: u64,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct AreaCount<'a> {
    name: &'a str,
    count: u64,
    open: u64,
    /// Longitude and latitude of the mean position of its reports.
    center: Option<[f64; 2]>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct DayCount {
    #[schemars(extend("format" = "date"))]
    date: String,
    count: u64,
}

impl<'a> StatsOut<'a> {
    /// The counts, with no hotspots and alerts yet.
    fn new(
        stats: &'a Stats,
        days: &[Date],
        as_of: u64,
        catalogue: &'a Catalogue,
        language: Language,
    ) -> Self {
        let service = |count: &'a Count| {
            let service = catalogue.get(&count.name);
            ServiceCount {
                code: &count.name,
                name: service.map_or(&*count.name, |service| language.pick(&service.names)),
                group: service.map_or("", |service| &service.group),
                count: count.count,
                open: count.open,
            }
        };
        let area = |count: &'a Count| AreaCount {
            name: &count.name,
            count: count.count,
            open: count.open,
            center: count.center.map(|(lon, lat)| [label_degrees(lon), label_degrees(lat)]),
        };
        let days = days.iter().zip(&stats.days);
        Self {
            as_of,
            total: stats.total,
            open: stats.open,
            exact: stats.exact,
            approximate: stats.approximate,
            unlocated: stats.unlocated,
            oldest_open_datetime: stats.oldest_open.map(instant),
            hours_to_close: stats.seconds_to_close.map(HoursToClose::new),
            status: words(&stats.statuses),
            closed_reason: words(&stats.reasons),
            nature: words(&stats.natures),
            channel: words(&stats.channels),
            service: stats.services.iter().map(service).collect(),
            area: stats.areas.iter().map(area).collect(),
            day: days.map(|(day, n)| DayCount { date: day.to_string(), count: *n }).collect(),
            hotspots: None,
            alerts: None,
        }
    }
}

impl HoursToClose {
    fn new([p25, p50, p75, p90]: [i64; 4]) -> Self {
        let hours = |seconds: i64| (seconds as f64 / 360.0).round() / 10.0;
        Self { p25: hours(p25), p50: hours(p50), p75: hours(p75), p90: hours(p90) }
    }
}

fn words<V: Vocabulary>(list: &[(V, u64)]) -> Counts<'static> {
    Counts(list.iter().map(|(value, n)| (value.word(), *n)).collect())
}

/// A coordinate rounded to about one metre, for placing labels.
fn label_degrees(value: f64) -> f64 {
    (value * 1e5).round() / 1e5
}
