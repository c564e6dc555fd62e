//! The writing thread. Commands that arrive while a commit waits for the disk wait in the queue,
//! and the next commit takes them all (group commit): the rate of durable writes grows with the
//! number of clients.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::domain::Clock;
use crate::error::{Error, Result};
use crate::store::command::QueuedWrite;
use crate::store::listener::CommitListener;
use crate::store::private_keys::PrivateKeys;
use crate::store::reply::{Acknowledgement, unknown_outcome};
use crate::store::sqlite::group::{CommitChanges, execute};
use crate::store::sqlite::id_bytes::IdBytes;
use crate::store::sqlite::open::open_writer;
use crate::store::sqlite::rewrite;
use crate::store::sqlite::rewrite::Erased;
use crate::store::sqlite::store_file::StoreFile;
use crate::store::sqlite::transaction::TransactionSettings;
use crate::store::writer::WriterSettings;

/// Most commands in one commit.
const GROUP_MAX: usize = 1024;

/// Opens the file and starts the thread that executes the commands of `inbox`. It ends when the
/// other end of `inbox` is dropped, after everything submitted has been committed and answered.
///
/// # Errors
/// The file cannot be opened for writing.
pub fn start(
    path: &Path,
    listener: impl CommitListener,
    settings: WriterSettings,
    inbox: mpsc::Receiver<QueuedWrite>,
) -> Result<thread::JoinHandle<()>> {
    let db = Some(open_writer(path)?);
    let log_is_due = Arc::new(AtomicBool::new(false));
    let checkpoints = start_checkpoints(path, log_is_due.clone())?;
    let WriterSettings { clock, id_bytes_max, private_keys } = settings;
    let keys = private_keys.unwrap_or_else(|| Arc::new(PrivateKeys::beside(path)));
    let file = StoreFile::of(path)?;
    let id_bytes = IdBytes::new(id_bytes_max);
    let mut thread = Thread { file, db, listener, clock, checkpoints, id_bytes, keys, log_is_due };
    thread::Builder::new()
        .name("store-writer".into())
        .spawn(move || thread.run(&inbox))
        .map_err(Error::internal)
}

/// The writing thread's own state.
struct Thread<L> {
    file: StoreFile,
    /// `None` after a failure, until the file can be opened again.
    db: Option<Connection>,
    listener: L,
    clock: Arc<dyn Clock>,
    /// Tells the checkpoint thread that something was committed.
    checkpoints: mpsc::SyncSender<()>,
    id_bytes: IdBytes,
    keys: Arc<PrivateKeys>,
    /// Erased bytes are in the write-ahead log.
    log_is_due: Arc<AtomicBool>,
}

/// How long commits accumulate in the write-ahead log before a checkpoint.
const CHECKPOINT_EVERY: Duration = Duration::from_millis(200);

/// Starts the thread that copies the write-ahead log back into the file (a checkpoint), so that no
/// commit waits for it. While `log_is_due`, erased bytes are in the log: it tries to empty it until
/// no reader needs it. It ends with the writer.
fn start_checkpoints(path: &Path, log_is_due: Arc<AtomicBool>) -> Result<mpsc::SyncSender<()>> {
    let db = open_writer(path)?;
    let (committed, inbox) = mpsc::sync_channel(1);
    let run = move || {
        while inbox.recv().is_ok() {
            thread::sleep(CHECKPOINT_EVERY);
            while log_is_due.load(Ordering::Acquire) {
                match rewrite::try_to_empty_log(&db) {
                    true => log_is_due.store(false, Ordering::Release),
                    false => thread::sleep(CHECKPOINT_EVERY),
                }
            }
            let done = db.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
            if let Err(error) = done {
                tracing::warn!(%error, "the checkpoint of the write-ahead log failed");
            }
        }
    };
    thread::Builder::new().name("store-checkpoint".into()).spawn(run).map_err(Error::internal)?;
    Ok(committed)
}

impl<L: CommitListener> Thread<L> {
    fn run(&mut self, inbox: &mpsc::Receiver<QueuedWrite>) {
        if let Some(db) = &mut self.db
            && let Err(error) = rewrite::encrypt_clear_contacts(db, &self.keys)
        {
            tracing::error!(%error, cause = ?error.cause, "contacts stay in clear in the store");
        }
        while let Ok(first) = inbox.recv() {
            let mut group = vec![first];
            group.extend(inbox.try_iter().take(GROUP_MAX - 1));
            self.commit(group);
        }
    }

    /// Executes and commits a group of commands, calls the listener, and answers the commands.
    fn commit(&mut self, group: Vec<QueuedWrite>) {
        let mut answers = Vec::with_capacity(group.len());
        match self.attempt(group, &mut answers) {
            Ok(changed) => {
                // A full channel means that a checkpoint is due already.
                let _ = self.checkpoints.try_send(());
                let listened = catch_unwind(AssertUnwindSafe(|| {
                    for (jurisdiction, changes) in changed {
                        self.listener.committed(&jurisdiction, changes);
                    }
                }));
                if listened.is_err() {
                    tracing::error!("the listener to commits panicked; it reads the store again");
                    self.listener.uncertain();
                }
                answers.into_iter().for_each(|answer| answer(true));
            }
            Err(error) => {
                let cause = error.cause.map_or(error.message.en, |cause| cause.to_string());
                // Dropping the connection rolls the transaction back. The file is then read again,
                // because a failed COMMIT may have reached the disk.
                tracing::error!(%cause, "commit failed; reopening the store");
                self.db = None;
                self.id_bytes.forget();
                answers.into_iter().for_each(|answer| answer(false));
                self.listener.uncertain();
            }
        }
    }

    fn attempt(
        &mut self,
        group: Vec<QueuedWrite>,
        answers: &mut Vec<Acknowledgement>,
    ) -> Result<CommitChanges> {
        let wants_changes = self.listener.wants_changes();
        let now = self.clock.now();
        if let Err(error) = self.file.check() {
            let copy = || Error::new(error.kind, error.message.clone());
            group.into_iter().for_each(|one| one.command.fail(copy()));
            return Err(error);
        }
        let tx = match begin(&mut self.db, self.file.path()) {
            Ok(tx) => tx,
            Err(error) => {
                group.into_iter().for_each(|one| one.command.fail(unknown_outcome()));
                return Err(error);
            }
        };
        let settings = TransactionSettings { now, wants_changes, keys: &self.keys };
        let (changed, erased) = execute(&tx, group, &settings, &mut self.id_bytes, answers)?;
        tx.commit()?;
        if let Some(db) = self.db.as_ref().filter(|_| erased != Erased::Nothing) {
            let is_clear = rewrite::clear_files(db, erased);
            self.log_is_due.store(!is_clear, Ordering::Release);
            if !is_clear && erased == Erased::File {
                tracing::warn!("readers hold the write-ahead log; it is emptied after them");
            }
        }
        Ok(changed)
    }
}

/// Begins a transaction; the file is opened where no connection is left.
fn begin<'a>(db: &'a mut Option<Connection>, path: &Path) -> Result<Transaction<'a>> {
    let db = match db {
        Some(db) => db,
        none => none.insert(open_writer(path)?),
    };
    Ok(db.transaction_with_behavior(TransactionBehavior::Immediate)?)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;
    use crate::domain::{Jurisdiction, JurisdictionId, SystemClock};
    use crate::error::ErrorKind;
    use crate::store::command::{AddJurisdiction, Command};
    use crate::store::listener::NoListener;
    use crate::store::writer::{ID_BYTES_MAX, Writer};

    struct Counting(Arc<AtomicUsize>);
    impl CommitListener for Counting {
        fn committed(&mut self, _: &JurisdictionId, _: Vec<crate::domain::Change>) {
            unreachable!("nothing was committed");
        }
        fn uncertain(&mut self) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    fn adopt() -> AddJurisdiction {
        let id = JurisdictionId::new("test.ca").unwrap();
        let (name, time_zone) = ("Test".into(), "UTC".into());
        let jurisdiction =
            Jurisdiction { id, name, time_zone, extent: None, is_extent_learned: false };
        AddJurisdiction { jurisdiction, services: vec![] }
    }

    #[test]
    fn a_failed_commit_acknowledges_nothing_and_reopens() {
        let dir = std::env::temp_dir().join(format!("pointchaud-commit-{}", std::process::id()));
        let _ = std::fs::remove_file(&dir);
        let uncertain = Arc::new(AtomicUsize::new(0));
        let mut db = open_writer(&dir).unwrap();
        db.commit_hook(Some(|| true)).unwrap();
        let listener = Counting(uncertain.clone());
        let checkpoints = mpsc::sync_channel(1).0;
        let clock = SystemClock::shared();
        let id_bytes = IdBytes::new(ID_BYTES_MAX);
        let file = StoreFile::of(&dir).unwrap();
        let keys = Arc::new(PrivateKeys::beside(&dir));
        let (db, log_is_due) = (Some(db), Arc::default());
        let mut thread =
            Thread { file, db, listener, clock, checkpoints, id_bytes, keys, log_is_due };

        let (answer, wait) = mpsc::sync_channel(2);
        let queued = || {
            let answer = answer.clone();
            let command = adopt().into_queued(Box::new(move |output| answer.send(output).unwrap()));
            QueuedWrite { command, actor: Arc::default() }
        };
        thread.commit(vec![queued()]);
        assert_eq!(wait.recv().unwrap().unwrap_err().kind, ErrorKind::Unavailable);
        assert_eq!(uncertain.load(Ordering::SeqCst), 1);

        // The connection of the next group is a new one, without the fault.
        thread.commit(vec![queued()]);
        wait.recv().unwrap().unwrap();
        let (writer, handle) = Writer::start(&dir, NoListener).unwrap();
        assert!(writer.execute(adopt()).is_ok());
        drop(writer);
        handle.join().unwrap();
        std::fs::remove_file(&dir).unwrap();
    }
}
