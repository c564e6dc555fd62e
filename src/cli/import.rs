//! `pointchaud import`: reads a city's export into the store.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Args;

use crate::cli::ask::{Answers, Terminal};
use crate::cli::notes;
use crate::cli::progress::Progress;
use crate::cli::recognised;
use crate::cli::shared::{StoreArguments, catalogues, stop_flag};
use crate::domain::{JurisdictionId, RepeatRule};
use crate::error::{Error, Refusal, Result};
use crate::ingest::{ReadOptions, RefusedRows, SourceFile};
use crate::store::{NoListener, Reader, Writer};
use crate::usecase::{Importer, Summary, city_of};

#[derive(Debug, Args)]
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
}

/// Imports each file and prints a summary.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let path = arguments.store.path()?;
    let mapping = arguments.mapping.as_deref().map(read_mapping).transpose()?;
    let stop = stop_flag()?;
    let options = ReadOptions {
        delimiter: arguments.delimiter,
        encoding: arguments.encoding.clone(),
        sheet: arguments.sheet.clone(),
    };
    let mut done = ExitCode::SUCCESS;
    for file in &arguments.files {
        let mut source = SourceFile::open(file, &arguments.profile, mapping.as_deref(), &options)?;
        let mut answers = Answers {
            jurisdiction: arguments.jurisdiction.clone(),
            time_zone: arguments.time_zone.clone(),
            date_order: arguments.date_order.clone(),
            projection: arguments.projection.clone(),
        };
        if std::io::stdin().is_terminal() && std::io::stderr().is_terminal() {
            let (input, output) = (std::io::stdin().lock(), std::io::stderr());
            let reader = Reader::open(&path)?;
            Terminal { input, output }.settle(&mut source, &mut answers, &reader)?;
        } else {
            recognised::settle(&source, file, arguments.jurisdiction.as_deref())?;
            source.declare(answers.date_order.as_deref(), answers.projection.as_deref())?;
        }
        arguments.repeats.iter().try_for_each(|rule| source.declare_repeats(rule))?;
        let finished = import_one(arguments, &answers, &path, file, &source, &stop)?;
        if !finished {
            eprintln!("stopped; the same command takes up from here");
            done = ExitCode::from(130);
            break;
        }
    }
    Ok(done)
}

fn read_mapping(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).map_err(|error| {
        let reason = error.to_string();
        let message = crate::message!("{reason}", "{reason}");
        Refusal::new("--mapping", path.display(), message).into()
    })
}

fn import_one(
    arguments: &Arguments,
    answers: &Answers,
    store: &Path,
    file: &Path,
    source: &SourceFile,
    stop: &AtomicBool,
) -> Result<bool> {
    let reader = Reader::open(store)?;
    let (named, zone) = (answers.jurisdiction.as_deref(), answers.time_zone.as_deref());
    let jurisdiction = city_of(source, named, zone, &reader)?;
    let (writer, _writing) = Writer::start(store, NoListener)?;
    let digest = source.digest(arguments.fix_swapped)?;
    let mut importer = Importer::begin(&reader, &writer, &catalogues()?, jurisdiction, digest)?;
    let mut refused = RefusedRows::new(refused_path(arguments.refused.as_deref(), file));
    let mut progress = Progress::new("import", source.size()?);
    let id = importer.id().clone();
    let mut rows = 0;
    let noticed = importer.read(source, arguments.fix_swapped, |row, refusals| {
        rows += 1;
        progress.at(row.bytes_read, rows);
        refused.write(row.number, refusals, row.raw)?;
        Ok(!stop.load(Ordering::SeqCst))
    })?;
    let finished = !stop.load(Ordering::SeqCst);
    let summary = importer.finish(finished)?;
    let seconds = progress.done().as_secs_f64();
    let profile = &source.profile().name;
    println!("{}: profile {profile}, jurisdiction {id}", file.display());
    println!("  read as {}", source.described());
    if let Some(recognition) = source.recognition() {
        recognised::tell(recognition);
    }
    tell(&summary, source.repeats(), seconds, refused.path());
    notes::tell(&noticed);
    for note in source.reading_notes() {
        println!("  {note}");
    }
    Ok(finished)
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

fn tell_repeats(summary: &Summary, rule: RepeatRule) {
    let taken = match rule {
        RepeatRule::Newest => "the newest update of each id is taken",
        RepeatRule::Last => "the last row of each id is taken",
        RepeatRule::First | RepeatRule::Refuse => "the first row of each id is taken",
    };
    let by_order = match summary.repeated_without_time {
        0 => String::new(),
        count => format!("; {count} without update times: the last row"),
    };
    println!("  {} rows repeat an id: {taken}{by_order}", summary.repeated);
}

fn tell(summary: &Summary, rule: RepeatRule, seconds: f64, refused: Option<&Path>) {
    let Summary { rows, resumed, counts, unlocated, approximate, outside, services, .. } = summary;
    let rate = *rows as f64 / seconds.max(1e-3);
    println!("  {rows} rows in {seconds:.1} s ({rate:.0} rows/s)");
    println!(
        "  {} added, {} updated, {} unchanged, {} refused",
        counts.added, counts.updated, counts.unchanged, summary.refused
    );
    println!(
        "  {unlocated} without a position, {approximate} at a default point, \
         {outside} outside the city's extent"
    );
    if counts.older > 0 {
        println!("  {} older than what is stored, and not written", counts.older);
    }
    if summary.repeated > 0 {
        tell_repeats(summary, rule);
    }
    if *services > 0 {
        println!("  {services} services added to the catalogue");
    }
    if *resumed > 0 {
        println!("  {resumed} rows were in from an earlier, interrupted run");
    }
    if let Some(path) = refused {
        println!("  refused rows, each with its reason: {}", path.display());
    }
}
