//! A folder of PostgreSQL server binaries that the server's user can run.

use std::path::{Path, PathBuf};

use crate::account::Account;
use crate::program::version_of;

/// The oldest major version that supports the SQL of Tributary.
pub(crate) const MAJOR_MIN: u32 = 14;

/// Working server binaries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Binaries {
    /// Contains `initdb` and `postgres`.
    pub(crate) folder: PathBuf,
    /// Folders of shared libraries that the system may lack.
    pub(crate) libraries: Vec<PathBuf>,
    /// Major version.
    pub(crate) major: u32,
    /// The version for messages, as `postgres --version` prints it.
    pub(crate) version: String,
}

impl Binaries {
    /// Runs `--version` of both programs as `account`, which also checks permissions and libraries.
    ///
    /// # Errors
    /// Why this folder cannot be used, as text for the user.
    pub(crate) async fn check(
        folder: &Path,
        libraries: &[PathBuf],
        account: Account,
    ) -> Result<Self, String> {
        version_of(folder, "initdb", libraries, account).await?;
        let output = version_of(folder, "postgres", libraries, account).await?;
        let (major, version) =
            parse_version(&output).ok_or_else(|| format!("unknown version: {output}"))?;
        if major < MAJOR_MIN {
            return Err(format!("PostgreSQL {version} is too old, {MAJOR_MIN} or newer is needed"));
        }
        Ok(Self { folder: folder.to_owned(), libraries: libraries.to_owned(), major, version })
    }
}

/// `postgres (PostgreSQL) 15.8 (Debian 15.8-0+deb12u1)` is 15 and `15.8`. A beta is `18beta1`.
fn parse_version(output: &str) -> Option<(u32, String)> {
    let version = output.split_once("(PostgreSQL) ")?.1.split_whitespace().next()?;
    let digits: String = version.chars().take_while(char::is_ascii_digit).collect();
    Some((digits.parse().ok()?, version.to_owned()))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn versions_are_parsed_as_postgres_prints_them() {
        let debian = parse_version("postgres (PostgreSQL) 15.8 (Debian 15.8-0+deb12u1)");
        assert_eq!(debian, Some((15, "15.8".to_owned())));
        let beta = parse_version("postgres (PostgreSQL) 18beta1");
        assert_eq!(beta, Some((18, "18beta1".to_owned())));
        assert_eq!(parse_version("postgres: no such command"), None);
    }

    #[tokio::test]
    async fn oldest_supported_version_is_accepted_and_an_older_one_is_rejected() {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let account = Account::for_server().unwrap();
        fake(folder.path(), "14.0");
        let found = Binaries::check(folder.path(), &[], account).await.unwrap();
        assert_eq!((found.major, found.version.as_str()), (14, "14.0"));
        fake(folder.path(), "13.22");
        let rejected = Binaries::check(folder.path(), &[], account).await.unwrap_err();
        assert_eq!(rejected, "PostgreSQL 13.22 is too old, 14 or newer is needed");
    }

    fn fake(folder: &Path, version: &str) {
        for name in ["initdb", "postgres"] {
            let program = folder.join(name);
            // Creates a new file because a running program cannot be overwritten.
            let _ = fs::remove_file(&program);
            fs::write(&program, format!("#!/bin/sh\necho '{name} (PostgreSQL) {version}'\n"))
                .unwrap();
            fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        }
    }
}
