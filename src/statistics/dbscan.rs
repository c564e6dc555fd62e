//! DBSCAN: Ester, Kriegel, Sander and Xu, *A Density-Based Algorithm for Discovering
//! Clusters in Large Spatial Databases with Noise* (1996), with great-circle distances, on a
//! grid of cells whose points are all within reach of each other (Gunawan, *A Faster Algorithm for
//! DBSCAN*, 2013).

use std::ops::Range;
use std::thread;

use crate::statistics::sphere_grid::{SphereGrid, chord2, chord2_of};
use crate::statistics::{DisjointSet, Effort, Stopped};

/// The result of [`dbscan`].
#[derive(Debug, Clone, PartialEq)]
pub struct DbscanClusters {
    /// Cluster of each place, `None` for noise. Clusters are numbered by their first core place.
    pub labels: Vec<Option<u32>>,
    /// Whether each place is a core place.
    pub core: Vec<bool>,
    /// Number of clusters.
    pub clusters: u32,
}

/// Number of places from which two threads work.
const HALVE_FROM: usize = 20_000;

/// Density clusters of places, each given as longitude and latitude in degrees.
///
/// A place with at least `min_points` places within `eps_m` metres (inclusive, itself counted) is a
/// core place. Core places within reach of each other share a cluster. Another place within reach
/// of a core place belongs to the cluster of the nearest one (of equally near ones the first); the
/// rest is noise. `eps_m` must be above 0 and at most [`crate::statistics::REACH_MAX_M`],
/// `min_points` at least 1.
///
/// Takes O(n log n) time where cells that hold fewer than `min_points` places have few neighbours,
/// O(n²) where all places are within reach of each other and none is a core place.
///
/// # Errors
/// The places in cells of fewer than `min_points`, paired with the places of the cells around, are
/// more than `effort` allows; its result is not wanted any more.
///
/// ```
/// use pointchaud::statistics::{Effort, dbscan};
///
/// let corner = [[-71.2000, 46.8], [-71.2001, 46.8], [-71.2002, 46.8], [-71.3, 46.9]];
/// let found = dbscan(&corner, 50.0, 3, Effort::UNBOUNDED).unwrap();
/// assert_eq!(found.labels, [Some(0), Some(0), Some(0), None]);
/// assert_eq!(found.clusters, 1);
/// ```
pub fn dbscan(
    places: &[[f64; 2]],
    eps_m: f64,
    min_points: usize,
    effort: Effort<'_>,
) -> Result<DbscanClusters, Stopped> {
    let cells = SphereGrid::new(places, eps_m);
    effort.check_comparisons(comparisons(&cells, min_points))?;
    let limit = chord2_of(eps_m) * (1.0 + 1e-12);
    let parts = cells.parts(if places.len() < HALVE_FROM { 1 } else { 2 });
    // From here on points are in the order of the grid's cells.
    let counting = |part| core_points(&cells, part, (limit, min_points), effort);
    let core = in_parts(&parts, counting).concat();
    // What is not wanted any more is incomplete.
    effort.check()?;
    let linked = in_parts(&parts, |part| link(&cells, part, (limit, &core), effort));
    effort.check()?;
    Ok(clusters(&cells, linked, core))
}

/// The clusters that the joined cells of each part make.
fn clusters(
    cells: &SphereGrid,
    linked: Vec<(DisjointSet, Vec<u32>)>,
    core: Vec<bool>,
) -> DbscanClusters {
    let mut group = DisjointSet::new(cells.len());
    let mut owners = Vec::with_capacity(core.len());
    for (mut part, own) in linked {
        owners.extend(own);
        for cell in 0..cells.len() as u32 {
            let root = part.find(cell);
            if root != cell {
                group.join(cell, root);
            }
        }
    }
    let (names, clusters) = name(cells, &mut group, &core);
    // Back to the order in which the places were given.
    let cell_of: Vec<u32> =
        (0..cells.len() as u32).flat_map(|cell| cells.of(cell).map(move |_| cell)).collect();
    let mut result = vec![(NO_OWNER, false); core.len()];
    for (point, (place, owner)) in cells.order.iter().zip(&owners).enumerate() {
        if *owner != NO_OWNER {
            let label = names[cell_of[*owner as usize] as usize];
            result[*place as usize] = (label, core[point]);
        }
    }
    let labels = result.iter().map(|(label, _)| (*label != NO_OWNER).then_some(*label)).collect();
    let core = result.into_iter().map(|(_, core)| core).collect();
    DbscanClusters { labels, core, clusters }
}

/// Number of pairs of places that are compared at most to find the core places.
fn comparisons(cells: &SphereGrid, min_points: usize) -> u64 {
    let mut pairs = 0u64;
    cells.each_near(0..cells.len() as u32, |cell, near| {
        let own = cells.of(cell).len();
        if own < min_points {
            let around: usize = near.iter().map(|stretch| cells.of_all(stretch).len()).sum();
            pairs += own as u64 * around as u64;
        }
    });
    pairs
}

/// The cluster of each cell's core places, numbered by the first core place of each cluster, and
/// the number of clusters.
fn name(cells: &SphereGrid, group: &mut DisjointSet, core: &[bool]) -> (Vec<u32>, u32) {
    let roots: Vec<u32> = (0..cells.len() as u32).map(|cell| group.find(cell)).collect();
    let mut firsts = vec![u32::MAX; cells.len()];
    for (cell, root) in roots.iter().enumerate() {
        let places = cells.of(cell as u32).filter(|point| core[*point]);
        let first = places.map(|point| cells.order[point]).min().unwrap_or(u32::MAX);
        firsts[*root as usize] = first.min(firsts[*root as usize]);
    }
    let mut found: Vec<(u32, u32)> =
        firsts.into_iter().zip(0..).filter(|(first, _)| *first != u32::MAX).collect();
    found.sort_unstable();
    let mut names = vec![NO_OWNER; cells.len()];
    found.iter().zip(0..).for_each(|((_, root), name)| names[*root as usize] = name);
    let of_cells = roots.into_iter().map(|root| names[root as usize]).collect();
    (of_cells, found.len() as u32)
}

/// Runs `work` on each part, each on a thread of its own.
fn in_parts<T: Send>(parts: &[Range<u32>], work: impl Fn(Range<u32>) -> T + Sync) -> Vec<T> {
    let work = &work;
    thread::scope(|scope| {
        let spawned = parts[1..].iter().map(|part| scope.spawn(|| work(part.clone())));
        let others: Vec<_> = spawned.collect();
        let mut done = vec![work(parts[0].clone())];
        for other in others {
            done.push(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        done
    })
}

/// Whether each point of a part is a core point: `min_points` are within a squared chord of it.
fn core_points(
    cells: &SphereGrid,
    part: Range<u32>,
    (limit, min_points): (f64, usize),
    effort: Effort<'_>,
) -> Vec<bool> {
    let mut core = Vec::new();
    cells.each_near(part, |cell, near| {
        let own = cells.of(cell);
        if own.len() >= min_points {
            return core.extend(own.map(|_| true));
        }
        for point in own {
            if effort.check().is_err() {
                return;
            }
            let at = cells.points[point];
            let mut count = 0;
            for stretch in near {
                let points = &cells.points[cells.of_all(stretch)];
                count += points.iter().filter(|other| chord2(at, **other) <= limit).count();
                if count >= min_points {
                    break;
                }
            }
            core.push(count >= min_points);
        }
    });
    core
}

/// The owner of a noise point.
const NO_OWNER: u32 = u32::MAX;

/// Joins the cells of a part with neighbouring cells where core points are within reach of each
/// other. Also returns for each point of the part the core point it belongs to: itself, or the
/// nearest within reach.
fn link(
    cells: &SphereGrid,
    part: Range<u32>,
    (limit, core): (f64, &[bool]),
    effort: Effort<'_>,
) -> (DisjointSet, Vec<u32>) {
    let mut group = DisjointSet::new(cells.len());
    let mut owners = Vec::new();
    cells.each_near(part, |cell, near| {
        let own = cells.of(cell);
        if own.clone().any(|point| core[point]) {
            // A pair of cells is examined from the later one.
            for other in near.iter().flat_map(|stretch| stretch.start..stretch.end.min(cell)) {
                if group.find(cell) != group.find(other)
                    && touch(cells, (own.clone(), cells.of(other)), (limit, core), effort)
                {
                    group.join(cell, other);
                }
            }
        }
        for point in own {
            if effort.check().is_err() {
                return;
            }
            let owner =
                if core[point] { point as u32 } else { owner(cells, point, near, limit, core) };
            owners.push(owner);
        }
    });
    (group, owners)
}

/// Is any core point of one range within reach of one of the other? False where the result is not
/// wanted any more.
fn touch(
    cells: &SphereGrid,
    (some, others): (Range<usize>, Range<usize>),
    (limit, core): (f64, &[bool]),
    effort: Effort<'_>,
) -> bool {
    let mut cores = some.filter(|a| core[*a]).take_while(|_| effort.check().is_ok());
    cores.any(|a| {
        let at = cells.points[a];
        others.clone().any(|b| core[b] && chord2(at, cells.points[b]) <= limit)
    })
}

/// The nearest core point within reach of a point, of equally near ones the one given first.
fn owner(cells: &SphereGrid, point: usize, near: &[Range<u32>], limit: f64, core: &[bool]) -> u32 {
    let at = cells.points[point];
    let mut best = (limit, u32::MAX, NO_OWNER);
    for other in near.iter().flat_map(|stretch| cells.of_all(stretch)).filter(|o| core[*o]) {
        let far = chord2(at, cells.points[other]);
        if far < best.0 || far == best.0 && cells.order[other] < best.1 {
            best = (far, cells.order[other], other as u32);
        }
    }
    best.2
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_xoshiro::Xoshiro256PlusPlus;

    use super::*;
    use crate::place::{Position, distance, unit_vector};

    /// By the definition, with every distance.
    fn by_definition(places: &[[f64; 2]], eps_m: f64, min_points: usize) -> DbscanClusters {
        let at = |place: &[f64; 2]| Position::new(place[0], place[1]).unwrap();
        let n = places.len();
        let far: Vec<Vec<f64>> = places
            .iter()
            .map(|a| places.iter().map(|b| distance(at(a), at(b)).0).collect())
            .collect();
        let core: Vec<bool> = far
            .iter()
            .map(|row| row.iter().filter(|d| **d <= eps_m).count() >= min_points)
            .collect();
        let mut labels: Vec<Option<u32>> = vec![None; n];
        let mut clusters = 0;
        for seed in 0..n {
            if !core[seed] || labels[seed].is_some() {
                continue;
            }
            let mut queue = vec![seed];
            labels[seed] = Some(clusters);
            while let Some(i) = queue.pop() {
                for j in 0..n {
                    if core[j] && labels[j].is_none() && far[i][j] <= eps_m {
                        labels[j] = Some(clusters);
                        queue.push(j);
                    }
                }
            }
            clusters += 1;
        }
        for i in (0..n).filter(|i| !core[*i]) {
            let near = (0..n).filter(|j| core[*j] && far[i][*j] <= eps_m);
            let nearest = near.min_by(|a, b| far[i][*a].total_cmp(&far[i][*b]).then(a.cmp(b)));
            labels[i] = nearest.and_then(|j| labels[j]);
        }
        DbscanClusters { labels, core, clusters }
    }

    #[test]
    fn as_by_definition_anywhere_on_earth() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(9);
        for (lon, lat, spread) in [
            (-71.2, 46.8, 0.01),
            (180.0, 10.0, 0.01),
            (-180.0, -60.0, 0.02),
            (0.0, 90.0, 0.01),
            (30.0, -89.99, 0.02),
            (0.0, 0.0, 0.01),
            (12.0, 89.0, 0.05),
            (179.9999, 0.0, 0.001),
        ] {
            let mut place = || {
                let lon: f64 = lon
                    + rng.random_range(-spread..spread) / f64::cos(f64::to_radians(lat)).max(1e-3);
                let lat: f64 = lat + rng.random_range(-spread..spread);
                let lat = if lat > 90.0 {
                    180.0 - lat
                } else if lat < -90.0 {
                    -180.0 - lat
                } else {
                    lat
                };
                [(lon + 540.0).rem_euclid(360.0) - 180.0, lat]
            };
            let places: Vec<[f64; 2]> = (0..500).map(|_| place()).collect();
            for (eps, min_points) in [(20.0, 1), (60.0, 3), (150.0, 5), (150.0, 12), (900.0, 4)] {
                let (ours, plain) = (
                    dbscan(&places, eps, min_points, Effort::UNBOUNDED).unwrap(),
                    by_definition(&places, eps, min_points),
                );
                assert_eq!(ours, plain, "around {lon} {lat}, {eps} m, {min_points}");
            }
        }
    }

    #[test]
    fn two_threads_find_what_one_does() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(3);
        let places: Vec<[f64; 2]> = (0..HALVE_FROM + 1)
            .map(|_| [-71.2 + rng.random_range(0.0..0.15), 46.8 + rng.random_range(0.0..0.1)])
            .collect();
        let whole = dbscan(&places, 60.0, 5, Effort::UNBOUNDED).unwrap();
        let cells = SphereGrid::new(&places, 60.0);
        assert_eq!(cells.parts(2).len(), 2);
        // Each alone: a neighbour more or less decides.
        let limit = chord2_of(60.0) * (1.0 + 1e-12);
        for (i, a) in places.iter().enumerate().step_by(97) {
            let a = unit_vector(a[0], a[1]);
            let near = places.iter().filter(|b| chord2(a, unit_vector(b[0], b[1])) <= limit);
            assert_eq!(whole.core[i], near.count() >= 5);
        }
        assert!(whole.clusters > 10);
    }

    #[test]
    fn nothing_one_and_all_on_one_spot() {
        assert_eq!(dbscan(&[], 50.0, 5, Effort::UNBOUNDED).unwrap().clusters, 0);
        assert_eq!(dbscan(&[[1.0, 2.0]], 50.0, 2, Effort::UNBOUNDED).unwrap().labels, [None]);
        assert_eq!(dbscan(&[[1.0, 2.0]], 50.0, 1, Effort::UNBOUNDED).unwrap().labels, [Some(0)]);
        let spot = dbscan(&[[1.0, 2.0]; 50], 0.5, 50, Effort::UNBOUNDED).unwrap();
        assert_eq!((spot.clusters, spot.labels), (1, vec![Some(0); 50]));
        assert_eq!(dbscan(&[[1.0, 2.0]; 49], 0.5, 50, Effort::UNBOUNDED).unwrap().clusters, 0);
    }
}
