//! Access paths of a segment: how a query about places finds the slots it has to read.

pub(crate) mod grid;
pub(crate) mod h3;
pub(crate) mod partial;
pub(crate) mod rtree;
