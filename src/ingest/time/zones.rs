//! Zones of wall clocks: as the text says, the name of the column, or the city.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::domain::ReportTime;
use crate::i18n::Message;
use crate::ingest::time::reader::{TimeRead, TimeReader};
use crate::ingest::time::text::WrittenZone;
use crate::message;

impl TimeReader {
    /// As [`Self::read`], with wall clocks of another zone than the city's; days are the city's.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn read_in(&self, text: &str, wall: &TimeZone) -> Result<TimeRead, Message> {
        let (time, format) = Self { zone: wall.clone(), ..self.clone() }.read(text)?;
        match time.day_only() {
            Some(day) => Ok((ReportTime::day(day, &self.zone)?, format)),
            None => Ok((time, format)),
        }
    }

    /// The zone of a wall clock whose text says this of it.
    pub fn zone_of(&self, written: &WrittenZone, wall: DateTime) -> Result<TimeZone, Message> {
        match written {
            WrittenZone::Said(zone) => Ok(zone.clone()),
            WrittenZone::UtcWord if !self.utc_suffix_is_local => Ok(TimeZone::UTC),
            WrittenZone::UtcWord | WrittenZone::Unsaid => Ok(self.zone.clone()),
            WrittenZone::Word(word) => self.zones.zone(&self.zone, *word, wall).ok_or_else(|| {
                let (shown, word) = (word.word.to_uppercase(), word.word);
                message!(
                    "a le sigle « {shown} », qui peut être de plusieurs fuseaux et n’est pas \
                         de celui de la ville ; [zones] {word} le dit dans un fichier de --mapping",
                    "has the abbreviation '{shown}', which may be of several zones and is not \
                         of the city's; [zones] {word} in a --mapping file says it"
                )
            }),
        }
    }
}
