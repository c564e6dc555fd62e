//! The command line: one file for each command, wiring only.

mod boundaries;
mod check;
mod dedupe;
pub mod evaluate;
mod export;
mod follow;
mod generate;
mod import;
mod labelled_pairs;
mod openapi;
mod progress;
mod serve;
mod train;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::{Args, Parser, Subcommand};
use tracing_subscriber::EnvFilter;

use crate::config::DEFAULT_JURISDICTION;
use crate::domain::JurisdictionId;
use crate::error::{Error, Refusal, Result};
use crate::ingest::builtin_catalogue;
use crate::message;
use crate::store::sqlite_path;
use crate::usecase::Catalogues;

/// Carte vivante des demandes 311 · live map and API of a city's 311 requests.
#[derive(Debug, Parser)]
#[command(name = "pointchaud", version, about)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the map page and the API
    Serve(serve::Arguments),
    /// Import a city's export; a rerun continues where it stopped and adds nothing twice
    Import(import::Arguments),
    /// Export the reports of a jurisdiction as GeoJSON, CSV, GeoParquet or GeoPackage
    Export(export::Arguments),
    /// Load the areas of a city: arrondissements, quartiers, sectors
    Boundaries(boundaries::Arguments),
    /// Mirror the Open311 server of another city
    Follow(follow::Arguments),
    /// Generate a realistic Québec from a seed, with its ground truth
    Generate(generate::Arguments),
    /// Score hotspots on generated cities and duplicates on labelled pairs
    Evaluate(evaluate::Arguments),
    /// Group the history of a city into incidents
    Dedupe(dedupe::Arguments),
    /// Train the duplicate model on labelled pairs
    Train(train::Arguments),
    /// Verify the store and print a digest of each jurisdiction
    Check(check::Arguments),
    /// Print the OpenAPI document of the API
    Openapi(openapi::Arguments),
}

/// The store of a command.
#[derive(Debug, Args)]
pub struct StoreArguments {
    /// The store: sqlite:FILE.
    #[arg(long, env = "POINTCHAUD_STORE", default_value = "sqlite:pointchaud.db")]
    store: String,
}

impl StoreArguments {
    fn path(&self) -> Result<PathBuf> {
        sqlite_path(&self.store).map(PathBuf::from)
    }

    /// Fails where the file does not exist; opening it would create it.
    fn existing(&self) -> Result<PathBuf> {
        let path = self.path()?;
        if !path.exists() {
            let message = message!("n’existe pas", "does not exist");
            return Err(Refusal::new("--store", &self.store, message).into());
        }
        Ok(path)
    }
}

/// The jurisdiction of a command.
#[derive(Debug, Args)]
pub struct JurisdictionArguments {
    /// Jurisdiction; by convention the domain name of the city.
    #[arg(long, env = "POINTCHAUD_JURISDICTION", default_value = DEFAULT_JURISDICTION)]
    jurisdiction: String,
}

impl JurisdictionArguments {
    fn id(&self) -> Result<JurisdictionId> {
        let id = &self.jurisdiction;
        JurisdictionId::new(id)
            .map_err(|message| Refusal::new("--jurisdiction", id, message).into())
    }
}

/// Runs a command. Exit status 1: it failed; 2: an argument or value was refused.
pub fn run(cli: Cli) -> ExitCode {
    let filter =
        EnvFilter::try_from_env("POINTCHAUD_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let result = match cli.command {
        Command::Serve(arguments) => serve::run(&arguments),
        Command::Import(arguments) => import::run(&arguments),
        Command::Export(arguments) => export::run(&arguments),
        Command::Boundaries(arguments) => boundaries::run(&arguments),
        Command::Follow(arguments) => follow::run(&arguments),
        Command::Generate(arguments) => generate::run(&arguments),
        Command::Evaluate(arguments) => evaluate::run(&arguments),
        Command::Dedupe(arguments) => dedupe::run(&arguments),
        Command::Train(arguments) => train::run(&arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::Openapi(arguments) => openapi::run(&arguments),
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            eprintln!("pointchaud: {error}");
            if let Some(cause) = &error.cause {
                eprintln!("  cause: {cause}");
            }
            if error.cause.is_some() { ExitCode::from(1) } else { ExitCode::from(2) }
        }
    }
}

/// The error of a file, named by a flag, that cannot be written.
fn unwritable<'a>(flag: &'a str, path: &'a Path) -> impl Fn(std::io::Error) -> Error + 'a {
    move |error| {
        let message = message!("ne peut pas être écrit : {error}", "cannot be written: {error}");
        Refusal::new(flag, path.display(), message).into()
    }
}

/// The built-in catalogues.
fn catalogues() -> Result<Catalogues> {
    let read = |services| builtin_catalogue(services).map_err(Error::internal);
    Ok(Catalogues { groups: read(false)?, quebec: read(true)? })
}

/// A flag that is set by Ctrl-C or SIGTERM.
fn stop_flag() -> Result<Arc<AtomicBool>> {
    let flag = Arc::new(AtomicBool::new(false));
    let raised = flag.clone();
    ctrlc::set_handler(move || {
        // The second time the process ends at once.
        if raised.swap(true, Ordering::SeqCst) {
            std::process::exit(130);
        }
    })
    .map_err(Error::internal)?;
    Ok(flag)
}
