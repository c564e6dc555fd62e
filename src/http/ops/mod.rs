//! Health and metrics for operators, and the pages.

pub mod health;
pub mod metrics;
pub mod pages;
