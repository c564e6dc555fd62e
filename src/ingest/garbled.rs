//! Texts whose bytes were read in another encoding than they were written in, on their way into a
//! file: `Ã€ traiter` for `À traiter`.

use encoding_rs::{MACINTOSH, WINDOWS_1252};

/// Letters that are words of their own in one of the eight languages.
const LONE_LETTERS: &str = "àáâéèêíóòôúùÀÁÂÉÈÊÍÓÒÔÚÙªº";
/// Signs that no text of a status has.
const SIGNS: &str = "ƒ†‡ˆ‰‹›˜™¤¦¨¬¯±²³µ¶¸¹¼½¾×÷ÐÞðþ√∂∆∏∑∫◊≈≠≤≥";
/// Signs and letters that stand beside no letter of the eight languages.
const BETWEEN: &str = "‚„…“”·ŸŽžŠš";
/// First characters of letters of UTF-8 that was read as Windows-1252.
const FIRST: &str = "ÃÂÅÄ";
/// The characters of the bytes from 0x80 in code page 850, of MS-DOS.
const CP850: &str = "\
    ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒáíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐\
    └┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈıÍÎÏ┘┌█▄¦Ì▀ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u{ad}±‗¾¶§÷¸°¨·¹³²■\u{a0}";
/// Letters with accents of the eight languages.
const ACCENTED: &str = "àáâãäąćçèéêëęìíîïłńñòóôõöœśùúûüźżßÀÁÂÃÄĄĆÇÈÉÊËĘÌÍÎÏŁŃÑÒÓÔÕÖŒŚÙÚÛÜŹŻ";

/// The byte of a character in Windows-1252, with the control characters of ISO 8859-1.
fn byte(c: char) -> Option<u8> {
    if let '\u{0}'..='\u{9f}' = c {
        return u8::try_from(u32::from(c)).ok();
    }
    let mut text = [0; 4];
    let (bytes, _, is_unmappable) = WINDOWS_1252.encode(c.encode_utf8(&mut text));
    bytes.first().copied().filter(|_| !is_unmappable)
}

/// Has a text characters that show that it was read in the wrong encoding?
pub(super) fn is_garbled(text: &str) -> bool {
    if text.is_ascii() {
        return false;
    }
    let is_continued = |c: char| byte(c).is_some_and(|byte| (0x80..0xc0).contains(&byte));
    let is_letter = |c: Option<char>| c.is_some_and(char::is_alphabetic);
    let chars: Vec<char> = text.trim().chars().collect();
    let at = |number: Option<usize>| number.and_then(|number| chars.get(number)).copied();
    let is_wrong = |(number, c): (usize, &char)| {
        let (before, after) = (at(number.checked_sub(1)), at(Some(number + 1)));
        let is_lone = c.is_alphabetic()
            && !c.is_ascii()
            && !before.is_some_and(char::is_alphanumeric)
            && !after.is_some_and(char::is_alphanumeric);
        match c {
            '\u{80}'..='\u{9f}' | '\u{fffd}' | '\u{2500}'..='\u{259f}' => true,
            'â' if after == Some('€') => true,
            c if FIRST.contains(*c) && after.is_some_and(is_continued) => true,
            c if SIGNS.contains(*c) => true,
            c if BETWEEN.contains(*c) => {
                let is_first = number == 0 && !c.is_alphabetic() && chars.len() > 1;
                let is_beside = is_letter(before) && is_letter(after);
                is_first && !['“', '”', '„'].contains(c)
                    || is_beside
                    || (c.is_alphabetic() && (is_letter(before) || is_letter(after)))
            }
            c => is_lone && latin(*c) && !LONE_LETTERS.contains(*c),
        }
    };
    chars.iter().enumerate().any(is_wrong)
}

/// Is a letter of Latin-1 or of the extended Latin letters?
fn latin(c: char) -> bool {
    ('\u{c0}'..='\u{17f}').contains(&c)
}

/// What UTF-8 that was read as Windows-1252 was meant to be; `None` for other texts.
pub(super) fn of_utf8(text: &str) -> Option<String> {
    if text.is_ascii() {
        return None;
    }
    let bytes: Option<Vec<u8>> = text.chars().map(byte).collect();
    String::from_utf8(bytes?).ok()
}

/// What a garbled text may have been meant to be, and in which encoding it was written.
pub(super) fn possibly_meant(text: &str) -> Vec<(String, &'static str)> {
    if let Some(meant) = of_utf8(text) {
        return vec![(meant, "UTF-8")];
    }
    let bytes: Option<Vec<u8>> = text.chars().map(byte).collect();
    let Some(bytes) = bytes else { return Vec::new() };
    let of_page = |byte: &u8| match byte {
        0..0x80 => Some(char::from(*byte)),
        _ => CP850.chars().nth(usize::from(byte - 0x80)),
    };
    let (mac, _) = MACINTOSH.decode_without_bom_handling(&bytes);
    let page: Option<String> = bytes.iter().map(of_page).collect();
    let is_plain =
        |(text, _): &(String, _)| text.chars().all(|c| c.is_ascii() || ACCENTED.contains(c));
    let mac = Some((mac.into_owned(), "Mac Roman"));
    mac.into_iter().chain(page.map(|page| (page, "CP850"))).filter(is_plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_another_encoding_are_noticed_and_named() {
        assert_eq!(CP850.chars().count(), 128);
        for (text, meant, encoding) in [
            ("Ã€ traiter", "À traiter", "UTF-8"),
            ("Ã\u{80} traiter", "À traiter", "UTF-8"),
            ("FermÃ©e", "Fermée", "UTF-8"),
            ("GelÃ¶st", "Gelöst", "UTF-8"),
            ("zamkniÄ™te", "zamknięte", "UTF-8"),
            ("Ë traiter", "À traiter", "Mac Roman"),
            ("FermŽe", "Fermée", "Mac Roman"),
            ("· traiter", "À traiter", "CP850"),
            ("Ferm‚e", "Fermée", "CP850"),
            ("gel”st", "gelöst", "CP850"),
        ] {
            assert!(is_garbled(text), "{text}");
            let found = possibly_meant(text);
            assert!(found.contains(&(meant.to_owned(), encoding)), "{text}: {found:?}");
        }
        for text in ["√Ä traiter", "├Ç traiter", "Ferm\u{fffd}e", "Fermã e\u{92}"] {
            assert!(is_garbled(text), "{text}");
        }
    }

    #[test]
    fn texts_of_eight_languages_are_whole() {
        for text in [
            "À traiter",
            "Fermée – doublon",
            "N’est pas fermée",
            "é aberto",
            "Não concluído",
            "Gelöst",
            "Übergeben",
            "Ärztehaus – geschlossen",
            "zamknięte",
            "Łódź: otwarte",
            "✔ Closed",
            "Closed · archived",
            "« Clos »",
            "“Closed”",
            "Закрыто",
            "Closed …",
            "Œuvre terminée",
        ] {
            assert!(!is_garbled(text), "{text}");
            assert!(of_utf8(text).is_none(), "{text}");
        }
    }
}
