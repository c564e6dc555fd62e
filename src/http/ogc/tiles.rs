//! OGC API – Tiles: the vector tiles of collections, the same as those under `/tiles`.

use axum::http::HeaderMap;
use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::Filter;
use crate::error::{Error, Result};
use crate::http::ogc::collection::{COLLECTION, OgcCollection};
use crate::http::ogc::link::{Link, link};
use crate::http::ogc::representation::{
    DocumentInputs, FORMAT, FormRequest, document, json_or_html,
};
use crate::http::ogc::tilesets::{GRID, GridItem, TileMatrixSet, TileSet};
use crate::http::openapi::content::{binary, json};
use crate::http::openapi::description::Tag;
use crate::http::operation::{HandlerResult, Operation};
use crate::http::reply::answer::JSON;
use crate::http::request::accept::chosen;
use crate::http::request::call::Call;
use crate::http::request::parameter::request;
use crate::http::request::parameter::{Parameter, path, query};
use crate::http::request::params::FILTER;
use crate::http::request::types::PathSegment;
use crate::http::request::words::Choice;
use crate::http::tiles::cache::MEDIA_TYPE;
use crate::http::tiles::layer::Layer;
use crate::http::tiles::tile_json::LayerFacts;
use crate::http::tiles::{
    COLUMN_OR_ROW, TILE_CODES, TileSource, ZOOM, bounds, check_filter, tile_answer, tile_of,
};
use crate::usecase::City;

/// The name of a grid in a path.
const GRID_NAME: Parameter<PathSegment> = path("grid", PathSegment, GRID)
    .described("Nom de la grille de tuiles.", "Id of the tile matrix set.");

/// The operations.
pub fn operations() -> Vec<Operation> {
    let tiles = "/ogc/collections/{id}/tiles";
    let tileset = "/ogc/collections/{id}/tiles/{grid}";
    let one = "/ogc/collections/{id}/tiles/{grid}/{z}/{y}/{x}";
    vec![
        Operation::get(tiles, "ogc_tilesets", Tag::Ogc, tilesets_of)
            .described("Les tuiles d’une collection.", "The tiles of a collection.")
            .responds_with(&json_or_html(json::<TileSets>())),
        Operation::get(tileset, "ogc_tileset", Tag::Ogc, tileset_of)
            .described(
                "Les tuiles d’une collection dans une grille.",
                "The tiles of a collection in a tile matrix set.",
            )
            .responds_with(&json_or_html(json::<TileSet>())),
        Operation::get(one, "ogc_tile", Tag::Ogc, tile)
            .described("Une tuile vectorielle (MVT).", "A vector tile (MVT).")
            .responds_with(&[binary(MEDIA_TYPE)])
            .status_codes(TILE_CODES),
        Operation::get("/ogc/tileMatrixSets", "ogc_grids", Tag::Ogc, grids)
            .described("Les grilles de tuiles.", "The tile matrix sets.")
            .responds_with(&json_or_html(json::<Grids>())),
        Operation::get("/ogc/tileMatrixSets/{grid}", "ogc_grid", Tag::Ogc, grid)
            .described("Une grille de tuiles.", "A tile matrix set.")
            .responds_with(&json_or_html(json::<TileMatrixSet>())),
    ]
}

/// Finds a collection that has tiles, and its layer.
fn tiled(city: &City, id: &str) -> Result<(OgcCollection, Layer)> {
    let collection = OgcCollection::find(city, id)?;
    let layer = collection.layer().ok_or_else(|| Error::not_found(id))?;
    Ok((collection, layer))
}

fn check_grid(id: &str) -> Result<()> {
    if id == GRID { Ok(()) } else { Err(Error::not_found(id)) }
}

/// The metadata of a collection's tiles; `is_whole` adds the members that a list omits.
fn described(
    inputs: &DocumentInputs<'_>,
    (collection, layer): &(OgcCollection, Layer),
    is_whole: bool,
) -> TileSet {
    let DocumentInputs { snapshot, context, form, .. } = inputs;
    let id = collection.id();
    let tile = "{tileMatrix}/{tileRow}/{tileCol}";
    let url = form.href(&format!("/collections/{id}/tiles/{GRID}/{tile}"));
    let facts = LayerFacts {
        name: layer.name(),
        description: &layer.description(context.language),
        zooms: layer.zooms(),
        bounds: bounds(snapshot, *layer, Some(id)),
        url: &url,
        fields: layer.fields(),
    };
    TileSet::new(&facts, id, form, is_whole)
}

/// The grids of tiles.
#[derive(Debug, Serialize, JsonSchema)]
struct Grids {
    #[serde(rename = "tileMatrixSets")]
    tile_matrix_sets: [GridItem; 1],
    links: Vec<Link>,
}

async fn grids(call: Call<FormRequest>, headers: HeaderMap) -> HandlerResult {
    let f = call.request.f;
    document(call, f, headers, JSON, |inputs| {
        let tile_matrix_sets = [GridItem::new(inputs.form)];
        let links = inputs.form.self_and_alternate_links(inputs.context, JSON);
        Ok(("Tile matrix sets".into(), Grids { tile_matrix_sets, links }))
    })
    .await
}

request! {
    /// One grid.
    pub struct GridRequest {
        grid: String = GRID_NAME,
        f: Option<bool> = FORMAT,
    }
}

async fn grid(call: Call<GridRequest>, headers: HeaderMap) -> HandlerResult {
    check_grid(&call.request.grid)?;
    let f = call.request.f;
    document(call, f, headers, JSON, |_| Ok((GRID.into(), TileMatrixSet::web_mercator()))).await
}

request! {
    /// The tiles of a collection.
    pub struct TileSetsRequest {
        id: String = COLLECTION,
        f: Option<bool> = FORMAT,
    }
}

/// The tiles of a collection, on each grid.
#[derive(Debug, Serialize, JsonSchema)]
struct TileSets {
    tilesets: [TileSet; 1],
    links: Vec<Link>,
}

async fn tilesets_of(call: Call<TileSetsRequest>, headers: HeaderMap) -> HandlerResult {
    let of = tiled(&call.city, &call.request.id)?;
    let f = call.request.f;
    document(call, f, headers, JSON, move |inputs| {
        let title = of.0.title(inputs.context.language);
        let tilesets = [described(inputs, &of, false)];
        let mut links = inputs.form.self_and_alternate_links(inputs.context, JSON);
        let collection = inputs.form.href(&format!("/collections/{}", of.0.id()));
        links.push(link("collection", JSON, &collection, &title));
        Ok((title, TileSets { tilesets, links }))
    })
    .await
}

request! {
    /// The tiles of a collection on a grid.
    pub struct TileSetRequest {
        id: String = COLLECTION,
        grid: String = GRID_NAME,
        f: Option<bool> = FORMAT,
    }
}

async fn tileset_of(call: Call<TileSetRequest>, headers: HeaderMap) -> HandlerResult {
    check_grid(&call.request.grid)?;
    let of = tiled(&call.city, &call.request.id)?;
    let f = call.request.f;
    document(call, f, headers, JSON, move |inputs| {
        Ok((of.0.title(inputs.context.language), described(inputs, &of, true)))
    })
    .await
}

request! {
    /// A tile of a collection.
    pub struct OgcTileRequest {
        id: String = COLLECTION,
        grid: String = GRID_NAME,
        z: String = path("z", ZOOM, "10").described("Zoom.", "Zoom."),
        y: String = path("y", COLUMN_OR_ROW, "360").described("Rangée.", "Row."),
        x: String = path("x", COLUMN_OR_ROW, "309").described("Colonne.", "Column."),
        f: Option<()> = query("f", Choice(&[("mvt", ())]))
            .optional()
            .example("mvt")
            .described("Format de la tuile.", "Format of the tile."),
        filter: Filter = FILTER,
    }
}

async fn tile(call: Call<OgcTileRequest>, headers: HeaderMap) -> HandlerResult {
    let OgcTileRequest { id, grid, z, y, x, filter, f } = &call.request;
    if f.is_none() {
        chosen(&headers, &[&[MEDIA_TYPE]])?;
    }
    check_grid(grid)?;
    let (collection, layer) = tiled(&call.city, id)?;
    // A tile outside the grid or the zooms of the layer is 404 (OGC 20-057, requirement 5).
    let tile = tile_of(z, x, y).ok().filter(|tile| tile.zoom() <= layer.zooms().1);
    let tile = tile.ok_or_else(|| Error::not_found(&format!("{z}/{y}/{x}")))?;
    check_filter(layer, filter, &call.context.uri)?;
    let mut filter = filter.clone();
    filter.incidents |= collection == OgcCollection::Incidents;
    let source = TileSource { layer, filter, set: Some(id.clone()) };
    tile_answer(call, (source, tile), &headers).await
}
