//! H3 cells of reports, at every resolution that the service offers, by one number per report.
//!
//! H3 cells of one resolution are not contained in those of the next coarser one, so the finest
//! cell of a position does not determine the others. A *fragment* is a region that no cell boundary
//! of any resolution crosses. Columns store the fragment of each report (4 bytes); a fragment
//! refers to its cell of the finest resolution and to a *coarse region*, which no cell boundary of
//! the other resolutions crosses; a coarse region refers to its cell of each of those. All are
//! numbered in the order in which they were first seen. So counting reports by cell reads 4 bytes a
//! report and computes no H3 index.
//!
//! [`H3Columns`] is shared with readers and grows in chunks that are copied on write. The hash
//! tables that find the fragment of a position, [`H3Writer`], belong to the writer alone.

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use hashbrown::HashTable;

use crate::place::{
    H3_RESOLUTION_MIN, H3_RESOLUTIONS, H3Cell, H3LatticeKeys, lattice_key, lattice_keys,
};

/// The fragment number that stands for "no position".
pub const NO_FRAGMENT: u32 = u32::MAX;
/// Fills the rest of a row of neighbours.
const NO_CELL: u32 = u32::MAX;
/// The largest neighbourhood that is kept, in steps.
pub const RING_MAX: u8 = 3;

/// Number of resolutions but the finest; the level of the finest.
const COARSE: usize = H3_RESOLUTIONS - 1;
/// The cell numbers of a coarse region, by level.
type CoarseRegion = [u32; COARSE];
/// The number of a fragment's finest cell, and of its coarse region.
type H3Fragment = [u32; 2];

const CHUNK: usize = 4_096;

/// A list that only grows. A clone shares all chunks; appending copies the last one at most.
#[derive(Clone)]
struct SharedChunks<T>(Vec<Arc<Vec<T>>>);

impl<T> Default for SharedChunks<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Copy> SharedChunks<T> {
    fn len(&self) -> usize {
        self.0.last().map_or(0, |last| (self.0.len() - 1) * CHUNK + last.len())
    }

    fn get(&self, at: u32) -> T {
        self.0[at as usize / CHUNK][at as usize % CHUNK]
    }

    fn iter(&self) -> impl Iterator<Item = T> + '_ {
        self.0.iter().flat_map(|chunk| chunk.iter().copied())
    }

    fn push(&mut self, value: T) {
        match self.0.last_mut() {
            Some(last) if last.len() < CHUNK => Arc::make_mut(last).push(value),
            _ => self.0.push(Arc::new(vec![value])),
        }
    }
}

/// The cells of one resolution.
#[derive(Clone, Default)]
struct H3Level {
    cells: SharedChunks<H3Cell>,
    /// Numbers of the cells without an exactly located report, ascending: there are few.
    vacant: Arc<Vec<u32>>,
    /// Neighbours within 1, 2, … steps, once they were asked for.
    rings: Arc<[ArcSwapOption<H3Rings>; RING_MAX as usize]>,
}

/// Fragments and cells, as readers see them.
#[derive(Clone, Default)]
pub struct H3Columns {
    fragments: SharedChunks<H3Fragment>,
    coarse_regions: SharedChunks<CoarseRegion>,
    levels: [H3Level; H3_RESOLUTIONS],
}

/// The index of a resolution in arrays by level.
fn level_of(resolution: u8) -> usize {
    usize::from(resolution - H3_RESOLUTION_MIN)
}

impl H3Columns {
    /// The cells of a resolution, by number.
    pub fn cells(&self, resolution: u8) -> Vec<H3Cell> {
        self.levels[level_of(resolution)].cells.iter().collect()
    }

    /// Number of cells of a resolution.
    pub fn count(&self, resolution: u8) -> usize {
        self.levels[level_of(resolution)].cells.len()
    }

    /// By fragment: the number of its cell of a resolution.
    pub fn by_fragment(&self, resolution: u8) -> Vec<u32> {
        let level = level_of(resolution);
        if level == COARSE {
            return self.fragments.iter().map(|[cell, _]| cell).collect();
        }
        let by_region: Vec<u32> = self.coarse_regions.iter().map(|region| region[level]).collect();
        self.fragments.iter().map(|[_, region]| by_region[region as usize]).collect()
    }

    /// Numbers of the cells without an exactly located report, ascending.
    pub fn vacant(&self, resolution: u8) -> &[u32] {
        &self.levels[level_of(resolution)].vacant
    }

    /// The neighbours of every cell of a resolution within `k` steps, 1 to [`RING_MAX`]. Computed
    /// at the first call and extended when cells have been added. The result is shared by all
    /// snapshots, so it may contain cells that this one does not.
    pub fn rings(&self, resolution: u8, k: u8) -> Arc<H3Rings> {
        let level = &self.levels[level_of(resolution)];
        let shared = &level.rings[usize::from(k.clamp(1, RING_MAX) - 1)];
        let known = shared.load_full();
        if let Some(known) = &known
            && known.len() >= level.cells.len()
        {
            return known.clone();
        }
        let mut rings = known.map_or_else(|| H3Rings::new(k), |known| H3Rings::clone(&known));
        for number in rings.len()..level.cells.len() {
            rings.add(level.cells.get(number as u32));
        }
        let rings = Arc::new(rings);
        shared.store(Some(rings.clone()));
        rings
    }
}

/// The neighbours of each cell of one resolution.
#[derive(Clone)]
pub struct H3Rings {
    k: u8,
    /// Length of a row: the most neighbours that a cell can have.
    width: usize,
    /// A row for each cell: the numbers of its neighbours, then [`NO_CELL`].
    rows: Vec<u32>,
    numbers: HashMap<H3Cell, u32>,
}

impl H3Rings {
    fn new(k: u8) -> Self {
        Self { k, width: H3Cell::ring_size(k), rows: Vec::new(), numbers: HashMap::new() }
    }

    /// Number of cells.
    fn len(&self) -> usize {
        self.numbers.len()
    }

    fn add(&mut self, cell: H3Cell) {
        let number = self.len() as u32;
        self.rows.resize(self.rows.len() + self.width, NO_CELL);
        self.numbers.insert(cell, number);
        for other in cell.ring(u32::from(self.k)) {
            let Some(other) = self.numbers.get(&other).copied() else { continue };
            for (cell, neighbour) in [(number, other), (other, number)] {
                let first = cell as usize * self.width;
                let row = &mut self.rows[first..first + self.width];
                // Around a pentagon the same neighbour may come twice.
                if let Some(free) = row.iter().position(|n| [NO_CELL, neighbour].contains(n)) {
                    row[free] = neighbour;
                }
            }
        }
    }

    /// The numbers of a cell's neighbours, without the cell itself, in no particular order. They
    /// may include cells that a snapshot does not have.
    #[inline]
    pub(crate) fn of(&self, cell: u32) -> impl Iterator<Item = u32> + '_ {
        let first = cell as usize * self.width;
        let row = &self.rows[first..first + self.width];
        row.iter().copied().take_while(|neighbour| *neighbour != NO_CELL)
    }
}

/// The writer's hash tables: from lattice keys to cells, regions and fragments.
///
/// A lattice key is a number that two positions on one face of H3's icosahedron share exactly if
/// they lie in the same cell ([`lattice_keys`]). A cell that crosses the edge of a face has two.
#[derive(Default)]
pub struct H3Writer {
    /// Cell numbers by lattice key, at each level but the finest.
    cells: [HashTable<(u64, u32)>; COARSE],
    /// Coarse regions by their cells.
    coarse_regions: HashTable<u32>,
    /// Fragments by the lattice key of their finest cell; they lead to that cell's number too.
    fragments: HashTable<u32>,
    /// By fragment: the lattice key of its finest cell.
    keys: SharedChunks<u64>,
    /// By level and cell: the number of exactly located reports.
    reports: [Vec<u32>; H3_RESOLUTIONS],
}

fn hash(n: u64) -> u64 {
    let n = (n ^ n >> 32).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    n ^ n >> 29
}

fn hash_region(region: &CoarseRegion) -> u64 {
    region.iter().fold(0, |sum, cell| hash(sum ^ u64::from(*cell)))
}

/// The cell of a position, computed by H3, and the lattice key of the cell's center, which lies on
/// one face and far from every edge.
fn cell_of(lon: f64, lat: f64, level: usize) -> (H3Cell, u64) {
    let resolution = level as u8 + H3_RESOLUTION_MIN;
    let cell = H3Cell::of(lon, lat, resolution).expect("a position and one of our resolutions");
    let [lon, lat] = cell.center();
    (cell, lattice_key(lon, lat, level).unwrap_or(cell.number()))
}

impl H3Writer {
    /// The fragment of a position; it is added to `columns` where it is new. This writer is the
    /// only one that adds to them.
    pub fn fragment(&mut self, lon: f64, lat: f64, columns: &mut Arc<H3Columns>) -> u32 {
        let keys: H3LatticeKeys = lattice_keys(lon, lat)
            .unwrap_or_else(|| std::array::from_fn(|level| cell_of(lon, lat, level).1));
        let region = std::array::from_fn(|level| {
            let known = self.find_cell(level, keys[level]);
            known.unwrap_or_else(|| self.add_key(level, (lon, lat), keys[level], columns))
        });
        let region = self.coarse_region(region, columns);
        let key = keys[COARSE];
        let same = |fragment: &u32| self.keys.get(*fragment) == key;
        let mut cell = None;
        // Few fragments share a finest cell.
        let candidates = self.fragments.iter_hash(hash(key)).copied();
        for fragment in candidates.filter(|fragment| same(fragment)) {
            let [finest, of] = columns.fragments.get(fragment);
            if of == region {
                return fragment;
            }
            cell = Some(finest);
        }
        let cell = cell.unwrap_or_else(|| self.add_finest_key((lon, lat), key, region, columns));
        self.add_fragment(key, [cell, region], columns)
    }

    fn add_fragment(
        &mut self,
        key: u64,
        fragment: H3Fragment,
        columns: &mut Arc<H3Columns>,
    ) -> u32 {
        let fragments = &mut Arc::make_mut(columns).fragments;
        let number = fragments.len() as u32;
        fragments.push(fragment);
        self.keys.push(key);
        let keys = &self.keys;
        self.fragments.insert_unique(hash(key), number, |fragment| hash(keys.get(*fragment)));
        number
    }

    /// The number of a coarse region, which is added where it is new.
    fn coarse_region(&mut self, region: CoarseRegion, columns: &mut Arc<H3Columns>) -> u32 {
        let hashed = hash_region(&region);
        let same = |number: &u32| columns.coarse_regions.get(*number) == region;
        if let Some(number) = self.coarse_regions.find(hashed, same) {
            return *number;
        }
        let regions = &mut Arc::make_mut(columns).coarse_regions;
        let number = regions.len() as u32;
        regions.push(region);
        let rehash = |number: &u32| hash_region(&regions.get(*number));
        self.coarse_regions.insert_unique(hashed, number, rehash);
        number
    }

    fn find_cell(&self, level: usize, key: u64) -> Option<u32> {
        self.cells[level].find(hash(key), |(known, _)| *known == key).map(|(_, cell)| *cell)
    }

    fn insert_key(&mut self, level: usize, key: u64, cell: u32) {
        self.cells[level].insert_unique(hash(key), (key, cell), |(key, _)| hash(*key));
    }

    /// The cell number of a position whose lattice key is not known yet. The cell itself may be
    /// known by another key.
    fn add_key(
        &mut self,
        level: usize,
        (lon, lat): (f64, f64),
        key: u64,
        columns: &mut Arc<H3Columns>,
    ) -> u32 {
        let (cell, center_key) = cell_of(lon, lat, level);
        let number = self.find_cell(level, center_key).unwrap_or_else(|| {
            let number = self.add_cell(level, cell, columns);
            self.insert_key(level, center_key, number);
            number
        });
        if key != center_key {
            self.insert_key(level, key, number);
        }
        number
    }

    /// [`H3Writer::add_key`] at the finest level, where fragments hold the keys.
    fn add_finest_key(
        &mut self,
        (lon, lat): (f64, f64),
        key: u64,
        region: u32,
        columns: &mut Arc<H3Columns>,
    ) -> u32 {
        let (cell, center_key) = cell_of(lon, lat, COARSE);
        let mut known = self.fragments.iter_hash(hash(center_key)).copied();
        let known = known.find(|fragment| self.keys.get(*fragment) == center_key);
        if let Some(fragment) = known {
            return columns.fragments.get(fragment)[0];
        }
        let number = self.add_cell(COARSE, cell, columns);
        if key != center_key {
            // So that positions on the other face find the cell.
            self.add_fragment(center_key, [number, region], columns);
        }
        number
    }

    fn add_cell(&mut self, level: usize, cell: H3Cell, columns: &mut Arc<H3Columns>) -> u32 {
        let cells = &mut Arc::make_mut(columns).levels[level];
        let number = cells.cells.len() as u32;
        cells.cells.push(cell);
        Arc::make_mut(&mut cells.vacant).push(number);
        self.reports[level].push(0);
        number
    }

    /// Counts an exactly located report of a fragment: one more where `is_added`, else one less.
    /// Keeps the lists of vacant cells.
    pub fn count_report(&mut self, fragment: u32, is_added: bool, columns: &mut Arc<H3Columns>) {
        let [finest, region] = columns.fragments.get(fragment);
        let cells = columns.coarse_regions.get(region).into_iter().chain([finest]);
        for (level, cell) in cells.enumerate() {
            let reports = &mut self.reports[level][cell as usize];
            *reports = if is_added { *reports + 1 } else { reports.saturating_sub(1) };
            if *reports != u32::from(is_added) {
                continue;
            }
            let vacant = Arc::make_mut(&mut Arc::make_mut(columns).levels[level].vacant);
            match vacant.binary_search(&cell) {
                Ok(at) if is_added => drop(vacant.remove(at)),
                Err(at) if !is_added => vacant.insert(at, cell),
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    #[test]
    fn every_fragment_and_region_is_added_once_and_never_changes() {
        let mut rng = ChaCha8Rng::seed_from_u64(6);
        let (mut writer, mut columns) = (H3Writer::default(), Arc::new(H3Columns::default()));
        let mut kept = Vec::new();
        for n in 0..60_000 {
            let (lon, lat) = match n % 3 {
                0 => (rng.random_range(-180.0..180.0), rng.random_range(-90.0..90.0)),
                _ => (rng.random_range(-71.25..-71.2), rng.random_range(46.8..46.83)),
            };
            let fragment = writer.fragment(lon, lat, &mut columns);
            assert_eq!(writer.fragment(lon, lat, &mut columns), fragment);
            if n % 1_000 == 0 {
                kept.push((lon, lat, fragment, columns.clone()));
            }
        }
        let regions: HashSet<CoarseRegion> = columns.coarse_regions.iter().collect();
        assert_eq!(regions.len(), columns.coarse_regions.len());
        let fragments: HashSet<H3Fragment> = columns.fragments.iter().collect();
        assert_eq!(fragments.len(), columns.fragments.len());
        for (lon, lat, fragment, then) in kept {
            assert_eq!(then.fragments.get(fragment), columns.fragments.get(fragment));
            let [finest, _] = then.fragments.get(fragment);
            assert_eq!(Some(then.cells(11)[finest as usize]), H3Cell::of(lon, lat, 11));
        }
    }
}
