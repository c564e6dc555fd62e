//! The Earth: positions, distances, boxes and the map's grid. Imports nothing of ours.

mod bbox;
mod distance;
mod grid;
mod origin;
mod position;

pub use bbox::BBox;
pub use distance::{CIRCUMFERENCE_M, EARTH_RADIUS_M, HALF_CIRCUMFERENCE_M, Meters, distance};
pub use grid::{Cell, GRID_BITS, GridBox, Overlap, grid_position, morton, unmorton};
pub use origin::{Origin, slack};
pub use position::{OutOfRange, Position};
