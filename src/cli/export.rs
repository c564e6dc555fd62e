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
use crate::cli::shared::{JurisdictionArguments, StoreArguments, catalogues, unwritable};
use crate::domain::{Catalogue, JurisdictionId, ReportLabels, StoredReport};
use crate::error::{Error, Refusal, Result};
use crate::export::{Export, GeoPackage, Layout};
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
    /// geojson, csv, geoparquet or gpkg (GeoPackage).
    #[arg(long, default_value = "geojson")]
    format: String,
    /// File to write (default: standard output, except for GeoPackage).
    #[arg(long, short)]
    output: Option<PathBuf>,
}

/// The writer of a format.
enum Out<'a> {
    Stream(Box<Export<'a, Box<dyn Write + Send>>>),
    Package(Box<GeoPackage>),
}

/// Writes every report: GeoJSON and CSV by id, other formats by last change, which reads faster.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let layout = Layout::parse(&arguments.format);
    if layout.is_none() && arguments.format != "gpkg" {
        let message = message!(
            "doit être geojson, csv, geoparquet ou gpkg",
            "must be geojson, csv, geoparquet or gpkg"
        );
        return Err(Refusal::new("--format", &arguments.format, message).into());
    }
    let reader = Reader::open(&arguments.store.existing()?)?;
    let id = arguments.whose.of(&reader)?.id;
    let mut catalogue = catalogues()?.of(&id);
    reader.services(&id)?.into_iter().for_each(|service| catalogue.add(service));
    let mut out = match layout {
        Some(layout) => {
            let output = opened(arguments.output.as_deref())?;
            Out::Stream(Box::new(Export::begin(layout, &id, &catalogue, output)?))
        }
        None => {
            let path = arguments.output.as_deref().ok_or_else(|| {
                let message = message!(
                    "manque : un GeoPackage est un fichier",
                    "is missing: a GeoPackage is a file"
                );
                Refusal::new("--output", "", message)
            })?;
            let now = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string();
            Out::Package(Box::new(GeoPackage::create(path, &now)?))
        }
    };
    let by_id = matches!(layout, Some(Layout::GeoJson | Layout::Csv));
    let count = copy(&reader, &id, by_id, |stored| match &mut out {
        Out::Stream(export) => export.write(stored),
        Out::Package(package) => package.write(stored, &names(&catalogue, &id, stored)),
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

fn names<'a>(
    catalogue: &'a Catalogue,
    id: &'a JurisdictionId,
    stored: &'a StoredReport,
) -> ReportLabels<'a> {
    let code = stored.report.service.as_str();
    let service = catalogue.get(code);
    let name = service.map_or(code, |service| &service.names.fr);
    let group = service.map_or("", |service| &service.group);
    ReportLabels { jurisdiction: id.as_str(), service: name, group }
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
