//! The operations of the service, independent of any protocol. Only this room writes to the store
//! and then to the index.
//!
//! The store's writer thread commits a write, updates the index through `IndexUpdater`, and then
//! answers: a client that has its answer can read what it wrote. Another process may also write to
//! the store (an import beside the server): a thread polls the revision counters and reads what is
//! new. A crash between commit and index does no harm, because the next boot applies the stored
//! changes with the function that live changes use.

pub mod access;
mod app;
pub mod audit;
mod batch;
mod callers;
mod catalogues;
mod city;
pub mod density;
pub mod duplicates;
pub mod erasure;
pub mod erasure_request;
pub mod hexes;
mod hotspot_cache;
pub mod hotspots;
mod import;
mod import_ids;
mod import_memory;
mod import_places;
mod import_services;
mod import_summary;
pub mod imports;
pub mod jurisdictions;
mod loaded_cities;
mod log_ins;
mod memory;
mod moves;
mod photo_owners;
pub mod photo_readers;
mod public_index;
mod public_view;
pub mod recurrences;
pub mod reports;
pub mod review;
mod review_queue;
pub mod sessions;
mod source_city;
pub mod stats;
mod text_reviews;
mod tracking_numbers;
pub mod updates;
pub mod watch;
mod work_pool;

pub use app::App;
pub use batch::BatchChunk;
pub use catalogues::{Catalogues, quebec};
pub use city::{City, DuplicateJudge, IndexProgress};
pub use import::{Importer, SettledRow};
pub use import_memory::recall_date_order;
pub use import_summary::Summary;
pub use public_index::SENDERS_OF_A_CELL_MIN;
pub use source_city::{SourceCity, builtin_city, city_of, keeps_zone};
pub use work_pool::{for_client, present_client};

pub use crate::store::{SubmitOutcome, Verdict};
