//! The language of a text whose encoding is not known yet, by its words in ASCII and by sequences
//! of bytes around its accents: for encodings that differ in few characters.

#![expect(clippy::indexing_slicing, reason = "tables of one entry for each language")]

use std::collections::HashMap;

use encoding_rs::{Encoding, WINDOWS_1252};

use crate::i18n::Message;
use crate::message;

/// A language that is looked for.
struct WrittenLanguage {
    /// Its name in French and in English.
    names: [&'static str; 2],
    /// Is it written in windows-1252?
    is_western: bool,
    /// Words of headers and of addresses without an accent, that no other language here has.
    words: &'static str,
    /// Sequences in windows-1252 that hold an accent, in lower case.
    sequences: &'static [&'static [u8]],
}

const LANGUAGES: [WrittenLanguage; 13] = [
    WrittenLanguage {
        names: ["en espagnol", "Spanish"],
        is_western: true,
        words: "fecha fechas calle calles barrio barrios asunto cierre apertura distrito hora \
                folio queja solicitud incidencia alumbrado limpieza basura los las del una para \
                con ciudad abierto cerrado pendiente colonia municipio",
        sequences: &[
            b"ci\xf3n",
            b"si\xf3n",
            b"a\xf1o",
            b"a\xf1a",
            b"e\xf1o",
            b"\xf1ez",
            b"n\xfamero",
        ],
    },
    WrittenLanguage {
        names: ["en portugais", "Portuguese"],
        is_western: true,
        words: "rua ruas bairro bairros assunto abertura fechamento endereco logradouro freguesia \
                pedido iluminacao lixo buraco dos das uma com aberto fechado encerrado cidade \
                avenida travessa prazo",
        sequences: &[b"\xe7\xe3o", b"\xe7\xf5es", b"\xe3o", b"\xf5es", b"\xeancia", b"\xe2mara"],
    },
    WrittenLanguage {
        names: ["en français", "French"],
        is_western: true,
        words: "rue rues quartier quartiers adresse ouverture fermeture demande signalement \
                eclairage voirie trottoir chaussee dechets les des une dans sur avec ouvert \
                ferme boulevard chemin arrondissement commune",
        sequences: &[
            b"\xe8re", b"\xe9e", b"\xe9 ", b"\xe9tat", b"cr\xe9", b"\xf4t", b"\xe8s", b"\xe9g",
            b"r\xe9", b"d\xe9", b" \xe0 ", b"\xe7a", b"\xeete",
        ],
    },
    WrittenLanguage {
        names: ["en italien", "Italian"],
        is_western: true,
        words: "indirizzo segnalazione chiusura apertura quartiere piazza viale della delle degli \
                nel sulla rifiuti buca illuminazione chiuso aperto richiesta descrizione",
        sequences: &[b"it\xe0", b"\xe0 ", b"\xf9 ", b"\xf2 "],
    },
    WrittenLanguage {
        names: ["en allemand", "German"],
        is_western: true,
        words: "meldung meldungen bezirk stadtteil datum_eingang abgeschlossen beschreibung weg \
                platz und nicht der die das auf mit offen erledigt gemeldet laterne",
        sequences: &[b"stra\xdfe", b"stra\xdf", b"f\xfcr", b"\xfcber", b"m\xfcll"],
    },
    WrittenLanguage {
        names: ["en néerlandais", "Dutch"],
        is_western: true,
        words: "straat melding meldingen wijk buurt omschrijving categorie het een van niet voor \
                gesloten afgehandeld aanmaakdatum",
        sequences: &[b"ge\xefn", b"re\xeb", b"ci\xeb"],
    },
    WrittenLanguage {
        names: ["en polonais", "Polish"],
        is_western: false,
        words: "ulica ulicy zgloszenie zgloszenia dzielnica opis kategoria nie jest przy oraz dla \
                rodzaj data_zgloszenia otwarte osiedle chodnik jezdnia",
        sequences: &[b"\xea ", b"\xb3a", b"\xf3w", b"o\x9c\xe6", b"\xbfe", b"\xb9 ", b"\xb3y"],
    },
    WrittenLanguage {
        names: ["en tchèque ou en slovaque", "Czech or Slovak"],
        is_western: false,
        words: "ulice nazev stav popis hlaseni podnet adresa pro nebo ktery mesto okres obec \
                nazov stavu podnetu ulici",
        sequences: &[b"\xec", b"\xf8i", b"\xf8e", b"\xfd ", b"\x9aen", b"\x9eka"],
    },
    WrittenLanguage {
        names: ["en hongrois", "Hungarian"],
        is_western: false,
        words: "utca bejelentes leiras allapot kerulet cim tipus datuma nem egy hiba lezart \
                nyitott",
        sequences: &[b"\xf5", b"\xfb", b"\xe9s ", b"s\xe1g", b"t\xe9s"],
    },
    WrittenLanguage {
        names: ["en roumain", "Romanian"],
        is_western: false,
        words: "strada sesizare sesizari descriere stare este pentru sector cartier \
                nr_inregistrare deschis inchis",
        sequences: &[b"\xfei", b"\xba\xee", b"\xe3 ", b"\xe3r", b"\xfeie", b"\xbai"],
    },
    WrittenLanguage {
        names: ["en croate ou en slovène", "Croatian or Slovene"],
        is_western: false,
        words: "prijava prijave naslov naziv opisa ulici trg cesta otvoreno zatvoreno kategorija",
        sequences: &[b"\xe8a", b"\xe8n", b"\x9ete", b"\x9ani", b"i\xe6"],
    },
    WrittenLanguage {
        names: ["dans une langue balte", "of a Baltic language"],
        is_western: false,
        words: "gatve iela adresas statusas aprasymas adrese statuss apraksts tanav aadress \
                kuupaev kirjeldus seisund yra ir",
        sequences: &[b"\xebt", b"\xf0k", b"\xfe", b"\xe2s ", b"\xeeb"],
    },
    WrittenLanguage {
        names: ["en turc", "Turkish"],
        is_western: false,
        words: "sokak mahalle cadde ilce basvuru tarih tarihi durum konu talep sikayet mahallesi",
        sequences: &[b"\xfd", b"\xf0", b"\xfe"],
    },
];

/// Least evidence for a language, and how many times that of others.
const VOTES_MIN: u32 = 4;
const TIMES_MORE: u32 = 2;
/// Times that one word or sequence counts.
const COUNT_MAX: u32 = 5;
/// Share of the letters beyond ASCII from which a text is of another script.
const SCRIPT_SHARE: f64 = 0.3;
/// Bytes that windows-1252 does not define.
const UNDEFINED: [u8; 5] = [0x81, 0x8d, 0x8f, 0x90, 0x9d];
/// Examples of words that are shown.
const EXAMPLES: usize = 3;

/// Counts the words and sequences of languages in the lines of a text.
pub struct LanguageVotes {
    counts: [u32; LANGUAGES.len()],
    words: HashMap<&'static str, (usize, u32)>,
    sequences: HashMap<(usize, usize), u32>,
    letters: [u64; 2],
    is_defined: bool,
}

impl Default for LanguageVotes {
    fn default() -> Self {
        let each = |(number, language): (usize, &WrittenLanguage)| {
            let words: Vec<(&'static str, (usize, u32))> =
                language.words.split_ascii_whitespace().map(|word| (word, (number, 0))).collect();
            words
        };
        Self {
            counts: [0; LANGUAGES.len()],
            words: LANGUAGES.iter().enumerate().flat_map(each).collect(),
            sequences: HashMap::new(),
            letters: [0; 2],
            is_defined: true,
        }
    }
}

impl LanguageVotes {
    /// Looks at a line.
    pub fn add(&mut self, line: &[u8]) {
        let lower = line.to_ascii_lowercase();
        let is_letter = |byte: &u8| byte.is_ascii_alphabetic() || *byte >= 0x80;
        for word in lower.split(|byte| !is_letter(byte)).filter(|word| !word.is_empty()) {
            if let Ok(word) = std::str::from_utf8(word)
                && let Some((language, count)) = self.words.get_mut(word)
                && *count < COUNT_MAX
            {
                *count += 1;
                self.counts[*language] += 1;
            }
        }
        let beyond = lower.iter().filter(|byte| **byte >= 0x80).count();
        self.letters[1] += beyond as u64;
        self.letters[0] += lower.iter().filter(|byte| is_letter(byte)).count() as u64;
        self.is_defined &= !lower.iter().any(|byte| UNDEFINED.contains(byte));
        if beyond == 0 {
            return;
        }
        for (number, language) in LANGUAGES.iter().enumerate() {
            for (at, sequence) in language.sequences.iter().enumerate() {
                let count = self.sequences.entry((number, at)).or_default();
                if *count < COUNT_MAX && memchr::memmem::find(&lower, sequence).is_some() {
                    *count += 1;
                    self.counts[number] += 1;
                }
            }
        }
    }

    /// The encoding of a text that a detector takes for `guess`, and why: windows-1252, where its
    /// language is one that is written in it.
    pub fn decide(&self, guess: &'static Encoding) -> (&'static Encoding, Message) {
        let name = guess.name();
        let by_bytes = || {
            message!(
                "encodage {name}, d’après les octets ; --encoding en nomme un autre",
                "encoding {name}, as the bytes suggest; --encoding names another"
            )
        };
        let best = (0..LANGUAGES.len()).max_by_key(|number| self.counts[*number]).unwrap_or(0);
        let votes = self.counts[best];
        let is_same = |number: &usize| LANGUAGES[*number].is_western == LANGUAGES[best].is_western;
        let others = (0..LANGUAGES.len()).filter(|number| !is_same(number));
        let other = others.map(|number| self.counts[number]).max().unwrap_or(0);
        let script = self.letters[1] as f64 / (self.letters[0].max(1)) as f64;
        if votes < VOTES_MIN || other * TIMES_MORE > votes || script >= SCRIPT_SHARE {
            return (guess, by_bytes());
        }
        let mut words: Vec<(&str, u32)> = self
            .words
            .iter()
            .filter(|(_, (language, count))| *language == best && *count > 0)
            .map(|(word, (_, count))| (*word, *count))
            .collect();
        words.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        let is_western = LANGUAGES[best].is_western;
        if words.is_empty()
            || (is_western && !self.is_defined)
            || (!is_western && guess == WINDOWS_1252)
        {
            return (guess, by_bytes());
        }
        let encoding = if is_western { WINDOWS_1252 } else { guess };
        let shown = |open: &str, close: &str| {
            let words = words.iter().take(EXAMPLES);
            words.map(|(word, _)| format!("{open}{word}{close}")).collect::<Vec<_>>().join(", ")
        };
        let (fr, en) = (shown("« ", " »"), shown("'", "'"));
        let ([language_fr, language_en], name) = (LANGUAGES[best].names, encoding.name());
        let why = message!(
            "encodage {name} : des mots comme {fr} sont {language_fr} ; --encoding en nomme un \
             autre",
            "encoding {name}: words such as {en} are {language_en}; --encoding names another"
        );
        (encoding, why)
    }
}

#[cfg(test)]
mod tests {
    use encoding_rs::{WINDOWS_1250, WINDOWS_1251, WINDOWS_1254, WINDOWS_1257};

    use super::*;

    fn decided(text: &str, encoding: &'static Encoding, guess: &'static Encoding) -> &'static str {
        let (bytes, _, is_lossy) = encoding.encode(text);
        assert!(!is_lossy, "{text}");
        let mut votes = LanguageVotes::default();
        bytes.split(|byte| *byte == b'\n').for_each(|line| votes.add(line));
        votes.decide(guess).0.name()
    }

    #[test]
    fn languages_of_the_west_are_windows_1252_whatever_the_detector_says() {
        for text in [
            "fecha;calle;descripción\n1;Calle de la Peña;Iluminación\n2;Calle Año;Señal\n",
            "Fecha de cierre,Asunto,Barrio\n2,Limpieza,San José\n",
            "data;rua;situação\n1;Rua São João;Iluminação\n2;Rua das Flores;Não\n",
            "bairro;assunto;prazo\n1;buraco;três\n2;lixo na rua;mês\n",
            "adresse;quartier;état\n1;rue de la Forêt;Créé\n2;rue des Prés;Fermé\n",
            "indirizzo;segnalazione\n1;Via della Libertà;buca\n2;Piazza Università;rifiuti\n",
            "Straße;Meldung\n1;Müllerstraße;nicht erledigt\n2;Am Weg;für und über\n",
        ] {
            for guess in [WINDOWS_1250, WINDOWS_1257, WINDOWS_1254] {
                assert_eq!(decided(text, WINDOWS_1252, guess), "windows-1252", "{text}");
            }
        }
    }

    #[test]
    fn other_languages_keep_the_encoding_that_was_detected() {
        let polish =
            "ulica;opis;dzielnica\n1;ulica Łąkowa;nie świeci\n2;przy ulicy Żółtej;chodnik\n";
        assert_eq!(decided(polish, WINDOWS_1250, WINDOWS_1250), "windows-1250");
        let czech = "ulice;popis;stav\n1;Příčná ulice;město\n2;Dlouhá ulice;nefunkční světlo pro\n";
        assert_eq!(decided(czech, WINDOWS_1250, WINDOWS_1250), "windows-1250");
        let baltic = "gatve;statusas\n1;Žalioji gatve;aprasymas ėš\n2;Ąžuolų gatve;yra ir\n";
        assert_eq!(decided(baltic, WINDOWS_1257, WINDOWS_1257), "windows-1257");
        let russian = "id;rue;adresse;quartier\n1;Большая яма на дороге возле дома;Улица Ленина\n";
        assert_eq!(decided(russian, WINDOWS_1251, WINDOWS_1251), "windows-1251");
        // A name alone is no language.
        assert_eq!(decided("id;name\n1;José\n", WINDOWS_1252, WINDOWS_1250), "windows-1250");
    }
}
