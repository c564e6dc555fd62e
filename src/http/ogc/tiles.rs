//! OGC API – Tiles: the vector tiles of collections, as `/tiles` has them.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use serde_json::json;

use super::super::Site;
use super::super::answer::{Answer, Ask};
use super::super::tiles::{Layer, tile_answer, tile_of};
use super::{Form, JSON, Kind, document};
use crate::app::City;
use crate::error::{Error, Result};
use crate::format::json::Language;
use crate::format::ogc::link;
use crate::format::tiles::LayerAbout;
use crate::format::tilesets::{self, GRID};
use crate::query::{self, Snapshot};
use crate::report::Filter;

impl Kind {
    /// The layer that shows a collection, if one does.
    pub fn layer(&self) -> Option<Layer> {
        match self {
            Self::Reports | Self::Incidents => Some(Layer::Reports),
            Self::Hotspots => Some(Layer::Hotspots),
            Self::Hexes => Some(Layer::Hexes),
            Self::Boundaries(_) => None,
        }
    }
}

/// A collection that has tiles, and its layer.
fn tiled(city: &City, id: &str) -> Result<(Kind, Layer)> {
    let kind = Kind::parse(city, id)?;
    let layer = kind.layer().ok_or_else(|| Error::not_found(id))?;
    Ok((kind, layer))
}

fn known_grid(id: &str) -> Result<()> {
    if id == GRID { Ok(()) } else { Err(Error::not_found(id)) }
}

fn tileset(
    snapshot: &Snapshot,
    (kind, layer): &(Kind, Layer),
    form: &Form,
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
        bounds: query::extent(snapshot, &snapshot.sieve(&all)),
        url: &url,
        fields: layer.fields(),
    };
    tilesets::tileset(&about, id, (&form.root, &form.more), whole)
}

/// `GET /ogc/tileMatrixSets`
pub async fn grids(State(site): State<Arc<Site>>, ask: Ask, headers: HeaderMap) -> Answer {
    document(site, ask, headers, JSON, |_, _, ask, form| {
        let list = [tilesets::grid_item(&form.root, &form.more)];
        let body = json!({ "tileMatrixSets": list, "links": form.both(ask, JSON) });
        Ok(("Tile matrix sets".into(), body))
    })
    .await
}

/// `GET /ogc/tileMatrixSets/{grid}`
pub async fn grid(
    State(site): State<Arc<Site>>,
    Path(grid): Path<String>,
    ask: Ask,
    headers: HeaderMap,
) -> Answer {
    known_grid(&grid)?;
    document(site, ask, headers, JSON, |_, _, _, _| Ok((GRID.into(), tilesets::grid()))).await
}

/// `GET /ogc/collections/{id}/tiles`
pub async fn sets(
    State(site): State<Arc<Site>>,
    Path(id): Path<String>,
    ask: Ask,
    headers: HeaderMap,
) -> Answer {
    let of = tiled(&*ask.city(&site)?, &id)?;
    document(site, ask, headers, JSON, move |_, snapshot, ask, form| {
        let title = of.0.title(ask.language);
        let sets = [tileset(snapshot, &of, form, ask.language, false)];
        let mut links = form.both(ask, JSON);
        let collection = form.href(&format!("/collections/{}", of.0.id()));
        links.push(link("collection", JSON, &collection, &title));
        Ok((title, json!({ "tilesets": sets, "links": links })))
    })
    .await
}

/// `GET /ogc/collections/{id}/tiles/{grid}`
pub async fn set(
    State(site): State<Arc<Site>>,
    Path((id, grid)): Path<(String, String)>,
    ask: Ask,
    headers: HeaderMap,
) -> Answer {
    known_grid(&grid)?;
    let of = tiled(&*ask.city(&site)?, &id)?;
    document(site, ask, headers, JSON, move |_, snapshot, ask, form| {
        Ok((of.0.title(ask.language), tileset(snapshot, &of, form, ask.language, true)))
    })
    .await
}

/// `GET /ogc/collections/{id}/tiles/{grid}/{z}/{y}/{x}`
pub async fn tile(
    State(site): State<Arc<Site>>,
    Path((id, grid, z, y, x)): Path<(String, String, String, String, String)>,
    mut ask: Ask,
    headers: HeaderMap,
) -> Answer {
    known_grid(&grid)?;
    let (kind, layer) = tiled(&*ask.city(&site)?, &id)?;
    ask.params.word("f", "mvt", |word| (word == "mvt").then_some(()));
    // What the grid or the layer has not is not there (20-057, requirement 5).
    let tile = tile_of(&z, &x, &y).ok().filter(|tile| tile.zoom() <= layer.zooms().1);
    let tile = tile.ok_or_else(|| Error::not_found(&format!("{z}/{y}/{x}")))?;
    tile_answer(site, (layer, tile, kind == Kind::Incidents), ask, &headers).await
}
