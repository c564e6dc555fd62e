//! `pointchaud export`: writes the reports of a jurisdiction to a file.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::mpsc;
use std::thread;

use clap::Args;

use crate::cli::notes::counted;
use crate::cli::output::StandardOutput;
use crate::cli::shared::{JurisdictionArguments, StoreArguments, catalogues, labels, unwritable};
use crate::domain::{JurisdictionId, StoredReport};
use crate::error::{Error, Refusal, Result};
use crate::export::{Export, ExportFormat, GeoPackage};
use crate::message;
use crate::store::Reader;

/// Reports read in one page.
const PAGE: usize = 2_000;
/// Most pages read ahead of the writer, so that memory does not grow with the city.
const PAGES_AHEAD: usize = 4;

#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    store: StoreArguments,
    #[command(flatten)]
    whose: JurisdictionArguments,
    /// File to write; its ending names the format: .geojson, .geojsonl (.ndjson), .csv, .gpkg
    /// (GeoPackage), .parquet (.geoparquet) or .fgb (FlatGeobuf). Without a file, standard output.
    #[arg(value_name = "FILE", conflicts_with = "output")]
    file: Option<PathBuf>,
    /// The same as FILE.
    #[arg(long, short)]
    output: Option<PathBuf>,
    /// Format, by one of those endings, whatever the file is called (default for standard output:
    /// geojson).
    #[arg(long)]
    format: Option<String>,
}

impl Arguments {
    fn path(&self) -> Option<&Path> {
        self.file.as_deref().or(self.output.as_deref())
    }

    /// The format that is named, else that of the file's ending.
    fn format(&self) -> Result<ExportFormat> {
        let known = ExportFormat::names();
        let (found, field, value) = match (&self.format, self.path()) {
            (Some(name), _) => (ExportFormat::parse(name), "--format", name.clone()),
            (None, None) => return Ok(ExportFormat::GeoJson),
            (None, Some(path)) => (ExportFormat::of_path(path), "FILE", path.display().to_string()),
        };
        found.ok_or_else(|| {
            let message = match field {
                "FILE" => message!(
                    "n’a pas la fin d’un format connu ({known}) ; nommez-le par --format",
                    "does not end in a known format ({known}); name it by --format"
                ),
                _ => message!("doit être l’un de : {known}", "must be one of: {known}"),
            };
            Refusal::new(field, value, message).into()
        })
    }
}

/// The writer of a format.
enum Out {
    Stream(Box<Export<Box<dyn Write + Send>>>),
    Package(Box<GeoPackage>),
}

/// Writes every report: texts by id, other formats by last change, which reads faster.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let format = arguments.format()?;
    let reader = Reader::open(&arguments.store.existing()?)?;
    let id = arguments.whose.of(&reader)?.id;
    let mut catalogue = catalogues()?.of(&id);
    reader.services(&id)?.into_iter().for_each(|service| catalogue.add(service));
    let mut out = match format {
        ExportFormat::GeoPackage => {
            let path = arguments.path().ok_or_else(|| {
                let message = message!(
                    "manque : un GeoPackage est un fichier",
                    "is missing: a GeoPackage is a file"
                );
                Refusal::new("--output", "", message)
            })?;
            Out::Package(Box::new(GeoPackage::create(path)?))
        }
        format => Out::Stream(Box::new(Export::begin(format, opened(arguments.path())?)?)),
    };
    let count = copy(&reader, &id, format.is_text(), |stored| {
        let labels = labels(&catalogue, &id, stored);
        match &mut out {
            Out::Stream(export) => export.write(stored, &labels),
            Out::Package(package) => package.write(stored, &labels),
        }
    })?;
    match out {
        Out::Stream(export) => export.finish()?,
        Out::Package(package) => package.finish()?,
    }
    eprintln!("{} of {id}", counted(count, "report"));
    Ok(ExitCode::SUCCESS)
}

fn opened(path: Option<&Path>) -> Result<Box<dyn Write + Send>> {
    const ROOM: usize = 1 << 18;
    Ok(match path {
        Some(path) => {
            let file = File::create(path).map_err(unwritable("--output", path))?;
            Box::new(BufWriter::with_capacity(ROOM, file))
        }
        None => Box::new(BufWriter::with_capacity(ROOM, StandardOutput)),
    })
}

/// Reads reports on another thread and writes them on this one. Returns their number.
fn copy(
    reader: &Reader,
    id: &JurisdictionId,
    by_id: bool,
    mut write: impl FnMut(&StoredReport) -> Result<()>,
) -> Result<u64> {
    let (send, pages) = mpsc::sync_channel::<Vec<StoredReport>>(PAGES_AHEAD);
    thread::scope(|scope| {
        let reading = scope.spawn(move || {
            let mut page = Vec::with_capacity(PAGE);
            let mut take = |stored| {
                page.push(stored);
                let full = page.len() >= PAGE;
                !full || send.send(std::mem::replace(&mut page, Vec::with_capacity(PAGE))).is_ok()
            };
            if by_id {
                for stored in reader.scan(id) {
                    if !take(stored?) {
                        return Ok(());
                    }
                }
            } else {
                reader.changed_between(id, (None, None), &mut take)?;
            }
            let _ = send.send(page);
            Ok(())
        });
        let mut count = 0;
        for page in pages {
            for stored in &page {
                write(stored)?;
            }
            count += page.len() as u64;
        }
        let read = reading.join().unwrap_or_else(|_| Err(Error::internal("the reader panicked")));
        read.map(|()| count)
    })
}
