//! Density clusters of any density: Campello, Moulavi and Sander, *Density-Based Clustering Based
//! on Hierarchical Density Estimates* (2013), with great-circle distances and the excess of mass.
//! A place on its own may reach two clusters equally well: it belongs to the nearer.

use crate::place::unit_vector;
use crate::statistics::kd_tree::{Edge, KdTree};
use crate::statistics::sphere_grid::meters_of;
use crate::statistics::{DisjointSet, Effort, Stopped};

/// Distances below a metre count as a metre: it bounds the density of places on one spot.
const NEAREST_M: f64 = 1.0;

/// The result of [`hdbscan`]: clusters that persist over a range of densities.
#[derive(Debug, Clone, PartialEq)]
pub struct HdbscanClusters {
    /// Cluster of each place, `None` for noise. Clusters are numbered by their first place.
    pub labels: Vec<Option<u32>>,
    /// Strength of membership of each place, in [0, 1]: how far it stays in its cluster as the
    /// density threshold grows.
    pub probability: Vec<f64>,
    /// Persistence of each cluster, in [0, 1]: the mean share of densities, up to that of its
    /// densest place, over which its places stay together.
    pub persistence: Vec<f64>,
}

/// A merger of two earlier nodes of the hierarchy: places are nodes 0 to n - 1, mergers follow.
struct Merger {
    parts: [u32; 2],
    density: f64,
    size: u32,
}

/// A cluster of the condensed tree.
struct CondensedCluster {
    parent: u32,
    birth: f64,
    size: u32,
    stability: f64,
    densest: f64,
}

/// Hierarchical density clusters of places, each given as longitude and latitude in degrees. A
/// cluster has at least `min_cluster_size` (2 or more) places; the density at a place is the
/// inverse of the distance to its `min_samples`th nearest, itself counted. A single cluster of all
/// places is not reported. O(n log n) for most data.
///
/// # Errors
/// The places times `min_samples` are more than `effort` allows; its result is not wanted any more.
///
/// ```
/// use pointchaud::statistics::{Effort, hdbscan};
///
/// let street = |lon: f64, lat: f64| (0..20).map(move |n| [lon + 1e-5 * f64::from(n), lat]);
/// let places: Vec<[f64; 2]> = street(-71.2, 46.8).chain(street(-71.1, 46.85)).collect();
/// let found = hdbscan(&places, 5, 5, Effort::UNBOUNDED).unwrap();
/// assert_eq!((found.labels[0], found.labels[39]), (Some(0), Some(1)));
/// ```
pub fn hdbscan(
    places: &[[f64; 2]],
    min_cluster_size: usize,
    min_samples: usize,
    effort: Effort<'_>,
) -> Result<HdbscanClusters, Stopped> {
    let n = places.len();
    if n < min_cluster_size.max(2) {
        return Ok(HdbscanClusters {
            labels: vec![None; n],
            probability: vec![0.0; n],
            persistence: vec![],
        });
    }
    effort.check_comparisons(n as u64 * min_samples.min(n) as u64)?;
    let points: Vec<_> = places.iter().map(|[lon, lat]| unit_vector(*lon, *lat)).collect();
    let tree = KdTree::new(&points);
    let core = tree.nth_nearest(min_samples.clamp(1, n), effort)?;
    let mergers = mergers(n, tree.spanning_tree(&core, effort)?);
    let (mut clusters, leaves) = condense(n, &mergers, min_cluster_size as u32);
    for (cluster, density) in &leaves {
        let cluster = &mut clusters[*cluster as usize];
        cluster.stability += density - cluster.birth;
        cluster.densest = cluster.densest.max(*density);
    }
    for number in (1..clusters.len()).rev() {
        let CondensedCluster { parent, birth, size, densest, .. } = clusters[number];
        let parent = &mut clusters[parent as usize];
        parent.stability += (birth - parent.birth) * f64::from(size);
        parent.densest = parent.densest.max(densest);
    }
    let owners = owners(&clusters);
    Ok(name(&clusters, &leaves, &owners))
}

/// The single-linkage hierarchy of a spanning tree.
fn mergers(n: usize, mut edges: Vec<Edge>) -> Vec<Merger> {
    edges.sort_by(Edge::order);
    let mut sets = DisjointSet::new(n);
    let mut node: Vec<u32> = (0..n as u32).collect();
    let mut mergers = Vec::with_capacity(edges.len());
    for Edge { ends: [a, b], reach, .. } in edges {
        let (a, b) = (sets.find(a), sets.find(b));
        let parts = [node[a as usize], node[b as usize]];
        let density = 1.0 / meters_of(reach).max(NEAREST_M);
        sets.join(a, b);
        node[sets.find(a) as usize] = (n + mergers.len()) as u32;
        mergers.push(Merger { parts, density, size: sets.size(a) });
    }
    mergers
}

/// The condensed tree: clusters of at least `least` places, the first being all; and for each place
/// the last cluster that held it and the density at which it left that cluster.
fn condense(n: usize, mergers: &[Merger], least: u32) -> (Vec<CondensedCluster>, Vec<(u32, f64)>) {
    let size = |node: u32| match (node as usize).checked_sub(n) {
        Some(merger) => mergers[merger].size,
        None => 1,
    };
    let all =
        CondensedCluster { parent: 0, birth: 0.0, size: n as u32, stability: 0.0, densest: 0.0 };
    let mut clusters = vec![all];
    let mut leaves = vec![(0, 0.0); n];
    // Nodes to visit, the cluster that holds them, and the density at which they left it if they
    // are too small to be a cluster.
    let mut open = vec![((n + mergers.len() - 1) as u32, 0u32, None)];
    while let Some((node, cluster, left)) = open.pop() {
        let Some(merger) = (node as usize).checked_sub(n).map(|merger| &mergers[merger]) else {
            leaves[node as usize] = (cluster, left.unwrap_or(1.0 / NEAREST_M));
            continue;
        };
        let density = merger.density;
        if left.is_some() {
            open.extend(merger.parts.map(|part| (part, cluster, left)));
            continue;
        }
        let both = merger.parts.iter().all(|part| size(*part) >= least);
        for part in merger.parts {
            if both {
                let number = clusters.len() as u32;
                let size = size(part);
                clusters.push(CondensedCluster {
                    parent: cluster,
                    birth: density,
                    size,
                    stability: 0.0,
                    densest: 0.0,
                });
                open.push((part, number, None));
            } else {
                let left = (size(part) < least).then_some(density);
                open.push((part, cluster, left));
            }
        }
    }
    (clusters, leaves)
}

/// For each cluster of the tree the selected cluster that holds it. A cluster is selected where its
/// excess of mass is at least that of the selected clusters below it together.
fn owners(clusters: &[CondensedCluster]) -> Vec<Option<u32>> {
    let mut below = vec![0.0; clusters.len()];
    let mut is_chosen = vec![false; clusters.len()];
    // Children have higher numbers than their parents.
    for (number, cluster) in clusters.iter().enumerate().skip(1).rev() {
        is_chosen[number] = below[number] <= cluster.stability;
        below[cluster.parent as usize] += f64::max(below[number], cluster.stability);
    }
    let mut owners: Vec<Option<u32>> = vec![None; clusters.len()];
    for (number, cluster) in clusters.iter().enumerate().skip(1) {
        let above = owners[cluster.parent as usize];
        owners[number] = above.or(is_chosen[number].then_some(number as u32));
    }
    owners
}

fn name(
    clusters: &[CondensedCluster],
    leaves: &[(u32, f64)],
    owners: &[Option<u32>],
) -> HdbscanClusters {
    let mut names = vec![None; clusters.len()];
    let mut found = HdbscanClusters {
        labels: Vec::with_capacity(leaves.len()),
        probability: Vec::with_capacity(leaves.len()),
        persistence: Vec::new(),
    };
    for (cluster, density) in leaves {
        let Some(owner) = owners[*cluster as usize] else {
            found.labels.push(None);
            found.probability.push(0.0);
            continue;
        };
        let CondensedCluster { size, stability, densest, .. } = clusters[owner as usize];
        let label = *names[owner as usize].get_or_insert_with(|| {
            found.persistence.push((stability / (f64::from(size) * densest)).clamp(0.0, 1.0));
            found.persistence.len() as u32 - 1
        });
        found.labels.push(Some(label));
        found.probability.push((density / densest).min(1.0));
    }
    found
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_xoshiro::Xoshiro256PlusPlus;

    use super::*;
    use crate::statistics::sphere_grid::chord2;

    #[test]
    fn the_spanning_tree_is_as_short_as_prims() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(2);
        let places: Vec<[f64; 2]> = (0..400)
            .map(|_| [rng.random_range(-71.3..-71.2), rng.random_range(46.7..46.9)])
            .collect();
        let points: Vec<_> = places.iter().map(|[lon, lat]| unit_vector(*lon, *lat)).collect();
        let tree = KdTree::new(&points);
        let core = tree.nth_nearest(5, Effort::UNBOUNDED).unwrap();
        for (i, a) in points.iter().enumerate() {
            let mut far: Vec<f64> = points.iter().map(|b| chord2(*a, *b)).collect();
            far.sort_by(f64::total_cmp);
            assert_eq!(core[i], far[4]);
        }
        let weight = |a: usize, b: usize| chord2(points[a], points[b]).max(core[a]).max(core[b]);
        let mut near: Vec<f64> = (0..400).map(|b| weight(0, b)).collect();
        let mut inside = vec![false; 400];
        inside[0] = true;
        let mut prim = 0.0;
        for _ in 1..400 {
            let outside = (0..400).filter(|b| !inside[*b]);
            let next = outside.min_by(|a, b| near[*a].total_cmp(&near[*b])).unwrap();
            prim += near[next];
            inside[next] = true;
            (0..400).for_each(|b| near[b] = near[b].min(weight(next, b)));
        }
        let ours: f64 = tree
            .spanning_tree(&core, Effort::UNBOUNDED)
            .unwrap()
            .iter()
            .map(|edge| edge.reach)
            .sum();
        assert!((ours / prim - 1.0).abs() < 1e-9);
    }

    #[test]
    fn two_crowds_of_unlike_density_and_what_lies_between() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(5);
        let mut around = |lon: f64, lat: f64, reach: f64| {
            [lon + rng.random_range(-reach..reach), lat + rng.random_range(-reach..reach)]
        };
        let mut places: Vec<[f64; 2]> = (0..60).map(|_| around(-71.2, 46.8, 0.0005)).collect();
        places.extend((0..60).map(|_| around(-71.1, 46.8, 0.008)));
        places.push([-71.15, 46.9]);
        let found = hdbscan(&places, 10, 5, Effort::UNBOUNDED).unwrap();
        assert!(found.labels[..60].iter().all(|label| *label == Some(0)));
        assert!(found.labels[60..120].iter().filter(|label| **label == Some(1)).count() > 50);
        assert_eq!((found.labels[120], found.persistence.len()), (None, 2));
        assert!(found.persistence.iter().all(|share| (0.0..=1.0).contains(share)));
    }

    #[test]
    fn few_and_all_on_one_spot_are_no_clusters() {
        assert_eq!(hdbscan(&[], 5, 5, Effort::UNBOUNDED).unwrap().labels, []);
        assert_eq!(hdbscan(&[[1.0, 2.0]; 3], 5, 5, Effort::UNBOUNDED).unwrap().labels, [None; 3]);
        let spot = hdbscan(&[[1.0, 2.0]; 40], 5, 5, Effort::UNBOUNDED).unwrap();
        assert!(spot.persistence.iter().all(|share| share.is_finite()));
    }
}
