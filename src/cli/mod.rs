//! The command line: one file for each command, without rules of its own.

/// Prints a line on standard output. A reader that has gone, as in `pointchaud inspect FILE |
/// head`, ends the printing and not the work.
macro_rules! println {
    ($($text:tt)*) => { $crate::cli::output::print_line(format_args!($($text)*)) };
}
/// Prints a line on standard error, as [`println`] does on standard output.
macro_rules! eprintln {
    ($($text:tt)*) => { $crate::cli::output::print_error_line(format_args!($($text)*)) };
}

mod ask;
mod audit;
mod boundaries;
mod check;
mod city;
mod dedupe;
mod download;
mod erase;
pub mod evaluate;
mod export;
mod follow;
mod generate;
mod import;
mod inspect;
mod key;
mod labelled_pairs;
mod limit_options;
mod located;
mod notes;
mod openapi;
mod output;
mod private_key;
mod progress;
mod recognised;
mod serve;
mod shared;
mod summary;
mod temporary_store;
mod train;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use rustix::fs::Mode;
use tracing_subscriber::EnvFilter;

/// Carte vivante des demandes 311 · live map and API of a city's 311 requests.
#[derive(Debug, Parser)]
#[command(name = "pointchaud", version, about)]
pub struct Cli {
    #[command(subcommand)]
    command: CliCommand,
}

#[derive(Debug, Subcommand)]
enum CliCommand {
    /// Serve the map page and the API
    Serve(serve::Arguments),
    /// Import a city's export; a rerun continues where it stopped and adds nothing twice
    Import(import::Arguments),
    /// Show what a file's columns are recognised as, and write a mapping file
    Inspect(inspect::Arguments),
    /// Export the reports of a jurisdiction as GeoJSON, CSV, GeoParquet, GeoPackage or FlatGeobuf
    Export(export::Arguments),
    /// Load the areas of a city: arrondissements, quartiers, sectors
    Boundaries(boundaries::Arguments),
    /// List, add, change and remove cities
    City(city::Arguments),
    /// Create, list, rotate and revoke access keys
    Key(key::Arguments),
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
    /// Erase personal data of reports, by report, by contact or by age
    Erase(erase::Arguments),
    /// Write the audit as CSV: who changed what, and who read private data; erase old lines
    Audit(audit::Arguments),
    /// List, add and remove the keys by which contacts are encrypted
    PrivateKey(private_key::Arguments),
    /// Verify the store and print a digest of each jurisdiction
    Check(check::Arguments),
    /// Print the OpenAPI document of the API
    Openapi(openapi::Arguments),
}

/// Runs a command. Exit status 1: it failed; 2: an argument or value was refused. `import` has two
/// meanings more, see its help.
pub fn run(cli: Cli) -> ExitCode {
    let filter =
        EnvFilter::try_from_env("POINTCHAUD_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    // Stores, exports and photos hold personal data: only the user who runs the program reads them.
    rustix::process::umask(Mode::RWXU.complement());
    let result = match cli.command {
        CliCommand::Serve(arguments) => serve::run(&arguments),
        CliCommand::Import(arguments) => import::run(&arguments),
        CliCommand::Inspect(arguments) => inspect::run(&arguments),
        CliCommand::Export(arguments) => export::run(&arguments),
        CliCommand::Boundaries(arguments) => boundaries::run(&arguments),
        CliCommand::City(arguments) => city::run(&arguments),
        CliCommand::Key(arguments) => key::run(&arguments),
        CliCommand::Follow(arguments) => follow::run(&arguments),
        CliCommand::Generate(arguments) => generate::run(&arguments),
        CliCommand::Evaluate(arguments) => evaluate::run(&arguments),
        CliCommand::Dedupe(arguments) => dedupe::run(&arguments),
        CliCommand::Train(arguments) => train::run(&arguments),
        CliCommand::Erase(arguments) => erase::run(&arguments),
        CliCommand::Audit(arguments) => audit::run(&arguments),
        CliCommand::PrivateKey(arguments) => private_key::run(&arguments),
        CliCommand::Check(arguments) => check::run(&arguments),
        CliCommand::Openapi(arguments) => openapi::run(&arguments),
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
