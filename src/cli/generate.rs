//! `pointchaud generate`: writes the demo city to the store or to a file.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Args;
use jiff::Timestamp;

use crate::cli::notes::counted;
use crate::cli::progress::Progress;
use crate::cli::shared::{StoreArguments, catalogues, labels, stop_flag, unwritable};
use crate::demo::{DemoCity, Plan, PlantedTruth, REPORTS_PER_YEAR};
use crate::domain::{Actor, FixedClock, Gate, ReportTime, StoredReport, tracking_number};
use crate::error::{Error, Refusal, Result};
use crate::export::{Export, ExportFormat};
use crate::message;
use crate::store::{NoListener, Reader, Writer, WriterSettings};
use crate::usecase::{Importer, Summary, quebec};

#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    store: StoreArguments,
    /// Number of reports, over one year.
    #[arg(long, default_value_t = REPORTS_PER_YEAR)]
    reports: u64,
    /// Seed; the same seed, number and --until give the same city.
    #[arg(long, default_value_t = 311)]
    seed: u64,
    /// End of the year, RFC 3339 or a date (default: now).
    #[arg(long)]
    until: Option<String>,
    /// Write FILE.csv or FILE.geojson instead of the store, with the ground truth beside it.
    #[arg(long, short)]
    output: Option<PathBuf>,
}

/// Generates the city and prints where it was written.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let zone = quebec().zone().map_err(|message| Error::internal(message.en))?;
    let until = match &arguments.until {
        None => jiff::Timestamp::now().as_second(),
        Some(text) => ReportTime::parse(text, &zone)
            .map_err(|message| Refusal::new("--until", text, message))?
            .last_second()
            .min(jiff::Timestamp::now().as_second()),
    };
    let plan = Plan { reports: arguments.reports, seed: arguments.seed, until };
    let stop = stop_flag()?;
    let truth = match &arguments.output {
        Some(path) => to_file(plan, path)?,
        None => {
            let store = arguments.store.path()?;
            let (summary, truth) = to_store(plan, &store, &stop)?;
            println!("{}", said(&summary));
            truth
        }
    };
    if stop.load(Ordering::SeqCst) {
        eprintln!("stopped; run the same command with the same --until to continue");
        return Ok(ExitCode::from(130));
    }
    let beside = match &arguments.output {
        Some(path) => path.with_extension("truth.json"),
        None => arguments.store.path()?.with_extension("truth.json"),
    };
    write_truth(&truth, &beside)?;
    println!("ground truth: {}", beside.display());
    Ok(ExitCode::SUCCESS)
}

/// What became of the generated reports. Those of an id that the store has replace its reports.
fn said(summary: &Summary) -> String {
    let Summary { rows, counts, resumed, .. } = summary;
    let mut said = format!(
        "{}: {} added, {} changed, {} unchanged",
        counted(*rows, "report"),
        counts.added,
        counts.updated,
        counts.unchanged
    );
    for (count, what) in [
        (counts.older, "older than what the store has, and not written"),
        (*resumed, "written by an earlier, interrupted run"),
    ] {
        if count > 0 {
            said += &format!(", {count} {what}");
        }
    }
    said
}

fn write_truth(truth: &PlantedTruth, path: &Path) -> Result<()> {
    let file = File::create(path).map_err(unwritable("--output", path))?;
    serde_json::to_writer(BufWriter::new(file), truth).map_err(Error::internal)
}

/// Generates the city into a store.
///
/// # Errors
/// The store.
pub fn to_store(plan: Plan, store: &Path, stop: &AtomicBool) -> Result<(Summary, PlantedTruth)> {
    let reader = Reader::open(store)?;
    let Plan { reports, seed, until } = plan;
    // The store is as if the city had ended its year now: later changes come later.
    let end = Timestamp::from_second(until).map_err(Error::internal)?;
    let settings = WriterSettings { clock: Arc::new(FixedClock(end)), ..Default::default() };
    let (writer, _writing) = Writer::start_with(store, NoListener, settings)?;
    let writer = writer.by(Actor::command("generate"));
    let digest = format!("generated {seed} {reports} {until}");
    let mut importer = Importer::begin(&reader, &writer, &catalogues()?, quebec(), digest)?;
    let mut progress = Progress::new("generate", reports);
    let (mut row, mut failed) = (0, None);
    let truth = DemoCity::new(plan).map_err(Error::internal)?.generate(&mut |draft| {
        row += 1;
        progress.at(row, row);
        failed = match importer.push(row, Ok((draft, None))) {
            Err(error) => Some(error),
            Ok(refused) if !refused.is_empty() => Some(Error::refused(refused)),
            Ok(_) => None,
        };
        failed.is_none() && !stop.load(Ordering::SeqCst)
    });
    progress.done();
    match failed {
        Some(error) => Err(error),
        None => Ok((importer.finish(!stop.load(Ordering::SeqCst))?, truth)),
    }
}

fn to_file(plan: Plan, path: &Path) -> Result<PlantedTruth> {
    let format = ExportFormat::of_path(path).filter(|format| format.is_text());
    let format = format.ok_or_else(|| {
        let message =
            message!("doit se terminer par .csv ou .geojson", "must end in .csv or .geojson");
        Refusal::new("--output", path.display(), message)
    })?;
    let (city, catalogue) = (quebec(), catalogues()?.quebec);
    let zone = city.zone().map_err(|message| Error::internal(message.en))?;
    let file = File::create(path).map_err(unwritable("--output", path))?;
    let file = BufWriter::with_capacity(1 << 18, file);
    let mut export = Export::begin(format, file)?;
    let gate = Gate { catalogue: &catalogue, zone: &zone, now: plan.until };
    let mut progress = Progress::new("generate", plan.reports);
    let (mut row, mut failed) = (0, None);
    let truth = DemoCity::new(plan).map_err(Error::internal)?.generate(&mut |draft| {
        row += 1;
        progress.at(row, row);
        let report = gate.admit(draft, &tracking_number(0)).map_err(Error::refused);
        let recorded = String::new();
        let written = report.and_then(|report| {
            let stored = StoredReport {
                report,
                revision: row,
                created_revision: row,
                recorded,
                changed: None,
                assigned_here: false,
                held: Vec::new(),
            };
            export.write(&stored, &labels(&catalogue, &city.id, &stored))
        });
        failed = written.err();
        failed.is_none()
    });
    progress.done();
    match failed {
        Some(error) => Err(error),
        None => export.finish().map(|()| truth),
    }
}
