//! `pointchaud check`: verifies the store and prints what it holds.

use std::process::ExitCode;

use clap::Args;

use crate::cli::notes::counted;
use crate::cli::shared::StoreArguments;
use crate::domain::Event;
use crate::error::Result;
use crate::index::Index;
use crate::store::{Digest, Reader};

#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    store: StoreArguments,
}

/// Reads everything, builds the index, and checks both.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let path = arguments.store.existing()?;
    let reader = Reader::open(&path)?;
    let mut faults = reader.faults()?;
    for (jurisdiction, revision) in reader.jurisdictions()? {
        let id = &jurisdiction.id;
        let mut digest = Digest::default();
        let (mut count, mut located) = (0, 0);
        for stored in reader.scan(id) {
            let stored = stored?;
            if stored.revision > revision {
                faults.push(format!("{id} {}: revision above the counter", stored.report.id));
            }
            digest.add(&stored.report);
            count += 1;
            located += usize::from(stored.report.position.is_some());
        }
        let mut index = Index::default();
        let mut puts = 0;
        reader.changes_after(id, 0, 100_000, |page, _| {
            puts += page.iter().filter(|c| !matches!(c.event, Event::Remove(_))).count();
            index.apply(page);
            true
        })?;
        index.check_invariants();
        if puts != count || index.reader().load().len() != count {
            let reports = counted(count as u64, "report");
            faults.push(format!("{id}: {reports} by id, {puts} by revision"));
        }
        let digest = digest.finish();
        let reports = counted(count as u64, "report");
        println!("{id}: {reports}, {located} located, revision {revision}, digest {digest}");
    }
    if faults.is_empty() {
        println!("ok");
        return Ok(ExitCode::SUCCESS);
    }
    for fault in faults {
        eprintln!("fault: {fault}");
    }
    Ok(ExitCode::from(1))
}
