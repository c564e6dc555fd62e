//! `pointchaud inspect`: what a file is and what its columns are recognised as, without an import.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;

use crate::cli::download::DownloadArguments;
use crate::cli::located::{Located, ReadArguments};
use crate::cli::notes::counted;
use crate::cli::recognised;
use crate::cli::shared::require_known_zone;
use crate::error::Result;
use crate::ingest::{
    ColumnWord, Declared, OpenQuestion, ProfileColumns, ReadOptions, SourceFile, orders_in_words,
};
use crate::place::BBox;

/// How long the rows are looked over for what the columns do not say: the whole takes two seconds.
const LOOK_TIME: Duration = Duration::from_secs(1);

/// Words of a column that are shown.
const WORDS: usize = 12;

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
        require_known_zone(&source, jurisdiction, zone)?;
    }
    let known_zone = jurisdiction.and_then(|id| source.time_zone(id));
    let zone = arguments.time_zone.clone().or(known_zone);
    println!("{}: read as {}", file.label, source.described());
    for note in source.encoding_note().into_iter().chain(source.incomplete()) {
        println!("  {note}");
    }
    println!("  jurisdiction: {}", shown(jurisdiction, "--jurisdiction"));
    let Some(recognition) = source.recognition() else {
        let found = source.profile_columns()?;
        print_zone(zone.as_deref(), found.needs_time_zone, found.has_times);
        print_profile(&source, &found);
        print_questions(&source, zone.as_deref())?;
        return Ok(ExitCode::SUCCESS);
    };
    print_zone(zone.as_deref(), recognition.needs_time_zone, recognition.has_times());
    recognised::print(recognition);
    for note in recognition.notes_of_columns() {
        println!("  {}", note.en);
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
    print_questions(&source, zone.as_deref())?;
    let path = recognised::mapping_path(arguments.output.as_deref(), &file.naming_path);
    let declared = Declared { jurisdiction, time_zone: zone.as_deref(), ..Declared::default() };
    recognised::write_mapping(&path, &recognition.mapping(&declared))?;
    println!("  mapping written: {}", path.display());
    Ok(ExitCode::SUCCESS)
}

/// A value, or that it is not known and which option sets it.
fn shown(value: Option<&str>, option: &str) -> String {
    value.map_or_else(|| format!("not known; {option} sets it"), str::to_owned)
}

/// Prints the time zone, and whether the file needs one.
fn print_zone(zone: Option<&str>, is_needed: bool, has_times: bool) {
    match (is_needed, has_times) {
        (true, _) => println!("  time zone: {}", shown(zone, "--time-zone")),
        (false, true) => println!(
            "  time zone: not needed, every time of the sample has an offset{}",
            zone.map(|zone| format!(" (the city's is {zone})")).unwrap_or_default()
        ),
        (false, false) => println!("  time zone: no column of times was recognised"),
    }
}

/// Prints what the rows do not decide, so that `import` asks for it on a terminal and stops
/// elsewhere.
fn print_questions(source: &SourceFile, zone: Option<&str>) -> Result<()> {
    let extent = source.profile().extent.and_then(|[w, s, e, n]| BBox::new(w, s, e, n).ok());
    for question in source.open_questions(extent, zone, Some(LOOK_TIME))? {
        match question {
            OpenQuestion::DateOrder(sample, orders) => println!(
                "  not decided: dates such as '{sample}' may be {}; where further rows do not \
                 decide it either, import asks on a terminal and stops elsewhere, unless the \
                 option says it",
                orders_in_words(&orders).en
            ),
            OpenQuestion::Negate(negation) => println!(
                "  not decided: the places lie far from the city, their mirror image lies in it; \
                 import asks on a terminal and stops elsewhere, unless --negate {} adds the minus \
                 sign of {} or --negate none keeps them",
                negation.word(),
                negation.shown().en
            ),
            OpenQuestion::Zone(what) => println!("  not decided: {}", what.en),
            OpenQuestion::Projection(x, y, candidates) => {
                let candidates = match candidates.is_empty() {
                    true => String::new(),
                    false => format!(" ({})", candidates.join(", ")),
                };
                println!(
                    "  not decided: the projection of coordinates such as {x}, {y}{candidates}; \
                     import asks on a terminal and stops elsewhere, unless --projection \
                     EPSG:CODE says it"
                );
            }
        }
    }
    Ok(())
}

/// Prints the columns of a file of a built-in layout, which needs no mapping file, with the words
/// of its statuses and channels.
fn print_profile(source: &SourceFile, found: &ProfileColumns) {
    let profile = source.profile();
    println!("  layout: built-in profile '{}', no mapping is needed", profile.name);
    println!("  columns, from a sample of {}:", counted(u64::from(found.rows), "row"));
    for column in &found.columns {
        let read_as = match (&column.field, column.certainty) {
            (Some(field), Some(certainty)) => format!("{field} ({:.0} %)", certainty * 100.0),
            _ => "left out".to_owned(),
        };
        println!("    {} -> {read_as}: {}", column.name, recognised::examples(&column.examples));
    }
    if !found.columns.iter().any(|column| column.field.as_deref() == Some("status")) {
        let default = profile.defaults.status.as_deref();
        let read_as = default.unwrap_or("open, or closed where there is a closing time");
        println!("  no column of statuses: every row is read as {read_as}");
    }
    for (field, known, title) in [
        ("status", true, "status words"),
        ("status", false, "status words not known"),
        ("channel", true, "channel words"),
        ("channel", false, "channel words not known"),
    ] {
        let words: Vec<&ColumnWord> =
            found.words.iter().filter(|word| word.field == field && word.known == known).collect();
        if words.is_empty() {
            continue;
        }
        let shown = words.iter().take(WORDS).map(|word| {
            let ColumnWord { count, word, read_as, .. } = word;
            format!("{count} '{word}' read as {read_as}")
        });
        let more = match words.len().saturating_sub(WORDS) {
            0 => String::new(),
            more => format!("; {more} more"),
        };
        println!("  {title}: {}{more}", shown.collect::<Vec<_>>().join(", "));
    }
}
