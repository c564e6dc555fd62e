//! The program: reads the command line, calls the library, prints what happened.

use std::process::ExitCode;

use clap::Parser;

/// Reports are made on one thread and let go on another, which the system's allocator does slowly.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    pointchaud::cli::run(pointchaud::cli::Cli::parse())
}
