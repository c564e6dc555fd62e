//! The clean-up of photos that were sent and that no report shows.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use crate::error::Result;
use crate::media::{PhotoClaim, PhotoStore};
use crate::usecase::App;

/// Time between two looks at the waiting photos.
const EVERY: Duration = Duration::from_secs(1_800);

/// What a look at the waiting photos did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PhotoCleanUp {
    /// Photos that no report shows, which were removed.
    pub removed: usize,
    /// Photos of a report whose move was interrupted, which were moved.
    pub kept: usize,
}

/// Removes the photos that have waited for a day and that no report shows. A photo that a report
/// shows although it waits, because the service was stopped in between, is moved to those of
/// reports. Photos are only looked for in the store where one has waited that long: it reads every
/// report with a photo.
///
/// # Errors
/// The photos or the store are not accessible; what was done before is done.
pub async fn remove_unattached(app: &App, photos: &PhotoStore) -> Result<PhotoCleanUp> {
    let waited = app.limits.photo_pending_time.as_secs() as i64;
    let names = photos.pending_before(app.now().as_second() - waited).await?;
    // No request can claim them before they are moved or removed; one that did so first keeps its.
    let claims: Vec<PhotoClaim> = names.iter().filter_map(|name| photos.claim(name)).collect();
    let mut done = PhotoCleanUp::default();
    if claims.is_empty() {
        return Ok(done);
    }
    let wanted: HashSet<String> = claims.iter().map(|claim| claim.name().to_owned()).collect();
    let reader = app.reader().clone();
    let shown = app.compute(move || reader.shown_photos(&wanted)).await?;
    for claim in claims {
        if shown.contains(claim.name()) {
            photos.keep(claim.name()).await?;
            done.kept += 1;
        } else {
            photos.discard(claim.name()).await?;
            done.removed += 1;
        }
    }
    Ok(done)
}

/// Removes photos that no report shows, twice an hour, until the future is dropped.
pub async fn watch_photos(app: Arc<App>, photos: PhotoStore) {
    loop {
        match remove_unattached(&app, &photos).await {
            Ok(PhotoCleanUp { removed: 0, kept: 0 }) => {}
            Ok(PhotoCleanUp { removed, kept }) => {
                tracing::info!(removed, kept, "photos that no report shows were removed");
            }
            Err(error) => {
                tracing::warn!(cause = ?error.cause, "waiting photos were not removed: {error}");
            }
        }
        tokio::time::sleep(EVERY).await;
    }
}
