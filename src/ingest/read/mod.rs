//! Files as cities publish them, read as one stream of rows whatever their format: the bytes are
//! unpacked and decoded, the format is detected from the content, and each row becomes named cells.

mod ahead;
mod code_pages;
mod csv;
mod csv_delimiter;
mod csv_line;
mod csv_record;
#[cfg(test)]
mod csv_record_tests;
mod elements;
mod encoding;
mod error_document;
mod fgb;
mod format;
mod geometry;
mod geopackage;
mod geoparquet;
mod header;
mod input;
mod json;
mod json_columns;
mod json_lists;
mod json_shape;
mod json_value;
mod layout;
mod open_quotes;
mod outline;
mod own_table;
mod page_members;
mod pages;
mod parquet_column;
mod points;
mod record;
mod refused_header;
mod row;
mod sheet;
#[cfg(test)]
mod sheet_tests;
mod signature;
mod spool;
mod start;
mod table;
mod unpack;
mod written_language;

pub use input::{Input, ReadOptions, Rows};
pub use json_shape::LIST;
pub use pages::{DocumentPage, JoinedPages};
pub use refused_header::{REFUSED_COLUMNS, read_as_column};
pub use row::{Cells, Row, SourceColumns};
pub use spool::{SPOOL_BYTES_MAX, spool};
pub use unpack::unreadable;

/// Longest row that is read, in bytes of its text: it bounds the memory of an import.
pub const ROW_BYTES_MAX: usize = 16 << 20;
