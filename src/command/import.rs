//! `pointchaud import`: a city's export into the store.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Args;

use super::progress::Progress;
use super::{StoreArguments, catalogues, stop_flag};
use crate::app::{Importer, Summary};
use crate::config::DEFAULT_JURISDICTION;
use crate::error::{Error, Refusal, Result};
use crate::format::{Row, SourceFile};
use crate::store::{NoFollower, Reader, Writer};

#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    store: StoreArguments,
    /// Files to read: CSV or GeoJSON.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// How the file is laid out: auto, montreal, boston, nyc, chicago, chicago-legacy, baltimore,
    /// sf, zurich, geojson, open311-bulk.
    #[arg(long, default_value = "auto")]
    profile: String,
    /// A file that describes another layout, or adds to a profile with `extends` (TOML; see
    /// data/mappings).
    #[arg(long)]
    mapping: Option<PathBuf>,
    /// Whose reports they are; by default the profile's city.
    #[arg(long, env = "POINTCHAUD_JURISDICTION")]
    jurisdiction: Option<String>,
    /// IANA zone of wall clocks without an offset, for a new jurisdiction.
    #[arg(long)]
    time_zone: Option<String>,
    /// Exchange latitude and longitude where they are evidently swapped.
    #[arg(long)]
    fix_swapped: bool,
    /// Where refused rows go; by default FILE.refused.csv in the current directory.
    #[arg(long)]
    refused: Option<PathBuf>,
}

/// Imports each file and tells what became of its rows.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let path = arguments.store.path()?;
    let mapping = arguments.mapping.as_deref().map(read_mapping).transpose()?;
    let stop = stop_flag()?;
    let mut done = ExitCode::SUCCESS;
    for file in &arguments.files {
        let source = SourceFile::open(file, &arguments.profile, mapping.as_deref())?;
        let finished = import_one(arguments, &path, file, &source, &stop)?;
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
        let words = crate::words!("{reason}", "{reason}");
        Refusal::new("--mapping", path.display(), words).into()
    })
}

fn import_one(
    arguments: &Arguments,
    store: &Path,
    file: &Path,
    source: &SourceFile,
    stop: &AtomicBool,
) -> Result<bool> {
    let reader = Reader::open(store)?;
    let (writer, _writing) = Writer::start(store, NoFollower)?;
    let named = arguments.jurisdiction.as_deref().or(source.profile().jurisdiction.as_deref());
    let mut jurisdiction = source.jurisdiction(named.unwrap_or(DEFAULT_JURISDICTION))?;
    if jurisdiction.id.as_str() == DEFAULT_JURISDICTION {
        jurisdiction = crate::app::quebec();
    }
    if let Some(zone) = &arguments.time_zone {
        jurisdiction.time_zone.clone_from(zone);
    }
    let digest = source.digest(arguments.fix_swapped)?;
    let mut importer = Importer::begin(&reader, &writer, &catalogues()?, jurisdiction, digest)?;
    let mut refused = RefusedRows::new(arguments.refused.as_deref(), file);
    let mut progress = Progress::new("import", source.size()?);
    let (zone, extent) = (importer.zone().clone(), importer.jurisdiction().extent);
    let id = importer.id().clone();
    let (mut rows, mut failed) = (0, None);
    source.read(zone, extent, arguments.fix_swapped, &mut |row: Row| {
        rows += 1;
        progress.at(row.bytes_read, rows);
        let mapped = row.mapped.map(|(draft, category)| {
            (draft, category.map(|category| (category.name, category.hint)))
        });
        let settled = importer
            .push(row.number, mapped)
            .and_then(|refusals| refused.write(row.number, &refusals, &row.raw));
        failed = settled.err();
        failed.is_none() && !stop.load(Ordering::SeqCst)
    })?;
    if let Some(error) = failed {
        return Err(error);
    }
    let finished = !stop.load(Ordering::SeqCst);
    let summary = importer.finish(finished)?;
    let seconds = progress.done().as_secs_f64();
    let profile = &source.profile().name;
    println!("{}: profile {profile}, jurisdiction {id}", file.display());
    tell(&summary, seconds, refused.path());
    Ok(finished)
}

fn tell(summary: &Summary, seconds: f64, refused: Option<&Path>) {
    let Summary { rows, resumed, tally, unlocated, approximate, outside, services, .. } = summary;
    let rate = *rows as f64 / seconds.max(1e-3);
    println!("  {rows} rows in {seconds:.1} s ({rate:.0} rows/s)");
    println!(
        "  {} added, {} updated, {} unchanged, {} refused",
        tally.added, tally.updated, tally.unchanged, summary.refused
    );
    println!(
        "  {unlocated} without a position, {approximate} at a default point, \
         {outside} outside the city's extent"
    );
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

/// The file of refused rows, made when the first comes.
struct RefusedRows {
    path: PathBuf,
    table: Option<csv::Writer<File>>,
}

impl RefusedRows {
    fn new(path: Option<&Path>, source: &Path) -> Self {
        let name = source.file_stem().unwrap_or_default().to_string_lossy();
        let default = PathBuf::from(format!("{name}.refused.csv"));
        Self { path: path.map_or(default, Path::to_path_buf), table: None }
    }

    /// One line for each value refused, with the row as it stood.
    fn write(&mut self, row: u64, refusals: &[Refusal], raw: &[String]) -> Result<()> {
        for refusal in refusals {
            if self.table.is_none() {
                let mut table = csv::Writer::from_path(&self.path).map_err(Error::internal)?;
                let header = ["row", "field", "value", "reason", "raison", "content"];
                table.write_record(header).map_err(Error::internal)?;
                self.table = Some(table);
            }
            let Refusal { field, value, words } = refusal;
            let (row, content) = (row.to_string(), raw.join(","));
            let line = [&row, field, value, &words.en, &words.fr, &content];
            if let Some(table) = &mut self.table {
                table.write_record(line).map_err(Error::internal)?;
            }
        }
        match &mut self.table {
            Some(table) if !refusals.is_empty() => table.flush().map_err(Error::internal),
            _ => Ok(()),
        }
    }

    fn path(&self) -> Option<&Path> {
        self.table.as_ref().map(|_| self.path.as_path())
    }
}
