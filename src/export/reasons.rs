//! Why two reports may be duplicates, as a sentence in French or English.

use std::fmt::Write as _;

use crate::i18n::Language;
use crate::query::{CandidateFacts, Relation};

/// A duration in hours, written in minutes, hours or days.
fn span(hours: f64, language: Language) -> String {
    let french = language == Language::French;
    match hours {
        h if h * 60.0 < 1.0 && french => "moins d’une minute".into(),
        h if h * 60.0 < 1.0 => "less than a minute".into(),
        h if h < 1.0 => format!("{:.0} min", h * 60.0),
        h if h < 48.0 => format!("{h:.0} h"),
        h if french => format!("{:.0} jours", h / 24.0),
        h => format!("{:.0} days", h / 24.0),
    }
}

/// The reasons in one sentence. A candidate at most `accuracy_m` metres away counts as being at the
/// same place.
pub fn sentence(candidate: &CandidateFacts, accuracy_m: f64, language: Language) -> String {
    let french = language == Language::French;
    let mut text = String::with_capacity(120);
    let say = |fr: &'static str, en: &'static str| if french { fr } else { en };
    let (far, ago) = (candidate.distance.0, span(candidate.hours, language));
    let _ = match (french, far <= accuracy_m.max(1.0)) {
        (true, true) => write!(text, "Au même endroit ({far:.0} m), il y a {ago}"),
        (true, false) => write!(text, "À {far:.0} m, il y a {ago}"),
        (false, true) => write!(text, "At the same place ({far:.0} m), {ago} ago"),
        (false, false) => write!(text, "{far:.0} m away, {ago} ago"),
    };
    text += match candidate.relation {
        Relation::Same => say(", même service", ", same service"),
        Relation::Related => say(", service voisin", ", related service"),
        Relation::Other => say(", autre service", ", other service"),
    };
    text += match candidate.same_street {
        Some(true) => say(", même rue", ", same street"),
        Some(false) => say(", autre rue", ", other street"),
        None => "",
    };
    if let Some(likeness) = candidate.likeness {
        let percent = likeness * 100.0;
        let _ = match french {
            true => write!(text, ", textes semblables à {percent:.0}\u{a0}%"),
            false => write!(text, ", texts {percent:.0} % alike"),
        };
    }
    match (candidate.is_open, candidate.closed_hours) {
        (true, _) => text += say(", encore ouverte", ", still open"),
        (false, None) => text += say(", fermée", ", closed"),
        (false, Some(hours)) => {
            let ago = span(hours, language);
            let _ = match french {
                true => write!(text, ", fermée il y a {ago}"),
                false => write!(text, ", closed {ago} ago"),
            };
        }
    }
    text.push('.');
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::Meters;
    use crate::query::FEATURES;

    #[test]
    fn reasons_are_told_in_both_languages() {
        let mut found = CandidateFacts {
            distance: Meters(3.2),
            hours: 5.1,
            relation: Relation::Same,
            is_open: true,
            closed_hours: None,
            same_street: Some(true),
            likeness: Some(0.5),
            features: [0.0; FEATURES.len()],
        };
        assert_eq!(
            sentence(&found, 10.0, Language::French),
            "Au même endroit (3 m), il y a 5 h, même service, même rue, textes semblables à \
             50\u{a0}%, encore ouverte."
        );
        (found.distance, found.hours, found.is_open) = (Meters(48.7), 0.2, false);
        (found.closed_hours, found.same_street, found.likeness) = (Some(72.0), None, None);
        found.relation = Relation::Related;
        assert_eq!(
            sentence(&found, 10.0, Language::English),
            "49 m away, 12 min ago, related service, closed 3 days ago."
        );
    }
}
