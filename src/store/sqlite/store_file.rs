//! The identity of the store's file. A connection keeps reading and writing a file that was deleted
//! or replaced meanwhile: what is written then is lost with it.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::error::{Error, ErrorKind, Result};
use crate::message;

/// A path and the file to which it led when the store was opened.
#[derive(Debug)]
pub struct StoreFile {
    path: PathBuf,
    /// Device and inode.
    identity: (u64, u64),
}

fn identity(file: &Metadata) -> (u64, u64) {
    (file.dev(), file.ino())
}

impl StoreFile {
    /// The file to which the path leads now.
    ///
    /// # Errors
    /// There is none.
    pub fn of(path: &Path) -> Result<Self> {
        let file = std::fs::metadata(path).map_err(Error::internal)?;
        Ok(Self { path: path.to_owned(), identity: identity(&file) })
    }

    /// The path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Does the path still lead to this file? Takes microseconds.
    ///
    /// # Errors
    /// The file was moved, deleted or replaced.
    pub fn check(&self) -> Result<()> {
        let present = std::fs::metadata(&self.path);
        if present.is_ok_and(|file| identity(&file) == self.identity) {
            return Ok(());
        }
        let message = message!(
            "Le fichier des données a été déplacé, supprimé ou remplacé. Remettez-le à sa place ou \
             redémarrez le service.",
            "The data file was moved, deleted or replaced. Put it back or restart the service."
        );
        Err(Error::new(ErrorKind::Unavailable, message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_missed_when_it_is_moved_or_replaced_and_known_when_it_is_back() {
        let folder = std::env::temp_dir().join(format!("pointchaud-file-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let (path, aside) = (folder.join("city.db"), folder.join("aside.db"));
        std::fs::write(&path, "one").unwrap();
        let file = StoreFile::of(&path).unwrap();
        std::fs::write(&path, "longer").unwrap();
        assert!(file.check().is_ok(), "its contents do not matter");
        std::fs::rename(&path, &aside).unwrap();
        assert_eq!(file.check().unwrap_err().kind, ErrorKind::Unavailable);
        std::fs::write(&path, "longer").unwrap();
        assert!(file.check().is_err(), "another file of the same contents");
        std::fs::rename(&aside, &path).unwrap();
        assert!(file.check().is_ok());
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
