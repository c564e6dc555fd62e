//! `pointchaud follow`: another city's Open311 server, mirrored.
//!
//! What is there already is walked through by windows of time, each cut in two until its answer is
//! whole: that needs nothing of the server but the dates of the specification. From then on what
//! changed is asked for (`updated_after`), where the server knows how; where it does not, the last
//! 90 days are walked through again. How far it has come is kept in the store.

mod photos;
mod server;

use std::collections::HashSet;
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::Ordering;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::cli::follow::photos::bring;
use crate::cli::follow::server::MirroredServer;
use crate::cli::{StoreArguments, catalogues, stop_flag};
use crate::domain::{Jurisdiction, JurisdictionId, ReportTime};
use crate::error::{Error, ErrorKind, Refusal, Result};
use crate::ingest::open311::MirroredRequest;
use crate::media::PhotoStore;
use crate::message;
use crate::store::{AddJurisdiction, Checkpoint, NoListener, Reader, SaveCheckpoint, Writer};
use crate::usecase::{Catalogues, Importer, Summary};
use clap::Args;

const DAY: i64 = 86_400;
/// Longest window that a server must answer (GeoReport v2), in seconds.
const WINDOW: i64 = 90 * DAY - 1;
/// Requests in an answer that may not be whole (GeoReport v2).
const PAGE: usize = 1_000;
/// Pages of one second, at most.
const PAGES_MAX: usize = 200;
/// How often the pages of one second are read, at most.
const PASSES_MAX: usize = 5;
/// Clocks differ: what changed so many seconds before is asked for again.
const OVERLAP: i64 = 60;

#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    store: StoreArguments,
    /// Address of the endpoint, such as https://311.example.org/open311/v2
    url: String,
    /// Jurisdiction that the requests are kept under here.
    #[arg(long)]
    jurisdiction: String,
    /// jurisdiction_id that the server is asked for, where it wants one.
    #[arg(long)]
    their_jurisdiction: Option<String>,
    /// Name of the city; by default its jurisdiction.
    #[arg(long)]
    name: Option<String>,
    /// Time zone of the city (IANA).
    #[arg(long, default_value = "UTC")]
    time_zone: String,
    /// First day to mirror; by default a year ago.
    #[arg(long)]
    since: Option<String>,
    /// Look again every so many seconds; by default once.
    #[arg(long)]
    every: Option<u64>,
    /// Milliseconds between two questions.
    #[arg(long, default_value_t = 200)]
    pause_ms: u64,
    /// Seconds that an answer may take.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=3600))]
    patience_s: u64,
    /// Where photos of another such service are kept, as `serve` takes it. By default a folder
    /// beside the store.
    #[arg(long, env = "POINTCHAUD_MEDIA")]
    media: Option<String>,
}

/// Mirrors until it is done or told to stop.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let path = arguments.store.path()?;
    let stop = stop_flag()?;
    let runtime = tokio::runtime::Runtime::new().map_err(Error::internal)?;
    let server = MirroredServer::new(arguments, &runtime, &stop)?;
    loop {
        let began = Instant::now();
        let summary = mirror(&server, &path)?;
        let tally = summary.tally;
        println!(
            "{}: {} added, {} updated, {} unchanged, {} refused",
            arguments.jurisdiction, tally.added, tally.updated, tally.unchanged, summary.refused
        );
        let Some(every) = arguments.every else { return Ok(ExitCode::SUCCESS) };
        while began.elapsed() < Duration::from_secs(every) && !stop.load(Ordering::Relaxed) {
            sleep(Duration::from_millis(100));
        }
        if stop.load(Ordering::Relaxed) {
            return Ok(ExitCode::SUCCESS);
        }
    }
}

/// Which of a request's times a window is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum WindowField {
    /// When requests were made.
    CachedTile,
    /// When they changed.
    Changed,
}

fn stopped() -> Error {
    let message = message!(
        "Arrêté ; la même commande reprend d’ici.",
        "Stopped; the same command takes up from here."
    );
    Error::new(ErrorKind::Unavailable, message)
}

/// A walk through windows, each answer handed on.
struct WindowWalk<'a> {
    server: &'a MirroredServer<'a>,
    by: WindowField,
    zone: jiff::tz::TimeZone,
    take: &'a mut dyn FnMut(Vec<MirroredRequest>) -> Result<()>,
}

fn ids(list: &[MirroredRequest]) -> HashSet<String> {
    list.iter().map(|request| request.id.clone()).collect()
}

impl WindowWalk<'_> {
    /// Takes all of a window: where the answer may not be whole, that of each half.
    fn window(&mut self, (from, to): (i64, i64)) -> Result<()> {
        let found = self.server.window(self.by, (from, to), 1, &self.zone)?;
        if found.len() < PAGE {
            return (self.take)(found);
        }
        // Of a day without an hour the zone is not certain.
        let outside = |at: i64| at < from - DAY || at > to + DAY;
        if self.by == WindowField::CachedTile
            && found.iter().any(|one| one.made.is_some_and(outside))
        {
            let message = message!(
                "ne tient pas compte des dates : ses demandes ne peuvent pas être toutes lues",
                "takes no notice of dates: not all of its requests can be read"
            );
            return Err(Refusal::new("url", &self.server.arguments.url, message).into());
        }
        if to > from {
            let middle = from + (to - from) / 2;
            self.window((from, middle))?;
            return self.window((middle + 1, to));
        }
        self.second(from, found)
    }

    /// Takes so many of one second that they have several pages. What changes again meanwhile
    /// leaves the second, and others move up a page past the reader: so all is read again until
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
                    // The same page again: it knows no pages.
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

/// Where things are kept while a server is mirrored.
struct MirrorContext<'a> {
    server: &'a MirroredServer<'a>,
    photo_store: PhotoStore,
    reader: &'a Reader,
    writer: &'a Writer,
    catalogues: Catalogues,
    jurisdiction: Jurisdiction,
    /// Name under which the progress is kept.
    key: String,
}

impl MirrorContext<'_> {
    /// Writes what an answer brought.
    fn write(&self, mut requests: Vec<MirroredRequest>, summary: &mut Summary) -> Result<()> {
        if requests.is_empty() {
            return Ok(());
        }
        for (draft, _) in requests.iter_mut().filter_map(|request| request.draft.as_mut().ok()) {
            bring(self.server, &self.photo_store, &mut draft.details.media);
        }
        let city = self.jurisdiction.clone();
        let rows = format!("{}/rows", self.key);
        let mut importer = Importer::begin(self.reader, self.writer, &self.catalogues, city, rows)?;
        for (number, request) in (1..).zip(requests) {
            let mapped = request.draft.map(|(draft, name)| (draft, name.map(|name| (name, None))));
            for refusal in importer.push(number, mapped)? {
                eprintln!("{}: {refusal}", request.id);
            }
        }
        let done = importer.finish(true)?;
        summary.tally += done.tally;
        summary.refused += done.refused;
        Ok(())
    }

    /// When the first walk through all there was began: what changed since, in what had been
    /// walked through by then, is asked for once the walk is done, however often it was stopped.
    fn walking_since(&self, now: i64) -> Result<i64> {
        let name = format!("{}/began", self.key);
        match self.reader.checkpoint(&self.jurisdiction.id, &name)? {
            Some(known) => Ok(known.rows_done as i64),
            None => self.remember(name, now, false).map(|()| now),
        }
    }

    /// Remembers that all is here that was there at `second`.
    fn reached(&self, second: i64, finished: bool) -> Result<()> {
        self.remember(self.key.clone(), second, finished)
    }

    fn remember(&self, file_digest: String, second: i64, finished: bool) -> Result<()> {
        let rows_done = second.max(0).unsigned_abs();
        let checkpoint = Checkpoint { file_digest, rows_done, finished };
        let jurisdiction = self.jurisdiction.id.clone();
        self.writer.execute(SaveCheckpoint { jurisdiction, checkpoint })
    }
}

fn mirror(server: &MirroredServer<'_>, path: &Path) -> Result<Summary> {
    let arguments = server.arguments;
    let id = &arguments.jurisdiction;
    let id =
        JurisdictionId::new(id).map_err(|message| Refusal::new("--jurisdiction", id, message))?;
    let name = arguments.name.clone().unwrap_or_else(|| id.to_string());
    let time_zone = arguments.time_zone.clone();
    let jurisdiction = Jurisdiction { id: id.clone(), name, time_zone, extent: None };
    let zone = jurisdiction
        .zone()
        .map_err(|message| Refusal::new("--time-zone", &arguments.time_zone, message))?;
    let since = match &arguments.since {
        None => jiff::Timestamp::now().as_second() - 365 * DAY,
        Some(text) => {
            let read = ReportTime::parse(text, &zone);
            read.map_err(|message| Refusal::new("--since", text, message))?.second()
        }
    };
    let reader = Reader::open(path)?;
    let (writer, writing) = Writer::start(path, NoListener)?;
    let added = AddJurisdiction { jurisdiction: jurisdiction.clone(), services: Vec::new() };
    writer.execute(added)?;
    let key = format!("open311 {}", arguments.url.trim_end_matches('/'));
    let catalogues = catalogues()?;
    let photo_store =
        PhotoStore::open(&crate::cli::serve::media(arguments.media.as_deref(), path))?;
    let keeping = MirrorContext {
        server,
        photo_store,
        reader: &reader,
        writer: &writer,
        catalogues,
        jurisdiction,
        key,
    };
    let done = keeping.reader.checkpoint(&id, &keeping.key)?;
    let began = jiff::Timestamp::now().as_second();
    let mut summary = Summary::default();
    match done {
        Some(Checkpoint { rows_done, finished: true, .. }) => {
            catch_up(server, &keeping, rows_done as i64, began, zone, &mut summary)?;
        }
        started => {
            let from = started.map_or(since, |checkpoint| checkpoint.rows_done as i64);
            let first = keeping.walking_since(began)?;
            walk_made(server, &keeping, (from, began), zone.clone(), &mut summary)?;
            keeping.reached(first - OVERLAP, true)?;
            let now = jiff::Timestamp::now().as_second();
            catch_up(server, &keeping, first - OVERLAP, now, zone, &mut summary)?;
        }
    }
    drop(writer);
    writing.join().map_err(|_| Error::internal("the writer panicked"))?;
    Ok(summary)
}

/// Everything made from one moment to another, window by window; a rerun takes up after the last
/// that was whole.
fn walk_made(
    server: &MirroredServer<'_>,
    keeping: &MirrorContext<'_>,
    (from, to): (i64, i64),
    zone: jiff::tz::TimeZone,
    summary: &mut Summary,
) -> Result<()> {
    let mut start = from;
    while start <= to {
        let end = (start + WINDOW).min(to);
        let mut take = |found| keeping.write(found, summary);
        let mut walk =
            WindowWalk { server, by: WindowField::CachedTile, zone: zone.clone(), take: &mut take };
        walk.window((start, end))?;
        keeping.reached(end, false)?;
        start = end + 1;
    }
    Ok(())
}

/// What changed since a moment. A server that tells of what did not has not understood: then the
/// last 90 days are walked through again.
fn catch_up(
    server: &MirroredServer<'_>,
    keeping: &MirrorContext<'_>,
    since: i64,
    now: i64,
    zone: jiff::tz::TimeZone,
    summary: &mut Summary,
) -> Result<()> {
    let from = since - OVERLAP;
    let mut honest = true;
    let mut take = |found: Vec<MirroredRequest>| {
        let before = |one: &MirroredRequest| one.changed.is_some_and(|at| at < from);
        honest &= !found.iter().any(before);
        if honest { keeping.write(found, summary) } else { Err(stopped()) }
    };
    let mut walk =
        WindowWalk { server, by: WindowField::Changed, zone: zone.clone(), take: &mut take };
    let walked = walk.window((from, now));
    let understood = match walked {
        Ok(()) => true,
        Err(error) => {
            let stopped = server.stop.load(Ordering::Relaxed);
            let refused = error.kind == ErrorKind::Unavailable && !stopped;
            if honest && !refused {
                return Err(error);
            }
            false
        }
    };
    if !understood {
        let mut take = |found| keeping.write(found, summary);
        let mut walk = WindowWalk { server, by: WindowField::CachedTile, zone, take: &mut take };
        walk.window((now - WINDOW, now))?;
    }
    keeping.reached(now - OVERLAP, true)
}
