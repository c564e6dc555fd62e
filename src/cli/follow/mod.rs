//! `pointchaud follow`: mirrors the Open311 server of another city.
//!
//! Existing requests are read in time windows; a window is split until its answer is complete.
//! Servers that drop the hour of dates, ignore dates or pages, or cut their answers are recognised
//! and read as far as they allow; the rest is named at the end of a run. After that only
//! changes are requested (`updated_after`) where the server supports it; otherwise the last 90 days
//! are read again. The progress is kept in the store.

mod photos;
mod recognised;
mod server;
mod window;

use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::Ordering;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::cli::follow::photos::bring;
use crate::cli::follow::recognised::{DAY, DatetimeField};
use crate::cli::follow::server::{MirroredServer, ServerOptions};
use crate::cli::follow::window::WindowReader;
use crate::cli::shared::{StoreArguments, catalogues, jurisdiction_id, start_writer, stop_flag};
use crate::domain::{Jurisdiction, ReportTime};
use crate::error::{Error, ErrorKind, Refusal, Result};
use crate::ingest::open311::MirroredRequest;
use crate::media::PhotoStore;
use crate::store::{AddJurisdiction, Checkpoint, Reader, SaveCheckpoint, Writer};
use crate::usecase::jurisdictions::learn_extent;
use crate::usecase::{Catalogues, Importer, Summary, builtin_city, keeps_zone};
use clap::Args;

/// Longest window that a server must answer (GeoReport v2), in seconds.
const WINDOW: i64 = 90 * DAY - 1;
/// Exit status where the server did not give everything, as of an import with refused rows.
const INCOMPLETE: u8 = 3;
/// Overlap of change requests in seconds, since clocks differ.
const OVERLAP: i64 = 60;

#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    store: StoreArguments,
    /// URL of the endpoint, such as https://311.example.org/open311/v2
    url: String,
    /// Jurisdiction under which the reports are stored here.
    #[arg(long)]
    jurisdiction: String,
    /// jurisdiction_id to request from the server, if it needs one.
    #[arg(long)]
    their_jurisdiction: Option<String>,
    /// Name of the city (default: its jurisdiction).
    #[arg(long)]
    name: Option<String>,
    /// Time zone of the city (IANA; default: that of the city in the store, or UTC).
    #[arg(long)]
    time_zone: Option<String>,
    /// First day to mirror (default: a year ago).
    #[arg(long)]
    since: Option<String>,
    /// Seconds between two polls for changes (default: run once).
    #[arg(long)]
    every: Option<u64>,
    /// Pause between two requests, in milliseconds.
    #[arg(long, default_value_t = 200)]
    pause_ms: u64,
    /// Time-out of a request, in seconds.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=3600))]
    patience_s: u64,
    /// Where copied photos are stored, as for `serve` (default: a folder beside the store).
    #[arg(long, env = "POINTCHAUD_MEDIA")]
    media: Option<String>,
}

/// Mirrors the city once, or repeatedly until interrupted.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let path = arguments.store.path()?;
    let stop = stop_flag()?;
    let runtime = tokio::runtime::Runtime::new().map_err(Error::internal)?;
    let options = ServerOptions {
        url: arguments.url.trim_end_matches('/').to_owned(),
        jurisdiction: arguments.their_jurisdiction.clone(),
        pause: Duration::from_millis(arguments.pause_ms),
        timeout: Duration::from_secs(arguments.patience_s),
    };
    let server = MirroredServer::new(options, &runtime, stop.clone())?;
    loop {
        let began = Instant::now();
        let summary = mirror(arguments, &server, &path)?;
        let counts = summary.counts;
        println!(
            "{}: {} added, {} updated, {} unchanged, {} refused",
            arguments.jurisdiction, counts.added, counts.updated, counts.unchanged, summary.refused
        );
        let missing = server.recognised.borrow().report();
        for line in &missing {
            eprintln!("{}: {line}", arguments.jurisdiction);
        }
        let Some(every) = arguments.every else {
            let code = if missing.is_empty() { 0 } else { INCOMPLETE };
            return Ok(ExitCode::from(code));
        };
        while began.elapsed() < Duration::from_secs(every) && !stop.load(Ordering::Relaxed) {
            sleep(Duration::from_millis(100));
        }
        if stop.load(Ordering::Relaxed) {
            return Ok(ExitCode::SUCCESS);
        }
    }
}

/// The store and photo store that a mirrored city is written to.
struct MirrorContext<'a> {
    server: &'a MirroredServer<'a>,
    photo_store: PhotoStore,
    reader: &'a Reader,
    writer: &'a Writer,
    catalogues: Catalogues,
    jurisdiction: Jurisdiction,
    /// Key of the stored progress.
    key: String,
}

impl MirrorContext<'_> {
    /// Stores the requests of an answer.
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
        summary.counts += done.counts;
        summary.refused += done.refused;
        Ok(())
    }

    fn key_of_began(&self) -> String {
        format!("{}/began", self.key)
    }

    /// Start of the first complete pass, if one was begun. Changes since then are requested when
    /// the pass is done, however often it was interrupted.
    fn history_began(&self) -> Result<Option<i64>> {
        let known = self.reader.checkpoint(&self.jurisdiction.id, &self.key_of_began())?;
        Ok(known.map(|known| known.rows_done as i64))
    }

    /// Records that everything up to `second` is stored here.
    fn reached(&self, second: i64, finished: bool) -> Result<()> {
        self.remember(self.key.clone(), second, finished)
    }

    fn remember(&self, file_digest: String, second: i64, finished: bool) -> Result<()> {
        let rows_done = second.max(0).unsigned_abs();
        let checkpoint = Checkpoint { file_digest, rows_done, finished };
        // Nothing is remembered, and no city added, before the server has answered.
        let (added, services) = (self.jurisdiction.clone(), Vec::new());
        self.writer.execute(AddJurisdiction { jurisdiction: added, services })?;
        let jurisdiction = self.jurisdiction.id.clone();
        self.writer.execute(SaveCheckpoint { jurisdiction, checkpoint })
    }
}

/// The city to mirror into: as the store has it, or a new one.
fn mirrored_city(arguments: &Arguments, reader: &Reader) -> Result<Jurisdiction> {
    let id = jurisdiction_id("--jurisdiction", &arguments.jurisdiction)?;
    let known = reader.jurisdictions()?.into_iter().map(|(known, _)| known);
    if let Some(known) = known.into_iter().find(|known| known.id == id) {
        keeps_zone(&known, arguments.time_zone.as_deref())?;
        return Ok(known);
    }
    let builtin = builtin_city(id.as_str())?;
    let mut city = builtin.unwrap_or_else(|| Jurisdiction {
        name: id.to_string(),
        id,
        time_zone: "UTC".to_owned(),
        extent: None,
        is_extent_learned: false,
    });
    city.name = arguments.name.clone().unwrap_or(city.name);
    city.time_zone = arguments.time_zone.clone().unwrap_or(city.time_zone);
    Ok(city)
}

fn mirror(arguments: &Arguments, server: &MirroredServer<'_>, path: &Path) -> Result<Summary> {
    server.recognised.borrow_mut().begin_run();
    let reader = Reader::open(path)?;
    let jurisdiction = mirrored_city(arguments, &reader)?;
    let (id, named) = (jurisdiction.id.clone(), &jurisdiction.time_zone);
    let zone =
        jurisdiction.zone().map_err(|message| Refusal::new("--time-zone", named, message))?;
    let since = match &arguments.since {
        None => jiff::Timestamp::now().as_second() - 365 * DAY,
        Some(text) => {
            let read = ReportTime::parse(text, &zone);
            read.map_err(|message| Refusal::new("--since", text, message))?.second()
        }
    };
    let (writer, writing) = start_writer(path, "follow")?;
    let key = format!("open311 {}", server.options.url);
    let catalogues = catalogues()?;
    let photo_store =
        PhotoStore::open(&crate::cli::serve::media(arguments.media.as_deref(), path))?;
    let mirror = MirrorContext {
        server,
        photo_store,
        reader: &reader,
        writer: &writer,
        catalogues,
        jurisdiction,
        key,
    };
    let done = mirror.reader.checkpoint(&id, &mirror.key)?;
    let began = jiff::Timestamp::now().as_second();
    let mut summary = Summary::default();
    match done {
        Some(Checkpoint { rows_done, finished: true, .. }) => {
            catch_up(server, &mirror, rows_done as i64, began, zone, &mut summary)?;
        }
        started => {
            let from = started.map_or(since, |checkpoint| checkpoint.rows_done as i64);
            let first = mirror.history_began()?.unwrap_or(began);
            read_history(server, &mirror, (from, began), first, zone.clone(), &mut summary)?;
            mirror.reached(first - OVERLAP, true)?;
            let now = jiff::Timestamp::now().as_second();
            catch_up(server, &mirror, first - OVERLAP, now, zone, &mut summary)?;
        }
    }
    learn_extent(&reader, &writer, &id, &mirror.catalogues.of(&id))?;
    drop(writer);
    writing.join().map_err(|_| Error::internal("the writer panicked"))?;
    Ok(summary)
}

/// Reads all requests made between two times, window by window; a rerun continues after the last
/// complete window. `first` is when the first run began.
fn read_history(
    server: &MirroredServer<'_>,
    mirror: &MirrorContext<'_>,
    (from, to): (i64, i64),
    first: i64,
    zone: jiff::tz::TimeZone,
    summary: &mut Summary,
) -> Result<()> {
    let mut start = from;
    while start <= to {
        let end = (start + WINDOW).min(to);
        let mut take = |found| mirror.write(found, summary);
        let by = DatetimeField::Requested;
        WindowReader::new(server, by, zone.clone(), &mut take).read((start, end))?;
        mirror.remember(mirror.key_of_began(), first, false)?;
        mirror.reached(end, false)?;
        start = end + 1;
    }
    Ok(())
}

/// Reads the changes since a time. Where the server refuses or ignores the parameter, the last 90
/// days are read again.
fn catch_up(
    server: &MirroredServer<'_>,
    mirror: &MirrorContext<'_>,
    since: i64,
    now: i64,
    zone: jiff::tz::TimeZone,
    summary: &mut Summary,
) -> Result<()> {
    let mut take = |found| mirror.write(found, summary);
    let by = DatetimeField::Updated;
    let read = WindowReader::new(server, by, zone.clone(), &mut take).read((since - OVERLAP, now));
    if let Err(error) = read {
        if error.kind != ErrorKind::Unavailable || server.stop.load(Ordering::Relaxed) {
            return Err(error);
        }
        let by = DatetimeField::Requested;
        WindowReader::new(server, by, zone, &mut take).read((now - WINDOW, now))?;
    }
    mirror.reached(now - OVERLAP, true)
}
