//! Outside languages, both directions: TOML catalogues and profiles, CSV and GeoJSON in and out,
//! JSON bodies, problem documents.

pub mod answers;
pub mod areas;
pub mod boundaries;
mod catalogue;
pub mod cql;
mod details;
pub mod duplicates;
mod export;
pub mod facts;
mod features;
pub mod geojson;
mod geoparquet;
pub mod hexes;
pub mod hotspots;
pub mod incidents;
pub mod json;
mod mapping;
mod model;
pub mod ogc;
pub mod open311;
mod pairs;
mod point;
mod profile;
mod projection;
mod review;
pub mod sentences;
mod source;
mod table;
pub mod tiles;
pub mod tilesets;
mod times;

pub use catalogue::builtin as builtin_catalogue;
pub use export::{Export, Layout};
pub use model::{builtin as builtin_model, read as read_model, write as write_model};
pub use pairs::{Pair, read as read_pairs};
pub use profile::Profile;
pub use review::write as write_review;
pub use source::{Row, Sink, SourceFile};
