//! Lists in every order, page by page, forwards and backwards, against a linear sort.

use std::cmp::Ordering;

use crate::common::world::{World, layouts, world};
use crate::cql2::IndexAlone;
use pointchaud::domain::{Filter, IndexedFields, Interrupt};
use pointchaud::query::{
    Condition, ListKey, PagePlace, SORT_TERMS_MAX, SortProperty, SortTerm, SortValue,
    SortedItemsQuery, sorted_items,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// What a report has of a property, read from its fields.
fn value(facts: &IndexedFields, property: SortProperty) -> Option<String> {
    // Times of the worlds have as many digits, so their texts are in their order.
    match property {
        SortProperty::Id => Some(facts.id.to_string()),
        SortProperty::Service => Some(facts.service.to_string()),
        SortProperty::Status => Some(facts.status.as_str().into()),
        SortProperty::Reason => facts.reason.map(|reason| reason.as_str().into()),
        SortProperty::Nature => Some(facts.nature.as_str().into()),
        SortProperty::Channel => Some(facts.channel.as_str().into()),
        SortProperty::Accuracy => facts.position.map(|_| facts.accuracy.as_str().into()),
        SortProperty::Area => facts.area.as_deref().map(str::to_owned),
        SortProperty::Parent => facts.parent.as_ref().map(ToString::to_string),
        SortProperty::Requested => Some(facts.requested.to_string()),
        SortProperty::Closed => facts.closed.map(|closed| closed.to_string()),
    }
}

fn compared(a: &IndexedFields, b: &IndexedFields, order: &[SortTerm]) -> Ordering {
    for SortTerm { property, is_descending } in order {
        let found = match (value(a, *property), value(b, *property)) {
            (Some(a), Some(b)) if *is_descending => b.cmp(&a),
            (Some(a), Some(b)) => a.cmp(&b),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => Ordering::Equal,
        };
        if found.is_ne() {
            return found;
        }
    }
    a.id.as_str().cmp(b.id.as_str())
}

/// One page: the ids, and whether there are more in the direction of reading.
fn page(
    world: &World,
    order: &[SortTerm],
    place: PagePlace,
    limit: usize,
) -> (Vec<String>, [Option<ListKey>; 2], bool) {
    let snapshot = &world.snapshot;
    let filter = Filter { approximate: true, ..Filter::default() };
    let condition = Condition::All(Vec::new());
    let query =
        SortedItemsQuery { bbox: None, inside: None, condition: &condition, order, place, limit };
    let every = snapshot.compiled(&filter);
    let (page, matched) =
        sorted_items(snapshot, &every, query, &IndexAlone, &Interrupt::default()).unwrap();
    assert_eq!(matched, world.facts.len() as u64);
    let ids = page.items.iter().map(|address| snapshot.id(*address).to_owned()).collect();
    let key = |address: Option<&_>| address.map(|address| ListKey::of(snapshot, order, *address));
    (ids, [key(page.items.first()), key(page.items.last())], page.more)
}

/// All ids page by page, forwards, then backwards from the end.
fn follow(world: &World, order: &[SortTerm], limit: usize) -> [Vec<String>; 2] {
    let (mut forwards, mut backwards) = (Vec::new(), Vec::new());
    let mut place = PagePlace::Start;
    loop {
        let (ids, [_, last], more) = page(world, order, place, limit);
        assert!(ids.len() == limit || !more, "{} of {limit}", ids.len());
        forwards.extend(ids);
        match last.filter(|_| more) {
            Some(last) => place = PagePlace::After(last),
            None => break,
        }
    }
    // After all items: an id that is greater than all others, with no values.
    let values = vec![SortValue::Absent; order.len()];
    let mut place = PagePlace::Before(ListKey { values, id: "~".into() });
    loop {
        let (ids, [first, _], more) = page(world, order, place, limit);
        backwards.splice(0..0, ids);
        match first.filter(|_| more) {
            Some(first) => place = PagePlace::Before(first),
            None => break,
        }
    }
    [forwards, backwards]
}

#[test]
fn pages_in_every_order_equal_a_linear_sort_in_both_directions() {
    let mut rng = ChaCha8Rng::seed_from_u64(15);
    let all = SortProperty::ALL.map(|(property, _)| property);
    let single = all.iter().flat_map(|property| {
        [false, true].map(|is_descending| vec![SortTerm { property: *property, is_descending }])
    });
    let single: Vec<_> = single.collect();
    for (name, places) in layouts(&mut rng) {
        let world = world(&mut rng, places);
        let mut orders = single.clone();
        for _ in 0..8 {
            let count = rng.random_range(2..=SORT_TERMS_MAX);
            let mut order: Vec<SortTerm> = Vec::new();
            while order.len() < count {
                let property = all[rng.random_range(0..all.len())];
                if order.iter().all(|term| term.property != property) {
                    order.push(SortTerm { property, is_descending: rng.random_bool(0.5) });
                }
            }
            orders.push(order);
        }
        for order in orders {
            let mut sorted: Vec<&IndexedFields> = world.facts.iter().collect();
            sorted.sort_by(|a, b| compared(a, b, &order));
            let sorted: Vec<&str> = sorted.iter().map(|facts| facts.id.as_str()).collect();
            let limit = match world.facts.len() {
                0..100 => rng.random_range(1..10),
                len => rng.random_range(len / 9..len / 3),
            };
            let [forwards, backwards] = follow(&world, &order, limit);
            assert_eq!(forwards, sorted, "{name} by {order:?}");
            assert_eq!(backwards, sorted, "{name} backwards by {order:?}");
        }
    }
}
