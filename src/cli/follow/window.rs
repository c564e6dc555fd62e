//! Complete reading of a time window of a mirrored server, whatever part of it one answer holds.

use std::collections::HashSet;

use crate::cli::follow::server::{DAY, DatetimeField, MirroredServer, PAGE};
use crate::error::{Refusal, Result};
use crate::ingest::open311::MirroredRequest;
use crate::message;

/// Pages requested for one second, at most.
const PAGES_MAX: usize = 200;
/// Times that the pages of one second are read, at most.
const PASSES_MAX: usize = 5;

/// Reads time windows and passes the requests of each answer to `take`.
pub struct WindowReader<'a> {
    /// The server that is read.
    pub server: &'a MirroredServer<'a>,
    /// The time that the window limits.
    pub by: DatetimeField,
    /// Zone of the times that name none.
    pub zone: jiff::tz::TimeZone,
    /// Receives the requests. Some may come several times.
    pub take: &'a mut dyn FnMut(Vec<MirroredRequest>) -> Result<()>,
}

fn ids(list: &[MirroredRequest]) -> HashSet<String> {
    list.iter().map(|request| request.id.clone()).collect()
}

impl WindowReader<'_> {
    /// Reads the window from one second to another, both included; where its answer may be
    /// incomplete, its halves.
    ///
    /// # Errors
    /// The server does not answer or ignores dates; whatever `take` returns.
    pub fn read(&mut self, (from, to): (i64, i64)) -> Result<()> {
        let found = self.server.window(self.by, (from, to), 1, &self.zone)?;
        if found.len() < PAGE {
            return (self.take)(found);
        }
        // The time zone of a date without an hour is uncertain.
        let outside = |at: i64| at < from - DAY || at > to + DAY;
        if self.by == DatetimeField::Requested
            && found.iter().any(|one| one.made.is_some_and(outside))
        {
            let message = message!(
                "ne tient pas compte des dates : toutes ses demandes ne peuvent donc pas être \
                 lues",
                "ignores dates, so not all of its requests can be read"
            );
            return Err(Refusal::new("url", &self.server.options.url, message).into());
        }
        if to > from {
            let middle = from + (to - from) / 2;
            self.read((from, middle))?;
            return self.read((middle + 1, to));
        }
        self.second(from, found)
    }

    /// Reads a single second whose requests fill several pages. A request that changes meanwhile
    /// leaves the second and shifts the others across pages, so the pages are read again until
    /// nothing new comes.
    fn second(&mut self, at: i64, first: Vec<MirroredRequest>) -> Result<()> {
        let (mut seen, mut first) = (HashSet::new(), Some(first));
        for _ in 0..PASSES_MAX {
            let known = seen.len();
            let mut last = HashSet::new();
            for page in 1..=PAGES_MAX {
                let found = match first.take() {
                    Some(found) => found,
                    None => self.server.window(self.by, (at, at), page, &self.zone)?,
                };
                let (count, here) = (found.len(), ids(&found));
                if here == last {
                    // The same page again: the server does not support pages.
                    break;
                }
                seen.extend(here.iter().cloned());
                last = here;
                (self.take)(found)?;
                if count < PAGE {
                    break;
                }
            }
            if seen.len() == known {
                break;
            }
        }
        Ok(())
    }
}
