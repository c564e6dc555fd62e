//! Reads what comes in from outside: exports of cities, catalogues, boundaries, labelled pairs and
//! documents of other Open311 servers.
//!
//! Of a city's export, `read` turns bytes into rows. A [`Profile`] that describes its publisher, or
//! a [`Recognition`] of a sample, says which column is which field. A survey of all rows decides
//! what no row alone says, such as the order of day and month. A mapping then makes each row a
//! draft.

// What is read comes from outside: a number in it may be anything.
#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::string_slice))]

pub mod attributes;
pub mod boundaries;
mod catalogue;
mod column;
mod duplicate_model;
mod duplicate_pairs;
mod entities;
mod garbled;
mod geojson;
mod mapping;
mod notes;
mod numbers;
pub mod open311;
mod place;
pub mod polygons;
mod profile;
mod read;
mod recognition;
mod reference_system;
mod source;
mod status;
mod survey;
mod time;

pub use catalogue::builtin as builtin_catalogue;
pub use duplicate_model::{builtin as builtin_model, read as read_model, write as write_model};
pub use duplicate_pairs::{Pair, read as read_pairs};
pub use mapping::ids::RowIds;
pub use mapping::row_draft::Category;
pub use notes::noticed::{NoPlace, NotedWord, Notes, status_word};
pub use notes::refusal_counts::{RefusalCounts, RefusalKind};
pub use notes::refused_rows::{OriginalRow, RefusedRows};
pub use place::exchanged::principal_city;
pub use place::negation::Negation;
pub use profile::columns::{ColumnWord, ProfileColumns};
pub use profile::document::Profile;
pub use read::{DocumentPage, JoinedPages, ReadOptions, SPOOL_BYTES_MAX, spool, unreadable};
pub use recognition::inspection::{Declarations, InspectedColumn, Inspection};
pub use recognition::mapping::{Declared, RECOGNISED};
pub use recognition::recognised::{RecognisedColumn, Recognition};
pub use reference_system::projection::Projection;
pub use source::file::{RowSink, SourceFile, SourceRow};
pub use source::sample::SourceSample;
pub use survey::rows::OpenQuestion;
pub use time::date_order::{DateOrder, orders_in_words};
