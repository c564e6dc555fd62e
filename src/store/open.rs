//! Opens a store for reading and for writing. SQLite is the only one today: a second one is chosen
//! here, by what the address of the store begins with.

use std::path::Path;
use std::sync::Arc;
use std::thread;

use crate::error::Result;
use crate::store::handle::Reader;
use crate::store::listener::CommitListener;
use crate::store::private_keys::PrivateKeys;
use crate::store::sqlite;
use crate::store::writer::{Writer, WriterSettings};

impl Reader {
    /// Opens (and if need be creates) the store.
    ///
    /// # Errors
    /// As for any file; see [`crate::error::ErrorKind::Unavailable`].
    pub fn open(path: &Path) -> Result<Self> {
        Ok(Self::new(sqlite::Reader::open(path)?))
    }

    /// As [`Reader::open`], with the keys of contacts from another file than the one beside the
    /// store.
    ///
    /// # Errors
    /// As for any file; see [`crate::error::ErrorKind::Unavailable`].
    pub fn open_with_keys(path: &Path, keys: Arc<PrivateKeys>) -> Result<Self> {
        Ok(Self::new(sqlite::Reader::open(path)?.with_private_keys(keys)))
    }

    /// Opens a store that is there already, without bringing its schema up to date: where it is of
    /// an earlier schema, it is copied to `copy`, and the copy is migrated and opened instead.
    ///
    /// # Errors
    /// The store cannot be opened or copied, or is of a later schema.
    pub fn open_unchanged(path: &Path, copy: &Path) -> Result<Self> {
        Ok(Self::new(sqlite::Reader::open_unchanged(path, copy)?))
    }
}

impl Writer {
    /// Opens the store for writing and starts its thread.
    ///
    /// # Errors
    /// The store cannot be opened for writing.
    pub fn start(
        path: &Path,
        listener: impl CommitListener,
    ) -> Result<(Self, thread::JoinHandle<()>)> {
        Self::start_with(path, listener, WriterSettings::default())
    }

    /// As [`Writer::start`], with settings of its own.
    ///
    /// # Errors
    /// The store cannot be opened for writing.
    pub fn start_with(
        path: &Path,
        listener: impl CommitListener,
        settings: WriterSettings,
    ) -> Result<(Self, thread::JoinHandle<()>)> {
        let (writer, inbox) = Self::new();
        let thread = sqlite::start_writer(path, listener, settings, inbox)?;
        Ok((writer, thread))
    }
}
