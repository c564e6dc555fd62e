//! Hotspots as GeoJSON.

use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::{HotspotTrack, Vocabulary};
use crate::export::areas::{AreaFeature, AreaGeometry, WindowOut, figure, polygons};
use crate::export::geojson::instant;
use crate::export::word::Word;
use crate::http::reply::counts::Counts;
use crate::http::v1::hexes::answer::HexClass;
use crate::http::v1::members::{MEMBERS_MAX, left_out, members, service_counts};
use crate::http::v1::sentences::{SentenceNames, ratio_of};
use crate::index::Snapshot;
use crate::place::H3Cell;
use crate::query::{Hotspot, Population, Priority, trend_direction};

/// The outline of a set of H3 cells; `None` for an empty set.
pub fn outline(cells: &[H3Cell]) -> Option<AreaGeometry> {
    polygons(H3Cell::outline(cells))
}

/// The trend of a hotspot's counts: 1 growing, -1 shrinking, 0 steady.
#[derive(Debug, Clone, Copy)]
struct TrendDirection(i8);

impl Vocabulary for TrendDirection {
    const VALUES: &'static [Self] = &[Self(1), Self(0), Self(-1)];

    fn word(self) -> &'static str {
        match self.0 {
            1 => "growing",
            -1 => "shrinking",
            _ => "steady",
        }
    }
}

/// The population that a hotspot was compared with.
#[derive(Debug, Clone, Copy)]
struct PopulationWord(Population);

impl Vocabulary for PopulationWord {
    const VALUES: &'static [Self] =
        &[Self(Population::SamePeriod), Self(Population::Year), Self(Population::Cells)];

    fn word(self) -> &'static str {
        self.0.as_str()
    }
}

/// The members of a collection of hotspots besides its features.
#[derive(Debug, Serialize, JsonSchema)]
pub struct HotspotsHead {
    /// The tested time window.
    pub window: Option<WindowOut>,
    /// The test and its parameters.
    pub statistic: HotspotStatistic,
    /// Reports in the window, in the whole city.
    pub total: u64,
}

/// The test for hotspots, or why it was not possible.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[schemars(inline)]
pub struct HotspotStatistic {
    /// True if the test was possible.
    pub available: bool,
    /// H3 resolution of the cells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolution: Option<u8>,
    /// Rings of neighbours of each cell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub k: Option<u8>,
    /// Number of cells that were tested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cells: Option<usize>,
    /// What the counts were compared with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exposure: Option<&'static str>,
    /// Accepted false discovery rate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub false_discovery_rate: Option<f64>,
    /// Least number of reports of a hotspot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count_min: Option<u64>,
    /// Least ratio of the number of reports of a hotspot to the expected number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ratio_min: Option<f64>,
    /// Greatest age of a hotspot's newest report at the end of the window, in days.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recent_days: Option<f64>,
    /// Why the test was not possible.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A hotspot.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Hotspot")]
pub struct HotspotOut<'a> {
    /// Its number, which stays the same as long as it exists.
    hotspot_id: u64,
    /// Its rank in the list, from 1; null for a single hotspot.
    rank: Option<usize>,
    service_code: &'a str,
    service_name: String,
    class: Word<HexClass>,
    explanation: String,
    count: u64,
    open: u64,
    expected: f64,
    /// `count` divided by `expected`; null where `expected` is below 1.
    ratio: Option<f64>,
    excess: f64,
    /// The reports from whose share of the place `expected` follows.
    population: Word<PopulationWord>,
    /// Mean count of the same cells in the same weeks of earlier years; null without a complete
    /// earlier year, and where `status` is given.
    usual: Option<f64>,
    /// Number of earlier years in `usual`.
    usual_years: usize,
    /// Count of the same cells in the same weeks a year before.
    last_year: Option<u64>,
    z: f64,
    q: f64,
    /// The first report since the number of reports per day has been higher (last change point);
    /// null where it has not changed.
    #[schemars(extend("format" = "date-time"))]
    since_datetime: Option<String>,
    #[schemars(extend("format" = "date-time"))]
    oldest_open_datetime: Option<String>,
    trend: Word<TrendDirection>,
    priority: f64,
    priority_parts: PriorityOut,
    services: Counts<'a>,
    areas: Vec<&'a str>,
    streets: Vec<String>,
    /// H3 indexes of its cells, each with more reports than expected.
    cells: Vec<String>,
    /// H3 indexes of the cells around it whose reports took part in the test.
    ring_cells: Vec<String>,
    /// The ids of the first of its reports.
    #[schemars(extend(
        "maxItems" = MEMBERS_MAX,
        "x-fr" = "Les numéros des premières de ses demandes.",
    ))]
    service_request_ids: Vec<&'a str>,
    /// Number of its reports whose ids are not listed.
    #[schemars(extend("x-fr" = "Nombre de ses demandes dont le numéro n’est pas donné."))]
    service_request_ids_left_out: usize,
    /// Its history; only for a single hotspot.
    #[serde(skip_serializing_if = "Option::is_none")]
    history: Option<Vec<StepOut>>,
    /// True if it has ended. Only for a single hotspot.
    #[serde(skip_serializing_if = "Option::is_none")]
    ended: Option<bool>,
}

/// The parts of a hotspot's priority.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct PriorityOut {
    excess: f64,
    open: f64,
    age: f64,
    trend: f64,
    severity: f64,
}

impl PriorityOut {
    fn new(priority: &Priority) -> Self {
        Self {
            excess: figure(priority.excess),
            open: figure(priority.open),
            age: figure(priority.age),
            trend: figure(priority.trend),
            severity: figure(priority.severity),
        }
    }
}

/// The data of a hotspot's feature.
pub struct HotspotParts<'a> {
    /// The hotspot.
    pub hotspot: &'a Hotspot,
    /// Its number.
    pub number: u64,
    /// Its rank in the list, from 1; `None` for a single hotspot.
    pub rank: Option<usize>,
    /// Its priority.
    pub priority: Priority,
    /// The streets with most of its reports.
    pub streets: Vec<String>,
    /// Length of the window in days.
    pub days: f64,
}

/// The feature of a hotspot.
pub fn hotspot<'a>(
    snapshot: &'a Snapshot,
    parts: HotspotParts<'_>,
    names: &SentenceNames<'_>,
) -> AreaFeature<HotspotOut<'a>> {
    let HotspotParts { hotspot, number, rank, priority, streets, days } = parts;
    let codes: Vec<&str> =
        hotspot.services.iter().map(|(number, _)| snapshot.service_code(*number)).collect();
    let first = codes.first().copied().unwrap_or_default();
    let areas = hotspot.areas.iter().filter_map(|area| snapshot.area_name(*area));
    let expected = figure(hotspot.expected);
    let properties = HotspotOut {
        hotspot_id: number,
        rank,
        service_code: first,
        service_name: names.service(first).to_owned(),
        class: Word(HexClass(hotspot.class())),
        explanation: names.hotspot(hotspot, &codes, days, &streets),
        count: hotspot.count,
        open: hotspot.open,
        expected,
        ratio: ratio_of(hotspot.count, expected),
        excess: figure(hotspot.count as f64 - expected),
        population: Word(PopulationWord(hotspot.population)),
        usual: hotspot.history.usual.map(figure),
        usual_years: hotspot.history.years,
        last_year: hotspot.history.last_year,
        z: figure(hotspot.z),
        q: figure(hotspot.q),
        since_datetime: hotspot.history.since.map(instant),
        oldest_open_datetime: hotspot.oldest_open.map(instant),
        trend: Word(TrendDirection(trend_direction(hotspot.trend))),
        priority: figure(priority.total()),
        priority_parts: PriorityOut::new(&priority),
        services: service_counts(snapshot, &hotspot.services),
        areas: areas.collect(),
        streets,
        cells: hotspot.cells.iter().map(H3Cell::to_string).collect(),
        ring_cells: hotspot.ring.iter().map(H3Cell::to_string).collect(),
        service_request_ids: members(snapshot, &hotspot.members),
        service_request_ids_left_out: left_out(&hotspot.members),
        history: None,
        ended: None,
    };
    AreaFeature::new(number.to_string(), outline(&hotspot.cells), properties)
}

impl HotspotOut<'_> {
    /// The hotspot with its history.
    pub fn with_history(self, track: &HotspotTrack) -> Self {
        Self { history: Some(history(track)), ended: Some(track.ended), ..self }
    }
}

/// One step of a hotspot's history.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct StepOut {
    #[schemars(extend("format" = "date-time"))]
    at: String,
    event: &'static str,
    other_hotspot_id: Option<u64>,
    count: u64,
    cells: usize,
}

/// The history of a hotspot, oldest step first.
fn history(track: &HotspotTrack) -> Vec<StepOut> {
    let steps = track.steps.iter().map(|step| {
        let (event, other_hotspot_id) = step.event.word();
        StepOut {
            at: instant(step.at),
            event,
            other_hotspot_id,
            count: step.count,
            cells: step.cells,
        }
    });
    steps.collect()
}

/// The history of a hotspot whose present state is not known.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "HotspotTrack")]
pub struct TrackOut {
    hotspot_id: u64,
    /// The search that found it, as a query string.
    question: String,
    count: u64,
    #[schemars(extend("format" = "date-time"))]
    seen_datetime: String,
    ended: bool,
    /// H3 indexes of its cells.
    cells: Vec<String>,
    history: Vec<StepOut>,
}

/// The feature of a hotspot whose present state is not known.
pub fn track(track: &HotspotTrack) -> AreaFeature<TrackOut> {
    let properties = TrackOut {
        hotspot_id: track.number,
        question: track.search.clone(),
        count: track.count,
        seen_datetime: instant(track.last_found_at),
        ended: track.ended,
        cells: track.cells.iter().map(H3Cell::to_string).collect(),
        history: history(track),
    };
    AreaFeature::new(track.number.to_string(), outline(&track.cells), properties)
}

/// A hotspot in its present state, or only its history.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "HotspotNowOrTrack")]
pub enum OneHotspot<'a> {
    /// Its present state.
    Now(Box<HotspotOut<'a>>),
    /// Only its history.
    Track(TrackOut),
}

/// A single hotspot at a revision of the city.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "SingleHotspot")]
pub struct SingleHotspot<'a> {
    /// The revision of the city that the response reflects.
    pub as_of: u64,
    /// The feature.
    #[serde(flatten)]
    pub feature: AreaFeature<OneHotspot<'a>>,
}
