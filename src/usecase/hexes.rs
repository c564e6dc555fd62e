//! The search for significant hexagons: what is counted, tested and selected.

use crate::domain::{Filter, Interrupt};
use crate::error::{Refusal, Result};
use crate::index::{RING_MAX, Snapshot};
use crate::message;
use crate::place::{BBox, H3Cell};
use crate::query::{
    self, Exposure, HexCounts, HexScores, HexTest, HexTrend, TimeSteps, UntestableReason,
};
use crate::statistics::EmergingClass;
use crate::usecase::reports::check_areas;

/// Limit of the random draws of all permutations together; they take some seconds.
const DRAWS_MAX: u64 = 2_000_000_000;

/// Refuses a resolution at which the city has too many cells.
///
/// # Errors
/// Names the resolution and the number of cells.
pub fn check_resolution(snapshot: &Snapshot, resolution: u8, cells_max: usize) -> Result<()> {
    let cells = snapshot.h3_cell_count(resolution);
    if cells <= cells_max {
        return Ok(());
    }
    let message = message!(
        "donne {cells} hexagones à cette ville, plus de {cells_max} ; la résolution précédente \
         en donne sept fois moins",
        "gives this city {cells} hexagons, more than {cells_max}; the next coarser one gives a \
         seventh of them"
    );
    Err(Refusal::new("resolution", resolution, message).into())
}

/// A search for significant hexagons.
#[derive(Debug, Clone)]
pub struct HexSearch {
    /// The reports that are counted. Its `areas` select among the hexagons of the whole city and do
    /// not change the test.
    pub filter: Filter,
    /// H3 resolution of the hexagons.
    pub resolution: u8,
    /// The test.
    pub test: HexTest,
    /// Number and seed of permutations for a pseudo p-value; `None` for no such test.
    pub permutations: Option<(u32, u64)>,
    /// Number of time steps of the trends; `None` for no trends.
    pub steps: Option<usize>,
}

impl HexSearch {
    /// The search without parameters: Gi\* of all reports, without trends.
    pub fn plain(filter: Filter, resolution: u8) -> Self {
        let test = HexTest { k: None, exposure: Exposure::None };
        Self { filter, resolution, test, permutations: None, steps: None }
    }

    /// Refuses a search in unknown areas, and one that takes too long.
    ///
    /// # Errors
    /// An area in which the city has no report; a resolution at which the city has more than
    /// `cells_max` cells; too many permutations for the number of cells.
    pub fn check(&self, snapshot: &Snapshot, cells_max: usize) -> Result<()> {
        check_areas(snapshot, &self.filter)?;
        check_resolution(snapshot, self.resolution, cells_max)?;
        let Some((permutations, _)) = self.permutations else { return Ok(()) };
        let ring = H3Cell::ring_size(self.test.k.unwrap_or(RING_MAX)) as u64;
        let cells = snapshot.h3_cell_count(self.resolution) as u64;
        let draws = cells * ring * u64::from(permutations);
        if draws <= DRAWS_MAX {
            return Ok(());
        }
        let message = message!(
            "demande {draws} tirages, plus de {DRAWS_MAX} : choisissez « k=1 », une résolution \
             plus grossière ou moins de permutations",
            "requires {draws} draws, more than {DRAWS_MAX}: choose 'k=1', a coarser resolution or \
             fewer permutations"
        );
        Err(Refusal::new("permutations", permutations, message).into())
    }

    /// Counts and tests the hexagons of the whole city.
    ///
    /// # Errors
    /// The result is not wanted any more.
    pub fn find(&self, snapshot: &Snapshot, interrupt: &Interrupt) -> Result<FoundHexes> {
        let whole = Filter { areas: None, ..self.filter.clone() };
        let compiled = snapshot.compiled(&whole);
        let counts = query::count_hexes(snapshot, &compiled, self.resolution);
        let scores = query::score_hexes(snapshot, &counts, &whole, self.test);
        let p_permuted = match (self.permutations, &scores) {
            (Some(draws), Ok(scores)) => {
                Some(query::permute_hexes(snapshot, &counts, scores.k, draws, interrupt)?)
            }
            _ => None,
        };
        let window = window(snapshot, &whole);
        let trends = match (self.steps, window, &scores) {
            (Some(steps), Some((from, before)), Ok(scores)) => {
                let steps = TimeSteps { from, before, steps };
                Some(query::trend_hexes(snapshot, &compiled, &counts, scores.k, steps))
            }
            _ => None,
        };
        let in_areas = query::cells_in_areas(snapshot, &counts, &self.filter);
        let exposure = self.test.exposure;
        Ok(FoundHexes { counts, scores, p_permuted, trends, exposure, window, in_areas })
    }
}

/// The time range of the filter as half-open Unix seconds. An open end is that of the reports that
/// pass; `None` if no report passes.
fn window(snapshot: &Snapshot, filter: &Filter) -> Option<(i64, i64)> {
    if let (Some(from), Some(before)) = (filter.from, filter.before) {
        return Some((from, before));
    }
    let (first, last) = query::time_span(snapshot, &snapshot.compiled(filter))?;
    Some((filter.from.unwrap_or(first), filter.before.unwrap_or(last + 1)))
}

/// The hexagons of a city with their statistics. A cell is named by its index in
/// [`HexCounts::cells`].
pub struct FoundHexes {
    /// The counts.
    pub counts: HexCounts,
    /// Their significance, or why the test was not possible.
    pub scores: std::result::Result<HexScores, UntestableReason>,
    /// Pseudo p-values by permutation, by cell, if the search asks for them.
    pub p_permuted: Option<Vec<f64>>,
    /// Their trends, if the search asks for them.
    pub trends: Option<Vec<HexTrend>>,
    /// What the counts were compared with.
    pub exposure: Exposure,
    /// The counted time range as half-open Unix seconds; `None` if no report passes the filter.
    pub window: Option<(i64, i64)>,
    /// By cell, if the filter names areas: whether it holds reports in one of them.
    in_areas: Option<Vec<bool>>,
}

/// Which hexagons are selected.
#[derive(Debug, Clone, Copy)]
pub struct HexSelection {
    /// Only those whose centre lies inside this box.
    pub bbox: Option<BBox>,
    /// Also those without reports and without a significant result.
    pub empty: bool,
    /// At most this many, the most significant first.
    pub limit: usize,
}

/// Selected hexagons.
pub struct SelectedHexes {
    /// Their cells, ascending by H3 index.
    pub cells: Vec<usize>,
    /// Number of hexagons without the limit.
    pub matched: usize,
}

impl FoundHexes {
    /// The class of a cell (see [`HexScores::class`]); 0 for a cell without a report in a hot
    /// neighbourhood. `None` if the test was not possible.
    pub fn class(&self, cell: usize) -> Option<i8> {
        let class = self.scores.as_ref().ok()?.class(cell);
        Some(if self.counts.totals[cell].count == 0 { class.min(0) } else { class })
    }

    /// Has the cell no report, but lies in a hot neighbourhood?
    pub fn is_ring(&self, cell: usize) -> bool {
        let scores = self.scores.as_ref().ok();
        scores.is_some_and(|scores| self.class(cell) == Some(0) && scores.class(cell) > 0)
    }

    /// The class of a cell's trend, and its sign: 1 hot, -1 cold. A cell without a report is never
    /// hot.
    pub fn emerging(&self, cell: usize) -> Option<(EmergingClass, i8)> {
        let emerging = self.trends.as_ref()?[cell].emerging;
        emerging.filter(|(_, sign)| *sign < 0 || self.counts.totals[cell].count > 0)
    }

    /// Length of the counted time range in days, at least an hour; a day without a report.
    pub fn days(&self) -> f64 {
        let days = self.window.map_or(1.0, |(from, before)| (before - from) as f64 / 86_400.0);
        days.max(1.0 / 24.0)
    }

    /// The hexagons with reports or with a significant result, in the box and in the areas of the
    /// filter.
    pub fn select(&self, wanted: HexSelection) -> SelectedHexes {
        let HexCounts { cells: hexes, totals, .. } = &self.counts;
        let is_notable = |cell: usize| {
            wanted.empty
                || totals[cell].count > 0
                || self.class(cell).is_some_and(|class| class != 0)
                || self.emerging(cell).is_some()
        };
        let is_inside = |cell: usize| {
            wanted.bbox.as_ref().is_none_or(|bbox| hexes[cell].is_in(bbox))
                && self.in_areas.as_ref().is_none_or(|inside| inside[cell])
        };
        let mut cells: Vec<usize> =
            (0..hexes.len()).filter(|cell| is_notable(*cell) && is_inside(*cell)).collect();
        let matched = cells.len();
        if matched > wanted.limit {
            let weight = |cell: &usize| match &self.scores {
                Ok(scores) => scores.z[*cell].abs(),
                Err(_) => f64::from(totals[*cell].count),
            };
            cells.sort_by(|a, b| weight(b).total_cmp(&weight(a)));
            cells.truncate(wanted.limit);
        }
        cells.sort_by_key(|cell| hexes[*cell]);
        SelectedHexes { cells, matched }
    }
}
