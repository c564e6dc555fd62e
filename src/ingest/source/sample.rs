//! The first rows of a source: which city they name, and where they lie.

use jiff::tz::TimeZone;

use crate::error::{ErrorKind, Refusal, Result};
use crate::ingest::profile::gaps::CITY_COLUMN;
use crate::ingest::read::{Row, SourceColumns};
use crate::ingest::source::file::SourceFile;
use crate::message;
use crate::place::{BBox, Position};

/// What the first rows of a file say about its city.
#[derive(Debug, Clone, Default)]
pub struct SourceSample {
    /// The jurisdictions that rows name in the column `jurisdiction_id`, each once.
    pub jurisdictions: Vec<String>,
    /// The places of the rows.
    pub places: Vec<Position>,
    /// Some times have no offset: they depend on the time zone of the city.
    pub needs_time_zone: bool,
}

/// Rows of a [`SourceSample`].
const SAMPLE_ROWS: usize = 5_000;

impl SourceFile {
    /// Reads the first 5,000 rows for what they say about the city. `extent` is that of the city
    /// that may be meant; see [`SourceFile::read`].
    ///
    /// # Errors
    /// As [`SourceFile::read`], except for what is to be decided.
    pub fn sample(&self, extent: Option<BBox>) -> Result<SourceSample> {
        let mut sample = SourceSample { jurisdictions: self.named_cities()?, ..Default::default() };
        let mut read = |zone: TimeZone| -> Result<Vec<_>> {
            let (mut times, mut places, mut rows) = (Vec::new(), Vec::new(), 0);
            self.read(zone, extent, false, &mut |row| {
                rows += 1;
                if let Ok((draft, _)) = row.mapped {
                    let at = [draft.requested, draft.updated, draft.closed];
                    times.push(at.map(|time| time.map(|time| time.as_instant())));
                    let place = draft.lon_lat.and_then(|(lon, lat)| Position::new(lon, lat).ok());
                    places.extend(place);
                }
                rows < SAMPLE_ROWS
            })?;
            sample.places = places;
            Ok(times)
        };
        // A wall clock is another instant in another zone. Rows that cannot be read yet, because
        // the order of day and month or the projection is open, tell no place; the import itself
        // says what is to be decided.
        sample.needs_time_zone = match read(TimeZone::UTC) {
            Ok(west) => west != read(TimeZone::fixed(jiff::tz::offset(12)))?,
            Err(error) if error.kind == ErrorKind::Invalid && error.refusals.is_empty() => true,
            Err(error) => return Err(error),
        };
        Ok(sample)
    }

    /// The jurisdictions that the first rows name.
    fn named_cities(&self) -> Result<Vec<String>> {
        let mut rows = self.input.rows()?;
        let (mut row, mut found) = (Row::default(), Vec::new());
        for _ in 0..SAMPLE_ROWS {
            if !rows.next(&mut row)? {
                break;
            }
            if let Some(name) = named_city(&row, rows.columns())
                && !found.iter().any(|known| known == name)
            {
                found.push(name.to_owned());
            }
        }
        Ok(found)
    }

    /// From now on, refuses rows that name another jurisdiction than this one.
    pub fn read_only(&self, jurisdiction: &str) {
        self.only_city.replace(Some(jurisdiction.to_owned()));
    }

    /// Refuses a row of another jurisdiction than the one that is read.
    pub(in crate::ingest) fn other_city(
        &self,
        row: &Row,
        columns: &SourceColumns,
    ) -> Option<Refusal> {
        let only = self.only_city.borrow();
        let (only, name) = (only.as_deref()?, named_city(row, columns)?);
        let message = message!(
            "est une autre ville que celle des premières lignes ({only})",
            "is another city than that of the first rows ({only})"
        );
        (name != only).then(|| Refusal::new(CITY_COLUMN, name, message))
    }
}

/// The jurisdiction that a row names.
fn named_city<'a>(row: &'a Row, columns: &SourceColumns) -> Option<&'a str> {
    let column = columns.folded().iter().position(|name| name == CITY_COLUMN)?;
    row.cells.get(column).map(str::trim).filter(|name| !name.is_empty())
}
