//! The collections of a city under OGC API – Features.

use serde_json::Value;

use crate::domain::{Filter, View};
use crate::error::{Error, Result};
use crate::http::reply::geometry;
use crate::http::request::parameter::{Parameter, path};
use crate::http::request::types::PathSegment;
use crate::http::state::AppState;
use crate::http::tiles::layer::Layer;
use crate::http::v1::{boundaries, hexes, hotspots};
use crate::i18n::{Language, Message};
use crate::index::Snapshot;
use crate::message;
use crate::place::BBox;
use crate::query;
use crate::usecase::City;

/// The id of a collection in a path.
pub const COLLECTION: Parameter<PathSegment> = path("id", PathSegment, "reports")
    .described("Nom de la collection.", "Name of the collection.");

/// A bounding box, and the first and last second in Unix time.
pub type Extent = (Option<BBox>, Option<(i64, i64)>);

/// A collection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OgcCollection {
    /// Every report.
    Reports,
    /// Every incident, represented by its original report.
    Incidents,
    /// The standing hotspots.
    Hotspots,
    /// H3 cells with their counts.
    Hexes,
    /// The boundary set of this name.
    Boundaries(String),
}

impl OgcCollection {
    /// All collections of a city.
    pub fn all(snapshot: &Snapshot) -> Vec<Self> {
        let sets =
            snapshot.boundary_sets().iter().map(|set| Self::Boundaries(set.set().name.clone()));
        [Self::Reports, Self::Incidents, Self::Hotspots, Self::Hexes]
            .into_iter()
            .chain(sets)
            .collect()
    }

    /// The collection of this id.
    ///
    /// # Errors
    /// Not found.
    pub fn find(city: &City, id: &str) -> Result<Self> {
        let all = Self::all(&city.snapshots(View::Listed).load());
        all.into_iter().find(|collection| collection.id() == id).ok_or_else(|| Error::not_found(id))
    }

    /// The view from which it is answered to a reader.
    pub fn view(&self, reader: View) -> View {
        match self {
            // The background watch examines what the public sees.
            Self::Hotspots => View::Counted,
            Self::Hexes => reader.counted(),
            Self::Reports | Self::Incidents | Self::Boundaries(_) => reader,
        }
    }

    /// Are its features reports?
    pub fn is_of_reports(&self) -> bool {
        matches!(self, Self::Reports | Self::Incidents)
    }

    /// Its id in paths.
    pub fn id(&self) -> &str {
        match self {
            Self::Reports => "reports",
            Self::Incidents => "incidents",
            Self::Hotspots => "hotspots",
            Self::Hexes => "hexes",
            Self::Boundaries(name) => name,
        }
    }

    /// Its title and its description.
    fn texts(&self) -> (Message, Message) {
        match self {
            Self::Reports => (
                message!("Demandes", "Reports"),
                message!(
                    "Chaque demande des citoyens, avec ou sans lieu.",
                    "Each citizen request, with or without a location."
                ),
            ),
            Self::Incidents => (
                message!("Incidents", "Incidents"),
                message!(
                    "Chaque problème une fois : les doublons sont comptés, non listés.",
                    "Each problem once: duplicates are counted, not listed."
                ),
            ),
            Self::Hotspots => (
                message!("Points chauds", "Hotspots"),
                message!(
                    "Où il y a significativement plus de demandes qu’attendu ces 30 derniers \
                     jours.",
                    "Where there were significantly more reports than expected in the last 30 \
                     days."
                ),
            ),
            Self::Hexes => (
                message!("Hexagones", "Hexagons"),
                message!(
                    "Cellules H3 de résolution 9 : dénombrements et significativité (Gi*).",
                    "H3 cells of resolution 9: counts and significance (Gi*)."
                ),
            ),
            Self::Boundaries(name) => (
                message!("{name}", "{name}"),
                message!("Secteurs de la ville : {name}.", "Areas of the city: {name}."),
            ),
        }
    }

    /// Its title.
    pub fn title(&self, language: Language) -> String {
        language.pick(&self.texts().0).to_owned()
    }

    /// Its description.
    pub fn description(&self, language: Language) -> String {
        language.pick(&self.texts().1).to_owned()
    }

    /// The tile layer with its features, if there is one.
    pub fn layer(&self) -> Option<Layer> {
        match self {
            Self::Reports | Self::Incidents => Some(Layer::Reports),
            Self::Hotspots => Some(Layer::Hotspots),
            Self::Hexes => Some(Layer::Hexes),
            Self::Boundaries(_) => Some(Layer::Boundaries),
        }
    }

    /// The features of a collection of areas. With `bbox`, hotspots outside it may be left out.
    ///
    /// # Errors
    /// The store; the watch; a boundary set that was removed.
    pub fn areas(
        &self,
        (state, city): (&AppState, &City),
        (snapshot, bbox): (&Snapshot, Option<&BBox>),
        language: Language,
    ) -> Result<Vec<Value>> {
        match self {
            Self::Hotspots => {
                let all = Filter::default();
                hotspots::standing_features(state, city, snapshot, (&all, bbox), language)
            }
            Self::Boundaries(name) => {
                let set = snapshot.boundary_set(name).ok_or_else(|| Error::not_found(name))?;
                let features = boundaries::features(set.set()).into_iter();
                features.map(|one| serde_json::to_value(one).map_err(Error::internal)).collect()
            }
            Self::Hexes | Self::Reports | Self::Incidents => {
                hexes::plain_features(snapshot, language)
            }
        }
    }

    /// The filter of a collection of reports: all reports, or incidents only.
    pub fn filter(&self) -> Filter {
        let incidents = *self == Self::Incidents;
        Filter { approximate: true, incidents, ..Filter::default() }
    }

    /// The bounding box and the time range of its features.
    ///
    /// # Errors
    /// As [`Self::areas`].
    pub fn extent(
        &self,
        place: (&AppState, &City),
        snapshot: &Snapshot,
        language: Language,
    ) -> Result<Extent> {
        if !self.is_of_reports() {
            let areas = self.areas(place, (snapshot, None), language)?;
            return Ok((geometry::extent(&areas), None));
        }
        let compiled = snapshot.compiled(&self.filter());
        Ok((query::extent(snapshot, &compiled), query::time_span(snapshot, &compiled)))
    }
}
