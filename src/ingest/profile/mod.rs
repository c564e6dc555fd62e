//! Profiles: how a publisher lays its files out, as TOML, and what a file has beside its profile.

pub mod columns;
pub mod columns_left_out;
pub mod document;
#[cfg(test)]
mod document_tests;
pub mod gaps;
pub mod wanted;
