//! Exports: GeoJSON and CSV in the words of Open311, GeoParquet, GeoPackage and FlatGeobuf. This
//! service reads all of them back.

#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::string_slice))]

pub mod areas;
pub mod attributes;
mod audit;
mod fgb;
mod format;
pub mod geojson;
mod geoparquet;
mod gpkg;
pub mod reasons;
mod review;
mod stream;
mod temporary;
mod times;
pub mod word;

pub use audit::{audit_header, audit_rows};
pub use format::ExportFormat;
pub use gpkg::GeoPackage;
pub use review::write as write_review;
pub use stream::Export;
pub use temporary::TemporaryExport;
