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
    assert_eq!(score.found(1), (4, 4), "of medium strength");
    let (cells, tests) = Null::hexes(&snapshot);
    println!("{cells} cells, {tests:?}");
    for (share, _) in tests {
        assert!(share <= 0.05, "{share} of all cells are hot by chance");
    }
    // Held against the background the test is exact: seeds with any discovery at all are few.
    assert!(tests[0].1 <= 0.05, "{} of the seeds have a hot cell", tests[0].1);
}
