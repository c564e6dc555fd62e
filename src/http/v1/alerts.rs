//! Alerts: space–time clusters of one service that have just begun.

use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::{Filter, View, is_counted_id};
use crate::export::areas::{AreaCollection, AreaFeature, figure};
use crate::export::geojson::{MEDIA_TYPE, instant};
use crate::http::openapi::content::geojson;
use crate::http::openapi::description::Tag;
use crate::http::operation::{HandlerResult, Operation};
use crate::http::reply::answer::{CostClass, ResponseInputs, to_json};
use crate::http::request::call::Call;
use crate::http::request::parameter::{group, request};
use crate::http::request::params::{BBOX, INCIDENT_FILTER};
use crate::http::request::reader::{ParameterReader, Read};
use crate::http::v1::hotspots::answer::outline;
use crate::http::v1::members::MEMBERS_MAX;
use crate::http::v1::sentences::{SentenceNames, ratio_of};
use crate::message;
use crate::place::{BBox, H3Cell};
use crate::query::{Alert, AlertLevel};
use crate::usecase::reports::check_areas;
use crate::usecase::watch::Alerts;

/// The operation.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::get("/api/v1/alerts", "alerts", Tag::Maps, alerts)
            .described(
                "Alertes : groupes de demandes inhabituels qui viennent de commencer, dont une \
                 demande au moins passe le filtre.",
                "Alerts: unusual clusters of reports that have just begun, with a report that \
                 passes the filter.",
            )
            .responds_with(&[geojson::<AreaCollection<AlertsHead, AlertOut>>()]),
    ]
}

request! {
    /// The alerts of a city.
    pub struct AlertsRequest {
        filter: Filter = group(AlertFilterParameters::filter),
    }
}

request! {
    /// The parameters of a filter of alerts: those of every filter, and a bounding box.
    pub struct AlertFilterParameters {
        filter: Filter = INCIDENT_FILTER,
        bbox: Option<BBox> = BBOX,
    }
}

impl AlertFilterParameters {
    fn filter(self, reader: &mut ParameterReader<'_>) -> Read<Filter> {
        if !self.filter.incidents {
            let message = message!(
                "n’est pas possible ici : les alertes comptent des incidents",
                "is not possible here: alerts count incidents"
            );
            return Err(reader.refuse("count", "reports", message));
        }
        Ok(Filter { bbox: self.bbox, ..self.filter })
    }
}

async fn alerts(mut call: Call<AlertsRequest>) -> HandlerResult {
    let watched = call.state.watch.city(&call.state.app, &call.city)?;
    call.context.variant.examinations = Some(watched.examinations());
    let found = watched.alerts();
    call.context.view = View::Counted;
    call.respond(MEDIA_TYPE, CostClass::Long, move |inputs, AlertsRequest { filter }| {
        let ResponseInputs { state, city, snapshot, context, .. } = *inputs;
        let catalogue = city.catalogue();
        let names =
            SentenceNames { catalogue: &catalogue, zone: city.zone(), language: context.language };
        check_areas(snapshot, &filter)?;
        let mut features = Vec::new();
        if let Some(found) = found.as_deref() {
            for alert in found.select(snapshot, &filter) {
                let ids: Vec<&str> = alert.members.iter().map(String::as_str).collect();
                let streets = state.app.streets_of(city, &ids)?;
                features.push(feature(alert, found.at, streets, &names));
            }
        }
        let head = AlertsHead::new(found.as_deref());
        let matched = features.len() as u64;
        to_json(&AreaCollection::new(snapshot.revision(), head, matched, features))
    })
    .await
}

/// The members of a collection of alerts about the scan that found them; null before the first
/// scan.
#[derive(Debug, Serialize, JsonSchema)]
struct AlertsHead {
    /// True once the first scan has finished.
    scanned: bool,
    scanned_revision: Option<u64>,
    #[schemars(extend("format" = "date-time"))]
    scanned_to_datetime: Option<String>,
    services_scanned: Option<usize>,
    /// Duration of the scan.
    seconds: Option<f64>,
}

impl AlertsHead {
    fn new(found: Option<&Alerts>) -> Self {
        Self {
            scanned: found.is_some(),
            scanned_revision: found.map(|found| found.revision),
            scanned_to_datetime: found.map(|found| instant(found.at)),
            services_scanned: found.map(|found| found.services),
            seconds: found.map(|found| found.took.as_secs_f64()),
        }
    }
}

/// A cluster of one service that has just begun.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Alert")]
struct AlertOut {
    service_code: String,
    service_name: String,
    explanation: String,
    #[schemars(extend("format" = "date-time"))]
    from: String,
    days: i64,
    count: u32,
    expected: f64,
    /// `count` divided by `expected`; null where `expected` is below 1.
    ratio: Option<f64>,
    log_likelihood_ratio: f64,
    /// 0 to 1.
    #[schemars(extend("x-fr" = "0 à 1."))]
    p: f64,
    /// Mean number of days between clusters that are as unlikely by chance alone.
    #[schemars(extend(
        "x-fr" = "Nombre moyen de jours entre des groupes aussi improbables, par hasard seul."
    ))]
    recurrence_days: f64,
    service_request_ids: Vec<String>,
    level: AlertLevelOut,
    streets: Vec<String>,
}

/// How unlikely an alert is.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
enum AlertLevelOut {
    /// Expected less than once a year by chance.
    Alert,
    /// Expected more often.
    Watch,
}

/// The feature of an alert whose period ends at `at`, in Unix time.
fn feature(
    alert: &Alert,
    at: i64,
    streets: Vec<String>,
    names: &SentenceNames<'_>,
) -> AreaFeature<AlertOut> {
    let days = alert.days(at);
    let cell = alert.cells.first().map(H3Cell::to_string).unwrap_or_default();
    let id = format!("{}-{cell}-{days}", alert.service);
    let listed = alert.members.iter().filter(|id| !is_counted_id(id));
    let properties = AlertOut {
        service_code: alert.service.to_string(),
        service_name: names.service(alert.service.as_str()).to_owned(),
        explanation: names.alert(alert, days, &streets),
        from: instant(alert.from),
        days,
        count: alert.count,
        expected: figure(alert.expected),
        ratio: ratio_of(u64::from(alert.count), alert.expected),
        log_likelihood_ratio: figure(alert.log_likelihood_ratio),
        p: figure(alert.p),
        recurrence_days: figure(alert.recurrence_days),
        service_request_ids: listed.take(MEMBERS_MAX).cloned().collect(),
        level: match alert.level() {
            AlertLevel::Alert => AlertLevelOut::Alert,
            AlertLevel::Watch => AlertLevelOut::Watch,
        },
        streets,
    };
    AreaFeature::new(id, outline(&alert.cells), properties)
}
