//! What cities keep no longer is erased once a day.

use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

use crate::domain::Actor;
use crate::error::{Error, Result};
use crate::usecase::App;
use crate::usecase::erasure::{Eraser, remove_erased_photos, rewrite_if_due, to_the_end};

/// Time between two passes; the first one is at the start of the service.
const EVERY: Duration = Duration::from_secs(24 * 60 * 60);

/// Removes a photo, which may be gone already, by its name.
pub type PhotoRemover = Box<dyn Fn(&str) -> Result<()> + Send + Sync>;

/// The daily pass.
#[derive(Default)]
pub struct RetentionPass {
    last: Mutex<Option<Instant>>,
    remover: OnceLock<PhotoRemover>,
}

impl RetentionPass {
    /// Says how photos are removed, once. Without it, photos of erased reports stay listed in the
    /// store until `pointchaud erase` removes their files.
    pub fn set_remover(&self, remover: PhotoRemover) {
        // The first one stays.
        let _ = self.remover.set(remover);
    }

    /// Runs the pass if it is due. What fails is logged, and tried again the next day.
    pub fn run_if_due(&self, app: &App) {
        let mut last = self.last.lock().unwrap_or_else(|poison| poison.into_inner());
        if last.is_some_and(|last| last.elapsed() < EVERY) || !app.is_ready() {
            return;
        }
        *last = Some(Instant::now());
        let failed = |error: Error| {
            tracing::error!(%error, cause = ?error.cause, "the daily erasure failed");
        };
        self.run(app).unwrap_or_else(failed);
    }

    /// Runs the pass now: erases what each city keeps no longer, removes the files of erased
    /// photos, and writes the store's file anew if anything was erased. Other writes wait while the
    /// file is written.
    ///
    /// # Errors
    /// The store; the photos cannot be reached.
    pub fn run(&self, app: &App) -> Result<()> {
        let (reader, writer) = (app.reader(), &app.writer().by(Actor::command("serve retention")));
        for city in app.cities() {
            let (jurisdiction, catalogue) = (city.id(), city.catalogue());
            let author = "retention".to_owned();
            let goes_on = &to_the_end;
            let eraser = Eraser { reader, writer, jurisdiction, catalogue, author, goes_on };
            let outcome = eraser.erase_expired(app.now(), false)?;
            if !outcome.reports.is_empty() {
                let count = outcome.reports.len();
                tracing::info!(city = %city.id(), count, "reports lost what is kept no longer");
            }
        }
        if let Some(remove) = self.remover.get() {
            remove_erased_photos(reader, writer, &mut |name| remove(name))?;
        }
        rewrite_if_due(reader, writer)
    }
}
