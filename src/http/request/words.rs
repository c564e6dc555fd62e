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

/// The items of a comma-separated list; blank ones are skipped.
fn items(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|item| !item.is_empty())
}

/// Parses a comma-separated list. Each unknown item is refused with the
/// message of `unknown`.
fn read_list<T>(
    name: &str,
    text: &str,
    unknown: impl Fn() -> Message,
    reader: &mut ParameterReader<'_>,
    read: impl Fn(&str) -> Option<T>,
) -> Read<Vec<T>> {
    let mut list = Ok(Vec::new());
    for item in items(text) {
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

/// A comma-separated list of texts.
#[derive(Debug, Clone, Copy)]
pub struct Texts;

impl ParameterType for Texts {
    type Value = Vec<String>;

    fn read(&self, _: &str, text: String, _: &mut ParameterReader<'_>) -> Read<Vec<String>> {
        Ok(items(&text).map(str::to_owned).collect())
    }

    fn schema(&self) -> Value {
        json!({ "type": "string" })
    }
}

/// A comma-separated list of codes of services and of groups of services. A group stands for all of
/// its services.
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
            let is_group = catalogue.groups().iter().any(|group| group.code == item);
            is_group.then(|| catalogue.in_group(item))
        });
        found.map(|lists| lists.concat())
    }

    fn schema(&self) -> Value {
        json!({ "type": "string" })
    }
}
