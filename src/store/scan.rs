//! All reports of a jurisdiction, read page by page.

use crate::domain::{JurisdictionId, StoredReport};
use crate::error::Result;
use crate::store::Reader;

/// Iterator of [`Reader::scan`].
pub struct Scan<'a> {
    reader: &'a Reader,
    jurisdiction: &'a JurisdictionId,
    page: std::vec::IntoIter<StoredReport>,
    after: Option<String>,
}

impl<'a> Scan<'a> {
    const PAGE: usize = 2_000;

    pub(super) fn new(reader: &'a Reader, jurisdiction: &'a JurisdictionId) -> Self {
        Self { reader, jurisdiction, page: Vec::new().into_iter(), after: Some(String::new()) }
    }
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
