//! The quick look at a text that tells whether it may have personal words at all: most texts have
//! none of the words and signs without which nothing is found, and are read no further.

/// Words without which no name, plate or address is found, with and without accents. A first
/// letter alone stands for words that an apostrophe or a dot ends.
const WORDS: &[&str] = &[
    "mme",
    "mlle",
    "mrs",
    "ms",
    "mr",
    "m",
    "miss",
    "monsieur",
    "madame",
    "mademoiselle",
    "dr",
    "dre",
    "docteur",
    "doctor",
    "officer",
    "captain",
    "capitaine",
    "agent",
    "agente",
    "sgt",
    "detective",
    "appelle",
    "nom",
    "name",
    "suis",
    "am",
    "this",
    "appelez",
    "appeler",
    "rappelez",
    "rappeler",
    "contacter",
    "contactez",
    "contact",
    "contacts",
    "joindre",
    "joignez",
    "rejoindre",
    "rejoignez",
    "demander",
    "demandez",
    "parler",
    "parlez",
    "communiquer",
    "communiquez",
    "aviser",
    "avisez",
    "message",
    "coordonnées",
    "coordonnees",
    "call",
    "ask",
    "speak",
    "talk",
    "reach",
    "notify",
    "text",
    "email",
    "signalé",
    "signalée",
    "signale",
    "signalee",
    "reported",
    "plainte",
    "complaint",
    "signature",
    "signé",
    "signe",
    "signed",
    "fille",
    "fils",
    "mari",
    "femme",
    "conjoint",
    "conjointe",
    "mère",
    "mere",
    "père",
    "pere",
    "frère",
    "frere",
    "soeur",
    "sœur",
    "daughter",
    "son",
    "husband",
    "wife",
    "mother",
    "father",
    "brother",
    "sister",
    "partner",
    "merci",
    "thanks",
    "thank",
    "cordialement",
    "regards",
    "sincerely",
    "salutations",
    "bien",
    "cheers",
    "respectueusement",
    "plaque",
    "plaques",
    "immatriculation",
    "immatricule",
    "immatriculé",
    "immatriculée",
    "immatriculés",
    "immatriculées",
    "immatriculee",
    "immatricules",
    "immatriculees",
    "plate",
    "plates",
    "license",
    "licence",
    "tag",
    "tags",
    "reg",
    "registration",
    "habite",
    "habitons",
    "demeure",
    "reste",
    "vis",
    "loge",
    "live",
    "reside",
    "demeurons",
    "restons",
    "vivons",
    "adresse",
    "domicile",
    "address",
    "house",
    "maison",
    "home",
    "residence",
    "résidence",
];
/// Digits of the shortest telephone number.
const DIGITS_MIN: u32 = 7;

/// The hash of a word, of which it receives the bytes one by one. Capitals and small letters are
/// equal, also those of two bytes with the accents of French.
#[derive(Debug, Clone, Copy)]
pub struct CueHash(u64);

impl CueHash {
    /// The hash of no byte.
    pub const EMPTY: Self = Self(0xcbf2_9ce4_8422_2325);

    /// The hash with one more byte.
    pub const fn with(self, byte: u8) -> Self {
        Self((self.0 ^ (byte | 0x20) as u64).wrapping_mul(0x0100_0000_01b3))
    }

    /// Its place in the table.
    const fn slot(self) -> (usize, u64) {
        let mixed = self.0 ^ (self.0 >> 29);
        ((mixed >> 6) as usize % TABLE, 1 << (mixed % 64))
    }

    /// Whether it may be the hash of a cue; false is certain.
    pub fn is_cue(self) -> bool {
        let (index, bit) = self.slot();
        CUES.get(index).is_some_and(|set| set & bit != 0)
    }
}

/// Words of the table: 8,192 bits, of which the cues set about one in fifty.
const TABLE: usize = 128;

/// A set of the hashes of the words.
static CUES: [u64; TABLE] = {
    let mut table = [0; TABLE];
    let mut n = 0;
    while n < WORDS.len() {
        let (word, mut hash, mut at) = (WORDS[n].as_bytes(), CueHash::EMPTY, 0);
        while at < word.len() {
            hash = hash.with(word[at]);
            at += 1;
        }
        let (index, bit) = hash.slot();
        table[index] |= bit;
        n += 1;
    }
    table
};

/// What a text may have; false is certain.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MayHave {
    /// An e-mail address.
    pub emails: bool,
    /// A telephone or insurance number.
    pub numbers: bool,
    /// A name, a plate or an address.
    pub words: bool,
}

impl MayHave {
    /// Everything.
    #[cfg(test)]
    pub const ALL: Self = Self { emails: true, numbers: true, words: true };

    /// Looks at a text: about a nanosecond for a byte.
    pub fn of(text: &str) -> Self {
        let bytes = text.as_bytes();
        let mut may = Self::default();
        // Digits since the last letter or comma, which no number has inside.
        let (mut digits, mut hash, mut is_word) = (0, CueHash::EMPTY, false);
        for (at, byte) in bytes.iter().enumerate() {
            if byte.is_ascii_alphabetic() || *byte >= 0x80 {
                if *byte < 0x80 {
                    digits = 0;
                }
                (hash, is_word) = (hash.with(*byte), true);
                continue;
            }
            if is_word {
                may.words |= hash.is_cue();
                (hash, is_word) = (CueHash::EMPTY, false);
            }
            match byte {
                b'0'..=b'9' => {
                    digits += 1;
                    may.numbers |= digits >= DIGITS_MIN;
                    // As in `A12 BCD` and `AB-123-CD`.
                    may.words |= is_plate_start(bytes, at);
                }
                b' ' | b'(' | b')' | b'-' | b'.' | b'/' | b'+' => (),
                b'@' => (may.emails, digits) = (true, 0),
                b'\n' => (may.words, digits) = (true, 0),
                _ => digits = 0,
            }
        }
        may.words |= is_word && hash.is_cue();
        may
    }
}

/// Is this the first digit of what looks like a plate?
fn is_plate_start(bytes: &[u8], at: usize) -> bool {
    let before = |n: usize| at.checked_sub(n).and_then(|at| bytes.get(at)).copied();
    let is_digit = |n: usize| bytes.get(at + n).is_some_and(u8::is_ascii_digit);
    let is_capital = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_uppercase());
    match before(1) {
        Some(b'-') => is_capital(before(2)) && is_digit(2) && bytes.get(at + 3) == Some(&b'-'),
        letter => is_capital(letter) && is_digit(1) && !is_digit(2),
    }
}
