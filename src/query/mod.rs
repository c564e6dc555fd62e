//! Questions: pure functions from a snapshot and what is asked to a plain result. One file each.

mod alerts;
mod bound;
mod clusters;
mod condition;
mod density;
mod duplicates;
mod features;
mod hexes;
mod hotspots;
mod identity;
mod incidents;
mod items;
mod model;
mod nearest;
mod newest;
mod recurrence;
mod stats;
mod within;

pub use alerts::{Alert, AlertAsk, alerts};
pub use clusters::{
    Cluster, Clusters, Spot, ZOOM_MAX, children, cluster, clusters, clusters_in_cell, level_of,
};
pub use condition::{Condition, Is, Region, TextProperty, TimeProperty};
pub use density::{DensityAsk, DensityCluster, DensityClusters, density, outline, placed};
pub use duplicates::{Answer as DuplicateAnswer, Decision, Duplicate, DuplicateRule, was_open};
pub use features::{ACCURACY_M_MAX, Candidate, Described, FEATURES, Features, Probe, Relation};
pub use hexes::{
    CELLS_MIN, Exposure, HexCounts, HexScores, HexTally, HexTest, HexTrend, NoTest, Steps, auto_k,
    count_hexes, exposure, score_hexes, score_hexes_against, trend_hexes,
};
pub use hotspots::{
    Hotspot, HotspotAsk, Hotspots, Priority, direction, hotspots, hotspots_by_service,
};
pub use identity::{Seen, follow};
pub use incidents::{Repeat, group};
pub use items::{ItemsAsk, items};
pub use model::{DuplicateModel, Leaning, Policy};
pub use nearest::{nearest, within_radius};
pub use newest::{Newest, newest, newest_in_cell, newest_page};
pub use recurrence::{Recurrence, RecurrenceAsk, Recurrences, recurrences};
pub use stats::{Count, Stats, extent, span, stats};
pub use within::within_polygon;

pub use crate::index::{Handle, RING_MAX, Snapshot, ZoneSet};
use crate::place::Meters;

/// A report and how far it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Found {
    /// The report.
    pub handle: Handle,
    /// Great-circle distance.
    pub distance: Meters,
}

/// A page of answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    /// The answers, in order.
    pub items: Vec<T>,
    /// There are more behind the last one.
    pub more: bool,
}

/// A place in a list ordered by a number and, where equal, by id: the page starts behind it.
#[derive(Debug, Clone, PartialEq)]
pub struct After<N> {
    /// The number of the last answer seen.
    pub key: N,
    /// Its id.
    pub id: String,
}
