//! Closed vocabularies: status, reason of closing, nature, channel and accuracy of a report.

/// Declares an enum whose variants have one stable spelling each.
macro_rules! vocabulary {
    ($(#[$doc:meta])* $name:ident {
        $($(#[$vdoc:meta])* $variant:ident = $word:literal),+ $(,)?
    }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum $name { $($(#[$vdoc])* $variant),+ }

        impl $name {
            /// Every variant, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Every spelling, in the order of `ALL`.
            pub const WORDS: &'static [&'static str] = &[$($word),+];

            /// The stable spelling, used in every format and in the store.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// The variant spelt `word`, if there is one.
            pub fn parse(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|variant| variant.as_str() == word)
            }

            /// All spellings, for messages: `a | b | c`.
            pub fn spellings() -> String {
                Self::WORDS.join(" | ")
            }
        }

        impl $crate::domain::Vocabulary for $name {
            const VALUES: &'static [Self] = Self::ALL;

            fn word(self) -> &'static str {
                self.as_str()
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

pub(super) use vocabulary;

/// A closed list of values, each with one stable spelling.
pub trait Vocabulary: Copy + 'static {
    /// Every value, in order.
    const VALUES: &'static [Self];

    /// The value's spelling.
    fn word(self) -> &'static str;
}

vocabulary!(
    /// The status of a report. For Open311 the first two are `open`.
    Status {
        /// Received; no work has begun.
        Open = "open",
        /// Work has begun.
        InProgress = "in_progress",
        /// Ended; [`ClosedReason`] says how.
        Closed = "closed",
    }
);

vocabulary!(
    /// How a closed request ended.
    ClosedReason {
        /// The work was done.
        Done = "done",
        /// Another report covers the same problem.
        Duplicate = "duplicate",
        /// The city will not do it.
        Refused = "refused",
        /// Withdrawn by the citizen or entered by mistake.
        Cancelled = "cancelled",
    }
);

vocabulary!(
    /// What the citizen wants.
    Nature {
        /// Something to be done on the ground.
        Intervention = "intervention",
        /// A question.
        Information = "information",
        /// A complaint about the service.
        Complaint = "complaint",
        /// A remark or thanks.
        Comment = "comment",
    }
);

vocabulary!(
    /// How the request reached the city.
    Channel {
        /// Telephone.
        Phone = "phone",
        /// E-mail.
        Email = "email",
        /// Web form.
        Web = "web",
        /// Mobile app.
        App = "app",
        /// In person.
        Counter = "counter",
        /// Imported from a file that does not name the channel.
        Import = "import",
    }
);

vocabulary!(
    /// The accuracy of a position.
    Accuracy {
        /// Given for this report.
        Exact = "exact",
        /// A default point of the source: kept, but left out of distances, clusters and hotspots.
        Approximate = "approximate",
    }
);

vocabulary!(
    /// What a filter asks of the position of a report.
    PlaceCondition {
        /// The report has an exact position.
        Exact = "exact",
        /// The report has no position.
        None = "none",
    }
);

vocabulary!(
    /// Which of the rows of one id a source is read by.
    RepeatRule {
        /// The row of the latest update time; the last one where the rows have none.
        Newest = "newest",
        /// The first row.
        First = "first",
        /// The last row.
        Last = "last",
        /// The first row; further ones are refused.
        Refuse = "refuse",
    }
);
