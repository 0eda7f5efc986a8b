//! Downloads PgBouncer where it is not installed. Only Debian's packages have it in a form that
//! runs from any folder.

use std::path::Path;

use super::cache::Cache;
use super::staging::Staging;
use super::{debian, unpacked};
use crate::account::Account;
use crate::error::Error;
use crate::options::Progress;
use crate::pooler_binary::PoolerBinary;

/// Returns the program from an earlier download, or else from a new one.
pub(crate) async fn pooler(
    account: Account,
    progress: Progress<'_>,
) -> Result<PoolerBinary, Error> {
    let failed = |attempt| Error::NoPooler { attempt };
    let cache = Cache::open("pgbouncer", account, failed).await?;
    for folder in cache.downloads() {
        if let Ok(binary) = find_binary(&folder, account).await {
            return Ok(binary);
        }
    }
    progress("no PgBouncer is installed: getting one (once, for this user)");
    let binary = install(&cache, account, progress).await.map_err(failed)?;
    let (version, program) = (&binary.version, binary.program.display());
    progress(&format!("PgBouncer {version} is ready: {program}"));
    Ok(binary)
}

async fn install(
    cache: &Cache,
    account: Account,
    progress: Progress<'_>,
) -> Result<PoolerBinary, String> {
    let staging = Staging::new(&cache.folder)?;
    let name = debian::fetch_pooler(staging.path(), &staging.unpacked, progress).await?;
    staging.let_everyone_read()?;
    find_binary(&staging.unpacked, account).await?;
    find_binary(&staging.publish(&cache.folder, &name)?, account).await
}

/// Runs the program in unpacked packages.
async fn find_binary(root: &Path, account: Account) -> Result<PoolerBinary, String> {
    PoolerBinary::check(&root.join("usr/sbin"), &unpacked::libraries(root), account).await
}
