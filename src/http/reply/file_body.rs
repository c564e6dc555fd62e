//! Bodies that are read from a file while they are sent.

use std::fs::File;
use std::io::Read;

use axum::body::Body;

use crate::http::reply::streamed::{StreamRoom, streamed};

/// Bytes that are read at a time.
const CHUNK_BYTES: usize = 64 << 10;
/// Bytes that wait for the client.
const AHEAD_BYTES: usize = 8 * CHUNK_BYTES;

/// The rest of an open file, which is closed at its end or when the client has gone.
pub fn file_body(room: &StreamRoom, mut file: File) -> Body {
    let (sender, body) = streamed(room, AHEAD_BYTES);
    tokio::spawn(async move {
        loop {
            let read = tokio::task::spawn_blocking(move || {
                let mut chunk = vec![0; CHUNK_BYTES];
                let read = file.read(&mut chunk);
                read.map(|length| {
                    chunk.truncate(length);
                    (chunk, file)
                })
            });
            match read.await.map_err(std::io::Error::other).flatten() {
                Ok((chunk, _)) if chunk.is_empty() => return,
                Ok((chunk, rest)) => {
                    file = rest;
                    if sender.send(chunk.into()).await.is_err() {
                        return;
                    }
                }
                Err(error) => return sender.abort(error).await,
            }
        }
    });
    body
}
