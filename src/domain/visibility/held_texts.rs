//! Texts and photos that the public does not see before a person has read them, or never.

use std::borrow::Cow;

use crate::domain::personal_words::{PersonalSpan, REMOVED, personal_spans, without_parts};
use crate::domain::report::details::{answers_text, read_answers, read_media};
use crate::domain::report::record::Report;
use crate::domain::report::stored::FieldChange;
use crate::domain::report::update::ReportUpdate;
use crate::domain::visibility::policy::{ContentPolicy, PhotoPolicy, TextPolicy};

/// What a person decided about a text or the photos of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TextDecision {
    /// The public reads it.
    Publish,
    /// Only crews read it.
    KeepBack,
    /// The public reads it without these parts of it, given as bytes in order.
    Redact(Vec<(u32, u32)>),
}

crate::domain::vocabulary::vocabulary!(
    /// What a person chooses about the texts of a report.
    ReviewChoice {
        /// The public reads them.
        Publish = "publish",
        /// Only crews read them.
        KeepBack = "keep_back",
        /// The public reads them without the personal words.
        Redact = "redact",
    }
);

crate::domain::vocabulary::vocabulary!(
    /// What a person chooses about the photos of a report.
    PhotoChoice {
        /// The public sees them.
        Publish = "publish",
        /// Only crews see them.
        KeepBack = "keep_back",
    }
);

/// A text that waits for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldText {
    /// The field: `description`, `source_status`, `service_notice`, `attributes` or, of an update,
    /// `update`.
    pub field: &'static str,
    /// The text.
    pub text: String,
    /// Its personal words.
    pub spans: Vec<PersonalSpan>,
}

/// What the public reads of the texts of one report, and sees of its photos.
pub struct ShownTexts<'a> {
    /// The policy of its service.
    pub policy: ContentPolicy,
    /// What was decided about a text of it, or about its photos, one address in each line.
    pub decision: &'a dyn Fn(&str) -> Option<TextDecision>,
}

impl ShownTexts<'_> {
    /// What the public reads of a text; `None` for nothing.
    fn text<'t>(&self, text: &'t str) -> Option<Cow<'t, str>> {
        let waits = match self.policy.texts {
            TextPolicy::Public => false,
            TextPolicy::Checked => !personal_spans(text).is_empty(),
            TextPolicy::Review => true,
            TextPolicy::Crew => return None,
        };
        if !waits {
            return Some(Cow::Borrowed(text));
        }
        match (self.decision)(text)? {
            TextDecision::Publish => Some(Cow::Borrowed(text)),
            TextDecision::KeepBack => None,
            TextDecision::Redact(parts) => {
                let parts: Vec<(usize, usize)> =
                    parts.iter().map(|(start, end)| (*start as usize, *end as usize)).collect();
                Some(Cow::Owned(without_parts(text, &parts)))
            }
        }
    }

    fn shown(&self, text: &mut Option<String>) {
        if let Some(known) = text.take() {
            *text = match self.text(&known) {
                Some(Cow::Borrowed(_)) => Some(known),
                Some(Cow::Owned(other)) => Some(other),
                None => None,
            };
        }
    }

    /// Does the public see these photos?
    fn has_photos(&self, media: &[String]) -> bool {
        match self.policy.photos {
            PhotoPolicy::Public => true,
            PhotoPolicy::Review => {
                (self.decision)(&media.join("\n")) == Some(TextDecision::Publish)
            }
            PhotoPolicy::Crew => false,
        }
    }

    /// Leaves of a report what the public reads of it. Returns the names of the fields of which it
    /// does not read everything.
    pub fn report(&self, report: &mut Report) -> Vec<&'static str> {
        let mut held = Vec::new();
        let mut show = |name, text: &mut Option<String>| {
            let before = text.as_ref().map(String::len);
            self.shown(text);
            // What is redacted has marks of another length, or other words of the same.
            let is_whole = before == text.as_ref().map(String::len)
                && !text.as_ref().is_some_and(|text| text.contains(REMOVED));
            held.extend((!is_whole).then_some(name));
        };
        show("description", &mut report.description);
        show("source_status", &mut report.source_status);
        let Some(details) = &mut report.details else { return held };
        show("service_notice", &mut details.notice);
        let before = details.answers.clone();
        details.answers.retain_mut(|answer| {
            let values = std::mem::take(&mut answer.values).into_iter();
            answer.values =
                values.filter_map(|value| self.text(&value).map(Cow::into_owned)).collect();
            !answer.values.is_empty()
        });
        held.extend((details.answers != before).then_some("attributes"));
        if !self.has_photos(&details.media) {
            held.extend((!details.media.is_empty()).then_some("media_url"));
            details.media.clear();
        }
        if details.is_empty() {
            report.details = None;
        }
        held
    }

    /// Leaves of an update what the public reads of it.
    pub fn update(&self, update: &mut ReportUpdate) {
        self.shown(&mut update.description);
        if !self.has_photos(&update.media) {
            update.media.clear();
        }
    }

    /// Leaves of the history of a report what the public reads of it. `policy_of` is that of a
    /// service: the report may have been of another one, whose policy holds for its texts too.
    pub fn history(&self, changes: &mut [FieldChange], policy_of: impl Fn(&str) -> ContentPolicy) {
        let moved = changes.iter().filter(|change| change.field == "service_code");
        let values = moved.flat_map(|change| [&change.before, &change.after]).flatten();
        let policies = values.map(|code| policy_of(code));
        let policy = policies.fold(self.policy, ContentPolicy::stricter);
        let own = ShownTexts { policy, decision: self.decision };
        for change in changes {
            for value in [&mut change.before, &mut change.after] {
                own.value(&change.field, value);
            }
        }
    }

    /// Leaves of an old value of a field what the public reads of it.
    fn value(&self, field: &str, value: &mut Option<String>) {
        match field {
            "description" | "source_status" | "service_notice" => self.shown(value),
            "attributes" => {
                let Some(text) = value.take() else { return };
                let mut answers = read_answers(&text);
                for answer in &mut answers {
                    let read = |value: &String| self.text(value).map(Cow::into_owned);
                    answer.values = answer.values.iter().filter_map(read).collect();
                }
                *value = answers_text(&answers);
            }
            "media_url" => {
                *value = value.take().filter(|text| self.has_photos(&read_media(text)));
            }
            _ => (),
        }
    }

    fn add_held(&self, field: &'static str, text: &str, held: &mut Vec<HeldText>) {
        let spans = match self.policy.texts {
            TextPolicy::Public | TextPolicy::Crew => return,
            TextPolicy::Checked | TextPolicy::Review => personal_spans(text),
        };
        let waits = self.policy.texts == TextPolicy::Review || !spans.is_empty();
        if waits && (self.decision)(text).is_none() {
            held.push(HeldText { field, text: text.to_owned(), spans });
        }
    }

    /// The texts of a report that wait for a person.
    pub fn held(&self, report: &Report) -> Vec<HeldText> {
        let details = report.details.as_deref();
        let mut held = Vec::new();
        for (field, text) in [
            ("description", &report.description),
            ("source_status", &report.source_status),
            ("service_notice", details.map_or(&None, |details| &details.notice)),
        ] {
            if let Some(text) = text {
                self.add_held(field, text, &mut held);
            }
        }
        let answers = details.into_iter().flat_map(|details| &details.answers);
        for value in answers.flat_map(|answer| &answer.values) {
            self.add_held("attributes", value, &mut held);
        }
        held
    }

    /// The text of an update, if it waits for a person.
    pub fn held_update(&self, text: Option<&str>, held: &mut Vec<HeldText>) {
        if let Some(text) = text {
            self.add_held("update", text, held);
        }
    }

    /// Do these photos wait for a person?
    pub fn holds_photos(&self, media: &[String]) -> bool {
        self.policy.photos == PhotoPolicy::Review
            && !media.is_empty()
            && (self.decision)(&media.join("\n")).is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "Appelez Mme Tremblay au 418 555-0134";

    fn read(texts: TextPolicy, decided: Option<TextDecision>, text: &str) -> Option<String> {
        let policy = ContentPolicy { texts, ..ContentPolicy::default() };
        let decision = |_: &str| decided.clone();
        let mut report = Report::blank();
        report.description = Some(text.to_owned());
        ShownTexts { policy, decision: &decision }.report(&mut report);
        report.description
    }

    #[test]
    fn each_policy_shows_what_it_says() {
        let plain = "Gros trou";
        for (policy, shows_plain, shows_personal) in [
            (TextPolicy::Public, true, true),
            (TextPolicy::Checked, true, false),
            (TextPolicy::Review, false, false),
            (TextPolicy::Crew, false, false),
        ] {
            assert_eq!(read(policy, None, plain).is_some(), shows_plain, "{policy}");
            assert_eq!(read(policy, None, TEXT).is_some(), shows_personal, "{policy}");
            let is_published = read(policy, Some(TextDecision::Publish), TEXT).is_some();
            assert_eq!(is_published, policy != TextPolicy::Crew, "{policy}");
        }
        assert_eq!(read(TextPolicy::Checked, Some(TextDecision::KeepBack), TEXT), None);
        let parts = TextDecision::Redact(vec![(8, 20), (24, 36)]);
        let redacted = read(TextPolicy::Checked, Some(parts), TEXT);
        assert_eq!(redacted.as_deref(), Some("Appelez […] au […]"));
    }

    #[test]
    fn old_values_are_read_as_strictly_as_the_service_of_their_time() {
        let change = |field: &str, before: &str| FieldChange {
            revision: 2,
            at: String::new(),
            author: "api".into(),
            field: field.into(),
            before: Some(before.into()),
            after: None,
        };
        let none = |_: &str| None;
        let texts = ShownTexts { policy: ContentPolicy::default(), decision: &none };
        let usual = |_: &str| ContentPolicy::default();
        let crew = |_: &str| ContentPolicy { texts: TextPolicy::Crew, ..usual("") };
        let answers = "note=418 555-0134\nnote=grand";
        let mut changes = vec![
            change("description", TEXT),
            change("attributes", answers),
            change("area", "Centre"),
        ];
        texts.history(&mut changes, usual);
        let before: Vec<_> = changes.iter().map(|one| one.before.as_deref()).collect();
        assert_eq!(before, [None, Some("note=grand"), Some("Centre")]);
        let mut changes = vec![change("description", "Gros trou"), change("service_code", "a")];
        texts.history(&mut changes, usual);
        assert!(changes[0].before.is_some());
        texts.history(&mut changes, crew);
        assert_eq!(changes[0].before, None);
    }

    #[test]
    fn photos_wait_where_the_policy_says_so() {
        let media = vec!["/media/a.jpg".to_owned()];
        let none = |_: &str| None;
        let published = |text: &str| (text == "/media/a.jpg").then_some(TextDecision::Publish);
        for (photos, waits, is_shown) in [
            (PhotoPolicy::Public, false, true),
            (PhotoPolicy::Review, true, false),
            (PhotoPolicy::Crew, false, false),
        ] {
            let policy = ContentPolicy { photos, ..ContentPolicy::default() };
            let texts = ShownTexts { policy, decision: &none };
            assert_eq!((texts.holds_photos(&media), texts.has_photos(&media)), (waits, is_shown));
            let texts = ShownTexts { policy, decision: &published };
            assert_eq!(texts.has_photos(&media), photos != PhotoPolicy::Crew, "{photos}");
        }
    }
}
