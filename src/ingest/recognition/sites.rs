//! Sites, such as parks and schools, that have a column of their own beside the addresses.

#![expect(
    clippy::indexing_slicing,
    reason = "columns and their samples have one entry for each number of a column"
)]

use crate::i18n::Message;
use crate::ingest::column::guess::SURE;
use crate::ingest::column::site_names::names_site;
use crate::ingest::column::values::ColumnSample;
use crate::ingest::recognition::recognised::{RecognisedColumn, Recognition};
use crate::message;

/// Distinct names from which a column may be one of sites: fewer are mostly kinds of sites.
const SITES_MIN: usize = 3;

/// Certainty of the names of sites as addresses, where a file has no other.
const ALONE: f64 = 0.72;

impl Recognition {
    /// The names of sites are better than no address, and no address beside another column of
    /// addresses: with that one they are joined.
    pub fn rank_sites(&mut self) {
        let is_address = |column: &RecognisedColumn| {
            let guess = column.guess;
            let is_sure = guess.is_some_and(|(field, sure)| field == "address" && sure >= SURE);
            is_sure && !names_site(&column.bare) && !column.examples.is_empty()
        };
        let has_address = self.columns.iter().any(is_address);
        for at in 0..self.columns.len() {
            if self.may_be_sites(at, &self.values[at]) {
                self.columns[at].guess = (!has_address).then_some(("address", ALONE));
            }
        }
    }

    /// Has the column names of sites, by its name and its values?
    fn may_be_sites(&self, at: usize, values: &ColumnSample) -> bool {
        let column = &self.columns[at];
        let is_free = column
            .guess
            .is_none_or(|(field, _)| ["address", "description", "category"].contains(&field));
        let others = values.numbers + values.times + values.links + values.containers;
        is_free
            && !column.key.is_empty()
            && !column.is_of_others
            && names_site(&column.bare)
            && values.distinct.len() >= SITES_MIN
            && !values.are_flags()
            && values.share(others + values.places) < 0.1
            && values.channels() < 0.3
    }

    /// Reads the names of sites with the addresses: `Riverside Park, 1 Main St`. A row that lacks
    /// one of them has the other.
    pub fn join_sites(&mut self, values: &[ColumnSample]) {
        let is_site = |at: &usize| {
            let column = &self.columns[*at];
            let is_open = column.field.is_none_or(|field| field == "address");
            is_open && !column.joined && !column.is_declared && self.may_be_sites(*at, &values[*at])
        };
        let Some(site) = (0..self.columns.len()).find(is_site) else { return };
        let key = self.columns[site].key.clone();
        let addresses = self.keys("address").into_iter().filter(|address| *address != key);
        let addresses: Vec<String> = addresses.collect();
        let is_declared =
            |column: &RecognisedColumn| column.is_declared && column.field == Some("address");
        if addresses.is_empty() || self.columns.iter().any(is_declared) {
            return;
        }
        let joined = addresses.iter().map(|address| ("address", format!("{key}+{address}")));
        self.more.splice(0..0, joined);
        if self.columns[site].field.is_none() {
            self.more.push(("address", key));
            self.columns[site].joined = true;
        }
    }

    /// That the names of sites are read with the addresses, where they are.
    pub fn sites_in_words(&self) -> Option<Message> {
        let keys = self.more.iter().filter(|(field, _)| *field == "address");
        let (site, address) = keys.filter_map(|(_, keys)| keys.split_once('+')).next()?;
        let name = |key: &str| self.columns.iter().find(|column| column.key == key);
        let site = name(site).filter(|column| names_site(&column.bare))?;
        let (site, address) = (&site.name, &name(address.split('+').next()?)?.name);
        Some(message!(
            "adresses faites de « {site} » et de « {address} »",
            "addresses made of '{site}' and '{address}'"
        ))
    }
}
