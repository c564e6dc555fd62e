//! Parameters that hexagons and hotspots share.

use crate::http::request::parameter::{Defaulted, Optional, Parameter, query};
use crate::http::request::types::{Number, number};
use crate::http::request::words::Choice;
use crate::index::RING_MAX;
use crate::place::{H3_RESOLUTION_MAX, H3_RESOLUTION_MIN};
use crate::query::{Exposure, RESOLUTION_DEFAULT};

/// The H3 resolution.
pub const RESOLUTION: Parameter<Number<u8>, Defaulted<u8>> =
    query("resolution", number(H3_RESOLUTION_MIN, H3_RESOLUTION_MAX))
        .default(RESOLUTION_DEFAULT)
        .example("8")
        .described(
            "Résolution H3 ; à 9, les centres de cellules voisines sont distants d’environ 350 m.",
            "H3 resolution; at 9, the centres of neighbouring cells are about 350 m apart.",
        );

/// How many rings of neighbours the neighbourhood of a cell has.
pub const RINGS: Parameter<Number<u8>, Optional> =
    query("k", number(1, RING_MAX)).optional().example("1").described(
        "Nombre d’anneaux de voisins ; par défaut, ce qu’il faut pour cinq demandes en moyenne.",
        "Number of rings of neighbours; by default enough for five reports on average.",
    );

/// What counts are compared with.
pub const EXPOSURE: Parameter<Choice<Exposure>> =
    query("exposure", Choice(&Exposure::WORDS)).example("reports").described(
        "Avec quoi comparer les dénombrements : none, la moyenne des hexagones ; reports, les \
         demandes de tous les services au même lieu qui passent le reste du filtre.",
        "What counts are compared with: none, the mean of all hexagons; reports, the reports of \
         all services in the same place that pass the rest of the filter.",
    );

/// What is sent of the outline of a hexagon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HexGeometry {
    /// The outline.
    Polygon,
    /// Nothing: the geometry is null.
    None,
}

/// The geometry of hexagons.
pub const GEOMETRY: Parameter<Choice<HexGeometry>, Defaulted<HexGeometry>> = query(
    "geometry",
    Choice(&[("polygon", HexGeometry::Polygon), ("none", HexGeometry::None)]),
)
.default(HexGeometry::Polygon)
.example("none")
.described(
    "polygon donne le contour de chaque hexagone ; none l’omet, car il découle de l’indice H3.",
    "polygon gives the outline of each hexagon; none leaves it out, as it follows from the H3 \
     index.",
);
