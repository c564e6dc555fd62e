//! Boundary sets: named areas of a city, such as its quartiers.

use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::BoundarySet;
use crate::error::Error;
use crate::export::areas::{AreaFeature, AreaGeometry};
use crate::export::geojson::MEDIA_TYPE;
use crate::http::openapi::content::{geojson, json};
use crate::http::openapi::description::Tag;
use crate::http::operation::{HandlerResult, Operation};
use crate::http::reply::answer::{CostClass, JSON, to_json};
use crate::http::request::call::Call;
use crate::http::request::parameter::path;
use crate::http::request::parameter::request;
use crate::http::request::types::PathSegment;

/// The operations.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::get("/api/v1/boundaries", "boundaries", Tag::Cities, list)
            .described("Les découpages de la ville en secteurs.", "The boundary sets of the city.")
            .responds_with(&[json::<Boundaries>()]),
        Operation::get("/api/v1/boundaries/{name}", "boundary", Tag::Cities, one)
            .described(
                "Les secteurs d’un découpage et leurs limites.",
                "The areas of a boundary set.",
            )
            .responds_with(&[geojson::<AreasOfSet>()]),
    ]
}

/// The boundary sets of a city.
#[derive(Debug, Serialize, JsonSchema)]
struct Boundaries {
    boundaries: Vec<SetOut>,
}

/// A boundary set.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct SetOut {
    name: String,
    /// Number of areas.
    areas: usize,
}

/// An area of a boundary set.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Area")]
pub struct AreaOut {
    name: String,
    /// The boundary set.
    #[schemars(extend("x-fr" = "Le découpage."))]
    set: String,
}

/// All areas of a boundary set.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "AreaCollection")]
struct AreasOfSet {
    #[schemars(extend("enum" = ["FeatureCollection"]))]
    r#type: &'static str,
    as_of: u64,
    #[serde(rename = "numberReturned")]
    number_returned: usize,
    features: Vec<AreaFeature<AreaOut>>,
}

/// The features of a boundary set.
pub fn features(set: &BoundarySet) -> Vec<AreaFeature<AreaOut>> {
    let areas = set.areas.iter();
    areas
        .map(|area| {
            let properties = AreaOut { name: area.name.clone(), set: set.name.clone() };
            let geometry = AreaGeometry::MultiPolygon(area.shape.rings());
            AreaFeature::new(area.name.clone(), Some(geometry), properties)
        })
        .collect()
}

async fn list(call: Call<()>) -> HandlerResult {
    call.respond(JSON, CostClass::Long, |inputs, ()| {
        let sets = inputs.snapshot.boundary_sets().iter().map(|set| set.set());
        let sets = sets.map(|set| SetOut { name: set.name.clone(), areas: set.areas.len() });
        to_json(&Boundaries { boundaries: sets.collect() })
    })
    .await
}

request! {
    /// The areas of a boundary set.
    pub struct BoundarySetRequest {
        name: String = path("name", PathSegment, "quartiers")
            .described("Nom du découpage.", "Name of the boundary set."),
    }
}

async fn one(call: Call<BoundarySetRequest>) -> HandlerResult {
    call.respond(MEDIA_TYPE, CostClass::Long, |inputs, BoundarySetRequest { name }| {
        let snapshot = inputs.snapshot;
        let set = snapshot.boundary_set(&name).ok_or_else(|| Error::not_found(&name))?;
        let features = features(set.set());
        to_json(&AreasOfSet {
            r#type: "FeatureCollection",
            as_of: snapshot.revision(),
            number_returned: features.len(),
            features,
        })
    })
    .await
}
