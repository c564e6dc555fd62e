//! What operators and browsers need beside the API: metrics and the pages.

pub(crate) mod metrics;
pub(crate) mod pages;
