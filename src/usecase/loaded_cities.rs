//! The cities that the service has loaded, kept as the store has them: cities that another process
//! adds, changes or removes are noticed at the next poll.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use arc_swap::ArcSwap;

use crate::domain::{Change, Clock, JurisdictionId};
use crate::error::{Error, ErrorKind, Refusal, Result};
use crate::message;
use crate::store::{Reader, RegisteredCity};
use crate::usecase::catalogues::Catalogues;
use crate::usecase::city::{City, log_index_error};

type Cities = BTreeMap<JurisdictionId, Arc<City>>;

/// The loaded cities and what is needed to load others.
pub struct LoadedCities {
    reader: Reader,
    catalogues: Catalogues,
    clock: Arc<dyn Clock>,
    cities: ArcSwap<Cities>,
    /// Held while cities are added and removed.
    changing: Mutex<()>,
    /// Set when the jurisdictions of the store were read for the first time.
    is_read: AtomicBool,
    default: OnceLock<JurisdictionId>,
}

/// The error of a request that comes before the store was read.
pub fn starting() -> Error {
    Error::new(
        ErrorKind::Unavailable,
        message!(
            "Le service lit encore ses données ; voir /readyz.",
            "The service is still reading its data; see /readyz."
        ),
    )
}

fn no_city_yet() -> Error {
    Error::new(
        ErrorKind::NotFound,
        message!(
            "Ce service n’a pas encore de ville : importez ses demandes (pointchaud import \
             FICHIER) ou ajoutez-la (pointchaud city add ville.example).",
            "This service has no city yet: import its reports (pointchaud import FILE) or add it \
             (pointchaud city add city.example)."
        ),
    )
}

impl LoadedCities {
    /// The built-in catalogues that new cities start from.
    pub fn catalogues(&self) -> &Catalogues {
        &self.catalogues
    }

    /// No city yet; [`LoadedCities::catch_up`] loads those of the store.
    pub fn new(reader: Reader, catalogues: Catalogues, clock: Arc<dyn Clock>) -> Self {
        Self {
            reader,
            catalogues,
            clock,
            cities: ArcSwap::default(),
            changing: Mutex::default(),
            is_read: AtomicBool::new(false),
            default: OnceLock::new(),
        }
    }

    /// The store, for reading.
    pub fn reader(&self) -> &Reader {
        &self.reader
    }

    /// The clock of the application.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// All cities, by id.
    pub fn all(&self) -> Vec<Arc<City>> {
        self.cities.load().values().cloned().collect()
    }

    /// Declares the default city, once.
    pub fn set_default(&self, id: JurisdictionId) {
        // A second declaration changes nothing.
        let _ = self.default.set(id);
    }

    /// The city with this id. For `None` the default city: the declared one, else the one that was
    /// added first.
    ///
    /// # Errors
    /// There is no such city, or the store was not read yet.
    pub fn find(&self, id: Option<&str>) -> Result<Arc<City>> {
        let cities = self.cities.load();
        let id = id.or_else(|| self.default.get().map(JurisdictionId::as_str));
        let found = match id {
            Some(id) => cities.iter().find(|(known, _)| known.as_str() == id).map(|(_, city)| city),
            None => cities.values().min_by_key(|city| city.number()),
        };
        match (found, id) {
            (Some(city), _) => Ok(city.clone()),
            // The city may be in the store.
            (None, _) if !self.is_read.load(Ordering::Acquire) => Err(starting()),
            (None, _) if cities.is_empty() => Err(no_city_yet()),
            (None, id) => Err(Error::not_found(id.unwrap_or_default())),
        }
    }

    /// As [`LoadedCities::find`], but of several cities one must be named or declared.
    ///
    /// # Errors
    /// As [`LoadedCities::find`]; refused where a city must be named.
    pub fn find_unambiguous(&self, id: Option<&str>) -> Result<Arc<City>> {
        let cities = self.cities.load();
        if id.is_some() || self.default.get().is_some() || cities.len() < 2 {
            return self.find(id);
        }
        let ids: Vec<&str> = cities.keys().map(JurisdictionId::as_str).collect();
        let ids = ids.join(", ");
        let message = message!(
            "manque : ce service a plusieurs villes ({ids})",
            "is missing: this service has several cities ({ids})"
        );
        Err(Refusal::new("jurisdiction_id", "", message).into())
    }

    /// Whether the store was read and the index of every city has been built.
    pub fn is_ready(&self) -> bool {
        let cities = self.cities.load();
        self.is_read.load(Ordering::Acquire) && cities.values().all(|city| city.progress().ready)
    }

    /// Applies a commit of this process's writer to the index of its city.
    pub fn committed(&self, jurisdiction: &JurisdictionId, changes: Vec<Change>) {
        match self.cities.load().get(jurisdiction) {
            Some(city) => city.apply_commit(&self.reader, changes),
            None => self.catch_up(),
        }
    }

    /// Loads the cities that are new in the store, drops those that were removed, and applies the
    /// changes that the indexes do not have yet.
    pub fn catch_up(&self) {
        let known = match self.reader.registered() {
            Ok(known) => known,
            Err(error) => return log_index_error(&error),
        };
        if self.is_other(&known) {
            self.change_cities();
        }
        self.is_read.store(true, Ordering::Release);
        let cities = self.cities.load();
        for RegisteredCity { jurisdiction, revision, .. } in known {
            if let Some(city) = cities.get(&jurisdiction.id) {
                city.catch_up(&self.reader, revision);
                if city.progress().ready {
                    let refreshed = city.refresh_public(&self.reader);
                    refreshed.unwrap_or_else(|error| log_index_error(&error));
                }
            }
        }
    }

    /// Do the jurisdictions of the store differ from the loaded cities?
    fn is_other(&self, known: &[RegisteredCity]) -> bool {
        let cities = self.cities.load();
        let is_same = |known: &RegisteredCity| {
            let loaded = cities.get(&known.jurisdiction.id);
            loaded.is_some_and(|city| {
                city.number() == known.number && *city.jurisdiction() == known.jurisdiction
            })
        };
        cities.len() != known.len() || !known.iter().all(is_same)
    }

    /// Adds, changes and drops cities until they are those of the store.
    fn change_cities(&self) {
        let _changing = self.changing.lock().unwrap_or_else(|poison| poison.into_inner());
        let known = match self.reader.registered() {
            Ok(known) => known,
            Err(error) => return log_index_error(&error),
        };
        let mut cities = Cities::clone(&self.cities.load());
        cities.retain(|id, city| {
            let stays = known.iter().any(|k| k.jurisdiction.id == *id && k.number == city.number());
            if !stays {
                self.reader.forget(id);
            }
            stays
        });
        self.cities.store(Arc::new(cities.clone()));
        for RegisteredCity { jurisdiction, .. } in known {
            let id = jurisdiction.id.clone();
            let loaded = cities.get(&id);
            if let Some(city) = loaded
                && city.jurisdiction().time_zone == jurisdiction.time_zone
            {
                city.set_jurisdiction(jurisdiction);
                continue;
            }
            // Days without an hour are read in the time zone: with another one, all is read anew.
            // The city answers as before until that is done.
            let is_new = loaded.is_none();
            self.reader.forget(&id);
            let base = self.catalogues.of(&id);
            match City::new(jurisdiction, base, &self.reader, self.clock.clone()) {
                Ok(city) => {
                    let city = Arc::new(city);
                    cities.insert(id, city.clone());
                    if is_new {
                        self.cities.store(Arc::new(cities.clone()));
                    }
                    city.boot(&self.reader).unwrap_or_else(|error| log_index_error(&error));
                    self.cities.store(Arc::new(cities.clone()));
                }
                Err(error) => log_index_error(&error),
            }
        }
    }
}
