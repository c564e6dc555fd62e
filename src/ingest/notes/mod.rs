//! What is noticed while rows are read, what is refused, and the words for both.

pub mod in_words;
pub mod noticed;
pub mod refusal_counts;
pub mod refused_rows;
