//! One thread writes. While a commit waits for the disk, the writes that arrive gather, and the
//! next commit takes them all: durable rates grow with the number of clients.

use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior};

use crate::error::{Error, ErrorKind, Result};
use crate::message;
use crate::store::{CommitListener, Outcome, Write, open, transaction};

/// Most writes in one commit.
const GROUP_MAX: usize = 1024;
/// Most writes waiting: beyond it the service says that it is busy.
const QUEUE_MAX: usize = 65_536;

type Reply = Box<dyn FnOnce(Result<Outcome>) + Send>;

/// A handle on the writer thread; cheap to clone. The thread ends when the last handle is dropped,
/// after everything sent has been committed and answered.
#[derive(Clone)]
pub struct Writer {
    queue: mpsc::SyncSender<(Write, Reply)>,
}

impl Writer {
    /// Opens the file and starts the thread.
    ///
    /// # Errors
    /// The file cannot be opened for writing.
    pub fn start(
        path: &Path,
        follower: impl CommitListener,
    ) -> Result<(Self, thread::JoinHandle<()>)> {
        let db = open::open_writer(path)?;
        let (queue, inbox) = mpsc::sync_channel(QUEUE_MAX);
        let folding = fold_log(path)?;
        let mut thread = Thread { path: path.to_owned(), db: Some(db), follower, folding };
        let handle = thread::Builder::new()
            .name("store-writer".into())
            .spawn(move || thread.run(&inbox))
            .map_err(Error::internal)?;
        Ok((Self { queue }, handle))
    }

    /// Sends a write; `reply` is called on the writer thread once the outcome is durable.
    pub fn send(&self, write: Write, reply: impl FnOnce(Result<Outcome>) + Send + 'static) {
        if let Err(error) = self.queue.try_send((write, Box::new(reply))) {
            let (mpsc::TrySendError::Full((_, reply))
            | mpsc::TrySendError::Disconnected((_, reply))) = error;
            reply(Err(Error::new(
                ErrorKind::Unavailable,
                message!("Trop d’écritures en attente.", "Too many writes are waiting."),
            )));
        }
    }

    /// Sends a write whose outcome is asked for later.
    pub fn begin(&self, write: Write) -> Pending {
        let (answer, wait) = mpsc::sync_channel(1);
        self.send(write, move |outcome| {
            let _ = answer.send(outcome);
        });
        Pending(wait)
    }

    /// Sends a write and waits for its outcome.
    ///
    /// # Errors
    /// Whatever the store answers.
    pub fn write(&self, write: Write) -> Result<Outcome> {
        self.begin(write).outcome()
    }
}

/// A write under way.
pub struct Pending(mpsc::Receiver<Result<Outcome>>);

impl Pending {
    /// Waits for what becomes of it.
    ///
    /// # Errors
    /// Whatever the store answers.
    pub fn outcome(self) -> Result<Outcome> {
        self.0.recv().unwrap_or_else(|_| Err(unknown_outcome(None)))
    }
}

fn unknown_outcome(cause: Option<rusqlite::Error>) -> Error {
    Error {
        cause: cause.map(Into::into),
        ..Error::new(
            ErrorKind::Unavailable,
            message!(
                "L’enregistrement n’est pas confirmé. Envoyez de nouveau avec la même \
                 Idempotency-Key.",
                "The write is not confirmed. Send it again with the same Idempotency-Key."
            ),
        )
    }
}

struct Thread<F> {
    path: PathBuf,
    /// `None` after a failure, until the file can be opened again.
    db: Option<Connection>,
    follower: F,
    /// Tells the checkpoint thread that there is something to fold back.
    folding: mpsc::SyncSender<()>,
}

/// How long commits gather in the log before it is folded back.
const FOLD_EVERY: Duration = Duration::from_millis(200);

/// Starts a thread that folds the write-ahead log back into the file, so that no commit waits for
/// it. It ends with the writer.
fn fold_log(path: &Path) -> Result<mpsc::SyncSender<()>> {
    let db = open::open_writer(path)?;
    let (told, hear) = mpsc::sync_channel(1);
    let fold = move || {
        while hear.recv().is_ok() {
            thread::sleep(FOLD_EVERY);
            let folded = db.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
            if let Err(error) = folded {
                tracing::warn!(%error, "the write-ahead log could not be folded back");
            }
        }
    };
    thread::Builder::new().name("store-fold".into()).spawn(fold).map_err(Error::internal)?;
    Ok(told)
}

impl<F: CommitListener> Thread<F> {
    fn run(&mut self, inbox: &mpsc::Receiver<(Write, Reply)>) {
        while let Ok(first) = inbox.recv() {
            let mut group = vec![first];
            group.extend(inbox.try_iter().take(GROUP_MAX - 1));
            self.commit(group);
        }
    }

    fn commit(&mut self, group: Vec<(Write, Reply)>) {
        let (writes, replies): (Vec<Write>, Vec<Reply>) = group.into_iter().unzip();
        match self.attempt(writes) {
            Ok((outcomes, changed)) => {
                // A thread that was told already needs no second word.
                let _ = self.folding.try_send(());
                for (jurisdiction, changes) in changed {
                    self.follower.committed(&jurisdiction, changes);
                }
                for (reply, outcome) in replies.into_iter().zip(outcomes) {
                    reply(outcome);
                }
            }
            Err(cause) => {
                // The connection is dropped, which rolls back what can be; then the file is read
                // again, because a failed COMMIT may have reached the disk all the same.
                tracing::error!(%cause, "commit failed; reopening the store");
                self.db = None;
                for reply in replies {
                    reply(Err(unknown_outcome(None)));
                }
                self.follower.uncertain();
            }
        }
    }

    fn attempt(
        &mut self,
        writes: Vec<Write>,
    ) -> std::result::Result<transaction::CommittedGroup, String> {
        let db = match &mut self.db {
            Some(db) => db,
            none => none.insert(open::open_writer(&self.path).map_err(|error| {
                error.cause.map_or_else(|| error.message.en.clone(), |cause| cause.to_string())
            })?),
        };
        let text = |error: rusqlite::Error| error.to_string();
        let tx = db.transaction_with_behavior(TransactionBehavior::Immediate).map_err(text)?;
        let group = transaction::run(&tx, writes, self.follower.listens()).map_err(text)?;
        tx.commit().map_err(text)?;
        Ok(group)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::domain::{Jurisdiction, JurisdictionId};
    use crate::store::NoListener;

    struct Counting(Arc<AtomicUsize>);
    impl CommitListener for Counting {
        fn committed(&mut self, _: &JurisdictionId, _: Vec<crate::domain::Change>) {
            unreachable!("nothing was committed");
        }
        fn uncertain(&mut self) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    fn adopt() -> Write {
        let id = JurisdictionId::new("test.ca").unwrap();
        let (name, time_zone) = ("Test".into(), "UTC".into());
        let jurisdiction = Jurisdiction { id, name, time_zone, extent: None };
        Write::Adopt { jurisdiction, services: vec![] }
    }

    #[test]
    fn a_failed_commit_acknowledges_nothing_and_reopens() {
        let dir = std::env::temp_dir().join(format!("pointchaud-commit-{}", std::process::id()));
        let _ = std::fs::remove_file(&dir);
        let uncertain = Arc::new(AtomicUsize::new(0));
        let mut db = open::open_writer(&dir).unwrap();
        db.commit_hook(Some(|| true)).unwrap();
        let follower = Counting(uncertain.clone());
        let folding = mpsc::sync_channel(1).0;
        let mut thread = Thread { path: dir.clone(), db: Some(db), follower, folding };

        let (answer, wait) = mpsc::sync_channel(2);
        let refused = answer.clone();
        thread.commit(vec![(adopt(), Box::new(move |outcome| refused.send(outcome).unwrap()))]);
        assert_eq!(wait.recv().unwrap().unwrap_err().kind, ErrorKind::Unavailable);
        assert_eq!(uncertain.load(Ordering::SeqCst), 1);

        // The connection of the next group is a new one, without the sabotage.
        thread.commit(vec![(adopt(), Box::new(move |outcome| answer.send(outcome).unwrap()))]);
        assert_eq!(wait.recv().unwrap().unwrap(), Outcome::Adopted);
        let (writer, handle) = Writer::start(&dir, NoListener).unwrap();
        assert!(writer.write(adopt()).is_ok());
        drop(writer);
        handle.join().unwrap();
        std::fs::remove_file(&dir).unwrap();
    }
}
