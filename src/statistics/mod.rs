//! Statistical methods on plain numbers, each with its source: hot spots (Getis–Ord Gi\*, exact
//! binomial tests, false discovery rates), density clusters (DBSCAN, HDBSCAN), emerging clusters
//! (space–time scan), trends (Mann–Kendall), change points (PELT) and probabilities (logistic
//! regression). They know nothing of reports; `query` applies them to a snapshot.

mod change_point;
mod dbscan;
mod disjoint_set;
mod effort;
mod getis_ord;
mod hdbscan;
mod kd_tree;
mod logistic;
mod significance;
mod space_time_scan;
mod sphere_grid;
mod trend;

pub use change_point::rate_segments;
pub use dbscan::{DbscanClusters, dbscan};
pub use disjoint_set::DisjointSet;
pub use effort::{Effort, Stopped};
pub use getis_ord::{NeighbourLists, gi_star, permuted};
pub use hdbscan::{HdbscanClusters, hdbscan};
pub use logistic::{
    CalibrationBin, Observations, Prior, average_precision, calibration_error, chance_errors, fit,
    logistic, reliability,
};
pub use significance::{
    hypergeometric_upper_tail, lower_tail, q_values, q_values_among, two_sided, upper_tail,
};
pub use space_time_scan::{Cylinder, SCAN_DAYS, ScanCases, ScanSettings, scan};
pub use sphere_grid::{REACH_MAX_M, SphereGrid, chord2, chord2_of, meters_of};
pub use trend::{EmergingClass, MannKendall, emerging, mann_kendall};
