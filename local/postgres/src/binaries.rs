//! A folder of PostgreSQL server binaries that has been shown to work for the server's user.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::account::Account;

/// The oldest major version that Tributary's SQL is written for.
pub(crate) const MAJOR_MIN: u32 = 14;

const VERSION_TIMEOUT: Duration = Duration::from_secs(20);

/// Server binaries that can be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Binaries {
    /// Holds `initdb` and `postgres`.
    pub(crate) folder: PathBuf,
    /// Shared libraries that came with them and that the system may lack.
    pub(crate) libraries: Vec<PathBuf>,
    /// Major version.
    pub(crate) major: u32,
    /// What `postgres --version` calls itself, for people.
    pub(crate) version: String,
}

impl Binaries {
    /// Runs both programs as `account`, which also shows that it may and that their libraries are there.
    ///
    /// # Errors
    /// The reason for people why this folder cannot be used.
    pub(crate) async fn try_out(
        folder: &Path,
        libraries: &[PathBuf],
        account: Account,
    ) -> Result<Self, String> {
        version_of(folder, "initdb", libraries, account).await?;
        let said = version_of(folder, "postgres", libraries, account).await?;
        let (major, version) =
            parse_version(&said).ok_or_else(|| format!("unknown version: {said}"))?;
        if major < MAJOR_MIN {
            return Err(format!("PostgreSQL {version} is too old, {MAJOR_MIN} or newer is needed"));
        }
        Ok(Self { folder: folder.to_owned(), libraries: libraries.to_owned(), major, version })
    }
}

/// A command that sees nothing of our environment that could steer PostgreSQL (`PGDATA`, `PGPORT`, …).
pub(crate) fn command(program: &Path, libraries: &[PathBuf], account: Account) -> Command {
    let mut command = Command::new(program);
    command.env_clear();
    // `LC_ALL` for messages that we can read, and since on macOS a server without it refuses to start.
    command.env("LC_ALL", "C").env("PATH", std::env::var_os("PATH").unwrap_or_default());
    let inherited = std::env::var_os("LD_LIBRARY_PATH").filter(|paths| !paths.is_empty());
    let mut paths = libraries.to_owned();
    paths.extend(inherited.iter().flat_map(std::env::split_paths));
    if !paths.is_empty()
        && let Ok(joined) = std::env::join_paths(paths)
    {
        command.env("LD_LIBRARY_PATH", joined);
    }
    // Ours may be a folder that the server's user may not enter.
    command.current_dir("/");
    account.run(&mut command);
    command
}

/// What `program --version` says.
///
/// # Errors
/// The reason for people why it says nothing.
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
        .map_err(|_| format!("{program} --version does not answer"))?
        .map_err(|error| format!("{program} cannot be run: {error}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{program} --version fails: {}", said.trim()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// `postgres (PostgreSQL) 15.8 (Debian 15.8-0+deb12u1)` is 15 and `15.8`; betas are `18beta1`.
fn parse_version(said: &str) -> Option<(u32, String)> {
    let version = said.split_once("(PostgreSQL) ")?.1.split_whitespace().next()?;
    let digits: String = version.chars().take_while(char::is_ascii_digit).collect();
    Some((digits.parse().ok()?, version.to_owned()))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn versions_are_read_as_postgres_prints_them() {
        let debian = parse_version("postgres (PostgreSQL) 15.8 (Debian 15.8-0+deb12u1)");
        assert_eq!(debian, Some((15, "15.8".to_owned())));
        let beta = parse_version("postgres (PostgreSQL) 18beta1");
        assert_eq!(beta, Some((18, "18beta1".to_owned())));
        assert_eq!(parse_version("postgres: no such command"), None);
    }

    #[tokio::test]
    async fn the_oldest_version_is_taken_and_one_older_is_called_too_old() {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let account = Account::for_server().unwrap();
        fake(folder.path(), "14.0");
        let found = Binaries::try_out(folder.path(), &[], account).await.unwrap();
        assert_eq!((found.major, found.version.as_str()), (14, "14.0"));
        fake(folder.path(), "13.22");
        let refused = Binaries::try_out(folder.path(), &[], account).await.unwrap_err();
        assert_eq!(refused, "PostgreSQL 13.22 is too old, 14 or newer is needed");
    }

    fn fake(folder: &Path, version: &str) {
        for name in ["initdb", "postgres"] {
            let program = folder.join(name);
            // A new file each time: a running program cannot be written.
            let _ = fs::remove_file(&program);
            fs::write(&program, format!("#!/bin/sh\necho '{name} (PostgreSQL) {version}'\n"))
                .unwrap();
            fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        }
    }
}
