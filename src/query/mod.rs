//! Queries: pure functions from a [`Snapshot`](crate::index::Snapshot) and parameters to a plain
//! result, one file each. A query neither waits nor fails for reasons outside its parameters.
//!
//! | question | functions |
//! |---|---|
//! | which reports are near or inside | [`nearest`] [`within_radius`] [`within_polygon`] |
//! | which reports are newest, or first in another order | [`newest`] [`newest_page`] [`items`] |
//! | the same, sorted by fields | [`sorted_items`] |
//! | every report, for an export | [`ordered`] |
//! | what a map shows at a zoom | [`clusters`] [`cluster`] [`expand_cluster`] [`newest_in_cell`] |
//! | counts | [`stats`] [`time_span`] [`extent`] |
//! | counts in H3 cells, tested | [`count_hexes`] [`score_hexes`] [`trend_hexes`] |
//! | where there are significantly many | [`hotspots`] [`hotspots_by_service`] [`alerts`] |
//! | where reports are dense, where repairs fail | [`density_clusters`] [`recurrences`] |
//! | which reports are about one problem | [`DuplicateRule`] [`group_incidents`] |

mod alerts;
mod bound_condition;
mod closing_time;
mod clusters;
mod condition;
mod day_table;
mod density;
mod duplicate_features;
mod duplicate_model;
mod duplicates;
mod exposure;
mod hex_counts;
mod hex_scores;
mod hex_trends;
mod hotspot_history;
mod hotspot_identity;
mod hotspot_priority;
mod hotspot_test;
mod hotspots;
mod incident_grouping;
mod items;
mod like_pattern;
mod matching;
mod nearest;
mod newest;
mod ordered;
mod page;
mod property_value;
mod quantiles;
mod recurrence;
mod sorted;
mod stats;
mod temporal_relation;
mod value_expression;
mod within;

pub use alerts::{Alert, AlertLevel, AlertQuery, alerts};
pub use bound_condition::ServiceLabels;
pub use closing_time::was_open;
pub use clusters::{
    Cluster, ClusterItem, Clusters, ZOOM_MAX, cluster, cluster_level, clusters, clusters_in_cell,
    expand_cluster,
};
pub use condition::{Comparison, Condition, Ternary};
pub use density::{
    DensityCluster, DensityClusters, DensityQuery, SAMPLES_MAX, centroid_and_hull,
    density_clusters, located_reports,
};
pub use duplicate_features::{
    ACCURACY_M_MAX, Candidate, CandidateFacts, DuplicateQuery, FEATURES, Features, Relation,
};
pub use duplicate_model::{CoefficientOffset, Decision, DuplicateModel, Policy};
pub use duplicates::{Duplicate, DuplicateAnswer, DuplicateRule};
pub use exposure::{Exposure, ExposureCounts, Population, exposure_counts, population_filter};
pub use hex_counts::{CellTotals, HexCounts, RESOLUTION_DEFAULT, cells_in_areas, count_hexes};
pub use hex_scores::{
    CELLS_MIN, HexScores, HexTest, UntestableReason, auto_k, permute_hexes, score_hexes,
    score_hexes_with,
};
pub use hex_trends::{HexTrend, TimeSteps, trend_hexes};
pub use hotspot_history::HotspotHistory;
pub use hotspot_identity::{DetectedHotspot, update_tracks};
pub use hotspot_priority::{Priority, trend_direction};
pub use hotspots::{
    Hotspot, HotspotQuery, Hotspots, RATIO_MIN, RECENT, REPORTS_MIN, hotspots, hotspots_by_service,
};
pub use incident_grouping::{DuplicateReport, group_incidents};
pub use items::{ItemsQuery, PositionTest, SortedItemsQuery, items, sorted_items};
pub use like_pattern::LikePattern;
pub use matching::{ReportSource, reading_cost};
pub use nearest::{nearest, within_radius};
pub use newest::{ListOrder, NewestCollector, by_time, newest, newest_in_cell, newest_page};
pub use ordered::{RowOrder, ordered};
pub use page::{Cursor, NearbyReport, Page};
pub use property_value::{FeatureRecord, PropertyRef, PropertyValue, TimeSpan, ValueType};
pub use recurrence::{Recurrence, RecurrenceQuery, Recurrences, count_repairs, recurrences};
pub use sorted::{
    ListKey, NEWEST_FIRST, PagePlace, SORT_TERMS_MAX, SortProperty, SortTerm, SortValue,
};
pub use stats::{Count, Stats, StatsPart, StatsQuery, extent, stats, time_span};
pub use temporal_relation::{TemporalRelation, TimeInterval};
pub use value_expression::{ArithmeticOperator, Folding, ValueExpression};
pub use within::within_polygon;
