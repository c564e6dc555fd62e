//! `pointchaud import`: reads a city's export into the store.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use clap::Args;

use crate::cli::ask::{Answers, Terminal};
use crate::cli::download::DownloadArguments;
use crate::cli::located::{DownloadContext, Located, ReadArguments};
use crate::cli::progress::Progress;
use crate::cli::recognised;
use crate::cli::shared::{
    StoreArguments, catalogues, discarding_empty_store, require_known_zone, start_writer, stop_flag,
};
use crate::cli::summary::{self, FileSummary};
use crate::cli::temporary_store::TemporaryStore;
use crate::domain::JurisdictionId;
use crate::error::{Error, Refusal, Result};
use crate::ingest::unreadable;
use crate::ingest::{Declared, ReadOptions, RefusedRows, RowIds, SourceFile};
use crate::message;
use crate::store::Reader;
use crate::usecase::{Importer, SourceCity, Summary, city_of, jurisdictions};

/// What the exit status means, for the help.
const EXIT_STATUS: &str = "Exit status:
  0    every row was read, including those already imported or older than the store's
  1    nothing usable: every row was refused, or there was none; --strict found something; it failed
  2    an option or a file was refused, or a decision is missing: nothing was imported
  3    some rows were refused and written to the file of refused rows, or the file says that it is
       one page of a longer answer; the rest is imported
  130  stopped by Ctrl-C; run the same command again to continue";

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
    /// Order of day, month and year in dates such as 05/06/2026 or 26/06/05: dmy, mdy or ymd.
    #[arg(long)]
    date_order: Option<String>,
    /// Projection of the columns x and y: EPSG:CODE or a PROJ definition, with ` yx` after it where
    /// x is the north.
    #[arg(long)]
    projection: Option<String>,
    /// Degrees that lack a minus sign: lon, lat or lon,lat; none keeps them as they are.
    #[arg(long)]
    negate: Option<String>,
    #[command(flatten)]
    read: ReadArguments,
    /// Which row of a repeated id is kept: newest, first, last, or refuse (default: newest).
    #[arg(long)]
    repeats: Option<String>,
    /// How ids are taken: keep takes those of the column as they are, also where the store has
    /// other requests under them, or the same ones under other ids; contents names each row by
    /// its contents (default: keep, unless the first rows show one of the two).
    #[arg(long, value_parser = RowIds::WORDS)]
    ids: Option<String>,
    /// Import again at this interval, such as 30m, 1h or 1d, until interrupted.
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
    /// The summary as text, or as one line of JSON for each file; where nothing is imported, a line
    /// that says why.
    #[arg(long, default_value = "text", value_parser = ["text", "json"])]
    summary: String,
}

/// Imports each file and prints a summary, once or at an interval. At an interval, the error of one
/// run is printed, and the next run tries again.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let stop = stop_flag()?;
    loop {
        let began = Instant::now();
        let done = import_all(arguments, &stop);
        if let Err(error) = &done
            && arguments.summary == "json"
        {
            summary::print_error(error);
        }
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

/// Imports every file that is there or was downloaded. All files are opened before the first one is
/// imported.
fn import_all(arguments: &Arguments, stop: &AtomicBool) -> Result<ExitCode> {
    let store = arguments.store.path()?;
    let mapping = arguments.mapping.as_deref().map(read_mapping).transpose()?;
    let context = DownloadContext {
        store: &store,
        reading: arguments.reading(mapping.as_deref()),
        limits: &arguments.download,
        stop,
    };
    let mut files = Vec::new();
    for file in &arguments.files {
        if let Some(file) = Located::fetched(file, &context)? {
            files.push(OpenedFile::of(arguments, &store, file, mapping.as_deref())?);
        }
    }
    let import = ImportRun { arguments, store: &store, stop };
    discarding_empty_store(&store, || import.all(&files))
}

impl Arguments {
    /// Everything that decides how a file is read, as one text.
    fn reading(&self, mapping: Option<&str>) -> String {
        format!(
            "{} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {} {:?} {mapping:?}",
            self.profile,
            self.jurisdiction,
            self.date_order,
            self.projection,
            self.negate,
            self.read,
            self.repeats,
            self.ids,
            self.fix_swapped,
            self.time_zone,
        )
    }
}

/// A file that is ready to be imported.
struct OpenedFile {
    located: Located,
    source: SourceFile,
    answers: Answers,
}

impl OpenedFile {
    /// Opens a file with what the arguments declare about it. What is missing is asked for on a
    /// terminal; elsewhere it is an error.
    fn of(
        arguments: &Arguments,
        store: &Path,
        located: Located,
        mapping: Option<&str>,
    ) -> Result<Self> {
        let options = arguments.read.options(&located);
        let mut source = SourceFile::open(&located.path, &arguments.profile, mapping, &options)?;
        // Rows that were refused are read by the mapping that was written for them.
        let beside = summary::mapping_of_refused(&located.naming_path);
        if source.is_refused_rows() && source.recognition().is_some() && beside.exists() {
            let mapping = read_mapping(&beside)?;
            let (path, profile) = (&located.path, &arguments.profile);
            source = SourceFile::open(path, profile, Some(&mapping), &options)?;
        }
        let mut answers = Answers {
            jurisdiction: arguments.jurisdiction.clone(),
            time_zone: arguments.time_zone.clone(),
            date_order: arguments.date_order.clone(),
            projection: arguments.projection.clone(),
            negate: arguments.negate.clone(),
            repeats: arguments.repeats.clone(),
            ids: arguments.ids.clone(),
        };
        if !source.has_rows()? {
            // There is nothing to decide.
        } else if std::io::stdin().is_terminal() && std::io::stderr().is_terminal() {
            let (input, output) = (std::io::stdin().lock(), std::io::stderr());
            let temporary = TemporaryStore::new();
            let reader = unchanged(store, &temporary)?;
            Terminal { input, output }.ask_all(&mut source, &mut answers, &reader)?;
        } else {
            // A wrong word is refused before a mapping is written with it.
            source.declare(&answers.declared())?;
            arguments.repeats.iter().try_for_each(|rule| source.declare_repeats(rule))?;
            arguments.ids.iter().try_for_each(|word| source.declare_ids(word))?;
            let city = answers.jurisdiction.as_deref();
            city.map_or(Ok(()), |id| source.jurisdiction(id).map(drop))?;
            if let Some(zone) = &answers.time_zone {
                require_known_zone(&source, city, zone)?;
            }
            recognised::require_sure(&source, &located.naming_path, &answers.declared())?;
        }
        arguments.repeats.iter().try_for_each(|rule| source.declare_repeats(rule))?;
        arguments.ids.iter().try_for_each(|word| source.declare_ids(word))?;
        Ok(Self { located, source, answers })
    }

    /// The file's city.
    fn city(&self, reader: &Reader) -> Result<SourceCity> {
        let Answers { jurisdiction, time_zone, .. } = &self.answers;
        city_of(&self.source, jurisdiction.as_deref(), time_zone.as_deref(), reader)
    }
}

/// The store as it is; a migrated copy where its schema is older; an empty one where there is none.
fn unchanged(store: &Path, temporary: &TemporaryStore) -> Result<Reader> {
    match store.exists() {
        true => Reader::open_unchanged(store, &temporary.0),
        false => Reader::open(&temporary.0),
    }
}

fn read_mapping(path: &Path) -> Result<String> {
    std::fs::read_to_string(path)
        .map_err(|error| Refusal::new("--mapping", path.display(), unreadable(error)).into())
}

/// The imports of one command.
struct ImportRun<'a> {
    arguments: &'a Arguments,
    store: &'a Path,
    stop: &'a AtomicBool,
}

impl ImportRun<'_> {
    /// Imports every file, or reads it alone.
    fn all(&self, files: &[OpenedFile]) -> Result<ExitCode> {
        let reasons = if self.arguments.strict { self.strict_reasons(files)? } else { Vec::new() };
        if !reasons.is_empty() {
            eprintln!("nothing was imported (--strict): {}", reasons.join("; "));
            return Ok(ExitCode::from(NOTHING_USABLE));
        }
        let (mut some_usable, mut all_usable) = (files.is_empty(), true);
        for file in files {
            if !file.source.has_rows()? {
                summary::print_no_rows(&file.located.label, &self.arguments.summary);
                all_usable = false;
                continue;
            }
            let done = self.one(file, self.arguments.dry_run)?;
            done.print(&file.source, &self.arguments.summary);
            if !done.is_finished {
                eprintln!("stopped; run the same command again to continue");
                return Ok(ExitCode::from(130));
            }
            let Summary { rows, refused, .. } = done.counts;
            some_usable |= rows > refused;
            all_usable &= rows > 0 && refused == 0 && file.source.incomplete().is_none();
        }
        Ok(match (some_usable, all_usable) {
            (true, true) => ExitCode::SUCCESS,
            (true, false) => ExitCode::from(SOME_REFUSED),
            (false, _) => ExitCode::from(NOTHING_USABLE),
        })
    }

    /// Why `--strict` imports nothing, with the file of each reason; empty where nothing is wrong.
    /// Prints the summaries of the files with reasons.
    fn strict_reasons(&self, files: &[OpenedFile]) -> Result<Vec<String>> {
        let mut all = Vec::new();
        for file in files.iter().filter(|file| file.source.has_rows().unwrap_or(true)) {
            let checked = self.one(file, true)?;
            let reasons = checked.strict_reasons(&file.source);
            if !reasons.is_empty() {
                checked.print(&file.source, &self.arguments.summary);
                all.push(format!("{}: {}", checked.file, reasons.join(", ")));
            }
        }
        Ok(all)
    }

    /// Imports a file, or reads it alone.
    fn one(&self, file: &OpenedFile, is_dry_run: bool) -> Result<FileSummary> {
        let Self { arguments, store, .. } = self;
        if !is_dry_run {
            let reader = Reader::open(store)?;
            let SourceCity { jurisdiction, notes } = file.city(&reader)?;
            let (writer, _writing) = start_writer(store, "import")?;
            let digest = file.source.digest(arguments.fix_swapped)?;
            let known = digest.clone();
            let importer = Importer::begin(&reader, &writer, &catalogues()?, jurisdiction, digest)?;
            let read = self.read(file, importer, false)?;
            if read.is_finished {
                file.located.imported(&read.jurisdiction, &known)?;
            }
            let (id, base) = (&read.jurisdiction, catalogues()?.of(&read.jurisdiction));
            let extent = jurisdictions::learn_extent(&reader, &writer, id, &base)?;
            return Ok(FileSummary { city_notes: notes, learned_extent: extent, ..read });
        }
        let temporary = TemporaryStore::new();
        let reader = unchanged(store, &temporary)?;
        let SourceCity { jurisdiction, notes } = file.city(&reader)?;
        let importer = Importer::preview(Some(&reader), &catalogues()?, jurisdiction)?;
        let read = self.read(file, importer, true)?;
        Ok(FileSummary { city_notes: notes, ..read })
    }

    fn read(
        &self,
        file: &OpenedFile,
        mut importer: Importer<'_>,
        is_dry_run: bool,
    ) -> Result<FileSummary> {
        let Self { arguments, stop, .. } = self;
        let OpenedFile { located, source, .. } = file;
        let path = refused_path(arguments.refused.as_deref(), &located.naming_path);
        refuse_overwriting(&path, &located.path)?;
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
            let declared = Declared {
                jurisdiction: Some(jurisdiction.as_str()),
                time_zone: Some(&time_zone),
                ..file.answers.declared()
            };
            let mapping = recognition.mapping(&declared);
            recognised::write_mapping(&summary::mapping_of_refused(path), &mapping)?;
        }
        Ok(FileSummary {
            file: located.label.clone(),
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
fn refuse_overwriting(refused: &Path, source: &Path) -> Result<()> {
    match (refused.canonicalize(), source.canonicalize()) {
        (Ok(refused), Ok(source)) if refused == source => {
            let message = message!("est le fichier à importer", "is the file to import");
            Err(Refusal::new("--refused", source.display(), message).into())
        }
        _ => Ok(()),
    }
}

/// Imports a file of a recognised layout without output. Returns its jurisdiction.
///
/// # Errors
/// As [`run`].
pub fn quietly(file: &Path, store: &Path) -> Result<JurisdictionId> {
    let source = SourceFile::open(file, "auto", None, &ReadOptions::default())?;
    let reader = Reader::open(store)?;
    let (writer, writing) = start_writer(store, "import")?;
    // In a store of its own, a city without a name has no meaning: any name will do.
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
