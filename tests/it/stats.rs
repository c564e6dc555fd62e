//! Counts under a filter: every count against a linear scan, and `fields=` of `/api/v1/stats`.

use std::collections::BTreeMap;

use crate::common::world::*;
use crate::common::{LocalService, demo_city};
use pointchaud::domain::{
    Accuracy, Channel, ClosedReason, IndexedFields, Nature, Status, Vocabulary,
};
use pointchaud::query;
use pointchaud::query::{Count, Stats, StatsPart, StatsQuery};
use serde_json::Value;

/// The counts of a vocabulary's values that occur.
fn by_word<V: Vocabulary + PartialEq>(
    kept: &[&IndexedFields],
    of: impl Fn(&IndexedFields) -> Option<V>,
) -> Vec<(V, u64)> {
    let count = |value: &V| kept.iter().filter(|facts| of(facts) == Some(*value)).count() as u64;
    let values = V::VALUES.iter().map(|value| (*value, count(value)));
    values.filter(|(_, count)| *count > 0).collect()
}

/// Name, reports and open reports, the most first.
fn by_name(
    kept: &[&IndexedFields],
    of: impl Fn(&IndexedFields) -> Option<String>,
) -> Vec<(String, u64, u64)> {
    let mut sums: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for facts in kept {
        let Some(name) = of(facts) else { continue };
        let sum = sums.entry(name).or_default();
        sum.0 += 1;
        sum.1 += u64::from(facts.status != Status::Closed);
    }
    let mut list: Vec<_> = sums.into_iter().map(|(name, (n, open))| (name, n, open)).collect();
    list.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    list
}

fn plain(counts: &[Count]) -> Vec<(String, u64, u64)> {
    counts.iter().map(|one| (one.name.clone(), one.count, one.open)).collect()
}

/// The mean position of the exactly located reports of an area.
fn center(kept: &[&IndexedFields], area: &str) -> Option<(f64, f64)> {
    let own = kept.iter().filter(|facts| facts.area.as_deref() == Some(area));
    let exact = own.filter(|facts| facts.accuracy == Accuracy::Exact);
    let places: Vec<_> = exact.filter_map(|facts| facts.position).collect();
    let mean = |sum: f64| sum / places.len() as f64;
    let (lon, lat) = (places.iter().map(|at| at.lon()), places.iter().map(|at| at.lat()));
    (!places.is_empty()).then(|| (mean(lon.sum()), mean(lat.sum())))
}

fn seconds_to_close(kept: &[&IndexedFields]) -> Option<[i64; 4]> {
    let exact = kept.iter().filter(|facts| !facts.day_only && !facts.closed_day_only);
    let mut seconds: Vec<i64> =
        exact.filter_map(|facts| Some((facts.closed? - facts.requested).max(0))).collect();
    seconds.sort_unstable();
    let rank = |share: f64| ((share * seconds.len() as f64).ceil() as usize).max(1) - 1;
    let at = |share: f64| seconds.get(rank(share)).copied();
    Some([at(0.25)?, at(0.5)?, at(0.75)?, at(0.9)?])
}

#[test]
fn counts_equal_a_linear_scan() {
    everywhere(8, |_, name, world, filter| {
        let mut kept: Vec<_> = world.facts.iter().filter(|facts| passes(filter, facts)).collect();
        if filter.bbox.is_some() {
            kept.retain(|facts| filter.approximate || facts.accuracy == Accuracy::Exact);
        }
        let starts: Vec<i64> = (0..5).map(|n| 1_700_000_000 + n * 100).collect();
        let compiled = world.snapshot.compiled(filter);
        let query = StatsQuery { parts: StatsPart::ALL, day_starts: &starts, areas: None };
        let found = query::stats(&world.snapshot, &compiled, query);
        let count =
            |keep: &dyn Fn(&IndexedFields) -> bool| kept.iter().filter(|f| keep(f)).count() as u64;
        let located = |f: &IndexedFields, accuracy| f.position.is_some() && f.accuracy == accuracy;
        let open = kept.iter().filter(|facts| facts.status != Status::Closed);
        let wanted = Stats {
            total: kept.len() as u64,
            open: count(&|f| f.status != Status::Closed),
            exact: count(&|f| located(f, Accuracy::Exact)),
            approximate: count(&|f| located(f, Accuracy::Approximate)),
            unlocated: count(&|f| f.position.is_none()),
            statuses: by_word(&kept, |f| Some(f.status)),
            reasons: by_word::<ClosedReason>(&kept, |f| f.reason),
            natures: by_word::<Nature>(&kept, |f| Some(f.nature)),
            channels: by_word::<Channel>(&kept, |f| Some(f.channel)),
            services: found.services.clone(),
            areas: found.areas.clone(),
            days: starts
                .iter()
                .map(|start| {
                    let last = *start == starts[4];
                    let end = start + if last { 86_400 } else { 100 };
                    count(&|f| (*start..end).contains(&f.requested))
                })
                .collect(),
            oldest_open: open.map(|facts| facts.requested).min(),
            seconds_to_close: seconds_to_close(&kept),
        };
        assert_eq!(found, wanted, "{name} {filter:?}");
        let services = by_name(&kept, |f| Some(f.service.to_string()));
        assert_eq!(plain(&found.services), services, "{name} {filter:?}");
        let areas = by_name(&kept, |f| f.area.as_deref().map(str::to_owned));
        assert_eq!(plain(&found.areas), areas, "{name} {filter:?}");
        for area in &found.areas {
            let wanted = center(&kept, &area.name);
            assert_eq!(area.center.is_some(), wanted.is_some(), "{name} {filter:?}");
            let ((x, y), (lon, lat)) = area.center.zip(wanted).unwrap_or_default();
            assert!((x - lon).abs() < 1e-9 && (y - lat).abs() < 1e-9, "{x} {y} {lon} {lat}");
        }
        // Each part alone is what it is among all.
        let of = |parts| query::stats(&world.snapshot, &compiled, StatsQuery { parts, ..query });
        assert_eq!(of(&[StatsPart::Days]).days, found.days);
        assert_eq!(of(&[StatsPart::Services]).services, found.services);
        assert_eq!(of(&[StatsPart::TimesToClose]).seconds_to_close, found.seconds_to_close);
        let positions = of(&[StatsPart::Positions]);
        assert_eq!((positions.exact, positions.unlocated), (found.exact, found.unlocated));
        assert_eq!(of(&[]), Stats { total: found.total, ..Stats::default() });
        kept.len()
    });
}

#[test]
fn only_the_fields_that_are_asked_for_are_answered() {
    let service = LocalService::start(&demo_city("stats", 1_500, 8));
    for filter in ["", "status=closed&", "bbox=-71.3,46.7,-71.2,46.9&", "from=2026-06-01&"] {
        let all = service.get(&format!("/api/v1/stats?{filter}")).json();
        let all = all.as_object().unwrap();
        assert_eq!(all.len(), 17, "{all:?}");
        for name in all.keys().filter(|name| *name != "as_of") {
            let one = service.get(&format!("/api/v1/stats?{filter}fields={name}")).json();
            let one = one.as_object().unwrap();
            assert_eq!(one.keys().collect::<Vec<_>>(), ["as_of", name.as_str()], "{filter}");
            assert_eq!(one[name], all[name], "{filter} {name}");
        }
        let two = service.get(&format!("/api/v1/stats?{filter}fields=day,unlocated")).json();
        assert_eq!((&two["day"], &two["unlocated"]), (&all["day"], &all["unlocated"]));
        // The days begin and end with one that has a report.
        let days = two["day"].as_array().unwrap();
        let ends = [days.first(), days.last()].map(|day| day.unwrap()["count"].as_u64().unwrap());
        assert!(ends.iter().all(|count| *count > 0), "{days:?}");
        let sum: u64 = days.iter().map(|day| day["count"].as_u64().unwrap()).sum();
        assert_eq!(Value::from(sum), all["total"], "{filter}");
    }
    assert_eq!(service.get("/api/v1/stats?fields=licorne").fields(), ["fields"]);
    assert_eq!(service.get("/api/v1/stats?fields=day,as_of").fields(), ["fields"]);
    let none = service.get("/api/v1/stats?status=open&to=1990-01-01").json();
    assert_eq!((&none["total"], &none["day"]), (&0.into(), &serde_json::json!([])));
}

#[test]
fn a_group_can_be_named_though_a_service_has_its_code() {
    let folder = demo_city("stats-groups", 3_000, 8);
    let service = LocalService::start(&folder);
    let total = |filter: &str| {
        let answer = service.get(&format!("/api/v1/stats?fields=total&{filter}"));
        answer.json()["total"].as_u64().unwrap()
    };
    let services = service.get("/api/v1/services").json();
    let services = services["services"].as_array().unwrap();
    let of_group = |group: &str| -> Vec<&str> {
        let inside = services.iter().filter(|one| one["group"] == group);
        inside.map(|one| one["service_code"].as_str().unwrap()).collect()
    };
    let codes = of_group("securite-routiere");
    assert!(codes.contains(&"securite-routiere") && codes.len() > 1, "{codes:?}");
    let whole = total(&format!("service={}", codes.join(",")));
    assert_eq!(total("service=group:securite-routiere"), whole);
    assert!(total("service=securite-routiere") < whole, "the service alone");
    assert_eq!(total("service=group:voirie"), total("service=voirie"));
    assert_eq!(service.get("/api/v1/stats?service=group:licorne").fields(), ["service"]);
}
