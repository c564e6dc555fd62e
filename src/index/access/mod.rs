//! Access paths into a segment: which slots a question about places has to look at.

pub(crate) mod grid;
pub(crate) mod h3;
pub(crate) mod partial;
pub(crate) mod rtree;
