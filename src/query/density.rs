//! Density clusters of reports: where they lie dense, by distance alone.

use std::collections::BTreeMap;

use geo::{ConvexHull, Coord, MultiPoint};

use crate::domain::Status;
use crate::index::{CompiledFilter, DocAddress, Snapshot};
use crate::place::{BBox, unwrapped};
use crate::statistics::{dbscan, hdbscan};

/// How density is asked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum DensityQuery {
    /// [`dbscan`].
    Dbscan {
        /// Reach in metres.
        eps_m: f64,
        /// Reports within reach, itself counted, that make one core.
        min_points: usize,
    },
    /// [`hdbscan`].
    Hdbscan {
        /// Reports that make a cluster.
        min_cluster_size: usize,
        /// Reports, itself counted, within whose reach a place is dense.
        min_samples: usize,
    },
}

/// Reports that lie dense together.
#[derive(Debug, Clone, PartialEq)]
pub struct DensityCluster {
    /// Mean longitude and latitude of its members, in degrees.
    pub centroid: [f64; 2],
    /// Corners of the convex hull of its members, counter-clockwise, in degrees, the first not
    /// repeated; one or two where its members lie on a spot or a line. Longitudes go beyond 180
    /// where it crosses the antimeridian.
    pub hull: Vec<[f64; 2]>,
    /// How many reports.
    pub count: u64,
    /// How many of them are not closed.
    pub open: u64,
    /// How many of them are core; all, where density is hierarchical.
    pub core: u64,
    /// When the oldest that is not closed was made, in seconds since 1970.
    pub oldest_open: Option<i64>,
    /// How many of each service number, most first.
    pub services: Vec<(u16, u64)>,
    /// How it persists as the density wanted grows, in [0, 1], where density is hierarchical.
    pub persistence: Option<f64>,
    /// Its reports.
    pub members: Vec<DocAddress>,
}

/// Answer of [`density`].
#[derive(Debug, Clone, PartialEq)]
pub struct DensityClusters {
    /// Most reports first.
    pub clusters: Vec<DensityCluster>,
    /// Reports that passed.
    pub total: u64,
    /// Reports in no cluster.
    pub noise: u64,
}

/// The placed reports that pass, in a box where one is given.
pub fn placed(
    snapshot: &Snapshot,
    compiled: &CompiledFilter,
    bbox: Option<&BBox>,
) -> Vec<DocAddress> {
    let mut addresses = Vec::new();
    let found = |batch: crate::index::SelectionBatch<'_>| {
        batch.slots().each(|slot| addresses.push(batch.address(slot)));
    };
    match bbox {
        Some(bbox) => snapshot.scan_box(bbox, compiled, found),
        None => snapshot.scan_located(compiled, 0, 1, found),
    }
    addresses
}

/// The density clusters of these reports, which all are placed.
pub fn density(
    snapshot: &Snapshot,
    mut addresses: Vec<DocAddress>,
    query: DensityQuery,
) -> DensityClusters {
    // By id, so that what depends on an order can be repeated whatever the index looks like.
    addresses.sort_unstable_by(|a, b| snapshot.id(*a).cmp(snapshot.id(*b)));
    let places: Vec<[f64; 2]> =
        addresses.iter().map(|address| snapshot.degrees(*address)).collect();
    let (labels, core, persistence) = match query {
        DensityQuery::Dbscan { eps_m, min_points } => {
            let found = dbscan(&places, eps_m, min_points);
            (found.labels, Some(found.core), vec![None; found.clusters as usize])
        }
        DensityQuery::Hdbscan { min_cluster_size, min_samples } => {
            let found = hdbscan(&places, min_cluster_size, min_samples);
            (found.labels, None, found.persistence.into_iter().map(Some).collect())
        }
    };
    let mut members: Vec<Vec<usize>> = vec![Vec::new(); persistence.len()];
    for (place, label) in labels.iter().enumerate() {
        if let Some(label) = label {
            members[*label as usize].push(place);
        }
    }
    let total = addresses.len() as u64;
    let noise = labels.iter().filter(|label| label.is_none()).count() as u64;
    let clusters = members.into_iter().zip(persistence).map(|(members, persistence)| {
        let is_core = |place: &&usize| core.as_ref().is_none_or(|core| core[**place]);
        let cores = members.iter().filter(is_core).count() as u64;
        let own: Vec<[f64; 2]> = members.iter().map(|place| places[*place]).collect();
        let addresses = members.into_iter().map(|place| addresses[place]).collect();
        DensityCluster { core: cores, persistence, ..summed(snapshot, &own, addresses) }
    });
    let mut clusters: Vec<DensityCluster> = clusters.collect();
    clusters.sort_by_key(|cluster| std::cmp::Reverse(cluster.count));
    DensityClusters { clusters, total, noise }
}

fn summed(snapshot: &Snapshot, places: &[[f64; 2]], members: Vec<DocAddress>) -> DensityCluster {
    let (mut open, mut oldest_open, mut services) = (0, None::<i64>, BTreeMap::new());
    for address in &members {
        let record = snapshot.record(*address);
        *services.entry(record.service).or_insert(0u64) += 1;
        if record.status != Status::Closed {
            open += 1;
            oldest_open = Some(oldest_open.map_or(record.requested, |t| t.min(record.requested)));
        }
    }
    let mut services: Vec<(u16, u64)> = services.into_iter().collect();
    services.sort_by_key(|(number, count)| (std::cmp::Reverse(*count), *number));
    let (centroid, hull) = outline(places);
    let count = members.len() as u64;
    DensityCluster {
        centroid,
        hull,
        count,
        open,
        core: count,
        oldest_open,
        services,
        persistence: None,
        members,
    }
}

/// Mean and convex hull of places, as if the map were cut opposite the first.
pub fn outline(places: &[[f64; 2]]) -> ([f64; 2], Vec<[f64; 2]>) {
    let Some([first, _]) = places.first().copied() else { return ([0.0; 2], Vec::new()) };
    let cut: Vec<Coord> =
        places.iter().map(|[lon, lat]| Coord { x: unwrapped(*lon, first), y: *lat }).collect();
    let n = places.len() as f64;
    let mean = |of: fn(&Coord) -> f64| cut.iter().map(of).sum::<f64>() / n;
    let centroid = [mean(|at| at.x), mean(|at| at.y)];
    let wrapped = [unwrapped(centroid[0], 0.0), centroid[1]];
    let points: MultiPoint = cut.into_iter().map(geo::Point).collect();
    let hull = points.convex_hull();
    let mut corners: Vec<[f64; 2]> = hull.exterior().coords().map(|at| [at.x, at.y]).collect();
    // Rings repeat their first corner; a spot or a line repeats more.
    corners.dedup();
    if corners.len() > 1 && corners.first() == corners.last() {
        corners.pop();
    }
    (wrapped, corners)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outlines_of_spots_lines_and_fields() {
        assert_eq!(outline(&[[1.0, 2.0]; 3]).1, [[1.0, 2.0]]);
        assert_eq!(outline(&[[1.0, 2.0], [3.0, 2.0], [2.0, 2.0]]).1.len(), 2);
        let (middle, hull) = outline(&[[0.0, 0.0], [2.0, 0.0], [2.0, 2.0], [0.0, 2.0], [1.0, 1.0]]);
        assert_eq!((middle, hull.len()), ([1.0, 1.0], 4));
        let (middle, hull) = outline(&[[179.9, 0.0], [-179.9, 0.0], [180.0, 0.1]]);
        assert!((middle[0].abs() - 180.0).abs() < 1e-9 && hull.len() == 3);
        assert!(hull.iter().all(|[lon, _]| (179.0..181.0).contains(lon)));
    }
}
