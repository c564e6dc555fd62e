//! The filter that every query takes: which reports it is about.

use crate::domain::{Channel, Nature, PlaceCondition, ServiceCode, Status};
use crate::place::BBox;

/// A conjunction of conditions. The default matches every report whose position is exact or absent;
/// reports with an approximate position match only with [`Filter::approximate`].
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Filter {
    /// Only reports of one of these services; the caller replaces groups by their services. An
    /// empty list matches no report.
    pub services: Option<Vec<ServiceCode>>,
    /// Only reports with one of these statuses.
    pub statuses: Option<Vec<Status>>,
    /// Only reports of one of these natures.
    pub natures: Option<Vec<Nature>>,
    /// Only reports that came by one of these channels.
    pub channels: Option<Vec<Channel>>,
    /// Only reports in one of these areas. Areas are those of the loaded boundary sets; in a city
    /// without boundaries, the names that the source gave.
    pub areas: Option<Vec<String>>,
    /// Only reports requested at or after this second since 1970.
    pub from: Option<i64>,
    /// Only reports requested before this second since 1970.
    pub before: Option<i64>,
    /// Only reports with a position inside this box.
    pub bbox: Option<BBox>,
    /// Only reports with an exact position, or only those without a position.
    pub place: Option<PlaceCondition>,
    /// Also match reports whose position is approximate.
    pub approximate: bool,
    /// Count incidents, not reports: reports known to be duplicates are left out.
    pub incidents: bool,
}

impl Filter {
    /// What it restricts besides services, areas and box, as parameters of the API.
    pub fn query_pairs(&self) -> Vec<(&'static str, String)> {
        // Every member is named here, so that the compiler asks what a new one means.
        let Self {
            services: _,
            statuses,
            natures,
            channels,
            areas: _,
            from,
            before,
            bbox: _,
            place,
            approximate,
            incidents,
        } = self;
        let mut pairs = Vec::new();
        if let Some(list) = statuses {
            pairs.push(("status", joined(list.iter().map(|one| one.as_str()))));
        }
        if let Some(list) = natures {
            pairs.push(("nature", joined(list.iter().map(|one| one.as_str()))));
        }
        if let Some(list) = channels {
            pairs.push(("channel", joined(list.iter().map(|one| one.as_str()))));
        }
        let time = |second| jiff::Timestamp::from_second(second).unwrap_or_default().to_string();
        pairs.extend(from.map(|second| ("from", time(second))));
        // The parameter `to` is the last second, `before` the one after it.
        pairs.extend(before.map(|second| ("to", time(second - 1))));
        pairs.extend(place.map(|place| ("place", place.as_str().to_owned())));
        if *approximate {
            pairs.push(("approximate", "true".to_owned()));
        }
        pairs.push(("count", if *incidents { "incidents" } else { "reports" }.to_owned()));
        pairs
    }

    /// Whether it restricts nothing but services and statuses.
    pub fn is_plain(&self) -> bool {
        let Self {
            services: _,
            statuses: _,
            natures,
            channels,
            areas,
            from,
            before,
            bbox,
            place,
            approximate: _,
            incidents,
        } = self;
        let timeless = from.is_none() && before.is_none();
        let rest = natures.is_none() && channels.is_none() && areas.is_none();
        timeless && rest && !incidents && bbox.is_none() && place.is_none()
    }

    /// Whether it restricts nothing but services and whether a report is closed.
    pub fn is_by_kind(&self) -> bool {
        let status = |status| self.statuses.as_ref().is_none_or(|list| list.contains(&status));
        self.is_plain() && status(Status::Open) == status(Status::InProgress)
    }
}

/// Words separated by commas.
fn joined<'a>(words: impl Iterator<Item = &'a str>) -> String {
    words.collect::<Vec<_>>().join(",")
}
