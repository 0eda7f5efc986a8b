//! The `pgbouncer` program: where it is installed, and what its version can do.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::account::Account;
use crate::find;
use crate::options::Progress;
use crate::program::version_of;

/// The name of the program.
pub(crate) const PROGRAM: &str = "pgbouncer";

/// Where packages install it: `sbin` is not on the PATH of every user.
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

/// The first version with `max_prepared_statements`.
const PREPARED_STATEMENTS_SINCE: (u32, u32) = (1, 21);

/// A program that the server's user can run.
#[derive(Debug)]
pub(crate) struct PoolerBinary {
    pub(crate) program: PathBuf,
    /// Folders of shared libraries that the system may lack.
    pub(crate) libraries: Vec<PathBuf>,
    /// The version for messages.
    pub(crate) version: String,
    /// Whether it can track named prepared statements across server connections.
    pub(crate) tracks_statements: bool,
}

impl PoolerBinary {
    /// Finds the first installed program that works. PATH comes first.
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
    /// Why it cannot be used, as text for the user.
    pub(crate) async fn check(
        folder: &Path,
        libraries: &[PathBuf],
        account: Account,
    ) -> Result<Self, String> {
        let output = version_of(folder, PROGRAM, libraries, account).await?;
        let (number, version) =
            parse_version(&output).ok_or_else(|| format!("unknown version: {output}"))?;
        Ok(Self {
            program: folder.join(PROGRAM),
            libraries: libraries.to_owned(),
            version,
            tracks_statements: number >= PREPARED_STATEMENTS_SINCE,
        })
    }
}

/// Every folder with the program, in order of preference.
fn folders(path: Option<OsString>, root: &Path) -> Vec<PathBuf> {
    let on_path = path.iter().flat_map(std::env::split_paths);
    let all = on_path.chain(PACKAGED.iter().map(|folder| root.join(folder)));
    all.filter(|folder| folder.is_absolute() && folder.join(PROGRAM).is_file()).collect()
}

/// `PgBouncer 1.18.0` is 1.18 and `1.18.0`. More lines about libraries follow.
fn parse_version(output: &str) -> Option<((u32, u32), String)> {
    let version = output.strip_prefix("PgBouncer ")?.split_whitespace().next()?;
    let mut parts = version.split(|part: char| !part.is_ascii_digit());
    let number = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    Some((number, version.to_owned()))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn versions_are_parsed_as_pgbouncer_prints_them() {
        let debian = parse_version("PgBouncer 1.18.0\nlibevent 2.1.12-stable\nsystemd: yes");
        assert_eq!(debian, Some(((1, 18), "1.18.0".to_owned())));
        assert_eq!(parse_version("PgBouncer 1.25.1"), Some(((1, 25), "1.25.1".to_owned())));
        assert_eq!(parse_version("pgbouncer: no such command"), None);
    }

    #[test]
    fn path_comes_before_packages() {
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
