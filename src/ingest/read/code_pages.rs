//! Encodings that the letters of a text show: the code pages of DOS, which no standard for the web
//! has, and that of old Macintosh computers, against those that a detector for the web finds.

use std::io::{self, Read};

use encoding_rs::{Encoding, MACINTOSH, UTF_8};

use crate::i18n::Message;
use crate::message;

/// The characters of the bytes from 128 on.
const IBM437: &str = "\
    ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒ\
    áíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐\
    └┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀\
    αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}";
const IBM850: &str = "\
    ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒ\
    áíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐\
    └┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈıÍÎÏ┘┌█▄¦Ì▀\
    ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u{ad}±‗¾¶§÷¸°¨·¹³²■\u{a0}";
const IBM852: &str = "\
    ÇüéâäůćçłëŐőîŹÄĆÉĹĺôöĽľŚśÖÜŤťŁ×č\
    áíóúĄąŽžĘę¬źČş«»░▒▓│┤ÁÂĚŞ╣║╗╝Żż┐\
    └┴┬├─┼Ăă╚╔╩╦╠═╬¤đĐĎËďŇÍÎě┘┌█▄ŢŮ▀\
    ÓßÔŃńňŠšŔÚŕŰýÝţ´\u{ad}˝˛ˇ˘§÷¸°¨˙űŘř■\u{a0}";

/// Bytes that are read at once.
const CHUNK: usize = 1 << 16;

/// The part of the letters of words that are wrong in the detected encoding, at least, and in
/// another one, at most, for the other to be taken; and how many of its letters are right, at
/// least.
const WRONG_MIN: f64 = 0.1;
const WRONG_MAX: f64 = 0.02;
const RIGHT_MIN: u32 = 3;

/// A code page of DOS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodePage {
    /// English.
    Ibm437,
    /// Western Europe.
    Ibm850,
    /// Central Europe.
    Ibm852,
}

impl CodePage {
    fn name(self) -> &'static str {
        match self {
            Self::Ibm437 => "IBM437",
            Self::Ibm850 => "IBM850",
            Self::Ibm852 => "IBM852",
        }
    }

    fn characters(self) -> Vec<char> {
        let text = match self {
            Self::Ibm437 => IBM437,
            Self::Ibm850 => IBM850,
            Self::Ibm852 => IBM852,
        };
        text.chars().collect()
    }
}

/// An encoding of texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextEncoding {
    /// One of the WHATWG Encoding Standard.
    Web(&'static Encoding),
    /// A code page of DOS.
    Dos(CodePage),
}

/// Other encodings than those that a detector for the web finds. Of equals the first is taken.
const OTHERS: [TextEncoding; 4] = [
    TextEncoding::Dos(CodePage::Ibm850),
    TextEncoding::Web(MACINTOSH),
    TextEncoding::Dos(CodePage::Ibm852),
    TextEncoding::Dos(CodePage::Ibm437),
];

impl TextEncoding {
    /// UTF-8.
    pub const UTF_8: Self = Self::Web(UTF_8);

    /// The encoding of this name: as the WHATWG spells it, or `cp850`, `ibm437`, `mac-roman`.
    pub fn named(label: &str) -> Option<Self> {
        let plain = label.trim().to_ascii_lowercase().replace(['-', '_', ' '], "");
        let number = ["cp", "ibm", "dos", "oem"].iter().find_map(|word| plain.strip_prefix(word));
        match number.unwrap_or(&plain) {
            "437" => Some(Self::Dos(CodePage::Ibm437)),
            "850" | "858" => Some(Self::Dos(CodePage::Ibm850)),
            "852" => Some(Self::Dos(CodePage::Ibm852)),
            "macroman" | "macosroman" => Some(Self::Web(MACINTOSH)),
            _ => Encoding::for_label(label.as_bytes()).map(Self::Web),
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Web(encoding) => encoding.name(),
            Self::Dos(page) => page.name(),
        }
    }

    /// The characters of the bytes from 128 on; `None` where a byte alone is no character.
    fn characters(self) -> Option<Vec<char>> {
        let encoding = match self {
            Self::Dos(page) => return Some(page.characters()),
            Self::Web(encoding) => encoding,
        };
        let of_byte = |byte: u8| {
            let bytes = [byte];
            let (text, _) = encoding.decode_without_bom_handling(&bytes);
            text.chars().next().unwrap_or(char::REPLACEMENT_CHARACTER)
        };
        encoding.is_single_byte().then(|| (128..=255).map(of_byte).collect())
    }
}

/// What a byte beyond ASCII has around it, and so what its character should be.
#[derive(Debug, Clone, Copy)]
enum Around {
    /// A letter before and a small one behind: a small letter.
    Small = 0,
    /// Capitals on both sides: a capital.
    Capitals = 1,
    /// The beginning of a word: a letter or a sign.
    Start = 2,
    /// The end of a word of small letters: a small letter or a sign.
    End = 3,
}

/// Counts the bytes beyond ASCII within words.
pub struct WordLetters {
    counts: [[u32; 128]; 4],
}

impl Default for WordLetters {
    fn default() -> Self {
        Self { counts: [[0; 128]; 4] }
    }
}

impl WordLetters {
    /// Looks at a line. O(n).
    pub fn add(&mut self, line: &[u8]) {
        for (at, byte) in line.iter().enumerate().filter(|(_, byte)| **byte >= 0x80) {
            let before = at.checked_sub(1).and_then(|at| line.get(at)).copied().unwrap_or(b' ');
            let behind = line.get(at + 1).copied().unwrap_or(b' ');
            let is_gap = |byte: u8| byte.is_ascii() && !byte.is_ascii_alphanumeric();
            let around = match (before, behind) {
                (b'a'..=b'z' | b'A'..=b'Z', b'a'..=b'z') => Around::Small,
                (b'A'..=b'Z', b'A'..=b'Z') => Around::Capitals,
                (before, b'a'..=b'z') if is_gap(before) => Around::Start,
                (b'a'..=b'z', behind) if is_gap(behind) => Around::End,
                _ => continue,
            };
            let counts = self.counts.get_mut(around as usize);
            if let Some(count) = counts.and_then(|all| all.get_mut(usize::from(*byte - 0x80))) {
                *count = count.saturating_add(1);
            }
        }
    }

    /// How many letters are right and wrong in an encoding; `None` where bytes are no characters.
    fn judged(&self, encoding: TextEncoding) -> Option<(u32, u32)> {
        let characters = encoding.characters()?;
        let (mut right, mut wrong) = (0_u32, 0_u32);
        for (around, counts) in self.counts.iter().enumerate() {
            for (c, count) in characters.iter().zip(counts) {
                match is_right(*c, around) {
                    Some(true) => right = right.saturating_add(*count),
                    Some(false) => wrong = wrong.saturating_add(*count),
                    None => {}
                }
            }
        }
        Some((right, wrong))
    }

    /// Another encoding than the one that was detected, and why, where the letters of the text are
    /// often wrong in that one and nearly always right in the other.
    pub fn decide(&self, detected: &'static Encoding) -> Option<(TextEncoding, Message)> {
        let (right, wrong) = self.judged(TextEncoding::Web(detected))?;
        let all = f64::from(right) + f64::from(wrong);
        if wrong == 0 || f64::from(wrong) < WRONG_MIN * all {
            return None;
        }
        let fits = |other: &TextEncoding| {
            let (right, wrong) = self.judged(*other)?;
            let is_fit = right >= RIGHT_MIN && f64::from(wrong) <= WRONG_MAX * f64::from(right);
            is_fit.then(|| i64::from(right) - i64::from(wrong))
        };
        let found = OTHERS.iter().rev().filter_map(|other| Some((*other, fits(other)?)));
        let (other, _) = found.max_by_key(|(_, score)| *score)?;
        let (name, detected) = (other.name(), detected.name());
        let why = message!(
            "encodage {name} : ses lettres font des mots, celles de {detected} n’en font pas ; \
             --encoding en nomme un autre",
            "encoding {name}: its letters make words, those of {detected} do not; --encoding names \
             another"
        );
        Some((other, why))
    }
}

/// Is a character right among such letters? `None` where it may be.
fn is_right(c: char, around: usize) -> Option<bool> {
    let is_letter = ('\u{c0}'..='\u{17f}').contains(&c) && c.is_alphabetic();
    let is_inside = around <= Around::Capitals as usize;
    match c {
        _ if c.is_control() || c == char::REPLACEMENT_CHARACTER => Some(false),
        '’' | '‘' | '\'' | '…' | '–' | '—' | '·' => None,
        _ if !is_letter && is_inside => Some(false),
        _ if !is_letter => None,
        _ if around == Around::Start as usize => Some(true),
        _ if around == Around::Capitals as usize => Some(c.is_uppercase() || c == 'ß'),
        _ => Some(c.is_lowercase()),
    }
}

/// Text of a code page as UTF-8.
pub struct CodePageReader<R> {
    input: R,
    characters: Vec<char>,
    text: Vec<u8>,
    given: usize,
}

impl<R: Read> CodePageReader<R> {
    /// Begins to decode.
    pub fn new(input: R, page: CodePage) -> Self {
        Self { input, characters: page.characters(), text: Vec::new(), given: 0 }
    }
}

impl<R: Read> Read for CodePageReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.given == self.text.len() {
            let mut raw = Vec::with_capacity(CHUNK);
            (&mut self.input).take(CHUNK as u64).read_to_end(&mut raw)?;
            self.text.clear();
            self.given = 0;
            for byte in raw {
                match byte.checked_sub(0x80) {
                    None => self.text.push(byte),
                    Some(at) => {
                        let mut utf_8 = [0; 4];
                        let c = self.characters.get(usize::from(at)).copied().unwrap_or('\u{fffd}');
                        self.text.extend_from_slice(c.encode_utf8(&mut utf_8).as_bytes());
                    }
                }
            }
        }
        let n = buffer.len().min(self.text.len() - self.given);
        buffer
            .get_mut(..n)
            .unwrap_or_default()
            .copy_from_slice(self.text.get(self.given..self.given + n).unwrap_or_default());
        self.given += n;
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use encoding_rs::{WINDOWS_1250, WINDOWS_1252};

    use super::*;

    fn bytes(text: &str, encoding: TextEncoding) -> Vec<u8> {
        let characters = encoding.characters().unwrap();
        let of = |c: char| match c.is_ascii() {
            true => c as u8,
            false => 0x80 + characters.iter().position(|one| *one == c).unwrap() as u8,
        };
        text.chars().map(of).collect()
    }

    const TEXTS: [&str; 3] = [
        "Straße;Müll;Lärm\nGroße Straße;umgestürzter Baum;Öl auf der Fahrbahn\nÄrger;gehört;süß\n",
        "adresse;état\nrue de la Forêt;Créé\nallée des Prés;à réparer\nchaussée abîmée;terminé\n",
        "dirección;descripción\nCalle Jiménez;señal caída\nMás;lámpara\nPlaza;página en línea\n",
    ];

    #[test]
    fn letters_of_words_show_the_encoding() {
        let pages = [CodePage::Ibm850, CodePage::Ibm437].map(TextEncoding::Dos);
        for text in TEXTS {
            for encoding in [pages[0], pages[1], TextEncoding::Web(MACINTOSH)] {
                if pages[1] == encoding && text.chars().any(|c| encoding_lacks(encoding, c)) {
                    continue;
                }
                let mut letters = WordLetters::default();
                let bytes = bytes(text, encoding);
                bytes.split(|byte| *byte == b'\n').for_each(|line| letters.add(line));
                let (found, _) = letters.decide(WINDOWS_1252).unwrap();
                let read = |encoding: TextEncoding| {
                    let characters = encoding.characters().unwrap();
                    let of = |byte: &u8| match byte.checked_sub(0x80) {
                        None => char::from(*byte),
                        Some(at) => characters[usize::from(at)],
                    };
                    bytes.iter().map(of).collect::<String>()
                };
                assert_eq!(read(found), text, "{} {}", encoding.name(), found.name());
            }
            // Of windows-1252 itself.
            let mut letters = WordLetters::default();
            bytes(text, TextEncoding::Web(WINDOWS_1252))
                .split(|byte| *byte == b'\n')
                .for_each(|line| letters.add(line));
            assert!(letters.decide(WINDOWS_1252).is_none(), "{text}");
        }
        let polish = "ulica;zgłoszenie\nul. Łąkowa;nie świeci\nul. Żółta;dziura w drodze, proszę\n";
        let mut letters = WordLetters::default();
        let dos = bytes(polish, TextEncoding::Dos(CodePage::Ibm852));
        dos.split(|byte| *byte == b'\n').for_each(|line| letters.add(line));
        let found = letters.decide(WINDOWS_1252).map(|(found, _)| found.name());
        assert_eq!(found, Some("IBM852"));
        let mut letters = WordLetters::default();
        let windows = bytes(polish, TextEncoding::Web(WINDOWS_1250));
        windows.split(|byte| *byte == b'\n').for_each(|line| letters.add(line));
        assert!(letters.decide(WINDOWS_1250).is_none());
    }

    fn encoding_lacks(encoding: TextEncoding, c: char) -> bool {
        !c.is_ascii() && !encoding.characters().unwrap().contains(&c)
    }

    #[test]
    fn code_pages_are_named_and_read() {
        for (label, name) in [
            ("cp850", "IBM850"),
            ("IBM-437", "IBM437"),
            ("dos852", "IBM852"),
            ("mac-roman", "macintosh"),
            ("utf-8", "UTF-8"),
            ("latin1", "windows-1252"),
        ] {
            assert_eq!(TextEncoding::named(label).map(TextEncoding::name), Some(name), "{label}");
        }
        assert_eq!(TextEncoding::named("cp999"), None);
        let long = "Müll ".repeat(CHUNK / 3);
        let page = TextEncoding::Dos(CodePage::Ibm850);
        let mut read = String::new();
        let dos = bytes(&long, page);
        CodePageReader::new(&dos[..], CodePage::Ibm850).read_to_string(&mut read).unwrap();
        assert_eq!(read, long);
    }
}
