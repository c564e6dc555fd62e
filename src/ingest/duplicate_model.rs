//! The duplicate model as a file, `data/duplicates.toml`, both directions.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Deserialize;

use crate::query::{CoefficientOffset, DuplicateModel, FEATURES, Features, Policy};

const BUILTIN: &str = include_str!("../../data/duplicates.toml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    provenance: BTreeMap<String, String>,
    days: f64,
    coefficients: BTreeMap<String, f64>,
    /// Models that were trained before there was this table order answers by their probability.
    #[serde(default)]
    original: BTreeMap<String, f64>,
    policy: PolicyEntry,
    #[serde(default)]
    group: Vec<Entry>,
    #[serde(default)]
    service: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PolicyEntry {
    reach_m: f64,
    extent_m: f64,
    duplicate_from: f64,
    possible_from: f64,
    /// Models that were trained before there was this threshold show nearly every candidate.
    #[serde(default = "shown_from_least")]
    shown_from: f64,
}

/// The least threshold that a file can say.
fn shown_from_least() -> f64 {
    1e-4
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    code: String,
    #[serde(default)]
    constant: f64,
    #[serde(default)]
    distance: f64,
    #[serde(default)]
    time: f64,
    reach_m: Option<f64>,
    extent_m: Option<f64>,
    duplicate_from: Option<f64>,
    possible_from: Option<f64>,
}

/// The built-in model.
///
/// # Errors
/// What is wrong with the file; a test keeps it right.
pub fn builtin() -> Result<DuplicateModel, String> {
    read(BUILTIN)
}

/// Reads a model.
///
/// # Errors
/// What is wrong: not TOML, an unknown or missing member, a number out of its range.
pub fn read(text: &str) -> Result<DuplicateModel, String> {
    let file: File = toml::from_str(text).map_err(|error| error.to_string())?;
    let File { provenance, days, coefficients, original, policy, group, service } = file;
    let PolicyEntry { reach_m, extent_m, duplicate_from, possible_from, shown_from } = policy;
    let model = DuplicateModel {
        provenance: provenance.into_iter().collect(),
        days,
        coefficients: by_feature("coefficients", coefficients)?,
        original: by_feature("original", original)?,
        policy: Policy { reach_m, extent_m, duplicate_from, possible_from, shown_from },
        groups: group.into_iter().map(offset).collect(),
        services: service.into_iter().map(offset).collect(),
    };
    checked(&model)?;
    Ok(model)
}

/// Coefficients in the order of the features; those that are not named are 0.
fn by_feature(table: &str, named: BTreeMap<String, f64>) -> Result<Features, String> {
    let mut values: Features = [0.0; FEATURES.len()];
    for (name, value) in named {
        let at = FEATURES.iter().position(|known| *known == name);
        let place = at.and_then(|at| values.get_mut(at));
        *place.ok_or_else(|| format!("{table}: no feature '{name}'"))? = value;
    }
    Ok(values)
}

fn offset(entry: Entry) -> (String, CoefficientOffset) {
    let Entry { code, constant, distance, time, .. } = entry;
    let Entry { reach_m, extent_m, duplicate_from, possible_from, .. } = entry;
    (
        code,
        CoefficientOffset {
            constant,
            distance,
            time,
            reach_m,
            extent_m,
            duplicate_from,
            possible_from,
        },
    )
}

/// Refuses numbers that would make answers without sense.
fn checked(model: &DuplicateModel) -> Result<(), String> {
    let within = |name: &str, value: f64, max: f64| {
        let holds = value > 0.0 && value <= max;
        holds.then_some(()).ok_or_else(|| format!("{name} {value} is not above 0 and up to {max}"))
    };
    within("days", model.days, 3_660.0)?;
    let Policy { reach_m, extent_m, duplicate_from, possible_from, shown_from } = model.policy;
    let mut numbers = vec![
        ("reach_m", Some(reach_m), 2_000.0),
        ("extent_m", Some(extent_m), 2_000.0),
        ("duplicate_from", Some(duplicate_from), 1.0),
        ("possible_from", Some(possible_from), 1.0),
        ("shown_from", Some(shown_from), 1.0),
    ];
    for offset in model.groups.values().chain(model.services.values()) {
        numbers.push(("reach_m", offset.reach_m, 2_000.0));
        numbers.push(("extent_m", offset.extent_m, 2_000.0));
        numbers.push(("duplicate_from", offset.duplicate_from, 1.0));
        numbers.push(("possible_from", offset.possible_from, 1.0));
    }
    for (name, value, max) in numbers {
        value.map_or(Ok(()), |value| within(name, value, max))?;
    }
    let finite = model.coefficients.iter().chain(&model.original).all(|value| value.is_finite());
    finite.then_some(()).ok_or_else(|| "a coefficient is no number".into())
}

/// A number to four decimals, without zeros at its end.
fn short(value: f64) -> String {
    let text = format!("{value:.4}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".into() } else { text.into() }
}

/// A model as [`read`] reads it, coefficients to four decimals.
pub fn write(model: &DuplicateModel) -> String {
    let mut out = String::from(
        "# How probable it is that a report and an earlier one are about one problem: the log \
         odds are the\n# sum of features, each times its coefficient. The features are defined \
         in\n# `src/query/duplicate_features.rs`; `pointchaud train duplicates` writes this \
         file.\n\
         # `original`: the same for the earlier report being the first about the problem, if they \
         are; it\n# orders answers.\n\
         # `reach_m`: how far to look. `extent_m`: how far apart reports of one incident may lie.\n\
         # `duplicate_from`, `possible_from`: from which probability on it is called so.\n\
         # `shown_from`: from which probability on it is in an answer at all; an open report about \
         the same\n\
         # service at the same place always is.\n\
         # `days`: how long after its closing a closed report is considered.\n\n",
    );
    let _ = writeln!(out, "days = {}\n\n[provenance]", short(model.days));
    for (name, text) in &model.provenance {
        let _ = writeln!(out, "{name} = {}", toml_text(text));
    }
    let _ = writeln!(out, "\n[coefficients]");
    for (name, value) in FEATURES.iter().zip(model.coefficients) {
        let _ = writeln!(out, "{name} = {}", short(value));
    }
    let named = FEATURES.iter().zip(model.original).filter(|(_, value)| *value != 0.0);
    let mut heading = "\n[original]\n";
    for (name, value) in named {
        let _ = writeln!(out, "{heading}{name} = {}", short(value));
        heading = "";
    }
    let Policy { reach_m, extent_m, duplicate_from, possible_from, shown_from } = model.policy;
    let _ = writeln!(
        out,
        "\n[policy]\nreach_m = {}\nextent_m = {}\nduplicate_from = {}\npossible_from = {}\n\
         shown_from = {}",
        short(reach_m),
        short(extent_m),
        short(duplicate_from),
        short(possible_from),
        short(shown_from)
    );
    for (kind, offsets) in [("group", &model.groups), ("service", &model.services)] {
        for (code, offset) in offsets {
            let _ = writeln!(out, "\n[[{kind}]]\ncode = {}", toml_text(code));
            for (name, value) in members(offset) {
                let _ = writeln!(out, "{name} = {}", short(value));
            }
        }
    }
    out
}

/// Members that say something.
fn members(offset: &CoefficientOffset) -> Vec<(&'static str, f64)> {
    let all = [
        ("constant", Some(offset.constant)),
        ("distance", Some(offset.distance)),
        ("time", Some(offset.time)),
        ("reach_m", offset.reach_m),
        ("extent_m", offset.extent_m),
        ("duplicate_from", offset.duplicate_from),
        ("possible_from", offset.possible_from),
    ];
    let said = all.into_iter().filter_map(|(name, value)| Some((name, value?)));
    said.filter(|(_, value)| *value != 0.0).collect()
}

fn toml_text(text: &str) -> String {
    // A JSON string is a basic string of TOML.
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_model_is_written_as_it_is_read() {
        let model = builtin().unwrap();
        assert_eq!(write(&model), BUILTIN);
        let known = super::super::builtin_catalogue(false).unwrap();
        for code in model.groups.keys() {
            assert!(known.groups().iter().any(|group| group.code == *code), "no group {code}");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (from, to, named) in [
            ("days = 60", "days = -1", "days -1"),
            ("same_street =", "sam_street =", "sam_street"),
            ("reach_m = ", "reach_m = 9", "reach_m"),
            ("[policy]", "[polcy]", "polcy"),
        ] {
            let broken = BUILTIN.replacen(from, to, 1);
            assert_ne!(broken, BUILTIN, "{from}");
            assert!(read(&broken).unwrap_err().contains(named), "{to}");
        }
    }
}
