//! A download under way, beside its place: the cache never shows half of one, whoever else is at work.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::{absent_is_fine, unpacked};

/// Removed when it is dropped.
pub(super) struct Staging {
    folder: tempfile::TempDir,
    /// Where the download is to be unpacked.
    pub(super) unpacked: PathBuf,
}

impl Staging {
    /// In `cache`.
    pub(super) fn new(cache: &Path) -> Result<Self, String> {
        let folder = tempfile::Builder::new()
            .prefix(".unpacking-")
            .tempdir_in(cache)
            .map_err(|error| format!("{} cannot be written: {error}", cache.display()))?;
        let unpacked = folder.path().join("unpacked");
        Ok(Self { folder, unpacked })
    }

    /// For what is only needed on the way.
    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Lets the server's user try it out.
    pub(super) fn open(&self) -> Result<(), String> {
        fs::set_permissions(self.path(), Permissions::from_mode(0o755))
            .and_then(|()| unpacked::let_everyone_read(&self.unpacked))
            .map_err(said)
    }

    /// Moves what was unpacked to its place in `cache`.
    pub(super) fn place(self, cache: &Path, name: &str) -> Result<PathBuf, String> {
        let place = cache.join(format!("{name}-{}", std::env::consts::ARCH));
        // Only what did not work stands there: what does would have been found.
        fs::remove_dir_all(&place).or_else(absent_is_fine).map_err(said)?;
        fs::rename(&self.unpacked, &place).map_err(said)?;
        Ok(place)
    }
}

fn said(error: std::io::Error) -> String {
    format!("cannot install it: {error}")
}
