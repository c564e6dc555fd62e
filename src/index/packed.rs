//! Small fields of a report packed into integers: a bit field of two bytes for everything
//! enumerated, and seconds since 1970 in four bytes.

use crate::domain::{Accuracy, Channel, ClosedReason, Nature, Status};

/// The enumerated fields of a report in 16 bits: bits 0-1 status, 2-3 nature, 4-6 channel, 7 day
/// only, 8 approximate position, 9-11 reason of closing plus one, 12 has a parent report,
/// 13 closing known to the day only.
#[derive(Debug, Clone, Copy)]
pub struct PackedState(u16);

/// The fields that [`PackedState`] holds.
pub(super) struct StateFields {
    pub status: Status,
    pub reason: Option<ClosedReason>,
    pub nature: Nature,
    pub channel: Channel,
    pub day_only: bool,
    pub accuracy: Accuracy,
    pub has_parent: bool,
    pub closed_day_only: bool,
}

impl PackedState {
    /// Values of `PackedState::kind` are below this.
    pub const KINDS: usize = 128;
    /// Values of `PackedState::number` are below this.
    pub(crate) const NUMBERS: usize = 1 << 14;

    pub(super) fn new(fields: &StateFields) -> Self {
        let reason = fields.reason.map_or(0, |reason| reason as u16 + 1);
        let approximate = u16::from(fields.accuracy == Accuracy::Approximate);
        let kind = Self::kind_of(fields.status, fields.nature, fields.channel);
        let has_parent = u16::from(fields.has_parent) << 12;
        let day_only = u16::from(fields.day_only) << 7;
        let closed_day_only = u16::from(fields.closed_day_only) << 13;
        Self(kind as u16 | day_only | approximate << 8 | reason << 9 | has_parent | closed_day_only)
    }

    /// A status, nature and channel as one number below [`PackedState::KINDS`]: filters test all
    /// three with one table look-up.
    pub(crate) fn kind_of(status: Status, nature: Nature, channel: Channel) -> usize {
        status as usize | (nature as usize) << 2 | (channel as usize) << 4
    }

    /// [`PackedState::kind_of`] this report's status, nature and channel.
    pub(crate) fn kind(self) -> usize {
        usize::from(self.0 & 0x7f)
    }

    /// All enumerated fields as one number below `PackedState::NUMBERS`: a table of counts by it
    /// has the counts of every field.
    #[inline]
    pub(crate) fn number(self) -> usize {
        usize::from(self.0) & (Self::NUMBERS - 1)
    }

    /// The state with this number.
    pub(crate) fn of_number(number: usize) -> Self {
        Self(number as u16)
    }

    fn variant<T: Copy>(self, all: &[T], shift: u16, bits: u16) -> T {
        all[usize::from(self.0 >> shift & ((1 << bits) - 1))]
    }

    /// The status.
    pub(crate) fn status(self) -> Status {
        self.variant(Status::ALL, 0, 2)
    }

    /// Why the report was closed, where it is closed and the reason is known.
    pub(crate) fn reason(self) -> Option<ClosedReason> {
        let number = usize::from(self.0 >> 9 & 7).checked_sub(1);
        number.map(|number| ClosedReason::ALL[number])
    }

    /// The nature.
    pub(crate) fn nature(self) -> Nature {
        self.variant(Nature::ALL, 2, 2)
    }

    /// The channel.
    pub(crate) fn channel(self) -> Channel {
        self.variant(Channel::ALL, 4, 3)
    }

    /// How well the position is known; without meaning where there is no position.
    pub(crate) fn accuracy(self) -> Accuracy {
        self.variant(Accuracy::ALL, 8, 1)
    }

    /// Is the report known to be a duplicate of another? Either it has a parent report or it was
    /// closed as a duplicate.
    pub(crate) fn is_duplicate(self) -> bool {
        self.has_parent() || self.0 >> 9 & 7 == ClosedReason::Duplicate as u16 + 1
    }

    /// Is it known of which report this one is a duplicate?
    #[inline]
    pub(crate) fn has_parent(self) -> bool {
        self.0 >> 12 & 1 == 1
    }

    /// Is only the day of the request known, not its time?
    #[inline]
    pub(crate) fn is_day_only(self) -> bool {
        self.0 >> 7 & 1 == 1
    }

    /// Is only the day of the closing known, not its time?
    #[inline]
    pub(crate) fn is_closed_day_only(self) -> bool {
        self.0 >> 13 & 1 == 1
    }

    /// Is the report open or in progress?
    pub(crate) fn is_open(self) -> bool {
        self.0 & 3 != Status::Closed as u16
    }
}

/// The packed second 0 of 1970: two days and one second, so that local dates before 1970-01-01
/// 00:00 UTC fit and 0 stays free for [`NEVER`].
const EPOCH: i64 = 172_801;
/// Packed in place of a closing time that does not exist or is unknown.
pub(super) const NEVER: u32 = 0;

/// Packs a time in seconds since 1970 into four bytes. The range, 1969-12-30 to 2106, holds every
/// time that validation lets in; times beyond saturate.
pub(super) fn pack_second(second: i64) -> u32 {
    second.saturating_add(EPOCH).clamp(1, i64::from(u32::MAX)) as u32
}

/// Seconds since 1970 from what [`pack_second`] returned.
pub(super) fn unpack_second(packed: u32) -> i64 {
    i64::from(packed) - EPOCH
}
