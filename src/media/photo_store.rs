//! The store of photos. The name of a photo is a digest of its bytes, so that equal photos are
//! stored once.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::path::Path as Key;
use object_store::prefix::PrefixStore;
use object_store::{ObjectStore, ObjectStoreExt, RetryConfig};

use crate::error::{Error, ErrorKind, Refusal, Result};
use crate::media::Photo;
use crate::message;

/// A folder or an S3-compatible bucket.
#[derive(Clone)]
pub struct PhotoStore(Arc<dyn ObjectStore>);

/// Is this a valid name of a photo or a thumbnail? Other names, such as paths, never reach the
/// store.
pub fn is_key(name: &str) -> bool {
    let Some(stem) = name.strip_suffix(".jpg") else { return false };
    let digest = stem.strip_suffix("-320").unwrap_or(stem);
    digest.len() == 32 && digest.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

impl PhotoStore {
    /// Opens a folder, which is created if it does not exist, or `s3://BUCKET[/PREFIX]`.
    /// Credentials, region and endpoint of a bucket come from the `AWS_…` environment variables.
    ///
    /// # Errors
    /// The folder cannot be created; the bucket's settings are incomplete.
    pub fn open(place: &str) -> Result<Self> {
        let wrong = |reason: String| {
            let message =
                message!("ne peut pas être ouvert : {reason}", "cannot be opened: {reason}");
            Error::from(Refusal::new("--media", place, message))
        };
        if let Some(bucket) = place.strip_prefix("s3://") {
            // This fails if a provider is already installed, which is just as good.
            let _ = rustls::crypto::ring::default_provider().install_default();
            // A client waits for the upload, so an unreachable bucket must fail within half a
            // minute.
            let retry = RetryConfig {
                max_retries: 3,
                retry_timeout: Duration::from_secs(20),
                ..RetryConfig::default()
            };
            let builder = AmazonS3Builder::from_env().with_url(place).with_retry(retry);
            let store = builder.build().map_err(|error| wrong(error.to_string()))?;
            let prefix = bucket.split_once('/').map_or("", |(_, prefix)| prefix);
            return Ok(match prefix.trim_matches('/') {
                "" => Self(Arc::new(store)),
                prefix => Self(Arc::new(PrefixStore::new(store, Key::from(prefix)))),
            });
        }
        std::fs::create_dir_all(Path::new(place)).map_err(|error| wrong(error.to_string()))?;
        let folder = LocalFileSystem::new_with_prefix(place).map_err(|e| wrong(e.to_string()))?;
        Ok(Self(Arc::new(folder.with_fsync(true))))
    }

    /// Stores a photo and its thumbnail and returns their names.
    ///
    /// # Errors
    /// Unavailable: the folder or bucket cannot be written.
    pub async fn put(&self, photo: Photo) -> Result<(String, String)> {
        let (name, small) = (photo.name(), photo.small_name());
        for (name, bytes) in [(&small, photo.thumbnail), (&name, photo.image)] {
            self.0.put(&Key::from(name.as_str()), bytes.into()).await.map_err(unavailable)?;
        }
        Ok((name, small))
    }

    /// The bytes of a photo or thumbnail.
    ///
    /// # Errors
    /// Not found; unavailable: the folder or bucket cannot be read.
    pub async fn get(&self, name: &str) -> Result<Vec<u8>> {
        if !is_key(name) {
            return Err(Error::not_found(name));
        }
        match self.0.get(&Key::from(name)).await {
            Ok(found) => Ok(found.bytes().await.map_err(unavailable)?.to_vec()),
            Err(object_store::Error::NotFound { .. }) => Err(Error::not_found(name)),
            Err(error) => Err(unavailable(error)),
        }
    }

    /// Removes a photo and its thumbnail, which may be gone already.
    ///
    /// # Errors
    /// Unavailable: the folder or bucket cannot be written.
    pub async fn erase(&self, name: &str) -> Result<()> {
        let Some(stem) = name.strip_suffix(".jpg").filter(|_| is_key(name)) else {
            return Ok(());
        };
        for name in [name, &format!("{stem}-320.jpg")] {
            match self.0.delete(&Key::from(name)).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(unavailable(error)),
            }
        }
        Ok(())
    }

    /// Is there a photo or thumbnail with this name?
    pub async fn has(&self, name: &str) -> bool {
        is_key(name) && self.0.head(&Key::from(name)).await.is_ok()
    }
}

fn unavailable(error: object_store::Error) -> Error {
    let message = message!("Les photos ne sont pas accessibles.", "The photos are not accessible.");
    Error { cause: Some(error.into()), ..Error::new(ErrorKind::Unavailable, message) }
}
