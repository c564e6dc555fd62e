//! Who may load a photo. A photo is shown with a report: where the public does not see the photos
//! of the report's service, it does not get the photo either, also by its address.

use std::sync::Arc;

use crate::domain::{JurisdictionId, View, Visibility};
use crate::error::Result;
use crate::usecase::{App, City};

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
    /// May a reader with this view load the photos of a report?
    fn photo_readers(&self, view: View, report: &str) -> PhotoReaders {
        let crew = self.crew_snapshots().load();
        let Some(address) = crew.find(report) else { return PhotoReaders::Unattached };
        let service = crew.service_code(crew.service(address));
        let rules = self.public_rules();
        let is_exact = rules.is_none_or(|rules| rules.of(service) == Visibility::Exact);
        match (is_exact, view) {
            (true, _) => PhotoReaders::Everybody,
            (false, View::Crew) => PhotoReaders::Crew,
            (false, _) => PhotoReaders::Nobody,
        }
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
        let (app, name) = (self.clone(), name.to_owned());
        let find = move || {
            let find = || app.reader().photo_owners(&name);
            app.photo_owners.of(&name, find)
        };
        let owners = self.compute(find).await?;
        let mut readers = PhotoReaders::Unattached;
        for owner in owners.iter() {
            let Ok(city) = self.city(Some(&owner.jurisdiction)) else { continue };
            let own = city.photo_readers(view(city.id()), &owner.report);
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
}
