//! The times of the generated reports: months, weekdays, hours and storms.

use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, civil::Weekday};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Poisson};

use crate::demo::table::{DemoTable, ServiceRow, WeatherBurst};

/// Seconds of a day without a daylight saving change.
pub const DAY_SECONDS: i64 = 86_400;

/// Share of each hour in the requests of a weekday, in per mille (Plateau-Mont-Royal, 2022 to
/// 2026).
const HOURS: [u32; 24] =
    [4, 2, 1, 1, 1, 2, 6, 19, 56, 108, 105, 101, 92, 92, 91, 87, 75, 51, 38, 28, 18, 9, 8, 5];

struct Day {
    date: Date,
    start: i64,
    weekday: f64,
    bursts: Vec<(WeatherBurst, f64)>,
}

/// The days of the generated year, with their weather.
pub struct Calendar {
    days: Vec<Day>,
    until: i64,
    seasons: std::collections::HashMap<String, [f64; 12]>,
}

impl Calendar {
    /// The 365 days up to the second `until`, with drawn weather.
    pub fn new(rng: &mut ChaCha8Rng, until: i64, zone: TimeZone, table: &DemoTable) -> Self {
        let last = Timestamp::from_second(until).unwrap_or(Timestamp::UNIX_EPOCH);
        let last = last.to_zoned_datetime(zone.clone()).date();
        let days = (0..365i64).rev().filter_map(|ago| {
            let date = last.checked_sub(ago.days()).ok()?;
            let start = date.to_zoned_datetime(zone.clone()).ok()?.timestamp().as_second();
            let weekday = match date.weekday() {
                Weekday::Monday => 17.5,
                Weekday::Tuesday => 19.0,
                Weekday::Wednesday => 17.8,
                Weekday::Thursday => 16.9,
                Weekday::Friday => 15.8,
                Weekday::Saturday => 7.1,
                Weekday::Sunday => 6.0,
            };
            Some(Day { date, start, weekday, bursts: Vec::new() })
        });
        let mut calendar = Self { days: days.collect(), until, seasons: table.season.clone() };
        calendar.storms(rng);
        calendar
    }

    /// Draws the storms of the year: for each kind of weather some occurrences in its months.
    fn storms(&mut self, rng: &mut ChaCha8Rng) {
        for (burst, times, months, force, length) in [
            (WeatherBurst::Snow, 7.0, [12, 1, 2, 3].as_slice(), 9.0, 3),
            (WeatherBurst::Thaw, 5.0, [2, 3, 4, 5].as_slice(), 3.5, 6),
            (WeatherBurst::Wind, 4.0, [5, 6, 7, 8, 10, 11].as_slice(), 12.0, 2),
            (WeatherBurst::Rain, 6.0, [6, 7, 8, 9, 10].as_slice(), 8.0, 1),
        ] {
            for _ in 0..around(rng, times).max(2) {
                let fitting: Vec<usize> = (0..self.days.len())
                    .filter(|day| months.contains(&self.days[*day].date.month()))
                    .collect();
                let Some(first) =
                    (!fitting.is_empty()).then(|| fitting[rng.random_range(0..fitting.len())])
                else {
                    continue;
                };
                for (after, day) in self.days.iter_mut().skip(first).take(length).enumerate() {
                    day.bursts.push((burst, force / (after + 1) as f64));
                }
            }
        }
    }

    /// Number of days.
    pub fn days(&self) -> usize {
        self.days.len()
    }

    /// A day's date.
    pub fn date(&self, day: usize) -> Date {
        self.days[day].date
    }

    /// Weight of a day for a service, in arbitrary units.
    pub fn weight(&self, day: usize, row: &ServiceRow) -> f64 {
        let day = &self.days[day];
        let month = usize::from(day.date.month().unsigned_abs()) - 1;
        let season = self.seasons.get(&row.season).map_or(1.0, |season| season[month]);
        let bursts = day.bursts.iter().filter(|(burst, _)| Some(*burst) == row.burst);
        season * day.weekday * (1.0 + bursts.map(|(_, force)| force).sum::<f64>())
    }

    /// Draws the first of `days` days in the season of a service.
    pub fn likely_day(&self, rng: &mut ChaCha8Rng, row: &ServiceRow, days: usize) -> usize {
        let last = self.days.len().saturating_sub(days + 1).max(1);
        let mut best = (0.0, 0);
        for _ in 0..8 {
            let day = rng.random_range(0..last);
            let weight = self.weight(day, row);
            if weight > best.0 {
                best = (weight, day);
            }
        }
        best.1
    }

    /// Draws a second of a day in proportion to the hourly shares, not after the last second.
    pub fn second_of(&self, rng: &mut ChaCha8Rng, day: usize) -> i64 {
        let mut left = rng.random_range(0..HOURS.iter().sum::<u32>());
        let mut hour = 0;
        while left >= HOURS[hour] {
            left -= HOURS[hour];
            hour += 1;
        }
        let start = self.days[day].start;
        let second = start + hour as i64 * 3600 + rng.random_range(0..3600);
        if second <= self.until {
            return second;
        }
        // The last day is incomplete: its requests come before the last second.
        rng.random_range(start.min(self.until)..=self.until)
    }
}

/// Draws a whole number from the Poisson distribution with this mean.
fn around(rng: &mut ChaCha8Rng, mean: f64) -> u64 {
    Poisson::new(mean).map_or(0, |draw| draw.sample(rng) as u64)
}
