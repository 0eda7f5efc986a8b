//! The folder with earlier downloads.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use crate::account::Account;
use crate::error::Error;

/// The downloads of one program. The lock makes two first starts at once download it only once.
pub(super) struct Cache {
    pub(super) folder: PathBuf,
    _lock: File,
}

impl Cache {
    /// Creates and locks the folder. `no_folder` makes the error if the user has no cache folder.
    pub(super) async fn open(
        name: &str,
        account: Account,
        no_folder: impl FnOnce(String) -> Error,
    ) -> Result<Self, Error> {
        let folder = cache_folder(name, account).map_err(no_folder)?;
        fs::create_dir_all(&folder).map_err(Error::io(format!("create {}", folder.display())))?;
        let path = folder.join("lock");
        let doing = format!("lock {}", path.display());
        let lock = tokio::task::spawn_blocking(move || {
            let file = File::create(path)?;
            file.lock()?;
            Ok(file)
        });
        let lock = lock.await.unwrap_or_else(|error| Err(error.into()));
        Ok(Self { folder, _lock: lock.map_err(Error::io(doing))? })
    }

    /// The folders of earlier downloads; names of unfinished ones start with a dot.
    pub(super) fn downloads(&self) -> impl Iterator<Item = PathBuf> {
        let entries = self.folder.read_dir().into_iter().flatten().flatten();
        let finished =
            entries.filter(|entry| !entry.file_name().as_encoded_bytes().starts_with(b"."));
        finished.map(|entry| entry.path())
    }
}

/// As root a folder that every user may read, since the server runs as another user.
///
/// # Errors
/// Why there is no such folder, as text for the user.
fn cache_folder(name: &str, account: Account) -> Result<PathBuf, String> {
    if account.is_other() {
        return Ok(Path::new("/var/cache/tributary").join(name));
    }
    let set = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let parent = set("XDG_CACHE_HOME").or_else(|| Some(set("HOME")?.join(".cache")));
    parent
        .map(|parent| parent.join("tributary").join(name))
        .ok_or_else(|| "HOME is not set, so there is no folder to download to".to_owned())
}
