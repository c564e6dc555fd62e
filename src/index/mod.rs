//! The in-memory index of a city's reports: columns and spatial access paths.
//!
//! [`Index`] is the writer's side, [`Snapshot`] the reader's. The writer applies changes and
//! publishes snapshots; a snapshot is immutable and a handful of pointers, so readers never wait.
//!
//! # Segments
//! The index is log-structured. It consists of a few immutable *segments*: a large *base segment*,
//! the oldest, and smaller ones towards the *tail*, the newest. Each batch of changes becomes a new
//! segment, and a changed or removed report is marked in the *delete bitmap* of the segment that
//! held it. `src/index/merge_policy.rs` decides when segments are merged.
//!
//! A report has a *slot* in its segment, and a [`DocAddress`] (segment, slot) in a snapshot. Slots
//! are in Z order (Morton order) on the finest grid of the map, so the reports of every grid
//! square, at every zoom, are one contiguous range of slots. All access paths rest on that order;
//! together they take 114 bytes a report:
//!
//! | part | file | what it answers |
//! |---|---|---|
//! | columns | `src/index/columns.rs` | filters, lists, counts and clusters, by scanning |
//! | packed R-tree | `src/index/access/rtree.rs` | nearest neighbours and circles, anywhere |
//! | uniform grid | `src/index/access/grid.rs` | the same where reports are dense |
//! | partial indexes | `src/index/access/partial.rs` | the same by service, and for open reports |
//! | H3 cells | `src/index/access/h3.rs` | counts by hexagon at any resolution, neighbours |
//! | ids | `src/index/ids.rs` | the slot of a report |
//! | areas | `src/index/areas.rs` | which area of a boundary set a report lies in |
//! | polygons | `src/index/polygon_ranges.rs` | which reports lie in polygons |
//!
//! A pointer-based R-tree took 76 bytes a report for the positions alone and was four times as slow
//! on a million reports (`benches/all/proximity.rs` compares both).
//!
//! # Distances
//! Candidates are compared by approximate haversines on the plane of the grid, which are exact to a
//! centimetre within a quarter of a degree (`approximate_haversines` in
//! `src/place/query_point.rs`). Queries then compute exact distances on the sphere for the few that
//! remain, so answers are exact.

mod access;
mod aggregate;
mod areas;
mod columns;
mod compiled_filter;
mod delete_bitmap;
mod dictionary;
mod ids;
mod merge_policy;
mod packed;
mod polygon_ranges;
mod scans;
mod segment;
mod selection;
mod snapshot;
mod writer;
mod z_order;

pub use access::h3::{H3Rings, RING_MAX};
pub use access::partial::Collector;
pub use aggregate::{Aggregate, AreaAggregate};
pub use areas::{BoundaryIndex, NO_AREA};
pub use columns::{ColumnValues, Columns};
pub use compiled_filter::CompiledFilter;
pub use packed::PackedState;
pub use selection::{DocAddress, Selection, SelectionBatch};
pub use snapshot::Snapshot;
pub use writer::{BuiltSegment, Index, LoadedRows, MergeJob, MergedSegment, SnapshotReader};
