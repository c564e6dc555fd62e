//! H3 hexagons with counts, significance and trend.

pub mod answer;
pub mod params;

use crate::domain::Filter;
use crate::error::{Error, Refusal, Result};
use crate::export::areas::AreaCollection;
use crate::export::geojson::MEDIA_TYPE;
use crate::http::openapi::content::geojson;
use crate::http::openapi::description::Tag;
use crate::http::operation::{HandlerResult, Operation};
use crate::http::reply::answer::{CostClass, to_json};
use crate::http::request::call::Call;
use crate::http::request::parameter::request;
use crate::http::request::parameter::{Defaulted, Optional, Parameter, group, query};
use crate::http::request::params::{BBOX, FILTER};
use crate::http::request::reader::{ParameterReader, Read};
use crate::http::request::types::{Flag, Number, number};
use crate::http::v1::hexes::answer::{HexAnswer, HexHead, HexOut, HexSelection};
use crate::http::v1::hexes::params::{EXPOSURE, RESOLUTION, RESOLUTION_DEFAULT, RINGS};
use crate::i18n::Language;
use crate::index::{RING_MAX, Snapshot};
use crate::message;
use crate::place::{BBox, H3Cell};
use crate::query::{self, Exposure, HexTest, TimeSteps};
use crate::usecase::reports::check_areas;

/// Limit of the number of hexagons in a response; the least significant are left out.
pub const HEXES_MAX: usize = 10_000;
/// Limit of the random draws of all permutations together; they take some seconds.
const DRAWS_MAX: u64 = 2_000_000_000;

/// The operation.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::get("/api/v1/hexes", "hexes", Tag::Maps, list)
            .described(
                "Hexagones H3 : dénombrements, significativité, tendance.",
                "H3 hexagons: counts, significance, trend.",
            )
            .responds_with(&[geojson::<AreaCollection<HexHead, HexOut>>()]),
    ]
}

const PERMUTATIONS: Parameter<Number<u32>, Optional> =
    query("permutations", number(99, 9_999)).optional().example("99").described(
        "Nombre de permutations conditionnelles, pour une probabilité par simulation.",
        "Number of conditional permutations, for a probability by simulation.",
    );

const SEED: Parameter<Number<u64>, Defaulted<u64>> =
    query("seed", number(0, u64::MAX)).default(311).example("1").described(
        "Graine du générateur aléatoire des permutations.",
        "Seed of the random generator of the permutations.",
    );

request! {
    /// The parameters of a test of hexagons.
    pub struct TestParameters {
        k: Option<u8> = RINGS,
        exposure: Exposure = EXPOSURE.default(Exposure::None),
        permutations: Option<u32> = PERMUTATIONS,
        seed: u64 = SEED,
    }
}

impl TestParameters {
    fn test(self, reader: &mut ParameterReader<'_>) -> Read<HexTest> {
        let Self { k, exposure, permutations, seed } = self;
        match permutations {
            Some(permutations) if exposure == Exposure::Reports => {
                let message = message!(
                    "ne se combine pas avec « exposure=reports », dont les probabilités sont \
                     exactes",
                    "cannot be combined with 'exposure=reports', whose probabilities are exact"
                );
                Err(reader.refuse("permutations", permutations, message))
            }
            _ => Ok(HexTest { k, exposure, permutations: permutations.map(|n| (n, seed)) }),
        }
    }
}

request! {
    /// Hexagons with their significance.
    pub struct HexesRequest {
        resolution: u8 = RESOLUTION,
        test: HexTest = group(TestParameters::test),
        steps: Option<usize> = query("steps", number(4, 60)).optional().example("12").described(
            "Nombre de pas de temps pour la tendance (Mann-Kendall).",
            "Number of time steps for the trend (Mann-Kendall).",
        ),
        bbox: Option<BBox> = BBOX,
        empty: bool = query("empty", Flag).default(false).example("true").described(
            "Inclure les hexagones sans demande.",
            "Include hexagons without reports.",
        ),
        limit: usize = query("limit", number(1, HEXES_MAX)).default(HEXES_MAX).example("50")
            .described(
            "Nombre maximal d’hexagones ; les plus significatifs d’abord.",
            "Maximum number of hexagons; most significant first.",
        ),
        filter: Filter = FILTER,
    }
}

async fn list(call: Call<HexesRequest>) -> HandlerResult {
    call.respond(MEDIA_TYPE, CostClass::Long, |inputs, request| {
        let cells_max = inputs.state.app.limits.hex_cells_max;
        render(inputs.snapshot, &request, cells_max, inputs.context.language)
    })
    .await
}

/// The time range of the filter as half-open Unix seconds. An open end is that of the reports that
/// pass; `None` if no report passes.
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
pub fn check_resolution(snapshot: &Snapshot, resolution: u8, cells_max: usize) -> Result<()> {
    let cells = snapshot.h3_cell_count(resolution);
    if cells <= cells_max {
        return Ok(());
    }
    let message = message!(
        "donne {cells} hexagones à cette ville, plus de {cells_max} ; la résolution précédente \
         en donne sept fois moins",
        "gives this city {cells} hexagons, more than {cells_max}; the next coarser one gives a \
         seventh of them"
    );
    Err(Refusal::new("resolution", resolution, message).into())
}

fn render(
    snapshot: &Snapshot,
    request: &HexesRequest,
    cells_max: usize,
    language: Language,
) -> Result<Vec<u8>> {
    let HexesRequest { resolution, test, steps, bbox, empty, limit, filter } = request;
    check_areas(snapshot, filter)?;
    check_resolution(snapshot, *resolution, cells_max)?;
    // The whole city is tested; the filter's areas select among the hexagons.
    let whole = Filter { areas: None, ..filter.clone() };
    let compiled = snapshot.compiled(&whole);
    let counts = query::count_hexes(snapshot, &compiled, *resolution);
    if let Some((permutations, _)) = test.permutations {
        let ring = H3Cell::ring_size(test.k.unwrap_or(RING_MAX)) as u64;
        let draws = counts.cells.len() as u64 * ring * u64::from(permutations);
        if draws > DRAWS_MAX {
            let message = message!(
                "demande {draws} tirages, plus de {DRAWS_MAX} : choisissez « k=1 », une \
                 résolution plus grossière ou moins de permutations",
                "requires {draws} draws, more than {DRAWS_MAX}: choose 'k=1', a coarser \
                 resolution or fewer permutations"
            );
            return Err(Refusal::new("permutations", permutations, message).into());
        }
    }
    let scores = query::score_hexes(snapshot, &counts, &whole, *test);
    let window = window(snapshot, &whole);
    let trends = match (*steps, window, &scores) {
        (Some(steps), Some((from, before)), Ok(scores)) => {
            let steps = TimeSteps { from, before, steps };
            Some(query::trend_hexes(snapshot, &compiled, &counts, scores.k, steps))
        }
        _ => None,
    };
    let found = HexAnswer {
        counts: &counts,
        scores: &scores,
        trends: trends.as_deref(),
        exposure: test.exposure,
        window,
    };
    let in_areas = query::cells_in_areas(snapshot, &counts, filter);
    let wanted = HexSelection { bbox: *bbox, in_areas, empty: *empty, limit: *limit };
    to_json(&answer::hexes(&found, &wanted, snapshot.revision(), language))
}

/// The features for all reports at the default resolution.
///
/// # Errors
/// A value that JSON cannot hold.
pub fn plain_features(snapshot: &Snapshot, language: Language) -> Result<Vec<serde_json::Value>> {
    let plain = (RESOLUTION_DEFAULT, None, HEXES_MAX);
    features(snapshot, &Filter::default(), plain, language)
}

/// The features under a filter, scored by Gi*. The tuple is resolution, bounding box and limit.
///
/// # Errors
/// A value that JSON cannot hold.
pub fn features(
    snapshot: &Snapshot,
    filter: &Filter,
    (resolution, bbox, limit): (u8, Option<BBox>, usize),
    language: Language,
) -> Result<Vec<serde_json::Value>> {
    let whole = Filter { areas: None, ..filter.clone() };
    let counts = query::count_hexes(snapshot, &snapshot.compiled(&whole), resolution);
    let test = HexTest { k: None, exposure: Exposure::None, permutations: None };
    let scores = query::score_hexes(snapshot, &counts, &whole, test);
    let found = HexAnswer {
        counts: &counts,
        scores: &scores,
        trends: None,
        exposure: Exposure::None,
        window: window(snapshot, &whole),
    };
    let in_areas = query::cells_in_areas(snapshot, &counts, filter);
    let wanted = HexSelection { bbox, in_areas, empty: false, limit };
    let all = answer::hexes(&found, &wanted, snapshot.revision(), language);
    let mut all = serde_json::to_value(all).map_err(Error::internal)?;
    match all["features"].take() {
        serde_json::Value::Array(features) => Ok(features),
        _ => Ok(Vec::new()),
    }
}
