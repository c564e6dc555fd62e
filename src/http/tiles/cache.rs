//! A cache of recently requested tiles.

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
/// Capacity of the cache in bytes.
const CACHE_BYTES: u64 = 64 << 20;
/// Expected number of tiles in the cache.
const TILES: usize = 16_384;

/// The versions of the data that a tile was generated from; the tile is valid as long as they stay
/// the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TileVersion {
    /// The number of the city in the store.
    pub city: i64,
    /// The revision of the city.
    pub revision: u64,
    /// For the layer of hotspots: number of rounds of the background watch.
    pub examinations: Option<u64>,
    /// As [`Variant::view`](crate::http::reply::etag::Variant::view).
    pub view: Option<i64>,
}

/// An encoded tile with its version.
pub struct CachedTile {
    version: TileVersion,
    tag: HeaderValue,
    plain: Bytes,
    /// The compressed bytes, computed on first use; `None` inside if compression failed.
    packed: OnceLock<Option<Bytes>>,
    left_out: u64,
    /// Do its texts depend on the language of the request?
    varies_by_language: bool,
}

#[derive(Clone)]
struct TileWeight;

impl Weighter<String, Arc<CachedTile>> for TileWeight {
    fn weight(&self, key: &String, tile: &Arc<CachedTile>) -> u64 {
        // The compressed bytes add about half the size of the plain ones.
        (key.len() + tile.plain.len() * 3 / 2 + 256) as u64
    }
}

/// Recently requested tiles by request address and language.
pub struct TileCache(Cache<String, Arc<CachedTile>, TileWeight>);

impl Default for TileCache {
    fn default() -> Self {
        Self(Cache::with_weighter(TILES, CACHE_BYTES, TileWeight))
    }
}

impl TileCache {
    /// The tile with this key, if it has this version.
    pub fn get(&self, key: &str, version: TileVersion) -> Option<Arc<CachedTile>> {
        self.0.get(key).filter(|tile| tile.version == version)
    }

    /// Adds or replaces a tile.
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
    /// A tile with these bytes, from which `left_out` features were left out.
    ///
    /// # Errors
    /// Internal.
    pub fn new(version: TileVersion, plain: Vec<u8>, left_out: u64) -> Result<Self> {
        let tag = format!("W/\"{}\"", blake3::hash(&plain).to_hex().get(..24).unwrap_or_default());
        Ok(Self {
            version,
            tag: HeaderValue::from_str(&tag).map_err(Error::internal)?,
            packed: OnceLock::new(),
            plain: plain.into(),
            left_out,
            varies_by_language: false,
        })
    }

    /// The same tile, whose texts depend on the language of the request or not.
    pub fn varying_by_language(self, varies_by_language: bool) -> Self {
        Self { varies_by_language, ..self }
    }

    /// Its ETag, a digest of its bytes.
    pub fn tag(&self) -> &str {
        self.tag.to_str().unwrap_or_default()
    }

    /// The compressed bytes.
    pub fn packed(&self) -> Option<Bytes> {
        self.packed.get_or_init(|| gzip(&self.plain)).clone()
    }

    /// The response to a client that has the tile already (`is_known`) or not, and accepts gzip or
    /// not.
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
        let vary = match self.varies_by_language {
            true => "accept-language, accept-encoding",
            false => "accept-encoding",
        };
        out.insert(header::VARY, HeaderValue::from_static(vary));
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
