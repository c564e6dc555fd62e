//! JSON with several lists of records that have the same members, such as one for each year. The
//! lists are read one after the other; the name of each is a column of its records.

use std::cell::Cell;
use std::io::{BufReader, Read};
use std::rc::Rc;

use crate::i18n::Message;
use crate::ingest::read::elements::{Element, Elements};
use crate::ingest::read::json::{read_record, too_long};
use crate::ingest::read::json_shape::{JsonShape, LIST};
use crate::ingest::read::json_value::no_numbers_note;
use crate::ingest::read::layout::RecordLayout;
use crate::ingest::read::record::Flattener;
use crate::ingest::read::row::{Row, RowReader, SourceColumns};

/// Bytes that are read at once of each list.
const ROOM: usize = 1 << 16;

/// The elements of a list, with its key.
type KeyedList = (String, Elements<BufReader<Box<dyn Read>>>);

/// Reads the records of several lists.
pub struct JsonListsReader {
    /// The lists that are not read to their end yet, the next one last, each with its key.
    lists: Vec<KeyedList>,
    bytes: Rc<Cell<u64>>,
    flattener: Flattener,
    is_layout_open: bool,
    columns: SourceColumns,
    number: u64,
    no_numbers: u64,
}

impl JsonListsReader {
    /// Goes to the lists at these paths; `text` opens the text anew, and `bytes` counts what is
    /// read of the file for the first one.
    ///
    /// # Errors
    /// The text cannot be read.
    pub fn open(
        shape: &JsonShape,
        paths: &[Vec<String>],
        keys: &[String],
        bytes: Rc<Cell<u64>>,
        text: &mut dyn FnMut() -> Result<Box<dyn Read>, Message>,
    ) -> Result<Self, Message> {
        let mut lists = Vec::with_capacity(paths.len());
        for (path, key) in paths.iter().zip(keys) {
            let input = BufReader::with_capacity(ROOM, text()?);
            lists.push((key.clone(), Elements::open(input, path)?));
        }
        lists.reverse();
        Ok(Self {
            lists,
            bytes,
            flattener: Flattener { layout: shape.layout.clone(), projection: None },
            is_layout_open: true,
            columns: SourceColumns::default(),
            number: 0,
            no_numbers: 0,
        })
    }
}

impl RowReader for JsonListsReader {
    fn columns(&self) -> &SourceColumns {
        &self.columns
    }

    fn next(&mut self, row: &mut Row) -> Result<bool, Message> {
        row.clear();
        while let Some((key, list)) = self.lists.last_mut() {
            let Some(element) = list.next()? else {
                self.lists.pop();
                continue;
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
            if row.refusal.is_none()
                && let Some(column) = self.columns.number_of(LIST, false)
            {
                row.cells.set(column, key);
            }
            return Ok(true);
        }
        Ok(false)
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
