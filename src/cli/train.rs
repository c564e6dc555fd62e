//! `pointchaud train duplicates`: the duplicate model, from pairs that people labelled.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};

use crate::cli::labelled_pairs::{LabelledPairs, LabelledQuestion};
use crate::cli::{labelled_pairs, unwritable};
use crate::domain::Catalogue;
use crate::error::{Error, Result};
use crate::ingest::write_model;
use crate::query::{Candidate, CoefficientOffset, DuplicateModel, FEATURES, Features};
use crate::statistics::{Observations, Prior, fit, logistic};

/// Precision of the prior of a coefficient, on the scale of its feature's standard deviation: as
/// much as ten observations.
const PRIOR_WEIGHT: f64 = 10.0;
/// Names in the provenance what people decided: training keeps it.
const BY_HAND: &str = "by_hand";
/// A belief that no observation moves.
const FIXED: f64 = 1e9;
/// Labelled duplicates that a service must have to lean by itself.
const SERVICE_LABELS_MIN: usize = 3;
/// Reports that do as well: that nobody labels them says something of the service in this city.
const SERVICE_REPORTS_MIN: usize = 200;
/// Where in the features those are that groups and services lean in.
const LEANING: [usize; 3] =
    [DuplicateModel::CONSTANT, DuplicateModel::DISTANCE, DuplicateModel::TIME];
/// Labelled duplicates that a group must have for its reports to be learned from: where people
/// label nothing, no label says nothing.
const GROUP_LABELS_MIN: usize = 10;
/// Labelled duplicates that a service or group must have to get a threshold of its own.
const THRESHOLD_LABELS_MIN: usize = 30;
/// Unlabelled reports looked at, at most: a sample of them stands for all.
const UNLABELLED_MAX: usize = 60_000;
/// What is believed of descriptions before any are seen: alike ones speak of the same thing, and
/// the balance is at about a fifth of the words. The labels at hand come without descriptions, so
/// the belief is firm.
const TEXTS: [(&str, Prior); 2] =
    [("texts", Prior { mean: -0.4, weight: 400.0 }), ("alike", Prior { mean: 2.0, weight: 400.0 })];

#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// The duplicate model: coefficients for all, and for each service and group that has enough
    /// labels; thresholds of each service. Policies are taken over from the model before.
    Duplicates {
        #[command(flatten)]
        judged: labelled_pairs::LabelledPairsArguments,
        /// Learn only from reports made before this day or moment.
        #[arg(long)]
        before: Option<String>,
        /// Where the model goes.
        #[arg(long)]
        out: PathBuf,
    },
}

/// Trains a model and writes it.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let What::Duplicates { judged: from, before, out } = &arguments.what;
    let judged = LabelledPairs::read(from)?;
    let base = labelled_pairs::model(from.model.as_deref())?;
    let until = before.as_ref().map(|text| judged.second("--before", text)).transpose()?;
    println!("{}", judged.left_out);
    let questions: Vec<&LabelledQuestion> =
        judged.between(i64::MIN, until.unwrap_or(i64::MAX)).collect();
    let mut model = train(&judged, &base, &questions)?;
    let labelled = questions.iter().filter(|question| question.wanted.is_some()).count();
    let until = before.as_deref().unwrap_or("the end");
    let city = judged.city();
    let asked = questions.len();
    model.provenance.retain(|(name, _)| name == BY_HAND);
    model.provenance.push((
        "learned".into(),
        format!("{labelled} labelled duplicates among {asked} reports of {city} before {until}"),
    ));
    std::fs::write(out, write_model(&model)).map_err(unwritable("--out", out))?;
    println!("{labelled} duplicates among {} reports: {}", questions.len(), out.display());
    Ok(ExitCode::SUCCESS)
}

/// Which columns there are behind those of the features: three for each group and for each service
/// that has enough to go by.
struct Columns {
    groups: Vec<String>,
    services: Vec<String>,
    /// Groups whose reports people do label.
    told: Vec<String>,
}

impl Columns {
    fn of(judged: &LabelledPairs, questions: &[&LabelledQuestion]) -> Self {
        let mut services: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
        let mut groups: BTreeMap<String, usize> = BTreeMap::new();
        for question in questions {
            let service = judged.service(question.asked);
            let labelled = usize::from(question.wanted.is_some());
            let (labels, reports) = services.entry(service).or_default();
            (*labels, *reports) = (*labels + labelled, *reports + 1);
            *groups.entry(group_of(&judged.catalogue, service)).or_default() += labelled;
        }
        let told = groups.iter().filter(|(_, labels)| **labels >= GROUP_LABELS_MIN);
        let own = services.iter().filter(|(_, (labels, reports))| {
            *labels >= SERVICE_LABELS_MIN || *reports >= SERVICE_REPORTS_MIN
        });
        Self {
            told: told.map(|(code, _)| code.clone()).collect(),
            services: own.map(|(code, _)| (*code).to_owned()).collect(),
            groups: groups.into_keys().collect(),
        }
    }

    fn width(&self) -> usize {
        FEATURES.len() + 3 * (self.groups.len() + self.services.len())
    }

    /// A row: the features, and of those that lean for a service a copy in its columns.
    fn row(&self, features: &Features, group: &str, service: &str) -> Vec<f64> {
        let mut row = vec![0.0; self.width()];
        row[..FEATURES.len()].copy_from_slice(features);
        let own = |list: &[String], code: &str| list.binary_search_by(|known| (**known).cmp(code));
        let group = own(&self.groups, group).ok();
        let service = own(&self.services, service).ok().map(|n| self.groups.len() + n);
        for n in [group, service].into_iter().flatten() {
            for (column, at) in LEANING.into_iter().enumerate() {
                row[FEATURES.len() + 3 * n + column] = features[at];
            }
        }
        row
    }

    /// What is believed of every column at first: features and leanings are small. Groups that
    /// nothing is learned of lean as they did in the model before, for certain.
    fn priors(&self, base: &DuplicateModel, deviations: &[f64]) -> Vec<Prior> {
        let small = |sd: &f64| Prior { mean: 0.0, weight: PRIOR_WEIGHT * sd * sd };
        let mut priors: Vec<Prior> = deviations.iter().map(small).collect();
        priors[DuplicateModel::CONSTANT].weight = 0.0;
        for (name, prior) in TEXTS {
            let at = FEATURES.iter().position(|known| *known == name);
            at.into_iter().for_each(|at| priors[at] = prior);
        }
        for (n, code) in self.groups.iter().enumerate() {
            if self.told.contains(code) {
                continue;
            }
            let before = base.groups.get(code).copied().unwrap_or_default();
            let means = [before.constant, before.distance, before.time];
            for (column, mean) in means.into_iter().enumerate() {
                priors[FEATURES.len() + 3 * n + column] = Prior { mean, weight: FIXED };
            }
        }
        priors
    }
}

/// To the four decimals that the file has.
fn round(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}

fn group_of(catalogue: &Catalogue, service: &str) -> String {
    catalogue.get(service).map_or_else(String::new, |known| known.group.clone())
}

/// First what holds for all and for groups, from those groups that people label; then what services
/// differ by, from all. So a group's leaning is the mean of its services: what an unknown service
/// of another city is judged by.
fn train(
    judged: &LabelledPairs,
    base: &DuplicateModel,
    asked: &[&LabelledQuestion],
) -> Result<DuplicateModel> {
    let columns = Columns::of(judged, asked);
    let is_told = |question: &&&LabelledQuestion| {
        columns.told.contains(&group_of(&judged.catalogue, judged.service(question.asked)))
    };
    let told: Vec<&LabelledQuestion> = asked.iter().filter(is_told).copied().collect();
    let common = FEATURES.len() + 3 * columns.groups.len();
    let observed = observe(judged, base, &told, &columns);
    let mut priors = columns.priors(base, &observed.deviations());
    priors[common..].fill(Prior { mean: 0.0, weight: FIXED });
    let fitted = fit(&observed, &priors).map_err(Error::internal)?;
    let observed = observe(judged, base, asked, &columns);
    let mut priors = columns.priors(base, &observed.deviations());
    for (prior, mean) in priors[..common].iter_mut().zip(&fitted) {
        *prior = Prior { mean: *mean, weight: FIXED };
    }
    let fitted = fit(&observed, &priors).map_err(Error::internal)?;
    let mut model = base.clone();
    for (coefficient, value) in model.coefficients.iter_mut().zip(&fitted) {
        *coefficient = round(*value);
    }
    model.services.clear();
    let groups = &columns.groups;
    for (n, leans) in fitted[FEATURES.len()..].chunks_exact(3).enumerate() {
        let leaning: &mut CoefficientOffset = match n.checked_sub(groups.len()) {
            None => model.groups.entry(groups[n].clone()).or_default(),
            Some(n) => model.services.entry(columns.services[n].clone()).or_default(),
        };
        let [constant, distance, time] = [leans[0], leans[1], leans[2]].map(round);
        (leaning.constant, leaning.distance, leaning.time) = (constant, distance, time);
    }
    thresholds(judged, &mut model, asked);
    model.groups.retain(|_, leaning| *leaning != CoefficientOffset::default());
    Ok(model)
}

/// Every candidate of every question, and whether it is the one wanted.
fn observe(
    judged: &LabelledPairs,
    base: &DuplicateModel,
    asked: &[&LabelledQuestion],
    columns: &Columns,
) -> Observations {
    let mut observed = Observations::new(columns.width());
    let rules = judged.rules(base);
    let unlabelled = asked.iter().filter(|question| question.wanted.is_none()).count();
    let every = unlabelled.div_ceil(UNLABELLED_MAX).max(1);
    let mut passed = 0;
    for question in asked {
        let mut weight = 1.0;
        if question.wanted.is_none() {
            passed += 1;
            if passed % every != 0 {
                continue;
            }
            weight = every as f64;
        }
        let service = judged.service(question.asked);
        let group = group_of(&judged.catalogue, service);
        let rule = &rules[usize::from(judged.snapshot.service(question.asked))];
        let (candidates, _) = rule.candidates(&judged.snapshot, &judged.probe(question.asked));
        for candidate in candidates {
            let row = columns.row(&candidate.described.features, &group, service);
            observed.push(&row, question.wanted == Some(candidate.address), weight);
        }
    }
    observed
}

/// What a model says of a question: the best probability, and that of what was wanted.
struct Said {
    best: f64,
    wanted: Option<f64>,
    is_labelled: bool,
}

/// Gives each group and service with enough labels its thresholds.
fn thresholds(judged: &LabelledPairs, model: &mut DuplicateModel, asked: &[&LabelledQuestion]) {
    let rules = judged.rules(model);
    let mut groups: BTreeMap<String, Vec<Said>> = BTreeMap::new();
    let mut services: BTreeMap<String, Vec<Said>> = BTreeMap::new();
    for question in asked {
        let rule = &rules[usize::from(judged.snapshot.service(question.asked))];
        let (candidates, _) = rule.candidates(&judged.snapshot, &judged.probe(question.asked));
        let odds = |candidate: &Candidate| rule.log_odds(&candidate.described.features);
        let best = candidates.iter().map(odds).fold(f64::NEG_INFINITY, f64::max);
        let wanted = candidates.iter().find(|c| question.wanted == Some(c.address)).map(odds);
        let said = || Said {
            best: logistic(best),
            wanted: wanted.map(logistic),
            is_labelled: question.wanted.is_some(),
        };
        let service = judged.service(question.asked);
        groups.entry(group_of(&judged.catalogue, service)).or_default().push(said());
        services.entry(service.to_owned()).or_default().push(said());
    }
    for (list, leanings) in [(groups, &mut model.groups), (services, &mut model.services)] {
        for (code, said) in list {
            if let Some((duplicate, possible)) = edges(said) {
                let leaning = leanings.entry(code).or_default();
                (leaning.duplicate_from, leaning.possible_from) = (Some(duplicate), Some(possible));
            }
        }
    }
}

/// `duplicate_from`, at which the harmonic mean of precision and recall is highest, and
/// `possible_from`, above which nine of ten originals lie; none where labels are too few.
fn edges(mut said: Vec<Said>) -> Option<(f64, f64)> {
    let mut originals: Vec<f64> = said.iter().filter_map(|one| one.wanted).collect();
    if originals.len() < THRESHOLD_LABELS_MIN {
        return None;
    }
    originals.sort_by(f64::total_cmp);
    said.sort_by(|a, b| b.best.total_cmp(&a.best));
    let all = said.iter().filter(|one| one.is_labelled).count();
    let (mut hits, mut highest, mut duplicate) = (0, 0.0, 1.0);
    for (n, one) in said.iter().enumerate() {
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
