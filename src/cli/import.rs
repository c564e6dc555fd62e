//! `pointchaud import`: reads a city's export into the store.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use clap::Args;

use crate::cli::download::DownloadArguments;
use crate::cli::located::{DownloadContext, Located, ReadArguments};
use crate::cli::progress::Progress;
use crate::cli::recognised;
use crate::cli::shared::{StoreArguments, ask, catalogues, stop_flag};
use crate::cli::summary::{self, FileSummary};
use crate::cli::temporary_store::TemporaryStore;
use crate::domain::JurisdictionId;
use crate::error::{Error, Refusal, Result};
use crate::ingest::{ReadOptions, RefusedRows, SourceFile};
use crate::message;
use crate::store::{NoListener, Reader, Writer};
use crate::usecase::{Importer, SourceCity, Summary, city_of, jurisdictions};

/// What the exit status means, for the help.
const EXIT_STATUS: &str = "Exit status:
  0    every row was read; reports that were in already, or that are newer in the store, count too
  1    nothing usable: every row was refused, or there was none; --strict found something; it failed
  2    an option, a file or its layout was refused or is to be decided: nothing was imported
  3    some rows were refused and written to the file of refused rows; the others are imported
  130  stopped by Ctrl-C; the same command takes up from there";

/// Exit status where no row was admitted.
const NOTHING_USABLE: u8 = 1;
/// Exit status where some rows were refused and the others admitted.
const SOME_REFUSED: u8 = 3;

#[derive(Debug, Args)]
#[command(after_help = EXIT_STATUS)]
pub struct Arguments {
    #[command(flatten)]
    store: StoreArguments,
    /// Files to read: CSV, XLSX, JSON, GeoJSON, one record on a line, GeoPackage, GeoParquet;
    /// plain, gzip or a zip of one. `-` is standard input; a URL (https://…) is downloaded.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Layout of the file: auto, montreal, boston, nyc, chicago, chicago-legacy, baltimore, sf,
    /// zurich, geojson, open311-bulk.
    #[arg(long, default_value = "auto")]
    profile: String,
    /// Mapping file for another layout, or for changes to a profile with `extends` (TOML; see
    /// data/mappings).
    #[arg(long)]
    mapping: Option<PathBuf>,
    /// Jurisdiction of the reports (default: that of the profile or mapping, of the rows' column
    /// jurisdiction_id, or the store's only city where the places of the file lie in it).
    #[arg(long, env = "POINTCHAUD_JURISDICTION")]
    jurisdiction: Option<String>,
    /// IANA time zone of times without an offset, for a new jurisdiction.
    #[arg(long)]
    time_zone: Option<String>,
    /// Order of day and month in dates such as 05/06/2026: dmy or mdy.
    #[arg(long)]
    date_order: Option<String>,
    /// Projection of the columns x and y: EPSG:CODE or a PROJ definition.
    #[arg(long)]
    projection: Option<String>,
    #[command(flatten)]
    read: ReadArguments,
    /// Which row of a repeated id is taken: newest, first, last, or refuse (default: newest).
    #[arg(long)]
    repeats: Option<String>,
    /// Come back after so long, such as 30m, 1h or 1d, until interrupted.
    #[arg(long, value_parser = interval)]
    every: Option<Duration>,
    #[command(flatten)]
    download: DownloadArguments,
    /// Swap latitude and longitude where they are evidently exchanged.
    #[arg(long)]
    fix_swapped: bool,
    /// File for refused rows (default: FILE.refused.csv in the current directory).
    #[arg(long)]
    refused: Option<PathBuf>,
    /// Read everything and print the summary, but write nothing into the store.
    #[arg(long)]
    dry_run: bool,
    /// Import nothing at all where a row is refused, or a status word is not known.
    #[arg(long)]
    strict: bool,
    /// The summary as text, or as one line of JSON for each file.
    #[arg(long, default_value = "text", value_parser = ["text", "json"])]
    summary: String,
}

/// Imports each file and prints a summary, once or again and again. Where it comes back, a file
/// that cannot be had this time is told and tried the next time.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let stop = stop_flag()?;
    loop {
        let began = Instant::now();
        let done = import_all(arguments, &stop);
        let Some(every) = arguments.every else { return done };
        if let Err(error) = &done {
            eprintln!("pointchaud: {error}");
        }
        while began.elapsed() < every && !stop.load(Ordering::SeqCst) {
            sleep(Duration::from_millis(100));
        }
        if stop.load(Ordering::SeqCst) {
            return done;
        }
    }
}

/// The time that a text such as `90s`, `30m`, `1h` or `1d` says.
fn interval(text: &str) -> std::result::Result<Duration, String> {
    let wanted = || format!("'{text}' is not a time such as 90s, 30m, 1h or 1d");
    let (number, unit) = text.split_at_checked(text.len().wrapping_sub(1)).ok_or_else(wanted)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return Err(wanted()),
    };
    let number: u64 = number.parse().map_err(|_| wanted())?;
    let seconds = number.checked_mul(seconds).filter(|seconds| (1..=31_536_000).contains(seconds));
    seconds.map(Duration::from_secs).ok_or_else(wanted)
}

/// Imports each file once. All files are opened before the first one is imported.
fn import_all(arguments: &Arguments, stop: &AtomicBool) -> Result<ExitCode> {
    let store = arguments.store.path()?;
    let mut sources: Vec<(Located, SourceFile)> = Vec::new();
    for argument in &arguments.files {
        let context = DownloadContext {
            store: &store,
            reading: reading(arguments)?,
            limits: &arguments.download,
            stop,
        };
        if let Some(file) = Located::fetched(argument, &context)? {
            let source = open(arguments, &file)?;
            sources.push((file, source));
        }
    }
    // Every file is unchanged since it was imported.
    if sources.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    let import = ImportRun { arguments, store: &store, stop };
    if arguments.strict {
        let mut is_clean = true;
        for (file, source) in &sources {
            let checked = import.one(file, source, true)?;
            if !checked.is_clean() {
                checked.tell(source, &arguments.summary);
                is_clean = false;
            }
        }
        if !is_clean {
            eprintln!("nothing was imported (--strict)");
            return Ok(ExitCode::from(NOTHING_USABLE));
        }
    }
    let (mut some_usable, mut all_usable) = (false, true);
    for (file, source) in &sources {
        let done = import.one(file, source, arguments.dry_run)?;
        done.tell(source, &arguments.summary);
        if !done.is_finished {
            eprintln!("stopped; the same command takes up from here");
            return Ok(ExitCode::from(130));
        }
        let Summary { rows, refused, .. } = done.counts;
        some_usable |= rows > refused;
        all_usable &= rows > 0 && refused == 0;
    }
    Ok(match (some_usable, all_usable) {
        (true, true) => ExitCode::SUCCESS,
        (true, false) => ExitCode::from(SOME_REFUSED),
        (false, _) => ExitCode::from(NOTHING_USABLE),
    })
}

/// What decides how a file is read, as one text.
fn reading(arguments: &Arguments) -> Result<String> {
    let mapping = arguments.mapping.as_deref().map(read_mapping).transpose()?;
    let Arguments { profile, jurisdiction, date_order, projection, .. } = arguments;
    let Arguments { read, repeats, fix_swapped, time_zone, .. } = arguments;
    Ok(format!(
        "{profile} {jurisdiction:?} {date_order:?} {projection:?} {read:?} {repeats:?} \
         {fix_swapped} {time_zone:?} {mapping:?}"
    ))
}

/// Opens a file with what the arguments declare about it.
fn open(arguments: &Arguments, file: &Located) -> Result<SourceFile> {
    let (path, options) = (&file.path, arguments.read.options(file));
    let mapping = arguments.mapping.as_deref().map(read_mapping).transpose()?;
    let mut source = SourceFile::open(path, &arguments.profile, mapping.as_deref(), &options)?;
    // Rows that were refused are read by the mapping that was written for them.
    let beside = summary::mapping_of_refused(path);
    if source.is_refused_rows() && source.recognition().is_some() && beside.exists() {
        let mapping = read_mapping(&beside)?;
        source = SourceFile::open(path, &arguments.profile, Some(&mapping), &options)?;
    }
    recognised::settle(&source, &file.named, arguments.jurisdiction.as_deref())?;
    source.declare(arguments.date_order.as_deref(), arguments.projection.as_deref())?;
    arguments.repeats.iter().try_for_each(|rule| source.declare_repeats(rule))?;
    Ok(source)
}

fn read_mapping(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).map_err(|error| {
        let reason = error.to_string();
        let message = crate::message!("{reason}", "{reason}");
        Refusal::new("--mapping", path.display(), message).into()
    })
}

/// The imports of one command.
struct ImportRun<'a> {
    arguments: &'a Arguments,
    store: &'a Path,
    stop: &'a AtomicBool,
}

impl ImportRun<'_> {
    /// Imports a file, or reads it alone.
    fn one(&self, file: &Located, source: &SourceFile, is_dry_run: bool) -> Result<FileSummary> {
        let Self { arguments, store, .. } = self;
        if !is_dry_run {
            let reader = Reader::open(store)?;
            let SourceCity { jurisdiction, notes } = city_or_ask(arguments, source, &reader)?;
            let (writer, _writing) = Writer::start(store, NoListener)?;
            let digest = source.digest(arguments.fix_swapped)?;
            let known = digest.clone();
            let importer = Importer::begin(&reader, &writer, &catalogues()?, jurisdiction, digest)?;
            let read = self.read(file, source, importer, false)?;
            if read.is_finished {
                file.imported(&read.jurisdiction, &known)?;
            }
            let extent = jurisdictions::learn_extent(&reader, &writer, &read.jurisdiction)?;
            return Ok(FileSummary { city_notes: notes, learned_extent: extent, ..read });
        }
        let temporary = TemporaryStore::new();
        let reader = match store.exists() {
            true => Reader::open_unchanged(store)?,
            false => Reader::open(&temporary.0)?,
        };
        let SourceCity { jurisdiction, notes } = city_or_ask(arguments, source, &reader)?;
        let importer = Importer::preview(Some(&reader), &catalogues()?, jurisdiction)?;
        let read = self.read(file, source, importer, true)?;
        Ok(FileSummary { city_notes: notes, ..read })
    }

    fn read(
        &self,
        file: &Located,
        source: &SourceFile,
        mut importer: Importer<'_>,
        is_dry_run: bool,
    ) -> Result<FileSummary> {
        let Self { arguments, stop, .. } = self;
        let path = refused_path(arguments.refused.as_deref(), &file.named);
        wants_another_file(&path, &file.path)?;
        let mut refused = RefusedRows::new(path);
        let mut progress = Progress::new("import", source.size()?);
        let jurisdiction = importer.id().clone();
        let time_zone = importer.jurisdiction().time_zone.clone();
        let mut rows = 0;
        let noticed = importer.read(source, arguments.fix_swapped, |row, refusals| {
            rows += 1;
            progress.at(row.bytes_read, rows);
            refused.write(row.number, refusals, row.raw)?;
            Ok(!stop.load(Ordering::SeqCst))
        })?;
        let is_finished = !stop.load(Ordering::SeqCst);
        let counts = importer.finish(is_finished)?;
        let seconds = progress.done().as_secs_f64();
        let refused = refused.path().map(Path::to_path_buf);
        if let (Some(path), Some(recognition)) = (&refused, source.recognition()) {
            let mapping = recognition.mapping(Some(jurisdiction.as_str()), Some(&time_zone));
            recognised::write_mapping(&summary::mapping_of_refused(path), &mapping)?;
        }
        Ok(FileSummary {
            file: PathBuf::from(&file.shown),
            jurisdiction,
            counts,
            noticed,
            seconds,
            refused,
            is_finished,
            is_dry_run,
            city_notes: Vec::new(),
            learned_extent: None,
        })
    }
}

/// Refuses a file of refused rows that would overwrite the source.
fn wants_another_file(refused: &Path, source: &Path) -> Result<()> {
    match (refused.canonicalize(), source.canonicalize()) {
        (Ok(refused), Ok(source)) if refused == source => {
            let message = message!("est le fichier à importer", "is the file to import");
            Err(Refusal::new("--refused", source.display(), message).into())
        }
        _ => Ok(()),
    }
}

/// The city of a file. What nothing tells is asked on a terminal; elsewhere it is an error.
fn city_or_ask(arguments: &Arguments, source: &SourceFile, reader: &Reader) -> Result<SourceCity> {
    let mut named = arguments.jurisdiction.clone();
    let mut zone = arguments.time_zone.clone();
    loop {
        let error = match city_of(source, named.as_deref(), zone.as_deref(), reader) {
            Ok(found) => return Ok(found),
            Err(error) => error,
        };
        let missing = error.refusals.first().filter(|refusal| refusal.value.is_empty());
        let answer = match missing.map(|refusal| refusal.field.as_str()) {
            Some("--jurisdiction") if named.is_none() => {
                eprintln!("{error}");
                named = ask("Jurisdiction of the file (by convention the city's domain name):");
                named.is_some()
            }
            Some("--time-zone") if zone.is_none() => {
                zone = ask("Time zone of the city (IANA, such as America/Toronto):");
                zone.is_some()
            }
            _ => false,
        };
        if !answer {
            return Err(error);
        }
    }
}

/// Imports a file of a recognised layout without output. Returns its jurisdiction.
///
/// # Errors
/// As [`run`].
pub fn quietly(file: &Path, store: &Path) -> Result<JurisdictionId> {
    let source = SourceFile::open(file, "auto", None, &ReadOptions::default())?;
    let reader = Reader::open(store)?;
    let (writer, writing) = Writer::start(store, NoListener)?;
    // In a store of its own, a city that nothing tells has no meaning: any name will do.
    let city = city_of(&source, None, None, &reader)
        .or_else(|_| city_of(&source, Some("reports.example"), Some("UTC"), &reader))?;
    let (jurisdiction, digest) = (city.jurisdiction, source.digest(false)?);
    let mut importer = Importer::begin(&reader, &writer, &catalogues()?, jurisdiction, digest)?;
    importer.read(&source, false, |_, _| Ok(true))?;
    let id = importer.id().clone();
    importer.finish(true)?;
    drop(writer);
    writing.join().map_err(|_| Error::internal("the writer panicked"))?;
    Ok(id)
}

/// The file of refused rows, in the current directory, unless another is named.
fn refused_path(named: Option<&Path>, source: &Path) -> PathBuf {
    let name = source.file_stem().unwrap_or_default().to_string_lossy();
    named.map_or_else(|| PathBuf::from(format!("{name}.refused.csv")), Path::to_path_buf)
}
