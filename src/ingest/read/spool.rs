//! Copies in temporary files, for what cannot be read twice or from its middle: standard input, and
//! packed files of formats that are read from their end.

use std::io::{self, BufWriter, Read, Write};

use tempfile::{NamedTempFile, TempPath};

use crate::i18n::Message;
use crate::ingest::read::unpack::unreadable;
use crate::message;

/// Most bytes that are copied unless the caller says otherwise.
pub const SPOOL_BYTES_MAX: u64 = 20 << 30;
/// Bytes that are copied at once.
const CHUNK: usize = 1 << 18;

/// Copies everything into a temporary file, which is removed with the value.
///
/// # Errors
/// The input cannot be read, or is longer than `most` bytes; the folder for temporary files
/// (`TMPDIR`) is full or cannot be written.
pub fn spool(mut input: impl Read, most: u64) -> Result<TempPath, Message> {
    let unwritable = |error: io::Error| {
        let folder = std::env::temp_dir();
        let folder = folder.display();
        message!(
            "ne peut pas être copié dans {folder} : {error}",
            "cannot be copied to {folder}: {error}"
        )
    };
    let file = NamedTempFile::with_prefix("pointchaud-").map_err(unwritable)?;
    let mut copy = BufWriter::with_capacity(CHUNK, file);
    let (mut buffer, mut copied) = (vec![0; CHUNK], 0);
    loop {
        let n = match input.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(unreadable(error)),
        };
        copied += n as u64;
        if copied > most {
            return Err(message!("dépasse {most} octets", "is longer than {most} bytes"));
        }
        copy.write_all(buffer.get(..n).unwrap_or_default()).map_err(unwritable)?;
    }
    let file = copy.into_inner().map_err(|error| unwritable(error.into_error()))?;
    Ok(file.into_temp_path())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_whole_bounded_and_removed() {
        let bytes: Vec<u8> = (0..1_000_000_u32).map(|n| n as u8).collect();
        let copy = spool(&bytes[..], SPOOL_BYTES_MAX).unwrap();
        assert_eq!(std::fs::read(&copy).unwrap(), bytes);
        let path = copy.to_path_buf();
        drop(copy);
        assert!(!path.exists());
        assert!(spool(&bytes[..], 999_999).unwrap_err().en.contains("999999 bytes"));
        // A stream that never ends.
        assert!(spool(io::repeat(b'x'), 1 << 20).is_err());
    }
}
