use pointchaud::index::Index;
use pointchaud::place::*;
use pointchaud::query;
use pointchaud::report::*;
use rand::{RngExt, SeedableRng};
use std::hint::black_box;
use std::time::Instant;
fn gen_city(n: usize) -> Vec<(f64, f64, usize, i64, bool)> {
    let mut r = rand_chacha::ChaCha8Rng::seed_from_u64(311);
    let (mlat, mlon) = (111195.0, 111195.0 * 46.85f64.to_radians().cos());
    let (w, h) = (0.4 * mlon, 0.2 * mlat);
    let nrm = rand_distr::StandardNormal;
    use rand_distr::Distribution;
    let c: Vec<(f64, f64, f64)> = (0..6)
        .map(|_| {
            (
                r.random_range(0.2 * w..0.8 * w),
                r.random_range(0.2 * h..0.8 * h),
                r.random_range(3000.0..5000.0),
            )
        })
        .collect();
    let b: Vec<(f64, f64, f64)> = (0..300)
        .map(|_| (r.random_range(0.0..w), r.random_range(0.0..h), r.random_range(60.0..300.0)))
        .collect();
    (0..n)
        .map(|_| {
            let u: f64 = r.random();
            let mut g = || -> f64 { nrm.sample(&mut r) };
            let (g1, g2, g3, g4) = (g(), g(), g(), g());
            let (x, y) = if u < 0.7 {
                let (mut x, mut y) = if r.random_bool(0.25) {
                    (r.random_range(0.0..w), r.random_range(0.0..h))
                } else {
                    let k = r.random_range(0..6);
                    (c[k].0 + c[k].2 * g1, c[k].1 + c[k].2 * g2)
                };
                if r.random_bool(0.6) {
                    y = (y / 90.).round() * 90.;
                    x = (x / 12.).round() * 12.
                } else {
                    x = (x / 180.).round() * 180.;
                    y = (y / 12.).round() * 12.
                }
                (x + 5. * g3, y + 5. * g4)
            } else if u < 0.9 {
                let k = r.random_range(0..300);
                (b[k].0 + b[k].2 * g1, b[k].1 + b[k].2 * g2)
            } else {
                (r.random_range(0.0..w), r.random_range(0.0..h))
            };
            let (x, y) = (x.rem_euclid(w), y.rem_euclid(h));
            let z: f64 = r.random();
            let mut s = 0.;
            let mut k = 0;
            while k < 11 {
                s += 1. / (k + 1) as f64 / 3.1032;
                if z < s {
                    break;
                }
                k += 1
            }
            (
                -71.5 + x / mlon,
                46.75 + y / mlat,
                k,
                1637712000 + r.random_range(0..157680000),
                r.random_bool(0.95),
            )
        })
        .collect()
}
fn main() {
    let n: usize = std::env::args().nth(1).map_or(1_000_000, |s| s.parse().unwrap());
    let pts = gen_city(n);
    let ch: Vec<Change> = pts
        .iter()
        .enumerate()
        .map(|(i, p)| Change {
            revision: i as u64 + 1,
            event: Event::Put(Facts {
                id: tracking_number(i as u64 * 7919),
                service: ServiceCode::new(&format!("s{}", p.2)).unwrap(),
                status: if p.4 { Status::Closed } else { Status::Open },
                reason: p.4.then_some(ClosedReason::Done),
                nature: Nature::Intervention,
                channel: Channel::Web,
                requested: p.3,
                day_only: false,
                closed: p.4.then_some(p.3 + 86400),
                position: Position::new(p.0, p.1).ok(),
                accuracy: Accuracy::Exact,
                area: None,
            }),
        })
        .collect();
    let mut ix = Index::default();
    let t = Instant::now();
    ix.apply(ch);
    println!("build {:?}", t.elapsed());
    let snap = ix.shown().load();
    let all = snap.sieve(&Filter::default());
    let mut r = rand_chacha::ChaCha8Rng::seed_from_u64(5);
    let q: Vec<Position> = (0..200000)
        .map(|_| {
            let p = pts[r.random_range(0..n)];
            Position::new(p.0 + r.random_range(-3e-4..3e-4), p.1 + r.random_range(-2e-4..2e-4))
                .unwrap()
        })
        .collect();
    let b = |name: &str, k: usize, f: &mut dyn FnMut(Position) -> usize| {
        let mut best = f64::MAX;
        let mut s = 0;
        for _ in 0..5 {
            let t = Instant::now();
            s = 0;
            for p in &q[..k] {
                s += f(*p)
            }
            best = best.min(t.elapsed().as_secs_f64() * 1e6 / k as f64)
        }
        println!("{name}: {best:.3} us/q, mean {:.1}", s as f64 / k as f64)
    };
    b("nearest10 all", 200000, &mut |p| {
        black_box(query::nearest(&snap, &all, p, 10, Meters(1e6))).items.len()
    });
    {
        struct Bare {
            k: usize,
            r: f32,
            v: Vec<f32>,
        }
        impl pointchaud::index::Gather<query::Handle> for Bare {
            fn offer(&mut self, _h: query::Handle, d: f32) {
                if self.v.len() < self.k {
                    let at = self.v.partition_point(|x| *x <= d);
                    self.v.insert(at, d)
                } else if d < self.v[self.k - 1] {
                    self.v.pop();
                    let at = self.v.partition_point(|x| *x <= d);
                    self.v.insert(at, d)
                }
            }
            fn reach(&mut self) -> f32 {
                if self.v.len() == self.k {
                    self.r = self.v[self.k - 1] * 1.00001
                }
                self.r
            }
        }
        for _ in 0..if std::env::var("BARE").is_ok() { 20 } else { 1 } {
            b("bare near 11", 200000, &mut |p| {
                let mut g = Bare { k: 11, r: 1.0, v: Vec::with_capacity(16) };
                snap.near(&Origin::new(p), &all, 11, &mut g);
                black_box(&g.v).len()
            });
        }
        if std::env::var("BARE").is_ok() {
            return;
        }
    }
    if std::env::var("ONLY").is_ok() {
        for _ in 0..10 {
            b("nearest10 all", 200000, &mut |p| {
                black_box(query::nearest(&snap, &all, p, 10, Meters(1e6))).items.len()
            });
        }
        return;
    }
    for m in [50., 500.] {
        let mut v = Vec::new();
        let reach = slack(Meters(m).haversine());
        b(&format!("near {m}"), if m > 100. { 5000 } else { 200000 }, &mut |p| {
            v.clear();
            snap.near(&Origin::new(p), &all, usize::MAX, &mut Take(&mut v, reach));
            black_box(&v).len()
        });
        b(&format!("within_radius page100 {m}"), if m > 100. { 5000 } else { 200000 }, &mut |p| {
            black_box(query::within_radius(&snap, &all, p, Meters(m), None, 100)).items.len()
        });
    }
    for s in ["s0", "s11", "zzz"] {
        let f = Filter { services: Some(vec![ServiceCode::new(s).unwrap()]), ..Filter::default() };
        let si = snap.sieve(&f);
        b(&format!("nearest10 {s}"), 200000, &mut |p| {
            black_box(query::nearest(&snap, &si, p, 10, Meters(1e6))).items.len()
        });
        let f =
            Filter { from: Some(1780000000 - 2592000), before: Some(1780000000 + 2592000), ..f };
        let si = snap.sieve(&f);
        let reach = slack(Meters(100.).haversine());
        b(&format!("dup {s}"), 200000, &mut |p| {
            let mut v = vec![];
            snap.near(&Origin::new(p), &si, usize::MAX, &mut Take(&mut v, reach));
            v.len()
        });
    }
    let f = Filter { statuses: Some(vec![Status::Open, Status::InProgress]), ..Filter::default() };
    let si = snap.sieve(&f);
    b("nearest10 open", 200000, &mut |p| {
        black_box(query::nearest(&snap, &si, p, 10, Meters(1e6))).items.len()
    });
    let f30 = Filter { from: Some(1795392000 - 2592000), ..Filter::default() };
    let s30 = snap.sieve(&f30);
    let f0 = Filter { services: Some(vec![ServiceCode::new("s0").unwrap()]), ..Filter::default() };
    let s0 = snap.sieve(&f0);
    for (z, hw) in [(10u8, 0.44), (12, 0.11), (14, 0.0275), (16, 0.0069)] {
        let view =
            BBox::new(-71.29 - hw, 46.85 - hw * 0.43, -71.29 + hw, 46.85 + hw * 0.43).unwrap();
        for (nm, si) in [("all", &all), ("30d", &s30), ("s0", &s0)] {
            let mut best = vec![];
            let mut c = 0;
            for _ in 0..15 {
                let t = Instant::now();
                c = query::clusters(&snap, si, &view, z, 5000).spots.len();
                best.push(t.elapsed().as_secs_f64() * 1e3)
            }
            best.sort_by(f64::total_cmp);
            println!("clusters z{z} {nm}: {:.3} ms, {c}", best[7]);
        }
    }
    {
        use kiddo::*;
        use std::num::NonZero;
        let mlon = 111195.0 * 46.85f64.to_radians().cos();
        let pr = |p: (f64, f64)| [(p.0 + 71.5) * mlon, (p.1 - 46.75) * 111195.];
        let pp: Vec<[f64; 2]> = pts.iter().map(|p| pr((p.0, p.1))).collect();
        let h = ImmutableKdTree::<f64, 2>::new_from_slice(&pp).unwrap();
        let k = NonZero::new(10usize).unwrap();
        b("kiddo knn10", 200000, &mut |p| {
            black_box(
                h.query(&pr((p.lon(), p.lat()))).nearest_n::<SquaredEuclidean<f64>>(k).execute(),
            )
            .len()
        });
        b("kiddo r50", 200000, &mut |p| {
            black_box(
                h.query(&pr((p.lon(), p.lat())))
                    .within::<SquaredEuclidean<f64>>(2500.)
                    .unsorted()
                    .execute(),
            )
            .len()
        });
        b("kiddo r500", 5000, &mut |p| {
            black_box(
                h.query(&pr((p.lon(), p.lat())))
                    .within::<SquaredEuclidean<f64>>(250000.)
                    .unsorted()
                    .execute(),
            )
            .len()
        });
    }
}

struct Take<'a>(&'a mut Vec<(query::Handle, f32)>, f32);
impl pointchaud::index::Gather<query::Handle> for Take<'_> {
    fn offer(&mut self, h: query::Handle, d: f32) {
        self.0.push((h, d))
    }
    fn reach(&mut self) -> f32 {
        self.1
    }
}
