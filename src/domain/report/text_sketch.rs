//! A sketch of the texts of a report: twelve bytes from which the index estimates how similar two
//! descriptions are and whether two addresses name the same street. The texts stay in the store.

use crate::domain::catalogue::plain;
use crate::domain::personal_words::has_personal_words;

/// Hashes of the words of a description and of the streets of an address.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TextSketch {
    /// A set of 64 bits: each significant word of the description sets the bit of its hash.
    pub words: u64,
    /// Hashes of up to two streets of the address, the lesser first; 0 for none.
    pub streets: [u16; 2],
}

impl TextSketch {
    /// The sketch of an address and a description. Words of the code of the service are left out.
    ///
    /// Case, accents, plurals, stop words of French and English and abbreviations of types of
    /// streets do not matter: `120, boul. Charest E.` and `Boulevard Charest Est` are one street.
    /// A description with personal words has no words here: the public may compare with them.
    pub fn of(address: Option<&str>, description: Option<&str>, service_code: &str) -> Self {
        let text = description.filter(|text| !has_personal_words(text));
        let words = text.map_or(0, |text| words(text, service_code));
        Self { words, streets: address.map_or([0; 2], streets) }
    }

    /// The similarity of two descriptions, from 0 to 1: the Jaccard index of the bits of their
    /// words. `None` if one of them has no significant word.
    pub fn likeness(self, other: Self) -> Option<f64> {
        let all = (self.words | other.words).count_ones();
        let both = (self.words & other.words).count_ones();
        (self.words != 0 && other.words != 0).then(|| f64::from(both) / f64::from(all))
    }

    /// Whether both addresses name the same street. `None` if one of them names no street.
    pub fn shares_street(self, other: Self) -> Option<bool> {
        let known = self.streets[1] != 0 && other.streets[1] != 0;
        let has = |street: &u16| *street != 0 && other.streets.contains(street);
        known.then(|| self.streets.iter().any(has))
    }
}

/// Number of bytes of a word that are compared.
const WORD_BYTES: usize = 24;

/// A word in lower case and without accents.
struct WordBuffer {
    bytes: [u8; WORD_BYTES],
    len: usize,
}

impl WordBuffer {
    fn push(&mut self, text: &str) {
        for byte in text.bytes() {
            if self.len < WORD_BYTES {
                self.bytes[self.len] = byte;
                self.len += 1;
            }
        }
    }

    fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    fn is_number(&self) -> bool {
        self.bytes().iter().all(u8::is_ascii_digit)
    }
}

/// The 64-bit FNV-1a hash (Fowler, Noll, Vo), then mixed so that all bits depend on all.
fn hash(bytes: &[u8]) -> u64 {
    let fnv = bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325u64, |h, b| (h ^ u64::from(*b)).wrapping_mul(0x100_0000_01b3));
    (fnv ^ (fnv >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// Calls `found` with each word, in lower case and without accents, and with the character after
/// it (a space at the end of the text).
fn each_word(text: &str, mut found: impl FnMut(&WordBuffer, char)) {
    let mut word = WordBuffer { bytes: [0; WORD_BYTES], len: 0 };
    for c in text.chars() {
        if c.is_ascii_alphanumeric() {
            let mut sign = [0; 4];
            word.push(c.to_ascii_lowercase().encode_utf8(&mut sign));
        } else if let Some(folded) = c.to_lowercase().next().and_then(plain).filter(|f| *f != "'") {
            word.push(folded);
        } else {
            found(&word, c);
            word.len = 0;
        }
    }
    found(&word, ' ');
}

/// Stop words of French and English.
const LITTLE: &[&[u8]] = &[
    b"the", b"and", b"for", b"has", b"have", b"was", b"are", b"this", b"that", b"with", b"from",
    b"there", b"been", b"not", b"please", b"les", b"des", b"une", b"est", b"sont", b"pas", b"dans",
    b"sur", b"pour", b"avec", b"devant", b"depuis", b"qui", b"que", b"ete", b"ont", b"son", b"ses",
    b"nous", b"vous", b"svp", b"merci", b"bonjour", b"hello",
];

/// A word without the `s` or `x` of its plural.
fn singular(word: &[u8]) -> &[u8] {
    match word {
        [rest @ .., b's' | b'x'] if rest.len() >= 3 => rest,
        _ => word,
    }
}

fn words(text: &str, service_code: &str) -> u64 {
    let mut bits = 0;
    each_word(text, |word, _| {
        let one = singular(word.bytes());
        let bytes = match street_word(word.bytes(), false) {
            StreetWord::Type(kind) if word.len > 1 => kind,
            _ => one,
        };
        let short = if word.is_number() { 2 } else { 3 };
        let own = || service_code.split('-').any(|part| singular(part.as_bytes()) == one);
        if bytes.len() >= short && !LITTLE.contains(&word.bytes()) && !own() {
            bits |= 1 << (hash(bytes) >> 58);
        }
    });
    bits
}

/// The role of a word in the name of a street.
enum StreetWord {
    /// The type of a street or a direction, in one spelling for both languages.
    Type(&'static [u8]),
    /// A word of the street's own name.
    Name,
    /// A word that is left out, such as `de`.
    Ignored,
    /// A word after which another street begins, such as `corner`.
    Separator,
}

/// The role of a lower-case word. `is_last` distinguishes `St` at the end (a street) from `St` in
/// front of a name (a saint).
fn street_word(word: &[u8], is_last: bool) -> StreetWord {
    StreetWord::Type(match word {
        b"" | b"de" | b"du" | b"des" | b"la" | b"le" | b"les" | b"l" | b"d" | b"of" => {
            return StreetWord::Ignored;
        }
        b"et" | b"and" | b"coin" | b"at" | b"angle" | b"corner" | b"intersection" => {
            return StreetWord::Separator;
        }
        b"st" if is_last => b"rue",
        b"rue" | b"street" | b"str" => b"rue",
        b"st" | b"ste" | b"saint" | b"sainte" => b"saint",
        b"avenue" | b"ave" | b"av" => b"avenue",
        b"boulevard" | b"boul" | b"blvd" | b"bd" => b"boulevard",
        b"chemin" | b"ch" => b"chemin",
        b"road" | b"rd" => b"road",
        b"route" | b"rte" => b"route",
        b"place" | b"pl" => b"place",
        b"drive" | b"dr" => b"drive",
        b"court" | b"ct" => b"court",
        b"lane" | b"ln" => b"lane",
        b"terrace" | b"ter" | b"terr" => b"terrasse",
        b"square" | b"sq" => b"square",
        b"parkway" | b"pkwy" => b"parkway",
        b"highway" | b"hwy" => b"highway",
        b"autoroute" | b"aut" => b"autoroute",
        b"est" | b"east" | b"e" => b"est",
        b"ouest" | b"west" | b"w" | b"o" => b"ouest",
        b"nord" | b"north" | b"n" => b"nord",
        b"sud" | b"south" | b"s" => b"sud",
        _ => return StreetWord::Name,
    })
}

/// Whether a word is a house number, such as `125` or `125a`. `3e` and `5th` are names of streets.
fn is_house(word: &WordBuffer) -> bool {
    let digits = word.bytes().iter().take_while(|b| b.is_ascii_digit()).count();
    digits > 0
        && match &word.bytes()[digits..] {
            [] => true,
            [letter] => *letter != b'e',
            _ => false,
        }
}

/// A street being read.
#[derive(Default)]
struct Street {
    sum: u64,
    /// Whether it has a name, not only a type.
    named: bool,
    begun: bool,
}

impl Street {
    /// Its hash, never 0; `None` without a name. The order of the words does not matter, because
    /// French puts the type in front of the name and English after it.
    fn number(&self) -> Option<u16> {
        self.named.then(|| ((self.sum >> 48) as u16).max(1))
    }
}

/// Hashes of the first two streets of an address. The text after a comma or two spaces is
/// ignored.
fn streets(address: &str) -> [u16; 2] {
    let mut found = [0u16; 2];
    let mut street = Street::default();
    let mut add = |street: &mut Street| {
        if let Some(number) = std::mem::take(street).number()
            && found[0] == 0
            && found[1] != number
        {
            // Ascending: a single street is the second value.
            found = [found[1].min(number), found[1].max(number)];
        }
    };
    let (mut after_space, mut over) = (false, false);
    each_word(address, |word, end| {
        if over || (word.len == 0 && !after_space && matches!(end, ' ' | '.')) {
            after_space = after_space || end == ' ';
            return;
        }
        // A comma or two spaces directly after a house number do not end the address.
        let wide = word.len == 0 && after_space && end == ' ';
        let is_last = !matches!(end, ' ' | '-' | '.' | '\'' | '’');
        if word.len > 0 && (street.begun || !is_house(word)) {
            match street_word(word.bytes(), is_last || street.named) {
                StreetWord::Ignored => {}
                StreetWord::Separator => add(&mut street),
                StreetWord::Type(kind) => {
                    street.begun = true;
                    street.sum = street.sum.wrapping_add(hash(kind));
                }
                StreetWord::Name => {
                    (street.begun, street.named) = (true, true);
                    street.sum = street.sum.wrapping_add(hash(word.bytes()));
                }
            }
        }
        match end {
            '&' | '/' | '@' => add(&mut street),
            ',' | '(' => over = street.named,
            _ => over = wide && street.named,
        }
        after_space = end == ' ';
    });
    add(&mut street);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(address: &str) -> TextSketch {
        TextSketch::of(Some(address), None, "")
    }

    #[test]
    fn a_street_is_one_however_it_is_written() {
        for (one, other) in [
            ("120, boul. Charest E.", "Boulevard Charest Est, Québec"),
            ("1045 rue Saint-Jean", "Rue St-Jean (Québec)"),
            ("12 Main St", "Main Street, Springfield"),
            ("10-12 Elmira St  Brighton  MA  02135", "10 ELMIRA ST"),
            ("625, 3e Avenue", "3e av."),
            ("500 Grande Allée Est", "Grande-Allée E"),
            ("INTERSECTION of Groveland St & River St  Mattapan  MA  ", "12 River St  Mattapan"),
            ("angle rue Cartier et avenue Fraser", "Av. Fraser / René-Lévesque"),
        ] {
            assert_eq!(at(one).shares_street(at(other)), Some(true), "{one} | {other}");
        }
        for (one, other) in [
            ("1re Avenue", "1re Rue"),
            ("12 Main St", "12 Main Ave"),
            ("rue Saint-Jean", "rue Saint-Joseph"),
            ("120 boulevard Charest Est", "120 boulevard Charest Ouest"),
            ("INTERSECTION of Adams St & Beach St", "Centre St & Dudley St"),
        ] {
            assert_eq!(at(one).shares_street(at(other)), Some(false), "{one} | {other}");
        }
        for nowhere in ["", "125", "rue", ", ,", "  "] {
            assert_eq!(at(nowhere).shares_street(at("rue Cartier")), None, "{nowhere}");
        }
    }

    #[test]
    fn descriptions_are_compared_by_what_they_say() {
        let said = |text: &str| TextSketch::of(None, Some(text), "nid-de-poule");
        let alike = |one: &str, other: &str| said(one).likeness(said(other));
        assert_eq!(alike("Gros trou près du 12", "GROS TROUS pres du 12"), Some(1.0));
        assert_eq!(alike("Trou, boul. Charest", "trou boulevard CHAREST"), Some(1.0));
        assert_eq!(alike("Il y a un nid-de-poule", "Gros trou"), None);
        assert_eq!(TextSketch::of(None, Some("Street Lights"), "street-light-outages").words, 0);
        assert_eq!(alike("", "Gros trou"), None);
        assert!(alike("lampadaire 4512 clignote", "poteau 4512 penché").unwrap() > 0.1);
        // Two words share a bit now and then.
        let other = ["matelas et divan", "branche cassée", "feu rouge en panne", "chien perdu"];
        let chance = other.map(|text| alike("véhicule bleu sans plaque", text).unwrap());
        assert!(chance.iter().sum::<f64>() / 4.0 < 0.15, "{chance:?}");
        let long = "mot ".repeat(250_000);
        assert_eq!(alike(&long, "mot"), Some(1.0));
    }
}
