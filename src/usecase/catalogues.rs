//! The catalogues that new jurisdictions start from, and the default jurisdiction.

use crate::config::DEFAULT_JURISDICTION;
use crate::domain::{Catalogue, Jurisdiction, JurisdictionId};
use crate::place::BBox;

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
        let home = jurisdiction.as_str() == DEFAULT_JURISDICTION;
        if home { self.quebec.clone() } else { self.groups.clone() }
    }
}

/// The default jurisdiction.
pub fn quebec() -> Jurisdiction {
    Jurisdiction {
        id: JurisdictionId::new(DEFAULT_JURISDICTION).expect("a well-formed constant"),
        name: "Québec".into(),
        time_zone: "America/Toronto".into(),
        extent: Some(BBox { west: -71.55, south: 46.73, east: -71.13, north: 46.98 }),
    }
}
