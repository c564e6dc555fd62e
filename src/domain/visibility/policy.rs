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

impl Visibility {
    /// Whether single reports are in lists.
    pub fn is_listed(self) -> bool {
        matches!(self, Self::Exact | Self::Street)
    }
}
