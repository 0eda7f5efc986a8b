//! Runs the programs of a server as the server's user.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::account::Account;

const VERSION_TIMEOUT: Duration = Duration::from_secs(20);

/// Creates a command without environment variables that configure PostgreSQL (`PGDATA`, …).
pub(crate) fn command(program: &Path, libraries: &[PathBuf], account: Account) -> Command {
    let mut command = Command::new(program);
    command.env_clear();
    // `LC_ALL` makes messages reliable, and a server on macOS does not start without it.
    command.env("LC_ALL", "C").env("PATH", std::env::var_os("PATH").unwrap_or_default());
    let inherited = std::env::var_os("LD_LIBRARY_PATH").filter(|paths| !paths.is_empty());
    let mut paths = libraries.to_owned();
    paths.extend(inherited.iter().flat_map(std::env::split_paths));
    if !paths.is_empty()
        && let Ok(joined) = std::env::join_paths(paths)
    {
        command.env("LD_LIBRARY_PATH", joined);
    }
    // The server's user may not be able to enter the current folder.
    command.current_dir("/");
    account.apply_to(&mut command);
    command
}

/// Returns the output of `program --version`.
///
/// # Errors
/// Why the program cannot be used, as text for the user.
pub(crate) async fn version_of(
    folder: &Path,
    program: &str,
    libraries: &[PathBuf],
    account: Account,
) -> Result<String, String> {
    let mut command = command(&folder.join(program), libraries, account);
    command.arg("--version").stdin(Stdio::null());
    let mut command = tokio::process::Command::from(command);
    let output = tokio::time::timeout(VERSION_TIMEOUT, command.kill_on_drop(true).output())
        .await
        .map_err(|_| format!("{program} --version took too long"))?
        .map_err(|error| format!("{program} cannot be run: {error}"))?;
    if !output.status.success() {
        let message = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{program} --version fails: {}", message.trim()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
