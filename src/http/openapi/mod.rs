//! The OpenAPI 3.0 document.

pub mod content;
pub mod description;
pub mod document;
mod french;
pub mod handlers;
