//! Finds a port for a server.

use std::io;
use std::net::{Ipv4Addr, TcpListener};

use rand::Rng;

/// Below the ephemeral ports of Linux (from 32768) and macOS (from 49152). The system could assign
/// an ephemeral port to a client while the server restarts. A client that reconnects on loopback
/// could even connect to itself.
const PORTS: std::ops::RangeInclusive<u16> = 15_000..=32_000;

const ATTEMPTS_MAX: usize = 50;

/// Returns a port on 127.0.0.1 that is free now. Another process can still take it.
pub(crate) fn free() -> io::Result<u16> {
    let mut last_error = None;
    for _ in 0..ATTEMPTS_MAX {
        let port = rand::rng().random_range(PORTS);
        match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            Ok(_) => return Ok(port),
            Err(error) => last_error = Some(error),
        }
    }
    Err(last_error.unwrap_or_else(|| io::Error::from(io::ErrorKind::AddrInUse)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_port_is_in_range_and_can_be_bound() {
        let port = free().unwrap();
        assert!(PORTS.contains(&port));
        TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
    }
}
