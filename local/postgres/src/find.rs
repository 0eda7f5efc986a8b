//! Finds installed server binaries, in order of preference.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::account::Account;
use crate::binaries::Binaries;
use crate::error::Error;
use crate::options::Progress;

/// A folder of server binaries that takes precedence.
const CHOSEN: &str = "TRIBUTARY_POSTGRES_BIN";
/// If it is 1, installed binaries are ignored, to test machines without PostgreSQL.
const IGNORE_INSTALLED: &str = "TRIBUTARY_POSTGRES_IGNORE_INSTALLED";

/// Where packages install server binaries outside of PATH: parent folder, prefix of the version
/// folder, subfolder.
const PACKAGED: [(&str, &str, &str); 4] = [
    ("usr/lib/postgresql", "", "bin"),
    ("usr", "pgsql-", "bin"),
    ("opt/homebrew/opt", "postgresql", "bin"),
    ("usr/local/opt", "postgresql", "bin"),
];

/// Where to search. Tests use their own root.
struct Places<'a> {
    path: Option<OsString>,
    root: &'a Path,
}

/// Returns the first installed binaries that work, preferably of the major version `wanted`.
///
/// # Errors
/// [`Error::ChosenBinaries`] if the folder in `TRIBUTARY_POSTGRES_BIN` does not work.
pub(crate) async fn installed(
    wanted: Option<u32>,
    account: Account,
    progress: Progress<'_>,
) -> Result<Option<Binaries>, Error> {
    if let Some(chosen) = std::env::var_os(CHOSEN).filter(|chosen| !chosen.is_empty()) {
        let folder = PathBuf::from(chosen);
        let checked = Binaries::check(&folder, &[], account).await;
        return checked.map(Some).map_err(|reason| Error::ChosenBinaries { folder, reason });
    }
    if ignores_installed() {
        return Ok(None);
    }
    let places = Places { path: std::env::var_os("PATH"), root: Path::new("/") };
    let mut first = None;
    for folder in folders(&places) {
        match Binaries::check(&folder, &[], account).await {
            Ok(binaries) if wanted.is_none_or(|wanted| wanted == binaries.major) => {
                return Ok(Some(binaries));
            }
            Ok(binaries) => first = first.or(Some(binaries)),
            Err(reason) => progress(&format!("not using {}: {reason}", folder.display())),
        }
    }
    Ok(first)
}

/// Whether to ignore installed programs.
pub(crate) fn ignores_installed() -> bool {
    std::env::var_os(IGNORE_INSTALLED).is_some_and(|ignore| ignore == "1")
}

/// Every distinct folder with both programs, in order of preference.
fn folders(places: &Places<'_>) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for folder in places.path.iter().flat_map(std::env::split_paths) {
        // The target of a link on PATH is next to the other programs and the libraries.
        let target = folder.join("initdb").canonicalize().ok();
        add(&mut found, target.as_deref().and_then(Path::parent));
        add(&mut found, Some(&folder));
    }
    for (parent, prefix, rest) in PACKAGED {
        for folder in by_version(&places.root.join(parent), prefix) {
            add(&mut found, Some(&folder.join(rest)));
        }
    }
    found
}

fn add(found: &mut Vec<PathBuf>, folder: Option<&Path>) {
    // A relative entry of PATH depends on the current folder, which differs for the server.
    let Some(folder) = folder.filter(|folder| folder.is_absolute() && has_both(folder)) else {
        return;
    };
    let is_known = |known: &PathBuf| known.canonicalize().ok() == folder.canonicalize().ok();
    if !found.iter().any(is_known) {
        found.push(folder.to_owned());
    }
}

/// Whether `folder` contains both programs.
pub(crate) fn has_both(folder: &Path) -> bool {
    folder.join("initdb").is_file() && folder.join("postgres").is_file()
}

/// The folders in `parent` named `prefix` with an optional version, the highest version first.
pub(crate) fn by_version(parent: &Path, prefix: &str) -> Vec<PathBuf> {
    let Ok(entries) = parent.read_dir() else { return Vec::new() };
    let mut found: Vec<(Vec<u32>, PathBuf)> = entries
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name();
            let version = name.to_str()?.strip_prefix(prefix)?.trim_start_matches('@');
            let parts: Option<Vec<u32>> = match version {
                "" => Some(Vec::new()),
                version => version.split('.').map(|part| part.parse().ok()).collect(),
            };
            Some((parts?, entry.path()))
        })
        .collect();
    found.sort();
    found.into_iter().rev().map(|(_, folder)| folder).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn path_comes_before_packages_and_higher_versions_come_first() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path().canonicalize().unwrap();
        for folder in [
            "usr/local/opt/postgresql@14/bin",
            "opt/homebrew/opt/postgresql@17/bin",
            "opt/homebrew/opt/postgresql@9.6/bin",
            "usr/pgsql-16/bin",
            "usr/lib/postgresql/9.6/bin",
            "usr/lib/postgresql/15/bin",
            "usr/lib/postgresql/18/bin",
            "second/bin",
            "first/bin",
        ] {
            programs(&root.join(folder));
        }
        let path = std::env::join_paths([root.join("first/bin"), root.join("second/bin")]).unwrap();
        let found = folders(&Places { path: Some(path), root: &root });
        let expected = [
            "first/bin",
            "second/bin",
            "usr/lib/postgresql/18/bin",
            "usr/lib/postgresql/15/bin",
            "usr/lib/postgresql/9.6/bin",
            "usr/pgsql-16/bin",
            "opt/homebrew/opt/postgresql@17/bin",
            "opt/homebrew/opt/postgresql@9.6/bin",
            "usr/local/opt/postgresql@14/bin",
        ];
        assert_eq!(found, expected.map(|folder| root.join(folder)));
    }

    #[test]
    fn links_on_path_are_followed_and_folders_are_distinct() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path().canonicalize().unwrap();
        let real = root.join("usr/lib/postgresql/15/bin");
        programs(&real);
        let links = root.join("usr/local/bin");
        fs::create_dir_all(&links).unwrap();
        for name in ["initdb", "postgres"] {
            std::os::unix::fs::symlink(real.join(name), links.join(name)).unwrap();
        }
        let found = folders(&Places { path: Some(links.clone().into()), root: &root });
        assert_eq!(found, [real, links]);
    }

    #[test]
    fn folder_without_a_server_is_ignored() {
        let root = tempfile::tempdir().unwrap();
        let clients = root.path().join("bin");
        fs::create_dir_all(&clients).unwrap();
        fs::write(clients.join("initdb"), "").unwrap();
        let found = folders(&Places { path: Some(clients.into()), root: root.path() });
        assert_eq!(found, Vec::<PathBuf>::new());
    }

    fn programs(folder: &Path) {
        fs::create_dir_all(folder).unwrap();
        fs::write(folder.join("initdb"), "").unwrap();
        fs::write(folder.join("postgres"), "").unwrap();
    }
}
