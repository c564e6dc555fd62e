//! What a long computation may cost, and whether its result is still wanted.

/// The bounds of a computation that could take minutes.
///
/// ```
/// use pointchaud::statistics::{Effort, Stopped, dbscan};
///
/// let crowd: Vec<[f64; 2]> = (0..100).map(|n| [f64::from(n) * 1e-6, 0.0]).collect();
/// let effort = Effort { comparisons_max: 1_000, ..Effort::UNBOUNDED };
/// let too_long = Stopped::TooLong { comparisons: 10_000 };
/// assert_eq!(dbscan(&crowd, 10_000.0, 101, effort), Err(too_long));
/// let unwanted = Effort { is_wanted: &|| false, ..Effort::UNBOUNDED };
/// assert_eq!(dbscan(&crowd, 10_000.0, 101, unwanted), Err(Stopped::Unwanted));
/// assert!(dbscan(&crowd, 10_000.0, 101, Effort::UNBOUNDED).is_ok());
/// assert_eq!((effort.check(), unwanted.check()), (Ok(()), Err(Stopped::Unwanted)));
/// assert_eq!(effort.check_comparisons(1_000), Ok(()));
/// ```
#[derive(Clone, Copy)]
pub struct Effort<'a> {
    /// Limit of the pairs of places that are compared. It is checked before the work begins,
    /// against an estimate that the usual case does not exceed.
    pub comparisons_max: u64,
    /// Is the result still wanted? Asked every few milliseconds; once false, it must stay false.
    pub is_wanted: &'a (dyn Fn() -> bool + Sync),
}

impl Effort<'_> {
    /// However long it takes.
    pub const UNBOUNDED: Self = Self { comparisons_max: u64::MAX, is_wanted: &|| true };

    /// Continue?
    ///
    /// # Errors
    /// The result is not wanted any more.
    pub fn check(&self) -> Result<(), Stopped> {
        if (self.is_wanted)() { Ok(()) } else { Err(Stopped::Unwanted) }
    }

    /// Begin?
    ///
    /// # Errors
    /// The comparisons exceed the limit.
    pub fn check_comparisons(&self, comparisons: u64) -> Result<(), Stopped> {
        let is_short = comparisons <= self.comparisons_max;
        if is_short { Ok(()) } else { Err(Stopped::TooLong { comparisons }) }
    }
}

/// Why a computation has no result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopped {
    /// It would compare this many pairs of places, more than the limit.
    TooLong {
        /// The estimate.
        comparisons: u64,
    },
    /// Its result is not wanted any more.
    Unwanted,
}
