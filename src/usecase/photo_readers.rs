//! Who may load a photo. A photo is shown with a report: where the public does not see the photos
//! of the report's service, it does not get the photo either, also by its address.

use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::{JurisdictionId, PhotoPolicy, ReportTime, StoredUpdate, View, Visibility};
use crate::error::Result;
use crate::usecase::{App, City};

/// Updates of a report that are searched for a photo, at most.
const UPDATES_MAX: usize = 10_000;

/// Who may load a photo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PhotoReaders {
    /// Everybody, and so everywhere: every service of every city is exact.
    All,
    /// Everybody: a report shows it whose service is exact.
    Everybody,
    /// This reader, who sees everything of the report's city.
    Crew,
    /// No report shows it: it waits for one, or those that did were removed.
    Unattached,
    /// Not this reader.
    Nobody,
}

impl City {
    /// May a reader with this view load the photos of a report? `is_shown` looks whether the public
    /// sees this one in the report, where that depends on what a person decided.
    fn photo_readers(
        &self,
        view: View,
        report: &str,
        is_shown: impl FnOnce() -> Result<bool>,
    ) -> Result<PhotoReaders> {
        let crew = self.crew_snapshots().load();
        let Some(address) = crew.find(report) else { return Ok(PhotoReaders::Unattached) };
        let service = crew.service_code(crew.service(address));
        let rules = self.public_rules();
        let is_exact = rules.is_none_or(|rules| rules.of(service) == Visibility::Exact);
        let is_public = is_exact
            && match self.contents_of(service).photos {
                PhotoPolicy::Public => true,
                PhotoPolicy::Review => is_shown()?,
                PhotoPolicy::Crew => false,
            };
        Ok(match (is_public, view) {
            (true, _) => PhotoReaders::Everybody,
            (false, View::Crew) => PhotoReaders::Crew,
            (false, _) => PhotoReaders::Nobody,
        })
    }
}

impl App {
    /// May this reader load the photo with this name? `view` is that of the reader in a city.
    /// Nothing is looked for while all services are exact.
    ///
    /// # Errors
    /// The store; unavailable.
    pub async fn photo_readers(
        self: &Arc<Self>,
        name: &str,
        view: impl Fn(&JurisdictionId) -> View,
    ) -> Result<PhotoReaders> {
        if self.cities().iter().all(|city| city.public_rules().is_none()) {
            return Ok(PhotoReaders::All);
        }
        let stem = name.strip_suffix(".jpg").unwrap_or(name);
        let stem = stem.strip_suffix("-320").unwrap_or(stem).to_owned();
        let (app, name) = (self.clone(), name.to_owned());
        let find = move || {
            let find = || app.reader().photo_owners(&name);
            app.photo_owners.of(&name, find)
        };
        let owners = self.compute(find).await?;
        let mut readers = PhotoReaders::Unattached;
        for owner in owners.iter() {
            let Ok(city) = self.city(Some(&owner.jurisdiction)) else { continue };
            let is_shown = || self.shows_photo(&city, &owner.report, &stem);
            let own = city.photo_readers(view(city.id()), &owner.report, is_shown)?;
            readers = match (readers, own) {
                (PhotoReaders::Everybody, _) | (_, PhotoReaders::Everybody) => {
                    return Ok(PhotoReaders::Everybody);
                }
                (PhotoReaders::Crew, _) | (_, PhotoReaders::Crew) => PhotoReaders::Crew,
                (_, PhotoReaders::Nobody) => PhotoReaders::Nobody,
                (kept, _) => kept,
            };
        }
        Ok(readers)
    }

    /// Does the public see a photo in a report or in one of its updates? `stem` is the name of the
    /// photo without its ending. Reads the report and its updates.
    fn shows_photo(&self, city: &City, report: &str, stem: &str) -> Result<bool> {
        let has = |media: &[String]| media.iter().any(|url| url.contains(stem));
        let seen = self.stored(city, View::Listed, &[report])?;
        let details = seen.first().and_then(|stored| stored.report.details.as_ref());
        if details.is_some_and(|details| has(&details.media)) {
            return Ok(true);
        }
        let range = (ReportTime::instant(Timestamp::MIN), ReportTime::instant(Timestamp::MAX));
        let updates = self.updates((city, View::Listed), Some(report), range, (0, UPDATES_MAX))?;
        Ok(updates.iter().any(|one: &StoredUpdate| has(&one.update.media)))
    }
}
