//! What has just begun, and what came back after it was repaired.

use std::sync::Arc;

use axum::extract::State;
use serde_json::json;

use super::Site;
use super::answer::{Answer, Ask, Effort, fresh, to_json};
use super::hotspots::streets_of;
use super::queries::finished;
use super::reports::checked_areas;
use crate::app::City;
use crate::error::Result;
use crate::format::areas::{AreaCollection, figure};
use crate::format::geojson::{MEDIA_TYPE, instant};
use crate::format::hotspots;
use crate::format::sentences::Speech;
use crate::query::{self, RecurrenceAsk, Snapshot};
use crate::report::{Filter, ServiceCode};

const DAY: i64 = 86_400;
/// Reports within an hour of a repair are of the same visit: crews note several at a time.
const HOUR: i64 = 3_600;

/// `GET /api/v1/alerts`
pub async fn alerts(State(site): State<Arc<Site>>, mut ask: Ask) -> Answer {
    let city = ask.city(&site)?;
    let services = ask.params.services(&city);
    let bbox = ask.params.bbox();
    let watched = site.watch.city(&site.app, &city)?;
    let mut ask = finished(ask)?;
    ask.stamp = watched.looks();
    let found = watched.alerts();
    let own = (site.clone(), city.clone());
    let answer = fresh(&site, ask, &city, MEDIA_TYPE, Effort::Long, move |snapshot, ask| {
        let (site, city) = &own;
        let catalogue = city.catalogue();
        let speech = Speech { catalogue: &catalogue, zone: city.zone(), language: ask.language };
        let mut features = Vec::new();
        // Before the first look there is nothing to tell, and the head says so.
        let found = found.as_deref();
        for alert in found.into_iter().flat_map(|found| &found.alerts) {
            let is_wanted = services.as_ref().is_none_or(|list| list.contains(&alert.service))
                && bbox.is_none_or(|bbox| alert.cells.iter().any(|cell| cell.is_in(&bbox)));
            if is_wanted {
                let ids: Vec<&str> = alert.members.iter().map(String::as_str).collect();
                let streets = streets_of(site, city, &ids)?;
                let at = found.map_or(0, |found| found.at);
                features.push(hotspots::alert(alert, at, &streets, &speech));
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

struct Question {
    filter: Filter,
    ask: RecurrenceAsk,
    days: i64,
    limit: usize,
}

fn recurrence_answer(
    site: &Site,
    city: &City,
    snapshot: &Snapshot,
    question: &Question,
    ask: &Ask,
) -> Result<Vec<u8>> {
    checked_areas(snapshot, &question.filter)?;
    let catalogue = city.catalogue();
    let mut filter = question.filter.clone();
    let mut left_out = Vec::new();
    if filter.services.is_none() {
        // What is asked for anew each time is looked at only where it is named.
        let is_appointment =
            |code: &str| catalogue.get(code).is_some_and(|service| service.is_appointment());
        let all = (0..snapshot.services() as u16).map(|number| snapshot.service_name(number));
        let (appointments, others) = all.partition::<Vec<&str>, _>(|code| is_appointment(code));
        filter.services = Some(others.into_iter().filter_map(ServiceCode::new).collect());
        left_out = appointments;
    }
    let found = query::recurrences(snapshot, &snapshot.sieve(&filter), question.ask);
    let inside = |center: [f64; 2]| {
        let at = crate::place::Position::new(center[0], center[1]);
        question.filter.bbox.is_none_or(|bbox| at.is_ok_and(|at| bbox.contains(at)))
    };
    let places: Vec<_> = found.places.iter().filter(|place| inside(place.center)).collect();
    let shown = &places[..places.len().min(question.limit)];
    let speech = Speech { catalogue: &catalogue, zone: city.zone(), language: ask.language };
    let mut features = Vec::with_capacity(shown.len());
    for place in shown {
        let last: Vec<&str> =
            place.members.last().map(|handle| snapshot.id(*handle)).into_iter().collect();
        let stored = site.app.reader().get_many(city.id(), &last)?;
        let address = stored.first().and_then(|stored| stored.report.address.as_deref());
        features.push(hotspots::recurrence(snapshot, place, address, &speech));
    }
    let share = found.failed as f64 / found.repairs.max(1) as f64;
    let head = json!({
        "repairs": found.repairs,
        "failed_fixes": found.failed,
        "failed_share": figure(share),
        "services_left_out": left_out,
        "radius_m": question.ask.radius_m,
        "within_days": question.days,
    });
    let matched = places.len() as u64;
    to_json(&AreaCollection::new(snapshot.revision(), head, matched, features))
}

/// `GET /api/v1/recurrences?radius_m&within_days&chronic_from`
pub async fn recurrences(State(site): State<Arc<Site>>, mut ask: Ask) -> Answer {
    let city = ask.city(&site)?;
    let params = &mut ask.params;
    let radius_m = params.number("radius_m", 0.1, 500.0).unwrap_or(15.0);
    let days = params.number("within_days", 1, 366).unwrap_or(60);
    let chronic_from = params.number("chronic_from", 1, 1_000).unwrap_or(3);
    let limit = params.limit(&site.app.limits);
    let bbox = params.bbox();
    let filter = Filter { bbox, ..params.filter(&city) };
    let ask = finished(ask)?;
    let recurrence = RecurrenceAsk { radius_m, within: days * DAY, not_before: HOUR, chronic_from };
    let question = Question { filter, ask: recurrence, days, limit };
    let own = (site.clone(), city.clone());
    let answer = fresh(&site, ask, &city, MEDIA_TYPE, Effort::Long, move |snapshot, ask| {
        let (site, city) = &own;
        recurrence_answer(site, city, snapshot, &question, ask)
    });
    Ok(answer.await?)
}
