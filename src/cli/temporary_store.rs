//! A store in a temporary file, for commands that must leave the store that they were given alone.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

/// A path at which no store is yet; whatever is there is removed with its owner.
pub struct TemporaryStore(pub PathBuf);

impl TemporaryStore {
    /// A path of its own.
    pub fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let (process, number) = (std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let name = format!("pointchaud-temporary-{process}-{number}.db");
        Self(std::env::temp_dir().join(name))
    }
}

impl Drop for TemporaryStore {
    fn drop(&mut self) {
        for end in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{}{end}", self.0.display()));
        }
    }
}
