//! The look over a source's rows that decides what no row alone says.

use std::time::{Duration, Instant};

use jiff::tz::TimeZone;

use crate::domain::{Clock, SystemClock};
use crate::error::{Error, Result};
use crate::ingest::mapping::row_draft::Mapping;
use crate::ingest::read::Row;
use crate::ingest::source::file::SourceFile;
use crate::ingest::survey::rows::{OpenQuestion, Survey};
use crate::ingest::time::date_order::DateOrder;
use crate::place::BBox;

impl SourceFile {
    /// Has the file any row under its header?
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn has_rows(&self) -> Result<bool> {
        self.input.rows()?.next(&mut Row::default())
    }

    /// What the rows do not say, so that [`Self::read`] would refuse the file; `extent` is where
    /// its places lie, `zone` the time zone of its city, where they are known. The look over the
    /// rows takes at most `time_max`; rows after it may say more.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn open_questions(
        &self,
        extent: Option<BBox>,
        zone: Option<&str>,
        time_max: Option<Duration>,
    ) -> Result<Vec<OpenQuestion>> {
        let rows = self.input.rows()?;
        let header = rows.columns().folded();
        let zone = zone.and_then(|name| TimeZone::get(name).ok()).unwrap_or(TimeZone::UTC);
        let mut mapping = Mapping::new(self.profile.clone(), zone, extent, false, header)
            .map_err(Error::internal)?;
        mapping.order_of_earlier = self.order_of_earlier.get();
        let survey = self.look_over(&mut mapping, time_max)?;
        Ok(survey.questions(&mapping))
    }

    /// The digest of the names of the columns, by which files of one layout are known.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn layout_digest(&self) -> Result<String> {
        let rows = self.input.rows()?;
        let names = rows.columns().folded().join("\n");
        let digest = blake3::hash(names.as_bytes()).to_hex();
        Ok(digest.get(..32).unwrap_or_default().to_owned())
    }

    /// Reads dates that fit several orders in this one, which earlier files had.
    pub fn recall_date_order(&self, order: Option<DateOrder>) {
        self.order_of_earlier.set(order);
    }

    /// Reads a field of a recognised file from a column, or from none.
    ///
    /// # Errors
    /// The mapping is not well formed.
    pub fn decide(&mut self, field: &'static str, column: Option<usize>) -> Result<()> {
        if let Some(recognition) = &mut self.recognition {
            recognition.decide(field, column);
            self.profile = recognition.profile().map_err(Error::internal)?;
        }
        Ok(())
    }

    /// Looks over the rows, for at most this time. Where the file cannot be read to the end, the
    /// import says so.
    pub fn survey(&self, mapping: &mut Mapping, time_max: Option<Duration>) -> Result<Vec<String>> {
        self.look_over(mapping, time_max)?.settle(mapping)
    }

    fn look_over(&self, mapping: &mut Mapping, time_max: Option<Duration>) -> Result<Survey> {
        let began = Instant::now();
        let mut rows = self.input.rows()?;
        let mut survey = Survey::new(SystemClock.now().as_second());
        let mut row = Row::default();
        let mut known = 0;
        while matches!(rows.next(&mut row), Ok(true)) {
            if rows.columns().len() > known {
                known = rows.columns().len();
                mapping.resolve(rows.columns().folded());
            }
            let is_late = time_max.is_some_and(|max| began.elapsed() > max);
            if is_late || row.refusal.take().is_none() && !survey.row(mapping, &row.cells) {
                break;
            }
        }
        Ok(survey)
    }
}
