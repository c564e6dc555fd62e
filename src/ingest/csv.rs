//! CSV in: any delimiter of the usual three, CRLF or LF, with or without BOM, row by row.

use std::fs::File;
use std::io::{BufReader, Read};

use csv::{ByteRecord, ReaderBuilder, StringRecord};

use crate::error::Refusal;
use crate::ingest::mapping::RowCells;
use crate::ingest::profile::column_name;
use crate::message;

/// A row as text, or why it is none. `line` is where it begins in the file, from 1.
pub struct CsvRow {
    pub line: u64,
    pub bytes_read: u64,
    pub cells: Result<StringRecord, (Refusal, StringRecord)>,
}

impl RowCells for StringRecord {
    fn cell(&self, column: usize) -> Option<&str> {
        self.get(column)
    }
}

/// An open table.
pub struct CsvReader {
    reader: csv::Reader<BufReader<File>>,
    pub header: Vec<String>,
    pub names: StringRecord,
}

impl CsvReader {
    /// Reads the header.
    ///
    /// # Errors
    /// The file cannot be read, or its first line is not text.
    pub fn open(path: &std::path::Path) -> std::io::Result<Self> {
        let mut start = Vec::new();
        File::open(path)?.take(1 << 16).read_to_end(&mut start)?;
        let line = start.split(|b| *b == b'\n').next().unwrap_or_default();
        let count = |delimiter: &u8| line.iter().filter(|b| *b == delimiter).count();
        let delimiter = [b',', b';', b'\t'].into_iter().max_by_key(count).unwrap_or(b',');
        let mut reader = ReaderBuilder::new()
            .delimiter(delimiter)
            .flexible(true)
            .from_reader(BufReader::with_capacity(1 << 18, File::open(path)?));
        let names = reader.headers().map_err(std::io::Error::from)?.clone();
        let header = names.iter().map(column_name).collect();
        Ok(Self { reader, header, names })
    }

    /// The next row; `None` at the end.
    ///
    /// # Errors
    /// The file cannot be read further.
    pub fn next_row(&mut self) -> std::io::Result<Option<CsvRow>> {
        let mut record = ByteRecord::new();
        if !self.reader.read_byte_record(&mut record).map_err(std::io::Error::from)? {
            return Ok(None);
        }
        let line = record.position().map_or(0, csv::Position::line);
        let bytes_read = self.reader.position().byte();
        let cells = self.checked(record);
        Ok(Some(CsvRow { line, bytes_read, cells }))
    }

    fn checked(&self, record: ByteRecord) -> Result<StringRecord, (Refusal, StringRecord)> {
        let record = StringRecord::from_byte_record(record).map_err(|error| {
            let column = error.utf8_error().field();
            let record = error.into_byte_record();
            let lossy: StringRecord =
                record.iter().map(|cell| String::from_utf8_lossy(cell).into_owned()).collect();
            let name = self.names.get(column).unwrap_or("?");
            let message = message!("n’est pas de l’UTF-8", "is not UTF-8");
            let value = lossy.get(column).unwrap_or_default().to_owned();
            (Refusal::new(name, value, message), lossy)
        })?;
        let (has, wants) = (record.len(), self.names.len());
        if has == wants {
            return Ok(record);
        }
        let message = message!(
            "est le nombre de colonnes de la ligne ; l’en-tête en a {wants}",
            "is the number of columns of the row; the header has {wants}"
        );
        Err((Refusal::new("row", has, message), record))
    }
}
