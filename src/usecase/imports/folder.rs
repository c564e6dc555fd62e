//! The folders of the files that are imported.

use std::io::ErrorKind;
use std::path::Path;

/// Removes a folder with all that is in it, if it exists. A failure is only logged.
pub fn remove_folder(folder: &Path) {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            tracing::warn!(%error, folder = %folder.display(), "cannot be removed");
        }
        _ => {}
    }
}
