//! CSV in: any delimiter of the usual three, CRLF or LF, with or without BOM, row by row.

use std::io::{BufRead, BufReader, Read};

use csv::{ByteRecord, ReaderBuilder};

use crate::error::Refusal;
use crate::i18n::Message;
use crate::ingest::read::row::{Row, RowReader, SourceColumns};
use crate::ingest::read::unreadable;
use crate::message;

/// An open table.
pub struct CsvReader<R> {
    reader: csv::Reader<BufReader<R>>,
    columns: SourceColumns,
    record: ByteRecord,
}

impl<R: Read> CsvReader<R> {
    /// Reads the header.
    ///
    /// # Errors
    /// The file cannot be read, or its first line is not text.
    pub fn open(input: R) -> Result<Self, Message> {
        let mut input = BufReader::with_capacity(1 << 18, input);
        let start = input.fill_buf().map_err(unreadable)?;
        let line = start.split(|b| *b == b'\n').next().unwrap_or_default();
        let count = |delimiter: &u8| line.iter().filter(|b| *b == delimiter).count();
        let delimiter = [b',', b';', b'\t'].into_iter().max_by_key(count).unwrap_or(b',');
        let mut reader =
            ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(input);
        let names = reader.headers().map_err(|error| unreadable(error.into()))?;
        let columns = SourceColumns::of_header(names);
        Ok(Self { reader, columns, record: ByteRecord::new() })
    }
}

impl<R: Read> RowReader for CsvReader<R> {
    fn columns(&self) -> &SourceColumns {
        &self.columns
    }

    fn next(&mut self, row: &mut Row) -> Result<bool, Message> {
        row.clear();
        let read = self.reader.read_byte_record(&mut self.record);
        if !read.map_err(|error| unreadable(error.into()))? {
            return Ok(false);
        }
        row.number = self.record.position().map_or(0, csv::Position::line);
        for (column, cell) in self.record.iter().enumerate() {
            match std::str::from_utf8(cell) {
                Ok(cell) => row.cells.push(cell),
                Err(_) => {
                    let text = String::from_utf8_lossy(cell);
                    let name = self.columns.names().get(column).map_or("?", String::as_str);
                    let message = message!("n’est pas de l’UTF-8", "is not UTF-8");
                    row.refusal.get_or_insert_with(|| Refusal::new(name, &text, message));
                    row.cells.push(&text);
                }
            }
        }
        let (has, wants) = (self.record.len(), self.columns.len());
        if has != wants {
            let message = message!(
                "est le nombre de colonnes de la ligne ; l’en-tête en a {wants}",
                "is the number of columns of the row; the header has {wants}"
            );
            row.refusal.get_or_insert_with(|| Refusal::new("row", has, message));
        }
        Ok(true)
    }

    fn bytes_read(&self) -> u64 {
        self.reader.position().byte()
    }
}
