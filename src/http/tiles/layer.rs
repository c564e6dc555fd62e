//! The tile layers.

use crate::domain::View;
use crate::error::{Error, Result};
use crate::http::tiles::mvt;
use crate::i18n::Language;
use crate::message;
use crate::place::Tile;

/// The last zoom of layers with areas; for greater zooms, maps enlarge these tiles.
const AREA_ZOOM_MAX: u8 = 14;

/// A tile layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layer {
    /// Clusters, and single reports from zoom 14.
    Reports,
    /// Clusters at every zoom.
    Clusters,
    /// Hexagons.
    Hexes,
    /// The standing hotspots.
    Hotspots,
    /// The reports that belong to the standing hotspots.
    HotspotMembers,
    /// The areas of the loaded boundary sets.
    Boundaries,
}

impl Layer {
    const ALL: [(Self, &'static str); 6] = [
        (Self::Reports, "reports"),
        (Self::Clusters, "clusters"),
        (Self::Hexes, "hexes"),
        (Self::Hotspots, "hotspots"),
        (Self::HotspotMembers, "hotspot_members"),
        (Self::Boundaries, "boundaries"),
    ];

    /// The layer of this name.
    ///
    /// # Errors
    /// Not found.
    pub fn parse(name: &str) -> Result<Self> {
        let known = Self::ALL.iter().find(|(_, known)| *known == name);
        known.map(|(layer, _)| *layer).ok_or_else(|| Error::not_found(name))
    }

    /// The view from which it is drawn for a reader.
    pub fn view(self, reader: View) -> View {
        match self {
            // The background watch examines what the public sees.
            Self::Hotspots | Self::HotspotMembers => View::Counted,
            Self::Hexes => reader.counted(),
            Self::Reports | Self::Clusters | Self::Boundaries => reader,
        }
    }

    /// Its name in paths and inside tiles.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(layer, _)| *layer == self).map_or("", |(_, name)| name)
    }

    /// Its first and last zoom.
    pub fn zooms(self) -> (u8, u8) {
        match self {
            Self::Reports => (0, 16),
            Self::Clusters => (0, Tile::ZOOM_MAX),
            Self::Hexes | Self::Hotspots | Self::HotspotMembers | Self::Boundaries => {
                (0, AREA_ZOOM_MAX)
            }
        }
    }

    /// Its description.
    pub fn description(self, language: Language) -> String {
        let message = match self {
            Self::Reports => message!(
                "Demandes : groupées jusqu’au zoom 13, une à une ensuite",
                "Reports: clustered up to zoom 13, then one by one"
            ),
            Self::Clusters => message!(
                "Groupes de demandes, comme /api/v1/clusters",
                "Clusters of reports, as /api/v1/clusters"
            ),
            Self::Hexes => message!(
                "Hexagones H3 : dénombrements et significativité",
                "H3 hexagons: counts and significance"
            ),
            Self::Hotspots => message!(
                "Points chauds significatifs des 30 derniers jours",
                "Significant hotspots of the last 30 days"
            ),
            Self::HotspotMembers => message!(
                "Demandes des points chauds, chacune avec le numéro du sien",
                "Reports of the hotspots, each with the number of its hotspot"
            ),
            Self::Boundaries => {
                message!("Secteurs des découpages de la ville", "Areas of the city’s boundary sets")
            }
        };
        language.pick(&message).to_owned()
    }

    /// Do its tiles have texts in the language of the request?
    pub fn has_texts(self) -> bool {
        self == Self::Hotspots
    }

    /// Does it depend on the standing hotspots?
    pub fn is_of_hotspots(self) -> bool {
        matches!(self, Self::Hotspots | Self::HotspotMembers)
    }

    /// Do its tiles take a filter of reports?
    pub fn has_filter(self) -> bool {
        self != Self::Boundaries
    }

    /// The names of its properties, each with its TileJSON type.
    pub fn fields(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Reports | Self::Clusters => mvt::REPORT_FIELDS,
            Self::Hexes => mvt::HEX_FIELDS,
            Self::Hotspots => mvt::HOTSPOT_FIELDS,
            Self::HotspotMembers => mvt::MEMBER_FIELDS,
            Self::Boundaries => mvt::BOUNDARY_FIELDS,
        }
    }
}
