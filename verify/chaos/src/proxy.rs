//! A TCP proxy between the functions and PostgreSQL that can close all connections at once.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tributary_system::DatabaseRoute;

/// A running proxy. Dropping it closes its port and its connections.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    target: OnceLock<String>,
    /// Closes the current connections; [`Proxy::close_connections`] replaces it.
    connections: Mutex<CancellationToken>,
    ended: CancellationToken,
}

impl Proxy {
    /// Starts on a free loopback port. Closes every connection until [`Proxy::route`] is used.
    ///
    /// # Errors
    /// If no port is available.
    pub async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let ended = CancellationToken::new();
        let shared = Arc::new(Shared {
            target: OnceLock::new(),
            connections: Mutex::new(ended.child_token()),
            ended: ended.clone(),
        });
        tokio::spawn(accept(listener, Arc::clone(&shared)));
        Ok(Self { address, shared })
    }

    /// The route to the database through this proxy.
    #[must_use]
    pub fn route(&self) -> DatabaseRoute {
        let (address, shared) = (self.address, Arc::clone(&self.shared));
        DatabaseRoute::new(move |target| {
            // A system uses the route once, so the first target stays.
            let _ = shared.target.set(target);
            address
        })
    }

    /// Closes all connections, active ones included. New ones are accepted at once.
    pub fn close_connections(&self) {
        let mut connections =
            self.shared.connections.lock().unwrap_or_else(PoisonError::into_inner);
        connections.cancel();
        *connections = self.shared.ended.child_token();
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.ended.cancel();
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    while let Some(accepted) = shared.ended.run_until_cancelled(listener.accept()).await {
        let Ok((client, _)) = accepted else { continue };
        let Some(target) = shared.target.get().cloned() else { continue };
        let closed = shared.connections.lock().unwrap_or_else(PoisonError::into_inner).clone();
        tokio::spawn(async move {
            closed.run_until_cancelled(forward(client, target)).await;
        });
    }
}

/// Copies bytes in both directions until one side closes, or the target is unreachable.
async fn forward(mut client: TcpStream, target: String) {
    let Ok(mut server) = TcpStream::connect(&target).await else { return };
    // Nagle's algorithm would delay small messages.
    drop(client.set_nodelay(true));
    drop(server.set_nodelay(true));
    drop(copy_bidirectional(&mut client, &mut server).await);
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    async fn echo_server() -> SocketAddr {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                tokio::spawn(async move {
                    let (mut read, mut write) = stream.split();
                    drop(tokio::io::copy(&mut read, &mut write).await);
                });
            }
        });
        address
    }

    async fn echoes(stream: &mut TcpStream) -> bool {
        let mut reply = [0; 2];
        stream.write_all(b"hi").await.is_ok() && stream.read_exact(&mut reply).await.is_ok()
    }

    #[tokio::test]
    async fn close_connections_spares_later_connections() {
        let proxy = Proxy::start().await.unwrap();
        let _ = (proxy.route(), proxy.shared.target.set(echo_server().await.to_string()));
        let mut first = TcpStream::connect(proxy.address).await.unwrap();
        let mut second = TcpStream::connect(proxy.address).await.unwrap();
        assert!(echoes(&mut first).await && echoes(&mut second).await);
        proxy.close_connections();
        assert!(!echoes(&mut first).await && !echoes(&mut second).await);
        let mut third = TcpStream::connect(proxy.address).await.unwrap();
        assert!(echoes(&mut third).await);
    }
}
