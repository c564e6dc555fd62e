//! Photos: checked, stripped of all that is not picture, and kept in a folder or a bucket.

mod photo;
mod shelf;

pub use photo::{BYTES_MAX, Photo};
pub use shelf::{Shelf, is_key};
