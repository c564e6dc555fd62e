//! A part of a text that tells who somebody is or how to reach them.

use crate::domain::vocabulary::vocabulary;

vocabulary! {
    /// What personal words are.
    PersonalKind {
        /// An e-mail address.
        Email = "email",
        /// A telephone number, with its extension.
        Phone = "phone",
        /// The plate of a vehicle.
        Plate = "plate",
        /// The name of a person.
        Name = "name",
        /// A health insurance number of Québec.
        Health = "health",
        /// A social insurance number of Canada or a social security number of the United States.
        SocialInsurance = "sin",
        /// Where the writer lives.
        Home = "address",
    }
}

vocabulary! {
    /// How certain it is that words are personal.
    Certainty {
        /// Their form or the words before them say so.
        Sure = "sure",
        /// They may also be something else, such as the name of a company.
        Likely = "likely",
    }
}

/// Personal words in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PersonalSpan {
    /// The byte at which they begin.
    pub start: usize,
    /// The byte after their last one.
    pub end: usize,
    /// What they are.
    pub kind: PersonalKind,
    /// How certain that is.
    pub certainty: Certainty,
}
