//! Patterns of LIKE.

/// One part of a pattern.
#[derive(Debug, Clone, Copy, PartialEq)]
enum PatternToken {
    /// `%`: any characters.
    AnyText,
    /// `_`: one character.
    AnyCharacter,
    /// A character that stands for itself.
    Literal(char),
}

/// A pattern of LIKE: `%` stands for any characters, `_` for one, and `\` makes the character after
/// it stand for itself.
#[derive(Debug, Clone)]
pub struct LikePattern(Vec<PatternToken>);

impl LikePattern {
    /// Reads a pattern.
    ///
    /// ```
    /// use pointchaud::query::LikePattern;
    ///
    /// assert!(LikePattern::new("nid_de%").is_match("nid-de-poule"));
    /// assert!(!LikePattern::new(r"100\%").is_match("100 x"));
    /// ```
    pub fn new(pattern: &str) -> Self {
        let mut tokens = Vec::new();
        let mut rest = pattern.chars();
        while let Some(c) = rest.next() {
            tokens.push(match c {
                '%' => PatternToken::AnyText,
                '_' => PatternToken::AnyCharacter,
                '\\' => PatternToken::Literal(rest.next().unwrap_or('\\')),
                other => PatternToken::Literal(other),
            });
        }
        tokens.dedup_by(|a, b| *a == PatternToken::AnyText && *b == PatternToken::AnyText);
        Self(tokens)
    }

    /// Does the whole text match? Takes at most O(text · pattern) time: only the last `%` is ever
    /// backtracked to.
    pub fn is_match(&self, text: &str) -> bool {
        let tokens = &self.0;
        // `retry` is the token after the last `%`, and the text from which it was last tried.
        let (mut rest, mut token, mut retry) = (text.chars(), 0, None);
        loop {
            let before = rest.clone();
            let Some(c) = rest.next() else {
                let left = &tokens[token.min(tokens.len())..];
                return left.iter().all(|token| *token == PatternToken::AnyText);
            };
            match tokens.get(token) {
                Some(PatternToken::AnyText) => {
                    token += 1;
                    rest = before.clone();
                    retry = Some((token, before));
                }
                Some(PatternToken::AnyCharacter) => token += 1,
                Some(PatternToken::Literal(literal)) if *literal == c => token += 1,
                _ => match &mut retry {
                    None => return false,
                    Some((after, from)) => {
                        from.next();
                        rest = from.clone();
                        token = *after;
                    }
                },
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (text, pattern, matches) in [
            ("nid-de-poule", "nid%", true),
            ("nid-de-poule", "%poule", true),
            ("nid-de-poule", "%de%", true),
            ("nid-de-poule", "nid_de_poule", true),
            ("nid-de-poule", "nid", false),
            ("nid", "nid-de", false),
            ("", "%", true),
            ("", "%%", true),
            ("", "", true),
            ("x", "", false),
            ("", "_", false),
            ("100 %", "100 \\%", true),
            ("100 x", "100 \\%", false),
            ("a_b", "a\\_b", true),
            ("a\\b", "a\\\\b", true),
            ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", "%a%a%a%a%a%a%a%a%a%a%c", false),
            ("abcabd", "%abd", true),
            ("été", "_t_", true),
            ("aab", "%a_", true),
        ] {
            assert_eq!(LikePattern::new(pattern).is_match(text), matches, "{text} {pattern}");
        }
    }
}
