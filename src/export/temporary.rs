//! An export in a temporary file, for formats that are complete only at their end.

use std::fs::File;
use std::io::{BufWriter, Seek};

use tempfile::TempDir;

use crate::domain::{ReportLabels, StoredReport};
use crate::error::{Error, Result};
use crate::export::format::ExportFormat;
use crate::export::gpkg::GeoPackage;
use crate::export::stream::Export;

/// Bytes that are collected before they are written.
const ROOM: usize = 1 << 18;

/// An export to a temporary file under way. The file has no name or is in a folder that is removed
/// with this value, so nothing is left of an export that is given up.
pub struct TemporaryExport(TemporaryOut);

enum TemporaryOut {
    /// The writer is closed before its folder is removed: fields are dropped in this order.
    Package {
        writer: Box<GeoPackage>,
        folder: TempDir,
    },
    Stream {
        export: Box<Export<BufWriter<File>>>,
        file: File,
    },
}

/// Name of the file inside its folder.
const NAME: &str = "export.gpkg";

impl TemporaryExport {
    /// Begins an export.
    ///
    /// # Errors
    /// The folder for temporary files (`TMPDIR`) is full or cannot be written.
    pub fn begin(format: ExportFormat) -> Result<Self> {
        if format == ExportFormat::GeoPackage {
            let folder = TempDir::with_prefix("pointchaud-").map_err(Error::internal)?;
            let writer = Box::new(GeoPackage::create(&folder.path().join(NAME))?);
            return Ok(Self(TemporaryOut::Package { writer, folder }));
        }
        let file = tempfile::tempfile().map_err(Error::internal)?;
        let output = file.try_clone().map_err(Error::internal)?;
        let export = Export::begin(format, BufWriter::with_capacity(ROOM, output))?;
        Ok(Self(TemporaryOut::Stream { export: Box::new(export), file }))
    }

    /// Writes one report.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&mut self, stored: &StoredReport, labels: &ReportLabels<'_>) -> Result<()> {
        match &mut self.0 {
            TemporaryOut::Package { writer, .. } => writer.write(stored, labels),
            TemporaryOut::Stream { export, .. } => export.write(stored, labels),
        }
    }

    /// Ends the export. The file is read from its start and exists as long as it is open.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn finish(self) -> Result<File> {
        match self.0 {
            TemporaryOut::Package { writer, folder } => {
                writer.finish()?;
                File::open(folder.path().join(NAME)).map_err(Error::internal)
            }
            TemporaryOut::Stream { export, mut file } => {
                export.finish()?;
                file.rewind().map_err(Error::internal)?;
                Ok(file)
            }
        }
    }
}
