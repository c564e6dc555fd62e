//! Whether the ids of a file are those of the reports in the store. Ids that begin again in each
//! file would overwrite other requests, and ids that are written otherwise would store the same
//! requests a second time.

use std::collections::{HashMap, HashSet};

use crate::domain::{JurisdictionId, Report, ReportTime};
use crate::error::Result;
use crate::i18n::Message;
use crate::message;
use crate::place::distance;
use crate::store::Reader;

/// Reports of the first batch whose ids are looked up, evenly over it.
const LOOKED_UP: usize = 500;
/// Reports of the store that are compared with the batch by their contents.
const SAMPLED: u64 = 2_000;
/// Fewest reports that show something.
const SHOWN_MIN: usize = 3;
/// Seconds by which two times of one request may differ.
const SAME_SECONDS: i64 = 3_600;
/// Metres by which two places of one request may differ: sources round and correct them.
const SAME_METERS: f64 = 200.0;
/// Of how many requests under known ids one has to be of another category, at least. A file that
/// corrects the times and places of an earlier one has the same categories.
const CATEGORIES_SHARE: usize = 4;
/// Beginning of the ids of rows that are named by their contents.
const BY_CONTENTS: &str = "row-";

/// Why the ids of reports are in doubt, beside those of the city in the store.
///
/// # Errors
/// The store cannot be read.
pub(super) fn doubt_of_ids(
    reader: &Reader,
    city: &JurisdictionId,
    reports: &[&Report],
) -> Result<Option<Message>> {
    let step = reports.len().div_ceil(LOOKED_UP).max(1);
    let rows: Vec<&Report> = reports.iter().copied().step_by(step).collect();
    let ids: Vec<&str> = rows.iter().map(|report| report.id.as_str()).collect();
    let known = reader.get_many(city, &ids)?.into_iter().map(|stored| stored.report);
    let known: HashMap<String, Report> =
        known.map(|report| (report.id.as_str().to_owned(), report)).collect();
    let pairs: Vec<(&Report, &Report)> =
        rows.iter().filter_map(|row| Some((*row, known.get(row.id.as_str())?))).collect();
    if let Some(doubt) = begun_again(&pairs) {
        return Ok(Some(doubt));
    }
    // Ids that are mostly known are written as in the store.
    if pairs.len() * 2 > rows.len() || rows.is_empty() {
        return Ok(None);
    }
    let stored = reader.sample_reports(city, SAMPLED)?.into_iter().map(|stored| stored.report);
    Ok(stored_under_others(reports, &stored.collect::<Vec<_>>()))
}

/// Are these the same time of request, as precisely as both are known?
fn is_same_time(a: &ReportTime, b: &ReportTime) -> bool {
    a.second() <= b.last_second() + SAME_SECONDS && b.second() <= a.last_second() + SAME_SECONDS
}

/// Are both at one place? `None` where their places do not say it.
fn is_same_place(a: &Report, b: &Report) -> Option<bool> {
    match (a.position, b.position, &a.address, &b.address) {
        (Some(a), Some(b), ..) => Some(distance(a, b).0 <= SAME_METERS),
        (_, _, Some(a), Some(b)) => Some(a == b),
        _ => None,
    }
}

/// The doubt about rows, each with the stored report of its id, of which most are other requests:
/// of another time and place, and some of another category.
fn begun_again(pairs: &[(&Report, &Report)]) -> Option<Message> {
    let is_other = |(row, stored): &&(&Report, &Report)| {
        let is_elsewhere = match is_same_place(row, stored) {
            Some(is_same) => !is_same,
            None => row.service != stored.service,
        };
        is_elsewhere && !is_same_time(&row.requested, &stored.requested)
    };
    let others: Vec<&(&Report, &Report)> = pairs.iter().filter(is_other).collect();
    if others.len() < SHOWN_MIN || others.len() * 2 <= pairs.len() {
        return None;
    }
    let is_recategorised = |(row, stored): &&&(&Report, &Report)| row.service != stored.service;
    let example = others.iter().find(is_recategorised).or(others.first())?;
    let recategorised = others.iter().filter(is_recategorised).count();
    let services: HashSet<&str> = pairs
        .iter()
        .flat_map(|(row, stored)| [row.service.as_str(), stored.service.as_str()])
        .collect();
    if services.len() > 1 && recategorised * CATEGORIES_SHARE < others.len() {
        return None;
    }
    let (n, of, (row, stored)) = (others.len(), pairs.len(), example);
    let (id, first, then) = (&row.id, &stored.requested, &row.requested);
    let (one, other) = (&stored.service, &row.service);
    Some(message!(
        "id : {n} des {of} premières lignes dont l’identifiant est déjà dans le dépôt sont \
         d’autres demandes que celles qui y sont (autre heure, autre lieu, souvent autre \
         catégorie), comme « {id} » : {first}, {one} dans le dépôt ; {then}, {other} dans le \
         fichier. Des identifiants qui recommencent écraseraient ces demandes : choisissez une \
         autre colonne pour « id » (--mapping), ou --ids contents nomme les lignes d’après leur \
         contenu, ou --ids keep dit que ce sont des mises à jour",
        "id: {n} of the first {of} rows whose id is in the store are other requests than the ones \
         there (another time, another place, often another category), such as '{id}': {first}, \
         {one} in the store; {then}, {other} in the file. Ids that begin again would overwrite \
         those reports: choose another column for 'id' (--mapping), or --ids contents names the \
         rows by their contents, or --ids keep says that they are updates"
    ))
}

/// What two reports of one request have in common, whatever their ids: the second, the place in
/// ten-thousandths of degrees or the address, and the category.
fn contents(report: &Report) -> Option<(i64, [i64; 2], &str, &str)> {
    let rounded = |degrees: f64| (degrees * 10_000.0).round() as i64;
    let place = report.position.map(|at| [rounded(at.lon()), rounded(at.lat())]);
    let address = report.address.as_deref().filter(|_| place.is_none()).unwrap_or_default();
    let has_place = place.is_some() || !address.is_empty();
    let place = place.unwrap_or_default();
    has_place.then(|| (report.requested.second(), place, address, report.service.as_str()))
}

/// The doubt about reports that the store has under other ids: at least half of those stored from
/// the same span of time.
fn stored_under_others(reports: &[&Report], stored: &[Report]) -> Option<Message> {
    let ids: HashSet<&str> = reports.iter().map(|report| report.id.as_str()).collect();
    let of_contents: HashMap<_, &str> =
        reports.iter().filter_map(|one| Some((contents(one)?, one.id.as_str()))).collect();
    let first = reports.iter().map(|report| report.requested.second()).min()?;
    let last = reports.iter().map(|report| report.requested.last_second()).max()?;
    let (mut near, mut agreeing, mut doubled) = (0, 0, Vec::new());
    for one in stored.iter().filter(|one| (first..=last).contains(&one.requested.second())) {
        let id = one.id.as_str();
        if ids.contains(id) {
            agreeing += 1;
            continue;
        }
        near += 1;
        let twin = contents(one).and_then(|contents| of_contents.get(&contents)).copied();
        // A row that changed gets another name.
        let is_renamed = |twin: &&str| id.starts_with(BY_CONTENTS) && twin.starts_with(BY_CONTENTS);
        doubled.extend(twin.filter(|twin| !is_renamed(twin)).map(|twin| (id, twin)));
    }
    let is_shown = doubled.len() >= SHOWN_MIN && doubled.len() * 2 >= near;
    let (id, twin) = doubled.first().filter(|_| is_shown && doubled.len() > agreeing)?;
    let n = doubled.len();
    let (fr, en) = match twin.starts_with(BY_CONTENTS) {
        true => (
            format!("comme « {id} » ; le fichier n’a pas d’identifiants"),
            format!("such as '{id}'; the file has no ids"),
        ),
        false => (
            format!("comme « {id} » dans le dépôt et « {twin} » dans le fichier"),
            format!("such as '{id}' in the store and '{twin}' in the file"),
        ),
    };
    Some(message!(
        "id : {n} des {near} demandes comparées du dépôt ont l’heure, le lieu et la catégorie de \
         lignes du fichier, mais un autre identifiant, {fr}. Elles seraient enregistrées deux \
         fois : donnez au fichier les identifiants du dépôt, ou choisissez une autre colonne pour \
         « id » (--mapping), ou --ids keep dit que ce sont d’autres demandes",
        "id: {n} of {near} reports of the store that were compared have the time, place and \
         category of rows of the file, but another id, {en}. They would be stored twice: give the \
         file the ids of the store, or choose another column for 'id' (--mapping), or --ids keep \
         says that they are other requests"
    ))
}
