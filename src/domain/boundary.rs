//! Boundaries of areas: arrondissements, quartiers, sectors.

use crate::place::Polygons;

/// Longest name of a set, in characters.
const NAME_CHARS_MAX: usize = 40;

/// An area with its boundary.
#[derive(Debug, Clone, PartialEq)]
pub struct Boundary {
    /// Its name: no other of its set has it.
    pub name: String,
    /// Where it is.
    pub shape: Polygons,
}

/// Areas of one kind, in order. A place in two of them is in the first.
#[derive(Debug, Clone, PartialEq)]
pub struct BoundarySet {
    /// Name of the set: a slug such as `quartiers`.
    pub name: String,
    /// The areas.
    pub areas: Vec<Boundary>,
}

impl BoundarySet {
    /// Can a set be called so? Lower-case ASCII letters, digits and single hyphens, and not what
    /// else a city has by that name.
    pub fn is_name(name: &str) -> bool {
        const TAKEN: [&str; 5] = ["reports", "incidents", "hotspots", "hexes", "clusters"];
        let slug = crate::domain::ServiceCode::new(name).is_some();
        slug && name.len() <= NAME_CHARS_MAX && !TAKEN.contains(&name)
    }
}
