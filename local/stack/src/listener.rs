//! How our two HTTP servers accept connections.

use axum::serve::{ListenerExt, TapIo};
use tokio::net::{TcpListener, TcpStream};

/// A listener whose connections send at once: a small answer on a kept connection would otherwise wait for
/// the client's delayed acknowledgement, tens of milliseconds that AWS does not have.
pub(crate) fn without_delay(listener: TcpListener) -> TapIo<TcpListener, fn(&mut TcpStream)> {
    listener.tap_io(send_at_once)
}

fn send_at_once(connection: &mut TcpStream) {
    if let Err(error) = connection.set_nodelay(true) {
        tracing::debug!(%error, "a connection without TCP_NODELAY");
    }
}
