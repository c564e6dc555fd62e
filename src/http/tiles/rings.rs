//! Polygons in the coordinates of a vector tile (MVT 2.1, section 4.3.4.4): outer rings have a
//! positive area by the surveyor's formula, holes a negative one, and no ring has a point twice in
//! a row or goes back the way it came. What lies far outside of the tile is cut off, and long rings
//! are drawn with the corners that show at the zoom of the tile.

use geo::{LineString, Simplify};

use crate::place::Tile;

/// Rings of a polygon in degrees: the outer one, then its holes.
pub type DegreeRings = Vec<Vec<[f64; 2]>>;

/// A point in units of a tile: east of its western and south of its northern edge.
type UnitPoint = (i32, i32);

const MOVE_TO: u32 = 1;
const LINE_TO: u32 = 2;
const CLOSE_PATH: u32 = 7;

/// How far outside of a tile polygons are drawn, in units: outlines of neighbours join there.
const MARGIN: i64 = Tile::EXTENT as i64 / 4;

/// How far corners that are left out may lie from the line that is drawn, in units.
const TOLERANCE: f64 = 1.0;
/// Rings of fewer corners are drawn with all of them.
const SIMPLIFIED_FROM: usize = 32;

/// The commands that draw polygons in a tile, each on the side of the antimeridian on which the
/// tile is; `None` if none of them reaches into it. A geometry smaller than a unit is drawn as a
/// square unit.
pub fn commands(polygons: &[DegreeRings], tile: Tile) -> Option<Vec<u32>> {
    let near = polygons.iter().map(|rings| units(rings, tile)).filter(|rings| reaches(rings));
    let drawn = |rings: Vec<Vec<UnitPoint>>| -> Vec<Vec<UnitPoint>> {
        rings.into_iter().map(|ring| simplified(cut(ring))).collect()
    };
    let is_left = |rings: &Vec<Vec<UnitPoint>>| rings.first().is_some_and(|ring| !ring.is_empty());
    let near: Vec<Vec<Vec<UnitPoint>>> = near.map(drawn).filter(is_left).collect();
    let first = *near.first()?.first()?.first()?;
    let mut rings: Vec<Vec<UnitPoint>> = near.into_iter().flat_map(wound).collect();
    if rings.is_empty() {
        let (x, y) = first;
        rings.push(vec![(x, y), (x + 1, y), (x + 1, y + 1), (x, y + 1)]);
    }
    Some(encoded(&rings))
}

/// The rings of a polygon in the units of a tile, without repeated points; of several turns of the
/// Earth the one that is nearest to the tile.
fn units(rings: &DegreeRings, tile: Tile) -> Vec<Vec<UnitPoint>> {
    let bounds = tile.bounds();
    let lons = || rings.iter().flatten().map(|[lon, _]| *lon);
    let (west, east) = (lons().fold(f64::MAX, f64::min), lons().fold(f64::MIN, f64::max));
    let off = (bounds.west + bounds.east - west - east) / 2.0;
    let turn = 360.0 * (off / 360.0).round();
    let unit = |[lon, lat]: &[f64; 2]| {
        let (x, y) = tile.unrolled(lon + turn, *lat);
        (x.round() as i32, y.round() as i32)
    };
    rings.iter().map(|ring| simple(ring.iter().map(unit))).collect()
}

/// A closed ring without the repeated first point, without points twice in a row, and without ways
/// there and back.
fn simple(points: impl Iterator<Item = UnitPoint>) -> Vec<UnitPoint> {
    let mut ring: Vec<UnitPoint> = Vec::new();
    for point in points {
        match ring.as_slice() {
            [.., last] if *last == point => {}
            [.., before, _] if *before == point => _ = ring.pop(),
            _ => ring.push(point),
        }
    }
    // The same where the ring closes.
    loop {
        match ring.as_slice() {
            [first, .., last] if first == last => _ = ring.pop(),
            [first, .., before, _] if first == before => ring.truncate(ring.len() - 2),
            [_, second, .., last] if second == last => _ = ring.remove(0),
            _ => return ring,
        }
    }
}

/// The part of a ring inside the tile and its margin (Sutherland and Hodgman, *Reentrant polygon
/// clipping*, 1974). Where a ring leaves and comes back, the edge of the margin joins its parts.
fn cut(ring: Vec<UnitPoint>) -> Vec<UnitPoint> {
    let (low, high) = (-MARGIN, i64::from(Tile::EXTENT) + MARGIN);
    // How far inside of the western, eastern, northern, southern edge a point is, in units;
    // negative outside.
    let depth = |edge: usize, (x, y): UnitPoint| {
        let (x, y) = (i64::from(x), i64::from(y));
        match edge {
            0 => x - low,
            1 => high - x,
            2 => y - low,
            _ => high - y,
        }
    };
    let mut ring = ring;
    for edge in 0..4 {
        if ring.iter().all(|point| depth(edge, *point) >= 0) {
            continue;
        }
        let mut kept = Vec::with_capacity(ring.len());
        let before = ring.iter().cycle().skip(ring.len().saturating_sub(1));
        for (a, b) in before.zip(&ring) {
            let (from, to) = (depth(edge, *a), depth(edge, *b));
            if (from < 0) != (to < 0) {
                let share = from as f64 / (from - to) as f64;
                let at = |a: i32, b: i32| {
                    (f64::from(a) + share * (f64::from(b) - f64::from(a))).round() as i32
                };
                kept.push((at(a.0, b.0), at(a.1, b.1)));
            }
            if to >= 0 {
                kept.push(*b);
            }
        }
        ring = kept;
    }
    simple(ring.into_iter())
}

/// A ring with the corners that show (Douglas and Peucker, 1973).
fn simplified(ring: Vec<UnitPoint>) -> Vec<UnitPoint> {
    if ring.len() < SIMPLIFIED_FROM {
        return ring;
    }
    let closed = ring.iter().chain(ring.first());
    let line: LineString<f64> = closed.map(|(x, y)| (f64::from(*x), f64::from(*y))).collect();
    let line = line.simplify(TOLERANCE);
    simple(line.coords().map(|at| (at.x as i32, at.y as i32)))
}

/// Does the box of a polygon reach into the tile or its margin?
fn reaches(rings: &[Vec<UnitPoint>]) -> bool {
    let range = |of: fn(&UnitPoint) -> i32| {
        let values = || rings.iter().flatten().map(of);
        Some((i64::from(values().min()?), i64::from(values().max()?)))
    };
    let is_in = |range: Option<(i64, i64)>| {
        range.is_some_and(|(low, high)| high >= -MARGIN && low <= i64::from(Tile::EXTENT) + MARGIN)
    };
    is_in(range(|(x, _)| *x)) && is_in(range(|(_, y)| *y))
}

/// Twice the area of a ring by the surveyor's formula, in the coordinates of the tile.
fn surveyed(ring: &[UnitPoint]) -> i64 {
    let next = ring.iter().cycle().skip(1);
    let cross = |((x, y), (next_x, next_y)): (&UnitPoint, &UnitPoint)| {
        i64::from(*x) * i64::from(*next_y) - i64::from(*next_x) * i64::from(*y)
    };
    ring.iter().zip(next).map(cross).sum()
}

/// The rings of a polygon with their windings; without holes that have no area, and none if the
/// outer ring has none.
fn wound(rings: Vec<Vec<UnitPoint>>) -> Vec<Vec<UnitPoint>> {
    let mut out = Vec::with_capacity(rings.len());
    for (n, mut ring) in rings.into_iter().enumerate() {
        let area = surveyed(&ring);
        match (area, n) {
            (0, 0) => return out,
            (0, _) => continue,
            _ => {}
        }
        if (area > 0) != (n == 0) {
            ring.reverse();
        }
        out.push(ring);
    }
    out
}

/// Rings as commands: MoveTo, LineTo and ClosePath for each.
fn encoded(rings: &[Vec<UnitPoint>]) -> Vec<u32> {
    let command = |id: u32, count: usize| id | (count as u32) << 3;
    let mut out = Vec::with_capacity(rings.iter().map(|ring| 2 * ring.len() + 3).sum());
    let (mut x, mut y) = (0i32, 0i32);
    for ring in rings {
        for (n, (to_x, to_y)) in ring.iter().enumerate() {
            match n {
                0 => out.push(command(MOVE_TO, 1)),
                1 => out.push(command(LINE_TO, ring.len() - 1)),
                _ => {}
            }
            out.extend([zigzag(to_x.wrapping_sub(x)), zigzag(to_y.wrapping_sub(y))]);
            (x, y) = (*to_x, *to_y);
        }
        out.push(command(CLOSE_PATH, 1));
    }
    out
}

/// A parameter of a command (MVT 2.1, section 4.3.2).
pub fn zigzag(n: i32) -> u32 {
    ((n << 1) ^ (n >> 31)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rings that commands draw, read strictly.
    fn drawn(commands: &[u32]) -> Vec<Vec<UnitPoint>> {
        let back = |n: u32| (n >> 1).cast_signed() ^ -((n & 1).cast_signed());
        let (mut rings, mut at, mut n) = (Vec::new(), (0, 0), 0);
        while n < commands.len() {
            let mut ring = Vec::new();
            for id in [MOVE_TO, LINE_TO] {
                assert_eq!(commands[n] & 7, id);
                let count = (commands[n] >> 3) as usize;
                assert!(if id == MOVE_TO { count == 1 } else { count >= 2 });
                for pair in commands[n + 1..=n + 2 * count].chunks(2) {
                    at = (at.0 + back(pair[0]), at.1 + back(pair[1]));
                    ring.push(at);
                }
                n += 1 + 2 * count;
            }
            assert_eq!(commands[n], CLOSE_PATH | 1 << 3);
            n += 1;
            rings.push(ring);
        }
        rings
    }

    fn world() -> Tile {
        Tile::new(0, 0, 0).unwrap()
    }

    #[test]
    fn outer_rings_are_positive_and_holes_negative_however_they_are_given() {
        let outer = [[-10.0, -10.0], [10.0, -10.0], [10.0, 10.0], [-10.0, 10.0], [-10.0, -10.0]];
        let hole = outer.map(|[lon, lat]| [lon / 2.0, lat / 2.0]);
        for (outer_turned, hole_turned) in [(false, false), (true, false), (false, true)] {
            let turned = |ring: [[f64; 2]; 5], is_turned: bool| {
                let mut ring = ring.to_vec();
                if is_turned {
                    ring.reverse();
                }
                ring
            };
            let rings = vec![turned(outer, outer_turned), turned(hole, hole_turned)];
            let read = drawn(&commands(&[rings.clone(), rings], world()).unwrap());
            let signs: Vec<i64> = read.iter().map(|ring| surveyed(ring).signum()).collect();
            assert_eq!(signs, [1, -1, 1, -1]);
            assert!(read.iter().all(|ring| ring.len() == 4), "{read:?}");
        }
    }

    #[test]
    fn rings_have_no_repeated_points_and_no_spikes() {
        let of = |points: &[UnitPoint]| simple(points.iter().copied());
        let square = [(0, 0), (9, 0), (9, 9), (0, 9)];
        for ring in [
            vec![(0, 0), (0, 0), (9, 0), (9, 9), (9, 9), (0, 9), (0, 0)],
            vec![(0, 0), (9, 0), (12, 0), (9, 0), (9, 9), (0, 9), (0, 0)],
            vec![(0, 0), (9, 0), (9, 9), (0, 9), (-3, 9), (0, 9), (0, 0)],
            vec![(0, 0), (9, 0), (9, 9), (0, 9), (0, 0), (-2, -2), (0, 0)],
            vec![(-2, -2), (0, 0), (9, 0), (9, 9), (0, 9), (0, 0), (-2, -2)],
        ] {
            let mut found = of(&ring);
            let at = found.iter().position(|point| *point == (0, 0)).unwrap();
            found.rotate_left(at);
            assert_eq!(found, square, "{ring:?}");
        }
        assert!(of(&[(1, 1), (2, 2), (1, 1)]).len() < 3 && of(&[]).is_empty());
    }

    #[test]
    fn what_lies_outside_of_the_margin_is_cut_off() {
        let side = i64::from(Tile::EXTENT);
        // A comb whose teeth point from the west over the tile, a square around it, one beside it.
        let comb =
            vec![(-9_000, 0), (9_000, 500), (-8_000, 1_000), (9_000, 1_500), (-9_000, 2_000)];
        let around = vec![(-9_000, -9_000), (9_000, -9_000), (9_000, 9_000), (-9_000, 9_000)];
        let beside = vec![(6_000, 0), (9_000, 0), (9_000, 900)];
        let whole = cut(around);
        assert_eq!((whole.len(), surveyed(&whole)), (4, 2 * (side + 2 * MARGIN).pow(2)));
        assert!(cut(beside).is_empty() && cut(Vec::new()).is_empty());
        let teeth = cut(comb);
        let inside = |n: i32| (-MARGIN..=side + MARGIN).contains(&i64::from(n));
        assert!(teeth.iter().all(|(x, y)| inside(*x) && inside(*y)), "{teeth:?}");
        assert!(teeth.len() >= 8 && surveyed(&teeth) > 0, "{teeth:?}");
        let small = vec![(0, 0), (9, 0), (9, 9), (0, 9)];
        assert_eq!(cut(small.clone()), small);
    }

    #[test]
    fn corners_that_do_not_show_are_left_out() {
        let circle = |n: u32| {
            let angle = f64::from(n) / 2_000.0 * std::f64::consts::TAU;
            let at = |of: f64| (2_000.0 + 1_000.0 * of).round() as i32;
            (at(angle.cos()), at(angle.sin()))
        };
        let ring = simple((0..2_000).map(circle));
        let drawn = simplified(ring.clone());
        assert!((40..200).contains(&drawn.len()), "{} of {}", drawn.len(), ring.len());
        let (exact, seen) = (surveyed(&ring) as f64, surveyed(&drawn) as f64);
        assert!((seen / exact - 1.0).abs() < 0.005, "{seen} {exact}");
    }

    #[test]
    fn what_is_smaller_than_a_unit_is_drawn_as_one() {
        let tiny = |at: f64| vec![vec![[at, at], [at + 1e-4, at], [at, at + 1e-4], [at, at]]];
        let read = drawn(&commands(&[tiny(3.0), tiny(3.1)], world()).unwrap());
        assert_eq!((read.len(), surveyed(&read[0])), (1, 2));
        let tiny_hole = vec![vec![[0.0, 0.0], [9.0, 0.0], [9.0, 9.0]], tiny(4.0).remove(0)];
        assert_eq!(drawn(&commands(&[tiny_hole], world()).unwrap()).len(), 1);
    }

    #[test]
    fn nothing_is_drawn_a_world_away() {
        let square = |west: f64| {
            vec![vec![[west, 0.0], [west + 0.01, 0.0], [west + 0.01, 0.01], [west, 0.01]]]
        };
        let parts = [square(179.99), square(-180.0)];
        let side = 1 << 10;
        for (column, low, high) in [(0, -200, 200), (side - 1, 3_900, 4_300)] {
            let tile = Tile::new(10, column, side / 2 - 1).unwrap();
            let read = drawn(&commands(&parts, tile).unwrap());
            assert_eq!(read.len(), 2, "both parts, joined at the edge");
            let is_near = |(x, _): &UnitPoint| (low..=high).contains(x);
            assert!(read.iter().flatten().all(is_near), "{column}: {read:?}");
        }
        let elsewhere = Tile::new(10, 500, side / 2 - 1).unwrap();
        assert_eq!(commands(&parts, elsewhere), None);
    }
}
