//! x
#![allow(missing_docs)]
pub mod app;
pub mod command;
pub mod config;
pub mod demo;
pub mod error;
pub mod format;
pub mod http;
pub mod index;
pub mod place;
pub mod query;
pub mod report;
pub mod store;
