//! A file that is being received.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::config::Limits;
use crate::error::{Error, ErrorKind, Refusal, Result};
use crate::message;
use crate::usecase::imports::folder::remove_folder;
use crate::usecase::imports::kept::KeptImport;

/// Longest name of a file that is kept, in characters.
const NAME_CHARS_MAX: usize = 80;

/// A file that is being received. Dropped before its end, its folder is removed.
pub struct Upload {
    id: String,
    name: String,
    path: PathBuf,
    file: File,
    bytes: u64,
    bytes_max: u64,
    is_kept: bool,
    _slot: UploadSlot,
}

/// Counts a file among those that are being received, while it exists.
struct UploadSlot(Arc<AtomicUsize>);

impl Drop for UploadSlot {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Upload {
    /// Begins a file in a folder of its own. `None` where as many are being received as may be.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub(super) fn begin(
        uploading: &Arc<AtomicUsize>,
        limits: &Limits,
        folder: &Path,
        id: String,
        name: &str,
    ) -> Result<Option<Self>> {
        let slot = UploadSlot(uploading.clone());
        if slot.0.fetch_add(1, Ordering::SeqCst) >= limits.imports_max {
            return Ok(None);
        }
        let folder = folder.join(&id);
        let path = folder.join(safe_name(name));
        let created = std::fs::create_dir_all(&folder).and_then(|()| File::create(&path));
        let file = created.map_err(Error::internal)?;
        Ok(Some(Self {
            id,
            name: name.to_owned(),
            path,
            file,
            bytes: 0,
            bytes_max: limits.import_bytes_max,
            is_kept: false,
            _slot: slot,
        }))
    }

    /// The id of its import.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Appends bytes.
    ///
    /// # Errors
    /// The file exceeds [`Limits::import_bytes_max`], or cannot be written.
    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.bytes += bytes.len() as u64;
        if self.bytes > self.bytes_max {
            return Err(file_too_large(self.bytes_max));
        }
        self.file.write_all(bytes).map_err(Error::internal)
    }

    /// The file as it is kept.
    ///
    /// # Errors
    /// It is empty.
    pub(super) fn finish(mut self, now: i64) -> Result<KeptImport> {
        if self.bytes == 0 {
            return Err(Refusal::new("body", "", message!("est vide", "is empty")).into());
        }
        self.is_kept = true;
        let (id, name) = (self.id.clone(), self.name.clone());
        Ok(KeptImport::new(id, name, self.path.clone(), self.bytes, now))
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        if !self.is_kept {
            self.path.parent().into_iter().for_each(remove_folder);
        }
    }
}

/// The error of a file that exceeds the limit.
pub fn file_too_large(bytes_max: u64) -> Error {
    let megabytes = bytes_max >> 20;
    let message = message!(
        "Le fichier dépasse {megabytes} Mio ; « pointchaud import » n’a pas de limite.",
        "The file is larger than {megabytes} MiB; 'pointchaud import' has no limit."
    );
    Error::new(ErrorKind::TooLarge, message)
}

/// The last part of a name with letters, digits, dots, hyphens and underscores alone.
fn safe_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
    let plain: Vec<char> = last.chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
    let from = plain.len().saturating_sub(NAME_CHARS_MAX);
    let name: String = plain[from..].iter().collect();
    format!("file-{}", name.trim_start_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_in_their_folder() {
        for (name, safe) in [
            ("a.csv", "file-a.csv"),
            ("../../etc/passwd", "file-passwd"),
            ("..", "file-"),
            ("C:\\é t.xlsx", "file-__t.xlsx"),
            ("", "file-"),
        ] {
            assert_eq!(safe_name(name), safe, "{name}");
        }
        assert!(safe_name(&"x".repeat(999)).len() < 100);
    }
}
