//! JSON whose columns lie one after the other: a list of values, or an object of them, for each.
//! Each column has a reader of its own, so that the records are read side by side in bounded
//! memory.

use std::cell::Cell;
use std::io::{BufReader, Read};
use std::rc::Rc;

use serde_json::Value;

use crate::i18n::Message;
use crate::ingest::read::elements::{Element, Elements};
use crate::ingest::read::json::too_long;
use crate::ingest::read::json_shape::JsonShape;
use crate::ingest::read::json_value::{self, no_numbers_note};
use crate::ingest::read::layout::RecordLayout;
use crate::ingest::read::record::Flattener;
use crate::ingest::read::row::{Row, RowReader, SourceColumns};
use crate::message;

/// Bytes that are read at once of each column.
const ROOM: usize = 1 << 15;

/// Reads records whose values are spread over columns.
pub struct JsonColumnsReader {
    columns_in: Vec<Elements<BufReader<Box<dyn Read>>>>,
    are_ids: bool,
    bytes: Rc<Cell<u64>>,
    flattener: Flattener,
    columns: SourceColumns,
    number: u64,
    no_numbers: u64,
}

impl JsonColumnsReader {
    /// Goes to the columns of these names; `text` opens the text anew, and `bytes` counts what is
    /// read of the file for the first one.
    ///
    /// # Errors
    /// The text cannot be read.
    pub fn open(
        shape: &JsonShape,
        names: &[String],
        are_ids: bool,
        bytes: Rc<Cell<u64>>,
        text: &mut dyn FnMut() -> Result<Box<dyn Read>, Message>,
    ) -> Result<Self, Message> {
        let mut columns_in = Vec::with_capacity(names.len());
        for name in names {
            let path = [&shape.path[..], std::slice::from_ref(name)].concat();
            columns_in.push(Elements::open_any(BufReader::with_capacity(ROOM, text()?), &path)?);
        }
        Ok(Self {
            columns_in,
            are_ids,
            bytes,
            flattener: Flattener { layout: shape.layout.clone(), projection: None },
            columns: SourceColumns::default(),
            number: 0,
            no_numbers: 0,
        })
    }

    /// The values of the next record; `None` after the last.
    fn values(&mut self, row: &mut Row) -> Result<Option<Vec<Value>>, Message> {
        let (mut values, mut ended, mut key) = (Vec::new(), 0, None);
        for column in &mut self.columns_in {
            let value = match column.next()? {
                None => {
                    ended += 1;
                    continue;
                }
                Some(Element::TooLong) => Err(too_long()),
                Some(Element::Json(json)) => json_value::read(json, &mut self.no_numbers),
            };
            let value = value.unwrap_or_else(|refusal| {
                row.refusal.get_or_insert(refusal);
                Value::Null
            });
            values.push(value);
            let first = key.get_or_insert_with(|| column.key().to_owned());
            if *first != column.key() {
                let (at, other) = (first.clone(), column.key().to_owned());
                return Err(message!(
                    "ses colonnes n’ont pas les mêmes lignes : « {at} » et « {other} »",
                    "its columns do not have the same rows: '{at}' and '{other}'"
                ));
            }
        }
        if ended == self.columns_in.len() {
            return Ok(None);
        }
        if ended > 0 {
            return Err(message!(
                "ses colonnes n’ont pas toutes la même longueur",
                "its columns are not all of the same length"
            ));
        }
        values.extend(key.filter(|_| self.are_ids).map(Value::String));
        Ok(Some(values))
    }
}

impl RowReader for JsonColumnsReader {
    fn columns(&self) -> &SourceColumns {
        &self.columns
    }

    fn next(&mut self, row: &mut Row) -> Result<bool, Message> {
        row.clear();
        let Some(values) = self.values(row)? else { return Ok(false) };
        self.number += 1;
        row.number = self.number;
        let record = Value::Array(values);
        let flat = self.flattener.flatten(&record, &mut self.columns, &mut row.cells);
        if let Err(refusal) = flat {
            row.refusal.get_or_insert(refusal);
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
