//! A response body that is sent while it is computed, with a bound on the bytes that wait for the
//! client.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::Frame;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

/// Limit of the bytes of a response to a batch that wait for its client. Some clients read the
/// response only after they have sent the whole request: this is what they may leave waiting.
pub const BATCH_AHEAD_BYTES: usize = 32 << 20;
/// Limit of the bytes of all such responses together. Where it is reached, a response waits until
/// clients have read, or until the time for writing to a client is over.
const ALL_WAITING_BYTES_MAX: usize = 128 << 20;
/// Limit of the chunks of one response that wait.
const CHUNKS_MAX: usize = 4_096;

/// The room that all streamed responses share.
#[derive(Clone)]
pub struct StreamRoom(Arc<Semaphore>);

impl Default for StreamRoom {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(ALL_WAITING_BYTES_MAX)))
    }
}

/// The client has closed its connection.
#[derive(Debug)]
pub struct ClientGone;

/// A chunk, with its share of both rooms until it is handed to the connection.
type Chunk = io::Result<(Bytes, [OwnedSemaphorePermit; 2])>;

/// The sending end of a streamed body.
pub struct StreamSender {
    chunks: mpsc::Sender<Chunk>,
    rooms: [Arc<Semaphore>; 2],
    /// Limit of the bytes of this response that wait.
    ahead_bytes: usize,
}

impl StreamSender {
    /// Sends a chunk; waits while there is no room for it.
    ///
    /// # Errors
    /// The client has gone.
    pub async fn send(&self, bytes: Bytes) -> Result<(), ClientGone> {
        // A chunk larger than the room takes all of it.
        let share = bytes.len().min(self.ahead_bytes) as u32;
        let sent = async {
            let [own, all] = &self.rooms;
            let own = own.clone().acquire_many_owned(share).await.ok()?;
            let all = all.clone().acquire_many_owned(share).await.ok()?;
            self.chunks.send(Ok((bytes, [own, all]))).await.ok()
        };
        tokio::select! {
            sent = sent => sent.ok_or(ClientGone),
            () = self.chunks.closed() => Err(ClientGone),
        }
    }

    /// Ends the response such that the client sees that it is incomplete.
    pub async fn abort(self, error: io::Error) {
        let _ = self.chunks.send(Err(error)).await;
    }
}

/// The receiving end, as a body.
struct StreamedBody(mpsc::Receiver<Chunk>);

impl HttpBody for StreamedBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let chunk = ready!(self.0.poll_recv(context));
        Poll::Ready(chunk.map(|chunk| chunk.map(|(bytes, _)| Frame::data(bytes))))
    }
}

/// A body and the sender of its chunks, of which at most `ahead_bytes` wait for the client.
pub fn streamed(room: &StreamRoom, ahead_bytes: usize) -> (StreamSender, Body) {
    let (chunks, received) = mpsc::channel(CHUNKS_MAX);
    let rooms = [Arc::new(Semaphore::new(ahead_bytes)), room.0.clone()];
    (StreamSender { chunks, rooms, ahead_bytes }, Body::new(StreamedBody(received)))
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    #[tokio::test]
    async fn what_waits_for_a_client_is_bounded_and_ends_with_it() {
        let room = StreamRoom::default();
        let (sender, body) = streamed(&room, 4 << 20);
        let chunk = Bytes::from(vec![b'x'; 1 << 20]);
        let mut sent = 0;
        let short = std::time::Duration::from_millis(50);
        while tokio::time::timeout(short, sender.send(chunk.clone())).await.is_ok() {
            sent += 1;
        }
        assert_eq!(sent, 4, "MiB that wait for a client");
        let waiting = tokio::spawn(async move { sender.send(chunk).await.is_err() });
        drop(body);
        assert!(waiting.await.unwrap(), "the sender learns that the client has gone");
        assert_eq!(room.0.available_permits(), ALL_WAITING_BYTES_MAX);
    }

    #[tokio::test]
    async fn what_is_read_makes_room_and_an_aborted_body_fails() {
        let room = StreamRoom::default();
        let (sender, mut body) = streamed(&room, 1 << 20);
        sender.send(Bytes::from_static(b"one")).await.unwrap();
        let frame = body.frame().await.unwrap().unwrap();
        assert_eq!(frame.into_data().unwrap(), "one");
        assert_eq!(room.0.available_permits(), ALL_WAITING_BYTES_MAX);
        sender.abort(io::Error::other("torn")).await;
        assert!(body.frame().await.unwrap().is_err());
        assert!(body.frame().await.is_none());
        assert!(body.frame().await.is_none(), "a body stays at its end");
    }
}
