//! Zones of a file's times: abbreviations in the times, and zones in the names of their columns.

use jiff::civil::Time;

use crate::error::{Error, ErrorKind, Result};
use crate::i18n::Message;
use crate::ingest::mapping::row_draft::{Mapping, RowCells};
use crate::ingest::mapping::zones::ZoneCell;
use crate::ingest::survey::rows::Survey;
use crate::ingest::time::text::{Written, WrittenDate, WrittenZone};
use crate::ingest::time::zone_words::{NamedZone, own_offset};
use crate::message;

/// Abbreviations that are kept.
const WORDS_MAX: usize = 8;

impl Survey {
    /// Keeps the abbreviation of a time that the city's zone does not use and others share.
    pub fn zone_of_time(&mut self, mapping: &Mapping, parts: &Written) {
        let WrittenZone::Word(word) = parts.zone else { return };
        let date = match parts.date {
            WrittenDate::Sure(date) => date,
            WrittenDate::Either { .. } => self.today,
        };
        let wall = date.to_datetime(parts.time.unwrap_or(Time::midnight()));
        let clock = &mapping.clock;
        if clock.zones.zone(&clock.zone, word, wall).is_none()
            && self.zone_words.len() < WORDS_MAX
            && !self.zone_words.contains(&word.word)
        {
            self.zone_words.push(word.word);
        }
    }

    /// Counts the row's cell of the column of zones.
    pub fn zone_of_row(&mut self, mapping: &Mapping, row: &impl RowCells) {
        if let Some(cell) = mapping.zone_cell(row) {
            let is_zone = ZoneCell::of(cell, &mapping.clock).is_some();
            let [zones, others] = &mut self.zone_cells;
            *(if is_zone { zones } else { others }) += 1;
        }
    }

    /// Says that the zones of the times are in a column, or that the cells of a column named so are
    /// none.
    fn settle_zone_column(&self, mapping: &mut Mapping) {
        let Some((_, name)) = mapping.zone_column.clone() else { return };
        match self.zone_cells {
            [0, 0] => {}
            [0, _] => {
                mapping.leave_zone_column();
                mapping.tell(message!(
                    "« {name} » : aucun fuseau horaire connu ; laissée de côté",
                    "'{name}': no known time zone in it; left aside"
                ));
            }
            _ => mapping.tell(message!(
                "heures sans décalage lues dans le fuseau que dit la colonne « {name} »",
                "times without an offset are read in the zone that the column '{name}' says"
            )),
        }
    }

    /// Why the zones of the times are not known; `None` where they are.
    pub fn zone_not_known(&self, mapping: &Mapping) -> Option<Message> {
        let city = mapping.zone_name();
        if let Some(word) = self.zone_words.first() {
            let shown = word.to_uppercase();
            return Some(message!(
                "Les heures qui finissent par « {shown} » peuvent être de plusieurs fuseaux, dont \
                 aucun n’est celui de la ville ({city}) : --time-zone indique un autre fuseau, ou \
                 [zones] {word} = \"America/New_York\" celui du sigle, dans le fichier de \
                 --mapping ; \"local\" est l’heure de la ville",
                "Times that end with '{shown}' may be of several zones, none of which is the \
                 city's ({city}): --time-zone names another zone, or [zones] {word} = \
                 \"America/New_York\" that of the abbreviation, in the --mapping file; \"local\" \
                 is the time of the city"
            ));
        }
        let (name, word) = self.names_with_zones(mapping, false).into_iter().next()?;
        let shown = word.to_uppercase();
        Some(message!(
            "La colonne « {name} » nomme le fuseau « {shown} », qui n’est pas celui de la ville \
             ({city}) : --time-zone indique un autre fuseau, ou [zones] {word} = \
             \"America/New_York\" celui du sigle, dans le fichier de --mapping ; \"local\" est \
             l’heure de la ville",
            "The column '{name}' names the zone '{shown}', which is not the city's ({city}): \
             --time-zone names another zone, or [zones] {word} = \"America/New_York\" that of the \
             abbreviation, in the --mapping file; \"local\" is the time of the city"
        ))
    }

    /// Columns whose name has an abbreviation, and it: those of the city's own zone, or those that
    /// nobody explained.
    fn names_with_zones(&self, mapping: &Mapping, is_own: bool) -> Vec<(String, String)> {
        let noon = self.today.at(12, 0, 0, 0);
        let words = mapping.named_zones.values().filter_map(|(name, zone)| match zone {
            NamedZone::Word(word) => Some((name, word)),
            NamedZone::Utc => None,
        });
        let open = words.filter(|(_, word)| {
            let own = own_offset(&mapping.clock.zone, word, noon).is_some();
            !mapping.profile.zones.contains_key(*word) && own == is_own
        });
        open.map(|(name, word)| (name.clone(), word.clone())).collect()
    }

    /// Says how times are read whose column names their zone.
    ///
    /// # Errors
    /// A zone is not known; says what declares it.
    pub fn settle_zones(&self, mapping: &mut Mapping) -> Result<()> {
        if let Some(message) = self.zone_not_known(mapping) {
            return Err(Error::new(ErrorKind::Invalid, message));
        }
        self.settle_zone_column(mapping);
        let city = mapping.zone_name().to_owned();
        let mut said = Vec::new();
        for (name, _) in self.names_with_zones(mapping, true) {
            said.push(message!(
                "« {name} » : heures sans décalage lues à l’heure locale de {city}, dont le nom a \
                 le sigle",
                "'{name}': times without an offset are read as local time of {city}, whose \
                 abbreviation the name has"
            ));
        }
        for (name, zone) in mapping.named_zones.values() {
            if *zone == NamedZone::Utc {
                said.push(message!(
                    "« {name} » : heures sans décalage lues en UTC, comme le dit le nom",
                    "'{name}': times without an offset are read as UTC, as the name says"
                ));
            }
        }
        said.into_iter().for_each(|message| mapping.tell(message));
        Ok(())
    }
}
