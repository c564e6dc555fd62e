//! The encoding of query strings and forms, `application/x-www-form-urlencoded`.

use crate::error::Refusal;
use crate::message;

/// Names and values of a query string or a form, in order. A pair whose bytes are not UTF-8 is
/// refused by its name and left out.
pub fn pairs(text: &[u8], refused: &mut Vec<Refusal>) -> Vec<(String, String)> {
    // The parser skips empty pairs, so both sequences have the same pairs.
    let raw = text.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty());
    let mut pairs = Vec::new();
    for (raw, (name, value)) in raw.zip(form_urlencoded::parse(text)) {
        if is_utf8(raw) {
            pairs.push((name.into_owned(), value.into_owned()));
        } else {
            refused.push(not_utf8(&name, &value));
        }
    }
    pairs
}

/// The refusal of a field that is not UTF-8. `value` has U+FFFD in place of the wrong bytes.
pub fn not_utf8(name: &str, value: &str) -> Refusal {
    Refusal::new(name, value, message!("n’est pas de l’UTF-8", "is not UTF-8"))
}

/// Are the bytes UTF-8 once percent-encoded ones are decoded?
fn is_utf8(raw: &[u8]) -> bool {
    if !raw.contains(&b'%') {
        return std::str::from_utf8(raw).is_ok();
    }
    let digit = |at: usize| (*raw.get(at)? as char).to_digit(16);
    let (mut bytes, mut at) = (Vec::with_capacity(raw.len()), 0);
    while let Some(byte) = raw.get(at) {
        match (byte, digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                bytes.push((high * 16 + low) as u8);
                at += 3;
            }
            _ => {
                bytes.push(*byte);
                at += 1;
            }
        }
    }
    std::str::from_utf8(&bytes).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_that_are_not_utf8_are_refused_by_name() {
        let mut refused = Vec::new();
        let read = pairs("a=1&&b=%C3%A9&c=é&d+e=%26%3D&f&=g&h=%2&i=%zz".as_bytes(), &mut refused);
        let known = [
            ("a", "1"),
            ("b", "é"),
            ("c", "é"),
            ("d e", "&="),
            ("f", ""),
            ("", "g"),
            ("h", "%2"),
            ("i", "%zz"),
        ];
        let known = known.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!((read.as_slice(), refused.len()), (known.as_slice(), 0));
        // A lone continuation byte, a sequence cut short, a surrogate, a byte that never occurs.
        for text in ["x=%80", "x=%C3", "x=%ED%A0%80", "x=a%FFb", "x%FF=1"] {
            let mut refused = Vec::new();
            let read = pairs(format!("a=1&{text}&b=2").as_bytes(), &mut refused);
            assert_eq!((read.len(), refused.len()), (2, 1), "{text}");
            assert!(refused[0].field.starts_with('x'), "{text}: {refused:?}");
        }
        let mut refused = Vec::new();
        assert!(pairs(b"x=\xff", &mut refused).is_empty() && refused.len() == 1);
    }
}
