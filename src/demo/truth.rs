//! The ground truth of a generated city, against which methods are scored.

use serde::Serialize;

/// The parameters of a generated city.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Exact number of reports.
    pub reports: u64,
    /// Seed of the random numbers.
    pub seed: u64,
    /// Last second, in Unix time; the first is a year earlier.
    pub until: i64,
}

/// The hotspots and duplicates planted in a city.
#[derive(Debug, Clone, Serialize)]
pub struct PlantedTruth {
    /// Seed of the city.
    pub seed: u64,
    /// Number of reports.
    pub reports: u64,
    /// Its last second, in Unix time.
    pub until: i64,
    /// Planted hotspots: places with more reports than the background.
    pub hotspots: Vec<PlantedHotspot>,
    /// Planted duplicates: reports that repeat another.
    pub repeats: Vec<PlantedRepeat>,
}

/// A planted hotspot: a place with more reports for some days.
#[derive(Debug, Clone, Serialize)]
pub struct PlantedHotspot {
    /// The service concerned.
    pub service_code: String,
    /// `low`, `medium` or `high`.
    pub strength: String,
    /// Longitude of its centre, in degrees.
    pub lon: f64,
    /// Latitude of its centre, in degrees.
    pub lat: f64,
    /// Distance from the centre within which nine tenths of its reports lie, in metres.
    pub radius_m: f64,
    /// Quartier of its centre.
    pub area: String,
    /// Its first day.
    pub first_date: String,
    /// Duration in days.
    pub days: usize,
    /// Number of reports it adds.
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
    /// Number of reports it adds on a day of the year.
    pub(super) fn on_day(&self, day: usize) -> u64 {
        day.checked_sub(self.first_day).and_then(|n| self.by_day.get(n)).copied().unwrap_or(0)
    }

    pub(super) fn note(&mut self, id: String) {
        self.members.push(id);
    }
}

/// A planted duplicate.
#[derive(Debug, Clone, Serialize)]
pub struct PlantedRepeat {
    /// Tracking number of the duplicate.
    pub child: String,
    /// Tracking number of its original.
    pub parent: String,
}

impl PlantedTruth {
    /// The ground truth of a city in which nothing is planted yet.
    pub(super) fn new(plan: Plan) -> Self {
        let Plan { reports, seed, until } = plan;
        Self { seed, reports, until, hotspots: Vec::new(), repeats: Vec::new() }
    }
}
