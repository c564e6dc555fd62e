//! Duplicates against a plain scan that follows the definitions word by word, anywhere on Earth,
//! after any history of changes.

use crate::common::world::{SERVICES, World, layouts, world};
use pointchaud::domain::{
    Accuracy, Catalogue, IndexedFields, Nature, ReportId, ServiceCode, Status, TextSketch,
};
use pointchaud::index::Index;
use pointchaud::ingest::builtin_model;
use pointchaud::place::{Position, distance};
use pointchaud::query::{CoefficientOffset, DuplicateModel, DuplicateQuery, DuplicateRule};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Two services of one group, and two of their own.
fn catalogue() -> Catalogue {
    let mut catalogue = Catalogue::new(vec![]);
    for (code, group) in SERVICES.iter().zip(["street", "street", "walls", "snow"]) {
        let mut service = catalogue.adopt(code, None, Nature::Intervention);
        service.group = group.into();
        catalogue.add(service);
    }
    catalogue
}

fn group(service: &str) -> usize {
    SERVICES.iter().position(|code| *code == service).map_or(9, |n| n.max(1))
}

/// The model, with a reach that a test's world fills, and a window that ends within it.
fn model() -> DuplicateModel {
    let mut model = builtin_model().unwrap();
    model.days = 300.0 / 86_400.0;
    model.policy.shown_from = 0.0;
    let offset =
        CoefficientOffset { constant: 0.7, reach_m: Some(900.0), ..CoefficientOffset::default() };
    model.groups.insert("street".into(), offset);
    let offset = CoefficientOffset { distance: -0.2, time: 0.1, ..CoefficientOffset::default() };
    model.services.insert("lampadaire".into(), offset);
    model
}

fn was_open(facts: &IndexedFields, second: i64) -> bool {
    facts.status != Status::Closed || facts.closed.is_some_and(|closed| closed > second)
}

/// Every candidate with its distance, the probability that it belongs to the query's incident, and
/// that it is the original.
fn weighed<'a>(
    world: &'a World,
    model: &DuplicateModel,
    query: &DuplicateQuery<'_>,
    service: &str,
) -> Vec<(&'a IndexedFields, f64, f64, f64)> {
    let reach = |facts: &IndexedFields| match group(&facts.service.to_string()) == group(service) {
        true if group(service) == 1 => 900.0,
        true => model.policy.reach_m,
        false => 30.0,
    };
    let oldest = query.requested - (model.days * 86_400.0) as i64;
    let near: Vec<(&IndexedFields, f64)> = world
        .facts
        .iter()
        .filter(|facts| facts.accuracy == Accuracy::Exact)
        .filter(|facts| facts.requested <= query.requested)
        .filter(|facts| {
            let is_recent = |second: i64| oldest <= second;
            was_open(facts, query.requested)
                || is_recent(facts.requested)
                || facts.status == Status::Closed && facts.closed.is_some_and(is_recent)
        })
        .filter(|facts| query.exclude != Some(facts.id.as_str()))
        .filter_map(|facts| Some((facts, distance(query.position, facts.position?).0)))
        .filter(|(facts, metres)| *metres <= reach(facts) + query.accuracy_m)
        .collect();
    let is_same = |facts: &IndexedFields| facts.service.as_str() == service;
    let number = |holds: bool| f64::from(u8::from(holds));
    let (coefficients, _) = model.of(&catalogue(), service);
    let weigh = |(facts, metres): &(&'a IndexedFields, f64)| {
        let kin: Vec<_> =
            near.iter().filter(|(other, _)| is_same(other) == is_same(facts)).collect();
        let earlier = kin.iter().filter(|(other, far)| {
            other.requested < facts.requested && was_open(other, query.requested) && *far <= 30.0
        });
        let earlier = earlier.count() as f64;
        let later = kin
            .iter()
            .any(|(other, far)| other.requested > facts.requested && *far <= metres + 30.0);
        let sketch = facts.sketch;
        let street = query.sketch.shares_street(sketch);
        let alike = query.sketch.likeness(sketch);
        let hours = (query.requested - facts.requested) as f64 / 3_600.0;
        let features = [
            1.0,
            (1.0 + (metres - query.accuracy_m).max(0.0) / 5.0).ln(),
            (1.0 + hours).ln(),
            number(!is_same(facts) && group(&facts.service.to_string()) == group(service)),
            number(group(&facts.service.to_string()) != group(service)),
            number(!was_open(facts, query.requested)),
            number(earlier > 0.0),
            number(later),
            number(later && earlier > 0.0),
            (1.0 + earlier).ln(),
            number(street == Some(true)),
            number(street == Some(false)),
            number(alike.is_some()),
            alike.unwrap_or(0.0),
        ];
        let odds = |coefficients: &[f64]| -> f64 {
            features.iter().zip(coefficients).map(|(x, w)| x * w).sum()
        };
        let probability = |odds: f64| 1.0 / (1.0 + (-odds).exp());
        let belongs = probability(odds(&coefficients));
        (*facts, *metres, belongs, belongs * probability(odds(&model.original)))
    };
    near.iter().map(weigh).collect()
}

/// The id of the original that stands for a candidate.
fn original(world: &World, query: &DuplicateQuery<'_>, facts: &IndexedFields) -> ReportId {
    let linked = facts.closed.is_none_or(|closed| closed <= query.requested);
    let parent = facts.parent.as_ref().filter(|_| linked);
    let parent = parent.and_then(|id| world.facts.iter().find(|other| other.id == *id));
    match parent {
        // The worlds' parents are all one report; it may be a duplicate of itself.
        Some(parent)
            if parent.id != facts.id
                && query.exclude != Some(parent.id.as_str())
                && parent.requested <= query.requested
                && parent.position.is_some() =>
        {
            parent.id.clone()
        }
        _ => facts.id.clone(),
    }
}

#[test]
fn answers_equal_a_scan_by_definition() {
    let mut rng = ChaCha8Rng::seed_from_u64(17);
    let (model, catalogue) = (model(), catalogue());
    let (mut compared, mut stood_for) = (0, 0);
    for (name, places) in layouts(&mut rng) {
        let world = world(&mut rng, places);
        let snapshot = &world.snapshot;
        for n in 0..40 {
            let service = SERVICES[n % 4];
            let at = match world.places.get(rng.random_range(0..world.places.len().max(1))) {
                Some(place) if n % 3 > 0 => *place,
                _ => Position::new(-71.2, 46.8).unwrap(),
            };
            let known = world.facts.get(n).map(|facts| facts.id.to_string());
            let query = DuplicateQuery {
                position: at,
                accuracy_m: [0.0, 10.0, 60.0][n % 3],
                requested: 1_700_000_000 + rng.random_range(0..600),
                sketch: TextSketch { words: rng.random_range(0..64), streets: [0, n as u16 % 9] },
                exclude: known.as_deref().filter(|_| n % 2 == 0),
            };
            let code = ServiceCode::new(service).unwrap();
            let rule = DuplicateRule::new(snapshot, &catalogue, &model, &code);
            let answer = rule.rank(snapshot, &query, 10);
            let mut wanted = weighed(&world, &model, &query, service);
            assert_eq!(answer.scored, wanted.len(), "{name} {n}");
            wanted.sort_by(|a, b| {
                b.3.total_cmp(&a.3).then(a.1.total_cmp(&b.1)).then_with(|| a.0.id.cmp(&b.0.id))
            });
            let mut expected: Vec<(ReportId, f64)> = Vec::new();
            for (facts, _, probability, _) in &wanted {
                let id = original(&world, &query, facts);
                stood_for += usize::from(id != facts.id);
                if expected.len() < 10 && expected.iter().all(|(known, _)| *known != id) {
                    let most = expected.last().map_or(1.0, |(_, before)| *before);
                    expected.push((id, probability.min(most)));
                }
            }
            let found: Vec<f64> = answer.duplicates.iter().map(|one| one.probability).collect();
            let sure: Vec<f64> = expected.iter().map(|(_, probability)| *probability).collect();
            assert_eq!(found.len(), sure.len(), "{name} {n}: {found:?} {sure:?}");
            for (one, (id, probability)) in answer.duplicates.iter().zip(&expected) {
                assert!((one.probability - probability).abs() < 1e-9, "{name} {n}: {id}");
                let same = expected.iter().filter(|(_, p)| (p - probability).abs() < 1e-12).count();
                assert!(same > 1 || snapshot.id(one.address) == id.as_str(), "{name} {n}: {id}");
            }
            compared += answer.duplicates.len();
        }
    }
    assert!(compared > 1_000 && stood_for > 100, "{compared} compared, {stood_for} stood for");
}

#[test]
fn open_reports_of_any_age_and_the_recently_closed_are_candidates() {
    const DAY: i64 = 86_400;
    let asked = 1_790_000_000;
    let service = ServiceCode::new(SERVICES[0]).unwrap();
    let report = |id: &str, days: i64, closed: Option<Option<i64>>| IndexedFields {
        status: if closed.is_some() { Status::Closed } else { Status::Open },
        closed: closed.flatten().map(|days| asked - days * DAY),
        ..IndexedFields::new(
            ReportId::new(id).unwrap(),
            service.clone(),
            asked - days * DAY,
            Position::new(-71.2, 46.8).ok(),
        )
    };
    let snapshot = Index::from_reports([
        report("open-91", 91, None),
        report("open-2000", 2_000, None),
        report("closed-later", 163, Some(Some(-2))),
        report("closed-yesterday", 163, Some(Some(1))),
        report("closed-long-ago", 163, Some(Some(61))),
        report("closed-nobody-knows-when", 163, Some(None)),
        report("closed-lately-nobody-knows-when", 5, Some(None)),
        report("not-yet-filed", -1, None),
    ]);
    let snapshot = snapshot.reader().load();
    let mut model = builtin_model().unwrap();
    model.policy.shown_from = 0.0;
    let rule = DuplicateRule::new(&snapshot, &catalogue(), &model, &service);
    let query = DuplicateQuery {
        position: Position::new(-71.2, 46.8).unwrap(),
        accuracy_m: 10.0,
        requested: asked,
        sketch: TextSketch::default(),
        exclude: None,
    };
    let found = rule.rank(&snapshot, &query, 20).duplicates;
    let mut found: Vec<&str> = found.iter().map(|one| snapshot.id(one.address)).collect();
    found.sort_unstable();
    let wanted = [
        "closed-lately-nobody-knows-when",
        "closed-later",
        "closed-yesterday",
        "open-2000",
        "open-91",
    ];
    assert_eq!(found, wanted);
}

#[test]
fn what_is_hardly_a_duplicate_is_not_shown() {
    let asked = 1_790_000_000;
    let report = |id: &str, service: &str, lon: f64| {
        let service = ServiceCode::new(service).unwrap();
        IndexedFields::new(
            ReportId::new(id).unwrap(),
            service,
            asked - 40 * 86_400,
            Position::new(lon, 46.8).ok(),
        )
    };
    // 76 m are a thousandth of a degree here.
    let index = Index::from_reports([
        report("here", SERVICES[0], -71.2),
        report("another-at-288-m", SERVICES[1], -71.2 + 288.0 / 76_000.0),
        // As improbable, but at the same place or nearly so.
        report("same-at-5-m", SERVICES[0], -71.2 + 5.0 / 76_000.0),
        report("same-at-80-m", SERVICES[0], -71.2 + 80.0 / 76_000.0),
    ]);
    let snapshot = index.reader().load();
    let mut model = builtin_model().unwrap();
    model.policy.shown_from = 0.001;
    let offset = CoefficientOffset { reach_m: Some(900.0), ..CoefficientOffset::default() };
    model.groups.insert("street".into(), offset);
    let service = ServiceCode::new(SERVICES[0]).unwrap();
    let rule = DuplicateRule::new(&snapshot, &catalogue(), &model, &service);
    let query = DuplicateQuery {
        position: Position::new(-71.2, 46.8).unwrap(),
        accuracy_m: 10.0,
        requested: asked,
        sketch: TextSketch::default(),
        exclude: None,
    };
    let answer = rule.rank(&snapshot, &query, 5);
    assert_eq!(answer.scored, 4);
    let shown = |rule: &DuplicateRule| {
        let found = rule.rank(&snapshot, &query, 5).duplicates;
        found.iter().map(|one| snapshot.id(one.address).to_owned()).collect::<Vec<_>>()
    };
    assert!(!shown(&rule).iter().any(|id| id == "another-at-288-m"));
    // An open report of the service at the place is shown, however improbable the model calls it.
    model.policy.shown_from = 0.999;
    let rule = DuplicateRule::new(&snapshot, &catalogue(), &model, &service);
    let mut found = shown(&rule);
    found.sort_unstable();
    assert_eq!(found, ["here", "same-at-5-m"]);
    assert!(rule.proposes(&snapshot, &query, "here"));
    assert!(!rule.proposes(&snapshot, &query, "same-at-80-m"));
}

#[test]
fn the_original_precedes_its_other_duplicates_and_nothing_states_more_than_what_is_above_it() {
    let asked = 1_790_000_000;
    let service = ServiceCode::new(SERVICES[0]).unwrap();
    let report = |id: &str, hours: i64| {
        let at = Position::new(-71.2, 46.8).ok();
        let id = ReportId::new(id).unwrap();
        IndexedFields::new(id, service.clone(), asked - hours * 3_600, at)
    };
    // Two reports of one street light that nobody has linked.
    let snapshot = Index::from_reports([report("a", 2), report("b", 1)]);
    let snapshot = snapshot.reader().load();
    let mut model = builtin_model().unwrap();
    // Features 6 to 9 say which came first; here only the second model uses them.
    model.coefficients[6..10].fill(0.0);
    model.original[..3].copy_from_slice(&[2.5, 0.0, -0.1]);
    model.original[6..9].copy_from_slice(&[-2.9, -1.2, 1.8]);
    let rank = |model: &DuplicateModel| {
        let rule = DuplicateRule::new(&snapshot, &catalogue(), model, &service);
        let query = DuplicateQuery {
            position: Position::new(-71.2, 46.8).unwrap(),
            accuracy_m: 10.0,
            requested: asked,
            sketch: TextSketch::default(),
            exclude: None,
        };
        let found = rule.rank(&snapshot, &query, 5).duplicates;
        let stated = |one: &pointchaud::query::Duplicate| {
            (snapshot.id(one.address).to_owned(), one.probability)
        };
        found.iter().map(stated).collect::<Vec<_>>()
    };
    let found = rank(&model);
    assert_eq!(found.len(), 2);
    assert_eq!(found[0].0, "a", "the original: {found:?}");
    assert!(found.is_sorted_by(|above, below| above.1 >= below.1), "{found:?}");
    // Without the second model the order is that of the probabilities.
    let without = rank(&DuplicateModel { original: [0.0; 14], ..model });
    assert_eq!(without[0].0, "b", "the later is as near and more recent: {without:?}");
    assert!(without.is_sorted_by(|above, below| above.1 >= below.1), "{without:?}");
}
