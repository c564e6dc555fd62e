//! Polygons in the coordinates of a vector tile (MVT 2.1, section 4.3.4.4): outer rings have a
//! positive area by the surveyor's formula, holes a negative one, and no ring has a point twice in
//! a row or goes back the way it came.

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

/// The commands that draw polygons in a tile, each on the side of the antimeridian on which the
/// tile is; `None` if none of them reaches into it. A geometry smaller than a unit is drawn as a
/// square unit.
pub fn commands(polygons: &[DegreeRings], tile: Tile) -> Option<Vec<u32>> {
    let near: Vec<Vec<Vec<UnitPoint>>> =
        polygons.iter().map(|rings| units(rings, tile)).filter(|rings| reaches(rings)).collect();
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
