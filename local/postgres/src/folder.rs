//! The folder of one server: `data`, `server.log`, and for kept data `password` and `lock`.

use std::fs::{self, File, OpenOptions, Permissions, TryLockError};
use std::io::Write as _;
use std::net::{Ipv4Addr, TcpStream};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::process::{Pid, test_kill_process};
use sha2::{Digest, Sha256};

use crate::account::Account;
use crate::error::{Error, POSTGRESQL};
use crate::options::{Progress, Storage};

/// How long a start waits until the server of a killed owner stops.
const ORPHAN_TIMEOUT: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(50);

/// A locked folder that is ready for a server, or for `initdb` if it has no `data`.
#[derive(Debug)]
pub(crate) struct Folder {
    pub(crate) path: PathBuf,
    pub(crate) account: Account,
    pub(crate) password: String,
    /// The guard also holds it, so that the folder is locked until the server has stopped, even if
    /// this process ends first. Temporary folders have unique names and need no lock.
    pub(crate) lock: Option<File>,
    /// Removes a temporary folder if the guard does not start.
    removal: Option<tempfile::TempDir>,
}

impl Folder {
    /// Creates or opens the folder of `storage`.
    pub(crate) async fn open(
        storage: &Storage,
        account: Account,
        progress: Progress<'_>,
    ) -> Result<Self, Error> {
        match storage {
            Storage::Temporary => Self::temporary(account),
            Storage::Kept(path) => Self::kept(path, account, progress).await,
        }
    }

    fn temporary(account: Account) -> Result<Self, Error> {
        let created = temporary("tributary-postgres-", account)?;
        let password = new_password(created.path(), account)?;
        let path = created.path().to_owned();
        Ok(Self { path, account, password, lock: None, removal: Some(created) })
    }

    async fn kept(path: &Path, account: Account, progress: Progress<'_>) -> Result<Self, Error> {
        let path = kept_path(path, account, progress)?;
        let data = path.join("data");
        let account = account.or_owner_of(&data);
        fs::create_dir_all(&path).map_err(Error::io(format!("create {}", path.display())))?;
        fs::set_permissions(&path, Permissions::from_mode(0o700))
            .map_err(Error::io(format!("restrict access to {}", path.display())))?;
        account.make_owner_of(&path)?;
        let lock = lock(&path, progress).await?;
        check_not_served(&path, progress)?;
        let saved = fs::read_to_string(path.join("password")).unwrap_or_default();
        let password = match saved.trim() {
            "" if data.exists() => {
                let reason = format!("{} has data but no password", path.display());
                return Err(Error::NotStarted { server: POSTGRESQL, reason });
            }
            "" => new_password(&path, account)?,
            saved => saved.to_owned(),
        };
        Ok(Self { path, account, password, lock: Some(lock), removal: None })
    }

    /// Major version of the existing data.
    pub(crate) fn made_by(&self) -> Option<u32> {
        fs::read_to_string(self.path.join("data/PG_VERSION")).ok()?.trim().parse().ok()
    }

    /// Leaves the removal of a temporary folder to the guard.
    pub(crate) fn release(&mut self) {
        self.removal.take().map(tempfile::TempDir::keep);
    }

    /// Whether the data is kept after the server stops.
    pub(crate) fn is_kept(&self) -> bool {
        self.lock.is_some()
    }
}

/// The first lines of `postmaster.pid` in the data folder.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct PidFile {
    pub(crate) pid: u32,
    pub(crate) port: Option<u32>,
    pub(crate) is_ready: bool,
}

impl PidFile {
    /// Reads the file. Returns `None` if it is missing or incomplete.
    pub(crate) fn read(folder: &Path) -> Option<Self> {
        let text = fs::read_to_string(folder.join("data/postmaster.pid")).ok()?;
        let mut lines = text.lines();
        let pid = lines.next()?.trim().parse().ok()?;
        let port = lines.nth(2).and_then(|line| line.trim().parse().ok());
        let is_ready = lines.nth(3).is_some_and(|line| line.trim() == "ready");
        Some(Self { pid, port, is_ready })
    }
}

/// Creates an empty folder that only `account` may enter. Dropping it removes it.
pub(crate) fn temporary(prefix: &str, account: Account) -> Result<tempfile::TempDir, Error> {
    let parent = std::env::temp_dir();
    let usable = account.may_reach(&parent.join("folder")) && account.may_write_in(&parent);
    let parent = if usable { parent } else { PathBuf::from("/tmp") };
    let created = tempfile::Builder::new()
        .prefix(prefix)
        .tempdir_in(&parent)
        .map_err(Error::io(format!("create a folder in {}", parent.display())))?;
    account.make_owner_of(created.path())?;
    Ok(created)
}

/// Returns `path`, or another folder if the server's user may not enter `path`.
fn kept_path(path: &Path, account: Account, progress: Progress<'_>) -> Result<PathBuf, Error> {
    let path = std::path::absolute(path).map_err(Error::io("find the current folder"))?;
    if account.may_reach(&path) {
        return Ok(path);
    }
    let digest = Sha256::digest(path.as_os_str().as_encoded_bytes());
    let name: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let other = Path::new("/var/lib/tributary").join(name);
    progress(&format!(
        "the server's user may not enter {}: its data is kept in {}",
        path.display(),
        other.display()
    ));
    Ok(other)
}

/// Creates a password, and a file for `initdb` that only the server's user may read.
fn new_password(folder: &Path, account: Account) -> Result<String, Error> {
    let random: [u8; 16] = rand::random();
    let password: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    write_secret(&folder.join("password"), &password, account)?;
    Ok(password)
}

/// Writes a file that only `account` may read.
pub(crate) fn write_secret(path: &Path, text: &str, account: Account) -> Result<(), Error> {
    let write = || {
        let mut options = OpenOptions::new();
        let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(path)?;
        file.write_all(text.as_bytes())
    };
    write().map_err(Error::io(format!("write {}", path.display())))?;
    account.make_owner_of(path)
}

/// Locks the folder and writes the id of this process to the lock file.
async fn lock(folder: &Path, progress: Progress<'_>) -> Result<File, Error> {
    let path = folder.join("lock");
    let doing = || format!("lock {}", path.display());
    let mut options = OpenOptions::new();
    let mut file =
        options.append(true).create(true).mode(0o600).open(&path).map_err(Error::io(doing()))?;
    let deadline = Instant::now() + ORPHAN_TIMEOUT;
    let mut is_reported = false;
    loop {
        match file.try_lock() {
            Ok(()) => break,
            Err(TryLockError::Error(error)) => return Err(Error::io(doing())(error)),
            Err(TryLockError::WouldBlock) => {}
        }
        let owner = fs::read_to_string(&path).ok();
        let owner = owner.and_then(|text| text.lines().next()?.parse().ok());
        if owner.is_some_and(is_alive) || Instant::now() > deadline {
            return Err(in_use(folder));
        }
        if !is_reported {
            progress("waiting for the server of a killed process to stop");
            is_reported = true;
        }
        tokio::time::sleep(POLL).await;
    }
    file.set_len(0).map_err(Error::io(doing()))?;
    writeln!(file, "{}", std::process::id()).map_err(Error::io(doing()))?;
    Ok(file)
}

/// Detects a server that runs without a guard. Otherwise removes a stale process id file: after a
/// restart of a container, another program often has the same id, and PostgreSQL would not start.
fn check_not_served(folder: &Path, progress: Progress<'_>) -> Result<(), Error> {
    let Some(found) = PidFile::read(folder).filter(|found| is_alive(found.pid)) else {
        return Ok(());
    };
    let port = found.port.and_then(|port| u16::try_from(port).ok());
    if port.is_some_and(|port| TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok()) {
        return Err(in_use(folder));
    }
    progress("removing the process id file of a server that no longer runs");
    let stale = folder.join("data/postmaster.pid");
    fs::remove_file(&stale).map_err(Error::io(format!("remove {}", stale.display())))
}

fn in_use(folder: &Path) -> Error {
    let found = PidFile::read(folder);
    Error::InUse {
        folder: folder.to_owned(),
        pid: found.as_ref().map(|found| found.pid),
        port: found.and_then(|found| found.port),
    }
}

fn is_alive(pid: u32) -> bool {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    pid.is_some_and(|pid| test_kill_process(pid) != Err(rustix::io::Errno::SRCH))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn process_id_file_is_parsed_at_every_stage() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(PidFile::read(folder.path()), None);
        fs::create_dir(folder.path().join("data")).unwrap();
        let write = |text| fs::write(folder.path().join("data/postmaster.pid"), text).unwrap();
        write("");
        assert_eq!(PidFile::read(folder.path()), None);
        write("57\n/data\n1795398078\n20000\n");
        let early = PidFile { pid: 57, port: Some(20_000), is_ready: false };
        assert_eq!(PidFile::read(folder.path()), Some(early));
        write("57\n/data\n1795398078\n20000\n\nlocalhost\n 10028745         4\nready   \n");
        let ready = PidFile { pid: 57, port: Some(20_000), is_ready: true };
        assert_eq!(PidFile::read(folder.path()), Some(ready));
        write("57\n/data\n1795398078\n20000\n\nlocalhost\n 10028745         4\nstarting\n");
        assert!(!PidFile::read(folder.path()).unwrap().is_ready);
    }

    #[test]
    fn process_id_of_another_program_is_stale() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("data")).unwrap();
        let stale = folder.path().join("data/postmaster.pid");
        let port = crate::port::free().unwrap();
        let pid = std::process::id();
        fs::write(&stale, format!("{pid}\n/data\n1795398078\n{port}\n")).unwrap();
        check_not_served(folder.path(), &|_| {}).unwrap();
        assert!(!stale.exists());
    }
}
