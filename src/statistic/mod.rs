//! Methods on plain numbers, each with its source: what is more than chance, what lies dense, what
//! grows, how probable something is. They know nothing of reports; `query` asks them about a
//! snapshot.

mod chance;
mod dbscan;
mod getis;
mod grouping;
mod hdbscan;
mod logistic;
mod nearness;
mod scan;
mod sphere;
mod trend;

pub use chance::{lower_tail, q_values, two_sided, upper_tail};
pub use dbscan::{Density, dbscan};
pub use getis::{Neighbours, gi_star, permuted};
pub use grouping::Grouping;
pub use hdbscan::{Hierarchy, hdbscan};
pub use logistic::{
    Band, Observations, Prior, average_precision, calibration_error, fit, logistic, reliability,
};
pub use scan::{Cases, Cylinder, Draws, SCAN_DAYS, scan};
pub use sphere::{Cells, REACH_MAX_M, chord2, chord2_of, meters_of};
pub use trend::{Emerging, MannKendall, emerging, mann_kendall};
