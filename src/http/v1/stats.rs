//! Counts under a filter.

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Serialize;

use crate::config::Limits;
use crate::domain::{Catalogue, Filter, ServiceCode, Vocabulary, days_between};
use crate::error::{Refusal, Result};
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
use crate::index::{BoundaryIndex, Snapshot};
use crate::message;
use crate::query::{self, Count, Stats};
use crate::usecase::City;
use crate::usecase::reports::check_areas;
use crate::usecase::watch::standing_filter;

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
        check_areas(snapshot, &filter)?;
        let areas = boundary_set(snapshot, areas.as_deref())?;
        let (counts, days) = count(snapshot, (&filter, areas), city, &state.app.limits);
        let services = filter.services.as_deref();
        // The watch examines the whole city of the present; only services select among its results.
        let by_service = Filter { services: filter.services.clone(), ..standing_filter() };
        let is_watched = filter == Filter { incidents: filter.incidents, ..by_service };
        let alerts = watched.alerts().filter(|_| is_watched).map(|found| {
            let is_counted = |code: &ServiceCode| services.is_none_or(|list| list.contains(code));
            found.alerts.iter().filter(|alert| is_counted(&alert.service)).count()
        });
        let hotspots = is_watched.then(|| watched.standing_now(services));
        let catalogue = city.catalogue();
        let revision = snapshot.revision();
        let out = StatsOut::new(&counts, &days, revision, &catalogue, context.language);
        to_json(&StatsOut { hotspots, alerts, ..out })
    })
    .await
}

/// The boundary set of this name.
fn boundary_set<'a>(
    snapshot: &'a Snapshot,
    name: Option<&str>,
) -> Result<Option<&'a BoundaryIndex>> {
    let Some(name) = name else { return Ok(None) };
    let Some(set) = snapshot.boundary_set(name) else {
        let message = message!(
            "n’est pas un découpage de cette ville ; voir /api/v1/boundaries",
            "is not a boundary set of this city; see /api/v1/boundaries"
        );
        return Err(Refusal::new("areas", name, message).into());
    };
    Ok(Some(set))
}

/// Counts the reports that pass a filter, and returns the dates of the daily counts.
fn count(
    snapshot: &Snapshot,
    (filter, areas): (&Filter, Option<&BoundaryIndex>),
    city: &City,
    limits: &Limits,
) -> (Stats, Vec<Date>) {
    let compiled = snapshot.compiled(filter);
    let days = query::time_span(snapshot, &compiled)
        .map(|(first, last)| days_between(first, last, city.zone(), limits.days_max));
    let (starts, dates): (Vec<i64>, Vec<Date>) = days.unwrap_or_default().into_iter().unzip();
    (query::stats(snapshot, &compiled, &starts, areas), dates)
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
