//! What operators and browsers need beside the API: health, metrics and the pages.

pub mod health;
pub mod metrics;
pub mod pages;
