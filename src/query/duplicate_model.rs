//! The model by which duplicates are told: coefficients and policies by service.

use std::collections::BTreeMap;

use crate::domain::Catalogue;
use crate::query::duplicate_features::Features;

/// How a group or a service differs from what holds for all.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct CoefficientOffset {
    /// Added to the coefficient of `constant`.
    pub constant: f64,
    /// Added to the coefficient of `distance`.
    pub distance: f64,
    /// Added to the coefficient of `time`.
    pub time: f64,
    /// In place of [`Policy::reach_m`].
    pub reach_m: Option<f64>,
    /// In place of [`Policy::extent_m`].
    pub extent_m: Option<f64>,
    /// In place of [`Policy::duplicate_from`].
    pub duplicate_from: Option<f64>,
    /// In place of [`Policy::possible_from`].
    pub possible_from: Option<f64>,
}

/// What is to be done about a service, as a city decides it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Policy {
    /// How far to look for reports of the service or of its group, in metres.
    pub reach_m: f64,
    /// How far apart reports of one incident may lie, in metres.
    pub extent_m: f64,
    /// From this probability on a report is told as duplicate, and may be attached by itself.
    pub duplicate_from: f64,
    /// From this probability on it is possibly one.
    pub possible_from: f64,
}

/// A logistic model: the log odds that a report repeats an earlier one are a sum over
/// [`FEATURES`](crate::query::FEATURES), each with its coefficient, to which the service and its
/// group lean.
#[derive(Debug, Clone, PartialEq)]
pub struct DuplicateModel {
    /// Where it comes from, line by line.
    pub provenance: Vec<(String, String)>,
    /// How long before a report the one may be that it repeats, in days.
    pub days: f64,
    /// Coefficients that hold for all.
    pub coefficients: Features,
    /// The policy where nothing else is said.
    pub policy: Policy,
    /// By code of group.
    pub groups: BTreeMap<String, CoefficientOffset>,
    /// By code of service.
    pub services: BTreeMap<String, CoefficientOffset>,
}

impl DuplicateModel {
    /// Where `constant` is among the features.
    pub const CONSTANT: usize = 0;
    /// Where `distance` is among the features.
    pub const DISTANCE: usize = 1;
    /// Where `time` is among the features.
    pub const TIME: usize = 2;

    /// Coefficients and policy of a service: what holds for all, then for its group, then for it.
    pub fn of(&self, catalogue: &Catalogue, service: &str) -> (Features, Policy) {
        let group = catalogue.get(service).map_or("", |known| known.group.as_str());
        let (mut coefficients, mut policy) = (self.coefficients, self.policy);
        let leanings = [self.groups.get(group), self.services.get(service)];
        for leaning in leanings.into_iter().flatten() {
            coefficients[Self::CONSTANT] += leaning.constant;
            coefficients[Self::DISTANCE] += leaning.distance;
            coefficients[Self::TIME] += leaning.time;
            policy = Policy {
                reach_m: leaning.reach_m.unwrap_or(policy.reach_m),
                extent_m: leaning.extent_m.unwrap_or(policy.extent_m),
                duplicate_from: leaning.duplicate_from.unwrap_or(policy.duplicate_from),
                possible_from: leaning.possible_from.unwrap_or(policy.possible_from),
            };
        }
        (coefficients, policy)
    }
}
