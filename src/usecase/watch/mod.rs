//! What is looked for without being asked: hotspots as they come and go, and what has just begun.
//!
//! One thread looks at each city when some hundred changes have come, or some time after the last
//! of a few. It follows the standing question's hotspots, so that they keep their identity, and
//! writes down what changed; then it scans every service for what has just begun. Whoever asks over
//! HTTP has what was found; hotspots of other questions are followed as long as the process lives.

mod city;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

pub use city::{
    Alerts, CityWatch, STANDING_DAYS, newest, standing, standing_filter, standing_name,
    standing_service,
};

use crate::domain::JurisdictionId;
use crate::error::{Error, Result};
use crate::usecase::{App, City};

/// How often it is looked whether anything is due.
const TICK: Duration = Duration::from_millis(500);

/// How much its thread gives way to others, of 19.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 15;

/// The watch over all cities.
pub struct BackgroundWatch {
    cities: Mutex<BTreeMap<JurisdictionId, Arc<CityWatch>>>,
    stopping: AtomicBool,
}

impl BackgroundWatch {
    /// A watch that nobody keeps yet.
    pub fn new() -> Arc<Self> {
        Arc::new(Self { cities: Mutex::default(), stopping: AtomicBool::new(false) })
    }

    /// Starts the thread that keeps watch.
    ///
    /// # Errors
    /// No thread can be started.
    pub fn start(self: &Arc<Self>, app: Arc<App>) -> Result<()> {
        let watch = self.clone();
        let keep = move || {
            // Questions go first: on Linux this is the thread's own, and that of those it starts.
            #[cfg(target_os = "linux")]
            let _ = rustix::process::nice(NICENESS);
            while !watch.stopping.load(Ordering::Relaxed) {
                thread::sleep(TICK);
                for city in app.cities() {
                    if city.progress().ready && !watch.stopping.load(Ordering::Relaxed) {
                        let looked = watch.city(&app, &city);
                        let result = looked.and_then(|watched| watched.look(&app, &city));
                        result.unwrap_or_else(|error| {
                            tracing::error!(%error, cause = ?error.cause, "the watch failed");
                        });
                    }
                }
            }
        };
        let thread = thread::Builder::new().name("watch".into());
        thread.spawn(keep).map(|_| ()).map_err(Error::internal)
    }

    /// Ends the thread.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    /// What is known of a city; its hotspots are read from the store at first.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn city(&self, app: &App, city: &City) -> Result<Arc<CityWatch>> {
        let mut cities = self.cities.lock().unwrap_or_else(|poison| poison.into_inner());
        if let Some(known) = cities.get(city.id()) {
            return Ok(known.clone());
        }
        let watched = Arc::new(CityWatch::new(app.reader().tracks(city.id())?));
        cities.insert(city.id().clone(), watched.clone());
        Ok(watched)
    }
}
