//! Recurrences: places where the same problem was reported again after a repair.

use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::Filter;
use crate::error::Result;
use crate::export::areas::{AreaCollection, AreaFeature, AreaGeometry, drawn, figure};
use crate::export::geojson::{MEDIA_TYPE, instant};
use crate::http::openapi::content::geojson;
use crate::http::openapi::description::Tag;
use crate::http::operation::{HandlerResult, Operation};
use crate::http::reply::answer::{CostClass, ResponseInputs, to_json};
use crate::http::request::call::Call;
use crate::http::request::context::RequestContext;
use crate::http::request::parameter::query;
use crate::http::request::parameter::request;
use crate::http::request::params::{BOXED_FILTER, LIMIT};
use crate::http::request::types::number;
use crate::http::state::AppState;
use crate::http::v1::members::members;
use crate::http::v1::sentences::SentenceNames;
use crate::index::{DocAddress, Snapshot};
use crate::query::Recurrence;
use crate::usecase::City;
use crate::usecase::recurrences::{FoundRecurrences, RecurrenceSearch};

const DAY: i64 = 86_400;

/// The operation.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::get("/api/v1/recurrences", "recurrences", Tag::Maps, list)
            .described(
                "Lieux où un problème revient après sa réparation ; area, bbox et status \
                 choisissent parmi ceux de la ville.",
                "Places where a problem comes back after its repair; area, bbox and status select \
                 among those of the city.",
            )
            .responds_with(&[geojson::<AreaCollection<RecurrencesHead, RecurrenceOut<'_>>>()]),
    ]
}

request! {
    /// Places where repairs did not last.
    pub struct RecurrencesRequest {
        radius_m: f64 = query("radius_m", number(0.1, 500.0)).default(15.0).example("15").described(
            "Distance maximale entre la réparation et la nouvelle demande, en mètres.",
            "Maximum distance between the repair and the new report, in metres.",
        ),
        days: i64 = query("within_days", number(1, 366)).default(60).example("60").described(
            "Nombre maximal de jours entre la réparation et la nouvelle demande.",
            "Maximum number of days between the repair and the new report.",
        ),
        chronic_from: u64 = query("chronic_from", number(1, 1_000)).default(3).example("2")
            .described(
            "Nombre de réparations sans effet durable à partir duquel un lieu est chronique.",
            "Number of failed repairs from which a place is chronic.",
        ),
        limit: usize = LIMIT,
        filter: Filter = BOXED_FILTER,
    }
}

async fn list(call: Call<RecurrencesRequest>) -> HandlerResult {
    call.respond(MEDIA_TYPE, CostClass::Long, |inputs, request| {
        let ResponseInputs { state, city, snapshot, context, .. } = *inputs;
        answer(state, city, snapshot, request, context)
    })
    .await
}

fn answer(
    state: &AppState,
    city: &City,
    snapshot: &Snapshot,
    request: RecurrencesRequest,
    context: &RequestContext,
) -> Result<Vec<u8>> {
    let RecurrencesRequest { radius_m, days, chronic_from, limit, filter } = request;
    let search = RecurrenceSearch { filter, radius_m, within_days: days, chronic_from };
    let catalogue = city.catalogue();
    let FoundRecurrences { found, services_left_out } = search.find(snapshot, &catalogue)?;
    let names =
        SentenceNames { catalogue: &catalogue, zone: city.zone(), language: context.language };
    let shown = found.places.get(..found.places.len().min(limit)).unwrap_or_default();
    let mut features = Vec::with_capacity(shown.len());
    for place in shown {
        let address = state.app.address_of((city, context.view), snapshot, place)?;
        features.push(feature(snapshot, place, address, &names));
    }
    let head = RecurrencesHead {
        repairs: found.repairs,
        failed_fixes: found.failed,
        failed_share: figure(found.failed_share()),
        services_left_out,
        radius_m,
        within_days: days,
    };
    let matched = found.places.len() as u64;
    to_json(&AreaCollection::new(snapshot.revision(), head, matched, features))
}

/// The members of a collection of recurrences besides its features.
#[derive(Debug, Serialize, JsonSchema)]
struct RecurrencesHead {
    /// Number of repairs that were examined.
    repairs: u64,
    /// Number of repairs after which the same problem was reported again.
    failed_fixes: u64,
    failed_share: f64,
    /// Services whose reports are appointments; they are examined only if the filter names them.
    services_left_out: Vec<String>,
    radius_m: f64,
    within_days: i64,
}

/// A place where repairs did not last.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Recurrence")]
struct RecurrenceOut<'a> {
    service_code: &'a str,
    service_name: String,
    address: Option<String>,
    failed_fixes: u64,
    /// Shortest time from a repair to the next report, in days.
    shortest_days: f64,
    chronic: bool,
    count: usize,
    open: u64,
    #[schemars(extend("format" = "date-time"))]
    first_datetime: Option<String>,
    #[schemars(extend("format" = "date-time"))]
    last_datetime: Option<String>,
    service_request_ids: Vec<&'a str>,
}

/// The feature of a place where repairs did not last.
fn feature<'a>(
    snapshot: &'a Snapshot,
    place: &Recurrence,
    address: Option<String>,
    names: &SentenceNames<'_>,
) -> AreaFeature<RecurrenceOut<'a>> {
    let code = snapshot.service_code(place.service);
    let first = place.members.first().map(|address| snapshot.id(*address)).unwrap_or_default();
    let time =
        |address: Option<&DocAddress>| address.map(|address| instant(snapshot.requested(*address)));
    let properties = RecurrenceOut {
        service_code: code,
        service_name: names.service(code).to_owned(),
        address,
        failed_fixes: place.failed,
        shortest_days: figure(place.shortest_s as f64 / DAY as f64),
        chronic: place.is_chronic,
        count: place.members.len(),
        open: place.open,
        first_datetime: time(place.members.first()),
        last_datetime: time(place.members.last()),
        service_request_ids: members(snapshot, &place.members),
    };
    let center = AreaGeometry::Point(drawn(place.center));
    AreaFeature::new(first.to_owned(), Some(center), properties)
}
