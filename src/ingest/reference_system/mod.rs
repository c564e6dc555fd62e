//! Reference systems of projected coordinates: named, recognised, and computed.

pub mod codes;
pub mod named;
pub mod of_zones;
pub mod projection;
pub mod sample;
pub mod words;
