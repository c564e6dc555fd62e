//! x
#![allow(missing_docs)]
pub mod error;
pub mod index;
pub mod place;
pub mod query;
pub mod report;
pub mod store;
