//! Hotspots: ranked by priority, explained in a sentence, each with a lasting number and a history.

pub mod answer;

use crate::domain::{Filter, HotspotTrack, View, Visibility, is_counted_id};
use crate::error::{Error, Result};
use crate::export::areas::{AreaCollection, AreaFeature, WindowOut, figure};
use crate::export::geojson::MEDIA_TYPE;
use crate::http::openapi::content::geojson;
use crate::http::openapi::description::Tag;
use crate::http::operation::{HandlerResult, Operation};
use crate::http::reply::answer::{CostClass, ResponseInputs, to_json};
use crate::http::request::call::Call;
use crate::http::request::parameter::request;
use crate::http::request::parameter::{group, path, query};
use crate::http::request::params::{BBOX, INCIDENT_FILTER};
use crate::http::request::reader::{ParameterReader, Read};
use crate::http::request::types::{Patterned, number};
use crate::http::request::words::Choice;
use crate::http::state::AppState;
use crate::http::v1::hexes::answer::no_test;
use crate::http::v1::hexes::params::{EXPOSURE, RESOLUTION, RINGS};
use crate::http::v1::hotspots::answer::{
    HotspotOut, HotspotParts, HotspotStatistic, HotspotsHead, OneHotspot, SingleHotspot,
};
use crate::http::v1::sentences::SentenceNames;
use crate::i18n::Language;
use crate::index::{DocAddress, Snapshot};
use crate::place::BBox;
use crate::query::{Exposure, HotspotQuery, RATIO_MIN, REPORTS_MIN};
use crate::usecase::City;
use crate::usecase::hotspots::{HotspotSearch, NumberedHotspot, current_hotspot};
use crate::usecase::watch::{CityWatch, STANDING_DAYS, STANDING_RATE, standing_service};

/// Limit of the number of hotspots in a response.
const HOTSPOTS_MAX: usize = 200;

/// The operations.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::get("/api/v1/hotspots", "hotspots", Tag::Maps, list)
            .described(
                "Où il y a significativement plus de demandes qu’attendu, classé et expliqué.",
                "Where there are significantly more reports than expected, ranked and explained.",
            )
            .responds_with(&[geojson::<AreaCollection<HotspotsHead, HotspotOut<'_>>>()])
            .linked_to(&[("hotspot", "id", "$response.body#/features/0/id")]),
        Operation::get("/api/v1/hotspots/{id}", "hotspot", Tag::Maps, one)
            .described("Un point chaud et son historique.", "A hotspot and its history.")
            .responds_with(&[geojson::<SingleHotspot<'_>>()]),
    ]
}

/// False discovery rates by the corresponding confidence level in per cent.
const LEVELS: Choice<f64> = Choice(&[("99", 0.01), ("95", 0.05), ("90", 0.1)]);

request! {
    /// The parameters of a search for hotspots.
    pub struct SearchParameters {
        resolution: u8 = RESOLUTION,
        k: Option<u8> = RINGS,
        exposure: Exposure = EXPOSURE.default(Exposure::Reports),
        rate: f64 = query("level", LEVELS).default(STANDING_RATE).example("95").described(
            "Niveau de confiance, en pourcentage.",
            "Confidence level, in per cent.",
        ),
        by_service: bool = query("by", Choice(&[("service", true), ("all", false)]))
            .default(true)
            .example("all")
            .described(
                "service : chaque service à part ; all : tous ensemble.",
                "service: each service separately; all: all services together.",
            ),
        days: u32 = query("days", number(1, 366)).default(STANDING_DAYS).example("60").described(
            "Durée de la période, en jours.",
            "Length of the period, in days.",
        ),
        bbox: Option<BBox> = BBOX,
        filter: Filter = INCIDENT_FILTER,
    }
}

impl SearchParameters {
    fn search(self, _: &mut ParameterReader<'_>) -> Read<HotspotSearch> {
        let Self { resolution, k, exposure, rate, by_service, days, bbox, filter } = self;
        let query = HotspotQuery { resolution, k, exposure, rate, from: 0, before: 0 };
        Ok(HotspotSearch { filter: Filter { bbox, ..filter }, query, days, by_service })
    }
}

request! {
    /// A list of hotspots.
    pub struct HotspotListRequest {
        search: HotspotSearch = group(SearchParameters::search),
        limit: usize = query("limit", number(1, HOTSPOTS_MAX)).default(20).example("5").described(
            "Nombre maximal de points chauds ; les plus prioritaires d’abord.",
            "Maximum number of hotspots; highest priority first.",
        ),
    }
}

async fn list(mut call: Call<HotspotListRequest>) -> HandlerResult {
    let watched = call.state.watch.city(&call.state.app, &call.city)?;
    call.context.view = View::Counted;
    call.respond(MEDIA_TYPE, CostClass::Long, move |inputs, request| {
        let ResponseInputs { state, city, snapshot, context, .. } = *inputs;
        let renderer = HotspotRenderer { state, city, snapshot, language: context.language };
        renderer.list(&request, &watched)
    })
    .await
}

/// Builds the features of hotspots.
struct HotspotRenderer<'a> {
    state: &'a AppState,
    city: &'a City,
    snapshot: &'a Snapshot,
    language: Language,
}

impl<'a> HotspotRenderer<'a> {
    fn feature(
        &self,
        one: &NumberedHotspot,
        rank: Option<usize>,
        query: &HotspotQuery,
    ) -> Result<AreaFeature<HotspotOut<'a>>> {
        let Self { state, city, snapshot, language } = self;
        let catalogue = city.catalogue();
        let names = SentenceNames { catalogue: &catalogue, zone: city.zone(), language: *language };
        let members = one.hotspot.members.iter();
        let ids: Vec<&str> = members.map(|address| snapshot.id(*address)).collect();
        let parts = HotspotParts {
            hotspot: &one.hotspot,
            number: one.number,
            rank,
            priority: one.priority,
            streets: state.app.streets_of(city, &ids)?,
            days: (query.before - query.from) as f64 / 86_400.0,
        };
        Ok(answer::hotspot(snapshot, parts, &names))
    }

    fn list(&self, request: &HotspotListRequest, watched: &CityWatch) -> Result<Vec<u8>> {
        let Self { state, city, snapshot, language } = self;
        let HotspotListRequest { search, limit } = request;
        search.check(snapshot, state.app.limits.hex_cells_max)?;
        let revision = snapshot.revision();
        let found = match search.find(snapshot, city, watched) {
            Ok(found) => found,
            Err(reason) => {
                let reason = Some(no_test(reason, *language));
                let statistic = HotspotStatistic { reason, ..HotspotStatistic::default() };
                let head = HotspotsHead { window: None, statistic, total: 0 };
                let none: Vec<AreaFeature<HotspotOut<'_>>> = Vec::new();
                return to_json(&AreaCollection::new(revision, head, 0, none));
            }
        };
        let (query, test) = (found.query(), found.test());
        let shown = found.ranked(*limit);
        let features: Result<Vec<_>> =
            shown.map(|(rank, one)| self.feature(one, Some(rank), query)).collect();
        let head = HotspotsHead {
            window: Some(WindowOut::new(query.from, query.before)),
            statistic: HotspotStatistic {
                available: true,
                resolution: Some(query.resolution),
                k: Some(test.k),
                cells: Some(test.cells),
                exposure: Some(query.exposure.as_str()),
                false_discovery_rate: Some(query.rate),
                count_min: Some(REPORTS_MIN),
                ratio_min: Some(RATIO_MIN),
                recent_days: Some(figure(query.recent() as f64 / 86_400.0)),
                reason: None,
            },
            total: test.total,
        };
        to_json(&AreaCollection::new(revision, head, found.count() as u64, features?))
    }
}

/// The features of the standing hotspot search under a filter: the present hotspots of each
/// service. It always counts incidents. With `bbox`, hotspots whose box does not touch it are left
/// out.
///
/// # Errors
/// The store; the watch.
pub fn standing_features(
    state: &AppState,
    city: &City,
    snapshot: &Snapshot,
    (filter, bbox): (&Filter, Option<&BBox>),
    language: Language,
) -> Result<Vec<serde_json::Value>> {
    let watched = state.watch.city(&state.app, city)?;
    let search = HotspotSearch::standing(filter);
    let Ok(found) = search.find(snapshot, city, &watched) else { return Ok(Vec::new()) };
    let renderer = HotspotRenderer { state, city, snapshot, language };
    let feature = |(rank, one)| {
        let feature = renderer.feature(one, Some(rank), found.query())?;
        serde_json::to_value(feature).map_err(Error::internal)
    };
    found.ranked_touching(HOTSPOTS_MAX, bbox).map(feature).collect()
}

/// The reports of the standing hotspots under a filter, each with the number of its hotspot; see
/// [`standing_features`].
///
/// # Errors
/// The watch.
pub fn standing_members(
    state: &AppState,
    city: &City,
    snapshot: &Snapshot,
    filter: &Filter,
) -> Result<Vec<(u64, DocAddress)>> {
    let watched = state.watch.city(&state.app, city)?;
    let search = HotspotSearch::standing(filter);
    let Ok(found) = search.find(snapshot, city, &watched) else { return Ok(Vec::new()) };
    let members = found
        .ranked(HOTSPOTS_MAX)
        .flat_map(|(_, one)| one.hotspot.members.iter().map(|member| (one.number, *member)));
    let is_listed = |(_, member): &(u64, DocAddress)| !is_counted_id(snapshot.id(*member));
    Ok(members.filter(is_listed).collect())
}

request! {
    /// One hotspot.
    pub struct HotspotRequest {
        id: String = path("id", Patterned("^[0-9]{1,20}$"), "1")
            .described("Numéro du point chaud.", "Number of the hotspot."),
    }
}

async fn one(mut call: Call<HotspotRequest>) -> HandlerResult {
    let watched = call.state.watch.city(&call.state.app, &call.city)?;
    let number: Option<u64> = call.request.id.parse().ok();
    let track = number.and_then(|number| watched.track(number));
    // It may have been found before its service was hidden.
    let track = track.filter(|track| !is_hidden(&call.city, track));
    let track = track.ok_or_else(|| Error::not_found(&call.request.id))?;
    call.context.view = View::Counted;
    call.respond(MEDIA_TYPE, CostClass::Long, move |inputs, _| {
        let ResponseInputs { state, city, snapshot, context, .. } = *inputs;
        let renderer = HotspotRenderer { state, city, snapshot, language: context.language };
        let feature = one_feature(&renderer, track, &watched)?;
        to_json(&SingleHotspot { as_of: snapshot.revision(), feature })
    })
    .await
}

fn is_hidden(city: &City, track: &HotspotTrack) -> bool {
    let service = standing_service(&track.search);
    let policy = service.zip(city.public_rules()).map(|(code, rules)| rules.of(code));
    policy == Some(Visibility::Hidden)
}

/// A hotspot in its present state if the standing search still finds it, otherwise its history.
fn one_feature<'a>(
    renderer: &HotspotRenderer<'a>,
    track: HotspotTrack,
    watched: &CityWatch,
) -> Result<AreaFeature<OneHotspot<'a>>> {
    let found = current_hotspot(renderer.snapshot, renderer.city, &track, watched);
    let Some((one, query)) = found else {
        return Ok(answer::track(&track).map(OneHotspot::Track));
    };
    let feature = renderer.feature(&one, None, &query)?;
    // The search above may have added a step to its history.
    let track = watched.track(track.number).unwrap_or(track);
    Ok(feature.map(|hotspot| OneHotspot::Now(Box::new(hotspot.with_history(&track)))))
}
