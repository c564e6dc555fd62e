//! The start of a file, and what says that it was changed.

use std::io::Read;
use std::path::Path;
use std::time::SystemTime;

use crate::ingest::read::signature;

/// The byte order mark of UTF-8.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// Size of a file and the time of its last change.
pub fn stamp(path: &Path) -> Option<(u64, SystemTime)> {
    let file = std::fs::metadata(path).ok()?;
    Some((file.len(), file.modified().ok()?))
}

/// The text without the byte order mark that it may begin with.
pub fn without_mark(mut text: Box<dyn Read>) -> std::io::Result<Box<dyn Read>> {
    let mut first = Vec::with_capacity(MARK.len());
    text.by_ref().take(MARK.len() as u64).read_to_end(&mut first)?;
    if first == MARK {
        first.clear();
    }
    Ok(Box::new(std::io::Cursor::new(first).chain(text)))
}

/// The first bytes.
pub fn start(input: impl Read) -> std::io::Result<Vec<u8>> {
    let mut start = Vec::with_capacity(signature::START_BYTES);
    input.take(signature::START_BYTES as u64).read_to_end(&mut start)?;
    Ok(start)
}
