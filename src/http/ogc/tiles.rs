//! OGC API – Tiles: the vector tiles of collections, as `/tiles` has them.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use serde_json::json;

use crate::domain::Filter;
use crate::error::{Error, Result};
use crate::http::AppState;
use crate::http::ogc::document::link;
use crate::http::ogc::tilesets::GRID;
use crate::http::ogc::{JSON, OgcCollection, OgcForm, document, tilesets};
use crate::http::request::context::{HandlerResult, RequestContext};
use crate::http::tiles::mvt::LayerAbout;
use crate::http::tiles::{Layer, tile_answer, tile_of};
use crate::i18n::Language;
use crate::index::Snapshot;
use crate::query;
use crate::usecase::City;

impl OgcCollection {
    /// The layer that shows a collection, if one does.
    pub fn layer(&self) -> Option<Layer> {
        match self {
            Self::Reports | Self::Incidents => Some(Layer::Reports),
            Self::Hotspots => Some(Layer::Hotspots),
            Self::HexAnswer => Some(Layer::HexAnswer),
            Self::Boundaries(_) => None,
        }
    }
}

/// A collection that has tiles, and its layer.
fn tiled(city: &City, id: &str) -> Result<(OgcCollection, Layer)> {
    let kind = OgcCollection::parse(city, id)?;
    let layer = kind.layer().ok_or_else(|| Error::not_found(id))?;
    Ok((kind, layer))
}

fn known_grid(id: &str) -> Result<()> {
    if id == GRID { Ok(()) } else { Err(Error::not_found(id)) }
}

fn tileset(
    snapshot: &Snapshot,
    (kind, layer): &(OgcCollection, Layer),
    form: &OgcForm,
    language: Language,
    whole: bool,
) -> serde_json::Value {
    let id = kind.id();
    let place = "{tileMatrix}/{tileRow}/{tileCol}";
    let url = format!("{}/collections/{id}/tiles/{GRID}/{place}{}", form.root, form.more);
    let all = Filter { approximate: true, ..Filter::default() };
    let about = LayerAbout {
        name: layer.name(),
        description: &layer.description(language),
        zooms: layer.zooms(),
        bounds: query::extent(snapshot, &snapshot.compiled(&all)),
        url: &url,
        fields: layer.fields(),
    };
    tilesets::tileset(&about, id, (&form.root, &form.more), whole)
}

/// `GET /ogc/tileMatrixSets`
pub async fn grids(
    State(state): State<Arc<AppState>>,
    context: RequestContext,
    headers: HeaderMap,
) -> HandlerResult {
    document(state, context, headers, JSON, |_, _, context, form| {
        let list = [tilesets::grid_item(&form.root, &form.more)];
        let body = json!({ "tileMatrixSets": list, "links": form.both(context, JSON) });
        Ok(("Tile matrix sets".into(), body))
    })
    .await
}

/// `GET /ogc/tileMatrixSets/{grid}`
pub async fn grid(
    State(state): State<Arc<AppState>>,
    Path(grid): Path<String>,
    context: RequestContext,
    headers: HeaderMap,
) -> HandlerResult {
    known_grid(&grid)?;
    document(state, context, headers, JSON, |_, _, _, _| Ok((GRID.into(), tilesets::grid()))).await
}

/// `GET /ogc/collections/{id}/tiles`
pub async fn sets(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
    context: RequestContext,
    headers: HeaderMap,
) -> HandlerResult {
    let of = tiled(&*context.city(&state)?, &id)?;
    document(state, context, headers, JSON, move |_, snapshot, context, form| {
        let title = of.0.title(context.language);
        let sets = [tileset(snapshot, &of, form, context.language, false)];
        let mut links = form.both(context, JSON);
        let collection = form.href(&format!("/collections/{}", of.0.id()));
        links.push(link("collection", JSON, &collection, &title));
        Ok((title, json!({ "tilesets": sets, "links": links })))
    })
    .await
}

/// `GET /ogc/collections/{id}/tiles/{grid}`
pub async fn set(
    State(state): State<Arc<AppState>>,
    Path((id, grid)): Path<(String, String)>,
    context: RequestContext,
    headers: HeaderMap,
) -> HandlerResult {
    known_grid(&grid)?;
    let of = tiled(&*context.city(&state)?, &id)?;
    document(state, context, headers, JSON, move |_, snapshot, context, form| {
        Ok((of.0.title(context.language), tileset(snapshot, &of, form, context.language, true)))
    })
    .await
}

/// `GET /ogc/collections/{id}/tiles/{grid}/{z}/{y}/{x}`
pub async fn tile(
    State(state): State<Arc<AppState>>,
    Path((id, grid, z, y, x)): Path<(String, String, String, String, String)>,
    mut context: RequestContext,
    headers: HeaderMap,
) -> HandlerResult {
    known_grid(&grid)?;
    let (kind, layer) = tiled(&*context.city(&state)?, &id)?;
    context.params.word("f", "mvt", |word| (word == "mvt").then_some(()));
    // What the grid or the layer has not is not there (20-057, requirement 5).
    let tile = tile_of(&z, &x, &y).ok().filter(|tile| tile.zoom() <= layer.zooms().1);
    let tile = tile.ok_or_else(|| Error::not_found(&format!("{z}/{y}/{x}")))?;
    tile_answer(state, (layer, tile, kind == OgcCollection::Incidents), context, &headers).await
}
