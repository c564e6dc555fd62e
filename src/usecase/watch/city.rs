//! The background watch of one city.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use jiff::Timestamp;

use crate::domain::{Filter, HotspotTrack, ServiceCode, View};
use crate::error::Result;
use crate::index::Snapshot;
use crate::query;
use crate::query::{
    Alert, AlertQuery, DetectedHotspot, Exposure, Hotspot, HotspotQuery, RESOLUTION_DEFAULT,
    UntestableReason, update_tracks,
};
use crate::statistics::ScanSettings;
use crate::store::SaveHotspotTracks;
use crate::usecase::hotspot_cache::HotspotCache;
use crate::usecase::jurisdictions::learn_extent;
use crate::usecase::{App, City};

/// Length of the standing search's window, in days.
pub const STANDING_DAYS: u32 = 30;
/// False discovery rate of the standing search.
pub const STANDING_RATE: f64 = 0.05;
/// Number of changes after which a city is examined.
const CHANGES: u64 = 300;
/// Time after which it is examined even if only one change came.
const PATIENCE: Duration = Duration::from_secs(60);
/// Shortest time between two examinations.
const REST: Duration = Duration::from_secs(5);
/// Pause after an examination as a multiple of its duration: the watch takes at most a tenth of a
/// processor.
const REST_FACTOR: u32 = 9;
/// Most searches other than standing ones whose hotspots are tracked at a time.
const SEARCHES_MAX: usize = 2_000;
/// Monte Carlo replicas of a scan.
const REPLICAS: usize = 999;
/// A scan stops early once this many replicas are as extreme as the observation.
const STOP_AFTER: usize = 20;
/// Shortest recurrence interval of an alert, in days: by chance alone such an alert occurs at most
/// this often.
const RECURRENCE_MIN: f64 = 30.0;

/// Prefix of the names of standing searches; no other search's name begins with it.
const STANDING: &str = "service=";

/// The name of the standing search of a service. Its hotspots are stored.
pub fn standing_name(service: &str) -> String {
    format!("{STANDING}{service}")
}

/// The service of a standing search's name; `None` for the name of another search.
pub fn standing_service(search: &str) -> Option<&str> {
    search.strip_prefix(STANDING)
}

/// The test of the standing search for the thirty days up to `before`, a second of Unix time; its
/// parameters are the defaults of the API.
pub fn standing(before: i64) -> HotspotQuery {
    HotspotQuery {
        resolution: RESOLUTION_DEFAULT,
        k: None,
        exposure: Exposure::Reports,
        rate: STANDING_RATE,
        from: before - i64::from(STANDING_DAYS) * 86_400,
        before,
    }
}

/// The filter of the standing search: incidents are counted, since ten reports of one pothole are
/// one pothole.
pub fn standing_filter() -> Filter {
    Filter { incidents: true, ..Filter::default() }
}

/// The alerts of the last scan.
pub struct Alerts {
    /// Revision of the snapshot that was scanned.
    pub revision: u64,
    /// End of the scanned time, exclusive, in seconds of Unix time.
    pub at: i64,
    /// Number of services scanned.
    pub services: usize,
    /// Duration of the scan.
    pub took: Duration,
    /// By p-value, lowest first.
    pub alerts: Vec<Alert>,
}

impl Alerts {
    /// The alerts with a report that passes the filter and, if it has a box, with a cell whose
    /// centre lies in the box. An alert is that of the whole city, whatever the filter is.
    pub fn select(&self, snapshot: &Snapshot, filter: &Filter) -> Vec<&Alert> {
        let compiled = snapshot.compiled(&Filter { bbox: None, ..filter.clone() });
        let passes = |id: &String| {
            snapshot.find(id).is_some_and(|address| snapshot.matches(address, &compiled))
        };
        let is_selected = |alert: &&Alert| {
            alert.members.iter().any(passes)
                && filter.bbox.is_none_or(|bbox| alert.cells.iter().any(|cell| cell.touches(&bbox)))
        };
        self.alerts.iter().filter(is_selected).collect()
    }
}

/// Numbers of the watch's results that belong to a filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WatchCounts {
    /// Number of standing hotspots of the filter's services; `None` where the filter restricts
    /// anything else, because they are found in the whole city.
    pub hotspots: Option<usize>,
    /// Number of alerts of these services; `None` before the first scan, and where the number of
    /// hotspots is.
    pub alerts: Option<usize>,
}

/// The data that a search sees.
#[derive(Debug, Clone, Copy)]
pub struct SearchMoment {
    /// End of its window, in seconds since 1970.
    pub at: i64,
    /// Revision of its snapshot.
    pub revision: u64,
}

struct TrackedHotspots {
    tracks: Vec<HotspotTrack>,
    /// The next number of a stored track.
    next: u64,
    /// The next number of a track that is not stored. It starts from the clock, so that it never
    /// repeats a number given by an earlier process.
    next_passing: u64,
    /// Numbers of stored tracks that changed since they were written.
    changed: Vec<u64>,
    /// Searches other than standing ones, the most recently used last.
    searches: VecDeque<String>,
    /// By search: the newest revision that it was run on.
    revisions: HashMap<String, u64>,
}

/// The last examination of a city.
struct Examination {
    revision: u64,
    at: Option<Instant>,
    took: Duration,
}

/// The background watch of one city.
pub struct CityWatch {
    tracked: Mutex<TrackedHotspots>,
    alerts: ArcSwapOption<Alerts>,
    last_examination: Mutex<Examination>,
    examinations: AtomicU64,
    found: HotspotCache,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poison| poison.into_inner())
}

impl CityWatch {
    pub(super) fn new(tracks: Vec<HotspotTrack>, now: Timestamp) -> Self {
        let next = tracks.iter().map(|track| track.number + 1).max().unwrap_or(1);
        let next_passing = now.as_second().unsigned_abs() << 20;
        let tracked = TrackedHotspots {
            tracks,
            next,
            next_passing,
            changed: Vec::new(),
            searches: VecDeque::new(),
            revisions: HashMap::new(),
        };
        Self {
            tracked: Mutex::new(tracked),
            alerts: ArcSwapOption::empty(),
            last_examination: Mutex::new(Examination {
                revision: 0,
                at: None,
                took: Duration::ZERO,
            }),
            examinations: AtomicU64::new(0),
            found: HotspotCache::default(),
        }
    }

    /// Matches the hotspots that a search found with its tracks. Returns the number of the track of
    /// each hotspot, in order. The tracks follow the newest snapshot: a search that began on an
    /// older one than another search of the same name changes none of them.
    pub fn match_tracks(
        &self,
        search: &str,
        hotspots: &[Hotspot],
        moment: SearchMoment,
    ) -> Vec<u64> {
        let mut tracked = locked(&self.tracked);
        let TrackedHotspots { tracks, next, next_passing, changed, searches, revisions } =
            &mut *tracked;
        let is_standing = standing_service(search).is_some();
        if !is_standing {
            searches.retain(|known| known != search);
            searches.push_back(search.to_owned());
            if searches.len() > SEARCHES_MAX {
                let forgotten = searches.pop_front();
                tracks.retain(|track| Some(&track.search) != forgotten.as_ref());
                revisions.retain(|search, _| Some(search) != forgotten.as_ref());
            }
        }
        let seen: Vec<DetectedHotspot<'_>> = hotspots
            .iter()
            .map(|hotspot| DetectedHotspot { cells: &hotspot.cells, count: hotspot.count })
            .collect();
        let mut news = Vec::new();
        let newest = revisions.entry(search.to_owned()).or_default();
        if moment.revision < *newest {
            let own = tracks.iter().filter(|track| track.search == search);
            return update_tracks(
                &mut own.cloned().collect(),
                search,
                &seen,
                moment.at,
                next_passing,
                &mut news,
            );
        }
        *newest = moment.revision;
        let next = if is_standing { next } else { next_passing };
        let numbers = update_tracks(tracks, search, &seen, moment.at, next, &mut news);
        if is_standing {
            changed.extend(news);
        }
        numbers
    }

    /// The track with this number.
    pub fn track(&self, number: u64) -> Option<HotspotTrack> {
        locked(&self.tracked).tracks.iter().find(|track| track.number == number).cloned()
    }

    /// The numbers of hotspots and alerts that belong to a filter. The watch examines the whole
    /// city of the present: only services select among its results, and whether reports or
    /// incidents are counted changes nothing.
    pub fn counts(&self, filter: &Filter) -> WatchCounts {
        let services = filter.services.as_deref();
        let by_service = Filter { services: filter.services.clone(), ..standing_filter() };
        let is_watched = *filter == Filter { incidents: filter.incidents, ..by_service };
        let is_counted = |alert: &&Alert| services.is_none_or(|list| list.contains(&alert.service));
        let alerts = self.alerts().filter(|_| is_watched);
        WatchCounts {
            hotspots: is_watched.then(|| self.standing_now(services)),
            alerts: alerts.map(|found| found.alerts.iter().filter(is_counted).count()),
        }
    }

    /// Number of current hotspots of the standing searches of these services, or of all.
    fn standing_now(&self, services: Option<&[ServiceCode]>) -> usize {
        let wanted = |track: &&HotspotTrack| {
            let named = |code: &str| {
                services.is_none_or(|list| list.iter().any(|known| known.as_str() == code))
            };
            !track.ended && standing_service(&track.search).is_some_and(named)
        };
        locked(&self.tracked).tracks.iter().filter(wanted).count()
    }

    /// Number of examinations so far. Answers that depend on their results carry it in their ETag.
    pub fn examinations(&self) -> u64 {
        self.examinations.load(Ordering::Relaxed)
    }

    /// The hotspots that the last searches of the city found.
    pub(in crate::usecase) fn found(&self) -> &HotspotCache {
        &self.found
    }

    /// Result of the last scan; `None` before the first.
    pub fn alerts(&self) -> Option<Arc<Alerts>> {
        self.alerts.load_full()
    }

    /// Examines the city if it is due.
    pub(super) fn examine_if_due(&self, app: &App, city: &City) -> Result<()> {
        let revision = city.snapshots(View::Counted).load().revision();
        let is_due = {
            let last_examination = locked(&self.last_examination);
            let news = revision.saturating_sub(last_examination.revision);
            is_due(last_examination.at.map(|at| at.elapsed()), last_examination.took, news)
        };
        if is_due { self.examine(app, city) } else { Ok(()) }
    }

    /// Examines the public view of the city now, due or not, because the public reads the results:
    /// tracks the hotspots of the standing search, stores those
    /// that changed, scans for alerts, and learns the city's extent again. Does nothing for a
    /// city without a report.
    ///
    /// # Errors
    /// The tracks or the extent cannot be stored.
    pub fn examine(&self, app: &App, city: &City) -> Result<()> {
        let snapshot = city.snapshots(View::Counted).load();
        if snapshot.is_empty() {
            return Ok(());
        }
        let began = Instant::now();
        locked(&self.last_examination).revision = snapshot.revision();
        let Some(at) = newest(&snapshot) else { return Ok(()) };
        self.search_for_hotspots(&snapshot, at);
        self.write(app, city)?;
        self.scan_for_alerts(&snapshot, at);
        let base = app.catalogues().of(city.id());
        learn_extent(app.reader(), app.writer(), city.id(), &base)?;
        let mut last_examination = locked(&self.last_examination);
        (last_examination.at, last_examination.took) = (Some(Instant::now()), began.elapsed());
        self.examinations.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn search_for_hotspots(&self, snapshot: &Snapshot, at: i64) {
        let asked = query::hotspots_by_service(snapshot, &standing_filter(), &standing(at));
        let found = match asked {
            Ok(found) => found,
            Err(UntestableReason::NoReports) => Vec::new(),
            // Too few cells to test: the tracks stay as they are.
            Err(_) => return,
        };
        let moment = SearchMoment { at, revision: snapshot.revision() };
        for (code, hotspots) in &found {
            self.match_tracks(&standing_name(code.as_str()), &hotspots.found, moment);
        }
        // Tracks of services without a hotspot may have ended.
        let silent: Vec<String> = {
            let tracked = locked(&self.tracked);
            let is_silent = |track: &&HotspotTrack| {
                let was_found = |code: &str| found.iter().any(|(known, _)| known.as_str() == code);
                !track.ended && standing_service(&track.search).is_some_and(|code| !was_found(code))
            };
            tracked.tracks.iter().filter(is_silent).map(|track| track.search.clone()).collect()
        };
        silent.iter().for_each(|search| drop(self.match_tracks(search, &[], moment)));
    }

    /// Stores the tracks that changed.
    fn write(&self, app: &App, city: &City) -> Result<()> {
        let tracks: Vec<HotspotTrack> = {
            let mut tracked = locked(&self.tracked);
            let changed = std::mem::take(&mut tracked.changed);
            let is_changed = |track: &&HotspotTrack| changed.contains(&track.number);
            tracked.tracks.iter().filter(is_changed).cloned().collect()
        };
        if tracks.is_empty() {
            return Ok(());
        }
        let numbers: Vec<u64> = tracks.iter().map(|track| track.number).collect();
        let jurisdiction = city.id().clone();
        let written = app.writer().execute(SaveHotspotTracks { jurisdiction, tracks });
        // The next write repeats what could not be written.
        written.inspect_err(|_| locked(&self.tracked).changed.extend(numbers))
    }

    fn scan_for_alerts(&self, snapshot: &Snapshot, at: i64) {
        let began = Instant::now();
        let services: Vec<ServiceCode> = (0..snapshot.service_count() as u16)
            .filter_map(|number| ServiceCode::new(snapshot.service_code(number)))
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

/// Whether a city is due. `rested` is the time since the last examination ended, `None` before the
/// first; `took` is its length; `news` is the number of changes since it began.
fn is_due(rested: Option<Duration>, took: Duration, news: u64) -> bool {
    let Some(rested) = rested else { return true };
    rested >= REST.max(took * REST_FACTOR) && (news >= CHANGES || rested >= PATIENCE && news > 0)
}

/// One second after the newest report, in seconds of Unix time.
pub fn newest(snapshot: &Snapshot) -> Option<i64> {
    query::time_span(snapshot, &snapshot.compiled(&Filter::default())).map(|(_, last)| last + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_changes_are_due_after_a_rest_and_a_few_after_a_minute() {
        let seconds = Duration::from_secs;
        let short = seconds(0);
        assert!(is_due(None, short, 0), "the first examination is always due");
        assert!(!is_due(Some(seconds(4)), short, CHANGES));
        assert!(is_due(Some(seconds(5)), short, CHANGES));
        assert!(!is_due(Some(seconds(59)), short, CHANGES - 1));
        assert!(is_due(Some(seconds(60)), short, 1));
        assert!(!is_due(Some(seconds(60)), short, 0), "nothing changed");
        // After one that took 10 s there is a rest of 90 s, whatever changes.
        assert!(!is_due(Some(seconds(89)), seconds(10), CHANGES));
        assert!(is_due(Some(seconds(90)), seconds(10), CHANGES));
    }
}
