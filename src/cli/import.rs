//! `pointchaud import`: reads a city's export into the store.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Args;

use crate::cli::ask::{Answers, Terminal};
use crate::cli::progress::Progress;
use crate::cli::recognised;
use crate::cli::shared::{StoreArguments, catalogues, stop_flag};
use crate::cli::summary::{self, FileSummary};
use crate::cli::temporary_store::TemporaryStore;
use crate::domain::JurisdictionId;
use crate::error::{Error, Refusal, Result};
use crate::ingest::{ReadOptions, RefusedRows, SourceFile};
use crate::message;
use crate::store::{NoListener, Reader, Writer};
use crate::usecase::{Importer, Summary, city_of};

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
    /// Files to read: CSV, XLSX, JSON, GeoJSON, one record on a line; plain, gzip or a zip of one.
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
    /// Jurisdiction of the reports (default: the profile's city).
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
    /// Character between the cells of a CSV file (default: told from the content).
    #[arg(long)]
    delimiter: Option<char>,
    /// Character encoding of the file, such as windows-1252 (default: told from the content).
    #[arg(long)]
    encoding: Option<String>,
    /// Sheet of an Excel workbook (default: the first that is not empty).
    #[arg(long)]
    sheet: Option<String>,
    /// Which row of a repeated id is taken: newest, first, last, or refuse (default: newest).
    #[arg(long)]
    repeats: Option<String>,
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

/// Imports each file and prints a summary. All files are opened before the first one is imported.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let store = arguments.store.path()?;
    let stop = stop_flag()?;
    let sources: Vec<(SourceFile, Answers)> =
        arguments.files.iter().map(|file| open(arguments, &store, file)).collect::<Result<_>>()?;
    let import = ImportRun { arguments, store: &store, stop: &stop };
    if arguments.strict {
        let mut is_clean = true;
        for (file, (source, answers)) in arguments.files.iter().zip(&sources) {
            let checked = import.one(file, source, answers, true)?;
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
    for (file, (source, answers)) in arguments.files.iter().zip(&sources) {
        let done = import.one(file, source, answers, arguments.dry_run)?;
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

/// Opens a file with what the arguments declare about it. Who sits at a terminal is asked for the
/// rest.
fn open(arguments: &Arguments, store: &Path, file: &Path) -> Result<(SourceFile, Answers)> {
    let options = ReadOptions {
        delimiter: arguments.delimiter,
        encoding: arguments.encoding.clone(),
        sheet: arguments.sheet.clone(),
    };
    let mapping = arguments.mapping.as_deref().map(read_mapping).transpose()?;
    let mut source = SourceFile::open(file, &arguments.profile, mapping.as_deref(), &options)?;
    // Rows that were refused are read by the mapping that was written for them.
    let beside = summary::mapping_of_refused(file);
    if source.is_refused_rows() && source.recognition().is_some() && beside.exists() {
        let mapping = read_mapping(&beside)?;
        source = SourceFile::open(file, &arguments.profile, Some(&mapping), &options)?;
    }
    let mut answers = Answers {
        jurisdiction: arguments.jurisdiction.clone(),
        time_zone: arguments.time_zone.clone(),
        date_order: arguments.date_order.clone(),
        projection: arguments.projection.clone(),
    };
    if std::io::stdin().is_terminal() && std::io::stderr().is_terminal() {
        let (input, output) = (std::io::stdin().lock(), std::io::stderr());
        let temporary = TemporaryStore::new();
        let reader = reader(store, &temporary)?;
        Terminal { input, output }.settle(&mut source, &mut answers, &reader)?;
    } else {
        recognised::settle(&source, file, arguments.jurisdiction.as_deref())?;
        source.declare(answers.date_order.as_deref(), answers.projection.as_deref())?;
    }
    arguments.repeats.iter().try_for_each(|rule| source.declare_repeats(rule))?;
    Ok((source, answers))
}

/// Reads the store without a change of it; an empty one where there is none yet.
fn reader(store: &Path, temporary: &TemporaryStore) -> Result<Reader> {
    match store.exists() {
        true => Reader::open_unchanged(store),
        false => Reader::open(&temporary.0),
    }
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
    fn one(
        &self,
        file: &Path,
        source: &SourceFile,
        answers: &Answers,
        is_dry_run: bool,
    ) -> Result<FileSummary> {
        let Self { arguments, store, .. } = self;
        let (named, zone) = (answers.jurisdiction.as_deref(), answers.time_zone.as_deref());
        if !is_dry_run {
            let reader = Reader::open(store)?;
            let city = city_of(source, named, zone, &reader)?;
            let (writer, _writing) = Writer::start(store, NoListener)?;
            let digest = source.digest(arguments.fix_swapped)?;
            let importer = Importer::begin(&reader, &writer, &catalogues()?, city, digest)?;
            return self.read(file, source, importer, false);
        }
        let temporary = TemporaryStore::new();
        let reader = reader(store, &temporary)?;
        let city = city_of(source, named, zone, &reader)?;
        let importer = Importer::preview(Some(&reader), &catalogues()?, city)?;
        self.read(file, source, importer, true)
    }

    fn read(
        &self,
        file: &Path,
        source: &SourceFile,
        mut importer: Importer<'_>,
        is_dry_run: bool,
    ) -> Result<FileSummary> {
        let Self { arguments, stop, .. } = self;
        let path = refused_path(arguments.refused.as_deref(), file);
        wants_another_file(&path, file)?;
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
            file: file.to_owned(),
            jurisdiction,
            counts,
            noticed,
            seconds,
            refused,
            is_finished,
            is_dry_run,
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

/// Imports a file of a recognised layout without output. Returns its jurisdiction.
///
/// # Errors
/// As [`run`].
pub fn quietly(file: &Path, store: &Path) -> Result<JurisdictionId> {
    let source = SourceFile::open(file, "auto", None, &ReadOptions::default())?;
    let reader = Reader::open(store)?;
    let (writer, writing) = Writer::start(store, NoListener)?;
    let jurisdiction = city_of(&source, None, None, &reader)?;
    let digest = source.digest(false)?;
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
