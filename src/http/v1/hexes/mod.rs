//! Hexagons with their significance.

pub(crate) mod answer;

use std::sync::Arc;

use axum::extract::State;

use crate::config::Limits;
use crate::domain::Filter;
use crate::error::{Error, Refusal, Result};
use crate::export::geojson::MEDIA_TYPE;
use crate::http::AppState;
use crate::http::request::context::{CostClass, HandlerResult, RequestContext, fresh, to_json};
use crate::http::request::params::Params;
use crate::http::v1::hexes::answer::{HexAnswer, HexSelection};
use crate::http::v1::proximity::finished;
use crate::i18n::Language;
use crate::index::{RING_MAX, Snapshot};
use crate::message;
use crate::place::{BBox, HEX_RESOLUTION_MAX, HEX_RESOLUTION_MIN, Hex};
use crate::query;
use crate::query::{Exposure, HexTest, TimeSteps};
use crate::usecase::reports::check_areas;

/// The resolution where none is asked for: cells some 350 m apart.
const RESOLUTION: u8 = 9;
/// Permutations at most.
const PERMUTATIONS_MAX: u32 = 9_999;
/// Draws of all permutations together at most: some seconds.
const DRAWS_MAX: u64 = 2_000_000_000;
/// Steps of a trend: fewer tell none, more are noise.
const STEPS: std::ops::RangeInclusive<usize> = 4..=60;

impl Params {
    /// `resolution`, 6 to 11; `k`, by itself where none; and `exposure`: `none`, or `reports`,
    /// with the one that is taken where none is asked for.
    pub fn hexagons(&mut self, default: Exposure) -> (u8, Option<u8>, Exposure) {
        let resolution = self.number("resolution", HEX_RESOLUTION_MIN, HEX_RESOLUTION_MAX);
        let k = self.number("k", 1, RING_MAX);
        let exposure = self.word("exposure", &Exposure::spellings(), Exposure::parse);
        (resolution.unwrap_or(RESOLUTION), k, exposure.unwrap_or(default))
    }
}

/// What is asked.
struct HexesRequest {
    resolution: u8,
    test: HexTest,
    steps: Option<usize>,
    wanted: HexSelection,
    filter: Filter,
    cells_max: usize,
}

fn read(context: &mut RequestContext, state: &AppState) -> Result<HexesRequest> {
    let city = context.city(state)?;
    let params = &mut context.params;
    let (resolution, k, exposure) = params.hexagons(Exposure::None);
    let permutations = params.number("permutations", 99, PERMUTATIONS_MAX);
    let seed = params.number("seed", 0, u64::MAX).unwrap_or(311);
    if permutations.is_some() && exposure == Exposure::Reports {
        let message = message!(
            "ne va pas avec « exposure=reports », dont les probabilités sont exactes",
            "does not go with 'exposure=reports', whose probabilities are exact"
        );
        params.refuse("permutations", permutations.unwrap_or_default(), message);
    }
    let steps = params.number("steps", *STEPS.start(), *STEPS.end());
    let max = state.app.limits.hexes_max;
    let wanted = HexSelection {
        bbox: params.bbox(),
        empty: params.flag("empty"),
        limit: params.count("limit", max, max),
    };
    let filter = params.filter(&city);
    let test = HexTest { k, exposure, permutations: permutations.map(|n| (n, seed)) };
    let cells_max = state.app.limits.hex_cells_max;
    Ok(HexesRequest { resolution, test, steps, wanted, filter, cells_max })
}

/// First second and the second behind the last of what passes, as far as the filter says it.
pub fn window(snapshot: &Snapshot, filter: &Filter) -> Option<(i64, i64)> {
    if let (Some(from), Some(before)) = (filter.from, filter.before) {
        return Some((from, before));
    }
    let (first, last) = query::time_span(snapshot, &snapshot.compiled(filter))?;
    Some((filter.from.unwrap_or(first), filter.before.unwrap_or(last + 1)))
}

/// Refuses a resolution at which the city has too many cells.
///
/// # Errors
/// Names the resolution and the number of cells.
pub fn bounded(snapshot: &Snapshot, resolution: u8, cells_max: usize) -> Result<()> {
    let cells = snapshot.h3_cell_count(resolution);
    if cells <= cells_max {
        return Ok(());
    }
    let message = message!(
        "donne {cells} hexagones à cette ville, plus de {cells_max} ; une plus grossière en donne \
         sept fois moins",
        "gives this city {cells} hexagons, more than {cells_max}; one coarser gives a seventh"
    );
    Err(Refusal::new("resolution", resolution, message).into())
}

fn render(
    snapshot: &Snapshot,
    question: &HexesRequest,
    context: &RequestContext,
) -> Result<Vec<u8>> {
    let HexesRequest { resolution, test, filter, .. } = question;
    check_areas(snapshot, filter)?;
    bounded(snapshot, *resolution, question.cells_max)?;
    let compiled = snapshot.compiled(filter);
    let counts = query::count_hexes(snapshot, &compiled, *resolution);
    if let Some((permutations, _)) = test.permutations {
        let ring = Hex::ring_size(test.k.unwrap_or(RING_MAX)) as u64;
        let draws = counts.cells.len() as u64 * ring * u64::from(permutations);
        if draws > DRAWS_MAX {
            let message = message!(
                "demande {draws} tirages, plus de {DRAWS_MAX} : « k=1 », une résolution plus \
                 grossière ou moins de permutations",
                "asks for {draws} draws, more than {DRAWS_MAX}: take 'k=1', a coarser resolution, \
                 or fewer permutations"
            );
            return Err(Refusal::new("permutations", permutations, message).into());
        }
    }
    let scores = query::score_hexes(snapshot, &counts, filter.approximate, *test);
    let window = window(snapshot, filter);
    let trends = match (question.steps, window, &scores) {
        (Some(steps), Some((from, before)), Ok(scores)) => {
            let steps = TimeSteps { from, before, steps };
            Some(query::trend_hexes(snapshot, &compiled, &counts, scores.k, steps))
        }
        _ => None,
    };
    let told = HexAnswer {
        counts: &counts,
        scores: &scores,
        trends: trends.as_deref(),
        exposure: test.exposure,
        window,
    };
    to_json(&answer::hexes(&told, &question.wanted, snapshot.revision(), context.language))
}

/// The features of a plain question: all reports, at the usual resolution.
///
/// # Errors
/// A value that JSON cannot hold.
pub fn plain_features(
    snapshot: &Snapshot,
    limits: &Limits,
    language: Language,
) -> Result<Vec<serde_json::Value>> {
    features(snapshot, &Filter::default(), (RESOLUTION, None, limits.hexes_max), language)
}

/// The features under a filter, of a resolution, within a box, at most so many; scored by Gi*.
///
/// # Errors
/// A value that JSON cannot hold.
pub fn features(
    snapshot: &Snapshot,
    filter: &Filter,
    (resolution, bbox, limit): (u8, Option<BBox>, usize),
    language: Language,
) -> Result<Vec<serde_json::Value>> {
    let counts = query::count_hexes(snapshot, &snapshot.compiled(filter), resolution);
    let test = HexTest { k: None, exposure: Exposure::None, permutations: None };
    let scores = query::score_hexes(snapshot, &counts, filter.approximate, test);
    let told = HexAnswer {
        counts: &counts,
        scores: &scores,
        trends: None,
        exposure: Exposure::None,
        window: window(snapshot, filter),
    };
    let wanted = HexSelection { bbox, empty: false, limit };
    let all = answer::hexes(&told, &wanted, snapshot.revision(), language);
    let mut all = serde_json::to_value(all).map_err(Error::internal)?;
    match all["features"].take() {
        serde_json::Value::Array(features) => Ok(features),
        _ => Ok(Vec::new()),
    }
}

/// `GET /api/v1/hexes?resolution&bbox&k&exposure&permutations&seed&steps&empty`
pub async fn list(
    State(state): State<Arc<AppState>>,
    mut context: RequestContext,
) -> HandlerResult {
    let city = context.city(&state)?;
    let question = read(&mut context, &state)?;
    let context = finished(context)?;
    let answer =
        fresh(&state, context, &city, MEDIA_TYPE, CostClass::Long, move |snapshot, context| {
            render(snapshot, &question, context)
        });
    Ok(answer.await?)
}
