//! The writing end of a store, whichever it is: a queue of commands, which a thread of the store
//! executes.

use std::sync::{Arc, mpsc};

use crate::domain::{Actor, Clock, SystemClock};
use crate::error::{Error, ErrorKind, Result};
use crate::message;
use crate::store::command::{Command, QueuedWrite};
use crate::store::private_keys::PrivateKeys;
use crate::store::reply::unknown_outcome;

/// Most commands in the queue; further ones are refused because the store is busy.
const QUEUE_MAX: usize = 65_536;
/// Most bytes that the ids of one jurisdiction may have together: what 32 bits address.
pub const ID_BYTES_MAX: u64 = u32::MAX as u64;

/// What the writing thread depends on.
pub struct WriterSettings {
    /// Gives the times at which changes are recorded.
    pub clock: Arc<dyn Clock>,
    /// Most bytes that the report ids of a jurisdiction may have together, at most 4 GiB; reports
    /// that would exceed it are refused.
    pub id_bytes_max: u64,
    /// The keys of contacts; `None`: those of the file beside the store.
    pub private_keys: Option<Arc<PrivateKeys>>,
}

impl Default for WriterSettings {
    fn default() -> Self {
        let clock = SystemClock::shared();
        Self { clock, id_bytes_max: ID_BYTES_MAX, private_keys: None }
    }
}

/// A handle on the writing thread; cheap to clone. The thread ends when the last handle is dropped,
/// after everything submitted has been committed and answered.
#[derive(Clone)]
pub struct Writer {
    queue: mpsc::SyncSender<QueuedWrite>,
    /// Who sends the commands, for the audit.
    actor: Arc<Actor>,
}

impl Writer {
    /// A writer, and the other end of its queue, for the thread that executes the commands.
    pub(super) fn new() -> (Self, mpsc::Receiver<QueuedWrite>) {
        let (queue, inbox) = mpsc::sync_channel(QUEUE_MAX);
        (Self { queue, actor: Arc::default() }, inbox)
    }

    /// A handle on the same thread whose commands are those of this actor in the audit. Those of
    /// other handles are the program's own.
    #[must_use]
    pub fn by(&self, actor: Actor) -> Self {
        Self { queue: self.queue.clone(), actor: Arc::new(actor) }
    }

    /// Submits a command. `reply` is called on the writing thread once the output is durable, or at
    /// once where the queue is full.
    pub fn submit_with<C: Command>(
        &self,
        command: C,
        reply: impl FnOnce(Result<C::Output>) + Send + 'static,
    ) {
        use mpsc::TrySendError::{Disconnected, Full};
        let (command, actor) = (command.into_queued(Box::new(reply)), self.actor.clone());
        let (operation, message) = match self.queue.try_send(QueuedWrite { command, actor }) {
            Ok(()) => return,
            Err(Full(operation)) => (
                operation,
                message!("Trop d’écritures en attente.", "Too many writes are waiting."),
            ),
            Err(Disconnected(operation)) => {
                tracing::error!("the writing thread of the store has ended");
                let message = message!("L’écriture est arrêtée.", "The store has stopped writing.");
                (operation, message)
            }
        };
        operation.command.fail(Error::new(ErrorKind::Unavailable, message));
    }

    /// Submits a command without waiting for its output.
    pub fn submit<C: Command>(&self, command: C) -> Pending<C::Output> {
        let (answer, wait) = mpsc::sync_channel(1);
        self.submit_with(command, move |output| {
            let _ = answer.send(output);
        });
        Pending(wait)
    }

    /// Submits a command and waits until its output is durable.
    ///
    /// # Errors
    /// The error of the command.
    pub fn execute<C: Command>(&self, command: C) -> Result<C::Output> {
        self.submit(command).wait()
    }
}

/// A submitted command with an output of type `T`.
pub struct Pending<T>(mpsc::Receiver<Result<T>>);

impl<T> Pending<T> {
    /// Waits until the output is durable.
    ///
    /// # Errors
    /// The error of the command.
    pub fn wait(self) -> Result<T> {
        self.0.recv().unwrap_or_else(|_| Err(unknown_outcome()))
    }
}
