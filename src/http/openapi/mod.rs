//! The OpenAPI 3.0 document.

#![expect(
    clippy::indexing_slicing,
    reason = "members of JSON objects, which answer null where they have none"
)]

pub mod content;
pub mod description;
pub mod document;
mod french;
pub mod handlers;
