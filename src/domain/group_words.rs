//! The words by which a source's category finds its group of services.

/// Letters of a stem that is also found within a word, as the second part of a compound.
const COMPOUND_LETTERS: usize = 6;
/// Letters that stand before it there, at least.
const COMPOUND_START: usize = 3;

/// Words of a group, lower case and without accents. Several words with a blank between them are a
/// phrase: all but its last word stand whole.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct GroupWords {
    /// Beginnings of words.
    pub stems: Vec<String>,
    /// Whole words.
    pub words: Vec<String>,
}

impl GroupWords {
    /// How well an entry fits the words at the start of `text`: entries that begin a word fit
    /// better than those within a compound, long ones better than short ones. `None` where none
    /// fits.
    pub fn fit(&self, text: &[&str]) -> Option<(bool, usize)> {
        let first = text.first()?;
        let begins = |entry: &str, is_whole: bool| {
            let mut found = text.iter();
            let mut wanted = entry.split(' ').peekable();
            while let Some(wants) = wanted.next() {
                let Some(word) = found.next() else { return false };
                let fits = match wanted.peek().is_some() || is_whole {
                    true => *word == wants,
                    false => word.starts_with(wants),
                };
                if !fits {
                    return false;
                }
            }
            true
        };
        let stems = self.stems.iter().filter_map(|stem| {
            let rest = first.get(COMPOUND_START..).unwrap_or_default();
            let is_within = stem.len() >= COMPOUND_LETTERS && rest.contains(stem.as_str());
            let begins = begins(stem, false);
            (begins || is_within).then_some((begins, stem.len()))
        });
        let words = self.words.iter().filter(|word| begins(word, true));
        stems.chain(words.map(|word| (true, word.len()))).max()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beginnings_whole_words_phrases_and_compounds() {
        let list = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        let words = GroupWords {
            stems: list(&["ice", "beleucht", "stop sign", "stop"]),
            words: list(&["rat", "rats"]),
        };
        let fit = |text: &str| words.fit(&text.split(' ').collect::<Vec<&str>>());
        assert_eq!(fit("icecream"), Some((true, 3)));
        assert_eq!(fit("office"), None, "a short stem begins a word");
        assert_eq!(fit("strassenbeleuchtung"), Some((false, 8)));
        assert_eq!(fit("rat"), Some((true, 3)));
        assert_eq!(fit("rathaus"), None, "a whole word");
        assert_eq!(fit("stop signs"), Some((true, 9)), "the longest entry");
        assert_eq!(fit("stops sign"), Some((true, 4)));
        assert_eq!((fit("stop"), fit("")), (Some((true, 4)), None));
    }
}
