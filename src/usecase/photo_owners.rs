//! The reports of the photos that were asked for last.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::error::Result;
use crate::store::PhotoOwner;

/// Photos whose reports are remembered, at most.
const KNOWN_MAX: usize = 10_000;
/// How long the reports of a photo are remembered.
const KNOWN_FOR: Duration = Duration::from_secs(30);

/// The reports of a photo and when they were looked for.
type Known = (Instant, Arc<[PhotoOwner]>);

/// The reports of the photos that were asked for last, so that a page with many photos does not
/// look for each again and again.
#[derive(Default)]
pub struct PhotoOwners(Mutex<HashMap<String, Known>>);

impl PhotoOwners {
    /// The reports of a photo: those that were found less than half a minute ago, else those that
    /// `find` finds.
    ///
    /// # Errors
    /// Those of `find`.
    pub fn of(
        &self,
        name: &str,
        find: impl FnOnce() -> Result<Vec<PhotoOwner>>,
    ) -> Result<Arc<[PhotoOwner]>> {
        let lock = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, owners)) = lock().get(name)
            && at.elapsed() < KNOWN_FOR
        {
            return Ok(owners.clone());
        }
        let owners: Arc<[PhotoOwner]> = find()?.into();
        // That of a photo without a report may come at any moment.
        if !owners.is_empty() {
            let mut known = lock();
            if known.len() >= KNOWN_MAX {
                known.clear();
            }
            known.insert(name.to_owned(), (Instant::now(), owners.clone()));
        }
        Ok(owners)
    }
}
