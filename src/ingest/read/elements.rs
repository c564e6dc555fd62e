//! The elements of one array in a JSON text, or the values of the members of one object, one at a
//! time and without reading the text whole; or the whole text as the only one.

use std::io::BufRead;

use crate::i18n::Message;
use crate::ingest::read::{ROW_BYTES_MAX, unreadable};
use crate::message;

/// An element as the text has it.
pub enum Element<'a> {
    /// Its bytes.
    Json(&'a [u8]),
    /// It is longer than [`ROW_BYTES_MAX`] and was skipped.
    TooLong,
}

/// Reads the elements of an array.
pub struct Elements<R> {
    input: R,
    buffer: Vec<u8>,
    ended: bool,
    /// The text is no array: it is the only element itself.
    is_only: bool,
    /// The elements are values of the members of an object.
    is_object: bool,
    /// The name of the member whose value came last.
    key: String,
}

impl<R: BufRead> Elements<R> {
    /// Finds the array at `path`, the names of the members that lead to it.
    ///
    /// # Errors
    /// There is no array there, or the input cannot be read.
    pub fn open(input: R, path: &[String]) -> Result<Self, Message> {
        let mut elements = Self::of(input);
        for name in path {
            elements.enter(name)?;
        }
        elements.expect(b'[')?;
        Ok(elements)
    }

    /// Finds the array at `path`, or the object there, whose members' values are the elements.
    ///
    /// # Errors
    /// There is neither, or the input cannot be read.
    pub fn open_any(input: R, path: &[String]) -> Result<Self, Message> {
        let mut elements = Self::of(input);
        for name in path {
            elements.enter(name)?;
        }
        elements.is_object = elements.sign()? == Some(b'{');
        elements.expect(if elements.is_object { b'{' } else { b'[' })?;
        Ok(elements)
    }

    fn of(input: R) -> Self {
        let key = String::new();
        Self { input, buffer: Vec::new(), ended: false, is_only: false, is_object: false, key }
    }

    /// The name of the member whose value came last; empty for elements of an array.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The whole text as one element.
    pub fn only(input: R) -> Self {
        Self { is_only: true, ..Self::of(input) }
    }

    /// The next element; `None` after the last.
    ///
    /// # Errors
    /// The text ends within the array or is not JSON, or the input cannot be read.
    pub fn next(&mut self) -> Result<Option<Element<'_>>, Message> {
        if self.ended {
            return Ok(None);
        }
        self.ended = self.is_only;
        match self.sign()? {
            Some(_) if self.is_only => {}
            Some(b']' | b'}') => {
                self.ended = true;
                return Ok(None);
            }
            Some(b',') => self.skip(),
            Some(_) => {}
            None => return Err(cut()),
        }
        if self.is_object {
            self.value(true)?;
            self.key = serde_json::from_slice(&self.buffer).unwrap_or_default();
            self.expect(b':')?;
        }
        let whole = self.value(true)?;
        Ok(Some(if whole { Element::Json(&self.buffer) } else { Element::TooLong }))
    }

    /// Goes to the value of the member `name` of the object that comes next.
    fn enter(&mut self, name: &str) -> Result<(), Message> {
        self.expect(b'{')?;
        loop {
            match self.sign()? {
                Some(b',') => self.skip(),
                Some(b'"') => {
                    self.value(true)?;
                    let found = serde_json::from_slice::<String>(&self.buffer);
                    self.expect(b':')?;
                    if found.is_ok_and(|found| found == name) {
                        return Ok(());
                    }
                    self.value(false)?;
                }
                _ => return Err(message!("n’a pas de membre {name}", "has no member {name}")),
            }
        }
    }

    fn expect(&mut self, wanted: u8) -> Result<(), Message> {
        if self.sign()? != Some(wanted) {
            let wanted = char::from(wanted);
            return Err(message!("« {wanted} » manque", "'{wanted}' is missing"));
        }
        self.skip();
        Ok(())
    }

    /// The next byte that is not white space, which is not consumed.
    fn sign(&mut self) -> Result<Option<u8>, Message> {
        loop {
            let bytes = self.input.fill_buf().map_err(unreadable)?;
            let (read, blank) = (bytes.len(), |b: &u8| b.is_ascii_whitespace() || *b == 0x1e);
            let spaces = bytes.iter().take_while(|b| blank(b)).count();
            let found = bytes.get(spaces).copied();
            self.input.consume(spaces);
            if found.is_some() || read == 0 {
                return Ok(found);
            }
        }
    }

    fn skip(&mut self) {
        self.input.consume(1);
    }

    /// Passes over one value; with `keep` it is in the buffer afterwards, unless it is too long,
    /// which the answer false says.
    fn value(&mut self, keep: bool) -> Result<bool, Message> {
        self.buffer.clear();
        self.sign()?;
        let mut scan = ValueScan::default();
        let mut whole = true;
        loop {
            let bytes = self.input.fill_buf().map_err(unreadable)?;
            if bytes.is_empty() {
                return if scan.is_scalar() { Ok(whole) } else { Err(cut()) };
            }
            let (taken, done) = scan.pass(bytes);
            whole = whole && self.buffer.len() + taken <= ROW_BYTES_MAX;
            if keep && whole {
                self.buffer.extend_from_slice(bytes.get(..taken).unwrap_or_default());
            }
            self.input.consume(taken);
            if done {
                return Ok(whole);
            }
        }
    }
}

fn cut() -> Message {
    message!("le texte JSON s’arrête au milieu d’une valeur", "the JSON text ends within a value")
}

/// Where a value ends, by brackets and quotes alone.
#[derive(Default)]
struct ValueScan {
    depth: usize,
    in_string: bool,
    escaped: bool,
    begun: bool,
}

impl ValueScan {
    /// How many of `bytes` belong to the value, and whether it is complete.
    fn pass(&mut self, bytes: &[u8]) -> (usize, bool) {
        for (at, byte) in bytes.iter().enumerate() {
            if self.in_string {
                match byte {
                    _ if self.escaped => self.escaped = false,
                    b'\\' => self.escaped = true,
                    b'"' => {
                        self.in_string = false;
                        if self.depth == 0 {
                            return (at + 1, true);
                        }
                    }
                    _ => {}
                }
                continue;
            }
            match byte {
                b'"' => self.in_string = true,
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' | b',' if self.depth == 0 => return (at, true),
                b'}' | b']' => {
                    self.depth -= 1;
                    if self.depth == 0 {
                        return (at + 1, true);
                    }
                }
                byte if self.depth == 0 && self.begun && byte.is_ascii_whitespace() => {
                    return (at, true);
                }
                _ => {}
            }
            self.begun = true;
        }
        (bytes.len(), false)
    }

    fn is_scalar(&self) -> bool {
        self.begun && self.depth == 0 && !self.in_string
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn elements(text: &str, path: &[&str], chunk: usize) -> Result<Vec<String>, Message> {
        let path: Vec<String> = path.iter().map(|name| (*name).to_owned()).collect();
        let input = std::io::BufReader::with_capacity(chunk, text.as_bytes());
        let mut elements = Elements::open(input, &path)?;
        let mut found = Vec::new();
        while let Some(Element::Json(json)) = elements.next()? {
            found.push(String::from_utf8(json.to_vec()).unwrap());
        }
        Ok(found)
    }

    #[test]
    fn elements_are_found_whatever_the_buffer_and_what_lies_before() {
        let text = r#" {"a":[{"b":[9]}], "x":"]}\"", "b" : {"n":null,"b":[ {"c":"]}"} ,
            [1,[2]],"s\\", 17 ,true]}, "rest": 1} "#;
        for chunk in [1, 2, 3, 7, 4096] {
            let found = elements(text, &["b", "b"], chunk).unwrap();
            assert_eq!(found, [r#"{"c":"]}"}"#, "[1,[2]]", r#""s\\""#, "17", "true"], "{chunk}");
        }
        assert_eq!(elements("[]", &[], 8).unwrap(), [""; 0]);
        assert_eq!(elements("[1 ]", &[], 1).unwrap(), ["1"]);
        let mut only = Elements::only(&b" {\"a\": [1]}\n"[..]);
        assert!(matches!(only.next(), Ok(Some(Element::Json(b"{\"a\": [1]}")))));
        assert!(matches!(only.next(), Ok(None)));
        assert!(Elements::only(&b"{\"a\": [1"[..]).next().is_err());
    }

    #[test]
    fn members_of_an_object_are_elements_with_a_key() {
        let text = r#"{"x":1,"all":{ "a" : {"n":1} , "b\"c":[2],"d": null }}"#;
        let input = std::io::BufReader::with_capacity(3, text.as_bytes());
        let mut elements = Elements::open_any(input, &["all".to_owned()]).unwrap();
        for (key, value) in [("a", r#"{"n":1}"#), ("b\"c", "[2]"), ("d", "null")] {
            let Ok(Some(Element::Json(json))) = elements.next() else { panic!("{key}") };
            assert_eq!(String::from_utf8_lossy(json), value);
            assert_eq!(elements.key(), key);
        }
        assert!(matches!(elements.next(), Ok(None)));
        let mut list = Elements::open_any(&b"[7]"[..], &[]).unwrap();
        assert!(matches!(list.next(), Ok(Some(Element::Json(b"7")))) && list.key().is_empty());
        assert!(Elements::open_any(&b"{\"a\":7}"[..], &["a".to_owned()]).is_err());
    }

    #[test]
    fn a_text_that_is_cut_is_an_error() {
        for bad in ["", "[", "[1,", r#"[{"a":1}, {"#, r#"["a"#] {
            assert!(elements(bad, &[], 4).is_err(), "{bad}");
        }
        assert!(elements("{\"a\":[1]}", &["b"], 4).is_err());
        assert!(elements("{\"a\":1}", &["a"], 4).is_err());
    }
}
