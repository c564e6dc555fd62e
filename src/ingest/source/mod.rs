//! A source's file, whatever its format: recognised and read row by row.

pub mod digest;
pub mod file;
pub mod ids;
pub mod sample;
pub mod survey;
