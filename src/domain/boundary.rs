//! Boundary sets: named areas of a city, such as its arrondissements or quartiers.

use crate::place::Polygons;

/// Longest name of a set, in characters.
const NAME_CHARS_MAX: usize = 40;

/// An area with its boundary.
#[derive(Debug, Clone, PartialEq)]
pub struct Boundary {
    /// Its name, unique within its set.
    pub name: String,
    /// Its shape.
    pub shape: Polygons,
}

/// Areas of one kind. A position inside several of them belongs to the first in the list.
#[derive(Debug, Clone, PartialEq)]
pub struct BoundarySet {
    /// Name of the set: a slug such as `quartiers`.
    pub name: String,
    /// The areas.
    pub areas: Vec<Boundary>,
}

impl BoundarySet {
    /// Whether a set may have this name: lower-case ASCII letters and digits joined by single
    /// hyphens, and not the name of another OGC collection of the city.
    pub fn is_name(name: &str) -> bool {
        const TAKEN: [&str; 5] = ["reports", "incidents", "hotspots", "hexes", "clusters"];
        let slug = crate::domain::ServiceCode::new(name).is_some();
        slug && name.len() <= NAME_CHARS_MAX && !TAKEN.contains(&name)
    }
}
