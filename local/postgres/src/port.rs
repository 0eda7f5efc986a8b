//! A port for the server to listen on.

use std::io;
use std::net::{Ipv4Addr, TcpListener};

use rand::Rng;

/// Below every system's range of ephemeral ports (from 32768 on Linux, from 49152 on macOS), where the
/// system would hand a port to any client while the server restarts, even to the one that tries to
/// reconnect: on loopback such a client ends up connected to itself.
const PORTS: std::ops::RangeInclusive<u16> = 15_000..=32_000;

const TRIES: usize = 50;

/// A port on 127.0.0.1 that nobody listens on right now. Another process can still be quicker.
pub(crate) fn free() -> io::Result<u16> {
    let mut refusal = None;
    for _ in 0..TRIES {
        let port = rand::rng().random_range(PORTS);
        match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            Ok(_) => return Ok(port),
            Err(error) => refusal = Some(error),
        }
    }
    Err(refusal.unwrap_or_else(|| io::Error::from(io::ErrorKind::AddrInUse)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_free_port_is_in_range_and_can_be_bound() {
        let port = free().unwrap();
        assert!(PORTS.contains(&port));
        TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
    }
}
