//! A hotspot tracked over time: one number for the same hotspot in successive searches.

use crate::place::H3Cell;

/// What happened to a tracked hotspot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HotspotTrackEvent {
    /// It was found for the first time.
    Born,
    /// It has at least half as many reports again as at its previous step.
    Grew,
    /// It has at most two thirds of the reports of its previous step.
    Shrank,
    /// It was found for the first time, as a part of the hotspot with this number, which continues.
    SplitFrom(u64),
    /// It became part of the hotspot with this number.
    MergedInto(u64),
    /// It was not found for three days.
    Ended,
    /// It was found again after it had ended.
    Returned,
}

impl HotspotTrackEvent {
    /// The word for it in the store and the API, and the number of the other hotspot concerned.
    pub fn word(self) -> (&'static str, Option<u64>) {
        match self {
            Self::Born => ("born", None),
            Self::Grew => ("grew", None),
            Self::Shrank => ("shrank", None),
            Self::SplitFrom(other) => ("split_from", Some(other)),
            Self::MergedInto(other) => ("merged_into", Some(other)),
            Self::Ended => ("ended", None),
            Self::Returned => ("returned", None),
        }
    }

    /// The inverse of [`HotspotTrackEvent::word`]; `None` for any other pair.
    pub fn parse(word: &str, other: Option<u64>) -> Option<Self> {
        Some(match (word, other) {
            ("born", None) => Self::Born,
            ("grew", None) => Self::Grew,
            ("shrank", None) => Self::Shrank,
            ("split_from", Some(other)) => Self::SplitFrom(other),
            ("merged_into", Some(other)) => Self::MergedInto(other),
            ("ended", None) => Self::Ended,
            ("returned", None) => Self::Returned,
            _ => return None,
        })
    }
}

/// An event of a tracked hotspot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HotspotTrackStep {
    /// End of the search that found it, in seconds since 1970.
    pub at: i64,
    /// What happened.
    pub event: HotspotTrackEvent,
    /// Number of its reports at that time.
    pub count: u64,
    /// Number of its H3 cells at that time.
    pub cells: usize,
}

/// A hotspot tracked over time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HotspotTrack {
    /// Its number, unique within the city.
    pub number: u64,
    /// The name of the search that finds it. Hotspots of different searches are separate tracks.
    pub search: String,
    /// Its H3 cells when it was last found, ascending.
    pub cells: Vec<H3Cell>,
    /// Number of its reports when it was last found.
    pub count: u64,
    /// When it was last found, in seconds since 1970.
    pub last_found_at: i64,
    /// Whether it has ended or was merged into another.
    pub ended: bool,
    /// Its events, oldest first.
    pub steps: Vec<HotspotTrackStep>,
}
