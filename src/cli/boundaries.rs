//! `pointchaud boundaries`: loads, lists and removes the boundary sets of a city.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};

use crate::cli::notes::counted;
use crate::cli::shared::{JurisdictionArguments, StoreArguments, with_writer};
use crate::domain::BoundarySet;
use crate::error::{Error, Result};
use crate::ingest::boundaries;
use crate::store::{Reader, ReplaceBoundaries};

#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Load a set of areas from a GeoJSON file; it replaces a set of the same name.
    Add(Add),
    /// List the sets.
    List(Which),
    /// Remove a set.
    Remove(Remove),
}

#[derive(Debug, Args)]
struct Which {
    #[command(flatten)]
    store: StoreArguments,
    #[command(flatten)]
    whose: JurisdictionArguments,
}

#[derive(Debug, Args)]
struct Add {
    /// GeoJSON FeatureCollection of polygons in WGS 84.
    file: PathBuf,
    /// Name of the set, such as quartiers.
    #[arg(long)]
    name: String,
    /// Property with the name of an area (default: name, nom and similar).
    #[arg(long)]
    property: Option<String>,
    #[command(flatten)]
    which: Which,
}

#[derive(Debug, Args)]
struct Remove {
    /// Name of the set.
    name: String,
    #[command(flatten)]
    which: Which,
}

impl Which {
    fn write(&self, set: BoundarySet) -> Result<()> {
        let path = self.store.existing()?;
        let jurisdiction = self.whose.of(&Reader::open(&path)?)?.id;
        with_writer(&path, "boundaries", |writer| {
            writer.execute(ReplaceBoundaries { jurisdiction, set })
        })
    }
}

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    match &arguments.what {
        What::Add(add) => {
            let set = boundaries::read(&add.file, &add.name, add.property.as_deref())?;
            let count = set.areas.len();
            let names: Vec<&str> = set.areas.iter().map(|area| area.name.as_str()).collect();
            let names = names.join(", ");
            add.which.write(set)?;
            println!("{}: {}: {names}", add.name, counted(count as u64, "area"));
        }
        What::List(which) => {
            let reader = Reader::open(&which.store.existing()?)?;
            for set in reader.boundaries(&which.whose.of(&reader)?.id)? {
                println!("{}: {}", set.name, counted(set.areas.len() as u64, "area"));
            }
        }
        What::Remove(remove) => {
            let reader = Reader::open(&remove.which.store.existing()?)?;
            let known = reader.boundaries(&remove.which.whose.of(&reader)?.id)?;
            if !known.iter().any(|set| set.name == remove.name) {
                return Err(Error::not_found(&remove.name));
            }
            remove.which.write(BoundarySet { name: remove.name.clone(), areas: Vec::new() })?;
            println!("{}: removed", remove.name);
        }
    }
    Ok(ExitCode::SUCCESS)
}
