//! A folder for an unfinished download, so that the cache only ever shows complete ones.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::unpacked;

/// Removed when it is dropped.
pub(super) struct Staging {
    folder: tempfile::TempDir,
    /// Where the download is to be unpacked.
    pub(super) unpacked: PathBuf,
}

impl Staging {
    /// Creates the folder in `cache`.
    pub(super) fn new(cache: &Path) -> Result<Self, String> {
        let folder = tempfile::Builder::new()
            .prefix(".unpacking-")
            .tempdir_in(cache)
            .map_err(|error| format!("{} cannot be written: {error}", cache.display()))?;
        let unpacked = folder.path().join("unpacked");
        Ok(Self { folder, unpacked })
    }

    /// For files that are only needed during the download.
    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Lets the server's user run the programs.
    pub(super) fn let_everyone_read(&self) -> Result<(), String> {
        fs::set_permissions(self.path(), Permissions::from_mode(0o755))
            .and_then(|()| unpacked::let_everyone_read(&self.unpacked))
            .map_err(reason)
    }

    /// Moves the unpacked download to its final place in `cache`.
    pub(super) fn publish(self, cache: &Path, name: &str) -> Result<PathBuf, String> {
        let place = cache.join(format!("{name}-{}", std::env::consts::ARCH));
        // An earlier download at this place does not run: the search of the cache skipped it.
        fs::remove_dir_all(&place).or_else(ignore_missing).map_err(reason)?;
        fs::rename(&self.unpacked, &place).map_err(reason)?;
        Ok(place)
    }
}

fn reason(error: io::Error) -> String {
    format!("cannot install it: {error}")
}

/// For the removal of a file or folder that may not exist.
pub(super) fn ignore_missing(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
}
