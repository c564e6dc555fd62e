//! A new service request as applications send it: the fields of a form.

use schemars::JsonSchema;

use crate::domain::{
    AttributeValue, Channel, Contact, DESCRIPTION_CHARS_MAX, Details, Draft, MEDIA_MAX,
};
use crate::error::{Error, ErrorKind, Refusal, Result};
use crate::i18n::Message;
use crate::message;
use crate::place::{LAT_MAX, LON_MAX};

/// The fields of a form. Reading a field removes it; the remaining ones are unknown.
#[derive(Debug, Default)]
pub struct Form {
    fields: Vec<(String, String)>,
    refused: Vec<Refusal>,
}

/// The parsed form.
#[derive(Debug)]
pub struct SentForm {
    /// The report.
    pub draft: Draft,
    /// The sender's account, which the response repeats.
    pub account: Option<String>,
    /// The idempotency key: sending the form again with the same key creates no second report.
    pub idempotency_key: Option<String>,
}

impl Form {
    /// A form of these fields; empty fields count as absent.
    pub fn new(fields: impl IntoIterator<Item = (String, String)>) -> Self {
        let fields = fields.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        Self { fields, refused: Vec::new() }
    }

    /// A digest of all fields except `api_key`, to recognise a repeated request.
    pub fn fingerprint(&self) -> String {
        let fields = self.fields.iter().filter(|(name, _)| name != "api_key");
        let parts: Vec<String> =
            fields.map(|(name, value)| format!("{}:{name}{value}", name.len())).collect();
        blake3::hash(parts.join("\0").as_bytes()).to_hex()[..32].to_owned()
    }

    /// Removes a field and returns its value. A repeated field is refused.
    pub fn take(&mut self, name: &str) -> Option<String> {
        let at = self.fields.iter().position(|(known, _)| known == name)?;
        let value = self.fields.remove(at).1;
        if self.fields.iter().any(|(known, _)| known == name) {
            self.refuse(name, &value, message!("est donné deux fois", "is given twice"));
            self.fields.retain(|(known, _)| known != name);
        }
        Some(value)
    }

    fn refuse(&mut self, name: &str, value: &str, message: Message) {
        self.refused.push(Refusal::new(name, value, message));
    }

    fn degrees(&mut self, name: &str) -> Option<f64> {
        let text = self.take(name)?;
        let number = text.trim().parse().ok().filter(|number: &f64| number.is_finite());
        if number.is_none() {
            self.refuse(name, &text, message!("n’est pas un nombre", "is not a number"));
        }
        number
    }

    /// Removes the answers to the service's questions: fields `attribute[CODE]`, or
    /// `attribute[CODE][]` for each of several values.
    fn answers(&mut self) -> Vec<AttributeValue> {
        let mut answers: Vec<AttributeValue> = Vec::new();
        let code = |name: &str| {
            let inner = name.strip_prefix("attribute[")?;
            let inner = inner.strip_suffix("[]").unwrap_or(inner);
            Some(inner.strip_suffix(']')?.to_owned())
        };
        self.fields.retain(|(name, value)| {
            let Some(code) = code(name) else { return true };
            match answers.iter_mut().find(|answer| answer.code == code) {
                Some(answer) => answer.values.push(value.clone()),
                None => answers.push(AttributeValue { code, values: vec![value.clone()] }),
            }
            false
        });
        answers
    }

    fn lon_lat(&mut self) -> Option<(f64, f64)> {
        let given = |form: &Self, name: &str| form.fields.iter().any(|(known, _)| known == name);
        let (has_lat, has_long) = (given(self, "lat"), given(self, "long"));
        let (lat, long) = (self.degrees("lat"), self.degrees("long"));
        if has_lat != has_long {
            let missing = if has_lat { "long" } else { "lat" };
            self.refuse(missing, "", message!("manque", "is missing"));
        }
        long.zip(lat)
    }

    /// Parses the form. `photos` are the paths of the photos that came with it; `taken` is where
    /// the first geotagged one was taken, which becomes the position if the form has no location.
    ///
    /// # Errors
    /// Everything that is missing, unknown or of the wrong type.
    pub fn read(mut self, photos: Vec<String>, taken: Option<(f64, f64)>) -> Result<SentForm> {
        let service = self.take("service_code");
        if service.is_none() {
            self.refuse("service_code", "", message!("manque", "is missing"));
        }
        let lon_lat = self.lon_lat();
        let (address, address_id) = (self.take("address_string"), self.take("address_id"));
        let lon_lat = match (lon_lat, &address, &address_id) {
            (None, None, None) => taken,
            (given, ..) => given,
        };
        let placed = lon_lat.is_some() || address.is_some() || address_id.is_some();
        if !placed && !self.refused.iter().any(|refusal| ["lat", "long"].contains(&&*refusal.field))
        {
            let message = message!(
                "manque : donnez lat et long, address_string ou address_id",
                "is missing: give lat and long, address_string or address_id"
            );
            self.refuse("lat", "", message);
        }
        let fields = Contact::FIELDS.map(|name| self.take(name));
        let account = fields[4].clone();
        let channel = if fields[5].is_some() { Channel::App } else { Channel::Web };
        let mut media = photos;
        media.extend(self.take("media_url"));
        let (description, idempotency_key) =
            (self.take("description"), self.take("idempotency_key"));
        let draft = Draft {
            service: service.unwrap_or_default(),
            channel: Some(channel),
            lon_lat,
            address,
            description,
            details: Details { address_id, answers: self.answers(), media, ..Details::default() },
            contact: Contact::of(fields),
            asked: true,
            ..Draft::default()
        };
        for (name, value) in std::mem::take(&mut self.fields) {
            self.refuse(
                &name,
                &value,
                message!("n’est pas un champ connu", "is not a known field"),
            );
        }
        if self.refused.is_empty() {
            Ok(SentForm { draft, account, idempotency_key })
        } else {
            Err(Error::refused(self.refused))
        }
    }
}

/// Turns the refusal of an unknown service into 404, as GeoReport v2 requires.
pub fn unknown_service(error: Error) -> Error {
    let unknown = |refusal: &Refusal| refusal.field == "service_code" && !refusal.value.is_empty();
    let known = !error.refusals.iter().any(unknown);
    if known || error.kind != ErrorKind::Invalid {
        error
    } else {
        Error { kind: ErrorKind::NotFound, ..error }
    }
}

/// The fields of the form, for the OpenAPI document. An empty field counts as absent.
#[derive(JsonSchema)]
#[schemars(extend(
    "description" = "GeoReport v2; attribute[CODE]=…, attribute[CODE][]=…",
    // Answers to the questions of the service.
    "additionalProperties" = { "type": "string" },
))]
#[allow(dead_code)]
pub struct Open311Request {
    api_key: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    jurisdiction_id: String,
    service_code: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "f64", extend("minimum" = -LAT_MAX, "maximum" = LAT_MAX))]
    lat: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "f64", extend("minimum" = -LON_MAX, "maximum" = LON_MAX))]
    long: Option<f64>,
    #[serde(skip_serializing_if = "String::is_empty")]
    address_string: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    address_id: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schemars(extend("maxLength" = DESCRIPTION_CHARS_MAX))]
    description: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    first_name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    last_name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    email: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    phone: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    account_id: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    device_id: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    media_url: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend(
        "maxItems" = MEDIA_MAX,
        "items" = { "type": "string", "format": "binary" },
    ))]
    media: Vec<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    idempotency_key: String,
}

#[cfg(test)]
mod tests {
    use schemars::generate::SchemaSettings;
    use serde_json::Value;

    use super::*;
    use crate::domain::fields::{ALL, Kind, Open311};

    #[test]
    fn the_fields_of_the_form_are_fields_of_reports_or_of_the_sender() {
        let generator = SchemaSettings::openapi3().for_serialize().into_generator();
        let schema = generator.into_root_schema_for::<Open311Request>();
        assert_eq!(schema.get("required"), Some(&serde_json::json!(["api_key", "service_code"])));
        let properties = schema.get("properties").and_then(Value::as_object).unwrap();
        // GeoReport v2 calls the address `address_string` in requests.
        let named = |name: &str| if name == "address_string" { "address" } else { name }.to_owned();
        let own = ["api_key", "jurisdiction_id", "idempotency_key", "media"];
        for (name, member) in properties {
            if own.contains(&name.as_str()) || Contact::FIELDS.contains(&name.as_str()) {
                continue;
            }
            let name = named(name);
            let found = ALL
                .iter()
                .find(|field| matches!(field.open311, Open311::Member(known) if known == name));
            let field = found.unwrap_or_else(|| panic!("{name} is not a field"));
            match field.kind {
                Kind::Degrees => assert_eq!(member["type"], "number", "{name}"),
                _ => assert_eq!(member["type"], "string", "{name}"),
            }
        }
        for field in ALL.iter().filter(|field| field.create) {
            // What the standard has no parameter for is not sent by Open311.
            let Open311::Member(name) = field.open311 else { continue };
            let is_sent = properties.keys().any(|known| named(known) == name);
            assert_eq!(is_sent, name != "requested_datetime", "{name}");
        }
    }
    #[test]
    fn every_field_of_the_schema_is_read_and_no_other() {
        let generator = SchemaSettings::openapi3().for_serialize().into_generator();
        let schema = generator.into_root_schema_for::<Open311Request>();
        let properties = schema.get("properties").and_then(Value::as_object).unwrap();
        // These are taken before the form is read: the key and the city by the operation, the
        // photos as files.
        let elsewhere = ["api_key", "jurisdiction_id", "media"];
        let names = properties.keys().map(String::as_str).chain(["colour", "attribute[etat]"]);
        for name in names.filter(|name| !elsewhere.contains(name)) {
            let fields = [("service_code", "x"), ("address_string", "y"), (name, "1")];
            let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
            let read = Form::new(fields).read(Vec::new(), None);
            let refusals = read.err().map(|error| error.refusals).unwrap_or_default();
            let unknown = refusals.iter().any(|one| one.message.en == "is not a known field");
            assert_eq!(unknown, name == "colour", "{name}: {refusals:?}");
        }
    }
}
