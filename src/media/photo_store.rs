//! The store of photos. The name of a photo is a digest of its bytes.
//!
//! A photo that was sent waits under `pending/` until a report is stored that shows it, and then
//! moves to where the photos of reports are. What still waits after a day belongs to nothing and is
//! removed. The times are those of the files, so that a restart forgets none.

use std::collections::HashSet;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::path::Path as Key;
use object_store::prefix::PrefixStore;
use object_store::{ObjectStore, ObjectStoreExt, RetryConfig};

use crate::error::{Error, ErrorKind, Refusal, Result};
use crate::media::Photo;
use crate::message;

/// Where photos wait.
const PENDING: &str = "pending";
/// What the name of a thumbnail has before its ending.
const SMALL: &str = "-320";

/// A folder or an S3-compatible bucket.
#[derive(Clone)]
pub struct PhotoStore {
    objects: Arc<dyn ObjectStore>,
    claimed: Arc<Mutex<HashSet<String>>>,
}

/// Where a photo is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PhotoPlace {
    /// With the photos of reports.
    Kept,
    /// It waits for a report that shows it.
    Pending,
}

/// A waiting photo that one report is about to show: no other can claim it meanwhile.
pub struct PhotoClaim {
    name: String,
    claimed: Arc<Mutex<HashSet<String>>>,
}

impl Drop for PhotoClaim {
    fn drop(&mut self) {
        self.claimed.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.name);
    }
}

/// The name of the photo that a name is of: a thumbnail belongs to its photo.
fn photo_name(name: &str) -> String {
    let stem = name.strip_suffix(".jpg").unwrap_or(name);
    format!("{}.jpg", stem.strip_suffix(SMALL).unwrap_or(stem))
}

/// The names of a photo's thumbnail and of the photo itself, which is there last and goes first.
fn both(name: &str) -> [String; 2] {
    let name = photo_name(name);
    let stem = name.strip_suffix(".jpg").unwrap_or(&name);
    [format!("{stem}{SMALL}.jpg"), name.clone()]
}

fn pending(name: &str) -> Key {
    Key::from_iter([PENDING, name])
}

/// Is this a valid name of a photo or a thumbnail? Other names, such as paths, never reach the
/// store.
pub fn is_key(name: &str) -> bool {
    let Some(stem) = name.strip_suffix(".jpg") else { return false };
    let digest = stem.strip_suffix(SMALL).unwrap_or(stem);
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
                "" => Self::of(Arc::new(store)),
                prefix => Self::of(Arc::new(PrefixStore::new(store, Key::from(prefix)))),
            });
        }
        std::fs::create_dir_all(Path::new(place)).map_err(|error| wrong(error.to_string()))?;
        let folder = LocalFileSystem::new_with_prefix(place).map_err(|e| wrong(e.to_string()))?;
        Ok(Self::of(Arc::new(folder.with_fsync(true))))
    }

    fn of(objects: Arc<dyn ObjectStore>) -> Self {
        Self { objects, claimed: Arc::default() }
    }

    /// Stores a photo of a report and its thumbnail.
    ///
    /// # Errors
    /// Unavailable: the folder or bucket cannot be written.
    pub async fn put(&self, photo: Photo) -> Result<()> {
        self.write(photo, |name| Key::from(name)).await.map(|_| ())
    }

    /// Stores a photo that waits for its report, and its thumbnail; returns their names.
    ///
    /// # Errors
    /// Unavailable: the folder or bucket cannot be written.
    pub async fn put_pending(&self, photo: Photo) -> Result<(String, String)> {
        self.write(photo, pending).await
    }

    async fn write(&self, photo: Photo, key: fn(&str) -> Key) -> Result<(String, String)> {
        let (name, small) = (photo.name(), photo.small_name());
        for (name, bytes) in [(&small, photo.thumbnail), (&name, photo.image)] {
            self.objects.put(&key(name), bytes.into()).await.map_err(unavailable)?;
        }
        Ok((name, small))
    }

    /// The bytes of a photo or thumbnail, and where it is.
    ///
    /// # Errors
    /// Not found; unavailable: the folder or bucket cannot be read.
    pub async fn get(&self, name: &str) -> Result<(Vec<u8>, PhotoPlace)> {
        if !is_key(name) {
            return Err(Error::not_found(name));
        }
        // A third look finds a photo that moved between the first two.
        let places = [PhotoPlace::Kept, PhotoPlace::Pending, PhotoPlace::Kept];
        for place in places {
            match self.objects.get(&place.key(name)).await {
                Ok(found) => {
                    let bytes = found.bytes().await.map_err(unavailable)?;
                    return Ok((bytes.to_vec(), place));
                }
                Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(unavailable(error)),
            }
        }
        Err(Error::not_found(name))
    }

    /// Removes a photo and its thumbnail, which may be gone already and may still wait.
    ///
    /// # Errors
    /// Unavailable: the folder or bucket cannot be written.
    pub async fn erase(&self, name: &str) -> Result<()> {
        if !is_key(name) {
            return Ok(());
        }
        for name in both(name) {
            for place in [PhotoPlace::Kept, PhotoPlace::Pending] {
                match self.objects.delete(&place.key(&name)).await {
                    Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
                    Err(error) => return Err(unavailable(error)),
                }
            }
        }
        Ok(())
    }

    /// Is there a photo or thumbnail with this name among those of reports?
    pub async fn has(&self, name: &str) -> bool {
        is_key(name) && self.objects.head(&Key::from(name)).await.is_ok()
    }

    /// Where the photo or thumbnail with this name is; `None` if there is none. One that waits
    /// again although a report has it, because it was sent twice, waits.
    ///
    /// # Errors
    /// Unavailable: the folder or bucket cannot be read.
    pub async fn place(&self, name: &str) -> Result<Option<PhotoPlace>> {
        if !is_key(name) {
            return Ok(None);
        }
        for place in [PhotoPlace::Pending, PhotoPlace::Kept] {
            match self.objects.head(&place.key(name)).await {
                Ok(_) => return Ok(Some(place)),
                Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(unavailable(error)),
            }
        }
        Ok(None)
    }

    /// Claims a waiting photo for one report; `None` while another has it claimed.
    pub fn claim(&self, name: &str) -> Option<PhotoClaim> {
        let name = photo_name(name);
        let mut claimed = self.claimed.lock().unwrap_or_else(PoisonError::into_inner);
        let is_free = claimed.insert(name.clone());
        is_free.then(|| PhotoClaim { name, claimed: self.claimed.clone() })
    }

    /// Moves a waiting photo to those of reports. One that does not wait stays as it is.
    ///
    /// # Errors
    /// Unavailable: the folder or bucket cannot be written.
    pub async fn keep(&self, name: &str) -> Result<()> {
        for name in both(name) {
            let moved = self.objects.rename(&pending(&name), &Key::from(name.as_str())).await;
            is_done(moved)?;
        }
        Ok(())
    }

    /// Removes a waiting photo.
    ///
    /// # Errors
    /// Unavailable: the folder or bucket cannot be written.
    pub async fn discard(&self, name: &str) -> Result<()> {
        for name in both(name).iter().rev() {
            is_done(self.objects.delete(&pending(name)).await)?;
        }
        Ok(())
    }

    /// The names of the photos that wait since before a second of Unix time.
    ///
    /// # Errors
    /// Unavailable: the folder or bucket cannot be read.
    pub async fn pending_before(&self, second: i64) -> Result<Vec<String>> {
        let listed = self.objects.list_with_delimiter(Some(&Key::from(PENDING))).await;
        let objects = listed.map_err(unavailable)?.objects;
        let old = objects.iter().filter(|object| object.last_modified.timestamp() < second);
        let names = old.filter_map(|object| object.location.filename());
        let names: HashSet<String> = names.filter(|name| is_key(name)).map(photo_name).collect();
        Ok(names.into_iter().collect())
    }
}

impl PhotoPlace {
    fn key(self, name: &str) -> Key {
        match self {
            Self::Kept => Key::from(name),
            Self::Pending => pending(name),
        }
    }
}

impl PhotoClaim {
    /// The photo's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Is this the name of the photo or of its thumbnail?
    pub fn is_of(&self, name: &str) -> bool {
        photo_name(name) == self.name
    }
}

/// A file that is gone already is as good as one that was moved or deleted now.
fn is_done(result: object_store::Result<()>) -> Result<()> {
    match result {
        Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
        Err(error) => Err(unavailable(error)),
    }
}

fn unavailable(error: object_store::Error) -> Error {
    let message = message!("Les photos ne sont pas accessibles.", "The photos are not accessible.");
    Error { cause: Some(error.into()), ..Error::new(ErrorKind::Unavailable, message) }
}
