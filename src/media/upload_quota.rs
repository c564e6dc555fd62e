//! How many photos and bytes each sender, and all anonymous senders together, may send in an hour
//! and in a day. The table of senders is bounded; a restart empties it.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};

/// Bytes of a photo on which the limits of bytes are based.
const PHOTO_BYTES: u64 = 4 << 20;
/// A sender may send so many times the hour's photos in a day.
const HOURS_OF_DAY: u64 = 4;
/// The holder of a key may send so many times the photos of an anonymous address.
const KEY_FACTOR: u64 = 10;
/// All anonymous senders together may send so many times the photos of one.
const ALL_FACTOR: u64 = 20;
/// Senders that are counted apart; further ones share one count.
const SENDERS_MAX: usize = 20_000;
/// Seconds of an hour and of a day.
const HOUR: i64 = 3_600;
const DAY: i64 = 86_400;

/// Who sends a photo.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Uploader {
    /// The holder of a key, by the key's name.
    Key(String),
    /// Somebody at a network address; of IPv6 the first 64 bits count, which one network shares.
    Address(IpAddr),
    /// Somebody whose address is not known.
    Unknown,
}

impl Uploader {
    /// Somebody at an address.
    pub fn at(address: Option<IpAddr>) -> Self {
        match address.map(|address| address.to_canonical()) {
            None => Self::Unknown,
            Some(IpAddr::V6(address)) => {
                let network = u128::from(address) >> 64 << 64;
                Self::Address(Ipv6Addr::from(network).into())
            }
            Some(address) => Self::Address(address),
        }
    }
}

/// Photos and their bytes.
#[derive(Debug, Clone, Copy, Default)]
struct Uploads {
    photos: u64,
    bytes: u64,
}

impl Uploads {
    fn plus(self, other: Self) -> Self {
        Self {
            photos: self.photos.saturating_add(other.photos),
            bytes: self.bytes.saturating_add(other.bytes),
        }
    }
}

/// What was sent since a window of time began.
#[derive(Debug, Clone, Copy)]
struct Window {
    began: i64,
    sent: Uploads,
}

impl Window {
    /// Begins anew where the time is over, or where the clock was set back.
    fn renew(&mut self, now: i64, seconds: i64) {
        if !(self.began..self.began.saturating_add(seconds)).contains(&now) {
            *self = Self { began: now, sent: Uploads::default() };
        }
    }
}

/// The windows of one sender.
#[derive(Debug, Clone, Copy)]
struct Sender {
    hour: Window,
    day: Window,
}

impl Sender {
    fn new(now: i64) -> Self {
        let window = Window { began: now, sent: Uploads::default() };
        Self { hour: window, day: window }
    }

    /// Seconds until so much more may be sent, where `photos` may be sent in an hour; `None` if it
    /// may be sent now.
    fn wait(&mut self, more: Uploads, photos: u64, now: i64) -> Option<u64> {
        self.hour.renew(now, HOUR);
        self.day.renew(now, DAY);
        let windows =
            [(self.hour, HOUR, photos), (self.day, DAY, photos.saturating_mul(HOURS_OF_DAY))];
        let full = windows.into_iter().filter(|(window, _, photos_max)| {
            let all = window.sent.plus(more);
            all.photos > *photos_max || all.bytes > photos_max.saturating_mul(PHOTO_BYTES)
        });
        full.map(|(window, seconds, _)| (window.began + seconds - now).max(1) as u64).max()
    }

    fn add(&mut self, more: Uploads) {
        for window in [&mut self.hour, &mut self.day] {
            window.sent = window.sent.plus(more);
        }
    }
}

/// The counts of all senders.
#[derive(Debug)]
struct Senders {
    of: HashMap<Uploader, Sender>,
    /// All anonymous senders together.
    all: Sender,
    /// Those for whom the table has no room.
    others: Sender,
    /// When senders were last taken out of the table.
    cleaned: i64,
}

/// The quota of uploads.
#[derive(Debug)]
pub struct UploadQuota {
    photos_per_hour: u64,
    senders: Mutex<Senders>,
}

impl UploadQuota {
    /// A quota of so many photos an hour for each address: four times as many in a day, 4 MiB for
    /// each of them, ten times as much for each key, twenty times as much for all addresses.
    pub fn new(photos_per_hour: u64) -> Self {
        let none = Sender::new(i64::MIN / 2);
        let senders = Senders { of: HashMap::new(), all: none, others: none, cleaned: i64::MIN };
        Self { photos_per_hour, senders: Mutex::new(senders) }
    }

    /// Counts photos of `bytes` together that a sender has sent at a second of Unix time.
    ///
    /// # Errors
    /// The seconds after which they may be sent; they are not counted.
    pub fn take(
        &self,
        uploader: Uploader,
        photos: usize,
        bytes: usize,
        now: i64,
    ) -> Result<(), u64> {
        let more = Uploads { photos: photos as u64, bytes: bytes as u64 };
        let is_key = matches!(uploader, Uploader::Key(_));
        let per_hour = self.photos_per_hour;
        let own_max = if is_key { per_hour.saturating_mul(KEY_FACTOR) } else { per_hour };
        let mut senders = self.senders.lock().unwrap_or_else(PoisonError::into_inner);
        let Senders { of, all, others, cleaned } = &mut *senders;
        if of.len() >= SENDERS_MAX && !(*cleaned..cleaned.saturating_add(60)).contains(&now) {
            *cleaned = now;
            of.retain(|_, sender| (sender.day.began..sender.day.began + DAY).contains(&now));
        }
        let has_room = of.len() < SENDERS_MAX || is_key || of.contains_key(&uploader);
        let own = match has_room {
            true => of.entry(uploader).or_insert_with(|| Sender::new(now)),
            false => others,
        };
        let wait = own.wait(more, own_max, now);
        let wait_for_all = match is_key {
            true => None,
            false => all.wait(more, per_hour.saturating_mul(ALL_FACTOR), now),
        };
        if let Some(seconds) = wait.max(wait_for_all) {
            return Err(seconds);
        }
        own.add(more);
        if !is_key {
            all.add(more);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(n: u32) -> Uploader {
        Uploader::at(Some(IpAddr::from(n.to_be_bytes())))
    }

    #[test]
    fn an_address_has_its_hour_and_its_day() {
        let quota = UploadQuota::new(10);
        for n in 0..10 {
            assert_eq!(quota.take(address(1), 1, 1_000, 100 + n), Ok(()));
        }
        assert_eq!(quota.take(address(1), 1, 1_000, 110), Err(3_590));
        assert_eq!(quota.take(address(2), 1, 1_000, 110), Ok(()), "others are not held up");
        for hour in 1..4 {
            assert_eq!(quota.take(address(1), 10, 1_000, 100 + hour * HOUR), Ok(()));
        }
        let end_of_day = Err((DAY - 4 * HOUR) as u64);
        assert_eq!(quota.take(address(1), 1, 1, 100 + 4 * HOUR), end_of_day);
        assert_eq!(quota.take(address(1), 10, 1, 100 + DAY), Ok(()));
        assert_eq!(quota.take(address(1), 1, 1, 50), Ok(()), "a clock that is set back");
    }

    #[test]
    fn bytes_count_as_photos_do() {
        let quota = UploadQuota::new(2);
        assert_eq!(quota.take(address(1), 1, 8 << 20, 0), Ok(()));
        assert_eq!(quota.take(address(1), 1, 1, 0), Err(3_600));
    }

    #[test]
    fn all_addresses_share_one_quota_and_keys_have_their_own() {
        let quota = UploadQuota::new(3);
        let taken = (0..100).filter(|n| quota.take(address(*n), 1, 1, 7).is_ok()).count();
        assert_eq!(taken, 60);
        let key = |name: &str| Uploader::Key(name.into());
        let taken = (0..100).filter(|_| quota.take(key("app"), 1, 1, 7).is_ok()).count();
        assert_eq!(taken, 30);
        assert_eq!(quota.take(key("crew"), 1, 1, 7), Ok(()));
        assert_eq!(quota.take(Uploader::Unknown, 1, 1, 7 + HOUR), Ok(()));
    }

    #[test]
    fn an_ipv6_network_is_one_sender_and_a_mapped_address_is_its_own() {
        let at = |text: &str| Uploader::at(Some(text.parse().unwrap()));
        assert_eq!(at("2001:db8:1:2:3::4"), at("2001:db8:1:2:ffff::"));
        assert_ne!(at("2001:db8:1:2::1"), at("2001:db8:1:3::1"));
        assert_eq!(at("::ffff:10.0.0.1"), at("10.0.0.1"));
    }

    #[test]
    fn the_table_is_bounded() {
        let quota = UploadQuota::new(10_000);
        for n in 0..30_000 {
            assert_eq!(quota.take(address(n), 1, 1, 7), Ok(()));
        }
        let known = || quota.senders.lock().unwrap().of.len();
        assert_eq!(known(), SENDERS_MAX);
        // Those without a row of their own have used what one address may.
        assert_eq!(quota.take(address(40_000), 1, 1, 7), Err(3_600));
        assert_eq!(quota.take(address(0), 1, 1, 7), Ok(()));
        assert_eq!(quota.take(address(40_000), 1, 1, 7 + DAY), Ok(()));
        assert_eq!(known(), 1);
    }
}
