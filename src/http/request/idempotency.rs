//! `Idempotency-Key`: a request that is sent twice with the same key creates one report.

use serde_json::{Value, json};

use crate::http::request::parameter::{Optional, Parameter, ParameterType, header};
use crate::http::request::reader::{ParameterReader, Read};
use crate::message;

/// Limit of the length of a key, in characters.
const KEY_CHARS_MAX: usize = 200;

/// The client's key for this request.
pub const IDEMPOTENCY_KEY: Parameter<Key, Optional> =
    header("Idempotency-Key", Key).optional().described(
        "Clé choisie par le client : renvoyer la même requête avec la même clé ne crée rien de \
         plus.",
        "Key chosen by the client: sending the same request again with the same key creates \
         nothing more.",
    );

/// Visible ASCII characters: no spaces, so two lines of the header are no key.
#[derive(Debug, Clone, Copy)]
pub struct Key;

impl ParameterType for Key {
    type Value = String;

    fn read(&self, name: &str, text: String, reader: &mut ParameterReader<'_>) -> Read<String> {
        let is_visible = text.bytes().all(|byte| byte.is_ascii_graphic());
        if is_visible && (1..=KEY_CHARS_MAX).contains(&text.len()) {
            return Ok(text);
        }
        let max = KEY_CHARS_MAX;
        let message = message!(
            "doit avoir de 1 à {max} caractères ASCII, sans espace",
            "must have 1 to {max} ASCII characters and no space"
        );
        Err(reader.refuse(name, text, message))
    }

    fn schema(&self) -> Value {
        json!({ "type": "string", "maxLength": KEY_CHARS_MAX, "pattern": "^[!-~]+$" })
    }
}

/// A digest that differs between any two bodies, in hexadecimal.
pub fn fingerprint(body: &[u8]) -> String {
    blake3::hash(body).to_hex().get(..32).unwrap_or_default().to_owned()
}
