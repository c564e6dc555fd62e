//! The table of a city: which service, or group of services, has which policy.

use std::collections::BTreeMap;

use crate::domain::catalogue::Catalogue;
use crate::domain::visibility::policy::Visibility;

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
pub struct VisibilityTable(BTreeMap<String, Visibility>);

impl VisibilityTable {
    /// Sets the policy of a service or group.
    pub fn set(&mut self, code: &str, policy: Visibility) {
        self.0.insert(code.to_owned(), policy);
    }

    /// Its lines, by code.
    pub fn lines(&self) -> impl Iterator<Item = (&str, Visibility)> {
        self.0.iter().map(|(code, policy)| (code.as_str(), *policy))
    }

    /// Whether every service is exact, so that the public sees what crews see.
    pub fn is_exact(&self) -> bool {
        self.0.values().all(|policy| *policy == Visibility::Exact)
    }

    /// The policy of a service. While a line is not exact, a service that the catalogue does not
    /// know is hidden: its group may be one of the lines.
    pub fn of(&self, service: &str, catalogue: &Catalogue) -> Visibility {
        if let Some(own) = self.0.get(service) {
            return *own;
        }
        match catalogue.get(service) {
            Some(known) => self.0.get(&known.group).copied().unwrap_or(Visibility::Exact),
            None if self.is_exact() => Visibility::Exact,
            None => Visibility::Hidden,
        }
    }
}
