//! Photos: checked, stripped of all that is not picture, and kept in a folder or a bucket.

mod photo;
mod photo_store;

pub use photo::{BYTES_MAX, Photo};
pub use photo_store::{PhotoStore, is_key};
