//! `pointchaud train duplicates`: fits the duplicate model to labelled pairs.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};

use crate::cli::labelled_pairs;
use crate::cli::labelled_pairs::{LabelledPairs, LabelledQuery};
use crate::cli::shared::unwritable;
use crate::domain::Catalogue;
use crate::error::{Error, Refusal, Result};
use crate::ingest::write_model;
use crate::message;
use crate::query::{Candidate, CoefficientOffset, DuplicateModel, FEATURES, Features};
use crate::statistics::{Observations, Prior, fit, logistic};

/// Precision of the prior of a coefficient, on the scale of its feature's standard deviation; it
/// weighs as much as ten observations.
const PRIOR_WEIGHT: f64 = 10.0;
/// Precision of the prior of the offsets of a group or service, for constant, distance and time.
/// The offsets are partially pooled: one with few labels stays near that of its group, one with
/// many goes where they lead (Gelman and Hill, *Data Analysis Using Regression and
/// Multilevel/Hierarchical Models*, 2007, chapter 12).
const OFFSET_WEIGHTS: [f64; 3] = [0.3, 10.0, 10.0];
/// Precision of the prior of the coefficients that tell an original from its other duplicates.
const ORIGINAL_WEIGHT: f64 = 1.0;
/// Features that tell an original from its other duplicates.
const ORIGINAL_FEATURES: [&str; 6] =
    ["constant", "time", "earlier", "later", "between", "earlier_count"];
/// Marks values in the provenance that were set by hand; training keeps them.
const BY_HAND: &str = "by_hand";
/// Precision of a prior that no data can move.
const FIXED: f64 = 1e9;
/// Reports a service needs for offsets of its own.
const SERVICE_REPORTS_MIN: usize = 10;
/// Positions of the features for which groups and services have offsets.
const OFFSET_FEATURES: [usize; 3] =
    [DuplicateModel::CONSTANT, DuplicateModel::DISTANCE, DuplicateModel::TIME];
/// Labelled duplicates that one group needs at least.
const GROUP_LABELS_MIN: usize = 10;
/// Labelled duplicates a service or group needs for thresholds of its own.
const THRESHOLD_LABELS_MIN: usize = 30;
/// Unlabelled reports used, at most: a weighted sample.
const UNLABELLED_MAX: usize = 60_000;
/// Prior of the coefficient of text similarity: similar descriptions raise the probability, with
/// the balance at about a fifth of shared words. The labelled data has no descriptions, so the
/// prior is strong.
const TEXTS: [(&str, Prior); 2] =
    [("texts", Prior { mean: -0.4, weight: 400.0 }), ("alike", Prior { mean: 2.0, weight: 400.0 })];

#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Fit the duplicate model: coefficients, offsets of services and groups with enough labels,
    /// and thresholds. Policies are copied from the previous model.
    Duplicates {
        #[command(flatten)]
        pairs: labelled_pairs::LabelledPairsArguments,
        /// Use only reports made before this date or time.
        #[arg(long)]
        before: Option<String>,
        /// Group of services whose offsets stay as they are in the previous model, because hardly
        /// anybody labels its duplicates; may be repeated. Elsewhere a report without a label
        /// counts as no duplicate.
        #[arg(long, value_name = "GROUP")]
        keep: Vec<String>,
        /// File to write the model to.
        #[arg(long)]
        out: PathBuf,
    },
}

/// Fits a model and writes it.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let What::Duplicates { pairs: from, before, keep, out } = &arguments.what;
    let pairs = LabelledPairs::read(from)?;
    let base = labelled_pairs::model(from.model.as_deref())?;
    let until = before.as_ref().map(|text| pairs.second("--before", text)).transpose()?;
    println!("{}", pairs.left_out);
    let queries: Vec<&LabelledQuery> = pairs.between(i64::MIN, until.unwrap_or(i64::MAX)).collect();
    let mut model = train(&pairs, &base, &queries, keep)?;
    let labelled =
        queries.iter().filter(|labelled_query| labelled_query.original.is_some()).count();
    let until = before.as_deref().unwrap_or("the end");
    let city = pairs.city();
    let asked = queries.len();
    model.provenance.retain(|(name, _)| name == BY_HAND);
    model.provenance.push((
        "learned".into(),
        format!("{labelled} labelled duplicates among {asked} reports of {city} before {until}"),
    ));
    std::fs::write(out, write_model(&model)).map_err(unwritable("--out", out))?;
    println!("{labelled} duplicates among {} reports: {}", queries.len(), out.display());
    Ok(ExitCode::SUCCESS)
}

/// The columns after the features: three offsets for each group and each service with enough data.
struct PairColumns {
    groups: Vec<String>,
    services: Vec<String>,
}

impl PairColumns {
    fn of(pairs: &LabelledPairs, queries: &[&LabelledQuery]) -> Self {
        let mut services: BTreeMap<&str, usize> = BTreeMap::new();
        let mut groups: BTreeSet<String> = BTreeSet::new();
        for labelled_query in queries {
            let service = pairs.service(labelled_query.report);
            *services.entry(service).or_default() += 1;
            groups.insert(group_of(&pairs.catalogue, service));
        }
        let own = services.iter().filter(|(_, reports)| **reports >= SERVICE_REPORTS_MIN);
        Self {
            services: own.map(|(code, _)| (*code).to_owned()).collect(),
            groups: groups.into_iter().collect(),
        }
    }

    fn width(&self) -> usize {
        FEATURES.len() + 3 * (self.groups.len() + self.services.len())
    }

    /// A row of the design matrix: the features, and copies of those with offsets in the columns of
    /// the service and its group.
    fn row(&self, features: &Features, group: &str, service: &str) -> Vec<f64> {
        let mut row = vec![0.0; self.width()];
        row[..FEATURES.len()].copy_from_slice(features);
        let own = |list: &[String], code: &str| list.binary_search_by(|known| (**known).cmp(code));
        let group = own(&self.groups, group).ok();
        let service = own(&self.services, service).ok().map(|n| self.groups.len() + n);
        for n in [group, service].into_iter().flatten() {
            for (column, at) in OFFSET_FEATURES.into_iter().enumerate() {
                row[FEATURES.len() + 3 * n + column] = features[at];
            }
        }
        row
    }

    /// The prior of every column: coefficients and offsets are small. Groups that are kept have the
    /// offsets of the previous model.
    fn priors(&self, base: &DuplicateModel, deviations: &[f64], kept: &[String]) -> Vec<Prior> {
        let small = |sd: &f64| Prior { mean: 0.0, weight: PRIOR_WEIGHT * sd * sd };
        let mut priors: Vec<Prior> = deviations[..FEATURES.len()].iter().map(small).collect();
        priors[DuplicateModel::CONSTANT].weight = 0.0;
        for (name, prior) in TEXTS {
            priors[position(name)] = prior;
        }
        for code in &self.groups {
            let before = base.groups.get(code).copied().unwrap_or_default();
            let means = [before.constant, before.distance, before.time];
            priors.extend(means.iter().zip(OFFSET_WEIGHTS).map(|(mean, weight)| {
                match kept.contains(code) {
                    true => Prior { mean: *mean, weight: FIXED },
                    false => Prior { mean: 0.0, weight },
                }
            }));
        }
        let of_service = OFFSET_WEIGHTS.map(|weight| Prior { mean: 0.0, weight });
        priors.extend(self.services.iter().flat_map(|_| of_service));
        priors
    }
}

/// The position of a feature.
fn position(name: &str) -> usize {
    FEATURES.iter().position(|known| *known == name).unwrap_or_default()
}

/// Rounds to the four decimals of the file.
fn round(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}

fn group_of(catalogue: &Catalogue, service: &str) -> String {
    catalogue.get(service).map_or_else(String::new, |known| known.group.clone())
}

/// Fits the probability that two reports belong to one incident: coefficients and offsets from the
/// reports of all groups but those that are `kept` as they are in `base`, then the offsets of the
/// services of the kept groups. After that, which report of an incident is its original.
///
/// # Errors
/// The labels do not suffice.
pub(super) fn train(
    pairs: &LabelledPairs,
    base: &DuplicateModel,
    asked: &[&LabelledQuery],
    kept: &[String],
) -> Result<DuplicateModel> {
    let known: Vec<&LabelledQuery> = asked.iter().filter(|one| !one.is_unknown).copied().collect();
    let asked = known.as_slice();
    let group = |one: &LabelledQuery| group_of(&pairs.catalogue, pairs.service(one.report));
    let mut labels: BTreeMap<String, usize> = BTreeMap::new();
    for labelled_query in asked.iter().filter(|one| one.original.is_some()) {
        *labels.entry(group(labelled_query)).or_default() += 1;
    }
    let is_enough =
        |(code, count): (&String, &usize)| *count >= GROUP_LABELS_MIN && !kept.contains(code);
    if !labels.iter().any(is_enough) {
        return Err(too_few_labels(asked));
    }
    let columns = PairColumns::of(pairs, asked);
    let (held, free): (Vec<&LabelledQuery>, Vec<&LabelledQuery>) =
        asked.iter().copied().partition(|one| kept.contains(&group(one)));
    let observed = observe(pairs, base, &free, &columns);
    let mut priors = columns.priors(base, &observed.deviations(), kept);
    let mut fitted = fit(&observed, &priors).map_err(|_| too_few_labels(asked))?;
    if !held.is_empty() {
        let common = FEATURES.len() + 3 * columns.groups.len();
        for (prior, mean) in priors[..common].iter_mut().zip(&fitted) {
            *prior = Prior { mean: *mean, weight: FIXED };
        }
        let of_held = observe(pairs, base, &held, &columns);
        let of_held = fit(&of_held, &priors).map_err(Error::internal)?;
        // A service belongs to one group, so only one of the two fits has moved its offsets.
        for (value, moved) in fitted[common..].iter_mut().zip(&of_held[common..]) {
            *value += moved;
        }
    }
    let mut model = base.clone();
    for (coefficient, value) in model.coefficients.iter_mut().zip(&fitted) {
        *coefficient = round(*value);
    }
    model.original = original(pairs, base, asked)?;
    model.services.clear();
    let groups = &columns.groups;
    for (n, leans) in fitted[FEATURES.len()..].chunks_exact(3).enumerate() {
        let offset: &mut CoefficientOffset = match n.checked_sub(groups.len()) {
            None => model.groups.entry(groups[n].clone()).or_default(),
            Some(n) => model.services.entry(columns.services[n].clone()).or_default(),
        };
        let [constant, distance, time] = [leans[0], leans[1], leans[2]].map(round);
        (offset.constant, offset.distance, offset.time) = (constant, distance, time);
    }
    thresholds(pairs, &mut model, asked);
    model.groups.retain(|_, offset| *offset != CoefficientOffset::default());
    Ok(model)
}

/// Fits the log odds that an earlier report of the same incident is its labelled original.
fn original(
    pairs: &LabelledPairs,
    base: &DuplicateModel,
    asked: &[&LabelledQuery],
) -> Result<Features> {
    let used = ORIGINAL_FEATURES.map(position);
    let rules = pairs.rules(base);
    let mut observed = Observations::new(used.len());
    for labelled_query in asked {
        let report = labelled_query.report;
        let rule = &rules[usize::from(pairs.snapshot.service(report))];
        if !pairs.incidents.contains_key(&report) {
            continue;
        }
        let (candidates, _) = rule.candidates(&pairs.snapshot, &pairs.query(report));
        for candidate in candidates.iter().filter(|one| pairs.are_one(report, one.address)) {
            let row = used.map(|at| candidate.facts.features[at]);
            observed.push(&row, labelled_query.original == Some(candidate.address), 1.0);
        }
    }
    let small = |sd: f64| Prior { mean: 0.0, weight: ORIGINAL_WEIGHT * sd * sd };
    let mut priors: Vec<Prior> = observed.deviations().into_iter().map(small).collect();
    // Where every pair is an incident of its own, there is nothing to tell apart.
    priors[0].weight = 0.01;
    let mut coefficients = [0.0; FEATURES.len()];
    for (at, value) in used.into_iter().zip(fit(&observed, &priors).map_err(Error::internal)?) {
        coefficients[at] = round(value);
    }
    Ok(coefficients)
}

/// The error of labels that do not suffice to fit a model.
fn too_few_labels(asked: &[&LabelledQuery]) -> Error {
    let reports = asked.len();
    let labels = asked.iter().filter(|query| query.original.is_some()).count();
    let message = message!(
        "trop peu de doublons étiquetés : {labels} parmi {reports} demandes ; il en faut au moins \
         {GROUP_LABELS_MIN} dans un même groupe de services, chacun près de son original",
        "too few labelled duplicates: {labels} among {reports} reports; at least \
         {GROUP_LABELS_MIN} in one group of services are needed, each near its original"
    );
    Refusal::new("--pairs", labels, message).into()
}

/// Every candidate of every query, and whether both are labelled as one incident.
fn observe(
    pairs: &LabelledPairs,
    base: &DuplicateModel,
    asked: &[&LabelledQuery],
    columns: &PairColumns,
) -> Observations {
    let mut observed = Observations::new(columns.width());
    let rules = pairs.rules(base);
    let unlabelled =
        asked.iter().filter(|labelled_query| labelled_query.original.is_none()).count();
    let every = unlabelled.div_ceil(UNLABELLED_MAX).max(1);
    let mut passed = 0;
    for labelled_query in asked {
        let mut weight = 1.0;
        if labelled_query.original.is_none() {
            passed += 1;
            if passed % every != 0 {
                continue;
            }
            weight = every as f64;
        }
        let service = pairs.service(labelled_query.report);
        let group = group_of(&pairs.catalogue, service);
        let rule = &rules[usize::from(pairs.snapshot.service(labelled_query.report))];
        let (candidates, _) = rule.candidates(&pairs.snapshot, &pairs.query(labelled_query.report));
        for candidate in candidates {
            let row = columns.row(&candidate.facts.features, &group, service);
            let is_one = pairs.are_one(labelled_query.report, candidate.address);
            observed.push(&row, is_one, weight);
        }
    }
    observed
}

/// A model's answer to a query: the probability of the first answer, and that of the labelled
/// original.
struct ModelAnswer {
    best: f64,
    wanted: Option<f64>,
    is_labelled: bool,
}

/// Sets the thresholds of each group and service with enough labels.
fn thresholds(pairs: &LabelledPairs, model: &mut DuplicateModel, asked: &[&LabelledQuery]) {
    let rules = pairs.rules(model);
    let mut groups: BTreeMap<String, Vec<ModelAnswer>> = BTreeMap::new();
    let mut services: BTreeMap<String, Vec<ModelAnswer>> = BTreeMap::new();
    for labelled_query in asked {
        let rule = &rules[usize::from(pairs.snapshot.service(labelled_query.report))];
        let (candidates, _) = rule.candidates(&pairs.snapshot, &pairs.query(labelled_query.report));
        let odds = |candidate: &Candidate| rule.log_odds(&candidate.facts.features);
        let order = |candidate: &Candidate| rule.original_probability(&candidate.facts.features);
        let first = candidates.iter().max_by(|a, b| order(a).total_cmp(&order(b)));
        let best = first.map_or(f64::NEG_INFINITY, odds);
        let wanted =
            candidates.iter().find(|c| labelled_query.original == Some(c.address)).map(odds);
        let answers = || ModelAnswer {
            best: logistic(best),
            wanted: wanted.map(logistic),
            is_labelled: labelled_query.original.is_some(),
        };
        let service = pairs.service(labelled_query.report);
        groups.entry(group_of(&pairs.catalogue, service)).or_default().push(answers());
        services.entry(service.to_owned()).or_default().push(answers());
    }
    for (list, offsets) in [(groups, &mut model.groups), (services, &mut model.services)] {
        for (code, answers) in list {
            if let Some((duplicate, possible)) = edges(answers) {
                let offset = offsets.entry(code).or_default();
                (offset.duplicate_from, offset.possible_from) = (Some(duplicate), Some(possible));
            }
        }
    }
}

/// `duplicate_from` maximises F1 (the harmonic mean of precision and recall); `possible_from` keeps
/// nine of ten originals above it. `None` where labels are too few.
fn edges(mut answers: Vec<ModelAnswer>) -> Option<(f64, f64)> {
    let mut originals: Vec<f64> = answers.iter().filter_map(|one| one.wanted).collect();
    if originals.len() < THRESHOLD_LABELS_MIN {
        return None;
    }
    originals.sort_by(f64::total_cmp);
    answers.sort_by(|a, b| b.best.total_cmp(&a.best));
    let all = answers.iter().filter(|one| one.is_labelled).count();
    let (mut hits, mut highest, mut duplicate) = (0, 0.0, 1.0);
    for (n, one) in answers.iter().enumerate() {
        hits += usize::from(one.is_labelled);
        let score = 2.0 * hits as f64 / (n + 1 + all) as f64;
        if score > highest {
            (highest, duplicate) = (score, one.best);
        }
    }
    let possible = originals[originals.len() / 10].min(duplicate / 2.0);
    let round = |p: f64| ((p * 1e3).floor() / 1e3).clamp(0.005, 0.99);
    Some((round(duplicate), round(possible)))
}
