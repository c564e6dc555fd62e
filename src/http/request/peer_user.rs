//! Whose program is at the other end of a connection of this machine.
//!
//! A reverse proxy of the same machine usually runs as a user of its own, and may pass requests on
//! without any header that shows it. A service without a key trusts programs of its own user alone.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};

/// The tables of the TCP sockets of this machine (Linux).
const TABLES: [&str; 2] = ["/proc/net/tcp", "/proc/net/tcp6"];

/// The user of the program at the other end of a connection of this machine. The listener puts it
/// among the extensions of each request; it is looked up at most once for a connection.
#[derive(Debug, Clone)]
pub struct PeerUser {
    socket: SocketAddr,
    is_other: Arc<OnceLock<bool>>,
}

impl PeerUser {
    /// That of a peer; `None` for one that is on another machine.
    pub fn of(peer: SocketAddr) -> Option<Self> {
        let is_here = peer.ip().to_canonical().is_loopback();
        is_here.then(|| Self { socket: peer, is_other: Arc::default() })
    }

    /// Does the program belong to another user than this process? No where the system does not
    /// tell.
    pub fn is_other(&self) -> bool {
        *self.is_other.get_or_init(|| {
            let own = rustix::process::geteuid().as_raw();
            owner(self.socket).is_some_and(|user| user != own)
        })
    }
}

/// The number of the user who owns a socket of this machine.
fn owner(socket: SocketAddr) -> Option<u32> {
    TABLES.iter().find_map(|path| owner_in(&std::fs::read_to_string(path).ok()?, socket))
}

/// The number of the user who owns a socket, by a table of the kernel: in each line the second
/// column is the socket's own address, the eighth the user.
fn owner_in(table: &str, socket: SocketAddr) -> Option<u32> {
    let names = [written(socket.ip(), socket.port()), written(mapped(socket.ip()), socket.port())];
    table.lines().skip(1).find_map(|line| {
        let mut columns = line.split_ascii_whitespace();
        let is_it = columns.nth(1).is_some_and(|own| names.iter().any(|name| name == own));
        if is_it { columns.nth(5)?.parse().ok() } else { None }
    })
}

/// An IPv4 address as the IPv6 address that stands for it, and the other way round.
fn mapped(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(four) => four.to_ipv6_mapped().into(),
        IpAddr::V6(six) => six.to_canonical(),
    }
}

/// An address as the kernel writes it: words of 32 bits in the order of bytes of this machine.
fn written(address: IpAddr, port: u16) -> String {
    let words: Vec<u32> = match address {
        IpAddr::V4(four) => vec![u32::from_ne_bytes(four.octets())],
        IpAddr::V6(six) => {
            let octets = six.octets();
            octets.as_chunks::<4>().0.iter().map(|word| u32::from_ne_bytes(*word)).collect()
        }
    };
    let address: String = words.iter().map(|word| format!("{word:08X}")).collect();
    format!("{address}:{port:04X}")
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn a_connection_of_this_process_is_of_its_own_user() {
        for address in ["127.0.0.1:0", "[::1]:0"] {
            let Ok(listener) = TcpListener::bind(address) else { continue };
            let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            let peer = listener.accept().unwrap().1;
            assert_eq!(peer, client.local_addr().unwrap());
            assert_eq!(owner(peer), Some(rustix::process::geteuid().as_raw()), "{address}");
            assert!(!PeerUser::of(peer).unwrap().is_other());
        }
        assert!(PeerUser::of("203.0.113.7:80".parse().unwrap()).is_none());
    }

    #[test]
    fn the_owner_is_that_of_the_line_with_the_address() {
        let name = written("127.0.0.1".parse().unwrap(), 54_321);
        let six = written(mapped("127.0.0.1".parse().unwrap()), 54_322);
        let table = format!(
            "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt uid\n   \
             0: 0100007F:2077 00000000:0000 0A 00000000:00000000 00:00000000 00000000 1000 0 1\n   \
             1: {name} 0100007F:2077 01 00000000:00000000 00:00000000 00000000    33 0 2\n   \
             2: {six} 0100007F:2077 01 00000000:00000000 00:00000000 00000000    34 0 2\n"
        );
        let of = |socket: &str| owner_in(&table, socket.parse().unwrap());
        assert_eq!(of("127.0.0.1:54321"), Some(33));
        assert_eq!(of("127.0.0.1:54322"), Some(34), "as an IPv6 address");
        assert_eq!(of("127.0.0.1:54323"), None);
    }
}
