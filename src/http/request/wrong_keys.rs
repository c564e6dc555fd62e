//! Slows down who tries keys: after several wrong ones in a minute, a network address must wait.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use crate::domain::SecretDigest;

/// Wrong keys that an address may send in a minute.
pub const WRONG_KEYS_MAX: u32 = 10;
/// How long wrong keys are counted.
const WINDOW: Duration = Duration::from_secs(60);
/// Most addresses in the table: about 200 KiB. When it is full, the oldest one is forgotten.
const ADDRESSES_MAX: usize = 4_096;

/// Wrong keys of the last minute by address. Of an IPv6 address the first 64 bits count: whoever
/// has one usually has all that begin so.
#[derive(Debug, Default)]
pub struct WrongKeys(Mutex<Table>);

#[derive(Debug, Default)]
struct Table {
    /// When the first wrong key of the minute came, and how many.
    wrong: HashMap<IpAddr, (Instant, u32)>,
    /// Right keys with the addresses they came from. These go on being accepted, so that nobody
    /// locks out the others behind the same address.
    right: HashMap<(IpAddr, SecretDigest), Instant>,
}

impl WrongKeys {
    /// Seconds until this address may send this key; `None` if it may now.
    pub fn wait_s(&self, address: IpAddr, digest: &SecretDigest, now: Instant) -> Option<u64> {
        let network = network_of(address);
        let table = self.table();
        let (since, count) = *table.wrong.get(&network)?;
        let over = WINDOW.checked_sub(now.duration_since(since)).filter(|left| !left.is_zero())?;
        let waits = count >= WRONG_KEYS_MAX && !table.right.contains_key(&(network, *digest));
        waits.then(|| over.as_secs() + 1)
    }

    /// Counts a wrong key.
    pub fn count(&self, address: IpAddr, now: Instant) {
        let network = network_of(address);
        let mut table = self.table();
        if !table.wrong.contains_key(&network) {
            make_room(&mut table.wrong, |(since, _)| *since);
        }
        let (since, count) = table.wrong.entry(network).or_insert((now, 0));
        if now.duration_since(*since) >= WINDOW {
            (*since, *count) = (now, 0);
        }
        *count += 1;
    }

    /// Remembers that a right key came from an address.
    pub fn accept(&self, address: IpAddr, digest: SecretDigest, now: Instant) {
        let place = (network_of(address), digest);
        let mut table = self.table();
        if !table.right.contains_key(&place) {
            make_room(&mut table.right, |since| *since);
            table.right.insert(place, now);
        }
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(|poison| poison.into_inner())
    }
}

/// Forgets the oldest entry of a full table.
fn make_room<K: Clone + Eq + std::hash::Hash, V>(
    table: &mut HashMap<K, V>,
    since: impl Fn(&V) -> Instant,
) {
    if table.len() < ADDRESSES_MAX {
        return;
    }
    let oldest = table.iter().min_by_key(|(_, value)| since(value)).map(|(key, _)| key.clone());
    if let Some(oldest) = oldest {
        table.remove(&oldest);
    }
}

fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(long) => {
            let first = long.to_bits() & !u128::from(u64::MAX);
            Ipv6Addr::from_bits(first).into()
        }
        short => short,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: SecretDigest = [7; 32];

    #[test]
    fn an_address_waits_after_ten_wrong_keys_and_others_do_not() {
        let (table, now) = (WrongKeys::default(), Instant::now());
        let [bad, good]: [IpAddr; 2] =
            ["2001:db8::1", "2001:db8:0:1::1"].map(|text| text.parse().unwrap());
        for _ in 0..WRONG_KEYS_MAX {
            assert_eq!(table.wait_s(bad, &DIGEST, now), None);
            table.count(bad, now);
        }
        assert_eq!(table.wait_s(bad, &DIGEST, now), Some(61));
        let same_network = "2001:db8::ffff".parse().unwrap();
        assert!(table.wait_s(same_network, &DIGEST, now).is_some());
        assert_eq!(table.wait_s(good, &DIGEST, now), None);
        assert_eq!(table.wait_s(bad, &DIGEST, now + WINDOW), None);
    }

    #[test]
    fn a_key_that_was_right_before_goes_on() {
        let (table, now) = (WrongKeys::default(), Instant::now());
        let address: IpAddr = "192.0.2.1".parse().unwrap();
        table.accept(address, DIGEST, now);
        (0..20).for_each(|_| table.count(address, now));
        assert_eq!(table.wait_s(address, &DIGEST, now), None);
        assert!(table.wait_s(address, &[8; 32], now).is_some());
    }

    #[test]
    fn the_table_is_bounded() {
        let (table, now) = (WrongKeys::default(), Instant::now());
        for number in 0..ADDRESSES_MAX as u32 + 10 {
            table.count(IpAddr::V4(number.into()), now);
        }
        assert_eq!(table.table().wrong.len(), ADDRESSES_MAX);
    }
}
