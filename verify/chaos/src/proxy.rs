//! A TCP proxy between the functions and PostgreSQL that can cut every connection at once.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tributary_system::DatabaseRoute;

/// A running proxy. It ends when it is dropped, and its connections with it.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    target: OnceLock<String>,
    /// Ends the connections of now; a cut puts a new one in its place.
    connections: Mutex<CancellationToken>,
    ended: CancellationToken,
}

impl Proxy {
    /// Starts on a free loopback port; connections are refused until [`Proxy::route`] was asked.
    ///
    /// # Errors
    /// When no port is to be had.
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

    /// The detour through this proxy.
    #[must_use]
    pub fn route(&self) -> DatabaseRoute {
        let (address, shared) = (self.address, Arc::clone(&self.shared));
        DatabaseRoute::new(move |target| {
            // The first target stays: a system asks once.
            let _ = shared.target.set(target);
            address
        })
    }

    /// Cuts every connection, whatever is under way on it; new ones are taken at once.
    pub fn cut(&self) {
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
        let cut = shared.connections.lock().unwrap_or_else(PoisonError::into_inner).clone();
        tokio::spawn(async move {
            cut.run_until_cancelled(forward(client, target)).await;
        });
    }
}

/// Carries bytes both ways until one side ends, or the other cannot be reached.
async fn forward(mut client: TcpStream, target: String) {
    let Ok(mut server) = TcpStream::connect(&target).await else { return };
    // Small messages would otherwise wait for each other's acknowledgements.
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

    async fn says_back(stream: &mut TcpStream) -> bool {
        let mut answer = [0; 2];
        stream.write_all(b"hi").await.is_ok() && stream.read_exact(&mut answer).await.is_ok()
    }

    #[tokio::test]
    async fn a_cut_ends_the_connections_of_now_and_none_after_it() {
        let proxy = Proxy::start().await.unwrap();
        let _ = (proxy.route(), proxy.shared.target.set(echo_server().await.to_string()));
        let mut first = TcpStream::connect(proxy.address).await.unwrap();
        let mut second = TcpStream::connect(proxy.address).await.unwrap();
        assert!(says_back(&mut first).await && says_back(&mut second).await);
        proxy.cut();
        assert!(!says_back(&mut first).await && !says_back(&mut second).await);
        let mut third = TcpStream::connect(proxy.address).await.unwrap();
        assert!(says_back(&mut third).await);
    }
}
