//! The duplicate model: coefficients of a logistic regression, and policies by service.

use std::collections::BTreeMap;

use crate::domain::Catalogue;
use crate::query::duplicate_features::Features;

/// What a probability means under the policy of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Decision {
    /// The same problem with high probability.
    Duplicate,
    /// Perhaps the same problem: a person should decide.
    Possible,
    /// Another problem with high probability.
    New,
}

impl Decision {
    /// `duplicate`, `possible` or `new`.
    ///
    /// ```
    /// use pointchaud::query::Decision;
    ///
    /// assert_eq!(Decision::Possible.as_str(), "possible");
    /// assert!(Decision::Duplicate < Decision::New, "ordered from the most to the least similar");
    /// ```
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Duplicate => "duplicate",
            Self::Possible => "possible",
            Self::New => "new",
        }
    }
}

/// How a group or a service differs from the defaults.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct CoefficientOffset {
    /// Added to the coefficient of `constant`.
    pub constant: f64,
    /// Added to the coefficient of `distance`.
    pub distance: f64,
    /// Added to the coefficient of `time`.
    pub time: f64,
    /// Replaces [`Policy::reach_m`].
    pub reach_m: Option<f64>,
    /// Replaces [`Policy::extent_m`].
    pub extent_m: Option<f64>,
    /// Replaces [`Policy::duplicate_from`].
    pub duplicate_from: Option<f64>,
    /// Replaces [`Policy::possible_from`].
    pub possible_from: Option<f64>,
}

/// What a city has decided about the duplicates of a service.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Policy {
    /// Search radius for reports of the service or its group, in metres.
    pub reach_m: f64,
    /// Largest distance between a report and the original of its incident, in metres.
    pub extent_m: f64,
    /// From this probability on a report is called a duplicate and may be attached without asking.
    pub duplicate_from: f64,
    /// From this probability on it is called a possible duplicate.
    pub possible_from: f64,
    /// From this probability on it is in an answer at all.
    pub shown_from: f64,
}

/// A logistic model: the log odds that a report belongs to the incident of an earlier one are the
/// sum of the [`FEATURES`](crate::query::FEATURES), each times its coefficient. Offsets of the
/// group and of the service are added to some coefficients. A second logistic model on the same
/// features says which report of the incident is its original.
#[derive(Debug, Clone, PartialEq)]
pub struct DuplicateModel {
    /// How the model was made, as key and value.
    pub provenance: Vec<(String, String)>,
    /// A closed report is a candidate for so many days after it was received or closed. Open ones
    /// are candidates at any age.
    pub days: f64,
    /// Coefficients without offsets.
    pub coefficients: Features,
    /// Coefficients of the log odds that the earlier report is the original, given that both belong
    /// to one incident; all 0 where the model does not tell them apart. They order the answers.
    pub original: Features,
    /// The policy where neither group nor service has its own.
    pub policy: Policy,
    /// Offsets by group code.
    pub groups: BTreeMap<String, CoefficientOffset>,
    /// Offsets by service code.
    pub services: BTreeMap<String, CoefficientOffset>,
}

impl DuplicateModel {
    /// Index of the feature `constant`.
    pub const CONSTANT: usize = 0;
    /// Index of the feature `distance`.
    pub const DISTANCE: usize = 1;
    /// Index of the feature `time`.
    pub const TIME: usize = 2;

    /// Coefficients and policy of a service: the defaults, changed by the offset of its group, then
    /// by its own.
    ///
    /// ```
    /// use std::collections::BTreeMap;
    /// use pointchaud::domain::Catalogue;
    /// use pointchaud::query::{CoefficientOffset, DuplicateModel, Policy};
    ///
    /// let offset = CoefficientOffset { distance: -0.5, ..CoefficientOffset::default() };
    /// let model = DuplicateModel {
    ///     provenance: Vec::new(),
    ///     days: 30.0,
    ///     coefficients: [0.0; 14],
    ///     original: [0.0; 14],
    ///     policy: Policy {
    ///         reach_m: 100.0,
    ///         extent_m: 50.0,
    ///         duplicate_from: 0.9,
    ///         possible_from: 0.3,
    ///         shown_from: 0.01,
    ///     },
    ///     groups: BTreeMap::new(),
    ///     services: BTreeMap::from([("graffiti".to_owned(), offset)]),
    /// };
    /// let (coefficients, policy) = model.of(&Catalogue::default(), "graffiti");
    /// assert_eq!(coefficients[DuplicateModel::DISTANCE], -0.5);
    /// assert_eq!(policy, model.policy);
    /// ```
    pub fn of(&self, catalogue: &Catalogue, service: &str) -> (Features, Policy) {
        let group = catalogue.get(service).map_or("", |known| known.group.as_str());
        let (mut coefficients, mut policy) = (self.coefficients, self.policy);
        let offsets = [self.groups.get(group), self.services.get(service)];
        for offset in offsets.into_iter().flatten() {
            coefficients[Self::CONSTANT] += offset.constant;
            coefficients[Self::DISTANCE] += offset.distance;
            coefficients[Self::TIME] += offset.time;
            policy = Policy {
                reach_m: offset.reach_m.unwrap_or(policy.reach_m),
                extent_m: offset.extent_m.unwrap_or(policy.extent_m),
                duplicate_from: offset.duplicate_from.unwrap_or(policy.duplicate_from),
                possible_from: offset.possible_from.unwrap_or(policy.possible_from),
                ..policy
            };
        }
        (coefficients, policy)
    }
}
