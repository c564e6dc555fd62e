//! Photos: validated, stripped of metadata, and stored in a folder or an S3-compatible bucket.

mod photo;
mod photo_store;

pub use photo::{BYTES_MAX, Photo};
pub use photo_store::{PhotoStore, is_key};
