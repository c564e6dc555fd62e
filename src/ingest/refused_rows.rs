//! The rows of a source that were refused, each with its reasons, as a CSV file.

use std::fs::File;
use std::path::{Path, PathBuf};

use crate::error::{Error, Refusal, Result};
use crate::message;

/// The file of refused rows, created at the first refusal.
#[derive(Debug)]
pub struct RefusedRows {
    path: PathBuf,
    table: Option<csv::Writer<File>>,
}

impl RefusedRows {
    /// A file at this path, which is not created yet.
    pub fn new(path: PathBuf) -> Self {
        Self { path, table: None }
    }

    /// One line for each refused value, with the original row.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&mut self, row: u64, refusals: &[Refusal], raw: &[String]) -> Result<()> {
        for refusal in refusals {
            if self.table.is_none() {
                let file = File::create(&self.path).map_err(|error| self.unwritable(&error))?;
                let mut table = csv::Writer::from_writer(file);
                let header = ["row", "field", "value", "reason", "raison", "content"];
                table.write_record(header).map_err(Error::internal)?;
                self.table = Some(table);
            }
            let Refusal { field, value, message } = refusal;
            let (row, content) = (row.to_string(), raw.join(","));
            let line = [&row, field, value, &message.en, &message.fr, &content];
            if let Some(table) = &mut self.table {
                table.write_record(line).map_err(Error::internal)?;
            }
        }
        match &mut self.table {
            Some(table) if !refusals.is_empty() => table.flush().map_err(Error::internal),
            _ => Ok(()),
        }
    }

    /// The path of the file; `None` while no row was refused.
    pub fn path(&self) -> Option<&Path> {
        self.table.as_ref().map(|_| self.path.as_path())
    }

    fn unwritable(&self, error: &std::io::Error) -> Error {
        let message = message!("ne peut pas être écrit : {error}", "cannot be written: {error}");
        Refusal::new("--refused", self.path.display(), message).into()
    }
}
