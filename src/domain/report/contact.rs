//! The contact of the sender of a report. It is stored apart from the report; only crews may read
//! it, and no export contains it.

use crate::domain::report::text_limit::{line, visible};
use crate::error::Refusal;

/// Longest field of a contact, in characters.
const CHARS_MAX: usize = 254;

/// How the sender of a report can be reached.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Contact {
    /// Given name.
    pub first_name: Option<String>,
    /// Family name.
    pub last_name: Option<String>,
    /// E-mail address, as it was written.
    pub email: Option<String>,
    /// Telephone number, as it was written.
    pub phone: Option<String>,
    /// Account of the sender in the sending application.
    pub account_id: Option<String>,
    /// The sending device.
    pub device_id: Option<String>,
}

impl Contact {
    /// Names of the fields in Open311, in the order of [`Contact::fields`].
    pub const FIELDS: [&'static str; 6] =
        ["first_name", "last_name", "email", "phone", "account_id", "device_id"];

    /// The values of all fields.
    pub fn fields(&self) -> [&Option<String>; 6] {
        let Self { first_name, last_name, email, phone, account_id, device_id } = self;
        [first_name, last_name, email, phone, account_id, device_id]
    }

    /// A contact with these values, in the order of [`Contact::FIELDS`]; `None` if all are empty.
    pub fn of(fields: [Option<String>; 6]) -> Option<Self> {
        let [first_name, last_name, email, phone, account_id, device_id] =
            fields.map(|field| field.filter(|text| !text.trim().is_empty()));
        let contact = Self { first_name, last_name, email, phone, account_id, device_id };
        (contact != Self::default()).then_some(contact)
    }

    pub(super) fn judge(&self, refused: &mut Vec<Refusal>) {
        for (name, field) in Self::FIELDS.iter().zip(self.fields()) {
            line(name, field, CHARS_MAX, refused);
            visible(name, field, refused);
        }
    }
}
