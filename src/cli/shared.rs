//! What several commands share: their arguments, the built-in catalogues, the stop signal.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Args;

use crate::config::DEFAULT_JURISDICTION;
use crate::domain::JurisdictionId;
use crate::error::{Error, Refusal, Result};
use crate::ingest::builtin_catalogue;
use crate::message;
use crate::store::sqlite_path;
use crate::usecase::Catalogues;

/// The store of a command.
#[derive(Debug, Args)]
pub struct StoreArguments {
    /// The store: sqlite:FILE.
    #[arg(long, env = "POINTCHAUD_STORE", default_value = "sqlite:pointchaud.db")]
    pub store: String,
}

impl StoreArguments {
    /// The path of its file.
    pub fn path(&self) -> Result<PathBuf> {
        sqlite_path(&self.store).map(PathBuf::from)
    }

    /// The path of its file, which must exist: opening a missing one would create it.
    pub fn existing(&self) -> Result<PathBuf> {
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
    pub jurisdiction: String,
}

impl JurisdictionArguments {
    /// The checked id.
    pub fn id(&self) -> Result<JurisdictionId> {
        let id = &self.jurisdiction;
        JurisdictionId::new(id)
            .map_err(|message| Refusal::new("--jurisdiction", id, message).into())
    }
}

/// The error of a file, named by a flag, that cannot be written.
pub fn unwritable<'a>(flag: &'a str, path: &'a Path) -> impl Fn(std::io::Error) -> Error + 'a {
    move |error| {
        let message = message!("ne peut pas être écrit : {error}", "cannot be written: {error}");
        Refusal::new(flag, path.display(), message).into()
    }
}

/// The built-in catalogues.
pub fn catalogues() -> Result<Catalogues> {
    let read = |services| builtin_catalogue(services).map_err(Error::internal);
    Ok(Catalogues { groups: read(false)?, quebec: read(true)? })
}

/// A flag that is set by Ctrl-C or SIGTERM.
pub fn stop_flag() -> Result<Arc<AtomicBool>> {
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
