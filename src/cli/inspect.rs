//! `pointchaud inspect`: what a file is and what its columns are recognised as, without an import.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use crate::cli::download::DownloadArguments;
use crate::cli::located::{Located, ReadArguments};
use crate::cli::recognised;
use crate::error::{Refusal, Result};
use crate::ingest::{ReadOptions, SourceFile};

#[derive(Debug, Args)]
pub struct Arguments {
    /// File to look at, of any format that `import` reads; `-` is standard input;
    /// a URL (https://…) is downloaded.
    file: PathBuf,
    /// Mapping file to write (default: FILE.mapping.toml in the current directory).
    #[arg(long)]
    output: Option<PathBuf>,
    /// Jurisdiction of the reports, for the mapping file.
    #[arg(long, env = "POINTCHAUD_JURISDICTION")]
    jurisdiction: Option<String>,
    /// IANA time zone of times without an offset, for the mapping file.
    #[arg(long)]
    time_zone: Option<String>,
    #[command(flatten)]
    read: ReadArguments,
    #[command(flatten)]
    download: DownloadArguments,
}

/// Prints what the file was recognised as and writes the mapping file.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let file = Located::for_inspection(&arguments.file, &arguments.download)?;
    let options = ReadOptions { is_start_only: true, ..arguments.read.options(&file) };
    let source = SourceFile::open(&file.path, "auto", None, &options)?;
    let named = arguments.jurisdiction.as_deref();
    let profile = source.profile();
    let jurisdiction = named.or(profile.jurisdiction.as_deref());
    if let Some(id) = jurisdiction {
        source.jurisdiction(id)?;
    }
    if let Some(zone) = &arguments.time_zone {
        let mut somewhere = source.jurisdiction(jurisdiction.unwrap_or("city.example"))?;
        somewhere.time_zone.clone_from(zone);
        somewhere.zone().map_err(|message| Refusal::new("--time-zone", zone, message))?;
    }
    let known_zone = jurisdiction.and_then(|id| source.time_zone(id));
    let zone = arguments.time_zone.clone().or(known_zone);
    println!("{}: read as {}", file.label, source.described());
    let shown = |value: Option<&str>, option: &str| match value {
        Some(value) => value.to_owned(),
        None => format!("not known; {option} sets it"),
    };
    if let Some(note) = source.incomplete() {
        println!("  {note}");
    }
    println!("  jurisdiction: {}", shown(jurisdiction, "--jurisdiction"));
    let Some(recognition) = source.recognition() else {
        println!("  time zone: {}", shown(zone.as_deref(), "--time-zone"));
        print_profile(&source);
        return Ok(ExitCode::SUCCESS);
    };
    match (recognition.needs_time_zone, recognition.has_times()) {
        (true, _) => println!("  time zone: {}", shown(zone.as_deref(), "--time-zone")),
        (false, true) => {
            println!("  time zone: not needed, every time of the sample has an offset")
        }
        (false, false) => println!("  time zone: no column of times was recognised"),
    }
    recognised::print(recognition);
    if let Some(words) = recognition.statuses_by_name() {
        println!("  {}", words.en);
    }
    if recognition.rows == 0 {
        println!("  the file has no rows");
    }
    if !recognition.finds_something() {
        return Err(recognised::nothing_recognised(recognition));
    }
    for doubt in &recognition.doubts {
        println!("  ambiguous: {doubt}");
    }
    let path = recognised::mapping_path(arguments.output.as_deref(), &file.naming_path);
    recognised::write_mapping(&path, &recognition.mapping(jurisdiction, zone.as_deref()))?;
    println!("  mapping written: {}", path.display());
    Ok(ExitCode::SUCCESS)
}

/// The columns of a built-in profile, which needs no mapping file.
fn print_profile(source: &SourceFile) {
    let profile = source.profile();
    println!("  layout: built-in profile '{}', no mapping is needed", profile.name);
    let mut columns: Vec<_> = profile.columns.iter().collect();
    columns.sort();
    for (field, names) in columns {
        println!("    {field}: {}", names.join(" | "));
    }
}
