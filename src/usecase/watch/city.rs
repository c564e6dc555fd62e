//! The watch over one city.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;

use crate::domain::{Filter, HotspotTrack, ServiceCode};
use crate::error::Result;
use crate::query;
use crate::query::{
    Alert, AlertQuery, DetectedHotspot, Exposure, Hotspot, HotspotQuery, Snapshot,
    UntestableReason, follow,
};
use crate::statistics::ScanSettings;
use crate::store::Write;
use crate::usecase::{App, City};

/// Length of the standing search's window, in days.
pub const STANDING_DAYS: i64 = 30;
/// So many changes are looked at at once.
const CHANGES: u64 = 300;
/// And fewer, after so long.
const PATIENCE: Duration = Duration::from_secs(60);
/// But never more often than this.
const REST: Duration = Duration::from_secs(5);
/// A look that took long is followed by a rest so many times as long: the watch never takes more
/// than a tenth of a processor.
const REST_FACTOR: u32 = 9;
/// Other questions that are followed at a time.
const QUESTIONS_MAX: usize = 2_000;
/// Shuffles of a scan.
const REPLICAS: usize = 999;
/// A scan is given up once so many of them are as extreme as what was observed.
const STOP_AFTER: usize = 20;
/// Alerts that chance brings more often than once in so many days are not told.
const RECURRENCE_MIN: f64 = 30.0;

/// How a standing question is called; no other begins so.
const STANDING: &str = "service=";

/// The name of the standing question of a service: its hotspots outlive the process.
pub fn standing_name(service: &str) -> String {
    format!("{STANDING}{service}")
}

/// The service of a standing question; none where it is another that passes.
pub fn standing_service(question: &str) -> Option<&str> {
    question.strip_prefix(STANDING)
}

/// The standing question at the time of the newest report: each service on its own, the last
/// thirty days, all else as it is where nothing is asked.
pub fn standing(before: i64) -> HotspotQuery {
    HotspotQuery {
        resolution: 9,
        k: None,
        exposure: Exposure::Reports,
        rate: 0.05,
        from: before - STANDING_DAYS * 86_400,
        before,
    }
}

/// The filter of the standing question: incidents, as ten reports of one hole are one hole.
pub fn standing_filter() -> Filter {
    Filter { incidents: true, ..Filter::default() }
}

/// What has just begun, as of a revision.
pub struct Alerts {
    /// Revision of the city that it is true of.
    pub revision: u64,
    /// The second behind the last that was looked at.
    pub at: i64,
    /// Services that were scanned.
    pub services: usize,
    /// How long it took.
    pub took: Duration,
    /// The most unlikely first.
    pub alerts: Vec<Alert>,
}

struct Followed {
    tracks: Vec<HotspotTrack>,
    /// The next number of a standing hotspot.
    next: u64,
    /// The next of another question's: they are not written down, so no number of an earlier
    /// process may come again.
    next_passing: u64,
    /// Numbers of standing tracks that changed since they were written.
    changed: Vec<u64>,
    /// Questions beside the standing ones, the last asked at the end.
    questions: VecDeque<String>,
}

/// When a city was last looked at.
struct LastLook {
    revision: u64,
    at: Option<Instant>,
    took: Duration,
}

/// The watch over one city.
pub struct CityWatch {
    followed: Mutex<Followed>,
    alerts: ArcSwapOption<Alerts>,
    looked: Mutex<LastLook>,
    looks: AtomicU64,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poison| poison.into_inner())
}

impl CityWatch {
    pub(super) fn new(tracks: Vec<HotspotTrack>) -> Self {
        let next = tracks.iter().map(|track| track.number + 1).max().unwrap_or(1);
        let since_1970 = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let next_passing = since_1970.map_or(1, |since| since.as_secs()) << 20;
        let (changed, questions) = (Vec::new(), VecDeque::new());
        let followed = Followed { tracks, next, next_passing, changed, questions };
        Self {
            followed: Mutex::new(followed),
            alerts: ArcSwapOption::empty(),
            looked: Mutex::new(LastLook { revision: 0, at: None, took: Duration::ZERO }),
            looks: AtomicU64::new(0),
        }
    }

    /// The numbers of the hotspots that a question has `at` a second.
    pub fn follow(&self, question: &str, hotspots: &[Hotspot], at: i64) -> Vec<u64> {
        let mut followed = locked(&self.followed);
        let Followed { tracks, next, next_passing, changed, questions } = &mut *followed;
        let is_standing = standing_service(question).is_some();
        if !is_standing {
            questions.retain(|known| known != question);
            questions.push_back(question.to_owned());
            if questions.len() > QUESTIONS_MAX {
                let forgotten = questions.pop_front();
                tracks.retain(|track| Some(&track.question) != forgotten.as_ref());
            }
        }
        let seen: Vec<DetectedHotspot<'_>> = hotspots
            .iter()
            .map(|hotspot| DetectedHotspot { cells: &hotspot.cells, count: hotspot.count })
            .collect();
        let mut news = Vec::new();
        let next = if is_standing { next } else { next_passing };
        let numbers = follow(tracks, question, &seen, at, next, &mut news);
        if is_standing {
            changed.extend(news);
        }
        numbers
    }

    /// The life of a hotspot.
    pub fn track(&self, number: u64) -> Option<HotspotTrack> {
        locked(&self.followed).tracks.iter().find(|track| track.number == number).cloned()
    }

    /// How many standing hotspots there are now of these services, of all where none are named.
    pub fn standing_now(&self, services: Option<&[ServiceCode]>) -> usize {
        let wanted = |track: &&HotspotTrack| {
            let named = |code: &str| {
                services.is_none_or(|list| list.iter().any(|known| known.as_str() == code))
            };
            !track.ended && standing_service(&track.question).is_some_and(named)
        };
        locked(&self.followed).tracks.iter().filter(wanted).count()
    }

    /// Grows with every look: what it found may have changed.
    pub fn looks(&self) -> u64 {
        self.looks.load(Ordering::Relaxed)
    }

    /// What the last scan found; none before the first.
    pub fn alerts(&self) -> Option<Arc<Alerts>> {
        self.alerts.load_full()
    }

    /// Looks at the city, if that is due.
    pub(super) fn look(&self, app: &App, city: &City) -> Result<()> {
        let snapshot = city.shown().load();
        let mut looked = locked(&self.looked);
        let news = snapshot.revision().saturating_sub(looked.revision);
        let rested = looked.at.map(|at| at.elapsed());
        let (rest, patience) = (REST.max(looked.took * REST_FACTOR), PATIENCE);
        let is_due = match rested {
            None => true,
            Some(rested) => rested >= rest && (news >= CHANGES || rested >= patience && news > 0),
        };
        if !is_due || snapshot.is_empty() {
            return Ok(());
        }
        let began = Instant::now();
        looked.revision = snapshot.revision();
        drop(looked);
        let Some(at) = newest(&snapshot) else { return Ok(()) };
        self.look_for_hotspots(&snapshot, at);
        self.write(app, city)?;
        self.look_for_alerts(&snapshot, at);
        let mut looked = locked(&self.looked);
        (looked.at, looked.took) = (Some(Instant::now()), began.elapsed());
        self.looks.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn look_for_hotspots(&self, snapshot: &Snapshot, at: i64) {
        let asked = query::hotspots_by_service(snapshot, &standing_filter(), &standing(at));
        let found = match asked {
            Ok(found) => found,
            Err(UntestableReason::NoReports) => Vec::new(),
            // Too little of a city to judge: what was followed is left as it was.
            Err(_) => return,
        };
        for (code, hotspots) in &found {
            self.follow(&standing_name(code.as_str()), &hotspots.found, at);
        }
        // Services without any are looked at too: theirs may be over.
        let silent: Vec<String> = {
            let followed = locked(&self.followed);
            let is_silent = |track: &&HotspotTrack| {
                let told = |code: &str| found.iter().any(|(known, _)| known.as_str() == code);
                !track.ended && standing_service(&track.question).is_some_and(|code| !told(code))
            };
            followed.tracks.iter().filter(is_silent).map(|track| track.question.clone()).collect()
        };
        silent.iter().for_each(|question| drop(self.follow(question, &[], at)));
    }

    /// Writes down what changed.
    fn write(&self, app: &App, city: &City) -> Result<()> {
        let tracks: Vec<HotspotTrack> = {
            let mut followed = locked(&self.followed);
            let changed = std::mem::take(&mut followed.changed);
            let is_changed = |track: &&HotspotTrack| changed.contains(&track.number);
            followed.tracks.iter().filter(is_changed).cloned().collect()
        };
        if tracks.is_empty() {
            return Ok(());
        }
        let numbers: Vec<u64> = tracks.iter().map(|track| track.number).collect();
        let written = app.writer().write(Write::Follow { jurisdiction: city.id().clone(), tracks });
        // What could not be written is tried again with the next.
        written.map(|_| ()).inspect_err(|_| locked(&self.followed).changed.extend(numbers))
    }

    fn look_for_alerts(&self, snapshot: &Snapshot, at: i64) {
        let began = Instant::now();
        let services: Vec<ServiceCode> = (0..snapshot.services() as u16)
            .filter_map(|number| ServiceCode::new(snapshot.service_name(number)))
            .collect();
        let draws = ScanSettings { replicas: REPLICAS, seed: 311, stop_after: STOP_AFTER };
        let ask = AlertQuery { at, draws, services: services.len() };
        let scanned = services
            .iter()
            .flat_map(|service| query::alerts(snapshot, service, ask, RECURRENCE_MIN));
        let mut alerts: Vec<Alert> = scanned.collect();
        alerts.sort_by(|a, b| a.p.total_cmp(&b.p));
        self.alerts.store(Some(Arc::new(Alerts {
            revision: snapshot.revision(),
            at,
            services: services.len(),
            took: began.elapsed(),
            alerts,
        })));
    }
}

/// The second behind the newest report.
pub fn newest(snapshot: &Snapshot) -> Option<i64> {
    query::span(snapshot, &snapshot.compiled(&Filter::default())).map(|(_, last)| last + 1)
}
