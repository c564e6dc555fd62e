//! The catalogues that new jurisdictions start from, and the city that has one of its own.

use crate::domain::{Catalogue, Jurisdiction, JurisdictionId};
use crate::place::BBox;

/// The id of Québec, by the registry of Open311 servers.
const QUEBEC: &str = "ville.quebec.qc.ca";

/// The built-in catalogues that new jurisdictions start from.
#[derive(Clone)]
pub struct Catalogues {
    /// Groups without services: for any city but Québec.
    pub groups: Catalogue,
    /// Groups and services of Québec.
    pub quebec: Catalogue,
}

impl Catalogues {
    /// The catalogue that this jurisdiction starts from.
    pub fn of(&self, jurisdiction: &JurisdictionId) -> Catalogue {
        let home = jurisdiction.as_str() == QUEBEC;
        if home { self.quebec.clone() } else { self.groups.clone() }
    }
}

/// Québec, whose catalogue is built in: the city of the demo.
pub fn quebec() -> Jurisdiction {
    Jurisdiction {
        id: JurisdictionId::new(QUEBEC).expect("a well-formed constant"),
        name: "Québec".into(),
        time_zone: "America/Toronto".into(),
        extent: Some(BBox { west: -71.55, south: 46.73, east: -71.13, north: 46.98 }),
        is_extent_learned: false,
    }
}
