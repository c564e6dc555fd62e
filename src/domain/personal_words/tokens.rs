//! A text as words, numbers and signs, in one pass.

use crate::domain::catalogue::plain;
use crate::domain::personal_words::gate::CueHash;

/// Bytes of a word that are compared with cues; longer words are no cue.
const FOLDED_BYTES: usize = 16;

/// What is between a token and the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gap {
    /// Nothing.
    None,
    /// One space.
    Space,
    /// Several spaces.
    Wide,
    /// A line break.
    Line,
}

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// Letters.
    Word,
    /// Digits from 0 to 9.
    Number,
    /// One other character.
    Sign(char),
}

/// A word, a number or a sign.
#[derive(Debug, Clone, Copy)]
pub struct Token {
    /// Its first byte in the text.
    pub start: usize,
    /// The byte after it.
    pub end: usize,
    /// What it is.
    pub kind: TokenKind,
    /// What is before it.
    pub gap: Gap,
    folded: [u8; FOLDED_BYTES],
    folded_len: u8,
    hash: CueHash,
    /// Whether its first letter is a capital.
    pub is_capital: bool,
    /// Whether each of its letters is a capital.
    pub is_shouted: bool,
}

impl Token {
    fn new(start: usize, kind: TokenKind, gap: Gap) -> Self {
        let folded = [0; FOLDED_BYTES];
        Self {
            start,
            end: start,
            kind,
            gap,
            folded,
            folded_len: 0,
            hash: CueHash::EMPTY,
            is_capital: false,
            is_shouted: true,
        }
    }

    /// Adds a letter to the word.
    fn push(&mut self, letter: char) {
        let is_first = self.end == self.start;
        let is_upper = letter.is_uppercase();
        self.is_capital |= is_first && is_upper;
        self.is_shouted &= is_upper;
        let mut sign = [0; 4];
        for byte in letter.encode_utf8(&mut sign).bytes() {
            self.hash = self.hash.with(byte);
        }
        let text: &str = match letter.is_ascii() {
            true => letter.to_ascii_lowercase().encode_utf8(&mut sign),
            false => letter.to_lowercase().next().and_then(plain).unwrap_or("?"),
        };
        for byte in text.bytes() {
            let at = usize::from(self.folded_len);
            match self.folded.get_mut(at) {
                Some(slot) => (*slot, self.folded_len) = (byte, self.folded_len + 1),
                // Too long for a cue: it equals none.
                None => self.folded[0] = b'?',
            }
        }
        self.end += letter.len_utf8();
    }

    /// Adds an accent that stands alone.
    fn add_accent(&mut self, accent: char) {
        for byte in accent.encode_utf8(&mut [0; 4]).bytes() {
            self.hash = self.hash.with(byte);
        }
        self.end += accent.len_utf8();
    }

    /// Whether it may be a cue; false is certain.
    pub fn is_cue(&self) -> bool {
        self.kind == TokenKind::Word && self.hash.is_cue()
    }

    /// The number of its bytes.
    pub fn len(&self) -> usize {
        self.end - self.start
    }

    /// The word in lower case and without accents; empty where it is no word.
    pub fn folded(&self) -> &str {
        let known = self.folded.get(..usize::from(self.folded_len));
        known.and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default()
    }
}

/// A text and its tokens. Positions outside it are no token, so that no reader of it needs to look
/// where the text ends.
pub struct TokenText<'a> {
    /// The text.
    pub text: &'a str,
    /// Its tokens, in order.
    pub tokens: Vec<Token>,
    /// Whether no letter of it is a small one.
    pub is_shouted: bool,
    /// Whether no letter of it is a capital.
    pub is_whispered: bool,
}

impl<'a> TokenText<'a> {
    /// Reads a text, in time linear in its length.
    pub fn read(text: &'a str) -> Self {
        let mut all = Self {
            text,
            tokens: Vec::with_capacity(text.len() / 4),
            is_shouted: true,
            is_whispered: true,
        };
        let (mut gap, mut open) = (Gap::None, None::<Token>);
        for (at, sign) in text.char_indices() {
            let kind = match sign {
                '0'..='9' => TokenKind::Number,
                _ if sign.is_alphabetic() => TokenKind::Word,
                // Accents that stand alone belong to the letter before them.
                '\u{300}'..='\u{36f}' if open.is_some() => TokenKind::Word,
                other => TokenKind::Sign(other),
            };
            if let Some(token) = &mut open
                && token.kind == kind
            {
                match kind {
                    TokenKind::Number => token.end += 1,
                    _ if sign.is_alphabetic() => token.push(sign),
                    _ => token.add_accent(sign),
                }
                continue;
            }
            all.tokens.extend(open.take());
            if sign.is_whitespace() {
                gap = match (gap, sign) {
                    (_, '\n' | '\r') | (Gap::Line, _) => Gap::Line,
                    (Gap::None, _) => Gap::Space,
                    _ => Gap::Wide,
                };
                continue;
            }
            let mut token = Token::new(at, kind, std::mem::replace(&mut gap, Gap::None));
            match kind {
                TokenKind::Word => {
                    token.push(sign);
                    open = Some(token);
                }
                TokenKind::Number => {
                    token.end += 1;
                    open = Some(token);
                }
                TokenKind::Sign(_) => {
                    token.end += sign.len_utf8();
                    all.tokens.push(token);
                }
            }
        }
        all.tokens.extend(open);
        for word in all.tokens.iter().filter(|token| token.kind == TokenKind::Word) {
            // One-letter words are capitals for other reasons.
            all.is_shouted &= word.is_shouted || word.len() == 1;
            all.is_whispered &= !word.is_capital;
        }
        all
    }

    /// The token at a position.
    pub fn at(&self, position: usize) -> Option<&Token> {
        self.tokens.get(position)
    }

    /// The word at a position in lower case and without accents; empty where there is none.
    pub fn word(&self, position: usize) -> &str {
        self.at(position).map_or("", Token::folded)
    }

    /// The word that many tokens before a position.
    pub fn word_before(&self, position: usize, back: usize) -> &str {
        position.checked_sub(back).map_or("", |at| self.word(at))
    }

    /// The sign at a position.
    pub fn sign(&self, position: usize) -> Option<char> {
        match self.at(position)?.kind {
            TokenKind::Sign(sign) => Some(sign),
            _ => None,
        }
    }

    /// Is there an apostrophe?
    pub fn is_apostrophe(&self, position: usize) -> bool {
        matches!(self.sign(position), Some('\'' | '’' | '‘' | '`' | '´'))
    }

    /// Does this token follow the one before it without a space?
    pub fn is_glued(&self, position: usize) -> bool {
        position > 0 && self.at(position).is_some_and(|token| token.gap == Gap::None)
    }

    /// The digits of the number at a position; empty where there is none.
    pub fn digits(&self, position: usize) -> &'a str {
        match self.at(position) {
            Some(token) if token.kind == TokenKind::Number => self.text_of(token),
            _ => "",
        }
    }

    /// The text of a token.
    pub fn text_of(&self, token: &Token) -> &'a str {
        self.text.get(token.start..token.end).unwrap_or_default()
    }

    /// The first position from this one on that is none of these words, and no colon, dot or
    /// number sign.
    pub fn after_fillers(
        &self,
        mut position: usize,
        is_filler: impl Fn(&str) -> bool,
        most: usize,
    ) -> usize {
        for _ in 0..most {
            let is_sign = matches!(self.sign(position), Some(':' | '.' | '#' | '°' | '=' | 'º'));
            if !is_sign && !is_filler(self.word(position)) && !self.is_apostrophe(position) {
                break;
            }
            position += 1;
        }
        position
    }

    /// Whether one of these words is among the tokens before a position, at most this far back and
    /// in the same line or the one before.
    pub fn has_before(&self, position: usize, back: usize, is_cue: impl Fn(&str) -> bool) -> bool {
        let from = position.saturating_sub(back);
        (from..position).any(|at| {
            let word = self.word(at);
            !word.is_empty() && is_cue(word)
        })
    }
}
