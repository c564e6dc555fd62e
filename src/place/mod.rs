//! The Earth: positions, distances, boxes and polygons, the Mercator grid and its tiles, H3 cells.
//! This room imports no other.

mod antimeridian;
mod area_index;
mod bbox;
mod distance;
mod distance_key;
mod edge_index;
mod extent;
mod grid;
mod h3_cell;
mod h3_lattice;
mod mirrored;
mod polygon;
mod polygon_cover;
mod position;
mod query_point;
mod query_shape;
mod ring_faults;
mod spatial_relation;
mod tile;

pub use antimeridian::cut_at_antimeridian;
pub use area_index::AreaIndex;
pub use bbox::{BBox, narrowest};
pub use distance::{
    CIRCUMFERENCE_M, EARTH_RADIUS_M, HALF_CIRCUMFERENCE_M, Meters, Vector, unit_vector, unwrapped,
};
pub use distance_key::DistanceKey;
pub use extent::{PLACES_MIN, learned_extent};
pub use grid::{GRID_BITS, GridBox, GridCell, Overlap, grid_position, morton, unmorton};
pub use h3_cell::{H3_RESOLUTION_MAX, H3_RESOLUTION_MIN, H3_RESOLUTIONS, H3Cell};
pub use h3_lattice::{H3LatticeKeys, lattice_key, lattice_keys};
pub use mirrored::{learned_city_extent, mirrored};
pub use polygon::{PolygonError, Polygons};
pub use polygon_cover::CellCover;
pub use position::{LAT_MAX, LON_MAX, OutOfRange, Position};
pub use query_point::{QueryPoint, distance, haversine_tolerance};
pub use query_shape::{PointLocation, QueryShape};
pub use ring_faults::{RingFault, RingFaultKind};
pub use spatial_relation::SpatialRelation;
pub use tile::Tile;
