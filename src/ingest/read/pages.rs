//! Pages of a longer answer, joined into one document.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;

use serde_json::{Value, json};

use crate::error::{Error, ErrorKind, Refusal, Result};
use crate::i18n::Message;
use crate::ingest::read::elements::{Element, Elements};
use crate::ingest::read::input::{Input, ReadOptions};
use crate::ingest::read::json::too_long;
use crate::ingest::read::json_shape::JsonShape;
use crate::ingest::read::row::Row;
use crate::ingest::read::unreadable;
use crate::message;

/// Bytes that are written at once.
const ROOM: usize = 1 << 18;

/// A document that may be one page of several: a table, or JSON with an array of records.
pub struct DocumentPage {
    input: Input,
}

impl DocumentPage {
    /// Opens a page; `None` where the file is of a format that has no pages.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn open(path: &Path, label: &str) -> Result<Option<Self>> {
        let options = ReadOptions { label: Some(label.to_owned()), ..ReadOptions::default() };
        let input = Input::open(path, &options)?;
        let has_pages = input.json_shape().is_some() || input.is_plain_table();
        Ok(has_pages.then_some(Self { input }))
    }

    /// How many records it holds.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn records(&self) -> Result<u64> {
        if let Some(shape) = self.input.json_shape() {
            return Ok(shape.records.unwrap_or_default());
        }
        let (mut rows, mut row, mut count) = (self.input.rows()?, Row::default(), 0);
        while rows.next(&mut row)? {
            count += 1;
        }
        Ok(count)
    }

    /// Why it holds only a part of the records, where it says so.
    pub fn incomplete(&self) -> Option<Message> {
        self.input.incomplete()
    }

    /// The address of the next page, as the document writes it.
    pub fn next(&self) -> Option<&str> {
        self.input.json_shape()?.page.next.as_deref()
    }

    /// How many records there are in all, where the document says it.
    pub fn total(&self) -> Option<u64> {
        self.input.json_shape()?.page.total
    }
}

/// A document of the records of several pages.
pub struct JoinedPages {
    out: BufWriter<File>,
    /// Names of the members that lead to the records; `None` of a table.
    path: Option<Vec<String>>,
    records: u64,
}

impl JoinedPages {
    /// Begins the document in a file, with the layout of its first page.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn begin(file: &Path, first: &DocumentPage) -> Result<Self> {
        let out = File::create(file).map_err(Error::internal)?;
        let mut out = BufWriter::with_capacity(ROOM, out);
        let path = first.input.json_shape().map(|shape| shape.path.clone());
        if let Some(shape) = first.input.json_shape() {
            out.write_all(opening(shape).as_bytes()).map_err(Error::internal)?;
        }
        Ok(Self { out, path, records: 0 })
    }

    /// Appends the records of a page.
    ///
    /// # Errors
    /// Its records are elsewhere than those of the first page; it cannot be read; the file cannot
    /// be written.
    pub fn add(&mut self, page: &DocumentPage) -> Result<()> {
        let found = page.input.json_shape().map(|shape| shape.path.clone());
        if found != self.path {
            let message = message!(
                "est une page d’une autre forme que la première",
                "is a page of another shape than the first one"
            );
            return Err(Refusal::new("file", page.input.label(), message).into());
        }
        match &self.path {
            Some(path) => self.add_elements(page, &path.clone()),
            None => self.add_lines(page),
        }
    }

    fn add_elements(&mut self, page: &DocumentPage, path: &[String]) -> Result<()> {
        let refuse = |message: Message| Error::new(ErrorKind::Invalid, message);
        let text = page.input.text().map_err(|error| refuse(unreadable(error)))?;
        let mut elements =
            Elements::open(BufReader::with_capacity(ROOM, text), path).map_err(refuse)?;
        while let Some(element) = elements.next().map_err(refuse)? {
            let Element::Json(json) = element else { return Err(too_long().into()) };
            if self.records > 0 {
                self.out.write_all(b",\n").map_err(Error::internal)?;
            }
            self.out.write_all(json).map_err(Error::internal)?;
            self.records += 1;
        }
        Ok(())
    }

    /// Appends a table, without its header where another page came first.
    fn add_lines(&mut self, page: &DocumentPage) -> Result<()> {
        let refuse = |error| Error::new(ErrorKind::Invalid, unreadable(error));
        let text = page.input.text().map_err(refuse)?;
        let mut lines = BufReader::with_capacity(ROOM, text);
        let mut line = Vec::new();
        let mut is_header = self.records > 0;
        while lines.read_until(b'\n', &mut line).map_err(refuse)? > 0 {
            if !is_header {
                self.out.write_all(line.trim_ascii_end()).map_err(Error::internal)?;
                self.out.write_all(b"\n").map_err(Error::internal)?;
                self.records += 1;
            }
            is_header = false;
            line.clear();
        }
        Ok(())
    }

    /// Writes the end.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn finish(mut self) -> Result<()> {
        if let Some(path) = &self.path {
            let closing = format!("]{}", "}".repeat(path.len()));
            self.out.write_all(closing.as_bytes()).map_err(Error::internal)?;
        }
        self.out.flush().map_err(Error::internal)
    }
}

/// The start of a document of this shape, up to its first record.
fn opening(shape: &JsonShape) -> String {
    let mut text = String::new();
    for (depth, name) in shape.path.iter().enumerate() {
        text.push('{');
        if let Some(crs) = shape.crs.as_ref().filter(|_| depth == 0) {
            let crs: Value = json!({ "type": "name", "properties": { "name": crs } });
            text += &format!("\"crs\":{crs},");
        }
        text += &format!("{}:", Value::from(name.as_str()));
    }
    text.push('[');
    text
}
