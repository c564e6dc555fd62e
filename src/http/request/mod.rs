//! What a request says: its context, parameters and body.

pub mod body;
pub(crate) mod context;
pub(crate) mod params;
