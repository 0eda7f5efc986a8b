//! The `pgbouncer` program: where it is installed, and what its version can do.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::account::Account;
use crate::find;
use crate::options::Progress;
use crate::program::version_of;

/// What the program is called.
pub(crate) const PROGRAM: &str = "pgbouncer";

/// Where packages put it: `sbin` is not on the PATH of every user.
const PACKAGED: [&str; 8] = [
    "usr/sbin",
    "usr/bin",
    "usr/local/sbin",
    "usr/local/bin",
    "opt/homebrew/bin",
    "opt/homebrew/sbin",
    "opt/homebrew/opt/pgbouncer/bin",
    "usr/local/opt/pgbouncer/bin",
];

/// The first version that knows of `max_prepared_statements`.
const PREPARED_SINCE: (u32, u32) = (1, 21);

/// A program that has been shown to run for the server's user.
#[derive(Debug)]
pub(crate) struct PoolerBinary {
    pub(crate) program: PathBuf,
    /// Shared libraries that came with it and that the system may lack.
    pub(crate) libraries: Vec<PathBuf>,
    /// What it calls itself, for people.
    pub(crate) version: String,
    /// Whether it can be told not to carry named statements from connection to connection.
    pub(crate) may_carry_statements: bool,
}

impl PoolerBinary {
    /// The first one that is installed and works, PATH before all others.
    pub(crate) async fn installed(account: Account, progress: Progress<'_>) -> Option<Self> {
        if find::ignores_installed() {
            return None;
        }
        for folder in folders(std::env::var_os("PATH"), Path::new("/")) {
            match Self::check(&folder, &[], account).await {
                Ok(binary) => return Some(binary),
                Err(reason) => progress(&format!("not using {}: {reason}", folder.display())),
            }
        }
        None
    }

    /// Runs the program in `folder` as `account`.
    ///
    /// # Errors
    /// The reason for people why it cannot be used.
    pub(crate) async fn check(
        folder: &Path,
        libraries: &[PathBuf],
        account: Account,
    ) -> Result<Self, String> {
        let said = version_of(folder, PROGRAM, libraries, account).await?;
        let (number, version) =
            parse_version(&said).ok_or_else(|| format!("unknown version: {said}"))?;
        Ok(Self {
            program: folder.join(PROGRAM),
            libraries: libraries.to_owned(),
            version,
            may_carry_statements: number >= PREPARED_SINCE,
        })
    }
}

/// Every folder with the program, best first.
fn folders(path: Option<OsString>, root: &Path) -> Vec<PathBuf> {
    let on_path = path.iter().flat_map(std::env::split_paths);
    let all = on_path.chain(PACKAGED.iter().map(|folder| root.join(folder)));
    all.filter(|folder| folder.is_absolute() && folder.join(PROGRAM).is_file()).collect()
}

/// `PgBouncer 1.18.0` and lines about its libraries is 1.18 and `1.18.0`.
fn parse_version(said: &str) -> Option<((u32, u32), String)> {
    let version = said.strip_prefix("PgBouncer ")?.split_whitespace().next()?;
    let mut parts = version.split(|part: char| !part.is_ascii_digit());
    let number = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    Some((number, version.to_owned()))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn versions_are_read_as_pgbouncer_prints_them() {
        let debian = parse_version("PgBouncer 1.18.0\nlibevent 2.1.12-stable\nsystemd: yes");
        assert_eq!(debian, Some(((1, 18), "1.18.0".to_owned())));
        assert_eq!(parse_version("PgBouncer 1.25.1"), Some(((1, 25), "1.25.1".to_owned())));
        assert_eq!(parse_version("pgbouncer: no such command"), None);
    }

    #[test]
    fn path_goes_before_packages() {
        let root = tempfile::tempdir().unwrap();
        let on_path = root.path().join("mine");
        let packaged = root.path().join("usr/sbin");
        for folder in [&on_path, &packaged] {
            fs::create_dir_all(folder).unwrap();
            fs::write(folder.join(PROGRAM), "").unwrap();
        }
        let found = folders(Some(on_path.clone().into()), root.path());
        assert_eq!(found, [on_path, packaged]);
    }
}
