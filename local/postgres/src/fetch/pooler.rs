//! Gets PgBouncer where it is not installed. Only Debian's packages have it in a form that runs from
//! any folder.

use std::fs;
use std::path::Path;

use super::staging::Staging;
use super::{cache_folder, debian, lock, unpacked};
use crate::account::Account;
use crate::pooler::Binary;
use crate::{Error, Progress};

/// That of an earlier download, else of a new one.
pub(crate) async fn pooler(account: Account, progress: Progress<'_>) -> Result<Binary, Error> {
    let none = |attempt| Error::NoPooler { attempt };
    let cache = cache_folder("pgbouncer", account).map_err(none)?;
    fs::create_dir_all(&cache).map_err(Error::io(format!("create {}", cache.display())))?;
    let _lock = lock(&cache.join("lock")).await?;
    if let Some(found) = cached(&cache, account).await {
        return Ok(found);
    }
    progress("no PgBouncer is installed: getting one (once, for this user)");
    let binary = install(&cache, account, progress).await.map_err(none)?;
    let (version, program) = (&binary.version, binary.program.display());
    progress(&format!("PgBouncer {version} is ready: {program}"));
    Ok(binary)
}

async fn cached(cache: &Path, account: Account) -> Option<Binary> {
    for entry in cache.read_dir().ok()?.flatten() {
        let is_install = !entry.file_name().to_string_lossy().starts_with('.');
        if is_install && let Ok(binary) = try_out(&entry.path(), account).await {
            return Some(binary);
        }
    }
    None
}

async fn install(cache: &Path, account: Account, progress: Progress<'_>) -> Result<Binary, String> {
    let staging = Staging::new(cache)?;
    let name = debian::fetch_pooler(staging.path(), &staging.unpacked, progress).await?;
    staging.open()?;
    try_out(&staging.unpacked, account).await?;
    try_out(&staging.place(cache, &name)?, account).await
}

/// Runs the program in unpacked packages.
async fn try_out(root: &Path, account: Account) -> Result<Binary, String> {
    Binary::try_out(&root.join("usr/sbin"), &unpacked::libraries(root), account).await
}
