//! Which photos reports show.

use std::collections::HashSet;

use crate::error::Result;
use crate::store::sqlite::reader::Reader;

impl Reader {
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
