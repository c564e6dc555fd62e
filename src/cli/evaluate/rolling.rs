//! Rolling evaluation of the duplicate model: each month is scored with a model that was trained on
//! all months before it, as a city that trains its model every month would have it. A choice that
//! fits one split of the data by chance shows as months that disagree.

use std::process::ExitCode;

use jiff::civil::Date;

use crate::cli::evaluate::calibration::{self, LikelyAnswers};
use crate::cli::evaluate::duplicates::{Ranks, ours};
use crate::cli::labelled_pairs::{LabelledPairs, LabelledPairsArguments, LabelledQuery, model};
use crate::cli::train::train;
use crate::error::{Error, Result};
use crate::query::DuplicateModel;

/// A calendar month of the city.
struct Month {
    name: String,
    from: i64,
    before: i64,
}

/// Prints the table.
pub fn run(arguments: &LabelledPairsArguments) -> Result<ExitCode> {
    let pairs = LabelledPairs::read(arguments)?;
    let base = model(arguments.model.as_deref())?;
    print!("{}\n\n{}", pairs.left_out, table(&pairs, &base)?);
    Ok(ExitCode::SUCCESS)
}

/// A row for each month that has labelled duplicates and enough of them before it.
///
/// # Errors
/// No month has enough labels before it.
fn table(pairs: &LabelledPairs, base: &DuplicateModel) -> Result<String> {
    let mut text = String::from(
        "| month | trained on | pairs | first | in five | MRR | first is of the incident |\n\
         |---|---:|---:|---:|---:|---:|---:|\n",
    );
    let mut calibrated =
        format!("| month | {} |\n|---|---:|---:|---:|---:|---:|---:|\n", LikelyAnswers::COLUMNS);
    let (mut all, mut refused) = (Ranks::default(), None);
    let (mut stated, mut unknown) = (Vec::new(), Vec::new());
    for month in months(pairs)? {
        let earlier: Vec<&LabelledQuery> = pairs.between(i64::MIN, month.from).collect();
        let asked: Vec<&LabelledQuery> = pairs.between(month.from, month.before).collect();
        if !asked.iter().any(|query| query.original.is_some()) {
            continue;
        }
        let model = match train(pairs, base, &earlier, &[]) {
            Ok(model) => model,
            Err(error) => {
                refused = Some(error);
                continue;
            }
        };
        let labels = earlier.iter().filter(|query| query.original.is_some()).count();
        let score = ours(pairs, &pairs.rules(&model), &asked);
        text += &row(&month.name, &labels.to_string(), &score.all);
        let likely = LikelyAnswers::of(&score.stated, &score.unknown).cells();
        calibrated += &format!("| {} | {likely} |\n", month.name);
        all.join(&score.all);
        stated.extend(score.stated);
        unknown.extend(score.unknown);
    }
    match refused {
        Some(error) if all.queries == 0 => Err(error),
        _ => {
            let likely = LikelyAnswers::of(&stated, &unknown).cells();
            let bands = calibration::table(&stated, &unknown);
            let all = row("all", "", &all);
            Ok(format!("{text}{all}\n{calibrated}| all | {likely} |\n\n{bands}"))
        }
    }
}

fn row(name: &str, labels: &str, ranks: &Ranks) -> String {
    let (pairs, cells) = (ranks.queries, ranks.cells());
    format!("| {name} | {labels} | {pairs} | {cells} |\n")
}

/// The calendar months of the reports, in the city's time zone.
fn months(pairs: &LabelledPairs) -> Result<Vec<Month>> {
    let (Some(first), Some(last)) = (pairs.queries.first(), pairs.queries.last()) else {
        return Ok(Vec::new());
    };
    let day = |query: &LabelledQuery| pairs.day(query.report);
    let (mut at, last) = (day(first)?.first_of_month(), day(last)?);
    let mut months = Vec::new();
    while at <= last {
        let next = at.last_of_month().tomorrow().map_err(Error::internal)?;
        let second = |day: Date| pairs.second("", &day.to_string());
        let name = at.strftime("%Y-%m").to_string();
        months.push(Month { name, from: second(at)?, before: second(next)? });
        at = next;
    }
    Ok(months)
}
