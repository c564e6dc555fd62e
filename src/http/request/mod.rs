//! Requests: parameters and bodies, declared once, read in full or refused by name.

pub mod accept;
pub mod audience;
pub mod auth;
pub mod body;
pub mod body_budget;
pub mod call;
pub mod client_address;
pub mod common;
pub mod context;
pub mod form;
pub mod host;
pub mod idempotency;
pub mod if_match;
pub mod json;
pub mod lines;
pub mod media_type;
pub mod members;
pub mod origin;
pub mod parameter;
pub mod params;
pub mod reader;
pub mod types;
pub mod urlencoded;
pub mod values;
pub mod view;
pub mod words;
