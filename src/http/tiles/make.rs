//! Generating a tile.

use std::cmp::Reverse;

use crate::domain::Filter;
use crate::error::Result;
use crate::http::reply::geometry::touches;
use crate::http::state::AppState;
use crate::http::tiles::layer::Layer;
use crate::http::tiles::mvt::{self, TileOut};
use crate::http::v1::hexes::{self, HEXES_MAX};
use crate::http::v1::hotspots::{standing_features, standing_members};
use crate::i18n::Language;
use crate::index::{DocAddress, Snapshot};
use crate::place::{CIRCUMFERENCE_M, GridCell, H3Cell, Tile};
use crate::query;
use crate::usecase::City;
use crate::usecase::hexes::check_resolution;
use crate::usecase::reports::check_areas;

/// The first zoom at which tiles of reports have every report; below it they have clusters.
const POINTS_FROM: u8 = 14;
/// How far around a tile areas are looked for, as a share of its side: as far as they are drawn.
const BOUNDARY_MARGIN: f64 = 0.25;
/// Limit of the number of clusters and single reports in a tile.
const ITEMS_MAX: usize = 4_096;

/// The H3 resolution whose hexagons have a suitable size at a zoom.
fn resolution(zoom: u8) -> u8 {
    match zoom {
        0..=8 => 6,
        9 => 7,
        10 | 11 => 8,
        12 | 13 => 9,
        _ => 10,
    }
}

/// How far hexagons whose centres lie outside a tile may extend into it, as a share of the tile's
/// side. The mean distance of neighbouring centres is an upper bound everywhere.
fn reach(tile: Tile, resolution: u8) -> f64 {
    let bounds = tile.bounds();
    let narrow = bounds.north.abs().max(bounds.south.abs()).to_radians().cos();
    let side = CIRCUMFERENCE_M * narrow / f64::from(1u32 << tile.zoom());
    (H3Cell::spacing_m(resolution) / side).min(1.0)
}

/// What a tile is generated from.
#[derive(Debug, Clone)]
pub struct TileSource {
    /// Its layer.
    pub layer: Layer,
    /// The reports that it is about.
    pub filter: Filter,
    /// For the layer of boundaries: the only set that is drawn.
    pub set: Option<String>,
}

/// Generates a tile: its bytes, and the number of features that were left out.
///
/// # Errors
/// An unknown area; too many hexagons; the store.
pub fn make(
    (state, city): (&AppState, &City),
    snapshot: &Snapshot,
    (source, tile): (&TileSource, Tile),
    language: Language,
) -> Result<(Vec<u8>, u64)> {
    let TileSource { layer, filter, set } = source;
    check_areas(snapshot, filter)?;
    let (name, zoom) = (layer.name(), tile.zoom());
    let compiled = snapshot.compiled(filter);
    match layer {
        Layer::Reports if zoom >= POINTS_FROM => {
            let mut found: Vec<DocAddress> = Vec::new();
            snapshot.scan_cell(tile.cell(), &compiled, |batch| {
                batch.slots().each(|slot| found.push(batch.address(slot)));
            });
            // If the tile has not enough room for all, the newest are kept.
            found.sort_by_cached_key(|address| newest_first(snapshot, *address));
            Ok(mvt::reports(snapshot, tile, name, &found))
        }
        Layer::Reports | Layer::Clusters => {
            let found = query::clusters_in_cell(snapshot, &compiled, tile.cell(), zoom, ITEMS_MAX);
            let mut out = TileOut::new(tile, name);
            found.items.iter().for_each(|item| out.item(snapshot, item));
            Ok((out.finish(found.omitted), found.omitted))
        }
        Layer::Hexes => {
            let resolution = resolution(zoom);
            check_resolution(snapshot, resolution, state.app.limits.hex_cells_max)?;
            // Also hexagons with a centre outside that extend into the tile.
            let around = Some(tile.bounds().grown(reach(tile, resolution)));
            let wanted = (resolution, around, HEXES_MAX);
            let features = hexes::features(snapshot, filter, wanted, language)?;
            Ok(mvt::areas(tile, name, &features))
        }
        Layer::Hotspots => {
            let bounds = tile.bounds().grown(0.02);
            let wanted = (filter, Some(&bounds));
            let mut features = standing_features(state, city, snapshot, wanted, language)?;
            features.retain(|feature| touches(feature, &bounds));
            Ok(mvt::areas(tile, name, &features))
        }
        Layer::HotspotMembers => {
            let mut found = standing_members(state, city, snapshot, filter)?;
            found.retain(|(_, address)| {
                let at = snapshot.position(*address);
                at.is_some_and(|at| GridCell::of(at, zoom) == tile.cell())
            });
            found.sort_by_cached_key(|(_, address)| newest_first(snapshot, *address));
            Ok(mvt::members(snapshot, tile, name, &found))
        }
        Layer::Boundaries => {
            let bounds = tile.bounds().grown(BOUNDARY_MARGIN);
            let is_wanted = |name: &str| set.as_ref().is_none_or(|wanted| wanted == name);
            let sets = snapshot.boundary_sets().iter().filter(|one| is_wanted(&one.set().name));
            let areas = sets
                .flat_map(|one| one.touching(&bounds).map(|area| (one.set().name.as_str(), area)));
            Ok(mvt::boundaries(tile, name, &areas.collect::<Vec<_>>()))
        }
    }
}

/// The key by which the newest reports come first, equal times by id.
fn newest_first(snapshot: &Snapshot, address: DocAddress) -> (Reverse<i64>, String) {
    (Reverse(snapshot.requested(address)), snapshot.id(address).to_owned())
}
