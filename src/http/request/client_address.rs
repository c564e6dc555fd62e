//! The network address of the client that sends a request.

use std::net::IpAddr;

/// The network address of the client that sends a request: the peer of its connection. The listener
/// puts it among the extensions of each request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);
