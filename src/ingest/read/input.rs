//! An input: where its bytes come from and what they turned out to be.

use std::cell::Cell;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::SystemTime;

use encoding_rs::Encoding;
use tempfile::TempPath;

use crate::error::{Error, ErrorKind, Refusal, Result};
use crate::i18n::Message;
use crate::ingest::read::code_pages::{CodePageReader, TextEncoding};
use crate::ingest::read::csv::CsvReader;
use crate::ingest::read::csv_delimiter::byte_of_delimiter;
use crate::ingest::read::encoding::{self, DecodingReader, Detected};
use crate::ingest::read::fgb::{self, FgbReader};
use crate::ingest::read::format::Format;
use crate::ingest::read::geopackage::{self, GpkgLayer, LayerReader};
use crate::ingest::read::geoparquet::{self, ParquetReader};
use crate::ingest::read::json::{JsonLinesReader, JsonReader};
use crate::ingest::read::json_columns::JsonColumnsReader;
use crate::ingest::read::json_lists::JsonListsReader;
use crate::ingest::read::json_shape::{JsonShape, RecordsIn};
use crate::ingest::read::json_value::StructureReader;
use crate::ingest::read::layout::RecordLayout;
use crate::ingest::read::outline::Outline;
use crate::ingest::read::row::{Row, RowReader, SourceColumns};
use crate::ingest::read::sheet::{Sheet, SheetReader};
use crate::ingest::read::spool::{SPOOL_BYTES_MAX, spool};
use crate::ingest::read::start::{has_object_on_second_line, stamp, start, without_mark};
use crate::ingest::read::unpack::Packing;
use crate::ingest::read::{error_document, signature, unpack, unreadable};
use crate::message;

/// The first bytes of a zip archive, which a workbook is.
const ZIP: &[u8] = b"PK\x03\x04";
/// The first bytes of a gzip file.
const GZIP: &[u8] = b"\x1f\x8b";
/// Bytes from which the format and the encoding are detected where only the start is read.
const START_BYTES_MAX: u64 = 16 << 20;
/// Records of JSON that are read ahead, to know the columns.
const SAMPLE_ROWS: usize = 100;

/// What is known of an input beforehand; the rest is detected from its content.
#[derive(Debug, Clone, Default)]
pub struct ReadOptions {
    /// The character between the cells of a table.
    pub delimiter: Option<char>,
    /// The name of the character encoding.
    pub encoding: Option<String>,
    /// The name of the sheet of a workbook.
    pub sheet: Option<String>,
    /// The name of the layer of a GeoPackage.
    pub layer: Option<String>,
    /// What the input is called in messages, where it is not its path.
    pub label: Option<String>,
    /// The format and the encoding are detected from the first 16 MiB, not from the whole file, as
    /// for an inspection. Later bytes may be of another kind, and a cut file is not noticed.
    pub is_start_only: bool,
}

/// An input whose format is known; its rows can be read several times.
pub struct Input {
    path: PathBuf,
    label: String,
    /// The unpacked copy of a packed file whose format is not read from the start to the end.
    copy: Option<TempPath>,
    packing: Packing,
    encoding: Detected,
    delimiter: Option<u8>,
    format: Format,
    is_start_only: bool,
    /// Size and time of change when it was opened.
    stamp: Option<(u64, SystemTime)>,
}

impl Input {
    /// Opens a file and detects its format from its content. A text is read to its end once, so
    /// that a file that is damaged or cut is refused before the first of its rows is taken.
    ///
    /// # Errors
    /// Not a file, empty, cut short, or of no format that is read.
    pub fn open(path: &Path, options: &ReadOptions) -> Result<Self> {
        let label = options.label.clone().unwrap_or_else(|| path.display().to_string());
        let refuse = |message| Error::from(Refusal::new("file", &label, message));
        let failed = |error| refuse(unreadable(error));
        if std::fs::metadata(path).map_err(failed)?.is_dir() {
            let folder = || unreadable(std::io::ErrorKind::IsADirectory.into());
            return Err(refuse(unpack::geodatabase(path).unwrap_or_else(folder)));
        }
        let first = start(File::open(path).map_err(failed)?).map_err(failed)?;
        if let Some(kind) = signature::foreign(&first) {
            return Err(refuse(kind));
        }
        let packing = Packing::of(path, &first).map_err(refuse)?;
        let delimiter = options.delimiter.map(byte_of_delimiter).transpose()?;
        let mut input = Self {
            path: path.to_owned(),
            label: label.clone(),
            copy: None,
            packing,
            encoding: (TextEncoding::UTF_8, None),
            delimiter,
            format: Format::Table,
            is_start_only: options.is_start_only,
            stamp: stamp(path),
        };
        let inner = match input.packing {
            Packing::None | Packing::Workbook => first,
            _ => start(input.content().map_err(failed)?).map_err(failed)?,
        };
        if let Some(kind) = signature::foreign(&inner) {
            return Err(refuse(kind));
        }
        let is_archive = inner.starts_with(GZIP) || inner.starts_with(ZIP);
        let is_twice_packed = input.packing.is_packed() && is_archive;
        if let Some(format) = input.document(&inner, options).map_err(refuse)? {
            input.format = format;
            return Ok(input);
        }
        if is_twice_packed {
            return Err(refuse(archive_in_archive()));
        }
        input.encoding = match &options.encoding {
            Some(name) => {
                let named = encoding::named(name)
                    .map_err(|message| Refusal::new("--encoding", name, message))?;
                // A mark at the start decides: files of refused rows are UTF-8 with one.
                let first = start(input.content().map_err(failed)?).map_err(failed)?;
                let marked = Encoding::for_bom(&first);
                (marked.map_or(named, |(marked, _)| TextEncoding::Web(marked)), None)
            }
            None => input.content().and_then(|text| input.detect(text)).map_err(failed)?,
        };
        input.format = match encoding::first_sign(input.text().map_err(failed)?).map_err(failed)? {
            None => return Err(refuse(message!("est vide", "is empty"))),
            Some(b'{' | b'[') => {
                let error = error_document::found(input.text().map_err(failed)?);
                error.map_or_else(|| input.json(), |error| Err(refuse(error)))?
            }
            Some(0x1e) => Format::JsonLines,
            Some(_) => Format::Table,
        };
        let text = input.text().map_err(failed)?;
        if matches!(input.format, Format::Table) && encoding::is_binary(text).map_err(failed)? {
            return Err(refuse(encoding::binary_words()));
        }
        input.find_layout()?;
        Ok(input)
    }

    /// The first of a document's features shows whether they are GeoJSON's or those of ArcGIS.
    fn find_layout(&mut self) -> Result<()> {
        let mut rows = match &self.format {
            Format::Json(shape) if shape.layout == RecordLayout::GeoJson => self.rows()?,
            _ => return Ok(()),
        };
        rows.next(&mut Row::default())?;
        let found = rows.reader.layout().cloned();
        if let (Format::Json(shape), Some(found)) = (&mut self.format, found) {
            shape.layout = found;
        }
        Ok(())
    }

    /// The format of a document that is not read from its start to its end: a workbook, a
    /// GeoPackage, a Parquet or FlatGeobuf file. A packed one is unpacked into a temporary file.
    fn document(
        &mut self,
        start: &[u8],
        options: &ReadOptions,
    ) -> std::result::Result<Option<Format>, Message> {
        let is_workbook = self.packing == Packing::Workbook || start.starts_with(ZIP);
        let is_layer = start.starts_with(geopackage::SIGNATURE);
        let is_fgb = start.starts_with(fgb::SIGNATURE);
        let is_columns = is_fgb || start.starts_with(geoparquet::SIGNATURE);
        if !is_workbook && !is_layer && !is_columns {
            return Ok(None);
        }
        if matches!(self.packing, Packing::Gzip | Packing::Zip { .. }) {
            let content = self.content().map_err(unreadable)?;
            self.copy = Some(spool(content, SPOOL_BYTES_MAX)?);
        }
        let data = self.data();
        Ok(Some(if is_layer {
            Format::Layer(GpkgLayer::choose(data, options.layer.as_deref())?)
        } else if is_fgb {
            fgb::check_whole(data)?;
            Format::FlatGeobuf
        } else if !is_workbook {
            Format::Parquet
        } else if self.copy.is_none() || Packing::of(data, start)? == Packing::Workbook {
            Format::Sheet(Sheet::choose(data, options.sheet.as_deref())?)
        } else {
            return Err(archive_in_archive());
        }))
    }

    /// The file that documents are read from.
    fn data(&self) -> &Path {
        self.copy.as_deref().unwrap_or(&self.path)
    }

    fn json(&self) -> Result<Format> {
        let text = || self.text().map_err(|error| self.cut_short(&unreadable(error)));
        let read = |text: Box<dyn Read>| match self.is_start_only {
            true => Outline::read_start(text, START_BYTES_MAX),
            false => Outline::read(BufReader::with_capacity(1 << 18, text)),
        };
        let mut outline = read(text()?);
        let is_start = |outline: &Outline| outline.is_start && JsonShape::find(outline).is_err();
        if outline.as_ref().is_ok_and(is_start) {
            // The first column alone is longer than the start.
            outline = Outline::read(BufReader::with_capacity(1 << 18, text()?));
        }
        if outline.as_ref().is_err_and(|error| error.is_syntax()) {
            // `NaN` is no JSON; records with it are read all the same.
            outline = read(Box::new(StructureReader::new(text()?))).or(outline);
        }
        let shape = outline.map_err(|error| {
            if error.is_eof() {
                return message!(
                    "le texte JSON est coupé ({error})",
                    "the JSON text is cut ({error})"
                );
            }
            let error = error.to_string();
            message!("{error}", "{error}")
        });
        let shape = shape.and_then(|outline| {
            // Records one after the other, the first of which has perhaps an array, or a single
            // record that is longer than the start that was read.
            let arrays = outline.arrays.len();
            let is_cut = outline.is_start && arrays == 0 && outline.objects.is_empty();
            let is_lines = is_cut || (!outline.is_single && arrays <= 1);
            if is_lines { Ok(None) } else { JsonShape::find(&outline).map(Some) }
        });
        match shape {
            Ok(Some(shape)) => Ok(Format::Json(shape)),
            Ok(None) => Ok(Format::JsonLines),
            // Its first record is broken, and is refused as a row.
            Err(_) if has_object_on_second_line(self.text(), START_BYTES_MAX) => {
                Ok(Format::JsonLines)
            }
            Err(message) => Err(self.cut_short(&message)),
        }
    }

    fn detect(&self, text: Box<dyn Read>) -> std::io::Result<Detected> {
        match self.is_start_only {
            true => encoding::detect_start(text, START_BYTES_MAX),
            false => encoding::detect(text),
        }
    }

    /// The unpacked bytes.
    fn content(&self) -> std::io::Result<Box<dyn Read>> {
        self.packing.open(&self.path, Rc::default())
    }

    /// The text, in UTF-8.
    pub(super) fn text(&self) -> std::io::Result<Box<dyn Read>> {
        self.decoded(self.content()?)
    }

    fn decoded(&self, content: Box<dyn Read>) -> std::io::Result<Box<dyn Read>> {
        // What is not well-formed UTF-8 is refused row by row.
        match self.encoding.0 {
            encoding if encoding == TextEncoding::UTF_8 => without_mark(content),
            TextEncoding::Web(encoding) => Ok(Box::new(DecodingReader::new(content, encoding))),
            TextEncoding::Dos(page) => Ok(Box::new(CodePageReader::new(content, page))),
        }
    }

    fn cut_short(&self, reason: &Message) -> Error {
        cut_short(&self.label, reason)
    }

    /// Format, encoding and packing.
    pub fn described(&self) -> String {
        let packing = match &self.packing {
            Packing::Gzip => ", gzip".to_owned(),
            Packing::Zip { passed_over, .. } if passed_over.is_empty() => ", zip".to_owned(),
            Packing::Zip { passed_over, .. } => {
                format!(", zip; passed over: {}", passed_over.join(", "))
            }
            Packing::None | Packing::Workbook => String::new(),
        };
        match self.format.described() {
            (format, true) => format!("{format}, {}{packing}", self.encoding.0.name()),
            (format, false) => format!("{format}{packing}"),
        }
    }

    /// The encoding that was detected and why, where it is not a matter of course.
    pub fn encoding_note(&self) -> Option<Message> {
        self.encoding.1.clone()
    }

    /// Why the file holds only a part of its publisher's records, where it says so.
    pub fn incomplete(&self) -> Option<Message> {
        match &self.format {
            Format::Json(shape) => shape.page.incomplete(shape.records),
            _ => None,
        }
    }

    /// The document as one page of an answer; `None` where it is of no format that has pages.
    pub(super) fn json_shape(&self) -> Option<&JsonShape> {
        match &self.format {
            Format::Json(shape) if shape.records_in == RecordsIn::List => Some(shape),
            _ => None,
        }
    }

    /// The path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What the input is called in messages.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// Refuses a file that was changed since it was opened: its rows are of two versions.
    ///
    /// # Errors
    /// Its size or the time of its last change is another one.
    pub fn check_unchanged(&self) -> Result<()> {
        if stamp(&self.path) == self.stamp {
            return Ok(());
        }
        Err(self.cut_short(&message!(
            "le fichier a changé pendant la lecture ; importez-le de nouveau",
            "the file changed while it was read; import it again"
        )))
    }

    /// The byte between the cells that was named.
    pub fn named_delimiter(&self) -> Option<u8> {
        self.delimiter
    }

    /// Is it a text with a header and cells between delimiters?
    pub(super) fn is_plain_table(&self) -> bool {
        matches!(self.format, Format::Table)
    }

    /// Is it a table, whose columns are those of its header?
    pub fn is_table(&self) -> bool {
        !matches!(self.format, Format::Json(_) | Format::JsonLines)
    }

    /// The columns: of the header, or of the first records. Features of GeoJSON have one more,
    /// `*geometry`, which no row has a cell for.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn columns(&self) -> Result<SourceColumns> {
        let mut rows = self.rows()?;
        if self.is_table() {
            return Ok(rows.columns().clone());
        }
        let mut row = Row::default();
        for _ in 0..SAMPLE_ROWS {
            if !rows.next(&mut row)? {
                break;
            }
        }
        let mut columns = rows.columns().clone();
        if rows.reader.layout() == Some(&RecordLayout::GeoJson) {
            columns.number_of("*geometry", true);
        }
        Ok(columns)
    }

    /// Reads the rows from the first one.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn rows(&self) -> Result<Rows> {
        let bytes = Rc::new(Cell::new(0));
        let content = self.packing.open(&self.path, bytes.clone());
        let text = content.and_then(|content| self.decoded(content));
        let text = text.map_err(|error| self.cut_short(&unreadable(error)))?;
        let reader: std::result::Result<Box<dyn RowReader>, Message> = match &self.format {
            Format::Table => {
                CsvReader::open(text, bytes, self.delimiter).map(|rows| Box::new(rows) as _)
            }
            Format::Sheet(sheet) => {
                SheetReader::open(self.data(), sheet).map(|rows| Box::new(rows) as _)
            }
            Format::Layer(layer) => {
                LayerReader::open(self.data(), layer).map(|rows| Box::new(rows) as _)
            }
            Format::Parquet => ParquetReader::open(self.data()).map(|rows| Box::new(rows) as _),
            Format::FlatGeobuf => FgbReader::open(self.data()).map(|rows| Box::new(rows) as _),
            Format::Json(shape) => self.json_rows(shape, text, bytes),
            Format::JsonLines => JsonLinesReader::open(text, bytes).map(|rows| Box::new(rows) as _),
        };
        let reader = reader.map_err(|message| self.cut_short(&message))?;
        Ok(Rows { label: self.label.clone(), reader, empty: 0 })
    }

    fn json_rows(
        &self,
        shape: &JsonShape,
        text: Box<dyn Read>,
        bytes: Rc<Cell<u64>>,
    ) -> std::result::Result<Box<dyn RowReader>, Message> {
        let mut first = Some(text);
        let mut text = || first.take().map_or_else(|| self.text().map_err(unreadable), Ok);
        match &shape.records_in {
            RecordsIn::Columns { names, are_ids } => {
                JsonColumnsReader::open(shape, names, *are_ids, bytes, &mut text)
                    .map(|rows| Box::new(rows) as _)
            }
            RecordsIn::Lists { paths, keys } => {
                JsonListsReader::open(shape, paths, keys, bytes, &mut text)
                    .map(|rows| Box::new(rows) as _)
            }
            _ => JsonReader::open(text()?, bytes, shape).map(|rows| Box::new(rows) as _),
        }
    }
}

/// The rows of an input, read one by one.
pub struct Rows {
    label: String,
    reader: Box<dyn RowReader>,
    empty: u64,
}

impl Rows {
    /// Reads the next row that has a value into `row`; false at the end.
    ///
    /// # Errors
    /// The file cannot be read further; rows before have been given.
    pub fn next(&mut self, row: &mut Row) -> Result<bool> {
        loop {
            if !self.reader.next(row).map_err(|message| cut_short(&self.label, &message))? {
                return Ok(false);
            }
            // A refused row of a record has its text in a column that is passed over.
            if !row.is_empty() || self.columns().read_as.is_some() {
                return Ok(true);
            }
            self.empty += 1;
        }
    }

    /// Rows without any value that were passed over so far.
    pub fn empty_rows(&self) -> u64 {
        self.empty
    }

    /// The columns found so far.
    pub fn columns(&self) -> &SourceColumns {
        self.reader.columns()
    }

    /// What people should know of how the rows were read so far.
    pub fn notes(&self) -> Vec<Message> {
        self.reader.notes()
    }

    /// How much of the file has been read, in bytes.
    pub fn bytes_read(&self) -> u64 {
        self.reader.bytes_read()
    }
}

fn archive_in_archive() -> Message {
    message!(
        "est une archive dans une archive : décompressez-la une fois",
        "is an archive in an archive: unpack it once"
    )
}

fn cut_short(label: &str, reason: &Message) -> Error {
    let Message { fr, en } = reason;
    Error::new(
        ErrorKind::Invalid,
        message!(
            "La lecture de « {label} » s’est arrêtée : {fr}",
            "Reading '{label}' stopped: {en}"
        ),
    )
}
