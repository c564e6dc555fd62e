//! `pointchaud evaluate`: scores the statistical methods against known truth.

mod calibration;
mod duplicates;
mod hotspots;
mod rolling;

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
    /// Score hotspots and alerts on generated cities, with planted hotspots and under the null.
    Hotspots {
        /// Number of reports of each city.
        #[arg(long, default_value_t = REPORTS_PER_YEAR)]
        reports: u64,
        /// Number of cities.
        #[arg(long, default_value_t = 3)]
        cities: u64,
        /// Seed of the first city; the others have the numbers after it.
        #[arg(long, default_value_t = 1)]
        first_seed: u64,
        /// Leave the scans for alerts out, which take most of the time.
        #[arg(long)]
        without_alerts: bool,
    },
    /// Score duplicates on labelled pairs, beside the rule of FixMyStreet.
    Duplicates(duplicates::Arguments),
}

/// Prints the tables.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    match &arguments.what {
        What::Hotspots { reports, cities, first_seed, without_alerts } => {
            hotspots::run(*reports, *cities, *first_seed, !without_alerts)
        }
        What::Duplicates(arguments) if arguments.rolling => rolling::run(&arguments.pairs),
        What::Duplicates(arguments) => duplicates::run(arguments),
    }
}
