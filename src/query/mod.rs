//! Questions: pure functions from a snapshot and what is asked to a plain result. One file each.

mod alerts;
mod bound_condition;
mod clusters;
mod condition;
mod density;
mod duplicate_features;
mod duplicate_model;
mod duplicates;
mod hexes;
mod hotspot_identity;
mod hotspots;
mod incident_grouping;
mod items;
mod nearest;
mod newest;
mod recurrence;
mod stats;
mod within;

pub use alerts::{Alert, AlertQuery, alerts};
pub use clusters::{
    Cluster, ClusterItem, Clusters, ZOOM_MAX, children, cluster, clusters, clusters_in_cell,
    level_of,
};
pub use condition::{Comparison, Condition, Region, TextProperty, TimeProperty};
pub use density::{DensityCluster, DensityClusters, DensityQuery, density, outline, placed};
pub use duplicate_features::{
    ACCURACY_M_MAX, Candidate, CandidateFacts, DuplicateQuery, FEATURES, Features, Relation,
};
pub use duplicate_model::{CoefficientOffset, DuplicateModel, Policy};
pub use duplicates::{Decision, Duplicate, DuplicateAnswer, DuplicateRule, was_open};
pub use hexes::{
    CELLS_MIN, Exposure, HexCell, HexCounts, HexScores, HexTest, HexTrend, TimeSteps,
    UntestableReason, auto_k, count_hexes, exposure, score_hexes, score_hexes_against, trend_hexes,
};
pub use hotspot_identity::{DetectedHotspot, follow};
pub use hotspots::{
    Hotspot, HotspotQuery, Hotspots, Priority, direction, hotspots, hotspots_by_service,
};
pub use incident_grouping::{DuplicateReport, group};
pub use items::{ItemsQuery, items};
pub use nearest::{nearest, within_radius};
pub use newest::{NewestCollector, newest, newest_in_cell, newest_page};
pub use recurrence::{Recurrence, RecurrenceQuery, Recurrences, recurrences};
pub use stats::{Count, Stats, extent, span, stats};
pub use within::within_polygon;

use crate::index::DocAddress;
use crate::place::Meters;

/// A report and how far it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Found {
    /// The report.
    pub address: DocAddress,
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
