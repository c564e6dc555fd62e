//! What is known of the mirrored server's habits, and which requests it did not give.

use crate::export::geojson::instant;
use crate::i18n::format::counted;
use crate::i18n::{Language, Message};
use crate::message;

/// Seconds of a day.
pub const DAY: i64 = 86_400;
/// Shortfalls printed one by one, at most.
const LINES_MAX: usize = 10;

/// The time of a request by which a window selects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DatetimeField {
    /// `requested_datetime`, limited by `start_date` and `end_date`.
    Requested,
    /// `updated_datetime`, limited by `updated_after` and `updated_before`.
    Updated,
}

/// How a server reads the two ends of a time window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Dates {
    /// No answer has shown it yet.
    #[default]
    Unknown,
    /// To the second, or not so wrong that smaller windows would not help.
    Seconds,
    /// The hour is dropped; both days are answered completely.
    Days,
    /// The hour is dropped; the answer ends when the last day begins.
    DaysUntilMidnight,
    /// The start is ignored, the end is not.
    EndAlone,
    /// They change nothing.
    Ignored,
}

/// Why requests may be missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The server ignores dates, and its list cannot be read to its end by pages either.
    Dates,
    /// The smallest window holds more than one answer, and further pages bring nothing new.
    Pages,
    /// The order changes between pages, and new requests still came at the last attempt.
    Order,
    /// Smaller windows bring the same requests again and again.
    Windows,
}

/// A time window of which requests may be missing.
#[derive(Debug)]
pub struct Shortfall {
    /// First and last second of the window.
    pub window: (i64, i64),
    /// Requests of the answer at which the server cut.
    pub rows: usize,
    /// Why the others cannot be read.
    pub cause: Cause,
}

/// The habits of one server, learned from its answers, and the shortfalls of the current run.
#[derive(Debug, Default)]
pub struct Recognised {
    /// Most requests in one answer. An answer with fewer is complete.
    pub largest: usize,
    /// Size at which the server was seen to cut its answers.
    pub capped: Option<usize>,
    requested: Dates,
    updated: Dates,
    /// True once the list without dates was read in this run.
    pub is_list_read: bool,
    /// Windows of this run of which requests may be missing.
    pub shortfalls: Vec<Shortfall>,
}

impl Recognised {
    /// Forgets what concerns the previous run only; habits are kept.
    pub fn begin_run(&mut self) {
        self.is_list_read = false;
        self.shortfalls.clear();
    }

    /// How the server reads the dates of a field.
    pub fn dates(&self, by: DatetimeField) -> Dates {
        match by {
            DatetimeField::Requested => self.requested,
            DatetimeField::Updated => self.updated,
        }
    }

    /// Records how the server reads the dates of a field.
    pub fn set_dates(&mut self, by: DatetimeField, dates: Dates) {
        match by {
            DatetimeField::Requested => self.requested = dates,
            DatetimeField::Updated => self.updated = dates,
        }
    }

    /// What the user must know at the end of a run: the habits, then each shortfall. Empty where
    /// nothing is missing.
    pub fn report(&self) -> Vec<Message> {
        if self.shortfalls.is_empty() {
            return Vec::new();
        }
        let mut lines = Vec::new();
        if matches!(self.requested, Dates::Days | Dates::DaysUntilMidnight) {
            lines.push(message!(
                "le serveur ne tient pas compte de l’heure dans les dates : lu jour par jour",
                "the server ignores the hour of dates: read day by day"
            ));
        }
        if let Some(rows) = self.capped {
            let (fr, en) = requests(rows);
            lines.push(message!(
                "le serveur coupe ses réponses à {fr}",
                "the server cuts its answers at {en}"
            ));
        }
        lines.extend(self.shortfalls.iter().take(LINES_MAX).map(Shortfall::message));
        let more = self.shortfalls.len().saturating_sub(LINES_MAX);
        if more == 1 {
            lines.push(message!(
                "1 autre période est peut-être incomplète",
                "1 more window may be incomplete"
            ));
        } else if more > 0 {
            lines.push(message!(
                "{more} autres périodes sont peut-être incomplètes",
                "{more} more windows may be incomplete"
            ));
        }
        lines.push(message!(
            "pour avoir le reste : demandez à la ville un fichier et importez-le (pointchaud \
             import), ou relancez souvent (--every 300) pour ne rien manquer de nouveau",
            "to get the rest: ask the city for a file and import it (pointchaud import), or run \
             often (--every 300) so that nothing new is missed"
        ));
        lines
    }
}

/// A number of requests, in French and in English.
fn requests(number: usize) -> (String, String) {
    let number = number as f64;
    (
        counted(number, Language::French, "demande", "demandes"),
        counted(number, Language::English, "request", "requests"),
    )
}

impl Shortfall {
    fn message(&self) -> Message {
        let (from, to) = (instant(self.window.0), instant(self.window.1));
        let (fr, en) = requests(self.rows);
        match self.cause {
            Cause::Dates => message!(
                "le serveur ne tient pas compte des dates ; chaque réponse contient {fr}, toujours \
                 les mêmes : les autres ne peuvent pas être lues",
                "the server ignores dates; every answer holds {en}, always the same: others \
                 cannot be read"
            ),
            Cause::Pages => message!(
                "de {from} à {to} : réponse coupée à {fr}, et les pages suivantes \
                 n’apportent rien ; d’autres manquent peut-être",
                "from {from} to {to}: the answer was cut at {en} and further pages \
                 bring nothing new; others may be missing"
            ),
            Cause::Order => message!(
                "de {from} à {to} : l’ordre change d’une page à l’autre après {fr} ; \
                 d’autres manquent peut-être",
                "from {from} to {to}: the order changes between pages after {en}; \
                 others may be missing"
            ),
            Cause::Windows => message!(
                "de {from} à {to} : les périodes plus courtes répètent la même réponse, \
                 coupée à {fr} ; d’autres manquent peut-être",
                "from {from} to {to}: smaller windows repeat the same answer, cut at {en}; \
                 others may be missing"
            ),
        }
    }
}

/// First and last second of days of UTC, as a server with this habit must be asked for them.
pub fn day_window((first, last): (i64, i64), dates: Dates) -> (i64, i64) {
    let end = (last + 1) * DAY;
    (first * DAY, if dates == Dates::DaysUntilMidnight { end } else { end - 1 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_reported_in_singular_and_plural() {
        let report = |windows: usize, rows: usize| {
            let shortfall = |_| Shortfall { window: (0, DAY - 1), rows, cause: Cause::Pages };
            let shortfalls = (0..windows).map(shortfall).collect();
            let habits = Recognised { capped: Some(rows), shortfalls, ..Recognised::default() };
            let lines = habits.report();
            (lines[0].clone(), lines[lines.len() - 2].clone())
        };
        let (cut, more) = report(LINES_MAX + 1, 1);
        assert_eq!(cut.en, "the server cuts its answers at 1 request");
        assert_eq!(cut.fr, "le serveur coupe ses réponses à 1 demande");
        assert_eq!(more.en, "1 more window may be incomplete");
        assert_eq!(more.fr, "1 autre période est peut-être incomplète");
        let (cut, more) = report(LINES_MAX + 2, 1_000);
        assert_eq!(cut.en, "the server cuts its answers at 1,000 requests");
        assert_eq!(cut.fr, "le serveur coupe ses réponses à 1\u{a0}000 demandes");
        assert_eq!(more.en, "2 more windows may be incomplete");
        assert_eq!(more.fr, "2 autres périodes sont peut-être incomplètes");
        let (_, last) = report(1, 1);
        assert!(last.en.contains("cut at 1 request and"), "{}", last.en);
        assert!(last.fr.contains("coupée à 1 demande, et"), "{}", last.fr);
    }
}
