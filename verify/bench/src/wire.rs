//! A TCP proxy in front of PostgreSQL that counts the round trips of each database role.
//!
//! Source of the message format: PostgreSQL documentation, "Frontend/Backend Protocol".

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::{CancellationToken, DropGuard};
use tributary_system::DatabaseRoute;

/// The start of the statement that sets the role of a database transaction.
const SET_ROLE: &str = "set local role tributary_";

/// A running proxy. Dropping it closes its port and its connections.
#[derive(Debug)]
pub struct Wire {
    address: SocketAddr,
    target: Arc<OnceLock<String>>,
    round_trips: Arc<RoundTrips>,
    _ended: DropGuard,
}

/// The round trips of each function so far.
#[derive(Debug, Default)]
struct RoundTrips(Mutex<BTreeMap<String, u64>>);

impl RoundTrips {
    fn add(&self, function: &str) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry(function.to_owned()).or_default() += 1;
    }
}

impl Wire {
    /// Starts on a free loopback port.
    pub async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (target, round_trips) = (Arc::default(), Arc::default());
        let ended = CancellationToken::new();
        let accepting = accept(listener, Arc::clone(&target), Arc::clone(&round_trips));
        tokio::spawn(ended.clone().run_until_cancelled_owned(accepting));
        Ok(Self { address, target, round_trips, _ended: ended.drop_guard() })
    }

    /// The route to the database through this proxy.
    pub fn route(&self) -> DatabaseRoute {
        let (address, target) = (self.address, Arc::clone(&self.target));
        DatabaseRoute::new(move |to| {
            // A system uses the route once, so the first target stays.
            let _ = target.set(to);
            address
        })
    }

    /// The number of round trips of each function so far, by the function's name.
    pub fn round_trips(&self) -> BTreeMap<String, u64> {
        self.round_trips.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn accept(
    listener: TcpListener,
    target: Arc<OnceLock<String>>,
    round_trips: Arc<RoundTrips>,
) {
    while let Ok((client, _)) = listener.accept().await {
        let Some(target) = target.get().cloned() else { continue };
        let round_trips = Arc::clone(&round_trips);
        // Ends with the connection, which both sides close when the system stops.
        tokio::spawn(async move { forward(client, target, &round_trips).await });
    }
}

async fn forward(client: TcpStream, target: String, round_trips: &RoundTrips) -> io::Result<()> {
    let server = TcpStream::connect(&target).await?;
    // Nagle's algorithm would delay small messages.
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (from_client, mut to_client) = client.into_split();
    let (mut from_server, to_server) = server.into_split();
    let responses = async { tokio::io::copy(&mut from_server, &mut to_client).await.map(drop) };
    tokio::select! {
        ended = responses => ended,
        ended = forward_requests(from_client, to_server, round_trips) => ended,
    }
}

/// Copies the client's messages. Each `Query` and each `Sync` makes the client wait for the server,
/// unless it has sent more in the same write.
async fn forward_requests(
    client: OwnedReadHalf,
    mut server: OwnedWriteHalf,
    round_trips: &RoundTrips,
) -> io::Result<()> {
    let mut client = BufReader::new(client);
    let mut function = String::new();
    let mut is_started = false;
    loop {
        let tag = if is_started { Some(client.read_u8().await?) } else { None };
        let length = client.read_u32().await?;
        let mut payload = vec![0; length.saturating_sub(4) as usize];
        client.read_exact(&mut payload).await?;
        if let Some(tag) = tag {
            server.write_u8(tag).await?;
            if let Some(found) = role(&payload) {
                function = found;
            }
            if matches!(tag, b'Q' | b'S') && client.buffer().is_empty() {
                round_trips.add(&function);
            }
        }
        server.write_u32(length).await?;
        server.write_all(&payload).await?;
        // Requests for encryption precede the startup message, which has version 3.
        is_started = is_started || payload.starts_with(&[0, 3]);
    }
}

/// The function whose role a statement sets.
fn role(payload: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(payload).ok()?;
    let (_, rest) = text.split_once(SET_ROLE)?;
    let end = rest.find(|character: char| !character.is_ascii_lowercase()).unwrap_or(rest.len());
    rest.get(..end).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn role_is_read_from_the_statement_that_begins_a_transaction() {
        let statement =
            b"begin; set local role tributary_ingest; set local tributary.tenant_id = '1'\0";
        assert_eq!(role(statement).as_deref(), Some("ingest"));
        assert_eq!(role(b"commit\0"), None);
    }
}
