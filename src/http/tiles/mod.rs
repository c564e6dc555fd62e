//! Vector tiles: `/tiles/{layer}/{z}/{x}/{y}.mvt` and `/tiles/{layer}.json`.
//!
//! A tile is kept as long as its city has not changed. Its ETag is of its bytes: after a change
//! elsewhere in the city it is made anew, and a reader who has it is still told so.

pub(crate) mod mvt;

use std::io::Write;
use std::sync::{Arc, OnceLock};

use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use flate2::Compression;
use flate2::write::GzEncoder;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use crate::domain::Filter;
use crate::error::{Error, Refusal, Result};
use crate::http::AppState;
use crate::http::ogc::document;
use crate::http::request::context::{CostClass, HandlerResult, RequestContext, fresh, to_json};
use crate::http::tiles::mvt::{LayerAbout, MEDIA_TYPE, TileOut};
use crate::http::v1::hexes::bounded;
use crate::http::v1::proximity::finished;
use crate::http::v1::{hexes, hotspots};
use crate::i18n::Language;
use crate::index::{DocAddress, Snapshot};
use crate::message;
use crate::place::{CIRCUMFERENCE_M, Hex, Tile};
use crate::query;
use crate::usecase::City;
use crate::usecase::reports::check_areas;

/// Bytes of tiles kept.
const CACHE_BYTES: u64 = 64 << 20;
/// From this zoom on a tile of reports has each of them.
const POINTS_FROM: u8 = 14;
/// The deepest zoom of areas; beyond, maps draw these tiles larger.
const AREA_ZOOM_MAX: u8 = 14;
/// Spots in a tile at most.
const SPOTS_MAX: usize = 4_096;

/// What a tile shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layer {
    /// Clusters, and from a zoom on reports.
    Reports,
    /// Clusters at every zoom.
    Clusters,
    /// Hexagons.
    HexAnswer,
    /// The standing hotspots.
    Hotspots,
}

impl Layer {
    const ALL: [(Self, &'static str); 4] = [
        (Self::Reports, "reports"),
        (Self::Clusters, "clusters"),
        (Self::HexAnswer, "hexes"),
        (Self::Hotspots, "hotspots"),
    ];

    fn parse(name: &str) -> Result<Self> {
        let known = Self::ALL.iter().find(|(_, known)| *known == name);
        known.map(|(layer, _)| *layer).ok_or_else(|| Error::not_found(name))
    }

    /// Its name in paths and in tiles.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(layer, _)| *layer == self).map_or("", |(_, name)| name)
    }

    /// The zooms it has tiles of.
    pub fn zooms(self) -> (u8, u8) {
        match self {
            Self::Reports => (0, 16),
            Self::Clusters => (0, Tile::ZOOM_MAX),
            Self::HexAnswer | Self::Hotspots => (0, AREA_ZOOM_MAX),
        }
    }

    /// What it holds, in a sentence.
    pub fn description(self, language: Language) -> String {
        let message = match self {
            Self::Reports => message!(
                "Demandes : groupées jusqu’au zoom 13, une à une ensuite",
                "Reports: clustered up to zoom 13, one by one from there"
            ),
            Self::Clusters => message!(
                "Groupes de demandes, comme /api/v1/clusters",
                "Clusters of reports, as /api/v1/clusters"
            ),
            Self::HexAnswer => message!(
                "Hexagones H3 : décomptes et signification",
                "H3 hexagons: counts and significance"
            ),
            Self::Hotspots => message!(
                "Points chauds significatifs des 30 derniers jours",
                "Significant hotspots of the last 30 days"
            ),
        };
        language.pick(&message).to_owned()
    }

    /// Names of its properties and what they are.
    pub fn fields(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Reports | Self::Clusters => mvt::REPORT_FIELDS,
            Self::HexAnswer => mvt::HEX_FIELDS,
            Self::Hotspots => mvt::HOTSPOT_FIELDS,
        }
    }
}

/// A tile as it was made at a revision.
#[derive(Clone)]
struct CachedTile {
    revision: u64,
    stamp: u64,
    tag: HeaderValue,
    plain: Bytes,
    /// Packed once somebody takes it so; none where that went wrong.
    packed: OnceLock<Option<Bytes>>,
    left_out: u64,
}

#[derive(Clone)]
struct TileWeight;

impl Weighter<String, Arc<CachedTile>> for TileWeight {
    fn weight(&self, key: &String, made: &Arc<CachedTile>) -> u64 {
        // Packed it takes about half as much again.
        (key.len() + made.plain.len() * 3 / 2 + 256) as u64
    }
}

/// Tiles that were asked for lately, by what was asked.
pub struct Tiles(Cache<String, Arc<CachedTile>, TileWeight>);

impl Default for Tiles {
    fn default() -> Self {
        const TILES: usize = 16_384;
        Self(Cache::with_weighter(TILES, CACHE_BYTES, TileWeight))
    }
}

fn packed(bytes: &[u8]) -> Option<Bytes> {
    let mut out = GzEncoder::new(Vec::with_capacity(bytes.len() / 2), Compression::fast());
    out.write_all(bytes).ok()?;
    out.finish().ok().map(Bytes::from)
}

fn takes_gzip(headers: &HeaderMap) -> bool {
    let accepts = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    accepts.unwrap_or_default().split(',').any(|kind| {
        let mut parts = kind.split(';').map(str::trim);
        let never = |part: &str| part.strip_prefix("q=").and_then(|q| q.parse().ok()) == Some(0.0);
        parts.next() == Some("gzip") && !parts.any(never)
    })
}

impl CachedTile {
    fn new(snapshot: &Snapshot, stamp: u64, plain: Vec<u8>, left_out: u64) -> Result<Self> {
        let tag = format!("W/\"{}\"", &blake3::hash(&plain).to_hex()[..24]);
        Ok(Self {
            revision: snapshot.revision(),
            stamp,
            tag: HeaderValue::from_str(&tag).map_err(Error::internal)?,
            packed: OnceLock::new(),
            plain: plain.into(),
            left_out,
        })
    }

    fn packed(&self) -> Option<Bytes> {
        self.packed.get_or_init(|| packed(&self.plain)).clone()
    }

    fn answer(&self, context: &RequestContext, headers: &HeaderMap) -> Response {
        let known = self.tag.to_str().is_ok_and(|tag| context.has(tag));
        let empty = self.plain.is_empty();
        let sent = !known && !empty;
        let packed = (sent && takes_gzip(headers)).then(|| self.packed()).flatten();
        let gzip = packed.is_some();
        let mut response = match (known, empty) {
            (true, _) => StatusCode::NOT_MODIFIED.into_response(),
            (_, true) => StatusCode::NO_CONTENT.into_response(),
            _ => Response::new(Body::from(packed.unwrap_or_else(|| self.plain.clone()))),
        };
        let out = response.headers_mut();
        out.insert(header::ETAG, self.tag.clone());
        out.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        out.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        if sent {
            out.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
            if gzip {
                out.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            }
        }
        if self.left_out > 0 {
            let name = HeaderName::from_static("pointchaud-left-out");
            out.insert(name, HeaderValue::from(self.left_out));
        }
        response
    }
}

/// The tile of these numbers, whatever `y` ends in.
///
/// # Errors
/// Names the number that none has.
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

/// The resolution of hexagons that are neither dots nor the whole map at a zoom.
fn resolution(zoom: u8) -> u8 {
    match zoom {
        0..=8 => 6,
        9 => 7,
        10 | 11 => 8,
        12 | 13 => 9,
        _ => 10,
    }
}

/// How far hexagons whose middles lie beside a tile may reach in, as a share of its side: less
/// than neighbours' middles are apart on the average, even where the grid is widest.
fn reach(tile: Tile, resolution: u8) -> f64 {
    let bounds = tile.bounds();
    let narrow = bounds.north.abs().max(bounds.south.abs()).to_radians().cos();
    let side = CIRCUMFERENCE_M * narrow / f64::from(1u32 << tile.zoom());
    (Hex::spacing_m(resolution) / side).min(1.0)
}

type Own = (Arc<AppState>, Arc<City>);

/// Makes a tile: its bytes and how many features they leave out.
fn make(
    own: &Own,
    snapshot: &Snapshot,
    (layer, tile): (Layer, Tile),
    filter: &Filter,
    language: Language,
) -> Result<(Vec<u8>, u64)> {
    check_areas(snapshot, filter)?;
    let (name, zoom) = (layer.name(), tile.zoom());
    let compiled = snapshot.compiled(filter);
    match layer {
        Layer::Reports if zoom >= POINTS_FROM => {
            let mut found: Vec<DocAddress> = Vec::new();
            snapshot.scan_cell(tile.cell(), &compiled, |batch| {
                batch.slots().each(|slot| found.push(batch.address(slot)));
            });
            // Where not all find room, the newest do.
            found.sort_by_cached_key(|address| {
                (std::cmp::Reverse(snapshot.requested(*address)), snapshot.id(*address).to_owned())
            });
            Ok(mvt::reports(snapshot, tile, name, &found))
        }
        Layer::Reports | Layer::Clusters => {
            let found = query::clusters_in_cell(snapshot, &compiled, tile.cell(), zoom, SPOTS_MAX);
            let mut out = TileOut::new(tile, name);
            found.items.iter().for_each(|spot| out.spot(snapshot, spot));
            Ok((out.finish(found.omitted), found.omitted))
        }
        Layer::HexAnswer => {
            let resolution = resolution(zoom);
            bounded(snapshot, resolution, own.0.app.limits.hex_cells_max)?;
            // Hexagons that reach in from beside are drawn by this tile, too.
            let around = Some(tile.bounds().grown(reach(tile, resolution)));
            let max = own.0.app.limits.hexes_max;
            let features = hexes::features(snapshot, filter, (resolution, around, max), language)?;
            Ok(mvt::areas(tile, name, &features))
        }
        Layer::Hotspots => {
            let mut features =
                hotspots::standing_features(&own.0, &own.1, snapshot, filter, language)?;
            let bounds = tile.bounds().grown(0.02);
            features.retain(|feature| document::touches(feature, &bounds));
            Ok(mvt::areas(tile, name, &features))
        }
    }
}

/// `GET /tiles/{layer}/{z}/{x}/{y}.mvt`
pub async fn tile(
    State(state): State<Arc<AppState>>,
    Path((layer, z, x, y)): Path<(String, String, String, String)>,
    context: RequestContext,
    headers: HeaderMap,
) -> HandlerResult {
    let layer = Layer::parse(&layer)?;
    let tile = tile_of(&z, &x, &y)?;
    if tile.zoom() > layer.zooms().1 {
        let max = layer.zooms().1;
        let message = message!("a des tuiles jusqu’au zoom {max}", "has tiles up to zoom {max}");
        return Err(Error::from(Refusal::new("z", tile.zoom(), message)).into());
    }
    tile_answer(state, (layer, tile, false), context, &headers).await
}

/// A tile of a layer, of incidents alone where that is said: as it was made before, or anew.
///
/// # Errors
/// What is asked beside is not understood.
pub async fn tile_answer(
    state: Arc<AppState>,
    (layer, tile, incidents): (Layer, Tile, bool),
    mut context: RequestContext,
    headers: &HeaderMap,
) -> HandlerResult {
    let city = context.city(&state)?;
    let stamp = match layer {
        Layer::Hotspots => state.watch.city(&state.app, &city)?.examinations(),
        _ => 0,
    };
    let key = format!("{}\0{}", context.uri, context.language.code());
    let before = state.tiles.0.get(&key);
    if let Some(made) = &before
        && made.revision == city.shown().load().revision()
        && made.stamp == stamp
    {
        return Ok(made.answer(&context, headers));
    }
    let mut filter = context.params.filter(&city);
    filter.incidents |= incidents;
    let context = finished(context)?;
    let (own, language) = ((state.clone(), city.clone()), context.language);
    let gzip = takes_gzip(headers);
    let made = state.app.query(&city, move |snapshot| {
        let (bytes, left_out) = make(&own, snapshot, (layer, tile), &filter, language)?;
        let made = CachedTile::new(snapshot, stamp, bytes, left_out)?;
        if gzip {
            made.packed();
        }
        Ok(made)
    });
    let made = Arc::new(made.await?);
    state.tiles.0.insert(key, made.clone());
    Ok(made.answer(&context, headers))
}

/// `GET /tiles/{layer}.json`
pub async fn about(
    State(state): State<Arc<AppState>>,
    Path(name): Path<String>,
    mut context: RequestContext,
) -> HandlerResult {
    let layer = Layer::parse(name.strip_suffix(".json").unwrap_or(""))?;
    let city = context.city(&state)?;
    // What the tiles are asked for is checked here already.
    let filter = context.params.filter(&city);
    let context = finished(context)?;
    let base = context.base(&state);
    let answer = fresh(
        &state,
        context,
        &city,
        "application/json",
        CostClass::Long,
        move |snapshot, context| {
            check_areas(snapshot, &filter)?;
            let query = context.uri.query().map_or_else(String::new, |query| format!("?{query}"));
            let all = Filter { approximate: true, ..Filter::default() };
            let about = LayerAbout {
                name: layer.name(),
                description: &layer.description(context.language),
                zooms: layer.zooms(),
                bounds: query::extent(snapshot, &snapshot.compiled(&all)),
                url: &format!("{base}/tiles/{}/{{z}}/{{x}}/{{y}}.mvt{query}", layer.name()),
                fields: layer.fields(),
            };
            to_json(&mvt::tile_json(&about))
        },
    );
    Ok(answer.await?)
}
