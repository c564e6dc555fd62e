//! Density-based clusters of reports: where they are dense, whatever the shape.

use std::collections::BTreeMap;

use geo::{ConvexHull, Coord, MultiPoint};

use crate::domain::Status;
use crate::index::{CompiledFilter, DocAddress, SelectionBatch, Snapshot};
use crate::place::{BBox, unwrapped};
use crate::statistics::{Effort, Stopped, dbscan, hdbscan};

/// The method and its parameters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum DensityQuery {
    /// [`dbscan`].
    Dbscan {
        /// Radius of a neighbourhood, in metres.
        eps_m: f64,
        /// The number of reports, itself included, that the neighbourhood of a core point has.
        min_points: usize,
    },
    /// [`hdbscan`].
    Hdbscan {
        /// Fewer reports are no cluster.
        min_cluster_size: usize,
        /// The rank of the nearest report that gives a report's core distance; itself is the first.
        min_samples: usize,
    },
}

/// Limit of `min_samples`.
pub const SAMPLES_MAX: usize = 1_000;

impl DensityQuery {
    /// HDBSCAN\*; `min_samples` is `min_cluster_size` if absent, at most
    /// [`SAMPLES_MAX`].
    ///
    /// ```
    /// use pointchaud::query::DensityQuery;
    ///
    /// assert_eq!(DensityQuery::hdbscan(20, None), DensityQuery::hdbscan(20, Some(20)));
    /// ```
    pub fn hdbscan(min_cluster_size: usize, min_samples: Option<usize>) -> Self {
        let min_samples = min_samples.unwrap_or(min_cluster_size.min(SAMPLES_MAX));
        Self::Hdbscan { min_cluster_size, min_samples }
    }
}

/// A density cluster.
#[derive(Debug, Clone, PartialEq)]
pub struct DensityCluster {
    /// Mean longitude and latitude of its reports, in degrees.
    pub centroid: [f64; 2],
    /// Corners of the convex hull of its reports, counter-clockwise, in degrees, the first not
    /// repeated; a single corner where all reports are at one position, two where they are on a
    /// line. Longitudes exceed 180 where it crosses the antimeridian.
    pub hull: Vec<[f64; 2]>,
    /// Number of reports.
    pub count: u64,
    /// Number of those that are open or in progress.
    pub open: u64,
    /// Number of core points; all reports with HDBSCAN.
    pub core: u64,
    /// When the oldest open report was requested, in seconds since 1970.
    pub oldest_open: Option<i64>,
    /// Number of reports by service number, most first.
    pub services: Vec<(u16, u64)>,
    /// How long it persists while the required density grows, in [0, 1]; only with HDBSCAN.
    pub persistence: Option<f64>,
    /// The reports.
    pub members: Vec<DocAddress>,
}

/// Result of [`density_clusters`].
#[derive(Debug, Clone, PartialEq)]
pub struct DensityClusters {
    /// Most reports first.
    pub clusters: Vec<DensityCluster>,
    /// Number of reports that were clustered.
    pub total: u64,
    /// Number of reports in no cluster.
    pub noise: u64,
}

/// The matching reports with a position, of a box where one is given.
///
/// ```
/// use pointchaud::domain::{Filter, IndexedFields, ReportId, ServiceCode};
/// use pointchaud::index::Index;
/// use pointchaud::place::Position;
/// use pointchaud::query::located_reports;
///
/// let report = |id: &str, at| {
///     let (id, service) = (ReportId::new(id).unwrap(), ServiceCode::new("graffiti").unwrap());
///     IndexedFields::new(id, service, 1_790_000_000, at)
/// };
/// let at = Position::new(-71.2, 46.81).ok();
/// let index = Index::from_reports([report("located", at), report("unlocated", None)]);
/// let snapshot = index.reader().load();
/// let found = located_reports(&snapshot, &snapshot.compiled(&Filter::default()), None);
/// assert_eq!(found.iter().map(|one| snapshot.id(*one)).collect::<Vec<_>>(), ["located"]);
/// ```
pub fn located_reports(
    snapshot: &Snapshot,
    compiled: &CompiledFilter,
    bbox: Option<&BBox>,
) -> Vec<DocAddress> {
    let mut addresses = Vec::new();
    let add = |batch: SelectionBatch<'_>| {
        batch.slots().each(|slot| addresses.push(batch.address(slot)));
    };
    match bbox {
        Some(bbox) => snapshot.scan_box(bbox, compiled, add),
        None => snapshot.scan_located(compiled, 0, 1, add),
    }
    addresses
}

/// The density clusters of reports, all of which have a position.
///
/// Takes O(n log n) time for usual data; see [`dbscan`] and [`hdbscan`].
///
/// # Errors
/// Those of the methods: too many comparisons, or not wanted any more.
///
/// ```
/// use pointchaud::domain::{Filter, IndexedFields, ReportId, ServiceCode};
/// use pointchaud::index::Index;
/// use pointchaud::place::Position;
/// use pointchaud::query::{DensityQuery, density_clusters, located_reports};
/// use pointchaud::statistics::Effort;
///
/// // Nine reports in a row, 8 m apart, and one far away.
/// let report = |n: u32| {
///     let lon = if n < 9 { -71.2 + f64::from(n) * 0.0001 } else { -71.0 };
///     let id = ReportId::new(&format!("r{n}")).unwrap();
///     let service = ServiceCode::new("graffiti").unwrap();
///     IndexedFields::new(id, service, 1_790_000_000, Position::new(lon, 46.81).ok())
/// };
/// let snapshot = Index::from_reports((0..10).map(report)).reader().load();
/// let reports = located_reports(&snapshot, &snapshot.compiled(&Filter::default()), None);
/// let query = DensityQuery::Dbscan { eps_m: 20.0, min_points: 4 };
/// let found = density_clusters(&snapshot, reports, query, Effort::UNBOUNDED).unwrap();
/// assert_eq!((found.clusters.len(), found.clusters[0].count, found.noise), (1, 9, 1));
/// ```
pub fn density_clusters(
    snapshot: &Snapshot,
    mut addresses: Vec<DocAddress>,
    query: DensityQuery,
    effort: Effort<'_>,
) -> Result<DensityClusters, Stopped> {
    // Sorted by id, so that results that depend on the order do not depend on the segments.
    addresses.sort_unstable_by(|a, b| snapshot.id(*a).cmp(snapshot.id(*b)));
    let places: Vec<[f64; 2]> =
        addresses.iter().map(|address| snapshot.degrees(*address)).collect();
    let (labels, core, persistence) = match query {
        DensityQuery::Dbscan { eps_m, min_points } => {
            let found = dbscan(&places, eps_m, min_points, effort)?;
            (found.labels, Some(found.core), vec![None; found.clusters as usize])
        }
        DensityQuery::Hdbscan { min_cluster_size, min_samples } => {
            let found = hdbscan(&places, min_cluster_size, min_samples, effort)?;
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
        DensityCluster { core: cores, persistence, ..describe(snapshot, &own, addresses) }
    });
    let mut clusters: Vec<DensityCluster> = clusters.collect();
    clusters.sort_by_key(|cluster| std::cmp::Reverse(cluster.count));
    Ok(DensityClusters { clusters, total, noise })
}

/// A cluster of these reports, in which every report is a core point.
fn describe(snapshot: &Snapshot, places: &[[f64; 2]], members: Vec<DocAddress>) -> DensityCluster {
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
    let (centroid, hull) = centroid_and_hull(places);
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

/// The mean and the convex hull, counter-clockwise, of positions given as longitude and latitude in
/// degrees. The map is cut opposite the first position, so hulls may cross the antimeridian.
///
/// ```
/// use pointchaud::query::centroid_and_hull;
///
/// let square = [[0.0, 0.0], [2.0, 0.0], [2.0, 2.0], [0.0, 2.0], [1.0, 1.0]];
/// let (centroid, hull) = centroid_and_hull(&square);
/// assert_eq!((centroid, hull.len()), ([1.0, 1.0], 4));
/// ```
pub fn centroid_and_hull(places: &[[f64; 2]]) -> ([f64; 2], Vec<[f64; 2]>) {
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
    // A ring repeats its first corner; that of a point or a line repeats more.
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
    fn hulls_of_points_lines_and_areas() {
        assert_eq!(centroid_and_hull(&[[1.0, 2.0]; 3]).1, [[1.0, 2.0]]);
        assert_eq!(centroid_and_hull(&[[1.0, 2.0], [3.0, 2.0], [2.0, 2.0]]).1.len(), 2);
        let (middle, hull) =
            centroid_and_hull(&[[0.0, 0.0], [2.0, 0.0], [2.0, 2.0], [0.0, 2.0], [1.0, 1.0]]);
        assert_eq!((middle, hull.len()), ([1.0, 1.0], 4));
        let (middle, hull) = centroid_and_hull(&[[179.9, 0.0], [-179.9, 0.0], [180.0, 0.1]]);
        assert!((middle[0].abs() - 180.0).abs() < 1e-9 && hull.len() == 3);
        assert!(hull.iter().all(|[lon, _]| (179.0..181.0).contains(lon)));
    }
}
