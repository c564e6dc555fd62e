//! Which photos reports show.

use std::collections::HashSet;

use crate::error::Result;
use crate::store::sqlite::reader::Reader;

/// A report that shows a photo, itself or in one of its updates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhotoOwner {
    /// The report's city.
    pub jurisdiction: String,
    /// The report.
    pub report: String,
}

impl Reader {
    /// The reports that show a photo of this service. Reads the indexes of all photos: milliseconds
    /// for a hundred thousand. The name must be a valid one of a photo.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn photo_owners(&self, name: &str) -> Result<Vec<PhotoOwner>> {
        self.with(|db| {
            let mut statement = db.prepare_cached(
                "SELECT j.jurisdiction_id, r.service_request_id
                 FROM report r INDEXED BY report_photo
                    JOIN jurisdiction j ON j.number = r.jurisdiction
                 WHERE r.media_url IS NOT NULL AND instr(r.media_url, ?1) > 0 AND r.removed = 0
                 UNION SELECT u.jurisdiction_id, u.service_request_id
                 FROM report_update u INDEXED BY report_update_photo
                 WHERE u.media_url IS NOT NULL AND instr(u.media_url, ?1) > 0",
            )?;
            // A thumbnail is shown with its photo, and the other way round.
            let stem = name.strip_suffix(".jpg").unwrap_or(name);
            let stem = stem.strip_suffix("-320").unwrap_or(stem);
            let rows = statement.query_map([stem], |row| {
                Ok(PhotoOwner { jurisdiction: row.get(0)?, report: row.get(1)? })
            })?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Those of these photos of this service that a report or an update shows. Reads every row with
    /// a photo.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn shown_photos(&self, names: &HashSet<String>) -> Result<HashSet<String>> {
        self.with(|db| {
            let mut shown = HashSet::new();
            let mut statement = db.prepare(
                "SELECT media_url FROM report WHERE media_url IS NOT NULL UNION ALL
                 SELECT media_url FROM report_update WHERE media_url IS NOT NULL",
            )?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let Some(urls) = row.get_ref(0)?.as_str().ok() else { continue };
                for url in urls.lines() {
                    let name = url.rsplit("/media/").next().unwrap_or_default();
                    // Its thumbnail shows a photo, too.
                    let name = name.replace("-320.jpg", ".jpg");
                    shown.extend(names.get(&name).cloned());
                }
            }
            Ok(shown)
        })
    }
}
