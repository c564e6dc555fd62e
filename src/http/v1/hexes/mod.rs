//! H3 hexagons with counts, significance and trend.

#![expect(
    clippy::indexing_slicing,
    reason = "members of JSON objects, which answer null where they have none"
)]

pub mod answer;
pub mod params;

use crate::domain::{Filter, Interrupt};
use crate::error::{Error, Result};
use crate::export::areas::AreaCollection;
use crate::export::geojson::MEDIA_TYPE;
use crate::http::openapi::content::geojson;
use crate::http::openapi::description::Tag;
use crate::http::operation::{HandlerResult, Operation};
use crate::http::reply::answer::{CostClass, ResponseInputs, to_json};
use crate::http::request::call::Call;
use crate::http::request::parameter::request;
use crate::http::request::parameter::{Defaulted, Optional, Parameter, group, query};
use crate::http::request::params::{BBOX, FILTER};
use crate::http::request::reader::{ParameterReader, Read};
use crate::http::request::types::{Flag, Number, number};
use crate::http::v1::hexes::answer::{HexHead, HexOut};
use crate::http::v1::hexes::params::{EXPOSURE, GEOMETRY, HexGeometry, RESOLUTION, RINGS};
use crate::i18n::Language;
use crate::index::Snapshot;
use crate::message;
use crate::place::BBox;
use crate::query::{Exposure, HexTest, RESOLUTION_DEFAULT};
use crate::usecase::hexes::{HexSearch, HexSelection};

/// Limit of the number of hexagons in a response; the least significant are left out.
pub const HEXES_MAX: usize = 10_000;

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
    /// The test, and the number and the seed of its permutations.
    fn tests(self, reader: &mut ParameterReader<'_>) -> Read<(HexTest, Option<(u32, u64)>)> {
        let Self { k, exposure, permutations, seed } = self;
        if let (Some(n), Exposure::Reports) = (permutations, exposure) {
            let message = message!(
                "ne se combine pas avec « exposure=reports », dont les probabilités sont exactes",
                "cannot be combined with 'exposure=reports', whose probabilities are exact"
            );
            return Err(reader.refuse("permutations", n, message));
        }
        Ok((HexTest { k, exposure }, permutations.map(|n| (n, seed))))
    }
}

request! {
    /// Hexagons with their significance.
    pub struct HexesRequest {
        resolution: u8 = RESOLUTION,
        tests: (HexTest, Option<(u32, u64)>) = group(TestParameters::tests),
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
        geometry: HexGeometry = GEOMETRY,
        filter: Filter = FILTER,
    }
}

async fn list(mut call: Call<HexesRequest>) -> HandlerResult {
    let cost = match call.request.tests {
        (_, Some(_)) => CostClass::Heavy,
        (_, None) => CostClass::Long,
    };
    call.context.view = call.context.view.counted();
    call.respond(MEDIA_TYPE, cost, render).await
}

fn render(inputs: &ResponseInputs<'_>, request: HexesRequest) -> Result<Vec<u8>> {
    let HexesRequest { resolution, tests, steps, bbox, empty, limit, geometry, filter } = request;
    let (test, permutations) = tests;
    let search = HexSearch { filter, resolution, test, permutations, steps };
    search.check(inputs.snapshot, inputs.state.app.limits.hex_cells_max)?;
    let wanted = HexSelection { bbox, empty, limit };
    let found = search.find(inputs.snapshot, inputs.interrupt)?;
    let (as_of, language) = (inputs.snapshot.revision(), inputs.context.language);
    to_json(&answer::hexes(&found, (wanted, geometry), as_of, language))
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
    let found =
        HexSearch::plain(filter.clone(), resolution).find(snapshot, &Interrupt::default())?;
    let wanted = HexSelection { bbox, empty: false, limit };
    let wanted = (wanted, HexGeometry::Polygon);
    let all = answer::hexes(&found, wanted, snapshot.revision(), language);
    let mut all = serde_json::to_value(all).map_err(Error::internal)?;
    match all["features"].take() {
        serde_json::Value::Array(features) => Ok(features),
        _ => Ok(Vec::new()),
    }
}
