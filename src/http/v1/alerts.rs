//! What has just begun, and what came back after it was repaired.

use std::sync::Arc;

use axum::extract::State;
use serde_json::json;

use crate::domain::Filter;
use crate::error::Result;
use crate::export::areas::{AreaCollection, figure};
use crate::export::geojson::{MEDIA_TYPE, instant};
use crate::http::AppState;
use crate::http::request::context::{CostClass, HandlerResult, RequestContext, fresh, to_json};
use crate::http::v1::hotspots::answer as render;
use crate::http::v1::proximity::finished;
use crate::http::v1::sentences::SentenceNames;
use crate::index::Snapshot;
use crate::query::RecurrenceQuery;
use crate::usecase::City;
use crate::usecase::recurrences::{FoundRecurrences, find_recurrences};
use crate::usecase::reports::check_areas;

const DAY: i64 = 86_400;
/// Reports within an hour of a repair are of the same visit: crews note several at a time.
const HOUR: i64 = 3_600;

/// `GET /api/v1/alerts`
pub async fn alerts(
    State(state): State<Arc<AppState>>,
    mut context: RequestContext,
) -> HandlerResult {
    let city = context.city(&state)?;
    let services = context.params.services(&city);
    let bbox = context.params.bbox();
    let watched = state.watch.city(&state.app, &city)?;
    let mut context = finished(context)?;
    context.stamp = watched.examinations();
    let found = watched.alerts();
    let own = (state.clone(), city.clone());
    let answer =
        fresh(&state, context, &city, MEDIA_TYPE, CostClass::Long, move |snapshot, context| {
            let (state, city) = &own;
            let catalogue = city.catalogue();
            let speech = SentenceNames {
                catalogue: &catalogue,
                zone: city.zone(),
                language: context.language,
            };
            let mut features = Vec::new();
            // Before the first look there is nothing to tell, and the head says so.
            let found = found.as_deref();
            for alert in found.into_iter().flat_map(|found| &found.alerts) {
                let is_wanted = services.as_ref().is_none_or(|list| list.contains(&alert.service))
                    && bbox.is_none_or(|bbox| alert.cells.iter().any(|cell| cell.is_in(&bbox)));
                if is_wanted {
                    let ids: Vec<&str> = alert.members.iter().map(String::as_str).collect();
                    let streets = state.app.streets_of(city, &ids)?;
                    let at = found.map_or(0, |found| found.at);
                    features.push(render::alert(alert, at, &streets, &speech));
                }
            }
            let head = json!({
                "scanned": found.is_some(),
                "scanned_revision": found.map(|found| found.revision),
                "scanned_to_datetime": found.map(|found| instant(found.at)),
                "services_scanned": found.map(|found| found.services),
                "seconds": found.map(|found| found.took.as_secs_f64()),
            });
            let matched = features.len() as u64;
            to_json(&AreaCollection::new(snapshot.revision(), head, matched, features))
        });
    Ok(answer.await?)
}

struct AlertsRequest {
    filter: Filter,
    query: RecurrenceQuery,
    days: i64,
    limit: usize,
}

fn recurrence_answer(
    state: &AppState,
    city: &City,
    snapshot: &Snapshot,
    question: &AlertsRequest,
    context: &RequestContext,
) -> Result<Vec<u8>> {
    check_areas(snapshot, &question.filter)?;
    let catalogue = city.catalogue();
    let FoundRecurrences { found, services_left_out } =
        find_recurrences(snapshot, &catalogue, &question.filter, question.query);
    let shown = &found.places[..found.places.len().min(question.limit)];
    let speech =
        SentenceNames { catalogue: &catalogue, zone: city.zone(), language: context.language };
    let mut features = Vec::with_capacity(shown.len());
    for place in shown {
        let last: Vec<&str> =
            place.members.last().map(|address| snapshot.id(*address)).into_iter().collect();
        let stored = state.app.reader().get_many(city.id(), &last)?;
        let address = stored.first().and_then(|stored| stored.report.address.as_deref());
        features.push(render::recurrence(snapshot, place, address, &speech));
    }
    let share = found.failed as f64 / found.repairs.max(1) as f64;
    let head = json!({
        "repairs": found.repairs,
        "failed_fixes": found.failed,
        "failed_share": figure(share),
        "services_left_out": services_left_out,
        "radius_m": question.query.radius_m,
        "within_days": question.days,
    });
    let matched = found.places.len() as u64;
    to_json(&AreaCollection::new(snapshot.revision(), head, matched, features))
}

/// `GET /api/v1/recurrences?radius_m&within_days&chronic_from`
pub async fn recurrences(
    State(state): State<Arc<AppState>>,
    mut context: RequestContext,
) -> HandlerResult {
    let city = context.city(&state)?;
    let params = &mut context.params;
    let radius_m = params.number("radius_m", 0.1, 500.0).unwrap_or(15.0);
    let days = params.number("within_days", 1, 366).unwrap_or(60);
    let chronic_from = params.number("chronic_from", 1, 1_000).unwrap_or(3);
    let limit = params.limit(&state.app.limits);
    let bbox = params.bbox();
    let filter = Filter { bbox, ..params.filter(&city) };
    let context = finished(context)?;
    let recurrence =
        RecurrenceQuery { radius_m, within: days * DAY, not_before: HOUR, chronic_from };
    let question = AlertsRequest { filter, query: recurrence, days, limit };
    let own = (state.clone(), city.clone());
    let answer =
        fresh(&state, context, &city, MEDIA_TYPE, CostClass::Long, move |snapshot, context| {
            let (state, city) = &own;
            recurrence_answer(state, city, snapshot, &question, context)
        });
    Ok(answer.await?)
}
