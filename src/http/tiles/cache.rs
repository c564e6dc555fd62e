//! Tiles that were asked for lately.

use std::io::Write;
use std::sync::{Arc, OnceLock};

use axum::body::{Body, Bytes};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use flate2::Compression;
use flate2::write::GzEncoder;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use crate::error::{Error, Result};

/// Media type of a tile.
pub const MEDIA_TYPE: &str = "application/vnd.mapbox-vector-tile";
/// Bytes of tiles kept, at most.
const CACHE_BYTES: u64 = 64 << 20;
/// Tiles that the cache is laid out for.
const TILES: usize = 16_384;

/// What a tile was made of: as long as it is the same, so is the tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TileVersion {
    /// Revision of the city.
    pub revision: u64,
    /// Rounds of the background watch, for the layer that shows what it found.
    pub watch_rounds: Option<u64>,
}

/// A tile, and of what it was made.
pub struct CachedTile {
    version: TileVersion,
    tag: HeaderValue,
    plain: Bytes,
    /// The compressed bytes, once somebody takes them; none where compression failed.
    packed: OnceLock<Option<Bytes>>,
    left_out: u64,
}

#[derive(Clone)]
struct TileWeight;

impl Weighter<String, Arc<CachedTile>> for TileWeight {
    fn weight(&self, key: &String, tile: &Arc<CachedTile>) -> u64 {
        // The compressed bytes take about half as much again.
        (key.len() + tile.plain.len() * 3 / 2 + 256) as u64
    }
}

/// Tiles that were asked for lately, by the address and the language asked for.
pub struct TileCache(Cache<String, Arc<CachedTile>, TileWeight>);

impl Default for TileCache {
    fn default() -> Self {
        Self(Cache::with_weighter(TILES, CACHE_BYTES, TileWeight))
    }
}

impl TileCache {
    /// The tile of this key, if it is of this version.
    pub fn get(&self, key: &str, version: TileVersion) -> Option<Arc<CachedTile>> {
        self.0.get(key).filter(|tile| tile.version == version)
    }

    /// Keeps a tile.
    pub fn insert(&self, key: String, tile: Arc<CachedTile>) {
        self.0.insert(key, tile);
    }
}

fn gzip(bytes: &[u8]) -> Option<Bytes> {
    let mut out = GzEncoder::new(Vec::with_capacity(bytes.len() / 2), Compression::fast());
    out.write_all(bytes).ok()?;
    out.finish().ok().map(Bytes::from)
}

impl CachedTile {
    /// A tile of these bytes, which leave out so many features.
    ///
    /// # Errors
    /// Internal.
    pub fn new(version: TileVersion, plain: Vec<u8>, left_out: u64) -> Result<Self> {
        let tag = format!("W/\"{}\"", &blake3::hash(&plain).to_hex()[..24]);
        Ok(Self {
            version,
            tag: HeaderValue::from_str(&tag).map_err(Error::internal)?,
            packed: OnceLock::new(),
            plain: plain.into(),
            left_out,
        })
    }

    /// Its tag, made of its bytes.
    pub fn tag(&self) -> &str {
        self.tag.to_str().unwrap_or_default()
    }

    /// The compressed bytes.
    pub fn packed(&self) -> Option<Bytes> {
        self.packed.get_or_init(|| gzip(&self.plain)).clone()
    }

    /// The answer to a reader who has it already (`is_known`) or not, and who takes gzip or not.
    pub fn answer(&self, is_known: bool, takes_gzip: bool) -> Response {
        let is_empty = self.plain.is_empty();
        let is_sent = !is_known && !is_empty;
        let packed = (is_sent && takes_gzip).then(|| self.packed()).flatten();
        let is_packed = packed.is_some();
        let mut response = match (is_known, is_empty) {
            (true, _) => StatusCode::NOT_MODIFIED.into_response(),
            (_, true) => StatusCode::NO_CONTENT.into_response(),
            _ => Response::new(Body::from(packed.unwrap_or_else(|| self.plain.clone()))),
        };
        let out = response.headers_mut();
        out.insert(header::ETAG, self.tag.clone());
        out.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        out.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        if is_sent {
            out.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
            if is_packed {
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
