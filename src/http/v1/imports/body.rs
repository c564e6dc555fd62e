//! The body that changes what a file was recognised as.

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::error::Result;
use crate::http::request::members::{Body, CustomMember, Member, MemberType, TEXT, body, member};
use crate::http::request::parameter::Optional;
use crate::ingest::{Negation, RowIds};
use crate::message;
use crate::usecase::imports::{ImportChoices, choose};

/// Columns that one request may change.
const COLUMNS_MAX: usize = 1_000;

/// Columns, each with the field that it is read as.
type ColumnChoices = Vec<(String, Option<String>)>;

const COLUMNS: CustomMember<ColumnChoices> = CustomMember::new(
    |name, value, reader| {
        let read = |one: &Value| {
            let object = one.as_object()?;
            let is_known = object.keys().all(|key| key == "name" || key == "field");
            let field = match object.get("field") {
                None | Some(Value::Null) => None,
                Some(Value::String(field)) => Some(field.clone()),
                Some(_) => return None,
            };
            let name = object.get("name").and_then(Value::as_str).filter(|_| is_known)?;
            Some((name.to_owned(), field))
        };
        let list = value.as_array().filter(|list| list.len() <= COLUMNS_MAX);
        list.and_then(|list| list.iter().map(read).collect()).ok_or_else(|| {
            let max = COLUMNS_MAX;
            let message = message!(
                "doit être une liste d’au plus {max} objets avec « name » et « field »",
                "must be a list of at most {max} objects with 'name' and 'field'"
            );
            reader.refuse(name, &value, message)
        })
    },
    || {
        let field = json!({ "type": "string", "nullable": true });
        json!({ "type": "array", "maxItems": COLUMNS_MAX, "items": {
            "type": "object", "additionalProperties": false, "required": ["name"],
            "properties": { "name": { "type": "string" }, "field": field } } })
    },
);

/// `dmy`, `mdy`, `ymd`, or an empty text.
const DATE_ORDER: CustomMember<String> = CustomMember::new(
    |name, value, reader| {
        let text = TEXT.read(name, value, reader)?;
        if ["", "dmy", "mdy", "ymd"].contains(&text.as_str()) {
            return Ok(text);
        }
        let message = message!("doit être dmy, mdy ou ymd", "must be dmy, mdy or ymd");
        Err(reader.refuse(name, &Value::String(text), message))
    },
    || json!({ "type": "string", "enum": ["", "dmy", "mdy", "ymd"] }),
);

/// `lon`, `lat`, `lon,lat`, `none`, or an empty text.
const NEGATE: CustomMember<String> = CustomMember::new(
    |name, value, reader| {
        let text = TEXT.read(name, value, reader)?;
        if text.is_empty() || Negation::parse(&text).is_some() {
            return Ok(text);
        }
        let known = Negation::spellings();
        let message = message!("doit être l’un de : {known}", "must be one of: {known}");
        Err(reader.refuse(name, &Value::String(text), message))
    },
    || json!({ "type": "string", "enum": ["", "lon", "lat", "lon,lat", "none"] }),
);

/// `keep`, `contents`, or an empty text.
const IDS: CustomMember<String> = CustomMember::new(
    |name, value, reader| {
        let text = TEXT.read(name, value, reader)?;
        if text.is_empty() || RowIds::parse(&text).is_some() {
            return Ok(text);
        }
        let message = message!("doit être keep ou contents", "must be keep or contents");
        Err(reader.refuse(name, &Value::String(text), message))
    },
    || json!({ "type": "string", "enum": ["", "keep", "contents"] }),
);

/// One character, or an empty text.
const DELIMITER: CustomMember<String> = CustomMember::new(
    |name, value, reader| {
        let text = TEXT.read(name, value, reader)?;
        if text.chars().count() <= 1 {
            return Ok(text);
        }
        let message = message!("doit être un seul caractère", "must be one character");
        Err(reader.refuse(name, &Value::String(text), message))
    },
    || json!({ "type": "string", "maxLength": 1 }),
);

const fn text(name: &'static str) -> Member<crate::http::request::members::TextMember, Optional> {
    member(name, TEXT).optional()
}

body! {
    /// What people choose for a file, in place of what was recognised.
    pub struct ImportChange {
        columns: Option<ColumnChoices> = member("columns", COLUMNS).optional(),
        category: Option<String> = text("category"),
        jurisdiction: Option<String> = text("jurisdiction"),
        time_zone: Option<String> = text("time_zone"),
        date_order: Option<String> = member("date_order", DATE_ORDER).optional(),
        projection: Option<String> = text("projection"),
        negate: Option<String> = member("negate", NEGATE).optional(),
        ids: Option<String> = member("ids", IDS).optional(),
        delimiter: Option<String> = member("delimiter", DELIMITER).optional(),
        encoding: Option<String> = text("encoding"),
        sheet: Option<String> = text("sheet"),
    }
}

/// Reads the body.
///
/// # Errors
/// Every member that is unknown or of the wrong type.
pub fn read(bytes: &[u8]) -> Result<ImportChange> {
    ImportChange::read(bytes, &TimeZone::UTC)
}

impl ImportChange {
    /// Changes what was chosen before. What is absent stays; an empty text takes a choice back.
    pub fn apply(self, choices: &mut ImportChoices) {
        let Self { columns, delimiter, encoding, sheet, .. } = self;
        choices.set_reading(delimiter, encoding, sheet);
        for (name, field) in columns.into_iter().flatten() {
            choices.set_column(name, field);
        }
        let declared = &mut choices.declared;
        choose(&mut declared.category, self.category);
        choose(&mut declared.date_order, self.date_order);
        choose(&mut declared.projection, self.projection);
        choose(&mut declared.negate, self.negate);
        choose(&mut declared.ids, self.ids);
        choose(&mut choices.jurisdiction, self.jurisdiction);
        choose(&mut choices.time_zone, self.time_zone);
    }
}
