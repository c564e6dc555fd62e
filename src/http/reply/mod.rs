//! What an answer is made of.

pub(crate) mod problem;
