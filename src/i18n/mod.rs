//! The two languages that the service speaks: French, the default, and English.

pub mod format;

use std::fmt;

/// A sentence in the two languages that the service speaks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Message {
    /// French.
    pub fr: String,
    /// English.
    pub en: String,
}

/// Formats one sentence in French and in English: `message!("{n} lignes", "{n} rows")`.
#[macro_export]
macro_rules! message {
    ($fr:literal, $en:literal $(,)?) => {
        $crate::i18n::Message { fr: format!($fr), en: format!($en) }
    };
}

/// Options of commands with the members of the API that say the same.
const MEMBERS: [(&str, &str); 9] = [
    ("--date-order", "date_order"),
    ("--projection", "projection"),
    ("--negate", "negate"),
    ("--ids", "ids"),
    ("--encoding", "encoding"),
    ("--delimiter", "delimiter"),
    ("--sheet", "sheet"),
    ("--jurisdiction", "jurisdiction"),
    ("--time-zone", "time_zone"),
];

/// What sentences say of options that the API has no member for.
const COMMAND_ONLY: [&str; 6] = [
    " ; voir --fix-swapped",
    "; see --fix-swapped",
    ", ou « projection » ou « extent » dans le fichier de --mapping",
    ", or 'projection' or 'extent' in the --mapping file",
    " ; voir time_formats",
    " (--mapping)",
];

impl Message {
    /// The sentence with the names of the API's members in place of the options of commands.
    pub fn with_member_names(&self) -> Self {
        let named = |text: &str, open: &str, close: &str| {
            let text =
                COMMAND_ONLY.iter().fold(text.to_owned(), |text, words| text.replace(words, ""));
            let named = |text: String, (option, member): &(&str, &str)| {
                text.replace(option, &format!("{open}{member}{close}"))
            };
            MEMBERS.iter().fold(text, named)
        };
        Self { fr: named(&self.fr, "« ", " »"), en: named(&self.en, "'", "'") }
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.en)
    }
}

/// The language of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// French, the default.
    French,
    /// English.
    English,
}

impl Language {
    /// `fr` or `en`.
    pub fn code(self) -> &'static str {
        match self {
            Self::French => "fr",
            Self::English => "en",
        }
    }

    /// The sentence in this language.
    pub fn pick(self, message: &Message) -> &str {
        self.of(&message.fr, &message.en)
    }

    /// The text of this language.
    pub fn of<'a>(self, fr: &'a str, en: &'a str) -> &'a str {
        match self {
            Self::French => fr,
            Self::English => en,
        }
    }
}
