//! Hotspots on generated cities whose truth is known; `pointchaud evaluate hotspots` takes the
//! whole tables of the README.

use pointchaud::cli::evaluate::{Null, Score, city};
use pointchaud::demo::Plan;

#[test]
fn planted_hotspots_are_found_and_chance_alone_makes_none() {
    let plan = Plan { reports: 60_000, seed: 5, until: 1_795_500_000 };
    let (snapshot, truth) = city(plan).unwrap();
    let mut score = Score::default();
    score.add_hotspots(&snapshot, &truth).unwrap();
    println!("{}", score.table());
    // 3, 7 and 17 reports each in a city of 60,000.
    let (planted, found) = score.found(2);
    assert_eq!((planted, found), (4, 4), "strong ones are always found");
    // All services are one family of tests: of seven reports each, one hotspot may be missed.
    let (planted, found) = score.found(1);
    assert!(planted == 4 && found >= 3, "{found} of medium strength");
    assert!(score.top_precision() > 0.9, "{}", score.top_precision());
    let (cells, tests) = Null::hexes(&snapshot);
    println!("{cells} cells, {tests:?}");
    for (share, _) in tests {
        assert!(share <= 0.05, "{share} of all cells are hot by chance");
    }
    // Held against the background the test is exact: seeds with any discovery at all are few.
    assert!(tests[0].1 <= 0.05, "{} of the seeds have a hot cell", tests[0].1);
}
