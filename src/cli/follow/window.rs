//! Reading of a time window of a mirrored server, whatever part of it one answer holds.
//!
//! An answer smaller than the largest one ever received is complete, since a server cuts all its
//! answers at the same size. Any other answer may be cut: its window is split between its requests
//! until the parts are smaller. Only a window that cannot be split is read by pages. How the server
//! reads dates is recognised from requests outside of the window, with two further requests.
//! Nothing is repeated without end: see [`BARREN_MAX`], [`PAGES_MAX`] and [`PASSES_MAX`].

use std::collections::{HashMap, HashSet};

use crate::cli::follow::recognised::{Cause, DAY, Dates, DatetimeField, Shortfall, day_window};
use crate::cli::follow::server::MirroredServer;
use crate::error::{Error, ErrorKind, Result};
use crate::ingest::open311::MirroredRequest;
use crate::message;

/// Pages requested for one window, at most.
const PAGES_MAX: usize = 200;
/// Pages in a row without anything new, at most, where each page has its own order.
const BARREN_PAGES_MAX: usize = 3;
/// Times that the pages of one window are read, at most.
const PASSES_MAX: usize = 12;
/// Fewer requests than this are a complete answer: no server cuts that low.
const CUT_MIN: usize = 10;
/// A window is given up once useless answers (possibly cut, nothing new) outnumber useful ones by
/// this much. The second part of a window often repeats what the whole one brought, so up
/// to as many are usual.
const BARREN_MAX: usize = 20;
/// How far outside of a window requests may be where only the hour or the zone is read wrongly,
/// in seconds: a day, and the largest offset of a zone (14 hours).
const SLACK: i64 = DAY + 14 * 3_600;

/// Reads time windows and passes the requests of each answer to `take`.
pub struct WindowReader<'a> {
    server: &'a MirroredServer<'a>,
    by: DatetimeField,
    /// Zone of the times that name none.
    zone: jiff::tz::TimeZone,
    take: &'a mut dyn FnMut(Vec<MirroredRequest>) -> Result<()>,
    /// Ids already passed on, with their time of change.
    seen: HashMap<String, Option<i64>>,
    /// Days of UTC that were read by pages.
    days_read: HashSet<i64>,
    /// Answers that may be cut, and brought nothing new.
    barren: usize,
    /// Answers that brought something new.
    useful: usize,
    /// True once smaller windows proved to be of no use.
    gave_up: bool,
}

/// What matters of an answer once its requests are passed on.
struct Answer {
    count: usize,
    /// Earliest and latest time in it.
    span: Option<(i64, i64)>,
    /// True where the server may have cut it.
    may_be_cut: bool,
    is_newest_first: bool,
}

impl<'a> WindowReader<'a> {
    /// A reader of windows over one of the times of requests. `take` receives each request once,
    /// or again where it changed meanwhile.
    pub fn new(
        server: &'a MirroredServer<'a>,
        by: DatetimeField,
        zone: jiff::tz::TimeZone,
        take: &'a mut dyn FnMut(Vec<MirroredRequest>) -> Result<()>,
    ) -> Self {
        let (seen, days_read) = (HashMap::new(), HashSet::new());
        Self { server, by, zone, take, seen, days_read, barren: 0, useful: 0, gave_up: false }
    }

    /// Reads the window from one second to another, both included. What may be missing is recorded
    /// among the shortfalls of the server.
    ///
    /// # Errors
    /// The server does not answer, or ignores `updated_after`; whatever `take` returns.
    pub fn read(&mut self, window: (i64, i64)) -> Result<()> {
        self.seen.clear();
        self.days_read.clear();
        (self.barren, self.useful, self.gave_up) = (0, 0, false);
        self.part(window)
    }

    fn part(&mut self, window: (i64, i64)) -> Result<()> {
        let (from, to) = window;
        match self.dates() {
            Dates::Ignored => return self.list(window),
            Dates::EndAlone => return self.down(window),
            Dates::Days | Dates::DaysUntilMidnight => {
                return self.days((from.div_euclid(DAY), to.div_euclid(DAY)));
            }
            Dates::Unknown | Dates::Seconds => {}
        }
        if self.gave_up {
            return Ok(());
        }
        let Some(answer) = self.first_page(window)? else { return self.part(window) };
        if !answer.may_be_cut {
            return Ok(());
        }
        if from == to {
            return self.pages(window, Cause::Pages);
        }
        if self.gives_up(window, answer.count) {
            return Ok(());
        }
        let before = self.seen.len();
        let middle = split(window, answer.span);
        // The newer part first: it shows at once that a server ignores the start.
        self.part((middle + 1, to))?;
        self.part((from, middle))?;
        self.learn_cap(before, answer.count);
        Ok(())
    }

    /// Reads days of UTC, both included, of a server that drops the hour.
    fn days(&mut self, (first, last): (i64, i64)) -> Result<()> {
        if self.gave_up || (first == last && !self.days_read.insert(first)) {
            return Ok(());
        }
        let window = day_window((first, last), self.dates());
        let Some(answer) = self.first_page(window)? else { return self.part(window) };
        if !answer.may_be_cut {
            return Ok(());
        }
        if first == last {
            return self.pages(window, Cause::Pages);
        }
        if self.gives_up(window, answer.count) {
            return Ok(());
        }
        let before = self.seen.len();
        let middle = split(window, answer.span).div_euclid(DAY).clamp(first, last - 1);
        self.days((middle + 1, last))?;
        self.days((first, middle))?;
        self.learn_cap(before, answer.count);
        Ok(())
    }

    /// Reads the list of a server that ignores dates, once in a run.
    fn list(&mut self, window: (i64, i64)) -> Result<()> {
        if self.by == DatetimeField::Updated {
            let message = message!(
                "Le serveur ne tient pas compte de updated_after.",
                "The server ignores updated_after."
            );
            return Err(Error::new(ErrorKind::Unavailable, message));
        }
        if std::mem::replace(&mut self.server.recognised.borrow_mut().is_list_read, true) {
            return Ok(());
        }
        self.pages(window, Cause::Dates)
    }

    /// Requests the first page of a window and passes it on. `None` where it shows that the server
    /// reads dates otherwise than was believed: the window must be read again.
    fn first_page(&mut self, window: (i64, i64)) -> Result<Option<Answer>> {
        let found = self.page(window, 1)?.unwrap_or_default();
        if self.recognises_dates(&found, window)? {
            return Ok(None);
        }
        let count = found.len();
        let times = found.iter().filter_map(|one| time(one, self.by));
        let span = times.fold(None, |span: Option<(i64, i64)>, at| {
            Some(span.map_or((at, at), |(low, high)| (low.min(at), high.max(at))))
        });
        let times = found.iter().filter_map(|one| time(one, self.by));
        let is_newest_first = times.is_sorted_by(|one, next| one >= next);
        let may_be_cut = {
            let mut recognised = self.server.recognised.borrow_mut();
            let may_be_cut = count >= CUT_MIN.max(recognised.largest);
            recognised.largest = recognised.largest.max(count);
            may_be_cut
        };
        let new = self.pass_on(found)?;
        self.useful += usize::from(new > 0);
        self.barren += usize::from(new == 0 && may_be_cut);
        Ok(Some(Answer { count, span, may_be_cut, is_newest_first }))
    }

    /// Whether requests outside of the window show how the server reads dates. A window in the
    /// future shows whether it reads the start at all, one of 1970 whether it reads the end, and
    /// one of a single second whether it drops hours.
    fn recognises_dates(&self, found: &[MirroredRequest], (from, to): (i64, i64)) -> Result<bool> {
        let times = || found.iter().filter_map(|one| time(one, self.by));
        let outside = times().find(|at| !(from..=to).contains(at));
        let (Dates::Unknown, Some(outside)) = (self.dates(), outside) else { return Ok(false) };
        let times_in = |from: i64, to: i64| -> Result<Vec<i64>> {
            let there = self.page((from, to), 1)?.unwrap_or_default();
            Ok(there.iter().filter_map(|one| time(one, self.by)).collect())
        };
        let future = jiff::Timestamp::now().as_second() + 30 * DAY;
        let far = |at: i64, from: i64, to: i64| at < from - SLACK || at > to + SLACK;
        let dates = if !times_in(future, future + DAY)?.is_empty() {
            let is_end_read = self.by == DatetimeField::Requested && times_in(0, DAY)?.is_empty();
            if is_end_read { Dates::EndAlone } else { Dates::Ignored }
        } else if times().any(|at| far(at, from, to)) {
            Dates::Seconds
        } else {
            // The end that the request lies beyond is on its day, if the hour is dropped.
            let end = if outside < from { from } else { to };
            match times_in(end, end)? {
                there if there.is_empty() => Dates::DaysUntilMidnight,
                there if there.iter().any(|at| far(*at, end, end)) => Dates::Seconds,
                there if there.iter().any(|at| *at != end) => Dates::Days,
                _ => Dates::Seconds,
            }
        };
        self.server.recognised.borrow_mut().set_dates(self.by, dates);
        Ok(dates != Dates::Seconds)
    }

    /// Reads a window of a server that answers the newest requests up to the end, whatever the
    /// start: the oldest request of an answer is the end of the next window.
    fn down(&mut self, (from, mut to): (i64, i64)) -> Result<()> {
        while from <= to {
            let Some(answer) = self.first_page((from, to))? else { return Ok(()) };
            let Some((low, _)) = answer.span.filter(|_| answer.may_be_cut) else { return Ok(()) };
            if !answer.is_newest_first {
                let (window, rows) = ((from, to), answer.count);
                self.fall_short(Shortfall { window, rows, cause: Cause::Order });
                return Ok(());
            }
            if low >= to {
                self.pages((to, to), Cause::Pages)?;
            }
            if low < from || self.gives_up((from, to), answer.count) {
                return Ok(());
            }
            to = low.min(to - 1);
        }
        Ok(())
    }

    /// Reads a window that cannot be split by pages. A request that changes meanwhile shifts the
    /// others across pages, and some servers order each answer anew, so the pages are read again
    /// until nothing new comes.
    ///
    /// The pages up to a short last one hold as many requests, repeated or not, as the window does:
    /// with fewer different ones, some are still missing.
    fn pages(&mut self, window: (i64, i64), cause: Cause) -> Result<()> {
        let (mut is_complete, mut is_settled, mut is_mixed) = (false, false, false);
        let (mut quiet, mut size, mut ids) = (0, 0, HashSet::new());
        for _ in 0..PASSES_MAX {
            let known = ids.len();
            let pass = self.pass(window, &mut ids)?;
            (is_complete, size, is_mixed) =
                (is_complete | pass.is_ended, pass.size, is_mixed | pass.is_mixed);
            quiet = if ids.len() == known { quiet + 1 } else { 0 };
            is_settled = pass.is_one_page
                || match pass.is_ended {
                    true => quiet > 0 && ids.len() >= pass.total,
                    // Where the order changes, one pass without anything new may be chance.
                    false => quiet > usize::from(is_mixed),
                };
            if is_settled {
                break;
            }
        }
        if is_complete && is_settled {
            return Ok(());
        }
        let (cause, rows) = if is_settled { (cause, size) } else { (Cause::Order, ids.len()) };
        self.fall_short(Shortfall { window, rows, cause });
        Ok(())
    }

    /// Reads all pages of a window once: up to a short or refused one, or up to pages without
    /// anything that this pass has not had. Adds the ids to those of the window.
    fn pass(&mut self, window: (i64, i64), ids: &mut HashSet<String>) -> Result<Pass> {
        let (mut here, mut barren) = (HashSet::new(), 0);
        let mut pass = Pass::default();
        for page in 1..=PAGES_MAX {
            let Some(found) = self.page(window, page)? else { break };
            let count = found.len();
            let new = found.iter().filter(|one| here.insert(one.id.clone())).count();
            self.pass_on(found)?;
            if page == 1 {
                pass.size = count;
            }
            pass.total += count;
            pass.is_one_page = page == 1 || pass.is_one_page && new == 0;
            pass.is_mixed |= page > 1 && new > 0 && new < count;
            if count < pass.size || count < CUT_MIN {
                pass.is_ended = true;
                break;
            }
            barren = if new == 0 { barren + 1 } else { 0 };
            if barren > if pass.is_mixed { BARREN_PAGES_MAX } else { 0 } {
                break;
            }
        }
        ids.extend(here);
        Ok(pass)
    }

    fn page(&self, window: (i64, i64), page: usize) -> Result<Option<Vec<MirroredRequest>>> {
        self.server.window(self.by, window, page, &self.zone)
    }

    /// Passes on what is new or changed. Returns how many ids are new.
    fn pass_on(&mut self, found: Vec<MirroredRequest>) -> Result<usize> {
        let before = self.seen.len();
        let mut fresh = found;
        fresh.retain(|one| self.seen.insert(one.id.clone(), one.changed) != Some(one.changed));
        (self.take)(fresh)?;
        Ok(self.seen.len() - before)
    }

    fn dates(&self) -> Dates {
        self.server.recognised.borrow().dates(self.by)
    }

    /// Whether smaller windows were of no use for too long; then that is recorded.
    fn gives_up(&mut self, window: (i64, i64), rows: usize) -> bool {
        if self.barren > BARREN_MAX + self.useful {
            self.gave_up = true;
            self.fall_short(Shortfall { window, rows, cause: Cause::Windows });
        }
        self.gave_up
    }

    /// Records the size of an answer as the server's limit where its parts brought more.
    fn learn_cap(&self, known: usize, count: usize) {
        if self.seen.len() > known {
            let mut recognised = self.server.recognised.borrow_mut();
            recognised.capped = recognised.capped.max(Some(count));
        }
    }

    fn fall_short(&self, shortfall: Shortfall) {
        self.server.recognised.borrow_mut().shortfalls.push(shortfall);
    }
}

/// One reading of all pages of a window.
#[derive(Default)]
struct Pass {
    /// Requests of the first page.
    size: usize,
    /// Requests of all pages, repeated ones included.
    total: usize,
    /// True where the last page was reached.
    is_ended: bool,
    /// True where the second page repeats the first or is refused.
    is_one_page: bool,
    /// True where a page has requests of earlier pages beside new ones.
    is_mixed: bool,
}

/// The time by which a window selects.
fn time(request: &MirroredRequest, by: DatetimeField) -> Option<i64> {
    match by {
        DatetimeField::Requested => request.made,
        DatetimeField::Updated => request.changed,
    }
}

/// Last second of the first part of a window. Each part holds some of the answer's requests if
/// their times differ, so a complete answer is recognised by its two parts.
fn split((from, to): (i64, i64), span: Option<(i64, i64)>) -> i64 {
    let middle = match span {
        Some((low, high)) if low < high => low + (high - low) / 2,
        // All at one second: that second is cut off from what is after it, then from before.
        Some((at, _)) if at < to => at,
        Some((at, _)) => at - 1,
        None => from + (to - from) / 2,
    };
    middle.clamp(from, to - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_part_the_requests_and_never_the_whole_window() {
        for (window, span, expected) in [
            ((0, 100), Some((80, 90)), 85),
            ((0, 100), Some((80, 81)), 80),
            ((0, 100), Some((40, 40)), 40),
            ((0, 40), Some((40, 40)), 39),
            ((0, 1), None, 0),
            ((10, 20), Some((-500, -400)), 10),
            ((10, 20), Some((400, 500)), 19),
        ] {
            assert_eq!(split(window, span), expected, "{window:?} {span:?}");
        }
    }
}
