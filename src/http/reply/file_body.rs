//! Bodies that are read from a file while they are sent.

use std::fs::File;
use std::io::Read;

use axum::body::{Body, Bytes};
use http_body_util::channel::Channel;

use crate::http::reply::fused::Fused;

/// Bytes that are read at a time.
const CHUNK_BYTES: usize = 64 << 10;
/// Chunks that wait for the client.
const CHUNKS_AHEAD: usize = 8;

/// The rest of an open file, which is closed at its end or when the client has gone.
pub fn file_body(mut file: File) -> Body {
    let (mut send, body) = Channel::<Bytes, std::io::Error>::new(CHUNKS_AHEAD);
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
                    if send.send_data(chunk.into()).await.is_err() {
                        return;
                    }
                }
                Err(error) => return send.abort(error),
            }
        }
    });
    Body::new(Fused::new(body))
}
