//! The features that conditions of CQL2 are evaluated for outside of the index: reports in the
//! store, and areas in GeoJSON.

#![expect(
    clippy::indexing_slicing,
    reason = "members of JSON objects, which answer null where they have none"
)]

use std::borrow::Cow;
use std::cell::{Cell, OnceCell};
use std::collections::HashMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::Value;

use crate::domain::fields::{FieldValue, Kind, QUERYABLE};
use crate::domain::{Catalogue, Interrupted, ReportLabels, ReportTime, StoredReport, View};
use crate::error::Result;
use crate::http::reply::answer::CostClass;
use crate::http::request::context::RequestContext;
use crate::http::state::AppState;
use crate::http::v1::reports::answer::labels;
use crate::i18n::Language;
use crate::place::{QueryShape, SpatialRelation};
use crate::query::{
    Condition, FeatureRecord, PropertyRef, PropertyValue, ReportSource, ServiceLabels, TimeSpan,
    ValueType,
};
use crate::usecase::City;

/// The cost of conditions and pages above which they leave the pool of queries, in the units of
/// [`reading_cost`](crate::query::reading_cost); about 0.1 s.
const LONG_COST_MAX: u64 = 10_000_000;

/// The cost of the work for a response so far, and whether it was too much for its pool.
pub struct WorkCost {
    class: CostClass,
    spent: Cell<u64>,
    is_too_much: Cell<bool>,
}

impl WorkCost {
    /// None so far, in the pool of a class.
    pub fn new(class: CostClass) -> Self {
        Self { class, spent: Cell::new(0), is_too_much: Cell::new(false) }
    }

    /// Adds work before it begins.
    ///
    /// # Errors
    /// It is too much for the pool of queries; then [`Self::fitted`] says so.
    pub fn add(&self, cost: u64) -> Result<()> {
        self.spent.set(self.spent.get().saturating_add(cost));
        if self.class == CostClass::Heavy || self.spent.get() <= LONG_COST_MAX {
            return Ok(());
        }
        self.is_too_much.set(true);
        Err(Interrupted.into())
    }

    /// What the work returned; `None` where it was too much for the pool.
    ///
    /// # Errors
    /// Those of the work.
    pub fn fitted<T>(&self, result: Result<T>) -> Result<Option<T>> {
        match self.is_too_much.get() {
            true => Ok(None),
            false => result.map(Some),
        }
    }
}

/// The reports of a city in its store.
pub struct StoredReports<'a> {
    state: &'a AppState,
    city: &'a City,
    catalogue: &'a Catalogue,
    language: Language,
    view: View,
    cost: &'a WorkCost,
}

impl<'a> StoredReports<'a> {
    /// The reports of a city, with labels in a language; what reading them costs is counted.
    pub fn new(
        (state, city): (&'a AppState, &'a City),
        catalogue: &'a Catalogue,
        context: &RequestContext,
        cost: &'a WorkCost,
    ) -> Self {
        let RequestContext { language, view, .. } = *context;
        Self { state, city, catalogue, language, view, cost }
    }
}

impl ReportSource for StoredReports<'_> {
    fn jurisdiction(&self) -> &str {
        self.city.id().as_str()
    }

    fn labels(&self, service_code: &str) -> ServiceLabels {
        match self.catalogue.get(service_code) {
            Some(service) => ServiceLabels {
                name: self.language.pick(&service.names).to_owned(),
                group: service.group.clone(),
            },
            None => ServiceLabels { name: service_code.to_owned(), group: String::new() },
        }
    }

    fn admit(&self, cost: u64) -> Result<()> {
        self.cost.add(cost)
    }

    fn hold(&self, condition: &Condition, ids: &[&str]) -> Result<Vec<bool>> {
        let found = self.state.app.stored(self.city, self.view, ids)?;
        let truths: HashMap<&str, bool> = found
            .iter()
            .map(|stored| {
                let record = StoredRecord {
                    stored,
                    labels: labels(stored, self.city, self.catalogue, self.language),
                    zone: self.city.zone(),
                };
                (stored.report.id.as_str(), condition.truth(&record) == Some(true))
            })
            .collect();
        Ok(ids.iter().map(|id| truths.get(id).copied().unwrap_or(false)).collect())
    }
}

/// A report in the store.
struct StoredRecord<'a> {
    stored: &'a StoredReport,
    labels: ReportLabels<'a>,
    zone: &'a TimeZone,
}

impl FeatureRecord for StoredRecord<'_> {
    fn value(&self, property: &PropertyRef) -> Option<PropertyValue<'_>> {
        let field = QUERYABLE.get(property.number)?;
        // The accuracy has no meaning without a position.
        if field.name == "accuracy" && !self.has_geometry() {
            return None;
        }
        match field.shown(self.stored, &self.labels)? {
            FieldValue::Degrees(degrees) => PropertyValue::finite(degrees),
            FieldValue::Count(count) => PropertyValue::finite(count as f64),
            value => {
                let text = value.into_text();
                match field.kind {
                    Kind::Time => {
                        let time = ReportTime::parse(&text, self.zone).ok()?;
                        Some(PropertyValue::Time(TimeSpan::at_second(time.second())))
                    }
                    _ => Some(PropertyValue::Text(text)),
                }
            }
        }
    }

    fn has_geometry(&self) -> bool {
        self.stored.report.position.is_some()
    }

    fn relates(&self, relation: SpatialRelation, shape: &QueryShape) -> Option<bool> {
        Some(relation.holds_at(self.stored.report.position?, shape))
    }
}

/// An area as a GeoJSON feature.
pub struct AreaRecord<'a> {
    feature: &'a Value,
    /// Its geometry, once it was asked for.
    geometry: OnceCell<Option<geo::Geometry<f64>>>,
}

impl<'a> AreaRecord<'a> {
    /// An area.
    pub fn new(feature: &'a Value) -> Self {
        Self { feature, geometry: OnceCell::new() }
    }

    fn geometry(&self) -> Option<&geo::Geometry<f64>> {
        let read = || {
            let geometry = geojson::Geometry::deserialize(&self.feature["geometry"]).ok()?;
            geo::Geometry::try_from(geometry).ok()
        };
        self.geometry.get_or_init(read).as_ref()
    }
}

impl FeatureRecord for AreaRecord<'_> {
    fn value(&self, property: &PropertyRef) -> Option<PropertyValue<'_>> {
        match &self.feature["properties"][&property.name] {
            Value::String(text) if property.value_type == ValueType::Time => {
                let at: Timestamp = text.parse().ok()?;
                Some(PropertyValue::Time(TimeSpan::at_second(at.as_second())))
            }
            Value::String(text) => Some(PropertyValue::Text(Cow::Borrowed(text))),
            Value::Number(number) => PropertyValue::finite(number.as_f64()?),
            Value::Bool(truth) => Some(PropertyValue::Truth(*truth)),
            _ => None,
        }
    }

    fn has_geometry(&self) -> bool {
        !self.feature["geometry"].is_null()
    }

    fn relates(&self, relation: SpatialRelation, shape: &QueryShape) -> Option<bool> {
        Some(relation.holds_of(self.geometry()?, shape))
    }
}
