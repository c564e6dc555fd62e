//! The character encoding of a text, decided once for the whole file, and its text as UTF-8.

use std::io::{self, BufRead, BufReader, Read};

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{CoderResult, Decoder, Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use crate::i18n::Message;
use crate::ingest::read::code_pages::{TextEncoding, WordLetters};
use crate::ingest::read::written_language::LanguageVotes;
use crate::message;

/// Bytes that are read at once.
const CHUNK: usize = 1 << 16;
/// Bytes of lines with characters beyond ASCII after which the detector knows enough. It reads
/// about 1 MB/s.
const DETECT_BYTES: usize = 1 << 19;
/// Bytes of a start in which UTF-16 shows.
const START_BYTES: usize = 4_096;
/// Zeros of which none is at the other side of its pair, that show it.
const ZEROS: usize = 16;

/// Lines at the start of which every word counts for the language.
const HEADER_LINES: usize = 20;

/// An encoding, and why, where neither the text nor its mark says it.
pub type Detected = (TextEncoding, Option<Message>);

/// The encoding of this name, as the WHATWG Encoding Standard spells it, or a code page of DOS.
///
/// # Errors
/// It is not known.
pub fn named(label: &str) -> Result<TextEncoding, Message> {
    TextEncoding::named(label).ok_or_else(|| {
        message!(
            "n’est pas un encodage connu, comme utf-8, utf-16le, windows-1252 ou cp850",
            "is not a known encoding, such as utf-8, utf-16le, windows-1252 or cp850"
        )
    })
}

/// Detects the encoding of a text by reading it to its end.
///
/// A mark at the start or the zeros of UTF-16 decide at once. Else it is UTF-8 where more
/// characters beyond ASCII are well-formed in it than not; the rest is left to the detector that
/// browsers use, to the words of the text where they are of a language of windows-1252, and to its
/// letters where they are of an encoding that is not used on the web.
///
/// # Errors
/// The text cannot be read.
pub fn detect(mut input: impl Read) -> io::Result<Detected> {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    let (mut votes, mut letters) = (LanguageVotes::default(), WordLetters::default());
    let (mut well_formed, mut malformed, mut fed) = (0_u64, 0_u64, 0);
    let mut buffer = Vec::with_capacity(CHUNK + 4);
    let mut decided = None;
    let mut is_first = true;
    loop {
        let kept = buffer.len();
        let read = (&mut input).take(CHUNK as u64).read_to_end(&mut buffer)?;
        if std::mem::take(&mut is_first) {
            decided = marked(&buffer);
            // The header has the surest words.
            buffer.split(|b| *b == b'\n').take(HEADER_LINES).for_each(|line| votes.add(line));
        }
        if decided.is_some() {
            // The rest is read all the same: a packed file shows its damage.
            if read == 0 {
                return Ok((TextEncoding::Web(decided.unwrap_or(UTF_8)), None));
            }
            buffer.clear();
            continue;
        }
        let before = malformed;
        let rest = count(&buffer, &mut well_formed, &mut malformed);
        // What is well-formed UTF-8 needs no detector, nor do lines of ASCII.
        if malformed > before {
            for line in buffer.get(kept..).unwrap_or_default().split_inclusive(|b| *b == b'\n') {
                if fed < DETECT_BYTES && !line.is_ascii() {
                    detector.feed(line, false);
                    votes.add(line);
                    letters.add(line);
                    fed += line.len();
                }
            }
        }
        let begun = buffer.split_off(buffer.len() - rest);
        buffer = begun;
        if read == 0 {
            if rest > 0 {
                malformed += 1;
                detector.feed(&buffer, false);
            }
            break;
        }
    }
    if malformed == 0 || malformed < well_formed {
        return Ok((TextEncoding::UTF_8, None));
    }
    detector.feed(b"", true);
    let guess = detector.guess(None, Utf8Detection::Deny);
    let guess = if guess == UTF_8 { WINDOWS_1252 } else { guess };
    let (encoding, why) = votes.decide(guess);
    let by_letters = letters.decide(encoding);
    let (encoding, why) = by_letters.unwrap_or((TextEncoding::Web(encoding), why));
    Ok((encoding, Some(why)))
}

/// Detects the encoding from the first bytes of a text: at most so many.
///
/// # Errors
/// The text cannot be read.
pub fn detect_start(input: impl Read, bytes: u64) -> io::Result<Detected> {
    let mut start = Vec::new();
    input.take(bytes).read_to_end(&mut start)?;
    if start.len() as u64 == bytes {
        // The character that the end may have cut says nothing.
        let cut = start.iter().rev().take(4).take_while(|byte| **byte >= 0x80).count();
        start.truncate(start.len() - cut);
    }
    detect(&start[..])
}

/// Counts characters beyond ASCII that are well-formed UTF-8 and sequences that are not; how many
/// bytes at the end begin a character.
fn count(bytes: &[u8], well_formed: &mut u64, malformed: &mut u64) -> usize {
    let mut rest = bytes;
    loop {
        let (valid, error) = match std::str::from_utf8(rest) {
            Ok(text) => (text, None),
            Err(error) => {
                let valid =
                    std::str::from_utf8(rest.get(..error.valid_up_to()).unwrap_or_default());
                (valid.unwrap_or_default(), Some(error))
            }
        };
        if !valid.is_ascii() {
            *well_formed += valid.bytes().filter(|b| *b >= 0xc0).count() as u64;
        }
        let Some(error) = error else { return 0 };
        let Some(length) = error.error_len() else { return rest.len() - error.valid_up_to() };
        *malformed += 1;
        rest = rest.get(error.valid_up_to() + length..).unwrap_or_default();
    }
}

/// The encoding that a byte order mark or the zeros of UTF-16 show.
fn marked(start: &[u8]) -> Option<&'static Encoding> {
    if let Some((encoding, _)) = Encoding::for_bom(start) {
        return Some(encoding);
    }
    let start = start.get(..start.len().min(START_BYTES)).unwrap_or_default();
    let zeros = |odd: usize| start.iter().skip(odd).step_by(2).filter(|b| **b == 0).count();
    let (even, odd, half) = (zeros(0), zeros(1), start.len() / 2);
    // Texts of other scripts have zeros at their digits and separators, on one side alone.
    let is_alone = |side: usize, other: usize| side >= ZEROS && side * 20 > half && other == 0;
    if half > 0 && odd * 2 > half && even * 20 < half || is_alone(odd, even) {
        Some(UTF_16LE)
    } else if half > 0 && even * 2 > half && odd * 20 < half || is_alone(even, odd) {
        Some(UTF_16BE)
    } else {
        None
    }
}

/// Bytes of a text that are looked at for NUL bytes.
const NUL_BYTES: u64 = 1 << 16;

/// Have most lines of a decoded text NUL bytes, as programs and UTF-16 that was not recognised do?
///
/// # Errors
/// The text cannot be read.
pub fn is_binary(text: impl Read) -> io::Result<bool> {
    let mut start = Vec::new();
    text.take(NUL_BYTES).read_to_end(&mut start)?;
    let lines: Vec<&[u8]> =
        start.split(|b| *b == b'\n').filter(|line| !line.trim_ascii().is_empty()).collect();
    let with_nul = lines.iter().filter(|line| line.contains(&0)).count();
    Ok(with_nul * 4 > lines.len() * 3)
}

/// What is said of such a text.
pub fn binary_words() -> Message {
    message!(
        "contient des octets nuls dans presque toutes ses lignes : fichier binaire, ou texte \
         UTF-16 sans marque, que --encoding utf-16le ou utf-16be lit",
        "has NUL bytes in nearly every line: a binary file, or UTF-16 text without a mark, which \
         --encoding utf-16le or utf-16be reads"
    )
}

/// The first byte that is not white space or a BOM.
pub fn first_sign(text: impl Read) -> io::Result<Option<u8>> {
    let mut reader = BufReader::new(text);
    loop {
        let buffer = reader.fill_buf()?;
        if buffer.is_empty() {
            return Ok(None);
        }
        let skip = |b: &&u8| !b.is_ascii_whitespace() && !b"\xef\xbb\xbf".contains(b);
        if let Some(sign) = buffer.iter().find(skip) {
            return Ok(Some(*sign));
        }
        let read = buffer.len();
        reader.consume(read);
    }
}

/// Text of another encoding as UTF-8; what cannot be decoded becomes U+FFFD.
pub struct DecodingReader<R> {
    input: R,
    decoder: Decoder,
    raw: Vec<u8>,
    from: usize,
    text: Vec<u8>,
    given: usize,
    is_at_end: bool,
    is_finished: bool,
}

impl<R: Read> DecodingReader<R> {
    /// Begins to decode; a byte order mark is left out.
    pub fn new(input: R, encoding: &'static Encoding) -> Self {
        Self {
            input,
            decoder: encoding.new_decoder_with_bom_removal(),
            raw: Vec::new(),
            from: 0,
            text: Vec::new(),
            given: 0,
            is_at_end: false,
            is_finished: false,
        }
    }

    fn decode(&mut self) -> io::Result<()> {
        if self.from == self.raw.len() && !self.is_at_end {
            self.raw.clear();
            self.from = 0;
            let read = (&mut self.input).take(CHUNK as u64).read_to_end(&mut self.raw)?;
            self.is_at_end = read == 0;
        }
        self.text.resize(4 * CHUNK, 0);
        let (result, read, written, _) = self.decoder.decode_to_utf8(
            self.raw.get(self.from..).unwrap_or_default(),
            &mut self.text,
            self.is_at_end,
        );
        self.from += read;
        self.text.truncate(written);
        self.given = 0;
        self.is_finished = self.is_at_end && result == CoderResult::InputEmpty;
        Ok(())
    }
}

impl<R: Read> Read for DecodingReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.given == self.text.len() {
            if self.is_finished {
                return Ok(0);
            }
            self.decode()?;
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
    use super::*;

    fn decoded(bytes: &[u8]) -> (&'static str, String) {
        let (encoding, _) = detect(bytes).unwrap();
        let mut text = String::new();
        let TextEncoding::Web(web) = encoding else { panic!("{encoding:?}") };
        DecodingReader::new(bytes, web).read_to_string(&mut text).unwrap();
        (encoding.name(), text)
    }

    #[test]
    fn one_encoding_for_the_whole_text() {
        let text = "id,nom\n1,Éclairage défectueux à l’école\n2,œuvre\n".repeat(3);
        let utf_16 = |little: bool, mark: bool| -> Vec<u8> {
            let units = mark.then_some(0xfeff).into_iter().chain(text.encode_utf16());
            units.flat_map(|u| if little { u.to_le_bytes() } else { u.to_be_bytes() }).collect()
        };
        let (latin, ..) = WINDOWS_1252.encode(&text);
        for (bytes, name) in [
            (text.clone().into_bytes(), "UTF-8"),
            ([b"\xef\xbb\xbf".to_vec(), text.clone().into_bytes()].concat(), "UTF-8"),
            (latin.into_owned(), "windows-1252"),
            (utf_16(true, true), "UTF-16LE"),
            (utf_16(false, true), "UTF-16BE"),
            (utf_16(true, false), "UTF-16LE"),
            (utf_16(false, false), "UTF-16BE"),
        ] {
            assert_eq!(decoded(&bytes), (name, text.clone()));
        }
        // Of another script, in which most characters have no zero.
        let street = "7,Большая яма на дороге возле дома,улица\n".repeat(40);
        let units = street.encode_utf16();
        let bytes: Vec<u8> = units.clone().flat_map(u16::to_le_bytes).collect();
        assert_eq!(decoded(&bytes), ("UTF-16LE", street.clone()));
        let bytes: Vec<u8> = units.flat_map(u16::to_be_bytes).collect();
        assert_eq!(decoded(&bytes), ("UTF-16BE", street));
        // One accent far from the start decides as well.
        let far = [vec![b'a'; 3 * CHUNK], b"\n\xe9t\xe9 caf\xe9\n".to_vec()].concat();
        assert!(decoded(&far).1.ends_with("été café\n"));
        // A character that the buffer cuts is whole; one damaged row leaves UTF-8 in place.
        let cut = format!("{}é{}", "a".repeat(CHUNK - 1), "é".repeat(9));
        assert_eq!(decoded(cut.as_bytes()), ("UTF-8", cut.clone()));
        let damaged = [text.as_bytes(), b"3,caf\xe9\n"].concat();
        assert_eq!(detect(&damaged[..]).unwrap().0, TextEncoding::UTF_8);
        assert_eq!(decoded(b"").1, "");
        // A start that is cut within a character.
        assert_eq!(detect_start("é".repeat(9).as_bytes(), 3).unwrap().0, TextEncoding::UTF_8);
        let western = detect_start(&b"\xe9t\xe9 caf\xe9 "[..], 8).unwrap().0;
        assert_eq!(western, TextEncoding::Web(WINDOWS_1252));
    }
}
