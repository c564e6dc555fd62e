//! `pointchaud evaluate`: how far what is told can be trusted.

mod duplicates;
mod hotspots;

use std::process::ExitCode;

use clap::{Args, Subcommand};

pub use hotspots::{Null, Score, city};

use crate::demo::REPORTS_PER_YEAR;
use crate::error::Result;

/// What to score.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Hotspots and alerts on generated cities: what was planted, and what chance alone brings.
    Hotspots {
        /// Reports of each city.
        #[arg(long, default_value_t = REPORTS_PER_YEAR)]
        reports: u64,
        /// How many cities.
        #[arg(long, default_value_t = 3)]
        cities: u64,
    },
    /// Duplicates on pairs that people labelled, beside the rule of FixMyStreet.
    Duplicates(duplicates::Arguments),
}

/// Prints the tables.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    match &arguments.what {
        What::Hotspots { reports, cities } => hotspots::run(*reports, *cities),
        What::Duplicates(arguments) => duplicates::run(arguments),
    }
}
