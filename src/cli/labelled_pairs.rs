//! Reports with labelled duplicate pairs: the data that the duplicate model is trained and scored
//! on.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use jiff::Timestamp;
use jiff::civil::Date;

use crate::cli::import;
use crate::cli::shared::{JurisdictionArguments, StoreArguments, catalogues};
use crate::cli::temporary_store::TemporaryStore;
use crate::domain::{
    Catalogue, ClosedReason, Filter, Jurisdiction, ReportTime, ServiceCode, SystemClock, View,
};
use crate::error::{Error, Refusal, Result};
use crate::index::{DocAddress, Snapshot};
use crate::ingest::{Pair, builtin_model, read_model, read_pairs};
use crate::message;
use crate::query::{DuplicateModel, DuplicateQuery, DuplicateRule};
use crate::statistics::DisjointSet;
use crate::store::Reader;
use crate::usecase::{City, jurisdictions};

/// Sources of reports and labels.
#[derive(Debug, Args)]
pub struct LabelledPairsArguments {
    #[command(flatten)]
    store: StoreArguments,
    #[command(flatten)]
    jurisdiction: JurisdictionArguments,
    /// Labelled pairs: a CSV file with the columns child_id and parent_id, or the ground truth file
    /// of a generated city (default: the originals named by the reports themselves).
    #[arg(long)]
    pairs: Option<PathBuf>,
    /// A city's export to read the reports from instead of the store; its layout is recognised.
    #[arg(long)]
    reports: Option<PathBuf>,
    /// Model to use instead of the built-in one (TOML, as written by `train`).
    #[arg(long)]
    pub model: Option<PathBuf>,
}

/// A report as a duplicate query at the time it was made.
#[derive(Debug, Clone, Copy)]
pub struct LabelledQuery {
    /// The report.
    pub report: DocAddress,
    /// The earlier report of its labelled pair.
    pub original: Option<DocAddress>,
    /// Whether it is the labelled duplicate of the pair.
    pub is_child: bool,
    /// Was it closed as a duplicate of a report that no pair names? Nobody can say then which
    /// candidate is the right one, so neither training nor evaluation may call one wrong.
    pub is_unknown: bool,
}

/// Reports with their labels.
pub struct LabelledPairs {
    /// The city's services.
    pub catalogue: Arc<Catalogue>,
    /// The reports.
    pub snapshot: Arc<Snapshot>,
    /// Every report with an exact position, by time.
    pub queries: Vec<LabelledQuery>,
    /// Incident number of each labelled report.
    pub incidents: HashMap<DocAddress, usize>,
    /// Notes about labels that cannot be used.
    pub left_out: String,
    city: City,
}

impl LabelledPairs {
    /// Reads reports and labels.
    ///
    /// # Errors
    /// Unreadable files; labels that name no known report.
    pub fn read(arguments: &LabelledPairsArguments) -> Result<Self> {
        let scratch = arguments.reports.as_ref().map(|_| TemporaryStore::new());
        let (reader, jurisdiction) = match (&arguments.reports, &scratch) {
            (Some(file), Some(scratch)) => {
                let id = import::quietly(file, &scratch.0)?;
                let reader = Reader::open(&scratch.0)?;
                let jurisdiction = jurisdictions::stored(&reader, &id)?;
                (reader, jurisdiction)
            }
            _ => {
                let reader = Reader::open(&arguments.store.existing()?)?;
                let jurisdiction = arguments.jurisdiction.of(&reader)?;
                (reader, jurisdiction)
            }
        };
        let city = city(&reader, jurisdiction)?;
        let snapshot = city.snapshots(View::Crew).load();
        let pairs = match &arguments.pairs {
            Some(path) => read_pairs(path)?,
            None => (own_pairs(&snapshot), 0),
        };
        Self::of(city, pairs)
    }

    fn of(city: City, (pairs, unusable): (Vec<Pair>, usize)) -> Result<Self> {
        let snapshot = city.snapshots(View::Crew).load();
        let placed = placed(&snapshot);
        let is_placed: HashSet<DocAddress> = placed.iter().copied().collect();
        let find = |id: &str| snapshot.find(id).filter(|address| is_placed.contains(address));
        let order = |address: DocAddress| (snapshot.requested(address), snapshot.id(address));
        let (mut asked, mut linked, mut absent) = (HashMap::new(), Vec::new(), 0);
        for Pair { child, parent } in &pairs {
            let (Some(child), Some(parent)) = (find(child), find(parent)) else {
                absent += 1;
                continue;
            };
            linked.push((child, parent));
            let is_child = order(parent) <= order(child);
            let (later, earlier) = if is_child { (child, parent) } else { (parent, child) };
            // A labelled duplicate is queried for its own pair first.
            let original = Some(earlier);
            let labelled_query =
                LabelledQuery { report: later, original, is_child, is_unknown: false };
            let known: &mut LabelledQuery = asked.entry(later).or_insert(labelled_query);
            if is_child && !known.is_child {
                *known = labelled_query;
            }
        }
        if linked.is_empty() {
            let message = message!(
                "aucune paire ne nomme deux demandes qui ont un lieu exact",
                "no pair names two reports that both have an exact location"
            );
            return Err(Refusal::new("--pairs", pairs.len(), message).into());
        }
        let incidents = incidents(&linked);
        let ask = |address: &DocAddress| {
            let is_closed_as_one =
                snapshot.state(*address).reason() == Some(ClosedReason::Duplicate);
            let none = LabelledQuery {
                report: *address,
                original: None,
                is_child: false,
                is_unknown: is_closed_as_one && !incidents.contains_key(address),
            };
            asked.get(address).copied().unwrap_or(none)
        };
        let queries = placed.iter().map(ask).collect();
        let left_out = format!(
            "{} pairs; left out: {unusable} marked unusable or repeated, {absent} without two \
             exactly placed reports",
            linked.len()
        );
        Ok(Self { catalogue: city.catalogue(), snapshot, queries, incidents, left_out, city })
    }

    /// Are both reports labelled as members of one incident?
    pub fn are_one(&self, one: DocAddress, other: DocAddress) -> bool {
        let incident = self.incidents.get(&one);
        incident.is_some() && incident == self.incidents.get(&other)
    }

    /// The queries of a time range.
    pub fn between(&self, from: i64, before: i64) -> impl Iterator<Item = &LabelledQuery> {
        self.queries.iter().filter(move |labelled_query| {
            let at = self.snapshot.requested(labelled_query.report);
            from <= at && at < before
        })
    }

    /// The city's name.
    pub fn city(&self) -> String {
        self.city.jurisdiction().name.clone()
    }

    /// The second of Unix time at which a date or time begins in the city's time zone.
    ///
    /// # Errors
    /// Not a date or time.
    pub fn second(&self, name: &str, text: &str) -> Result<i64> {
        let read = ReportTime::parse(text, self.city.zone());
        Ok(read.map_err(|message| Refusal::new(name, text, message))?.second())
    }

    /// The day in the city's time zone on which a report was made.
    ///
    /// # Errors
    /// A time outside the calendar, which no stored report has.
    pub fn day(&self, address: DocAddress) -> Result<Date> {
        let at = Timestamp::from_second(self.snapshot.requested(address));
        Ok(self.city.zone().to_datetime(at.map_err(Error::internal)?).date())
    }

    /// The code of the service of a report.
    pub fn service(&self, address: DocAddress) -> &str {
        self.snapshot.service_code(self.snapshot.service(address))
    }

    /// One duplicate rule for every service.
    pub fn rules(&self, model: &DuplicateModel) -> Vec<DuplicateRule> {
        let codes =
            (0..self.snapshot.service_count() as u16).map(|n| self.snapshot.service_code(n));
        let services = codes.filter_map(ServiceCode::new);
        let rule = |code| DuplicateRule::new(&self.snapshot, &self.catalogue, model, &code);
        services.map(rule).collect()
    }

    /// The duplicate query of a report at the time it was made.
    pub fn query(&self, asked: DocAddress) -> DuplicateQuery<'_> {
        DuplicateQuery::of(&self.snapshot, asked).expect("only placed reports ask")
    }
}

/// A city of the store with its index.
///
/// # Errors
/// The store.
pub fn city(reader: &Reader, jurisdiction: Jurisdiction) -> Result<City> {
    let base = catalogues()?.of(&jurisdiction.id);
    let city = City::new(jurisdiction, base, reader, SystemClock::shared())?;
    city.boot(reader)?;
    Ok(city)
}

/// Every report with an exact position, by time and then by id.
pub fn placed(snapshot: &Snapshot) -> Vec<DocAddress> {
    let mut placed = Vec::with_capacity(snapshot.len());
    snapshot.scan_located(&snapshot.compiled(&Filter::default()), 0, 1, |batch| {
        batch.slots().each(|slot| placed.push(batch.address(slot)));
    });
    placed.sort_by_key(|address| (snapshot.requested(*address), snapshot.id(*address)));
    placed
}

/// Pairs from the originals that reports name.
fn own_pairs(snapshot: &Snapshot) -> Vec<Pair> {
    let of = |address: DocAddress| {
        let parent = snapshot.parent(address)?.to_owned();
        Some(Pair { child: snapshot.id(address).to_owned(), parent })
    };
    placed(snapshot).into_iter().filter_map(of).collect()
}

/// Numbers of the incidents that the pairs form.
fn incidents(linked: &[(DocAddress, DocAddress)]) -> HashMap<DocAddress, usize> {
    let mut numbers: HashMap<DocAddress, u32> = HashMap::new();
    for address in linked.iter().flat_map(|(child, parent)| [child, parent]) {
        let next = numbers.len() as u32;
        numbers.entry(*address).or_insert(next);
    }
    let mut grouping = DisjointSet::new(numbers.len());
    for (child, parent) in linked {
        grouping.join(numbers[child], numbers[parent]);
    }
    numbers.into_iter().map(|(address, n)| (address, grouping.find(n) as usize)).collect()
}

/// Reads a model from a file, or returns the built-in one.
///
/// # Errors
/// What is wrong with the file.
pub fn model(path: Option<&Path>) -> Result<DuplicateModel> {
    let Some(path) = path else { return builtin_model().map_err(Error::internal) };
    let text = std::fs::read_to_string(path).map_err(|error| error.to_string());
    text.and_then(|text| read_model(&text)).map_err(|reason| {
        Refusal::new("--model", path.display(), message!("{reason}", "{reason}")).into()
    })
}
