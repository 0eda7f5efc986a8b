//! Runs the download and unpacking tools of the system.

use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

/// Runs a program and returns its output.
///
/// # Errors
/// Why it failed, with its last error messages, as text for the user.
pub(super) async fn run(command: &mut Command, timeout: Duration) -> Result<String, String> {
    let program = command.as_std().get_program().to_string_lossy().into_owned();
    let output =
        tokio::time::timeout(timeout, command.stdin(Stdio::null()).kill_on_drop(true).output())
            .await
            .map_err(|_| format!("{program} took longer than {} s", timeout.as_secs()))?
            .map_err(|error| format!("{program} cannot be run: {error}"))?;
    if !output.status.success() {
        let message = String::from_utf8_lossy(&output.stderr);
        let lines: Vec<&str> = message.lines().filter(|line| !line.trim().is_empty()).collect();
        let last = lines.get(lines.len().saturating_sub(2)..).unwrap_or_default().join(" ");
        return Err(format!("{program} failed: {last}"));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
