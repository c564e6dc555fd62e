//! `pointchaud evaluate duplicates`: scores the duplicate model and the rule of FixMyStreet on
//! labelled pairs.

use std::collections::BTreeMap;
use std::process::ExitCode;

use clap::Args;

use crate::cli::evaluate::calibration::{self, BANDS};
use crate::cli::labelled_pairs;
use crate::cli::labelled_pairs::{LabelledPairs, LabelledQuery};
use crate::domain::{Filter, ServiceCode};
use crate::error::Result;
use crate::index::DocAddress;
use crate::place::Meters;
use crate::query::{DuplicateRule, was_open, within_radius};
use crate::statistics::{average_precision, calibration_error, reliability};

/// Answers that count for the mean reciprocal rank.
const RANKS: usize = 50;
/// The rule of FixMyStreet: the nearest of the same category within this many metres that are open.
const RULE_M: f64 = 250.0;
const RULE_FIRST: usize = 5;
/// Labelled duplicates a service needs for a row of its own.
const ROW_MIN: usize = 5;

#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    pub pairs: labelled_pairs::LabelledPairsArguments,
    /// Score only reports made from this date or time on: those the model was not trained on.
    #[arg(long)]
    from: Option<String>,
    /// Score only reports made before this date or time.
    #[arg(long)]
    before: Option<String>,
    /// Score each month with a model that is trained on all months before it, instead of one model.
    #[arg(long, conflicts_with_all = ["from", "before"])]
    pub rolling: bool,
}

/// Ranks at which the labelled originals were found.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Ranks {
    pub queries: usize,
    first: usize,
    in_five: usize,
    reciprocal: f64,
    /// Queries whose first answer is a report of the same incident.
    incident: usize,
}

impl Ranks {
    fn add(&mut self, rank: Option<usize>, incident: bool) {
        self.queries += 1;
        self.first += usize::from(rank == Some(0));
        self.in_five += usize::from(rank.is_some_and(|rank| rank < 5));
        self.reciprocal += rank.map_or(0.0, |rank| 1.0 / (rank + 1) as f64);
        self.incident += usize::from(incident);
    }

    /// Adds the ranks of other queries.
    pub fn join(&mut self, other: &Self) {
        self.queries += other.queries;
        self.first += other.first;
        self.in_five += other.in_five;
        self.reciprocal += other.reciprocal;
        self.incident += other.incident;
    }

    /// Its shares, as cells of a table.
    pub fn cells(&self) -> String {
        let n = self.queries.max(1) as f64;
        let (first, five) = (self.first as f64 / n, self.in_five as f64 / n);
        let (mrr, incident) = (self.reciprocal / n, self.incident as f64 / n);
        format!("{first:.3} | {five:.3} | {mrr:.3} | {incident:.3}")
    }
}

/// The answers of one of the two methods to all queries.
#[derive(Default)]
pub(super) struct RankingScore {
    pub all: Ranks,
    /// Pairs whose labelled duplicate was made first: the later report is the query.
    turned: Ranks,
    by_service: BTreeMap<String, Ranks>,
    /// For every query the probability of a duplicate, and whether it was labelled as one.
    detected: Vec<(f64, bool)>,
    /// For every query with an answer whose truth is known: the probability of the first answer,
    /// and whether it belongs to the query's incident.
    pub stated: Vec<(f64, bool)>,
    /// The probabilities of the first answers to reports that were closed as duplicates of one that
    /// no pair names.
    pub unknown: Vec<f64>,
}

/// Prints the tables.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let pairs = LabelledPairs::read(&arguments.pairs)?;
    let model = labelled_pairs::model(arguments.pairs.model.as_deref())?;
    let edge = |name, text: &Option<String>, open: i64| {
        text.as_ref().map_or(Ok(open), |text| pairs.second(name, text))
    };
    let from = edge("--from", &arguments.from, i64::MIN)?;
    let before = edge("--before", &arguments.before, i64::MAX)?;
    let queries: Vec<&LabelledQuery> = pairs.between(from, before).collect();
    let (ours, rule) = (ours(&pairs, &pairs.rules(&model), &queries), fixed(&pairs, &queries));
    println!("{}\n{} reports asked about\n", pairs.left_out, queries.len());
    for (name, text) in &model.provenance {
        println!("model: {name} {text}");
    }
    print!("\n{}", table(&pairs, &queries, &ours, &rule));
    Ok(ExitCode::SUCCESS)
}

impl RankingScore {
    fn add(&mut self, pairs: &LabelledPairs, labelled_query: &LabelledQuery, found: &[DocAddress]) {
        let Some(wanted) = labelled_query.original else { return };
        let rank = found.iter().position(|address| *address == wanted);
        let incident = |address: &DocAddress| pairs.incidents.get(address);
        let same = found.first().is_some_and(|first| {
            incident(first).is_some() && incident(first) == incident(&labelled_query.report)
        });
        if labelled_query.is_child {
            self.all.add(rank, same);
            let service = pairs.service(labelled_query.report).to_owned();
            self.by_service.entry(service).or_default().add(rank, same);
        } else {
            self.turned.add(rank, same);
        }
    }
}

/// The answers of the model.
pub(super) fn ours(
    pairs: &LabelledPairs,
    rules: &[DuplicateRule],
    queries: &[&LabelledQuery],
) -> RankingScore {
    let mut score = RankingScore::default();
    for labelled_query in queries {
        let snapshot = &pairs.snapshot;
        let rule = &rules[usize::from(snapshot.service(labelled_query.report))];
        let answer = rule.rank(snapshot, &pairs.query(labelled_query.report), RANKS);
        let found: Vec<DocAddress> = answer.duplicates.iter().map(|one| one.address).collect();
        score.add(pairs, labelled_query, &found);
        let first = answer.duplicates.first();
        let stated = first.map_or(0.0, |first| first.probability);
        score.detected.push((stated, labelled_query.original.is_some()));
        if labelled_query.is_unknown {
            score.unknown.extend(first.map(|first| first.probability));
        } else if let Some(first) = first {
            let is_one = |found: &DocAddress| pairs.are_one(labelled_query.report, *found);
            let right = [first.address, first.candidate.address].iter().any(is_one);
            score.stated.push((stated, right));
        }
    }
    score
}

/// The answers of the rule. Of equally near reports the newest comes first, the order that suits
/// the rule best.
fn fixed(pairs: &LabelledPairs, queries: &[&LabelledQuery]) -> RankingScore {
    let snapshot = &pairs.snapshot;
    let mut score = RankingScore::default();
    for labelled_query in queries {
        let second = snapshot.requested(labelled_query.report);
        let service = ServiceCode::new(pairs.service(labelled_query.report));
        let filter = Filter { services: service.map(|code| vec![code]), ..Filter::default() };
        let at = snapshot.position(labelled_query.report).expect("only placed reports ask");
        let near = within_radius(
            snapshot,
            &snapshot.compiled(&filter),
            at,
            Meters(RULE_M),
            None,
            snapshot.len(),
        );
        let mut found: Vec<(Meters, DocAddress)> = near
            .items
            .iter()
            .filter(|one| {
                one.address != labelled_query.report && snapshot.requested(one.address) <= second
            })
            .filter(|one| was_open(snapshot, one.address, second))
            .map(|one| (one.distance, one.address))
            .collect();
        found.sort_by(|a, b| {
            let newer = snapshot.requested(b.1).cmp(&snapshot.requested(a.1));
            a.0.0.total_cmp(&b.0.0).then(newer)
        });
        found.truncate(RULE_FIRST);
        let addresses: Vec<DocAddress> = found.iter().map(|(_, address)| *address).collect();
        score.add(pairs, labelled_query, &addresses);
        let sure = found.first().map_or(0.0, |(distance, _)| 1.0 / (1.0 + distance.0));
        score.detected.push((sure, labelled_query.original.is_some()));
    }
    score
}

fn table(
    pairs: &LabelledPairs,
    queries: &[&LabelledQuery],
    ours: &RankingScore,
    rule: &RankingScore,
) -> String {
    let mut text = String::from(
        "| original named by people, filed first | pairs | | first | in five | MRR | \
         first is of the incident |\n|---|---:|---|---:|---:|---:|---:|\n",
    );
    let mut row = |name: &str, ours: &Ranks, rule: &Ranks| {
        if ours.queries > 0 {
            let (n, ours, rule) = (ours.queries, ours.cells(), rule.cells());
            text += &format!("| {name} | {n} | pointchaud | {ours} |\n| | | rule | {rule} |\n");
        }
    };
    row("all", &ours.all, &rule.all);
    let mut services: Vec<_> = ours.by_service.iter().collect();
    services.sort_by_key(|(_, ranks)| std::cmp::Reverse(ranks.queries));
    for (service, ranks) in services.into_iter().filter(|(_, ranks)| ranks.queries >= ROW_MIN) {
        let name = pairs.catalogue.get(service).map_or(service.as_str(), |s| &s.names.en);
        row(name, ranks, &rule.by_service[service]);
    }
    row("filed after its duplicate: the later asks", &ours.turned, &rule.turned);
    let (ap, rule_ap) = (average_precision(&ours.detected), average_precision(&rule.detected));
    let labelled =
        queries.iter().filter(|labelled_query| labelled_query.original.is_some()).count();
    let share = 100.0 * labelled as f64 / queries.len().max(1) as f64;
    text += &format!(
        "\nDetection, {labelled} labelled ({share:.1} %) among {} reports: average precision \
         {ap:.3}, rule {rule_ap:.3}.\n\n",
        queries.len()
    );
    text += &calibration::table(&ours.stated, &ours.unknown);
    let bands = reliability(&ours.stated, BANDS);
    text += &format!(
        "\nExpected calibration error {:.4}; above 10 %, {:.4}.\n",
        calibration_error(&bands),
        calibration_error(&bands[1..]),
    );
    text
}
