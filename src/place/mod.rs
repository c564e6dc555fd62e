//! The Earth: positions, distances, boxes, the map's grid and H3's. Imports nothing of ours.

mod bbox;
mod distance;
mod grid;
mod hex;
mod lattice;
mod origin;
mod polygons;
mod position;
mod tile;

pub use bbox::BBox;
pub use distance::{
    CIRCUMFERENCE_M, EARTH_RADIUS_M, HALF_CIRCUMFERENCE_M, Meters, Vector, distance, unit_vector,
    unwrapped,
};
pub use grid::{Cell, GRID_BITS, GridBox, Overlap, grid_position, morton, unmorton};
pub use hex::{HEX_RESOLUTION_MAX, HEX_RESOLUTION_MIN, HEX_RESOLUTIONS, Hex};
pub use lattice::{Keys, lattice_key, lattice_keys};
pub use origin::{Origin, slack};
pub use polygons::{Fault, Polygons};
pub use position::{OutOfRange, Position};
pub use tile::Tile;
