//! The H3 cells of a place at all resolutions in use at once, in a seventh of the time of one call
//! of the H3 library for each resolution.
//!
//! H3 projects its grid onto the faces of an icosahedron gnomonically. On the plane of a face the
//! cells form a regular hexagonal lattice: at resolution 0 two lattice steps lead from the centre
//! of the face to a corner; each finer lattice is narrower by √7, and those of odd resolutions are
//! rotated by arcsin √(3/28) (`h3geo.org`, core library overview). A place therefore needs one
//! projection and a rotation and rounding per resolution. The H3 index of a cell is computed by the
//! library once per cell; near a cell's edge, where the last bit of a sine decides, the library is
//! called for the place itself.

use std::sync::LazyLock;

use h3o::{LatLng, Resolution};

use crate::place::distance::{Vector, unit_vector};
use crate::place::h3_cell::{H3_RESOLUTION_MIN, H3_RESOLUTIONS};

/// Distance to a cell's edge, in cell widths, below which the H3 library decides (its own error is
/// about 1e-9).
const EDGE: f64 = 1e-6;
/// Difference of the cosines to the two nearest face centres below which the library decides.
const FACE_EDGE: f64 = 1e-9;

fn dot(a: Vector, b: Vector) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

fn cross(a: Vector, b: Vector) -> Vector {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

fn scaled(a: Vector, by: f64) -> Vector {
    a.map(|n| n * by)
}

/// A face of the icosahedron: its centre and two axes on its plane, in lattice steps of
/// resolution 0.
struct IcosahedronFace {
    middle: Vector,
    axes: [Vector; 2],
}

/// The twenty faces. Their twelve corners are H3's pentagons of resolution 0.
static FACES: LazyLock<Vec<IcosahedronFace>> = LazyLock::new(|| {
    let corners: Vec<Vector> = Resolution::Zero
        .pentagons()
        .map(LatLng::from)
        .map(|at| unit_vector(at.lng(), at.lat()))
        .collect();
    let touch = |a: usize, b: usize| dot(corners[a], corners[b]) > 0.4;
    let mut faces = Vec::with_capacity(20);
    for a in 0..12 {
        for b in (a + 1..12).filter(|b| touch(a, *b)) {
            for c in (b + 1..12).filter(|c| touch(a, *c) && touch(b, *c)) {
                let sum: Vec<f64> =
                    (0..3).map(|i| corners[a][i] + corners[b][i] + corners[c][i]).collect();
                let sum = [sum[0], sum[1], sum[2]];
                let middle = scaled(sum, 1.0 / dot(sum, sum).sqrt());
                // Half the vector to the first corner on the plane is one lattice step.
                let corner = scaled(corners[a], 1.0 / dot(corners[a], middle));
                let to = [0, 1, 2].map(|i| (corner[i] - middle[i]) / 2.0);
                let across = cross(middle, to);
                let step = dot(to, to);
                faces.push(IcosahedronFace {
                    middle,
                    axes: [scaled(to, 1.0 / step), scaled(across, 1.0 / step)],
                });
            }
        }
    }
    faces
});

/// Rotation and scale from the lattice of resolution 0 to that of each resolution, as a complex
/// factor (real and imaginary part).
static TURNS: LazyLock<[[f64; 2]; H3_RESOLUTIONS]> = LazyLock::new(|| {
    let turn = (3f64 / 28.0).sqrt().asin();
    std::array::from_fn(|n| {
        let resolution = n as i32 + i32::from(H3_RESOLUTION_MIN);
        let angle = if resolution % 2 == 1 { turn } else { 0.0 };
        let width = 7f64.sqrt().powi(resolution);
        [width * angle.cos(), width * angle.sin()]
    })
});

/// For each resolution in use a key of the cell that holds a place: equal keys are equal cells. A
/// cell that lies on two faces has a key on each.
pub type H3LatticeKeys = [u64; H3_RESOLUTIONS];

/// The keys of a place given in degrees; `None` where it lies too near an edge of a cell of any
/// resolution, so that the H3 library must decide.
///
/// ```
/// use pointchaud::place::lattice_keys;
///
/// let here = lattice_keys(-71.2080, 46.8139).unwrap();
/// let centimetres_away = lattice_keys(-71.2080001, 46.8139001).unwrap();
/// assert_eq!(here, centimetres_away);
/// assert_ne!(here, lattice_keys(-71.0, 46.8139).unwrap());
/// ```
pub fn lattice_keys(lon: f64, lat: f64) -> Option<H3LatticeKeys> {
    let on_plane = FacePoint::of(lon, lat)?;
    let mut keys = [0; H3_RESOLUTIONS];
    for (level, key) in keys.iter_mut().enumerate() {
        *key = on_plane.key(level)?;
    }
    Some(keys)
}

/// The key of a place at one resolution; `level` counts from [`H3_RESOLUTION_MIN`]. `None` near an
/// edge.
///
/// ```
/// use pointchaud::place::{lattice_key, lattice_keys};
///
/// let keys = lattice_keys(-71.2080, 46.8139).unwrap();
/// assert_eq!(lattice_key(-71.2080, 46.8139, 3), Some(keys[3]));
/// ```
pub fn lattice_key(lon: f64, lat: f64, level: usize) -> Option<u64> {
    FacePoint::of(lon, lat)?.key(level)
}

/// A place projected onto the plane of its face, in lattice steps of resolution 0.
struct FacePoint {
    face: usize,
    x: f64,
    y: f64,
}

impl FacePoint {
    fn of(lon: f64, lat: f64) -> Option<Self> {
        let at = unit_vector(lon, lat);
        let (mut face, mut best, mut second) = (0, -1.0, -1.0);
        for (number, candidate) in FACES.iter().enumerate() {
            let near = dot(at, candidate.middle);
            if near > best {
                (face, best, second) = (number, near, best);
            } else if near > second {
                second = near;
            }
        }
        let on_plane = scaled(at, 1.0 / best);
        let [x, y] = FACES[face].axes.map(|axis| dot(on_plane, axis));
        (best - second >= FACE_EDGE).then_some(Self { face, x, y })
    }

    fn key(&self, level: usize) -> Option<u64> {
        let [cos, sin] = TURNS[level];
        let (x, y) = (self.x * cos + self.y * sin, self.y * cos - self.x * sin);
        let (i, j) = rounded(x, y)?;
        // Faces have some thousand cells a side at resolution 6, a hundred thousand at 11.
        let packed = |n: i64| (n + (1 << 28)) as u64;
        Some((self.face as u64) << 58 | packed(i) << 29 | packed(j))
    }
}

/// The point of the hexagonal lattice of step 1 that is nearest, in axial coordinates; none where
/// another is almost as near.
fn rounded(x: f64, y: f64) -> Option<(i64, i64)> {
    // Axial coordinates: x = q + r/2, y = r √3/2; the third cube coordinate is -q - r.
    let r = y * (2.0 / 3f64.sqrt());
    let q = x - r / 2.0;
    let s = -q - r;
    let (mut rq, mut rr, rs) = (q.round(), r.round(), s.round());
    let (dq, dr, ds) = ((rq - q).abs(), (rr - r).abs(), (rs - s).abs());
    if dq > dr && dq > ds {
        rq = -rr - rs;
    } else if dr > ds {
        rr = -rq - rs;
    }
    // Within a cell no two cube coordinates' remainders differ by more than 1.
    let (eq, er) = (q - rq, r - rr);
    let es = -eq - er;
    let widest = (eq - er).abs().max((er - es).abs()).max((es - eq).abs());
    (widest < 1.0 - EDGE).then_some((rq as i64, rr as i64))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;
    use crate::place::H3Cell;

    #[test]
    fn equal_keys_are_equal_cells_of_h3_all_over_the_earth() {
        let mut rng = ChaCha8Rng::seed_from_u64(4);
        let (mut cells, mut asked) = (HashMap::new(), 0);
        let mut places: Vec<(f64, f64)> = Vec::new();
        for _ in 0..400 {
            let lon = rng.random_range(-180.0..180.0);
            let lat = rng.random_range(-1f64..1.0).asin().to_degrees();
            // A crowd of some hundred metres, so that cells are shared.
            for _ in 0..100 {
                let reach = 10f64.powf(rng.random_range(-6.0..-1.0));
                let (dx, dy) = (rng.random_range(-reach..reach), rng.random_range(-reach..reach));
                places.push((lon + dx, (lat + dy).clamp(-90.0, 90.0)));
            }
        }
        places.extend([(0.0, 90.0), (0.0, -90.0), (180.0, 0.0), (-180.0, 51.0), (-71.2, 46.8)]);
        for (lon, lat) in places {
            let Some(keys) = lattice_keys(lon, lat) else {
                asked += 1;
                continue;
            };
            for (key, n) in keys.into_iter().zip(0u8..) {
                let cell = H3Cell::of(lon, lat, n + H3_RESOLUTION_MIN).unwrap();
                let known = cells.entry((key, n)).or_insert(cell);
                assert_eq!(*known, cell, "{lon} {lat} at {}", n + H3_RESOLUTION_MIN);
            }
        }
        // And different keys are different cells, but for those that cross a face's edge.
        let mut numbers: HashMap<H3Cell, usize> = HashMap::new();
        for cell in cells.values() {
            *numbers.entry(*cell).or_default() += 1;
        }
        let shared = numbers.values().filter(|n| **n > 1).count();
        assert!(shared * 100 < numbers.len(), "{shared} of {} cells", numbers.len());
        assert!(asked < 20, "{asked} places needed H3");
    }
}
