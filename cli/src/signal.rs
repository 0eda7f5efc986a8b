//! The signals that stop a command.

use tokio::signal::ctrl_c;
use tokio::signal::unix::{SignalKind, signal};

/// Completes on SIGINT or SIGTERM.
pub async fn interrupted() {
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = ctrl_c() => {}
                _ = terminate.recv() => {}
            }
        }
        // SIGINT still works.
        Err(_) => drop(ctrl_c().await),
    }
}
