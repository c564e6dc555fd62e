//! What the words of a status mean, in eight languages, and which are doubtful.

pub mod codes;
pub mod doubts;
pub mod stems;
pub mod words;
#[cfg(test)]
mod words_tests;
