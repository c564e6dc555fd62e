//! The policies by which a service shows its reports to the public.

crate::domain::vocabulary::vocabulary!(
    /// How much of the reports of a service the public sees.
    Visibility {
        /// Everything that is public of a report.
        Exact = "exact",
        /// The centre of a grid cell about 130 m wide instead of the position, the street without
        /// the house number, no photo.
        Street = "street",
        /// Only numbers of reports: each is counted at the centre of a cell that holds several, on
        /// its day. None is listed.
        Cell = "cell",
        /// Nothing, not even in a count.
        Hidden = "hidden",
    }
);

crate::domain::vocabulary::vocabulary!(
    /// Whether the public reads what people write in the reports of a service; the later a policy
    /// stands here, the less it shows.
    TextPolicy {
        /// Every text.
        Public = "public",
        /// Every text without personal words; others once a person has read them.
        Checked = "checked",
        /// Texts that a person has read.
        Review = "review",
        /// No text.
        Crew = "crew",
    }
);

crate::domain::vocabulary::vocabulary!(
    /// Whether the public sees the photos of the reports of a service; the later a policy stands
    /// here, the less it shows.
    PhotoPolicy {
        /// Every photo.
        Public = "public",
        /// Photos that a person has looked at.
        Review = "review",
        /// No photo.
        Crew = "crew",
    }
);

/// What the public reads and sees of the reports of a service besides their places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContentPolicy {
    /// Of their texts.
    pub texts: TextPolicy,
    /// Of their photos.
    pub photos: PhotoPolicy,
}

impl Default for ContentPolicy {
    fn default() -> Self {
        Self { texts: TextPolicy::Checked, photos: PhotoPolicy::Public }
    }
}

impl ContentPolicy {
    /// The policy that shows no more than either of two.
    #[must_use]
    pub fn stricter(self, other: Self) -> Self {
        Self { texts: self.texts.max(other.texts), photos: self.photos.max(other.photos) }
    }
}

impl Visibility {
    /// Whether single reports are in lists.
    pub fn is_listed(self) -> bool {
        matches!(self, Self::Exact | Self::Street)
    }
}
