//! Imports through the API: a file is uploaded, inspected, corrected and then imported in the
//! background. Uploaded files are kept in a folder beside the store until their import has ended.

mod folder;
mod kept;
mod preview;
mod progress;
mod upload;

use std::path::PathBuf;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

pub use kept::{ImportChoices, ImportOverview, choose};
pub use preview::{ImportPreview, PreviewRow};
pub use progress::{ImportProgress, ImportState, RefusalCount};
pub use upload::{Upload, file_too_large};

use crate::domain::Actor;
use crate::error::{Error, ErrorKind, Refusal, Result};
use crate::ingest::{Inspection, RefusedRows, SourceFile};
use crate::message;
use crate::usecase::imports::folder::remove_folder;
use crate::usecase::imports::kept::KeptImport;
use crate::usecase::{App, Importer, SourceCity, city_of, jurisdictions};

/// Interval at which files that have been kept too long are looked for.
const SWEEP_EVERY: Duration = Duration::from_secs(60);

/// The files that are being sent, wait to be imported or have been imported.
pub struct Imports {
    app: Arc<App>,
    folder: PathBuf,
    kept: Mutex<Vec<Arc<KeptImport>>>,
    uploading: Arc<AtomicUsize>,
}

impl Imports {
    /// The imports of a service. Files of an earlier process are removed.
    pub fn new(app: Arc<App>) -> Arc<Self> {
        let folder = app.reader().path().with_extension("imports");
        remove_folder(&folder);
        let (kept, uploading) = (Mutex::default(), Arc::default());
        let imports = Arc::new(Self { app, folder, kept, uploading });
        let weak = Arc::downgrade(&imports);
        let sweeping = thread::Builder::new().name("imports-sweep".into()).spawn(move || {
            while let Some(imports) = weak.upgrade() {
                imports.sweep();
                drop(imports);
                thread::sleep(SWEEP_EVERY);
            }
        });
        if let Err(error) = sweeping {
            tracing::warn!(%error, "files of imports are removed at the next request only");
        }
        imports
    }

    /// Every import that is kept, the oldest first.
    pub fn list(&self) -> Vec<ImportOverview> {
        self.sweep();
        self.lock().iter().map(|one| one.overview()).collect()
    }

    /// Begins to receive a file of this name. Where as many are kept as may be, the oldest that is
    /// not running is removed.
    ///
    /// # Errors
    /// Unavailable: too many files are being sent, or no kept one can be removed.
    pub fn begin_upload(&self, name: &str) -> Result<Upload> {
        self.sweep();
        let limits = &self.app.limits;
        let mut kept = self.lock();
        if kept.len() >= limits.imports_max {
            let at = kept.iter().position(|one| !one.is_running()).ok_or_else(too_many)?;
            kept.remove(at);
        }
        drop(kept);
        let id = format!("{:032x}", rand::random::<u128>());
        Upload::begin(&self.uploading, limits, &self.folder, id, name)?.ok_or_else(too_many)
    }

    /// Keeps a file that has been received.
    ///
    /// # Errors
    /// It is empty.
    pub fn keep(&self, upload: Upload) -> Result<ImportOverview> {
        let kept = Arc::new(upload.finish(self.app.now().as_second())?);
        let overview = kept.overview();
        self.lock().push(kept);
        Ok(overview)
    }

    /// An import at this moment.
    ///
    /// # Errors
    /// Not found.
    pub fn overview(&self, id: &str) -> Result<ImportOverview> {
        self.get(id).map(|kept| kept.overview())
    }

    /// What the file is recognised as, after `change` was applied to the earlier choices. Where it
    /// fails, the choices stay as they were.
    ///
    /// # Errors
    /// Not found; a conflict with an import that has begun; the file or a choice is refused.
    pub fn preview(
        &self,
        id: &str,
        change: impl FnOnce(&mut ImportChoices),
    ) -> Result<ImportPreview> {
        let kept = self.get(id)?;
        let mut choices = kept.choices();
        change(&mut choices);
        kept.mark_used(self.app.now().as_second());
        self.only_waiting(&kept)?;
        let preview = ImportPreview::of(&self.app, kept.file(), &choices);
        let preview = preview.map_err(|error| kept.without_folder(error))?;
        kept.choose(choices);
        Ok(preview)
    }

    /// Begins the import on a thread of its own. `by` is who asks for it, for the audit.
    ///
    /// # Errors
    /// Not found; a conflict with an import that runs or has ended; a decision is missing.
    pub fn start(self: &Arc<Self>, id: &str, by: Actor) -> Result<ImportOverview> {
        self.app.check_memory()?;
        let kept = self.get(id)?;
        self.only_waiting(&kept)?;
        let opened = self.open(&kept).map_err(|error| kept.without_folder(error))?;
        {
            // Under the lock, so that of two requests only one begins.
            let all = self.lock();
            self.only_waiting(&kept)?;
            if all.iter().any(|one| one.is_running()) {
                let message = message!(
                    "Un autre import est en cours ; il n’y en a qu’un à la fois.",
                    "Another import is running; there is only one at a time."
                );
                return Err(Error::new(ErrorKind::Conflict, message));
            }
            kept.begin();
        }
        let (imports, running) = (self.clone(), kept.clone());
        let spawned = thread::Builder::new().name("import".into()).spawn(move || {
            let (source, city) = opened;
            let work = std::panic::AssertUnwindSafe(|| imports.import(&running, &source, city, by));
            let outcome = std::panic::catch_unwind(work);
            let outcome = outcome.unwrap_or_else(|_| Err(Error::internal("the import panicked")));
            if let Err(error) = &outcome {
                tracing::warn!(%error, cause = ?error.cause, "an import failed");
            }
            let outcome = outcome.map_err(|error| running.without_folder(error));
            running.end(outcome.err(), imports.app.now().as_second());
        });
        if let Err(error) = spawned {
            kept.end(Some(Error::internal(error)), self.app.now().as_second());
        }
        Ok(kept.overview())
    }

    /// The file of the refused rows of an import.
    ///
    /// # Errors
    /// Not found: there is no such import, or no row of it was refused.
    pub fn refused_rows(&self, id: &str) -> Result<PathBuf> {
        let path = self.get(id)?.refused_path();
        if path.exists() { Ok(path) } else { Err(Error::not_found(id)) }
    }

    /// Ends an import, if it runs, and removes its files. Rows that are written stay.
    ///
    /// # Errors
    /// Not found.
    pub fn remove(&self, id: &str) -> Result<()> {
        let kept = self.get(id)?;
        kept.cancel();
        self.lock().retain(|one| !Arc::ptr_eq(one, &kept));
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Arc<KeptImport>>> {
        self.kept.lock().unwrap_or_else(|poison| poison.into_inner())
    }

    fn get(&self, id: &str) -> Result<Arc<KeptImport>> {
        self.sweep();
        let all = self.lock();
        all.iter().find(|one| one.id() == id).cloned().ok_or_else(|| Error::not_found(id))
    }

    /// Removes what was kept longer than the limit.
    fn sweep(&self) {
        let oldest = self.app.now().as_second() - self.app.limits.import_kept_time.as_secs() as i64;
        self.lock().retain(|one| one.is_running() || one.last_used() > oldest);
    }

    fn only_waiting(&self, kept: &KeptImport) -> Result<()> {
        if kept.overview().progress.state == ImportState::Waiting {
            return Ok(());
        }
        let message = message!("Cet import a déjà commencé.", "This import has already begun.");
        Err(Error::new(ErrorKind::Conflict, message))
    }

    /// The source of an import and its city, if nothing is left to decide.
    fn open(&self, kept: &KeptImport) -> Result<(SourceFile, SourceCity)> {
        let choices = kept.choices();
        let (source, inspection) = Inspection::of(kept.file(), &choices.declared)?;
        if let Some(doubt) = inspection.doubts.first() {
            let (fr, en) = (&doubt.fr, &doubt.en);
            let message = message!("sont ambiguës : {fr}", "are ambiguous: {en}");
            return Err(Refusal::new("columns", "", message).into());
        }
        let (named, zone) = (choices.jurisdiction.as_deref(), choices.time_zone.as_deref());
        let found = city_of(&source, named, zone, self.app.reader())?;
        let city = &found.jurisdiction;
        city.zone().map_err(|message| Refusal::new("time_zone", &city.time_zone, message))?;
        Ok((source, found))
    }

    /// Reads every row of a source into the store, and learns the extent of its city.
    fn import(
        &self,
        kept: &KeptImport,
        source: &SourceFile,
        city: SourceCity,
        by: Actor,
    ) -> Result<()> {
        let SourceCity { jurisdiction: city, notes } = city;
        let (reader, writer) = (self.app.reader(), &self.app.writer().by(by));
        kept.update(|progress| progress.jurisdiction = Some(city.id.to_string()));
        let digest = source.digest(false)?;
        let mut importer = Importer::begin(reader, writer, self.app.catalogues(), city, digest)?;
        let id = importer.id().clone();
        let mut refused = RefusedRows::new(kept.refused_path());
        let noticed = importer.read(source, false, |row, refusals| {
            refused.write(row.number, refusals, row.raw)?;
            kept.update(|progress| progress.row(row.bytes_read, refusals));
            Ok(!kept.is_cancelled())
        })?;
        let summary = importer.finish(!kept.is_cancelled())?;
        jurisdictions::learn_extent(reader, writer, &id, &self.app.catalogues().of(&id))?;
        kept.update(|progress| {
            progress.summary = Some(summary);
            progress.notes = notes;
            progress.notes.extend(noticed.in_words());
            progress.notes.extend(source.reading_notes());
        });
        Ok(())
    }
}

fn too_many() -> Error {
    let message = message!(
        "Trop d’imports à la fois ; réessayez dans un moment.",
        "Too many imports at once; try again in a moment."
    );
    Error::new(ErrorKind::Unavailable, message)
}
