//! Who reported. Kept apart from reports: crews may read it, nobody else, and no export has it.

use crate::domain::report::text_limit::line;
use crate::error::Refusal;

/// Longest line of a contact, in characters.
const CHARS_MAX: usize = 254;

/// How whoever reported can be reached.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Contact {
    /// Given name.
    pub first_name: Option<String>,
    /// Family name.
    pub last_name: Option<String>,
    /// E-mail address, as it was given.
    pub email: Option<String>,
    /// Telephone number, as it was given.
    pub phone: Option<String>,
    /// Account of the sender in the sending application.
    pub account_id: Option<String>,
    /// The sending device.
    pub device_id: Option<String>,
}

impl Contact {
    /// Names of [`Contact::fields`], those of Open311.
    pub const FIELDS: [&'static str; 6] =
        ["first_name", "last_name", "email", "phone", "account_id", "device_id"];

    /// Every field.
    pub fn fields(&self) -> [&Option<String>; 6] {
        let Self { first_name, last_name, email, phone, account_id, device_id } = self;
        [first_name, last_name, email, phone, account_id, device_id]
    }

    /// A contact of the fields in the order of [`Contact::FIELDS`]; none where all are empty.
    pub fn of(fields: [Option<String>; 6]) -> Option<Self> {
        let [first_name, last_name, email, phone, account_id, device_id] =
            fields.map(|field| field.filter(|text| !text.trim().is_empty()));
        let contact = Self { first_name, last_name, email, phone, account_id, device_id };
        (contact != Self::default()).then_some(contact)
    }

    pub(super) fn judge(&self, refused: &mut Vec<Refusal>) {
        for (name, field) in Self::FIELDS.iter().zip(self.fields()) {
            line(name, field, CHARS_MAX, refused);
        }
    }
}
