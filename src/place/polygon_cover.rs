//! Polygons on the Mercator grid: which cells are wholly inside, which outside, and which have an
//! edge, so that only the positions in the last need a test, and only against the edges there.

use geo::Coord;
use geo::kernels::Orientation;

use crate::place::edge_index::{IndexedEdge, Windings, moved, orientation};
use crate::place::polygon::Polygons;
use crate::place::{BBox, GridCell, Overlap, Position};

/// Degrees by which a cell is enlarged on every side, so that the rounding of the projection puts
/// no position of the cell outside. A column of the finest grid is 0.84 of it.
const TOLERANCE: f64 = 1e-7;

/// The finest level of a cover: smaller cells are hardly larger than the tolerance.
const FINEST: u8 = 30;

/// Where a cell has more edges, the index of all edges finds those that matter faster.
const EDGES_MAX: usize = 256;

/// Where in a cell its anchor may be, in shares of its width and height. Fractions that corners of
/// polygons hardly ever share.
const ANCHORS: [(f64, f64); 3] = [(0.5127, 0.4871), (0.3277, 0.6181), (0.7391, 0.2719)];

/// A cell of the grid with the edges of polygons that touch it.
///
/// A descent of the grid (`CellCover::child`) hands each cell the edges of its parent, so a cell
/// costs time in the number of its own edges, not of all. Whether a position is inside follows from
/// the winding numbers at one point of the cell, the anchor, and the edges between the two. Where a
/// corner lies exactly between them, the whole polygon is asked.
pub struct CellCover<'a> {
    polygons: &'a Polygons,
    cell: GridCell,
    edges: Vec<&'a IndexedEdge>,
    /// A point of the cell on no edge and the winding numbers there; none where no such point was
    /// found.
    anchor: Option<(Coord<f64>, Windings)>,
}

impl Polygons {
    /// The cover of the smallest cell of the grid that holds the polygons.
    pub(crate) fn cover(&self) -> CellCover<'_> {
        let cell = self.smallest_cell();
        let bounds = enlarged(&cell.bounds(), TOLERANCE);
        let edges = self.edge_index().edges().filter(|edge| touches(edge, &bounds)).collect();
        let anchor = self.anchor_in(cell);
        CellCover { polygons: self, cell, edges, anchor }
    }

    /// Positions at 180 are at -180: polygons that reach the eastern edge of the grid have
    /// positions in its first column too.
    fn is_mirrored(&self) -> bool {
        self.bounds().east == 180.0
    }

    /// The smallest cell of the grid that holds the polygons.
    pub(crate) fn smallest_cell(&self) -> GridCell {
        let bounds = enlarged(self.bounds(), 2.0 * TOLERANCE);
        let corner = |lon: f64, lat: f64, level| {
            Position::new(lon, lat).ok().map(|corner| GridCell::of(corner, level))
        };
        let common = |level: u8| {
            let nw = corner(bounds.west, bounds.north, level)?;
            let se = corner(bounds.east, bounds.south, level)?;
            (nw == se && !self.is_mirrored()).then_some(nw)
        };
        (1..=FINEST).map_while(common).last().unwrap_or(GridCell::WORLD)
    }

    /// An anchor found by asking for the winding numbers there.
    fn anchor_in(&self, cell: GridCell) -> Option<(Coord<f64>, Windings)> {
        anchors(cell).find_map(|at| {
            let (windings, on_edge) = self.edge_index().locate(at);
            on_edge.is_empty().then_some((at, windings))
        })
    }
}

impl<'a> CellCover<'a> {
    /// The cell.
    pub(crate) fn cell(&self) -> GridCell {
        self.cell
    }

    /// The cover of one of the cell's children.
    pub(crate) fn child(&self, cell: GridCell) -> CellCover<'a> {
        let bounds = enlarged(&cell.bounds(), TOLERANCE);
        let edges = self.edges.iter().copied().filter(|edge| touches(edge, &bounds)).collect();
        let from_ours = self.anchor.as_ref().and_then(|(from, known)| {
            let line = |to| moved(known, (*from, to), self.edges.iter().copied());
            anchors(cell).find_map(|to| Some((to, line(to)?.into_owned())))
        });
        let anchor = from_ours.or_else(|| self.polygons.anchor_in(cell));
        CellCover { polygons: self.polygons, cell, edges, anchor }
    }

    /// Are all positions of the cell inside, none, or does it depend?
    pub(crate) fn overlap(&self) -> Overlap {
        match &self.anchor {
            Some((_, windings)) if self.edges.is_empty() && !self.has_mirrored() => {
                let is_inside = self.polygons.edge_index().holds(windings);
                if is_inside { Overlap::Inside } else { Overlap::Outside }
            }
            _ => Overlap::Partly,
        }
    }

    /// Number of edges that may touch the cell.
    pub(crate) fn edge_count(&self) -> usize {
        self.edges.len()
    }

    /// Can the cell not be divided further?
    pub(crate) fn is_finest(&self) -> bool {
        self.cell.level >= FINEST
    }

    /// Is a position of the cell inside the polygons or on an edge? The same as
    /// [`Polygons::contains`].
    pub(crate) fn contains(&self, at: Position) -> bool {
        let to = Coord { x: at.lon(), y: at.lat() };
        let windings = self
            .anchor
            .as_ref()
            .filter(|_| at.lon() != -180.0 && self.edges.len() <= EDGES_MAX)
            .and_then(|(from, known)| moved(known, (*from, to), self.edges.iter().copied()));
        match windings {
            Some(windings) => self.polygons.edge_index().holds(&windings),
            None => self.polygons.contains(at),
        }
    }

    fn has_mirrored(&self) -> bool {
        self.cell.x == 0 && self.polygons.is_mirrored()
    }
}

fn anchors(cell: GridCell) -> impl Iterator<Item = Coord<f64>> {
    let BBox { west, south, east, north } = cell.bounds();
    ANCHORS
        .into_iter()
        .map(move |(x, y)| Coord { x: west + (east - west) * x, y: south + (north - south) * y })
}

/// A box that does not cross the antimeridian, larger by `by` degrees on every side, on the Earth.
fn enlarged(bbox: &BBox, by: f64) -> BBox {
    BBox {
        west: (bbox.west - by).max(-180.0),
        south: (bbox.south - by).max(-90.0),
        east: (bbox.east + by).min(180.0),
        north: (bbox.north + by).min(90.0),
    }
}

/// May an edge touch a box? False only where it surely does not.
fn touches(edge: &IndexedEdge, bbox: &BBox) -> bool {
    let IndexedEdge { start, end, .. } = edge;
    let apart = start.x.max(end.x) < bbox.west
        || start.x.min(end.x) > bbox.east
        || start.y.max(end.y) < bbox.south
        || start.y.min(end.y) > bbox.north;
    if apart {
        return false;
    }
    // The box is beside the edge where its corners are all on the same side of the edge's line.
    let corners = [
        (bbox.west, bbox.south),
        (bbox.east, bbox.south),
        (bbox.east, bbox.north),
        (bbox.west, bbox.north),
    ];
    let side = |(x, y): (f64, f64)| orientation(*start, *end, Coord { x, y });
    let first = side(corners[0]);
    first == Orientation::Collinear || corners[1..].iter().any(|corner| side(*corner) != first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use geo::{LineString, MultiPolygon, Polygon};
    use rand::{RngExt, SeedableRng, rngs::SmallRng};

    /// Stars, rectangles on lines of the grid, and rings around half of the Earth.
    fn polygons(rng: &mut SmallRng) -> Polygons {
        let (lon, lat) = (rng.random_range(-170.0..170.0), rng.random_range(-80.0..80.0));
        let reach = 10f64.powi(rng.random_range(-4..1));
        let corners = rng.random_range(3..40);
        let star = |n: usize| {
            let angle = std::f64::consts::TAU * n as f64 / corners as f64;
            let far = reach * if n.is_multiple_of(2) { 1.0 } else { 0.4 };
            (lon + far * angle.cos(), (lat + far * angle.sin()).clamp(-90.0, 90.0))
        };
        let ring: Vec<(f64, f64)> = match rng.random_range(0..3) {
            0 => (0..corners).map(star).collect(),
            1 => {
                let at = Position::new(lon, lat).unwrap();
                let BBox { west, south, east, north } =
                    GridCell::of(at, rng.random_range(2..20)).bounds();
                vec![(west, south), (east, south), (east, north), (west, north)]
            }
            _ => vec![(lon, -90.0), (180.0, lat), (180.0, 90.0), (lon, 90.0)],
        };
        let shape = Polygon::new(LineString::from(ring), vec![]);
        Polygons::boundary(MultiPolygon::new(vec![shape])).unwrap()
    }

    #[test]
    fn a_descent_to_a_position_finds_what_the_polygons_hold() {
        let mut rng = SmallRng::seed_from_u64(4);
        let (mut inside, mut whole, mut tested) = (0, 0, 0);
        for _ in 0..600 {
            let shape = polygons(&mut rng);
            let bounds = *shape.bounds();
            for _ in 0..20 {
                // Positions around the polygons, some of them at corners and on edges.
                let between = |rng: &mut SmallRng, from: f64, to: f64| match rng.random_range(0..6)
                {
                    0 => from,
                    1 => to,
                    2 => (from + to) / 2.0,
                    _ => from + (to - from) * rng.random_range(-0.2..1.2),
                };
                let lon = between(&mut rng, bounds.west, bounds.east).clamp(-180.0, 180.0);
                let lat = between(&mut rng, bounds.south, bounds.north).clamp(-90.0, 90.0);
                let at = Position::new(lon, lat).unwrap();
                let mut cover = shape.cover();
                if GridCell::of(at, cover.cell().level) != cover.cell() {
                    assert!(!shape.contains(at), "{at:?} is outside of the smallest cell");
                    continue;
                }
                let wanted = shape.contains(at);
                while !cover.is_finest() {
                    match cover.overlap() {
                        Overlap::Inside => assert!(wanted, "{at:?} in {:?}", cover.cell()),
                        Overlap::Outside => assert!(!wanted, "{at:?} in {:?}", cover.cell()),
                        Overlap::Partly => {}
                    }
                    assert_eq!(cover.contains(at), wanted, "{at:?} in {:?}", cover.cell());
                    whole += usize::from(cover.overlap() != Overlap::Partly);
                    tested += 1;
                    cover = cover.child(GridCell::of(at, cover.cell().level + 1));
                }
                inside += usize::from(wanted);
            }
        }
        assert!(inside > 2_000 && whole * 4 > tested, "{inside} inside, {whole} of {tested} whole");
    }
}
