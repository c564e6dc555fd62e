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
