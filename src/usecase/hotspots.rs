//! The search for hotspots: ranked by priority, each with the number of its track.

use std::sync::Arc;

pub use crate::usecase::hotspot_cache::NumberedHotspot;

use crate::domain::{Filter, HotspotTrack, ServiceCode};
use crate::error;
use crate::index::Snapshot;
use crate::place::BBox;
use crate::query::{self, HotspotQuery, Hotspots, Priority, UntestableReason, population_filter};
use crate::usecase::City;
use crate::usecase::hexes::check_resolution;
use crate::usecase::hotspot_cache::{HotspotResult, SearchKey};
use crate::usecase::reports::check_areas;
use crate::usecase::watch::{
    CityWatch, STANDING_DAYS, SearchMoment, newest, standing, standing_filter, standing_name,
    standing_service,
};

const DAY_SECONDS: i64 = 86_400;

/// A search for hotspots.
#[derive(Debug, Clone)]
pub struct HotspotSearch {
    /// The reports that are counted. Its `bbox` and `areas`, and with `by_service` its services,
    /// select among the hotspots of the whole city and do not change the test.
    pub filter: Filter,
    /// The test. Its window is set by [`HotspotSearch::find`].
    pub query: HotspotQuery,
    /// Length of the window in days, if `filter.from` is not given.
    pub days: u32,
    /// Whether each service is tested separately; otherwise all matching reports together.
    pub by_service: bool,
}

/// The hotspots that a search selected among those of the whole city.
pub struct FoundHotspots {
    whole: Arc<HotspotResult>,
    /// Places in `whole.hotspots`, ascending.
    selected: Vec<u32>,
}

impl FoundHotspots {
    /// Number of selected hotspots.
    pub fn count(&self) -> usize {
        self.selected.len()
    }

    /// The first `limit` selected hotspots, most urgent first, each with its rank from 1.
    pub fn ranked(&self, limit: usize) -> impl Iterator<Item = (usize, &NumberedHotspot)> {
        self.ranked_touching(limit, None)
    }

    /// As [`Self::ranked`], but only those whose box touches `bbox`; their ranks stay the same.
    pub fn ranked_touching(
        &self,
        limit: usize,
        bbox: Option<&BBox>,
    ) -> impl Iterator<Item = (usize, &NumberedHotspot)> {
        let touching = bbox.map(|bbox| self.whole.touching(Some(bbox)));
        let ranked = self.selected.iter().take(limit).zip(1..);
        let is_in =
            move |at: &u32| touching.as_ref().is_none_or(|places| places.binary_search(at).is_ok());
        ranked
            .filter(move |(at, _)| is_in(at))
            .map(|(at, rank)| (rank, &self.whole.hotspots[*at as usize]))
    }

    /// The test with its window.
    pub fn query(&self) -> &HotspotQuery {
        &self.whole.query
    }

    /// The values that all tests share (cells, rings, total of reports); its `found` is empty.
    pub fn test(&self) -> &Hotspots {
        &self.whole.test
    }
}

impl HotspotSearch {
    /// The search that the background watch repeats (incidents of each service in the last thirty
    /// days, with the default test), restricted by `filter`.
    pub fn standing(filter: &Filter) -> Self {
        Self {
            filter: Filter { incidents: standing_filter().incidents, ..filter.clone() },
            query: standing(0),
            days: STANDING_DAYS,
            by_service: true,
        }
    }

    /// Refuses a search in unknown areas, and one that takes too long.
    ///
    /// # Errors
    /// An area in which the city has no report; a resolution at which the city has more than
    /// `cells_max` cells.
    pub fn check(&self, snapshot: &Snapshot, cells_max: usize) -> error::Result<()> {
        check_areas(snapshot, &self.filter)?;
        check_resolution(snapshot, self.query.resolution, cells_max)
    }

    /// Finds the hotspots, each with the number of its track. The hotspots of the whole city are
    /// searched for once in a snapshot.
    ///
    /// # Errors
    /// Why the test cannot be made.
    pub fn find(
        &self,
        snapshot: &Snapshot,
        city: &City,
        watched: &CityWatch,
    ) -> Result<FoundHotspots, UntestableReason> {
        let key = SearchKey {
            publication: snapshot.publication(),
            catalogue: city.catalogue(),
            filter: Filter { bbox: None, areas: None, ..self.filter.clone() },
            query: self.timed(snapshot),
            by_service: self.by_service,
        };
        let search = || self.find_in_whole_city(snapshot, &key, watched);
        let whole = watched.found().get_or_search(key.clone(), search)?;
        let Filter { bbox, areas, .. } = &self.filter;
        let mut selected = whole.touching(bbox.as_ref());
        let hotspot = |at: &u32| &whole.hotspots[*at as usize].hotspot;
        if let Some(bbox) = bbox {
            selected.retain(|at| hotspot(at).cells.iter().any(|cell| cell.touches(bbox)));
        }
        if areas.is_some() {
            let areas = Filter { areas: areas.clone(), ..Filter::default() };
            let areas = snapshot.compiled(&areas);
            selected.retain(|at| {
                hotspot(at).members.iter().any(|member| snapshot.matches(*member, &areas))
            });
        }
        Ok(FoundHotspots { whole, selected })
    }

    fn find_in_whole_city(
        &self,
        snapshot: &Snapshot,
        key: &SearchKey,
        watched: &CityWatch,
    ) -> Result<HotspotResult, UntestableReason> {
        let SearchKey { filter, query, catalogue, .. } = key;
        let found: Vec<(String, Hotspots)> = if self.by_service {
            let found = query::hotspots_by_service(snapshot, filter, query)?;
            found.into_iter().map(|(code, hotspots)| (code.to_string(), hotspots)).collect()
        } else {
            let codes = filter.services.iter().flatten().map(|code| code.as_str());
            let names = codes.collect::<Vec<_>>().join(",");
            vec![(names, query::hotspots(snapshot, filter, query)?)]
        };
        let test = found.first().map(|(_, one)| Hotspots { found: Vec::new(), ..one.clone() });
        let total = found.iter().map(|(_, one)| one.total).sum();
        let severity = |number: u16| catalogue.severity(snapshot.service_code(number));
        let moment = SearchMoment { at: query.before, revision: snapshot.revision() };
        let mut numbered = Vec::new();
        for (services, hotspots) in found {
            let numbers = watched.match_tracks(&self.name(&services), &hotspots.found, moment);
            numbered.extend(hotspots.found.into_iter().zip(numbers).map(|(hotspot, number)| {
                let priority = Priority::of(&hotspot, query.before, severity);
                NumberedHotspot { hotspot, number, priority }
            }));
        }
        let test =
            test.map(|test| Hotspots { total, ..test }).ok_or(UntestableReason::NoReports)?;
        Ok(HotspotResult::new(numbered, query.clone(), test))
    }

    /// The test with its window, which ends at `filter.before`, else at the newest report, and
    /// begins at `filter.from`, else `days` earlier.
    fn timed(&self, snapshot: &Snapshot) -> HotspotQuery {
        let before = self.filter.before.or_else(|| newest(snapshot)).unwrap_or(0);
        let from = self.filter.from.unwrap_or(before - i64::from(self.days) * DAY_SECONDS);
        // A window that begins after the newest report is empty; its end is not before its start.
        HotspotQuery { from, before: before.max(from + 1), ..self.query.clone() }
    }

    /// The name of the search by which the hotspots of `services` are tracked: that of the standing
    /// search if this search differs from it only in services, areas and box.
    fn name(&self, services: &str) -> String {
        let Self { filter, query, days, .. } = self;
        let HotspotQuery { resolution, k, exposure, rate, .. } = query;
        let rest = population_filter(filter);
        let usual = standing(0);
        let is_standing = rest == standing_filter()
            && (*resolution, *k, *exposure) == (usual.resolution, usual.k, usual.exposure)
            && *rate == usual.rate
            && i64::from(*days) * DAY_SECONDS == usual.before - usual.from
            && self.by_service;
        if is_standing {
            return standing_name(services);
        }
        let by = if self.by_service { "service" } else { "all" };
        // Codes, words, numbers and times have no characters that a query string must escape.
        let mut pairs = vec![("service", services.to_owned()), ("by", by.to_owned())];
        pairs.extend(rest.query_pairs());
        pairs.push(("days", days.to_string()));
        pairs.push(("resolution", resolution.to_string()));
        pairs.extend(k.map(|k| ("k", k.to_string())));
        pairs.push(("exposure", exposure.as_str().to_owned()));
        pairs.push(("level", (100.0 - rate * 100.0).to_string()));
        let pairs: Vec<String> =
            pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
        pairs.join("&")
    }
}

/// The current hotspot of a track, with the test that found it; `None` if the track has ended or
/// belongs to another search than the standing one.
pub fn current_hotspot(
    snapshot: &Snapshot,
    city: &City,
    track: &HotspotTrack,
    watched: &CityWatch,
) -> Option<(NumberedHotspot, HotspotQuery)> {
    let service = standing_service(&track.search).and_then(ServiceCode::new)?;
    let filter = Filter { services: Some(vec![service]), ..standing_filter() };
    let found = HotspotSearch::standing(&filter).find(snapshot, city, watched).ok()?;
    let one =
        found.ranked(usize::MAX).map(|(_, one)| one).find(|one| one.number == track.number)?;
    Some((one.clone(), found.query().clone()))
}
