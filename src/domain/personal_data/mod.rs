//! stub
use std::ops::Range;
crate::domain::vocabulary::vocabulary!(
    /// A kind of personal data.
    PersonalDataKind {
        /// An e-mail address.
        Email = "email",
    }
);
/// x
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonalData {
    /// x
    pub kind: PersonalDataKind,
    /// x
    pub span: Range<usize>,
}
/// x
pub fn personal_data(_text: &str) -> Vec<PersonalData> {
    Vec::new()
}
/// x
pub fn has_personal_data(text: &str) -> bool {
    !personal_data(text).is_empty()
}
