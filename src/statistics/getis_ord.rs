//! Getis–Ord Gi\*: a z-score of each cell for the sum over the cell and its neighbours.
//!
//! Getis and Ord, *The Analysis of Spatial Association by Use of Distance Statistics* (1992), and
//! Ord and Getis, *Local Spatial Autocorrelation Statistics* (1995), equation 14, with binary
//! weights: a cell's neighbourhood is itself and its neighbours,
//!
//! z = (Σ x over the neighbourhood − x̄ w) / (s √((n w − w²) / (n − 1))), w its number of cells,
//! x̄ and s² the mean and the variance (divisor n) of all n cells.

use std::ops::Range;
use std::thread;

use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::statistics::{Effort, Stopped};

/// Neighbours of each cell as a compressed adjacency list: those of cell `i` are
/// `list[starts[i]..starts[i + 1]]`, the cell itself excluded.
///
/// ```
/// use pointchaud::statistics::{NeighbourLists, gi_star};
///
/// // Five cells in a row, ten reports in the middle.
/// let mut row = NeighbourLists::with_capacity(5, 2);
/// for cell in 0..5u32 {
///     row.push((0..5).filter(|other| cell.abs_diff(*other) == 1));
/// }
/// let z = gi_star(&[0, 0, 10, 0, 0], &row).unwrap();
/// assert!(z[2] > z[0] && (z[1] - z[3]).abs() < 1e-12);
/// assert!(gi_star(&[4, 4, 4, 4, 4], &row).is_none(), "equal counts have no variance");
///
/// assert_eq!((row.len(), row.of(2)), (5, &[1, 3][..]));
/// assert!(NeighbourLists::alone(5).of(2).is_empty() && NeighbourLists::alone(0).is_empty());
/// ```
#[derive(Debug, Clone, Default)]
pub struct NeighbourLists {
    /// Start of each cell's neighbours in `list`, and the end of the last: one more than cells.
    pub starts: Vec<u32>,
    /// The neighbours of all cells, one cell after the other.
    pub list: Vec<u32>,
}

impl NeighbourLists {
    /// An empty list with room for `cells` cells of `width` neighbours each.
    pub fn with_capacity(cells: usize, width: usize) -> Self {
        let mut starts = Vec::with_capacity(cells + 1);
        starts.push(0);
        Self { starts, list: Vec::with_capacity(cells * width) }
    }

    /// `cells` cells without neighbours.
    pub fn alone(cells: usize) -> Self {
        Self { starts: vec![0; cells + 1], list: Vec::new() }
    }

    /// Appends the neighbours of the next cell.
    pub fn push(&mut self, neighbours: impl Iterator<Item = u32>) {
        self.list.extend(neighbours);
        self.starts.push(self.list.len() as u32);
    }

    /// How many cells.
    pub fn len(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// True where there is no cell.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The neighbours of a cell.
    #[inline]
    pub fn of(&self, cell: usize) -> &[u32] {
        &self.list[self.starts[cell] as usize..self.starts[cell + 1] as usize]
    }

    /// Sum of the values of a cell and its neighbours.
    #[inline]
    pub(crate) fn sum(&self, cell: usize, values: &[u32]) -> u64 {
        let around = self.of(cell).iter().map(|other| u64::from(values[*other as usize]));
        u64::from(values[cell]) + around.sum::<u64>()
    }
}

/// The z-score of each cell; 0 where its neighbourhood is all cells. `None` where the statistic is
/// undefined: fewer than two cells, or the same value in all. O(cells and neighbours).
pub fn gi_star(values: &[u32], neighbours: &NeighbourLists) -> Option<Vec<f64>> {
    let n = values.len() as f64;
    let (mut sum, mut squares) = (0u64, 0u128);
    for value in values {
        sum += u64::from(*value);
        squares += u128::from(*value) * u128::from(*value);
    }
    let mean = sum as f64 / n;
    // Integers avoid cancellation: n² s² = n Σx² − (Σx)².
    let spread = squares * values.len() as u128 - u128::from(sum) * u128::from(sum);
    if spread == 0 || values.len() < 2 {
        return None;
    }
    let deviation = (spread as f64).sqrt() / n;
    // Few sizes of neighbourhoods occur: their scales are computed once.
    let scale = |w: f64| deviation * ((n * w - w * w) / (n - 1.0)).sqrt();
    let scales: Vec<f64> = (0..64).map(|w| scale(f64::from(w))).collect();
    let z = (0..values.len()).map(|cell| {
        let w = neighbours.of(cell).len() + 1;
        let scale = scales.get(w).copied().unwrap_or_else(|| scale(w as f64));
        let above = neighbours.sum(cell, values) as f64 - mean * w as f64;
        // Where the neighbourhood is all cells the scale would be 0 but for rounding.
        if w >= values.len() { 0.0 } else { above / scale }
    });
    Some(z.collect())
}

/// Pseudo p-values by conditional permutation (Anselin, *Local Indicators of Spatial Association*,
/// 1995): a cell keeps its value and draws its neighbours at random from the other cells, without
/// repetition. With m the smaller of the two tail counts, p = (m + 1) / (permutations + 1). The
/// same seed gives the same result on any number of threads. O(permutations and neighbours).
///
/// # Errors
/// The result is not wanted any more.
///
/// ```
/// use pointchaud::statistics::{Effort, NeighbourLists, permuted};
///
/// let mut row = NeighbourLists::with_capacity(3, 2);
/// row.push([1].into_iter());
/// row.push([0, 2].into_iter());
/// row.push([1].into_iter());
/// let p = permuted(&[9, 0, 0], &row, (99, 1), Effort::UNBOUNDED).unwrap();
/// assert!(p.iter().all(|p| (0.01..=1.0).contains(p)));
/// assert_eq!(p, permuted(&[9, 0, 0], &row, (99, 1), Effort::UNBOUNDED).unwrap());
/// ```
pub fn permuted(
    values: &[u32],
    neighbours: &NeighbourLists,
    (permutations, seed): (u32, u64),
    effort: Effort<'_>,
) -> Result<Vec<f64>, Stopped> {
    const BLOCK: usize = 1_024;
    let cells = values.len();
    let threads = thread::available_parallelism().map_or(1, usize::from).min(cells / BLOCK + 1);
    let blocks: Vec<Range<usize>> =
        (0..cells).step_by(BLOCK).map(|first| first..(first + BLOCK).min(cells)).collect();
    let work = |thread: usize| -> Vec<(usize, Vec<f64>)> {
        let own = blocks.iter().enumerate().skip(thread).step_by(threads);
        own.map(|(number, block)| {
            // Each block, not each thread, has a random stream of its own.
            let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed ^ (number as u64) << 32);
            let draw = |cell| permuted_one(values, neighbours, cell, permutations, &mut rng);
            let wanted = block.clone().take_while(|_| effort.check().is_ok());
            (block.start, wanted.map(draw).collect())
        })
        .collect()
    };
    let mut p = vec![1.0; cells];
    thread::scope(|scope| {
        let work = &work;
        let others: Vec<_> = (1..threads).map(|n| scope.spawn(move || work(n))).collect();
        let mut done = work(0);
        for other in others {
            done.extend(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        for (first, part) in done {
            p[first..first + part.len()].copy_from_slice(&part);
        }
    });
    effort.check()?;
    Ok(p)
}

/// The widest neighbourhood that is drawn, in cells.
const DRAWN_MAX: usize = 64;

fn permuted_one(
    values: &[u32],
    neighbours: &NeighbourLists,
    cell: usize,
    permutations: u32,
    rng: &mut Xoshiro256PlusPlus,
) -> f64 {
    let around = neighbours.of(cell);
    let observed: u64 = around.iter().map(|other| u64::from(values[*other as usize])).sum();
    let count = around.len().min(DRAWN_MAX).min(values.len() - 1);
    let mut drawn = [0u32; DRAWN_MAX];
    let mut at_least = 0u32;
    for _ in 0..permutations {
        let mut sum = 0u64;
        let mut bits = 0u64;
        for n in 0..count {
            loop {
                // Two draws from one number: 32 bits are plenty for a city's cells.
                if n % 2 == 0 || bits == 0 {
                    bits = rng.random();
                }
                let draw = (((bits & 0xffff_ffff) * values.len() as u64) >> 32) as u32;
                bits >>= 32;
                if draw as usize != cell && !drawn[..n].contains(&draw) {
                    drawn[n] = draw;
                    sum += u64::from(values[draw as usize]);
                    break;
                }
            }
        }
        at_least += u32::from(sum >= observed);
    }
    let extreme = at_least.min(permutations - at_least);
    f64::from(extreme + 1) / f64::from(permutations + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn neighbours(lists: &[&[u32]]) -> NeighbourLists {
        let mut all = NeighbourLists::with_capacity(lists.len(), 6);
        lists.iter().for_each(|list| all.push(list.iter().copied()));
        all
    }

    #[test]
    fn the_worked_example_of_pysal() {
        // Points (10,10) (20,10) (40,10) (15,20) (30,20) (30,30), neighbours within 15; ten times
        // y = 2, 3, 3.2, 5, 8, 7, as z does not depend on the unit.
        let points = [(10, 10), (20, 10), (40, 10), (15, 20), (30, 20), (30, 30)];
        let mut near = NeighbourLists::with_capacity(6, 6);
        for (i, a) in points.iter().enumerate() {
            let other = points.iter().zip(0u32..).filter(|(b, j)| {
                let (dx, dy): (i32, i32) = (a.0 - b.0, a.1 - b.1);
                *j as usize != i && dx * dx + dy * dy <= 15 * 15
            });
            near.push(other.map(|(_, j)| j));
        }
        let z = gi_star(&[20, 30, 32, 50, 80, 70], &near).unwrap();
        let published =
            [-1.397_276_26, -0.289_177_62, 0.650_649_64, -0.289_177_62, 1.234_520_88, 2.024_243_31];
        for (ours, published) in z.iter().zip(published) {
            assert!((ours - published).abs() < 5e-9, "{ours} {published}");
        }
    }

    #[test]
    fn without_spread_there_is_no_statistic() {
        let near = neighbours(&[&[1], &[0], &[]]);
        assert_eq!(gi_star(&[4, 4, 4], &near), None);
        assert_eq!(gi_star(&[0, 0, 0], &near), None);
        assert_eq!(gi_star(&[4], &neighbours(&[&[]])), None);
        assert_eq!(gi_star(&[], &neighbours(&[])), None);
        let all = neighbours(&[&[1, 2], &[0, 2], &[0, 1]]);
        assert_eq!(gi_star(&[1, 2, 3], &all), Some(vec![0.0; 3]));
    }

    #[test]
    fn permutations_can_be_repeated_and_find_what_is_extreme() {
        // A row of cells, the tenth to the fourteenth full.
        let mut row = NeighbourLists::with_capacity(3_000, 2);
        for i in 0..3_000u32 {
            row.push([i.wrapping_sub(1), i + 1].into_iter().filter(|j| *j < 3_000));
        }
        let values: Vec<u32> =
            (0..3_000).map(|i| if (10..15).contains(&i) { 9 } else { i % 3 }).collect();
        let p = permuted(&values, &row, (999, 7), Effort::UNBOUNDED);
        assert_eq!(p, permuted(&values, &row, (999, 7), Effort::UNBOUNDED));
        assert_ne!(p, permuted(&values, &row, (999, 8), Effort::UNBOUNDED));
        let p = p.unwrap();
        assert!(p[12] <= 0.003 && p[1_500] > 0.05);
    }
}
