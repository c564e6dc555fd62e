//! The program: reads the command line, calls the library, tells people what happened.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    pointchaud::command::run(pointchaud::command::Cli::parse())
}
