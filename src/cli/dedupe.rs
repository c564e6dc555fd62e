//! `pointchaud dedupe`: groups the history of a city into incidents.

use std::collections::BTreeMap;
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::Ordering;
use std::time::Instant;

use clap::Args;

use crate::cli::labelled_pairs;
use crate::cli::notes::counted;
use crate::cli::progress::Progress;
use crate::cli::shared::{
    JurisdictionArguments, StoreArguments, start_writer, stop_flag, unwritable,
};
use crate::domain::{
    IncidentChange, IncidentCommand, JurisdictionId, ReportId, ReportTime, ServiceCode, View,
};
use crate::error::{Error, ErrorKind, Refusal, Result};
use crate::export::write_review;
use crate::index::{DocAddress, Snapshot};
use crate::query::{Decision, DuplicateReport, DuplicateRule, group_incidents};
use crate::store::{ChangeIncident, Pending, Reader};
use crate::usecase::City;

/// Most incidents that are being written at a time.
const AHEAD: usize = 1_024;

#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    store: StoreArguments,
    #[command(flatten)]
    jurisdiction: JurisdictionArguments,
    /// Only reports made from this date or time on; their originals may be older.
    #[arg(long)]
    since: Option<String>,
    /// CSV file for every duplicate found, certain or to be reviewed; with its column `usable`
    /// filled in, `train` can use it.
    #[arg(long, default_value = "dedupe-review.csv")]
    review: PathBuf,
    /// Write the review only; change nothing.
    #[arg(long)]
    dry_run: bool,
    /// Model to use instead of the built-in one (TOML, as written by `train`).
    #[arg(long)]
    model: Option<PathBuf>,
}

/// Groups reports and prints a summary. Groups made by an interrupted run are kept; a rerun adds
/// the rest.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let path = arguments.store.existing()?;
    let model = labelled_pairs::model(arguments.model.as_deref())?;
    let reader = Reader::open(&path)?;
    let city = labelled_pairs::city(&reader, arguments.jurisdiction.of(&reader)?)?;
    let since = match &arguments.since {
        None => i64::MIN,
        Some(text) => {
            let read = ReportTime::parse(text, city.zone());
            read.map_err(|message| Refusal::new("--since", text, message))?.second()
        }
    };
    let snapshot = city.snapshots(View::Crew).load();
    let placed = labelled_pairs::placed(&snapshot);
    let reports: Vec<DocAddress> =
        placed.into_iter().filter(|address| snapshot.requested(*address) >= since).collect();
    let catalogue = city.catalogue();
    let codes = (0..snapshot.service_count() as u16).map(|n| snapshot.service_code(n));
    let rule = |code| DuplicateRule::new(&snapshot, &catalogue, &model, &code);
    let rules: Vec<DuplicateRule> = codes.filter_map(ServiceCode::new).map(rule).collect();
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    let began = Instant::now();
    let repeats = group_incidents(&snapshot, &rules, &reports, threads);
    let seconds = began.elapsed().as_secs_f64();
    let table = write_review(&snapshot, &repeats, &catalogue).map_err(Error::internal)?;
    let review = &arguments.review;
    std::fs::write(review, table).map_err(unwritable("--review", review))?;
    let certain = repeats.iter().filter(|repeat| repeat.decision == Decision::Duplicate);
    let (known, new): (Vec<&DuplicateReport>, Vec<&DuplicateReport>) =
        certain.partition(|repeat| repeat.is_known);
    println!("{} looked at in {seconds:.1} s", counted(reports.len() as u64, "report"));
    println!(
        "  {} repeat another: {} were known, {} are new; {} more should be looked at",
        known.len() + new.len(),
        known.len(),
        new.len(),
        repeats.len() - known.len() - new.len()
    );
    println!("  all of them, with reasons: {}", arguments.review.display());
    if arguments.dry_run {
        return Ok(ExitCode::SUCCESS);
    }
    attach(&path, city, &snapshot, &new)
}

/// Attaches the duplicates found, incident by incident.
fn attach(
    store: &Path,
    city: City,
    snapshot: &Snapshot,
    new: &[&DuplicateReport],
) -> Result<ExitCode> {
    let stop = stop_flag()?;
    let (writer, writing) = start_writer(store, "dedupe")?;
    let mut incidents: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for repeat in new {
        let children = incidents.entry(snapshot.id(repeat.original)).or_default();
        children.push(snapshot.id(repeat.child));
    }
    let mut progress = Progress::new("dedupe", incidents.len() as u64);
    let mut counts = DedupeCounts::default();
    let mut pending: VecDeque<(usize, Pending<IncidentChange>)> = VecDeque::new();
    for (n, (original, children)) in incidents.iter().enumerate() {
        if stop.load(Ordering::SeqCst) {
            break;
        }
        let id = |text: &str| ReportId::new(text).map_err(|message| Error::internal(message.en));
        let reports = children.iter().map(|child| id(child)).collect::<Result<Vec<_>>>()?;
        let regroup = IncidentCommand::Merge { into: id(original)?, reports };
        pending.push_back((children.len(), writer.submit(merge(city.id(), regroup))));
        if pending.len() >= AHEAD {
            counts.await_batch(pending.pop_front())?;
        }
        progress.at(n as u64 + 1, n as u64 + 1);
    }
    while !pending.is_empty() {
        counts.await_batch(pending.pop_front())?;
    }
    let seconds = progress.done().as_secs_f64();
    drop(writer);
    writing.join().map_err(|_| Error::internal("the writer panicked"))?;
    let DedupeCounts { attached, incidents: done, overtaken } = counts;
    let (attached, done) = (counted(attached, "report"), counted(done, "incident"));
    println!("  {attached} attached to {done} in {seconds:.1} s");
    if overtaken > 0 {
        let verb = if overtaken == 1 { "was" } else { "were" };
        let overtaken = counted(overtaken, "incident");
        println!("  {overtaken} {verb} changed meanwhile and left alone");
    }
    if stop.load(Ordering::SeqCst) {
        eprintln!("stopped; run the same command again to continue");
        return Ok(ExitCode::from(130));
    }
    Ok(ExitCode::SUCCESS)
}

fn merge(jurisdiction: &JurisdictionId, command: IncidentCommand) -> ChangeIncident {
    let (jurisdiction, author) = (jurisdiction.clone(), "dedupe".into());
    ChangeIncident { jurisdiction, command, author }
}

/// Counts of what happened to incidents.
#[derive(Default)]
struct DedupeCounts {
    attached: u64,
    incidents: u64,
    /// Incidents that another writer changed first.
    overtaken: u64,
}

impl DedupeCounts {
    fn await_batch(&mut self, pending: Option<(usize, Pending<IncidentChange>)>) -> Result<()> {
        let Some((children, pending)) = pending else { return Ok(()) };
        match pending.wait() {
            Ok(_) => {
                (self.attached, self.incidents) =
                    (self.attached + children as u64, self.incidents + 1)
            }
            Err(error) if matches!(error.kind, ErrorKind::Conflict | ErrorKind::NotFound) => {
                self.overtaken += 1;
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }
}
