//! `pointchaud export`: a jurisdiction's reports as a file.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::{JurisdictionArguments, StoreArguments, catalogues};
use crate::error::{Error, Refusal, Result};
use crate::format::{Export, Layout};
use crate::report::JurisdictionId;
use crate::store::Reader;
use crate::words;

#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    store: StoreArguments,
    #[command(flatten)]
    whose: JurisdictionArguments,
    /// geojson or csv.
    #[arg(long, default_value = "geojson")]
    format: String,
    /// The file to write; by default the standard output.
    #[arg(long, short)]
    output: Option<PathBuf>,
}

/// Writes every report, in the order of their ids.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let layout = Layout::parse(&arguments.format).ok_or_else(|| {
        let words = words!("doit être geojson ou csv", "must be geojson or csv");
        Refusal::new("--format", &arguments.format, words)
    })?;
    let reader = Reader::open(&arguments.store.path()?)?;
    let id = &arguments.whose.jurisdiction;
    let id = JurisdictionId::new(id).map_err(|words| Refusal::new("--jurisdiction", id, words))?;
    if !reader.jurisdictions()?.iter().any(|(known, _)| known.id == id) {
        return Err(Error::not_found(id.as_str()));
    }
    let mut catalogue = catalogues()?.of(&id);
    reader.services(&id)?.into_iter().for_each(|service| catalogue.add(service));
    let output: Box<dyn Write> = match &arguments.output {
        Some(path) => Box::new(File::create(path).map_err(Error::internal)?),
        None => Box::new(std::io::stdout().lock()),
    };
    let output = BufWriter::with_capacity(1 << 18, output);
    let mut export = Export::begin(layout, &id, &catalogue, output)?;
    let mut count = 0;
    for stored in reader.scan(&id) {
        export.write(&stored?)?;
        count += 1;
    }
    export.finish()?;
    eprintln!("{count} reports of {id}");
    Ok(ExitCode::SUCCESS)
}
