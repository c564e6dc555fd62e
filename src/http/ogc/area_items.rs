//! Pages of collections whose features are areas: hotspots, hexagons, boundaries.

#![expect(
    clippy::indexing_slicing,
    reason = "members of JSON objects, which answer null where they have none"
)]

use std::cmp::Ordering;

use serde_json::Value;

use crate::error::Result;
use crate::http::ogc::collection::OgcCollection;
use crate::http::ogc::cql;
use crate::http::ogc::cql_records::AreaRecord;
use crate::http::ogc::items_request::PageRequest;
use crate::http::ogc::paging::{PageCursor, SortWord};
use crate::http::ogc::queryables::Properties;
use crate::http::ogc::representation::DocumentInputs;
use crate::query::Condition;

/// A page of areas, and what is beside it.
pub struct AreaPage {
    /// The features of the page.
    pub features: Vec<Value>,
    /// Number of features in all pages.
    pub matched: u64,
    /// The cursor of the next page, if there is one.
    pub next: Option<PageCursor>,
    /// The cursor of the previous page, if there is one.
    pub prev: Option<PageCursor>,
}

/// Does a feature meet the conditions of the request?
fn passes(
    feature: &Value,
    page: &PageRequest,
    condition: Option<&Condition>,
    properties: &[(String, String)],
) -> bool {
    let has = |(name, value): &(String, String)| match &feature["properties"][name] {
        Value::String(text) => text == value,
        Value::Null => false,
        other => *other.to_string() == **value,
    };
    let is_inside = page.bbox.as_ref().is_none_or(|bbox| bbox.touches(feature));
    is_inside
        && properties.iter().all(has)
        && condition.is_none_or(|one| one.truth(&AreaRecord::new(feature)) == Some(true))
}

/// The place of a value before or after another one. Absent values come last in both directions.
fn compared(a: &Value, b: &Value, is_descending: bool) -> Ordering {
    let order = match (a, b) {
        (Value::Null, Value::Null) => return Ordering::Equal,
        (Value::Null, _) => return Ordering::Greater,
        (_, Value::Null) => return Ordering::Less,
        (Value::String(a), Value::String(b)) => a.cmp(b),
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::Number(a), Value::Number(b)) => {
            let number = |one: &serde_json::Number| one.as_f64().unwrap_or(f64::NAN);
            number(a).total_cmp(&number(b))
        }
        // Only a cursor that the service did not make has a value of another type.
        _ => a.to_string().cmp(&b.to_string()),
    };
    if is_descending { order.reverse() } else { order }
}

fn id(feature: &Value) -> &str {
    feature["id"].as_str().unwrap_or_default()
}

/// The place of a feature before or after an item with these values and this id.
fn beside(feature: &Value, order: &[SortWord], values: &[Value], item: &str) -> Ordering {
    let terms = order.iter().zip(values);
    let mut different = terms.map(|(word, value)| {
        compared(&feature["properties"][&word.name], value, word.is_descending)
    });
    different.find(|order| order.is_ne()).unwrap_or_else(|| id(feature).cmp(item))
}

fn values(feature: &Value, order: &[SortWord]) -> Vec<Value> {
    order.iter().map(|word| feature["properties"][&word.name].clone()).collect()
}

/// A page of a collection of areas.
///
/// # Errors
/// Those of [`OgcCollection::areas`]; a condition that the collection does not know; interrupted.
pub fn area_items(
    inputs: &DocumentInputs<'_>,
    collection: &OgcCollection,
    page: &PageRequest,
    properties: &[(String, String)],
) -> Result<AreaPage> {
    let DocumentInputs { state, city, snapshot, context, interrupt, .. } = inputs;
    let expr = page.expr.as_ref();
    let condition = expr.map(|expr| cql::condition_on(expr, Properties::of(collection)));
    let condition = condition.transpose()?;
    let mut found = Vec::new();
    let wanted = (*snapshot, page.bbox.as_ref().map(|bbox| &bbox.cover));
    for feature in collection.areas((state, city), wanted, context.language)? {
        interrupt.check()?;
        if passes(&feature, page, condition.as_ref(), properties) {
            found.push(feature);
        }
    }
    let (order, count) = (&page.paging.order, found.len());
    found.sort_by(|a, b| beside(a, order, &values(b, order), id(b)));
    let (start, end) = match &page.paging.cursor {
        None => (0, count.min(page.limit)),
        Some(cursor) => {
            let place = |one: &Value| beside(one, order, &cursor.values, &cursor.id);
            match cursor.is_backwards {
                false => {
                    let start = found.partition_point(|one| place(one).is_le());
                    (start, count.min(start + page.limit))
                }
                true => {
                    let end = found.partition_point(|one| place(one).is_lt());
                    (end.saturating_sub(page.limit), end)
                }
            }
        }
    };
    let began = snapshot.revision();
    let cursor = |feature: &Value, is_backwards| PageCursor {
        values: values(feature, order),
        id: id(feature).to_owned(),
        began,
        is_backwards,
    };
    let features = found.get(start..end).unwrap_or_default();
    let next = features.last().filter(|_| end < count).map(|last| cursor(last, false));
    let prev = features.first().filter(|_| start > 0).map(|first| cursor(first, true));
    let mut features = features.to_vec();
    features.iter_mut().for_each(|feature| page.parts.apply(feature));
    Ok(AreaPage { features, matched: count as u64, next, prev })
}
