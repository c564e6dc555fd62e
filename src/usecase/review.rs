//! Texts and photos that the public does not see before a person has read them: which they are, and
//! what the person decides.

use std::sync::{Arc, PoisonError};

use crate::domain::{
    Actor, HeldText, Interrupt, PhotoChoice, ReportId, ReviewChoice, ShownTexts, StoredReport,
    TextDecision, View,
};
use crate::error::{Error, ErrorKind, Refusal, Result};
use crate::message;
use crate::store::ReviewTexts;
use crate::usecase::review_queue::{FoundReports, PAGE};
use crate::usecase::text_reviews::{BEING_STORED, text_digest};
use crate::usecase::{App, City};

/// A report with what waits for a person.
pub struct HeldReport {
    /// The report, as crews read it.
    pub stored: StoredReport,
    /// Its texts that wait, those of its updates among them.
    pub texts: Vec<HeldText>,
    /// Its photos that wait.
    pub photos: Vec<String>,
}

impl HeldReport {
    fn is_empty(&self) -> bool {
        self.texts.is_empty() && self.photos.is_empty()
    }
}

/// A page of reports with what waits.
pub struct HeldPage {
    /// The reports, that which changed longest ago first.
    pub reports: Vec<HeldReport>,
    /// Whether there are more.
    pub more: bool,
}

/// A decision about a report.
pub struct Review {
    /// About its texts.
    pub choice: ReviewChoice,
    /// Words that are left out besides those that were found, for [`ReviewChoice::Redact`].
    pub hide: Vec<String>,
    /// About its photos.
    pub photos: PhotoChoice,
    /// The revision of the report that the person has read.
    pub revision: u64,
}

/// Lists of photos, one for the report and one for each update.
type PhotoLists = Vec<Vec<String>>;

impl App {
    /// What of a report the public does not see before a person decides, decided already or not.
    fn held_of(
        &self,
        city: &City,
        stored: &StoredReport,
        decision: &dyn Fn(&str) -> Option<TextDecision>,
    ) -> Result<(Vec<HeldText>, PhotoLists)> {
        let policy = city.contents_of(stored.report.service.as_str());
        let texts = ShownTexts { policy, decision };
        let mut held = texts.held(&stored.report);
        let details = stored.report.details.as_deref();
        let mut photos = vec![details.map_or_else(Vec::new, |details| details.media.clone())];
        for (text, media) in self.reader().update_texts(city.id(), &stored.report.id)? {
            texts.held_update(text.as_deref(), &mut held);
            photos.push(media);
        }
        photos.retain(|media| texts.holds_photos(media));
        Ok((held, photos))
    }

    fn waiting(&self, city: &City, stored: StoredReport) -> Result<HeldReport> {
        let id = stored.report.id.clone();
        let decision = |text: &str| city.reviews.of(&id, text);
        let (texts, photos) = self.held_of(city, &stored, &decision)?;
        Ok(HeldReport { stored, texts, photos: photos.into_iter().flatten().collect() })
    }

    /// Reports after a revision with texts or photos that wait for a person, that which changed
    /// longest ago first. The first call reads all texts of the city, later ones what changed.
    ///
    /// # Errors
    /// Interrupted; the store.
    pub fn held_reports(
        &self,
        city: &City,
        mut after: u64,
        limit: usize,
        interrupt: &Interrupt,
    ) -> Result<HeldPage> {
        let mut queue = city.review_queue.lock().unwrap_or_else(PoisonError::into_inner);
        let mut reports = Vec::new();
        loop {
            let wanted = limit + 1 - reports.len();
            let next = |read| self.found_after(city, read);
            let rules = city.view_number(View::Listed);
            let found = queue.after(rules, after, wanted, interrupt, next)?;
            let Some((last, _)) = found.last() else { break };
            after = *last;
            let ids: Vec<&str> = found.iter().map(|(_, id)| id.as_str()).collect();
            let mut stored = self.reader().get_many(city.id(), &ids)?.into_iter().peekable();
            for (revision, id) in &found {
                let own = stored.next_if(|stored| stored.report.id == *id);
                let own = own.filter(|stored| stored.revision == *revision);
                let held = own.map(|stored| self.waiting(city, stored)).transpose()?;
                match held.filter(|held| !held.is_empty()) {
                    Some(held) => reports.push(held),
                    None => queue.forget(*revision),
                }
            }
            if reports.len() > limit {
                break;
            }
        }
        let more = reports.len() > limit;
        reports.truncate(limit);
        Ok(HeldPage { reports, more })
    }

    /// The reports of the next page of the store that wait.
    fn found_after(&self, city: &City, read: u64) -> Result<FoundReports> {
        let page = self.reader().texts_after(city.id(), read, PAGE)?;
        let mut reports = Vec::new();
        for stored in page.reports {
            let (revision, id) = (stored.revision, stored.report.id.clone());
            if !self.waiting(city, stored)?.is_empty() {
                reports.push((revision, id));
            }
        }
        Ok(FoundReports { reports, read: page.read, has_more: page.has_more })
    }

    /// Records what a person decided about everything of a report that the public does not see by
    /// itself. A decision holds for the texts as they are: one that changes waits again.
    ///
    /// # Errors
    /// Not found; stale where the report is not at the revision that was read; a conflict where
    /// nothing of it waits; refused where a word to be hidden is in no text; the store.
    pub async fn review(
        self: &Arc<Self>,
        city: &Arc<City>,
        id: ReportId,
        review: Review,
        (author, by): (String, Actor),
    ) -> Result<()> {
        let (app, own, expected) = (self.clone(), city.clone(), review.revision);
        let key = id.clone();
        let decide = move || {
            let found = app.reader().get(own.id(), key.as_str())?;
            let stored = found.ok_or_else(|| Error::not_found(key.as_str()))?;
            let (texts, photos) = app.held_of(&own, &stored, &|_| None)?;
            decisions(&key, &review, &texts, &photos)
        };
        let texts = self.compute(decide).await?;
        // Before the commit, so that no answer of its revision shows the state before.
        city.reviews.put(&texts, BEING_STORED);
        let jurisdiction = city.id().clone();
        let command = ReviewTexts { jurisdiction, id, expected, texts: texts.clone(), author };
        match self.execute(command, by).await {
            Ok(revision) => {
                city.reviews.put(&texts, revision);
                Ok(())
            }
            Err(error) => {
                city.reviews.forget(&texts);
                let (app, own) = (self.clone(), city.clone());
                self.compute(move || own.reviews.read_on(own.id(), app.reader())).await?;
                Err(error)
            }
        }
    }
}

/// The digest of each text and each list of photos with its decision.
fn decisions(
    id: &ReportId,
    review: &Review,
    texts: &[HeldText],
    photos: &[Vec<String>],
) -> Result<Vec<([u8; 32], TextDecision)>> {
    if texts.is_empty() && photos.is_empty() {
        let message = message!(
            "Rien de la demande {id} n’est retenu.",
            "Nothing of the report {id} is held."
        );
        return Err(Error::new(ErrorKind::Conflict, message));
    }
    if let Some(word) = review.hide.iter().find(|word| !texts.iter().any(|one| has(one, word))) {
        let message = message!("n’est dans aucun texte retenu", "is in no text that is held");
        return Err(Refusal::new("hide", word, message).into());
    }
    let decision = |held: &HeldText| match review.choice {
        ReviewChoice::Publish => TextDecision::Publish,
        ReviewChoice::KeepBack => TextDecision::KeepBack,
        ReviewChoice::Redact => TextDecision::Redact(parts(held, &review.hide)),
    };
    let of_texts = texts.iter().map(|held| (text_digest(id, &held.text), decision(held)));
    let of_photos = photos.iter().map(|media| {
        let decision = match review.photos {
            PhotoChoice::Publish => TextDecision::Publish,
            PhotoChoice::KeepBack => TextDecision::KeepBack,
        };
        (text_digest(id, &media.join("\n")), decision)
    });
    Ok(of_texts.chain(of_photos).collect())
}

fn has(held: &HeldText, word: &str) -> bool {
    !word.is_empty() && held.text.contains(word)
}

/// The parts of a text that are left out: its personal words and every place of the words to be
/// hidden, merged.
fn parts(held: &HeldText, hide: &[String]) -> Vec<(u32, u32)> {
    let words = hide.iter().filter(|word| !word.is_empty());
    let places = words.flat_map(|word| {
        held.text.match_indices(word.as_str()).map(|(at, found)| (at, at + found.len()))
    });
    let mut all: Vec<(usize, usize)> =
        held.spans.iter().map(|span| (span.start, span.end)).chain(places).collect();
    all.sort_unstable();
    let mut merged: Vec<(u32, u32)> = Vec::with_capacity(all.len());
    for (start, end) in all {
        let (start, end) = (start as u32, end as u32);
        match merged.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            _ => merged.push((start, end)),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::personal_spans;

    #[test]
    fn what_is_hidden_is_what_was_found_and_what_the_person_names() {
        let text = "Appelez Mme Roy au 418 555-0134, la maison rose de Mme Roy".to_owned();
        let spans = personal_spans(&text);
        let held = HeldText { field: "description", text, spans };
        let found = parts(&held, &["maison rose".into(), "Roy".into(), String::new()]);
        let words: Vec<&str> =
            found.iter().map(|(a, b)| &held.text[*a as usize..*b as usize]).collect();
        assert_eq!(words, ["Mme Roy", "418 555-0134", "maison rose", "Mme Roy"]);
    }
}
