//! Hotspots and alerts told in a sentence, in French and in English, with their numbers.

use std::fmt::Write as _;

use jiff::tz::TimeZone;

use crate::domain::{Catalogue, Service};
use crate::i18n::Language;
use crate::query::{Alert, Hotspot, direction};

const MONTHS_FR: [&str; 12] = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
];
const MONTHS_EN: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// A number as people write it: one decimal below ten, none above.
fn number(value: f64, language: Language) -> String {
    if value > 0.0 && value < 0.05 {
        return match language {
            Language::French => "moins de 0,1".into(),
            Language::English => "less than 0.1".into(),
        };
    }
    let text = if value < 9.95 { format!("{value:.1}") } else { format!("{value:.0}") };
    let text = text.strip_suffix(".0").map_or(text.clone(), str::to_owned);
    match language {
        Language::French => text.replace('.', ","),
        Language::English => text,
    }
}

/// A day of the city's calendar.
fn day(second: i64, zone: &TimeZone, language: Language) -> String {
    let Ok(instant) = jiff::Timestamp::from_second(second) else { return second.to_string() };
    let date = zone.to_datetime(instant).date();
    let month = usize::from(date.month().unsigned_abs()) - 1;
    let (n, year) = (date.day(), date.year());
    match language {
        Language::French if n == 1 => format!("1er {} {year}", MONTHS_FR[month]),
        Language::French => format!("{n} {} {year}", MONTHS_FR[month]),
        Language::English => format!("{} {n}, {year}", MONTHS_EN[month]),
    }
}

/// Names that sentences need.
pub struct SentenceNames<'a> {
    /// The city's services.
    pub catalogue: &'a Catalogue,
    /// The city's time zone.
    pub zone: &'a TimeZone,
    /// The reader's language.
    pub language: Language,
}

impl SentenceNames<'_> {
    /// The name of a service.
    pub fn service<'a>(&'a self, code: &'a str) -> &'a str {
        let name = |service: &'a std::sync::Arc<Service>| self.language.pick(&service.names);
        self.catalogue.get(code).map_or(code, name)
    }

    fn say(&self, fr: String, en: String) -> String {
        if self.language == Language::French { fr } else { en }
    }

    /// What a hotspot is, in words and numbers; `services` are its services' codes, most first,
    /// `days` the window's length, `streets` where most of it is.
    pub fn hotspot(
        &self,
        hotspot: &Hotspot,
        services: &[&str],
        days: f64,
        streets: &[String],
    ) -> String {
        let n = |value: f64| number(value, self.language);
        let what = match services {
            [one] => self.service(one).to_owned(),
            [first, ..] => {
                let (first, others) = (self.service(first), services.len() - 1);
                self.say(
                    format!("{first} et {others} autre{}", if others > 1 { "s" } else { "" }),
                    format!("{first} and {others} other{}", if others > 1 { "s" } else { "" }),
                )
            }
            [] => String::new(),
        };
        let (count, days) = (hotspot.count, n(days));
        let expected = n(hotspot.expected);
        let times = n(hotspot.count as f64 / hotspot.expected.max(0.1));
        let mut text = self.say(
            format!(
                "{what}\u{a0}: {count} demandes en {days} jours, {expected} attendues ({times} \
                 fois plus)"
            ),
            format!(
                "{what}: {count} requests in {days} days, {expected} expected ({times} times as \
                 many)"
            ),
        );
        if let Some(usual) = hotspot.usual {
            let ratio = hotspot.count as f64 / usual.max(0.1);
            let (ratio, usual) = (n(ratio), n(usual));
            text += &self.say(
                format!("\u{a0}; d’habitude ici {usual}, soit {ratio} fois moins"),
                format!("; usually {usual} here, {ratio} times fewer"),
            );
        }
        if let Some(before) = hotspot.last_year {
            text += &self.say(
                format!("\u{a0}; {before} aux mêmes dates l’an dernier"),
                format!("; {before} on the same dates last year"),
            );
        }
        let since = day(hotspot.since, self.zone, self.language);
        text += &self.say(format!("\u{a0}; depuis le {since}"), format!("; since {since}"));
        match direction(hotspot.trend) {
            1 => text += &self.say("\u{a0}; augmente".into(), "; growing".into()),
            -1 => text += &self.say("\u{a0}; diminue".into(), "; shrinking".into()),
            _ => {}
        }
        if let Some(oldest) = hotspot.oldest_open {
            let (open, oldest) = (hotspot.open, day(oldest, self.zone, self.language));
            let _ = write!(
                text,
                "{}",
                self.say(
                    format!("\u{a0}; {open} encore ouvertes, la plus ancienne du {oldest}"),
                    format!("; {open} still open, the oldest of {oldest}"),
                )
            );
        }
        if !streets.is_empty() {
            let list = streets.join(", ");
            text += &self.say(format!("\u{a0}; surtout {list}"), format!("; mostly {list}"));
        }
        text + "."
    }

    /// What an alert is.
    pub fn alert(&self, alert: &Alert, days: i64, streets: &[String]) -> String {
        let what = self.service(alert.service.as_str());
        let (count, expected) = (alert.count, number(alert.expected, self.language));
        let every = match alert.recurrence_days {
            long if long >= 36_500.0 => {
                self.say("moins d’une fois par siècle".into(), "less than once a century".into())
            }
            long if long >= 365.0 => {
                let years = number(long / 365.0, self.language);
                self.say(format!("une fois en {years} ans"), format!("once in {years} years"))
            }
            days => {
                let days = number(days, self.language);
                self.say(format!("une fois en {days} jours"), format!("once in {days} days"))
            }
        };
        let mut text = self.say(
            format!(
                "{what}\u{a0}: {count} demandes depuis {days} jour{}, {expected} \
                 attendues\u{a0}; le hasard seul en fait autant {every}",
                if days > 1 { "s" } else { "" }
            ),
            format!(
                "{what}: {count} requests in {days} day{}, {expected} expected; chance alone \
                 brings as many {every}",
                if days > 1 { "s" } else { "" }
            ),
        );
        if !streets.is_empty() {
            let list = streets.join(", ");
            text += &self.say(format!("\u{a0}; surtout {list}"), format!("; mostly {list}"));
        }
        text + "."
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_days_as_people_write_them() {
        assert_eq!(number(9.84, Language::French), "9,8");
        assert_eq!(number(6.0, Language::English), "6");
        assert_eq!(number(41.3, Language::French), "41");
        let zone = TimeZone::UTC;
        assert_eq!(day(1_772_496_000, &zone, Language::French), "3 mars 2026");
        assert_eq!(day(1_772_323_200, &zone, Language::French), "1er mars 2026");
        assert_eq!(day(1_772_496_000, &zone, Language::English), "March 3, 2026");
    }
}
