//! Rows that a thread reads ahead of its consumer by a bounded number, for libraries whose readers
//! cannot be kept between two rows.

use std::cell::RefCell;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use crate::error::Refusal;
use crate::i18n::Message;
use crate::ingest::read::row::Row;
use crate::message;

/// Rows that are sent together: a thread that waits for each row costs more than the reading.
const TOGETHER: usize = 32;

/// How often as many rows the thread may be ahead.
const AHEAD: usize = 8;

/// A row on its way from the thread.
#[derive(Debug, Clone, Default)]
pub struct AheadRow {
    /// Its number, from 1.
    pub number: u64,
    /// Its cells; `None` where the row has no value.
    pub cells: Vec<Option<String>>,
    /// Why it cannot be taken.
    pub refusal: Option<Refusal>,
}

enum Sent {
    Rows(Vec<AheadRow>),
    Nothing,
    End,
    Failed(Message),
}

/// A row larger than this, in bytes, is sent alone: what is ahead is bounded in bytes as well.
const LARGE: usize = 1 << 16;

/// Where the thread puts its rows.
pub struct RowSender {
    sender: SyncSender<Sent>,
    /// Rows that are sent with the next ones.
    waiting: RefCell<Vec<AheadRow>>,
}

impl RowSender {
    /// Takes a row, and waits for room where it is time to send; false where nobody listens any
    /// more.
    pub fn send(&self, row: AheadRow) -> bool {
        let bytes: usize = row.cells.iter().flatten().map(String::len).sum();
        let is_large = bytes > LARGE;
        let count = {
            let mut waiting = self.waiting.borrow_mut();
            waiting.push(row);
            waiting.len()
        };
        if !is_large && count < TOGETHER {
            return true;
        }
        // Empty messages after a large row fill every place, so the next row waits until
        // the large one was read.
        let fillers = if is_large { AHEAD } else { 0 };
        self.flush() && (0..fillers).all(|_| self.sender.send(Sent::Nothing).is_ok())
    }

    /// Sends the rows that wait.
    fn flush(&self) -> bool {
        let rows = self.waiting.take();
        rows.is_empty() || self.sender.send(Sent::Rows(rows)).is_ok()
    }
}

impl Drop for RowSender {
    /// Also where the thread panics: what it read before is read.
    fn drop(&mut self) {
        self.flush();
    }
}

/// The rows of a thread.
pub struct RowsAhead {
    /// `None` where they are no longer wanted.
    sent: Option<Receiver<Sent>>,
    /// Rows that were received and not yet given.
    received: std::vec::IntoIter<AheadRow>,
    thread: Option<JoinHandle<()>>,
    is_at_end: bool,
}

impl Drop for RowsAhead {
    /// Waits for the thread, which holds the file open and gives back what the next reading uses.
    fn drop(&mut self) {
        self.sent = None;
        // A thread that panicked has nothing more to give.
        let _ended = self.thread.take().map(JoinHandle::join);
    }
}

impl RowsAhead {
    /// Starts a thread that reads rows until it returns. The thread ends early where the rows are
    /// no longer wanted.
    pub fn start(read: impl FnOnce(&RowSender) -> Result<(), Message> + Send + 'static) -> Self {
        let (sender, rows) = sync_channel(AHEAD);
        let thread = std::thread::spawn(move || {
            let sender = RowSender { sender, waiting: RefCell::default() };
            let last = match read(&sender) {
                Ok(()) => Sent::End,
                Err(message) => Sent::Failed(message),
            };
            sender.flush();
            // Who no longer listens needs no end.
            let _gone = sender.sender.send(last);
        });
        let received = Vec::new().into_iter();
        Self { sent: Some(rows), received, thread: Some(thread), is_at_end: false }
    }

    /// The next row; `None` after the last.
    ///
    /// # Errors
    /// The thread cannot read further. A thread that panicked, as libraries may on a damaged file,
    /// has sent no end: that is an error, never the end.
    pub fn next(&mut self) -> Result<Option<AheadRow>, Message> {
        if let Some(row) = self.received.next() {
            return Ok(Some(row));
        }
        if self.is_at_end {
            return Ok(None);
        }
        let sent = self.sent.iter().flatten().find(|sent| !matches!(sent, Sent::Nothing));
        match sent {
            Some(Sent::Rows(rows)) => {
                self.received = rows.into_iter();
                Ok(self.received.next())
            }
            Some(Sent::End) => {
                self.is_at_end = true;
                Ok(None)
            }
            Some(Sent::Failed(message)) => Err(message),
            Some(Sent::Nothing) | None => {
                Err(message!("le fichier est endommagé", "the file is damaged"))
            }
        }
    }
}

impl AheadRow {
    /// Moves the row into the consumer's.
    pub fn fill(self, row: &mut Row) {
        row.number = self.number;
        row.refusal = self.refusal;
        for (column, cell) in self.cells.iter().enumerate() {
            if let Some(text) = cell {
                row.cells.set(column, text);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_that_panics_is_no_end_of_the_file() {
        let mut rows = RowsAhead::start(|sender| {
            sender.send(AheadRow { number: 1, ..AheadRow::default() });
            // As a slice beyond its end does in a library.
            let none: Option<u8> = None;
            none.map(drop).ok_or_else(|| panic!("damaged"))
        });
        assert_eq!(rows.next().unwrap().unwrap().number, 1);
        assert!(rows.next().is_err());
        let mut rows = RowsAhead::start(|_| Ok(()));
        assert!(rows.next().unwrap().is_none() && rows.next().unwrap().is_none());
    }
}
