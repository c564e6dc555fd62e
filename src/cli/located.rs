//! Where a file to read is: a path, or standard input, which is copied to a temporary file.

use std::path::{Path, PathBuf};

use clap::Args;
use tempfile::TempPath;

use crate::error::{Refusal, Result};
use crate::ingest::{ReadOptions, SPOOL_BYTES_MAX, spool};

/// How a file is read, where its content does not tell.
#[derive(Debug, Args)]
pub struct ReadArguments {
    /// Character between the cells of a CSV file (default: told from the content).
    #[arg(long)]
    delimiter: Option<char>,
    /// Character encoding of the file, such as windows-1252 (default: told from the content).
    #[arg(long)]
    encoding: Option<String>,
    /// Sheet of an Excel workbook (default: the first that is not empty).
    #[arg(long)]
    sheet: Option<String>,
    /// Layer of a GeoPackage (default: the only one of points).
    #[arg(long)]
    layer: Option<String>,
}

impl ReadArguments {
    /// The options for a file.
    pub fn options(&self, file: &Located) -> ReadOptions {
        ReadOptions {
            delimiter: self.delimiter,
            encoding: self.encoding.clone(),
            sheet: self.sheet.clone(),
            layer: self.layer.clone(),
            shown_as: Some(file.shown.clone()),
        }
    }
}

/// A file that is on this machine.
pub struct Located {
    /// Where its bytes are.
    pub path: PathBuf,
    /// What it is called in messages.
    pub shown: String,
    /// A path of which files that belong to it, such as that of refused rows, take their names.
    pub named: PathBuf,
    /// The temporary file, which is removed with the value.
    _copy: Option<TempPath>,
}

impl Located {
    /// The file of an argument; `-` is standard input.
    ///
    /// # Errors
    /// Standard input cannot be read or copied.
    pub fn of(argument: &Path) -> Result<Self> {
        if argument != Path::new("-") {
            return Ok(Self {
                path: argument.to_owned(),
                shown: argument.display().to_string(),
                named: argument.to_owned(),
                _copy: None,
            });
        }
        let shown = "standard input";
        let copied = spool(std::io::stdin().lock(), SPOOL_BYTES_MAX);
        let copy = copied.map_err(|message| Refusal::new("file", shown, message))?;
        Ok(Self {
            path: copy.to_path_buf(),
            shown: shown.to_owned(),
            named: PathBuf::from("standard-input"),
            _copy: Some(copy),
        })
    }
}
