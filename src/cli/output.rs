//! Lines on standard output and standard error. The macros `println` and `eprintln` of the standard
//! library panic where the reader has gone; those of this room do not.

use std::fmt::Arguments;
use std::io::{self, Write};

/// Prints a line on standard output.
pub fn print_line(text: Arguments<'_>) {
    let _gone = print(&mut io::stdout().lock(), text);
}

/// Prints a line on standard error.
pub fn print_error_line(text: Arguments<'_>) {
    let _gone = print(&mut io::stderr().lock(), text);
}

fn print(to: &mut impl Write, text: Arguments<'_>) -> io::Result<()> {
    to.write_fmt(text)?;
    to.write_all(b"\n")
}

/// Exit status of a program whose reader has gone, as shells report it (128 + SIGPIPE).
const READER_GONE: i32 = 141;

/// Standard output as the target of an export. Where the reader has gone, the program ends quietly:
/// the rest is of use to nobody.
pub struct StandardOutput;

fn or_end<T>(written: io::Result<T>) -> io::Result<T> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => std::process::exit(READER_GONE),
        written => written,
    }
}

impl Write for StandardOutput {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        or_end(io::stdout().write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        or_end(io::stdout().flush())
    }
}
