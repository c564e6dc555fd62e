//! A file that was received, with what people chose for it and how far its import has come.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Mutex, MutexGuard};

use crate::error::Error;
use crate::ingest::Declarations;
use crate::usecase::imports::folder::remove_folder;
use crate::usecase::imports::progress::{ImportProgress, ImportState};

/// What people chose for a file in place of what was recognised.
#[derive(Debug, Clone, Default)]
pub struct ImportChoices {
    /// The city to file it under.
    pub jurisdiction: Option<String>,
    /// IANA time zone of times without an offset, for a new city.
    pub time_zone: Option<String>,
    /// What they say of the file.
    pub declared: Declarations,
}

impl ImportChoices {
    /// Chooses how the bytes of the file are read; what is `None` stays, and an empty text takes a
    /// choice back. The columns are others afterwards, so choices for columns are forgotten.
    pub fn set_reading(
        &mut self,
        delimiter: Option<String>,
        encoding: Option<String>,
        sheet: Option<String>,
    ) {
        let declared = &mut self.declared;
        if delimiter.is_some() || encoding.is_some() || sheet.is_some() {
            declared.columns.clear();
        }
        if let Some(delimiter) = &delimiter {
            declared.options.delimiter = delimiter.chars().next();
        }
        choose(&mut declared.options.encoding, encoding);
        choose(&mut declared.options.sheet, sheet);
    }

    /// Chooses the field that a column is read as, `None` for no field, in place of an earlier
    /// choice for this column.
    pub fn set_column(&mut self, name: String, field: Option<String>) {
        let columns = &mut self.declared.columns;
        columns.retain(|(known, _)| *known != name);
        columns.push((name, field));
    }
}

/// Replaces a choice: `None` leaves it, an empty text takes it back.
pub fn choose(choice: &mut Option<String>, text: Option<String>) {
    if let Some(text) = text {
        let text = text.trim();
        *choice = (!text.is_empty()).then(|| text.to_owned());
    }
}

/// An import at one moment.
#[derive(Debug, Clone)]
pub struct ImportOverview {
    /// Its key.
    pub id: String,
    /// The name of the file.
    pub name: String,
    /// Its size in bytes.
    pub bytes_total: u64,
    /// How far it has come.
    pub progress: ImportProgress,
}

/// A file that was received. Its folder is removed with it.
pub struct KeptImport {
    id: String,
    name: String,
    folder: PathBuf,
    file: PathBuf,
    bytes_total: u64,
    cancelled: AtomicBool,
    /// Second of 1970 at which it was last used.
    last_used: AtomicI64,
    choices: Mutex<ImportChoices>,
    progress: Mutex<ImportProgress>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poison| poison.into_inner())
}

impl KeptImport {
    /// A file of this size in a folder of its own.
    pub fn new(id: String, name: String, file: PathBuf, bytes_total: u64, now: i64) -> Self {
        let folder = file.parent().unwrap_or(&file).to_owned();
        let mut choices = ImportChoices::default();
        choices.declared.options.label = Some(name.clone());
        Self {
            id,
            name,
            folder,
            file,
            bytes_total,
            cancelled: AtomicBool::new(false),
            last_used: AtomicI64::new(now),
            choices: Mutex::new(choices),
            progress: Mutex::default(),
        }
    }

    /// Its key.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The file.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Where its refused rows are written.
    pub fn refused_path(&self) -> PathBuf {
        self.folder.join("refused-rows.csv")
    }

    /// The import at this moment.
    pub fn overview(&self) -> ImportOverview {
        ImportOverview {
            id: self.id.clone(),
            name: self.name.clone(),
            bytes_total: self.bytes_total,
            progress: lock(&self.progress).clone(),
        }
    }

    /// Is it being read?
    pub fn is_running(&self) -> bool {
        lock(&self.progress).state == ImportState::UnderWay
    }

    /// Was it ended by a person?
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    /// Ends it at the next row.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// When it was last used.
    pub fn last_used(&self) -> i64 {
        self.last_used.load(Ordering::Relaxed)
    }

    /// Notes that it is used at this second.
    pub fn mark_used(&self, now: i64) {
        self.last_used.store(now, Ordering::Relaxed);
    }

    /// What people chose.
    pub fn choices(&self) -> ImportChoices {
        lock(&self.choices).clone()
    }

    /// Keeps what people chose.
    pub fn choose(&self, choices: ImportChoices) {
        *lock(&self.choices) = choices;
    }

    /// Changes its progress.
    pub fn update(&self, change: impl FnOnce(&mut ImportProgress)) {
        change(&mut lock(&self.progress));
    }

    /// Notes that it is being read from now on.
    pub fn begin(&self) {
        self.update(|progress| progress.state = ImportState::UnderWay);
    }

    /// Notes that it has ended, and removes the file; the refused rows stay.
    pub fn end(&self, error: Option<Error>, now: i64) {
        self.mark_used(now);
        let _ = std::fs::remove_file(&self.file);
        let bytes_total = (!self.is_cancelled()).then_some(self.bytes_total);
        self.update(|progress| progress.end(error, bytes_total));
    }

    /// The error without the path of the folder, which is internal.
    pub fn without_folder(&self, mut error: Error) -> Error {
        let hidden = format!("{}/", self.folder.display());
        let shown = |text: &mut String| *text = text.replace(&hidden, "");
        shown(&mut error.message.fr);
        shown(&mut error.message.en);
        error.refusals.iter_mut().for_each(|refusal| {
            shown(&mut refusal.value);
            shown(&mut refusal.message.fr);
            shown(&mut refusal.message.en);
        });
        error
    }
}

impl Drop for KeptImport {
    fn drop(&mut self) {
        remove_folder(&self.folder);
    }
}
