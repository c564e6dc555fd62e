//! What comes in from outside files: exports of cities, catalogues, boundaries, labelled pairs and
//! documents of other Open311 servers.

pub mod attributes;
pub mod boundaries;
mod catalogue;
mod duplicate_model;
mod duplicate_pairs;
mod geojson;
mod guesses;
mod mapping;
pub mod open311;
mod point;
pub mod polygons;
mod profile;
mod projection;
mod read;
mod source;
mod times;

pub use catalogue::builtin as builtin_catalogue;
pub use duplicate_model::{builtin as builtin_model, read as read_model, write as write_model};
pub use duplicate_pairs::{Pair, read as read_pairs};
pub use profile::Profile;
pub use read::ReadOptions;
pub use source::{RowSink, SourceFile, SourceRow};
