//! Types of parameters whose values are words: of a closed list, or codes of a city's catalogue.

use serde_json::{Value, json};

use crate::domain::{ServiceCode, Vocabulary};
use crate::http::request::parameter::ParameterType;
use crate::http::request::reader::{ParameterReader, Read};
use crate::i18n::Message;
use crate::message;

/// One word of a list; each word stands for a value.
#[derive(Debug, Clone, Copy)]
pub struct Choice<T: 'static>(pub &'static [(&'static str, T)]);

impl<T: Copy> Choice<T> {
    /// The value of a word.
    pub fn find(&self, word: &str) -> Option<T> {
        self.0.iter().find(|(known, _)| *known == word).map(|(_, value)| *value)
    }
}

impl<T: Copy + PartialEq> ParameterType for Choice<T> {
    type Value = T;

    fn read(&self, name: &str, text: String, reader: &mut ParameterReader<'_>) -> Read<T> {
        self.find(&text).ok_or_else(|| {
            let words: Vec<&str> = self.0.iter().map(|(word, _)| *word).collect();
            reader.refuse(name, text, not_one_of(&words.join(", ")))
        })
    }

    fn schema(&self) -> Value {
        let words: Vec<&str> = self.0.iter().map(|(word, _)| *word).collect();
        json!({ "type": "string", "enum": words })
    }

    fn default_value(&self, value: &T) -> Value {
        let word = self.0.iter().find(|(_, known)| known == value).map(|(word, _)| *word);
        json!(word)
    }
}

/// The message for a word that is not in a list.
pub fn not_one_of(known: &str) -> Message {
    message!("n’est pas parmi les valeurs possibles : {known}", "is not one of {known}")
}

/// The words of a vocabulary.
pub fn vocabulary<V: Vocabulary>() -> Vec<&'static str> {
    V::VALUES.iter().map(|value| value.word()).collect()
}

/// The value of a word.
pub fn value_of<V: Vocabulary>(word: &str) -> Option<V> {
    V::VALUES.iter().copied().find(|value| value.word() == word)
}

/// The words of a vocabulary, joined for a message.
pub fn spellings<V: Vocabulary>() -> String {
    vocabulary::<V>().join(" | ")
}

/// One word of a vocabulary.
#[derive(Debug)]
pub struct WordOf<V>(std::marker::PhantomData<V>);

impl<V> Clone for WordOf<V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<V> Copy for WordOf<V> {}

/// One word of a vocabulary.
pub const fn word<V: Vocabulary>() -> WordOf<V> {
    WordOf(std::marker::PhantomData)
}

impl<V: Vocabulary> ParameterType for WordOf<V> {
    type Value = V;

    fn read(&self, name: &str, text: String, reader: &mut ParameterReader<'_>) -> Read<V> {
        value_of(&text).ok_or_else(|| reader.refuse(name, text, not_one_of(&spellings::<V>())))
    }

    fn schema(&self) -> Value {
        json!({ "type": "string", "enum": vocabulary::<V>() })
    }

    fn default_value(&self, value: &V) -> Value {
        json!(value.word())
    }
}

/// A comma-separated list of words of a vocabulary.
#[derive(Debug)]
pub struct WordsOf<V>(std::marker::PhantomData<V>);

impl<V> Clone for WordsOf<V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<V> Copy for WordsOf<V> {}

/// A comma-separated list of words of a vocabulary.
pub const fn words<V: Vocabulary>() -> WordsOf<V> {
    WordsOf(std::marker::PhantomData)
}

impl<V: Vocabulary> ParameterType for WordsOf<V> {
    type Value = Vec<V>;

    fn read(&self, name: &str, text: String, reader: &mut ParameterReader<'_>) -> Read<Vec<V>> {
        read_list(name, &text, || not_one_of(&spellings::<V>()), reader, value_of)
    }

    fn schema(&self) -> Value {
        let any = vocabulary::<V>().join("|");
        json!({ "type": "string", "pattern": format!("^({any})(,({any}))*$") })
    }
}

/// The refusal of a list with an empty item: a comma too many, or a value that is missing.
fn empty_item() -> Message {
    message!(
        "a un élément vide ; ôtez la virgule ou donnez la valeur qui manque",
        "has an empty item; remove the comma or give the missing value"
    )
}

/// Items of a list, at most.
const ITEMS_MAX: usize = 1_000;

/// The refusal of a list that has too many items.
fn too_many_items() -> Message {
    message!("a trop d’éléments : {ITEMS_MAX} au plus", "has too many items: {ITEMS_MAX} at most")
}

/// Parses a comma-separated list. Each unknown item is refused with the message of `unknown`, and
/// so is an empty one.
fn read_list<T>(
    name: &str,
    text: &str,
    unknown: impl Fn() -> Message,
    reader: &mut ParameterReader<'_>,
    read: impl Fn(&str) -> Option<T>,
) -> Read<Vec<T>> {
    if text.split(',').nth(ITEMS_MAX).is_some() {
        return Err(reader.refuse(name, text, too_many_items()));
    }
    let mut list = Ok(Vec::new());
    for item in text.split(',').map(str::trim) {
        if item.is_empty() {
            list = Err(reader.refuse(name, text, empty_item()));
            continue;
        }
        match (read(item), &mut list) {
            (Some(value), Ok(values)) => values.push(value),
            (Some(_), Err(_)) => {}
            (None, _) => list = Err(reader.refuse(name, item, unknown())),
        }
    }
    list
}

/// Why a code is refused that is neither that of a service nor that of a group.
fn unknown_service() -> Message {
    message!(
        "n’est ni un service ni un groupe de cette ville ; voir /api/v1/services",
        "is neither a service nor a group of this city; see /api/v1/services"
    )
}

/// The items of a comma-separated list in which an item in double quotes may hold commas;
/// a doubled quote there does not end it. The quotes stay.
fn quoted_items(text: &str) -> Vec<&str> {
    let (mut items, mut rest) = (Vec::new(), text);
    loop {
        let start = rest.trim_start();
        let end = quoted_end(start).or_else(|| start.find(','));
        let (item, after) = start.split_at(end.unwrap_or(start.len()));
        items.push(item.trim());
        match after.strip_prefix(',') {
            Some(more) => rest = more,
            None => return items,
        }
    }
}

/// Where an item in quotes at the start of a text ends: at the comma after it or at the end of the
/// text. None where the text does not start with an item in quotes.
fn quoted_end(text: &str) -> Option<usize> {
    let mut rest = text.strip_prefix('"')?;
    loop {
        let (_, after) = rest.split_once('"')?;
        match after.strip_prefix('"') {
            Some(more) => rest = more,
            None => {
                let next = after.trim_start();
                let is_over = next.is_empty() || next.starts_with(',');
                return is_over.then(|| text.len() - next.len());
            }
        }
    }
}

/// A comma-separated list of texts; one that holds a comma is put in double quotes.
#[derive(Debug, Clone, Copy)]
pub struct Texts;

impl ParameterType for Texts {
    type Value = Vec<String>;

    fn read(
        &self,
        name: &str,
        text: String,
        reader: &mut ParameterReader<'_>,
    ) -> Read<Self::Value> {
        let items = quoted_items(&text);
        match items.iter().any(|item| item.is_empty()) {
            true => Err(reader.refuse(name, &text, empty_item())),
            false if items.len() > ITEMS_MAX => Err(reader.refuse(name, &text, too_many_items())),
            false => Ok(items.into_iter().map(str::to_owned).collect()),
        }
    }

    fn schema(&self) -> Value {
        json!({ "type": "string" })
    }
}

/// Before the code of a group, so that it is not taken for a service of the same code.
const GROUP_PREFIX: &str = "group:";

/// A comma-separated list of codes of services and of groups of services. A group stands for all of
/// its services. A code that both a service and a group have is that of the service;
/// `group:` before it names the group.
#[derive(Debug, Clone, Copy)]
pub struct Services;

impl ParameterType for Services {
    type Value = Vec<ServiceCode>;

    fn read(
        &self,
        name: &str,
        text: String,
        reader: &mut ParameterReader<'_>,
    ) -> Read<Self::Value> {
        let catalogue = reader.catalogue();
        let found = read_list(name, &text, unknown_service, reader, |item| {
            if let Some(service) = catalogue.get(item) {
                return Some(vec![service.code.clone()]);
            }
            let group = item.strip_prefix(GROUP_PREFIX).unwrap_or(item);
            let is_group = catalogue.groups().iter().any(|known| known.code == group);
            is_group.then(|| catalogue.in_group(group))
        });
        found.map(|lists| lists.concat())
    }

    fn schema(&self) -> Value {
        json!({ "type": "string" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_in_quotes_may_hold_commas() {
        for (text, items) in [
            ("a, b,,c", vec!["a", "b", "", "c"]),
            (r#""a, b",c"#, vec![r#""a, b""#, "c"]),
            (r#" c , "a,b" , d"#, vec!["c", r#""a,b""#, "d"]),
            (r#""a ""x"", b",c"#, vec![r#""a ""x"", b""#, "c"]),
            // Quotes inside a name, or that do not close, are those of the name.
            (r#"8" pipe, b"#, vec![r#"8" pipe"#, "b"]),
            (r#""a, b"#, vec![r#""a"#, "b"]),
            (r#""a" x, b"#, vec![r#""a" x"#, "b"]),
            ("", vec![""]),
            (" , ", vec!["", ""]),
        ] {
            assert_eq!(quoted_items(text), items, "{text}");
        }
    }
}
