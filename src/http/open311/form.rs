//! A new service request as applications send it: the fields of a form.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::domain::{
    AttributeValue, Channel, Contact, DESCRIPTION_CHARS_MAX, Details, Draft, MEDIA_MAX,
};
use crate::error::{Error, ErrorKind, Refusal, Result};
use crate::i18n::Message;
use crate::message;
use crate::place::{LAT_MAX, LON_MAX};

/// Fields of a form, at most. Applications send about twenty; each is compared with the others.
const FIELDS_MAX: usize = 500;

/// The field of the address of a photo.
const MEDIA_URL: &str = "media_url";

/// The fields of a form. Reading a field removes it; the remaining ones are unknown and ignored, as
/// applications send fields of their own.
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
    /// A form of these fields; empty fields count as absent. More than [`FIELDS_MAX`] are refused.
    pub fn new(fields: impl IntoIterator<Item = (String, String)>) -> Self {
        let filled = fields.into_iter().filter(|(_, value)| !value.is_empty());
        let mut form = Self { fields: filled.take(FIELDS_MAX + 1).collect(), refused: Vec::new() };
        if let Some((name, value)) = form.fields.get(FIELDS_MAX).cloned() {
            let message = message!(
                "est un champ de trop : {FIELDS_MAX} au plus",
                "is one field too many: {FIELDS_MAX} at most"
            );
            form.refuse(&name, &value, message);
        }
        form
    }

    /// A digest of all fields except `api_key`, to recognise a repeated request.
    pub fn fingerprint(&self) -> String {
        let fields = self.fields.iter().filter(|(name, _)| name != "api_key");
        let parts: Vec<String> =
            fields.map(|(name, value)| format!("{}:{name}{value}", name.len())).collect();
        blake3::hash(parts.join("\0").as_bytes()).to_hex().get(..32).unwrap_or_default().to_owned()
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

    /// Removes the addresses of photos: fields `media_url`, `media_url[]` or `media_url[N]`, each
    /// of which may come several times.
    pub fn media_urls(&mut self) -> Vec<String> {
        let is_address = |name: &str| {
            let rest = name.strip_prefix(MEDIA_URL);
            rest.is_some_and(|rest| {
                let number = rest.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
                rest.is_empty()
                    || number.is_some_and(|number| number.bytes().all(|b| b.is_ascii_digit()))
            })
        };
        let mut addresses = Vec::new();
        self.fields.retain(|(name, value)| {
            let is_address = is_address(name);
            if is_address && !addresses.contains(value) {
                addresses.push(value.clone());
            }
            !is_address
        });
        addresses
    }

    /// Records the refusal of a value.
    pub fn refuse(&mut self, name: &str, value: &str, message: Message) {
        self.refused.push(Refusal::new(name, value, message));
    }

    /// Ends the reading of the form.
    ///
    /// # Errors
    /// All refusals together.
    pub fn finish(self) -> Result<()> {
        if self.refused.is_empty() { Ok(()) } else { Err(Error::refused(self.refused)) }
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
    /// Everything that is missing or of the wrong type.
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
        let mut fields = Contact::FIELDS.map(|name| self.take(name));
        // Some applications leave out the underscore.
        fields[5] = fields[5].take().or(self.take("deviceid"));
        let account = fields[4].clone();
        let channel = if fields[5].is_some() { Channel::App } else { Channel::Web };
        let mut media = photos;
        media.extend(self.media_urls());
        let (title, description) = (self.take("title"), self.take("description"));
        let idempotency_key = self.take("idempotency_key");
        let draft = Draft {
            service: service.unwrap_or_default(),
            channel: Some(channel),
            lon_lat,
            address,
            description: titled(title, description),
            details: Details { address_id, answers: self.answers(), media, ..Details::default() },
            contact: Contact::of(fields),
            asked: true,
            is_typed: true,
            ..Draft::default()
        };
        self.finish()?;
        Ok(SentForm { draft, account, idempotency_key })
    }
}

/// A description with its title as first line, unless the description has the title already.
fn titled(title: Option<String>, description: Option<String>) -> Option<String> {
    match (title, description) {
        (Some(title), Some(text)) if !text.contains(title.trim()) => {
            Some(format!("{}\n\n{text}", title.trim()))
        }
        (title, description) => description.or(title),
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

/// The fields of the forms of `POST /open311/v2/{name}`, of which the name selects one.
pub fn form_schema(generator: &mut SchemaGenerator) -> Schema {
    let forms = [
        generator.subschema_for::<Open311Request>(),
        generator.subschema_for::<Open311UpdateForm>(),
    ];
    json_schema!({ "anyOf": forms })
}

/// The fields of an update, for the OpenAPI document. An empty field counts as absent, and others
/// are ignored.
#[derive(JsonSchema)]
#[schemars(extend(
    "x-fr" = "Les champs d’une mise à jour, pour les applications comme FixMyStreet. Un champ vide \
              compte comme absent ; les autres sont ignorés.",
    "description" = "The fields of an update, for applications such as FixMyStreet. An empty field \
                     counts as absent; others are ignored.",
    "additionalProperties" = { "type": "string" },
))]
#[allow(dead_code)]
pub struct Open311UpdateForm {
    api_key: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    jurisdiction_id: String,
    service_request_id: String,
    /// In upper or lower case.
    #[schemars(extend("x-fr" = "En majuscules ou en minuscules."))]
    status: String,
    /// The application’s number of the update. Sent again with it, the update is not recorded
    /// twice.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schemars(extend(
        "x-fr" = "Le numéro de la mise à jour dans l’application. Renvoyée avec lui, la mise à \
                  jour n’est pas enregistrée deux fois."
    ))]
    update_id: String,
    /// When it was written; by default now.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schemars(extend("x-fr" = "Quand elle a été écrite ; par défaut maintenant."))]
    updated_datetime: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schemars(extend("maxLength" = DESCRIPTION_CHARS_MAX))]
    description: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("maxItems" = MEDIA_MAX))]
    media_url: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend(
        "maxItems" = MEDIA_MAX,
        "items" = { "type": "string", "format": "binary" },
    ))]
    media: Vec<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    account_id: String,
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
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("maxItems" = MEDIA_MAX))]
    media_url: Vec<String>,
    /// Becomes the first line of the description.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schemars(extend("x-fr" = "Devient la première ligne de la description."))]
    title: String,
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
        let own = ["api_key", "jurisdiction_id", "idempotency_key", "media", "title"];
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
                Kind::Addresses => assert_eq!(member["type"], "array", "{name}"),
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

    fn form(fields: &[(&str, &str)]) -> Form {
        let base = [("service_code", "x"), ("address_string", "y")];
        let fields = base.iter().chain(fields);
        Form::new(fields.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    #[test]
    fn every_field_of_the_schema_is_read() {
        let generator = SchemaSettings::openapi3().for_serialize().into_generator();
        let schema = generator.into_root_schema_for::<Open311Request>();
        let properties = schema.get("properties").and_then(Value::as_object).unwrap();
        // These are taken before the form is read: the key and the city by the operation, the
        // photos as files. The idempotency key is no part of the draft.
        let elsewhere = ["api_key", "jurisdiction_id", "media", "idempotency_key"];
        let plain = form(&[]).read(Vec::new(), None).unwrap().draft;
        for name in properties.keys().map(String::as_str).chain(["deviceid", "attribute[etat]"]) {
            if elsewhere.contains(&name) {
                continue;
            }
            let both = if name == "long" { "lat" } else { "long" };
            let is_degree = ["lat", "long"].contains(&name);
            let fields = [(name, "1"), (both, if is_degree { "2" } else { "" })];
            let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
            let mut others = form(&[]).fields;
            others.retain(|(known, _)| known != name);
            let read = Form::new(others.into_iter().chain(fields)).read(Vec::new(), None).unwrap();
            assert_ne!(read.draft, plain, "{name} has no effect");
        }
    }

    #[test]
    fn fields_of_applications_are_ignored() {
        let plain = form(&[]).read(Vec::new(), None).unwrap().draft;
        let own = ["colour", "requested_datetime", "_", "callback", "attribute", "attribute["];
        for name in own.into_iter().chain(["media_url[x]", "media_urls", "service_name"]) {
            let read = form(&[(name, "1"), (name, "2")]).read(Vec::new(), None).unwrap();
            assert_eq!(read.draft, plain, "{name}");
        }
    }

    #[test]
    fn several_photos_are_taken_in_every_spelling() {
        let sent = [
            ("media_url", "http://a/1.jpg"),
            ("media_url[]", "http://a/2.jpg"),
            ("media_url", "http://a/3.jpg"),
            ("media_url[1]", "http://a/4.jpg"),
            ("media_url[]", "http://a/2.jpg"),
            ("media_url[]", ""),
        ];
        let read = form(&sent).read(vec!["/media/0.jpg".into()], None).unwrap();
        let known = ["/media/0.jpg", "http://a/1.jpg", "http://a/2.jpg", "http://a/3.jpg"];
        assert_eq!(read.draft.details.media[..4], known);
        assert_eq!(read.draft.details.media[4..], ["http://a/4.jpg"]);
    }

    #[test]
    fn a_title_is_the_first_line_once() {
        let of = |fields: &[(&str, &str)]| form(fields).read(Vec::new(), None).unwrap().draft;
        let described = |fields: &[(&str, &str)]| of(fields).description.unwrap();
        assert_eq!(described(&[("title", "Trou ")]), "Trou ");
        assert_eq!(described(&[("title", "Trou "), ("description", "Grand")]), "Trou\n\nGrand");
        let twice = [("title", "Trou"), ("description", "title: Trou\ndetail: x")];
        assert_eq!(described(&twice), "title: Trou\ndetail: x");
        assert_eq!(of(&[]).description, None);
    }
}
