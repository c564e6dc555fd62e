//! An input: where its bytes come from and what they turned out to be.

use std::cell::Cell;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use encoding_rs::{Encoding, UTF_8};

use crate::error::{Error, ErrorKind, Refusal, Result};
use crate::i18n::Message;
use crate::ingest::read::csv::CsvReader;
use crate::ingest::read::encoding::{self, DecodingReader};
use crate::ingest::read::json::{JsonLinesReader, JsonReader, JsonShape};
use crate::ingest::read::layout::RecordLayout;
use crate::ingest::read::outline::Outline;
use crate::ingest::read::row::{Row, RowReader, SourceColumns};
use crate::ingest::read::sheet::{self, SheetReader};
use crate::ingest::read::unpack::Packing;
use crate::ingest::read::{signature, unreadable};
use crate::message;

/// Records of JSON that are read ahead, to know the columns.
const SAMPLE_ROWS: usize = 100;

/// What is known of an input beforehand; the rest is told from its content.
#[derive(Debug, Clone, Default)]
pub struct ReadOptions {
    /// The character between the cells of a table.
    pub delimiter: Option<char>,
    /// The name of the character encoding.
    pub encoding: Option<String>,
    /// The name of the sheet of a workbook.
    pub sheet: Option<String>,
}

/// What the content of an input is.
enum Format {
    Table,
    Sheet(String),
    Json(JsonShape),
    JsonLines,
}

/// An input whose format is known; its rows can be read several times.
pub struct Input {
    path: PathBuf,
    packing: Packing,
    encoding: &'static Encoding,
    delimiter: Option<u8>,
    format: Format,
}

impl Input {
    /// Opens a file and tells its format from its content. A text is read to its end once, so that
    /// a file that is damaged or cut is refused before the first of its rows is taken.
    ///
    /// # Errors
    /// Not a file, empty, cut short, or of no format that is read.
    pub fn open(path: &Path, options: &ReadOptions) -> Result<Self> {
        let refuse = |message| Error::from(Refusal::new("file", path.display(), message));
        let failed = |error| refuse(unreadable(error));
        if std::fs::metadata(path).map_err(failed)?.is_dir() {
            return Err(refuse(message!(
                "est un dossier, pas un fichier",
                "is a directory, not a file"
            )));
        }
        let first = start(File::open(path).map_err(failed)?).map_err(failed)?;
        if let Some(kind) = signature::foreign(&first) {
            return Err(refuse(kind));
        }
        let packing = Packing::of(path, &first).map_err(refuse)?;
        let delimiter = options.delimiter.map(delimiter).transpose()?;
        let mut input = Self {
            path: path.to_owned(),
            packing,
            encoding: UTF_8,
            delimiter,
            format: Format::Table,
        };
        if input.packing == Packing::Workbook {
            let sheet = sheet::choose(path, options.sheet.as_deref()).map_err(refuse)?;
            input.format = Format::Sheet(sheet);
            return Ok(input);
        }
        if input.packing != Packing::None {
            let inner = start(input.content().map_err(failed)?).map_err(failed)?;
            if let Some(kind) = signature::foreign(&inner) {
                return Err(refuse(kind));
            }
        }
        input.encoding = match &options.encoding {
            Some(name) => {
                let named = encoding::named(name)
                    .map_err(|message| Refusal::new("--encoding", name, message))?;
                // A mark at the start decides: files of refused rows are UTF-8 with one.
                let first = start(input.content().map_err(failed)?).map_err(failed)?;
                Encoding::for_bom(&first).map_or(named, |(marked, _)| marked)
            }
            None => input.content().and_then(encoding::detect).map_err(failed)?,
        };
        input.format = match first_sign(input.text().map_err(failed)?).map_err(failed)? {
            None => return Err(refuse(message!("est vide", "is empty"))),
            Some(b'{' | b'[') => input.json()?,
            Some(0x1e) => Format::JsonLines,
            Some(_) => Format::Table,
        };
        Ok(input)
    }

    fn json(&self) -> Result<Format> {
        let text = self.text().map_err(|error| self.cut_short(&unreadable(error)))?;
        let outline = Outline::read(BufReader::with_capacity(1 << 18, text));
        let shape = outline.map_err(|error| {
            let error = error.to_string();
            message!("{error}", "{error}")
        });
        let shape = shape.and_then(|outline| {
            // A document without any array is a single record.
            let arrays = outline.arrays.len();
            let is_lines = arrays == 0 || (!outline.is_single && arrays == 1);
            if is_lines { Ok(None) } else { JsonShape::find(&outline).map(Some) }
        });
        match shape {
            Ok(Some(shape)) => Ok(Format::Json(shape)),
            Ok(None) => Ok(Format::JsonLines),
            Err(message) => Err(self.cut_short(&message)),
        }
    }

    /// The unpacked bytes.
    fn content(&self) -> std::io::Result<Box<dyn Read>> {
        self.packing.open(&self.path, Rc::default())
    }

    /// The text, in UTF-8.
    fn text(&self) -> std::io::Result<Box<dyn Read>> {
        Ok(self.decoded(self.content()?))
    }

    fn decoded(&self, content: Box<dyn Read>) -> Box<dyn Read> {
        // What is not well-formed UTF-8 is refused row by row.
        if self.encoding == UTF_8 {
            content
        } else {
            Box::new(DecodingReader::new(content, self.encoding))
        }
    }

    fn cut_short(&self, reason: &Message) -> Error {
        cut_short(&self.path, reason)
    }

    /// What the file was taken for: its format, encoding and packing.
    pub fn described(&self) -> String {
        let format = match &self.format {
            Format::Table => "CSV".to_owned(),
            Format::Sheet(name) => return format!("XLSX, sheet '{name}'"),
            Format::Json(shape) if shape.path == ["features"] => "GeoJSON".to_owned(),
            Format::Json(shape) if shape.path.is_empty() => "JSON".to_owned(),
            Format::Json(shape) => format!("JSON, records in '{}'", shape.path.join(".")),
            Format::JsonLines => "JSON, one record on a line".to_owned(),
        };
        let packing = match self.packing {
            Packing::Gzip => ", gzip",
            Packing::Zip { .. } => ", zip",
            Packing::None | Packing::Workbook => "",
        };
        format!("{format}, {}{packing}", self.encoding.name())
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The byte between the cells that was named.
    pub fn named_delimiter(&self) -> Option<u8> {
        self.delimiter
    }

    /// Is it a table, whose columns are those of its header?
    pub fn is_table(&self) -> bool {
        matches!(self.format, Format::Table | Format::Sheet(_))
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
        let content = content.map_err(|error| self.cut_short(&unreadable(error)))?;
        let text = self.decoded(content);
        let reader: std::result::Result<Box<dyn RowReader>, Message> = match &self.format {
            Format::Table => {
                CsvReader::open(text, bytes, self.delimiter).map(|rows| Box::new(rows) as _)
            }
            Format::Sheet(name) => {
                SheetReader::open(&self.path, name).map(|rows| Box::new(rows) as _)
            }
            Format::Json(shape) => {
                JsonReader::open(text, bytes, shape).map(|rows| Box::new(rows) as _)
            }
            Format::JsonLines => JsonLinesReader::open(text, bytes).map(|rows| Box::new(rows) as _),
        };
        let reader = reader.map_err(|message| cut_short(&self.path, &message))?;
        Ok(Rows { path: self.path.clone(), reader })
    }
}

/// The rows of an input, read one by one.
pub struct Rows {
    path: PathBuf,
    reader: Box<dyn RowReader>,
}

impl Rows {
    /// Reads the next row into `row`; false at the end.
    ///
    /// # Errors
    /// The file cannot be read further; rows before have been given.
    pub fn next(&mut self, row: &mut Row) -> Result<bool> {
        self.reader.next(row).map_err(|message| cut_short(&self.path, &message))
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

fn cut_short(path: &Path, reason: &Message) -> Error {
    let (shown, Message { fr, en }) = (path.display(), reason);
    Error::new(
        ErrorKind::Invalid,
        message!(
            "La lecture de « {shown} » s’est arrêtée : {fr}",
            "Reading '{shown}' stopped: {en}"
        ),
    )
}

/// The byte between cells that an option names.
fn delimiter(given: char) -> Result<u8> {
    u8::try_from(given).ok().filter(u8::is_ascii).filter(|b| !b"\"\r\n".contains(b)).ok_or_else(
        || {
            let message = message!("n’est pas un séparateur possible", "cannot be a delimiter");
            Refusal::new("--delimiter", given, message).into()
        },
    )
}

/// The first bytes.
fn start(input: impl Read) -> std::io::Result<Vec<u8>> {
    let mut start = Vec::with_capacity(signature::START_BYTES);
    input.take(signature::START_BYTES as u64).read_to_end(&mut start)?;
    Ok(start)
}

/// The first byte that is not white space or a BOM.
fn first_sign(text: impl Read) -> std::io::Result<Option<u8>> {
    let mut reader = BufReader::new(text);
    loop {
        let buffer = reader.fill_buf()?;
        if buffer.is_empty() {
            return Ok(None);
        }
        let skip = |b: &&u8| !b.is_ascii_whitespace() && !b"\xef\xbb\xbf".contains(b);
        if let Some(sign) = buffer.iter().find(skip) {
            return Ok(Some(*sign));
        }
        let read = buffer.len();
        reader.consume(read);
    }
}
