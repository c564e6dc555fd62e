//! Seeded mutations of small valid inputs of every parser that is no reader of files (see `fuzz`):
//! conditions, cursors, boxes, query strings, forms, documents, tiles, places and times. Run by hand:
//!
//! `FUZZ_SECONDS=600 cargo test --test it fuzz_parsers -- --ignored --nocapture`

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

#[path = "../../fuzz/parsers.rs"]
mod parsers;

use crate::common::{demo_city, jpeg};
use crate::fuzz::mutate;
use parsers::{PARSERS, Parser, Parsers};

/// Longest time for one input.
const PATIENCE: Duration = Duration::from_secs(20);

/// Small inputs that a parser accepts.
fn seeds(parser: &Parser, store: &[u8]) -> Vec<Vec<u8>> {
    let mut seeds: Vec<Vec<u8>> =
        parser.seeds.iter().map(|seed| seed.as_bytes().to_vec()).collect();
    match parser.name {
        "store" => seeds.push(store.to_vec()),
        "photo" => seeds.push(jpeg(16, 16)),
        "multipart" => {
            let head =
                b"--x\r\nContent-Disposition: form-data; name=\"media\"; filename=\"a\"\r\n\r\n";
            seeds.push([&head[..], &jpeg(16, 16), b"\r\n--x--\r\n"].concat());
        }
        _ => {}
    }
    seeds
}

#[test]
#[ignore = "runs for FUZZ_SECONDS, 60 by default"]
fn fuzz_the_parsers() {
    let seconds = std::env::var("FUZZ_SECONDS").map_or(60, |text| text.parse().unwrap());
    let seed = std::env::var("FUZZ_SEED").map_or(1, |text| text.parse().unwrap());
    let folder = demo_city("parsers", 200, 5);
    let store = std::fs::read(folder.file("city.db")).unwrap();
    let parsers = Parsers::new(&folder.file("city.db"), &folder.0);
    let share = Duration::from_secs(seconds) / PARSERS.len() as u32;
    for parser in PARSERS {
        let (mut rng, seeds) = (ChaCha8Rng::seed_from_u64(seed), seeds(parser, &store));
        let (began, mut count, mut slowest) = (Instant::now(), 0_u64, Duration::ZERO);
        for seed in &seeds {
            (parser.run)(&parsers, seed);
        }
        while began.elapsed() < share {
            let mut input = seeds.choose(&mut rng).unwrap().clone();
            if rng.random_bool(0.98) {
                mutate(&mut rng, &mut input);
            }
            let one = Instant::now();
            let run = catch_unwind(AssertUnwindSafe(|| (parser.run)(&parsers, &input)));
            slowest = slowest.max(one.elapsed());
            if run.is_err() || slowest > PATIENCE {
                let kept = std::env::temp_dir().join(format!("fuzz-{}-{count}", parser.name));
                std::fs::write(&kept, &input).unwrap();
                panic!("{} after {slowest:?}: {}", parser.name, kept.display());
            }
            count += 1;
        }
        println!("{}: {count} inputs, slowest {slowest:?}", parser.name);
        assert!(count > 3, "{}: {count} inputs: an empty proof", parser.name);
    }
}
