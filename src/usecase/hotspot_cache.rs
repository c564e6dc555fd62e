//! The hotspots that recent searches of a city found, with an R-tree of their boxes.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};

use crate::domain::{Catalogue, Filter};
use crate::place::{AreaIndex, BBox, H3Cell};
use crate::query::{Hotspot, HotspotQuery, Hotspots, Priority};

/// Most results that are kept for a city. It is far below the number of searches whose tracks are
/// kept, so that the numbers in a result are those of known tracks.
const RESULTS_MAX: usize = 24;

/// A hotspot with the number of its track.
#[derive(Debug, Clone)]
pub struct NumberedHotspot {
    /// The hotspot.
    pub hotspot: Hotspot,
    /// The number of its track.
    pub number: u64,
    /// Its priority.
    pub priority: Priority,
}

/// The hotspots that a search found in the whole city.
pub struct HotspotResult {
    /// The hotspots, most urgent first; equal ones by number.
    pub hotspots: Vec<NumberedHotspot>,
    /// The test with its window.
    pub query: HotspotQuery,
    /// The values that all tests share (cells, rings, total of reports); its `found` is empty.
    pub test: Hotspots,
    boxes: AreaIndex,
}

impl HotspotResult {
    /// Sorts the hotspots and builds the tree of their boxes. Takes O(n log n).
    pub fn new(mut hotspots: Vec<NumberedHotspot>, query: HotspotQuery, test: Hotspots) -> Self {
        hotspots.sort_by(|a, b| {
            let urgent = b.priority.total().total_cmp(&a.priority.total());
            urgent.then(a.number.cmp(&b.number))
        });
        // Outlines are rounded when they are drawn: a hundredth more of the size holds them too.
        let bounds = |one: &NumberedHotspot| {
            H3Cell::bounds(&one.hotspot.cells).map_or(BBox::WORLD, |bounds| bounds.grown(0.01))
        };
        let boxes = AreaIndex::new(hotspots.iter().map(bounds));
        Self { hotspots, query, test, boxes }
    }

    /// Places in [`Self::hotspots`], ascending, of those whose box touches `bbox`; of all without a
    /// box. Takes O(log n) and the number of them.
    pub fn touching(&self, bbox: Option<&BBox>) -> Vec<u32> {
        match bbox {
            Some(bbox) => self.boxes.touching(bbox),
            None => (0..self.hotspots.len() as u32).collect(),
        }
    }
}

/// All that the hotspots of a search depend on.
#[derive(Clone)]
pub struct SearchKey {
    /// [`Snapshot::publication`](crate::index::Snapshot::publication): members of hotspots are
    /// addresses in one snapshot.
    pub publication: u64,
    /// The services, whose severity is part of the priority.
    pub catalogue: Arc<Catalogue>,
    /// The counted reports; without box and areas, which select among the hotspots.
    pub filter: Filter,
    /// The test.
    pub query: HotspotQuery,
    /// Whether each service is tested separately.
    pub by_service: bool,
}

impl SearchKey {
    fn is(&self, other: &Self) -> bool {
        self.publication == other.publication
            && Arc::ptr_eq(&self.catalogue, &other.catalogue)
            && self.filter == other.filter
            && self.query == other.query
            && self.by_service == other.by_service
    }
}

/// The results of the last searches of a city. A result that is used again stays no longer: its
/// search is then made anew, which marks its tracks as used.
#[derive(Default)]
pub struct HotspotCache(Mutex<VecDeque<(SearchKey, Arc<HotspotResult>)>>);

impl HotspotCache {
    fn lock(&self) -> MutexGuard<'_, VecDeque<(SearchKey, Arc<HotspotResult>)>> {
        self.0.lock().unwrap_or_else(|poison| poison.into_inner())
    }

    /// The result of a search; `search` is called where it is not known. No lock is held meanwhile,
    /// so two equal searches at one time are both made.
    ///
    /// # Errors
    /// Those of `search`, which are not kept.
    pub fn get_or_search<E>(
        &self,
        key: SearchKey,
        search: impl FnOnce() -> Result<HotspotResult, E>,
    ) -> Result<Arc<HotspotResult>, E> {
        let known = self.lock().iter().find(|(known, _)| known.is(&key)).cloned();
        if let Some((_, result)) = known {
            return Ok(result);
        }
        let result = Arc::new(search()?);
        let mut kept = self.lock();
        // Searches of older snapshots come only from queries that are still running.
        kept.retain(|(known, _)| known.publication >= key.publication && !known.is(&key));
        if kept.len() >= RESULTS_MAX {
            kept.pop_front();
        }
        kept.push_back((key, result.clone()));
        Ok(result)
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;
    use crate::place::Position;
    use crate::query::{Exposure, HotspotHistory, Population};
    use crate::statistics::MannKendall;

    fn query(rate: f64) -> HotspotQuery {
        HotspotQuery {
            resolution: 9,
            k: None,
            exposure: Exposure::Reports,
            rate,
            from: 0,
            before: 9,
        }
    }

    fn numbered(number: u64, open: u64, cells: Vec<H3Cell>) -> NumberedHotspot {
        let hotspot = Hotspot {
            cells,
            ring: Vec::new(),
            count: 20,
            open,
            expected: 2.0,
            population: Population::Year,
            z: 4.0,
            q: 0.01,
            oldest_open: None,
            history: HotspotHistory { usual: None, years: 0, last_year: None, since: None },
            trend: MannKendall { z: 0.0, p: 1.0 },
            services: Vec::new(),
            areas: Vec::new(),
            members: Vec::new(),
        };
        let priority = Priority::of(&hotspot, 0, |_| 0.0);
        NumberedHotspot { hotspot, number, priority }
    }

    fn result(hotspots: Vec<NumberedHotspot>) -> HotspotResult {
        let test = Hotspots { found: Vec::new(), k: 1, cells: 100, total: 20 };
        HotspotResult::new(hotspots, query(0.05), test)
    }

    #[test]
    fn a_search_is_made_once_for_a_snapshot() {
        let cache = HotspotCache::default();
        let catalogue = Arc::new(Catalogue::default());
        let key = |publication: u64, rate: f64| SearchKey {
            publication,
            catalogue: catalogue.clone(),
            filter: Filter::default(),
            query: query(rate),
            by_service: true,
        };
        let made = |key: SearchKey| {
            let mut is_made = false;
            let found = cache.get_or_search(key, || {
                is_made = true;
                Ok::<_, Infallible>(result(Vec::new()))
            });
            found.unwrap();
            is_made
        };
        assert!(made(key(7, 0.05)) && !made(key(7, 0.05)));
        assert!(made(key(7, 0.01)) && !made(key(7, 0.05)), "another test");
        let other = SearchKey { by_service: false, ..key(7, 0.05) };
        assert!(made(other.clone()) && !made(other));
        let other = Filter { incidents: true, ..Filter::default() };
        assert!(made(SearchKey { filter: other, ..key(7, 0.05) }));
        let other = Arc::new(Catalogue::default());
        assert!(made(SearchKey { catalogue: other, ..key(7, 0.05) }), "the services changed");
        assert!(made(key(8, 0.05)), "another snapshot");
        assert_eq!(cache.lock().len(), 1, "results of older snapshots are dropped");
        for n in 0..100 {
            assert!(made(key(8, f64::from(n))));
        }
        assert_eq!(cache.lock().len(), RESULTS_MAX);
        let failed = cache.get_or_search(key(8, -1.0), || Err("no"));
        assert_eq!(failed.err(), Some("no"));
        assert!(made(key(8, -1.0)), "an error is not kept");
    }

    #[test]
    fn hotspots_that_touch_a_box_are_those_of_a_scan() {
        let at = |x: u32, y: u32| {
            let (lon, lat) = (-71.4 + f64::from(x) * 0.01, 46.7 + f64::from(y) * 0.01);
            H3Cell::of(lon, lat, 9).unwrap()
        };
        let all = (0..400).map(|n| {
            let cell = at(n % 20, n / 20);
            let more = cell.ring(u32::from(n % 3 == 0));
            numbered(u64::from(n), u64::from(n * 7 % 10), [vec![cell], more].concat())
        });
        let result = result(all.collect());
        let order = |one: &NumberedHotspot| (-one.priority.total(), one.number as f64);
        assert!(result.hotspots.is_sorted_by_key(order), "most urgent first");
        assert_eq!(result.touching(None).len(), 400);
        let mut sizes = Vec::new();
        for (west, south, side) in
            [(-71.3, 46.75, 0.05), (-71.4, 46.7, 0.001), (-71.31, 46.8, 0.0), (-72.0, 46.0, 9.0)]
        {
            let bbox = BBox::new(west, south, west + side, south + side).unwrap();
            let touching = result.touching(Some(&bbox));
            for (n, one) in (0u32..).zip(&result.hotspots) {
                let corners = one.hotspot.cells.iter().flat_map(|cell| cell.corners());
                let inside = |[lon, lat]: [f64; 2]| bbox.contains(Position::new(lon, lat).unwrap());
                let is_in = corners.into_iter().any(inside);
                assert!(!is_in || touching.contains(&n), "{n} is missing in {bbox:?}");
            }
            sizes.push(touching.len());
        }
        assert!(sizes[0] < 100 && sizes[2] < 10 && sizes[3] == 400, "{sizes:?}");
    }
}
