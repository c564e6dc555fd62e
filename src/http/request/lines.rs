//! Newline-delimited bodies, split into lines while they are received.

use std::ops::Range;

use axum::body::Body;

use crate::error::{Error, ErrorKind, Result};
use crate::http::reply::problem::too_large;
use crate::http::request::body_pace::BodyPace;
use crate::message;

/// Limit of the length of a line, in bytes.
const LINE_BYTES_MAX: usize = 64 << 10;

/// How many lines are returned together.
#[derive(Debug, Clone, Copy)]
pub struct ChunkSize {
    /// Lines at most.
    pub lines: usize,
    /// No further line is added from this many bytes on.
    pub bytes: usize,
    /// Wait for that many, or for the end of the body; otherwise what has been received is enough.
    pub is_exact: bool,
}

/// The number of a line, from 1, and the line or why it could not be read.
pub type BodyLine = (usize, Result<Vec<u8>>);

/// Splits a body into lines while it is being received. Blank lines are skipped but counted.
pub struct BodyLines {
    body: Body,
    pace: BodyPace,
    /// Bytes that may still be received.
    bytes_left: u64,
    /// Received bytes that are not yet returned as lines.
    buffer: Vec<u8>,
    /// Number of bytes of the buffer in which there is no end of a line.
    searched: usize,
    /// Number of the last line, from 1.
    row: usize,
    /// The body has ended or failed.
    has_ended: bool,
}

impl BodyLines {
    /// The lines of a body of at most `bytes_max` bytes, which must arrive at a pace.
    pub fn new(body: Body, bytes_max: u64, pace: BodyPace) -> Self {
        Self {
            body,
            pace,
            bytes_left: bytes_max,
            buffer: Vec::new(),
            searched: 0,
            row: 0,
            has_ended: false,
        }
    }

    /// Number of the last line that was returned, from 1.
    pub fn row(&self) -> usize {
        self.row
    }

    /// The next lines, at least one. `None` at the end. A line that could not be read is the last.
    pub async fn next(&mut self, size: ChunkSize) -> Option<Vec<BodyLine>> {
        let (mut lines, mut bytes) = (Vec::new(), 0);
        loop {
            let is_full = self.take_lines(size, &mut lines, &mut bytes);
            if is_full || !size.is_exact && !lines.is_empty() {
                return Some(lines);
            }
            if !self.has_ended && self.buffer.len() > LINE_BYTES_MAX {
                lines.push(self.end_with(too_long()));
            }
            if self.has_ended {
                if !self.buffer.is_empty() {
                    self.row += 1;
                    let rest = std::mem::take(&mut self.buffer);
                    self.searched = 0;
                    self.push(&rest, &mut lines);
                }
                return (!lines.is_empty()).then_some(lines);
            }
            let failed = self.receive().await.err();
            lines.extend(failed.map(|error| self.end_with(error)));
        }
    }

    /// Moves complete lines from the buffer to `lines`. True where there are enough of them.
    fn take_lines(
        &mut self,
        size: ChunkSize,
        lines: &mut Vec<BodyLine>,
        bytes: &mut usize,
    ) -> bool {
        let buffer = std::mem::take(&mut self.buffer);
        let (mut from, mut search) = (0, self.searched);
        let is_full = loop {
            if lines.len() >= size.lines || *bytes >= size.bytes {
                break true;
            }
            let Some(end) =
                buffer.get(search..).unwrap_or_default().iter().position(|byte| *byte == b'\n')
            else {
                search = buffer.len();
                break false;
            };
            let line: Range<usize> = from..search + end;
            self.row += 1;
            *bytes += line.len();
            (from, search) = (line.end + 1, line.end + 1);
            self.push(buffer.get(line).unwrap_or_default(), lines);
        };
        self.searched = search - from;
        self.buffer = buffer;
        self.buffer.drain(..from);
        is_full
    }

    /// Receives further bytes, or the end.
    async fn receive(&mut self) -> Result<()> {
        let Some(bytes) = self.pace.next(&mut self.body).await? else {
            self.has_ended = true;
            return Ok(());
        };
        self.bytes_left = self.bytes_left.checked_sub(bytes.len() as u64).ok_or_else(too_large)?;
        self.buffer.extend_from_slice(&bytes);
        Ok(())
    }

    /// The line that ends a body which cannot be read further.
    fn end_with(&mut self, error: Error) -> BodyLine {
        (self.has_ended, self.row) = (true, self.row + 1);
        self.buffer.clear();
        self.searched = 0;
        (self.row, Err(error))
    }

    fn push(&self, line: &[u8], lines: &mut Vec<BodyLine>) {
        let line = line.trim_ascii();
        if line.len() > LINE_BYTES_MAX {
            lines.push((self.row, Err(too_long())));
        } else if !line.is_empty() {
            lines.push((self.row, Ok(line.to_vec())));
        }
    }
}

fn too_long() -> Error {
    let max = LINE_BYTES_MAX;
    let message =
        message!("La ligne dépasse {max} octets.", "The line is longer than {max} bytes.");
    Error::new(ErrorKind::TooLarge, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Limits;
    use crate::http::reply::streamed::{StreamRoom, streamed};

    fn lines(text: impl Into<Body>, bytes_max: u64) -> BodyLines {
        BodyLines::new(text.into(), bytes_max, BodyPace::of_batch(&Limits::default()))
    }

    /// Number and text of each line, or none for a line that could not be read.
    fn texts(lines: Vec<BodyLine>) -> Vec<(usize, Option<String>)> {
        let text = |line: Result<Vec<u8>>| line.ok().map(|line| String::from_utf8(line).unwrap());
        lines.into_iter().map(|(row, line)| (row, text(line))).collect()
    }

    #[tokio::test]
    async fn blank_lines_count_and_the_last_needs_no_end() {
        let size = ChunkSize { lines: 2, bytes: 1_000, is_exact: true };
        let mut body = lines("a\n\n  b \r\nc", 1_000);
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(texts(body.next(size).await.unwrap()), [(1, some("a")), (3, some("b"))]);
        assert_eq!(texts(body.next(size).await.unwrap()), [(4, some("c"))]);
        assert!(body.next(size).await.is_none());
        assert!(lines("\n \n", 1_000).next(size).await.is_none());
    }

    #[tokio::test]
    async fn what_is_too_large_ends_the_body_with_the_number_of_its_line() {
        let size = ChunkSize { lines: 100, bytes: 1_000_000, is_exact: true };
        let mut body = lines(format!("a\n{}", "x".repeat(LINE_BYTES_MAX + 1)), 1 << 20);
        assert_eq!(texts(body.next(size).await.unwrap()), [(1, Some("a".into())), (2, None)]);
        assert!(body.next(size).await.is_none());
        let mut body = lines("a\nb\nc\n", 4);
        assert_eq!(texts(body.next(size).await.unwrap()), [(1, None)]);
        assert!(body.next(size).await.is_none());
    }

    #[tokio::test]
    async fn chunks_end_at_their_bytes_wherever_the_network_cuts() {
        let size = ChunkSize { lines: 100, bytes: 5, is_exact: true };
        let text = "aaa\nbbb\nccc\nddd\n";
        for cut in 1..text.len() {
            let (sender, body) = streamed(&StreamRoom::default(), 1_000);
            for part in [&text[..cut], &text[cut..]] {
                sender.send(part.into()).await.unwrap();
            }
            drop(sender);
            let mut body = lines(body, 100);
            assert_eq!(body.next(size).await.unwrap().len(), 2, "cut at {cut}");
            assert_eq!(body.next(size).await.unwrap().len(), 2, "cut at {cut}");
            assert!(body.next(size).await.is_none());
        }
    }
}
