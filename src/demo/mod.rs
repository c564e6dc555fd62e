//! The generated demo city: a year of reports of Québec with the volumes, seasons, hours and storms
//! of published 311 data, on generated streets. Hotspots and duplicates are planted; their ground
//! truth is returned with the reports. The same seed, number and last second give the same city.

mod calendar;
mod streets;
mod table;
mod truth;

use std::collections::VecDeque;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Binomial, Distribution, LogNormal};

pub use truth::{Plan, PlantedHotspot, PlantedRepeat, PlantedTruth};

use crate::demo::calendar::{Calendar, DAY_SECONDS};
use crate::demo::streets::{StreetPoint, Streets};
use crate::demo::table::{DemoTable, PlaceKind, ServiceRow};
use crate::domain::{
    BEGINNINGS, Channel, ClosedReason, Draft, Nature, ReportId, ReportTime, Status,
    tracking_number_beginning,
};

/// Requests of a year in Québec: 260,000 calls, 40,000 e-mails, 45,000 by web and app.
pub const REPORTS_PER_YEAR: u64 = 345_000;

/// A report that later reports may duplicate.
struct RecentReport {
    id: String,
    second: i64,
    spot: StreetPoint,
    area: &'static str,
}

/// Number of recent reports of a service that a new report may duplicate.
const RECENT_MAX: usize = 64;
/// Greatest age of an original when its duplicate is reported, in days.
const REPEAT_DAYS_MAX: i64 = 21;

/// The generator of the demo city; see [`DemoCity::generate`].
pub struct DemoCity {
    plan: Plan,
    rng: ChaCha8Rng,
    table: DemoTable,
    streets: Streets,
    calendar: Calendar,
    recent: Vec<VecDeque<RecentReport>>,
    known_spots: Vec<(StreetPoint, &'static str)>,
    next_number: u64,
    truth: PlantedTruth,
}

impl DemoCity {
    /// Draws the streets and the weather of the year.
    ///
    /// # Errors
    /// The parameters in `data/demo/city.toml` are malformed; a test reads them.
    pub fn new(plan: Plan) -> Result<Self, String> {
        let mut rng = ChaCha8Rng::seed_from_u64(plan.seed);
        let table = DemoTable::read()?;
        let zone = TimeZone::get("America/Toronto").map_err(|error| error.to_string())?;
        let calendar = Calendar::new(&mut rng, plan.until, zone, &table);
        let streets = Streets::new(&mut rng, &table);
        let recent = table.services.iter().map(|_| VecDeque::new()).collect();
        Ok(Self {
            plan,
            rng,
            streets,
            calendar,
            recent,
            known_spots: Vec::new(),
            next_number: 0,
            truth: PlantedTruth::new(plan),
            table,
        })
    }

    /// Passes every report to `take`, in the order of time, until it returns false. Returns the
    /// ground truth.
    pub fn generate(mut self, take: &mut dyn FnMut(Draft) -> bool) -> PlantedTruth {
        self.plant_hotspots();
        let planted: u64 = self.truth.hotspots.iter().map(|hotspot| hotspot.reports).sum();
        let counts = self.allocate(self.plan.reports.saturating_sub(planted));
        let services = self.table.services.len();
        for day in 0..self.calendar.days() {
            let mut drafts = Vec::new();
            for service in 0..services {
                for _ in 0..counts[day * services + service] {
                    let second = self.calendar.second_of(&mut self.rng, day);
                    drafts.push((second, service, None));
                }
            }
            for (number, hotspot) in self.truth.hotspots.iter().enumerate() {
                let service = self.table.position(&hotspot.service_code);
                for _ in 0..hotspot.on_day(day) {
                    let second = self.calendar.second_of(&mut self.rng, day);
                    drafts.push((second, service, Some(number)));
                }
            }
            drafts.sort_unstable();
            for (second, service, hotspot) in drafts {
                let draft = self.draft(second, service, hotspot);
                if !take(draft) {
                    return self.truth;
                }
            }
        }
        self.truth
    }

    /// Draws the number of reports of each service on each day from one multinomial distribution,
    /// so that they add up to `reports`.
    fn allocate(&mut self, reports: u64) -> Vec<u64> {
        let weight = |day: usize, row: &ServiceRow| row.share * self.calendar.weight(day, row);
        let weights: Vec<f64> = (0..self.calendar.days())
            .flat_map(|day| self.table.services.iter().map(move |row| weight(day, row)))
            .collect();
        // The seasons of a service do not change its share of the year.
        let services = self.table.services.len();
        let mut sums = vec![0.0; services];
        for (i, weight) in weights.iter().enumerate() {
            sums[i % services] += weight;
        }
        let shares: Vec<f64> = self.table.services.iter().map(|row| row.share).collect();
        let scaled = weights.iter().enumerate().map(|(i, weight)| {
            let service = i % services;
            if sums[service] > 0.0 { weight / sums[service] * shares[service] } else { 0.0 }
        });
        let scaled: Vec<f64> = scaled.collect();
        let (mut left, mut weight_left) = (reports, scaled.iter().sum::<f64>());
        let mut counts = Vec::with_capacity(scaled.len());
        for weight in scaled {
            let share = if weight_left > weight { weight / weight_left } else { 1.0 };
            let draw = Binomial::new(left, share.clamp(0.0, 1.0));
            let count = draw.map_or(0, |draw| draw.sample(&mut self.rng));
            counts.push(count);
            left -= count;
            weight_left -= weight;
        }
        // Rounding may leave a few after the last positive weight.
        if let Some(last) = counts.iter_mut().rev().find(|count| **count > 0) {
            *last += left;
        }
        counts
    }

    /// Twelve hotspots of three strengths, at street corners, each for some days.
    fn plant_hotspots(&mut self) {
        let scale = self.plan.reports as f64 / REPORTS_PER_YEAR as f64;
        let services =
            ["nid-de-poule", "lampadaire", "depot-sauvage", "deneigement", "puisard", "graffiti"];
        let strengths = [("low", 15.0), ("medium", 40.0), ("high", 100.0)];
        let mut left = self.plan.reports / 4;
        for n in 0..12 {
            let service = services[n % services.len()];
            let (strength, extra) = strengths[n / 4];
            let days = self.rng.random_range(8..30usize);
            let season = self.table.services[self.table.position(service)].clone();
            let first = self.calendar.likely_day(&mut self.rng, &season, days);
            let (spot, area) = self.streets.anywhere(&mut self.rng);
            let wanted = (extra * scale).round().max(4.0) as u64;
            let reports = wanted.min(left);
            left -= reports;
            let mut by_day = vec![0; days];
            for _ in 0..reports {
                by_day[self.rng.random_range(0..days)] += 1;
            }
            self.truth.hotspots.push(PlantedHotspot {
                service_code: service.into(),
                strength: strength.into(),
                lon: spot.lon,
                lat: spot.lat,
                radius_m: self.rng.random_range(100.0..300.0f64).round(),
                area: area.into(),
                first_date: self.calendar.date(first).to_string(),
                days,
                reports,
                first_day: first,
                by_day,
                members: Vec::new(),
            });
        }
    }

    /// The next tracking number. As for real reports, 8,192 consecutive numbers have the same
    /// beginning. Beginnings and the other characters advance by steps that are coprime to 23, so
    /// that they look random and do not repeat within a hundred million numbers.
    fn number(&mut self) -> ReportId {
        const ROW: u64 = 8_192;
        let number = self.plan.seed % 1_000_003 * ROW + self.next_number;
        self.next_number += 1;
        let (row, place) = (number / ROW, number % ROW);
        let beginning = row * 5_003 % BEGINNINGS;
        tracking_number_beginning(beginning, (row / BEGINNINGS * ROW + place) * 104_729)
    }

    fn draft(&mut self, second: i64, service: usize, hotspot: Option<usize>) -> Draft {
        let id = self.number().to_string();

        let row = self.table.services[service].clone();
        let parent = if hotspot.is_none() { self.repeated(service, &row, second) } else { None };
        let (spot, area) = match (&parent, hotspot) {
            (Some(parent), _) => {
                let reach = if self.rng.random_bool(0.7) { 6.0 } else { 35.0 };
                (self.streets.near(&mut self.rng, &parent.spot, reach), parent.area)
            }
            (None, Some(number)) => {
                let hotspot = &self.truth.hotspots[number];
                let center =
                    StreetPoint { lon: hotspot.lon, lat: hotspot.lat, street: 0, house: 0 };
                let reach = hotspot.radius_m / 1.5;
                let spot = self.streets.near(&mut self.rng, &center, reach);
                (spot, self.streets.area_of(&spot))
            }
            (None, None) => self.place(),
        };
        let located = row.place != PlaceKind::None && !self.rng.random_bool(0.03);
        let mut draft = self.outcome(second, &row);
        if let Some(parent) = &parent {
            self.truth.repeats.push(PlantedRepeat { child: id.clone(), parent: parent.id.clone() });
            // Staff recognise about half of the duplicates.
            if draft.status == Some(Status::Closed) && self.rng.random_bool(0.5) {
                draft.reason = Some(ClosedReason::Duplicate);
                draft.parent = Some(parent.id.clone());
            }
        }
        if let Some(number) = hotspot {
            self.truth.hotspots[number].note(id.clone());
        }
        if located {
            draft.lon_lat = Some((spot.lon, spot.lat));
            draft.address =
                Some(self.streets.address(&spot, area, row.place == PlaceKind::Address));
            draft.area = Some(area.into());
            if parent.is_none() {
                let recent = &mut self.recent[service];
                recent.push_back(RecentReport { id: id.clone(), second, spot, area });
                if recent.len() > RECENT_MAX {
                    recent.pop_front();
                }
            }
        }
        draft.description = self.table.say(&mut self.rng, &row, draft.address.as_deref());
        draft.id = Some(id);
        draft
    }

    /// Draws the position of a new report: in 22 % of the cases one that had reports before.
    fn place(&mut self) -> (StreetPoint, &'static str) {
        if self.known_spots.len() > 200 && self.rng.random_bool(0.22) {
            let known = self.rng.random_range(0..self.known_spots.len());
            return self.known_spots[known];
        }
        let fresh = self.streets.anywhere(&mut self.rng);
        if self.known_spots.len() < 40_000 {
            self.known_spots.push(fresh);
        } else {
            let forgotten = self.rng.random_range(0..self.known_spots.len());
            self.known_spots[forgotten] = fresh;
        }
        fresh
    }

    /// Draws the original of a duplicate, most often a very recent report; `None` for a new
    /// problem.
    fn repeated(&mut self, service: usize, row: &ServiceRow, second: i64) -> Option<RecentReport> {
        if !self.rng.random_bool(row.repeat) {
            return None;
        }
        let hours: f64 = LogNormal::new(3f64.ln(), 1.9).ok()?.sample(&mut self.rng);
        let wanted = second - (hours * 3600.0) as i64;
        let recent = &self.recent[service];
        let near = recent.iter().min_by_key(|known| (known.second - wanted).abs())?;
        let known = second - near.second <= REPEAT_DAYS_MAX * DAY_SECONDS;
        known.then(|| RecentReport { id: near.id.clone(), ..*near })
    }

    /// Draws channel, status and times.
    fn outcome(&mut self, second: i64, row: &ServiceRow) -> Draft {
        let rng = &mut self.rng;
        let channel = match rng.random_range(0..1000) {
            0..754 => Channel::Phone,
            754..870 => Channel::Email,
            870..930 => Channel::Web,
            930..995 => Channel::App,
            _ => Channel::Counter,
        };
        let nature = match (row.place, rng.random_range(0..1000)) {
            (PlaceKind::None, 0..975) if row.code != "comportement-employe" => Nature::Information,
            (PlaceKind::None, 0..850) => Nature::Complaint,
            (_, 0..42) => Nature::Complaint,
            (_, 42..52) => Nature::Comment,
            (PlaceKind::None, _) => Nature::Comment,
            _ => Nature::Intervention,
        };
        let delay = LogNormal::new((row.hours * 3600.0).max(60.0).ln(), 1.3);
        let delay = delay.map_or(3600.0, |delay| delay.sample(rng)).min(300.0 * 86_400.0) as i64;
        let closed = Some(second + delay).filter(|closed| *closed <= self.plan.until);
        let late = second + delay / 3 <= self.plan.until;
        let (status, source_status) = match closed {
            Some(_) => (Status::Closed, "Terminée"),
            None if late && rng.random_bool(0.5) => (Status::InProgress, "Prise en charge"),
            None => (Status::Open, "Reçue"),
        };
        let refused = closed.is_some() && rng.random_bool(0.018);
        let reason =
            closed.map(|_| if refused { ClosedReason::Refused } else { ClosedReason::Done });
        let instant = |second| Timestamp::from_second(second).ok().map(ReportTime::instant);
        Draft {
            service: row.code.clone(),
            status: Some(status),
            reason,
            source_status: Some(if refused { "Refusée" } else { source_status }.into()),
            nature: Some(nature),
            channel: Some(channel),
            requested: instant(second),
            closed: closed.and_then(instant),
            ..Draft::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use super::*;

    fn generate(reports: u64, seed: u64) -> (Vec<Draft>, PlantedTruth) {
        let plan = Plan { reports, seed, until: 1_795_500_000 };
        let mut drafts = Vec::new();
        let truth = DemoCity::new(plan).unwrap().generate(&mut |draft| {
            drafts.push(draft);
            true
        });
        (drafts, truth)
    }

    #[test]
    fn the_same_seed_gives_the_same_city() {
        let (first, second, other) = (generate(3_000, 7), generate(3_000, 7), generate(3_000, 8));
        assert_eq!(first.0, second.0);
        assert_ne!(first.0, other.0);
    }

    #[test]
    fn exactly_as_many_as_asked_each_with_its_own_number_in_order_of_time() {
        for reports in [0, 1, 10, 1_000, 20_000] {
            let (drafts, _) = generate(reports, 1);
            assert_eq!(drafts.len() as u64, reports);
            let ids: HashSet<_> = drafts.iter().map(|draft| draft.id.clone()).collect();
            assert_eq!(ids.len() as u64, reports);
            let times: Vec<_> = drafts.iter().map(|d| d.requested.unwrap().second()).collect();
            assert!(times.is_sorted() && times.iter().all(|time| *time <= 1_795_500_000));
        }
    }

    #[test]
    fn volumes_seasons_and_truth_are_as_published() {
        let (drafts, truth) = generate(60_000, 3);
        let share = |keep: &dyn Fn(&&Draft) -> bool| {
            drafts.iter().filter(keep).count() as f64 / drafts.len() as f64
        };
        let about = |value: f64, target: f64, slack: f64| (value - target).abs() < slack;
        assert!(about(share(&|d| d.nature == Some(Nature::Intervention)), 0.63, 0.03));
        assert!(about(share(&|d| d.nature == Some(Nature::Information)), 0.32, 0.03));
        assert!(about(share(&|d| d.channel == Some(Channel::Phone)), 0.754, 0.02));
        assert!(about(share(&|d| d.service == "encombrants"), 0.165, 0.01));
        let months: HashMap<i8, usize> = drafts
            .iter()
            .filter(|draft| draft.service == "deneigement")
            .fold(HashMap::new(), |mut months, draft| {
                let at = Timestamp::from_second(draft.requested.unwrap().second()).unwrap();
                *months.entry(at.to_zoned_datetime(TimeZone::UTC).month()).or_default() += 1;
                months
            });
        assert!(months[&2] > 10 * months.get(&4).copied().unwrap_or(1));
        let by_id: HashMap<_, _> =
            drafts.iter().map(|draft| (draft.id.clone().unwrap(), draft)).collect();
        assert!(truth.repeats.len() > 500);
        for repeat in &truth.repeats {
            let (child, parent) = (by_id[&repeat.child], by_id[&repeat.parent]);
            assert_eq!(child.service, parent.service);
            assert!(parent.requested.unwrap().second() <= child.requested.unwrap().second());
        }
        assert_eq!(truth.hotspots.len(), 12);
        for hotspot in &truth.hotspots {
            assert_eq!(hotspot.members.len() as u64, hotspot.reports);
        }
    }
}
