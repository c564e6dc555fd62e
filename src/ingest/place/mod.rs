//! The place of a row: from texts, pairs of numbers and references, or why it has none.

pub mod accuracy_words;
pub mod exchanged;
pub mod labels;
pub mod link;
pub mod markers;
pub mod negation;
pub mod no_place;
pub mod os_grid;
pub mod parted_degrees;
pub mod python_literal;
pub mod reader;
pub mod text;
pub mod words;
