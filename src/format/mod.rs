//! Outside languages, both directions: TOML catalogues and profiles, CSV and GeoJSON in and out,
//! JSON bodies, problem documents.

pub mod answers;
pub mod areas;
mod catalogue;
mod export;
pub mod facts;
mod features;
pub mod geojson;
pub mod hexes;
pub mod hotspots;
pub mod json;
mod mapping;
mod point;
mod profile;
mod projection;
pub mod sentences;
mod source;
mod table;
mod times;

pub use catalogue::builtin as builtin_catalogue;
pub use export::{Export, Layout};
pub use profile::Profile;
pub use source::{Row, Sink, SourceFile};
