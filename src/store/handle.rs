//! The handle on a store that everybody who reads holds, and what it adds to [`StoreReader`].

use std::ops::Deref;
use std::sync::Arc;

use crate::domain::{Change, JurisdictionId, StoredReport};
use crate::error::Result;
use crate::store::reader::StoreReader;
use crate::store::sqlite::LINKS_MAX;

/// A handle on a store for readers; cheap to clone. It derefs to what a store can be asked.
#[derive(Clone)]
pub struct Reader(Arc<dyn StoreReader>);

impl Deref for Reader {
    type Target = dyn StoreReader;

    fn deref(&self) -> &Self::Target {
        &*self.0
    }
}

impl Reader {
    /// The handle on this reader of a store.
    pub(super) fn new(store: impl StoreReader + 'static) -> Self {
        Self(Arc::new(store))
    }

    /// As [`StoreReader::changes_after`], with any closure.
    ///
    /// # Errors
    /// The store cannot be read or is corrupt.
    pub fn changes_after(
        &self,
        jurisdiction: &JurisdictionId,
        revision: u64,
        page: usize,
        mut sink: impl FnMut(Vec<Change>, u64) -> bool,
    ) -> Result<()> {
        self.0.changes_after(jurisdiction, revision, page, &mut sink)
    }

    /// All of a jurisdiction's reports by id, read page by page.
    pub fn scan<'a>(&'a self, jurisdiction: &'a JurisdictionId) -> Scan<'a> {
        Scan {
            reader: self,
            jurisdiction,
            page: Vec::new().into_iter(),
            after: Some(String::new()),
        }
    }

    /// The original of the incident of a report; the report itself, if it names no parent that is
    /// in the store.
    ///
    /// # Errors
    /// The store cannot be read or is corrupt.
    pub fn original(
        &self,
        jurisdiction: &JurisdictionId,
        report: StoredReport,
    ) -> Result<StoredReport> {
        let mut at = report;
        for _ in 0..LINKS_MAX {
            let Some(parent) = &at.report.parent else { break };
            let Some(above) = self.get(jurisdiction, parent.as_str())? else { break };
            at = above;
        }
        Ok(at)
    }
}

/// All reports of a jurisdiction by id, read page by page: the iterator of [`Reader::scan`].
pub struct Scan<'a> {
    reader: &'a Reader,
    jurisdiction: &'a JurisdictionId,
    page: std::vec::IntoIter<StoredReport>,
    /// The last id read; `None` after the last page or after an error.
    after: Option<String>,
}

impl Scan<'_> {
    /// Reports of a page.
    const PAGE: usize = 2_000;
}

impl Iterator for Scan<'_> {
    type Item = Result<StoredReport>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(stored) = self.page.next() {
            return Some(Ok(stored));
        }
        let after = self.after.take()?;
        match self.reader.page(self.jurisdiction, &after, Self::PAGE) {
            Err(error) => Some(Err(error)),
            Ok(page) => {
                self.after = page.last().map(|stored| stored.report.id.to_string());
                self.page = page.into_iter();
                self.page.next().map(Ok)
            }
        }
    }
}
