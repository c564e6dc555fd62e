//! The API under `/api/v1`, a file or folder for each resource.

pub(crate) mod about;
pub(crate) mod alerts;
pub(crate) mod answers;
pub(crate) mod batch;
pub(crate) mod boundaries;
pub(crate) mod cluster_features;
pub(crate) mod clusters;
pub(crate) mod dbscan;
pub(crate) mod duplicates;
pub mod facts;
pub(crate) mod hexes;
pub(crate) mod hotspots;
pub(crate) mod incidents;
pub(crate) mod media;
pub(crate) mod proximity;
pub(crate) mod reports;
pub(crate) mod sentences;
