//! `pointchaud audit`: the lines of the audit as CSV, and the erasure of old ones.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::cli::notes::counted;
use crate::cli::shared::{StoreArguments, jurisdiction_id, unwritable, with_writer};
use crate::domain::{AuditFilter, ReportId, ReportTime, RetentionPeriod, end_of_day};
use crate::error::{Error, Refusal, Result};
use crate::export::{audit_header, audit_rows};
use crate::store::Reader;
use crate::usecase::audit::erase_older;
use crate::usecase::jurisdictions;

/// Lines that are read and written in one step.
const STEP_LINES: usize = 10_000;

#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    store: StoreArguments,
    /// Lines of this city (default: of all, and of the whole service).
    #[arg(long, value_name = "ID")]
    jurisdiction: Option<String>,
    /// First moment: a day, or a time with its offset (UTC without one).
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Last moment: a day, or a time with its offset (UTC without one).
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    /// Lines of the key with this name, of 'public', 'this machine' or 'pointchaud COMMAND'.
    #[arg(long, value_name = "NAME")]
    actor: Option<String>,
    /// Lines of this operation of the API, or of this command.
    #[arg(long, value_name = "ID")]
    operation: Option<String>,
    /// Lines that concern this report, of --jurisdiction or of the store's only city.
    #[arg(long, value_name = "ID")]
    report: Option<String>,
    /// Write to this file, which only the present user can read, instead of standard output.
    #[arg(long, value_name = "FILE.csv")]
    out: Option<PathBuf>,
    /// Erase the lines that are older than this (2y, 18m, 400d), at least 90 days. Without it they
    /// are kept for ever.
    #[arg(long, value_name = "PERIOD",
        conflicts_with_all = ["jurisdiction", "from", "to", "actor", "operation", "report", "out"])]
    erase_older_than: Option<String>,
}

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let path = arguments.store.existing()?;
    if let Some(text) = &arguments.erase_older_than {
        erase(&path, text)?;
        return Ok(ExitCode::SUCCESS);
    }
    let reader = Reader::open(&path)?;
    let filter = arguments.filter(&reader)?;
    match &arguments.out {
        None => write(&reader, &filter, &mut io::stdout().lock(), Path::new("-"))?,
        Some(out) => {
            let opened =
                OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(out);
            let mut file = opened.map_err(unwritable("--out", out))?;
            write(&reader, &filter, &mut file, out)?;
            file.sync_all().map_err(unwritable("--out", out))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

const ERASE: &str = "--erase-older-than";

fn erase(path: &Path, text: &str) -> Result<()> {
    let refused = |message| Error::from(Refusal::new(ERASE, text, message));
    let period = RetentionPeriod::parse(text).map_err(refused)?;
    let now = Timestamp::now();
    let count = with_writer(path, "audit", |writer| erase_older(writer, (ERASE, period), now))?;
    println!("erased {}", counted(count, "line"));
    Ok(())
}

impl Arguments {
    fn filter(&self, reader: &Reader) -> Result<AuditFilter> {
        let named = self.jurisdiction.as_deref();
        let jurisdiction = named.map(|id| {
            let id = jurisdiction_id("--jurisdiction", id)?;
            jurisdictions::stored(reader, &id).map(|city| city.id)
        });
        let mut jurisdiction = jurisdiction.transpose()?;
        if self.report.is_some() && jurisdiction.is_none() {
            jurisdiction = Some(jurisdictions::only(reader)?.id);
        }
        let report = self.report.as_deref().map(|text| {
            let refused = |message| Error::from(Refusal::new("--report", text, message));
            ReportId::new(text).map_err(refused)
        });
        let moment = |flag: &str, text: Option<&str>| -> Result<Option<ReportTime>> {
            let read = text.map(|text| {
                let refused = |message| Error::from(Refusal::new(flag, text, message));
                ReportTime::parse(text, &TimeZone::UTC).map_err(refused)
            });
            read.transpose()
        };
        let instant = |second: i64| Timestamp::from_second(second).ok();
        let from = moment("--from", self.from.as_deref())?;
        let to = moment("--to", self.to.as_deref())?;
        let before = to.and_then(|when| match when.day_only() {
            Some(_) => instant(end_of_day(when.second(), &TimeZone::UTC)),
            None => instant(when.second() + 1),
        });
        Ok(AuditFilter {
            jurisdiction,
            with_service: false,
            actor: self.actor.clone(),
            operation: self.operation.clone(),
            report: report.transpose()?,
            from: from.and_then(|when| instant(when.second())),
            before,
        })
    }
}

/// Writes the lines of a filter, newest first. A reader of the output that has gone ends it.
fn write(
    reader: &Reader,
    filter: &AuditFilter,
    to: &mut impl io::Write,
    path: &Path,
) -> Result<()> {
    let mut bytes = audit_header().map_err(Error::internal)?;
    let mut before = None;
    loop {
        match to.write_all(&bytes).and_then(|()| to.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
            written => written.map_err(unwritable("--out", path))?,
        }
        let lines = reader.audit(filter, before, STEP_LINES)?;
        let Some(last) = lines.last() else { return Ok(()) };
        before = Some(last.number);
        bytes = audit_rows(&lines).map_err(Error::internal)?;
    }
}
