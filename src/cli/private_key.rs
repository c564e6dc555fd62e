//! `pointchaud private-key`: the keys by which contacts are encrypted in the store.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, Subcommand};

use crate::cli::notes::counted;
use crate::cli::shared::{PrivateKeyArguments, StoreArguments, with_keys};
use crate::error::Result;
use crate::store::{PrivateKeys, Reader};
use crate::usecase::erasure::encrypt_contacts;

#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    store: StoreArguments,
    #[command(flatten)]
    keys: PrivateKeyArguments,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List the keys by number, with how many contacts each encrypts.
    List,
    /// Add a key and encrypt every contact anew with it. The service may run meanwhile. Older keys
    /// stay in the file, because backups need them.
    Rotate,
    /// Remove the keys that encrypt no contact of the store any more. Contacts in older backups
    /// can then not be read.
    Drop,
}

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let path = arguments.store.existing()?;
    let keys = Arc::new(arguments.keys.of(&path));
    let reader = Reader::open_with_keys(&path, keys.clone())?;
    match arguments.what {
        What::List => print_all(&reader, &keys)?,
        What::Rotate => {
            let count = with_keys((&path, "private-key rotate"), keys.clone(), |writer| {
                // A store without a contact may have no key yet.
                if reader.contacts_by_key()?.is_empty() {
                    keys.ring_or_new()?;
                }
                keys.add()?;
                encrypt_contacts(writer)
            })?;
            let newest = keys.ring()?.newest();
            println!("key {newest}: {} encrypted anew", counted(count, "contact"));
        }
        What::Drop => {
            let used = reader.contacts_by_key()?;
            let newest = keys.ring()?.newest();
            let unused: Vec<u32> = keys.numbers()?.into_iter().collect();
            let unused: Vec<u32> = unused
                .into_iter()
                .filter(|number| *number != newest && !used.contains_key(number))
                .collect();
            keys.remove(&unused)?;
            println!("{} removed", counted(unused.len() as u64, "key"));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn print_all(reader: &Reader, keys: &PrivateKeys) -> Result<()> {
    let used = reader.contacts_by_key()?;
    let known = if keys.path().exists() { keys.numbers()? } else { Vec::new() };
    let missing = used.keys().filter(|number| !known.contains(number));
    let mut all: Vec<u32> = known.iter().chain(missing).copied().collect();
    all.sort_unstable();
    for number in all {
        let contacts = counted(used.get(&number).copied().unwrap_or(0), "contact");
        let note = if known.contains(&number) { "" } else { " (the key is missing)" };
        println!("key {number}: {contacts}{note}");
    }
    if known.is_empty() {
        let file: PathBuf = keys.path().to_owned();
        println!("{}: no key yet", file.display());
    }
    Ok(())
}
