//! Hotspots and alerts explained in a sentence, in French or in English.

use jiff::tz::TimeZone;

use crate::domain::{Catalogue, Service};
use crate::export::areas::figure;
use crate::i18n::Language;
use crate::i18n::format::{counted, date, list, number, plural, rounded};
use crate::query::{Alert, Hotspot, HotspotHistory, trend_direction};

/// An expectation below this is written "less than 0.1" and has no ratio.
const EXPECTED_MIN: f64 = 0.05;
/// From this number on a ratio to it is given: one to less than a report says little.
const RATIO_FROM: f64 = 1.0;
const DAYS_PER_YEAR: f64 = 365.0;

/// The context of the sentences: service names, time zone and language.
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

    fn pick(&self, fr: String, en: String) -> String {
        if self.language == Language::French { fr } else { en }
    }

    fn number(&self, value: f64) -> String {
        number(value, self.language)
    }

    /// A number with its word, in the reader's language: the singular and plural of each.
    fn counted(&self, value: f64, fr: [&str; 2], en: [&str; 2]) -> String {
        let [one, other] = if self.language == Language::French { fr } else { en };
        counted(value, self.language, one, other)
    }

    /// The day of a Unix time in the city's calendar.
    fn day(&self, second: i64) -> String {
        let Ok(instant) = jiff::Timestamp::from_second(second) else { return second.to_string() };
        let day = self.zone.to_datetime(instant).date();
        date(day.year(), day.month(), day.day(), self.language)
    }

    /// A hotspot in a sentence. `services` are the codes of its services, the most reported first;
    /// `days` is the length of the period, and `streets` are those with the most reports.
    pub fn hotspot(
        &self,
        hotspot: &Hotspot,
        services: &[&str],
        days: f64,
        streets: &[String],
    ) -> String {
        let ratio = times(hotspot.count, hotspot.expected).map(|times| {
            let times = self.number(times);
            self.pick(format!(" ({times} fois ce nombre)"), format!(" ({times} times as many)"))
        });
        let mut parts = vec![
            self.heading(services)
                + &self.reports(hotspot.count)
                + &self.pick(" en ".into(), " in ".into())
                + &self.counted(days, ["jour", "jours"], ["day", "days"])
                + ", "
                + &self.expected(hotspot.expected)
                + &ratio.unwrap_or_default(),
        ];
        let HotspotHistory { usual, years, last_year, since } = hotspot.history;
        // One earlier year is last year.
        let usual = usual.filter(|usual| years > 1 || *usual == 0.0);
        parts.extend(usual.map(|usual| self.usual(hotspot.count, usual)));
        let last_year = last_year.filter(|_| usual != Some(0.0));
        parts.extend(last_year.map(|before| self.last_year(before)));
        parts.extend(
            since
                .map(|since| self.day(since))
                .map(|since| self.pick(format!("depuis le {since}"), format!("since {since}"))),
        );
        match trend_direction(hotspot.trend) {
            1 => parts.push(self.pick("en hausse".into(), "growing".into())),
            -1 => parts.push(self.pick("en baisse".into(), "shrinking".into())),
            _ => {}
        }
        parts.extend(hotspot.oldest_open.map(|oldest| self.open(hotspot.open, oldest)));
        self.sentence(parts, streets)
    }

    /// An alert in a sentence; `days` is the length of its period.
    pub fn alert(&self, alert: &Alert, days: i64, streets: &[String]) -> String {
        let every = self.recurrence(alert.recurrence_days);
        let parts = vec![
            self.heading(&[alert.service.as_str()])
                + &self.reports(u64::from(alert.count))
                + &self.pick(" en ".into(), " in ".into())
                + &self.counted(days as f64, ["jour", "jours"], ["day", "days"])
                + ", "
                + &self.expected(alert.expected),
            self.pick(
                format!("le hasard seul en produirait autant {every}"),
                format!("chance alone would produce as many {every}"),
            ),
        ];
        self.sentence(parts, streets)
    }

    /// Parts joined to a sentence, which ends with the streets.
    fn sentence(&self, mut parts: Vec<String>, streets: &[String]) -> String {
        if !streets.is_empty() {
            let list = list(streets, self.language);
            parts.push(self.pick(format!("surtout {list}"), format!("mostly {list}")));
        }
        parts.join(if self.language == Language::French { "\u{a0}; " } else { "; " }) + "."
    }

    /// The name of the first service, the number of the others, and a colon.
    fn heading(&self, services: &[&str]) -> String {
        let first = self.service(services.first().copied().unwrap_or_default());
        let colon = if self.language == Language::French { "\u{a0}: " } else { ": " };
        let others = services.len().saturating_sub(1);
        if others == 0 {
            return format!("{first}{colon}");
        }
        let (fr, en) = (["autre service", "autres services"], ["other service", "other services"]);
        let others = self.counted(others as f64, fr, en);
        self.pick(format!("{first} et {others}{colon}"), format!("{first} and {others}{colon}"))
    }

    fn reports(&self, count: u64) -> String {
        self.counted(count as f64, ["demande", "demandes"], ["request", "requests"])
    }

    fn expected(&self, expected: f64) -> String {
        if expected < EXPECTED_MIN {
            return self.pick("moins de 0,1 attendue".into(), "less than 0.1 expected".into());
        }
        self.counted(expected, ["attendue", "attendues"], ["expected", "expected"])
    }

    /// The count beside the mean of the same place in the same weeks of earlier years.
    fn usual(&self, count: u64, usual: f64) -> String {
        if usual == 0.0 {
            return self.pick("d’habitude aucune ici".into(), "usually none here".into());
        }
        if rounded(usual) < 1.0 {
            return self
                .pick("d’habitude moins d’une ici".into(), "usually fewer than one here".into());
        }
        let (ratio, usual) = (times(count, usual).unwrap_or_default(), self.number(usual));
        if ratio < 1.0 {
            return self.pick(
                format!("moins que d’habitude ici ({usual})"),
                format!("fewer than usual here ({usual})"),
            );
        }
        if ratio == 1.0 {
            return self.pick("autant que d’habitude ici".into(), "as many as usual here".into());
        }
        let ratio = self.number(ratio);
        self.pick(
            format!("{ratio} fois le nombre habituel ici ({usual})"),
            format!("{ratio} times the usual number here ({usual})"),
        )
    }

    fn last_year(&self, count: u64) -> String {
        if count == 0 {
            return self.pick(
                "aucune dans les mêmes semaines de l’an dernier".into(),
                "none in the same weeks last year".into(),
            );
        }
        let count = self.number(count as f64);
        self.pick(
            format!("{count} dans les mêmes semaines de l’an dernier"),
            format!("{count} in the same weeks last year"),
        )
    }

    /// How many reports are open, and since when the oldest of them is.
    fn open(&self, open: u64, oldest: i64) -> String {
        let day = self.day(oldest);
        if open == 1 {
            return self.pick(
                format!("1 encore ouverte, du {day}"),
                format!("1 still open, reported {day}"),
            );
        }
        let open = self.number(open as f64);
        self.pick(
            format!("{open} encore ouvertes, dont la plus ancienne est du {day}"),
            format!("{open} still open, the oldest reported {day}"),
        )
    }

    /// How often chance alone would produce as many, from the mean number of days between.
    fn recurrence(&self, days: f64) -> String {
        let years = rounded(days / DAYS_PER_YEAR);
        let days = rounded(days);
        if years > 100.0 {
            return self
                .pick("moins d’une fois par siècle".into(), "less than once a century".into());
        }
        if years > 1.0 {
            let n = self.number(years);
            let an = plural(years, Language::French, "an", "ans");
            return self
                .pick(format!("une fois tous les {n} {an}"), format!("once every {n} years"));
        }
        if years == 1.0 {
            return self.pick("une fois par an".into(), "once a year".into());
        }
        if days > 1.0 {
            let n = self.number(days);
            let jour = plural(days, Language::French, "jour", "jours");
            return self
                .pick(format!("une fois tous les {n} {jour}"), format!("once every {n} days"));
        }
        self.pick("au moins une fois par jour".into(), "at least once a day".into())
    }
}

/// A count divided by its expectation; none where less than one report is expected.
pub fn ratio_of(count: u64, expected: f64) -> Option<f64> {
    (expected >= RATIO_FROM).then(|| figure(count as f64 / expected))
}

/// How many times as many as a reference, from the numbers as they are written in the sentence;
/// none where the reference is less than one report.
fn times(count: u64, reference: f64) -> Option<f64> {
    (reference >= RATIO_FROM).then(|| rounded(count as f64 / rounded(reference)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ServiceCode;
    use crate::query::Population;
    use crate::statistics::MannKendall;

    const MARCH_1: i64 = 1_772_323_200;
    const MARCH_3: i64 = MARCH_1 + 2 * 86_400;

    fn sentences(write: impl Fn(&SentenceNames<'_>) -> String) -> [String; 2] {
        let catalogue = Catalogue::default();
        [Language::French, Language::English].map(|language| {
            let text =
                write(&SentenceNames { catalogue: &catalogue, zone: &TimeZone::UTC, language });
            text.replace('\u{a0}', " ")
        })
    }

    fn hotspot() -> Hotspot {
        Hotspot {
            cells: Vec::new(),
            count: 25,
            open: 5,
            expected: 9.84,
            z: 5.0,
            q: 0.001,
            oldest_open: Some(MARCH_3),
            history: HotspotHistory {
                usual: Some(12.2),
                years: 3,
                last_year: Some(7),
                since: Some(MARCH_1),
            },
            population: Population::SamePeriod,
            ring: Vec::new(),
            trend: MannKendall { z: 0.0, p: 1.0 },
            services: Vec::new(),
            areas: Vec::new(),
            members: Vec::new(),
        }
    }

    fn explained(hotspot: &Hotspot, services: &[&str], days: f64) -> [String; 2] {
        sentences(|names| names.hotspot(hotspot, services, days, &[]))
    }

    #[test]
    fn a_hotspot_is_explained_with_ratios_of_the_numbers_shown() {
        let streets = ["rue A".to_owned(), "rue B".to_owned()];
        assert_eq!(
            sentences(|names| names.hotspot(&hotspot(), &["a", "b", "c"], 30.0, &streets)),
            [
                "a et 2 autres services : 25 demandes en 30 jours, 9,8 attendues (2,6 fois ce \
                 nombre) ; 2,1 fois le nombre habituel ici (12) ; 7 dans les mêmes semaines de \
                 l’an dernier ; depuis le 1er mars 2026 ; 5 encore ouvertes, dont la plus ancienne \
                 est du 3 mars 2026 ; surtout rue A et rue B.",
                "a and 2 other services: 25 requests in 30 days, 9.8 expected (2.6 times as many); \
                 2.1 times the usual number here (12); 7 in the same weeks last year; since \
                 March 1, 2026; 5 still open, the oldest reported March 3, 2026; mostly rue A \
                 and rue B.",
            ]
        );
    }

    #[test]
    fn one_and_none_have_their_own_words() {
        let history =
            HotspotHistory { usual: Some(0.0), years: 2, last_year: Some(0), since: Some(MARCH_1) };
        let one = Hotspot { count: 1, open: 1, expected: 0.01, history, ..hotspot() };
        assert_eq!(
            explained(&one, &["a", "b"], 1.0),
            [
                "a et 1 autre service : 1 demande en 1 jour, moins de 0,1 attendue ; d’habitude \
                 aucune ici ; depuis le 1er mars 2026 ; 1 encore ouverte, du 3 mars 2026.",
                "a and 1 other service: 1 request in 1 day, less than 0.1 expected; usually none \
                 here; since March 1, 2026; 1 still open, reported March 3, 2026.",
            ]
        );
    }

    fn with(
        usual: Option<f64>,
        years: usize,
        last_year: Option<u64>,
        since: Option<i64>,
    ) -> Hotspot {
        Hotspot { history: HotspotHistory { usual, years, last_year, since }, ..hotspot() }
    }

    #[test]
    fn one_earlier_year_is_written_once_and_what_is_not_known_not_at_all() {
        for (hotspot, written, not_written) in [
            (with(Some(7.0), 1, Some(7), None), "; 7 in the same weeks last year;", "usual"),
            (with(Some(0.0), 1, Some(0), None), "; usually none here;", "last year"),
            (with(Some(3.5), 2, Some(0), None), "; none in the same weeks last year;", "since"),
            (with(None, 0, None, Some(MARCH_1)), "; since March 1, 2026;", "usual"),
        ] {
            let [_, english] = explained(&hotspot, &["a"], 30.0);
            assert!(english.contains(written) && !english.contains(not_written), "{english}");
        }
    }

    #[test]
    fn what_is_usual_is_compared_in_words() {
        for (usual, fr, en) in [
            (0.4, "d’habitude moins d’une ici", "usually fewer than one here"),
            (25.2, "autant que d’habitude ici", "as many as usual here"),
            (31.0, "moins que d’habitude ici (31)", "fewer than usual here (31)"),
            (5.0, "5 fois le nombre habituel ici (5)", "5 times the usual number here (5)"),
        ] {
            let [french, english] =
                explained(&with(Some(usual), 3, Some(7), Some(MARCH_1)), &["a"], 30.0);
            assert!(french.contains(&format!(" ; {fr} ; ")), "{french}");
            assert!(english.contains(&format!("; {en}; ")), "{english}");
        }
    }

    #[test]
    fn an_alert_says_how_often_chance_alone_would_produce_it() {
        for (recurrence_days, fr, en) in [
            (0.3, "au moins une fois par jour", "at least once a day"),
            (40.4, "une fois tous les 40 jours", "once every 40 days"),
            (365.0, "une fois par an", "once a year"),
            (500.0, "une fois tous les 1,4 an", "once every 1.4 years"),
            (40_000.0, "moins d’une fois par siècle", "less than once a century"),
        ] {
            let alert = Alert {
                service: ServiceCode::new("a").unwrap(),
                cells: Vec::new(),
                from: MARCH_1,
                count: 12,
                expected: 1.5,
                log_likelihood_ratio: 9.0,
                p: 0.001,
                recurrence_days,
                members: Vec::new(),
            };
            assert_eq!(
                sentences(|names| names.alert(&alert, 3, &[])),
                [
                    format!(
                        "a : 12 demandes en 3 jours, 1,5 attendue ; le hasard seul en produirait \
                         autant {fr}."
                    ),
                    format!(
                        "a: 12 requests in 3 days, 1.5 expected; chance alone would produce as \
                         many {en}."
                    ),
                ]
            );
        }
    }
}
