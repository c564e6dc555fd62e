//! The OpenAPI 3.0 document.

pub mod content;
pub mod description;
pub mod document;
pub mod handlers;
