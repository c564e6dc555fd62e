//! JSON in: the records of one array, or one record on a line.

use std::cell::Cell;
use std::io::{BufRead, BufReader, Read};
use std::rc::Rc;

use crate::error::Refusal;
use crate::i18n::Message;
use crate::ingest::read::ROW_BYTES_MAX;
use crate::ingest::read::elements::{Element, Elements};
use crate::ingest::read::json_shape::{ID, JsonShape, RecordsIn, projection};
use crate::ingest::read::json_value::{self, no_numbers_note};
use crate::ingest::read::layout::RecordLayout;
use crate::ingest::read::record::Flattener;
use crate::ingest::read::row::{Row, RowReader, SourceColumns};
use crate::message;

/// Reads the records of an array.
pub struct JsonReader<R> {
    elements: Elements<BufReader<R>>,
    bytes: Rc<Cell<u64>>,
    flattener: Flattener,
    is_layout_open: bool,
    /// The next element has the names of the columns.
    is_header_next: bool,
    /// The names of the members are ids.
    has_ids: bool,
    columns: SourceColumns,
    number: u64,
    no_numbers: u64,
}

impl<R: Read> JsonReader<R> {
    /// Goes to the records. `bytes` counts what has been read of the file.
    ///
    /// # Errors
    /// The input cannot be read.
    pub fn open(input: R, bytes: Rc<Cell<u64>>, shape: &JsonShape) -> Result<Self, Message> {
        let input = BufReader::with_capacity(1 << 18, input);
        Ok(Self {
            elements: match shape.records_in {
                RecordsIn::Document => Elements::only(input),
                _ => Elements::open_any(input, &shape.path)?,
            },
            is_header_next: shape.records_in == RecordsIn::ListBelowHeader,
            has_ids: shape.records_in == (RecordsIn::Members { are_ids: true }),
            bytes,
            flattener: Flattener {
                layout: shape.layout.clone(),
                projection: projection(shape.crs.as_deref())?,
            },
            is_layout_open: !matches!(shape.layout, RecordLayout::Arrays(_)),
            columns: SourceColumns::default(),
            number: 0,
            no_numbers: 0,
        })
    }
}

impl<R: Read> RowReader for JsonReader<R> {
    fn columns(&self) -> &SourceColumns {
        &self.columns
    }

    fn next(&mut self, row: &mut Row) -> Result<bool, Message> {
        row.clear();
        if std::mem::take(&mut self.is_header_next) {
            self.elements.next()?;
        }
        let element = match self.elements.next()? {
            None => return Ok(false),
            Some(element) => element,
        };
        self.number += 1;
        row.number = self.number;
        match element {
            Element::TooLong => row.refusal = Some(too_long()),
            Element::Json(json) => {
                let (open, columns) = (&mut self.is_layout_open, &mut self.columns);
                self.no_numbers += read_record(json, &mut self.flattener, open, columns, row);
            }
        }
        if self.has_ids
            && row.refusal.is_none()
            && let Some(column) = self.columns.number_of(ID, false)
        {
            row.cells.set(column, self.elements.key());
        }
        Ok(true)
    }

    fn bytes_read(&self) -> u64 {
        self.bytes.get()
    }

    fn layout(&self) -> Option<&RecordLayout> {
        Some(&self.flattener.layout)
    }

    fn notes(&self) -> Vec<Message> {
        Vec::from_iter(no_numbers_note(self.no_numbers))
    }
}

/// The refusal of a row longer than [`ROW_BYTES_MAX`].
pub fn too_long() -> Refusal {
    let most = ROW_BYTES_MAX >> 20;
    let message = message!("dépasse {most} Mio", "is longer than {most} MiB");
    Refusal::new("row", "", message)
}

/// Reads a record into a row; returns how many of its numbers are none, such as `NaN`.
pub fn read_record(
    json: &[u8],
    flattener: &mut Flattener,
    is_layout_open: &mut bool,
    columns: &mut SourceColumns,
    row: &mut Row,
) -> u64 {
    let mut no_numbers = 0;
    let read = json_value::read(json, &mut no_numbers);
    let flat = read.and_then(|record| {
        // The first record shows how all are laid out.
        if std::mem::take(is_layout_open) {
            let found = RecordLayout::of(&record);
            if found != RecordLayout::Objects || flattener.layout != RecordLayout::GeoJson {
                flattener.layout = found;
            }
        }
        flattener.flatten(&record, columns, &mut row.cells)
    });
    if let Err(refusal) = flat {
        row.refusal = Some(refusal);
        row.record = String::from_utf8_lossy(json).into_owned();
    }
    no_numbers
}

/// Reads records that follow each other, each on a line of its own or after a record
/// separator (RFC 8142).
pub struct JsonLinesReader<R> {
    input: BufReader<R>,
    bytes: Rc<Cell<u64>>,
    flattener: Flattener,
    is_layout_open: bool,
    columns: SourceColumns,
    separator: u8,
    buffer: Vec<u8>,
    line: u64,
    no_numbers: u64,
}

impl<R: Read> JsonLinesReader<R> {
    /// Begins to read. `bytes` counts what has been read of the file.
    ///
    /// # Errors
    /// The input cannot be read.
    pub fn open(input: R, bytes: Rc<Cell<u64>>) -> Result<Self, Message> {
        let mut input = BufReader::with_capacity(1 << 18, input);
        let start = input.fill_buf().map_err(crate::ingest::read::unreadable)?;
        let first = start.iter().find(|b| !b.is_ascii_whitespace());
        let separator = if first == Some(&0x1e) { 0x1e } else { b'\n' };
        Ok(Self {
            input,
            bytes,
            flattener: Flattener { layout: RecordLayout::Objects, projection: None },
            is_layout_open: true,
            columns: SourceColumns::default(),
            separator,
            buffer: Vec::new(),
            line: 1,
            no_numbers: 0,
        })
    }

    /// Reads up to the separator; the lines that were passed and whether the text is whole. `None`
    /// at the end.
    fn chunk(&mut self) -> Result<Option<(u64, bool)>, Message> {
        self.buffer.clear();
        let (mut lines, mut any, mut whole) = (0, false, true);
        loop {
            let bytes = self.input.fill_buf().map_err(crate::ingest::read::unreadable)?;
            if bytes.is_empty() {
                return Ok(any.then_some((lines, whole)));
            }
            any = true;
            let end = memchr::memchr(self.separator, bytes);
            let taken = end.map_or(bytes.len(), |end| end + 1);
            let text = bytes.get(..end.unwrap_or(taken)).unwrap_or_default();
            lines +=
                memchr::memchr_iter(b'\n', bytes.get(..taken).unwrap_or_default()).count() as u64;
            whole = whole && self.buffer.len() + text.len() <= ROW_BYTES_MAX;
            if whole {
                self.buffer.extend_from_slice(text);
            }
            self.input.consume(taken);
            if end.is_some() {
                return Ok(Some((lines, whole)));
            }
        }
    }
}

impl<R: Read> RowReader for JsonLinesReader<R> {
    fn columns(&self) -> &SourceColumns {
        &self.columns
    }

    fn next(&mut self, row: &mut Row) -> Result<bool, Message> {
        row.clear();
        loop {
            let line = self.line;
            let Some((lines, whole)) = self.chunk()? else { return Ok(false) };
            self.line += lines;
            let json = self.buffer.trim_ascii();
            if json.is_empty() && whole {
                continue;
            }
            row.number = line;
            if whole {
                let (open, columns) = (&mut self.is_layout_open, &mut self.columns);
                self.no_numbers += read_record(json, &mut self.flattener, open, columns, row);
            } else {
                row.refusal = Some(too_long());
            }
            return Ok(true);
        }
    }

    fn bytes_read(&self) -> u64 {
        self.bytes.get()
    }

    fn layout(&self) -> Option<&RecordLayout> {
        Some(&self.flattener.layout)
    }

    fn notes(&self) -> Vec<Message> {
        Vec::from_iter(no_numbers_note(self.no_numbers))
    }
}
