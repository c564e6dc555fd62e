//! Photos: validated, stripped of metadata, and stored in a folder or an S3-compatible bucket; and
//! how many each sender may send.

mod photo;
mod photo_store;
mod upload_quota;

pub use photo::{BYTES_MAX, Photo};
pub use photo_store::{PhotoClaim, PhotoPlace, PhotoStore, is_key};
pub use upload_quota::{UploadQuota, Uploader};
