//! The background watch: it tracks hotspots over time and scans for alerts.
//!
//! One thread examines each city after some hundred changes, or a minute after a single
//! one. It runs the standing search (the incidents of each service over the last thirty days),
//! matches its hotspots with those of the previous run so that they keep their ids, and stores what
//! changed. Then it
//! scans every service for alerts. HTTP reads the results. Hotspots of other searches are
//! tracked in memory until the process ends. Once a day it erases what cities keep no longer.

mod city;
mod retention;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

pub use city::{
    Alerts, CityWatch, STANDING_DAYS, STANDING_RATE, SearchMoment, WatchCounts, newest, standing,
    standing_filter, standing_name, standing_service,
};

pub use retention::{PhotoRemover, RetentionPass};

use crate::error::{Error, Result};
use crate::usecase::{App, City};

/// Interval at which the thread checks whether a city is due.
const TICK: Duration = Duration::from_millis(500);

/// Niceness of the thread (0 to 19), so that queries have priority.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 15;

/// The background watch of all cities.
pub struct BackgroundWatch {
    /// By the numbers of the cities.
    cities: Mutex<BTreeMap<i64, Arc<CityWatch>>>,
    stopping: AtomicBool,
    /// Erases once a day what is kept no longer.
    pub retention: RetentionPass,
}

impl BackgroundWatch {
    /// A watch whose thread is not started: without [`BackgroundWatch::start`] a city is examined
    /// only by [`CityWatch::examine`].
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            cities: Mutex::default(),
            stopping: AtomicBool::new(false),
            retention: RetentionPass::default(),
        })
    }

    /// Starts the thread.
    ///
    /// # Errors
    /// No thread can be started.
    pub fn start(self: &Arc<Self>, app: Arc<App>) -> Result<()> {
        let watch = self.clone();
        let keep = move || {
            // On Linux the niceness is that of the thread and of the threads that it starts.
            #[cfg(target_os = "linux")]
            let _ = rustix::process::nice(NICENESS);
            while !watch.stopping.load(Ordering::Relaxed) {
                thread::sleep(TICK);
                watch.retention.run_if_due(&app);
                for city in app.cities() {
                    if city.progress().ready && !watch.stopping.load(Ordering::Relaxed) {
                        let watched = watch.city(&app, &city);
                        let result =
                            watched.and_then(|watched| watched.examine_if_due(&app, &city));
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

    /// The watch of one city. The first call reads its hotspot tracks from the store.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn city(&self, app: &App, city: &City) -> Result<Arc<CityWatch>> {
        let mut cities = self.cities.lock().unwrap_or_else(|poison| poison.into_inner());
        if let Some(known) = cities.get(&city.number()) {
            return Ok(known.clone());
        }
        let watched = Arc::new(CityWatch::new(app.reader().tracks(city.id())?, app.now()));
        cities.insert(city.number(), watched.clone());
        Ok(watched)
    }
}
