//! The search for hotspots: ranked by priority, each with the number of its track.

use crate::domain::{Filter, HotspotTrack, ServiceCode};
use crate::error;
use crate::index::Snapshot;
use crate::place::{AreaIndex, BBox, H3Cell};
use crate::query::{
    self, Hotspot, HotspotQuery, Hotspots, Priority, UntestableReason, population_filter,
};
use crate::usecase::City;
use crate::usecase::hexes::check_resolution;
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

/// A hotspot with the number of its track.
pub struct NumberedHotspot {
    /// The hotspot.
    pub hotspot: Hotspot,
    /// The number of its track.
    pub number: u64,
    /// Its priority.
    pub priority: Priority,
}

/// What a search found.
pub struct FoundHotspots {
    /// The hotspots, most urgent first; equal ones by number.
    pub hotspots: Vec<NumberedHotspot>,
    /// The test with its window.
    pub query: HotspotQuery,
    /// The values that all tests share (cells, rings, total of reports); its `found` is empty.
    pub test: Hotspots,
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

    /// Finds the hotspots and gives each the number of its track.
    ///
    /// # Errors
    /// Why the test cannot be made.
    pub fn find(
        &self,
        snapshot: &Snapshot,
        city: &City,
        watched: &CityWatch,
    ) -> Result<FoundHotspots, UntestableReason> {
        let query = self.timed(snapshot);
        let filter = &self.filter;
        let found: Vec<(String, Hotspots)> = if self.by_service {
            let found = query::hotspots_by_service(snapshot, filter, &query)?;
            found.into_iter().map(|(code, hotspots)| (code.to_string(), hotspots)).collect()
        } else {
            let codes = filter.services.iter().flatten().map(|code| code.as_str());
            let names = codes.collect::<Vec<_>>().join(",");
            vec![(names, query::hotspots(snapshot, filter, &query)?)]
        };
        let test = found.first().map(|(_, one)| Hotspots { found: Vec::new(), ..one.clone() });
        let total = found.iter().map(|(_, one)| one.total).sum();
        let catalogue = city.catalogue();
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
        if let Some(bbox) = &self.filter.bbox {
            retain_in(&mut numbered, bbox);
        }
        if self.filter.areas.is_some() {
            let areas = Filter { areas: self.filter.areas.clone(), ..Filter::default() };
            let areas = snapshot.compiled(&areas);
            numbered.retain(|one| {
                one.hotspot.members.iter().any(|member| snapshot.matches(*member, &areas))
            });
        }
        numbered.sort_by(|a, b| {
            let urgent = b.priority.total().total_cmp(&a.priority.total());
            urgent.then(a.number.cmp(&b.number))
        });
        let test =
            test.map(|test| Hotspots { total, ..test }).ok_or(UntestableReason::NoReports)?;
        Ok(FoundHotspots { hotspots: numbered, query, test })
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

/// Keeps the hotspots of which a cell has its centre in the box.
fn retain_in(hotspots: &mut Vec<NumberedHotspot>, bbox: &BBox) {
    let bounds = |one: &NumberedHotspot| H3Cell::bounds(&one.hotspot.cells).unwrap_or(BBox::WORLD);
    let candidates = AreaIndex::new(hotspots.iter().map(bounds)).touching(bbox);
    let mut number = 0;
    hotspots.retain(|one| {
        let is_candidate = candidates.binary_search(&number).is_ok();
        number += 1;
        is_candidate && one.hotspot.cells.iter().any(|cell| cell.is_in(bbox))
    });
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
    let one = found.hotspots.into_iter().find(|one| one.number == track.number)?;
    Some((one, found.query))
}
