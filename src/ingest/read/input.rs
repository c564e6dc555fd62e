//! An input: where its bytes come from and what they turned out to be.

use std::cell::Cell;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::error::{Error, ErrorKind, Refusal, Result};
use crate::i18n::Message;
use crate::ingest::read::csv::CsvReader;
use crate::ingest::read::json::{JsonLinesReader, JsonReader, JsonShape};
use crate::ingest::read::layout::RecordLayout;
use crate::ingest::read::outline::Outline;
use crate::ingest::read::row::{Row, RowReader, SourceColumns};
use crate::ingest::read::{signature, unreadable};
use crate::message;

/// Records of JSON that are read ahead, to know the columns.
const SAMPLE_ROWS: usize = 100;

/// What the content of an input is.
enum Format {
    Table,
    Json(JsonShape),
    JsonLines,
}

/// An input whose format is known; its rows can be read several times.
pub struct Input {
    path: PathBuf,
    format: Format,
}

impl Input {
    /// Opens a file and tells its format from its content.
    ///
    /// # Errors
    /// Not a file, empty, cut short, or of no format that is read.
    pub fn open(path: &Path) -> Result<Self> {
        let refuse = |message| Error::from(Refusal::new("file", path.display(), message));
        let metadata = std::fs::metadata(path).map_err(|error| refuse(unreadable(error)))?;
        if metadata.is_dir() {
            return Err(refuse(message!(
                "est un dossier, pas un fichier",
                "is a directory, not a file"
            )));
        }
        let start = start(path).map_err(|error| refuse(unreadable(error)))?;
        if let Some(kind) = signature::foreign(&start) {
            return Err(refuse(kind));
        }
        let sign = first_sign(path).map_err(|error| refuse(unreadable(error)))?;
        let format = match sign {
            None => return Err(refuse(message!("est vide", "is empty"))),
            Some(b'{' | b'[') => Self::json(path)?,
            Some(0x1e) => Format::JsonLines,
            Some(_) => Format::Table,
        };
        Ok(Self { path: path.to_owned(), format })
    }

    fn json(path: &Path) -> Result<Format> {
        let file = File::open(path).map_err(Error::internal)?;
        let outline = Outline::read(BufReader::with_capacity(1 << 18, file));
        let shape = outline.map_err(|error| {
            let error = error.to_string();
            message!("{error}", "{error}")
        });
        let shape = shape.and_then(|outline| {
            let is_lines = !outline.is_single && outline.arrays.len() < 2;
            let found = JsonShape::find(&outline);
            if is_lines { Ok(None) } else { found.map(Some) }
        });
        match shape {
            Ok(Some(shape)) => Ok(Format::Json(shape)),
            Ok(None) => Ok(Format::JsonLines),
            Err(message) => Err(cut_short(path, &message)),
        }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Is it a table, whose columns are those of its header?
    pub fn is_table(&self) -> bool {
        matches!(self.format, Format::Table)
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
        let file = File::open(&self.path);
        let file = file.map_err(|error| cut_short(&self.path, &unreadable(error)))?;
        let bytes = Rc::new(Cell::new(0));
        let input = CountingReader { file, bytes: bytes.clone() };
        let reader: std::result::Result<Box<dyn RowReader>, Message> = match &self.format {
            Format::Table => CsvReader::open(input, bytes, None).map(|rows| Box::new(rows) as _),
            Format::Json(shape) => {
                JsonReader::open(input, bytes, shape).map(|rows| Box::new(rows) as _)
            }
            Format::JsonLines => {
                JsonLinesReader::open(input, bytes).map(|rows| Box::new(rows) as _)
            }
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

/// A file that counts what has been read of it.
struct CountingReader {
    file: File,
    bytes: Rc<Cell<u64>>,
}

impl Read for CountingReader {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n = self.file.read(buffer)?;
        self.bytes.set(self.bytes.get() + n as u64);
        Ok(n)
    }
}

/// The first bytes.
fn start(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut start = Vec::with_capacity(signature::START_BYTES);
    File::open(path)?.take(signature::START_BYTES as u64).read_to_end(&mut start)?;
    Ok(start)
}

/// The first byte that is not white space or a BOM.
fn first_sign(path: &Path) -> std::io::Result<Option<u8>> {
    let mut reader = BufReader::new(File::open(path)?);
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
