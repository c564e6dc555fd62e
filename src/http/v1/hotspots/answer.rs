//! Hotspots as GeoJSON.

use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::{HotspotTrack, Vocabulary};
use crate::export::areas::{AreaFeature, AreaGeometry, WindowOut, figure, ring, shape};
use crate::export::geojson::instant;
use crate::export::word::Word;
use crate::http::reply::counts::Counts;
use crate::http::v1::hexes::answer::HexClass;
use crate::http::v1::members::{members, service_counts};
use crate::http::v1::sentences::SentenceNames;
use crate::index::Snapshot;
use crate::place::H3Cell;
use crate::query::{Hotspot, Priority, trend_direction};

/// The outline of cells.
pub fn outline(cells: &[H3Cell]) -> Option<AreaGeometry> {
    let polygons = H3Cell::outline(cells).into_iter();
    shape(polygons.map(|rings| rings.iter().map(|corners| ring(corners)).collect()).collect())
}

/// Where the counts of a hotspot go: 1 up, -1 down, 0 neither.
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

/// What a list of hotspots says of itself.
#[derive(Debug, Serialize, JsonSchema)]
pub struct HotspotsHead {
    /// The window that was tested.
    pub window: Option<WindowOut>,
    /// The test.
    pub statistic: HotspotStatistic,
    /// Reports in the window.
    pub total: u64,
}

/// How hotspots were found, or why they could not be.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[schemars(inline)]
pub struct HotspotStatistic {
    /// Could the test be made?
    pub available: bool,
    /// H3 resolution of the cells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolution: Option<u8>,
    /// Rings of neighbours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub k: Option<u8>,
    /// Cells that were compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cells: Option<usize>,
    /// What the counts were compared with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exposure: Option<&'static str>,
    /// Share of false hotspots that is accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub false_discovery_rate: Option<f64>,
    /// Why the test could not be made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A hotspot.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Hotspot")]
pub struct HotspotOut<'a> {
    /// The number under which it is followed.
    hotspot_id: u64,
    /// Its place in the list, from 1; null on its own.
    rank: Option<usize>,
    service_code: &'a str,
    service_name: String,
    class: Word<HexClass>,
    explanation: String,
    count: u64,
    open: u64,
    expected: f64,
    ratio: f64,
    excess: f64,
    /// Mean count in windows of this length of the year before.
    usual: Option<f64>,
    /// Count in the same days a year before.
    last_year: Option<u64>,
    z: f64,
    q: f64,
    #[schemars(extend("format" = "date-time"))]
    since_datetime: String,
    #[schemars(extend("format" = "date-time"))]
    oldest_open_datetime: Option<String>,
    trend: Word<TrendDirection>,
    priority: f64,
    priority_parts: PriorityOut,
    services: Counts<'a>,
    areas: Vec<&'a str>,
    streets: Vec<String>,
    /// H3 indexes of its cells.
    cells: Vec<String>,
    service_request_ids: Vec<&'a str>,
    /// Its life, where it is asked for alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    history: Option<Vec<StepOut>>,
    /// Is it gone? Where it is asked for alone.
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

/// What a feature of a hotspot is made of.
pub struct HotspotParts<'a> {
    /// The hotspot.
    pub hotspot: &'a Hotspot,
    /// Its number.
    pub number: u64,
    /// Its place in the list, from 1; `None` on its own.
    pub rank: Option<usize>,
    /// How urgent it is.
    pub priority: Priority,
    /// Streets in which most of it is.
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
    let areas = hotspot.areas.iter().filter_map(|area| snapshot.area_name(*area)).take(3);
    let ratio = hotspot.count as f64 / hotspot.expected.max(1e-9);
    let properties = HotspotOut {
        hotspot_id: number,
        rank,
        service_code: first,
        service_name: names.service(first).to_owned(),
        class: Word(HexClass(hotspot.class())),
        explanation: names.hotspot(hotspot, &codes, days, &streets),
        count: hotspot.count,
        open: hotspot.open,
        expected: figure(hotspot.expected),
        ratio: figure(ratio),
        excess: figure(hotspot.count as f64 - hotspot.expected),
        usual: hotspot.usual.map(figure),
        last_year: hotspot.last_year,
        z: figure(hotspot.z),
        q: figure(hotspot.q),
        since_datetime: instant(hotspot.since),
        oldest_open_datetime: hotspot.oldest_open.map(instant),
        trend: Word(TrendDirection(trend_direction(hotspot.trend))),
        priority: figure(priority.total()),
        priority_parts: PriorityOut::new(&priority),
        services: service_counts(snapshot, &hotspot.services),
        areas: areas.collect(),
        streets,
        cells: hotspot.cells.iter().map(H3Cell::to_string).collect(),
        service_request_ids: members(snapshot, &hotspot.members),
        history: None,
        ended: None,
    };
    AreaFeature::new(number.to_string(), outline(&hotspot.cells), properties)
}

impl HotspotOut<'_> {
    /// The hotspot with its life.
    pub fn with_life(self, track: &HotspotTrack) -> Self {
        Self { history: Some(life(track)), ended: Some(track.ended), ..self }
    }
}

/// One step of a hotspot's life.
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

/// The life of a hotspot, oldest first.
fn life(track: &HotspotTrack) -> Vec<StepOut> {
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

/// A hotspot of which only its life is known: it has ended, or its search is not repeated.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "HotspotTrack")]
pub struct TrackOut {
    hotspot_id: u64,
    /// The search that found it.
    question: String,
    count: u64,
    #[schemars(extend("format" = "date-time"))]
    seen_datetime: String,
    ended: bool,
    /// H3 indexes of its cells.
    cells: Vec<String>,
    history: Vec<StepOut>,
}

/// The feature of a hotspot of which only its life is known.
pub fn track(track: &HotspotTrack) -> AreaFeature<TrackOut> {
    let properties = TrackOut {
        hotspot_id: track.number,
        question: track.question.clone(),
        count: track.count,
        seen_datetime: instant(track.last_found_at),
        ended: track.ended,
        cells: track.cells.iter().map(H3Cell::to_string).collect(),
        history: life(track),
    };
    AreaFeature::new(track.number.to_string(), outline(&track.cells), properties)
}

/// A hotspot as it is now, or its life.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "HotspotNowOrTrack")]
pub enum OneHotspot<'a> {
    /// It is there.
    Now(Box<HotspotOut<'a>>),
    /// Only its life is known.
    Track(TrackOut),
}

/// One feature on its own, true of a revision.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "SingleHotspot")]
pub struct SingleHotspot<'a> {
    /// Revision of the city that the answer is true of.
    pub as_of: u64,
    /// The feature.
    #[serde(flatten)]
    pub feature: AreaFeature<OneHotspot<'a>>,
}
