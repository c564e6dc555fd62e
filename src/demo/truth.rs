//! The ground truth of a generated city, told beside it so that methods can be scored.

use serde::Serialize;

use crate::demo::Plan;

/// What was planted.
#[derive(Debug, Clone, Serialize)]
pub struct PlantedTruth {
    /// Seed of the city.
    pub seed: u64,
    /// How many reports it has.
    pub reports: u64,
    /// Its last second, since 1970.
    pub until: i64,
    /// Places where more was reported than the background brings.
    pub hotspots: Vec<PlantedHotspot>,
    /// Reports that repeat another.
    pub repeats: Vec<PlantedRepeat>,
}

/// A place where more was reported for some days.
#[derive(Debug, Clone, Serialize)]
pub struct PlantedHotspot {
    /// The service concerned.
    pub service_code: String,
    /// `low`, `medium` or `high`.
    pub strength: String,
    /// Longitude of its middle, in degrees.
    pub lon: f64,
    /// Latitude of its middle, in degrees.
    pub lat: f64,
    /// Distance from the middle within which nine tenths of it lie, in metres.
    pub radius_m: f64,
    /// Quartier of its middle.
    pub area: String,
    /// Its first day.
    pub first_date: String,
    /// How many days it lasts.
    pub days: usize,
    /// How many reports it adds.
    pub reports: u64,
    #[serde(skip)]
    pub(super) first_day: usize,
    #[serde(skip)]
    pub(super) by_day: Vec<u64>,
    /// Tracking numbers of the reports it added.
    #[serde(rename = "service_request_ids")]
    pub members: Vec<String>,
}

impl PlantedHotspot {
    /// How many reports it adds on a day of the year.
    pub(super) fn on_day(&self, day: usize) -> u64 {
        day.checked_sub(self.first_day).and_then(|n| self.by_day.get(n)).copied().unwrap_or(0)
    }

    pub(super) fn note(&mut self, id: String) {
        self.members.push(id);
    }
}

/// A report that repeats another.
#[derive(Debug, Clone, Serialize)]
pub struct PlantedRepeat {
    /// Tracking number of the repeat.
    pub child: String,
    /// Tracking number of what it repeats.
    pub parent: String,
}

impl PlantedTruth {
    /// Nothing planted yet.
    pub(super) fn new(plan: Plan) -> Self {
        let Plan { reports, seed, until } = plan;
        Self { seed, reports, until, hotspots: Vec::new(), repeats: Vec::new() }
    }
}
