//! The life of a hotspot: one identity through many answers.

use crate::place::H3Cell;

/// What happened to a hotspot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HotspotTrackEvent {
    /// It was seen for the first time.
    Born,
    /// It holds half as many reports more than when it was last told of.
    Grew,
    /// It holds a third fewer.
    Shrank,
    /// It was born as a part of another, which goes on.
    SplitFrom(u64),
    /// It became part of another.
    MergedInto(u64),
    /// It is no longer there.
    Ended,
    /// It is there again.
    Returned,
}

impl HotspotTrackEvent {
    /// Its word, and the other hotspot concerned.
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

    /// The event of a word.
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

/// One step of a hotspot's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HotspotTrackStep {
    /// When it was seen, in seconds since 1970.
    pub at: i64,
    /// What happened.
    pub event: HotspotTrackEvent,
    /// Reports in it then.
    pub count: u64,
    /// Its cells then.
    pub cells: usize,
}

/// A hotspot through time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HotspotTrack {
    /// Its number, never given twice in a city.
    pub number: u64,
    /// The question that it answers: hotspots of one question are told apart from those of others.
    pub question: String,
    /// Its cells when last seen, in order.
    pub cells: Vec<H3Cell>,
    /// Its reports when last seen.
    pub count: u64,
    /// When last seen, in seconds since 1970.
    pub last_found_at: i64,
    /// It is there no more.
    pub ended: bool,
    /// Its life, oldest first.
    pub steps: Vec<HotspotTrackStep>,
}
