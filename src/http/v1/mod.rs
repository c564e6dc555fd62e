//! The service's own API, `/api/v1`: a module for each resource with its parameters, handlers and
//! responses.

pub mod alerts;
pub mod audit;
pub mod boundaries;
pub mod cities;
pub mod cluster_features;
pub mod clusters;
pub mod density;
pub mod duplicates;
pub mod erasures;
pub mod exports;
pub mod facts;
pub mod hexes;
pub mod hotspots;
pub mod imports;
pub mod incidents;
pub mod media;
pub mod members;
pub mod nearest;
pub mod recurrences;
pub mod reports;
pub mod review;
pub mod sentences;
pub mod services;
pub mod session;
pub mod stats;
pub mod within;
