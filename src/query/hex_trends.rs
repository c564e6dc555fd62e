//! Trends of counts in H3 cells over time.

use crate::index::{CompiledFilter, Snapshot};
use crate::query::hex_counts::HexCounts;
use crate::query::hex_scores::class_of;
use crate::statistics::{
    EmergingClass, MannKendall, emerging, gi_star, mann_kendall, q_values, two_sided,
};

/// How the z score of a cell changes over time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HexTrend {
    /// The trend of z.
    pub trend: MannKendall,
    /// The emerging class, and whether the cell is hot (1) or cold (-1).
    pub emerging: Option<(EmergingClass, i8)>,
}

/// A period divided into equal time steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeSteps {
    /// First second, since 1970.
    pub from: i64,
    /// The end, exclusive, in seconds since 1970.
    pub before: i64,
    /// Number of steps.
    pub steps: usize,
}

impl TimeSteps {
    /// The step that a second is in; none outside the period.
    fn of(&self, second: i64) -> Option<usize> {
        let inside = self.from <= second && second < self.before;
        let at = i128::from(second - self.from) * self.steps as i128;
        inside.then(|| (at / i128::from(self.before - self.from)) as usize)
    }
}

/// The trend of every cell over time: Gi\* of each step's counts with the same neighbourhoods, and
/// the Mann-Kendall test on the series of z. Each step has its own false discovery rate, at 10 %.
/// The z of a step with the same count in every cell is 0.
///
/// Takes O(reports + cells · steps · (k² + steps)) time.
///
/// ```
/// use pointchaud::domain::{Filter, IndexedFields, ReportId, ServiceCode};
/// use pointchaud::index::Index;
/// use pointchaud::place::Position;
/// use pointchaud::query::{TimeSteps, count_hexes, trend_hexes};
///
/// // Reports all over at all times, and more and more of them in one cell.
/// let (start, day) = (1_790_000_000, 86_400);
/// let report = |n: i64| {
///     let (x, y) = if n < 384 { (n % 8, n / 8 % 8) } else { (4, 4) };
///     let step = if n < 384 { n / 64 } else { ((n - 383) as f64 * 2.0).sqrt() as i64 };
///     let at = Position::new(-71.3 + x as f64 * 0.01, 46.8 + y as f64 * 0.01).ok();
///     let id = ReportId::new(&format!("r{n}")).unwrap();
///     let service = ServiceCode::new("graffiti").unwrap();
///     IndexedFields::new(id, service, start + step.min(5) * day, at)
/// };
/// let snapshot = Index::from_reports((0..402).map(report)).reader().load();
/// let every = snapshot.compiled(&Filter::default());
/// let counts = count_hexes(&snapshot, &every, 8);
/// let steps = TimeSteps { from: start, before: start + 6 * day, steps: 6 };
/// let trends = trend_hexes(&snapshot, &every, &counts, 1, steps);
/// let busiest = (0..counts.cells.len()).max_by_key(|cell| counts.totals[*cell].count).unwrap();
/// assert!(trends[busiest].trend.z > 1.0);
/// ```
pub fn trend_hexes(
    snapshot: &Snapshot,
    compiled: &CompiledFilter,
    counts: &HexCounts,
    k: u8,
    steps: TimeSteps,
) -> Vec<HexTrend> {
    let cells = counts.cells.len();
    let by_fragment = counts.by_fragment(snapshot);
    let mut matrix = vec![0u32; cells * steps.steps];
    snapshot.scan_located(compiled, 0, 1, |batch| {
        let columns = batch.columns();
        batch.slots().each(|slot| {
            let step = steps.of(columns.requested(slot));
            let cell = by_fragment[columns.fragment(slot) as usize];
            if let (Some(step), Some(cell)) = (step, cell) {
                matrix[step * cells + cell as usize] += 1;
            }
        });
    });
    let neighbours = counts.neighbours(snapshot, k);
    let mut z = vec![0.0; cells * steps.steps];
    let mut class = vec![0i8; cells * steps.steps];
    for (step, values) in matrix.chunks_exact(cells.max(1)).enumerate() {
        let Some(scores) = gi_star(values, &neighbours) else { continue };
        let p: Vec<f64> = scores.iter().map(|z| two_sided(*z)).collect();
        for (cell, (score, q)) in scores.iter().zip(q_values(&p)).enumerate() {
            z[cell * steps.steps + step] = *score;
            class[cell * steps.steps + step] = class_of(*score, q).signum();
        }
    }
    let series = z.chunks_exact(steps.steps).zip(class.chunks_exact(steps.steps));
    series
        .map(|(z, class)| {
            let trend = mann_kendall(z);
            HexTrend { trend, emerging: emerging(class, trend) }
        })
        .collect()
}
