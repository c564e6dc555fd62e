//! Who sees the texts of reports: the policy of a service, the decision of a crew, and what follows
//! from both for a text in which personal data were found.

crate::domain::vocabulary::vocabulary!(
    /// Who sees the texts of a service's reports.
    TextPolicy {
        /// Everybody; a text in which personal data were found is held until a crew reviews it.
        Public = "public",
        /// Crews alone.
        Crew = "crew",
        /// Everybody, once a crew has approved the text.
        Review = "review",
    }
);

crate::domain::vocabulary::vocabulary!(
    /// What a crew decided about a text.
    TextDecision {
        /// Everybody may read it.
        Approved = "approved",
        /// Crews alone read it.
        Withheld = "withheld",
    }
);

crate::domain::vocabulary::vocabulary!(
    /// Why a text is not in a public answer.
    TextWithheld {
        /// Personal data were found in it, and no crew has approved it.
        PersonalData = "personal_data",
        /// Texts of its service are read by a crew first, and none has approved it.
        AwaitsReview = "awaits_review",
        /// Texts of its service are for crews alone.
        CrewsOnly = "crews_only",
        /// A crew decided so.
        ByCrew = "by_crew",
    }
);

/// Whether the public reads a text: `None` where it does, else why not. `has_findings` is asked
/// only where it matters, because looking for personal data takes microseconds a text.
///
/// ```
/// use pointchaud::domain::{TextDecision, TextPolicy, TextWithheld, text_withheld};
///
/// let held = |decision| text_withheld(TextPolicy::Public, decision, || true);
/// assert_eq!(held(None), Some(TextWithheld::PersonalData));
/// assert_eq!(held(Some(TextDecision::Approved)), None);
/// assert_eq!(text_withheld(TextPolicy::Public, None, || false), None);
/// ```
pub fn text_withheld(
    policy: TextPolicy,
    decision: Option<TextDecision>,
    has_findings: impl FnOnce() -> bool,
) -> Option<TextWithheld> {
    match (policy, decision) {
        (TextPolicy::Crew, _) => Some(TextWithheld::CrewsOnly),
        (_, Some(TextDecision::Withheld)) => Some(TextWithheld::ByCrew),
        (_, Some(TextDecision::Approved)) => None,
        (TextPolicy::Review, None) => Some(TextWithheld::AwaitsReview),
        (TextPolicy::Public, None) => has_findings().then_some(TextWithheld::PersonalData),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_policy_and_decision_has_its_outcome() {
        use TextDecision::{Approved, Withheld};
        let outcome = |policy, decision, found| text_withheld(policy, decision, || found);
        for found in [false, true] {
            for decision in [None, Some(Approved), Some(Withheld)] {
                let crew = outcome(TextPolicy::Crew, decision, found);
                assert_eq!(crew, Some(TextWithheld::CrewsOnly));
            }
            for policy in [TextPolicy::Public, TextPolicy::Review] {
                assert_eq!(outcome(policy, Some(Approved), found), None);
                assert_eq!(outcome(policy, Some(Withheld), found), Some(TextWithheld::ByCrew));
            }
            let review = outcome(TextPolicy::Review, None, found);
            assert_eq!(review, Some(TextWithheld::AwaitsReview));
        }
        let public = |found| outcome(TextPolicy::Public, None, found);
        assert_eq!((public(false), public(true)), (None, Some(TextWithheld::PersonalData)));
    }
}
