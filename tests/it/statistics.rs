//! Our statistics beside those of others: esda, scikit-learn, scipy and h3 compute them again.

use std::process::Command;

use crate::common::{Folder, python_or_skip};
use pointchaud::place::H3Cell;
use pointchaud::statistics::{
    Effort, NeighbourLists, ScanCases, ScanSettings, dbscan, gi_star, hdbscan, lower_tail,
    mann_kendall, permuted, q_values, scan, two_sided, upper_tail,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Poisson, StandardNormal};
use serde_json::{Value, json};

/// Cells in a field of rows, each with those around it.
fn field(side: u32) -> (NeighbourLists, Vec<Vec<u32>>) {
    let mut lists = Vec::new();
    for cell in 0..side * side {
        let (x, y) = ((cell % side) as i32, (cell / side) as i32);
        let around = [(-1, 0), (1, 0), (0, -1), (0, 1), (1, -1), (-1, 1)];
        let inside = around
            .into_iter()
            .map(|(dx, dy)| (x + dx, y + dy))
            .filter(|(x, y)| (0..side as i32).contains(x) && (0..side as i32).contains(y));
        lists.push(inside.map(|(x, y)| (y * side as i32 + x) as u32).collect::<Vec<_>>());
    }
    let mut neighbours = NeighbourLists::with_capacity(lists.len(), 6);
    lists.iter().for_each(|list| neighbours.push(list.iter().copied()));
    (neighbours, lists)
}

fn getis(rng: &mut ChaCha8Rng, all: &mut Value) {
    for (n, mean) in [(0, 0.4), (1, 5.0), (2, 300.0), (3, 9_000.0)] {
        let (neighbours, lists) = field(24);
        let poisson = Poisson::new(mean).unwrap();
        let values: Vec<u32> = (0..576).map(|_| poisson.sample(rng) as u32).collect();
        let z = gi_star(&values, &neighbours).unwrap();
        all[format!("getis{n}")] = json!({ "values": values, "neighbours": lists, "z": z });
        if mean < 300.0 {
            continue;
        }
        // Only where sums are seldom equal: esda compares fractions, whose last bit decides then.
        let p = permuted(&values, &neighbours, (999, 7), Effort::UNBOUNDED).unwrap();
        all[format!("permuted{n}")] = json!({ "values": values, "neighbours": lists, "p": p });
    }
}

/// Crowds of unlike density and some anywhere, around a place.
fn crowds(rng: &mut ChaCha8Rng, count: usize, (lon, lat): (f64, f64)) -> Vec<[f64; 2]> {
    let scale = 1.0 / f64::to_radians(lat).cos();
    let centres: Vec<[f64; 3]> = (0..12)
        .map(|_| {
            let spread = 10f64.powf(rng.random_range(-3.6..-2.6));
            [rng.random_range(-0.05..0.05), rng.random_range(-0.05..0.05), spread]
        })
        .collect();
    let mut place = || {
        if rng.random_bool(0.15) {
            let (x, y) = (rng.random_range(-0.06..0.06), rng.random_range(-0.06..0.06));
            return [lon + x * scale, lat + y];
        }
        let [x, y, spread] = centres[rng.random_range(0..centres.len())];
        let mut normal = || -> f64 { StandardNormal.sample(rng) };
        [lon + (x + spread * normal()) * scale, lat + y + spread * normal()]
    };
    (0..count).map(|_| place()).collect()
}

fn density(rng: &mut ChaCha8Rng, all: &mut Value) {
    let cases = [(50.0, 5, (-71.2, 46.8)), (120.0, 3, (8.5, 47.4)), (300.0, 20, (-43.2, -22.9))];
    for (n, (eps_m, min_points, at)) in cases.into_iter().enumerate() {
        let places = crowds(rng, 3_000, at);
        let found = dbscan(&places, eps_m, min_points, Effort::UNBOUNDED).unwrap();
        all[format!("dbscan{n}")] = json!({
            "places": places, "eps_m": eps_m, "min_points": min_points,
            "core": found.core, "labels": found.labels,
        });
    }
    for (n, (size, samples)) in [(10, 5), (25, 10), (15, 5)].into_iter().enumerate() {
        let places = crowds(rng, 900, (-71.2, 46.8));
        let found = hdbscan(&places, size, samples, Effort::UNBOUNDED).unwrap();
        all[format!("hdbscan{n}")] = json!({
            "places": places, "min_cluster_size": size, "min_samples": samples,
            "labels": found.labels, "probability": found.probability,
        });
    }
}

fn chances(rng: &mut ChaCha8Rng, all: &mut Value) {
    let z: Vec<f64> = (0..200).map(|_| rng.random_range(-20.0..20.0)).collect();
    let binomial: Vec<(u64, u64, f64)> = (0..400)
        .map(|_| {
            let n = rng.random_range(1..200_000u64);
            let share = 10f64.powf(rng.random_range(-5.0..-0.01));
            let around = n as f64 * share;
            let k = around + around.sqrt() * rng.random_range(-8.0..8.0);
            (n, (k.max(0.0) as u64).min(n), share)
        })
        .collect();
    let p: Vec<f64> = (0..300).map(|_| rng.random_range(0f64..1.0).powi(3)).collect();
    all["tails"] = json!({
        "two_sided": z.iter().map(|z| two_sided(*z)).collect::<Vec<_>>(), "z": z,
        "upper": binomial.iter().map(|(n, k, s)| upper_tail(*k, *n, *s)).collect::<Vec<_>>(),
        "lower": binomial.iter().map(|(n, k, s)| lower_tail(*k, *n, *s)).collect::<Vec<_>>(),
        "binomial": binomial, "q": q_values(&p), "p": p,
    });
    let series: Vec<Vec<f64>> = (0..60)
        .map(|n| (0..4 + n % 20).map(|i| f64::from(rng.random_range(0..6) + i / 4)).collect())
        .collect();
    let z: Vec<f64> = series.iter().map(|series| mann_kendall(series).z).collect();
    all["trends"] = json!({ "series": series, "z": z });
}

fn scans(rng: &mut ChaCha8Rng, all: &mut Value) {
    let (touching, lists) = field(7);
    let alone: Vec<Vec<u32>> = vec![Vec::new(); 49];
    let zones = [NeighbourLists::alone(49), touching];
    for n in 0..4 {
        let places: Vec<u32> = (0..400).map(|_| rng.random_range(0..49)).collect();
        let ages: Vec<u32> = (0..400).map(|_| rng.random_range(0..120)).collect();
        let cases = ScanCases { places: &places, ages: &ages, zones: &zones };
        let draws = ScanSettings { replicas: 99, seed: 1, stop_after: usize::MAX };
        let best = scan(cases, draws, 1)[0];
        all[format!("scan{n}")] = json!({
            "places": places, "ages": ages, "zones": [alone, lists], "ratio": best.ratio,
        });
    }
}

#[test]
fn others_compute_the_same() {
    let peers = "esda, scikit-learn, scipy and h3";
    let Some(python) = python_or_skip(peers) else { return };
    let mut rng = ChaCha8Rng::seed_from_u64(2026);
    let mut all = json!({});
    getis(&mut rng, &mut all);
    density(&mut rng, &mut all);
    chances(&mut rng, &mut all);
    scans(&mut rng, &mut all);
    let cells = (0..600u32).map(|n| {
        let (lon, lat) = (rng.random_range(-180.0..180.0), rng.random_range(-90.0..90.0));
        let resolution = 6 + (n % 6) as u8;
        json!([[lon, lat], resolution, H3Cell::of(lon, lat, resolution).unwrap().to_string()])
    });
    all["cells"] = cells.collect();
    let folder = Folder::new("statistics");
    let file = folder.with("computed.json", all.to_string());

    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers.py");
    let output = Command::new(python).arg(script).arg(file).output().unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);
    println!("{printed}");
    assert!(output.status.success(), "{printed}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(printed.lines().count() >= 20, "{printed}");
}
