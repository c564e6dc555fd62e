//! Hexagons as GeoJSON.

#![expect(clippy::indexing_slicing, reason = "every list has an entry for each cell")]

use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::Vocabulary;
use crate::export::areas::{AreaCollection, AreaFeature, WindowOut, figure, polygons};
use crate::export::geojson::instant;
use crate::export::word::Word;
use crate::http::v1::hexes::params::HexGeometry;
use crate::i18n::Language;
use crate::message;
use crate::query::{CELLS_MIN, Exposure, HexTrend, UntestableReason};
use crate::statistics::EmergingClass;
use crate::usecase::hexes::{FoundHexes, HexSelection, SelectedHexes};

/// A hexagon.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Hex")]
pub struct HexOut {
    /// Its H3 index.
    h3: String,
    resolution: u8,
    count: u32,
    open: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date-time"))]
    oldest_open_datetime: Option<String>,
    rate_per_day: f64,
    expected: Option<f64>,
    neighbourhood_count: Option<u64>,
    neighbourhood_expected: Option<f64>,
    z: Option<f64>,
    /// 0 to 1.
    #[schemars(extend("x-fr" = "0 à 1."))]
    p: Option<f64>,
    /// `p` corrected for the number of hexagons (Benjamini-Hochberg).
    #[schemars(extend("x-fr" = "`p` corrigé du nombre d’hexagones (Benjamini-Hochberg)."))]
    q: Option<f64>,
    /// `q` at most 0.01, 0.05 or 0.10. A hexagon without a report is never hot.
    #[schemars(extend(
        "x-fr" = "`q` d’au plus 0,01, 0,05 ou 0,10. Un hexagone sans demande n’est jamais chaud."
    ))]
    class: Option<Word<HexClass>>,
    /// True if the hexagon has no report but lies in a hot neighbourhood.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schemars(extend(
        "x-fr" = "Vrai si l’hexagone n’a aucune demande mais se trouve dans un voisinage chaud."
    ))]
    ring: bool,
    /// `p` by permutations, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-fr" = "`p` par permutations, 0 à 1."))]
    p_permuted: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trend: Option<TrendOut>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct TrendOut {
    class: Option<String>,
    z: f64,
    /// 0 to 1.
    #[schemars(extend("x-fr" = "0 à 1."))]
    p: f64,
}

/// The members of a collection of hexagons besides its features.
#[derive(Debug, Serialize, JsonSchema)]
pub struct HexHead {
    resolution: u8,
    /// Number of cells in the city's extent, over which the statistic is computed.
    cells: usize,
    /// Reports in them.
    total: u64,
    window: Option<WindowOut>,
    statistic: HexStatistic,
}

/// The test of the hexagons, or why it was not possible.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[schemars(inline)]
struct HexStatistic {
    available: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<&'static str>,
    exposure: &'static str,
    /// The reports from whose share of the place `expected` follows: of all services in the same
    /// period, or in a year; `cells`: every hexagon expects the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    population: Option<&'static str>,
    /// Rings of neighbours.
    #[serde(skip_serializing_if = "Option::is_none")]
    k: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// A class of significance: 3, 2, 1 where there are more reports than expected, at a false
/// discovery rate of 1, 5, 10 %; -3, -2, -1 where there are fewer; 0 elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HexClass(pub i8);

impl Vocabulary for HexClass {
    const VALUES: &'static [Self] =
        &[Self(3), Self(2), Self(1), Self(0), Self(-1), Self(-2), Self(-3)];

    fn word(self) -> &'static str {
        match self.0 {
            3 => "hot99",
            2 => "hot95",
            1 => "hot90",
            -1 => "cold90",
            -2 => "cold95",
            -3 => "cold99",
            _ => "none",
        }
    }
}

/// The sentence for why a test was not possible.
pub fn no_test(reason: UntestableReason, language: Language) -> String {
    let message = match reason {
        UntestableReason::NoReports => message!(
            "Aucune demande ne correspond à ces filtres.",
            "No requests match these filters."
        ),
        UntestableReason::FewCells => message!(
            "Moins de {CELLS_MIN} hexagones : trop peu pour conclure. Une résolution plus fine \
             en donne davantage.",
            "Fewer than {CELLS_MIN} hexagons: too few to tell. A finer resolution gives more."
        ),
        UntestableReason::AllEqual => message!(
            "Tous les hexagones ont le même nombre de demandes : aucun ne se distingue.",
            "All hexagons have the same count: none stands out."
        ),
    };
    language.pick(&message).to_owned()
}

fn statistic(hexes: &FoundHexes, language: Language) -> HexStatistic {
    let exposure = hexes.exposure.as_str();
    match &hexes.scores {
        Ok(scores) => HexStatistic {
            available: true,
            method: Some(match hexes.exposure {
                Exposure::None => "Getis-Ord Gi*, Benjamini-Hochberg",
                Exposure::Reports => "share of the population, exact binomial, Benjamini-Hochberg",
            }),
            exposure,
            population: Some(scores.population.as_str()),
            k: Some(scores.k),
            reason: None,
        },
        Err(reason) => HexStatistic {
            exposure,
            reason: Some(no_test(*reason, language)),
            ..HexStatistic::default()
        },
    }
}

fn one(hexes: &FoundHexes, cell: usize, geometry: HexGeometry) -> AreaFeature<HexOut> {
    let (hex, totals) = (hexes.counts.cells[cell], hexes.counts.totals[cell]);
    let scores = hexes.scores.as_ref().ok();
    let trend = hexes.trends.as_ref().map(|trends| {
        let HexTrend { trend, .. } = trends[cell];
        let word = |(class, sign): (EmergingClass, i8)| {
            format!("{}_{}", class.as_str(), if sign > 0 { "hot" } else { "cold" })
        };
        TrendOut { class: hexes.emerging(cell).map(word), z: figure(trend.z), p: figure(trend.p) }
    });
    let properties = HexOut {
        h3: hex.to_string(),
        resolution: hexes.counts.resolution,
        count: totals.count,
        open: totals.open,
        oldest_open_datetime: totals.oldest_open.map(instant),
        rate_per_day: figure(f64::from(totals.count) / hexes.days()),
        expected: scores.map(|scores| figure(scores.expected[cell])),
        neighbourhood_count: scores.map(|scores| scores.count_around[cell]),
        neighbourhood_expected: scores.map(|scores| figure(scores.expected_around[cell])),
        z: scores.map(|scores| figure(scores.z[cell])),
        p: scores.map(|scores| figure(scores.p[cell])),
        q: scores.map(|scores| figure(scores.q[cell])),
        class: hexes.class(cell).map(|class| Word(HexClass(class))),
        ring: hexes.is_ring(cell),
        p_permuted: hexes.p_permuted.as_ref().map(|p| p[cell]),
        trend,
    };
    let shape = match geometry {
        HexGeometry::Polygon => polygons([vec![hex.corners()]]),
        HexGeometry::None => None,
    };
    AreaFeature::new(hex.to_string(), shape, properties)
}

/// The collection of the selected hexagons at revision `as_of`.
pub fn hexes(
    hexes: &FoundHexes,
    (wanted, geometry): (HexSelection, HexGeometry),
    as_of: u64,
    language: Language,
) -> AreaCollection<HexHead, HexOut> {
    let SelectedHexes { cells, matched } = hexes.select(wanted);
    let features = cells.into_iter().map(|cell| one(hexes, cell, geometry)).collect();
    let head = HexHead {
        resolution: hexes.counts.resolution,
        cells: hexes.counts.cells.len(),
        total: hexes.counts.total(),
        window: hexes.window.map(|(from, before)| WindowOut::new(from, before)),
        statistic: statistic(hexes, language),
    };
    AreaCollection::new(as_of, head, matched as u64, features)
}
