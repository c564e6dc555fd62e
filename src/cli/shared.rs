//! What several commands share: their arguments, the built-in catalogues, the stop signal.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Args;

use crate::domain::{Actor, Catalogue, Jurisdiction, JurisdictionId, ReportLabels, StoredReport};
use crate::error::{Error, Refusal, Result};
use crate::ingest::{SourceFile, builtin_catalogue};
use crate::message;
use crate::store::{NoListener, PrivateKeys, Reader, Writer, WriterSettings, sqlite_path};
use crate::usecase::{Catalogues, jurisdictions};

/// Refuses a time zone that is not in the IANA database, for the city that a file is of.
pub fn require_known_zone(source: &SourceFile, city: Option<&str>, zone: &str) -> Result<()> {
    let mut somewhere = source.jurisdiction(city.unwrap_or("city.example"))?;
    zone.clone_into(&mut somewhere.time_zone);
    somewhere.zone().map_err(|message| Refusal::new("--time-zone", zone, message))?;
    Ok(())
}

/// The store of a command.
#[derive(Debug, Args)]
pub struct StoreArguments {
    /// The store: sqlite:FILE.
    #[arg(long, global = true, env = "POINTCHAUD_STORE", default_value = "sqlite:pointchaud.db")]
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
    /// Jurisdiction; by convention the domain name of the city (default: the store's only one).
    #[arg(long, env = "POINTCHAUD_JURISDICTION", value_parser = parse_id)]
    jurisdiction: Option<JurisdictionId>,
}

impl JurisdictionArguments {
    /// The jurisdiction as the store has it: the one that is named, else the only one.
    ///
    /// # Errors
    /// The named one is not in the store; none is named and the store has none or several.
    pub fn of(&self, reader: &Reader) -> Result<Jurisdiction> {
        match &self.jurisdiction {
            Some(id) => jurisdictions::stored(reader, id),
            None => jurisdictions::only(reader),
        }
    }
}

fn parse_id(id: &str) -> std::result::Result<JurisdictionId, String> {
    JurisdictionId::new(id).map_err(|message| message.en)
}

/// Checks a jurisdiction's id, the value of `field`.
///
/// # Errors
/// It is malformed.
pub fn jurisdiction_id(field: &str, id: &str) -> Result<JurisdictionId> {
    JurisdictionId::new(id).map_err(|message| Refusal::new(field, id, message).into())
}

/// The keys of contacts.
#[derive(Debug, Args)]
pub struct PrivateKeyArguments {
    /// File with the keys by which contacts are encrypted (default: beside the store, with the
    /// ending .keys; it is made with the first contact).
    #[arg(long, value_name = "FILE", global = true, env = "POINTCHAUD_PRIVATE_KEYS")]
    private_keys: Option<PathBuf>,
}

impl PrivateKeyArguments {
    /// The keys for a store.
    pub fn of(&self, store: &Path) -> PrivateKeys {
        let named = self.private_keys.as_deref();
        named.map_or_else(|| PrivateKeys::beside(store), PrivateKeys::of)
    }
}

/// As [`with_writer`], with the keys of contacts.
///
/// # Errors
/// The store cannot be written, and those of `change`.
pub fn with_keys<T>(
    (store, command): (&Path, &'static str),
    keys: Arc<PrivateKeys>,
    change: impl FnOnce(&Writer) -> Result<T>,
) -> Result<T> {
    let settings = WriterSettings { private_keys: Some(keys), ..WriterSettings::default() };
    let (writer, writing) = Writer::start_with(store, NoListener, settings)?;
    let changed = change(&writer.by(Actor::command(command)));
    drop(writer);
    writing.join().map_err(|_| Error::internal("the writer panicked"))?;
    changed
}

/// Starts a writer of the store whose changes are those of this command in the audit.
///
/// # Errors
/// The store cannot be written.
pub fn start_writer(
    store: &Path,
    command: &'static str,
) -> Result<(Writer, std::thread::JoinHandle<()>)> {
    let (writer, writing) = Writer::start(store, NoListener)?;
    Ok((writer.by(Actor::command(command)), writing))
}

/// Runs `change` with a writer of the store, and waits until the writer has ended. `command`, such
/// as `key create`, is who writes, for the audit.
///
/// # Errors
/// The store cannot be written, and those of `change`.
pub fn with_writer<T>(
    store: &Path,
    command: &'static str,
    change: impl FnOnce(&Writer) -> Result<T>,
) -> Result<T> {
    let (writer, writing) = start_writer(store, command)?;
    let changed = change(&writer);
    drop(writer);
    writing.join().map_err(|_| Error::internal("the writer panicked"))?;
    changed
}

/// Runs `change`, and removes the store again if it was made meanwhile and holds no city: what was
/// refused leaves nothing.
///
/// # Errors
/// Those of `change`.
pub fn discarding_empty_store<T>(store: &Path, change: impl FnOnce() -> Result<T>) -> Result<T> {
    let existed = store.exists();
    let changed = change();
    if existed || !store.exists() {
        return changed;
    }
    let cities = Reader::open(store).and_then(|reader| reader.jurisdictions());
    if cities.is_ok_and(|cities| cities.is_empty()) {
        for end in ["", "-wal", "-shm"] {
            let mut path = store.as_os_str().to_owned();
            path.push(end);
            let _gone = std::fs::remove_file(path);
        }
    }
    changed
}

/// Asks a question on the terminal; `None` where there is no terminal or no answer.
pub fn ask(question: &str) -> Option<String> {
    if !(std::io::stdin().is_terminal() && std::io::stderr().is_terminal()) {
        return None;
    }
    eprint!("{question} ");
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).ok()?;
    Some(answer.trim().to_owned()).filter(|answer| !answer.is_empty())
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

/// The texts of an export that are not fields of the report, with French names of services.
pub fn labels<'a>(
    catalogue: &'a Catalogue,
    city: &'a JurisdictionId,
    stored: &'a StoredReport,
) -> ReportLabels<'a> {
    let code = stored.report.service.as_str();
    let service = catalogue.get(code);
    let name = service.map_or(code, |service| &service.names.fr);
    let group = service.map_or("", |service| &service.group);
    ReportLabels { jurisdiction: city.as_str(), service: name, group }
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
