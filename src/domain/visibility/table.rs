//! The table of a city: which service, or group of services, has which policy.

use std::collections::BTreeMap;

use crate::domain::catalogue::Catalogue;
use crate::domain::visibility::policy::{ContentPolicy, PhotoPolicy, TextPolicy, Visibility};

/// The policies that a city has set, by the code of a service or of a group. A service is exact
/// where neither it nor its group is named; its own line counts before that of its group.
///
/// ```
/// use pointchaud::domain::{Catalogue, Nature, Visibility, VisibilityTable};
///
/// let mut catalogue = Catalogue::default();
/// catalogue.add(catalogue.adopt("Campement", None, Nature::Intervention));
/// let mut table = VisibilityTable::default();
/// assert!(table.is_exact() && table.of("campement", &catalogue) == Visibility::Exact);
/// table.set("campement", Visibility::Hidden);
/// assert_eq!(table.of("campement", &catalogue), Visibility::Hidden);
/// table.set("campement", Visibility::Exact);
/// assert!(table.is_exact());
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VisibilityTable {
    reports: BTreeMap<String, Visibility>,
    texts: BTreeMap<String, TextPolicy>,
    photos: BTreeMap<String, PhotoPolicy>,
}

impl VisibilityTable {
    /// Sets the policy of a service or group.
    pub fn set(&mut self, code: &str, policy: Visibility) {
        self.reports.insert(code.to_owned(), policy);
    }

    /// Sets the policy of the texts of a service or group.
    pub fn set_texts(&mut self, code: &str, policy: TextPolicy) {
        self.texts.insert(code.to_owned(), policy);
    }

    /// Sets the policy of the photos of a service or group.
    pub fn set_photos(&mut self, code: &str, policy: PhotoPolicy) {
        self.photos.insert(code.to_owned(), policy);
    }

    /// Its lines about reports, by code.
    pub fn lines(&self) -> impl Iterator<Item = (&str, Visibility)> {
        self.reports.iter().map(|(code, policy)| (code.as_str(), *policy))
    }

    /// Its lines about texts and about photos, by code: what, the code, the policy.
    pub fn content_lines(&self) -> impl Iterator<Item = (&'static str, &str, &'static str)> {
        let texts = self.texts.iter().map(|(code, one)| ("text", code.as_str(), one.as_str()));
        let photos = self.photos.iter().map(|(code, one)| ("photos", code.as_str(), one.as_str()));
        texts.chain(photos)
    }

    /// Whether every service is exact.
    pub fn is_exact(&self) -> bool {
        self.reports.values().all(|policy| *policy == Visibility::Exact)
    }

    /// Whether the public sees what crews see, but for texts with personal words.
    pub fn is_default(&self) -> bool {
        let ContentPolicy { texts, photos } = ContentPolicy::default();
        self.is_exact()
            && self.texts.values().all(|policy| *policy == texts)
            && self.photos.values().all(|policy| *policy == photos)
    }

    /// The policy of a service. While a line is not exact, a service that the catalogue does not
    /// know is hidden: its group may be one of the lines.
    pub fn of(&self, service: &str, catalogue: &Catalogue) -> Visibility {
        if let Some(own) = self.reports.get(service) {
            return *own;
        }
        match catalogue.get(service) {
            Some(known) => self.reports.get(&known.group).copied().unwrap_or(Visibility::Exact),
            None if self.is_exact() => Visibility::Exact,
            None => Visibility::Hidden,
        }
    }

    /// What the public reads and sees of the reports of a service. Where a line says otherwise than
    /// by default, a service that the catalogue does not know shows nothing.
    ///
    /// ```
    /// use pointchaud::domain::{Catalogue, ContentPolicy, Nature, TextPolicy, VisibilityTable};
    ///
    /// let mut catalogue = Catalogue::default();
    /// catalogue.add(catalogue.adopt("Campement", None, Nature::Intervention));
    /// let mut table = VisibilityTable::default();
    /// assert_eq!(table.contents_of("campement", &catalogue), ContentPolicy::default());
    /// table.set_texts("campement", TextPolicy::Review);
    /// assert_eq!(table.contents_of("campement", &catalogue).texts, TextPolicy::Review);
    /// assert_eq!(table.contents_of("unknown", &catalogue).texts, TextPolicy::Crew);
    /// ```
    pub fn contents_of(&self, service: &str, catalogue: &Catalogue) -> ContentPolicy {
        let group = catalogue.get(service).map(|known| known.group.as_str());
        let usual = ContentPolicy::default();
        let texts = policy_of(&self.texts, service, group, usual.texts);
        let photos = policy_of(&self.photos, service, group, usual.photos);
        ContentPolicy {
            texts: texts.unwrap_or(TextPolicy::Crew),
            photos: photos.unwrap_or(PhotoPolicy::Crew),
        }
    }
}

/// The policy of a service: its own, that of its group, the usual one; `None` where its group is
/// not known and may have another one.
fn policy_of<P: Copy + PartialEq>(
    lines: &BTreeMap<String, P>,
    service: &str,
    group: Option<&str>,
    usual: P,
) -> Option<P> {
    let own = lines.get(service).or_else(|| group.and_then(|group| lines.get(group)));
    match own {
        Some(own) => Some(*own),
        None if group.is_none() && lines.values().any(|policy| *policy != usual) => None,
        None => Some(usual),
    }
}
