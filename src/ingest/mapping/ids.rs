//! How the ids of a file's rows are taken, where its owner says it.

/// How the ids of rows are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowIds {
    /// They are those of the column, also where the store seems to have other requests under them,
    /// or the same requests under others.
    Keep,
    /// Each row is named by its contents, whatever column may have ids.
    Contents,
}

impl RowIds {
    /// The words of options and mappings.
    pub const WORDS: [&str; 2] = ["keep", "contents"];

    /// What a word means; `None` where it is none of [`Self::WORDS`].
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "keep" => Some(Self::Keep),
            "contents" => Some(Self::Contents),
            _ => None,
        }
    }
}
