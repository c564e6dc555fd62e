//! Vector tiles: `/tiles/{layer}/{z}/{x}/{y}.mvt` and `/tiles/{layer}.json`.
//!
//! A cached tile is valid until its city changes. Its ETag is a digest of its bytes: after a change
//! elsewhere in the city the tile is generated again, but a client with the same bytes gets 304.

pub mod cache;
pub mod layer;
mod make;
pub mod mvt;
mod rings;
pub mod tile_json;

pub use make::TileSource;

use std::sync::Arc;

use axum::http::{HeaderMap, Uri, header};

use crate::domain::Filter;
use crate::error::{Error, Refusal, Result};
use crate::http::openapi::content::{binary, json};
use crate::http::openapi::description::{Codes, Tag};
use crate::http::operation::{HandlerResult, Operation};
use crate::http::reply::answer::{CostClass, JSON, ResponseInputs, to_json};
use crate::http::request::call::Call;
use crate::http::request::common::{JURISDICTION_NAME, LANG_NAME};
use crate::http::request::parameter::path;
use crate::http::request::parameter::request;
use crate::http::request::params::FILTER;
use crate::http::request::types::{PathNumber, Patterned};
use crate::http::tiles::cache::{CachedTile, MEDIA_TYPE, TileVersion};
use crate::http::tiles::layer::Layer;
use crate::http::tiles::make::make;
use crate::http::tiles::tile_json::{LayerFacts, TileJson};
use crate::index::Snapshot;
use crate::message;
use crate::place::{BBox, Tile};
use crate::query;
use crate::usecase::reports::check_areas;

/// The zoom of a tile in a path.
pub const ZOOM: PathNumber = PathNumber(Tile::ZOOM_MAX as u32);
/// The column or row of a tile in a path.
pub const COLUMN_OR_ROW: PathNumber = PathNumber((1 << Tile::ZOOM_MAX) - 1);
/// The name of the metadata of a layer.
const ABOUT: &str = r"^(reports|clusters|hexes|hotspots|hotspot_members|boundaries)\.json$";
/// The name of a layer in a path.
const LAYER: &str = "^(reports|clusters|hexes|hotspots|hotspot_members|boundaries)$";

/// The status codes of a tile.
pub const TILE_CODES: Codes =
    &[(200, "ok"), (204, "empty"), (304, "not modified"), (400, "refused"), (404, "not found")];

/// The operations.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::get("/tiles/{name}", "tile_json", Tag::Tiles, about)
            .described(
                "Métadonnées d’une couche de tuiles (TileJSON 3.0).",
                "Metadata of a tile layer (TileJSON 3.0).",
            )
            .responds_with(&[json::<TileJson<'_>>()]),
        Operation::get("/tiles/{layer}/{z}/{x}/{y}", "tile", Tag::Tiles, tile)
            .described("Une tuile vectorielle (MVT).", "A vector tile (MVT).")
            .responds_with(&[binary(MEDIA_TYPE)])
            .status_codes(TILE_CODES),
    ]
}

/// Parses the numbers of a tile; `y` may end in `.mvt` or `.pbf`.
///
/// # Errors
/// The first number that is out of range.
pub fn tile_of(z: &str, x: &str, y: &str) -> Result<Tile> {
    let y = y.strip_suffix(".mvt").or_else(|| y.strip_suffix(".pbf")).unwrap_or(y);
    let number = |name: &str, text: &str, max: u32| {
        text.parse::<u32>().ok().filter(|number| *number <= max).ok_or_else(|| {
            let message = message!(
                "doit être un entier entre 0 et {max}",
                "must be an integer between 0 and {max}"
            );
            Error::from(Refusal::new(name, text, message))
        })
    };
    let z = number("z", z, u32::from(Tile::ZOOM_MAX))?;
    let side = (1u32 << z) - 1;
    let (x, y) = (number("x", x, side)?, number("y", y, side)?);
    Tile::new(z as u8, x, y).ok_or_else(|| Error::internal("numbers checked make no tile"))
}

/// Does the client accept gzip?
fn takes_gzip(headers: &HeaderMap) -> bool {
    let accepts = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    accepts.unwrap_or_default().split(',').any(|kind| {
        let mut parts = kind.split(';').map(str::trim);
        let never = |part: &str| part.strip_prefix("q=").and_then(|q| q.parse().ok()) == Some(0.0);
        parts.next() == Some("gzip") && !parts.any(never)
    })
}

request! {
    /// A tile.
    pub struct TileRequest {
        layer: String = path("layer", Patterned(LAYER), "clusters").described(
            "Couche : reports, clusters, hexes, hotspots, hotspot_members ou boundaries.",
            "Layer: reports, clusters, hexes, hotspots, hotspot_members or boundaries.",
        ),
        z: String = path("z", ZOOM, "10").described("Zoom.", "Zoom."),
        x: String = path("x", COLUMN_OR_ROW, "309").described("Colonne.", "Column."),
        y: String = path("y", Patterned(r"^[0-9]{1,7}(\.(mvt|pbf))?$"), "360.mvt").described(
            "Rangée, suivie de .mvt.",
            "Row, followed by .mvt.",
        ),
        filter: Filter = FILTER,
    }
}

async fn tile(call: Call<TileRequest>, headers: HeaderMap) -> HandlerResult {
    let TileRequest { layer, z, x, y, filter } = &call.request;
    let layer = Layer::parse(layer)?;
    let tile = tile_of(z, x, y)?;
    if tile.zoom() > layer.zooms().1 {
        let max = layer.zooms().1;
        let message = message!(
            "dépasse le dernier zoom de cette couche ({max})",
            "is beyond the last zoom of this layer ({max})"
        );
        return Err(Refusal::new("z", tile.zoom(), message).into());
    }
    check_filter(layer, filter, &call.context.uri)?;
    let source = TileSource { layer, filter: filter.clone(), set: None };
    tile_answer(call, (source, tile), &headers).await
}

/// Refuses a filter for a layer that takes none, by the name of its first parameter.
///
/// # Errors
/// The parameter.
pub fn check_filter(layer: Layer, filter: &Filter, uri: &Uri) -> Result<()> {
    if layer.has_filter() || *filter == Filter::default() {
        return Ok(());
    }
    let query = uri.query().unwrap_or_default().as_bytes();
    let mut pairs = form_urlencoded::parse(query);
    let found = pairs.find(|(name, _)| ![LANG_NAME, JURISDICTION_NAME, "f"].contains(&&**name));
    let (name, value) = found.unwrap_or_default();
    let message =
        message!("n’est pas un paramètre de cette couche", "is no parameter of this layer");
    Err(Refusal::new(name, value, message).into())
}

/// Responds with a tile of a layer under a filter, from the cache or newly generated.
///
/// # Errors
/// As [`make`].
pub async fn tile_answer<R>(
    call: Call<R>,
    (source, tile): (TileSource, Tile),
    headers: &HeaderMap,
) -> HandlerResult {
    let Call { state, city, context, .. } = call;
    let layer = source.layer;
    let view = layer.view(context.view);
    let examinations = match layer.is_of_hotspots() {
        true => Some(state.watch.city(&state.app, &city)?.examinations()),
        false => None,
    };
    let takes_gzip = takes_gzip(headers);
    let own_number = city.number();
    let varies_by_language = layer.has_texts();
    let language = if varies_by_language { context.language.code() } else { "" };
    let key = format!("{}\0{language}\0{view:?}", context.uri);
    // Tiles have no texts: where no rule says otherwise, crews and the public have the same.
    let rules = city.index_number(context.view);
    let version =
        move |revision| TileVersion { city: own_number, revision, examinations, view: rules };
    let present = version(city.snapshots(view).load().revision());
    if let Some(kept) = state.tiles.get(&key, present) {
        return Ok(kept.answer(context.has_etag(kept.tag()), takes_gzip));
    }
    let (reading, own, language) = (state.clone(), city.clone(), context.language);
    let made = state.app.query((&city, view), move |snapshot, _| {
        let (bytes, left_out) = make((&reading, &own), snapshot, (&source, tile), language)?;
        let made = CachedTile::new(version(snapshot.revision()), bytes, left_out)?;
        let made = made.varying_by_language(varies_by_language);
        if takes_gzip {
            made.packed();
        }
        Ok(made)
    });
    let made = Arc::new(made.await?);
    state.tiles.insert(key, made.clone());
    Ok(made.answer(context.has_etag(made.tag()), takes_gzip))
}

/// The bounding box of what a layer draws: of all reports, or of the areas of all boundary sets, or
/// of those of `set`; none where there is nothing. That of reports on both sides of the
/// antimeridian goes around the Earth: clients of TileJSON draw nothing where its west is greater
/// than its east.
pub fn bounds(snapshot: &Snapshot, layer: Layer, set: Option<&str>) -> Option<BBox> {
    if layer != Layer::Boundaries {
        let all = Filter { approximate: true, ..Filter::default() };
        let extent = query::extent(snapshot, &snapshot.compiled(&all))?;
        return Some(match extent.west > extent.east {
            true => BBox { west: -180.0, east: 180.0, ..extent },
            false => extent,
        });
    }
    let sets = snapshot.boundary_sets().iter();
    let sets = sets.filter(|one| set.is_none_or(|name| one.set().name == name));
    sets.filter_map(|one| one.bounds()).reduce(|a, b| a.joined(&b))
}

request! {
    /// The TileJSON of a layer. The filter is validated here and copied into the address of the
    /// tiles.
    pub struct AboutRequest {
        name: String = path("name", Patterned(ABOUT), "clusters.json")
            .described(
                "Couche (reports, clusters, hexes, hotspots, hotspot_members ou boundaries), \
                 suivie de .json.",
                "Layer (reports, clusters, hexes, hotspots, hotspot_members or boundaries), \
                 followed by .json.",
            ),
        filter: Filter = FILTER,
    }
}

async fn about(mut call: Call<AboutRequest>) -> HandlerResult {
    let layer = Layer::parse(call.request.name.strip_suffix(".json").unwrap_or(""))?;
    check_filter(layer, &call.request.filter, &call.context.uri)?;
    call.context.view = layer.view(call.context.view);
    call.respond(JSON, CostClass::Long, move |inputs, AboutRequest { filter, .. }| {
        let ResponseInputs { state, snapshot, context, .. } = *inputs;
        let base = context.base(state);
        check_areas(snapshot, &filter)?;
        let query = context.uri.query().map_or_else(String::new, |query| format!("?{query}"));
        let facts = LayerFacts {
            name: layer.name(),
            description: &layer.description(context.language),
            zooms: layer.zooms(),
            bounds: bounds(snapshot, layer, None),
            url: &format!("{base}/tiles/{}/{{z}}/{{x}}/{{y}}.mvt{query}", layer.name()),
            fields: layer.fields(),
        };
        to_json(&TileJson::new(&facts))
    })
    .await
}
