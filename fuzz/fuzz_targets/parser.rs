//! Runs one parser, which `FUZZ_PARSER` names, on the inputs of libFuzzer.

#![no_main]

#[allow(dead_code)] // The seeds are those of the corpus already.
#[path = "../parsers.rs"]
mod parsers;

use std::sync::LazyLock;

use clap::Parser as _;
use libfuzzer_sys::fuzz_target;
use parsers::{PARSERS, Parser, Parsers};
use pointchaud::cli::{Cli, run};

/// The parsers over a store of a small generated city, in a folder that the system removes.
static STATE: LazyLock<Parsers> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap().keep();
    let store = folder.join("city.db");
    let named = format!("sqlite:{}", store.display());
    let made = ["pointchaud", "generate", "--reports", "200", "--seed", "5", "--store", &named];
    run(Cli::parse_from(made));
    Parsers::new(&store, &folder)
});

static PARSER: LazyLock<&Parser> = LazyLock::new(|| {
    let name = std::env::var("FUZZ_PARSER").unwrap_or_default();
    let known = PARSERS.iter().find(|parser| parser.name == name);
    known.unwrap_or_else(|| {
        let names: Vec<&str> = PARSERS.iter().map(|parser| parser.name).collect();
        panic!("FUZZ_PARSER must be one of {}", names.join(", "))
    })
});

fuzz_target!(|bytes: &[u8]| (PARSER.run)(&STATE, bytes));
