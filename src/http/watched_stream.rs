//! The stream of a connection, which notes what the connection waits for and how much it received.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::http::connections::Admission;

/// A stream of an admitted connection, with bytes that were read from it before and are read again
/// first.
pub struct WatchedStream<S> {
    stream: S,
    unread: Bytes,
    admission: Arc<Admission>,
    /// Bytes read since the last wait.
    in_a_row: usize,
}

/// Bytes that are read in a row before others get their turn on the thread. A client that sends
/// small frames without a pause would else hold it for as long as it sends.
const IN_A_ROW_MAX: usize = 16 << 10;

impl<S> WatchedStream<S> {
    /// This stream of an admitted connection, and what was read from it already.
    pub fn new(stream: S, unread: Bytes, admission: Arc<Admission>) -> Self {
        Self { stream, unread, admission, in_a_row: 0 }
    }

    /// The stream, and the bytes that are to be read before those of the stream.
    pub fn into_inner(self) -> (S, Bytes) {
        (self.stream, self.unread)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for WatchedStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.unread.is_empty() {
            let count = self.unread.len().min(buffer.remaining());
            buffer.put_slice(&self.unread.split_to(count));
            return Poll::Ready(Ok(()));
        }
        if self.in_a_row >= IN_A_ROW_MAX {
            self.in_a_row = 0;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(context, buffer);
        let count = buffer.filled().len() - before;
        self.in_a_row = if polled.is_pending() { 0 } else { self.in_a_row + count };
        match self.admission.note_read(polled.is_pending(), count) {
            true => polled,
            false => Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into())),
        }
    }
}

impl<S: AsyncWrite + Unpin> WatchedStream<S> {
    fn noted<T>(&self, polled: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        self.admission.note_write(polled.is_pending());
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for WatchedStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.noted(polled)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.noted(polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.stream).poll_flush(context);
        self.noted(polled)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.stream).poll_shutdown(context);
        self.noted(polled)
    }
}
