//! A look over all rows of a file that decides what no single row says.

pub mod places;
pub mod projected;
pub mod rows;
#[cfg(test)]
mod tests;
pub mod texts;
pub mod zones;
